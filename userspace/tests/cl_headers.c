// SPDX-License-Identifier: Apache-2.0
/*
 * cl_headers.c - files of the program that a build looks for
 *
 * Naive: they are looked for where the server stands, on the server's machine.
 */
#define _GNU_SOURCE
#include "cl_test.h"

#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cl_env env;

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		printf("# %s cannot be written\n", path);
}

static cl_program from_source(const char *text)
{
	return clCreateProgramWithSource(env.context, 1, &text, NULL, NULL);
}

/* What kernel "a" of a program that was built writes. */
static cl_int result(cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "a");
	cl_mem mem = cl_test_buffer(&env, sizeof(cl_int));
	const size_t one = 1;
	cl_int value = -1;

	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clEnqueueNDRangeKernel(env.queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL);
	clEnqueueReadBuffer(env.queue, mem, CL_TRUE, 0, sizeof(value), &value, 0, NULL, NULL);
	clReleaseMemObject(mem);
	clReleaseKernel(kernel);
	return value;
}

/* A program that includes what @lines say, and writes @value, built with @options. */
static void check(const char *lines, const char *value, const char *options, cl_int want,
		  const char *what)
{
	char text[2048];
	cl_program program;
	cl_int err;

	snprintf(text, sizeof(text), "/* %s */\n%s\n"
		 "__kernel void a(__global int *o) { o[0] = %s; }\n", what, lines, value);
	program = from_source(text);
	err = clBuildProgram(program, 1, &env.device, options, NULL, NULL);
	tap(!err && result(program) == want, "%s", what);
	clReleaseProgram(program);
}

static void test_found(const char *dir)
{
	char options[2 * PATH_MAX];

	check("#include \"one.h\"\n # include <deep/three.h> // two ways\n"
	      "#include \"four.h\"\n#include \"empty.h\"\n\t#\tinclude\"loop.h\"\n"
	      "#include <same.h>",
	      "ONE + THREE + FOUR + FIVE + LOOP + SAME", "-D X=1 -I inner -cl-opt-disable -Iother",
	      1 + 3 + 4 + 5 + 8 + 11, "below the current directory, and what they include");
	snprintf(options, sizeof(options), "-I %s/inner/../other -I %s/inner", dir, dir);
	check("#include <two.h>\n#include \"one.h\"\n#include \"same.h\"", "ONE + TWO + SAME",
	      options, 1 + 2 + 12, "in absolute directories, the other way round");
}

static void test_moves(const char *dir)
{
	tap_err(chdir("inner"), 0, "the program goes elsewhere");
	check("#include \"one.h\"\n#include \"two.h\"", "ONE + TWO", "-I . -I ../other", 1 + 2,
	      "in the new directory and beside it");
	write_file("changed.h", "#define CHANGED 21\n");
	check("#include \"changed.h\"", "CHANGED", "-I . -D FIRST", 21, "a new file");
	write_file("changed.h", "#define CHANGED 22\n");
	check("#include \"changed.h\"", "CHANGED", "-I . -D SECOND", 22, "the file after a change");
	tap_err(chdir(dir), 0, "and back");
	check("#include \"same.h\"", "SAME", "-I inner -I other -D THIRD", 11, "the first of two");
	tap_err(unlink("inner/same.h"), 0, "which goes");
	check("#include \"same.h\"", "SAME", "-I inner -I other -D FOURTH", 12, "the second one");
}

static void test_missing(void)
{
	cl_program program = from_source("#include \"nowhere.h\"\n");

	tap_err(clBuildProgram(program, 1, &env.device, "-I inner -I nodir", NULL, NULL),
		CL_BUILD_PROGRAM_FAILURE, "one that is nowhere");
	clReleaseProgram(program);
}

/* The compiler speaks of the program's files by the program's names. */
static void test_said(const char *dir)
{
	char options[PATH_MAX + 100], name[PATH_MAX + 100], *log = calloc(1, 65536);
	cl_program program = from_source("#include \"wrong.h\"\n");

	snprintf(options, sizeof(options), "-I %s/inner", dir);
	snprintf(name, sizeof(name), "%s/inner/wrong.h:2", dir);
	clBuildProgram(program, 1, &env.device, options, NULL, NULL);
	clGetProgramBuildInfo(program, env.device, CL_PROGRAM_BUILD_LOG, 65536, log, NULL);
	tap(strstr(log, name) && !strstr(log, "/guest-"), "the log names file and line");
	clGetProgramBuildInfo(program, env.device, CL_PROGRAM_BUILD_OPTIONS, 65536, log, NULL);
	tap(!strcmp(log, options), "the options are the program's");
	clReleaseProgram(program);
	free(log);
}

static void test_compile(void)
{
	const char *names[] = { "embedded.h" };
	cl_program header = from_source("#include \"one.h\"\n#define MORE (ONE + 30)\n"), linked;
	cl_program program = from_source("#include \"embedded.h\"\n"
					 "__kernel void a(__global int *o) { o[0] = MORE; }\n");
	cl_int err = clCompileProgram(program, 1, &env.device, "-I inner", 1, &header, names,
				      NULL, NULL);

	tap_err(err, CL_SUCCESS, "a header of clCompileProgram includes one");
	linked = clLinkProgram(env.context, 1, &env.device, NULL, 1, &program, NULL, NULL, &err);
	tap(!err && result(linked) == 31, "and is linked");
	if (linked)
		clReleaseProgram(linked);
	clReleaseProgram(program);
	clReleaseProgram(header);
}

static void write_files(void)
{
	mkdir("inner", 0700);
	mkdir("inner/deep", 0700);
	mkdir("other", 0700);
	write_file("inner/one.h", "#define ONE 1\n");
	write_file("other/two.h", "#define TWO 2");
	write_file("inner/deep/three.h", "#include \"beside.h\"\n");
	write_file("inner/deep/beside.h", "#define THREE 3\n");
	write_file("inner/four.h", "#ifdef __OPENCL_VERSION__\n#\tinclude <five.h>\n#endif\n");
	write_file("other/five.h", "#include \"../inner/deep/six.h\"\n#define FIVE 5\n");
	write_file("inner/deep/six.h", "#define FOUR 4\n");
	write_file("inner/same.h", "#define SAME 11\n");
	write_file("other/same.h", "#define SAME 12\n");
	write_file("inner/empty.h", "");
	write_file("inner/loop.h",
		   "#ifndef LOOP\n#define LOOP BACK\n#include \"deep/back.h\"\n#endif\n");
	write_file("inner/deep/back.h", "#include \"../deep/../loop.h\"\n#define BACK 8\n");
	write_file("inner/wrong.h", "\n#error in line two\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int main(void)
{
	char dir[] = "/tmp/cl_headers.XXXXXX";

	cl_env_open(&env);
	/* Nobody else may look: the server has what it is given. */
	if (!mkdtemp(dir) || chdir(dir)) {
		printf("Bail out! no directory of our own\n");
		return 1;
	}
	write_files();
	test_found(dir);
	test_moves(dir);
	test_missing();
	test_said(dir);
	test_compile();
	cl_env_close(&env);
	if (chdir("/") || nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		printf("# %s is left\n", dir);
	return tap_end();
}
