// SPDX-License-Identifier: Apache-2.0
/*
 * sim_killed.c - the API server dies: every later call fails, what is under way is told, nothing hangs
 *
 * Says "# ready" and waits for its end in a call; only for AvA, not natively.
 */
#include "sim_test.h"

static sim_status told = SIM_OK;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void on_complete(sim_event event, sim_status status, void *userdata)
{
	(void)event;
	(void)userdata;
	pthread_mutex_lock(&lock);
	told = status;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

int main(void)
{
	struct sim_env env;
	sim_event never;
	sim_status status;
	sim_buffer b;

	sim_env_open(&env);
	b = sim_test_buffer(&env, 64, NULL);
	never = sim_event_create(env.context, NULL);
	tap_status(sim_event_on_complete(never, on_complete, NULL), SIM_OK, "to be told");
	printf("# ready\n");
	fflush(stdout);
	tap_status(sim_events_wait(1, &never), SIM_DEVICE_LOST, "the wait ends");
	pthread_mutex_lock(&lock);
	while (!told)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	tap(told < 0, "the event failed: %d", told);
	tap_status(sim_queue_finish(env.queue), SIM_DEVICE_LOST, "finish");
	tap(!sim_buffer_create(env.context, env.device[0], 0, 4, NULL, &status), "no buffer");
	tap_status(status, SIM_DEVICE_LOST, "any more");
	sim_buffer_release(b);
	sim_event_release(never);
	sim_env_close(&env);
	tap(true, "releases return");
	return tap_end();
}
