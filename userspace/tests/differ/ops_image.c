// SPDX-License-Identifier: Apache-2.0
/*
 * ops_image.c - images of all types, read, written, filled and copied
 */
#include "differ.h"

static const struct query image_queries[] = {
	Q(CL_IMAGE_FORMAT, S_BYTES), Q(CL_IMAGE_ELEMENT_SIZE, S_BYTES),
	Q(CL_IMAGE_ROW_PITCH, S_BYTES), Q(CL_IMAGE_SLICE_PITCH, S_BYTES),
	Q(CL_IMAGE_WIDTH, S_BYTES), Q(CL_IMAGE_HEIGHT, S_BYTES), Q(CL_IMAGE_DEPTH, S_BYTES),
	Q(CL_IMAGE_ARRAY_SIZE, S_BYTES), QH(CL_IMAGE_BUFFER, S_HANDLE, K_MEM),
	Q(CL_IMAGE_NUM_MIP_LEVELS, S_BYTES), Q(CL_IMAGE_NUM_SAMPLES, S_BYTES),
};

struct format {
	cl_channel_order order;
	cl_channel_type type;
	size_t elem;
};

static const struct format formats[] = {
	{ CL_RGBA, CL_UNSIGNED_INT8, 4 }, { CL_RGBA, CL_FLOAT, 16 },
	{ CL_RGBA, CL_UNORM_INT8, 4 }, { CL_R, CL_UNSIGNED_INT8, 1 },
	{ CL_R, CL_FLOAT, 4 }, { CL_RGBA, CL_SIGNED_INT16, 8 },
	{ CL_RGBA, CL_UNSIGNED_INT32, 16 }, { CL_BGRA, CL_UNORM_INT8, 4 },
	{ CL_RG, CL_UNSIGNED_INT16, 4 }, { CL_RGBA, CL_HALF_FLOAT, 8 },
	{ CL_R, CL_SIGNED_INT32, 4 }, { CL_A, CL_UNORM_INT8, 1 },
	{ CL_INTENSITY, CL_UNORM_INT8, 1 }, { CL_LUMINANCE, CL_FLOAT, 4 },
};

#define FORMATS (sizeof(formats) / sizeof(*formats))

static cl_mem_object_type some_type(struct world *w)
{
	return (cl_mem_object_type)ONE_OF(w, CL_MEM_OBJECT_IMAGE2D, CL_MEM_OBJECT_IMAGE2D,
		CL_MEM_OBJECT_IMAGE3D, CL_MEM_OBJECT_IMAGE2D_ARRAY, CL_MEM_OBJECT_IMAGE1D,
		CL_MEM_OBJECT_IMAGE1D_ARRAY, CL_MEM_OBJECT_IMAGE1D_BUFFER);
}

static unsigned int dims_of(cl_mem_object_type type)
{
	switch (type) {
	case CL_MEM_OBJECT_IMAGE3D:
	case CL_MEM_OBJECT_IMAGE2D_ARRAY: return 3;
	case CL_MEM_OBJECT_IMAGE2D:
	case CL_MEM_OBJECT_IMAGE1D_ARRAY: return 2;
	default: return 1;
	}
}

static void describe(cl_image_desc *desc, cl_mem_object_type type, const size_t *dim)
{
	memset(desc, 0, sizeof(*desc));
	desc->image_type = type;
	desc->image_width = dim[0];
	switch (type) {
	case CL_MEM_OBJECT_IMAGE3D:
		desc->image_height = dim[1];
		desc->image_depth = dim[2];
		break;
	case CL_MEM_OBJECT_IMAGE2D_ARRAY:
		desc->image_height = dim[1];
		desc->image_array_size = dim[2];
		break;
	case CL_MEM_OBJECT_IMAGE1D_ARRAY:
		desc->image_array_size = dim[1];
		break;
	case CL_MEM_OBJECT_IMAGE2D:
		desc->image_height = dim[1];
		break;
	}
}

static void image_known(struct world *w, struct obj *mem, const cl_image_desc *desc,
			const cl_image_format *format, const size_t *dim, size_t elem)
{
	mem->type = desc->image_type;
	memcpy(mem->dim, dim, sizeof(mem->dim));
	mem->elem = elem;
	mem->format = *format;
	mem->size = elem * dim[0] * dim[1] * dim[2];
	(void)w;
}

