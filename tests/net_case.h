/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A network on data of its own, with everything around it that its values and gradients are checked against. */
#ifndef BASIN_TESTS_NET_CASE_H
#define BASIN_TESTS_NET_CASE_H

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "tests/ref/ref.h"

struct net_case {
	struct device *d;
	struct model model;
	struct dataset data;
	struct normalize normalize;
	struct potential *p;
	struct slots slots;
	float *theta, *gradient;         /* device */
	float *host;                     /* n_params */
	double *exact, *x, *want;        /* θ; the inputs the network sees; the oracle's gradient */
	double *target;
	struct ref_mlp ref;
	int width[8];
};

/* Of the data, the parameters and the slots. */
extern const struct rng_key net_case_key;

/* Whom net_case_open asks for a device, which net_case_close closes. */
void net_case_on(struct device *(*open)(void));

/* Fills a data set of n rows of random inputs with targets of the likelihood's kind. */
void net_case_data(struct net_case *q, int n, int inputs, int outputs, enum loss_kind loss);

/* Everything for a model whose data set is in place. */
void net_case_open(struct net_case *q, const char *spec, const char *activation, const char *likelihood, double noise_sd,
                   int batch, const char *freeze);
void net_case_close(struct net_case *q);

/* Rows first … first + n − 1, and the mean of their losses at θ. */
struct gradient_request net_case_request(const struct net_case *q, size_t first, int n);

/* A value and gradient with the slots as the host has them; what comes out is fetched. */
void net_case_gradient(struct net_case *q, const struct gradient_request *r);

/* Values, gradients and predictions of networks of linear layers against the oracle and PyTorch's numbers. */
void check_nets(struct device *(*open)(void));

#endif
