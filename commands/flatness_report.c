/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the curvature is of, and how it was measured. */
#include <string.h>

#include "commands/flatness.h"
#include "commands/report.h"
#include "src/analytic.h"
#include "src/json_build.h"

static const char batch_norm[] = "evaluation mode: its running statistics are constants";

static const json_t *run_option(const struct flatness_target *t, const char *name)
{
	return json_object_get(json_object_get(t->header, "sampler"), name);
}

/* The names of tensors that are the operator's, or that are held. */
static json_t *tensor_names(const struct flatness_target *t, bool held)
{
	const struct segments *s = t->potential->params;
	json_t *names = json_array();
	for (int i = 0; i < s->n; i++)
		if (t->tensor[i] != held)
			json_add(&names, json_string(s->at[i].name));
	return names;
}

static void put_data(const struct flatness_plan *p, const struct flatness_target *t, json_t **into)
{
	const struct dataset *d = &t->subject.data;
	json_put(into, "data", t->analytic ? json_null() : json_words(d->spec));
	json_put(into, "labels", t->subject.labels ? json_words(t->subject.labels) : json_null());
	json_put(into, "split", t->analytic ? json_null() : json_string(split_name(d->split)));
	if (t->analytic)
		json_put(into, "data_fingerprint", json_null());
	else
		report_fingerprint(into, "data_fingerprint", d->fingerprint);
	json_put(into, "n", json_integer((json_int_t)t->n_rows));
	json_put(into, "n_split", json_integer((json_int_t)t->potential->n));
	json_put(into, "seed", json_integer(p->seed));
}

void flatness_facts(const struct flatness_plan *p, const struct flatness_target *t, json_t **into)
{
	const json_t *weights = json_object_get(json_object_get(t->header, "likelihood"), "class_weight");
	put_data(p, t, into);
	if (t->analytic)
		json_put_shared(into, "loss", json_object_get(json_object_get(t->header, "model"), "spec"));
	else
		json_put(into, "loss", json_string(t->network.likelihood->name));
	if (weights)
		json_put_shared(into, "class_weight", weights);
	json_put(into, "decay", p->decay ? json_real(t->stated_decay) : json_null());
	json_put(into, "batch_norm", t->potential->n_stats ? json_string(batch_norm) : json_null());
	json_put(into, "precision", json_string("fp32"));
	json_put(into, "n_params", json_integer((json_int_t)t->n));
	json_put(into, "tensors", tensor_names(t, false));
	json_put(into, "held", tensor_names(t, true));
	json_put(into, "top", json_integer((json_int_t)p->top));
	json_put(into, "tolerance", json_real(p->tolerance));
	json_put(into, "probes", json_integer((json_int_t)p->probes));
	json_put(into, "lanczos_steps", p->density ? json_integer((json_int_t)p->steps) : json_null());
}

/* ---- the head of what people are shown ---- */

static json_t *sentence(const struct text *t)
{
	return json_words(t->at);
}

static json_t *data_words(const struct flatness_plan *p, const struct flatness_target *t)
{
	const struct dataset *d = &t->subject.data;
	struct text to = {.n = 0};
	if (t->rows)
		text_add(&to, "%zu of the %zu %s examples of %s (seed %u)", t->n_rows, d->n, split_name(d->split), d->spec,
		         (unsigned)p->seed);
	else
		text_add(&to, "all %zu %s examples of %s", d->n, split_name(d->split), d->spec);
	if (t->subject.labels)
		text_add(&to, ", with the labels of %s", t->subject.labels);
	return sentence(&to);
}

static json_t *loss_words(const struct flatness_plan *p, const struct flatness_target *t, const json_t *report)
{
	struct text to = {.n = 0};
	if (t->analytic)
		text_add(&to, "u(θ) of %s", json_string_value(json_object_get(report, "loss")));
	else
		text_add(&to, "mean −ln p, %s%s", t->network.likelihood->name, t->class_weight ? ", weighted by class" : "");
	if (t->analytic && t->rows)
		text_add(&to, ", %zu of its %zu terms", t->n_rows, t->potential->n);
	if (p->decay)
		text_add(&to, ", with the prior of weight decay %g", t->stated_decay);
	else
		text_add(&to, ", without weight decay");
	return sentence(&to);
}

static json_t *parameter_words(const struct flatness_target *t, const json_t *report)
{
	const json_t *held = json_object_get(report, "held");
	const size_t n = json_array_size(held);
	struct text to = {.n = 0};
	text_add(&to, "%zu", t->n);
	for (size_t i = 0; i < n && i < 4; i++)
		text_add(&to, "%s%s", i ? ", " : "; held: ", json_string_value(json_array_get(held, i)));
	if (n > 4)
		text_add(&to, " and %zu more", n - 4);
	return sentence(&to);
}

status flatness_print_head(const struct flatness_plan *p, const struct flatness_target *t, const json_t *report)
{
	const char *precision = json_string_value(run_option(t, "precision"));
	const char *augment = json_string_value(run_option(t, "augment"));
	json_t *head = json_object();
	json_put(&head, "curvature of", loss_words(p, t, report));
	if (!t->analytic)
		json_put(&head, "over", data_words(p, t));
	if (t->potential->n_stats)
		json_put(&head, "batch norm", json_string(batch_norm));
	if (augment && strcmp(augment, "none") != 0 && !t->analytic)
		json_put(&head, "augmentation", json_string("none, though the run had it"));
	if (precision && strcmp(precision, "fp32") != 0 && !t->analytic)
		json_put(&head, "arithmetic", json_string("float32, though the run's was bf16"));
	json_put(&head, "parameters", parameter_words(t, report));
	status s = report_print(head);
	json_decref(head);
	return s;
}
