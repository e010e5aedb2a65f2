/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/log_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/files/file.h"

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

/* A number, or null for what was not finite, of what log_write writes. */
static bool take_value(const char **at, double *out)
{
	char *end;
	*out = (double)NAN;
	if (strncmp(*at, "null", 4) == 0) {
		*at += 4;
		return true;
	}
	const size_t n = strspn(*at, "0123456789.eE+-");
	const double x = strtod(*at, &end);
	if (n == 0 || end != *at + n)
		return false;
	*out = x;
	*at = end;
	return true;
}

/* What a line has so far: its step, and numbers by the names that are wanted. */
struct taken {
	double step, value[LOG_REPORTS];
};

static void take_named(struct taken *t, const char *const *names, const char *name, size_t length, double x)
{
	if (length == 4 && memcmp(name, "step", 4) == 0)
		t->step = x;
	for (int i = 0; names[i]; i++)
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
			t->value[i] = x;
}

/* {"step":1200,"epoch":1.5,…}, as log_write has it, in memory that nothing else is taken for; names are of letters and _. */
static bool take_object(const char *at, const char *const *names, struct taken *out)
{
	*out = (struct taken){.step = (double)NAN};
	for (int i = 0; i < LOG_REPORTS; i++)
		out->value[i] = (double)NAN;
	for (char before = '{'; *at == before; before = ',') {
		double x;
		if (*++at != '"')
			return false;
		const char *name = ++at;
		at += strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		const size_t length = (size_t)(at - name);
		if (strncmp(at, "\":", 2) != 0)
			return false;
		at += 2;
		if (!take_value(&at, &x))
			return false;
		take_named(out, names, name, length, x);
	}
	return strcmp(at, "}") == 0;
}

/* A line, which ends with a zero; its step has to be beyond `last`. */
static status take_line(const char *line, uint64_t beyond, uint64_t *last, const char *const *names, struct log_series *out)
{
	struct taken t;
	if (!take_object(line, names, &t))
		return fail(ERR_DAMAGE, "not a line of a log");
	if (!(t.step > (double)*last && t.step < 0x1p53))
		return fail(ERR_DAMAGE, "no step beyond that of the line before");
	*last = (uint64_t)t.step;
	if (*last <= beyond)
		return OK;
	out->step[out->n] = *last;
	for (int i = 0; names[i]; i++)
		out->value[i][out->n] = t.value[i];
	out->n++;
	return OK;
}

static status take_lines(struct part *p, uint64_t beyond, const char *const *names, struct arena *a, struct log_series *out)
{
	const size_t lines = count_lines(p);
	uint64_t last = 0;
	TRY(ARENA_NEW(a, lines, &out->step));
	for (int i = 0; names[i]; i++)
		TRY(ARENA_NEW(a, lines, &out->value[i]));
	for (size_t at = 0; at < p->n;) {
		char *end = memchr(p->text + at, '\n', p->n - at);
		*end = '\0';
		status s = take_line(p->text + at, beyond, &last, names, out);
		if (s != OK)
			return fail_within(s, "%s: at byte %llu: ", p->path, (unsigned long long)(p->from + at));
		at = (size_t)(end - p->text) + 1;
	}
	return OK;
}

status log_path_beside(const char *snaps, struct arena *a, char **out)
{
	static const char ending[] = ".snaps";
	const size_t n = strlen(snaps), most = sizeof ending - 1;
	*out = NULL;
	if (n <= most || strcmp(snaps + n - most, ending) != 0)
		return OK;
	return arena_text(a, out, "%.*s.log.jsonl", (int)(n - most), snaps);
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
