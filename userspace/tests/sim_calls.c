// SPDX-License-Identifier: Apache-2.0
/*
 * sim_calls.c - every function of the simulated accelerator: answers, results, times, errors
 */
#include "sim_test.h"

typedef sim_status (*info_fn)(void *object, sim_info what, size_t size, void *value,
			      size_t *size_ret);

/* The functions differ in the type of their first argument only. */
#define INFO(fn) ((info_fn)(void *)(fn))

static uint64_t number(info_fn info, void *object, sim_info what)
{
	uint64_t n = 0;

	return info(object, what, sizeof(n), &n, NULL) ? UINT64_MAX : n;
}

/* Both ways to ask, and too little room. */
static void check_text(info_fn info, void *object, sim_info what, const char *expected)
{
	char text[64] = "";
	size_t size = 0;

	tap_status(info(object, what, 0, NULL, &size), SIM_OK, "the size of a text");
	tap(size == strlen(expected) + 1, "is %zu", size);
	tap_status(info(object, what, size - 1, text, NULL), SIM_INVALID_SIZE, "too little room");
	tap_status(info(object, what, sizeof(text), text, NULL), SIM_OK, "enough room");
	tap(!strcmp(text, expected), "it is '%s'", text);
}

static void test_library(struct sim_env *env)
{
	uint32_t version = 0, count = 0;

	tap_status(sim_get_version(&version), SIM_OK, "the version");
	tap(version == SIM_VERSION, "is %#x", version);
	tap_status(sim_get_version(NULL), SIM_INVALID_VALUE, "no room for a version");
	tap_status(sim_get_devices(0, NULL, &count), SIM_OK, "how many devices");
	tap(count == 2, "%u", count);
	tap_status(sim_get_devices(0, NULL, NULL), SIM_INVALID_VALUE, "no question at all");
	tap_status(sim_get_devices(1, NULL, &count), SIM_INVALID_VALUE, "one device to nowhere");
	check_text(INFO(sim_device_info), env->device[0], SIM_DEVICE_NAME, "sim0");
	check_text(INFO(sim_device_info), env->device[1], SIM_DEVICE_KERNELS,
		   "fill;add;scale;reduce;matmul");
	for (sim_info what = SIM_DEVICE_MEMORY; what <= SIM_DEVICE_LOST_STATE; what++)
		tap(true, "question %u to a device: %llu", what, (unsigned long long)
		    number(INFO(sim_device_info), env->device[1], what));
	tap_status(sim_device_info(env->device[0], 99, 0, NULL, NULL), SIM_INVALID_VALUE,
		   "no such question");
	tap_status(sim_device_info(NULL, SIM_DEVICE_NAME, 0, NULL, NULL), SIM_INVALID_DEVICE,
		   "no device");
	tap(!strcmp(sim_status_text(1), "unknown status"), "a text for every number");
}

static void test_contexts(struct sim_env *env)
{
	intptr_t properties[8], bad[] = { 77, 1, 0 }, nothing[] = { 0 };
	intptr_t no_device[] = { SIM_CONTEXT_DEVICE, (intptr_t)env->context, 0 };
	sim_device devices[3];
	size_t size = 0;
	sim_status status;

	sim_context_info(env->context, SIM_CONTEXT_DEVICES, sizeof(devices), devices, &size);
	tap(size == 2 * sizeof(devices[0]) && !memcmp(devices, env->device, size),
	    "a context's devices are the ones that it was made of");
	sim_context_info(env->context, SIM_CONTEXT_PROPERTIES, sizeof(properties), properties, &size);
	tap(size == 5 * sizeof(properties[0]) && properties[3] == (intptr_t)env->device[1],
	    "its properties are %zu words", size / sizeof(properties[0]));
	tap(!sim_context_create(bad, NULL, NULL, &status), "a context of nonsense");
	tap_status(status, SIM_INVALID_VALUE, "is refused");
	tap(!sim_context_create(nothing, NULL, NULL, &status), "a context of nothing");
	tap_status(status, SIM_INVALID_VALUE, "is refused");
	tap(!sim_context_create(NULL, NULL, NULL, &status), "no properties");
	tap_status(status, SIM_INVALID_VALUE, "are refused");
	tap(!sim_context_create(no_device, NULL, NULL, &status), "a device that is a context");
	tap_status(status, SIM_INVALID_DEVICE, "is refused");
}

