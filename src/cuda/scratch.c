/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Memory for the length of one layer's pass. */
#include "src/cuda/cuda.h"

status cuda_scratch(struct device *d, size_t bytes)
{
	struct cuda_device *cuda = cuda_of(d);
	void *larger;
	if (bytes <= cuda->scratch_bytes)
		return OK;
	/* The new one first: without it plans that were made before still have theirs. */
	TRY(cuda_alloc(d, bytes, &larger));
	cuda_free(d, cuda->scratch);
	cuda->scratch = larger;
	cuda->scratch_bytes = bytes;
	return OK;
}
