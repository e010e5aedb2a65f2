/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/file.h"
#include "src/files/snaps_format.h"

enum { ALIGN = 64 };

/* Where a record lies. One whose head is not a record's has role −1: it is damaged, and so is one that the file ends in
 * although the checkpoint counts it. */
struct place {
	uint64_t at, bytes, step;
	int role;
};

struct snaps_reader {
	char *path;
	int fd;
	uint64_t size, committed, torn;
	struct snaps_header header;
	struct place *place;
	size_t n, capacity;
	char *buffer;                    /* one record; the parameters begin at a multiple of ALIGN */
	float *params, *stats, *scratch;
};

/* ---- finding the records ---- */

static status add_place(struct snaps_reader *r, struct place p)
{
	if (r->n == r->capacity) {
		size_t capacity = r->capacity ? 2 * r->capacity : 64;
		struct place *grown = realloc(r->place, capacity * sizeof *grown);
		if (!grown)
			return fail(ERR_MEMORY, "%s: out of memory for the places of %zu records", r->path, capacity);
		r->place = grown;
		r->capacity = capacity;
	}
	r->place[r->n++] = p;
	return OK;
}

/* The role whose record could begin at byte `at`, and its step; −1 where none could. */
static status role_at(const struct snaps_reader *r, uint64_t at, int *role, uint64_t *step)
{
	uint8_t head[SNAPS_HEAD_MOST];
	uint64_t rest = r->size - at;
	size_t n = rest < sizeof head ? (size_t)rest : sizeof head;
	TRY(file_read(r->fd, r->path, at, head, n));
	for (*role = r->header.n_roles - 1; *role >= 0; --*role) {
		const struct snaps_layout *l = &r->header.layout[*role];
		if (!snaps_layout_fits(l, head, n))
			continue;
		*step = n >= l->head_bytes ? pack_get_be64(head + l->step_at) : 0;
		break;
	}
	return OK;
}

/* How far a damaged record reaches: to where, by the length of some role's records, another one begins or the file ends;
 * else to the end of the file. With one role there is nothing to guess. */
static status damaged_extent(const struct snaps_reader *r, uint64_t at, uint64_t *bytes)
{
	uint64_t rest = r->size - at, step;
	for (int i = 0; i < r->header.n_roles; i++) {
		int role = -1;
		*bytes = r->header.layout[i].bytes;
		if (*bytes > rest)
			continue;
		if (*bytes == rest || r->header.n_roles == 1)
			return OK;
		TRY(role_at(r, at + *bytes, &role, &step));
		if (role >= 0)
			return OK;
	}
	*bytes = rest;
	return OK;
}

/* The shortest record that what begins with this role's head, or with none (−1), can be. */
static uint64_t shortest(const struct snaps_reader *r, int role)
{
	uint64_t least = r->header.layout[role < 0 ? 0 : role].bytes;
	for (int i = 0; role < 0 && i < r->header.n_roles; i++)
		least = r->header.layout[i].bytes < least ? r->header.layout[i].bytes : least;
	return least;
}

static status find_records(struct snaps_reader *r)
{
	uint64_t at = r->header.bytes;
	while (at < r->size) {
		struct place p = {.at = at, .role = -1};
		uint64_t rest = r->size - at;
		TRY(role_at(r, at, &p.role, &p.step));
		if (rest < shortest(r, p.role) && at >= r->committed) {
			r->torn = rest;
			return OK;
		}
		if (p.role >= 0 && rest >= r->header.layout[p.role].bytes) {
			p.bytes = r->header.layout[p.role].bytes;
		} else {
			p.role = -1;
			TRY(damaged_extent(r, at, &p.bytes));
		}
		TRY(add_place(r, p));
		at += p.bytes;
	}
	if (at < r->committed && (r->n == 0 || r->place[r->n - 1].role >= 0))
		return add_place(r, (struct place){.at = at, .role = -1});
	return OK;
}

status snaps_open(const char *path, uint64_t committed, struct snaps_reader **out)
{
	struct snaps_reader *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r)
		return fail(ERR_MEMORY, "out of memory");
	r->fd = -1;
	r->committed = committed;
	r->path = strdup(path);
	status s = r->path ? file_open(path, &r->fd, &r->size) : fail(ERR_MEMORY, "out of memory");
	if (s == OK)
		s = snaps_header_read(r->fd, path, r->size, &r->header);
	if (s == OK)
		s = find_records(r);
	if (s != OK) {
		snaps_reader_close(r);
		return s;
	}
	*out = r;
	return OK;
}

status snaps_header(const char *path, json_t **meta, uint64_t *checksum)
{
	struct snaps_header header = {.json = NULL};
	uint64_t size;
	int fd;
	*meta = NULL;
	TRY(file_open(path, &fd, &size));
	status s = snaps_header_read(fd, path, size, &header);
	close(fd);
	*meta = json_incref(header.json);
	*checksum = header.checksum;
	snaps_header_free(&header);
	return s;
}

void snaps_reader_close(struct snaps_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	snaps_header_free(&r->header);
	free(r->path);
	free(r->place);
	free(r->buffer);
	free(r->params);
	free(r->stats);
	free(r->scratch);
	free(r);
}

const json_t *snaps_meta(const struct snaps_reader *r)
{
	return r->header.json;
}

const struct segments *snaps_params(const struct snaps_reader *r)
{
	return &r->header.params;
}

const struct segments *snaps_stats(const struct snaps_reader *r)
{
	return &r->header.stats;
}

uint64_t snaps_torn(const struct snaps_reader *r)
{
	return r->torn;
}

