/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/panel.h"

#include <limits.h>

/* Choices of one file stand together. Where first is NULL, files are only counted. */
static size_t files_of(const struct selection *s, size_t *first, size_t *total)
{
	size_t files = 0;
	for (size_t i = 0, end; i < s->n; i = end, files++) {
		for (end = i + 1; end < s->n && s->choice[end].source == s->choice[i].source; end++)
			continue;
		if (first) {
			first[files] = i;
			total[files] = end - i;
		}
	}
	return files;
}

static size_t most_of(const size_t *total, size_t n)
{
	size_t most = 0;
	for (size_t k = 0; k < n; k++)
		most = total[k] > most ? total[k] : most;
	return most;
}

status panel_open(const struct selection *s, struct arena *a, struct panel *out)
{
	const size_t files = files_of(s, NULL, NULL);
	*out = (struct panel){.draws = SIZE_MAX};
	if (files > INT_MAX)
		return fail(ERR_USAGE, "%zu chains are more than can be judged at once", files);
	TRY(ARENA_NEW(a, files, &out->first));
	TRY(ARENA_NEW(a, files, &out->total));
	files_of(s, out->first, out->total);
	const size_t most = most_of(out->total, files);
	for (size_t k = 0; k < files; k++) {
		if (out->total[k] * 2 < most) {
			out->left_out++;
			continue;
		}
		out->first[out->chains] = out->first[k];
		out->total[out->chains++] = out->total[k];
		out->draws = out->total[k] < out->draws ? out->total[k] : out->draws;
	}
	for (int k = 0; k < out->chains; k++)
		out->first[k] += out->total[k] - out->draws;
	return OK;
}