static void test_references(struct sim_env *env)
{
	sim_buffer b = sim_test_buffer(env, 16, NULL);

	tap(number(INFO(sim_buffer_info), b, SIM_BUFFER_REFERENCES) == 1, "one reference");
	tap_status(sim_buffer_retain(b), SIM_OK, "one more");
	tap_status(sim_buffer_retain(b), SIM_OK, "and one more");
	tap(number(INFO(sim_buffer_info), b, SIM_BUFFER_REFERENCES) == 3, "three");
	sim_buffer_release(b);
	sim_buffer_release(b);
	tap(number(INFO(sim_buffer_info), b, SIM_BUFFER_REFERENCES) == 1, "one again");
	tap(number(INFO(sim_context_info), env->context, SIM_CONTEXT_REFERENCES) == 1,
	    "nobody but the program counts");
	tap_status(sim_buffer_release(b), SIM_OK, "the last one");
	tap_status(sim_queue_retain((sim_queue)env->context), SIM_INVALID_QUEUE, "a context is no queue");
	tap_status(sim_context_release(NULL), SIM_INVALID_CONTEXT, "nothing is no context");
	tap_status(sim_event_release(NULL), SIM_INVALID_EVENT, "nor an event");
}

static void test_buffers(struct sim_env *env)
{
	uint64_t room = number(INFO(sim_device_info), env->device[0], SIM_DEVICE_MEMORY);
	float values[4] = { 1, 2, 3, 4 };
	sim_context context;
	sim_device device;
	sim_status status;
	sim_buffer b;

	b = sim_test_buffer(env, sizeof(values), values);
	tap(number(INFO(sim_buffer_info), b, SIM_BUFFER_SIZE) == 16, "a buffer of 16 bytes");
	sim_buffer_info(b, SIM_BUFFER_CONTEXT, sizeof(context), &context, NULL);
	sim_buffer_info(b, SIM_BUFFER_DEVICE, sizeof(device), &device, NULL);
	tap(context == env->context && device == env->device[0], "knows where it belongs");
	tap(number(INFO(sim_device_info), env->device[0], SIM_DEVICE_MEMORY_USED) == 16, "is counted");
	tap(!sim_buffer_create(env->context, device, 0, room - 15, NULL, &status), "one byte too many");
	tap_status(status, SIM_OUT_OF_DEVICE_MEMORY, "is refused");
	sim_buffer_release(b);
	b = sim_buffer_create(env->context, device, 0, room, NULL, &status);
	tap_status(status, SIM_OK, "all of the memory");
	sim_buffer_release(b);
	tap(number(INFO(sim_device_info), env->device[0], SIM_DEVICE_MEMORY_USED) == 0, "comes back");
	sim_buffer_create(env->context, device, 0, 0, NULL, &status);
	tap_status(status, SIM_INVALID_SIZE, "no bytes");
	sim_buffer_create(env->context, device, SIM_BUFFER_COPY, 4, NULL, &status);
	tap_status(status, SIM_INVALID_VALUE, "a copy of nothing");
	sim_buffer_create(env->context, device, 0, 4, values, &status);
	tap_status(status, SIM_INVALID_VALUE, "bytes that nobody wants");
	sim_buffer_create(env->context, device, 8, 4, NULL, &status);
	tap_status(status, SIM_INVALID_VALUE, "an unknown flag");
	sim_buffer_create(NULL, NULL, 0, 0, NULL, &status);
	tap_status(status, SIM_INVALID_CONTEXT, "the first handle is complained about first");
	tap(!sim_buffer_create(env->context, NULL, 0, 0, NULL, NULL), "nobody asks why");
}

static void test_kernels(struct sim_env *env)
{
	sim_kernel k = sim_kernel_create(env->context, "matmul", NULL);
	sim_buffer b = sim_test_buffer(env, 64, NULL);
	uint32_t args[8] = { 0 }, inner = 3;
	sim_status status;
	size_t size = 0;

	check_text(INFO(sim_kernel_info), k, SIM_KERNEL_NAME, "matmul");
	sim_kernel_info(k, SIM_KERNEL_ARGS, sizeof(args), args, &size);
	tap(size == 16, "its arguments are %u %u %u %u", args[0], args[1], args[2], args[3]);
	tap(number(INFO(sim_kernel_info), k, SIM_KERNEL_DIMS) == 2, "two dimensions");
	tap_status(sim_kernel_info(k, SIM_KERNEL_WORK, 0, NULL, NULL), SIM_INVALID_ARGUMENT,
		   "work without arguments");
	for (uint32_t i = 0; i < 5; i++)
		tap_status(sim_kernel_set_buffer(k, i, b), i < 3 ? SIM_OK : SIM_INVALID_ARGUMENT,
			   "a buffer as argument");
	tap_status(sim_kernel_set_value(k, 0, 4, &inner), SIM_INVALID_ARGUMENT, "a number for a buffer");
	tap_status(sim_kernel_set_value(k, 3, 8, "12345678"), SIM_INVALID_SIZE, "a long number");
	tap_status(sim_kernel_set_value(k, 3, 4, NULL), SIM_INVALID_VALUE, "no number");
	tap_status(sim_kernel_set_value(k, 3, 4, &inner), SIM_OK, "a number");
	tap_status(sim_kernel_set_buffer(k, 0, NULL), SIM_INVALID_BUFFER, "no buffer");
	tap_status(sim_kernel_set_buffer(k, 0, (sim_buffer)k), SIM_INVALID_BUFFER, "no buffer either");
	tap(number(INFO(sim_kernel_info), k, SIM_KERNEL_WORK) == 6, "work with arguments");
	sim_kernel_create(env->context, "nonsense", &status);
	tap_status(status, SIM_NO_SUCH_KERNEL, "a kernel that is not there");
	sim_kernel_create(env->context, NULL, &status);
	tap_status(status, SIM_INVALID_VALUE, "a kernel without name");
	sim_buffer_release(b);
	sim_kernel_release(k);
	tap(number(INFO(sim_device_info), env->device[0], SIM_DEVICE_MEMORY_USED) == 0,
	    "a kernel's arguments go with it");
}

