/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: the command line. getopt_long has no notion of tables that another option switches on, nor of where a value came
 * from; the rules of the command line itself are its own. */
#include "src/options/opt.h"

#include <stdlib.h>
#include <string.h>

#include "src/options/opt_private.h"
#include "src/text.h"

/* The option of that name, or the only one that begins so. */
static status resolve(const struct opts *o, const char *name, struct opt_value **out)
{
	if ((*out = opt_find(o, name)))
		return OK;
	struct text list = {.n = 0};
	int found = 0;
	for (int i = 0; i < o->n_values && *name; i++)
		if (strncmp(o->values[i].name, name, strlen(name)) == 0) {
			text_add(&list, "%s--%s", found ? ", " : "", o->values[i].name);
			*out = &o->values[i];
			found++;
		}
	if (found > 1)
		return fail(ERR_USAGE, "{%s} is ambiguous: it may be %s", name, list.at);
	return found ? OK : opt_unknown(o, name);
}

/* Of the values of an option that takes one, which is meant? Not a --config: files add up. */
static status refuse_second(const struct opt_value *v, const char *value)
{
	if (!v->text || strcmp(v->name, "config") == 0)
		return OK;
	return fail(ERR_USAGE, "{%s} is given twice, as “%s” and as “%s”: give it once", v->name, v->text, value);
}

/* Takes argv[*i], "--name" or "--name=value", and the value behind it. */
static status take_option(struct opts *o, int argc, char **argv, int *i, struct opt_value **out)
{
	char *name;
	*out = NULL;
	TRY(arena_text(&o->arena, &name, "%s", argv[*i] + 2));
	char *equals = strchr(name, '=');
	if (equals)
		*equals++ = 0;
	const char *value = equals;
	struct opt_value *v;
	TRY(resolve(o, name, &v));
	if (opt_is_flag(o, v->name)) {
		if (value)
			return fail(ERR_USAGE, "{%s}=%s: {%s} takes no value", v->name, value, v->name);
		value = "yes";
	} else if (!value && *i + 1 < argc) {
		value = argv[++*i];
	} else if (!value) {
		return fail(ERR_USAGE, "{%s}: its value is missing", v->name);
	}
	if (!opt_is_flag(o, v->name))
		TRY(refuse_second(v, value));
	v->text = value;
	v->file = NULL;
	*out = v;
	return OK;
}

static struct opt_value *rival_of(const struct opts *o, const struct opt_value *v)
{
	const struct param *d = v->text ? opt_active(o, v->name) : NULL;
	return d && d->rival ? opt_find(o, d->rival) : NULL;
}

static bool over(const struct opt_value *a, const struct opt_value *b)
{
	return b->file && (!a->file || a->turn > b->turn);
}

/* The command line's values go over those of the files, and --steps over their epochs; a later file's over an earlier one's epochs. */
static void put_over(struct opts *o, const struct opt_value *given)
{
	for (int i = 0; i < o->n_values; i++)
		if (given[i].text)
			o->values[i] = given[i];
	for (int i = 0; i < o->n_values; i++) {
		struct opt_value *v = &o->values[i], *rival = rival_of(o, v);
		if (!rival || !rival->text)
			continue;
		if (over(v, rival))
			*rival = (struct opt_value){.name = rival->name};
		else if (over(rival, v))
			*v = (struct opt_value){.name = v->name};
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
	return opt_check_rivals(o);
}

status opts_parse(struct opts **out, const struct opt_table *const *tables, int argc, char **argv)
{
	*out = NULL;
	struct opts *o = calloc(1, sizeof *o);
	if (!o)
		return fail(ERR_MEMORY, "out of memory: the options");
	status s = opt_collect(o, tables);
	if (s == OK) {
		opt_check_tables(o);
		s = parse_line(o, argc, argv);
	}
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
