// SPDX-License-Identifier: Apache-2.0
/*
 * ops_buffer.c - buffers, sub-buffers, pipes; what can be asked of memory
 */
#include "differ.h"

static const struct query mem_queries[] = {
	Q(CL_MEM_TYPE, S_BYTES), Q(CL_MEM_FLAGS, S_BYTES), Q(CL_MEM_SIZE, S_BYTES),
	Q(CL_MEM_HOST_PTR, S_POINTER), Q(CL_MEM_MAP_COUNT, S_BYTES),
	Q(CL_MEM_REFERENCE_COUNT, S_REFS), QH(CL_MEM_CONTEXT, S_HANDLE, K_CONTEXT),
	QH(CL_MEM_ASSOCIATED_MEMOBJECT, S_HANDLE, K_MEM), Q(CL_MEM_OFFSET, S_BYTES),
	Q(CL_MEM_USES_SVM_POINTER, S_BYTES), Q(CL_MEM_PROPERTIES, S_BYTES),
};

/* What a buffer or image holds at first must be known. */
void mem_define(struct world *w, struct obj *mem, const void *pattern)
{
	static const size_t zero[3];
	struct obj *queue = need_queue(w, mem->context);
	cl_int err;

	if (mem->flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR))
		return;
	settle(w);
	if (mem_is_image(mem))
		err = clEnqueueFillImage(queue->handle, mem->handle, pattern, zero, mem->dim, 0,
					 NULL, NULL);
	else
		err = clEnqueueFillBuffer(queue->handle, mem->handle, pattern, 1, 0, mem->size,
					  0, NULL, NULL);
	say(w, "  define");
	say_obj(w, mem);
	say_err(w, err);
	say_err(w, clFinish(queue->handle));
	end_line(w);
	queue_finished(w, queue);
}

static void buffer_define(struct world *w, struct obj *mem)
{
	unsigned char byte = (unsigned char)draw(w, 256);

	mem_define(w, mem, &byte);
}

static struct obj *new_buffer(struct world *w, struct obj *context, cl_mem_flags flags,
			      size_t size, unsigned char *host)
{
	cl_int err = NO_ERR;
	struct obj *mem;

	say(w, " flags %llx size %zu", (unsigned long long)flags, size);
	mem = made(w, K_MEM, clCreateBuffer(context->handle, flags, size, host, &err), context,
		   &err);
	if (!mem)
		return NULL;
	mem->type = CL_MEM_OBJECT_BUFFER;
	mem->flags = flags;
	mem->size = size;
	mem->host = flags & CL_MEM_USE_HOST_PTR ? host : NULL;
	buffer_define(w, mem);
	return mem;
}

static size_t some_size(struct world *w)
{
	return (size_t)ONE_OF(w, 256, 1024, 4096, 4096, 16384, 65536, 1 << 20, 5000, 260);
}

struct obj *need_buffer(struct world *w, struct obj *context)
{
	struct obj *mem;

	for (int i = 0; i < 8; i++) {
		mem = obj_pick(w, K_MEM, context);
		if (mem && mem->type == CL_MEM_OBJECT_BUFFER && !mem_busy(mem))
			return mem;
	}
	end_line(w);
	say(w, "  create-buffer");
	return new_buffer(w, context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, 4096,
			  keep_pattern(w, 4096));
}

static cl_mem_flags some_flags(struct world *w)
{
	cl_mem_flags flags = ONE_OF(w, 0, CL_MEM_READ_WRITE, CL_MEM_READ_WRITE,
				    CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY);

	flags |= ONE_OF(w, 0, 0, 0, CL_MEM_HOST_WRITE_ONLY, CL_MEM_HOST_READ_ONLY,
			CL_MEM_HOST_NO_ACCESS);
	return flags | ONE_OF(w, 0, CL_MEM_USE_HOST_PTR, CL_MEM_ALLOC_HOST_PTR,
			      CL_MEM_COPY_HOST_PTR,
			      CL_MEM_COPY_HOST_PTR | CL_MEM_ALLOC_HOST_PTR);
}

