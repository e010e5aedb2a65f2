/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The parameters of a point, with the bits that the affine verb gives them. */
#include "src/cuda/weights.h"

#include <string.h>

#include "src/cuda/cuda.h"

_Static_assert(sizeof(struct cuda_weights_args) <= 4096, "a kernel's arguments are at most 4 KB");

enum { QUAD = 4, ALIGN = 16, PART_MOST = 1 << 30 };  /* elements of a part that the point verb makes */

CUDA_RUN(weights)

/* ---- what a part covers ---- */

static size_t element_bytes(bool bf16)
{
	return format_bytes((struct format){.bf16 = bf16});
}

static size_t part_count(const struct cuda_weights_part *p)
{
	return (size_t)p->rows * p->row;
}

/* Bytes written from `out` on. */
static size_t part_bytes(const struct cuda_weights_part *p)
{
	const struct cuda_weights w = {.rows = p->rows, .taps = p->row / p->in, .in = p->in, .padded = p->padded, .bf16 = p->bf16,
	                               .folded = p->stats};
	return cuda_weights_bytes(&w);
}

/* A block's threads have so many quads of the flat vector each. */
static uint32_t part_blocks(const struct cuda_weights_part *p)
{
	const size_t each = (size_t)QUAD * CUDA_WEIGHTS_QUADS * CUDA_WEIGHTS_THREADS;
	return (uint32_t)((p->offset % QUAD + part_count(p) + each - 1) / each);
}

static bool overlap(const struct cuda_weights_part *p, const struct cuda_weights_part *q)
{
	const unsigned char *a = p->out, *b = q->out;
	return a < b + part_bytes(q) && b < a + part_bytes(p);
}

/* ---- calls that become one ---- */

static struct cuda_weights_args args_of(const struct slots *s, const struct point *at)
{
	struct cuda_weights_args a;
	memset(&a, 0, sizeof a);
	a.theta = at->theta;
	if (at->v && at->v_coef != SLOT_NONE) {
		a.v = at->v;
		a.v_coef = at->v_coef;
	}
	if (at->sigma != SLOT_NONE) {
		a.sigma = at->sigma;
		a.stream = at->stream;
	}
	a.slots = a.v || a.sigma != SLOT_NONE ? cuda_slots_of(s) : NULL;
	a.aligned = (uintptr_t)a.theta % ALIGN == 0 && (uintptr_t)a.v % ALIGN == 0;
	return a;
}

static bool same_point(const struct cuda_weights_args *a, const struct cuda_weights_args *b)
{
	return a->slots == b->slots && a->theta == b->theta && a->v == b->v && a->v_coef == b->v_coef && a->sigma == b->sigma &&
	       a->stream == b->stream;
}

/* Whether q continues p, both of the point verb, as a layer's weights and biases do, which lie side by side there and here. */
static bool continues(const struct cuda_weights_part *p, const struct cuda_weights_part *q)
{
	return p->rows == 1 && q->rows == 1 && p->in == p->row && q->in == q->row && !p->bf16 && !q->bf16 && !p->stats && !q->stats &&
	       p->frozen == q->frozen && p->wide >= q->wide && p->offset + p->row == q->offset && (float *)p->out + p->row == q->out &&
	       p->row + q->row <= PART_MOST;
}

/* Whether one launch can make q with what is there already, in any order. */
static bool takes(const struct cuda_weights_args *a, const struct cuda_weights_args *point, const struct cuda_weights_part *q)
{
	if (a->n == CUDA_WEIGHTS_PARTS || !same_point(a, point))
		return false;
	for (int i = 0; i < a->n; i++)
		if (overlap(&a->part[i], q))
			return false;
	return true;
}

static void append(struct cuda_weights_args *a, const struct cuda_weights_part *q)
{
	struct cuda_weights_part *last = a->n ? &a->part[a->n - 1] : NULL;
	if (last && continues(last, q)) {
		last->row += q->row;
		last->in = last->padded = last->row;
	} else {
		last = &a->part[a->n++];
		memcpy(last, q, sizeof *q);
		last->block = a->blocks;
	}
	a->blocks = last->block + part_blocks(last);
	a->folded = a->folded || q->stats;
}

/* Puts a part off: into the last call, where that is one of these and of the same point. */
static status part_later(struct device *d, const struct slots *s, const struct point *at, struct cuda_weights_part *q)
{
	struct cuda_weights_args a = args_of(s, at), *last = cuda_last(d, run_weights);
	q->wide = q->in == q->padded && q->offset % QUAD == 0 && (uintptr_t)q->out % ALIGN == 0;
	if (last && takes(last, &a, q)) {
		append(last, q);
		return OK;
	}
	append(&a, q);
	return cuda_later(d, "parameters of a point", run_weights, &a, sizeof a);
}

/* ---- the point verb ---- */

status cuda_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
                  float *out)
{
	for (size_t done = 0; done < count;) {
		struct cuda_weights_part q;
		memset(&q, 0, sizeof q);
		q.offset = offset + done;
		q.out = out + done;
		q.rows = 1;
		q.row = q.in = q.padded = (uint32_t)(count - done < PART_MOST ? count - done : PART_MOST);
		q.frozen = frozen ? CUDA_FROZEN_WEIGHT : 0;
		TRY(part_later(d, s, at, &q));
		done += q.row;
	}
	return OK;
}

/* ---- working weights ---- */

size_t cuda_weights_bias_at(const struct cuda_weights *w)
{
	return (w->rows * w->taps * w->padded * element_bytes(w->bf16) + ALIGN - 1) / ALIGN * ALIGN;
}

size_t cuda_weights_bytes(const struct cuda_weights *w)
{
	if (w->folded)
		return cuda_weights_bias_at(w) + w->rows * sizeof(float);
	return w->rows * w->taps * w->padded * element_bytes(w->bf16);
}

status cuda_weights_later(struct device *d, const struct cuda_weights *w, const struct weight_source *from, void *working)
{
	const struct segment *weight = from->param[PARAM_WEIGHT], *gamma = from->folded[PARAM_WEIGHT], *beta = from->folded[PARAM_BIAS];
	struct cuda_weights_part q;
	memset(&q, 0, sizeof q);
	q.offset = weight->offset;
	q.out = working;
	q.rows = (uint32_t)w->rows;
	q.row = (uint32_t)(w->taps * w->in);
	q.in = (uint32_t)w->in;
	q.padded = (uint32_t)w->padded;
	q.bf16 = w->bf16;
	q.frozen = weight->frozen ? CUDA_FROZEN_WEIGHT : 0;
	if (w->folded) {
		q.stats = from->stats;
		q.gamma = gamma->offset;
		q.beta = beta->offset;
		q.frozen |= (gamma->frozen ? CUDA_FROZEN_GAMMA : 0) | (beta->frozen ? CUDA_FROZEN_BETA : 0);
	}
	return part_later(d, from->slots, from->at, &q);
}
