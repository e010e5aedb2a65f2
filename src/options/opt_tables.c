/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: the tables, what they declare and which of them are on. */
#include <assert.h>
#include <string.h>

#include "src/options/opt_private.h"
#include "src/options/suggest.h"
#include "src/text.h"

static const struct param builtin[] = {
	{.name = "config", .type = PARAM_PATH, .arg = "FILE",
	 .help = "read “option = value” lines from FILE first; of several such files the later one wins, and over them all "
	         "the command line"},
	{.name = "dump-config", .type = PARAM_FLAG, .help = "print the configuration file that gives these values, and stop"},
	{.name = "help", .type = PARAM_FLAG, .help = "print this help, and stop"},
	{.name = "version", .type = PARAM_FLAG, .help = "print the program's version, its back ends and libraries, and stop"},
	{0},
};

const struct opt_table opt_builtin = {.owner = "basin", .heading = "General options", .defs = builtin};

bool opt_is_builtin(const char *name)
{
	return opt_in_table(&opt_builtin, name) != NULL;
}

const struct param *opts_defs(const struct opt_table *t)
{
	static const struct param none[] = {{0}};
	const struct param *defs = t->declared ? *t->declared : t->defs;
	return defs ? defs : none;
}

const struct param *opt_in_table(const struct opt_table *t, const char *name)
{
	for (const struct param *d = opts_defs(t); d->name; d++)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}

struct opt_value *opt_find(const struct opts *o, const char *name)
{
	for (int i = 0; i < o->n_values; i++)
		if (strcmp(o->values[i].name, name) == 0)
			return &o->values[i];
	return NULL;
}

/* A selector stands in an always-on table, so this does not go round in circles. */
static const char *selector_value(const struct opts *o, const char *selector)
{
	for (int i = 0; o->tables[i]; i++) {
		const struct param *d = o->tables[i]->selector ? NULL : opt_in_table(o->tables[i], selector);
		if (d) {
			const char *text = opt_find(o, selector)->text;
			return text ? text : d->fallback;
		}
	}
	assert(false && "a table's selector is declared in an always-on table");
	return NULL;
}

bool opt_table_on(const struct opts *o, const struct opt_table *t)
{
	if (!t->selector)
		return true;
	const char *value = selector_value(o, t->selector);
	size_t n = strlen(t->owner);
	return value && strncmp(value, t->owner, n) == 0 && (!value[n] || value[n] == ':');
}

const struct param *opt_active(const struct opts *o, const char *name)
{
	const struct param *always = NULL;
	for (int i = 0; o->tables[i]; i++) {
		const struct param *d = opt_in_table(o->tables[i], name);
		if (!d || !opt_table_on(o, o->tables[i]))
			continue;
		if (o->tables[i]->selector)
			return d;
		if (!always)
			always = d;
	}
	return always;
}

status opt_collect(struct opts *o, const struct opt_table *const *tables)
{
	int n_tables = 0, n = 0;
	while (tables[n_tables])
		n_tables++;
	const struct opt_table **all;
	TRY(ARENA_NEW(&o->arena, (size_t)n_tables + 2, &all));
	memcpy(all, tables, (size_t)n_tables * sizeof *all);
	all[n_tables] = &opt_builtin;
	o->tables = all;
	for (int i = 0; i <= n_tables; i++)
		for (const struct param *d = opts_defs(all[i]); d->name; d++)
			n++;
	TRY(ARENA_NEW(&o->arena, (size_t)n, &o->values));
	for (int i = 0; i <= n_tables; i++)
		for (const struct param *d = opts_defs(all[i]); d->name; d++)
			if (!opt_find(o, d->name))
				o->values[o->n_values++].name = d->name;
	return OK;
}

bool opt_is_flag(const struct opts *o, const char *name)
{
	for (int i = 0; o->tables[i]; i++) {
		const struct param *d = opt_in_table(o->tables[i], name);
		if (d)
			return d->type == PARAM_FLAG;
	}
	return false;
}

status opt_unknown(const struct opts *o, const char *name)
{
	struct opt_value *off = strncmp(name, "no-", 3) == 0 ? opt_find(o, name + 3) : NULL;
	if (off && opt_is_flag(o, off->name))
		return fail(ERR_USAGE, "unknown option {%s}; leave {%s} out instead", name, off->name);
	struct suggestion s = {.word = name};
	for (int i = 0; i < o->n_values; i++)
		suggest_from(&s, o->values[i].name);
	if (s.best)
		return fail(ERR_USAGE, "unknown option {%s}; did you mean {%s}?", name, s.best);
	return fail(ERR_USAGE, "unknown option {%s}; {help} lists the options", name);
}
