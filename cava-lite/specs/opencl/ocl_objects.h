/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocl_objects.h - everything of OpenCL that is not bytes
 *
 * Which answers never change, which calls surely succeed and need not be waited
 * for, and what becomes of the few that fail nevertheless.
 */
#ifndef AVA_SPEC_OCL_OBJECTS_H
#define AVA_SPEC_OCL_OBJECTS_H

/* ---- what never changes; the same on both sides --------------------------------- */

/* Attributes of vendors may change with time (temperatures, free memory). */
ava_pure static inline int ocl_fixed_device_info(cl_device_info name)
{
	return name >= CL_DEVICE_TYPE && name < 0x1080 &&
	       name != CL_DEVICE_AVAILABLE && name != CL_DEVICE_REFERENCE_COUNT;
}

ava_pure static inline int ocl_fixed_context_info(cl_context_info name)
{
	return name == CL_CONTEXT_NUM_DEVICES || name == CL_CONTEXT_DEVICES ||
	       name == CL_CONTEXT_PROPERTIES;
}

ava_pure static inline int ocl_fixed_queue_info(cl_command_queue_info name)
{
	return name == CL_QUEUE_CONTEXT || name == CL_QUEUE_DEVICE ||
	       name == CL_QUEUE_SIZE || name == CL_QUEUE_PROPERTIES_ARRAY;
}

ava_pure static inline int ocl_fixed_program_info(cl_program_info name)
{
	return name == CL_PROGRAM_CONTEXT || name == CL_PROGRAM_NUM_DEVICES ||
	       name == CL_PROGRAM_DEVICES || name == CL_PROGRAM_SOURCE ||
	       name == CL_PROGRAM_IL;
}

ava_pure static inline int ocl_fixed_kernel_info(cl_kernel_info name)
{
	return name == CL_KERNEL_FUNCTION_NAME || name == CL_KERNEL_NUM_ARGS ||
	       name == CL_KERNEL_CONTEXT || name == CL_KERNEL_PROGRAM ||
	       name == CL_KERNEL_ATTRIBUTES;
}

/* Local memory depends on the arguments. */
ava_pure static inline int ocl_fixed_work_group_info(cl_kernel_work_group_info name)
{
	return name == CL_KERNEL_WORK_GROUP_SIZE ||
	       name == CL_KERNEL_COMPILE_WORK_GROUP_SIZE ||
	       name == CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE;
}

ava_pure static inline int ocl_fixed_event_info(cl_event_info name)
{
	return name == CL_EVENT_COMMAND_QUEUE || name == CL_EVENT_CONTEXT ||
	       name == CL_EVENT_COMMAND_TYPE;
}

/* ---- references ------------------------------------------------------------------ */

ava_pure static inline int ocl_is_count(cl_uint name)
{
	return name == CL_DEVICE_REFERENCE_COUNT || name == CL_CONTEXT_REFERENCE_COUNT ||
	       name == CL_QUEUE_REFERENCE_COUNT || name == CL_MEM_REFERENCE_COUNT ||
	       name == CL_SAMPLER_REFERENCE_COUNT || name == CL_PROGRAM_REFERENCE_COUNT ||
	       name == CL_KERNEL_REFERENCE_COUNT || name == CL_EVENT_REFERENCE_COUNT ||
	       name == CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR;
}

/* How many references the application has, if @name asks for their number. */
ava_guest cl_uint ocl_guest_refs(const void *object, cl_uint name);

/* The vendor's count becomes what the application would see without a server. */
ava_server void ocl_count_refs(void *object, cl_uint name, size_t size, void *value,
			       cl_uint guest_refs);

/* ---- platforms and devices -------------------------------------------------------- */

/* All platforms, in the vendor's order. */
ava_server void ocl_find_platforms(void);

/* Length of a list of clCreateSubDevices with its last 0; BY_COUNTS holds a list itself. */
ava_guest size_t ocl_partition_length(const cl_device_partition_property *list);

/* Shared virtual memory is not there, and other answers must agree. */
ava_server void ocl_device_answer(cl_device_id device, cl_device_info name, size_t size,
				  void *value, cl_uint guest_refs);

