// SPDX-License-Identifier: Apache-2.0
/*
 * device.c - the simulated devices: their memory, speed and failures
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/**
 * struct sim_pending_fault - a failure that did not happen yet
 * @kind: SIM_FAULT_*
 * @left: events of this kind until then
 */
struct sim_pending_fault {
	struct sim_pending_fault *next;
	uint32_t kind;
	uint32_t left;
};

#define DEVICE(label, bytes, command, byte_rate, op_rate) { \
	.base = { .type = SIM_TYPE_DEVICE, .refs = 1, .uses = 1 }, \
	.name = label, .memory = bytes, .command_ns = command, \
	.bytes_per_ns = byte_rate, .ops_per_ns = op_rate }

static struct sim_device_s devices[] = {
	DEVICE("sim0", 64 << 20, 1000, 8, 64),
	DEVICE("sim1", 16 << 20, 4000, 2, 8),
};

#define DEVICES	(sizeof(devices) / sizeof(devices[0]))

static bool fault_is_valid(const struct sim_fault *fault)
{
	return fault->kind >= SIM_FAULT_LAUNCH && fault->kind <= SIM_FAULT_LOST && fault->nth;
}

static sim_status add_fault(struct sim_device_s *d, const struct sim_fault *fault)
{
	struct sim_pending_fault *f = malloc(sizeof(*f));

	if (!f)
		return SIM_OUT_OF_MEMORY;
	pthread_mutex_lock(&sim_lock);
	*f = (struct sim_pending_fault){ d->faults, fault->kind, fault->nth };
	d->faults = f;
	pthread_mutex_unlock(&sim_lock);
	return SIM_OK;
}

static void drop_faults(struct sim_device_s *d)
{
	struct sim_pending_fault *f, *next;

	pthread_mutex_lock(&sim_lock);
	f = d->faults;
	d->faults = NULL;
	pthread_mutex_unlock(&sim_lock);
	for (; f; f = next) {
		next = f->next;
		free(f);
	}
}

/* Something of @kind happens: does it fail? Under the lock. */
static bool fault_happens(struct sim_device_s *d, uint32_t kind)
{
	struct sim_pending_fault **pos = &d->faults, *f;
	bool happens = false;

	while ((f = *pos)) {
		if (f->kind == kind && !--f->left) {
			*pos = f->next;
			free(f);
			happens = true;
		} else {
			pos = &f->next;
		}
	}
	return happens;
}

/* "[device:]kind=n"; false if it is none. */
static bool parse_fault(const char *word)
{
	static const char *const kinds[] = { "launch", "alloc", "lost" };
	struct sim_fault fault = { SIM_FAULT_LAUNCH, 0 };
	unsigned int device = 0;
	char name[8];
	int end = 0;

	if (sscanf(word, "%u:%7[a-z]=%u%n", &device, name, &fault.nth, &end) != 3 &&
	    sscanf(word, "%7[a-z]=%u%n", name, &fault.nth, &end) != 2)
		return false;
	while (fault.kind <= SIM_FAULT_LOST && strcmp(kinds[fault.kind - SIM_FAULT_LAUNCH], name))
		fault.kind++;
	return !word[end] && device < DEVICES && fault_is_valid(&fault) &&
	       !add_fault(&devices[device], &fault);
}

static void read_environment(void)
{
	const char *list = getenv("SIMACC_FAULTS");
	char *copy = strdup(list ? list : ""), *rest = copy, *word;

	while (rest && (word = strsep(&rest, ",")))
		if (*word && !parse_fault(word))
			fprintf(stderr, "simacc: SIMACC_FAULTS: expected [device:]launch|alloc|lost=n, "
				"not '%s'\n", word);
	free(copy);
}

sim_status sim_get_version(uint32_t *version)
{
	if (!version)
		return SIM_INVALID_VALUE;
	*version = SIM_VERSION;
	return SIM_OK;
}

