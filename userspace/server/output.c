// SPDX-License-Identifier: Apache-2.0
/*
 * output.c - what the vendor's library writes to standard output belongs to the guest
 *
 * A file in memory and not a pipe: a writer never waits for the guest, so a
 * kernel that prints more than a pipe holds still ends, and the bytes are there
 * when the call that waited for it returns. What was fetched is given back to
 * the system; the file's size is the count of all bytes ever written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ava/cs.h>

#include "output.h"

static struct {
	pthread_mutex_t lock;
	int fd;
	off_t taken;
} output = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.fd = -1,
};

int ava_output_catch(void)
{
	int fd = memfd_create("ava-output", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFL, O_APPEND) || dup2(fd, STDOUT_FILENO) < 0) {
		close(fd);
		return -errno;
	}
	output.fd = fd;
	return 0;
}

/* A vendor's library may print through this process's stdio. */
bool ava_output_pending(void)
{
	struct stat st;
	bool pending;

	if (output.fd < 0)
		return false;
	fflush(stdout);
	pthread_mutex_lock(&output.lock);
	pending = !fstat(output.fd, &st) && st.st_size > output.taken;
	pthread_mutex_unlock(&output.lock);
	return pending;
}

int ava_output_take(struct ava_server_call *call)
{
	off_t page = sysconf(_SC_PAGESIZE);
	ssize_t ret = 0;

	pthread_mutex_lock(&output.lock);
	if (output.fd >= 0)
		ret = pread(output.fd, call->reply, call->reply_cap, output.taken);
	if (ret > 0) {
		output.taken += ret;
		call->reply_len = ret;
		fallocate(output.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  output.taken / page * page);
	}
	pthread_mutex_unlock(&output.lock);
	return 0;
}
