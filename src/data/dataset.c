/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/dataset.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset_reader.h"
#include "src/data/fingerprint.h"
#include "src/data/npy.h"
#include "src/data/npy_pair.h"
#include "src/likelihood.h"
#include "src/text.h"

const struct dataset_reader *const dataset_readers[] = {
	&reader_shapes, &reader_glyphs, &reader_cifar10, &reader_cifar100, &reader_svhn, &reader_mnist, &reader_fashion_mnist,
	&reader_npy, &reader_csv, NULL,
};

const char *split_name(enum split s)
{
	static const char *const names[] = {[SPLIT_TRAIN] = "train", [SPLIT_TEST] = "test", [SPLIT_HOLDOUT] = "holdout"};
	return names[s];
}

void dataset_images(struct dataset *out, size_t n, int c, int h, int w, const uint8_t *x, const int32_t *label, int n_classes)
{
	out->n = n;
	out->element = ELEMENT_U8;
	out->c = c;
	out->h = h;
	out->w = w;
	out->x = x;
	out->label = label;
	out->n_classes = n_classes;
	out->image = true;
}

void dataset_table(struct dataset *out, size_t n, int columns, const float *x, const double *wide)
{
	out->n = n;
	out->element = ELEMENT_F32;
	out->c = out->h = 1;
	out->w = columns;
	out->x = x;
	out->x_wide = wide;
}

void dataset_reals(struct dataset *out, int targets, const float *y, const double *wide)
{
	out->n_targets = targets;
	out->target = y;
	out->target_wide = wide;
}

/* Replaces out's labels by an integer .npy file's, one each (train_noisy of CIFAR-10N …). Errors: ERR_USAGE, ERR_INPUT. */
static status dataset_relabel(struct dataset *out, const char *path)
{
	struct npy labels;
	int32_t *to;
	if (!out->label)
		return fail(ERR_USAGE, "{labels} %s: %s has real targets, not classes", path, out->spec);
	status s = npy_read(path, &out->arena, &labels);
	if (s != OK)
		return fail_within(s, "{labels} ");
	if (!npy_is_integer(labels.type))
		return fail(ERR_INPUT, "{labels} %s: dtype %s; integers were expected", path, npy_name(labels.type));
	if (labels.ndim < 1 || labels.count != out->n || (size_t)labels.shape[0] != out->n)
		return fail(ERR_INPUT, "{labels} %s: holds %zu labels; %s has %zu training examples, and each needs one", path,
		            labels.count, out->spec, out->n);
	TRY(ARENA_NEW(&out->arena, out->n, &to));
	for (size_t i = 0; i < out->n; i++) {
		int64_t label = npy_integer(&labels, i);
		if (label < 0 || label >= out->n_classes)
			return fail(ERR_INPUT, "{labels} %s: label %zu is %lld; 0 to %d were expected", path, i, (long long)label,
			            out->n_classes - 1);
		to[i] = (int32_t)label;
	}
	out->label = to;
	return OK;
}

/* A name that still finds the file after a chdir; a path that leads nowhere stays as it is, for the reader to refuse. */
static status absolute(struct arena *a, const char *path, char **out)
{
	errno = 0;
	char *full = realpath(path, NULL);
	if (!full && errno == ENOMEM)
		return fail(ERR_MEMORY, "%s: out of memory", path);
	status s = arena_text(a, out, "%s", full ? full : path);
	free(full);
	return s;
}

const struct dataset_reader *dataset_reader_of(const char *spec)
{
	const size_t length = strcspn(spec, ":");
	for (const struct dataset_reader *const *r = dataset_readers; *r; r++)
		if (strlen((*r)->kind) == length && memcmp((*r)->kind, spec, length) == 0)
			return *r;
	return NULL;
}

static const char *reader_list(struct text *list)
{
	for (const struct dataset_reader *const *r = dataset_readers; *r; r++)
		text_add(list, "%s%s%s%s", list->n ? ", " : "", (*r)->kind, (*r)->path ? ":" : "", (*r)->path ? (*r)->path : "");
	return list->at;
}