/* A product of matrices, from blocking writes to a blocking read. */
static void test_matmul(struct sim_env *env)
{
	float a[6] = { 1, 2, 3, 4, 5, 6 }, b[6] = { 7, 8, 9, 10, 11, 12 }, c[4] = { 0 };
	sim_buffer buffers[3] = { sim_test_buffer(env, sizeof(a), NULL),
				  sim_test_buffer(env, sizeof(b), b),
				  sim_test_buffer(env, sizeof(c), NULL) };
	sim_kernel k = sim_kernel_create(env->context, "matmul", NULL);
	uint64_t items[2] = { 2, 2 };
	struct sim_launch launch = { 2, 0, items };
	uint32_t inner = 3;

	tap_status(sim_enqueue_write(env->queue, buffers[0], 1, 0, sizeof(a), a, 0, NULL, NULL),
		   SIM_OK, "a blocking write");
	for (uint32_t i = 0; i < 3; i++)
		sim_kernel_set_buffer(k, i, buffers[i]);
	sim_kernel_set_value(k, 3, sizeof(inner), &inner);
	tap_status(sim_enqueue_launch(env->queue, k, &launch, 0, NULL, NULL), SIM_OK, "a launch");
	tap_status(sim_enqueue_read(env->queue, buffers[2], 1, 0, sizeof(c), c, 0, NULL, NULL),
		   SIM_OK, "a blocking read");
	tap(c[0] == 58, "%g %g %g %g", c[0], c[1], c[2], c[3]);
	sim_kernel_release(k);
	for (int i = 0; i < 3; i++)
		sim_buffer_release(buffers[i]);
}

static void check_event(sim_event e)
{
	uint64_t all[SIM_EVENT_END + 1];

	for (sim_info what = SIM_EVENT_COMMAND; what <= SIM_EVENT_END; what++)
		all[what] = number(INFO(sim_event_info), e, what);
	tap(all[SIM_EVENT_STATUS] == SIM_OK, "command %llu: status %d, cost %llu ns, %lld to %lld",
	    (unsigned long long)all[SIM_EVENT_COMMAND], (int)all[SIM_EVENT_STATUS],
	    (unsigned long long)all[SIM_EVENT_COST], (long long)all[SIM_EVENT_START],
	    (long long)all[SIM_EVENT_END]);
	sim_event_release(e);
}

/* Nothing blocks: each command waits for the one before, over two queues. */
static void test_chain(struct sim_env *env)
{
	sim_queue other = sim_queue_create(env->context, env->device[0], NULL);
	sim_buffer from = sim_test_buffer(env, 4000, NULL), to = sim_test_buffer(env, 4000, NULL);
	sim_kernel k = sim_kernel_create(env->context, "scale", NULL);
	float values[1000], twice[1000] = { 0 }, two = 2;
	struct sim_copy copy = { from, to, 0, 0, 4000 };
	uint64_t items = 1000;
	struct sim_launch launch = { 1, 0, &items };
	sim_event e[4];
	sim_queue queue;

	for (int i = 0; i < 1000; i++)
		values[i] = i;
	sim_kernel_set_buffer(k, 0, to);
	sim_kernel_set_buffer(k, 1, to);
	sim_kernel_set_value(k, 2, sizeof(two), &two);
	tap_status(sim_enqueue_write(other, from, 0, 0, 4000, values, 0, NULL, &e[0]), SIM_OK, "write");
	tap_status(sim_enqueue_copy(env->queue, &copy, 1, &e[0], &e[1]), SIM_OK, "copy");
	tap_status(sim_enqueue_launch(other, k, &launch, 1, &e[1], &e[2]), SIM_OK, "launch");
	tap_status(sim_enqueue_read(env->queue, to, 0, 0, 4000, twice, 1, &e[2], &e[3]), SIM_OK, "read");
	sim_event_info(e[2], SIM_EVENT_QUEUE, sizeof(queue), &queue, NULL);
	tap(queue == other, "an event knows its queue");
	tap_status(sim_events_wait(4, e), SIM_OK, "wait for all");
	tap(twice[999] == 1998, "the last value is %g", twice[999]);
	for (int i = 0; i < 4; i++)
		check_event(e[i]);
	tap(number(INFO(sim_queue_info), other, SIM_QUEUE_COMMANDS) == 2, "two commands");
	tap_status(sim_queue_finish(other), SIM_OK, "finish");
	tap(true, "the clock stands at %llu ns",
	    (unsigned long long)number(INFO(sim_queue_info), other, SIM_QUEUE_CLOCK));
	sim_queue_release(other);
	sim_kernel_release(k);
	sim_buffer_release(from);
	sim_buffer_release(to);
}

