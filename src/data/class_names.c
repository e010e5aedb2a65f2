/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdbool.h>
#include <string.h>

#include "src/data/dataset_reader.h"
#include "src/data/input_file.h"
#include "src/text.h"

status class_name_check(const uint8_t *name, size_t size)
{
	bool blank = true;
	/* Two bytes of UTF-8 make the control characters U+0080 to U+009F. */
	for (size_t i = 0, n; i < size; i += n) {
		n = text_character(name + i, size - i);
		if (!n)
			return fail(ERR_INPUT, "is not UTF-8: byte %zu is 0x%02x; save it as UTF-8", i + 1, name[i]);
		if ((name[i] < ' ' && name[i] != '\t') || name[i] == 0x7f)
			return fail(ERR_INPUT, "is not text: byte %zu is the control character 0x%02x", i + 1, name[i]);
		if (n == 2 && name[i] == 0xc2 && name[i + 1] < 0xa0)
			return fail(ERR_INPUT, "is not text: byte %zu is the control character U+%04X", i + 1, name[i + 1]);
		blank = blank && (name[i] == ' ' || name[i] == '\t');
	}
	return blank ? fail(ERR_INPUT, "is blank; each class needs its name") : OK;
}

/* The number of names among the lines; the first `room` of them are kept, where there is room for any. */
static status read_lines(const char *path, char *at, char *end, char **names, size_t room, size_t *n)
{
	*n = 0;
	for (size_t line = 1; at < end; line++) {
		size_t length = 0;
		while (at + length < end && at[length] != '\n' && at[length] != '\r')
			length++;
		size_t blanks = 0;
		while (blanks < length && (at[blanks] == ' ' || at[blanks] == '\t'))
			blanks++;
		char *next = at + length + 1;
		if (next < end && at[length] == '\r' && *next == '\n')
			next++;
		if (blanks < length) {
			status s = class_name_check((uint8_t *)at, length);
			if (s != OK)
				return fail_within(s, "%s:%zu: the class name ", path, line);
			at[length] = 0;
			if (*n < room)
				names[*n] = at;
			++*n;
		}
		at = next;
	}
	return OK;
}

status dataset_class_names(struct dataset *out, const char *path)
{
	char *text, **names;
	size_t size, n, mark;
	TRY(input_read(path, &out->arena, (uint8_t **)&text, &size));
	TRY(ARENA_NEW(&out->arena, (size_t)out->n_classes, &names));
	/* A byte order mark, as some editors put first, is no part of a name. */
	mark = size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
	TRY(read_lines(path, text + mark, text + size, names, (size_t)out->n_classes, &n));
	if (n != (size_t)out->n_classes)
		return fail(ERR_INPUT, "%s: holds %zu class names, one a line; %d were expected", path, n, out->n_classes);
	out->class_names = (const char *const *)names;
	return OK;
}
