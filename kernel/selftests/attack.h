/* SPDX-License-Identifier: GPL-2.0 */
/*
 * attack.h - what the parts of ring_attack share
 *
 * A hostile VM with a few contexts, a well-behaved VM beside it, and one server
 * process that serves them all.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <pthread.h>
#include <semaphore.h>

#include "ring.h"
#include "ring_guest.h"
#include "ring_server.h"

/*
 * A malformed call spends its context, and a context with a stream that is served
 * costs milliseconds, most of it for mapping the ring. So calls that should be
 * refused go to contexts whose streams the server leaves waiting: the host judges
 * such a call no less, and if it takes one, closing the context answers it.
 */
#define ATTACK_SERVED	4
#define ATTACK_LAZY	26
#define ATTACK_CONTEXTS	(ATTACK_SERVED + ATTACK_LAZY)
#define ATTACK_BATCH	32
#define ATTACK_LAZY_API	"lazy"
#define ATTACK_HIGH	(1u << 20)

/* The functions that the attack's server has. */
#define ATTACK_ANY	1	/* echoes arguments, reads and fills segments; may be async */
#define ATTACK_EIGHT	3	/* exactly 8 argument bytes, no segment, synchronous */
#define ATTACK_EVENT	6	/* sends its arguments back as an event */

struct attack_rng {
	uint64_t state;
};

uint64_t rng_next(struct attack_rng *rng);
uint32_t rng_below(struct attack_rng *rng, uint32_t bound);
/* Numbers at which code tends to break, or any. */
uint64_t rng_odd(struct attack_rng *rng);

struct attack_context {
	uint32_t id;		/* 0: to be opened */
	uint64_t seq;
	unsigned int uses;	/* in this batch */
	bool dirty;		/* one of them was spoiled */
	bool spent;		/* in error, or its sequence number is not known */
};

/* A chain in flight. */
struct attack_item {
	unsigned int class;
	unsigned int queue;
	struct ring_call call;
	struct attack_context *ctx;
	bool exact;		/* must succeed and echo its arguments */
	bool silent;		/* success is an empty used entry */
	bool pending;
};

struct attack {
	struct attack_rng rng;
	struct ring_vm vm;
	uint64_t guest_id;
	struct attack_context ctx[ATTACK_CONTEXTS];
	struct attack_item item[ATTACK_BATCH];
	unsigned int items;
	bool poisoned;		/* this VM's rings may be spoilt beyond use */
	uint8_t args[256];
	pthread_t scribbler;
	sem_t start, done;
	volatile bool quit;
	struct { uint64_t addr; size_t len; } target[ATTACK_BATCH];
	unsigned int targets;
};

enum attack_kind {
	ATTACK_TAKEN,		/* often executed */
	ATTACK_REFUSED,		/* seldom executed */
	ATTACK_BREAKS,		/* vhost may declare the ring broken */
	ATTACK_CHANGES,		/* the second thread spoils any chain of the batch */
};

struct attack_class {
	const char *name;
	void (*run)(struct attack *a, struct attack_item *item);
	unsigned int weight;
	enum attack_kind kind;
};

extern const struct attack_class attack_classes[];
extern const unsigned int attack_class_count;

void attack_stray(struct attack *a, uint32_t id, const struct attack_context *own);

/* ---- attack_peer.c ---------------------------------------------------------- */

struct attack_peer {
	struct ring_vm vm;
	uint32_t ctx;
	uint64_t seq;
};

pid_t attack_server_start(void);
int attack_peer_up(struct attack_peer *peer, uint64_t guest_id);
/* One call with arguments and segments; 0 if every byte of the answer is right. */
int attack_peer_call(struct attack_peer *peer, struct attack_rng *rng);

#endif /* ATTACK_H */
