/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/log_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "src/files/file.h"
#include "src/json_build.h"

/* The part of a log that is looked at. */
struct part {
	const char *path;
	char *text;
	uint64_t from;      /* place of its first byte in the file */
	size_t n;
};

/* The last `most` bytes of a file, from the first line that begins among them, to the end of the last whole one. */
static status load(int fd, uint64_t bytes, uint64_t most, struct part *p)
{
	p->from = most && bytes > most ? bytes - most : 0;
	p->n = (size_t)(bytes - p->from);
	TRY(file_memory(p->path, p->n, &p->text));
	TRY(file_read(fd, p->path, p->from, p->text, p->n));
	while (p->n > 0 && p->text[p->n - 1] != '\n')
		p->n--;
	if (p->from == 0)
		return OK;
	const char *end = memchr(p->text, '\n', p->n);
	const size_t skipped = end ? (size_t)(end - p->text) + 1 : p->n;
	memmove(p->text, p->text + skipped, p->n - skipped);
	p->n -= skipped;
	p->from += skipped;
	return OK;
}

static size_t count_lines(const struct part *p)
{
	size_t lines = 0;
	for (size_t i = 0; i < p->n; i++)
		lines += p->text[i] == '\n';
	return lines;
}

static double number_of(const json_t *line, const char *name)
{
	const json_t *x = json_object_get(line, name);
	return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

/* The line of n bytes at `at`; its step has to be beyond `last`. */
static status take_line(const struct part *p, size_t at, size_t n, uint64_t beyond, uint64_t *last, const char *const *names,
                        struct log_series *out)
{
	errno = 0;
	json_t *line = json_loadb(p->text + at, n, 0, NULL);
	const json_int_t step = json_integer_value(json_object_get(line, "step"));
	const bool good = step > 0 && (uint64_t)step > *last;
	if (!good) {
		json_decref(line);
		return line ? fail(ERR_DAMAGE, "no step beyond that of the line before") : json_failed(ERR_DAMAGE, "not a line of a log");
	}
	*last = (uint64_t)step;
	if (*last > beyond) {
		out->step[out->n] = *last;
		for (int i = 0; names[i]; i++)
			out->value[i][out->n] = number_of(line, names[i]);
		out->n++;
	}
	json_decref(line);
	return OK;
}

static status take_lines(const struct part *p, uint64_t beyond, const char *const *names, struct arena *a, struct log_series *out)
{
	const size_t lines = count_lines(p);
	uint64_t last = 0;
	TRY(ARENA_NEW(a, lines, &out->step));
	for (int i = 0; names[i]; i++)
		TRY(ARENA_NEW(a, lines, &out->value[i]));
	for (size_t at = 0; at < p->n;) {
		const size_t n = (size_t)((const char *)memchr(p->text + at, '\n', p->n - at) - p->text) - at;
		status s = take_line(p, at, n, beyond, &last, names, out);
		if (s != OK)
			return fail_within(s, "%s: at byte %llu: ", p->path, (unsigned long long)(p->from + at));
		at += n + 1;
	}
	return OK;
}

status log_read(const char *path, uint64_t beyond, uint64_t most, const char *const *names, struct arena *a, struct log_series *out)
{
	struct part p = {.path = path};
	uint64_t bytes;
	bool present;
	int fd;
	*out = (struct log_series){.n = 0};
	TRY(file_present(path, &present));
	if (!present)
		return OK;
	TRY(file_open(path, &fd, &bytes));
	status s = load(fd, bytes, most, &p);
	close(fd);
	if (s == OK)
		s = take_lines(&p, beyond, names, a, out);
	free(p.text);
	return s;
}

double log_mean(const double *x, size_t n)
{
	double sum = 0;
	size_t finite = 0;
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i])) {
			sum += x[i];
			finite++;
		}
	return finite ? sum / (double)finite : (double)NAN;
}
