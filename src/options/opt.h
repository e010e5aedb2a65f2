/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: declared once in the table of the command, model, likelihood or sampler that owns them; parsing, --help, the
 * man pages' OPTIONS, completion, --config and --dump-config all read the same tables. */
#ifndef BASIN_OPT_H
#define BASIN_OPT_H

#include <stdio.h>

#include <jansson.h>

#include "src/arena.h"
#include "src/param.h"

struct opt_table {
	const char *owner;             /* heading and scope: "sample", "entropy-mcmc", … */
	const char *heading;           /* "Entropy-MCMC options", in --help and the man page */
	const char *selector;          /* the option that switches this table on ("sampler") where its value is the owner, or
	                                * begins with "owner:"; it stands in an always-on table. NULL: always on */
	const struct param *defs;      /* NULL: *declared */
	const struct param *const *declared;   /* where a method's struct has them; may hold NULL, for none */
};

struct opts;  /* the values of one command's options */

/* Parses a command line against NULL-terminated tables; argv[0] is the command's own name and is skipped. GNU style:
 * --name value, --name=value, unambiguous prefixes, -- ends options; positional arguments are collected in order.
 * --config FILE is read first: `option = value` lines, # comments; the command line wins, over an option's rival too,
 * and of several files the later one. Otherwise an option that takes a value is given once. --help, --version, --config and
 * --dump-config are declared everywhere; once --help or --version is met the rest is neither read nor checked.
 * An option of a table that its selector has not switched on is refused: "--sigma belongs to --sampler fsgld; this run
 * has --sampler sgld". The same option may stand in several selectable tables.
 * Errors: ERR_USAGE naming option and value (a near miss is suggested); ERR_INPUT for the config file. */
status opts_parse(struct opts **out, const struct opt_table *const *tables, int argc, char **argv);
void opts_free(struct opts *o);

/* A table's parameters; their end alone where it has none. */
const struct param *opts_defs(const struct opt_table *t);

int opts_positionals(const struct opts *o, const char *const **out);

/* Values; the name must be declared (asserted). Where nothing was given the default is returned: NaN, LLONG_MIN or NULL
 * if there is none. In a selected table the default is that table's. */
bool opts_given(const struct opts *o, const char *name);   /* on the command line, in the config, or by opts_set */
bool opts_flag(const struct opts *o, const char *name);
long long opts_count(const struct opts *o, const char *name);
double opts_real(const struct opts *o, const char *name);
const char *opts_text(const struct opts *o, const char *name);
/* The word that a number's option has instead of one, or NULL. */
const char *opts_word(const struct opts *o, const char *name);
/* The place of an PARAM_CHOICE's value among the words of its `arg`, from 0; −1 where there is neither value nor default. */
int opts_choice(const struct opts *o, const char *name);

/* The values of these parameters as numbers, in their order: a flag 1 or 0, a choice its place; NaN where there is neither
 * value nor default, and for texts. */
void opts_numbers(const struct opts *o, const struct param *params, double *out);

/* Sets a value as if typed (checked the same way). Errors: ERR_USAGE. */
status opts_set(struct opts *o, const char *name, const char *value);

/* {name: value} of every option that applies, defaults included (null where unset), for run.json; and back: a resumed
 * run takes all of them. What o held before is forgotten, and a value that is the option's default does not count as
 * given. Errors: ERR_INPUT for an unknown option or a bad value. */
json_t *opts_to_json(const struct opts *o);
status opts_from_json(struct opts *o, const json_t *j);

/* --help, of options and of those arguments that have a help of their own (NULL: none); the config file that gives these
 * values; what stands below a man page's .Sh OPTIONS; and the branch of a bash `case $command in` that sets options, words
 * and files to what this command's options and values complete to, flags to the options without a value, and arguments to
 * the words of what stands between them (NULL: files). */
void opts_help(const struct opt_table *const *tables, FILE *to);
void opts_help_arguments(const struct param *arguments, FILE *to);
void opts_dump_config(const struct opts *o, FILE *to);
void opts_mdoc(const struct opt_table *const *tables, FILE *to);
void opts_complete(const struct opt_table *const *tables, const struct param *arguments, const char *command,
                   FILE *to);

#endif
