/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocl_memory.h - bytes that move between the application and memory objects
 *
 * The application's memory is the guest's, the vendor's library is on the server,
 * and some commands use that memory long after their call. So every transfer is a
 * struct ocl_move: the guest finds the rows of the application's memory that belong
 * to it, and only those cross, packed; the server makes memory of the same shape
 * for the vendor's library. Host memory that the vendor must not touch because the
 * call will be refused is not touched in the guest either.
 */
#ifndef AVA_SPEC_OCL_MEMORY_H
#define AVA_SPEC_OCL_MEMORY_H

#include <string.h>

struct ava_bulk;

/* ---- what the guest knows of a memory object; none of it ever changes ---------- */

struct ocl_facts {
	cl_ulong flags;
	cl_ulong host_ptr;	/* the application's address, 0 if it gave none */
	cl_ulong host_id;	/* of the server's copy of that memory */
	cl_ulong host_size;
	size_t size;
	size_t pixel;		/* bytes of an image's element, 0 if it is no image */
	size_t extent[3];	/* elements; the images of an array come last */
	size_t row;		/* pitches of an image in host memory, as the vendor says */
	size_t slice;
	cl_uint type;
	cl_uint order;		/* of the channels */
	cl_uint array_by_row;	/* 1D images of an array follow at the row's pitch */
	cl_uint reserved;
};

/* ---- transfers ------------------------------------------------------------------ */

enum { OCL_MOVE_BUFFER, OCL_MOVE_RECT, OCL_MOVE_IMAGE };

#define OCL_BLOCKING	(1u << 0)
#define OCL_POINTER	(1u << 1)	/* the application passed host memory */
#define OCL_BYTES	(1u << 2)	/* and the vendor may touch it */
#define OCL_ORIGIN	(1u << 3)	/* these arrays were not NULL */
#define OCL_HOST_ORIGIN	(1u << 4)
#define OCL_REGION	(1u << 5)
#define OCL_SLICE	(1u << 6)	/* the application wants the slice's pitch of a map */
#define OCL_ROW		(1u << 7)	/* the same of the row's */

/* In place of a map's name: the application gave no address. */
#define OCL_NO_ADDRESS	(~(cl_ulong)0)

/* In place of a map's pitch: the vendor left the application's variable as it was. */
#define OCL_UNTOLD	(~(size_t)0)

/* A transfer of a buffer that does not block, and has no event, may be executed at once. */
#define OCL_AT_ONCE_MIN	((size_t)8 << 20)

struct ocl_move {
	cl_ulong id;		/* of a transfer that outlives its call; else 0 */
	cl_ulong map_flags;
	cl_uint kind;
	cl_uint flags;
	size_t origin[3];	/* of a buffer: the offset */
	size_t host_origin[3];
	size_t region[3];	/* of a buffer: the size */
	size_t row;		/* pitches of the buffer, of rectangles */
	size_t slice;
	size_t host_row;
	size_t host_slice;
};

/* Rows of bytes in memory: @depth times @height rows of @width bytes. */
struct ocl_box {
	size_t offset;
	size_t width;
	size_t height;
	size_t depth;
	size_t row;
	size_t slice;
};

ava_pure static inline size_t ocl_box_size(const struct ocl_box *box)
{
	return ocl_mul(box->width, ocl_mul(box->height, box->depth));
}

/* Bytes from the first one to behind the last one. */
ava_pure static inline size_t ocl_box_span(const struct ocl_box *box)
{
	return ocl_box_bytes(box->width, box->height, box->depth, box->row, box->slice);
}

/* Are packed rows the same as these? */
ava_pure static inline int ocl_box_packed(const struct ocl_box *box)
{
	return (box->height == 1 || box->row == box->width) &&
	       (box->depth == 1 || box->slice == ocl_mul(box->width, box->height));
}

/* Where byte @at of the packed rows is, and how many follow in its row. */
ava_pure static inline size_t ocl_box_at(const struct ocl_box *box, size_t at, size_t *left)
{
	size_t x = at % box->width, rows = at / box->width;

	*left = box->width - x;
	return box->offset + x + rows % box->height * box->row +
	       rows / box->height * box->slice;
}

/* The rows of host memory that a transfer reads or writes, as the vendor counts them. */
ava_pure static inline void ocl_host_box(const struct ocl_move *move,
					 const struct ocl_facts *facts,
					 struct ocl_box *box)
{
	size_t pixel = move->kind == OCL_MOVE_IMAGE ? facts->pixel : 1;
	int array = move->kind == OCL_MOVE_IMAGE && facts->type == CL_MEM_OBJECT_IMAGE1D_ARRAY;

