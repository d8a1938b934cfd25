// SPDX-License-Identifier: Apache-2.0
/*
 * opencl.c - OpenCL 1.0 to 3.0, and what vendors' extensions need besides
 *
 * Numbers are for ever: a function that is added gets the next free one of its
 * group, and one that goes leaves a gap. How bytes move is told in ocl_memory.h.
 * Shared virtual memory is refused with the API's own errors.
 */
#include "spec.h"

ava_api(opencl, 1, 0);
ava_import("commands.c");
ava_status(cl_int, CL_SUCCESS,
	   ava_errno == ENOMEM ? CL_OUT_OF_HOST_MEMORY : CL_OUT_OF_RESOURCES);
ava_unsupported_status(CL_INVALID_OPERATION);
ava_dispatch_table(struct _cl_icd_dispatch);

/* ---- platforms ------------------------------------------------------------------ */

cl_int clGetPlatformIDs(cl_uint n,
	cl_platform_id *platforms ava_out ava_count(n) ava_valid(*count),
	cl_uint *count ava_out)
	ava_id(1) ava_error(CL_PLATFORM_NOT_FOUND_KHR);

cl_int clIcdGetPlatformIDsKHR(cl_uint n, cl_platform_id *platforms, cl_uint *count)
	ava_guest_replace(clGetPlatformIDs) ava_export;

cl_int clGetPlatformInfo(cl_platform_id platform ava_nullable, cl_platform_info name,
	OCL_VALUE, OCL_VALUE_RET)
	ava_id(2) ava_export ava_cached;

cl_int clUnloadPlatformCompiler(cl_platform_id platform)
	ava_id(3);

cl_int clUnloadCompiler(void)
	ava_id(4);

void *clGetExtensionFunctionAddress(const char *name)
	ava_guest_replace(ocl_extension_address) ava_export;

void *clGetExtensionFunctionAddressForPlatform(cl_platform_id platform, const char *name)
	ava_guest_replace(ocl_platform_extension_address);

/* Not of the API: has the vendor a function of that name? */
cl_int ocl_has_function(cl_platform_id platform, const char *name ava_string)
	ava_id(5) ava_cached ava_server_replace(ocl_server_has_function);

/* Of an extension of one vendor: how much of a buffer is its content. */
cl_int clSetContentSizeBufferPoCL(cl_mem buffer, cl_mem content_size)
	ava_id(6);

cl_program clCreateProgramWithILKHR(cl_context context, const void *il, size_t length,
	OCL_ERROR)
	ava_guest_replace(clCreateProgramWithIL);

cl_int clRetainDeviceEXT(cl_device_id device)
	ava_guest_replace(clRetainDevice);

cl_int clReleaseDeviceEXT(cl_device_id device)
	ava_guest_replace(clReleaseDevice);

cl_int clGetKernelSubGroupInfoKHR(cl_kernel kernel, cl_device_id device,
	cl_kernel_sub_group_info name, size_t input_size, const void *input, size_t size,
	void *value, size_t *size_ret)
	ava_guest_replace(clGetKernelSubGroupInfo);

cl_command_queue clCreateCommandQueueWithPropertiesKHR(cl_context context,
	cl_device_id device, const cl_queue_properties_khr *properties, cl_int *err)
	ava_guest_replace(ocl_create_queue_khr);

/* ---- devices -------------------------------------------------------------------- */

cl_int clGetDeviceIDs(cl_platform_id platform ava_nullable, cl_device_type type, cl_uint n,
	cl_device_id *devices ava_out ava_count(n) ava_valid(*count),
	cl_uint *count ava_out)
	ava_id(20) ava_outputs_if(ret == CL_SUCCESS || ret == CL_DEVICE_NOT_FOUND);

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info name,
	OCL_VALUE ava_handles_if(name == CL_DEVICE_PLATFORM, cl_platform_id)
		ava_handles_if(name == CL_DEVICE_PARENT_DEVICE, cl_device_id),
	OCL_VALUE_RET)
	ava_id(21) ava_cached_if(ocl_fixed_device_info(name))
	ava_implicit(cl_uint, guest_refs, ocl_guest_refs(device, name))
	ava_server_after(ocl_device_answer(device, name, size, value, guest_refs));

cl_int clCreateSubDevices(cl_device_id device,
	const cl_device_partition_property *properties ava_in
		ava_list_counted(ocl_partition_length(properties)),
	cl_uint n, cl_device_id *devices ava_out ava_new ava_count(n) ava_valid(*count),
	cl_uint *count ava_out)
	ava_id(22);

