// SPDX-License-Identifier: Apache-2.0
/*
 * sim_events.c - what happens later: gates, memory that stays in use, functions that are
 * told, failures
 */
#include "sim_test.h"

static sim_status event_status(sim_event e)
{
	sim_status status = SIM_INVALID_EVENT;

	sim_event_info(e, SIM_EVENT_STATUS, sizeof(status), &status, NULL);
	return status;
}

static uint64_t memory_used(const struct sim_env *env)
{
	uint64_t used = UINT64_MAX;

	sim_device_info(env->device[0], SIM_DEVICE_MEMORY_USED, sizeof(used), &used, NULL);
	return used;
}

static sim_kernel new_fill(struct sim_env *env, sim_buffer buffer, float value)
{
	sim_kernel k = sim_kernel_create(env->context, "fill", NULL);

	sim_kernel_set_buffer(k, 0, buffer);
	sim_kernel_set_value(k, 1, sizeof(value), &value);
	return k;
}

static sim_event launch(struct sim_env *env, sim_kernel k, uint64_t items)
{
	struct sim_launch l = { 1, 0, &items };
	sim_event e = NULL;

	sim_enqueue_launch(env->queue, k, &l, 0, NULL, &e);
	return e;
}

/* Memory of a command is the command's until it is complete, and the program's then. */
static void test_gate(struct sim_env *env)
{
	sim_buffer b = sim_test_buffer(env, 1 << 16, NULL);
	sim_event gate = sim_event_create(env->context, NULL), e[2];
	uint8_t *bytes = malloc(1 << 16), *back = malloc(1 << 16);

	memset(bytes, 7, 1 << 16);
	memset(back, 1, 1 << 16);
	tap_status(sim_enqueue_write(env->queue, b, 0, 0, 1 << 16, bytes, 1, &gate, &e[0]), SIM_OK,
		   "a write that waits");
	tap_status(sim_enqueue_read(env->queue, b, 0, 0, 1 << 16, back, 0, NULL, &e[1]), SIM_OK,
		   "a read behind it");
	tap_status(event_status(e[1]), SIM_NOT_READY, "is not done");
	tap_status(sim_event_info(e[1], SIM_EVENT_END, 0, NULL, NULL), SIM_NOT_READY, "has no end");
	tap(back[0] == 1 && back[65535] == 1, "and nothing was read");
	tap_status(sim_event_set(gate, SIM_OK), SIM_OK, "open the gate");
	tap_status(sim_event_set(gate, SIM_OK), SIM_INVALID_OPERATION, "once");
	tap_status(sim_events_wait(1, &e[1]), SIM_OK, "wait for the read");
	tap(back[0] == 7 && back[65535] == 7, "it read what was written");
	tap_status(event_status(e[0]), SIM_OK, "the write is done");
	tap_status(sim_event_set(e[0], SIM_OK), SIM_INVALID_OPERATION, "nobody sets a command's event");
	for (int i = 0; i < 2; i++)
		sim_event_release(e[i]);
	sim_event_release(gate);
	sim_buffer_release(b);
	free(bytes);
	free(back);
}

/* The program looks at the memory after what told it: finish, the status, another command. */
static void test_observed(struct sim_env *env)
{
	sim_buffer b = sim_test_buffer(env, 64, NULL);
	sim_kernel k = new_fill(env, b, 1);
	float value = 0, back[3] = { 0 }, other;
	sim_event e;

	sim_event_release(launch(env, k, 16));
	sim_enqueue_read(env->queue, b, 0, 0, 4, &back[0], 0, NULL, NULL);
	tap_status(sim_queue_finish(env->queue), SIM_OK, "finish");
	tap(back[0] == 1, "%g", back[0]);
	sim_enqueue_read(env->queue, b, 0, 60, 4, &back[1], 0, NULL, &e);
	while (event_status(e) == SIM_NOT_READY)
		;
	tap(back[1] == 1, "%g after asking for the status", back[1]);
	sim_event_release(e);
	sim_enqueue_read(env->queue, b, 0, 4, 4, &back[2], 0, NULL, NULL);
	sim_enqueue_read(env->queue, b, 1, 0, 4, &other, 0, NULL, NULL);
	tap(back[2] == 1 && other == 1, "%g before a blocking read", back[2]);
	sim_enqueue_read(env->queue, b, 0, 64, 4, &value, 0, NULL, &e);
	tap_status(sim_events_wait(1, &e), SIM_WAIT_FAILED, "a read over the end");
	tap(value == 0, "leaves the memory alone");
	tap_status(sim_queue_finish(env->queue), SIM_INVALID_SIZE, "finish");
	sim_event_release(e);
	sim_kernel_release(k);
	sim_buffer_release(b);
}

