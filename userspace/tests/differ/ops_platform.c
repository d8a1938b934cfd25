// SPDX-License-Identifier: Apache-2.0
/*
 * ops_platform.c - platforms, devices, sub-devices
 */
#include "differ.h"

static const struct query platform_queries[] = {
	Q(CL_PLATFORM_PROFILE, S_STRING), Q(CL_PLATFORM_VERSION, S_STRING),
	Q(CL_PLATFORM_NAME, S_STRING), Q(CL_PLATFORM_VENDOR, S_STRING),
	Q(CL_PLATFORM_EXTENSIONS, S_STRING), Q(CL_PLATFORM_HOST_TIMER_RESOLUTION, S_BYTES),
	Q(CL_PLATFORM_NUMERIC_VERSION, S_BYTES),
	Q(CL_PLATFORM_EXTENSIONS_WITH_VERSION, S_BYTES),
	Q(CL_PLATFORM_ICD_SUFFIX_KHR, S_STRING),
};

static const struct query device_queries[] = {
	Q(CL_DEVICE_TYPE, S_BYTES), Q(CL_DEVICE_VENDOR_ID, S_BYTES),
	Q(CL_DEVICE_MAX_COMPUTE_UNITS, S_BYTES), Q(CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, S_BYTES),
	Q(CL_DEVICE_MAX_WORK_GROUP_SIZE, S_BYTES), Q(CL_DEVICE_MAX_WORK_ITEM_SIZES, S_BYTES),
	Q(CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR, S_BYTES),
	Q(CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT, S_BYTES),
	Q(CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT, S_BYTES),
	Q(CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG, S_BYTES),
	Q(CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, S_BYTES),
	Q(CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE, S_BYTES),
	Q(CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF, S_BYTES),
	Q(CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR, S_BYTES),
	Q(CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT, S_BYTES),
	Q(CL_DEVICE_NATIVE_VECTOR_WIDTH_INT, S_BYTES),
	Q(CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG, S_BYTES),
	Q(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, S_BYTES),
	Q(CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE, S_BYTES),
	Q(CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF, S_BYTES),
	/* PoCL tells the present one where the system does not tell the largest */
	Q(CL_DEVICE_MAX_CLOCK_FREQUENCY, S_TIME), Q(CL_DEVICE_ADDRESS_BITS, S_BYTES),
	Q(CL_DEVICE_MAX_READ_IMAGE_ARGS, S_BYTES), Q(CL_DEVICE_MAX_WRITE_IMAGE_ARGS, S_BYTES),
	Q(CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS, S_BYTES),
	Q(CL_DEVICE_MAX_MEM_ALLOC_SIZE, S_BYTES), Q(CL_DEVICE_IMAGE2D_MAX_WIDTH, S_BYTES),
	Q(CL_DEVICE_IMAGE2D_MAX_HEIGHT, S_BYTES), Q(CL_DEVICE_IMAGE3D_MAX_WIDTH, S_BYTES),
	Q(CL_DEVICE_IMAGE3D_MAX_HEIGHT, S_BYTES), Q(CL_DEVICE_IMAGE3D_MAX_DEPTH, S_BYTES),
	Q(CL_DEVICE_IMAGE_SUPPORT, S_BYTES), Q(CL_DEVICE_MAX_PARAMETER_SIZE, S_BYTES),
	Q(CL_DEVICE_MAX_SAMPLERS, S_BYTES), Q(CL_DEVICE_MEM_BASE_ADDR_ALIGN, S_BYTES),
	Q(CL_DEVICE_MIN_DATA_TYPE_ALIGN_SIZE, S_BYTES), Q(CL_DEVICE_SINGLE_FP_CONFIG, S_BYTES),
	Q(CL_DEVICE_DOUBLE_FP_CONFIG, S_BYTES), Q(CL_DEVICE_HALF_FP_CONFIG, S_BYTES),
	Q(CL_DEVICE_GLOBAL_MEM_CACHE_TYPE, S_BYTES),
	Q(CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE, S_BYTES),
	Q(CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, S_BYTES), Q(CL_DEVICE_GLOBAL_MEM_SIZE, S_BYTES),
	Q(CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE, S_BYTES), Q(CL_DEVICE_MAX_CONSTANT_ARGS, S_BYTES),
	Q(CL_DEVICE_LOCAL_MEM_TYPE, S_BYTES), Q(CL_DEVICE_LOCAL_MEM_SIZE, S_BYTES),
	Q(CL_DEVICE_ERROR_CORRECTION_SUPPORT, S_BYTES),
	Q(CL_DEVICE_PROFILING_TIMER_RESOLUTION, S_BYTES), Q(CL_DEVICE_ENDIAN_LITTLE, S_BYTES),
	Q(CL_DEVICE_AVAILABLE, S_BYTES), Q(CL_DEVICE_COMPILER_AVAILABLE, S_BYTES),
	Q(CL_DEVICE_EXECUTION_CAPABILITIES, S_BYTES), Q(CL_DEVICE_QUEUE_PROPERTIES, S_BYTES),
	Q(CL_DEVICE_NAME, S_STRING), Q(CL_DEVICE_VENDOR, S_STRING),
	Q(CL_DRIVER_VERSION, S_STRING), Q(CL_DEVICE_PROFILE, S_STRING),
	Q(CL_DEVICE_VERSION, S_STRING), Q(CL_DEVICE_EXTENSIONS, S_STRING),
	Q(CL_DEVICE_PLATFORM, S_POINTER), Q(CL_DEVICE_HOST_UNIFIED_MEMORY, S_BYTES),
	Q(CL_DEVICE_OPENCL_C_VERSION, S_STRING), Q(CL_DEVICE_LINKER_AVAILABLE, S_BYTES),
	Q(CL_DEVICE_BUILT_IN_KERNELS, S_STRING), Q(CL_DEVICE_IMAGE_MAX_BUFFER_SIZE, S_BYTES),
	Q(CL_DEVICE_IMAGE_MAX_ARRAY_SIZE, S_BYTES), QH(CL_DEVICE_PARENT_DEVICE, S_HANDLE, K_DEVICE),
	Q(CL_DEVICE_PARTITION_MAX_SUB_DEVICES, S_BYTES),
	Q(CL_DEVICE_PARTITION_PROPERTIES, S_BYTES), Q(CL_DEVICE_PARTITION_AFFINITY_DOMAIN, S_BYTES),
	Q(CL_DEVICE_PARTITION_TYPE, S_BYTES), Q(CL_DEVICE_REFERENCE_COUNT, S_REFS),
	Q(CL_DEVICE_PREFERRED_INTEROP_USER_SYNC, S_BYTES), Q(CL_DEVICE_PRINTF_BUFFER_SIZE, S_BYTES),
	Q(CL_DEVICE_IMAGE_PITCH_ALIGNMENT, S_BYTES),
	Q(CL_DEVICE_IMAGE_BASE_ADDRESS_ALIGNMENT, S_BYTES),
	Q(CL_DEVICE_QUEUE_ON_DEVICE_PROPERTIES, S_BYTES),
	Q(CL_DEVICE_QUEUE_ON_DEVICE_PREFERRED_SIZE, S_BYTES),
	Q(CL_DEVICE_QUEUE_ON_DEVICE_MAX_SIZE, S_BYTES), Q(CL_DEVICE_MAX_ON_DEVICE_QUEUES, S_BYTES),
	Q(CL_DEVICE_MAX_ON_DEVICE_EVENTS, S_BYTES), Q(CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE, S_BYTES),
	Q(CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE, S_BYTES),
	Q(CL_DEVICE_MAX_PIPE_ARGS, S_BYTES), Q(CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS, S_BYTES),
	Q(CL_DEVICE_PIPE_MAX_PACKET_SIZE, S_BYTES),
	Q(CL_DEVICE_PREFERRED_PLATFORM_ATOMIC_ALIGNMENT, S_BYTES),
	Q(CL_DEVICE_PREFERRED_GLOBAL_ATOMIC_ALIGNMENT, S_BYTES),
	Q(CL_DEVICE_PREFERRED_LOCAL_ATOMIC_ALIGNMENT, S_BYTES),
	Q(CL_DEVICE_IL_VERSION, S_STRING), Q(CL_DEVICE_MAX_NUM_SUB_GROUPS, S_BYTES),
	Q(CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS, S_BYTES),
	Q(CL_DEVICE_NUMERIC_VERSION, S_BYTES), Q(CL_DEVICE_EXTENSIONS_WITH_VERSION, S_BYTES),
	Q(CL_DEVICE_ILS_WITH_VERSION, S_BYTES), Q(CL_DEVICE_BUILT_IN_KERNELS_WITH_VERSION, S_BYTES),
	Q(CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES, S_BYTES),
	Q(CL_DEVICE_ATOMIC_FENCE_CAPABILITIES, S_BYTES),
	Q(CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT, S_BYTES),
	Q(CL_DEVICE_OPENCL_C_ALL_VERSIONS, S_BYTES),
	Q(CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, S_BYTES),
	Q(CL_DEVICE_WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT, S_BYTES),
	Q(CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT, S_BYTES),
	Q(CL_DEVICE_OPENCL_C_FEATURES, S_BYTES), Q(CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES, S_BYTES),
	Q(CL_DEVICE_PIPE_SUPPORT, S_BYTES),
	Q(CL_DEVICE_LATEST_CONFORMANCE_VERSION_PASSED, S_STRING),
	/* AvA has no SVM and says so */
	Q(CL_DEVICE_SVM_CAPABILITIES, S_SKIP),
};

