/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The affine verb: one launch for all pieces and both outputs. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/vec.h"

CUDA_RUN(affine)

/* Whether the output reads the input, in some piece. */
static bool reads(const struct affine_output *o, int input)
{
	return o->base == input || o->coef[input] != SLOT_NONE || (o->prior != SLOT_NONE && o->prior_at == input);
}

static void set_output(const struct affine *a, const struct affine_output *o, struct cuda_affine_output *out)
{
	out->y = o->y;
	out->base = o->base >= 0 ? a->x[o->base] : NULL;
	out->base_input = -1;
	out->noise = o->noise;
	out->prior = o->prior;
	if (o->prior != SLOT_NONE)
		out->prior_at = a->x[o->prior_at];
}

static bool all_aligned(const struct cuda_affine_args *a)
{
	uintptr_t bits = 0;
	for (int i = 0; i < a->n_in; i++)
		bits |= (uintptr_t)a->x[i];
	for (int o = 0; o < a->n_out; o++)
		bits |= (uintptr_t)a->out[o].y | (uintptr_t)a->out[o].base | (uintptr_t)a->out[o].prior_at;
	return bits % (4 * sizeof(float)) == 0;
}

static void set_streams(const struct affine *a, struct cuda_affine_args *args)
{
	for (int o = 0; o < a->n_out; o++) {
		if (a->out[o].noise == SLOT_NONE)
			continue;
		if (!args->streams)
			for (int each = 0; each < AFFINE_OUTPUTS; each++)
				args->stream[each] = a->out[o].stream;
		args->stream[o] = a->out[o].stream;
		args->streams = args->stream[o] == args->stream[0] ? 1 : AFFINE_OUTPUTS;
	}
}

static bool any_frozen(const struct pieces *p)
{
	for (int i = 0; i < p->n; i++)
		if (p->at[i].frozen)
			return true;
	return false;
}

static void set_args(const struct affine *a, const struct pieces *p, struct cuda_affine_args *args)
{
	args->n_out = a->n_out;
	for (int o = 0; o < a->n_out; o++)
		set_output(a, &a->out[o], &args->out[o]);
	set_streams(a, args);
	for (int i = 0; i < a->n_in; i++) {
		bool read = false;
		for (int o = 0; o < a->n_out; o++) {
			read = read || reads(&a->out[o], i);
			args->out[o].coef[args->n_in] = a->out[o].coef[i];
			if (a->out[o].prior_at == i)
				args->out[o].prior_input = args->n_in;
			if (a->out[o].base == i)
				args->out[o].base_input = args->n_in;
		}
		if (read)
			args->x[args->n_in++] = a->x[i];
	}
	/* Inputs that a kernel has and the call has not, and what was written for one that nobody reads. */
	for (int o = 0; o < a->n_out; o++)
		for (int i = args->n_in; i < AFFINE_INPUTS; i++)
			args->out[o].coef[i] = SLOT_NONE;
	args->aligned = all_aligned(args);
	args->ahead = args->aligned && !any_frozen(p);
}

status cuda_affine(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a)
{
	struct cuda_affine_args args;
	memset(&args, 0, sizeof args);
	for (int o = 0; o < a->n_out; o++) {
		if (slot_may_count(s, a->out[o].prior))
			TRY(prior_check(s, p));
		args.curved = args.curved || (a->out[o].prior != SLOT_NONE && pieces_curved(p));
	}
	if (!p->count || !a->n_out)
		return OK;
	TRY(cuda_pieces_of(d, p, &args.pieces));
	args.slots = cuda_slots_of(s);
	set_args(a, p, &args);
	return cuda_later(d, "affine", run_affine, &args, sizeof args);
}
