/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/tensors.h"

#include <string.h>

#include "src/cuda/cuda.h"

CUDA_RUN(add)

status cuda_add(struct device *d, struct format f, size_t count, void *y, const void *x)
{
	struct cuda_add_args a;
	if (!count)
		return OK;
	memset(&a, 0, sizeof a);
	a.y = y;
	a.x = x;
	a.n = count;
	a.bf16 = f.bf16;
	return cuda_later(d, "add", run_add, &a, sizeof a);
}

CUDA_RUN(convert)

status cuda_convert(struct device *d, const void *from, bool from_bf16, void *to, bool to_bf16, size_t n)
{
	struct cuda_convert_args a;
	if (from_bf16 == to_bf16)
		return cuda_copy(d, to, from, n * format_bytes((struct format){.bf16 = to_bf16}));
	if (!n)
		return OK;
	memset(&a, 0, sizeof a);
	a.from = from;
	a.to = to;
	a.n = n;
	a.to_bf16 = to_bf16;
	return cuda_later(d, "conversion", run_convert, &a, sizeof a);
}

CUDA_RUN(channel_sums)

static status sums_later(struct device *d, struct cuda_channel_sums_args *a)
{
	_Static_assert(CUDA_SUMS_PARTS * sizeof *a->parts <= CUDA_WORKSPACE, "the workspace holds what blocks have added up");
	if (!a->channels)
		return OK;
	/* Nobody else is at work while the kernels of this call are. */
	a->parts = cuda_of(d)->workspace;
	return cuda_later(d, "sums of columns", run_channel_sums, a, sizeof *a);
}

status cuda_channel_sums(struct device *d, bool bf16, const void *t, size_t rows, size_t channels, bool add, float *out)
{
	struct cuda_channel_sums_args a;
	memset(&a, 0, sizeof a);
	a.t = t;
	a.out = out;
	a.rows = rows;
	a.channels = channels;
	a.bf16 = bf16;
	a.add = add;
	return sums_later(d, &a);
}

status cuda_channel_sums_narrowed(struct device *d, const float *t, size_t rows, size_t channels, bool add, float *out,
                                  uint16_t *narrow)
{
	struct cuda_channel_sums_args a;
	memset(&a, 0, sizeof a);
	a.t = t;
	a.out = out;
	a.narrow = narrow;
	a.rows = rows;
	a.channels = channels;
	a.add = add;
	return sums_later(d, &a);
}