/**
 * struct calls - what a function was told
 * @env: lock and condition
 */
struct calls {
	struct sim_env *env;
	const float *look;
	float seen;
	sim_event event;
	sim_status status;
	sim_buffer buffer;
	int count;
};

static void called(struct calls *c)
{
	pthread_mutex_lock(&c->env->lock);
	c->count++;
	pthread_cond_broadcast(&c->env->changed);
	pthread_mutex_unlock(&c->env->lock);
}

static void wait_called(struct calls *c, int count)
{
	pthread_mutex_lock(&c->env->lock);
	while (c->count < count)
		pthread_cond_wait(&c->env->changed, &c->env->lock);
	pthread_mutex_unlock(&c->env->lock);
}

static void on_complete(sim_event event, sim_status status, void *userdata)
{
	struct calls *c = userdata;
	uint32_t command = 0;

	/* it may use the API */
	sim_event_info(event, SIM_EVENT_COMMAND, sizeof(command), &command, NULL);
	c->event = event;
	c->status = command ? status : SIM_INVALID_EVENT;
	c->seen = c->look ? *c->look : 0;
	called(c);
}

static void on_destroy(sim_buffer buffer, void *userdata)
{
	struct calls *c = userdata;

	c->buffer = buffer;
	called(c);
}

static void test_told(struct sim_env *env)
{
	sim_buffer b = sim_test_buffer(env, 64, NULL), name = b;
	sim_kernel k = new_fill(env, b, 3);
	struct calls c = { .env = env };
	sim_event e, user = sim_event_create(env->context, NULL);
	float value = 0;

	tap_status(sim_event_on_complete(user, NULL, NULL), SIM_INVALID_VALUE, "nobody to tell");
	tap_status(sim_event_on_complete(NULL, on_complete, NULL), SIM_INVALID_EVENT, "no event");
	tap_status(sim_event_on_complete(user, on_complete, &c), SIM_OK, "to be told of an event");
	tap(c.count == 0, "not yet");
	sim_event_set(user, SIM_LAUNCH_FAILED);
	wait_called(&c, 1);
	tap(c.event == user, "the event that was asked about");
	tap_status(c.status, SIM_LAUNCH_FAILED, "with its status");
	tap_status(sim_event_on_complete(user, on_complete, &c), SIM_OK, "to be told too late");
	wait_called(&c, 2);
	tap_status(c.status, SIM_LAUNCH_FAILED, "is to be told at once");
	sim_event_release(user);

	sim_event_release(launch(env, k, 16));
	user = sim_event_create(env->context, NULL);
	sim_enqueue_read(env->queue, b, 0, 0, 4, &value, 1, &user, &e);
	c.look = &value;
	sim_event_on_complete(e, on_complete, &c);
	/* nobody else has it any more */
	sim_event_release(e);
	sim_event_set(user, SIM_OK);
	wait_called(&c, 3);
	tap(c.event == e && !c.status, "a command's event, without a reference");
	tap(c.seen == 3, "the read's memory is there: %g", c.seen);
	sim_event_release(user);

	tap_status(sim_buffer_on_destroy(b, on_destroy, &c), SIM_OK, "to be told of a buffer");
	sim_buffer_release(b);
	tap(c.count == 3, "a kernel has it still");
	sim_queue_finish(env->queue);
	sim_kernel_release(k);
	wait_called(&c, 4);
	tap(c.buffer == name, "now it is gone");
	tap(memory_used(env) == 0, "and the memory is back");
}

