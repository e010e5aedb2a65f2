/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshots chosen among those of some sources. */
#ifndef BASIN_SELECTION_H
#define BASIN_SELECTION_H

#include "predict/sources.h"

struct selection_request {
	long long chain;      /* of this chain alone, counted from 0; −1: of all */
	const char *role;     /* of this role alone; NULL: of all */
	const char *rather;   /* of this role alone of files that can have it, and of all of the others; NULL: no such wish */
	uint64_t from, to;    /* from this step on, up to and including that one */
	size_t every;         /* of each chain every so many-th step that the above leave, the last among them; 0: all */
	size_t last;          /* the last ones of each chain, of those that the above leave; SIZE_MAX: all */
	bool apart;           /* they are looked at one by one, and not averaged: sources_check's */
	bool skip_damaged;    /* leaves out records that can't be read, with a warning, instead of stopping */
};

/* 24 bytes are kept of a snapshot. */
struct choice {
	uint64_t step;
	uint32_t source, record;
	const char *role;        /* the header's */
};

struct selection {
	struct sources sources;
	struct choice *choice;   /* in the order of the paths given, their chains, their records */
	size_t n, capacity;
	size_t params, stats;    /* elements of the record that was read last */
	struct kept_record *kept;   /* (n): what memory holds of them; NULL: nothing */
};

/* Pools what lies behind n paths and chooses from it. Warns about chains that are not done, torn tails, and what
 * sources_check warns of. Errors: ERR_USAGE where the request leaves nothing or sources don't belong together, ERR_INPUT
 * where nothing was kept, ERR_DAMAGE. On failure *out is empty. */
status selection_open(const char *const *path, int n, const struct selection_request *r, struct selection *out);

/* The header of the first choice's file, of whose model and likelihood all others are. */
const json_t *selection_header(const struct selection *s);

/* The first choice's file whose header says something else of a part's member than that one's; NULL: all say the same, or nothing. */
const struct source *selection_unlike(const struct selection *s, const char *part, const char *name);

/* The first of those chosen whose run was trained on other rows than these, and may have seen what a holdout leaves beside them; NULL:
 * none is known to be. */
const struct source *selection_trained_on_others(const struct selection *s, uint64_t rows);

/* Reads choice i, and says how many elements it has; the record is valid until the next call. Errors: as snaps_read's. */
status selection_read(struct selection *s, size_t i, struct snaps_record *out);

/* The choices of choice first's role from it on, in order, to member (s->n); returns how many. They are marked in taken (s->n), so
 * that a walk over those that are not yet meets each role once. */
size_t selection_take_role(const struct selection *s, size_t first, bool *taken, size_t *member);

/* Reads all choices into memory, where they stay; selection_read has them from there. For whoever goes through them again and
 * again: they are 4 bytes for each parameter and statistic. Errors: as selection_read's; ERR_MEMORY. */
status selection_keep(struct selection *s);

/* By what the chosen snapshots are known again, in whatever order and wherever their files lie: what their headers say of model, data
 * and sampler, with each one's chain, step and role. Errors: ERR_MEMORY. */
status selection_fingerprint(const struct selection *s, uint64_t *out);

void selection_close(struct selection *s);

#endif