cl_int clRetainDevice(cl_device_id device ava_retains)
	ava_id(23);

cl_int clReleaseDevice(cl_device_id device ava_releases)
	ava_id(24);

cl_int clGetDeviceAndHostTimer(cl_device_id device, cl_ulong *device_time ava_out,
	cl_ulong *host_time ava_out)
	ava_id(25);

cl_int clGetHostTimer(cl_device_id device, cl_ulong *host_time ava_out)
	ava_id(26);

/* ---- contexts ------------------------------------------------------------------- */

cl_context clCreateContext(
	const cl_context_properties *properties ava_in ava_list
		ava_list_handle(CL_CONTEXT_PLATFORM, cl_platform_id),
	cl_uint n, const cl_device_id *devices ava_in ava_count(n) ava_keeps,
	void (CL_CALLBACK *notify)(const char *text ava_string,
		const void *info ava_in ava_bytes(size), size_t size, void *data)
		ava_callback_many(user_data),
	void *user_data, OCL_ERROR)
	ava_id(40) ava_new ava_guest_after(ocl_context_made());

cl_context clCreateContextFromType(
	const cl_context_properties *properties ava_in ava_list
		ava_list_handle(CL_CONTEXT_PLATFORM, cl_platform_id),
	cl_device_type type,
	void (CL_CALLBACK *notify)(const char *text ava_string,
		const void *info ava_in ava_bytes(size), size_t size, void *data)
		ava_callback_many(user_data),
	void *user_data, OCL_ERROR)
	ava_id(41) ava_new ava_guest_after(ocl_context_made());

cl_int clRetainContext(cl_context context ava_retains)
	ava_id(42);

cl_int clReleaseContext(cl_context context ava_releases)
	ava_id(43) OCL_RELEASED;

cl_int clGetContextInfo(cl_context context, cl_context_info name,
	OCL_VALUE ava_handles_if(name == CL_CONTEXT_DEVICES, cl_device_id)
		ava_list_if(name == CL_CONTEXT_PROPERTIES, CL_CONTEXT_PLATFORM, cl_platform_id),
	OCL_VALUE_RET)
	ava_id(44) ava_cached_if(ocl_fixed_context_info(name)) OCL_REFS(context);

cl_int clSetContextDestructorCallback(cl_context context,
	void (CL_CALLBACK *notify)(cl_context gone ava_was(context), void *data)
		ava_callback(user_data), void *user_data)
	ava_id(45) ava_server_replace(ocl_context_ends)
	ava_guest_after(ocl_will_be_told());

/* ---- queues --------------------------------------------------------------------- */

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device ava_keeps,
	cl_command_queue_properties properties, OCL_ERROR)
	ava_id(60) ava_new ava_guest_after(ocl_queue_made(ret));

cl_command_queue clCreateCommandQueueWithProperties(cl_context context,
	cl_device_id device ava_keeps,
	const cl_queue_properties *properties ava_in ava_list, OCL_ERROR)
	ava_id(61) ava_new ava_guest_after(ocl_queue_made(ret));

cl_int clRetainCommandQueue(cl_command_queue queue ava_retains)
	ava_id(62);

cl_int clReleaseCommandQueue(cl_command_queue queue ava_releases)
	ava_id(63) ava_sync_if(1) ava_may_wait ava_server_replace(ocl_release_queue) OCL_RELEASED;

cl_int clGetCommandQueueInfo(cl_command_queue queue, cl_command_queue_info name,
	OCL_VALUE ava_handles_if(name == CL_QUEUE_CONTEXT, cl_context)
		ava_handles_if(name == CL_QUEUE_DEVICE, cl_device_id)
		ava_handles_if(name == CL_QUEUE_DEVICE_DEFAULT, cl_command_queue),
	OCL_VALUE_RET)
	ava_id(64) ava_cached_if(ocl_fixed_queue_info(name)) OCL_REFS(queue);

cl_int clSetCommandQueueProperty(cl_command_queue queue,
	cl_command_queue_properties properties, cl_bool enable,
	cl_command_queue_properties *old ava_out)
	ava_id(65) ava_may_wait ava_server_replace(ocl_set_queue_property);

/* Without queues on devices this is refused whatever the other arguments are. */
cl_int clSetDefaultDeviceCommandQueue(cl_context context, cl_device_id device ava_nullable,
	cl_command_queue queue ava_nullable)
	ava_id(66);

