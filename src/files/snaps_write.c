/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "src/files/file.h"
#include "src/files/snaps_format.h"

enum { ALIGN = 64 };

struct snaps_writer {
	struct tail tail;
	const struct segments *params, *stats;  /* stats may be NULL */
	struct snaps_header header;             /* dtype and layouts; its segments and json stay empty */
	char *buffer;                           /* one record; the parameters begin at a multiple of ALIGN */
	float *scratch;                         /* the largest tensor */
};

static size_t largest(const struct segments *s, size_t least)
{
	for (int i = 0; s && i < s->n; i++)
		least = s->at[i].count > least ? s->at[i].count : least;
	return least;
}

static status take_memory(struct snaps_writer *w)
{
	size_t most = 0;
	for (int i = 0; i < w->header.n_roles; i++)
		most = w->header.layout[i].bytes > most ? w->header.layout[i].bytes : most;
	size_t scratch = largest(w->params, largest(w->stats, 1)) * sizeof(float);
	w->buffer = aligned_alloc(ALIGN, (most + 2 * ALIGN - 1) / ALIGN * ALIGN);
	w->scratch = aligned_alloc(ALIGN, (scratch + ALIGN - 1) / ALIGN * ALIGN);
	return w->buffer && w->scratch ? OK : fail(ERR_MEMORY, "%s: out of memory for a snapshot of %zu bytes", w->tail.path, most);
}

static status new_writer(const struct segments *params, const struct segments *stats, struct snaps_writer **out)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return fail(ERR_MEMORY, "out of memory");
	**out = (struct snaps_writer){.tail.fd = -1, .params = params, .stats = stats};
	return OK;
}

static void free_writer(struct snaps_writer *w)
{
	free(w->buffer);
	free(w->scratch);
	free(w);
}

/* ---- a new file ---- */

static status same_tensors(const char *path, const struct segments *file, const struct segments *ours)
{
	int n = ours ? ours->n : 0;
	for (int i = 0; i < file->n && i < n; i++) {
		const struct segment *a = &file->at[i], *b = &ours->at[i];
		if (strcmp(a->name, b->name) != 0 || a->ndim != b->ndim ||
		    memcmp(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape) != 0)
			return fail(ERR_INPUT, "%s: tensor %d is %s there and %s here, or its shape differs: another model's file", path, i,
			            a->name, b->name);
	}
	return file->n == n ? OK : fail(ERR_INPUT, "%s: has %d tensors where this model has %d", path, file->n, n);
}

/* Reads the header back: what there was no memory for somewhere between the facts and the file must not be found out by whoever
 * wants to predict with it. */
static status read_back(const struct snaps_writer *w, const json_t *meta)
{
	const char *path = w->tail.path, *key, *lost = NULL;
	struct snaps_header h;
	uint64_t size;
	int fd;
	json_t *value;
	TRY(file_open(path, &fd, &size));
	status s = snaps_header_read(fd, path, size, &h);
	close(fd);
	TRY(s);
	json_object_foreach((json_t *)meta, key, value)
		lost = json_equal(value, json_object_get(h.json, key)) ? lost : key;
	if (lost)
		s = fail(ERR_IO, "%s: its header was written, and what is read back has another \"%s\"", path, lost);
	if (s == OK)
		s = same_tensors(path, &h.params, w->params);
	if (s == OK)
		s = same_tensors(path, &h.stats, w->stats);
	snaps_header_free(&h);
	return s;
}

static status begin_file(struct snaps_writer *w, const char *path, const json_t *meta, const msgpack_sbuffer *header)
{
	TRY(tail_create(path, &w->tail));
	status s = tail_write(&w->tail, header->data, header->size);
	if (s == OK)
		s = tail_sync(&w->tail);
	if (s == OK)
		s = read_back(w, meta);
	if (s == OK)
		s = folder_sync(path);
	if (s == OK)
		s = take_memory(w);
	if (s != OK) {
		(void)tail_close(&w->tail);
		unlink(path);
	}
	return s;
}

status snaps_create(const char *path, const json_t *meta, const struct segments *params, const struct segments *stats,
                    const char *const *roles, enum snaps_dtype dtype, struct snaps_writer **out)
{
	struct snaps_writer *w;
	msgpack_sbuffer header;
	*out = NULL;
	TRY(new_writer(params, stats, &w));
	msgpack_sbuffer_init(&header);
	status s = snaps_header_write(meta, params, stats, roles, dtype, &header, &w->header);
	if (s == OK)
		s = begin_file(w, path, meta, &header);
	msgpack_sbuffer_destroy(&header);
	if (s != OK) {
		free_writer(w);
		return s;
	}
	*out = w;
	return OK;
}

/* ---- going on with a file ---- */