static cl_int get_platform(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			   void *more)
{
	return clGetPlatformInfo(of ? more : of, name, size, value, ret);
}

static cl_int get_device(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			 void *more)
{
	(void)more;
	return clGetDeviceInfo(of, name, size, value, ret);
}

static void platform_ids(struct world *w)
{
	cl_platform_id list[4] = { NULL };
	cl_uint n = 77, room = (cl_uint)ONE_OF(w, 1, 2, 4);
	cl_int err;

	switch (fault(w)) {
	case 1:
		err = clGetPlatformIDs(0, list, &n);
		break;
	case 2:
		err = clGetPlatformIDs(1, NULL, NULL);
		break;
	case 3:
		err = clGetPlatformIDs(0, NULL, NULL);
		break;
	default:
		err = clGetPlatformIDs(room, list, chance(w, 50) ? &n : NULL);
	}
	say(w, " %u %s", n, list[0] == w->platform ? "same" : list[0] ? "other" : "none");
	say_err(w, err);
	end_line(w);
}

/* The query speaks of the root device and means its platform. */
static void platform_info(struct world *w)
{
	query_one(w, w->root, get_platform, w->platform, platform_queries,
		  sizeof(platform_queries) / sizeof(*platform_queries));
}

static void device_ids(struct world *w)
{
	cl_device_type type = ONE_OF(w, CL_DEVICE_TYPE_ALL, CL_DEVICE_TYPE_CPU,
				     CL_DEVICE_TYPE_DEFAULT, CL_DEVICE_TYPE_GPU,
				     CL_DEVICE_TYPE_ACCELERATOR, CL_DEVICE_TYPE_CUSTOM);
	cl_device_id list[4] = { NULL };
	cl_uint n = NO_ERR;
	cl_int err;

	switch (fault(w)) {
	case 1:
		err = clGetDeviceIDs(w->platform, type, 0, list, &n);
		break;
	case 2:
		err = clGetDeviceIDs(w->platform, type, 1, NULL, NULL);
		break;
	case 3:
		type = ONE_OF(w, 0, 1 << 8, 1ull << 40);
		err = clGetDeviceIDs(w->platform, type, 1, list, &n);
		break;
	case 4:
		err = clGetDeviceIDs(NULL, type, 1, list, &n);
		break;
	default:
		err = clGetDeviceIDs(w->platform, type, chance(w, 50) ? 1 : 4, list,
				     chance(w, 50) ? &n : NULL);
	}
	say(w, " %llx %u", (unsigned long long)type, n);
	for (int i = 0; i < 4; i++)
		say_handle(w, K_DEVICE, list[i]);
	say_err(w, err);
	end_line(w);
}

