// SPDX-License-Identifier: GPL-2.0
/*
 * life.c - the life of a call, as a state machine (see call.h)
 *
 * Pure; the stream's lock is its caller's. A step that the state does not allow
 * changes nothing and is -EINVAL.
 */
#include <linux/errno.h>
#include <linux/limits.h>

#include "call.h"
#include "compat.h"

void ava_life_init(struct ava_call_life *life)
{
	life->phase = AVA_CALL_NEW;
	life->copies = 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_life_init);

int ava_life_queue(struct ava_call_life *life)
{
	if (life->phase != AVA_CALL_NEW)
		return -EINVAL;
	life->phase = AVA_CALL_QUEUED;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_life_queue);

int ava_life_run(struct ava_call_life *life)
{
	if (life->phase != AVA_CALL_QUEUED)
		return -EINVAL;
	life->phase = AVA_CALL_RUNNING;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_life_run);

/**
 * ava_life_end() - the call is completed or cancelled
 * @life: of the call
 *
 * Return: 1 if the caller now owns the call, 0 if the last copy will, -EINVAL.
 */
int ava_life_end(struct ava_call_life *life)
{
	if (life->phase != AVA_CALL_QUEUED && life->phase != AVA_CALL_RUNNING)
		return -EINVAL;
	life->phase = life->copies ? AVA_CALL_ENDING : AVA_CALL_DONE;
	return life->phase == AVA_CALL_DONE;
}
EXPORT_SYMBOL_IF_KUNIT(ava_life_end);

int ava_life_copy_begin(struct ava_call_life *life)
{
	if (life->phase != AVA_CALL_RUNNING || life->copies == U32_MAX)
		return -EINVAL;
	life->copies++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_life_copy_begin);

/**
 * ava_life_copy_end() - a copy ended
 * @life: of the call
 *
 * Return: 1 if the caller now owns the call, else 0, or -EINVAL.
 */
int ava_life_copy_end(struct ava_call_life *life)
{
	if (!life->copies)
		return -EINVAL;
	life->copies--;
	if (life->phase != AVA_CALL_ENDING || life->copies)
		return 0;
	life->phase = AVA_CALL_DONE;
	return 1;
}
EXPORT_SYMBOL_IF_KUNIT(ava_life_copy_end);
