// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_programs.c - binaries in another process, build logs, headers, links
 *
 * "cl_sem_programs load FILE" loads the binary that another process wrote.
 */
#include "cl_test.h"

#include <sys/wait.h>
#include <unistd.h>

static const char source[] =
"#ifndef TIMES\n"
"#define TIMES 3\n"
"#endif\n"
"__kernel void times(__global int *a) { a[get_global_id(0)] *= TIMES; }\n";

static cl_program program_of(const struct cl_env *env, const char *text)
{
	return clCreateProgramWithSource(env->context, 1, &text, NULL, NULL);
}

static bool times_works(const struct cl_env *env, cl_program program, int factor)
{
	const int in[4] = { 1, 2, 3, 4 };
	const int want[4] = { factor, 2 * factor, 3 * factor, 4 * factor };
	cl_mem mem = cl_test_buffer(env, 16);
	cl_kernel kernel;
	bool good;
	cl_int err;

	kernel = clCreateKernel(program, "times", &err);
	if (err) {
		printf("# clCreateKernel: %s\n", cl_name(err));
		return false;
	}
	clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, 16, in, 0, NULL, NULL);
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ 4 }, NULL, 0, NULL,
			       NULL);
	good = cl_test_holds(env, mem, 0, 16, want);
	clReleaseKernel(kernel);
	clReleaseMemObject(mem);
	return good;
}

/* The vendor's threads keep the kernel of a command for a moment after the command's end. */
static void wait_for_kernels(cl_program program)
{
	double end = cl_test_seconds() + 100;
	cl_uint refs = 2;

	while (refs > 1 && cl_test_seconds() < end)
		clGetProgramInfo(program, CL_PROGRAM_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
}

static unsigned char *binary_of(cl_program program, size_t *size)
{
	unsigned char *binary = NULL;

	*size = 0;
	clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(*size), size, NULL);
	binary = malloc(*size + 1);
	if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL))
		*size = 0;
	return binary;
}

/* The other process: 0 if the binary in @path gives a program that works. */
static int load(const char *path)
{
	static unsigned char bytes[1 << 20];
	const unsigned char *binary = bytes;
	cl_int status = 1, err;
	cl_program program;
	struct cl_env env;
	size_t size;
	FILE *file = fopen(path, "rb");

	if (!file)
		return 10;
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	cl_env_open(&env);
	program = clCreateProgramWithBinary(env.context, 1, &env.device, &size, &binary,
					    &status, &err);
	if (err || status)
		return 11;
	if (clBuildProgram(program, 0, NULL, "", NULL, NULL))
		return 12;
	if (!times_works(&env, program, 5))
		return 13;
	clReleaseProgram(program);
	cl_env_close(&env);
	return 0;
}

/* Naive: a binary is a handle of this server, or of this process. */
static void test_other_process(const struct cl_env *env)
{
	char path[] = "/tmp/cl_sem_programs.XXXXXX";
	cl_program program = program_of(env, source);
	int fd = mkstemp(path), status = -1;
	unsigned char *binary;
	size_t size;
	pid_t child;

	clBuildProgram(program, 0, NULL, "-DTIMES=5", NULL, NULL);
	binary = binary_of(program, &size);
	tap(size > 0, "a program's binary");
	tap(fd >= 0 && write(fd, binary, size) == (ssize_t)size, "is written to a file");
	close(fd);
	child = fork();
	if (!child) {
		execl("/proc/self/exe", "cl_sem_programs", "load", path, NULL);
		_exit(99);
	}
	waitpid(child, &status, 0);
	tap(WIFEXITED(status) && !WEXITSTATUS(status), "and works in another process: %d",
	    WEXITSTATUS(status));
	unlink(path);
	free(binary);
	clReleaseProgram(program);
}

/* Naive: one size for all, or the whole array where only some pointers are set. */
static void test_wrong_binaries(const struct cl_env *env)
{
	static const unsigned char junk[64] = "no binary of anything";
	const unsigned char *binary = junk;
	cl_int status = 77, err = 0;
	size_t size = sizeof(junk);
	cl_program program;

	program = clCreateProgramWithBinary(env->context, 1, &env->device, &size, &binary,
					    &status, &err);
	tap(!program == !!err, "junk as a binary: %s, %s", cl_name(err), cl_name(status));
	size = 0;
	status = 77;
	program = clCreateProgramWithBinary(env->context, 1, &env->device, &size, &binary,
					    &status, &err);
	tap(!program, "an empty binary: %s, %s", cl_name(err), cl_name(status));
	size = 64;
	binary = NULL;
	status = 77;
	program = clCreateProgramWithBinary(env->context, 1, &env->device, &size, &binary,
					    &status, &err);
	tap(!program, "no binary: %s, %s", cl_name(err), cl_name(status));
}

