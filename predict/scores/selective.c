/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scores/selective.h"

#include <math.h>

#include "predict/errors.h"

/* Examples of one confidence: ranks first + 1 … end. */
struct tie {
	size_t first, end;
	double wrong;
};

static struct tie tie_at(const struct judged *j, const size_t *order, size_t first)
{
	struct tie t = {first, first, 0};
	for (; t.end < j->n && j->confidence[order[t.end]] == j->confidence[order[first]]; t.end++)
		t.wrong += 1 - j->right[order[t.end]];
	return t;
}

/* AUGRC is the mean over pairs, an example with itself among them, of e_i [i more confident than j] with ½ for equals: a
 * V-statistic, whose influence is that of i among all pairs. */
static void generalised(const struct judged *j, const size_t *order, double *each, struct selective *out)
{
	const double n = (double)j->n;
	double before = 0;
	out->augrc = 0;
	for (size_t first = 0; first < j->n;) {
		const struct tie t = tie_at(j, order, first);
		const double behind = (n - ((double)t.first + (double)t.end) / 2) / n;
		out->augrc += t.wrong * behind / n;
		for (size_t k = t.first; k < t.end; k++)
			each[order[k]] = (1 - j->right[order[k]]) * behind + (before + t.wrong / 2) / n;
		before += t.wrong;
		first = t.end;
	}
	out->augrc_se = mean_error(each, j->n);
}

/* AURC is the mean of e_i w_i, w_i = Σ 1/k over ranks k from i's on. An example also lowers the weight of those that are more
 * confident by being among those that they come before: to first order −ln u_j is 1{i no less confident than j}/u_j − 1 less,
 * u_j the coverage at j; what is the same for all i is left out. */
static void conditional(const struct judged *j, const size_t *order, double *each, struct selective *out)
{
	const double n = (double)j->n;
	double behind = 0, pulled = 0;
	out->aurc = 0;
	/* From the least confident on, so that both sums are there. */
	for (size_t end = j->n; end > 0;) {
		size_t first = end - 1;
		while (first > 0 && j->confidence[order[first - 1]] == j->confidence[order[end - 1]])
			first--;
		const struct tie t = tie_at(j, order, first);
		const double size = (double)(end - first), u = (double)end / n;
		double weight = behind;
		for (size_t k = first; k < end; k++)
			weight += ((double)(k + 1 - first) / size) / (double)(k + 1);
		for (size_t k = first; k < end; k++)
			behind += 1 / (double)(k + 1);
		out->aurc += t.wrong * weight / n;
		for (size_t k = first; k < end; k++)
			each[order[k]] = (1 - j->right[order[k]]) * weight - (pulled + t.wrong / (u * n) / 2);
		pulled += t.wrong / (u * n);
		end = first;
	}
	out->aurc_se = mean_error(each, j->n);
}

/* Of ranks first + 1 … end, the share that is right. */
static double right_among(const struct judged *j, const size_t *order, size_t first, size_t end)
{
	double right = 0;
	for (size_t at = 0; at < end;) {
		const struct tie t = tie_at(j, order, at);
		const size_t from = at > first ? at : first, to = t.end < end ? t.end : end;
		if (to > from)
			right += ((double)(t.end - at) - t.wrong) * (double)(to - from) / (double)(t.end - at);
		at = t.end;
	}
	return right / (double)(end - first);
}

/* What is answered is a mean over those above a threshold, which moves with the examples: by one more above it the last one falls
 * out. With a the share that is right at the threshold, the answered of m of n have the variance A(1 − A) + (1 − m/n)(A − a)², over
 * m. */
static void answered(const struct judged *j, const size_t *order, struct selective *out)
{
	const size_t n = j->n, most = (4 * n + 4) / 5, beside = n / 20 + 1;
	const double m = (double)most, all = right_among(j, order, 0, most);
	const double there = right_among(j, order, most > beside ? most - beside : 0, most + beside < n ? most + beside : n);
	out->accuracy_at_80 = all;
	out->accuracy_at_80_se = n < 2 ? (double)NAN
		: sqrt((fmax(0, all * (1 - all)) + (1 - m / (double)n) * (all - there) * (all - there)) / m);
}

status selective_of(const struct judged *j, struct selective *out)
{
	struct arena arena = {0};
	size_t *order;
	double *each;
	*out = (struct selective){NAN, NAN, NAN, NAN, NAN, NAN};
	if (!j->n)
		return OK;
	status s = ARENA_NEW(&arena, j->n, &order);
	if (s == OK)
		s = ARENA_NEW(&arena, j->n, &each);
	if (s == OK)
		s = judged_order(j->confidence, j->n, order);
	if (s == OK) {
		generalised(j, order, each, out);
		conditional(j, order, each, out);
		answered(j, order, out);
	}
	arena_free(&arena);
	return s;
}