static void define_image(struct world *w, struct obj *mem)
{
	/* integers; as floats they are ordinary small numbers too */
	static const uint32_t words[4] = { 0x3f000000, 0x3e800000, 0x3f400000, 0x3f800000 };

	mem_define(w, mem, words);
}

static void desc_wrong(struct world *w, cl_image_desc *desc, unsigned int wrong)
{
	switch (wrong) {
	case 1: desc->image_type = (cl_mem_object_type)ONE_OF(w, 0, 0x7777, 0x10F0, 0x10F7); break;
	case 2: desc->image_width = 0; break;
	case 3: desc->image_width = (size_t)1 << ONE_OF(w, 20, 40, 60); break;
	case 4: desc->image_height = desc->image_depth = desc->image_array_size = 0; break;
	case 5: desc->image_row_pitch = (size_t)ONE_OF(w, 1, 3, 64, 4096); break;
	case 6: desc->image_slice_pitch = (size_t)ONE_OF(w, 1, 3, 64, 65536); break;
	case 7: desc->num_mip_levels = 2; break;
	case 8: desc->num_samples = 4; break;
	case 9: desc->image_height = desc->image_depth = desc->image_array_size =
			(size_t)1 << ONE_OF(w, 17, 40); break;
	}
}

static void format_wrong(struct world *w, cl_image_format *format)
{
	switch (draw(w, 4)) {
	case 0: format->image_channel_order = (cl_channel_order)ONE_OF(w, 0, 0x7777, 0x10AF); break;
	case 1: format->image_channel_data_type = (cl_channel_type)ONE_OF(w, 0, 0x7777, 0x10CF);
		break;
	case 2: format->image_channel_order = CL_RGB;
		format->image_channel_data_type = CL_UNORM_INT8; break;
	default: format->image_channel_order = CL_DEPTH;
		format->image_channel_data_type = CL_UNSIGNED_INT8;
	}
}

static size_t image_bytes(const cl_image_desc *desc, size_t elem, const size_t *dim)
{
	size_t row = desc->image_row_pitch ? desc->image_row_pitch : dim[0] * elem;
	size_t slice = desc->image_slice_pitch ? desc->image_slice_pitch : row * dim[1];

	return slice * dim[2] + 4096;
}

/* Pitches are allowed only with host memory, and there they may be larger. */
static void some_pitches(struct world *w, cl_image_desc *desc, size_t elem, const size_t *dim)
{
	if (chance(w, 60))
		return;
	desc->image_row_pitch = (dim[0] + draw(w, 5)) * elem;
	if (dims_of(desc->image_type) == 3 && chance(w, 50))
		desc->image_slice_pitch = desc->image_row_pitch * (dim[1] + draw(w, 3));
	if (desc->image_type == CL_MEM_OBJECT_IMAGE1D)
		desc->image_row_pitch = 0;
}

static struct obj *new_image(struct world *w, struct obj *context, cl_mem_object_type type,
			     const struct format *f, cl_mem_flags flags)
{
	cl_image_format format = { f->order, f->type };
	size_t dim[3] = { draw(w, 20) + 1, 1, 1 };
	struct obj *buffer = NULL, *mem;
	unsigned char *host = NULL;
	cl_image_desc desc;
	cl_int err = NO_ERR;

	if (context->device != w->root && avoided("sub-device-image")) {
		end_line(w);
		return NULL;
	}
	for (unsigned int i = 1; i < dims_of(type); i++)
		dim[i] = draw(w, 7) + 1;
	describe(&desc, type, dim);
	if (type == CL_MEM_OBJECT_IMAGE1D_BUFFER) {
		flags = 0;
		buffer = need_buffer(w, context);
		desc.buffer = buffer->handle;
		dim[0] = desc.image_width = buffer->size / f->elem < 20 ? 1 : dim[0];
	} else if (flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)) {
		some_pitches(w, &desc, f->elem, dim);
		host = keep_pattern(w, image_bytes(&desc, f->elem, dim));
	}
	say(w, " type %x format %x %x flags %llx", type, f->order, f->type,
	    (unsigned long long)flags);
	say(w, " %zux%zux%zu pitch %zu %zu", dim[0], dim[1], dim[2], desc.image_row_pitch,
	    desc.image_slice_pitch);
	say_obj(w, buffer);
	mem = made(w, K_MEM, clCreateImage(context->handle, flags, &format, &desc, host, &err),
		   context, &err);
	if (!mem)
		return NULL;
	image_known(w, mem, &desc, &format, dim, f->elem);
	mem->flags = flags;
	mem->parent = buffer;
	if (buffer)
		mem->leaks = context->leaks = true;
	else
		define_image(w, mem);
	return mem;
}

