/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whole convolutional networks on any device, against plain double code and the CPU. */
#ifndef BASIN_TESTS_CONVNET_BODY_H
#define BASIN_TESTS_CONVNET_BODY_H

#include "src/net/model.h"

struct convnet {
	const char *model, *until;     /* until: the weights of the convolution before which it is cut; NULL: whole */
	const char *norm;              /* NULL where it has none */
	enum precision precision;
	int side, rows;                /* images of 3 × side × side, at most 8 */
	double outputs, gradient;      /* how far values and outputs, and the gradient as a whole, may be off: relative */
};

/* Value, gradient and statistics of a training pass by ref_net, bits that repeat, parts of a batch, predictions. */
void check_convnet(struct device *d, const struct convnet *c);

/* Ends a network before the convolution whose weights are so named: the mean of what there is by then goes into a linear layer. */
void convnet_cut(struct model *m, const char *until);

#endif
