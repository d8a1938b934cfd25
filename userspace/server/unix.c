// SPDX-License-Identifier: Apache-2.0
/*
 * unix.c - the server's end of the UNIX channel, a test part
 *
 * Does with a call what the host's kernel does with one: checks it against the
 * function table before generated code sees it. See unix_proto.h for the bytes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/unix_proto.h"
#include "internal.h"

/**
 * struct unix_stream - a stream and the call in it
 * @api: for its function table
 * @bulk: the bytes of the segments that go to the host, one block each
 * @want_reply: the guest waits
 */
struct unix_stream {
	struct ava_server_stream base;
	const struct ava_server_api *api;
	int fd;
	bool want_reply;
	uint32_t seg_count;
	struct ava_ring_seg segs[AVA_UNIX_MAX_SEGS];
	void *bulk[AVA_UNIX_MAX_SEGS];
	uint64_t args[AVA_UNIX_MAX_ARGS / 8];
	uint64_t reply[AVA_UNIX_MAX_REPLY / 8];
};

static int unix_check_hello(const struct ava_unix_hello *hello,
			    const struct ava_server_api *api)
{
	if (hello->magic != AVA_UNIX_MAGIC)
		return -EPROTO;
	if (memcmp(hello->api.name, api->id.name, sizeof(api->id.name)))
		return -ENOENT;
	if (!memcmp(&hello->api, &api->id, sizeof(api->id)))
		return 0;
	ava_log(api->log_name, "guest library was built from version %u.%u hash %02x%02x.., "
		"this server from %u.%u hash %02x%02x..", hello->api.version_major,
		hello->api.version_minor, hello->api.hash[0], hello->api.hash[1],
		api->id.version_major, api->id.version_minor, api->id.hash[0], api->id.hash[1]);
	return -EPROTONOSUPPORT;
}

static int unix_attach(int fd, const struct ava_server_api *api)
{
	struct ava_unix_welcome welcome = {
		.max_args = AVA_UNIX_MAX_ARGS,
		.max_reply = AVA_UNIX_MAX_REPLY,
		.max_segs = AVA_UNIX_MAX_SEGS,
		.max_bulk = AVA_UNIX_MAX_BULK,
		.max_streams = AVA_UNIX_MAX_STREAMS,
	};
	struct iovec iov = { .iov_base = &welcome, .iov_len = sizeof(welcome) };
	struct ava_unix_hello hello;
	int ret = ava_unix_recv(fd, &hello, sizeof(hello));

	if (ret)
		return ret == -EPIPE ? -ESHUTDOWN : ret;
	welcome.status = unix_check_hello(&hello, api);
	ret = ava_unix_send(fd, &iov, 1);
	if (ret)
		return ret == -EPIPE ? -ESHUTDOWN : ret;
	return welcome.status;
}

static int unix_accept(int fd, const struct ava_server_api *api,
		       struct ava_server_stream **out)
{
	struct ava_unix_stream msg;
	struct unix_stream *st;
	int sock, ret;

	ret = ava_unix_recv_fd(fd, &msg, sizeof(msg), &sock);
	if (ret)
		return ret == -EPIPE ? -ESHUTDOWN : ret;
	st = calloc(1, sizeof(*st));
	if (!st) {
		close(sock);
		return -ENOMEM;
	}
	st->base.ops = &ava_server_unix;
	st->api = api;
	st->fd = sock;
	*out = &st->base;
	return 0;
}

static int func_compare(const void *key, const void *row)
{
	uint32_t id = *(const uint32_t *)key;
	const struct ava_func *func = row;

	return id < func->id ? -1 : id > func->id;
}

static bool unix_call_valid(const struct unix_stream *st, const struct ava_unix_call *head)
{
	const struct ava_func *func = bsearch(&head->func, st->api->funcs, st->api->func_count,
					      sizeof(*func), func_compare);

	return func && !(head->flags & ~AVA_CALL_ASYNC) &&
	       (!(head->flags & AVA_CALL_ASYNC) || func->flags & AVA_FUNC_ASYNC) &&
	       head->args_len >= func->min_args && head->args_len <= func->max_args &&
	       head->reply_cap <= func->max_reply && head->seg_count <= func->max_segs &&
	       head->args_len <= AVA_UNIX_MAX_ARGS && head->reply_cap <= AVA_UNIX_MAX_REPLY &&
	       head->seg_count <= AVA_UNIX_MAX_SEGS;
}

static void unix_free_bulk(struct unix_stream *st)
{
	uint32_t i;

	for (i = 0; i < st->seg_count; i++)
		free(st->bulk[i]);
	st->seg_count = 0;
}

static int unix_recv_bulk(struct unix_stream *st)
{
	uint64_t left = AVA_UNIX_MAX_BULK;
	uint32_t i;
	int ret;

	for (i = 0; i < st->seg_count; i++) {
		if (st->segs[i].len > left)
			return -E2BIG;
		left -= st->segs[i].len;
		if (!(st->segs[i].flags & AVA_SEG_TO_HOST))
			continue;
		st->bulk[i] = malloc(st->segs[i].len + !st->segs[i].len);
		if (!st->bulk[i])
			return -ENOMEM;
		ret = ava_unix_recv(st->fd, st->bulk[i], st->segs[i].len);
		if (ret)
			return ret;
	}
	return 0;
}