cl_int clFlush(cl_command_queue queue)
	ava_id(67) ava_sync_if(!ocl_queue_knows(queue, OCL_FLUSH, 0, NULL, NULL))
	ava_guest_after(ocl_flushed(queue));

cl_int clFinish(cl_command_queue queue)
	ava_id(68) ava_may_wait ava_server_replace(ocl_finish)
	ava_guest_finally(ocl_caught_up());

/* ---- memory objects ------------------------------------------------------------- */

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size,
	void *host_ptr ava_in ava_bytes(given) ava_direct,
	OCL_ERROR)
	ava_id(80) ava_new ava_allocates(device_memory, size, CL_MEM_OBJECT_ALLOCATION_FAILURE)
	ava_server_replace(ocl_server_buffer)
	ava_implicit(size_t, given, ocl_given_bytes(flags, host_ptr, size))
	ava_implicit(cl_ulong, address, (cl_ulong)host_ptr);

cl_mem clCreateBufferWithProperties(cl_context context,
	const cl_mem_properties *properties ava_in ava_list, cl_mem_flags flags,
	size_t size,
	void *host_ptr ava_in ava_bytes(given) ava_direct,
	OCL_ERROR)
	ava_id(81) ava_new ava_allocates(device_memory, size, CL_MEM_OBJECT_ALLOCATION_FAILURE)
	ava_server_replace(ocl_server_buffer_with)
	ava_implicit(size_t, given, ocl_given_bytes(flags, host_ptr, size))
	ava_implicit(cl_ulong, address, (cl_ulong)host_ptr);

cl_mem clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type,
	const void *info ava_in
		ava_bytes(type == CL_BUFFER_CREATE_TYPE_REGION ? sizeof(cl_buffer_region) : 0),
	OCL_ERROR)
	ava_id(82) ava_new ava_guest_after(ocl_sub_buffer_made(ret, buffer, info));

cl_mem clCreateImage(cl_context context, cl_mem_flags flags,
	const cl_image_format *format ava_in,
	const cl_image_desc *desc ava_in ava_field_handle(mem_object, cl_mem),
	void *host_ptr ava_in ava_bytes(given) ava_direct,
	OCL_ERROR)
	ava_id(83) ava_new ava_allocates(device_memory, ocl_image_bytes(format, desc),
					 CL_MEM_OBJECT_ALLOCATION_FAILURE)
	ava_server_replace(ocl_server_image)
	ava_implicit(size_t, given, ocl_given_bytes(flags, host_ptr, ocl_image_bytes(format, desc)))
	ava_implicit(cl_ulong, address, (cl_ulong)host_ptr)
	ava_guest_after(ocl_image_made(ret, desc));

cl_mem clCreateImageWithProperties(cl_context context,
	const cl_mem_properties *properties ava_in ava_list, cl_mem_flags flags,
	const cl_image_format *format ava_in,
	const cl_image_desc *desc ava_in ava_field_handle(mem_object, cl_mem),
	void *host_ptr ava_in ava_bytes(given) ava_direct,
	OCL_ERROR)
	ava_id(84) ava_new ava_allocates(device_memory, ocl_image_bytes(format, desc),
					 CL_MEM_OBJECT_ALLOCATION_FAILURE)
	ava_server_replace(ocl_server_image_with)
	ava_implicit(size_t, given, ocl_given_bytes(flags, host_ptr, ocl_image_bytes(format, desc)))
	ava_implicit(cl_ulong, address, (cl_ulong)host_ptr)
	ava_guest_after(ocl_image_made(ret, desc));

cl_mem clCreateImage2D(cl_context context, cl_mem_flags flags,
	const cl_image_format *format ava_in, size_t width, size_t height, size_t row_pitch,
	void *host_ptr ava_in ava_bytes(given) ava_direct,
	OCL_ERROR)
	ava_id(85) ava_new
	ava_server_replace(ocl_server_image2d)
	ava_implicit(size_t, given, ocl_given_bytes(flags, host_ptr, ocl_image3d_bytes(format, width, height, 1, row_pitch, 0)))
	ava_implicit(cl_ulong, address, (cl_ulong)host_ptr);

