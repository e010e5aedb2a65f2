/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Networks: a --model text becomes a list of layers and two tables of segments. */
#ifndef BASIN_MODEL_H
#define BASIN_MODEL_H

#include <jansson.h>

#include "src/arena.h"
#include "src/layer.h"

enum { LAYERS_MAX = 256 };

struct model {
	struct arena arena;
	const char *spec;             /* "mlp:784-128-10"; with the sizes that were left to the data */
	const char *kind;             /* "mlp" */
	enum activation activation;
	bool normed;                  /* has norms, all of one kind: */
	enum norm norm;
	int input[3];                 /* channels, height, width */
	int outputs;
	struct segments params, stats;
	struct layer layer[LAYERS_MAX];
	int n_layers;                 /* the last one's output is the model's */
};

/* Builds "linear", "mlp:IN-HIDDEN-…-OUT", where `in` and `out` are the data's own, "lenet", "resnet18", … for inputs of c×h×w and so many outputs, with
 * PyTorch's names and default initialisation (weights and biases U(±1/√fan_in); norms 1 and 0). activation "relu",
 * "silu", "tanh" or NULL for relu; norm "bn", "frn" or NULL for bn, where there is one. Errors: ERR_USAGE for an
 * unknown model, a norm where there is none, or sizes that don't fit the data ("{model} mlp:784-128-10: the data has
 * 3072 inputs"); ERR_MEMORY. */
status model_build(const char *spec, const char *activation, const char *norm, const int input[3], int outputs,
                   struct model *out);
void model_free(struct model *m);

/* Whether a text is that of a model which was built: "mlp:in-128-out" is, of "mlp:784-128-10". */
bool model_is(const char *text, const char *spec);

bool model_has(const struct model *m, enum layer_kind kind);

/* What the model has and a device has not, "convolutions"; NULL: the device runs all of its layers. */
const char *model_lacks(const struct model *m, const struct device *d);

/* Multiplications that the forward pass of one example takes in linear layers and convolutions. */
double model_products(const struct model *m);

/* Whether a convolution has the form that Winograd's way computes: 3×3, stride 1. */
bool model_has_winograd(const struct model *m);

/* Whether a norm has channels of 1×1 pixels. Of one example a batch norm then has no variance, and a filter response norm of
 * any leaves little but the sign. */
bool model_norms_one_pixel(const struct model *m);

/* "bn" or "frn", or NULL for a model without norms. */
const char *model_norm(const struct model *m);

/* {kind, spec, sizes, norm, activation, input, outputs}: what a snapshot's header says, and what model_from_json needs
 * to build the same network; sizes are the linear layers' widths. Errors: ERR_INPUT. */
json_t *model_to_json(const struct model *m);
status model_from_json(const json_t *j, struct model *out);

#endif
