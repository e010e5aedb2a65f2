/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/convnet_body.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "src/net/nets.h"
#include "tests/device_vec.h"
#include "tests/predict_rows.h"
#include "tests/ref/net.h"
#include "tests/tap.h"

enum { CLASSES = 5, ROWS_MAX = 8 };

static const struct rng_key key = {21, 0};

/* A network on random images, and what the plain code says of it. */
struct subject {
	struct device *d;
	struct model model;
	struct dataset data;
	struct normalize normalize;
	struct potential *p;
	struct slots slots;
	float *theta, *stats, *gradient;              /* device */
	double *exact, *x, *want, *want_stats;
	double value;
	int label[ROWS_MAX];
};

static void make_data(struct subject *u, const struct convnet *c)
{
	const size_t pixels = (size_t)c->rows * 3 * (size_t)c->side * (size_t)c->side;
	float *x = host_take(pixels * sizeof *x);
	int32_t *label = host_take((size_t)c->rows * sizeof *label);
	u->x = host_doubles(pixels);
	for (size_t i = 0; i < pixels; i++) {
		/* bf16's own, so that the batch is the same in both precisions */
		x[i] = roundf(16 * (float)rng_normal(key, STREAM_DATA, 0, i)) / 16;
		u->x[i] = (double)x[i];
	}
	for (int i = 0; i < c->rows; i++)
		u->label[i] = label[i] = (int32_t)(i % CLASSES);
	u->data = (struct dataset){.kind = "npy", .spec = "npy:test", .n = (size_t)c->rows, .element = ELEMENT_F32, .image = true, .c = 3,
	                           .h = c->side, .w = c->side, .x = x, .label = label, .n_classes = CLASSES};
}

static double *doubles_of(const float *x, size_t n)
{
	double *out = host_doubles(n);
	for (size_t i = 0; i < n; i++)
		out[i] = (double)x[i];
	return out;
}

/* Of the device, as a chain begins; *exact: the same in double, the caller's. */
static float *initial(struct device *d, const struct segments *s, double **exact)
{
	float *host = host_take((s->count + 1) * sizeof *host);
	segments_init(s, key, host);
	*exact = doubles_of(host, s->count + 1);
	float *there = upload(d, host, (s->count + 1) * sizeof *host);
	free(host);
	return there;
}

/* Segments from `first` on are gone. */
static void cut_segments(struct segments *s, int first)
{
	s->n = first;
	s->count = s->at[first].offset;
}

void convnet_cut(struct model *m, const char *until)
{
	int i = 0;
	while (i < m->n_layers && (m->layer[i].kind != LAYER_CONV || strcmp(m->params.at[layer_segment(&m->layer[i], PARAM_WEIGHT)].name, until)))
		i++;
	MUST(i < m->n_layers ? OK : ERR_INPUT);
	cut_segments(&m->params, layer_segment(&m->layer[i], PARAM_WEIGHT));
	if (m->stats.n)
		cut_segments(&m->stats, layer_stat(&m->layer[i + 1]));
	m->n_layers = i;
	nets_pool(m, nets_last(m), POOL_MEAN, nets_shape(m, nets_last(m))[1], 1, 0);
	MUST(nets_linear(m, "fc", nets_last(m), m->outputs));
}

static void subject_open(struct subject *u, struct device *d, const struct convnet *c)
{
	const struct likelihood *l;
	*u = (struct subject){.d = d, .slots = {.key = key}};
	make_data(u, c);
	MUST(likelihood_find("categorical", &l));
	MUST(model_build(c->model, NULL, c->norm, (const int[]){3, c->side, c->side}, CLASSES, &u->model));
	if (c->until)
		convnet_cut(&u->model, c->until);
	MUST(net_open(&(struct net_options){.model = &u->model, .data = &u->data, .normalize = &u->normalize, .likelihood = l,
	                                    .precision = c->precision, .batch = c->rows}, d, &u->p));
	MUST(d->ops->slots_open(d, &u->slots));
	u->theta = initial(d, &u->model.params, &u->exact);
	u->stats = initial(d, &u->model.stats, &u->want_stats);
	u->gradient = device_take(d, u->p->n_params * sizeof(float));
	u->want = host_doubles(u->p->n_params);
	u->value = ref_net(&u->model, c->precision, u->exact, c->rows, u->x, u->label, u->want_stats, u->want);
}

static void subject_close(struct subject *u)
{
	potential_close(u->p);
	u->d->ops->slots_close(u->d, &u->slots);
	u->d->ops->free(u->d, u->theta);
	u->d->ops->free(u->d, u->stats);
	u->d->ops->free(u->d, u->gradient);
	free((void *)u->data.x), free((void *)u->data.label);
	free(u->exact), free(u->x), free(u->want), free(u->want_stats);
	model_free(&u->model);
}

/* ‖got − want‖/‖want‖; infinite where it is no number. */
static double apart(const float *got, const double *want, size_t n)
{
	double off = 0, size = 0;
	for (size_t i = 0; i < n; i++) {
		off += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
		size += want[i] * want[i];
	}
	const double ratio = sqrt(off / size);
	return isnan(ratio) ? (double)INFINITY : ratio;
}

