/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "file.h"

enum { FIELDS = 7, LINE_MOST = 512 };

static const char *const field_names[FIELDS] = {"epoch", "lr", "temperature", "nll", "accuracy", "step_ms",
                                                "examples_per_s"};

/* The line's object and numbers are made once and set for every line. */
struct log_file {
	struct tail tail;
	json_t *object, *step, *field[FIELDS];
};

static status make_object(struct log_file *l)
{
	l->object = json_object();
	l->step = json_integer(0);
	int bad = json_object_set(l->object, "step", l->step);
	for (int i = 0; i < FIELDS; i++) {
		l->field[i] = json_real(0);
		bad |= json_object_set(l->object, field_names[i], l->field[i]);
	}
	return bad ? fail(ERR_MEMORY, "out of memory") : OK;
}

static status open_file(const char *path, uint64_t length, struct tail *out)
{
	if (length == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			return fail(ERR_IO, "%s: %s", path, strerror(errno));
		close(fd);
	}
	return tail_open(path, length, out);
}

status log_open(const char *path, uint64_t length, struct log_file **out)
{
	struct log_file *l = calloc(1, sizeof *l);
	*out = NULL;
	if (!l)
		return fail(ERR_MEMORY, "out of memory");
	l->tail.fd = -1;
	status s = open_file(path, length, &l->tail);
	if (s == OK)
		s = make_object(l);
	if (s != OK) {
		(void)log_close(l);
		return s;
	}
	*out = l;
	return OK;
}

status log_write(struct log_file *l, const struct log_line *line)
{
	const double value[FIELDS] = {line->epoch, line->lr, line->temperature, line->nll, line->accuracy, line->step_ms,
	                              line->examples_per_s};
	char text[LINE_MOST];
	json_integer_set(l->step, (json_int_t)line->step);
	for (int i = 0; i < FIELDS; i++) {
		if (isfinite(value[i]))
			json_real_set(l->field[i], value[i]);
		if (json_object_set(l->object, field_names[i], isfinite(value[i]) ? l->field[i] : json_null()))
			return fail(ERR_MEMORY, "out of memory");
	}
	/* Ten digits: these are measurements, for people and plots. */
	size_t n = json_dumpb(l->object, text, sizeof text - 1, JSON_COMPACT | JSON_REAL_PRECISION(10));
	if (n == 0 || n >= sizeof text)
		return fail(ERR_IO, "%s: a line of more than %d bytes", l->tail.path, LINE_MOST);
	text[n] = '\n';
	return tail_write(&l->tail, text, n + 1);
}

status log_sync(struct log_file *l)
{
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
	for (int i = 0; i < FIELDS; i++)
		json_decref(l->field[i]);
	status s = tail_close(&l->tail);
	free(l);
	return s;
}
