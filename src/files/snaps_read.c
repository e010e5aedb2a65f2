/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/file.h"
#include "src/files/snaps_places.h"

enum { ALIGN = 64 };

struct snaps_reader {
	char *path;
	int fd;
	const struct snaps_header *header;
	struct snaps_header own;         /* that one, where it is not shared */
	struct snaps_places places;
	char *buffer;                    /* one record; the parameters begin at a multiple of ALIGN */
	float *params, *stats, *scratch;
};

static status open_reader(struct snaps_reader *r, uint64_t committed, const struct snaps_shared *h)
{
	uint64_t size;
	TRY(file_open(r->path, &r->fd, &size));
	TRY(h ? snaps_shared_check(r->fd, r->path, size, h) : snaps_header_read(r->fd, r->path, size, &r->own));
	r->header = h ? &h->header : &r->own;
	r->places = (struct snaps_places){.path = r->path, .fd = r->fd, .size = size, .committed = committed, .header = r->header};
	return snaps_places_find(&r->places);
}

/* h: the header that it has, or NULL. */
static status reader_open(const char *path, uint64_t committed, const struct snaps_shared *h, struct snaps_reader **out)
{
	struct snaps_reader *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r)
		return fail(ERR_MEMORY, "out of memory");
	r->fd = -1;
	r->path = strdup(path);
	status s = r->path ? open_reader(r, committed, h) : fail(ERR_MEMORY, "out of memory");
	if (s != OK) {
		snaps_reader_close(r);
		return s;
	}
	*out = r;
	return OK;
}

status snaps_open(const char *path, uint64_t committed, struct snaps_reader **out)
{
	return reader_open(path, committed, NULL, out);
}

status snaps_open_shared(const char *path, uint64_t committed, const struct snaps_shared *h, struct snaps_reader **out)
{
	return reader_open(path, committed, h, out);
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
	snaps_header_free(&r->own);
	free(r->path);
	free(r->places.at);
	free(r->buffer);
	free(r->params);
	free(r->stats);
	free(r->scratch);
	free(r);
}

const json_t *snaps_meta(const struct snaps_reader *r)
{
	return r->header->json;
}

const struct segments *snaps_params(const struct snaps_reader *r)
{
	return &r->header->params;
}

const struct segments *snaps_stats(const struct snaps_reader *r)
{
	return &r->header->stats;
}

uint64_t snaps_torn(const struct snaps_reader *r)
{
	return r->places.torn;
}

size_t snaps_count(const struct snaps_reader *r)
{
	return r->places.n;
}

const struct snaps_header *snaps_reader_header(const struct snaps_reader *r)
{
	return r->header;
}

/* ---- reading one ---- */

static status damaged(const struct snaps_reader *r, size_t i, const char *what)
{
	const struct snaps_places *p = &r->places;
	char where[96] = "before any whole record";
	int role = snaps_places_role(p, i);
	size_t j = i;
	while (j > 0 && snaps_places_role(p, j - 1) < 0)
		j--;
	if (role >= 0)
		snprintf(where, sizeof where, "step %" PRIu64 ", %s", p->at[i].step, r->header->layout[role].role);
	else if (j > 0)
		snprintf(where, sizeof where, "after step %" PRIu64, p->at[j - 1].step);
	return fail(ERR_DAMAGE, "%s: record %zu (%s) at byte %" PRIu64 " is damaged: %s", r->path, i, where, snaps_places_begin(p, i), what);
}

static status check_place(const struct snaps_reader *r, size_t i)
{
	const struct snaps_places *p = &r->places;
	if (i >= p->n)
		return fail(ERR_USAGE, "%s: has %zu records, asked for number %zu", r->path, p->n, i);
	if (snaps_places_role(p, i) >= 0)
		return OK;
	bool ends = snaps_places_end(p, i) == p->size && p->size < p->committed;
	return damaged(r, i, ends ? "the file ends before the checkpoint's length" : "no record begins there");
}

status snaps_boundary(const struct snaps_reader *r, uint64_t length, uint64_t *end)
{
	const struct snaps_places *p = &r->places;
	*end = r->header->bytes;
	for (size_t i = 0; i < p->n && snaps_places_end(p, i) <= length; i++) {
		TRY(check_place(r, i));
		*end = snaps_places_end(p, i);
	}
	return OK;
}

status snaps_peek(struct snaps_reader *r, size_t i, uint64_t *step, const char **role)
{
	const struct snaps_places *p = &r->places;
	TRY(check_place(r, i));
	*step = p->at[i].step;
	*role = r->header->layout[snaps_places_role(p, i)].role;
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
	const struct segments *sets[] = {&r->header->params, &r->header->stats};
	size_t largest = 1, longest = 0;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < sets[k]->n; i++)
			largest = sets[k]->at[i].count > largest ? sets[k]->at[i].count : largest;
	for (int i = 0; i < r->header->n_roles; i++)
		longest = r->header->layout[i].bytes > longest ? r->header->layout[i].bytes : longest;
	if (!r->buffer)
		r->buffer = aligned_alloc(ALIGN, (longest + 2 * ALIGN - 1) / ALIGN * ALIGN);
	if (!r->buffer)
		return fail(ERR_MEMORY, "%s: out of memory for a record", r->path);
	TRY(take_floats(r, r->header->params.count, &r->params));
	TRY(take_floats(r, r->header->stats.count, &r->stats));
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
	const struct snaps_places *p = &r->places;
	TRY(check_place(r, i));
	TRY(take_memory(r));
	const struct snaps_layout *l = &r->header->layout[snaps_places_role(p, i)];
	char *record = r->buffer + (ALIGN - l->params_at % ALIGN) % ALIGN;
	const uint8_t *bytes = (const uint8_t *)record;
	uint64_t checksum;
	TRY(file_read(r->fd, r->path, snaps_places_begin(p, i), record, l->bytes));
	if (!snaps_layout_fits(l, bytes, l->bytes) ||
	    memcmp(record + l->params_at + l->params_bytes, l->middle, l->middle_bytes) != 0 ||
	    !pack_unseal(bytes + l->seal_at, &checksum))
		return damaged(r, i, "its keys are not a record's");
	if (checksum != XXH3_64bits(record, l->seal_at))
		return damaged(r, i, "it does not match its checksum");
	get_vector(r, &r->header->params, record + l->params_at, r->header->dtype, r->params);
	get_vector(r, &r->header->stats, record + l->stats_at, SNAPS_FLOAT32, r->stats);
	*out = (struct snaps_record){
		.step = pack_get_be64(bytes + l->step_at), .epoch = get_double(bytes + l->epoch_at),
		.nll = get_double(bytes + l->nll_at), .role = l->role,
		.params = r->params, .stats = r->header->stats.count ? r->stats : NULL,
	};
	return OK;
}
