/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_test.h - what the test programs of the simulated accelerator share
 *
 * They use its API only and know nothing of AvA: natively and through it they must
 * say the same, which is why every line has the values in it.
 */
#ifndef AVA_TESTS_SIM_TEST_H
#define AVA_TESTS_SIM_TEST_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../simacc/simacc.h"

static int tap_number, tap_bad;

static inline bool __attribute__((format(printf, 2, 3)))
tap(bool good, const char *format, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_number);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	tap_bad += !good;
	return good;
}

/* A call that must give @expected. */
static inline bool tap_status(sim_status status, sim_status expected, const char *what)
{
	return tap(status == expected, "%s: %d, %s", what, status, sim_status_text(status));
}

static inline int tap_end(void)
{
	printf("1..%d\n", tap_number);
	return tap_bad != 0;
}

/**
 * struct sim_env - two devices, a context of both, a queue on the first
 * @told: how often the context's notify function was called
 * @text: what it was told last
 * @items: likewise
 */
struct sim_env {
	sim_device device[2];
	sim_context context;
	sim_queue queue;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int told;
	char text[80];
	uint64_t items[2];
};

static inline void sim_env_told(const char *text, const void *data, size_t size, void *userdata)
{
	struct sim_env *env = userdata;

	pthread_mutex_lock(&env->lock);
	snprintf(env->text, sizeof(env->text), "%s", text);
	memset(env->items, 0, sizeof(env->items));
	if (data && size <= sizeof(env->items))
		memcpy(env->items, data, size);
	env->told++;
	pthread_cond_broadcast(&env->changed);
	pthread_mutex_unlock(&env->lock);
}

/* Until it was told @times; a function that is never called makes a test run out of time. */
static inline void sim_env_wait(struct sim_env *env, int times)
{
	pthread_mutex_lock(&env->lock);
	while (env->told < times)
		pthread_cond_wait(&env->changed, &env->lock);
	pthread_mutex_unlock(&env->lock);
}

static inline void sim_env_open(struct sim_env *env)
{
	intptr_t properties[] = { SIM_CONTEXT_DEVICE, 0, SIM_CONTEXT_DEVICE, 0, 0 };
	sim_status status = sim_get_devices(2, env->device, NULL);

	pthread_mutex_init(&env->lock, NULL);
	pthread_cond_init(&env->changed, NULL);
	env->told = 0;
	properties[1] = (intptr_t)env->device[0];
	properties[3] = (intptr_t)env->device[1];
	env->context = sim_context_create(properties, sim_env_told, env, &status);
	env->queue = sim_queue_create(env->context, env->device[0], &status);
	if (env->queue)
		return;
	printf("Bail out! no device: %s\n", sim_status_text(status));
	exit(EXIT_FAILURE);
}

static inline void sim_env_close(struct sim_env *env)
{
	sim_queue_release(env->queue);
	sim_context_release(env->context);
}

static inline sim_buffer sim_test_buffer(struct sim_env *env, size_t size, const void *init)
{
	return sim_buffer_create(env->context, env->device[0], init ? SIM_BUFFER_COPY : 0, size,
				 init, NULL);
}

#endif /* AVA_TESTS_SIM_TEST_H */
