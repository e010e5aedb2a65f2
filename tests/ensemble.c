/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshots chosen, read, predicted with and averaged, against a plain forward pass in double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/likelihood.h"
#include "tests/ensemble_bench.h"
#include "tests/tap.h"

static void choices(const char *a, const char *b)
{
	expect_choice("both roles", WORDS(a), 2 * RECORDS, 10, 40);
	expect_choice("one role", WORDS(a, "--role", "anchor"), RECORDS, 10, 40);
	expect_choice("from a step", WORDS(a, "--role", "theta", "--from-step", "20"), 3, 20, 40);
	expect_choice("up to a step", WORDS(a, "--role", "theta", "--to-step", "20"), 2, 10, 20);
	expect_choice("the last of each chain", WORDS(a, b, "--role", "theta", "--last", "1"), 2, 40, 40);
	expect_choice("one chain", WORDS(a, b, "--chain", "1"), 2 * RECORDS, 10, 40);
	expect_refusal("nothing left", WORDS(a, "--chain", "7"), ERR_USAGE, "no snapshots are left");
	expect_refusal("an unknown role", WORDS(a, "--role", "moon"), ERR_USAGE, "has no snapshots of this role; expected theta or anchor");
}

static double figure(const struct figures *f, const char *name)
{
	for (int i = 0; i < f->count; i++)
		if (strcmp(f->at[i].name, name) == 0)
			return f->at[i].value;
	return NAN;
}

/* The scores, whose last point of the curve says the same. */
static void score(struct reading *r, const char *what, struct figures *out)
{
	const struct figures *last = &r->p.curve[r->p.members - 1];
	MUST(r->p.how->check(&r->n, &r->subject.data));
	MUST(r->p.how->score(&r->p, out));
	double worst = 0;
	for (int i = 0; i < last->count; i++) {
		double error = fabs(last->at[i].value - figure(out, last->at[i].name));
		worst = error <= worst ? worst : error;
	}
	near(worst, 0, 1e-9, "%s: the last of %d figures of the curve are the ensemble's", what, last->count);
	ok(out->n == ROWS && out->members == r->p.members && last->members == r->p.members && r->p.curve[0].members == 1,
	   "%s: examples and members are counted", what);
}

/* What should have been drawn of a member, by its outputs and log-likelihoods of all rows; returns the largest difference. */
static double draws_apart(const struct member_draws *d, size_t member, double (*z)[OUTPUTS], const double *log_lik)
{
	double mean = 0, worst = 0;
	for (int row = 0; row < ROWS; row++)
		mean += log_lik[row] / ROWS;
	for (size_t i = 0; i < d->rows; i++) {
		const struct draws_row of = draws_row(d, i);
		const double want = of.example == SIZE_MAX ? mean : of.output < 0 ? log_lik[of.example] : z[of.example][of.output];
		const double error = fabs(d->value[i * d->members + member] - want);
		worst = error <= worst ? worst : error;
	}
	return worst;
}

/* Those of five middles of 37 examples, and of two. */
static void chosen_examples(const struct member_draws *d)
{
	static const size_t point[POINTS] = {3, 11, 18, 25, 33}, probe[PROBES] = {9, 27};
	ok(memcmp(d->point, point, sizeof point) == 0 && memcmp(d->probe, probe, sizeof probe) == 0 &&
	           d->rows == 1 + POINTS + PROBES * d->outputs,
	   "draws are of examples that lie evenly among all");
	const struct draws_row last = draws_row(d, d->rows - 1), first = draws_row(d, 1 + POINTS);
	ok(last.example == 27 && last.output == (int)d->outputs - 1 && first.example == 9 && first.output == 0 &&
	           draws_row(d, 1).example == 3 && draws_row(d, 0).example == SIZE_MAX,
	   "and their rows are the mean, points and outputs");
}