static cl_mem_flags bad_flags(struct world *w)
{
	return ONE_OF(w, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY,
		      CL_MEM_READ_WRITE | CL_MEM_READ_ONLY,
		      CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY,
		      CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR,
		      CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR,
		      CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY,
		      CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS,
		      1ull << 20, 1ull << 40, ~0ull, 1 << 6, CL_MEM_KERNEL_READ_AND_WRITE,
		      CL_MEM_SVM_FINE_GRAIN_BUFFER, CL_MEM_SVM_ATOMICS);
}

static void create_buffer(struct world *w)
{
	struct obj *context = need_context(w), *mem;
	cl_mem_flags flags = some_flags(w);
	size_t size = some_size(w);
	unsigned int wrong = fault(w);
	unsigned char *host = NULL;
	cl_context in = context->handle;
	cl_int err = NO_ERR;

	if (flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR))
		host = keep_pattern(w, size);
	if (!wrong) {
		new_buffer(w, context, flags, size, host);
		return;
	}
	switch (wrong) {
	case 1: in = NULL; break;
	case 2: flags = bad_flags(w); host = chance(w, 50) ? keep(w, size) : NULL; break;
	case 3: size = 0; break;
	case 4: size = (size_t)1 << ONE_OF(w, 50, 60, 63); host = NULL;
		flags &= ~(cl_mem_flags)(CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR); break;
	case 5: host = NULL; flags |= ONE_OF(w, CL_MEM_USE_HOST_PTR, CL_MEM_COPY_HOST_PTR); break;
	default: host = keep(w, size);
		flags &= ~(cl_mem_flags)(CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR);
	}
	say(w, " fault %u flags %llx size %zu", wrong, (unsigned long long)flags, size);
	mem = made(w, K_MEM, clCreateBuffer(in, flags, size, host, chance(w, 90) ? &err : NULL),
		   context, &err);
	if (mem) {
		mem->type = CL_MEM_OBJECT_BUFFER;
		mem->size = size;
		mem->flags = flags;
		mem->host = flags & CL_MEM_USE_HOST_PTR ? host : NULL;
		buffer_define(w, mem);
	}
}

static void create_buffer_with(struct world *w)
{
	cl_mem_properties p[4] = { 0 };
	struct obj *context = need_context(w), *mem;
	unsigned int wrong = fault(w);
	cl_int err = NO_ERR;

	if (wrong == 1)
		p[0] = ONE_OF(w, 0x7777, 1, 0x2000);
	say(w, " fault %u", wrong);
	mem = made(w, K_MEM, clCreateBufferWithProperties(wrong == 2 ? NULL : context->handle,
			wrong || chance(w, 50) ? p : NULL,
			wrong == 3 ? bad_flags(w) : CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
			wrong == 4 ? 0 : 4096, wrong == 5 ? NULL : keep_pattern(w, 4096), &err),
		   context, &err);
	if (mem) {
		mem->type = CL_MEM_OBJECT_BUFFER;
		mem->size = 4096;
		mem->flags = CL_MEM_COPY_HOST_PTR;
	}
}

static void region_wrong(struct world *w, const struct obj *mem, cl_buffer_region *region,
			 unsigned int wrong)
{
	switch (wrong) {
	case 1: region->size = 0; break;
	case 2: region->origin = (size_t)ONE_OF(w, 1, 4, 64, 127); break;
	case 3: region->size = mem->size + 128; break;
	case 4: region->origin = (mem->size + 127) & ~(size_t)127; region->size = 128; break;
	case 5: region->origin = (size_t)0 - 128; region->size = 256; break;
	}
}