/* Checks that `length` ends a whole record, and takes over the header's layouts. */
static status check_file(struct snaps_writer *w, const char *path, uint64_t length)
{
	struct snaps_reader *r;
	TRY(snaps_open(path, length, &r));
	const struct segments *params = snaps_params(r), *stats = snaps_stats(r);
	status s = same_tensors(path, params, w->params);
	if (s == OK)
		s = same_tensors(path, stats, w->stats);
	uint64_t end = 0;
	if (s == OK)
		s = snaps_boundary(r, length, &end);
	if (s == OK && end != length)
		s = fail(ERR_DAMAGE, "%s: no record ends at byte %llu, where the checkpoint has the end of the file", path,
		         (unsigned long long)length);
	w->header = *snaps_reader_header(r);
	w->header.arena = (struct arena){0};
	w->header.params = w->header.stats = (struct segments){0};
	w->header.json = NULL;
	snaps_reader_close(r);
	return s;
}

status snaps_append(const char *path, uint64_t length, const struct segments *params, const struct segments *stats,
                    struct snaps_writer **out)
{
	struct snaps_writer *w;
	*out = NULL;
	TRY(new_writer(params, stats, &w));
	status s = check_file(w, path, length);
	if (s == OK)
		s = tail_open(path, length, &w->tail);
	if (s == OK)
		s = take_memory(w);
	if (s != OK) {
		(void)tail_close(&w->tail);
		free_writer(w);
		return s;
	}
	*out = w;
	return OK;
}

/* ---- records ---- */

static status check_range(const struct snaps_writer *w, const struct segment *seg, const float *x)
{
	for (size_t i = 0; i < seg->count; i++)
		if (fabsf(x[i]) >= 65520 && isfinite(x[i]))
			return fail(ERR_USAGE, "%s: {snapshot-dtype} float16: %s holds %g, beyond float16's 65504; use bfloat16 or float32",
			            w->tail.path, seg->name, (double)x[i]);
	return OK;
}

/* A vector's tensors in file order and type to `to`; straight there where memory already has the file's type. */
static status put_vector(const struct snaps_writer *w, const struct segments *s, const float *x, enum snaps_dtype dtype,
                         char *to)
{
	size_t size = snaps_dtype_size(dtype);
	bool direct = dtype == SNAPS_FLOAT32 && htole32(1) == 1 && (uintptr_t)to % sizeof(float) == 0;
	for (int i = 0; s && i < s->n; i++) {
		const struct segment *seg = &s->at[i];
		char *at = to + seg->offset * size;
		if (direct) {
			segment_to_file(seg, x + seg->offset, (float *)(void *)at);
			continue;
		}
		if (dtype == SNAPS_FLOAT16)
			TRY(check_range(w, seg, x + seg->offset));
		segment_to_file(seg, x + seg->offset, w->scratch);
		snaps_encode(dtype, w->scratch, at, seg->count);
	}
	return OK;
}

static uint64_t double_bits(double x)
{
	uint64_t u;
	memcpy(&u, &x, sizeof u);
	return u;
}

status snaps_write(struct snaps_writer *w, uint64_t step, double epoch, const char *role, double nll,
                   const float *params, const float *stats)
{
	const struct snaps_layout *l = w->header.layout, *end = l + w->header.n_roles;
	while (l < end && strcmp(l->role, role) != 0)
		l++;
	if (l == end)
		return fail(ERR_USAGE, "%s: its header has no role \"%s\"", w->tail.path, role);
	char *record = w->buffer + (ALIGN - l->params_at % ALIGN) % ALIGN;
	uint8_t *head = (uint8_t *)record;
	memcpy(record, l->head, l->head_bytes);
	pack_put_be64(head + l->step_at, step);
	pack_put_be64(head + l->epoch_at, double_bits(epoch));
	pack_put_be64(head + l->nll_at, double_bits(nll));
	TRY(put_vector(w, w->params, params, w->header.dtype, record + l->params_at));
	memcpy(record + l->params_at + l->params_bytes, l->middle, l->middle_bytes);
	TRY(put_vector(w, w->stats, stats, SNAPS_FLOAT32, record + l->stats_at));
	pack_seal(head + l->seal_at, XXH3_64bits(record, l->seal_at));
	return tail_write(&w->tail, record, l->bytes);
}

status snaps_sync(struct snaps_writer *w)
{
	return tail_sync(&w->tail);
}

uint64_t snaps_length(const struct snaps_writer *w)
{
	return w->tail.length;
}

uint64_t snaps_checksum(const struct snaps_writer *w)
{
	return w->header.checksum;
}

status snaps_close(struct snaps_writer *w)
{
	if (!w)
		return OK;
	status synced = tail_sync(&w->tail), closed = tail_close(&w->tail);
	free_writer(w);
	return synced != OK ? synced : closed;
}