static bool image_usable(const struct obj *mem)
{
	return mem && mem_is_image(mem) && mem->type != CL_MEM_OBJECT_PIPE && !mem_busy(mem) &&
	       (mem->type != CL_MEM_OBJECT_IMAGE1D_BUFFER ||
		!avoided("image-1d-buffer-commands"));
}

struct obj *need_image(struct world *w, struct obj *context)
{
	struct obj *mem;

	if (context->device != w->root && avoided("sub-device-image"))
		return NULL;

	for (int i = 0; i < 8; i++) {
		mem = obj_pick(w, K_MEM, context);
		if (image_usable(mem))
			return mem;
	}
	end_line(w);
	say(w, "  create-image");
	return new_image(w, context, avoided("image-1d-buffer-commands") ? CL_MEM_OBJECT_IMAGE2D
			 : some_type(w), &formats[draw(w, 2)], CL_MEM_COPY_HOST_PTR);
}

static cl_mem_flags image_flags(struct world *w)
{
	return ONE_OF(w, 0, CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY, CL_MEM_READ_WRITE) |
	       ONE_OF(w, 0, CL_MEM_COPY_HOST_PTR, CL_MEM_USE_HOST_PTR, CL_MEM_ALLOC_HOST_PTR) |
	       ONE_OF(w, 0, 0, 0, CL_MEM_HOST_READ_ONLY, CL_MEM_HOST_NO_ACCESS);
}

static void create_image_wrong(struct world *w, struct obj *context, unsigned int wrong)
{
	const struct format *f = &formats[draw(w, FORMATS)];
	cl_image_format format = { f->order, f->type };
	size_t dim[3] = { 8, 4, 2 };
	cl_mem_flags flags = chance(w, 50) ? CL_MEM_COPY_HOST_PTR : 0;
	void *host = flags ? keep_pattern(w, 1 << 17) : NULL;
	cl_mem_object_type type = some_type(w);
	cl_image_desc desc;
	cl_int err = NO_ERR;
	cl_mem mem;

	if ((wrong == 7 || wrong == 8) && avoided("image-mip-levels"))
		return end_line(w);
	describe(&desc, type, dim);
	if (type == CL_MEM_OBJECT_IMAGE1D_BUFFER) {
		desc.buffer = need_buffer(w, context)->handle;
		flags = 0;
		host = NULL;
	}
	say(w, " fault %u type %x", wrong, type);
	if (wrong <= 9)
		desc_wrong(w, &desc, wrong);
	if (wrong == 10)
		format_wrong(w, &format);
	if (wrong == 14)
		flags = ONE_OF(w, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 1ull << 40, 1 << 30,
			       CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR);
	if (wrong == 15)
		host = host ? NULL : keep(w, 1 << 17);
	if (wrong == 16)
		desc.buffer = type == CL_MEM_OBJECT_IMAGE1D_BUFFER ? NULL
			: need_buffer(w, context)->handle;
	mem = clCreateImage(wrong == 11 ? NULL : context->handle, flags,
			    wrong == 12 ? NULL : &format, wrong == 13 ? NULL : &desc, host, &err);
	say_err(w, err);
	say(w, mem ? " made" : " none");
	if (mem)
		say_err(w, clReleaseMemObject(mem));
	end_line(w);
}

static void create_image(struct world *w)
{
	struct obj *context = need_context(w);
	unsigned int wrong = fault(w);
	const struct format *f = &formats[draw(w, FORMATS)];

	if (wrong)
		create_image_wrong(w, context, wrong);
	else
		new_image(w, context, some_type(w), f, image_flags(w));
}

