/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The largest eigenvalues and the smallest of matrices whose spectra are known, to the error bounds that come with them. */
#include "curvature/lanczos.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curvature/krylov.h"
#include "tests/device_vec.h"
#include "tests/symmetric_matrix.h"
#include "tests/tap.h"

static const struct rng_key key = {21, 0};

/* ---- spectra: eigenvalue i of n ---- */

static double falling(size_t i, size_t n)
{
	(void)n;
	return 1 / (1 + (double)i);
}

static double even(size_t i, size_t n)
{
	return 1 - 2 * (double)i / (double)n;
}

/* Six within 10⁻⁴ of 10, the others below 1. */
static double clustered(size_t i, size_t n)
{
	return i < 6 ? 10 - 2e-5 * (double)i : even(i, n);
}

static double threefold(size_t i, size_t n)
{
	return i < 3 ? 7 : i < 6 ? 4 : even(i, n);
}

/* Three numbers, often each. */
static double few_numbers(size_t i, size_t n)
{
	(void)n;
	return i < 3 ? 5 : i < 10 ? 2 : -1;
}

/* That of a linear model of ten classes at 0: (I/10 − 11ᵀ/100) ⊗ XᵀX, each eigenvalue nine times, and n/10 are 0. */
static double classes(size_t i, size_t n)
{
	return i < n / 10 * 9 ? 10 / (1 + (double)(i / 9)) : 0;
}

static double equal(size_t i, size_t n)
{
	(void)i, (void)n;
	return 3;
}

static double indefinite(size_t i, size_t n)
{
	return i + 4 < n ? 5 * even(i, n) : -20 * (double)(i + 5 - n);
}

static double negative(size_t i, size_t n)
{
	return -1 - (double)i / (double)n;
}

static double rank_three(size_t i, size_t n)
{
	(void)n;
	return i < 3 ? 3 - (double)i : 0;
}

static double zero(size_t i, size_t n)
{
	(void)i, (void)n;
	return 0;
}

/* A network's: a few that stand out, and a bulk near 0. */
static double outliers(size_t i, size_t n)
{
	return i < 9 ? 100 / (1 + (double)i) : 0.3 * even(i, n);
}

static const struct spectrum {
	const char *name;
	double (*of)(size_t i, size_t n);
	size_t n;
	bool turned;
} spectra[] = {
	{"1/i", falling, 300, true}, {"even", even, 250, true}, {"clustered", clustered, 200, true},
	{"threefold", threefold, 300, true}, {"few numbers", few_numbers, 150, true}, {"ten classes", classes, 1000, false},
	{"equal", equal, 120, false}, {"indefinite", indefinite, 200, true}, {"negative", negative, 200, true},
	{"of rank 3", rank_three, 200, true}, {"zero", zero, 90, false}, {"outliers", outliers, 5000, false},
};
enum { SPECTRA = sizeof spectra / sizeof *spectra };

static void open_spectrum(struct symmetric *m, const struct spectrum *s)
{
	double *value = host_doubles(s->n);
	for (size_t i = 0; i < s->n; i++)
		value[i] = s->of(i, s->n);
	symmetric_of(m, s->n, value, s->turned, 5);
	free(value);
}

static double nearest(const struct symmetric *m, double x)
{
	double least = INFINITY;
	for (size_t i = 0; i < m->base.n; i++)
		least = fmin(least, fabs(m->value[i] - x));
	return least;
}

/* How far values are from an eigenvalue, as shares of their bounds, at most; and from the one of their place, where the
 * tolerance, as a share of `scale`, is for those that a fresh start may pass by. */
static double beyond(const struct symmetric *m, const struct lanczos *l)
{
	double most = 0;
	for (size_t i = 0; i < l->n; i++) {
		const double off = nearest(m, l->value[i]);
		most = off > 0 ? fmax(most, off / l->error[i]) : most;
	}
	return most;
}

static double misplaced(const struct symmetric *m, const struct lanczos *l, double tolerance)
{
	double most = 0;
	for (size_t i = 0; i < l->n; i++)
		most = fmax(most, fabs(l->value[i] - m->value[i]) / (l->error[i] + tolerance));
	return most;
}

static double largest(const double *x, size_t n)
{
	double most = 0;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, x[i]);
	return most;
}