static double fetched_apart(const struct subject *u, const float *there, const double *want, size_t n)
{
	float *got = fetch(u->d, there, n * sizeof *got);
	const double ratio = apart(got, want, n);
	free(got);
	return ratio;
}

/* The worst segment's. */
static double segments_apart(const struct subject *u, const char **where)
{
	const struct segments *s = &u->model.params;
	float *got = fetch(u->d, u->gradient, s->count * sizeof *got);
	double worst = 0;
	for (int i = 0; i < s->n; i++) {
		const double ratio = apart(got + s->at[i].offset, u->want + s->at[i].offset, s->at[i].count);
		if (ratio > worst) {
			worst = ratio;
			*where = s->at[i].name;
		}
	}
	free(got);
	return worst;
}

static void take_gradient(struct subject *u, const struct convnet *c, int first, int n, bool accumulate, enum stats_policy policy)
{
	const struct gradient_request r = {
		.at = {.theta = u->theta}, .batch = {.offset = (size_t)first, .n = n, .scale = 1.0 / c->rows}, .gradient = u->gradient,
		.accumulate = accumulate, .policy = policy, .stats = u->model.stats.n ? u->stats : NULL,
	};
	MUST(u->d->ops->slots_send(u->d, &u->slots));
	MUST(u->p->ops->value_grad(u->p, &u->slots, &r));
	MUST(u->d->ops->slots_fetch(u->d, &u->slots));
}

/* Predictions by the running statistics are those of the CPU, which folds its norms too; and no row's depend on the others. */
static void check_predictions(struct subject *u, const struct convnet *c, const char *name)
{
	float logits[ROWS_MAX * CLASSES], one[CLASSES], cpu[ROWS_MAX * CLASSES];
	struct device *host;
	struct potential *p;
	const struct net_options o = {.model = &u->model, .data = &u->data, .normalize = &u->normalize, .batch = c->rows,
	                              .infer_only = true};
	float *theta = fetch(u->d, u->theta, u->p->n_params * sizeof *theta);
	float *stats = fetch(u->d, u->stats, (u->model.stats.count + 1) * sizeof *stats);
	MUST(u->p->ops->prepare(u->p, u->theta, u->stats));
	MUST(predict_rows(u->p, 0, c->rows, logits));
	MUST(predict_rows(u->p, 1, 1, one));
	MUST(backend_open("cpu", 1, &host));
	MUST(net_open(&o, host, &p));
	MUST(p->ops->prepare(p, theta, stats));
	MUST(predict_rows(p, 0, c->rows, cpu));
	double *want = doubles_of(cpu, (size_t)c->rows * CLASSES), *row = doubles_of(logits + CLASSES, CLASSES);
	near(apart(logits, want, (size_t)c->rows * CLASSES), 0, c->outputs, "%s: predictions are the CPU's", name);
	near(apart(one, row, CLASSES), 0, c->outputs, "%s: a row's are the same by itself", name);
	potential_close(p);
	host->ops->close(host);
	free(theta), free(stats), free(want), free(row);
}

void check_convnet(struct device *d, const struct convnet *c)
{
	struct subject u;
	char name[80];
	const char *where = "";
	subject_open(&u, d, c);
	snprintf(name, sizeof name, "%s%s%s%s%s, %s", c->model, c->until ? " until " : "", c->until ? c->until : "", c->norm ? ", " : "", c->norm ? c->norm : "",
	         c->precision == PRECISION_BF16 ? "bf16" : "fp32");
	take_gradient(&u, c, 0, c->rows, false, STATS_RUN);
	near(u.slots.value[SLOT_NLL], u.value, c->outputs * fabs(u.value), "%s: the value is the plain code's", name);
	near(fetched_apart(&u, u.gradient, u.want, u.p->n_params), 0, c->gradient, "%s: and the gradient", name);
	if (!near(segments_apart(&u, &where), 0, 2 * c->gradient, "%s: of every parameter by itself", name))
		note("worst at %s", where);
	if (u.model.stats.n)
		near(fetched_apart(&u, u.stats, u.want_stats, u.model.stats.count), 0, c->outputs, "%s: and the running statistics", name);
	float *first = fetch(d, u.gradient, u.p->n_params * sizeof *first);
	take_gradient(&u, c, 0, c->rows, false, STATS_FREEZE);
	float *again = fetch(d, u.gradient, u.p->n_params * sizeof *again);
	ok(memcmp(first, again, u.p->n_params * sizeof *first) == 0, "%s: the same bits again", name);
	free(first), free(again);
	/* Parts of a batch have statistics of their own where it has any. */
	if (!u.model.stats.n) {
		take_gradient(&u, c, 0, 1, false, STATS_RUN);
		take_gradient(&u, c, 1, c->rows - 1, true, STATS_RUN);
		near(fetched_apart(&u, u.gradient, u.want, u.p->n_params), 0, c->gradient, "%s: parts of the batch add up", name);
	}
	check_predictions(&u, c, name);
	subject_close(&u);
}
