/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data sets as a network sees them. */
#include <stdio.h>
#include <string.h>

#include "commands/network.h"

static const struct opt_def batch_defs[] = {
	{.name = "batch", .type = OPT_COUNT, .arg = "B", .min = 1, .max = 1e6, .unit = "examples",
	 .help = "examples predicted at a time; without it the run's own, at most 1024"},
	{.name = "precision", .type = OPT_CHOICE, .arg = "fp32|bf16",
	 .help = "arithmetic of convolutions and matrix products; without it the run's own"},
	{.name = "conv-algo", .type = OPT_CHOICE, .arg = "auto|direct|winograd|gemm", .fallback = "auto",
	 .help = "how convolutions are computed; auto is a fixed rule here, so that the same snapshots give the same figures"},
	{0},
};

const struct opt_table table_batch = {.owner = "batch", .heading = "Batches and arithmetic", .defs = batch_defs};

enum { BATCH_DEFAULT = 128, BATCH_MAX = 1024 };

const char *split_name(enum split s)
{
	return s == SPLIT_TRAIN ? "train" : s == SPLIT_TEST ? "test" : "holdout";
}

/* The run's own value of an option. */
static const json_t *run_option(const struct network *n, const char *name)
{
	return json_object_get(json_object_get(n->header, "sampler"), name);
}

/* A fingerprint is that of the training rows with their labels; a test split of its own has none to compare with. */
static void check_unchanged(const struct network *n, const struct dataset *d)
{
	const char *then = json_string_value(json_object_get(json_object_get(n->header, "data"), "fingerprint"));
	char now[17];
	snprintf(now, sizeof now, "%016llx", (unsigned long long)d->train_fingerprint);
	if (then && d->split != SPLIT_TEST && strcmp(now, then) != 0)
		warn("%s has changed since the run was trained on it (fingerprint %s then, %s now)", d->spec, then, now);
}

static status load(const struct network *n, const struct subject_request *r, struct subject *s)
{
	const char *own = json_string_value(json_object_get(json_object_get(n->header, "data"), "spec"));
	struct dataset_request ask = {
		.spec = r->spec ? r->spec : own, .option = r->spec ? r->option : NULL,
		.class_targets = !r->foreign && n->likelihood->class_targets,
	};
	if (!ask.spec)
		return fail(ERR_USAGE, "%s must be given: the snapshots don't say what they were trained on", r->option);
	/* Any table is read as the run's was, or its columns would not be the ones the network knows. */
	if (strncmp(ask.spec, "csv:", 4) == 0)
		ask.target = json_string_value(run_option(n, "target"));
	if (!r->spec)
		ask.labels = json_string_value(json_object_get(json_object_get(n->header, "data"), "labels"));
	/* Another file is taken whole, unless a part of it is asked for as the run had it. */
	if (!r->foreign && (!r->spec || r->split))
		ask.holdout = json_string_value(run_option(n, "holdout"));
	ask.split = !r->split || strcmp(r->split, "test") == 0 ? SPLIT_TEST
	          : strcmp(r->split, "train") == 0             ? SPLIT_TRAIN : SPLIT_HOLDOUT;
	status st = dataset_open(&ask, &s->data);
	if (st == ERR_USAGE && !r->split) {
		ask.split = SPLIT_TRAIN;
		s->fell_back = true;
		st = dataset_open(&ask, &s->data);
	}
	TRY(st);
	if (!r->spec)
		check_unchanged(n, &s->data);
	return OK;
}

static status check_shape(const struct network *n, const struct subject *s)
{
	const struct dataset *d = &s->data;
	const int *in = n->model.input;
	if (d->c != in[0] || d->h != in[1] || d->w != in[2])
		return fail(ERR_USAGE, "%s: its examples are %d×%d×%d (channels, height, width), the model's inputs %d×%d×%d",
		            d->spec, d->c, d->h, d->w, in[0], in[1], in[2]);
	return OK;
}

static status parse_normalize(const struct subject_request *r, struct subject *s)
{
	status parsed = normalize_parse(r->normalize, &s->data, &s->normalize);
	return parsed == OK ? OK : fail_within(parsed, "--ood-normalize ");
}

static int batch_size(const struct network *n, const struct subject_request *r, size_t examples)
{
	json_int_t run = json_integer_value(run_option(n, "batch")), b = run > 0 ? run : BATCH_DEFAULT;
	b = opts_given(r->opts, "batch") ? opts_count(r->opts, "batch") : b < BATCH_MAX ? b : BATCH_MAX;
	return (int)((size_t)b < examples ? (size_t)b : examples);
}

static status prepare(struct network *n, const struct subject_request *r, struct subject *s)
{
	status loaded = load(n, r, s);
	if (loaded == ERR_INPUT && !r->spec)
		return fail_within(loaded, "the run's own data set (%s can name its new place): ", r->option);
	TRY(loaded);
	if (s->data.n == 0)
		return fail(ERR_USAGE, "%s: its %s split holds no examples", s->data.spec, split_name(s->data.split));
	TRY(check_shape(n, s));
	/* Targets stay in their own units, in which predictions are scored. */
	const struct standardize columns = {.x_mean = n->standardize.x_mean, .x_sd = n->standardize.x_sd};
	if (columns.x_mean && columns.x_sd)
		TRY(dataset_standardize(&s->data, &columns));
	s->normalize = n->normalize;
	if (r->normalize)
		TRY(parse_normalize(r, s));
	const struct net_options net = {
		.model = &n->model, .data = &s->data, .normalize = &s->normalize, .likelihood = n->likelihood,
		.noise_sd = n->noise_sd, .augment = AUGMENT_NONE, .precision = n->precision, .algo = n->algo,
		.batch = batch_size(n, r, s->data.n), .infer_only = true,
	};
	return net_open(&net, n->device, &s->potential);
}

status subject_open(struct network *n, const struct subject_request *r, struct subject *out)
{
	memset(out, 0, sizeof *out);
	status s = prepare(n, r, out);
	if (s == OK)
		return OK;
	subject_close(out);
	return !r->spec || s == ERR_MEMORY || strncmp(fail_message(s), "--", 2) == 0 ? s : fail_within(s, "%s ", r->option);
}

void subject_close(struct subject *s)
{
	potential_close(s->potential);
	dataset_close(&s->data);
	arena_free(&s->arena);
	memset(s, 0, sizeof *s);
}
