/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/json_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS_LEAST = 15, DIGITS_MOST = 17 };

int json_digits(double x)
{
	char text[40];
	int digits = DIGITS_LEAST;
	do
		snprintf(text, sizeof text, "%.*g", digits, x);
	while (strtod(text, NULL) != x && ++digits < DIGITS_MOST);
	return digits;
}

/* Those from which every number in j reads back exactly. */
static unsigned digits_of(const json_t *j)
{
	unsigned most = DIGITS_LEAST, digits;
	const char *key;
	size_t i;
	json_t *part;
	if (json_is_real(j))
		return (unsigned)json_digits(json_real_value(j));
	json_object_foreach((json_t *)j, key, part)
		most = (digits = digits_of(part)) > most ? digits : most;
	json_array_foreach((json_t *)j, i, part)
		most = (digits = digits_of(part)) > most ? digits : most;
	return most;
}

/* json_dumps may leave out a key that there was no memory for, and say nothing. A stream remembers. */
char *json_text(const json_t *j)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		return NULL;
	bool whole = json_dumpf(j, to, JSON_INDENT(2) | JSON_REAL_PRECISION(digits_of(j))) == 0 && !ferror(to);
	if (fclose(to) == 0 && whole)
		return text;
	free(text);
	return NULL;
}

/* ---- reading ---- */

/* jansson's parser may lose a character that there was no memory for, and read on; errno it uses itself. */
static _Thread_local bool ran_out;

static void *watched_malloc(size_t n)
{
	void *memory = malloc(n);
	ran_out |= !memory;
	return memory;
}

/* Nobody may write to what is no file, and one would wait for them for ever. */
static status open_regular(const char *path, FILE **out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	status s = fd < 0 || fstat(fd, &st) ? fail(ERR_INPUT, "%s: %s", path, strerror(errno))
	         : S_ISREG(st.st_mode)      ? OK
	                                    : fail(ERR_INPUT, "%s: not a regular file", path);
	*out = s == OK ? fdopen(fd, "r") : NULL;
	if (s == OK && !*out)
		s = errno == ENOMEM ? fail(ERR_MEMORY, "%s: out of memory", path) : fail(ERR_INPUT, "%s: %s", path, strerror(errno));
	if (s != OK && fd >= 0)
		close(fd);
	return s;
}

status json_text_read(const char *path, json_t **out)
{
	json_error_t error;
	json_malloc_t usual_malloc;
	json_free_t usual_free;
	FILE *from;
	*out = NULL;
	TRY(open_regular(path, &from));
	json_get_alloc_funcs(&usual_malloc, &usual_free);
	json_set_alloc_funcs(watched_malloc, free);
	ran_out = false;
	*out = json_loadf(from, JSON_REJECT_DUPLICATES, &error);
	json_set_alloc_funcs(usual_malloc, usual_free);
	fclose(from);
	if (*out && !ran_out)
		return OK;
	json_decref(*out);
	*out = NULL;
	return ran_out ? fail(ERR_MEMORY, "%s: out of memory", path)
	               : fail(ERR_INPUT, "%s:%d: %s", path, error.line, error.text);
}
