/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the snapshot writer and reader share: a record's layout, and the header. */
#ifndef BASIN_SNAPS_FORMAT_H
#define BASIN_SNAPS_FORMAT_H

#include "src/files/pack.h"
#include "src/files/snaps.h"

enum { SNAPS_ROLE_BYTES = 32, SNAPS_HEAD_MOST = 128, SNAPS_MIDDLE_MOST = 16 };

/* Where everything is in a record of one role: `head` bytes, the parameters, `middle` bytes, the statistics, the seal.
 * Only the numbers differ from record to record, so a reader compares the rest instead of interpreting it. */
struct snaps_layout {
	char role[SNAPS_ROLE_BYTES];
	uint8_t head[SNAPS_HEAD_MOST], middle[SNAPS_MIDDLE_MOST];
	size_t head_bytes, middle_bytes;
	size_t step_at, epoch_at, nll_at;  /* in the head: 8 bytes each, big-endian */
	size_t params_at, params_bytes, stats_at, stats_bytes, seal_at, bytes;
};

/* Errors: ERR_USAGE when a vector is beyond msgpack's 4 GiB or the role is too long; ERR_MEMORY. */
status snaps_layout_of(const char *role, size_t n_params, size_t n_stats, enum snaps_dtype dtype,
                       struct snaps_layout *out);
/* Whether n bytes could begin a record of this layout. */
bool snaps_layout_fits(const struct snaps_layout *l, const uint8_t *data, size_t n);

struct snaps_header {
	struct arena arena;                /* owns the segments */
	json_t *json;                      /* without the checksum */
	struct segments params, stats;
	enum snaps_dtype dtype;
	int n_roles;
	struct snaps_layout layout[SNAPS_ROLES];
	uint64_t bytes;                    /* in the file */
	uint64_t checksum;                 /* that the file has for it */
};

/* The header's bytes into b, and its layouts into *out, whose segments and json stay empty.
 * Errors: ERR_USAGE, ERR_MEMORY. */
status snaps_header_write(const json_t *meta, const struct segments *params, const struct segments *stats,
                          const char *const *roles, enum snaps_dtype dtype, msgpack_sbuffer *b, struct snaps_header *out);
/* Reads and checks the header of a file of `size` bytes. Errors: ERR_INPUT, ERR_DAMAGE, ERR_IO, ERR_MEMORY; *out is then
 * empty. */
status snaps_header_read(int fd, const char *path, uint64_t size, struct snaps_header *out);
void snaps_header_free(struct snaps_header *h);

struct snaps_shared {
	struct snaps_header header;        /* of the file that it was read from, */
	uint8_t *data;                     /* and its bytes */
	size_t chain_at;                   /* where in them the chain's number is, 8 bytes; 0: it has none */
};

/* Errors: ERR_INPUT where the file does not begin with this header; ERR_IO, ERR_MEMORY. */
status snaps_shared_check(int fd, const char *path, uint64_t size, const struct snaps_shared *h);

const struct snaps_header *snaps_reader_header(const struct snaps_reader *r);
/* The last end of a record that is at most `length`, or the header's end; ERR_DAMAGE where a record before it is damaged. */
status snaps_boundary(const struct snaps_reader *r, uint64_t length, uint64_t *end);

#endif
