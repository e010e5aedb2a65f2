/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/csv_cell.h"
#include "src/data/csv_separator.h"

static status no_room(const struct csv_rows *r, size_t room)
{
	return fail(ERR_MEMORY, "out of memory: %zu rows of %s", room, r->path);
}

/* Makes room for `room` elements in a list. */
static status grow(struct csv_rows *r, size_t room, size_t size, void *list)
{
	void **at = list, *larger = reallocarray(*at, room, size);
	if (!larger)
		return no_room(r, room);
	*at = larger;
	return OK;
}

static status add_room(struct csv_rows *r)
{
	enum { FIRST = 4096 };   /* values; then as many again as were read */
	const size_t width = r->plan->width, room = r->room ? 2 * r->room : width < FIRST ? FIRST / width : 1;
	TRY(grow(r, room, width * sizeof *r->x, &r->x));
	TRY(grow(r, room, sizeof *r->target, &r->target));
	TRY(grow(r, room, sizeof *r->line, &r->line));
	if (r->plan->id < r->plan->cells)
		TRY(grow(r, room, sizeof *r->id, &r->id));
	for (size_t k = 0; k <= width; k++)
		if (r->text[k]) {
			TRY(grow(r, room, sizeof **r->text, &r->text[k]));
			memset(&r->text[k][r->room], 0, (room - r->room) * sizeof **r->text);
		}
	r->room = room;
	return OK;
}

/* The first cell without a number makes the column's list. */
static status keep_text(struct csv_rows *r, size_t k, const char *text)
{
	if (!r->text[k])
		r->text[k] = calloc(r->room, sizeof **r->text);
	if (!r->text[k])
		return no_room(r, r->room);
	r->text[k][r->n] = text;
	return OK;
}

static status read_cell(struct csv_rows *r, size_t k, const char *text, double *out)
{
	if (!r->plan->words[k] && csv_number(text, r->decimal, out))
		return OK;
	*out = (double)NAN;
	return keep_text(r, k, text);
}

static status add_row(const struct csv_file *c, struct csv_rows *r)
{
	const struct csv_plan *plan = r->plan;
	if (c->n != plan->cells)
		return fail(ERR_INPUT, "%s:%zu: %zu cell%s; %zu were expected, as on the first line, with %ss between them", c->path,
		            c->line, c->n, c->n == 1 ? "" : "s", plan->cells, csv_separator_word(c->separator));
	if (r->n == r->room)
		TRY(add_room(r));
	for (size_t k = 0; k < plan->width; k++)
		TRY(read_cell(r, k, c->cell[plan->feature[k]], &r->x[r->n * plan->width + k]));
	r->target[r->n] = (double)NAN;
	if (plan->target < plan->cells)
		TRY(read_cell(r, plan->width, c->cell[plan->target], &r->target[r->n]));
	if (r->id)
		r->id[r->n] = c->cell[plan->id];
	r->line[r->n++] = c->line;
	return OK;
}

/* What a message may call the columns, in the plan's order. */
static status take_names(const struct csv_file *c, struct csv_rows *r)
{
	const struct csv_plan *plan = r->plan;
	if (!plan->header)
		return OK;
	const char **name = calloc(plan->width + 1, sizeof *name);
	if (!name)
		return fail(ERR_MEMORY, "out of memory: the names of %zu columns", plan->width + 1);
	r->name = name;
	for (size_t k = 0; k <= plan->width; k++)
		name[k] = k < plan->width ? c->cell[plan->feature[k]] : plan->target < plan->cells ? c->cell[plan->target] : "";
	return OK;
}

status csv_rows_read(struct csv_file *c, const struct csv_plan *plan, const struct dataset_request *q, struct csv_rows *out)
{
	*out = (struct csv_rows){.path = c->path, .plan = plan, .decimal = q->decimal,
	                         .text = calloc(plan->width + 1, sizeof *out->text)};
	if (!out->text)
		return fail(ERR_MEMORY, "out of memory: %zu columns of %s", plan->width + 1, c->path);
	TRY(take_names(c, out));
	if (plan->header || (q->text && q->text->again))
		TRY(csv_next(c));
	while (c->n) {
		TRY(add_row(c, out));
		if (q->text && out->n == q->text->rows)
			break;
		TRY(csv_next(c));
	}
	return out->n || q->text ? OK : fail(ERR_INPUT, "%s: holds a header, but no rows of numbers", c->path);
}

void csv_rows_close(struct csv_rows *r)
{
	for (size_t k = 0; r->text && k <= r->plan->width; k++)
		free(r->text[k]);
	free(r->text);
	free(r->x);
	free(r->target);
	free(r->id);
	free(r->line);
	free((void *)r->name);
	*r = (struct csv_rows){.path = NULL};
}

double csv_rows_number(const struct csv_rows *r, size_t i, size_t k)
{
	return k < r->plan->width ? r->x[i * r->plan->width + k] : r->target[i];
}

const char *csv_rows_text(const struct csv_rows *r, size_t i, size_t k)
{
	return r->text[k] ? r->text[k][i] : NULL;
}

bool csv_rows_gap(const struct csv_rows *r, size_t i, size_t k)
{
	const char *text = csv_rows_text(r, i, k);
	const enum cell_kind kind = text ? csv_kind(text, r->decimal) : CELL_NUMBER;
	return kind == CELL_EMPTY || kind == CELL_MISSING;
}

struct csv_place csv_rows_place(const struct csv_rows *r, size_t i, size_t k)
{
	struct csv_place p;
	const size_t cell = k < r->plan->width ? r->plan->feature[k] : r->plan->target;
	if (r->name && *r->name[k])
		snprintf(p.at, sizeof p.at, "%s:%zu: column %zu (%.40s)", r->path, r->line[i], cell + 1, r->name[k]);
	else
		snprintf(p.at, sizeof p.at, "%s:%zu: column %zu", r->path, r->line[i], cell + 1);
	return p;
}

status csv_rows_refuse(const struct csv_rows *r, size_t i, size_t k)
{
	const struct csv_place place = csv_rows_place(r, i, k);
	const char *text = csv_rows_text(r, i, k);
	const enum cell_kind kind = csv_kind(text, r->decimal);
	if (kind == CELL_EMPTY)
		return fail(ERR_INPUT, "%s: is empty; a number was expected", place.at);
	if (kind == CELL_MISSING)
		return fail(ERR_INPUT, "%s: '%.40s' stands for a missing value; a number was expected", place.at, text);
	TRY(csv_check_notation(place.at, text, r->decimal));
	return fail(ERR_INPUT, "%s: '%.40s' is not a number (decimal, within ±3.4e38)", place.at, text);
}