/* Each bound holds an eigenvalue, and each eigenvalue has its place, so none is missing and none too many. */
static struct lanczos check(struct symmetric *m, const char *name, size_t top, size_t basis, double tolerance, uint64_t start)
{
	const struct lanczos_options o = {.top = top, .basis = basis, .products = 5000, .tolerance = tolerance, .key = key,
	                                  .start = start};
	const size_t n = m->base.n, want = top < n ? top : n, before = m->made;
	const double scale = fmax(fabs(m->value[0]), fabs(m->value[n - 1]));
	struct lanczos l;
	bool ordered = true;
	MUST(lanczos_run(&m->base, &o, &l));
	for (size_t i = 1; i < l.n; i++)
		ordered = ordered && l.value[i - 1] >= l.value[i];
	ok(l.n == want && l.converged && ordered, "%s, n = %zu: the top %zu, in order", name, n, top);
	near(beyond(m, &l), 0.5, 0.5, "%s: eigenvalues are within the bounds", name);
	near(misplaced(m, &l, tolerance * scale), 0.5, 0.5, "%s: and none is left out", name);
	/* The residual is within the tolerance; 4·2⁻²³ and twice as much for products that are not symmetric to the last bit are
	 * rounding. */
	ok(largest(l.error, l.n) <= (fmax(tolerance, 0x1p-20) + 2e-6) * scale, "%s: and these within the tolerance (%.2g of %.2g)",
	   name, largest(l.error, l.n), scale);
	ok(nearest(m, l.least) <= l.least_error && l.least <= m->value[want - 1] + l.least_error &&
	   l.least >= m->value[n - 1] - 2e-6 * scale,
	   "%s: the smallest is one, to its bound", name);
	ok(l.products == m->made - before && m->base.products == m->made, "%s: %zu products", name, l.products);
	return l;
}

static void check_spectra(void)
{
	static const size_t tops[] = {1, 5, 50};
	for (int i = 0; i < SPECTRA; i++)
		for (int k = 0; k < 3; k++) {
			struct symmetric m;
			char name[64];
			if (!in_turn())
				continue;
			snprintf(name, sizeof name, "%s, K = %zu", spectra[i].name, tops[k]);
			open_spectrum(&m, &spectra[i]);
			const struct lanczos l = check(&m, name, tops[k], 0, 1e-3, 0);
			note("%s: %zu products", name, l.products);
			symmetric_free(&m);
		}
}

/* A random matrix's against GSL's, to float's rounding. */
static void check_wigner(void)
{
	struct symmetric m;
	symmetric_wigner(&m, 150, 8);
	check(&m, "Wigner's matrix", 10, 0, 1e-6, 3);
	check(&m, "Wigner's matrix, a basis of all", 10, 150, 1e-6, 3);
	symmetric_free(&m);
}

static void check_small(void)
{
	static const double values[3] = {-2, 0.5, 1};
	for (size_t n = 1; n <= 3; n++)
		for (size_t top = 1; top <= 5; top += 4) {
			struct symmetric m;
			char name[32];
			snprintf(name, sizeof name, "K = %zu", top);
			symmetric_of(&m, n, values, true, 2);
			const struct lanczos l = check(&m, name, top, 0, 1e-3, 0);
			near(l.least, -2, 1e-6, "n = %zu: and the smallest is known", n);
			ok(l.products == n, "n = %zu: by as many products", n);
			symmetric_free(&m);
		}
}

/* One Krylov space gives each of these once: what makes them nine is the fresh starts. */
static void check_multiples(void)
{
	struct symmetric m;
	open_spectrum(&m, &spectra[5]);
	const struct lanczos l = check(&m, "ten classes again", 20, 0, 1e-4, 9);
	near(l.value[8], 10, 1e-3, "the first nine times");
	near(l.value[17], 5, 1e-3, "and the second");
	near(l.value[18], 10. / 3, 1e-3, "and then the third");
	symmetric_free(&m);
}

/* Many starts: none may miss an eigenvalue, though each may with a probability below 10⁻³ by its rule, whose bound is far from
 * sharp. */
static void check_starts(void)
{
	enum { STARTS = 40 };
	static const struct spectrum of[] = {{"threefold", threefold, 500, false}, {"outliers", outliers, 500, false}};
	for (int k = 0; k < 2; k++) {
		const struct spectrum s = of[k];
		struct symmetric m;
		int missed = 0, products = 0;
		open_spectrum(&m, &s);
		const double scale = m.value[0];
		for (uint64_t start = 0; start < STARTS; start++) {
			const struct lanczos_options o = {.top = 5, .products = 1000, .tolerance = 1e-3, .key = key, .start = 100 + start};
			struct lanczos l;
			MUST(lanczos_run(&m.base, &o, &l));
			missed += !(l.converged && misplaced(&m, &l, 1e-3 * scale) <= 1);
			products += (int)l.products;
		}
		ok(missed == 0, "%s: none is missed from %d starts, of %.1f products in the mean", s.name, STARTS,
		   (double)products / STARTS);
		symmetric_free(&m);
	}
}