sim_status sim_get_devices(uint32_t n, sim_device *out, uint32_t *count)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if ((!out && !count) || !out != !n)
		return SIM_INVALID_VALUE;
	pthread_once(&once, read_environment);
	for (uint32_t i = 0; i < n && i < DEVICES; i++)
		out[i] = &devices[i];
	if (count)
		*count = DEVICES;
	return SIM_OK;
}

sim_status sim_device_info(sim_device device, sim_info what, size_t size, void *value,
			   size_t *size_ret)
{
	uint64_t number;
	uint32_t lost;

	if (!sim_is(device, SIM_TYPE_DEVICE))
		return SIM_INVALID_DEVICE;
	switch (what) {
	case SIM_DEVICE_NAME:
		return sim_answer(size, value, size_ret, device->name, strlen(device->name) + 1);
	case SIM_DEVICE_KERNELS:
		return sim_answer(size, value, size_ret, sim_builtin_names(),
				  strlen(sim_builtin_names()) + 1);
	case SIM_DEVICE_LOST_STATE:
		lost = sim_device_is_lost(device);
		return sim_answer(size, value, size_ret, &lost, sizeof(lost));
	case SIM_DEVICE_MEMORY:
		number = device->memory;
		break;
	case SIM_DEVICE_MEMORY_USED:
		pthread_mutex_lock(&sim_lock);
		number = device->used;
		pthread_mutex_unlock(&sim_lock);
		break;
	case SIM_DEVICE_COMMAND_NS:
		number = device->command_ns;
		break;
	case SIM_DEVICE_BYTES_PER_NS:
		number = device->bytes_per_ns;
		break;
	case SIM_DEVICE_OPS_PER_NS:
		number = device->ops_per_ns;
		break;
	default:
		return SIM_INVALID_VALUE;
	}
	return sim_answer(size, value, size_ret, &number, sizeof(number));
}

sim_status sim_inject(sim_device device, uint32_t n, const struct sim_fault *faults)
{
	sim_status ret = SIM_OK;

	if (!sim_is(device, SIM_TYPE_DEVICE))
		return SIM_INVALID_DEVICE;
	if (!faults != !n)
		return SIM_INVALID_VALUE;
	for (uint32_t i = 0; i < n; i++)
		if (!fault_is_valid(&faults[i]))
			return SIM_INVALID_VALUE;
	if (!n)
		drop_faults(device);
	for (uint32_t i = 0; i < n && !ret; i++)
		ret = add_fault(device, &faults[i]);
	return ret;
}

sim_status sim_device_take(struct sim_device_s *device, uint64_t size)
{
	sim_status ret = SIM_OK;

	pthread_mutex_lock(&sim_lock);
	if (device->lost)
		ret = SIM_DEVICE_LOST;
	else if (fault_happens(device, SIM_FAULT_ALLOC) || size > device->memory - device->used)
		ret = SIM_OUT_OF_DEVICE_MEMORY;
	else
		device->used += size;
	pthread_mutex_unlock(&sim_lock);
	return ret;
}

void sim_device_give_back(struct sim_device_s *device, uint64_t size)
{
	pthread_mutex_lock(&sim_lock);
	device->used -= size;
	pthread_mutex_unlock(&sim_lock);
}

sim_status sim_device_command(struct sim_device_s *device, bool launch)
{
	sim_status ret = SIM_OK;

	pthread_mutex_lock(&sim_lock);
	if (launch && fault_happens(device, SIM_FAULT_LAUNCH))
		ret = SIM_LAUNCH_FAILED;
	if (fault_happens(device, SIM_FAULT_LOST))
		device->lost = true;
	if (device->lost)
		ret = SIM_DEVICE_LOST;
	pthread_mutex_unlock(&sim_lock);
	return ret;
}

bool sim_device_is_lost(struct sim_device_s *device)
{
	bool lost;

	pthread_mutex_lock(&sim_lock);
	lost = device->lost;
	pthread_mutex_unlock(&sim_lock);
	return lost;
}
