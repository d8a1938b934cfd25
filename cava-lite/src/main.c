// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - the command line of cava-lite
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "model.h"

static const char usage[] =
	"usage: cava-lite [options] SPEC.c\n"
	"  -o DIR         write the generated files to DIR (default: .)\n"
	"  --check        only look for mistakes, and print what is inferred\n"
	"  --print-model  print what was understood\n"
	"  --coverage     print what becomes of each entry point; --coverage=rst: as a document\n"
	"  -M FILE        write a make rule with everything that the spec includes\n"
	"  -I... -D... -std=...   as for a C compiler\n";

struct options {
	const char *out, *spec, *depfile;
	bool check, print, coverage, rst;
	VEC(const char *) cflags;
};

static bool parse_option(struct options *o, int argc, char **argv, int *i)
{
	const char *a = argv[*i];
	bool has_next = *i + 1 < argc;

	if (!strcmp(a, "--check"))
		o->check = true;
	else if (!strcmp(a, "--print-model"))
		o->print = true;
	else if (!strcmp(a, "--coverage"))
		o->coverage = true;
	else if (!strcmp(a, "--coverage=rst"))
		o->rst = true;
	else if (!strcmp(a, "-o") && has_next)
		o->out = argv[++*i];
	else if (!strcmp(a, "-M") && has_next)
		o->depfile = argv[++*i];
	else if ((!strcmp(a, "-I") || !strcmp(a, "-D")) && has_next)
		*VEC_ADD(&o->cflags) = mem_printf("%s%s", a, argv[++*i]);
	else if (!strncmp(a, "-I", 2) || !strncmp(a, "-D", 2) || !strncmp(a, "-std=", 5))
		*VEC_ADD(&o->cflags) = a;
	else if (*a == '-' || o->spec)
		return false;
	else
		o->spec = a;
	return true;
}

static bool parse_options(struct options *o, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!parse_option(o, argc, argv, &i)) {
			fprintf(stderr, "cava-lite: unexpected '%s'\n", argv[i]);
			return false;
		}
	return o->spec;
}

static bool write_part(const struct spec *spec, const char *dir, const char *suffix,
		       void (*emit)(const struct spec *spec, struct text *out))
{
	struct text t = { 0 };

	emit(spec, &t);
	return text_write(&t, mem_printf("%s/%s_%s", dir, spec->name, suffix));
}

static bool write_all(const struct spec *spec, const char *dir)
{
	if (mkdir(dir, 0777) && errno != EEXIST) {
		fprintf(stderr, "cava-lite: cannot create %s: %s\n", dir, strerror(errno));
		return false;
	}
	return write_part(spec, dir, "common.h", emit_common) &&
	       write_part(spec, dir, "guest.c", emit_guest) &&
	       write_part(spec, dir, "server.c", emit_server) &&
	       write_part(spec, dir, "table.c", emit_table) &&
	       write_part(spec, dir, "mock.c", emit_mock) &&
	       write_part(spec, dir, "guest.map", emit_version_script) &&
	       write_part(spec, dir, "coverage.txt", spec_coverage) &&
	       write_part(spec, dir, "coverage.rst", spec_coverage_rst);
}

static bool write_depfile(const struct spec *spec, const struct options *o)
{
	struct text t = { 0 };
	size_t i;

	text_add(&t, "%s/%s_common.h:", o->out, spec->name);
	for (i = 0; i < spec->files.n; i++)
		text_add(&t, " \\\n %s", spec->files.v[i]);
	text_add(&t, "\n");
	for (i = 1; i < spec->files.n; i++)
		text_add(&t, "\n%s:\n", spec->files.v[i]);
	return text_write(&t, o->depfile);
}

static void print(const struct spec *spec, void (*fn)(const struct spec *spec, struct text *out))
{
	struct text t = { 0 };

	fn(spec, &t);
	fputs(text_str(&t), stdout);
}

static int compile(const struct options *o)
{
	struct spec spec = { 0 };

	if (!spec_parse(&spec, o->spec, o->cflags.v, o->cflags.n))
		return 1;
	spec_annotate(&spec);
	if (!diag_errors())
		spec_check(&spec);
	if (diag_errors())
		return 1;
	spec_hash(&spec);
	if (o->print)
		print(&spec, spec_print);
	if (o->coverage)
		print(&spec, spec_coverage);
	if (o->rst)
		print(&spec, spec_coverage_rst);
	if (o->check || o->print || o->coverage || o->rst)
		return 0;
	if (!write_all(&spec, o->out))
		return 1;
	return o->depfile && !write_depfile(&spec, o) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options o = { .out = "." };
	int ret = 2;

	if (parse_options(&o, argc, argv))
		ret = compile(&o);
	else
		fputs(usage, stderr);
	mem_free_all();
	return ret;
}
