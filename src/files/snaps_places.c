/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/snaps_places.h"

#include <stdlib.h>

#include "src/files/file.h"

enum { ROLE_STEP = 8 };
_Static_assert(SNAPS_ROLES + 1 <= ROLE_STEP, "a role does not fit beside a record's first byte");

int snaps_places_role(const struct snaps_places *p, size_t i)
{
	return (int)(p->at[i].begin_role % ROLE_STEP) - 1;
}

uint64_t snaps_places_begin(const struct snaps_places *p, size_t i)
{
	return p->at[i].begin_role / ROLE_STEP;
}

uint64_t snaps_places_end(const struct snaps_places *p, size_t i)
{
	return i + 1 < p->n ? snaps_places_begin(p, i + 1) : p->end;
}

/* The next record, which begins where the last one ended. */
static status places_add(struct snaps_places *p, int role, uint64_t step, uint64_t bytes)
{
	if (p->n == p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 64;
		struct snaps_place *grown = realloc(p->at, capacity * sizeof *grown);
		if (!grown)
			return fail(ERR_MEMORY, "%s: out of memory for the places of %zu records", p->path, capacity);
		p->at = grown;
		p->capacity = capacity;
	}
	p->at[p->n++] = (struct snaps_place){p->end * ROLE_STEP + (uint64_t)(role + 1), step};
	p->end += bytes;
	return OK;
}

/* The role whose record could begin at byte `at`, and its step; −1 where none could. */
static status role_at(const struct snaps_places *p, uint64_t at, int *role, uint64_t *step)
{
	uint8_t head[SNAPS_HEAD_MOST];
	uint64_t rest = p->size - at;
	size_t n = rest < sizeof head ? (size_t)rest : sizeof head;
	TRY(file_read(p->fd, p->path, at, head, n));
	for (*role = p->header->n_roles - 1; *role >= 0; --*role) {
		const struct snaps_layout *l = &p->header->layout[*role];
		if (!snaps_layout_fits(l, head, n))
			continue;
		*step = n >= l->head_bytes ? pack_get_be64(head + l->step_at) : 0;
		break;
	}
	return OK;
}

/* How far a damaged record reaches: to where, by the length of some role's records, another one begins or the file ends;
 * else to the end of the file. With one role there is nothing to guess. */
static status damaged_extent(const struct snaps_places *p, uint64_t at, uint64_t *bytes)
{
	uint64_t rest = p->size - at, step;
	for (int i = 0; i < p->header->n_roles; i++) {
		int role = -1;
		*bytes = p->header->layout[i].bytes;
		if (*bytes > rest)
			continue;
		if (*bytes == rest || p->header->n_roles == 1)
			return OK;
		TRY(role_at(p, at + *bytes, &role, &step));
		if (role >= 0)
			return OK;
	}
	*bytes = rest;
	return OK;
}

/* The shortest record that what begins with this role's head, or with none (−1), can be. */
static uint64_t shortest(const struct snaps_places *p, int role)
{
	uint64_t least = p->header->layout[role < 0 ? 0 : role].bytes;
	for (int i = 0; role < 0 && i < p->header->n_roles; i++)
		least = p->header->layout[i].bytes < least ? p->header->layout[i].bytes : least;
	return least;
}

static status find_record(struct snaps_places *p, bool *torn)
{
	uint64_t at = p->end, rest = p->size - at, step = 0, bytes;
	int role;
	TRY(role_at(p, at, &role, &step));
	*torn = rest < shortest(p, role) && at >= p->committed;
	if (*torn)
		return OK;
	if (role >= 0 && rest >= p->header->layout[role].bytes)
		return places_add(p, role, step, p->header->layout[role].bytes);
	TRY(damaged_extent(p, at, &bytes));
	return places_add(p, -1, step, bytes);
}

status snaps_places_find(struct snaps_places *p)
{
	bool torn = false;
	p->end = p->header->bytes;
	while (p->end < p->size && !torn)
		TRY(find_record(p, &torn));
	p->torn = p->size - p->end;
	if (p->end < p->committed && (p->n == 0 || snaps_places_role(p, p->n - 1) >= 0))
		return places_add(p, -1, 0, 0);
	return OK;
}
