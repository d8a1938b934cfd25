// SPDX-License-Identifier: Apache-2.0
/*
 * gemm.c - matrix products by CLBlast, told bit by bit
 *
 * CLBlast compiles many kernels with many options and launches them with wait lists
 * of its own. One line for each product: its size, and a sum over the result's bits.
 */
#include "../cl_test.h"

#include <clblast_c.h>

struct product {
	size_t m, n, k;
	CLBlastTranspose a, b;
};

static const struct product products[] = {
	{ 16, 16, 16, CLBlastTransposeNo, CLBlastTransposeNo },
	{ 64, 32, 48, CLBlastTransposeYes, CLBlastTransposeNo },
	{ 33, 65, 17, CLBlastTransposeNo, CLBlastTransposeYes },
	{ 1, 128, 7, CLBlastTransposeNo, CLBlastTransposeNo },
	{ 256, 256, 256, CLBlastTransposeYes, CLBlastTransposeYes },
};

static float *some_numbers(size_t count, uint32_t seed)
{
	float *p = malloc(count * sizeof(*p));

	for (size_t i = 0; p && i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (float)(int32_t)seed / 2147483648.0f;
	}
	return p;
}

static cl_mem buffer_of(const struct cl_env *cl, size_t count, uint32_t seed)
{
	float *numbers = some_numbers(count, seed);
	cl_mem mem = NULL;

	if (numbers)
		mem = clCreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
				     count * sizeof(*numbers), numbers, NULL);
	free(numbers);
	return mem;
}

static int tell(const struct cl_env *cl, cl_mem mem, const struct product *p)
{
	size_t count = p->m * p->n;
	uint32_t *bits = malloc(count * sizeof(*bits));
	uint64_t sum = 0xcbf29ce484222325;
	cl_int err = CL_OUT_OF_HOST_MEMORY;

	if (bits)
		err = clEnqueueReadBuffer(cl->queue, mem, CL_TRUE, 0, count * sizeof(*bits),
					  bits, 0, NULL, NULL);
	for (size_t i = 0; !err && i < count; i++)
		sum = (sum ^ bits[i]) * 0x100000001b3;
	printf("%zux%zux%zu %s%s: %d %016llx\n", p->m, p->n, p->k,
	       p->a == CLBlastTransposeNo ? "n" : "t", p->b == CLBlastTransposeNo ? "n" : "t",
	       err, (unsigned long long)sum);
	free(bits);
	return err;
}

static int multiply(struct cl_env *cl, const struct product *p)
{
	size_t a_ld = p->a == CLBlastTransposeNo ? p->k : p->m;
	size_t b_ld = p->b == CLBlastTransposeNo ? p->n : p->k;
	cl_mem a = buffer_of(cl, p->m * p->k, 1), b = buffer_of(cl, p->k * p->n, 2);
	cl_mem c = buffer_of(cl, p->m * p->n, 3);
	cl_event event = NULL;
	int status = -1;

	if (a && b && c)
		status = CLBlastSgemm(CLBlastLayoutRowMajor, p->a, p->b, p->m, p->n, p->k, 1.25f,
				      a, 0, a_ld, b, 0, b_ld, 0.5f, c, 0, p->n, &cl->queue,
				      &event);
	if (status == CLBlastSuccess) {
		clWaitForEvents(1, &event);
		clReleaseEvent(event);
		status = tell(cl, c, p);
	} else {
		printf("CLBlast says %d\n", status);
	}
	clReleaseMemObject(a);
	clReleaseMemObject(b);
	clReleaseMemObject(c);
	return status;
}

int main(void)
{
	struct cl_env cl;
	int status = 0;

	cl_env_open(&cl);
	for (size_t i = 0; i < sizeof(products) / sizeof(*products); i++)
		status |= multiply(&cl, &products[i]);
	CLBlastClearCache();
	cl_env_close(&cl);
	return status != 0;
}
