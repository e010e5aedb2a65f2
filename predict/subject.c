/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/subject.h"

#include <string.h>

#include "predict/tallied.h"
#include "predict/trained.h"
#include "src/data/fingerprint.h"
#include "src/data/holdout.h"
#include "src/likelihood.h"

enum { BATCH_DEFAULT = 128, BATCH_MAX = 1024 };

/* A fingerprint is that of the training rows with their labels; a test split of its own has none to compare with. */
static bool is_training_set(const struct network *n, const struct dataset *d)
{
	return trained_is_own(n->header, d->train_fingerprint);
}

/* Whether a set that is whole has the training rows, by whatever name it goes: those that are left where the run's holdout is drawn
 * from it, too. */
static status find_training_rows(const struct network *n, struct dataset *d, bool *found)
{
	uint8_t *held;
	uint64_t print;
	*found = trained_on(n->header, d->train_fingerprint);
	if (*found || !n->origin.holdout || !d->n)
		return OK;
	const status drawn = holdout_draw(d, n->origin.holdout, &held);
	if (drawn != OK)
		return drawn == ERR_USAGE ? OK : drawn;   /* it can't be drawn from this set, which is another one then */
	TRY(dataset_fingerprint(d, held, 0, &print));
	*found = trained_on(n->header, print);
	return OK;
}

static void subject_check_unchanged(const struct network *n, const struct dataset *d)
{
	const char *then = trained_own(n->header);
	if (then && d->split != SPLIT_TEST && !is_training_set(n, d))
		warning("%s has changed since the run was trained on it (fingerprint %s then, %s now)", d->spec, then,
		        fingerprint_text(d->train_fingerprint).at);
	const char *held = trained_held(n->header);
	const struct fingerprint_text held_now = fingerprint_text(d->held_fingerprint);
	if (d->split == SPLIT_HOLDOUT && held && strcmp(held, held_now.at) != 0)
		warning("%s: the rows that the run held out are others now (fingerprint %s then, %s now)", d->spec, held, held_now.at);
	if (d->split == SPLIT_HOLDOUT && trained_before_on_others(n->header, d->train_fingerprint))
		warning("%s: what the run began with was trained on other rows than the run, and may have seen what that holds out", d->spec);
}

/* Any table is read as the run's was, or its columns would not be the ones the network knows. */
static status subject_columns(const struct network *n, const struct subject_request *r, struct arena *a,
                              struct columns *columns, struct dataset_request *ask)
{
	ask->single = n->standardize.single;
	ask->width = n->table.n ? n->table.n : shape_size(n->model.input);
	ask->header = r->header;
	ask->decimal = r->decimal ? (enum decimal)(r->decimal - 1) : DECIMAL_POINT;
	ask->unknown = r->unknown ? (enum unknown)(r->unknown - 1) : UNKNOWN_REFUSE;
	if (!dataset_is_csv(ask->spec))
		return OK;
	ask->decimal = r->decimal ? ask->decimal : n->origin.decimal;
	if (!r->spec && r->header == HEADER_AUTO)
		ask->header = n->origin.header;
	TRY(columns_from_json(json_object_get(n->header, "data"), a, columns));
	ask->columns = columns;
	ask->table = &n->table;
	if (!r->unknown)
		ask->unknown = n->table.unknown;
	if (!columns->n)
		ask->target = n->origin.target;
	return OK;
}

/* The files may have moved. What basin swag drew has no chain to go on with. */
static status say_where(const struct network *n, const struct subject_request *r, status s)
{
	const char *method = json_string_value(network_run_option(n, "name"));
	if (method && !strcmp(method, "swag"))
		return fail_within(s, "the run's own data set (%s can name its new place): ", r->option);
	if (fail_is_about("labels"))
		return fail_within(s, "the run's own labels (basin sample {resume} with {labels} tells where they are now; a set named by %s has "
		                   "its own): ", r->option);
	return fail_within(s, "the run's own data set (%s can name its new place for once, basin sample {resume} with {data} for every "
	                   "command): ", r->option);
}

static status subject_read(const struct network *n, const struct subject_request *r, struct dataset_request *ask,
                           struct subject *s)
{
	const bool own = !r->spec;
	const char *spec = n->origin.spec;
	/* A test split has labels of its own, and nothing was set aside of it. */
	if (r->split >= 0)
		ask->split = (enum split)r->split;
	else
		ask->split = dataset_has_test(ask->spec) ? SPLIT_TEST : SPLIT_TRAIN;
	if (own && ask->split != SPLIT_TEST)
		s->labels = ask->labels = n->origin.labels;
	/* Another file is taken whole, unless a part of it is asked for as the run had it. */
	if (r->need != NEED_FOREIGN && ask->split != SPLIT_TEST && (own || r->split >= 0))
		ask->holdout = n->origin.holdout;
	const status opened = dataset_open(ask, &s->data);
	TRY(own && opened == ERR_INPUT ? say_where(n, r, opened) : opened);
	const bool train = r->split < 0 && !r->text && ask->split == SPLIT_TRAIN;
	s->fell_back = train && (own || is_training_set(n, &s->data));
	s->whole = !own && r->split < 0 && ask->split == SPLIT_TRAIN && !s->fell_back;
	if (train)
		TRY(find_training_rows(n, &s->data, &s->trained));
	/* It may have changed since, and what the run held out is a part of it. */
	if (train && !s->fell_back && (s->trained || (spec && !strcmp(spec, s->data.spec))))
		warning("%s: the run was trained on examples of this file", s->data.spec);
	if (own)
		subject_check_unchanged(n, &s->data);
	return OK;
}

