/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Linear models and multilayer perceptrons: fc, or fc1, fc2, … with the activation between them. */
#include "src/net/nets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/text.h"

enum { WIDTH_MAX = 1 << 24, WIDTHS_MAX = LAYERS_MAX / 2 };

static status build_linear(struct model *m, const char *sizes)
{
	if (sizes)
		return fail(ERR_USAGE, "{model} %s: linear takes no sizes, the data gives them", m->spec);
	return nets_linear(m, "fc", INPUT_BATCH, m->outputs);
}

/* One size, or the word for what the data have, and what follows it. */
static bool read_width(const char **text, const char *word, size_t own, int *out)
{
	char *end;
	size_t length = strlen(word);
	if (length && !strncmp(*text, word, length)) {
		*text += length;
		*out = own <= WIDTH_MAX ? (int)own : 0;
		return *out > 0;
	}
	errno = 0;
	long value = strtol(*text, &end, 10);
	if (**text < '0' || **text > '9' || errno || value < 1 || value > WIDTH_MAX)
		return false;
	*out = (int)value;
	*text = end;
	return true;
}

/* Reads "784-128-10" or "in-128-out" into width and returns how many there are, or 0 when it is something else. */
static int read_widths(const struct model *m, const char *text, int width[WIDTHS_MAX])
{
	for (int n = 0; text && n < WIDTHS_MAX; n++) {
		const bool last = !strchr(text, '-');
		if (!read_width(&text, last ? "out" : n ? "" : "in", last ? (size_t)m->outputs : shape_size(m->input), &width[n]))
			return 0;
		if (!*text)
			return n + 1;
		if (*text++ != '-')
			return 0;
	}
	return 0;
}

/* With numbers for in and out, as whoever builds it again without the data needs it. */
static status spell_widths(struct model *m, int n, const int *width)
{
	struct text spec = {.n = 0};
	char *copy;
	for (int i = 0; i < n; i++)
		text_add(&spec, "%s%d", i ? "-" : "mlp:", width[i]);
	TRY(arena_text(&m->arena, &copy, "%s", spec.at));
	m->spec = copy;
	return OK;
}

static status build_mlp(struct model *m, const char *sizes)
{
	int width[WIDTHS_MAX], n = read_widths(m, sizes, width);
	if (n < 2)
		return fail(ERR_USAGE, "{model} %s: expected mlp:IN-HIDDEN-…-OUT, 2 to %d sizes from 1 to %d, or in and out for the "
		            "first and the last as the data have them", m->spec, WIDTHS_MAX, WIDTH_MAX);
	if ((size_t)width[0] != shape_size(m->input))
		return fail(ERR_USAGE, "{model} %s: the data has %zu inputs", m->spec, shape_size(m->input));
	if (width[n - 1] != m->outputs)
		return fail(ERR_USAGE, "{model} %s: the data and the likelihood need %d output%s", m->spec, m->outputs,
		            m->outputs == 1 ? "" : "s");
	if (strpbrk(sizes, "io"))
		TRY(spell_widths(m, n, width));
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
