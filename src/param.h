/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Parameters as data: what a method, a command or a model can be told, with type, default, range and help. Options, config
 * files, manual and completion are made of these; a method gets the numbers. */
#ifndef BASIN_PARAM_H
#define BASIN_PARAM_H

#include <stdbool.h>

enum param_type {
	PARAM_FLAG,    /* present or not: 1 or 0 */
	PARAM_COUNT,   /* integer */
	PARAM_REAL,
	PARAM_TEXT,
	PARAM_PATH,    /* text that completes to files */
	PARAM_CHOICE   /* one of the words in `arg`, separated by |; as a number its place, from 0 */
};

/* A word that a value may be or, where something follows it behind a colon, begin with. */
struct param_word {
	const char *name;      /* "cifar10" */
	const char *rest;      /* "DIR", of cifar10:DIR; NULL: nothing follows */
	const char *help;      /* one line; NULL: nothing is said of it */
};

/* The words that there are in this build, from the table that knows them. */
struct param_words {
	bool (*at)(int i, struct param_word *out);   /* the i-th; false past the last */
	bool shown;                                  /* in help and manual too, with what is said of each */
};

/* Lists of these end with a name of NULL. */
struct param {
	const char *name;      /* "lr" */
	enum param_type type;
	const char *arg;       /* placeholder "RATE", or the choices "constant|cosine"; NULL for flags */
	const char *fallback;  /* the default as one would type it; NULL: none */
	double min, max;       /* inclusive range of numbers, ±INFINITY for no bound; min = max = 0: any */
	bool above_min;        /* the lower end itself is refused */
	const char *word;      /* of a PARAM_REAL: what it may be instead of a number ("learn"), and then is NaN as one; NULL */
	const char *unit;      /* "steps", "nats"; NULL */
	const char *rival;     /* a parameter that says the same in another way ("epochs", of "steps"): not both; NULL */
	const char *help;      /* one sentence, lower case, no full stop; names others as a method knows them, in braces */
	const struct param_words *words;   /* NULL: not known */
};

#endif
