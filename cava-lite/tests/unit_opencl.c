// SPDX-License-Identifier: Apache-2.0
/*
 * unit_opencl.c - sizes of the OpenCL spec
 */
#include "unit.h"

#include "../specs/opencl/ocl.h"

/* What OpenCL lets a driver read from host_ptr: with the padding of the last row and slice. */
static void test_opencl_images(void **state)
{
	cl_image_format rgba = { CL_RGBA, CL_UNORM_INT8 };
	cl_image_desc d = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 1,
			    .image_height = 1, .image_row_pitch = 1 << 30 };

	(void)state;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 1 << 30);
	d.image_type = CL_MEM_OBJECT_IMAGE1D;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 1 << 30);
	d.image_type = CL_MEM_OBJECT_IMAGE1D_ARRAY;
	d.image_array_size = 3;
	d.image_row_pitch = 8;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 24);
	d.image_slice_pitch = 80;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 240);
	d.image_type = CL_MEM_OBJECT_IMAGE3D;
	d.image_depth = 2;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 160);
	d.image_depth = SIZE_MAX;
	assert_true(ocl_image_bytes(&rgba, &d) == SIZE_MAX);
	assert_int_equal(ocl_image3d_bytes(&rgba, 1, 3, 1, 100, 0), 300);
	assert_int_equal(ocl_image3d_bytes(&rgba, 1, 3, 2, 100, 0), 600);
}

int unit_opencl(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opencl_images),
	};

	return cmocka_run_group_tests_name("unit_opencl", tests, NULL, NULL);
}