cl_mem clCreateImage3D(cl_context context, cl_mem_flags flags,
	const cl_image_format *format ava_in, size_t width, size_t height, size_t depth,
	size_t row_pitch, size_t slice_pitch,
	void *host_ptr ava_in ava_bytes(given) ava_direct,
	OCL_ERROR)
	ava_id(86) ava_new
	ava_server_replace(ocl_server_image3d)
	ava_implicit(size_t, given, ocl_given_bytes(flags, host_ptr, ocl_image3d_bytes(format, width, height, depth, row_pitch, slice_pitch)))
	ava_implicit(cl_ulong, address, (cl_ulong)host_ptr);

cl_int clRetainMemObject(cl_mem mem ava_retains)
	ava_id(87);

cl_int clReleaseMemObject(cl_mem mem ava_releases)
	ava_id(88) ava_guest_before(ocl_host_release()) OCL_RELEASED;

cl_int clGetMemObjectInfo(cl_mem mem, cl_mem_info name,
	OCL_VALUE ava_handles_if(name == CL_MEM_CONTEXT, cl_context)
		ava_handles_if(name == CL_MEM_ASSOCIATED_MEMOBJECT, cl_mem),
	OCL_VALUE_RET)
	ava_id(89) ava_cached_if(name != CL_MEM_MAP_COUNT && name != CL_MEM_REFERENCE_COUNT)
	ava_implicit(cl_uint, guest_refs, ocl_guest_refs(mem, name))
	ava_server_after(ocl_mem_answer(mem, name, size, value, guest_refs));

cl_int clGetImageInfo(cl_mem image, cl_image_info name,
	OCL_VALUE ava_handles_if(name == CL_IMAGE_BUFFER, cl_mem),
	OCL_VALUE_RET)
	ava_id(90) ava_cached;

cl_int clGetSupportedImageFormats(cl_context context, cl_mem_flags flags,
	cl_mem_object_type type, cl_uint n,
	cl_image_format *formats ava_out ava_count(n) ava_valid(*count),
	cl_uint *count ava_out)
	ava_id(91) ava_cached;

cl_int clSetMemObjectDestructorCallback(cl_mem mem,
	void (CL_CALLBACK *notify)(cl_mem gone ava_was(mem), void *data)
		ava_callback(user_data), void *user_data)
	ava_id(97) ava_server_replace(ocl_mem_ends)
	ava_guest_after(ocl_will_be_told());

/* Not of the API: functions that releases of this thread were to call. */
cl_int ocl_get_ended(size_t size, void *calls ava_out ava_bytes(size) ava_valid(*used),
	size_t *used ava_out)
	ava_id(98) ava_server_replace(ocl_server_ended);

/* Not of the API: what the application's memory and the server's copy have changed. */
cl_int ocl_host_send(cl_ulong host, size_t offset, size_t size,
	const void *bytes ava_in ava_bytes(size) ava_direct)
	ava_id(99) ava_server_replace(ocl_server_host_send);

cl_int ocl_host_mark(cl_command_queue queue ava_nullable, cl_event done ava_nullable,
	cl_ulong host, cl_ulong id, size_t offset, size_t size)
	ava_id(96) ava_async ava_server_replace(ocl_server_host_mark);

cl_mem clCreatePipe(cl_context context, cl_mem_flags flags, cl_uint packet_size,
	cl_uint max_packets, const cl_pipe_properties *properties ava_in ava_list, OCL_ERROR)
	ava_id(92) ava_new;

cl_int clGetPipeInfo(cl_mem pipe, cl_pipe_info name, OCL_VALUE, OCL_VALUE_RET)
	ava_id(93);

/* Not of the API: what the guest knows of a memory object. */
cl_int ocl_get_facts(cl_mem mem, struct ocl_facts *facts ava_out)
	ava_id(94) ava_server_replace(ocl_server_facts);

/* ---- samplers ------------------------------------------------------------------- */

cl_sampler clCreateSampler(cl_context context, cl_bool normalized,
	cl_addressing_mode addressing, cl_filter_mode filter, OCL_ERROR)
	ava_id(100) ava_new;

cl_sampler clCreateSamplerWithProperties(cl_context context,
	const cl_sampler_properties *properties ava_in ava_list, OCL_ERROR)
	ava_id(101) ava_new;

cl_int clRetainSampler(cl_sampler sampler ava_retains)
	ava_id(102);

cl_int clReleaseSampler(cl_sampler sampler ava_releases)
	ava_id(103) OCL_RELEASED;

