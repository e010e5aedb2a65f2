/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "src/clock.h"
#include "src/files/file.h"

enum { FIXED = 7, FIELDS = FIXED + LOG_REPORTS, LINE_MOST = 512, HELD_MOST = 1 << 15 };

/* Lines that come faster than this are written together, seconds. */
static const double held_longest = 0.1;

static const char *const fixed_names[FIXED] = {"epoch", "lr", "temperature", "nll", "accuracy", "step_ms",
                                               "examples_per_s"};

/* The line's object and numbers are made once and set for every line. */
struct log_file {
	struct tail tail;
	char held[HELD_MOST];       /* lines that are not in the file yet */
	size_t n_held;
	double flushed_at;          /* monotonic seconds */
	int fields;
	const char *name[FIELDS];
	json_t *object, *step, *field[FIELDS];
};

static status make_object(struct log_file *l, const char *const *reports)
{
	for (l->fields = 0; l->fields < FIXED; l->fields++)
		l->name[l->fields] = fixed_names[l->fields];
	for (; *reports && l->fields < FIELDS; reports++)
		l->name[l->fields++] = *reports;
	l->object = json_object();
	l->step = json_integer(0);
	int bad = json_object_set(l->object, "step", l->step);
	for (int i = 0; i < l->fields; i++) {
		l->field[i] = json_real(0);
		bad |= json_object_set(l->object, l->name[i], l->field[i]);
	}
	return bad ? fail(ERR_MEMORY, "out of memory") : OK;
}

static status open_file(const char *path, uint64_t length, struct tail *out)
{
	/* What can't be made here is told of below. */
	if (length == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
		if (fd < 0 && errno != ELOOP)
			return fail(ERR_IO, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return tail_open(path, length, out);
}

status log_open(const char *path, uint64_t length, const char *const *reports, struct log_file **out)
{
	struct log_file *l = calloc(1, sizeof *l);
	*out = NULL;
	if (!l)
		return fail(ERR_MEMORY, "out of memory");
	l->tail.fd = -1;
	status s = open_file(path, length, &l->tail);
	if (s == OK)
		s = make_object(l, reports);
	if (s != OK) {
		(void)log_close(l);
		return s;
	}
	*out = l;
	return OK;
}

static status flush(struct log_file *l)
{
	size_t n = l->n_held;
	l->n_held = 0;
	return n ? tail_write(&l->tail, l->held, n) : OK;
}

status log_write(struct log_file *l, const struct log_line *line)
{
	double value[FIELDS] = {line->epoch, line->lr, line->temperature, line->nll, line->accuracy, line->step_ms,
	                        line->examples_per_s};
	memcpy(value + FIXED, line->report, sizeof line->report);
	char *text = l->held + l->n_held;
	double now = clock_seconds();
	json_integer_set(l->step, (json_int_t)line->step);
	for (int i = 0; i < l->fields; i++) {
		if (isfinite(value[i]))
			json_real_set(l->field[i], value[i]);
		if (json_object_set(l->object, l->name[i], isfinite(value[i]) ? l->field[i] : json_null()))
			return fail(ERR_MEMORY, "out of memory");
	}
	/* Ten digits: these are measurements, for people and plots. */
	size_t n = json_dumpb(l->object, text, LINE_MOST - 1, JSON_COMPACT | JSON_REAL_PRECISION(10));
	if (n == 0)
		return fail(ERR_MEMORY, "%s: out of memory", l->tail.path);
	if (n >= LINE_MOST)
		return fail(ERR_IO, "%s: a line of more than %d bytes", l->tail.path, LINE_MOST);
	text[n] = '\n';
	l->n_held += n + 1;
	if (now - l->flushed_at < held_longest && l->n_held + LINE_MOST <= HELD_MOST)
		return OK;
	l->flushed_at = now;
	return flush(l);
}

status log_sync(struct log_file *l)
{
	TRY(flush(l));
	return tail_sync(&l->tail);
}

uint64_t log_length(const struct log_file *l)
{
	return l->tail.length;
}

status log_close(struct log_file *l)
{
	if (!l)
		return OK;
	json_decref(l->object);
	json_decref(l->step);
	for (int i = 0; i < l->fields; i++)
		json_decref(l->field[i]);
	status s = l->tail.fd >= 0 ? flush(l) : OK, closed = tail_close(&l->tail);
	free(l);
	return s != OK ? s : closed;
}
