/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the opt_*.c files share; nobody else includes this. */
#ifndef BASIN_OPT_PRIVATE_H
#define BASIN_OPT_PRIVATE_H

#include "src/options/opt.h"
#include "src/text.h"

/* What was given for one name; several tables may declare it. */
struct opt_value {
	const char *name;
	const char *text;   /* as typed, "yes" or "no" for a flag; NULL: not given */
	const char *file;   /* config file and line it comes from; NULL: the command line, or opts_set */
	int line;
	int turn;           /* of the file among those that were read */
};

struct opts {
	struct arena arena;
	const struct opt_table *const *tables;  /* NULL-terminated, the built-in one last */
	struct opt_value *values;               /* one per name, in order of declaration */
	int n_values;
	const char **positionals;
	int n_positionals;
	int n_files;                            /* config files that were read, or begun */
};

/* --help, --version, --config, --dump-config: every command has them. */
extern const struct opt_table opt_builtin;
bool opt_is_builtin(const char *name);

/* Fills o->tables and o->values from a command's tables. Errors: ERR_MEMORY. */
status opt_collect(struct opts *o, const struct opt_table *const *tables);

bool opt_is_flag(const struct opts *o, const char *name);

/* A table's definition of a name, or NULL. */
const struct param *opt_in_table(const struct opt_table *t, const char *name);
/* The definition that counts now: a switched-on table's first, then an always-on one's; NULL where no table is on. */
const struct param *opt_active(const struct opts *o, const char *name);

/* Whether a text is the word that d's number may be. */
bool opt_is_word(const struct param *d, const char *text);
/* Is this table on; the selector's value. */
bool opt_table_on(const struct opts *o, const struct opt_table *t);
struct opt_value *opt_find(const struct opts *o, const char *name);

/* Fails, with the nearest name that is known. */
status opt_unknown(const struct opts *o, const char *name);

/* The value must suit its type, range and choices, and its table must be on. */
status opt_check(const struct opts *o, const struct opt_value *v);
/* Of two options that say the same thing, one is given. Called once the command line has had its way over the files. */
status opt_check_rivals(const struct opts *o);
/* Stops the program where tables contradict themselves. */
void opt_check_tables(const struct opts *o);

/* "≥ 1", "> 0 and ≤ 1", "0 to 1"; empty where any number will do. */
enum { OPT_RANGE_SIZE = 96 };
void opt_range(const struct param *d, char out[OPT_RANGE_SIZE]);

/* The help with unit, default and range behind it: "length (steps; default 100; ≥ 1)". */
void opt_describe(const struct param *d, struct text *out);

/* What a help says, others as they are typed. */
void opt_words(const char *help, struct text *out);

/* Whether a word, up to its colon, is one of those there are; yes where they are not known. */
bool opt_has_word(const struct param_words *words, const char *word);

/* Reads option = value lines into values. */
status opt_read_config(struct opts *o, const char *path);

/* One run through all tables as help shows them: tables that share selector and definitions are one section, and one that shares
 * several of them with another that was shown only names those. */
struct opt_section {
	const struct opt_table *table;
	const struct opt_table *like;   /* the other one; NULL: none */
	struct text title;
};
bool opt_section_next(const struct opt_table *const *tables, int *i, struct opt_section *out);

/* Whether the section only names this definition of its table. */
bool opt_section_shares(const struct opt_section *s, const struct param *d);

/* All that it only names: "--momentum, --nesterov". */
void opt_section_shared(const struct opt_section *s, struct text *out);

#endif
