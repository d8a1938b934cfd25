// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_conf_api.c - what conformance programs ask for, and few others do
 *
 * Most lines hold the implementation's own answer, whatever it is: it must be the
 * same natively and through AvA.
 */
#include "cl_test.h"

/* An answer that is only compared. */
static void says(const char *what, cl_int err)
{
	tap(true, "%s says %s", what, cl_name(err));
}

/* Naive: an object that must not be NULL is refused before the device that has none. */
static void test_default_queue(const struct cl_env *env)
{
	says("a default queue on the device that is none",
	     clSetDefaultDeviceCommandQueue(env->context, env->device, NULL));
	says("a default queue on no device",
	     clSetDefaultDeviceCommandQueue(env->context, NULL, env->queue));
	says("a default queue of the host",
	     clSetDefaultDeviceCommandQueue(env->context, env->device, env->queue));
}

static void test_wait_for_nothing(const struct cl_env *env)
{
	cl_event none = NULL;

	says("clEnqueueWaitForEvents of no list", clEnqueueWaitForEvents(env->queue, 1, NULL));
	says("clEnqueueWaitForEvents of no event",
	     clEnqueueWaitForEvents(env->queue, 1, &none));
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_default_queue(&env);
	test_wait_for_nothing(&env);
	cl_env_close(&env);
	return tap_end();
}
