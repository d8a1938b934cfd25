// SPDX-License-Identifier: Apache-2.0
/* A string, an array of strings with lengths, an array without. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

int gold_string(const char *name ava_string) ava_id(1);
int gold_strings(unsigned int n, const char **texts ava_strings(n, lengths),
		 const size_t *lengths ava_in ava_count(n)) ava_id(2);
int gold_names(const char **names ava_strings(3)) ava_id(3);
int gold_length(const char *name ava_string, void *p ava_out ava_bytes(strlen(name))) ava_id(4);
