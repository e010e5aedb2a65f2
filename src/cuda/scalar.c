/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Arithmetic on slots, where they are. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/vec.h"
#include "src/scalar.h"

/* How many slots a row reads and writes. */
static const struct row {
	int inputs, outputs;
} rows[] = {
#define SCALAR_SIGHT(fn, inputs, outputs) {inputs, outputs},
	SCALAR_ROWS(SCALAR_SIGHT)
};

CUDA_RUN(scalar)

status cuda_scalar(struct device *d, struct slots *s, const struct scalar *w)
{
	const struct row *row = &rows[w->fn];
	struct cuda_scalar_args a;
	memset(&a, 0, sizeof a);
	a.slots = cuda_slots_of(s);
	a.fn = w->fn;
	for (int i = 0; i < row->inputs; i++)
		a.in[i] = w->in[i];
	for (int i = 0; i < row->outputs; i++) {
		if (w->out[i] != SLOT_NONE)
			TRY(slot_writable(w->out[i]));
		a.out[i] = w->out[i];
	}
	return cuda_later(d, "scalar", run_scalar, &a, sizeof a);
}