static void create_image_old(struct world *w)
{
	const struct format *f = &formats[draw(w, FORMATS)];
	cl_image_format format = { f->order, f->type };
	struct obj *context = need_context(w), *mem;
	size_t dim[3] = { draw(w, 9) + 1, draw(w, 9) + 1, 1 };
	unsigned int wrong = fault(w);
	cl_context in = wrong == 1 ? NULL : context->handle;
	bool solid = chance(w, 40);
	cl_image_desc desc;
	void *host;
	cl_int err = NO_ERR;

	if (solid)
		dim[2] = draw(w, 4) + 2;
	host = wrong == 5 ? NULL : keep_pattern(w, 65536);
	if (context->device != w->root && avoided("sub-device-image"))
		return end_line(w);
	describe(&desc, solid ? CL_MEM_OBJECT_IMAGE3D : CL_MEM_OBJECT_IMAGE2D, dim);
	if (wrong == 2)
		format_wrong(w, &format);
	if (wrong == 3)
		desc.image_width = (size_t)ONE_OF(w, 0, 1 << 20);
	if (wrong == 4)
		desc.image_row_pitch = 1;
	say(w, " fault %u %zux%zux%zu", wrong, dim[0], dim[1], dim[2]);
	if (solid)
		mem = made(w, K_MEM, clCreateImage3D(in, CL_MEM_COPY_HOST_PTR, &format,
				desc.image_width, dim[1], dim[2], desc.image_row_pitch, 0, host,
				&err), context, &err);
	else
		mem = made(w, K_MEM, clCreateImage2D(in, CL_MEM_COPY_HOST_PTR, &format,
				desc.image_width, dim[1], desc.image_row_pitch, host, &err),
			   context, &err);
	if (!mem)
		return;
	image_known(w, mem, &desc, &format, dim, f->elem);
	mem->flags = CL_MEM_COPY_HOST_PTR;
}

static void create_image_with(struct world *w)
{
	cl_image_format format = { CL_RGBA, CL_UNSIGNED_INT8 };
	cl_mem_properties p[4] = { 0 };
	struct obj *context = need_context(w), *mem;
	size_t dim[3] = { draw(w, 9) + 1, draw(w, 9) + 1, 1 };
	unsigned int wrong = fault(w);
	cl_image_desc desc;
	cl_int err = NO_ERR;

	if (context->device != w->root && avoided("sub-device-image"))
		return end_line(w);
	describe(&desc, CL_MEM_OBJECT_IMAGE2D, dim);
	if (wrong == 1)
		p[0] = ONE_OF(w, 0x7777, 1);
	say(w, " fault %u %zux%zu", wrong, dim[0], dim[1]);
	mem = made(w, K_MEM, clCreateImageWithProperties(wrong == 2 ? NULL : context->handle,
			wrong || chance(w, 50) ? p : NULL, CL_MEM_COPY_HOST_PTR,
			wrong == 3 ? NULL : &format, wrong == 4 ? NULL : &desc,
			wrong == 5 ? NULL : keep_pattern(w, 4096), &err), context, &err);
	if (!mem)
		return;
	image_known(w, mem, &desc, &format, dim, 4);
	mem->flags = CL_MEM_COPY_HOST_PTR;
}

static void image_formats(struct world *w)
{
	struct obj *context = need_context(w);
	cl_image_format list[256];
	cl_mem_object_type type = some_type(w);
	cl_mem_flags flags = ONE_OF(w, 0, CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY, CL_MEM_READ_WRITE,
				    CL_MEM_KERNEL_READ_AND_WRITE);
	unsigned int wrong = fault(w);
	cl_uint n = 77, room = (cl_uint)ONE_OF(w, 256, 3, 1);
	cl_int err;

	memset(list, 0, sizeof(list));
	if (wrong == 1)
		type = (cl_mem_object_type)ONE_OF(w, CL_MEM_OBJECT_BUFFER, 0x7777, 0);
	if (wrong == 2)
		flags = ONE_OF(w, 1ull << 40, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY);
	say(w, " fault %u %x %llx", wrong, type, (unsigned long long)flags);
	err = clGetSupportedImageFormats(wrong == 3 ? NULL : context->handle, flags, type,
					 wrong == 4 ? 0 : room, wrong == 5 ? NULL : list,
					 wrong == 6 ? NULL : &n);
	say(w, " %u", n);
	say_digest(w, list, sizeof(list));
	say_err(w, err);
	end_line(w);
}

static cl_int get_image(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			void *more)
{
	(void)more;
	return clGetImageInfo(of, name, size, value, ret);
}

