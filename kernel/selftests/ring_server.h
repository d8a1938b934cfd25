/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring_server.h - manager and API server played over /dev/ava-server
 *
 * Two ways: single steps, for tests that play both sides in one thread; and
 * ring_service, a manager process that forks a server process per context, as
 * the product does.
 */
#ifndef RING_SERVER_H
#define RING_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/ava_server.h>

#define RING_API_NAME	"ring"
#define RING_API_MAJOR	1
#define RING_API_MINOR	2
#define RING_API_HASH	0xa5

/* The functions of the "ring" API. */
#define RING_ECHO	1	/* reply = arguments */
#define RING_XOR	2	/* segment 1 = segment 0 ^ 0x5a */
#define RING_SUM	3	/* reply = a 64-bit sum of every segment's bytes */
#define RING_NOTE	5	/* asynchronous: adds the first argument to a total */
#define RING_TOTAL	6	/* reply = the total of this stream */
#define RING_GATE	8	/* waits until the test opens the gate */
#define RING_CALLBACK	9	/* sends the arguments back as an event, cookie 77 */
#define RING_BAD	11	/* completes with AVA_CQE_BAD_CALL */
#define RING_FILL	13	/* writes every FROM_HOST segment full of its index + 1 */
#define RING_DIE	15	/* the server exits without completing */

extern const struct ava_func ring_funcs[];
extern const unsigned int ring_func_count;

struct ava_api_id ring_api_id(void);

/* Each returns a file descriptor or -errno. */
int ring_manager(void);
int ring_accept(int manager, struct ava_server_accept *out);
int ring_attach(int context, const struct ava_api_id *id);

struct ring_stream {
	int fd;
	uint32_t slot;
	size_t size;
	struct ava_ring *ring;
	uint32_t sq_mask, cq_mask;
	struct ava_sqe *sq;
	struct ava_cqe *cq;
	uint64_t total;
};

int ring_stream_take(int context, struct ring_stream *s);
int ring_stream_map(struct ring_stream *s);
void ring_stream_drop(struct ring_stream *s);
int ring_enter(struct ring_stream *s, uint32_t flags, struct ava_stream_enter *out);
/* True and a copy of the entry if one waits. */
bool ring_take(struct ring_stream *s, struct ava_sqe *out);
/* ring_enter(WAIT) as often as needed, then ring_take(). */
int ring_fetch(struct ring_stream *s, struct ava_sqe *out);
void ring_complete(struct ring_stream *s, uint64_t tag, uint32_t status,
		   uint32_t reply_len);
void *ring_at(struct ring_stream *s, uint32_t off);
/* Bytes moved, or -errno if none was. */
int64_t ring_copy(struct ring_stream *s, uint64_t tag, uint32_t seg, uint32_t dir,
		  uint64_t off, void *buf, uint64_t len);

/**
 * struct ring_shared - what the service's processes and the test share
 * @gate: RING_GATE waits while it is zero (a futex)
 * @waiting: calls that sit in RING_GATE (a futex)
 * @refuse: if not zero the manager rejects contexts with this reason
 * @stall: if not zero the manager accepts but never attaches
 * @claim: version that the servers claim, for mismatches
 * @server_count: servers forked so far (a futex)
 * @servers: processes by order of their context's acceptance
 */
struct ring_shared {
	uint32_t gate;
	uint32_t waiting;
	uint32_t refuse;
	uint32_t stall;
	uint32_t claim;
	uint32_t server_count;
	pid_t servers[1024];
};

struct ring_service {
	pid_t manager;
	struct ring_shared *shared;
};

int ring_service_start(struct ring_service *svc);
void ring_service_stop(struct ring_service *svc);
void ring_service_gate(struct ring_service *svc, bool open);
/* Waits until @count calls sit in RING_GATE; 0 or -ETIMEDOUT. */
int ring_service_stuck(struct ring_service *svc, uint32_t count);
/*
 * The server of the context accepted as @nth, from 0, or -ETIMEDOUT. The manager
 * notes it after forking it, which may be after it attached.
 */
pid_t ring_service_server(struct ring_service *svc, unsigned int nth);

#endif /* RING_SERVER_H */