/* Naive: the log is that of the last build of anything, or cut at some length. */
static void test_logs(const struct cl_env *env)
{
	cl_program bad, good;
	char *text = malloc(300000), *log;
	size_t size = 0, again = 0;
	cl_build_status status = 77;
	cl_int err;

	strcpy(text, "__kernel void broken(__global int *a)\n{\n");
	for (int i = 0; i < 30; i++)
		sprintf(text + strlen(text), "\ta[%d] = unknown_thing_%d;\n", i, i);
	strcat(text, "}\n");
	bad = program_of(env, text);
	good = program_of(env, source);
	err = clBuildProgram(bad, 0, NULL, "", NULL, NULL);
	tap(err, "a program that is wrong: %s", cl_name(err));
	tap_err(clBuildProgram(good, 0, NULL, "", NULL, NULL), CL_SUCCESS, "one that is not");
	clGetProgramBuildInfo(bad, env->device, CL_PROGRAM_BUILD_STATUS, sizeof(status),
			      &status, NULL);
	tap(status == CL_BUILD_ERROR, "CL_BUILD_ERROR");
	clGetProgramBuildInfo(bad, env->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
	log = calloc(1, size + 2);
	log[size] = 0x55;
	clGetProgramBuildInfo(bad, env->device, CL_PROGRAM_BUILD_LOG, size, log, &again);
	tap(size == again && log[size] == 0x55, "the log's length");
	tap(strlen(log) + 1 == size, "it ends where it says");
	tap(strstr(log, "unknown_thing_0") != NULL, "it names the first mistake");
	err = clGetProgramBuildInfo(bad, env->device, CL_PROGRAM_BUILD_LOG, 3, log, NULL);
	tap_err(err, CL_INVALID_VALUE, "too little room for it");
	tap(!clCreateKernel(bad, "broken", &err), "no kernel of a wrong program");
	tap_err(err, CL_INVALID_PROGRAM_EXECUTABLE, "clCreateKernel");
	free(log);
	free(text);
	clReleaseProgram(bad);
	clReleaseProgram(good);
}

static void test_rebuild(const struct cl_env *env)
{
	cl_program program = program_of(env, source);
	char options[64] = "";
	cl_kernel kernel;
	cl_int err;

	clBuildProgram(program, 0, NULL, "-DTIMES=7", NULL, NULL);
	tap(times_works(env, program, 7), "built with an option");
	wait_for_kernels(program);
	/* Naive: what is known of a program outlives its next build. */
	err = clBuildProgram(program, 0, NULL, "-DTIMES=9", NULL, NULL);
	tap_err(err, CL_SUCCESS, "and again with another");
	tap(times_works(env, program, 9), "the new one holds");
	wait_for_kernels(program);
	clGetProgramBuildInfo(program, env->device, CL_PROGRAM_BUILD_OPTIONS, sizeof(options),
			      options, NULL);
	tap(!strcmp(options, "-DTIMES=9"), "CL_PROGRAM_BUILD_OPTIONS");
	kernel = cl_test_kernel(program, "times");
	err = clBuildProgram(program, 0, NULL, "", NULL, NULL);
	tap(true, "a build while there is a kernel: %s", cl_name(err));
	clReleaseKernel(kernel);
	err = clBuildProgram(program, 0, NULL, "--no-such-option", NULL, NULL);
	tap(true, "an unknown option: %s", cl_name(err));
	clReleaseProgram(program);
}

/* Naive: a list of strings is one string, or its lengths are all 0. */
static void test_strings(const struct cl_env *env)
{
	const char *parts[5] = {
		"__kernel void", " times(__global int *a)XXXX", "{ a[get_global_id(0)]",
		"", " *= 4; }",
	};
	const size_t lengths[5] = { 0, 23, 21, 0, 0 };
	const char *none[2] = { "x", NULL };
	char text[256] = "";
	cl_program program;
	cl_int err;

	program = clCreateProgramWithSource(env->context, 5, parts, lengths, &err);
	tap_err(err, CL_SUCCESS, "a program of five strings");
	clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof(text), text, NULL);
	tap(!strcmp(text, "__kernel void times(__global int *a){ a[get_global_id(0)] *= 4; }"),
	    "CL_PROGRAM_SOURCE is all of it");
	clBuildProgram(program, 0, NULL, NULL, NULL, NULL);
	tap(times_works(env, program, 4), "it works");
	clReleaseProgram(program);
	tap(!clCreateProgramWithSource(env->context, 2, none, NULL, &err), "a string missing");
	tap_err(err, CL_INVALID_VALUE, "clCreateProgramWithSource");
}