static void average(const struct model *m, const char *a, const char *b)
{
	struct reading r;
	struct figures all;
	float *theta = calloc(m->params.count, sizeof *theta);
	double want[ROWS][OUTPUTS] = {{0}}, worst = 0, alone[2] = {0}, ending[2] = {0}, drawn = 0, figures = 0;
	reading_open(&r, 2, WORDS(a, b, "--role", "theta"));
	ok(r.subject.fell_back && r.subject.data.split == SPLIT_TRAIN && r.subject.data.n == ROWS,
	   "a table has a train split alone");
	MUST(ensemble_run(&r.chosen, &r.n, &r.p, 1, NULL, NULL));
	for (int chain = 0; chain < 2; chain++) {
		double own[ROWS] = {0};
		for (int i = 0; i < RECORDS; i++) {
			double out[ROWS][OUTPUTS], log_lik[ROWS], nll = 0;
			const size_t member = (size_t)(chain * RECORDS + i);
			ensemble_theta(theta, m->params.count, 1, chain, i);
			for (int row = 0; row < ROWS; row++) {
				double *z = out[row], sum = 0;
				ensemble_forward(m, theta, ensemble_row[row], z);
				for (int k = 0; k < OUTPUTS; k++)
					sum += exp(z[k]);
				for (int k = 0; k < OUTPUTS; k++)
					want[row][k] += exp(z[k]) / sum / (2 * RECORDS);
				own[row] += exp(z[ensemble_class[row]]) / sum / RECORDS;
				log_lik[row] = log(exp(z[ensemble_class[row]]) / sum);
				nll -= log_lik[row] / ROWS;
			}
			ending[chain] = nll;
			drawn = fmax(drawn, draws_apart(&r.draws, member, out, log_lik));
			figures = fmax(figures, fabs(r.draws.figure[member] - nll));
		}
		for (int row = 0; row < ROWS; row++)
			alone[chain] -= log(own[row]) / ROWS;
	}
	for (int row = 0; row < ROWS; row++) {
		double got[OUTPUTS];
		mixture_mean(&r.p.mixture, (size_t)row, got);
		for (int k = 0; k < OUTPUTS; k++)
			worst = fmax(worst, fabs(got[k] - want[row][k]));
	}
	ok(r.p.mixture.members == 2 * RECORDS, "two chains are pooled");
	near(r.p.alone[0], alone[0], 1e-6, "the first chain's NLL by itself");
	near(r.p.alone[RECORDS], alone[1], 1e-6, "and the second one's");
	ok(isnan(r.p.alone[1]), "which stands at its first member alone");
	near(r.p.ending[0], ending[0], 1e-6, "the NLL of the first chain's last member");
	near(r.p.ending[RECORDS], ending[1], 1e-6, "and of the second one's");
	ok(worst < 2e-6, "averaged probabilities are the plain forward pass's (worst difference %.1e)", worst);
	ok(r.subject.data.label[4] == ensemble_class[4], "labels come with the data");
	chosen_examples(&r.draws);
	near(drawn, 0, 1e-5, "draws are each member's own log-likelihoods and logits");
	near(figures, 0, 1e-6, "with its NLL");
	score(&r, "classes", &all);
	reading_close(&r);
	free(theta);
}