static void device_info(struct world *w)
{
	query_one(w, obj_pick(w, K_DEVICE, NULL), get_device, NULL, device_queries,
		  sizeof(device_queries) / sizeof(*device_queries));
}

static void partition_wrong(struct world *w, cl_device_partition_property *p, unsigned int wrong)
{
	switch (wrong) {
	case 1:
		p[0] = 0;
		break;
	case 2:
		p[0] = (cl_device_partition_property)ONE_OF(w, 0x7777, 0x1085, 5);
		break;
	case 3:
		p[0] = CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN;
		p[1] = CL_DEVICE_AFFINITY_DOMAIN_NUMA;
		break;
	case 4:
		p[0] = CL_DEVICE_PARTITION_BY_COUNTS;
		p[1] = 1000;
		break;
	case 5:
		p[0] = CL_DEVICE_PARTITION_BY_COUNTS;
		for (int i = 1; i < 6; i++)
			p[i] = 1;
		p[6] = 0;
		break;
	default:
		p[0] = CL_DEVICE_PARTITION_EQUALLY;
		p[1] = (cl_device_partition_property)ONE_OF(w, 0, 1000);
	}
}

static void sub_devices(struct world *w)
{
	cl_device_partition_property p[8] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	struct obj *parent = obj_pick(w, K_DEVICE, NULL);
	cl_device_id list[8] = { NULL }, from = parent->handle;
	cl_uint n = 77, room = 8;
	unsigned int wrong = fault(w);
	cl_int err;

	if (chance(w, 50)) {
		p[0] = CL_DEVICE_PARTITION_BY_COUNTS;
		p[2] = chance(w, 50);
	}
	if (wrong >= 1 && wrong <= 6)
		partition_wrong(w, p, wrong);
	if (wrong == 7)
		from = NULL;
	if (wrong == 8)
		room = (cl_uint)draw(w, 2);
	say(w, " fault %u of", wrong);
	say_obj(w, parent);
	if (wrong == 9)
		err = clCreateSubDevices(from, p, 1, NULL, NULL);
	else
		err = clCreateSubDevices(from, wrong == 10 ? NULL : p, room,
					 wrong == 11 ? NULL : list, &n);
	say(w, " %u", n);
	for (unsigned int i = 0; err == CL_SUCCESS && i < 8; i++)
		if (list[i])
			say_obj(w, obj_add(w, K_DEVICE, list[i], NULL));
	say_err(w, err);
	end_line(w);
}