size_t snaps_count(const struct snaps_reader *r)
{
	return r->n;
}

uint64_t snaps_header_checksum(const struct snaps_reader *r)
{
	return r->header.checksum;
}

const struct snaps_header *snaps_reader_header(const struct snaps_reader *r)
{
	return &r->header;
}

/* ---- reading one ---- */

static status damaged(const struct snaps_reader *r, size_t i, const char *what)
{
	const struct place *p = &r->place[i];
	char where[96] = "before any whole record";
	size_t j = i;
	while (j > 0 && r->place[j - 1].role < 0)
		j--;
	if (p->role >= 0)
		snprintf(where, sizeof where, "step %" PRIu64 ", %s", p->step, r->header.layout[p->role].role);
	else if (j > 0)
		snprintf(where, sizeof where, "after step %" PRIu64, r->place[j - 1].step);
	return fail(ERR_DAMAGE, "%s: record %zu (%s) at byte %" PRIu64 " is damaged: %s; predict, ood and export leave it out "
	            "with {skip-damaged}", r->path, i, where, p->at, what);
}

static status check_place(const struct snaps_reader *r, size_t i)
{
	if (i >= r->n)
		return fail(ERR_USAGE, "%s: has %zu records, asked for number %zu", r->path, r->n, i);
	if (r->place[i].role >= 0)
		return OK;
	bool ends = r->place[i].at + r->place[i].bytes == r->size && r->size < r->committed;
	return damaged(r, i, ends ? "the file ends before the checkpoint's length" : "no record begins there");
}

status snaps_boundary(const struct snaps_reader *r, uint64_t length, uint64_t *end)
{
	*end = r->header.bytes;
	for (size_t i = 0; i < r->n && r->place[i].at + r->place[i].bytes <= length; i++) {
		TRY(check_place(r, i));
		*end = r->place[i].at + r->place[i].bytes;
	}
	return OK;
}

status snaps_peek(struct snaps_reader *r, size_t i, uint64_t *step, const char **role)
{
	TRY(check_place(r, i));
	*step = r->place[i].step;
	*role = r->header.layout[r->place[i].role].role;
	return OK;
}

static status take_floats(const struct snaps_reader *r, size_t n, float **out)
{
	size_t bytes = (n * sizeof(float) + ALIGN) / ALIGN * ALIGN;
	if (!*out)
		*out = aligned_alloc(ALIGN, bytes);
	return *out ? OK : fail(ERR_MEMORY, "%s: out of memory: %zu bytes asked for", r->path, bytes);
}

/* Taken when a whole record is known to be there, so a file can't ask for more memory than its own size. */
static status take_memory(struct snaps_reader *r)
{
	const struct segments *sets[] = {&r->header.params, &r->header.stats};
	size_t largest = 1, longest = 0;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < sets[k]->n; i++)
			largest = sets[k]->at[i].count > largest ? sets[k]->at[i].count : largest;
	for (int i = 0; i < r->header.n_roles; i++)
		longest = r->header.layout[i].bytes > longest ? r->header.layout[i].bytes : longest;
	if (!r->buffer)
		r->buffer = aligned_alloc(ALIGN, (longest + 2 * ALIGN - 1) / ALIGN * ALIGN);
	if (!r->buffer)
		return fail(ERR_MEMORY, "%s: out of memory for a record", r->path);
	TRY(take_floats(r, r->header.params.count, &r->params));
	TRY(take_floats(r, r->header.stats.count, &r->stats));
	return take_floats(r, largest, &r->scratch);
}

static void get_vector(const struct snaps_reader *r, const struct segments *s, const char *from, enum snaps_dtype dtype,
                       float *x)
{
	for (int i = 0; i < s->n; i++) {
		const struct segment *seg = &s->at[i];
		snaps_decode(dtype, from + seg->offset * snaps_dtype_size(dtype), r->scratch, seg->count);
		segment_from_file(seg, r->scratch, x + seg->offset);
	}
}

static double get_double(const uint8_t *at)
{
	uint64_t u = pack_get_be64(at);
	double x;
	memcpy(&x, &u, sizeof x);
	return x;
}

status snaps_read(struct snaps_reader *r, size_t i, struct snaps_record *out)
{
	TRY(check_place(r, i));
	TRY(take_memory(r));
	const struct place *p = &r->place[i];
	const struct snaps_layout *l = &r->header.layout[p->role];
	char *record = r->buffer + (ALIGN - l->params_at % ALIGN) % ALIGN;
	const uint8_t *bytes = (const uint8_t *)record;
	uint64_t checksum;
	TRY(file_read(r->fd, r->path, p->at, record, l->bytes));
	if (!snaps_layout_fits(l, bytes, l->bytes) ||
	    memcmp(record + l->params_at + l->params_bytes, l->middle, l->middle_bytes) != 0 ||
	    !pack_unseal(bytes + l->seal_at, &checksum))
		return damaged(r, i, "its keys are not a record's");
	if (checksum != XXH3_64bits(record, l->seal_at))
		return damaged(r, i, "it does not match its checksum");
	get_vector(r, &r->header.params, record + l->params_at, r->header.dtype, r->params);
	get_vector(r, &r->header.stats, record + l->stats_at, SNAPS_FLOAT32, r->stats);
	*out = (struct snaps_record){
		.step = pack_get_be64(bytes + l->step_at), .epoch = get_double(bytes + l->epoch_at),
		.nll = get_double(bytes + l->nll_at), .role = l->role,
		.params = r->params, .stats = r->header.stats.count ? r->stats : NULL,
	};
	return OK;
}
