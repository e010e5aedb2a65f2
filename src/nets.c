/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nets.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH_MAX = 1 << 24, WIDTHS_MAX = LAYERS_MAX / 2 };

static int inputs_of(const struct model *m)
{
	return m->input[0] * m->input[1] * m->input[2];
}

static void set_flat(int shape[3], int width)
{
	shape[0] = width;
	shape[1] = shape[2] = 1;
}

/* Appends y = x Wᵀ + b with PyTorch's default initialisation, U(±1/√fan_in) for both; x is layer `input`'s output. */
static status add_linear(struct model *m, const char *name, int input, int in, int out)
{
	struct layer *l = &m->layer[m->n_layers++];
	*l = (struct layer){.kind = LAYER_LINEAR, .input = {input, -2}, .stat = -1};
	set_flat(l->in, in);
	set_flat(l->out, out);
	double bound = 1 / sqrt(in);
	char *text;
	TRY(arena_text(&m->arena, &text, "%s.weight", name));
	TRY(segments_add(&m->params, &m->arena, text, 2, (int64_t[]){out, in}, INIT_UNIFORM, bound, &l->weight));
	TRY(arena_text(&m->arena, &text, "%s.bias", name));
	return segments_add(&m->params, &m->arena, text, 1, (int64_t[]){out}, INIT_UNIFORM, bound, &l->bias);
}

/* Appends the model's activation after layer `input`. */
static void add_activation(struct model *m, int input)
{
	struct layer *l = &m->layer[m->n_layers++];
	*l = (struct layer){.kind = LAYER_ACTIVATION, .input = {input, -2}, .weight = -1, .bias = -1, .stat = -1,
	                    .activation = m->activation};
	memcpy(l->in, m->layer[input].out, sizeof l->in);
	memcpy(l->out, l->in, sizeof l->out);
}

static status build_linear(struct model *m, const char *sizes)
{
	if (sizes)
		return fail(ERR_USAGE, "--model %s: linear takes no sizes, the data gives them", m->spec);
	return add_linear(m, "fc", -1, inputs_of(m), m->outputs);
}

/* Reads "784-128-10" into width and returns how many there are, or 0 when it is something else. */
static int read_widths(const char *text, int width[WIDTHS_MAX])
{
	for (int n = 0; text && n < WIDTHS_MAX; n++) {
		char *end;
		errno = 0;
		long value = strtol(text, &end, 10);
		if (*text < '0' || *text > '9' || errno || value < 1 || value > WIDTH_MAX)
			return 0;
		width[n] = (int)value;
		if (!*end)
			return n + 1;
		if (*end != '-')
			return 0;
		text = end + 1;
	}
	return 0;
}

static status build_mlp(struct model *m, const char *sizes)
{
	int width[WIDTHS_MAX], n = read_widths(sizes, width);
	if (n < 2)
		return fail(ERR_USAGE, "--model %s: expected mlp:IN-HIDDEN-…-OUT, 2 to %d sizes from 1 to %d", m->spec,
		            WIDTHS_MAX, WIDTH_MAX);
	if (width[0] != inputs_of(m))
		return fail(ERR_USAGE, "--model %s: the data has %d inputs", m->spec, inputs_of(m));
	if (width[n - 1] != m->outputs)
		return fail(ERR_USAGE, "--model %s: the data and the likelihood need %d output%s", m->spec, m->outputs,
		            m->outputs == 1 ? "" : "s");
	for (int i = 1; i < n; i++) {
		char *name;
		TRY(arena_text(&m->arena, &name, "fc%d", i));
		TRY(add_linear(m, name, m->n_layers - 1, width[i - 1], width[i]));
		if (i < n - 1)
			add_activation(m, m->n_layers - 1);
	}
	return OK;
}

const struct net_kind net_kinds[] = {
	{"linear", "linear", build_linear},
	{"mlp", "mlp:IN-HIDDEN-…-OUT", build_mlp},
	{0},
};