/* No header has it. */
cl_int clSetContentSizeBufferPoCL(cl_mem buffer, cl_mem content_size);

/* What the vendor has and this library serves has an address. */
ava_guest void *ocl_extension_address(const char *name);
ava_guest void *ocl_platform_extension_address(cl_platform_id platform,
					       const char *name);
ava_server cl_int ocl_server_has_function(cl_platform_id platform, const char *name);

/* ---- queues ----------------------------------------------------------------------- */

/* Calls on a queue that succeed unless something is wrong with their arguments. */
enum { OCL_MARKER = 1, OCL_BARRIER = 2, OCL_FLUSH = 4 };

ava_guest void ocl_context_made(void);
ava_guest void ocl_queue_made(cl_command_queue queue);
ava_guest int ocl_queue_knows(cl_command_queue queue, cl_uint what, cl_uint waits,
			      const cl_event *wait_list, const cl_event *event);
ava_guest void ocl_queue_learns(cl_command_queue queue, cl_uint what);

/* What waits in batches goes to the server now. */
ava_guest void ocl_flushed(cl_command_queue queue);

/* The same under the name that it had as an extension. */
ava_guest cl_command_queue ocl_create_queue_khr(cl_context context, cl_device_id device,
						const cl_queue_properties_khr *properties,
						cl_int *err);

/* Vendors leave deprecated functions out; these two have another way. */
ava_server cl_int ocl_set_queue_property(cl_command_queue queue,
					 cl_command_queue_properties properties,
					 cl_bool enable, cl_command_queue_properties *old);
ava_server cl_int ocl_enqueue_wait(cl_command_queue queue, cl_uint count,
				   const cl_event *events);

/*
 * A command failed whose caller did not wait: its event, if it has one, becomes one
 * that has failed, and the next clFinish() of the queue says so too.
 */
ava_server void ocl_command_failed(cl_command_queue queue, cl_int err, cl_event *event);
/* What waited for such an event would wait for ever with some vendors. */
ava_server cl_int ocl_check_waits(cl_uint waits, const cl_event *wait_list);
ava_server cl_int ocl_finish(cl_command_queue queue);
ava_server cl_int ocl_release_queue(cl_command_queue queue);

/* ---- programs ---------------------------------------------------------------------- */

/* CL_INVALID_VALUE for an empty or missing binary, which must not be read. */
ava_guest cl_int ocl_check_binaries(cl_context context, cl_uint count,
				    const size_t *lengths,
				    const unsigned char **binaries);

/* clGetProgramInfo; the value of CL_PROGRAM_BINARIES is pointers into the application. */
ava_guest cl_int ocl_program_info(cl_program program, cl_program_info name,
				  size_t size, void *value, size_t *size_ret);

/* clLinkProgram; lets go of what a link that failed gives. */
ava_guest cl_program ocl_link(cl_context context, cl_uint n, const cl_device_id *devices,
			      const char *options, cl_uint program_count,
			      const cl_program *programs,
			      void (CL_CALLBACK *notify)(cl_program, void *), void *user_data,
			      cl_int *err);
ava_server cl_program ocl_server_link(cl_context context, cl_uint n,
				      const cl_device_id *devices, const char *options,
				      cl_uint program_count, const cl_program *programs,
				      void (CL_CALLBACK *notify)(cl_program, void *),
				      void *user_data, cl_int *err);

ava_server cl_int ocl_server_program_info(cl_program program,
					  cl_program_info name, size_t size,
					  void *value, size_t *size_ret,
					  cl_uint guest_refs);
/* All binaries, one behind the other. */
ava_server cl_int ocl_server_program_binaries(cl_program program, size_t size,
					      void *binaries);

/* Gives the server files that a build may look for; see guest_headers.c. CL_SUCCESS. */
ava_guest cl_int ocl_give_headers(cl_program program, const char *options, cl_uint n,
				  const cl_program *headers);
