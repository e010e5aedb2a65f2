/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/files.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tap.h"

const char *scratch_path(const char *name)
{
	static struct arena kept;
	char *path;
	MUST(arena_text(&kept, &path, "%s/%s", scratch_folder(), name));
	return path;
}

static void need(int condition, const char *path)
{
	if (condition)
		return;
	perror(path);
	exit(99);
}

uint8_t *slurp(const char *path, size_t *bytes)
{
	FILE *f = fopen(path, "rb");
	need(f && fseek(f, 0, SEEK_END) == 0, path);
	long n = ftell(f);
	need(n >= 0, path);
	rewind(f);
	uint8_t *data = malloc((size_t)n + 1);
	need(data && fread(data, 1, (size_t)n, f) == (size_t)n, path);
	fclose(f);
	*bytes = (size_t)n;
	return data;
}

void spit(const char *path, const void *data, size_t bytes)
{
	/* Written over and then cut: a file that is emptied first is flushed to disk by some file systems. */
	int fd = open(path, O_WRONLY | O_CREAT, 0666);
	need(fd >= 0 && write(fd, data, bytes) == (ssize_t)bytes && ftruncate(fd, (off_t)bytes) == 0, path);
	close(fd);
}

int with_file_limit(size_t bytes, int (*work)(void *), void *context)
{
	fflush(stdout);
	pid_t pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		struct rlimit limit = {bytes, bytes};
		signal(SIGXFSZ, SIG_IGN);
		need(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
		_exit(work(context));
	}
	int wait_status;
	need(waitpid(pid, &wait_status, 0) == pid, "waitpid");
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 255;
}

void small_model_open(struct small_model *m, int with_stats)
{
	*m = (struct small_model){0};
	MUST(segments_add(&m->params, &m->arena, "conv.weight", 4, (int64_t[]){3, 2, 2, 2}, INIT_CONSTANT, 0, NULL));
	MUST(segments_add(&m->params, &m->arena, "fc.weight", 2, (int64_t[]){4, 3}, INIT_CONSTANT, 0, NULL));
	MUST(segments_add(&m->params, &m->arena, "fc.bias", 1, (int64_t[]){4}, INIT_CONSTANT, 0, NULL));
	if (with_stats) {
		MUST(segments_add(&m->stats, &m->arena, "bn.running_mean", 1, (int64_t[]){3}, INIT_CONSTANT, 0, NULL));
		MUST(segments_add(&m->stats, &m->arena, "bn.running_var", 1, (int64_t[]){3}, INIT_CONSTANT, 0, NULL));
		MUST(segments_add(&m->stats, &m->arena, "bn.num_batches_tracked", 0, NULL, INIT_CONSTANT, 0, NULL));
	}
	for (int i = 0; i < 40; i++) {
		m->theta[i] = (float)i + 0.25f;
		m->anchor[i] = -(float)i / 8;
	}
	for (int i = 0; i < 6; i++)
		m->running[i] = 1 / (float)(i + 3);
	m->running[6] = 2000;
	m->meta = json_pack("{s:{s:s}, s:{s:s, s:f}, s:i, s:i, s:n, s:s}", "model", "kind", "test", "sampler", "name",
	                    "entropy-mcmc", "lr", 0.1, "seed", 1, "chain", 0, "data", "target", "exp(−(N/T) u(θ))");
}

void small_model_close(struct small_model *m)
{
	json_decref(m->meta);
	arena_free(&m->arena);
}
