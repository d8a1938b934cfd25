/* SPDX-License-Identifier: Apache-2.0 */
/* base.h - the API of base.c */
#ifndef BASE_H
#define BASE_H

#include <stddef.h>

typedef struct base_s *base_thing;
int base_keep(base_thing t);
int base_drop(base_thing t);
int base_do(base_thing t, size_t n, const void *p);

#endif /* BASE_H */