	box->width = ocl_mul(move->region[0], pixel);
	box->height = move->region[1];
	box->depth = move->region[2];
	box->row = move->host_row ? move->host_row : box->width;
	if (array && move->host_slice && !facts->array_by_row)
		box->row = move->host_slice;
	box->slice = move->host_slice ? move->host_slice : ocl_mul(box->row, box->height);
	box->offset = move->kind != OCL_MOVE_RECT ? 0 :
		      ocl_add(move->host_origin[0],
			      ocl_add(ocl_mul(move->host_origin[1], box->row),
				      ocl_mul(move->host_origin[2], box->slice)));
}

/* The part of an image, or of a buffer, that is mapped, in memory with these pitches. */
ava_pure static inline void ocl_map_box(const struct ocl_move *move,
					const struct ocl_facts *facts,
					size_t row, size_t slice, struct ocl_box *box)
{
	size_t pixel = move->kind == OCL_MOVE_IMAGE ? facts->pixel : 1;
	int array = move->kind == OCL_MOVE_IMAGE && facts->type == CL_MEM_OBJECT_IMAGE1D_ARRAY;

	box->width = ocl_mul(move->region[0], pixel);
	box->height = move->region[1];
	box->depth = move->region[2];
	box->row = array && slice && !facts->array_by_row ? slice : row;
	box->slice = slice;
	box->offset = ocl_add(ocl_mul(move->origin[0], pixel),
			      ocl_add(ocl_mul(move->origin[1], box->row),
				      ocl_mul(move->origin[2], slice)));
}

ava_pure static inline int ocl_inside(size_t origin, size_t region, size_t extent)
{
	return ocl_add(origin, region) <= extent;
}

/*
 * Is the transfer's part of the memory object inside of it? If not it will be
 * refused, and nobody may touch the host memory.
 */
ava_pure static inline int ocl_move_inside(const struct ocl_move *move,
					   const struct ocl_facts *facts)
{
	const size_t *o = move->origin, *r = move->region;
	size_t row, slice, start;

	if (!(move->flags & OCL_ORIGIN) || !(move->flags & OCL_REGION))
		return 0;
	if (move->kind == OCL_MOVE_IMAGE)
		return facts->pixel && ocl_inside(o[0], r[0], facts->extent[0]) &&
		       ocl_inside(o[1], r[1], facts->extent[1]) &&
		       ocl_inside(o[2], r[2], facts->extent[2]);
	if (move->kind == OCL_MOVE_BUFFER)
		return ocl_inside(o[0], r[0], facts->size);
	if (!(move->flags & OCL_HOST_ORIGIN))
		return 0;
	row = move->row ? move->row : r[0];
	slice = move->slice ? move->slice : ocl_mul(row, r[1]);
	start = ocl_add(o[0], ocl_add(ocl_mul(o[1], row), ocl_mul(o[2], slice)));
	return ocl_inside(start, ocl_box_bytes(r[0], r[1], r[2], row, slice), facts->size);
}

/* Bytes behind a pattern of @size that the vendor may read; 0 if it will refuse it. */
ava_pure static inline size_t ocl_pattern_bytes(size_t size)
{
	return size <= sizeof(cl_double16) && size && !(size & (size - 1)) ? size : 0;
}

/* The bytes of a buffer from a transfer's first to its last; of an image all of them. */
ava_pure static inline size_t ocl_move_start(const struct ocl_move *move)
{
	size_t row = move->row ? move->row : move->region[0];
	size_t slice = move->slice ? move->slice : ocl_mul(row, move->region[1]);

	if (move->kind == OCL_MOVE_IMAGE)
		return 0;
	return ocl_add(move->origin[0], ocl_add(ocl_mul(move->origin[1], row),
						ocl_mul(move->origin[2], slice)));
}

ava_pure static inline size_t ocl_move_span(const struct ocl_move *move)
{
	const size_t *r = move->region;
	size_t row = move->row ? move->row : r[0];
	size_t slice = move->slice ? move->slice : ocl_mul(row, r[1]);

	return move->kind == OCL_MOVE_IMAGE ? SIZE_MAX :
					      ocl_box_bytes(r[0], r[1], r[2], row, slice);
}

/* ---- guest ---------------------------------------------------------------------- */