cl_int clGetSamplerInfo(cl_sampler sampler, cl_sampler_info name,
	OCL_VALUE ava_handles_if(name == CL_SAMPLER_CONTEXT, cl_context),
	OCL_VALUE_RET)
	ava_id(104) ava_cached_if(name != CL_SAMPLER_REFERENCE_COUNT) OCL_REFS(sampler);

/* ---- programs ------------------------------------------------------------------- */

cl_program clCreateProgramWithSource(cl_context context, cl_uint count,
	const char **strings ava_strings(count, lengths),
	const size_t *lengths ava_in ava_count(count), OCL_ERROR)
	ava_id(120) ava_new;

cl_program clCreateProgramWithBinary(cl_context context, cl_uint n,
	const cl_device_id *devices ava_in ava_count(n),
	const size_t *lengths ava_in ava_count(n),
	const unsigned char **binaries ava_strings(n, lengths),
	cl_int *binary_status ava_out ava_count(n), OCL_ERROR)
	ava_id(121) ava_new ava_outputs_if(1)
	ava_guest_before(ocl_check_binaries(context, n, lengths, binaries));

cl_program clCreateProgramWithBuiltInKernels(cl_context context, cl_uint n,
	const cl_device_id *devices ava_in ava_count(n),
	const char *kernel_names ava_string, OCL_ERROR)
	ava_id(122) ava_new;

cl_program clCreateProgramWithIL(cl_context context,
	const void *il ava_in ava_bytes(length), size_t length, OCL_ERROR)
	ava_id(123) ava_new;

cl_int clRetainProgram(cl_program program ava_retains)
	ava_id(124);

cl_int clReleaseProgram(cl_program program ava_releases)
	ava_id(125) OCL_RELEASED;

/*
 * Not of the API: builds that follow are where the program is in @dir. CL_INVALID_OPERATION
 * if they are anyway.
 */
cl_int ocl_build_in(const char *dir ava_string)
	ava_id(134) ava_server_replace(ocl_server_build_in);

/* A file of the program's, without bytes one that is gone; with a slash at its end, a directory. */
cl_int ocl_header(const char *path ava_string, size_t size, const void *bytes ava_in ava_bytes(size))
	ava_id(135) ava_server_replace(ocl_server_header);

cl_int clBuildProgram(cl_program program, cl_uint n,
	const cl_device_id *devices ava_in ava_count(n), const char *options ava_string,
	void (CL_CALLBACK *notify)(cl_program built ava_is(program), void *data)
		ava_callback(user_data),
	void *user_data)
	ava_id(126) ava_server_replace(ocl_build)
	ava_guest_before(ocl_give_headers(program, options, 0, NULL));

cl_int clCompileProgram(cl_program program, cl_uint n,
	const cl_device_id *devices ava_in ava_count(n), const char *options ava_string,
	cl_uint header_count, const cl_program *headers ava_in ava_count(header_count),
	const char **header_names ava_strings(header_count),
	void (CL_CALLBACK *notify)(cl_program built ava_is(program), void *data)
		ava_callback(user_data),
	void *user_data)
	ava_id(127) ava_server_replace(ocl_compile)
	ava_guest_before(ocl_give_headers(program, options, header_count, headers));

cl_program clLinkProgram(cl_context context, cl_uint n, const cl_device_id *devices,
	const char *options, cl_uint program_count, const cl_program *programs,
	void (CL_CALLBACK *notify)(cl_program, void *), void *user_data, cl_int *err)
	ava_guest_replace(ocl_link);

/* Not of the API: the same, but also a link that fails gives what its function was called with. */
cl_program ocl_link_program(cl_context context, cl_uint n,
	const cl_device_id *devices ava_in ava_count(n), const char *options ava_string,
	cl_uint program_count, const cl_program *programs ava_in ava_count(program_count),
	void (CL_CALLBACK *notify)(cl_program linked ava_is(ret), void *data)
		ava_callback(user_data),
	void *user_data, OCL_ERROR)
	ava_id(128) ava_new ava_server_replace(ocl_server_link) ava_outputs_if(1);

cl_int clSetProgramSpecializationConstant(cl_program program, cl_uint spec_id,
	size_t size, const void *value ava_in ava_bytes(size))
	ava_id(129) ava_server_replace(ocl_specialize);

cl_int clGetProgramInfo(cl_program program, cl_program_info name, size_t size,
	void *value, size_t *size_ret)
	ava_guest_replace(ocl_program_info);

