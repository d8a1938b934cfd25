// SPDX-License-Identifier: Apache-2.0
/*
 * channel_ava.c - the channel through /dev/ava, the guest driver's node
 *
 * Thin by intent: the driver already has contexts, streams and calls. What is
 * added here: restarting after signals, and taking events one at a time from
 * reads that may return several.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ava/channel.h>

#define AVA_NODE	"/dev/ava"
#define AVA_EVENT_ROOM	4096

struct ava_channel {
	int fd;

	pthread_mutex_t event_lock;	/* the events read and not yet taken */
	size_t event_pos;
	size_t event_end;
	char events[AVA_EVENT_ROOM];
};

static int ava_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, cmd, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static int ava_node_open(const char *path)
{
	int fd;

	do {
		fd = open(path, O_RDWR | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		return fd;
	/* AVA_IOC_OPEN gives ENOENT another meaning. */
	return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
}

static int ava_open(struct ava_channel **out, const char *where,
		    const struct ava_api_id *api, struct ava_limits *limits)
{
	struct ava_open arg = { .api = *api };
	struct ava_channel *ch = calloc(1, sizeof(*ch));
	int ret;

	if (!ch)
		return -ENOMEM;
	ch->fd = ava_node_open(where ? where : AVA_NODE);
	if (ch->fd < 0) {
		ret = ch->fd;
		goto err_free;
	}
	ret = ava_ioctl(ch->fd, AVA_IOC_OPEN, &arg);
	if (ret)
		goto err_close;
	pthread_mutex_init(&ch->event_lock, NULL);
	*limits = (struct ava_limits){
		.max_args = arg.max_args,
		.max_reply = arg.max_reply,
		.max_segs = arg.max_segs,
		.max_streams = arg.max_streams,
		.max_bulk = arg.max_bulk,
	};
	*out = ch;
	return 0;
err_close:
	close(ch->fd);
err_free:
	free(ch);
	return ret;
}

static void ava_close(struct ava_channel *ch)
{
	close(ch->fd);
	free(ch);
}

static int ava_stream_open(struct ava_channel *ch, uint32_t *stream)
{
	struct ava_stream arg = { 0 };
	int ret = ava_ioctl(ch->fd, AVA_IOC_STREAM_OPEN, &arg);

	if (!ret)
		*stream = arg.stream;
	return ret;
}

static int ava_stream_close(struct ava_channel *ch, uint32_t stream)
{
	struct ava_stream arg = { .stream = stream };

	return ava_ioctl(ch->fd, AVA_IOC_STREAM_CLOSE, &arg);
}

static int ava_submit(struct ava_channel *ch, struct ava_call *calls,
		      uint32_t count, uint32_t *done)
{
	struct ava_submit arg = {
		.calls = (uintptr_t)calls,
		.count = count,
		.stride = sizeof(*calls),
	};
	int ret = ava_ioctl(ch->fd, AVA_IOC_SUBMIT, &arg);

	*done = ret ? 0 : arg.done;
	return ret;
}

static int ava_events_fill(struct ava_channel *ch, int wait)
{
	struct pollfd pfd = { .fd = ch->fd, .events = POLLIN };
	ssize_t ret;

	if (ch->event_pos < ch->event_end)
		return 0;
	/*
	 * Not read(2) at once: a context in error without a last event would be waited
	 * for, as one may still come.
	 */
	do {
		ret = poll(&pfd, 1, wait ? -1 : 0);
		if (!ret)
			return -EAGAIN;
		if (ret > 0 && !(pfd.revents & POLLIN))
			return -ENODATA;
		if (ret > 0)
			ret = read(ch->fd, ch->events, sizeof(ch->events));
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ENODATA;
	ch->event_pos = 0;
	ch->event_end = ret;
	return 0;
}

static int ava_event_take(struct ava_channel *ch, struct ava_event *ev,
			  void *payload, size_t cap)
{
	size_t left = ch->event_end - ch->event_pos;
	const char *pos = ch->events + ch->event_pos;

	if (left < sizeof(*ev))
		return -EPROTO;
	memcpy(ev, pos, sizeof(*ev));
	if (ev->len > left - sizeof(*ev))
		return -EPROTO;
	if (ev->len > cap)
		return -EMSGSIZE;
	if (ev->len)
		memcpy(payload, pos + sizeof(*ev), ev->len);
	ch->event_pos += sizeof(*ev) + ev->len;
	return 0;
}

static int ava_read_event(struct ava_channel *ch, int wait, struct ava_event *ev,
			  void *payload, size_t cap)
{
	int ret;

	pthread_mutex_lock(&ch->event_lock);
	ret = ava_events_fill(ch, wait);
	if (!ret)
		ret = ava_event_take(ch, ev, payload, cap);
	pthread_mutex_unlock(&ch->event_lock);
	return ret;
}

const struct ava_channel_ops ava_channel_ava = {
	.name = "AVA",
	.shared_room = true,
	.open = ava_open,
	.close = ava_close,
	.forget = ava_close,
	.stream_open = ava_stream_open,
	.stream_close = ava_stream_close,
	.submit = ava_submit,
	.read_event = ava_read_event,
};