/* What a command is told wrong is its event's status, whoever looks first. */
static void test_refused_commands(struct sim_env *env)
{
	sim_buffer b = sim_test_buffer(env, 16, NULL), far;
	sim_kernel k = sim_kernel_create(env->context, "fill", NULL);
	uint64_t items = 5;
	struct sim_launch launch = { 1, 0, &items };
	struct sim_copy copy = { b, b, 8, 0, 9 }, half = { b, NULL, 0, 0, 1 };
	float values[4] = { 0 };
	sim_event e[4];

	far = sim_buffer_create(env->context, env->device[1], 0, 16, NULL, NULL);
	tap_status(sim_enqueue_write(env->queue, b, 1, 4, 16, values, 0, NULL, NULL),
		   SIM_INVALID_SIZE, "a blocking write over the end");
	tap_status(sim_enqueue_write(env->queue, far, 1, 0, 16, values, 0, NULL, NULL),
		   SIM_INVALID_BUFFER, "a buffer of the other device");
	tap_status(sim_enqueue_read(env->queue, b, 1, 0, 16, NULL, 0, NULL, NULL),
		   SIM_INVALID_VALUE, "a read to nowhere");
	tap_status(sim_queue_finish(env->queue), SIM_INVALID_SIZE, "finish tells the first");
	tap_status(sim_queue_finish(env->queue), SIM_OK, "and once");
	tap_status(sim_enqueue_copy(env->queue, &copy, 0, NULL, &e[0]), SIM_OK, "a bad copy");
	tap_status(sim_enqueue_launch(env->queue, k, &launch, 0, NULL, &e[1]), SIM_OK,
		   "a launch without arguments");
	sim_kernel_set_buffer(k, 0, b);
	sim_kernel_set_value(k, 1, 4, values);
	tap_status(sim_enqueue_launch(env->queue, k, &launch, 0, NULL, &e[2]), SIM_OK,
		   "a launch over the end");
	tap_status(sim_enqueue_write(env->queue, b, 0, 0, 4, values, 1, &e[2], &e[3]), SIM_OK,
		   "a write that waits for it");
	tap_status(sim_events_wait(4, e), SIM_WAIT_FAILED, "wait for all");
	for (int i = 0; i < 4; i++) {
		tap(true, "its status: %d", (int)number(INFO(sim_event_info), e[i], SIM_EVENT_STATUS));
		sim_event_release(e[i]);
	}
	tap_status(sim_enqueue_copy(env->queue, &half, 0, NULL, &e[0]), SIM_INVALID_BUFFER,
		   "a copy to no buffer");
	tap_status(sim_enqueue_copy(env->queue, NULL, 0, NULL, &e[0]), SIM_INVALID_BUFFER, "no copy");
	tap_status(sim_enqueue_write(NULL, b, 1, 0, 4, values, 0, NULL, NULL), SIM_INVALID_QUEUE,
		   "a write to no queue");
	e[0] = NULL;
	tap_status(sim_enqueue_write(env->queue, b, 1, 0, 4, values, 1, e, NULL),
		   SIM_INVALID_WAIT_LIST, "a wait list of nothing");
	tap_status(sim_events_wait(0, NULL), SIM_INVALID_VALUE, "wait for nothing");
	sim_queue_finish(env->queue);
	sim_kernel_release(k);
	sim_buffer_release(far);
	sim_buffer_release(b);
}

int main(void)
{
	struct sim_env env;

	sim_env_open(&env);
	test_library(&env);
	test_contexts(&env);
	test_references(&env);
	test_buffers(&env);
	test_kernels(&env);
	test_matmul(&env);
	test_chain(&env);
	test_refused_commands(&env);
	sim_env_close(&env);
	return tap_end();
}
