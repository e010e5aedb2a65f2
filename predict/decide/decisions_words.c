/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What rules promise, and on what condition: no more is to be read into their numbers. */
#include <math.h>
#include <string.h>

#include "predict/decide/decisions_private.h"
#include "src/text.h"

/* With which it is said what coverage one set of rows reaches. */
static const double assured = 0.95;

/* Shares of classes that are fixed are those of the training rows too, from which a network learns what is likely: scores of new rows
 * have another law than those held out, but class by class. */
static const char *condition(const struct decisions *d, struct text *to)
{
	text_add(to, "new rows and these %zu are exchangeable (drawn alike and independently, none of them trained on or picked by how it is "
	         "predicted), %sand the same ensemble predicts them", d->n, d->classes ? "their classes are among those here, " : "");
	if (d->held_by_class)
		text_add(to, "; these are not, but class by class: they were held out by class, and only sets by class keep their promise");
	return to->at;
}

json_t *guarantee_condition(const struct decisions *d)
{
	return json_string(condition(d, &(struct text){.n = 0}));
}

static void add_condition(struct text *to, const struct decisions *d, bool whole)
{
	if (whole)
		text_add(to, ", if %s", condition(d, &(struct text){.n = 0}));
}

/* Four digits behind the point, rounded so that no more is promised than is true. */
static double at_least(double x)
{
	return floor(x * 1e4) / 1e4;
}

static double at_most(double x)
{
	return ceil(x * 1e4) / 1e4;
}

static void add_law(struct text *to, const struct conformal *q)
{
	text_add(to, "; with these rows it is %.4g or more with confidence %g (Beta(%zu, %zu) is its law, or is below it)",
	         at_least(conformal_reaches(q, 1 - assured)), assured, q->rank, q->n + 1 - q->rank);
}

static void add_too_few(struct text *to, double coverage, const char *so)
{
	text_add(to, "; too few rows for a coverage of %g, which takes %zu: %s", coverage, conformal_needs(coverage), so);
}

json_t *guarantee_scaling(const struct decisions *d)
{
	const struct scaling *r = &d->scaling;
	struct text t = {.n = 0};
	text_add(&t, "none: T is fitted to %s%zu row%s; no other rule goes by scaled probabilities, so that theirs do not depend on it",
	         d->n == 1 ? "" : "these ", d->n, d->n == 1 ? "" : "s");
	if (!r->fitted)
		text_add(&t, "; no row tells the classes apart, and T stays 1");
	else if (r->at_min)
		text_add(&t, "; T is the lower of its bounds %g and %g: too few rows are predicted wrong to say how sure is too sure",
		         SCALING_MIN, SCALING_MAX);
	else if (r->at_max)
		text_add(&t, "; T is the upper of its bounds %g and %g: the labels have little to do with the probabilities", SCALING_MIN,
		         SCALING_MAX);
	return json_string(t.at);
}

/* Classes that have too few rows, with what they have. */
static void add_names(struct text *to, const struct decisions *d)
{
	enum { NAMED_MOST = 8, NAME_MOST = 60 };
	int of = 0;
	for (int i = 0; i < d->classes; i++) {
		if (isfinite(d->sets.q[i].q) || of++ >= NAMED_MOST)
			continue;
		text_add(to, of > 1 ? ", " : " ");
		if (d->class_name && strlen(d->class_name[i]) < NAME_MOST)
			text_add(to, "%s", d->class_name[i]);
		else
			text_add(to, "%d", i);
		text_add(to, " (%zu)", d->sets.q[i].n);
	}
	if (of > NAMED_MOST)
		text_add(to, " and %d more", of - NAMED_MOST);
}

static void add_by_class(struct text *to, const struct decisions *d)
{
	bool few = false;
	for (int i = 0; i < d->classes; i++)
		few = few || !isfinite(d->sets.q[i].q);
	if (!few)
		return;
	add_too_few(to, d->sets.coverage, "in every set there is, with its rows,");
	add_names(to, d);
}

json_t *guarantee_sets(const struct decisions *d, bool whole)
{
	const struct decided_sets *r = &d->sets;
	struct text t = {.n = 0};
	text_add(&t, "%sa new row's set holds its class with a probability of %g or more, over such rows and new ones together",
	         r->by_class ? "whatever its class, " : "", r->coverage);
	add_condition(&t, d, whole);
	if (r->by_class)
		add_by_class(&t, d);
	else if (isfinite(r->q->q))
		add_law(&t, r->q);
	else
		add_too_few(&t, r->coverage, "every set holds all classes");
	return json_string(t.at);
}

json_t *guarantee_intervals(const struct decisions *d, bool whole)
{
	const struct decided_intervals *r = &d->intervals;
	struct text t = {.n = 0};
	text_add(&t, "a new row's interval holds its target%s with a probability of %g or more, over such rows and new ones together",
	         d->targets > 1 ? ", each by itself," : "", r->coverage);
	add_condition(&t, d, whole);
	if (isfinite(r->q->q))
		add_law(&t, r->q);
	else
		add_too_few(&t, r->coverage, "every interval is the whole line");
	return json_string(t.at);
}

json_t *guarantee_abstention(const struct decisions *d, bool whole)
{
	const struct abstention *r = &d->abstention.fit;
	struct text t = {.n = 0};
	text_add(&t, "of the new rows that are accepted a share of %g or less is wrong, with confidence %g over draws of such rows", r->risk,
	         1 - r->delta);
	add_condition(&t, d, whole);
	if (r->passed)
		text_add(&t, "; of these rows %zu would be accepted, %zu of them wrong, which bounds that share by %.4g", r->accepted, r->errors,
		         at_most(r->bound));
	else if (r->tests)
		text_add(&t, "; none of %d thresholds can promise that: too many rows are wrong, also of the surest, and no row is accepted",
		         r->tests);
	else
		text_add(&t, "; too few rows for that, which takes %zu without an error among them: no row is accepted", r->needs);
	return json_string(t.at);
}

json_t *guarantee_alarm(const struct decisions *d, bool whole)
{
	const struct alarm *r = &d->alarm.fit;
	struct text t = {.n = 0};
	text_add(&t, "of new rows like these a share of %g or less raises an alarm, with confidence %g over draws of such rows", r->rate,
	         1 - r->delta);
	add_condition(&t, d, whole);
	if (isfinite(r->sure.threshold))
		text_add(&t, "; the bound that these rows give is %.4g", at_most(r->sure.bound));
	else
		text_add(&t, "; too few rows for that, which takes %zu: there are no alarms", r->sure.needs);
	text_add(&t, "; how many strange rows raise one is not promised");
	return json_string(t.at);
}

static bool all_infinite(const struct conformal *q, int n)
{
	for (int i = 0; i < n; i++)
		if (isfinite(q[i].q))
			return false;
	return true;
}

bool decisions_void(const struct decisions *d)
{
	return (d->sets.made && all_infinite(d->sets.q, d->sets.by_class ? d->classes : 1)) ||
	       (d->intervals.made && all_infinite(d->intervals.q, d->targets)) || (d->abstention.made && !d->abstention.fit.passed) ||
	       (d->alarm.made && !isfinite(d->alarm.fit.sure.threshold));
}

bool decisions_weakened(const struct decisions *d)
{
	return d->held_by_class && ((d->sets.made && !d->sets.by_class) || d->abstention.made || d->alarm.made);
}
