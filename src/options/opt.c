/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options: the tables, and the command line. getopt_long has no notion of tables that another option switches on, nor
 * of where a value came from; the rules of the command line itself are its own. */
#include "src/options/opt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/options/opt_private.h"
#include "src/options/suggest.h"

static const struct param builtin[] = {
	{.name = "config", .type = PARAM_PATH, .arg = "FILE",
	 .help = "read “option = value” lines from FILE first; the command line wins"},
	{.name = "dump-config", .type = PARAM_FLAG, .help = "print the configuration file that gives these values, and stop"},
	{.name = "help", .type = PARAM_FLAG, .help = "print this help, and stop"},
	{.name = "version", .type = PARAM_FLAG, .help = "print the program's version, its back ends and libraries, and stop"},
	{0},
};

const struct opt_table opt_builtin = {.owner = "basin", .heading = "General options", .defs = builtin};

const struct param *opt_in_table(const struct opt_table *t, const char *name)
{
	for (const struct param *d = t->defs; d->name; d++)
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

/* Whether a name takes a value must not depend on what is switched on: the command line is cut up before that is known.
 * A default must pass its own check. Both are mistakes in a table, not in what was typed. */
static void check_tables(const struct opts *o)
{
	for (int i = 0; o->tables[i]; i++)
		for (const struct param *d = o->tables[i]->defs; d->name; d++) {
			struct opt_value v = {.name = d->name, .text = d->fallback};
			assert(!d->fallback || opt_check_text(&v, d) == OK);
			assert((d->type == PARAM_FLAG) == !d->arg && d->min <= d->max);
			for (int j = 0; j < i; j++) {
				const struct param *other = opt_in_table(o->tables[j], d->name);
				assert(!other || (other->type == PARAM_FLAG) == (d->type == PARAM_FLAG));
				(void)other;
			}
			(void)v;
		}
}

static status collect(struct opts *o, const struct opt_table *const *tables)
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
		for (const struct param *d = all[i]->defs; d->name; d++)
			n++;
	TRY(ARENA_NEW(&o->arena, (size_t)n, &o->values));
	for (int i = 0; i <= n_tables; i++)
		for (const struct param *d = all[i]->defs; d->name; d++)
			if (!opt_find(o, d->name))
				o->values[o->n_values++].name = d->name;
	check_tables(o);
	return OK;
}

static bool is_flag(const struct opts *o, const char *name)
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
	if (off && is_flag(o, off->name))
		return fail(ERR_USAGE, "unknown option {%s}; leave {%s} out instead", name, off->name);
	struct suggestion s = {.word = name};
	for (int i = 0; i < o->n_values; i++)
		suggest_from(&s, o->values[i].name);
	if (s.best)
		return fail(ERR_USAGE, "unknown option {%s}; did you mean {%s}?", name, s.best);
	return fail(ERR_USAGE, "unknown option {%s}; {help} lists the options", name);
}

/* The option of that name, or the only one that begins so. */
static status resolve(const struct opts *o, const char *name, struct opt_value **out)
{
	if ((*out = opt_find(o, name)))
		return OK;
	char list[512] = "";
	int found = 0;
	for (int i = 0; i < o->n_values && *name; i++)
		if (strncmp(o->values[i].name, name, strlen(name)) == 0) {
			size_t used = strlen(list);
			snprintf(list + used, sizeof list - used, "%s--%s", used ? ", " : "", o->values[i].name);
			*out = &o->values[i];
			found++;
		}
	if (found > 1)
		return fail(ERR_USAGE, "{%s} is ambiguous: it may be %s", name, list);
	return found ? OK : opt_unknown(o, name);
}

/* Takes argv[*i], "--name" or "--name=value", and the value behind it. */
static status take_option(struct opts *o, int argc, char **argv, int *i, struct opt_value **out)
{
	char *name;
	*out = NULL;
	TRY(arena_text(&o->arena, &name, "%s", argv[*i] + 2));
	char *value = strchr(name, '=');
	if (value)
		*value++ = 0;
	struct opt_value *v;
	TRY(resolve(o, name, &v));
	if (is_flag(o, v->name)) {
		if (value)
			return fail(ERR_USAGE, "{%s}=%s: {%s} takes no value", v->name, value, v->name);
		v->text = "yes";
	} else if (value) {
		v->text = value;
	} else if (*i + 1 < argc) {
		v->text = argv[++*i];
	} else {
		return fail(ERR_USAGE, "{%s}: its value is missing", v->name);
	}
	v->file = NULL;
	*out = v;
	return OK;
}

/* The command line's values go over those of the files, and --steps over their epochs. */
static void put_over(struct opts *o, const struct opt_value *given)
{
	for (int i = 0; i < o->n_values; i++)
		if (given[i].text)
			o->values[i] = given[i];
	for (int i = 0; i < o->n_values; i++) {
		const struct param *d = given[i].text ? opt_active(o, given[i].name) : NULL;
		struct opt_value *rival = d && d->rival ? opt_find(o, d->rival) : NULL;
		if (rival && rival->file)
			*rival = (struct opt_value){.name = rival->name};
	}
}

static status parse_line(struct opts *o, int argc, char **argv)
{
	struct opt_value *given;
	TRY(ARENA_NEW(&o->arena, (size_t)o->n_values, &given));
	TRY(ARENA_NEW(&o->arena, (size_t)argc + 1, &o->positionals));
	bool only_positionals = false;
	const char **configs;
	int n_configs = 0;
	TRY(ARENA_NEW(&o->arena, (size_t)argc + 1, &configs));
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (only_positionals || word[0] != '-' || !word[1]) {
			o->positionals[o->n_positionals++] = word;
		} else if (strcmp(word, "--") == 0) {
			only_positionals = true;
		} else if (word[1] != '-') {
			return fail(ERR_USAGE, "unknown option %s; options begin with --, and {help} lists them", word);
		} else {
			struct opt_value *v;
			TRY(take_option(o, argc, argv, &i, &v));
			if (opts_flag(o, "help") || opts_flag(o, "version"))
				return OK;
			if (strcmp(v->name, "config") == 0)
				configs[n_configs++] = v->text;
		}
	}
	/* The command line had to be read to find the files. */
	memcpy(given, o->values, (size_t)o->n_values * sizeof *given);
	for (int i = 0; i < n_configs; i++)
		TRY(opt_read_config(o, configs[i]));
	put_over(o, given);
	for (int i = 0; i < o->n_values; i++)
		TRY(opt_check(o, &o->values[i]));
	return OK;
}

status opts_parse(struct opts **out, const struct opt_table *const *tables, int argc, char **argv)
{
	*out = NULL;
	struct opts *o = calloc(1, sizeof *o);
	if (!o)
		return fail(ERR_MEMORY, "out of memory: the options");
	status s = collect(o, tables);
	if (s == OK)
		s = parse_line(o, argc, argv);
	if (s != OK) {
		opts_free(o);
		return s;
	}
	*out = o;
	return OK;
}

void opts_free(struct opts *o)
{
	if (!o)
		return;
	arena_free(&o->arena);
	free(o);
}