/* Bytes of @host_ptr that the call that makes a memory object takes with it. */
ava_guest size_t ocl_given_bytes(cl_mem_flags flags, const void *host_ptr, size_t size);

/* Maps of @mem are in the memory of those of @parent, from @origin on. */
ava_guest void ocl_part_made(cl_mem mem, cl_mem parent, size_t origin);
ava_guest void ocl_sub_buffer_made(cl_mem mem, cl_mem parent, const void *info);
ava_guest void ocl_image_made(cl_mem mem, const cl_image_desc *desc);

/* Bytes behind the color that the vendor may read; 0 if it will refuse it. */
ava_guest size_t ocl_color_bytes(cl_mem image);

/*
 * Commands that are sent without waiting, because one like it succeeded: a transfer
 * (read, write), an unmap, and those that need no host memory. Where there is no second
 * object it is NULL.
 */
enum {
	OCL_LEARN_READ, OCL_LEARN_WRITE, OCL_LEARN_UNMAP, OCL_LEARN_COPY, OCL_LEARN_FILL,
	OCL_LEARN_RECT, OCL_LEARN_FILL_IMAGE, OCL_LEARN_IMAGE, OCL_LEARN_FROM_IMAGE,
	OCL_LEARN_TO_IMAGE, OCL_LEARN_COUNT
};

ava_guest int ocl_move_known(cl_command_queue queue, cl_mem mem,
			     const struct ocl_move *move, cl_uint kind, size_t size,
			     cl_uint waits, const cl_event *wait_list,
			     const cl_event *event);
ava_guest void ocl_move_learned(cl_command_queue queue, cl_mem mem,
				const struct ocl_move *move, cl_uint kind,
				const cl_event *event);
ava_guest int ocl_unmap_known(cl_command_queue queue, cl_mem mem, cl_ulong id,
			      cl_uint waits, const cl_event *wait_list,
			      const cl_event *event);
ava_guest void ocl_unmap_learned(cl_command_queue queue, cl_mem mem);
ava_guest int ocl_copy_known(cl_command_queue queue, cl_mem from, cl_mem to,
			     size_t from_offset, size_t to_offset, size_t size,
			     cl_uint waits, const cl_event *wait_list,
			     const cl_event *event);
ava_guest void ocl_copy_learned(cl_command_queue queue, cl_mem from, cl_mem to,
				size_t to_offset, size_t size, const cl_event *event);
ava_guest int ocl_fill_known(cl_command_queue queue, cl_mem buffer, const void *pattern,
			     size_t pattern_size, size_t offset, size_t size,
			     cl_uint waits, const cl_event *wait_list,
			     const cl_event *event);
ava_guest void ocl_fill_learned(cl_command_queue queue, cl_mem buffer,
				size_t pattern_size, size_t offset, size_t size,
				const cl_event *event);
ava_guest int ocl_box_known(cl_command_queue queue, cl_mem from, cl_mem to, cl_uint kind,
			    const size_t *a, const size_t *b, const size_t *region,
			    size_t a_row, size_t a_slice, size_t b_row, size_t b_slice,
			    cl_uint waits, const cl_event *wait_list,
			    const cl_event *event);
ava_guest void ocl_box_learned(cl_command_queue queue, cl_mem from, cl_mem to,
			       cl_uint kind, const size_t *a, const size_t *b,
			       const size_t *region, size_t a_row, size_t a_slice,
			       size_t b_row, size_t b_slice,
			       const cl_event *event);

/* May a command with these events be sent without waiting? */
ava_guest int ocl_good_waits(cl_uint waits, const cl_event *wait_list,
			     const cl_event *event);

/*
 * Memory of the application that objects use, where it does not map them: changes go to
 * the server before a command uses them, and come back behind one that wrote. @event is
 * the command's, if the application wants it; without a queue it is complete. What is
 * to go before a command returns CL_SUCCESS always: the command is the vendor's to judge.
 */
ava_guest cl_int ocl_host_use(cl_mem a, cl_mem b);
ava_guest cl_int ocl_host_use_range(cl_mem mem, size_t offset, size_t size);
ava_guest cl_int ocl_host_use_copy(cl_mem from, size_t from_offset, cl_mem to,
				   size_t to_offset, size_t size);
ava_guest cl_int ocl_host_use_all(cl_uint count, const cl_mem *mems);
ava_guest void ocl_host_wrote(cl_command_queue queue, cl_mem mem, size_t offset,
			      size_t size, const cl_event *event);