ava_server cl_int ocl_server_build_in(const char *dir);
ava_server cl_int ocl_server_header(const char *name, size_t size, const void *from);
ava_server cl_int ocl_build_info(cl_program program, cl_device_id device,
				 cl_program_build_info name, size_t size, void *value,
				 size_t *size_ret);

/* The directory of the next -I in @options, @len bytes; NULL if there is none. */
ava_pure static inline const char *ocl_option_dir(const char *options, size_t *len)
{
	const char *at = options, *space = " \t\r\n";

	while (at && *(at += strspn(at, space))) {
		if (strncmp(at, "-I", 2)) {
			at += strcspn(at, space);
			continue;
		}
		at += 2;
		at += strspn(at, space);
		at += *at == '"';
		*len = strcspn(at, at[-1] == '"' ? "\"" : space);
		if (*len)
			return at;
	}
	return NULL;
}

ava_server cl_int ocl_build(cl_program program, cl_uint n, const cl_device_id *devices,
			    const char *options,
			    void (CL_CALLBACK *notify)(cl_program, void *), void *user_data);
ava_server cl_int ocl_compile(cl_program program, cl_uint n, const cl_device_id *devices,
			      const char *options, cl_uint header_count,
			      const cl_program *headers, const char **header_names,
			      void (CL_CALLBACK *notify)(cl_program, void *),
			      void *user_data);
ava_server cl_int ocl_specialize(cl_program program, cl_uint spec_id, size_t size,
				 const void *value);

/* ---- kernels ----------------------------------------------------------------------- */

/* What is known of an argument: what it is, and how many bytes its value has. */
enum { OCL_ARG_UNKNOWN, OCL_ARG_MEM, OCL_ARG_SAMPLER, OCL_ARG_QUEUE, OCL_ARG_BYTES, OCL_ARG_LOCAL };

#define OCL_ARG_MAX	(1u << 20)	/* bytes of a value, whose size is not known */

struct ocl_arg {
	cl_uint kind;
	cl_uint size;
};

ava_server cl_int ocl_server_kernel_args(cl_kernel kernel, cl_uint n, struct ocl_arg *args,
					 cl_uint *count);

/* Which object is the kernel's argument? 1 memory, 2 sampler, 3 queue; 0 none, -1 not known. */
ava_server int ocl_arg_object(cl_kernel kernel, cl_uint index, size_t size,
			      const void *value, cl_bool known);

/*
 * How many bytes of the value go along: none where the vendor will refuse the size,
 * because no more than the argument has may be read.
 */
ava_guest size_t ocl_arg_given(cl_kernel kernel, cl_uint index, size_t size,
			       const void *value);
ava_server cl_int ocl_set_arg(cl_kernel kernel, cl_uint index, size_t size,
			      const void *value, size_t given, cl_bool known);

/*
 * What the vendor accepted once it accepts again: an argument of the same kind, the
 * same object, a launch of the same shape with the same objects. Nothing is sent
 * without waiting on any other ground.
 */
ava_guest void ocl_kernel_made(cl_kernel kernel);
ava_guest void ocl_kernel_cloned(cl_kernel kernel, cl_kernel from);
ava_guest void ocl_kernels_made(cl_uint count, const cl_kernel *kernels,
				const cl_uint *made);
ava_guest int ocl_arg_known(cl_kernel kernel, cl_uint index, size_t size,
			    const void *value);
ava_guest void ocl_arg_learned(cl_kernel kernel, cl_uint index, size_t size,
			       const void *value);
ava_guest int ocl_launch_known(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
			       const size_t *offset, const size_t *global,
			       const size_t *local, cl_uint waits,
			       const cl_event *wait_list, const cl_event *event);
ava_guest void ocl_launch_learned(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
				  const size_t *offset, const size_t *global,
				  const size_t *local,
				  const cl_event *event);

/* Nobody waited for an argument that was not set: the kernel's launches fail. */
ava_server cl_int ocl_launch(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
			     const size_t *offset, const size_t *global,
			     const size_t *local, cl_uint waits,
			     const cl_event *wait_list, cl_event *event);