/* A run on a standardised table: columns go in as (x − mean)/sd, outputs come out as mean + sd · output. */
static void regression(struct arena *a)
{
	struct model m;
	int input[3] = {1, 1, COLUMNS};
	MUST(model_build("mlp:3-5-1", "relu", NULL, input, 1, &m));
	json_t *header = ensemble_header(&m, "gaussian", ensemble_path(a, "real.csv"), 1, 0);
	json_object_set_new(header, "standardize", json_pack("{s:[f,f,f], s:[f,f,f], s:[f], s:[f]}", "x_mean", 0.5, -0.25, 0.0,
	                                                     "x_sd", 2.0, 0.5, 1.0, "target_mean", 50.0, "target_sd", 10.0));
	const char *path = ensemble_snaps(a, "real.snaps", &m, header, RECORDS);
	struct reading r;
	struct figures got;
	float *theta = calloc(m.params.count, sizeof *theta);
	double nll = 0, square = 0, last = 0, outputs[RECORDS][ROWS][OUTPUTS], log_lik[RECORDS][ROWS], own[RECORDS] = {0};
	reading_open(&r, 2, WORDS(path, "--role", "theta"));
	MUST(ensemble_run(&r.chosen, &r.n, &r.p, 1, NULL, NULL));
	score(&r, "real targets", &got);
	for (int row = 0; row < ROWS; row++) {
		double density = 0, mean = 0;
		for (int i = 0; i < RECORDS; i++) {
			double in[COLUMNS] = {(ensemble_row[row][0] - 0.5) / 2, (ensemble_row[row][1] + 0.25) / 0.5, ensemble_row[row][2]}, out;
			ensemble_theta(theta, m.params.count, 1, 0, i);
			ensemble_forward(&m, theta, in, &out);
			double mu = 50 + 10 * out, z = (ensemble_target[row] - mu) / 5;
			outputs[i][row][0] = out;
			log_lik[i][row] = -z * z / 2 - log(5 * sqrt(2 * M_PI));
			own[i] += (ensemble_target[row] - mu) * (ensemble_target[row] - mu) / ROWS;
			density += exp(-z * z / 2) / (5 * sqrt(2 * M_PI)) / RECORDS;
			mean += mu / RECORDS;
			last += i + 1 == RECORDS ? (ensemble_target[row] - mu) * (ensemble_target[row] - mu) / ROWS : 0;
		}
		nll -= log(density) / ROWS;
		square += (ensemble_target[row] - mean) * (ensemble_target[row] - mean) / ROWS;
	}
	near(figure(&got, "rmse"), sqrt(square), 1e-4, "a standardised run's RMSE is in the target's own units");
	near(figure(&got, "nll"), nll, 1e-4, "and so is the density in its NLL");
	near(r.p.alone[0], figure(&got, "rmse"), 1e-12, "a file by itself has the RMSE of an ensemble of it alone");
	near(r.p.ending[0], sqrt(last), 1e-4, "and its last member its own");
	double drawn = 0, figures = 0;
	for (size_t i = 0; i < RECORDS; i++) {
		drawn = fmax(drawn, draws_apart(&r.draws, i, outputs[i], log_lik[i]));
		figures = fmax(figures, fabs(r.draws.figure[i] - sqrt(own[i])));
	}
	near(drawn, 0, 1e-4, "draws are each member's log-densities in own units, and its outputs as they are");
	near(figures, 0, 1e-4, "with its RMSE");
	double middle = 0, spread = 0;
	for (int row = 0; row < ROWS; row++)
		middle += (double)ensemble_target[row] / ROWS;
	for (int row = 0; row < ROWS; row++)
		spread += ((double)ensemble_target[row] - middle) * ((double)ensemble_target[row] - middle);
	near(r.p.how->guess(&r.p), sqrt(spread / (ROWS - 1)), 1e-9, "and guessing the targets' deviation");
	reading_close(&r);
	model_free(&m);
	free(theta);
}

/* The very sums, whatever the number of threads. */
static void same_sums(const char *a, const char *b)
{
	static const int threads[] = {1, 2, 5};
	double first[ROWS * OUTPUTS], drawn[2 * 2 * RECORDS * (1 + POINTS + PROBES * OUTPUTS)];
	bool same = true;
	for (int i = 0; i < 3; i++) {
		struct reading r;
		reading_open(&r, threads[i], WORDS(a, b));
		MUST(ensemble_run(&r.chosen, &r.n, &r.p, 1, NULL, NULL));
		if (i == 0)
			memcpy(first, r.p.mixture.p, sizeof first);
		if (i == 0)
			memcpy(drawn, r.draws.value, sizeof drawn);
		same = same && memcmp(first, r.p.mixture.p, sizeof first) == 0 && memcmp(drawn, r.draws.value, sizeof drawn) == 0;
		reading_close(&r);
	}
	ok(same, "1, 2 and 5 threads: the same sums, and the same draws");
}

int main(void)
{
	struct arena a = {0};
	struct model m;
	const struct ensemble_files f = ensemble_write(&a, &m);
	choices(f.first, f.second);
	average(&m, f.first, f.second);
	regression(&a);
	same_sums(f.first, f.second);
	model_free(&m);
	arena_free(&a);
	return done_testing();
}
