// SPDX-License-Identifier: Apache-2.0
/*
 * serve.c - one context: accept streams, a thread runs the calls of each
 *
 * The process is the unit of cleaning up: whatever a thread is doing in vendor
 * code, the context's end ends the process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ava/cs.h>

#include "../common/log.h"
#include "internal.h"
#include "order.h"
#include "output.h"

struct worker {
	const struct ava_server_api *api;
	struct ava_server_stream *stream;
};

/* Of the process's one context. */
static struct ava_order order = AVA_ORDER_INIT;

/* A guest can send as many of these as it likes: one line for the process. */
static void log_bad_call(const struct ava_server_api *api, uint32_t func)
{
	static atomic_flag logged = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set(&logged))
		ava_log(api->log_name, "arguments of function %u do not decode", func);
}

static int worker_events(const struct ava_server_call *call)
{
	uint64_t words[AVA_CS_HEAD + 1];

	if (call->args_len < sizeof(words))
		return -EBADMSG;
	memcpy(words, call->args, sizeof(words));
	ava_server_events_taken(words[AVA_CS_HEAD]);
	return 0;
}

static int func_compare(const void *key, const void *row)
{
	uint32_t id = *(const uint32_t *)key;
	const struct ava_func *func = row;

	return id < func->id ? -1 : id > func->id;
}

static bool func_may_wait(const struct ava_server_api *api, uint32_t id)
{
	const struct ava_func *func = bsearch(&id, api->funcs, api->func_count,
					      sizeof(*func), func_compare);

	return func && func->flags & AVA_FUNC_MAY_WAIT;
}

/*
 * What the guest has to do before a call returns that may have waited for others:
 * write what the vendor's library printed, and run what it has called back.
 */
static void worker_show(struct worker *w, struct ava_server_call *call)
{
	uint64_t word;

	if (call->reply_len < sizeof(word) || !func_may_wait(w->api, call->func))
		return;
	memcpy(&word, call->reply, sizeof(word));
	word |= ava_server_events_made() << AVA_CS_EVENTS_SHIFT;
	if (ava_output_pending())
		word |= AVA_CS_OUTPUT;
	memcpy(call->reply, &word, sizeof(word));
}

static int worker_dispatch(struct worker *w, struct ava_server_call *call)
{
	switch (call->func) {
	case AVA_FUNC_NOP:
		return 0;
	case AVA_FUNC_EVENTS:
		return worker_events(call);
	case AVA_FUNC_OUTPUT:
		return ava_output_take(call);
	}
	return w->api->dispatch(call);
}

/* Whoever waits for another stream first gives away what it has completed. */
static int worker_wait_turn(struct worker *w, const uint64_t head[AVA_CS_HEAD])
{
	const struct ava_server_channel *ops = w->stream->ops;
	uint64_t after = head[AVA_CS_HEAD_AFTER];
	int ret = 0;

	if (ops->publish && !ava_order_reached(&order, after))
		ret = ops->publish(w->stream);
	return ret ? ret : ava_order_wait(&order, head[AVA_CS_HEAD_TICKET], after);
}

static int worker_ordered(struct worker *w, struct ava_server_call *call)
{
	uint64_t head[AVA_CS_HEAD];
	int ret, err;

	if (call->args_len < sizeof(head))
		return -EBADMSG;
	memcpy(head, call->args, sizeof(head));
	ava_server_events_retry();
	ret = worker_wait_turn(w, head);
	if (ret)
		return ret;
	ret = worker_dispatch(w, call);
	if (!ret)
		worker_show(w, call);
	err = ava_order_done(&order, head[AVA_CS_HEAD_TICKET]);
	return ret ? ret : err;
}

static int worker_run(struct worker *w)
{
	const struct ava_server_channel *ops = w->stream->ops;
	struct ava_server_call call;
	int ret;

	for (;;) {
		ret = ops->fetch(w->stream, &call);
		if (ret)
			return ret;
		call.stream = w->stream;
		call.reply_len = 0;
		call.device_ns = 0;
		ret = w->api->ordered ? worker_ordered(w, &call) : w->api->dispatch(&call);
		if (ret == -ESHUTDOWN)
			return ret;
		if (ret)
			log_bad_call(w->api, call.func);
		ret = ops->complete(w->stream, &call, !!ret);
		if (ret)
			return ret;
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	int ret = worker_run(w);

	if (ret != -ESHUTDOWN) {
		ava_log(w->api->log_name, "stream failed: %s", strerror(-ret));
		_exit(EXIT_FAILURE);
	}
	w->stream->ops->close(w->stream);
	free(w);
	return NULL;
}

static int worker_start(const struct ava_server_api *api, struct ava_server_stream *stream)
{
	struct worker *w = malloc(sizeof(*w));
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	if (!w)
		return -ENOMEM;
	*w = (struct worker){ .api = api, .stream = stream };
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	ret = pthread_create(&thread, &attr, worker_main, w);
	pthread_attr_destroy(&attr);
	if (ret)
		free(w);
	return -ret;
}

int ava_server_serve(const struct ava_server_channel *ops, int fd,
		     const struct ava_server_api *api)
{
	struct ava_server_stream *stream;
	int ret = ops->attach(fd, api);

	if (ret == -ESHUTDOWN)
		return EXIT_SUCCESS;
	if (ret) {
		ava_log(api->log_name, "cannot attach to the context: %s", strerror(-ret));
		return EXIT_FAILURE;
	}
	ava_server_events_on(ops, fd);
	while (!(ret = ops->accept(fd, api, &stream))) {
		ret = worker_start(api, stream);
		if (ret)
			break;
	}
	if (ret == -ESHUTDOWN)
		return EXIT_SUCCESS;
	ava_log(api->log_name, "cannot take a stream: %s", strerror(-ret));
	return EXIT_FAILURE;
}

int ava_server_run(const struct ava_server_channel *ops, int fd,
		   const struct ava_server_api *api)
{
	int ret = api->ordered ? ava_output_catch() : 0;

	if (!ret)
		return ava_server_serve(ops, fd, api);
	ava_log(api->log_name, "cannot take over standard output: %s", strerror(-ret));
	return EXIT_FAILURE;
}

static int server_copy(struct ava_server_call *call, struct ava_stream_copy copy)
{
	if (copy.seg >= call->seg_count)
		return -ENOENT;
	if (!copy.len)
		return 0;
	copy.tag = call->tag;
	return call->stream->ops->copy(call->stream, call, &copy);
}

int ava_server_pull(struct ava_server_call *call, uint32_t seg, uint64_t offset, void *buf,
		    uint64_t len)
{
	return server_copy(call, (struct ava_stream_copy){
		.seg = seg,
		.dir = AVA_COPY_FROM_GUEST,
		.offset = offset,
		.len = len,
		.addr = (uintptr_t)buf,
	});
}

int ava_server_push(struct ava_server_call *call, uint32_t seg, uint64_t offset,
		    const void *buf, uint64_t len)
{
	return server_copy(call, (struct ava_stream_copy){
		.seg = seg,
		.dir = AVA_COPY_TO_GUEST,
		.offset = offset,
		.len = len,
		.addr = (uintptr_t)buf,
	});
}