static void test_headers(const struct cl_env *env)
{
	const char *names[2] = { "factor.h", "dir/more.h" };
	cl_program headers[2] = {
		program_of(env, "#include \"dir/more.h\"\n#define FACTOR (MORE + 1)\n"),
		program_of(env, "#define MORE 10\n"),
	};
	cl_program part, whole;
	cl_int err;

	part = program_of(env, "#include \"factor.h\"\n"
			  "__kernel void times(__global int *a) "
			  "{ a[get_global_id(0)] *= FACTOR; }\n");
	err = clCompileProgram(part, 0, NULL, "", 2, headers, names, NULL, NULL);
	tap_err(err, CL_SUCCESS, "clCompileProgram with two headers");
	/* Naive: a header's handle is kept as a number when the header is gone. */
	clReleaseProgram(headers[0]);
	clReleaseProgram(headers[1]);
	whole = clLinkProgram(env->context, 0, NULL, "", 1, &part, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, "clLinkProgram");
	clReleaseProgram(part);
	tap(whole && times_works(env, whole, 11), "the linked program works");
	clReleaseProgram(whole);
}

static void test_link_two(const struct cl_env *env)
{
	cl_program parts[2] = {
		program_of(env, "int factor(int x) { return 2 * x + 1; }\n"),
		program_of(env, "int factor(int x);\n__kernel void times(__global int *a) "
			   "{ a[get_global_id(0)] *= factor(6); }\n"),
	}, whole, library;
	cl_program_binary_type type = 0;
	cl_int err = 0;

	for (int i = 0; i < 2; i++)
		err |= clCompileProgram(parts[i], 0, NULL, "", 0, NULL, NULL, NULL, NULL);
	tap_err(err, CL_SUCCESS, "two programs are compiled");
	clGetProgramBuildInfo(parts[0], env->device, CL_PROGRAM_BINARY_TYPE, sizeof(type),
			      &type, NULL);
	tap(type == CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT, "CL_PROGRAM_BINARY_TYPE");
	whole = clLinkProgram(env->context, 0, NULL, "", 2, parts, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, "and linked");
	tap(whole && times_works(env, whole, 13), "they work together");
	clReleaseProgram(whole);
	library = clLinkProgram(env->context, 0, NULL, "-create-library", 1, parts, NULL, NULL,
				&err);
	tap(!library == !!err, "a library: %s", cl_name(err));
	if (library) {
		clGetProgramBuildInfo(library, env->device, CL_PROGRAM_BINARY_TYPE,
				      sizeof(type), &type, NULL);
		tap(true, "its type: %#x", type);
		clReleaseProgram(library);
	}
	clReleaseProgram(parts[0]);
	clReleaseProgram(parts[1]);
}

static void test_other_sources(const struct cl_env *env)
{
	static const uint32_t spirv[5] = { 0x07230203, 0x10000, 0, 1, 0 };
	cl_program program;
	cl_int err = 0;

	program = clCreateProgramWithIL(env->context, spirv, sizeof(spirv), &err);
	tap(!program == !!err, "clCreateProgramWithIL: %s", cl_name(err));
	if (program)
		clReleaseProgram(program);
	err = 0;
	program = clCreateProgramWithBuiltInKernels(env->context, 1, &env->device, "nobody",
						    &err);
	tap(!program, "clCreateProgramWithBuiltInKernels: %s", cl_name(err));
	tap_err(clUnloadCompiler(), CL_SUCCESS, "clUnloadCompiler");
	tap_err(clUnloadPlatformCompiler(env->platform), CL_SUCCESS,
		"clUnloadPlatformCompiler");
}

/* What is told where there is not room enough is the vendor's; the value stays as it was. */
static void test_no_room(const struct cl_env *env)
{
	static const cl_program_info names[] = {
		CL_PROGRAM_KERNEL_NAMES, CL_PROGRAM_SOURCE, CL_PROGRAM_NUM_KERNELS,
		CL_PROGRAM_DEVICES, CL_PROGRAM_BINARY_SIZES,
	};
	cl_program program = cl_test_build(env, "kernel void nothing(void) { }", "");
	char value[2];
	size_t i, told;
	cl_int err;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		told = 4711;
		memset(value, '.', sizeof(value));
		err = clGetProgramInfo(program, names[i], 1, value, &told);
		tap(err, "info %x into a byte: %s, size %zu, %d %d", names[i], cl_name(err), told,
		    value[0], value[1]);
	}
	clReleaseProgram(program);
}

