// SPDX-License-Identifier: Apache-2.0
/*
 * standin_server.c - a server that tells the avad tests how it was started
 *
 * Writes a report to its context, then does what its context says: 'x' exit,
 * 'k' be killed, 'f' start a process that would outlive it, 'w' write a tree
 * into its work directory, 'o' exit unless all else is read-only; ends when the
 * context is gone.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void report_fds(FILE *out)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			fprintf(out, "fd=%s\n", entry->d_name);
	closedir(dir);
}

static void report(FILE *out, char **argv)
{
	struct rlimit rlim;
	sigset_t mask;
	int i;

	for (i = 1; argv[i]; i++)
		fprintf(out, "arg=%s\n", argv[i]);
	for (i = 0; environ[i]; i++)
		fprintf(out, "env=%s\n", environ[i]);
	report_fds(out);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	getrlimit(RLIMIT_NOFILE, &rlim);
	fprintf(out, "pid=%d\nsid=%d\nblocked=%d\nnofile=%llu\ninit=%d\n", getpid(), getsid(0),
		sigismember(&mask, SIGTERM), (unsigned long long)rlim.rlim_cur,
		!access("/proc/1/stat", F_OK));
	fprintf(out, "end\n");
}

static const char *work_dir(char **argv)
{
	for (; *argv; argv++)
		if (!strncmp(*argv, "--work-dir=", 11))
			return *argv + 11;
	return NULL;
}

/* As the server runtime does; held until the process ends. */
static void lock_work_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) || chdir(path))
		exit(9);
}

static void write_tree(void)
{
	char name[16];
	int i, fd;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0);
		close(fd);
		if (symlink("/etc", "link") || mkdir("d", 0700) || chdir("d"))
			exit(8);
	}
}

/* As root that is more than a server will be. */
static void try_outside(void)
{
	static const char *const paths[] = { "../../probe", "../probe", "/tmp/ava-probe" };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (open(paths[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0 || errno != EROFS)
			exit(10);
	/* Nor through what keeps the directory below. */
	if (openat(4, "probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0 || errno != EROFS)
		exit(11);
	if (open("../../shared/probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0)
		exit(12);
}

int main(int argc, char **argv)
{
	static char buf[65536];
	FILE *out = fmemopen(buf, sizeof(buf), "w");
	char command;

	(void)argc;
	report(out, argv);
	fclose(out);
	lock_work_dir(work_dir(argv));
	if (write(3, buf, strlen(buf)) < 0)
		return 7;
	while (read(3, &command, 1) == 1) {
		if (command == 'x')
			return 5;
		if (command == 'k')
			raise(SIGKILL);
		if (command == 'f' && !fork())
			for (;;)
				pause();
		if (command == 'w')
			write_tree();
		if (command == 'o')
			try_outside();
		if (write(3, &command, 1) != 1)
			return 6;
	}
	return 0;
}
