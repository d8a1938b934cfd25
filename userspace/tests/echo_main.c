// SPDX-License-Identifier: Apache-2.0
/*
 * echo_main.c - the test API's server as a program
 */
#include "echo_api.h"

int main(int argc, char **argv)
{
	const struct ava_server_api api = {
		.id = echo_id,
		.funcs = echo_funcs,
		.func_count = echo_func_count,
		.dispatch = echo_dispatch,
		.log_name = "ava-server-echo",
	};

	return ava_server_main(argc, argv, &api);
}
