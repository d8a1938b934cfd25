/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The API "ava-echo" of the tests: what echo_server.c serves and ava_*.c call
 */
#ifndef ECHO_H
#define ECHO_H

#include <string.h>
#include <linux/ava.h>

#define ECHO_NAME	"ava-echo"
#define ECHO_MAJOR	1
#define ECHO_MINOR	0

enum echo_func {
	ECHO_ECHO = 1,		/* reply = args */
	ECHO_COPY,		/* segments 0->1, 2->3, ...; reply: u64 bytes */
	ECHO_CHECKSUM,		/* reply: u64 sum of all bytes to the host */
	ECHO_BLOCK,		/* never answers */
	ECHO_CALLBACK,		/* args: u64 cookie, payload; an event with them */
	ECHO_COUNT,		/* args: u64, one more than in the call before */
	ECHO_TOTAL,		/* reply: u64 last COUNT or ~0 if one was wrong */
	ECHO_DIE,		/* the server exits */
	ECHO_BAD,		/* the server calls the arguments malformed */
	ECHO_BREAK,		/* fake_host only: the ring is spoilt */
};

/* The hash is that of no spec: any fixed bytes do. */
static inline void echo_id(struct ava_api_id *id)
{
	memset(id, 0, sizeof(*id));
	memcpy(id->name, ECHO_NAME, sizeof(ECHO_NAME));
	id->version_major = ECHO_MAJOR;
	id->version_minor = ECHO_MINOR;
	memset(id->hash, 0x5a, sizeof(id->hash));
}

static inline __u64 echo_sum(__u64 sum, const void *data, __u64 len)
{
	const unsigned char *p = data;

	while (len--)
		sum = sum * 31 + *p++;
	return sum;
}

#endif /* ECHO_H */