/* Not of the API: clGetProgramInfo is made of these two. */
/* Some vendors tell the size also where there is not room enough. */
cl_int ocl_get_program_info(cl_program program, cl_program_info name,
	size_t size, void *value ava_out ava_bytes(size)
		ava_valid(ret == CL_SUCCESS ? *size_ret : 0)
		ava_handles_if(name == CL_PROGRAM_CONTEXT, cl_context)
		ava_handles_if(name == CL_PROGRAM_DEVICES, cl_device_id),
	OCL_VALUE_RET)
	ava_id(130) ava_server_replace(ocl_server_program_info)
	ava_outputs_if(ret == CL_SUCCESS || ret == CL_INVALID_VALUE)
	ava_cached_if(ocl_fixed_program_info(name))
	ava_implicit(cl_uint, guest_refs, ocl_guest_refs(program, name));

cl_int ocl_get_program_binaries(cl_program program, size_t size,
	void *binaries ava_out ava_bytes(size))
	ava_id(131) ava_server_replace(ocl_server_program_binaries);

cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device,
	cl_program_build_info name, OCL_VALUE, OCL_VALUE_RET)
	ava_id(132) ava_server_replace(ocl_build_info);

cl_int clSetProgramReleaseCallback(cl_program program,
	void (CL_CALLBACK *notify)(cl_program gone ava_was(program), void *data)
		ava_callback(user_data), void *user_data)
	ava_id(133) ava_server_replace(ocl_program_ends)
	ava_guest_after(ocl_will_be_told());

/* ---- kernels -------------------------------------------------------------------- */

cl_kernel clCreateKernel(cl_program program, const char *name ava_string, OCL_ERROR)
	ava_id(140) ava_new ava_guest_after(ocl_kernel_made(ret));

cl_int clCreateKernelsInProgram(cl_program program, cl_uint n,
	cl_kernel *kernels ava_out ava_new ava_count(n) ava_valid(*count),
	cl_uint *count ava_out)
	ava_id(141) ava_guest_after(ocl_kernels_made(n, kernels, count));

cl_kernel clCloneKernel(cl_kernel kernel, OCL_ERROR)
	ava_id(142) ava_new ava_keeps_nothing ava_guest_after(ocl_kernel_cloned(ret, kernel));

cl_int clRetainKernel(cl_kernel kernel ava_retains)
	ava_id(143);

cl_int clReleaseKernel(cl_kernel kernel ava_releases)
	ava_id(144) ava_server_replace(ocl_release_kernel) OCL_RELEASED;

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size,
	const void *value ava_in ava_bytes(given)
		ava_maybe_handle(ocl_arg_object(kernel, index, given, value, known), cl_mem,
				 cl_sampler, cl_command_queue))
	ava_id(145) ava_implicit(size_t, given, ocl_arg_given(kernel, index, size, value))
	ava_implicit(cl_bool, known, ocl_arg_known(kernel, index, size, value))
	ava_server_replace(ocl_set_arg) ava_sync_if(!known)
	ava_guest_after(ocl_arg_learned(kernel, index, size, value));

/* Not of the API. */
cl_int ocl_get_kernel_args(cl_kernel kernel, cl_uint n,
	struct ocl_arg *args ava_out ava_count(n) ava_valid(*count), cl_uint *count ava_out)
	ava_id(150) ava_server_replace(ocl_server_kernel_args);

cl_int clGetKernelInfo(cl_kernel kernel, cl_kernel_info name,
	OCL_VALUE ava_handles_if(name == CL_KERNEL_CONTEXT, cl_context)
		ava_handles_if(name == CL_KERNEL_PROGRAM, cl_program),
	OCL_VALUE_RET)
	ava_id(146) ava_cached_if(ocl_fixed_kernel_info(name)) OCL_REFS(kernel);

cl_int clGetKernelArgInfo(cl_kernel kernel, cl_uint index, cl_kernel_arg_info name,
	OCL_VALUE, OCL_VALUE_RET)
	ava_id(147) ava_cached;

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device ava_nullable,
	cl_kernel_work_group_info name, OCL_VALUE, OCL_VALUE_RET)
	ava_id(148) ava_cached_if(ocl_fixed_work_group_info(name));

cl_int clGetKernelSubGroupInfo(cl_kernel kernel, cl_device_id device ava_nullable,
	cl_kernel_sub_group_info name, size_t input_size,
	const void *input ava_in ava_bytes(input_size), OCL_VALUE, OCL_VALUE_RET)
	ava_id(149) ava_cached;

