/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Residual networks (He, Zhang, Ren & Sun 2016) with torchvision's tensors: sections 3.3 and 3.4 for ImageNet, where
 * the stride of a bottleneck is its 3×3 convolution's, and section 4.2 for CIFAR's resnet20, its shortcuts projections
 * throughout. */
#include "src/net/nets.h"

#include <stdio.h>
#include <string.h>

enum {
	STAGES = 4,
	SMALL = 64            /* images up to this size get CIFAR's stem */
};

struct design {
	bool bottleneck;      /* blocks of 1×1, 3×3, 1×1 with four times as many channels; else of two 3×3 */
	int stages, width;    /* the first stage's channels; each later one has twice the last one's, on half the size */
	int blocks[STAGES];
	bool has_stems;       /* a stem for ImageNet's sizes besides the one for CIFAR's */
};

/* One 3×3 or 1×1 convolution of a block, without bias. */
static status add_conv(struct model *m, const char *block, const char *name, int input, int out, int kernel, int stride)
{
	char *text;
	TRY(arena_text(&m->arena, &text, "%s.%s", block, name));
	return nets_conv(m, text, input, (struct conv_shape){.out = out, .kernel = kernel, .stride = stride, .pad = kernel / 2});
}

static status norm_tensors(struct model *m, const char *block, const char *name, bool activated, struct layer *norm)
{
	char *text;
	TRY(arena_text(&m->arena, &text, "%s.%s", block, name));
	return nets_norm_tensors(m, text, nets_shape(m, nets_last(m))[0], activated, norm);
}

/* Convolution, norm, activation. */
static status add_unit(struct model *m, const char *block, int number, int input, int out, int kernel, int stride)
{
	char name[16];
	struct layer norm;
	snprintf(name, sizeof name, "conv%d", number);
	TRY(add_conv(m, block, name, input, out, kernel, stride));
	snprintf(name, sizeof name, "bn%d", number);
	TRY(norm_tensors(m, block, name, true, &norm));
	nets_norm(m, &norm, nets_last(m), INPUT_NONE);
	return OK;
}

/* The block's last convolution with its norm, the shortcut and the activation. */
static status add_join(struct model *m, const char *block, int number, int shortcut, int out, int kernel, int stride)
{
	char name[16];
	struct layer last, projection;
	snprintf(name, sizeof name, "conv%d", number);
	TRY(add_conv(m, block, name, nets_last(m), out, kernel, 1));
	int body = nets_last(m);
	snprintf(name, sizeof name, "bn%d", number);
	TRY(norm_tensors(m, block, name, true, &last));
	if (stride != 1 || nets_shape(m, shortcut)[0] != out) {
		TRY(add_conv(m, block, "downsample.0", shortcut, out, 1, stride));
		TRY(norm_tensors(m, block, "downsample.1", false, &projection));
		nets_norm(m, &projection, nets_last(m), INPUT_NONE);
		shortcut = nets_last(m);
	}
	nets_norm(m, &last, body, shortcut);
	return OK;
}

static status add_block(struct model *m, const struct design *d, const char *name, int width, int stride)
{
	int shortcut = nets_last(m);
	if (!d->bottleneck) {
		TRY(add_unit(m, name, 1, shortcut, width, 3, stride));
		return add_join(m, name, 2, shortcut, width, 3, stride);
	}
	TRY(add_unit(m, name, 1, shortcut, width, 1, 1));
	TRY(add_unit(m, name, 2, nets_last(m), width, 3, stride));
	return add_join(m, name, 3, shortcut, 4 * width, 1, stride);
}

static status add_stem(struct model *m, const struct design *d, bool imagenet)
{
	struct layer norm;
	const struct conv_shape cifar = {.out = d->width, .kernel = 3, .stride = 1, .pad = 1};
	const struct conv_shape large = {.out = d->width, .kernel = 7, .stride = 2, .pad = 3};
	TRY(nets_conv(m, "conv1", INPUT_BATCH, imagenet ? large : cifar));
	TRY(nets_norm_tensors(m, "bn1", d->width, true, &norm));
	nets_norm(m, &norm, nets_last(m), INPUT_NONE);
	if (imagenet)
		nets_pool(m, nets_last(m), POOL_MAX, 3, 2, 1);
	return OK;
}

/* Reads the word after the colon, and checks that every stage has something to halve. */
static status choose_stem(const struct model *m, const struct design *d, const char *stem, bool *imagenet)
{
	int h = m->input[1], w = m->input[2];
	if (stem && !d->has_stems)
		return fail(ERR_USAGE, "{model} %s: %s has one stem, and takes nothing after the name", m->spec, m->kind);
	if (stem && strcmp(stem, "cifar") && strcmp(stem, "imagenet"))
		return fail(ERR_USAGE, "{model} %s: expected %s, %s:cifar or %s:imagenet", m->spec, m->kind, m->kind, m->kind);
	*imagenet = stem ? !strcmp(stem, "imagenet") : d->has_stems && (h > SMALL || w > SMALL);
	int least = (*imagenet ? 4 : 1) << (d->stages - 1);
	if (h != w || h < least)
		return fail(ERR_USAGE, "{model} %s: needs square images of at least %d×%d; the data has %d×%d", m->spec, least, least,
		            h, w);
	return OK;
}

static status build_design(struct model *m, const char *stem, const struct design *d)
{
	bool imagenet;
	TRY(choose_stem(m, d, stem, &imagenet));
	TRY(add_stem(m, d, imagenet));
	for (int i = 0; i < d->stages; i++)
		for (int j = 0; j < d->blocks[i]; j++) {
			char *name;
			TRY(arena_text(&m->arena, &name, "layer%d.%d", i + 1, j));
			TRY(add_block(m, d, name, d->width << i, i > 0 && j == 0 ? 2 : 1));
		}
	nets_pool(m, nets_last(m), POOL_MEAN, nets_shape(m, nets_last(m))[1], 1, 0);
	return nets_linear(m, "fc", nets_last(m), m->outputs);
}

static status build18(struct model *m, const char *stem)
{
	return build_design(m, stem, &(struct design){.stages = 4, .width = 64, .blocks = {2, 2, 2, 2}, .has_stems = true});
}

static status build20(struct model *m, const char *stem)
{
	return build_design(m, stem, &(struct design){.stages = 3, .width = 16, .blocks = {3, 3, 3}});
}

static status build34(struct model *m, const char *stem)
{
	return build_design(m, stem, &(struct design){.stages = 4, .width = 64, .blocks = {3, 4, 6, 3}, .has_stems = true});
}

static status build50(struct model *m, const char *stem)
{
	return build_design(m, stem, &(struct design){.bottleneck = true, .stages = 4, .width = 64, .blocks = {3, 4, 6, 3},
	                                       .has_stems = true});
}

const struct net_kind net_resnet18 = {.name = "resnet18", .usage = "resnet18[:cifar|imagenet]", .normed = true,
                                       .build = build18};
const struct net_kind net_resnet20 = {.name = "resnet20", .usage = "resnet20", .normed = true,
                                       .build = build20};
const struct net_kind net_resnet34 = {.name = "resnet34", .usage = "resnet34[:cifar|imagenet]", .normed = true,
                                       .build = build34};
const struct net_kind net_resnet50 = {.name = "resnet50", .usage = "resnet50[:cifar|imagenet]", .normed = true,
                                       .build = build50};