static status subject_load(const struct network *n, const struct subject_request *r, struct subject *s)
{
	struct dataset_request ask = {
		.spec = r->spec ? r->spec : n->origin.spec, .option = r->spec ? r->option : NULL, .need = r->need, .text = r->text,
		.class_targets = r->need != NEED_FOREIGN && n->likelihood->class_targets,
		.held = n->origin.holdout ? n->origin.holdout : "",
	};
	struct arena names = {0};
	struct columns columns;
	if (!ask.spec)
		return fail(ERR_USAGE, "%s must be given: the snapshots don't say what they were trained on", r->option);
	status st = subject_columns(n, r, &names, &columns, &ask);
	if (st == OK)
		st = subject_read(n, r, &ask, s);
	arena_free(&names);
	return st;
}

static bool same_values(const void *a, const void *b, size_t bytes)
{
	return a && b ? memcmp(a, b, bytes) == 0 : !a && !b;
}

bool subject_same_examples(const struct subject *a, const struct subject *b)
{
	const struct dataset *x = &a->data, *y = &b->data;
	if (x->n != y->n || x->fingerprint == y->fingerprint)
		return x->n == y->n;
	const size_t answers = x->n * (size_t)x->n_targets * sizeof *x->target;
	return strcmp(x->spec, y->spec) == 0 && x->split == y->split && x->n_targets == y->n_targets && x->n_classes == y->n_classes &&
	       same_values(x->number, y->number, x->n * sizeof *x->number) && same_values(x->label, y->label, x->n * sizeof *x->label) &&
	       same_values(x->target, y->target, answers);
}

/* Whether the model takes the set's examples; a table's columns become what training had them. */
static status subject_fit(const struct network *n, const struct subject_request *r, struct subject *s)
{
	struct dataset *d = &s->data;
	const int *in = n->model.input;
	/* Targets stay in their own units, in which predictions are scored. */
	const struct standardize columns = {.x_mean = n->standardize.x_mean, .x_sd = n->standardize.x_sd};
	if (d->n == 0 && r->text && !r->empty)
		return fail(ERR_INPUT, "%s: names of columns came, but no rows", d->spec);
	if (d->n == 0 && !r->empty)
		return fail(ERR_USAGE, "%s: its %s split holds no examples", d->spec, split_name(d->split));
	if (d->c != in[0] || d->h != in[1] || d->w != in[2])
		return fail(ERR_USAGE, "%s: its examples are %d×%d×%d (channels, height, width), the model's inputs %d×%d×%d",
		            d->spec, d->c, d->h, d->w, in[0], in[1], in[2]);
	return columns.x_mean && columns.x_sd ? dataset_standardize(d, &columns) : OK;
}

static status subject_normalize(const struct network *n, const struct subject_request *r, struct subject *s)
{
	s->normalize = n->normalize;
	if (!r->normalize)
		return OK;
	status parsed = normalize_parse_foreign(r->normalize, &s->data, &s->normalize);
	return parsed == OK ? OK : fail_within(parsed, "{ood-normalize} ");
}

static int subject_batch(const struct network *n, const struct subject_request *r, size_t examples)
{
	json_int_t run = json_integer_value(network_run_option(n, "batch")), b = run > 0 ? run : BATCH_DEFAULT;
	b = r->batch ? r->batch : b < BATCH_MAX ? b : BATCH_MAX;
	return (int)((size_t)b < examples ? (size_t)b : examples);
}

static status subject_prepare(const struct network *n, const struct subject_request *r, struct subject *s)
{
	TRY(subject_load(n, r, s));
	status fits = subject_fit(n, r, s);
	if (fits != OK)
		return r->spec ? fail_within(fits, "%s ", r->option) : fits;
	TRY(subject_normalize(n, r, s));
	s->batch = subject_batch(n, r, s->data.n);
	return OK;
}

status subject_open(const struct network *n, const struct subject_request *r, struct subject *out)
{
	*out = (struct subject){.batch = 0};
	status s = subject_prepare(n, r, out);
	if (s != OK)
		subject_close(out);
	return s;
}

void subject_close(struct subject *s)
{
	dataset_close(&s->data);
	*s = (struct subject){.batch = 0};
}

status subject_plan(const struct network *n, const struct subject *s, struct device *d, struct potential **out)
{
	/* Two snapshots take turns, and of all rows there are the outputs of one, or an ensemble's sums. */
	const struct mixture sums = {.n = s->data.n, .c = n->model.outputs};
	const size_t rows = d->ops->tally ? tallied_bytes(&sums, true, tallied_keeps(&sums, SIZE_MAX)) : s->data.n * (size_t)n->model.outputs * sizeof(float);
	const struct net_options net = {
		.model = &n->model, .data = &s->data, .normalize = &s->normalize, .likelihood = n->likelihood,
		.noise_sd = n->noise_sd, .augment = AUGMENT_NONE, .precision = n->precision, .algo = n->algo,
		.fast = n->fast,
		.batch = s->batch, .infer_only = true,
		.besides = 2 * (n->model.params.count + n->model.stats.count) * sizeof(float) + rows,
	};
	return net_open(&net, d, out);
}
