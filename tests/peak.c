/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* peak FILE COMMAND…: runs a command, writes into FILE how many KiB of memory it had at most, and ends with its exit
 * status. For many.t. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage use;
	int status;
	if (argc < 3)
		return 99;
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(99);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) != pid)
		return 99;
	FILE *to = fopen(argv[1], "w");
	if (!to || fprintf(to, "%ld\n", use.ru_maxrss) < 0 || fclose(to))
		return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