static void image_info(struct world *w)
{
	struct obj *mem = chance(w, 80) ? need_image(w, need_context(w))
					: need_buffer(w, need_context(w));

	if (!mem)
		return end_line(w);
	query_one(w, mem, get_image, NULL, image_queries,
		  sizeof(image_queries) / sizeof(*image_queries));
}

/* --- commands ------------------------------------------------------------------------ */

struct box {
	size_t origin[3], region[3];
};

static void some_box(struct world *w, const size_t *dim, struct box *b)
{
	for (int i = 0; i < 3; i++) {
		b->origin[i] = chance(w, 50) ? 0 : draw(w, (uint32_t)dim[i]);
		b->region[i] = chance(w, 50) ? dim[i] - b->origin[i]
				: draw(w, (uint32_t)(dim[i] - b->origin[i])) + 1;
	}
}

/* What lies outside of an image. */
static unsigned int avoid_beyond(unsigned int wrong)
{
	wrong = avoid_fault(wrong, 2, "image-beyond");
	wrong = avoid_fault(wrong, 3, "image-beyond");
	return avoid_fault(wrong, 4, "image-origin-overflow");
}

static void box_wrong(struct world *w, const size_t *dim, struct box *b, unsigned int wrong)
{
	unsigned int i = draw(w, 3);

	switch (wrong) {
	case 1: b->region[i] = 0; break;
	case 2: b->origin[i] = dim[i]; break;
	case 3: b->region[i] = dim[i] + 1; break;
	case 4: b->origin[i] = ~(size_t)0; b->region[i] = 2; break;
	}
}

static void say_box(struct world *w, const struct box *b)
{
	say(w, " (%zu %zu %zu) [%zu %zu %zu]", b->origin[0], b->origin[1], b->origin[2],
	    b->region[0], b->region[1], b->region[2]);
}

static void image_io(struct world *w, bool writing)
{
	struct obj *context = need_context(w), *mem = need_image(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	size_t row = 0, slice = 0, room = 1 << 15;
	unsigned char *data = writing ? keep_pattern(w, room) : keep(w, room);
	struct box b;
	struct cmd c;
	cl_int err;

	if (!mem)
		return end_line(w);
	own = avoid_beyond(own);
	own = avoid_fault(own, 5, "image-pitch-small");
	own = avoid_fault(own, 6, "image-pitch-small");
	own = avoid_fault(own, 9, "image-no-origin");
	own = avoid_fault(own, 10, "image-no-origin");
	some_box(w, mem->dim, &b);
	if (chance(w, 40)) {
		row = (b.region[0] + draw(w, 3)) * mem->elem;
		slice = dims_of(mem->type) == 3 && chance(w, 50)
			? row * (b.region[1] + draw(w, 2)) : 0;
	}
	box_wrong(w, mem->dim, &b, own);
	if (own == 5)
		row = 1;
	if (own == 6)
		slice = 1;
	cmd_open(w, &c, context, chance(w, 40));
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say_box(w, &b);
	say(w, " pitch %zu %zu%s own %u", row, slice, c.blocking ? " blocking" : "", own);
	cmd_arm(w, &c, wrong);
	if (writing)
		err = clEnqueueWriteImage(c.q, own == 7 ? NULL : mem->handle, c.blocking,
				own == 9 ? NULL : b.origin, own == 10 ? NULL : b.region, row,
				slice, own == 8 ? NULL : data, c.count, c.listp, c.eventp);
	else
		err = clEnqueueReadImage(c.q, own == 7 ? NULL : mem->handle, c.blocking,
				own == 9 ? NULL : b.origin, own == 10 ? NULL : b.region, row,
				slice, own == 8 ? NULL : data, c.count, c.listp, c.eventp);
	if (cmd_close(w, &c, err) && !writing)
		cmd_result(w, &c, data, room);
}

static void read_image(struct world *w)
{
	image_io(w, false);
}

static void write_image(struct world *w)
{
	image_io(w, true);
}

static void fill_image(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_image(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	float color[4] = { 0.25f, 0.5f, 0.75f, 1.0f };
	uint32_t words[4] = { 1, 200, 3, 77 };
	struct box b;
	struct cmd c;
	bool real;

	if (!mem)
		return end_line(w);
	own = avoid_beyond(own);
	real = mem->format.image_channel_data_type == CL_FLOAT ||
	       mem->format.image_channel_data_type == CL_HALF_FLOAT ||
	       mem->format.image_channel_data_type == CL_UNORM_INT8;
	some_box(w, mem->dim, &b);
	box_wrong(w, mem->dim, &b, own);
	cmd_open(w, &c, context, false);
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say_box(w, &b);
	say(w, " own %u", own);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueFillImage(c.q, own == 5 ? NULL : mem->handle,
			own == 6 ? NULL : real ? (void *)color : (void *)words,
			own == 7 ? NULL : b.origin, own == 8 ? NULL : b.region, c.count,
			c.listp, c.eventp));
}

static void copy_image(struct world *w)
{
	struct obj *context = need_context(w), *from = need_image(w, context), *to;
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	size_t dim[3], to_origin[3] = { 0, 0, 0 };
	struct box b;
	struct cmd c;

	to = from ? need_image(w, context) : NULL;
	if (!from || !to || !mem_root(from))
		return end_line(w);
	for (int i = 0; i < 3; i++)
		dim[i] = from->dim[i] < to->dim[i] ? from->dim[i] : to->dim[i];
	if (mem_root(from) == mem_root(to))
		to = from;
	own = avoid_beyond(own);
	some_box(w, dim, &b);
	box_wrong(w, dim, &b, own);
	if (own == 5)
		to_origin[draw(w, 3)] = 1000;
	if (from == to)
		memcpy(to_origin, b.origin, sizeof(to_origin));
	cmd_open(w, &c, context, false);
	cmd_touch(&c, from);
	cmd_touch(&c, to);
	say_obj(w, from);
	say_obj(w, to);
	say_box(w, &b);
	say(w, " own %u", own);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueCopyImage(c.q, own == 6 ? NULL : from->handle,
			own == 7 ? NULL : to->handle, b.origin, to_origin, b.region, c.count,
			c.listp, c.eventp));
}

