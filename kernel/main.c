// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the module: its parameters, its workqueue, its two devices
 */
#include <linux/module.h>

#include "ava_host.h"

struct workqueue_struct *ava_wq;

unsigned int ava_param_open_timeout_ms = 10000;
module_param_named(open_timeout_ms, ava_param_open_timeout_ms, uint, 0644);
MODULE_PARM_DESC(open_timeout_ms, "Time for a server to attach to a new context");

unsigned int ava_param_grace_ms = 500;
module_param_named(grace_ms, ava_param_grace_ms, uint, 0644);
MODULE_PARM_DESC(grace_ms, "Time for a server to let go of a closed context, then it is killed");

unsigned int ava_param_max_contexts = 64;
module_param_named(max_contexts, ava_param_max_contexts, uint, 0644);
MODULE_PARM_DESC(max_contexts, "Contexts of a VM; servers of as many again may be on their way out");

unsigned int ava_param_max_streams = 1024;
module_param_named(max_streams, ava_param_max_streams, uint, 0644);
MODULE_PARM_DESC(max_streams, "Streams of a context");

unsigned int ava_param_max_calls = 4096;
module_param_named(max_calls, ava_param_max_calls, uint, 0644);
MODULE_PARM_DESC(max_calls, "Calls of a VM that are not answered");

unsigned long ava_param_max_call_bytes = 64UL << 20;
module_param_named(max_call_bytes, ava_param_max_call_bytes, ulong, 0644);
MODULE_PARM_DESC(max_call_bytes, "Kernel memory of a VM's calls, run lists included");

unsigned long ava_param_max_bulk = 1UL << 30;
module_param_named(max_bulk, ava_param_max_bulk, ulong, 0644);
MODULE_PARM_DESC(max_bulk, "Bulk bytes of a call");

static int __init ava_host_init(void)
{
	int ret;

	ava_wq = alloc_workqueue("ava", WQ_UNBOUND, 0);
	if (!ava_wq)
		return -ENOMEM;
	ava_sched_init();
	ret = ava_server_register();
	if (ret)
		goto err_wq;
	ret = ava_vhost_register();
	if (ret)
		goto err_server;
	return 0;

err_server:
	ava_server_unregister();
err_wq:
	destroy_workqueue(ava_wq);
	return ret;
}

/*
 * No file is open any more, so no timer runs. Work that is queued holds the last
 * references to what it works on, and destroying the queue waits for all of it.
 */
static void __exit ava_host_exit(void)
{
	ava_vhost_unregister();
	ava_server_unregister();
	destroy_workqueue(ava_wq);
}

module_init(ava_host_init);
module_exit(ava_host_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("AvA: accelerator APIs for virtual machines, host side");