static int unix_send_reply(struct unix_stream *st, const struct ava_server_call *call,
			   int status)
{
	struct ava_unix_record rec = {
		.type = AVA_UNIX_REPLY,
		.len = status ? 0 : call->reply_len,
		.device_ns = call->device_ns,
		.status = status,
	};
	struct iovec iov[2] = {
		{ &rec, sizeof(rec) },
		{ st->reply, rec.len },
	};
	int ret = ava_unix_send(st->fd, iov, 2);

	return ret == -EPIPE ? -ESHUTDOWN : ret;
}

/* A refused call ends the context, as it does in the host's kernel. */
static int unix_refuse(struct unix_stream *st, const struct ava_unix_call *head)
{
	struct ava_server_call call = { 0 };

	ava_log(st->api->log_name, "refused a call of function %u: args %u, reply %u, "
		"segments %u, flags %#x do not fit the function table", head->func,
		head->args_len, head->reply_cap, head->seg_count, head->flags);
	unix_send_reply(st, &call, -EBADMSG);
	return -EBADMSG;
}

static int unix_recv_call(struct unix_stream *st, struct ava_unix_call *head)
{
	int ret;

	ret = ava_unix_recv(st->fd, head, sizeof(*head));
	if (ret)
		return ret;
	if (!unix_call_valid(st, head))
		return unix_refuse(st, head);
	st->want_reply = head->want_reply;
	ret = ava_unix_recv(st->fd, st->segs, head->seg_count * sizeof(st->segs[0]));
	if (ret)
		return ret;
	memset(st->bulk, 0, sizeof(st->bulk));
	st->seg_count = head->seg_count;
	ret = ava_unix_recv(st->fd, st->args, head->args_len);
	if (ret)
		return ret;
	return unix_recv_bulk(st);
}

static int unix_fetch(struct ava_server_stream *base, struct ava_server_call *call)
{
	struct unix_stream *st = (struct unix_stream *)base;
	struct ava_unix_call head;
	int ret = unix_recv_call(st, &head);

	if (ret)
		return ret == -EPIPE ? -ESHUTDOWN : ret;
	*call = (struct ava_server_call){
		.func = head.func,
		.flags = head.flags,
		.args = st->args,
		.args_len = head.args_len,
		.reply = st->reply,
		.reply_cap = head.reply_cap,
		.segs = st->segs,
		.seg_count = st->seg_count,
	};
	return 0;
}

static int unix_complete(struct ava_server_stream *base, const struct ava_server_call *call,
			 bool bad)
{
	struct unix_stream *st = (struct unix_stream *)base;
	int ret = 0;

	unix_free_bulk(st);
	if (!bad && call->reply_len > call->reply_cap)
		return -EBADMSG;
	if (st->want_reply)
		ret = unix_send_reply(st, call, bad ? -EBADMSG : 0);
	return bad ? -EBADMSG : ret;
}

static int unix_push(struct unix_stream *st, const struct ava_stream_copy *copy)
{
	struct ava_unix_record rec = {
		.type = AVA_UNIX_PUSH,
		.seg = copy->seg,
		.offset = copy->offset,
		.len = copy->len,
	};
	struct iovec iov[2] = {
		{ &rec, sizeof(rec) },
		{ (void *)(uintptr_t)copy->addr, copy->len },
	};
	int ret = ava_unix_send(st->fd, iov, 2);

	return ret == -EPIPE ? -ESHUTDOWN : ret;
}

static int unix_copy(struct ava_server_stream *base, const struct ava_server_call *call,
		     struct ava_stream_copy *copy)
{
	struct unix_stream *st = (struct unix_stream *)base;
	const struct ava_ring_seg *seg = &st->segs[copy->seg];
	bool push = copy->dir == AVA_COPY_TO_GUEST;

	(void)call;
	if (!(seg->flags & (push ? AVA_SEG_FROM_HOST : AVA_SEG_TO_HOST)))
		return -EACCES;
	if (copy->offset > seg->len || copy->len > seg->len - copy->offset)
		return -ERANGE;
	if (push)
		return unix_push(st, copy);
	memcpy((void *)(uintptr_t)copy->addr, (char *)st->bulk[copy->seg] + copy->offset,
	       copy->len);
	return 0;
}

static void unix_close(struct ava_server_stream *base)
{
	struct unix_stream *st = (struct unix_stream *)base;

	unix_free_bulk(st);
	close(st->fd);
	free(st);
}

static int unix_event(int fd, uint64_t cookie, const void *data, uint32_t len)
{
	(void)fd;
	(void)cookie;
	(void)data;
	(void)len;
	return -ENOBUFS;
}

const struct ava_server_channel ava_server_unix = {
	.attach = unix_attach,
	.accept = unix_accept,
	.fetch = unix_fetch,
	.complete = unix_complete,
	.copy = unix_copy,
	.close = unix_close,
	.event = unix_event,
};
