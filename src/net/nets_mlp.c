/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Linear models and multilayer perceptrons: fc, or fc1, fc2, … with the activation between them. */
#include "src/net/nets.h"

#include <errno.h>
#include <stdlib.h>

enum { WIDTH_MAX = 1 << 24, WIDTHS_MAX = LAYERS_MAX / 2 };

static status build_linear(struct model *m, const char *sizes)
{
	if (sizes)
		return fail(ERR_USAGE, "{model} %s: linear takes no sizes, the data gives them", m->spec);
	return nets_linear(m, "fc", INPUT_BATCH, m->outputs);
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
		return fail(ERR_USAGE, "{model} %s: expected mlp:IN-HIDDEN-…-OUT, 2 to %d sizes from 1 to %d", m->spec,
		            WIDTHS_MAX, WIDTH_MAX);
	if ((size_t)width[0] != shape_size(m->input))
		return fail(ERR_USAGE, "{model} %s: the data has %zu inputs", m->spec, shape_size(m->input));
	if (width[n - 1] != m->outputs)
		return fail(ERR_USAGE, "{model} %s: the data and the likelihood need %d output%s", m->spec, m->outputs,
		            m->outputs == 1 ? "" : "s");
	for (int i = 1; i < n; i++) {
		char *name;
		TRY(arena_text(&m->arena, &name, "fc%d", i));
		TRY(nets_linear(m, name, nets_last(m), width[i]));
		if (i < n - 1)
			nets_activation(m, nets_last(m));
	}
	return OK;
}

const struct net_kind net_linear = {.name = "linear", .usage = "linear", .build = build_linear};
const struct net_kind net_mlp = {.name = "mlp", .usage = "mlp:IN-HIDDEN-…-OUT", .build = build_mlp};
