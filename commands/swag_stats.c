/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/swag_stats.h"

#include <stdlib.h>
#include <string.h>

#include "chains/batches.h"
#include "chains/bn_pass.h"
#include "commands/command.h"
#include "src/data/fingerprint.h"
#include "src/words.h"

enum { BATCH_DEFAULT = 128 };

/* Statistics of other data would be another network's. Labels that the run was given count for its fingerprint, not here. */
static status check_data(const struct opts *o, const struct swag_stats *s)
{
	const char *then = json_string_value(json_object_get(json_object_get(s->network.header, "data"), "fingerprint"));
	struct fingerprint_text now = fingerprint_text(s->training.data.train_fingerprint);
	if (!opts_given(o, "data") || !then || s->network.origin.labels || strcmp(then, now.at) == 0)
		return OK;
	return fail(ERR_USAGE, "--data %s: not the data that the run was trained on (fingerprint %s there, %s here)",
	            s->training.data.spec, then, now.at);
}

static status open_training(const struct opts *o, struct swag_stats *s)
{
	const struct subject_request r = {.spec = opts_text(o, "data"), .option = "--data", .split = SPLIT_TRAIN};
	TRY(subject_open(&s->network, &r, &s->training));
	TRY(check_data(o, s));
	json_int_t batch = json_integer_value(network_run_option(&s->network, "batch"));
	size_t n = s->training.data.n, size = batch > 0 ? (size_t)batch : BATCH_DEFAULT;
	s->batch = (int)(size < n ? size : n);
	return OK;
}

static status open_potential(struct swag_stats *s)
{
	const struct network *n = &s->network;
	struct device *d = n->device;
	const char *augment = json_string_value(network_run_option(n, "augment"));
	const size_t params = n->model.params.count * sizeof(float), stats = n->model.stats.count * sizeof(float);
	const struct net_options net = {
		.model = &n->model, .data = &s->training.data, .normalize = &s->training.normalize, .likelihood = n->likelihood,
		.noise_sd = n->noise_sd, .augment = (enum augment)(augment ? words_find(AUGMENT_WORDS, augment) : AUGMENT_NONE),
		.precision = n->precision, .algo = n->algo, .batch = s->batch,
		.rest = (int)(s->training.data.n % (size_t)s->batch), .besides = params + stats,
	};
	if ((int)net.augment < 0)
		return fail(ERR_INPUT, "the header's augment is “%s”; expected none or crop-flip", augment);
	TRY(net_open(&net, d, &s->potential));
	TRY(batches_check(s->training.data.n, s->batch, true, s->potential->least_batch));
	TRY(potential_lacks(s->potential, d->ops->alloc(d, params, (void **)&s->theta), params, "the parameters"));
	TRY(potential_lacks(s->potential, d->ops->alloc(d, stats, (void **)&s->stats), stats, "the statistics"));
	s->host = malloc(stats);
	return s->host ? OK : fail(ERR_MEMORY, "out of memory: %zu statistics", n->model.stats.count);
}

static status open_all(const struct opts *o, const json_t *header, struct swag_stats *s)
{
	struct device *d;
	TRY(network_open(header, -1, CONV_DIRECT, &s->network));
	TRY(command_device(o, 0, &s->network.model, &d));
	network_place(&s->network, d);
	command_precision(d, s->network.precision);
	TRY(open_training(o, s));
	return open_potential(s);
}

status swag_stats_open(const struct opts *o, const json_t *header, struct swag_stats *out)
{
	*out = (struct swag_stats){.batch = 0};
	status s = open_all(o, header, out);
	if (s != OK)
		swag_stats_close(out);
	return s;
}

void swag_stats_close(struct swag_stats *s)
{
	struct device *d = s->network.device;
	if (d) {
		d->ops->free(d, s->theta);
		d->ops->free(d, s->stats);
		potential_close(s->potential);
	}
	free(s->host);
	subject_close(&s->training);
	network_close(&s->network);
	*s = (struct swag_stats){.batch = 0};
}

status swag_stats_make(struct swag_stats *s, struct rng_key key, uint64_t step, const float *theta, float *stats)
{
	struct potential *p = s->potential;
	struct device *d = p->device;
	TRY(d->ops->put(d, s->theta, theta, p->n_params * sizeof *theta));
	TRY(bn_pass(p, key, step, s->batch, s->theta, s->host, s->stats));
	return d->ops->get(d, stats, s->stats, p->n_stats * sizeof *stats);
}