/* ---- functions that are told of a build's end ----------------------------------------- */

struct told {
	int times;
	cl_program program;
	cl_device_id device;
	cl_build_status status;
	cl_int err;
	bool has_log;
};

static void CL_CALLBACK tell(cl_program program, void *data)
{
	struct told *t = data;
	size_t size = 0;

	t->times++;
	t->program = program;
	if (!program)
		return;
	t->err = clGetProgramBuildInfo(program, t->device, CL_PROGRAM_BUILD_STATUS,
				       sizeof(t->status), &t->status, NULL);
	clGetProgramBuildInfo(program, t->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
	t->has_log = size > 1;
}

static void told_of(const char *what, const struct told *t, cl_program program, cl_int err)
{
	tap(true, "%s: %s, told %d times, of %s", what, cl_name(err), t->times,
	    !t->program ? "nothing" : t->program == program ? "it" : "another");
	if (t->program)
		tap(true, "status %d, %s, %s", t->status, cl_name(t->err),
		    t->has_log ? "a log" : "no log");
}

/* Naive: a function is told only of what went well, or is forgotten with the failed call. */
static void test_told(const struct cl_env *env)
{
	cl_program good = program_of(env, source), bad = program_of(env, "__kernel oops"), program;
	struct told t = { .device = env->device };
	cl_int err;

	told_of("a build", &t, good, clBuildProgram(good, 0, NULL, "", tell, &t));
	t = (struct told){ .device = env->device };
	told_of("a wrong build", &t, bad, clBuildProgram(bad, 0, NULL, "", tell, &t));
	t = (struct told){ .device = env->device };
	err = clCompileProgram(bad, 0, NULL, "", 0, NULL, NULL, tell, &t);
	told_of("a wrong compilation", &t, bad, err);
	t = (struct told){ .device = env->device };
	told_of("a build for no devices", &t, good, clBuildProgram(good, 1, NULL, "", tell, &t));
	t = (struct told){ .device = env->device };
	err = clBuildProgram(good, 0, NULL, "", NULL, &t);
	tap(true, "data for no function: %s", cl_name(err));
	clCompileProgram(good, 0, NULL, "", 0, NULL, NULL, NULL, NULL);
	program = clLinkProgram(env->context, 0, NULL, "", 1, &good, tell, &t, &err);
	told_of("a link", &t, program, err);
	clReleaseProgram(program);
	clReleaseProgram(good);
	clReleaseProgram(bad);
}

/* Naive: there is an end to how many strings a source may have. */
static void test_many_strings(const struct cl_env *env)
{
	enum { MANY = 40000 };
	const char **strings = calloc(MANY + 2, sizeof(*strings));
	cl_program program;
	size_t size = 0;
	cl_int err;

	strings[0] = "__kernel void times(__global int *a) {\n";
	for (int i = 1; i <= MANY; i++)
		strings[i] = i % 1000 ? "\n" : "a[get_global_id(0)] += 0;\n";
	strings[MANY + 1] = "a[get_global_id(0)] *= 5; }\n";
	program = clCreateProgramWithSource(env->context, MANY + 2, strings, NULL, &err);
	tap_err(err, CL_SUCCESS, "a source of 40002 strings");
	clGetProgramInfo(program, CL_PROGRAM_SOURCE, 0, NULL, &size);
	tap(true, "%zu bytes", size);
	tap_err(clBuildProgram(program, 0, NULL, "", NULL, NULL), CL_SUCCESS, "is built");
	tap(times_works(env, program, 5), "and works");
	clReleaseProgram(program);
	free(strings);
}

int main(int argc, char **argv)
{
	struct cl_env env;

	if (argc == 3 && !strcmp(argv[1], "load"))
		return load(argv[2]);
	cl_env_open(&env);
	test_other_process(&env);
	test_wrong_binaries(&env);
	test_logs(&env);
	test_rebuild(&env);
	test_strings(&env);
	test_headers(&env);
	test_link_two(&env);
	test_other_sources(&env);
	test_no_room(&env);
	test_told(&env);
	test_many_strings(&env);
	cl_env_close(&env);
	return tap_end();
}
