/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/predict_csv.h"

#include <math.h>
#include <string.h>

#include "src/data/csv_write.h"

/* ---- the table ---- */

static void put_id(FILE *to, const void *of, size_t row, int part)
{
	const struct predict_csv *t = of;
	(void)part;
	if (t->id)
		csv_put_words(to, t->id[row]);
	else
		fprintf(to, "%zu", t->number ? t->number[row] : t->first + row);
}

status predict_csv_open(struct predict_csv *t, struct arena *a, size_t rows, size_t first, const char *const *id)
{
	*t = (struct predict_csv){.arena = a, .rows = rows, .first = first, .id = id};
	return predict_csv_add(t, "id", put_id, t, 0);
}

static status grow(struct predict_csv *t)
{
	struct csv_column *larger;
	const int room = t->room ? 2 * t->room : 16;
	TRY(ARENA_NEW(t->arena, (size_t)room, &larger));
	if (t->n)
		memcpy(larger, t->column, (size_t)t->n * sizeof *larger);
	t->column = larger;
	t->room = room;
	return OK;
}

status predict_csv_add(struct predict_csv *t, const char *name, void (*put)(FILE *to, const void *of, size_t row, int part),
                       const void *of, int part)
{
	char *copy;
	if (t->n == t->room)
		TRY(grow(t));
	TRY(arena_text(t->arena, &copy, "%s", name));
	t->column[t->n++] = (struct csv_column){copy, put, of, part};
	return OK;
}

void predict_csv_names(const struct predict_csv *t, FILE *to)
{
	for (int i = 0; i < t->n; i++) {
		fputs(i ? "," : "", to);
		csv_put_words(to, t->column[i].name);
	}
	putc('\n', to);
}

void predict_csv_rows(const struct predict_csv *t, FILE *to)
{
	for (size_t row = 0; row < t->rows; row++) {
		for (int i = 0; i < t->n; i++) {
			fputs(i ? "," : "", to);
			t->column[i].put(to, t->column[i].of, row, t->column[i].part);
		}
		putc('\n', to);
	}
}

/* ---- classes ---- */

struct classes {
	const struct mixture *m;
	const char *const *names;
	int *best;                       /* (n) */
	double *entropy, *information;   /* (n) */
};

static void put_best(FILE *to, const void *of, size_t row, int part)
{
	const struct classes *c = of;
	(void)part;
	if (c->names)
		csv_put_words(to, c->names[c->best[row]]);
	else
		fprintf(to, "%d", c->best[row]);
}

static void put_probability(FILE *to, const void *of, size_t row, int part)
{
	const struct mixture *m = ((const struct classes *)of)->m;
	csv_put_number(to, m->p[row * (size_t)m->c + (size_t)part] / (double)m->members);
}

static void put_entropy(FILE *to, const void *of, size_t row, int part)
{
	(void)part;
	csv_put_number(to, ((const struct classes *)of)->entropy[row]);
}

static void put_information(FILE *to, const void *of, size_t row, int part)
{
	(void)part;
	csv_put_number(to, ((const struct classes *)of)->information[row]);
}

static status classes_of(struct arena *a, const struct mixture *m, const char *const *names, struct classes **out)
{
	struct classes *c;
	double *p;
	TRY(ARENA_NEW(a, 1, &c));
	TRY(ARENA_NEW(a, m->n, &c->best));
	TRY(ARENA_NEW(a, m->n, &c->entropy));
	TRY(ARENA_NEW(a, m->n, &c->information));
	TRY(ARENA_NEW(a, (size_t)m->c, &p));
	c->m = m;
	c->names = names;
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, p);
		for (int j = 1; j < m->c; j++)
			c->best[i] = p[j] > p[c->best[i]] ? j : c->best[i];
		c->entropy[i] = entropy_of(p, m->c);
		c->information[i] = m->members > 1 ? fmax(0, c->entropy[i] - m->entropy[i] / (double)m->members) : (double)NAN;
	}
	*out = c;
	return OK;
}

status predict_csv_classes(struct predict_csv *t, const struct mixture *m, const char *const *names)
{
	struct classes *c;
	char *name;
	TRY(classes_of(t->arena, m, names, &c));
	TRY(predict_csv_add(t, "prediction", put_best, c, 0));
	for (int j = 0; j < m->c; j++) {
		TRY(names ? arena_text(t->arena, &name, "p_%s", names[j]) : arena_text(t->arena, &name, "p_%d", j));
		TRY(predict_csv_add(t, name, put_probability, c, j));
	}
	TRY(predict_csv_add(t, "entropy", put_entropy, c, 0));
	return predict_csv_add(t, "mutual_information", put_information, c, 0);
}

/* ---- real targets ---- */

enum { MEAN, SD, LOWER, UPPER, REALS };

static void put_real(FILE *to, const void *of, size_t row, int part)
{
	const struct intervals *all = of;
	const double *const what[REALS] = {all->mean, all->sd, all->lower, all->upper};
	csv_put_number(to, what[part % REALS][row * (size_t)all->k + (size_t)(part / REALS)]);
}

status predict_csv_reals(struct predict_csv *t, const struct intervals *of)
{
	static const char *const names[REALS] = {"mean", "sd", "lower", "upper"};
	for (int j = 0; j < of->k; j++)
		for (int what = 0; what < REALS; what++) {
			char name[32];
			snprintf(name, sizeof name, of->k > 1 ? "%s_%d" : "%s", names[what], j + 1);
			TRY(predict_csv_add(t, name, put_real, of, j * REALS + what));
		}
	return OK;
}
