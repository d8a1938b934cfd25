// SPDX-License-Identifier: Apache-2.0
/*
 * sim_faults.c - the failures that SIMACC_FAULTS asks for, which is read where the library is
 *
 * Expects launch=2,alloc=3,1:alloc=1.
 */
#include "sim_test.h"

int main(void)
{
	struct sim_launch launch = { 1, 0, &(uint64_t){ 1 } };
	struct sim_env env;
	sim_buffer b, c;
	sim_kernel k;
	sim_status status;

	sim_env_open(&env);
	b = sim_test_buffer(&env, 4, NULL);
	c = sim_test_buffer(&env, 4, NULL);
	tap(b && c, "two buffers");
	sim_buffer_create(env.context, env.device[0], 0, 4, NULL, &status);
	tap_status(status, SIM_OUT_OF_DEVICE_MEMORY, "a third one");
	sim_buffer_create(env.context, env.device[1], 0, 4, NULL, &status);
	tap_status(status, SIM_OUT_OF_DEVICE_MEMORY, "one of the other device");
	k = sim_kernel_create(env.context, "scale", NULL);
	sim_kernel_set_buffer(k, 0, b);
	sim_kernel_set_buffer(k, 1, c);
	sim_kernel_set_value(k, 2, 4, &(float){ 1 });
	sim_enqueue_launch(env.queue, k, &launch, 0, NULL, NULL);
	tap_status(sim_queue_finish(env.queue), SIM_OK, "a launch");
	sim_enqueue_launch(env.queue, k, &launch, 0, NULL, NULL);
	tap_status(sim_queue_finish(env.queue), SIM_LAUNCH_FAILED, "a second one");
	sim_kernel_release(k);
	sim_buffer_release(c);
	sim_buffer_release(b);
	sim_env_close(&env);
	return tap_end();
}
