/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whole chains whose cycles begin without injected noise, and chains whose velocity goes with the step size. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/chain_runs.h"
#include "tests/tap.h"

enum { STEPS = 40, CYCLES = 2, DIMS = 2 };
static const double variance[DIMS] = {1, 2}, top = 0.3, decay = 0.2, temperature = 0.7;

/* A method on two independent parameters over two cycles, every state kept; `more` ends with NULL. */
static struct opts *cycles_at(const char *t, const char *sampler, const char *const *more)
{
	const char *words[32] = {"--model", "gaussian:1,2", "--steps", "40", "--schedule", "cyclical", "--cycles", "2", "--lr", "0.3",
	                         "--weight-decay", "0.2", "--temperature", t, "--keep-every", "1", "--seed", "7", "--sampler", sampler};
	for (int n = 20; *more; more++)
		words[n++] = *more;
	return parse_all(words);
}

static struct opts *cycles(const char *sampler, const char *const *more)
{
	return cycles_at("0.7", sampler, more);
}

static const char *const none[] = {NULL};
#define WORDS(...) ((const char *[]){__VA_ARGS__, NULL})

static void run(const char *name, struct opts *o, uint64_t stop, char folder[256])
{
	sample_on(NULL, stop, name, o, folder, 256);
}

/* All kept θ; returns how many. */
static size_t kept(const char *folder, float out[STEPS][DIMS])
{
	struct snaps_reader *r = open_chain(folder, 0);
	struct snaps_record x;
	size_t n = 0;
	for (size_t i = 0; i < snaps_count(r) && n < STEPS; i++) {
		MUST(snaps_read(r, i, &x));
		if (strcmp(x.role, "theta") == 0)
			memcpy(out[n++], x.params, sizeof out[0]);
	}
	snaps_reader_close(r);
	return n;
}

static bool same_states(const char *a, const char *b)
{
	static float x[2][STEPS][DIMS];
	return kept(a, x[0]) == STEPS && kept(b, x[1]) == STEPS && memcmp(x[0], x[1], sizeof x[0]) == 0;
}

/* Where every step explores the temperature has no part in a path, but for fsgld's σ; where none does it has. */
static void check_silence(void)
{
	static const struct {
		const char *name, *more[6];
	} methods[] = {
		{"sgld", {NULL}},
		{"psgld", {"--rms-eps", "1", "--correction", "probe", NULL}},   /* Γ is of the noise */
		{"sgld-cv", {"--refresh", "7", NULL}},
		{"sghmc", {"--friction", "0.3", "--noise-estimate", "0.1", NULL}},
		{"entropy-mcmc", {"--coupling", "2", NULL}},
	};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		bool same[2];
		for (int explore = 0; explore < 2; explore++) {
			char folder[2][256];
			for (int hot = 0; hot < 2; hot++) {
				char name[64];
				const char *words[10] = {"--explore", explore ? "1" : "0"};
				int n = 2;
				for (const char *const *more = methods[i].more; *more; more++)
					words[n++] = *more;
				snprintf(name, sizeof name, "%s-%d-%d", methods[i].name, explore, hot);
				run(name, cycles_at(hot ? "7" : "0.7", methods[i].name, words), 0, folder[hot]);
			}
			same[explore] = same_states(folder[0], folder[1]);
		}
		ok(same[1] && !same[0], "%s: a step that explores has no noise of any size", methods[i].name);
	}
}

static void check_ends(void)
{
	char a[256], b[256];
	run("without", cycles("sgld", none), 0, a);
	run("none", cycles("sgld", WORDS("--explore", "0")), 0, b);
	ok(same_states(a, b), "--explore 0 is the method bit for bit");
	run("all", cycles("sgld", WORDS("--explore", "1")), 0, a);
	run("descent", cycles("sgd", none), 0, b);
	ok(same_states(a, b), "sgld with --explore 1 is sgd bit for bit");
	run("all-momentum", cycles("sghmc", WORDS("--explore", "1", "--friction", "1")), 0, a);
	ok(same_states(a, b), "and so is sghmc with a friction of 1");
	run("some", cycles("sgld", WORDS("--explore", "0.5")), 0, a);
	ok(!same_states(a, b), "and with less it is not");
	run("still", cycles("sghmc", WORDS("--explore", "1", "--friction", "0.3")), 0, a);
	run("drawn", cycles("sghmc", WORDS("--explore", "1", "--friction", "0.3", "--momentum-init", "normal")), 0, b);
	ok(!same_states(a, b), "sghmc begins with the velocity that is asked for, also where its first step explores");
}

/* The paths by the equations, in double: λ by the page's formula, noise in the last two fifths of each cycle alone. sigma is fsgld's,
 * a sghmc's friction (1: no velocity). */
