/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the decisions*.c files share; nobody else includes this. */
#ifndef BASIN_DECISIONS_PRIVATE_H
#define BASIN_DECISIONS_PRIVATE_H

#include "predict/decide/decisions.h"

/* A part of a file, and what messages call it: "FILE: rules.sets". */
struct part {
	const json_t *j;
	const char *path, *name;
	struct arena *arena;   /* for what is read */
};

/* What is wrong with a member of it. Returns ERR_INPUT. */
status part_wrong(const struct part *p, const char *member, const char *expected);

/* A number within [low, high], a whole one, yes or no, or a word of a list "a|b", by its place. Errors: ERR_INPUT. */
status part_number(const struct part *p, const char *member, double low, double high, double *out);
status part_count(const struct part *p, const char *member, size_t low, size_t high, size_t *out);
status part_flag(const struct part *p, const char *member, bool *out);
status part_word(const struct part *p, const char *member, const char *words, int *out);

/* A number, or null where it is ∞. Errors: ERR_INPUT. */
status part_threshold(const struct part *p, const char *member, double *out);

/* The rules of a file into d, whose other members are read. Errors: ERR_INPUT, ERR_MEMORY. */
status rules_read(const struct part *whole, struct decisions *d);

#endif
