/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/conv.h"

#include <stdio.h>

#include "tests/tap.h"

/* n, in, height, width, out, kernel, stride, pad, groups, bias */
static const struct conv_dims blocked[] = {
	{3, 16, 9, 9, 32, 3, 1, 1, 1, false}, {2, 32, 8, 8, 16, 3, 2, 1, 1, true},  {5, 32, 8, 10, 48, 1, 1, 0, 1, false},
	{2, 16, 9, 7, 32, 1, 2, 0, 1, true},  {1, 64, 4, 4, 64, 3, 1, 1, 1, false}, {2, 32, 11, 11, 32, 5, 2, 2, 1, false},
	{2, 64, 6, 6, 32, 3, 1, 1, 2, true},  {4, 32, 8, 8, 32, 3, 1, 1, 1, true},  {2, 16, 12, 12, 16, 7, 2, 3, 1, false},
	{3, 16, 1, 1, 32, 3, 1, 1, 1, false},
	/* tiles of Winograd's in several chunks, with other margins */
	{9, 16, 14, 10, 48, 3, 1, 0, 1, true}, {7, 48, 9, 8, 16, 3, 1, 2, 1, false},
};
static const struct conv_dims odd[] = {
	{2, 6, 14, 14, 16, 5, 1, 0, 1, true}, {2, 3, 12, 12, 6, 5, 1, 2, 1, true}, {3, 1, 10, 10, 6, 5, 1, 2, 1, true},
	{2, 5, 7, 9, 7, 3, 2, 1, 1, false},   {2, 6, 8, 8, 10, 3, 1, 1, 2, true},  {2, 12, 6, 6, 12, 3, 1, 1, 12, false},
	{1, 20, 5, 5, 33, 1, 1, 0, 1, true},
};

static const struct conv_dims few[] = {
	{3, 3, 12, 37, 6, 5, 1, 0, 1, true},  {2, 1, 10, 21, 6, 5, 1, 2, 1, true},   {2, 6, 14, 14, 16, 5, 1, 0, 1, true},
	{3, 16, 9, 7, 13, 3, 1, 1, 1, false}, {2, 5, 6, 33, 9, 3, 1, 2, 1, true},    {1, 2, 5, 17, 1, 5, 1, 4, 1, true},
	{2, 3, 28, 28, 6, 5, 1, 2, 1, true},  {40, 6, 14, 14, 16, 5, 1, 0, 1, true}, {2, 4, 6, 50, 7, 5, 1, 3, 1, false},
	/* enough examples for a vector to hold one pixel of several */
	{9, 3, 12, 37, 6, 5, 1, 0, 1, true},  {17, 1, 10, 21, 6, 5, 1, 2, 1, true},  {33, 16, 9, 7, 13, 3, 1, 1, 1, false},
	{8, 5, 6, 33, 9, 3, 1, 2, 1, true},   {11, 2, 5, 17, 1, 5, 1, 4, 1, true},   {19, 4, 6, 5, 7, 5, 1, 3, 1, false},
	{16, 2, 3, 4, 3, 5, 1, 2, 1, true},
	/* what the library does */
	{2, 6, 8, 8, 10, 3, 1, 1, 2, true},   {2, 16, 9, 9, 32, 3, 1, 1, 1, true},   {2, 3, 9, 9, 6, 3, 2, 1, 1, true},
};

const struct conv_shapes conv_blocked = {blocked, sizeof blocked / sizeof *blocked}, conv_odd = {odd, sizeof odd / sizeof *odd},
                         conv_few = {few, sizeof few / sizeof *few};

static void each(struct device *d, const struct conv_dims *shapes, int n, const struct conv_setup *how, double slack,
                 struct conv_worst set[4], struct conv_worst added[4])
{
	for (int i = 0; i < n; i++)
		for (int add = 0; add < 2; add++) {
			struct conv_setup s = *how;
			struct conv_case c;
			if (!in_turn())
				continue;
			s.dims = shapes[i];
			s.dims.bias = s.dims.bias && !s.folded;
			s.askew = i % 2;
			conv_case_new(d, &s, &c);
			conv_check(&c, &s, add, slack, add ? added : set);
			conv_case_free(&c);
		}
}

static void check_shapes(struct device *d, const struct conv_setup *how, double slack, const char *name)
{
	struct conv_worst set[4] = {{0}}, added[4] = {{0}};
	char text[96];
	each(d, blocked, sizeof blocked / sizeof *blocked, how, slack, set, added);
	if (!how->x.block)
		each(d, odd, sizeof odd / sizeof *odd, how, slack, set, added);
	conv_judge(set, name);
	snprintf(text, sizeof text, "%s, gradients added", name);
	conv_judge(added, text);
}

void check_conv(struct device *d, struct format f, enum precision precision, enum conv_algo algo, double slack, const char *name)
{
	const struct conv_setup how = {.x = f, .y = f, .mode = PLAN_TRAIN, .precision = precision, .algo = algo};
	check_shapes(d, &how, slack, name);
}

void check_conv_apart(struct device *d, struct format f, enum precision precision, enum conv_algo algo, double slack, const char *name)
{
	const struct conv_setup how = {.x = f, .y = f, .mode = PLAN_TRAIN, .precision = precision, .algo = algo, .apart = true};
	check_shapes(d, &how, slack, name);
}

void check_conv_planes(struct device *d, enum conv_algo algo, const char *name)
{
	const struct format planes = {false, 1};
	struct conv_worst set[4] = {{0}}, added[4] = {{0}};
	struct conv_setup how = {.x = planes, .y = planes, .mode = PLAN_TRAIN, .precision = PRECISION_FP32, .algo = algo};
	char text[96];
	each(d, few, sizeof few / sizeof *few, &how, 1, set, added);
	conv_judge(set, name);
	snprintf(text, sizeof text, "%s, gradients added", name);
	conv_judge(added, text);
}
