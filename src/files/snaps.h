/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshot files: a stream of msgpack maps, first a header, then a record a snapshot. basin-snapshot(5) is the format's
 * description. Parameters are in file order (OIHW), see tensor.h. */
#ifndef BASIN_SNAPS_H
#define BASIN_SNAPS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "src/tensor.h"

#define SNAPS_DTYPE_WORDS "float32|float16|bfloat16"   /* in the order of the enum */
enum snaps_dtype { SNAPS_FLOAT32, SNAPS_FLOAT16, SNAPS_BFLOAT16 };

enum { SNAPS_ROLES = 4 };

struct snaps_writer;

/* Creates a file with its header: `meta` (an object with model, likelihood, normalize, classes, sampler, target, seed,
 * chain, data, …; borrowed) and what follows from the segments and roles (NULL-terminated). Refuses an existing file.
 * Errors: ERR_IO, ERR_MEMORY. */
status snaps_create(const char *path, const json_t *meta, const struct segments *params, const struct segments *stats,
                    const char *const *roles, enum snaps_dtype dtype, struct snaps_writer **out);

/* Opens an existing file to go on at `length` bytes: anything beyond is cut off, what lies before is checked to end a
 * record. Errors: ERR_DAMAGE, ERR_INPUT, ERR_IO. */
status snaps_append(const char *path, uint64_t length, const struct segments *params, const struct segments *stats,
                    struct snaps_writer **out);

/* Appends a record. params and stats are host vectors in memory order; stats may be NULL when there are none.
 * Nothing half-written is left behind on failure: the file is cut back. Errors: ERR_IO (names the file), ERR_USAGE for
 * a role the header lacks. */
status snaps_write(struct snaps_writer *w, uint64_t step, double epoch, const char *role, double nll,
                   const float *params, const float *stats);

/* Makes what was written survive a power cut. Errors: ERR_IO. */
status snaps_sync(struct snaps_writer *w);
uint64_t snaps_length(const struct snaps_writer *w);   /* bytes up to the last whole record */
uint64_t snaps_checksum(const struct snaps_writer *w); /* of its header, by which a checkpoint knows the file */
status snaps_close(struct snaps_writer *w);            /* syncs; NULL is fine */

/* ---- a header that several files have, those of a run's chains: all of it but the chain's number ---- */

struct snaps_shared;

/* What of it is a file's own. */
struct snaps_own {
	uint64_t checksum;
	json_int_t chain;
	bool numbered;       /* it has a chain's number */
};

/* Reads a file's header alone. *out is `known` (or NULL) where the file has that one, else a new one, the caller's to free.
 * Errors: as snaps_open's; *out is then not set. */
status snaps_shared_read(const char *path, struct snaps_shared *known, struct snaps_shared **out, struct snaps_own *own);
const json_t *snaps_shared_meta(const struct snaps_shared *h);       /* with the chain of the file that it was read from */
const char *snaps_shared_role(const struct snaps_shared *h, int i);  /* the i-th that can occur; NULL beyond the last */
void snaps_shared_free(struct snaps_shared *h);

/* ---- reading ---- */

struct snaps_reader;

struct snaps_record {
	uint64_t step;
	double epoch, nll;
	const char *role;
	float *params;   /* memory order, float32 whatever the file's dtype; valid until the next call */
	float *stats;
};

/* Opens a file and checks its header. What lies beyond the last whole record: a torn tail (snaps_torn says how many
 * bytes). `committed` is the checkpoint's length, or 0 where there is none: a defect before it, or before the last record
 * boundary, is damage. Errors: ERR_INPUT (not such a file, a version this program does not know), ERR_DAMAGE. */
status snaps_open(const char *path, uint64_t committed, struct snaps_reader **out);
/* Likewise where a header that the file shares is known; it must outlive the reader. Errors: also ERR_INPUT where the file has
 * another one by now. */
status snaps_open_shared(const char *path, uint64_t committed, const struct snaps_shared *h, struct snaps_reader **out);
/* The header alone, checked, without a look at the records, and its checksum; *meta is the caller's to free. Errors: as
 * snaps_open's. */
status snaps_header(const char *path, json_t **meta, uint64_t *checksum);
const json_t *snaps_meta(const struct snaps_reader *r);            /* the whole header, or the one it shares */
const struct segments *snaps_params(const struct snaps_reader *r);
const struct segments *snaps_stats(const struct snaps_reader *r);
uint64_t snaps_torn(const struct snaps_reader *r);
size_t snaps_count(const struct snaps_reader *r);                  /* records, damaged ones included */

/* Step and role of record i, without its tensors; the role is the header's. Errors: ERR_DAMAGE. */
status snaps_peek(struct snaps_reader *r, size_t i, uint64_t *step, const char **role);
/* Reads record i and checks its checksum. Errors: ERR_DAMAGE naming file and step; ERR_IO. */
status snaps_read(struct snaps_reader *r, size_t i, struct snaps_record *out);
void snaps_reader_close(struct snaps_reader *r);

/* float16 and bfloat16 by round to nearest even; n elements. */
void snaps_encode(enum snaps_dtype t, const float *from, void *to, size_t n);
void snaps_decode(enum snaps_dtype t, const void *from, float *to, size_t n);
size_t snaps_dtype_size(enum snaps_dtype t);
const char *snaps_dtype_name(enum snaps_dtype t);

#endif