ava_guest cl_int ocl_host_use_args(cl_kernel kernel);
ava_guest void ocl_host_wrote_args(cl_command_queue queue, cl_kernel kernel,
				   const cl_event *event);
ava_guest void ocl_host_leave(cl_mem mem);
ava_guest void ocl_host_mapped(cl_mem mem);
ava_guest cl_int ocl_host_leave_two(cl_mem a, cl_mem b);
ava_guest cl_int ocl_host_leave_args(cl_kernel kernel);
ava_guest cl_int ocl_host_release(void);

ava_server cl_int ocl_server_host_send(cl_ulong host, size_t offset, size_t size,
				       struct ava_bulk *bytes);
ava_server cl_int ocl_server_host_mark(cl_command_queue queue, cl_event done, cl_ulong host,
				       cl_ulong id, size_t offset, size_t size);

/*
 * Behind every call that may have told the application that a command is complete:
 * what complete reads and maps brought is put into the application's memory.
 */
ava_guest void ocl_observed(void);

/* The same, and callbacks that the vendor made before have run. */
ava_guest void ocl_caught_up(void);

ava_guest cl_int ocl_guest_read_buffer(cl_command_queue queue, cl_mem buffer,
				       cl_bool blocking, size_t offset, size_t size,
				       void *ptr, cl_uint waits,
				       const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_guest_write_buffer(cl_command_queue queue, cl_mem buffer,
					cl_bool blocking, size_t offset, size_t size,
					const void *ptr, cl_uint waits,
					const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_guest_read_rect(cl_command_queue queue, cl_mem buffer,
				     cl_bool blocking, const size_t *buffer_origin,
				     const size_t *host_origin, const size_t *region,
				     size_t buffer_row, size_t buffer_slice,
				     size_t host_row, size_t host_slice, void *ptr,
				     cl_uint waits, const cl_event *wait_list,
				     cl_event *event);
ava_guest cl_int ocl_guest_write_rect(cl_command_queue queue, cl_mem buffer,
				      cl_bool blocking, const size_t *buffer_origin,
				      const size_t *host_origin, const size_t *region,
				      size_t buffer_row, size_t buffer_slice,
				      size_t host_row, size_t host_slice,
				      const void *ptr, cl_uint waits,
				      const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_guest_read_image(cl_command_queue queue, cl_mem image,
				      cl_bool blocking, const size_t *origin,
				      const size_t *region, size_t row, size_t slice,
				      void *ptr, cl_uint waits,
				      const cl_event *wait_list, cl_event *event);
ava_guest cl_int ocl_guest_write_image(cl_command_queue queue, cl_mem image,
				       cl_bool blocking, const size_t *origin,
				       const size_t *region, size_t row, size_t slice,
				       const void *ptr, cl_uint waits,
				       const cl_event *wait_list, cl_event *event);
ava_guest void *ocl_guest_map_buffer(cl_command_queue queue, cl_mem buffer,
				     cl_bool blocking, cl_map_flags flags,
				     size_t offset, size_t size, cl_uint waits,
				     const cl_event *wait_list, cl_event *event,
				     cl_int *err);
ava_guest void *ocl_guest_map_image(cl_command_queue queue, cl_mem image,
				    cl_bool blocking, cl_map_flags flags,
				    const size_t *origin, const size_t *region,
				    size_t *row, size_t *slice, cl_uint waits,
				    const cl_event *wait_list, cl_event *event,
				    cl_int *err);
ava_guest cl_int ocl_guest_unmap(cl_command_queue queue, cl_mem mem, void *ptr,
				 cl_uint waits, const cl_event *wait_list,
				 cl_event *event);

/* ---- server --------------------------------------------------------------------- */

/*
 * Objects with host memory: @given bytes of it came; @address is the application's,
 * which is only a name. Where the vendor would refuse, none come.
 */
ava_server cl_mem ocl_server_buffer(cl_context context, cl_mem_flags flags, size_t size,
				    struct ava_bulk *host_ptr, cl_int *err, size_t given,
				    cl_ulong address);
ava_server cl_mem ocl_server_buffer_with(cl_context context,
					 const cl_mem_properties *properties,
					 cl_mem_flags flags, size_t size, struct ava_bulk *host_ptr,
					 cl_int *err, size_t given, cl_ulong address);
ava_server cl_mem ocl_server_image(cl_context context, cl_mem_flags flags,
				   const cl_image_format *format,
				   const cl_image_desc *desc, struct ava_bulk *host_ptr,
				   cl_int *err, size_t given, cl_ulong address);
ava_server cl_mem ocl_server_image_with(cl_context context,
					const cl_mem_properties *properties,
					cl_mem_flags flags, const cl_image_format *format,
					const cl_image_desc *desc, struct ava_bulk *host_ptr,
					cl_int *err, size_t given, cl_ulong address);
ava_server cl_mem ocl_server_image2d(cl_context context, cl_mem_flags flags,
				     const cl_image_format *format, size_t width,
				     size_t height, size_t row_pitch, struct ava_bulk *host_ptr,
				     cl_int *err, size_t given, cl_ulong address);
ava_server cl_mem ocl_server_image3d(cl_context context, cl_mem_flags flags,
				     const cl_image_format *format, size_t width,
				     size_t height, size_t depth, size_t row_pitch,
				     size_t slice_pitch, struct ava_bulk *host_ptr, cl_int *err,
				     size_t given, cl_ulong address);
ava_server cl_int ocl_server_facts(cl_mem mem, struct ocl_facts *facts);

/* CL_MEM_HOST_PTR is the application's address, not this process's; counts are its own. */
ava_server void ocl_mem_answer(cl_mem mem, cl_mem_info name, size_t size, void *value,
			       cl_uint guest_refs);

ava_server cl_int ocl_server_read(cl_command_queue queue, cl_mem mem,
				  const struct ocl_move *move, size_t size,
				  struct ava_bulk *bytes, cl_uint waits, const cl_event *wait_list,
				  cl_event *event);
ava_server cl_int ocl_server_write(cl_command_queue queue, cl_mem mem,
				   const struct ocl_move *move, size_t size,
				   struct ava_bulk *bytes, cl_uint waits,
				   const cl_event *wait_list, cl_event *event);
ava_server cl_int ocl_server_fill(cl_command_queue queue, cl_mem buffer,
				  const void *pattern, size_t pattern_size, size_t offset,
				  size_t size, cl_uint waits, const cl_event *wait_list,
				  cl_event *event, size_t given);
ava_server cl_int ocl_server_fill_image(cl_command_queue queue, cl_mem image,
					const void *color, const size_t *origin,
					const size_t *region, cl_uint waits,
					const cl_event *wait_list, cl_event *event,
					size_t given);

ava_server cl_int ocl_record_fill(cl_command_buffer_khr record, cl_command_queue queue,
				  cl_mem mem, const void *pattern, size_t pattern_size,
				  size_t offset, size_t size, cl_uint waits,
				  const cl_sync_point_khr *wait_list,
				  cl_sync_point_khr *sync_point,
				  cl_mutable_command_khr *mutable_handle, size_t given);

#define OCL_PENDING	0	/* states of transfers; negative: failed, and forgotten */
#define OCL_DONE	1	/* its bytes are there */
#define OCL_READY	2	/* its bytes have to be fetched */
#define OCL_MORE	4	/* besides one of these: other commands of it are under way */

/* Which of these are complete, and the bytes of those that fit. */
ava_server cl_int ocl_server_collect(cl_uint count, const cl_ulong *ids, cl_int *states,
				     size_t size, void *bytes, size_t *used);
ava_server cl_int ocl_server_fetch(cl_ulong id, size_t offset, size_t size,
				   struct ava_bulk *bytes);

/*
 * Wait for a transfer's end; not if a user event that is not set might be in its way.
 * Only @for_room, which is not needed, a native kernel that is not complete counts too.
 */
ava_server cl_int ocl_server_wait(cl_ulong id, cl_bool for_room);

ava_server cl_int ocl_server_map(cl_command_queue queue, cl_mem mem,
				 const struct ocl_move *move, size_t *pitches,
				 size_t size, struct ava_bulk *bytes, cl_uint waits,
				 const cl_event *wait_list, cl_event *event);
ava_server cl_int ocl_server_unmap(cl_command_queue queue, cl_mem mem, cl_ulong id,
				   size_t size, struct ava_bulk *bytes, cl_uint waits,
				   const cl_event *wait_list, cl_event *event);

/* References of an event that are the server's own. */
ava_server cl_uint ocl_own_event_refs(cl_event event);

/* Is there a user event whose status the program has not set? */
ava_server int ocl_any_user_event_unset(void);

/* Is there a command that ends only when the program does something? */
ava_server int ocl_any_waits_for_program(void);

#endif /* AVA_SPEC_OCL_MEMORY_H */
