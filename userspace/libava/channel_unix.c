// SPDX-License-Identifier: Apache-2.0
/*
 * channel_unix.c - the channel over a unix socket, a test part
 *
 * Lets generated libraries and servers run without modules and without a VM.
 * Behaves as <linux/ava.h> says, but copies every byte through sockets and
 * knows no policy. A stream is a socket of its own; see unix_proto.h. An
 * asynchronous call with a segment from the host waits for its end, because
 * nobody else would take those bytes off the socket.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ava/channel.h>

#include "../common/unix_proto.h"

struct unix_stream {
	pthread_mutex_t lock;	/* one call at a time */
	int fd;
	int dead;		/* 0 or the -errno of all further calls */
};

struct ava_channel {
	int fd;

	pthread_mutex_t lock;	/* the table; streams stay where they are */
	struct unix_stream **streams;
	uint32_t stream_room;
	bool lost_reported;
};

static int unix_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	do {
		ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	} while (ret < 0 && errno == EINTR);
	if (!ret)
		return fd;
	ret = errno == ENOENT ? -ENODEV : -errno;
	close(fd);
	return ret;
}

static int unix_hello(int fd, const struct ava_api_id *api, struct ava_unix_welcome *welcome)
{
	struct ava_unix_hello hello = { .magic = AVA_UNIX_MAGIC, .api = *api };
	struct iovec iov = { .iov_base = &hello, .iov_len = sizeof(hello) };
	int ret = ava_unix_send(fd, &iov, 1);

	if (!ret)
		ret = ava_unix_recv(fd, welcome, sizeof(*welcome));
	if (ret == -EPIPE)
		return -EIO;
	return ret ? ret : welcome->status;
}

static int unix_open(struct ava_channel **out, const char *where,
		     const struct ava_api_id *api, struct ava_limits *limits)
{
	struct ava_channel *ch = calloc(1, sizeof(*ch));
	struct ava_unix_welcome welcome;
	int ret;

	if (!ch)
		return -ENOMEM;
	ch->fd = unix_connect(where);
	if (ch->fd < 0) {
		ret = ch->fd;
		goto err_free;
	}
	ret = unix_hello(ch->fd, api, &welcome);
	if (ret)
		goto err_close;
	pthread_mutex_init(&ch->lock, NULL);
	*limits = (struct ava_limits){
		.max_args = welcome.max_args,
		.max_reply = welcome.max_reply,
		.max_segs = welcome.max_segs,
		.max_streams = welcome.max_streams,
		.max_bulk = welcome.max_bulk,
	};
	*out = ch;
	return 0;
err_close:
	close(ch->fd);
err_free:
	free(ch);
	return ret;
}

static void stream_free(struct unix_stream *st)
{
	if (!st)
		return;
	close(st->fd);
	free(st);
}

static void unix_close(struct ava_channel *ch)
{
	uint32_t i;

	for (i = 0; i < ch->stream_room; i++)
		stream_free(ch->streams[i]);
	free(ch->streams);
	close(ch->fd);
	free(ch);
}

