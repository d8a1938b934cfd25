// SPDX-License-Identifier: Apache-2.0
/*
 * avoid.c - the calls that end the process, or never end, with PoCL 3.1 itself
 *
 * There is nothing to compare then. Each can be seen with differ --fork --try NAME.
 */
#include "differ.h"

const struct avoid avoids[] = {
	{ "wait-for-events", "clEnqueueWaitForEvents: abort, not implemented" },
	{ "set-queue-property", "clSetCommandQueueProperty: no such function, jump to 0" },
	{ "set-default-queue", "clSetDefaultDeviceCommandQueue: no such function, jump to 0" },
	{ "device-queue", "a queue on the device: abort, not implemented" },
	{ "source-null-list", "clCreateProgramWithSource with no list of strings: SIGSEGV" },
	{ "build-null-device", "clBuildProgram with NULL in the list of devices: SIGSEGV" },
	{ "compile-null-header", "clCompileProgram with a NULL header: SIGSEGV" },
	{ "compile-bad-options", "clCompileProgram with wrong options: SIGSEGV" },
	{ "binary-null-list", "clCreateProgramWithBinary with no list of binaries: SIGSEGV" },
	{ "constant-unbuilt", "clSetProgramSpecializationConstant before a build: assertion" },
	{ "compile-no-headers", "clCompileProgram with names but no list of headers: SIGSEGV" },
	{ "build-lone-option", "the options -I and -D without a word: SIGSEGV" },
	{ "link-null-program", "clLinkProgram with NULL in the list: SIGSEGV" },
	{ "link-bad-options", "clLinkProgram with wrong options: SIGSEGV" },
	{ "compile-no-source", "clCompileProgram of a program or header without source: SIGSEGV" },
	{ "compile-null-name", "clCompileProgram with a NULL name of a header: abort" },
	{ "compile-no-devices", "clCompileProgram of 1 device but no list: SIGSEGV" },
	{ "context-properties", "CL_CONTEXT_PROPERTIES with nothing wanted: SIGSEGV" },
	{ "binary-rebuild", "clBuildProgram of a program that has no source, again: assertion, or "
	  "kernels that crash" },
	{ "sub-buffer-overflow", "clCreateSubBuffer whose origin + size overflows: accepted, "
	  "writes anywhere" },
	{ "sub-buffer-rect", "sub-buffers in rectangle copies and copies from or to images: "
	  "SIGSEGV" },
	{ "sub-device-image", "images in a context of a sub-device: assertion" },
	{ "image-mip-levels", "clCreateImage with mip levels or samples: abort" },
	{ "image-origin-overflow", "image commands whose origin + region overflows: accepted, "
	  "writes anywhere" },
	{ "image-beyond", "image commands beyond the image: many are accepted, and read and write "
	  "anywhere" },
	{ "image-no-origin", "clEnqueueRead/WriteImage with no origin: SIGSEGV" },
	{ "image-pitch-small", "clEnqueueRead/WriteImage with a pitch that is too small: SIGSEGV" },
	{ "map-image-empty", "clEnqueueMapImage of an empty region: assertion" },
	{ "rect-origin-overflow", "rectangles whose origin overflows: accepted, writes anywhere" },
	{ "copy-rect-null", "clEnqueueCopyBufferRect without a buffer: SIGSEGV" },
	{ "copy-rect-empty", "clEnqueueCopyBufferRect of an empty region: SIGSEGV" },
	{ "image-null-buffer", "clEnqueueCopyImageToBuffer and back without a buffer: SIGSEGV" },
	{ "launch-null-kernel", "clEnqueueNDRangeKernel without a kernel: SIGSEGV" },
	{ "launch-count-no-list", "kernels with a wait list's length but no list: SIGSEGV" },
	{ "image-1d-buffer-commands", "commands on an image of a buffer: SIGSEGV" },
};

const size_t avoid_count = sizeof(avoids) / sizeof(*avoids);

static const char *tried;

bool avoided(const char *name)
{
	for (size_t i = 0; i < avoid_count; i++)
		if (!strcmp(avoids[i].name, name))
			return !tried || (strcmp(tried, name) && strcmp(tried, "all"));
	return false;
}

unsigned int avoid_fault(unsigned int wrong, unsigned int bad, const char *name)
{
	return wrong == bad && avoided(name) ? 0 : wrong;
}

int avoid_try(const char *name)
{
	tried = name;
	if (!strcmp(name, "all"))
		return 0;
	for (size_t i = 0; i < avoid_count; i++)
		if (!strcmp(avoids[i].name, name))
			return 0;
	return -1;
}