static void image_and_buffer(struct world *w)
{
	struct obj *context = need_context(w), *image = need_image(w, context), *buffer;
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	bool to_buffer = chance(w, 50);
	size_t at, bytes;
	struct box b;
	struct cmd c;

	buffer = image ? need_buffer(w, context) : NULL;
	if (!image || mem_root(buffer) == mem_root(image) ||
	    (buffer->parent && avoided("sub-buffer-rect")))
		return end_line(w);
	own = avoid_beyond(own);
	own = avoid_fault(own, 7, "image-null-buffer");
	some_box(w, image->dim, &b);
	bytes = b.region[0] * b.region[1] * b.region[2] * image->elem;
	at = buffer->size > bytes ? draw(w, (uint32_t)(buffer->size - bytes)) : 0;
	box_wrong(w, image->dim, &b, own);
	if (own == 5)
		at = buffer->size;
	cmd_open(w, &c, context, false);
	cmd_touch(&c, image);
	cmd_touch(&c, buffer);
	say_obj(w, image);
	say_obj(w, buffer);
	say_box(w, &b);
	say(w, " at %zu %s own %u", at, to_buffer ? "out" : "in", own);
	cmd_arm(w, &c, wrong);
	if (to_buffer)
		cmd_close(w, &c, clEnqueueCopyImageToBuffer(c.q, own == 6 ? NULL : image->handle,
				own == 7 ? NULL : buffer->handle, b.origin, b.region, at,
				c.count, c.listp, c.eventp));
	else
		cmd_close(w, &c, clEnqueueCopyBufferToImage(c.q, own == 7 ? NULL : buffer->handle,
				own == 6 ? NULL : image->handle, at, b.origin, b.region,
				c.count, c.listp, c.eventp));
}

const struct op image_ops[] = {
	{ "create-image", create_image, 16, 5, false },
	{ "create-image-old", create_image_old, 5, 2, false },
	{ "create-image-with", create_image_with, 5, 1, false },
	{ "image-formats", image_formats, 6, 2, false },
	{ "image-info", image_info, QUERY_FAULTS, 3, false },
	{ "read-image", read_image, CMD_FAULTS + 10, 6, false },
	{ "write-image", write_image, CMD_FAULTS + 10, 5, false },
	{ "fill-image", fill_image, CMD_FAULTS + 8, 3, false },
	{ "copy-image", copy_image, CMD_FAULTS + 7, 4, false },
	{ "image-and-buffer", image_and_buffer, CMD_FAULTS + 7, 4, false },
	{ NULL, NULL, 0, 0, false }
};