static int stream_connect(struct ava_channel *ch, uint32_t id)
{
	struct ava_unix_stream msg = { .magic = AVA_UNIX_MAGIC, .stream = id };
	int sv[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return -errno;
	ret = ava_unix_send_fd(ch->fd, &msg, sizeof(msg), sv[1]);
	close(sv[1]);
	if (!ret)
		return sv[0];
	close(sv[0]);
	return ret == -EPIPE ? -ENOLINK : ret;
}

static int stream_slot(struct ava_channel *ch, uint32_t *id)
{
	struct unix_stream **streams;
	uint32_t i, room;

	for (i = 0; i < ch->stream_room && ch->streams[i]; i++)
		;
	if (i == AVA_UNIX_MAX_STREAMS)
		return -EDQUOT;
	if (i == ch->stream_room) {
		room = ch->stream_room ? 2 * ch->stream_room : 8;
		streams = realloc(ch->streams, room * sizeof(*streams));
		if (!streams)
			return -ENOMEM;
		memset(streams + i, 0, (room - i) * sizeof(*streams));
		ch->streams = streams;
		ch->stream_room = room;
	}
	*id = i;
	return 0;
}

static int unix_stream_open(struct ava_channel *ch, uint32_t *id)
{
	struct unix_stream *st = calloc(1, sizeof(*st));
	int ret;

	if (!st)
		return -ENOMEM;
	pthread_mutex_init(&st->lock, NULL);
	pthread_mutex_lock(&ch->lock);
	ret = stream_slot(ch, id);
	if (ret)
		goto err;
	ret = stream_connect(ch, *id);
	if (ret < 0)
		goto err;
	st->fd = ret;
	ch->streams[*id] = st;
	pthread_mutex_unlock(&ch->lock);
	return 0;
err:
	pthread_mutex_unlock(&ch->lock);
	free(st);
	return ret;
}

static struct unix_stream *stream_find_locked(struct ava_channel *ch, uint32_t id)
{
	return id < ch->stream_room ? ch->streams[id] : NULL;
}

static int unix_stream_close(struct ava_channel *ch, uint32_t id)
{
	struct unix_stream *st;
	int ret = 0;

	pthread_mutex_lock(&ch->lock);
	st = stream_find_locked(ch, id);
	if (!st) {
		ret = -ENOENT;
	} else if (pthread_mutex_trylock(&st->lock)) {
		ret = -EBUSY;
	} else {
		pthread_mutex_unlock(&st->lock);
		ch->streams[id] = NULL;
		stream_free(st);
	}
	pthread_mutex_unlock(&ch->lock);
	return ret;
}

static int call_check(const struct ava_call *call)
{
	const struct ava_seg *segs = (const void *)(uintptr_t)call->segs;
	uint64_t bulk = 0;
	uint32_t i;

	if ((call->flags & ~AVA_CALL_ASYNC) || call->reserved)
		return -EINVAL;
	if (call->args_len > AVA_UNIX_MAX_ARGS || call->reply_cap > AVA_UNIX_MAX_REPLY ||
	    call->seg_count > AVA_UNIX_MAX_SEGS)
		return -E2BIG;
	for (i = 0; i < call->seg_count; i++) {
		if (!segs[i].flags || segs[i].reserved ||
		    (segs[i].flags & ~(AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST)))
			return -EINVAL;
		if (segs[i].len > AVA_UNIX_MAX_BULK - bulk)
			return -E2BIG;
		bulk += segs[i].len;
	}
	return 0;
}

static bool call_wants_reply(const struct ava_call *call)
{
	const struct ava_seg *segs = (const void *)(uintptr_t)call->segs;
	uint32_t i;

	if (!(call->flags & AVA_CALL_ASYNC))
		return true;
	for (i = 0; i < call->seg_count; i++)
		if (segs[i].flags & AVA_SEG_FROM_HOST)
			return true;
	return false;
}

static int call_send(struct unix_stream *st, const struct ava_call *call, bool want_reply)
{
	const struct ava_seg *segs = (const void *)(uintptr_t)call->segs;
	struct ava_ring_seg ring[AVA_UNIX_MAX_SEGS];
	struct iovec iov[3 + AVA_UNIX_MAX_SEGS];
	struct ava_unix_call head = {
		.func = call->func,
		.flags = call->flags,
		.args_len = call->args_len,
		.reply_cap = call->reply_cap,
		.seg_count = call->seg_count,
		.want_reply = want_reply,
	};
	uint32_t i;
	int n = 3;

	for (i = 0; i < call->seg_count; i++) {
		ring[i] = (struct ava_ring_seg){ .len = segs[i].len, .flags = segs[i].flags };
		if (segs[i].flags & AVA_SEG_TO_HOST)
			iov[n++] = (struct iovec){
				(void *)(uintptr_t)segs[i].addr, segs[i].len
			};
	}
	iov[0] = (struct iovec){ &head, sizeof(head) };
	iov[1] = (struct iovec){ ring, call->seg_count * sizeof(*ring) };
	iov[2] = (struct iovec){ (void *)(uintptr_t)call->args, call->args_len };
	return ava_unix_send(st->fd, iov, n);
}

static int call_recv_push(struct unix_stream *st, const struct ava_call *call,
			  const struct ava_unix_record *rec)
{
	const struct ava_seg *segs = (const void *)(uintptr_t)call->segs;
	const struct ava_seg *seg;

	if (rec->seg >= call->seg_count)
		return -EPROTO;
	seg = &segs[rec->seg];
	if (!(seg->flags & AVA_SEG_FROM_HOST) || rec->offset > seg->len ||
	    rec->len > seg->len - rec->offset)
		return -EPROTO;
	return ava_unix_recv(st->fd, (char *)(uintptr_t)seg->addr + rec->offset, rec->len);
}

static int call_recv(struct unix_stream *st, struct ava_call *call)
{
	struct ava_unix_record rec;
	int ret;

	for (;;) {
		ret = ava_unix_recv(st->fd, &rec, sizeof(rec));
		if (ret)
			return ret;
		if (rec.type != AVA_UNIX_PUSH)
			break;
		ret = call_recv_push(st, call, &rec);
		if (ret)
			return ret;
	}
	if (rec.type != AVA_UNIX_REPLY || rec.len > call->reply_cap)
		return -EPROTO;
	call->reply_len = rec.len;
	call->device_ns = rec.device_ns;
	call->status = rec.status;
	return ava_unix_recv(st->fd, (void *)(uintptr_t)call->reply, rec.len);
}

/* Whatever ends an exchange half-way leaves the stream unusable. */
static int call_exchange(struct unix_stream *st, struct ava_call *call)
{
	bool want_reply = call_wants_reply(call);
	int ret;

	pthread_mutex_lock(&st->lock);
	ret = st->dead;
	if (ret)
		goto out;
	call->status = 0;
	call->reply_len = 0;
	call->device_ns = 0;
	ret = call_send(st, call, want_reply);
	if (!ret && want_reply)
		ret = call_recv(st, call);
	if (ret == -EPIPE)
		ret = -ENOLINK;
	st->dead = ret;
out:
	pthread_mutex_unlock(&st->lock);
	return ret;
}

static int unix_call(struct ava_channel *ch, struct ava_call *call)
{
	struct unix_stream *st;
	int ret = call_check(call);

	if (ret)
		return ret;
	pthread_mutex_lock(&ch->lock);
	st = stream_find_locked(ch, call->stream);
	pthread_mutex_unlock(&ch->lock);
	return st ? call_exchange(st, call) : -ENOENT;
}

static int unix_submit(struct ava_channel *ch, struct ava_call *calls, uint32_t count,
		       uint32_t *done)
{
	int ret = count ? 0 : -EINVAL;

	for (*done = 0; *done < count; ++*done) {
		ret = unix_call(ch, &calls[*done]);
		if (ret)
			break;
	}
	return *done ? 0 : ret;
}

static int event_lost(struct ava_channel *ch, struct ava_event *ev)
{
	bool reported;

	pthread_mutex_lock(&ch->lock);
	reported = ch->lost_reported;
	ch->lost_reported = true;
	pthread_mutex_unlock(&ch->lock);
	*ev = (struct ava_event){ .type = AVA_EVENT_LOST, .status = -ENOLINK };
	return reported ? -ENODATA : 0;
}

/* The test part's server has no events of its own: only its end is one. */
static int unix_read_event(struct ava_channel *ch, int wait, struct ava_event *ev,
			   void *payload, size_t cap)
{
	struct pollfd pfd = { .fd = ch->fd, .events = POLLIN };
	int ret;

	(void)payload;
	(void)cap;
	do {
		ret = poll(&pfd, 1, wait ? -1 : 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return ret ? event_lost(ch, ev) : -EAGAIN;
}

const struct ava_channel_ops ava_channel_unix = {
	.name = "UNIX",
	.open = unix_open,
	.close = unix_close,
	.forget = unix_close,
	.stream_open = unix_stream_open,
	.stream_close = unix_stream_close,
	.submit = unix_submit,
	.read_event = unix_read_event,
};