/* The least basis restarts often; the results are the same to the bounds, which are within 10⁻⁵ of the largest here. */
static void check_restarts(void)
{
	for (int i = 0; i < 4; i++) {
		struct symmetric m;
		char name[64];
		snprintf(name, sizeof name, "%s in a small basis", spectra[i].name);
		open_spectrum(&m, &spectra[i]);
		const struct lanczos small = check(&m, name, 4, 1, 1e-5, 1), wide = check(&m, spectra[i].name, 4, 100, 1e-5, 1);
		double most = 0;
		for (size_t k = 0; k < 4; k++)
			most = fmax(most, fabs(small.value[k] - wide.value[k]) / (small.error[k] + wide.error[k]));
		ok(most <= 1 && small.products > 4 + LANCZOS_ROOM, "%s: as in a wide one (%zu and %zu products)", name, small.products,
		   wide.products);
		symmetric_free(&m);
	}
}

static void check_limits(void)
{
	struct symmetric m;
	struct lanczos l;
	open_spectrum(&m, &spectra[1]);
	struct lanczos_options o = {.top = 5, .products = 12, .tolerance = 1e-3, .key = key};
	MUST(lanczos_run(&m.base, &o, &l));
	ok(l.products == 12 && l.n == 5 && !l.converged && beyond(&m, &l) <= 1,
	   "no more products than are asked for, and that it is not converged is said");
	o.products = 3;
	MUST(lanczos_run(&m.base, &o, &l));
	ok(l.products == 3 && l.n == 3 && !l.converged, "three products have three values");
	o.top = 0;
	MUST(lanczos_run(&m.base, &o, &l));
	ok(l.products == 0 && l.n == 0 && isnan(l.least), "and no values take none");
	o.top = LANCZOS_TOP + 1;
	ok(lanczos_run(&m.base, &o, &l) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "top 51"), "more than %d are refused",
	   LANCZOS_TOP);
	o = (struct lanczos_options){.top = 5, .products = 100, .tolerance = 1e-3, .key = key};
	m.interrupt = m.made + 7;
	const size_t before = m.made;
	ok(lanczos_run(&m.base, &o, &l) == ERR_INTERRUPTED && m.made == before + 7 && l.products == 6,
	   "an interruption is passed up at once");
	m.infinite = m.made + 4;
	ok(lanczos_run(&m.base, &o, &l) == ERR_INPUT, "a product that is not finite is an error");
	char want[96];
	snprintf(want, sizeof want, "product %zu with the Hessian is not finite: inf at element 250 of 250", m.base.products);
	ok(strstr(fail_message(ERR_INPUT), want) != NULL, "which says: %s", fail_message(ERR_INPUT));
	symmetric_free(&m);
	/* 30 vectors and the next one, of 2⁴⁴ floats. */
	struct symmetric wide = {.base = {.n = (size_t)1 << 44, .apply = m.base.apply}};
	ok(lanczos_run(&wide.base, &o, &l) == ERR_MEMORY && wide.made == 0,
	   "memory that is not there is missed before there is any product");
	const char *said = fail_message(ERR_MEMORY);
	ok(strstr(said, "top 5: out of memory: 31 vectors of 17592186044416 elements take 2.18e+03 TB, and ") != NULL,
	   "and what it was for is said: %s", said);
}

/* The basis itself, along a spectrum whose Ritz vectors converge early, after which vectors that are made orthogonal to their
 * neighbours alone are not so to the others (Paige 1971). The vectors are floats: 2⁻²⁴·√2 of each. */
static void check_basis(void)
{
	enum { STEPS = 60, N = 5000 };
	const struct spectrum s = {"outliers", outliers, N, false};
	struct symmetric m;
	struct krylov k;
	double h[STEPS + 1], beta, most = 0;
	open_spectrum(&m, &s);
	MUST(krylov_open(&k, N, STEPS));
	krylov_normal(&k, key, 77);
	for (int j = 0; j < STEPS; j++)
		MUST(krylov_step(&k, &m.base, h, &beta));
	for (size_t i = 0; i <= STEPS; i++)
		for (size_t j = 0; j <= i; j++) {
			double sum = i == j ? -1 : 0;
			for (size_t e = 0; e < N; e++)
				sum += (double)krylov_vector(&k, i)[e] * (double)krylov_vector(&k, j)[e];
			most = fmax(most, fabs(sum));
		}
	ok(k.used == STEPS && most < 2.5e-7, "%d vectors are orthonormal: %.2g", STEPS, most);
	krylov_close(&k);
	symmetric_free(&m);
}

int main(void)
{
	check_basis();
	check_spectra();
	check_wigner();
	check_small();
	check_multiples();
	check_starts();
	check_restarts();
	check_limits();
	return done_testing();
}
