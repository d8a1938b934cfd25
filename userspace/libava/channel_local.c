// SPDX-License-Identifier: Apache-2.0
/*
 * channel_local.c - the channel to a server on this machine
 *
 * No module and no VM: the context is a connection to a manager's or a server's
 * socket, a stream is a ring in shared memory (local_ring.c). The server reads and
 * writes the bytes of segments in this process's memory by itself, which the
 * system has to allow: it is tried when the context is opened.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <ava/channel.h>

#include "../common/local_proto.h"
#include "../common/local_where.h"
#include "../common/memcheck.h"
#include "../common/spin.h"
#include "local_ring.h"

/**
 * struct local_table - streams by their number
 * @old: the smaller one that this one replaced; may be in use without a lock
 * @room: entries
 */
struct local_table {
	struct local_table *old;
	uint32_t room;
	struct local_ring *rings[];
};

struct ava_channel {
	int fd;

	pthread_mutex_t lock;	/* changes of the table; streams stay where they are */
	struct local_table *table;
	bool lost_reported;
};

static int local_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = local_ring_descriptor(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	do {
		ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	} while (ret < 0 && errno == EINTR);
	if (!ret)
		return fd;
	ret = errno == ENOENT || errno == ECONNREFUSED ? -ENODEV : -errno;
	close(fd);
	return ret;
}

