/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture.h - an image in memory, 8 bits each of red, green, blue, alpha
 */
#ifndef AVA_EXAMPLES_PICTURE_H
#define AVA_EXAMPLES_PICTURE_H

#include <stddef.h>
#include <stdint.h>

struct picture {
	uint32_t width;
	uint32_t height;
	uint8_t *rgba;	/* rows without padding, 4 bytes a pixel */
};

size_t picture_bytes(const struct picture *pic);

/* All return 0, or -1 after saying on stderr what was wrong with @path. */
int picture_alloc(struct picture *pic, uint32_t width, uint32_t height);
int picture_load(struct picture *pic, const char *path);	/* PNG, or binary PNM */
int picture_save(const struct picture *pic, const char *path);	/* PNG */

/* A picture to try filters on, always the same: shapes, gradients, noise, text-like edges. */
int picture_sample(struct picture *pic, uint32_t width, uint32_t height);

void picture_free(struct picture *pic);

#endif /* AVA_EXAMPLES_PICTURE_H */
