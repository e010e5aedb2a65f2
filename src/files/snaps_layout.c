/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <string.h>

#include "src/files/snaps_format.h"

/* The head, with zeros for numbers. The buffer can't fail to hold these few bytes once it has memory at all. */
static status encode_head(struct snaps_layout *l, msgpack_packer *p, const msgpack_sbuffer *b)
{
	int bad = msgpack_pack_map(p, 7);
	TRY(pack_text(p, "step"));
	bad |= msgpack_pack_fix_uint64(p, 0);
	l->step_at = b->size - 8;
	TRY(pack_text(p, "epoch"));
	bad |= msgpack_pack_double(p, 0);
	l->epoch_at = b->size - 8;
	TRY(pack_text(p, "role"));
	TRY(pack_text(p, l->role));
	TRY(pack_text(p, "nll"));
	bad |= msgpack_pack_double(p, 0);
	l->nll_at = b->size - 8;
	TRY(pack_text(p, "params"));
	bad |= msgpack_pack_bin(p, l->params_bytes);
	l->head_bytes = b->size;
	TRY(pack_text(p, "stats"));
	bad |= msgpack_pack_bin(p, l->stats_bytes);
	l->middle_bytes = b->size - l->head_bytes;
	if (bad)
		return fail(ERR_MEMORY, "out of memory");
	memcpy(l->head, b->data, l->head_bytes);
	memcpy(l->middle, b->data + l->head_bytes, l->middle_bytes);
	return OK;
}

status snaps_layout_of(const char *role, size_t n_params, size_t n_stats, enum snaps_dtype dtype,
                       struct snaps_layout *l)
{
	*l = (struct snaps_layout){0};
	size_t n = strlen(role), size = snaps_dtype_size(dtype);
	if (n == 0 || n >= SNAPS_ROLE_BYTES)
		return fail(ERR_USAGE, "snapshot role \"%s\": expected 1 to %d bytes", role, SNAPS_ROLE_BYTES - 1);
	if (n_params > UINT32_MAX / size || n_stats > UINT32_MAX / sizeof(float))
		return fail(ERR_USAGE, "a snapshot of %zu parameters and %zu statistics as %s is beyond msgpack's 4 GiB", n_params,
		            n_stats, snaps_dtype_name(dtype));
	memcpy(l->role, role, n);
	l->params_bytes = n_params * size;
	l->stats_bytes = n_stats * sizeof(float);
	msgpack_sbuffer b;
	msgpack_packer p;
	msgpack_sbuffer_init(&b);
	msgpack_packer_init(&p, &b, msgpack_sbuffer_write);
	status s = encode_head(l, &p, &b);
	msgpack_sbuffer_destroy(&b);
	l->params_at = l->head_bytes;
	l->stats_at = l->params_at + l->params_bytes + l->middle_bytes;
	l->seal_at = l->stats_at + l->stats_bytes;
	l->bytes = l->seal_at + PACK_SEAL;
	return s;
}

bool snaps_layout_fits(const struct snaps_layout *l, const uint8_t *data, size_t n)
{
	const size_t from[] = {0, l->step_at + 8, l->epoch_at + 8, l->nll_at + 8};
	const size_t to[] = {l->step_at, l->epoch_at, l->nll_at, l->head_bytes};
	for (int i = 0; i < 4 && from[i] < n; i++)
		if (memcmp(l->head + from[i], data + from[i], (to[i] < n ? to[i] : n) - from[i]) != 0)
			return false;
	return true;
}