cl_int clSetKernelArgSVMPointer(cl_kernel kernel, cl_uint index, const void *value)
	ava_guest_replace(ocl_svm_arg);

cl_int clSetKernelExecInfo(cl_kernel kernel, cl_kernel_exec_info name, size_t size,
	const void *value)
	ava_guest_replace(ocl_svm_exec_info);

/* ---- events --------------------------------------------------------------------- */

cl_int clWaitForEvents(cl_uint n, const cl_event *events ava_in ava_count(n))
	ava_id(160) ava_may_wait ava_guest_finally(ocl_caught_up());

cl_event clCreateUserEvent(cl_context context, OCL_ERROR)
	ava_id(161) ava_new ava_server_after(ocl_user_event_made(ret));

cl_int clSetUserEventStatus(cl_event event, cl_int status)
	ava_id(162) ava_may_wait ava_server_after(ocl_user_event_set(event))
	ava_guest_finally(ocl_caught_up());

cl_int clRetainEvent(cl_event event ava_retains)
	ava_id(163);

cl_int clReleaseEvent(cl_event event ava_releases)
	ava_id(164) ava_server_replace(ocl_release_event) OCL_RELEASED;

cl_int clGetEventInfo(cl_event event, cl_event_info name,
	OCL_VALUE ava_handles_if(name == CL_EVENT_COMMAND_QUEUE, cl_command_queue)
		ava_handles_if(name == CL_EVENT_CONTEXT, cl_context),
	OCL_VALUE_RET)
	ava_id(165) ava_may_wait ava_cached_if(ocl_fixed_event_info(name))
	ava_guest_finally(ocl_caught_up()) OCL_REFS(event);

cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info name,
	OCL_VALUE, OCL_VALUE_RET)
	ava_id(166) ava_may_wait ava_cached ava_guest_finally(ocl_caught_up());

cl_int clSetEventCallback(cl_event event, cl_int type,
	void (CL_CALLBACK *notify)(cl_event, cl_int, void *), void *user_data)
	ava_guest_replace(ocl_set_event_callback);

/* Not of the API: the same, when nothing else has to be done before. */
cl_int ocl_event_callback(cl_event event, cl_int type,
	void (CL_CALLBACK *notify)(cl_event there ava_is(event),
		cl_int status ava_lost(CL_OUT_OF_RESOURCES), void *data)
		ava_callback(user_data), void *user_data)
	ava_id(167) ava_may_wait ava_server_replace(ocl_server_event_callback);

/* ---- shared virtual memory -------------------------------------------------------- */

void *clSVMAlloc(cl_context context, cl_svm_mem_flags flags, size_t size,
	cl_uint alignment)
	ava_guest_replace(ocl_svm_alloc);

void clSVMFree(cl_context context, void *ptr)
	ava_guest_replace(ocl_svm_free);

cl_int clEnqueueSVMFree(cl_command_queue queue, cl_uint n, void *ptrs[],
	void (CL_CALLBACK *func)(cl_command_queue, cl_uint, void *[], void *),
	void *user_data, OCL_WAITS, OCL_EVENT)
	ava_guest_replace(ocl_svm_enqueue_free);

cl_int clEnqueueSVMMemcpy(cl_command_queue queue, cl_bool blocking, void *to,
	const void *from, size_t size, OCL_WAITS, OCL_EVENT)
	ava_guest_replace(ocl_svm_copy);

cl_int clEnqueueSVMMemFill(cl_command_queue queue, void *ptr, const void *pattern,
	size_t pattern_size, size_t size, OCL_WAITS, OCL_EVENT)
	ava_guest_replace(ocl_svm_fill);

cl_int clEnqueueSVMMap(cl_command_queue queue, cl_bool blocking, cl_map_flags flags,
	void *ptr, size_t size, OCL_WAITS, OCL_EVENT)
	ava_guest_replace(ocl_svm_map);

cl_int clEnqueueSVMUnmap(cl_command_queue queue, void *ptr, OCL_WAITS, OCL_EVENT)
	ava_guest_replace(ocl_svm_unmap);

cl_int clEnqueueSVMMigrateMem(cl_command_queue queue, cl_uint n, const void **ptrs,
	const size_t *sizes, cl_mem_migration_flags flags, OCL_WAITS, OCL_EVENT)
	ava_guest_replace(ocl_svm_migrate);
