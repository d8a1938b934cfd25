// SPDX-License-Identifier: Apache-2.0
/*
 * unit_cs.c - the encoding primitives
 */
#include "unit.h"

AVA_CS_SCALAR(float, float)
AVA_CS_SCALAR(int8_t, int8_t)

static void test_arithmetic(void **state)
{
	(void)state;
	assert_true(ava_cs_add(1, 2) == 3);
	assert_true(ava_cs_add(UINT64_MAX, 1) == UINT64_MAX);
	assert_true(ava_cs_mul(1ull << 32, 1ull << 32) == UINT64_MAX);
	assert_true(ava_cs_mul(0, UINT64_MAX) == 0);
	assert_true(ava_cs_pad(0) == 0 && ava_cs_pad(1) == 8 && ava_cs_pad(8) == 8);
	assert_true(ava_cs_pad(UINT64_MAX) >= UINT64_MAX - 7);
	assert_true(ava_cs_min(1, 2) == 1 && ava_cs_max(1, 2) == 2);
}

static void test_scalars(void **state)
{
	uint64_t buf[4];
	struct ava_cs_writer w;
	struct ava_cs_reader r;

	(void)state;
	ava_cs_writer_init(&w, buf, sizeof(buf), 0);
	ava_encode_float(&w, 1.5f);
	ava_encode_int8_t(&w, -3);
	ava_cs_put_word(&w, UINT64_MAX);
	assert_int_equal(w.err, 0);
	assert_int_equal(w.len, 24);
	ava_cs_reader_init(&r, buf, w.len);
	assert_true(ava_decode_float(&r) == 1.5f);
	assert_int_equal(ava_decode_int8_t(&r), -3);
	assert_true(ava_cs_get_word(&r) == UINT64_MAX);
	assert_int_equal(r.err, 0);
}

static void test_writer_full(void **state)
{
	uint64_t buf[2] = { 0 };
	struct ava_cs_writer w;

	(void)state;
	ava_cs_writer_init(&w, buf, sizeof(buf), 0);
	ava_cs_put_bytes(&w, "123456789", 9);
	assert_int_equal(w.err, 0);
	ava_cs_put_word(&w, 1);
	assert_int_equal(w.err, -EMSGSIZE);
	assert_int_equal(w.len, 16);
	ava_cs_put_bytes(&w, "", 0);
	assert_int_equal(w.err, -EMSGSIZE);
}

static void test_writer_grows(void **state)
{
	uint64_t buf[2];
	struct ava_cs_writer w;
	int i;

	(void)state;
	ava_cs_writer_init(&w, buf, sizeof(buf), 4096);
	for (i = 0; i < 512; i++)
		ava_cs_put_word(&w, i);
	assert_int_equal(w.err, 0);
	assert_true(((uint64_t *)w.buf)[0] == 0 && ((uint64_t *)w.buf)[511] == 511);
	ava_cs_put_word(&w, 0);
	assert_int_equal(w.err, -EMSGSIZE);
	ava_cs_writer_fini(&w);
	assert_ptr_equal(w.buf, buf);
}

static void test_padding_is_zero(void **state)
{
	uint64_t buf[1];
	struct ava_cs_writer w;

	(void)state;
	memset(buf, 0xff, sizeof(buf));
	ava_cs_writer_init(&w, buf, sizeof(buf), 0);
	ava_cs_put_bytes(&w, "a", 1);
	assert_true(buf[0] == 'a');
}

static void test_reader_short(void **state)
{
	uint64_t buf[2] = { 7, 8 };
	struct ava_cs_reader r;

	(void)state;
	ava_cs_reader_init(&r, buf, sizeof(buf));
	assert_null(ava_cs_get_bytes(&r, 17));
	assert_int_equal(r.err, -EBADMSG);
	assert_true(ava_cs_get_word(&r) == 0);
	ava_cs_reader_init(&r, buf, sizeof(buf));
	assert_null(ava_cs_get_bytes(&r, UINT64_MAX));
	ava_cs_reader_init(&r, buf, 12);
	assert_true(ava_cs_get_word(&r) == 7);
	assert_true(ava_cs_get_word(&r) == 0 && r.err);
}

static void test_pool(void **state)
{
	struct ava_cs_pool p;
	char *a, *b, *big;
	size_t i;

	(void)state;
	ava_cs_pool_init(&p, 1 << 20);
	a = ava_cs_alloc(&p, 0, 8);
	b = ava_cs_alloc(&p, 3, 5);
	assert_true(a && b && a != b && !((uintptr_t)b % 16));
	big = ava_cs_alloc(&p, 1000, 100);
	assert_non_null(big);
	for (i = 0; i < 100000; i++)
		assert_int_equal(big[i], 0);
	assert_null(ava_cs_alloc(&p, UINT64_MAX, UINT64_MAX));
	assert_null(ava_cs_alloc(&p, 1 << 20, 1));
	assert_non_null(ava_cs_alloc(&p, 16, 1));
	ava_cs_pool_fini(&p);
}

int unit_cs(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_writer_full),
		cmocka_unit_test(test_writer_grows),
		cmocka_unit_test(test_padding_is_zero),
		cmocka_unit_test(test_reader_short),
		cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests_name("unit_cs", tests, NULL, NULL);
}