ava_server cl_int ocl_task(cl_command_queue queue, cl_kernel kernel, cl_uint waits,
			   const cl_event *wait_list, cl_event *event);
ava_server cl_int ocl_release_kernel(cl_kernel kernel);

/* ---- shared virtual memory: as on a device that has none ---------------------------- */

ava_guest void *ocl_svm_alloc(cl_context context, cl_svm_mem_flags flags, size_t size,
			      cl_uint alignment);
ava_guest void ocl_svm_free(cl_context context, void *ptr);
ava_guest cl_int ocl_svm_arg(cl_kernel kernel, cl_uint index, const void *value);
ava_guest cl_int ocl_svm_exec_info(cl_kernel kernel, cl_kernel_exec_info name, size_t size,
				   const void *value);
ava_guest cl_int ocl_svm_enqueue_free(cl_command_queue queue, cl_uint n, void *ptrs[],
				      void (*func)(cl_command_queue, cl_uint, void *[],
						   void *),
				      void *user_data, cl_uint waits,
				      const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_svm_copy(cl_command_queue queue, cl_bool blocking, void *to,
			      const void *from, size_t size, cl_uint waits,
			      const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_svm_fill(cl_command_queue queue, void *ptr, const void *pattern,
			      size_t pattern_size, size_t size, cl_uint waits,
			      const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_svm_map(cl_command_queue queue, cl_bool blocking, cl_map_flags flags,
			     void *ptr, size_t size, cl_uint waits,
			     const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_svm_unmap(cl_command_queue queue, void *ptr, cl_uint waits,
			       const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_svm_migrate(cl_command_queue queue, cl_uint n, const void **ptrs,
				 const size_t *sizes, cl_mem_migration_flags flags,
				 cl_uint waits, const cl_event *wait_list,
				 cl_event *event);

/* ---- functions of the application that OpenCL calls ---------------------------------- */

ava_guest cl_int ocl_set_event_callback(cl_event event, cl_int type,
					void (CL_CALLBACK *notify)(cl_event, cl_int, void *),
					void *user_data);
ava_server cl_int ocl_server_event_callback(cl_event event, cl_int type,
					    void (CL_CALLBACK *notify)(cl_event, cl_int,
								       void *),
					    void *user_data);

/*
 * Functions that tell of an object's end. The vendor calls them in the release that
 * ends it, so behind every release of a program that has any the guest asks for them.
 */
ava_guest void ocl_will_be_told(void);
ava_guest void ocl_released(void);
ava_server cl_int ocl_mem_ends(cl_mem mem, void (CL_CALLBACK *notify)(cl_mem, void *),
			       void *user_data);
ava_server cl_int ocl_context_ends(cl_context context,
				   void (CL_CALLBACK *notify)(cl_context, void *),
				   void *user_data);
ava_server cl_int ocl_program_ends(cl_program program,
				   void (CL_CALLBACK *notify)(cl_program, void *),
				   void *user_data);
ava_server cl_int ocl_server_ended(size_t size, void *calls, size_t *used);

#define OCL_NATIVE_COMPLETE 1	/* nothing is missing that must be there, and the reverse */

ava_guest cl_int ocl_native_kernel(cl_command_queue queue, void (CL_CALLBACK *func)(void *),
				   void *args, size_t args_size, cl_uint n,
				   const cl_mem *mems, const void **places, cl_uint waits,
				   const cl_event *wait_list, cl_event *event);
ava_server cl_int ocl_server_native(cl_command_queue queue,
				    void (CL_CALLBACK *run)(cl_ulong, void *), void *data,
				    cl_uint shape, size_t args_size, cl_uint count,
				    const cl_mem *mems, cl_uint waits,
				    const cl_event *wait_list, cl_event *event);
ava_server cl_int ocl_server_native_get(cl_ulong id, cl_uint index, size_t size, void *bytes);
ava_server cl_int ocl_server_native_put(cl_ulong id, cl_uint index, size_t size,
					const void *bytes);
ava_server cl_int ocl_server_native_done(cl_ulong id);

#endif /* AVA_SPEC_OCL_OBJECTS_H */