/* The device fails where it was told to. */
static void test_faults(struct sim_env *env)
{
	struct sim_fault faults[3] = { { SIM_FAULT_LAUNCH, 2 }, { SIM_FAULT_ALLOC, 1 },
				       { SIM_FAULT_LAUNCH, 4 } };
	sim_buffer b = sim_test_buffer(env, 64, NULL);
	sim_kernel k = new_fill(env, b, 5);
	sim_status status;
	sim_event e[4];
	int told = env->told;

	tap_status(sim_inject(env->device[0], 3, faults), SIM_OK, "three faults to come");
	for (int i = 0; i < 4; i++)
		e[i] = launch(env, k, 10 + i);
	tap_status(sim_events_wait(4, e), SIM_WAIT_FAILED, "four launches");
	for (int i = 0; i < 4; i++) {
		tap_status(event_status(e[i]), i & 1 ? SIM_LAUNCH_FAILED : SIM_OK, "one of them");
		sim_event_release(e[i]);
	}
	sim_env_wait(env, told + 2);
	tap(!strcmp(env->text, "fill on sim0: kernel failed"), "the context was told: %s", env->text);
	tap(env->items[0] == 13, "of the one with %llu items", (unsigned long long)env->items[0]);
	tap(!sim_buffer_create(env->context, env->device[0], 0, 4, NULL, &status), "no buffer");
	tap_status(status, SIM_OUT_OF_DEVICE_MEMORY, "although there is room");
	faults[0].kind = 9;
	tap_status(sim_inject(env->device[0], 1, faults), SIM_INVALID_VALUE, "no such fault");
	tap_status(sim_queue_finish(env->queue), SIM_LAUNCH_FAILED, "finish");
	sim_kernel_release(k);
	sim_buffer_release(b);
}

static void *one_thread(void *arg)
{
	struct sim_env *env = arg;
	sim_queue queue = sim_queue_create(env->context, env->device[0], NULL);
	sim_buffer b = sim_test_buffer(env, 256, NULL);
	sim_kernel k = new_fill(env, b, 2);
	uint64_t items = 64;
	struct sim_launch l = { 1, 0, &items };
	float back[64] = { 0 };
	bool good = true;

	for (int i = 0; i < 50 && good; i++) {
		sim_event e;

		sim_enqueue_launch(queue, k, &l, 0, NULL, &e);
		sim_enqueue_read(queue, b, i & 1, 0, sizeof(back), back, 1, &e, NULL);
		good = !sim_queue_finish(queue) && back[63] == 2;
		sim_event_release(e);
	}
	sim_kernel_release(k);
	sim_buffer_release(b);
	sim_queue_release(queue);
	return good ? NULL : arg;
}

static void test_threads(struct sim_env *env)
{
	pthread_t threads[8];
	void *bad;

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, one_thread, env);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &bad);
		tap(!bad, "thread %d", i);
	}
	tap(memory_used(env) == 0, "all memory is back");
}

/* Last of all: a lost device is lost. */
static void test_lost(struct sim_env *env)
{
	struct sim_fault fault = { SIM_FAULT_LOST, 2 };
	sim_buffer b = sim_test_buffer(env, 64, NULL);
	sim_kernel k = new_fill(env, b, 5);
	sim_status status;
	float value = 0;
	sim_event e[2];

	sim_inject(env->device[0], 1, &fault);
	e[0] = launch(env, k, 16);
	e[1] = launch(env, k, 16);
	tap_status(sim_queue_finish(env->queue), SIM_DEVICE_LOST, "finish");
	tap_status(event_status(e[0]), SIM_OK, "before");
	tap_status(event_status(e[1]), SIM_DEVICE_LOST, "the command with which it is lost");
	tap_status(sim_enqueue_read(env->queue, b, 1, 0, 4, &value, 0, NULL, NULL), SIM_DEVICE_LOST,
		   "and after");
	tap(!sim_buffer_create(env->context, env->device[0], 0, 4, NULL, &status), "no buffer");
	tap_status(status, SIM_DEVICE_LOST, "any more");
	tap(!sim_queue_create(env->context, env->device[0], &status), "no queue");
	tap_status(status, SIM_DEVICE_LOST, "any more");
	tap(sim_buffer_create(env->context, env->device[1], 0, 4, NULL, &status), "the other device lives");
	for (int i = 0; i < 2; i++)
		sim_event_release(e[i]);
	sim_kernel_release(k);
	sim_buffer_release(b);
}

int main(void)
{
	struct sim_env env;

	sim_env_open(&env);
	test_gate(&env);
	test_observed(&env);
	test_told(&env);
	test_faults(&env);
	test_threads(&env);
	test_lost(&env);
	sim_env_close(&env);
	return tap_end();
}