static status find_reader(const char *spec, const struct dataset_reader **out, const char **path)
{
	const struct dataset_reader *r = dataset_reader_of(spec);
	const char *colon = strchr(spec, ':');
	if (!r)
		return fail(ERR_USAGE, "no such kind of data set; there are %s", reader_list(&(struct text){.n = 0}));
	*out = r;
	*path = colon ? colon + 1 : NULL;
	if (r->path && (!*path || !**path))
		return fail(ERR_USAGE, "a path is missing: %s:%s was expected", r->kind, r->path);
	if (!r->path && *path)
		return fail(ERR_USAGE, "%s is built in and takes no path", r->kind);
	return OK;
}

/* Puts the option with its value before what is wrong with the set. */
static status dataset_fault(status s, const struct dataset_request *r)
{
	const char *option = r->option ? r->option : "";
	return s == OK || s == ERR_MEMORY ? s : fail_within(s, "%s%s%s: ", option, *option ? " " : "", r->spec ? r->spec : "");
}

/* As an earlier version read them. */
static void round_values(struct dataset *d)
{
	double *y = (double *)d->target_wide;
	d->x_wide = NULL;
	for (size_t i = 0; y && i < d->n * (size_t)d->n_targets; i++)
		y[i] = (double)d->target[i];
}

/* Whether example i has what it has to be predicted. */
static bool is_labelled(const struct dataset *d, size_t i)
{
	for (int j = 0; d->target && j < d->n_targets; j++)
		if (isnan(d->target[i * (size_t)d->n_targets + (size_t)j]))
			return false;
	return d->target || (d->label && d->label[i] >= 0);
}

/* Scores are of all examples or none. */
static void count_unlabelled(struct dataset *d)
{
	for (size_t i = 0; i < d->n; i++)
		d->unlabelled += !is_labelled(d, i);
	if (!d->unlabelled)
		return;
	d->label = NULL;
	d->target = NULL;
	d->target_wide = NULL;
	d->n_classes = d->n_targets = 0;
}

/* Options that only a table of cells can follow. */
static status check_of_csv(const struct dataset_request *r, const struct dataset_reader *reader)
{
	const char *const names[][2] = {{"drop", r->drop}, {"id", r->id}, {"category", r->category}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i][1] && reader != &reader_csv)
			return fail(ERR_USAGE, "{%s} %s: only csv sets have named columns; this is %s", names[i][0], names[i][1], reader->kind);
	if ((r->missing || r->unknown) && reader != &reader_csv)
		return fail(ERR_USAGE, "{%s}: only csv sets have cells without a value, or words; this is %s",
		            r->missing ? "missing" : "unknown", reader->kind);
	return OK;
}

static status check_split(const struct dataset_request *r, const struct dataset_reader *reader)
{
	if (r->split == SPLIT_HOLDOUT && !r->holdout)
		return fail(ERR_USAGE, r->held ? "{split} holdout: the run held nothing out, and there is no such part of %s"
		                               : "{split} holdout: nothing is held out of %s without {holdout}", r->spec);
	if (r->split != SPLIT_TEST || reader->has_test)
		return OK;
	if (!r->held)
		return fail(ERR_USAGE, "{split} test: %s has no test split: every row is training data; set some aside with {holdout} and "
		            "take {split} holdout", r->spec);
	return fail(ERR_USAGE, *r->held ? "{split} test: %s has no test split; {split} holdout is what the run held out"
	                                : "{split} test: %s has no test split, and the run held nothing out; {split} train has all rows",
	            r->spec);
}