static void create_sub_buffer(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_buffer(w, context), *sub;
	cl_buffer_region region = { 0, 128 };
	cl_mem_flags flags = ONE_OF(w, 0, 0, CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY,
				    CL_MEM_READ_WRITE, CL_MEM_HOST_READ_ONLY);
	unsigned int wrong = fault(w);
	cl_int err = NO_ERR;

	region.origin = draw(w, (uint32_t)(mem->size / 256)) * 128;
	region.size = draw(w, (uint32_t)(mem->size - region.origin)) + 1;
	wrong = avoid_fault(wrong, 5, "sub-buffer-overflow");
	region_wrong(w, mem, &region, wrong);
	if (wrong == 6)
		flags = ONE_OF(w, CL_MEM_USE_HOST_PTR, CL_MEM_COPY_HOST_PTR,
			       CL_MEM_ALLOC_HOST_PTR, 1ull << 30,
			       CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY);
	say(w, " fault %u", wrong);
	say_obj(w, mem);
	say(w, " flags %llx %zu+%zu", (unsigned long long)flags, region.origin, region.size);
	sub = made(w, K_MEM, clCreateSubBuffer(wrong == 7 ? NULL : mem->handle, flags,
			wrong == 8 ? 0x7777 : CL_BUFFER_CREATE_TYPE_REGION,
			wrong == 9 ? NULL : &region, &err), context, &err);
	if (!sub)
		return;
	sub->type = CL_MEM_OBJECT_BUFFER;
	sub->flags = flags;
	sub->size = region.size;
	sub->origin = region.origin;
	sub->parent = mem;
	sub->host = mem->host ? mem->host + region.origin : NULL;
}

static void create_pipe(struct world *w)
{
	const cl_pipe_properties p[] = { 0 };
	struct obj *context = need_context(w);
	cl_int err = NO_ERR;
	unsigned int wrong = fault(w);

	say(w, " fault %u", wrong);
	made(w, K_MEM, clCreatePipe(wrong == 1 ? NULL : context->handle,
				    wrong == 2 ? 1 << 20 : 0, wrong == 3 ? 0 : 16,
				    wrong == 4 ? 0 : 16, wrong == 5 ? p : NULL, &err),
	     context, &err);
}

static cl_int get_mem(void *of, cl_uint name, size_t size, void *value, size_t *ret, void *more)
{
	(void)more;
	return clGetMemObjectInfo(of, name, size, value, ret);
}

static cl_int get_pipe(void *of, cl_uint name, size_t size, void *value, size_t *ret, void *more)
{
	(void)more;
	return clGetPipeInfo(of, name, size, value, ret);
}

static struct obj *any_mem(struct world *w)
{
	struct obj *mem = obj_pick(w, K_MEM, NULL);

	return mem ? mem : need_buffer(w, need_context(w));
}

static void mem_info(struct world *w)
{
	query_one(w, any_mem(w), get_mem, NULL, mem_queries,
		  sizeof(mem_queries) / sizeof(*mem_queries));
}

static void pipe_info(struct world *w)
{
	static const struct query queries[] = {
		Q(CL_PIPE_PACKET_SIZE, S_BYTES), Q(CL_PIPE_MAX_PACKETS, S_BYTES),
		Q(CL_PIPE_PROPERTIES, S_BYTES),
	};

	query_one(w, any_mem(w), get_pipe, NULL, queries, 3);
}

static void CL_CALLBACK mem_gone(cl_mem mem, void *data)
{
	(void)mem;
	cookie_heard(data, "destroyed");
}

static void mem_callback(struct world *w)
{
	struct obj *mem = any_mem(w);
	struct cookie *cookie = cookie_make(w, H_END, "op %u: mem%u", w->index, mem->id);
	unsigned int wrong = fault(w);
	cl_int err;

	say_obj(w, mem);
	err = clSetMemObjectDestructorCallback(wrong == 1 ? NULL : mem->handle,
					       wrong == 2 ? NULL : mem_gone, cookie);
	if (err == CL_SUCCESS)
		mem->expects++;
	say_err(w, err);
	end_line(w);
}

const struct op buffer_ops[] = {
	{ "create-buffer", create_buffer, 6, 6, false },
	{ "create-buffer-with", create_buffer_with, 5, 2, false },
	{ "create-sub-buffer", create_sub_buffer, 9, 4, false },
	{ "create-pipe", create_pipe, 5, 1, false },
	{ "mem-info", mem_info, QUERY_FAULTS, 6, false },
	{ "pipe-info", pipe_info, QUERY_FAULTS, 1, false },
	{ "mem-callback", mem_callback, 2, 2, false },
	{ NULL, NULL, 0, 0, false }
};