/* The server finds the word and adds to it, or says that it may not. */
static int local_hello(int fd, const struct ava_api_id *api, struct ava_local_welcome *welcome)
{
	uint64_t probe = (uintptr_t)&probe ^ ava_spin_now();
	struct ava_local_hello hello = {
		.magic = AVA_LOCAL_MAGIC,
		.api = *api,
		.probe = (uintptr_t)&probe,
		.nonce = probe,
		.environ = (uintptr_t)environ,
	};
	int err = STDERR_FILENO, ret;

	/* Where only a parent may reach into a process; fails where nobody asks for it. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	ret = ava_local_send(fd, &hello, sizeof(hello), &err, 1);
	if (ret == -EBADF)
		ret = ava_local_send(fd, &hello, sizeof(hello), NULL, 0);
	if (!ret)
		ret = ava_local_recv(fd, welcome, sizeof(*welcome), NULL, 0);
	if (ret == -EPIPE)
		return -EIO;
	if (!ret)
		ret = welcome->status;
	if (ret)
		return ret;
	ava_memory_filled(&probe, sizeof(probe));
	return __atomic_load_n(&probe, __ATOMIC_ACQUIRE) == hello.nonce + 1 ? 0 : -EPERM;
}

static int local_open_at(struct ava_channel *ch, const char *path,
			 const struct ava_api_id *api, struct ava_limits *limits)
{
	struct ava_local_welcome welcome;
	int ret;

	ch->fd = local_connect(path);
	if (ch->fd < 0)
		return ch->fd;
	ret = local_hello(ch->fd, api, &welcome);
	if (ret) {
		close(ch->fd);
		return ret;
	}
	*limits = (struct ava_limits){
		.max_args = welcome.max_args,
		.max_reply = welcome.max_reply,
		.max_segs = welcome.max_segs,
		.max_streams = welcome.max_streams,
		.max_bulk = welcome.max_bulk,
	};
	return 0;
}

static int local_open(struct ava_channel **out, const char *where,
		      const struct ava_api_id *api, struct ava_limits *limits)
{
	struct ava_channel *ch = calloc(1, sizeof(*ch));
	char path[AVA_LOCAL_PATH];
	int ret = 0;

	if (!ch)
		return -ENOMEM;
	if (!where)
		ret = ava_local_where(path, "local.sock");
	if (!ret)
		ret = local_open_at(ch, where ? where : path, api, limits);
	if (ret) {
		free(ch);
		return ret;
	}
	pthread_mutex_init(&ch->lock, NULL);
	*out = ch;
	return 0;
}

static void local_end(struct ava_channel *ch, void (*end)(struct local_ring *r))
{
	struct local_table *t = ch->table, *old;
	uint32_t i;

	for (i = 0; t && i < t->room; i++)
		if (t->rings[i])
			end(t->rings[i]);
	for (; t; t = old) {
		old = t->old;
		free(t);
	}
	close(ch->fd);
	free(ch);
}

static void local_close(struct ava_channel *ch)
{
	local_end(ch, local_ring_close);
}

static void local_forget(struct ava_channel *ch)
{
	ava_spin_forget();
	local_end(ch, local_ring_forget);
}

/* ---- streams ---------------------------------------------------------------------- */

static int table_grow_locked(struct ava_channel *ch)
{
	struct local_table *old = ch->table, *new;
	uint32_t room = old ? 2 * old->room : 8;

	new = calloc(1, sizeof(*new) + room * sizeof(new->rings[0]));
	if (!new)
		return -ENOMEM;
	if (old)
		memcpy(new->rings, old->rings, old->room * sizeof(old->rings[0]));
	new->old = old;
	new->room = room;
	__atomic_store_n(&ch->table, new, __ATOMIC_RELEASE);
	return 0;
}

static int table_slot_locked(struct ava_channel *ch, uint32_t *id)
{
	uint32_t room = ch->table ? ch->table->room : 0, i;

	for (i = 0; i < room && ch->table->rings[i]; i++)
		;
	*id = i;
	if (i == AVA_LOCAL_MAX_STREAMS)
		return -EDQUOT;
	return i == room ? table_grow_locked(ch) : 0;
}

/*
 * A child of a fork must not hold the server's end of a stream's socket: the
 * parent would not see the server's end. Over fork it is taken after all locks of
 * those who may be opening a stream with theirs held, so it is registered first.
 */
static pthread_mutex_t fork_lock = PTHREAD_MUTEX_INITIALIZER;
static int fork_error;

static void fork_prepare(void)
{
	pthread_mutex_lock(&fork_lock);
}

static void fork_over(void)
{
	pthread_mutex_unlock(&fork_lock);
}

static void __attribute__((constructor)) fork_init(void)
{
	fork_error = -pthread_atfork(fork_prepare, fork_over, fork_over);
}

static int local_stream_send(struct ava_channel *ch, uint32_t id, struct local_ring **ring)
{
	struct ava_local_stream msg = { .magic = AVA_LOCAL_MAGIC, .stream = id };
	int fds[2], ret;

	ret = local_ring_open(ring, fds);
	if (ret)
		return ret;
	ret = ava_local_send(ch->fd, &msg, sizeof(msg), fds, 2);
	close(fds[0]);
	close(fds[1]);
	if (ret)
		local_ring_close(*ring);
	return ret == -EPIPE ? -ENOLINK : ret;
}

static int local_stream_open(struct ava_channel *ch, uint32_t *id)
{
	struct local_ring *ring;
	int ret;

	if (fork_error)
		return fork_error;
	pthread_mutex_lock(&fork_lock);
	pthread_mutex_lock(&ch->lock);
	ret = table_slot_locked(ch, id);
	if (!ret)
		ret = local_stream_send(ch, *id, &ring);
	if (!ret)
		__atomic_store_n(&ch->table->rings[*id], ring, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&ch->lock);
	pthread_mutex_unlock(&fork_lock);
	return ret;
}

static struct local_ring *stream_find(struct ava_channel *ch, uint32_t id)
{
	struct local_table *t = __atomic_load_n(&ch->table, __ATOMIC_ACQUIRE);

	return t && id < t->room ? __atomic_load_n(&t->rings[id], __ATOMIC_ACQUIRE) : NULL;
}

static int local_stream_close(struct ava_channel *ch, uint32_t id)
{
	struct local_ring *ring;
	int ret = 0;

	pthread_mutex_lock(&ch->lock);
	ring = stream_find(ch, id);
	if (!ring) {
		ret = -ENOENT;
	} else if (local_ring_busy(ring)) {
		ret = -EBUSY;
	} else {
		__atomic_store_n(&ch->table->rings[id], NULL, __ATOMIC_RELEASE);
		local_ring_close(ring);
	}
	pthread_mutex_unlock(&ch->lock);
	return ret;
}

/* ---- calls ------------------------------------------------------------------------ */

static int call_check(const struct ava_call *call)
{
	const struct ava_seg *segs = (const void *)(uintptr_t)call->segs;
	uint64_t bulk = 0;
	uint32_t i;

	if ((call->flags & ~AVA_CALL_ASYNC) || call->reserved)
		return -EINVAL;
	if (call->args_len > AVA_LOCAL_MAX_ARGS || call->reply_cap > AVA_LOCAL_MAX_REPLY ||
	    call->seg_count > AVA_LOCAL_MAX_SEGS)
		return -E2BIG;
	for (i = 0; i < call->seg_count; i++) {
		if (!segs[i].flags || segs[i].reserved ||
		    (segs[i].flags & ~(AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST)))
			return -EINVAL;
		if (segs[i].len > AVA_LOCAL_MAX_BULK - bulk)
			return -E2BIG;
		bulk += segs[i].len;
	}
	return 0;
}

/* Most submissions are of one stream: it is looked up once, and woken once. */
static int submit_post(struct ava_channel *ch, struct ava_call *calls, uint32_t count,
		       uint32_t *done, bool *woken)
{
	struct local_ring *ring = NULL, *next;
	int ret = 0;

	for (*done = 0; !ret && *done < count; ++*done) {
		next = ring;
		if (!ring || calls[*done].stream != calls[*done - 1].stream)
			next = stream_find(ch, calls[*done].stream);
		if (ring && next != ring)
			*woken |= local_ring_kick(ring);
		ring = next;
		ret = ring ? call_check(&calls[*done]) : -ENOENT;
		if (!ret)
			ret = local_ring_post(ring, &calls[*done]);
		if (ret)
			break;
	}
	if (ring)
		*woken |= local_ring_kick(ring);
	return ret;
}

static int local_submit(struct ava_channel *ch, struct ava_call *calls, uint32_t count,
			uint32_t *done)
{
	bool woken = false;
	uint32_t i;
	int ret = submit_post(ch, calls, count, done, &woken);

	for (i = 0; i < *done; i++)
		if (local_call_waits(&calls[i]))
			local_ring_wait(stream_find(ch, calls[i].stream), &calls[i], woken);
	return *done ? 0 : ret ? ret : -EINVAL;
}

/* ---- events ------------------------------------------------------------------------ */

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

static long event_recv(struct ava_channel *ch, int flags, struct ava_local_event *head,
		       void *payload, size_t cap)
{
	struct iovec iov[2] = {
		{ head, sizeof(*head) },
		{ payload, cap },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = cap ? 2 : 1 };
	long ret;

	do {
		ret = syscall(SYS_recvmsg, ch->fd, &msg, flags);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

static int local_read_event(struct ava_channel *ch, int wait, struct ava_event *ev,
			    void *payload, size_t cap)
{
	int flags = wait ? 0 : MSG_DONTWAIT;
	struct ava_local_event head = { 0 };
	long ret;

	/* Small room: an event that does not fit must stay where it is. */
	if (cap < AVA_LOCAL_MAX_EVENT) {
		ret = event_recv(ch, flags | MSG_PEEK, &head, NULL, 0);
		if (ret > 0 && head.len > cap)
			return -EMSGSIZE;
	}
	ret = event_recv(ch, flags, &head, payload, cap);
	if (!ret || ret == -ECONNRESET)
		return event_lost(ch, ev);
	if (ret < 0)
		return ret;
	if ((size_t)ret != sizeof(head) + head.len)
		return -EPROTO;
	*ev = (struct ava_event){
		.type = AVA_EVENT_CALLBACK,
		.len = head.len,
		.cookie = head.cookie,
	};
	return 0;
}

const struct ava_channel_ops ava_channel_local = {
	.name = "LOCAL",
	.open = local_open,
	.close = local_close,
	.forget = local_forget,
	.stream_open = local_stream_open,
	.stream_close = local_stream_close,
	.submit = local_submit,
	.read_event = local_read_event,
};