static void timers(struct world *w)
{
	struct obj *device = obj_pick(w, K_DEVICE, NULL);
	cl_ulong a = 0, b = 0;

	switch (fault(w)) {
	case 1:
		say_err(w, clGetDeviceAndHostTimer(NULL, &a, &b));
		break;
	case 2:
		say_err(w, clGetDeviceAndHostTimer(device->handle, NULL, &b));
		break;
	case 3:
		say_err(w, clGetHostTimer(device->handle, NULL));
		break;
	case 4:
		say_err(w, clGetHostTimer(NULL, &a));
		break;
	default:
		say_err(w, clGetDeviceAndHostTimer(device->handle, &a, &b));
		say_err(w, clGetHostTimer(device->handle, &b));
	}
	end_line(w);
}

static void addresses(struct world *w)
{
	static const char *const names[] = {
		"clNoSuchFunctionEXT", "", "clGetPlatformIDs", "clIcdGetPlatformIDsKHR",
		"clSetContentSizeBufferPoCL", "clGetPlatformInfo", "clNoSuch"
	};
	const char *name = names[draw(w, 7)];

	say(w, " %s", name);
	if (fault(w))
		say(w, " %d", clGetExtensionFunctionAddressForPlatform(NULL, name) != NULL);
	else if (strcmp(name, "clIcdGetPlatformIDsKHR") && strcmp(name, "clGetPlatformInfo"))
		say(w, " %d", clGetExtensionFunctionAddressForPlatform(w->platform, name)
		    != NULL);
	end_line(w);
}

static void unload(struct world *w)
{
	if (fault(w))
		say_err(w, clUnloadPlatformCompiler(NULL));
	else if (chance(w, 50))
		say_err(w, clUnloadPlatformCompiler(w->platform));
	else
		say_err(w, clUnloadCompiler());
	end_line(w);
}

const struct op platform_ops[] = {
	{ "platforms", platform_ids, 3, 1, false },
	{ "platform-info", platform_info, QUERY_FAULTS, 2, false },
	{ "devices", device_ids, 4, 2, false },
	{ "device-info", device_info, QUERY_FAULTS, 6, false },
	{ "sub-devices", sub_devices, 11, 3, false },
	{ "timers", timers, 4, 1, false },
	{ "addresses", addresses, 1, 1, false },
	{ "unload", unload, 1, 1, false },
	{ NULL, NULL, 0, 0, false }
};