/* Options that the set can't follow. */
static status check_options(const struct dataset_request *r, const struct dataset_reader *reader)
{
	if (r->target && reader != &reader_csv)
		return fail(ERR_USAGE, "{target} %s: only csv sets have named columns; this is %s", r->target, reader->kind);
	if (r->header != HEADER_AUTO && reader != &reader_csv)
		return fail(ERR_USAGE, "{header}: only csv sets have a header; this is %s", reader->kind);
	if (r->decimal != DECIMAL_POINT && reader != &reader_csv)
		return fail(ERR_USAGE, "{decimal}: only csv sets have decimals in words; this is %s", reader->kind);
	TRY(check_of_csv(r, reader));
	TRY(check_split(r, reader));
	if (r->split == SPLIT_TEST && (r->labels || r->holdout))
		return fail(ERR_USAGE, "{%s} %s: is for the training set, and {split} test is not of it",
		            r->labels ? "labels" : "holdout", r->labels ? r->labels : r->holdout);
	return OK;
}

static status open_split(const struct dataset_request *r, struct dataset *out)
{
	const struct dataset_reader *reader;
	const char *path;
	char *spec, *first = NULL, *second = NULL;
	struct arena *a = &out->arena;
	status found = find_reader(r->spec ? r->spec : "", &reader, &path);
	if (found != OK)
		return dataset_fault(found, r);
	if (path) {
		const char *comma = NULL;
		if (reader == &reader_npy)
			TRY(dataset_fault(npy_pair(path, r->need != NEED_TARGETS, &comma), r));
		if (comma) {
			TRY(arena_text(a, &spec, "%.*s", (int)(comma - path), path));
			TRY(absolute(a, spec, &first));
			TRY(absolute(a, comma + 1, &second));
			TRY(arena_text(a, &first, "%s,%s", first, second));
		} else if (reader == &reader_csv && !strcmp(path, CSV_PIPE)) {
			TRY(arena_text(a, &first, "%s", path));
		} else {
			TRY(absolute(a, path, &first));
		}
	}
	TRY(arena_text(a, &spec, "%s%s%s", reader->kind, first ? ":" : "", first ? first : ""));
	out->spec = spec;
	out->kind = reader->kind;
	out->split = r->split;
	out->has_test = reader->has_test;

	TRY(check_options(r, reader));
	status s = reader->read(r, first, r->split == SPLIT_TEST ? SPLIT_TEST : SPLIT_TRAIN, out);
	if (s == OK && out->n > UINT32_MAX)
		s = fail(ERR_INPUT, "%zu examples; at most 2³² − 1 are read", out->n);
	/* What a reader calls wrong usage is another option of the request, which its message begins with. */
	TRY(s == ERR_USAGE ? s : dataset_fault(s, r));
	if (r->split == SPLIT_TEST) {
		if (r->standardize == STANDARDIZE_YES && out->image)
			return fail(ERR_USAGE, "{standardize}: %s holds images; {normalize} is theirs", r->spec);
		return dataset_fingerprint(out, NULL, 0, &out->fingerprint);
	}
	if (r->single)
		round_values(out);
	if (r->labels)
		TRY(dataset_relabel(out, r->labels));
	TRY(dataset_divide(out, r));
	if (r->need == NEED_NOTHING)
		count_unlabelled(out);
	return OK;
}

status dataset_open(const struct dataset_request *r, struct dataset *out)
{
	*out = (struct dataset){0};
	status s = open_split(r, out);
	if (s != OK)
		dataset_close(out);
	return s;
}

void dataset_close(struct dataset *d)
{
	arena_free(&d->arena);
	*d = (struct dataset){0};
}

bool dataset_has_test(const char *spec)
{
	const struct dataset_reader *r = dataset_reader_of(spec);
	return r && r->has_test;
}

bool dataset_is_csv(const char *spec)
{
	return spec && strncmp(spec, "csv:", 4) == 0;
}

struct targets dataset_targets(const struct dataset *d)
{
	return (struct targets){.n = d->n, .label = d->label, .n_classes = d->n_classes, .real = d->target,
	                        .n_real = d->n_targets};
}
