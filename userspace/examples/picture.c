// SPDX-License-Identifier: Apache-2.0
/*
 * picture.c - read PNG and binary PNM, write PNG, draw the sample picture
 *
 * libpng's simplified interface converts whatever a PNG holds to 8-bit RGBA.
 * The sample is drawn with integers only, so that it is the same everywhere.
 */
#include "picture.h"

#include <ctype.h>
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE	32768u

size_t picture_bytes(const struct picture *pic)
{
	return (size_t)pic->width * pic->height * 4;
}

int picture_alloc(struct picture *pic, uint32_t width, uint32_t height)
{
	if (!width || !height || width > MAX_SIDE || height > MAX_SIDE) {
		fprintf(stderr, "a picture of %u x %u pixels: each side must be 1 to %u\n",
			width, height, MAX_SIDE);
		return -1;
	}
	pic->width = width;
	pic->height = height;
	pic->rgba = malloc(picture_bytes(pic));
	if (!pic->rgba) {
		fprintf(stderr, "no memory for a picture of %u x %u pixels\n",
			width, height);
		return -1;
	}
	return 0;
}

void picture_free(struct picture *pic)
{
	free(pic->rgba);
	memset(pic, 0, sizeof(*pic));
}

static int load_png(struct picture *pic, FILE *file, const char *path)
{
	png_image image = { .version = PNG_IMAGE_VERSION };

	if (!png_image_begin_read_from_stdio(&image, file))
		goto err_image;
	image.format = PNG_FORMAT_RGBA;
	if (picture_alloc(pic, image.width, image.height)) {
		png_image_free(&image);
		return -1;
	}
	if (!png_image_finish_read(&image, NULL, pic->rgba, 0, NULL))
		goto err_picture;
	return 0;

err_picture:
	picture_free(pic);
err_image:
	fprintf(stderr, "%s: %s\n", path, image.message);
	png_image_free(&image);
	return -1;
}

/* The next number of a PNM header, or -1; '#' starts a comment. */
static long pnm_number(FILE *file)
{
	long value = 0;
	int c = getc(file);

	while (isspace(c) || c == '#') {
		if (c == '#')
			while (c != '\n' && c != EOF)
				c = getc(file);
		c = getc(file);
	}
	if (!isdigit(c))
		return -1;
	for (; isdigit(c) && value < 1000000; c = getc(file))
		value = value * 10 + (c - '0');
	return isspace(c) ? value : -1;
}

/* P5 is grey, P6 is colour; both binary, one byte a sample. */
static int load_pnm(struct picture *pic, FILE *file, const char *path, int kind)
{
	long width = pnm_number(file);
	long height = pnm_number(file);
	long max = pnm_number(file);
	size_t samples = kind == '6' ? 3 : 1;
	uint8_t in[3];

	if (width < 1 || height < 1 || max != 255) {
		fprintf(stderr, "%s: expected width, height and 255 in the PNM header\n",
			path);
		return -1;
	}
	if (picture_alloc(pic, width, height))
		return -1;
	for (size_t i = 0; i < picture_bytes(pic); i += 4) {
		if (fread(in, samples, 1, file) != 1) {
			fprintf(stderr, "%s: the picture ends too early\n", path);
			picture_free(pic);
			return -1;
		}
		for (size_t j = 0; j < 3; j++)
			pic->rgba[i + j] = in[samples == 3 ? j : 0];
		pic->rgba[i + 3] = 255;
	}
	return 0;
}

int picture_load(struct picture *pic, const char *path)
{
	FILE *file = fopen(path, "rb");
	int magic[2];
	int ret;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	magic[0] = getc(file);
	magic[1] = getc(file);
	if (magic[0] == 'P' && (magic[1] == '5' || magic[1] == '6')) {
		ret = load_pnm(pic, file, path, magic[1]);
	} else {
		rewind(file);
		ret = load_png(pic, file, path);
	}
	fclose(file);
	return ret;
}

int picture_save(const struct picture *pic, const char *path)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = pic->width,
		.height = pic->height,
		.format = PNG_FORMAT_RGBA,
	};

	if (png_image_write_to_file(&image, path, 0, pic->rgba, 0, NULL))
		return 0;
	fprintf(stderr, "%s: %s\n", path, image.message);
	return -1;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Sky to ground, with grain. */
static void sample_background(struct picture *pic)
{
	uint32_t random = 2463534242u;
	uint8_t *p = pic->rgba;

	for (uint32_t y = 0; y < pic->height; y++)
		for (uint32_t x = 0; x < pic->width; x++, p += 4) {
			uint32_t grain = next_random(&random) & 15;

			p[0] = 40 + 120 * y / pic->height + grain;
			p[1] = 90 + 80 * x / pic->width + grain;
			p[2] = 220 - 150 * y / pic->height + grain;
			p[3] = 255;
		}
}

/* Disc number @n of @count: the colour tells them apart. */
static void sample_disc(struct picture *pic, int n, int count)
{
	int64_t side = pic->width < pic->height ? pic->width : pic->height;
	int64_t radius = side / 16 + side * n / (count * 8);
	int64_t cx = (int64_t)pic->width * (2 * n + 1) / (2 * count);
	int64_t cy = (int64_t)pic->height * (n % 3 + 1) / 4;

	for (int64_t y = 0; y < pic->height; y++)
		for (int64_t x = 0; x < pic->width; x++) {
			uint8_t *p = pic->rgba + (y * pic->width + x) * 4;
			int64_t d = (x - cx) * (x - cx) + (y - cy) * (y - cy);

			if (d > radius * radius)
				continue;
			p[0] = 255 - 35 * n;
			p[1] = 60 + 150 * d / (radius * radius + 1);
			p[2] = 30 + 40 * n;
		}
}

/* Thin and thick bars: a resolution chart along the lower edge. */
static void sample_bars(struct picture *pic)
{
	for (uint32_t y = pic->height * 7 / 8; y < pic->height; y++)
		for (uint32_t x = 0; x < pic->width; x++) {
			uint8_t *p = pic->rgba + ((size_t)y * pic->width + x) * 4;
			uint32_t period = 2 + 30 * x / pic->width;

			memset(p, x % period < period / 2 ? 255 : 0, 3);
		}
}

int picture_sample(struct picture *pic, uint32_t width, uint32_t height)
{
	const int discs = 6;

	if (picture_alloc(pic, width, height))
		return -1;
	sample_background(pic);
	for (int i = 0; i < discs; i++)
		sample_disc(pic, i, discs);
	sample_bars(pic);
	return 0;
}
