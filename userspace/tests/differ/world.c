// SPDX-License-Identifier: Apache-2.0
/*
 * world.c - random numbers, telling, and the objects of a sequence
 */
#include "differ.h"

const char *const kind_name[KINDS] = {
	"device", "context", "queue", "mem", "sampler", "program", "kernel", "event"
};

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint32_t draw(struct world *w, uint32_t n)
{
	w->random = mix(w->random);
	return n ? (uint32_t)((w->random >> 32) % n) : 0;
}

bool chance(struct world *w, unsigned int percent)
{
	return draw(w, 100) < percent;
}

uint64_t one_of(struct world *w, const uint64_t *values, size_t n)
{
	return values[draw(w, (uint32_t)n)];
}

void say(struct world *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(w->out, format, ap);
	va_end(ap);
}

void say_err(struct world *w, cl_int err)
{
	say(w, " -> %s", cl_name(err));
}

void say_bytes(struct world *w, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len && i < 64; i++)
		say(w, "%02x", p[i]);
	if (len > 64)
		say_digest(w, data, len);
}

void say_digest(struct world *w, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 0x100000001b3;
	say(w, " %zu:%016llx", len, (unsigned long long)sum);
}

void say_obj(struct world *w, const struct obj *o)
{
	if (o)
		say(w, " %s%u", kind_name[o->kind], o->id);
	else
		say(w, " NULL");
}

void say_handle(struct world *w, enum kind kind, const void *handle)
{
	const struct obj *o = obj_find(w, kind, handle);

	if (handle && !o)
		say(w, " unknown-%s", kind_name[kind]);
	else
		say_obj(w, o);
}

/* What kernels print comes past our buffer. */
void end_line(struct world *w)
{
	putc('\n', w->out);
	fflush(w->out);
}

struct obj *obj_add(struct world *w, enum kind kind, void *handle, struct obj *context)
{
	struct obj *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	o->kind = kind;
	o->id = w->count[kind]++;
	o->handle = handle;
	o->context = context;
	o->refs = 1;
	o->next = w->all;
	w->all = o;
	return o;
}

/* The newest is found first: addresses come back. */
struct obj *obj_find(struct world *w, enum kind kind, const void *handle)
{
	struct obj *o;

	if (!handle)
		return NULL;
	for (o = w->all; o; o = o->next)
		if (o->kind == kind && o->handle == handle)
			return o;
	return NULL;
}

static bool fits(const struct obj *o, enum kind kind, const struct obj *context)
{
	return o->kind == kind && o->refs && (!context || o->context == context);
}

unsigned int obj_count(struct world *w, enum kind kind)
{
	unsigned int n = 0;

	for (struct obj *o = w->all; o; o = o->next)
		n += fits(o, kind, NULL);
	return n;
}

struct obj *obj_pick(struct world *w, enum kind kind, const struct obj *context)
{
	unsigned int n = 0;
	struct obj *o;

	for (o = w->all; o; o = o->next)
		n += fits(o, kind, context);
	n = n ? draw(w, n) + 1 : 0;
	for (o = w->all; o && n; o = o->next)
		if (fits(o, kind, context) && !--n)
			return o;
	return NULL;
}

cl_int obj_retain(struct obj *o)
{
	switch (o->kind) {
	case K_DEVICE: return clRetainDevice(o->handle);
	case K_CONTEXT: return clRetainContext(o->handle);
	case K_QUEUE: return clRetainCommandQueue(o->handle);
	case K_MEM: return clRetainMemObject(o->handle);
	case K_SAMPLER: return clRetainSampler(o->handle);
	case K_PROGRAM: return clRetainProgram(o->handle);
	case K_KERNEL: return clRetainKernel(o->handle);
	case K_EVENT: return clRetainEvent(o->handle);
	default: return CL_INVALID_VALUE;
	}
}

static cl_int release(struct obj *o)
{
	switch (o->kind) {
	case K_DEVICE: return clReleaseDevice(o->handle);
	case K_CONTEXT: return clReleaseContext(o->handle);
	case K_QUEUE: return clReleaseCommandQueue(o->handle);
	case K_MEM: return clReleaseMemObject(o->handle);
	case K_SAMPLER: return clReleaseSampler(o->handle);
	case K_PROGRAM: return clReleaseProgram(o->handle);
	case K_KERNEL: return clReleaseKernel(o->handle);
	case K_EVENT: return clReleaseEvent(o->handle);
	default: return CL_INVALID_VALUE;
	}
}

cl_int obj_release(struct world *w, struct obj *o)
{
	(void)w;
	o->refs--;
	return release(o);
}

struct obj *made(struct world *w, enum kind kind, void *handle, struct obj *context,
		 const cl_int *err)
{
	/* PoCL may return something that is no object together with an error */
	bool good = *err == CL_SUCCESS || *err == NO_ERR;
	struct obj *o = handle && good ? obj_add(w, kind, handle, context) : NULL;

	if (o)
		say(w, " %s%u", kind_name[kind], o->id);
	say_err(w, *err);
	end_line(w);
	return o;
}

void *keep(struct world *w, size_t len)
{
	void **list = realloc(w->memory, (w->memory_count + 1) * sizeof(*list));
	void *p = NULL;

	if (!list || posix_memalign(&p, 4096, len ? len : 1))
		abort();
	memset(p, 0xa5, len);
	list[w->memory_count++] = p;
	w->memory = list;
	return p;
}

void *keep_pattern(struct world *w, size_t len)
{
	unsigned char *p = keep(w, len);
	uint64_t x = draw(w, 0xffffffff);

	for (size_t i = 0; i < len; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		p[i] = (unsigned char)(x >> 56);
	}
	return p;
}

struct obj *mem_root(struct obj *mem)
{
	while (mem->parent)
		mem = mem->parent;
	return mem;
}

bool mem_is_image(const struct obj *mem)
{
	return mem->type != CL_MEM_OBJECT_BUFFER;
}

/* Commands must keep off memory that is mapped for writing. */
bool mem_busy(const struct obj *mem)
{
	while (mem->parent)
		mem = mem->parent;
	return mem->written;
}