static double worst_of(const char *folder, double sigma, double a)
{
	static float got[STEPS][DIMS];
	const struct rng_key key = {7, 0};
	double worst = kept(folder, got) == STEPS ? 0 : INFINITY, v[DIMS] = {0}, before = top, x[DIMS];
	for (int j = 0; j < DIMS; j++)
		x[j] = (float)(sqrt(2) * rng_normal(key, STREAM_INIT, 0, (uint64_t)j));
	for (int k = 0; k < STEPS; k++) {
		const int length = STEPS / CYCLES, into = k % length;
		const double lr = top / 2 * (cos(M_PI * into / length) + 1), noise = into < 12 ? 0 : sqrt(2 * a * lr * temperature);
		for (int j = 0; j < DIMS; j++) {
			const double at = x[j] + sigma * rng_normal(key, STREAM_PERTURB, (uint64_t)k, (uint64_t)j);
			v[j] = (1 - a) * sqrt(lr / before) * v[j] - lr * (at / variance[j] + decay * x[j]) +
			       noise * rng_normal(key, STREAM_LANGEVIN_0, (uint64_t)k, (uint64_t)j);
			x[j] += v[j];
			worst = fmax(worst, fabs((double)got[k][j] - x[j]));
		}
		before = lr;
	}
	return worst;
}

static void check_paths(void)
{
	char folder[256], cut[256];
	/* β = 1/T; σ is tied to it while the noise is off, too. */
	const double sigma = pow(1 / temperature, -1.1 / 4);
	run("sgld", cycles("sgld", WORDS("--explore", "0.6")), 0, folder);
	near(worst_of(folder, 0, 1), 0, 1e-5, "sgld: each cycle of a chain explores, then samples");
	run("fsgld", cycles("fsgld", WORDS("--explore", "0.6")), 0, folder);
	near(worst_of(folder, sigma, 1), 0, 1e-5, "fsgld: the same, with the σ of the true β");
	run("sghmc", cycles("sghmc", WORDS("--explore", "0.6", "--friction", "0.3")), 0, folder);
	near(worst_of(folder, 0, 0.3), 0, 1e-5, "sghmc: the same, its velocity going with the step size also where a cycle begins");
	for (int i = 0; i < 3; i++) {
		static const uint64_t stop[] = {5, 15, 20};   /* among steps that explore, among those that sample, as a cycle begins */
		char name[32];
		snprintf(name, sizeof name, "cut-%d", i);
		run(name, cycles("sghmc", WORDS("--explore", "0.6", "--friction", "0.3", "--checkpoint-every", "5steps")), stop[i], cut);
		ok(same_states(folder, cut), "sghmc goes on after step %llu to the same bits", (unsigned long long)stop[i]);
	}
	run("thermostat", cycles("sgnht", none), 0, folder);
	run("cut-thermostat", cycles("sgnht", WORDS("--checkpoint-every", "5steps")), 15, cut);
	ok(same_states(folder, cut), "and sgnht with the friction that it had");
}

/* Refused where there is no noise to do without, and said where there is. */
static void check_words(void)
{
	for (const struct sampler *const *s = samplers; *s; s++) {
		struct problem p;
		const bool coupled = sampler_param(*s, "coupling") >= 0;
		struct opts *o = cycles((*s)->name, coupled ? WORDS("--explore", "0.6", "--coupling", "1") : WORDS("--explore", "0.6"));
		status opened = problem_open(o, NULL, NULL, &p);
		const char *words = opened == OK ? p.target.at : fail_words(opened, "--");
		if ((*s)->explores)
			ok(opened == OK && strstr(words, "the last 0.4 of each cycle"), "%s: the target says which steps sample", (*s)->name);
		else
			ok(opened == ERR_USAGE && strstr(words, "--explore") && strstr(words, "sgld, fsgld, "),
			   "%s refuses --explore, naming who takes it", (*s)->name);
		if (opened == OK)
			problem_close(&p);
		opts_free(o);
	}
}

/* How many of 25 Gaussians of variance 0.03 on a grid of spacing 2 the kept states of a run are in, within 0.6 of their centres. */
static int modes_of(const char *folder)
{
	struct snaps_reader *r = open_chain(folder, 0);
	struct snaps_record x;
	bool seen[25] = {false};
	int modes = 0;
	for (size_t i = 0; i < snaps_count(r); i++) {
		MUST(snaps_read(r, i, &x));
		const double at[2] = {(double)x.params[0] / 2, (double)x.params[1] / 2}, centre[2] = {round(at[0]), round(at[1])};
		if (hypot(at[0] - centre[0], at[1] - centre[1]) > 0.3 || fabs(centre[0]) > 2 || fabs(centre[1]) > 2)
			continue;
		bool *mode = &seen[(int)(5 * centre[0] + centre[1] + 12)];
		modes += !*mode;
		*mode = true;
	}
	snaps_reader_close(r);
	return modes;
}

/* The mixture of Zhang et al. 2020: 125 cycles of 320 steps, whose ends are kept, and sgld with as many steps. */
static void check_modes(void)
{
	char folder[256];
	run("cycles", parse_all(WORDS("--model", "mixture:5x5:2@0.03", "--steps", "40000", "--keep-every", "320", "--seed", "3", "--lr",
	                              "0.07", "--schedule", "cyclical", "--cycles", "125", "--explore", "0.25")), 0, folder);
	const int found = modes_of(folder);
	run("no-cycles", parse_all(WORDS("--model", "mixture:5x5:2@0.03", "--steps", "40000", "--keep-every", "320", "--seed", "3", "--lr",
	                                 "0.01")), 0, folder);
	ok(found >= 20 && modes_of(folder) <= 5, "cycles find %d of 25 modes, sgld without them %d", found, modes_of(folder));
}

int main(void)
{
	check_ends();
	check_silence();
	check_paths();
	check_words();
	check_modes();
	return done_testing();
}
