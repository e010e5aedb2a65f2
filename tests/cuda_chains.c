/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whole runs on a CUDA device: near the CPU's, stopped and resumed to the same bytes, and to the same bytes whether calls are
 * replayed as graphs or made one by one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/resume.h"
#include "src/cpu/onednn.h"
#include "src/data/npy.h"
#include "tests/chain_runs.h"
#include "tests/cuda_driver.h"
#include "tests/files.h"
#include "tests/tap.h"

/* A run: its name, the step after which it is stopped, how far its parameters may be from the CPU's (relative to the largest), and
 * its options: on the four rows of chain_runs.h, or on what `alone` names. */
struct cuda_run {
	const char *name;
	uint64_t stop;
	double tolerance;
	bool alone;
	const char *words[40];
};

/* Of four rows in batches of three the epoch's last batch has one. */
#define TABLE "--batch", "3", "--lr", "0.05", "--steps", "23", "--keep-every", "5", "--log-every", "4", "--checkpoint-every", "7steps"
#define IMAGES "--data", "shapes", "--lr", "0.01", "--batch", "32", "--steps", "6", "--keep-every", "2", "--checkpoint-every", "1steps"

/* "npy:IMAGES,LABELS": ten images, so that batches of four leave one of two. */
static char pictures[1100];
#define PICTURES "--data", pictures, "--batch", "4", "--steps", "5", "--keep-every", "1", "--checkpoint-every", "2steps"

static const struct cuda_run runs[] = {
	{"sgd", 9, 1e-5, false, {"--sampler", "sgd", "--momentum", "0.9", TABLE, NULL}},
	{"sgd, Nesterov, stepwise", 9, 1e-5, false, {"--sampler", "sgd", "--momentum", "0.8", "--nesterov", "--schedule", "step",
	                                             "--milestones", "6,13", TABLE, NULL}},
	{"adamw, two chains", 9, 1e-5, false, {"--sampler", "adamw", "--prior", "laplace,*.weight=2", "--weight-decay", "0.02", "--chains", "2", TABLE, NULL}},
	{"sam on coupled adamw, the decay in the loss", 10, 1e-5, false, {"--sampler", "sam", "--base", "adamw", "--decay-form", "coupled", "--perturb-decay",
	                                                                  "--weight-decay", "0.02", "--rho", "0.1", TABLE, NULL}},
	{"m-sam", 11, 1e-5, false, {"--sampler", "m-sam", "--micro-batch", "2", "--momentum", "0.5", "--rho", "0.1", TABLE, NULL}},
	{"sgld, iid", 10, 1e-5, false, {"--sampling", "iid", "--prior", "laplace", "--weight-decay", "0.01", TABLE, NULL}},
	{"fsgld, two chains", 12, 1e-5, false, {"--sampler", "fsgld", "--sigma", "0.1", "--chains", "2", TABLE, NULL}},
	{"entropy-sgd, from x", 10, 1e-5, false, {"--sampler", "entropy-sgd", "--coupling", "5", "--inner-steps", "4", "--restart", "x",
	                                          TABLE, NULL}},
	{"entropy-sgld, cosine", 11, 1e-5, false, {"--sampler", "entropy-sgld", "--coupling", "5", "--inner-steps", "4", "--schedule",
	                                           "cosine", TABLE, NULL}},
	{"entropy-mcmc, cyclical", 13, 1e-5, false, {"--sampler", "entropy-mcmc", "--coupling", "5", "--prior", "student-t:5",
	                                             "--weight-decay", "0.1", "--schedule", "cyclical", "--cycles", "2", TABLE, NULL}},
	{"psgld, probe", 10, 1e-5, false, {"--sampler", "psgld", "--correction", "probe", "--rms-eps", "0.5", "--chains", "2", TABLE, NULL}},
	{"sgld-cv", 12, 1e-5, false, {"--sampler", "sgld-cv", "--refresh", "8", TABLE, NULL}},
	{"low-precision-sgld, full", 11, 1e-5, false, {"--sampler", "low-precision-sgld", "--variant", "full", "--bits", "32", "--fraction", "24", TABLE, NULL}},
	{"sghmc, cyclical, exploring", 13, 1e-5, false, {"--sampler", "sghmc", "--momentum-init", "normal", "--prior", "laplace",
	                                                 "--weight-decay", "0.1", "--schedule", "cyclical", "--cycles", "2", "--explore",
	                                                 "0.5", TABLE, NULL}},
	{"hmc", 12, 1e-3, false, {"--sampler", "hmc", "--burn-in", "12", "--freeze", "*.bias", "--prior", "student-t:5", "--weight-decay", "0.1",
	                          TABLE, NULL}},
	{"sgnht, cosine", 12, 1e-5, false, {"--sampler", "sgnht", "--schedule", "cosine", "--freeze", "*.bias", TABLE, NULL}},
	{"sgld, kept between logs", 25, 1e-5, false, {"--batch", "3", "--lr", "0.05", "--steps", "60", "--keep-every", "7", "--log-every", "50", "--checkpoint-every", "11steps",
	                                              NULL}},
	{"gaussian", 20, 1e-5, true, {"--model", "gaussian:1,2,0.5@0.4", "--sampler", "fsgld", "--lr", "0.1", "--steps", "50",
	                              "--keep-every", "10", "--checkpoint-every", "7steps", NULL}},
	{"quadratics with noise, batches", 20, 1e-5, true, {"--model", "quadratics:1/2/0.5,-3/0/4,0.5/-1/1,2/2/1,0/3/0.1", "--gradient-noise", "0.3,1",
	                                                   "--batch", "2", "--sampling", "iid", "--lr", "0.1", "--steps", "50", "--keep-every", "10",
	                                                   "--checkpoint-every", "7steps", NULL}},
	{"mlp", 3, 1e-4, true, {"--model", "mlp:3072-16-10", "--freeze", "fc1.bias", IMAGES, NULL}},
	{"mlp, fsgld, silu, augmented", 4, 1e-4, true, {"--model", "mlp:3072-16-10", "--activation", "silu", "--sampler", "fsgld",
	                                                "--augment", "crop-flip", IMAGES, NULL}},
	{"mlp, entropy-mcmc, bf16", 3, 2e-2, true, {"--model", "mlp:3072-16-10", "--sampler", "entropy-mcmc", "--coupling", "1",
	                                            "--precision", "bf16", IMAGES, NULL}},
	{"resnet20, bn, sgld", 3, 1e-5, true, {"--model", "resnet20", "--prior", "laplace", "--weight-decay", "0.01", "--lr", "0.02",
	                                       PICTURES, NULL}},
	{"lenet, sgd", 3, 1e-5, true, {"--model", "lenet", "--sampler", "sgd", "--momentum", "0.9", "--augment", "crop-flip", "--lr", "0.02",
	                               PICTURES, NULL}},
	{"lenet, asam, bf16", 2, 2e-2, true, {"--model", "lenet", "--sampler", "asam", "--augment", "crop-flip", "--precision", "bf16", "--lr",
	                                      "0.01", PICTURES, NULL}},
	{"resnet20, frn, sgd", 3, 1e-5, true, {"--model", "resnet20", "--norm", "frn", "--sampler", "sgd", "--momentum", "0.9", "--lr",
	                                       "0.002", PICTURES, NULL}},
	{"lenet, fsgld, bf16", 2, 2e-2, true, {"--model", "lenet", "--sampler", "fsgld", "--sigma", "0.01", "--precision", "bf16", "--lr",
	                                       "0.01", PICTURES, NULL}},
};

static void write_pictures(void)
{
	enum { ROWS = 10, PIXELS = 3 * 16 * 16, CLASSES = 3 };
	uint8_t x[ROWS * PIXELS], y[ROWS];
	char images[512], labels[512];
	snprintf(images, sizeof images, "%s/images.npy", scratch_folder());
	snprintf(labels, sizeof labels, "%s/labels.npy", scratch_folder());
	snprintf(pictures, sizeof pictures, "npy:%s,%s", images, labels);
	for (int i = 0; i < ROWS; i++)
		y[i] = (uint8_t)(i % CLASSES);
	/* A class's brightness besides noise. */
	for (int i = 0; i < ROWS * PIXELS; i++)
		x[i] = (uint8_t)(fmin(fmax(rng_normal((struct rng_key){31, 0}, STREAM_DATA, 0, (uint64_t)i), -2), 2) * 50 + 110 + 15 * y[i / PIXELS]);
	MUST(npy_write(images, NPY_U1, 4, (int64_t[]){ROWS, 3, 16, 16}, x));
	MUST(npy_write(labels, NPY_U1, 1, (int64_t[]){ROWS}, y));
}

/* Of a ResNet on the CPU the sums that the bounds are for: Winograd's, which its measurements may choose, have larger errors. */
static struct opts *options_of(const struct cuda_run *r, bool cpu)
{
	const char *words[sizeof r->words / sizeof *r->words + 3] = {NULL};
	int n = 0;
	for (; r->words[n]; n++)
		words[n] = r->words[n];
	if (cpu && !strncmp(r->name, "resnet", strlen("resnet"))) {
		words[n] = "--conv-algo";
		words[n + 1] = "direct";
	}
	return r->alone ? parse_all(words) : parse(words);
}

/* Runs it on the device, or NULL for the CPU, into a folder. That has one thread: ThreadSanitizer does not see what OpenMP's wait for. */
static void run_on(const struct cuda_run *r, struct device *d, uint64_t stop, const char *how, char folder[512])
{
	char name[96];
	snprintf(name, sizeof name, "%td-%s", r - runs, how);
	struct opts *o = options_of(r, !d);
	if (!d)
		MUST(backend_open("cpu", 1, &d));
	sample_on(d, stop, name, o, folder, 512);
}

/* A device with the choices between algorithms that a run made: another one's measuring may choose others, which round otherwise. */
static struct device *open_as(const char *folder)
{
	struct device *d = open_cuda();
	struct run run;
	json_t *choices;
	MUST(run_open(folder, false, &run));
	MUST(resume_choices(&run, &choices));
	const json_t *known = json_object_get(choices, d->ops->name);
	if (known)
		MUST(d->ops->choices_load(d, known, true));
	json_decref(choices);
	run_close(&run);
	return d;
}

static bool same_run(const char *a, const char *b, int chains)
{
	bool same = true;
	for (int k = 0; k < chains; k++)
		same = same && same_chain_bytes(a, b, k);
	return same;
}

/* The largest difference of two runs' parameters, in units of each record's largest; infinite where they kept other states. */
static double apart(const char *a, const char *b, int k)
{
	struct snaps_reader *ra = open_chain(a, k), *rb = open_chain(b, k);
	struct snaps_record x, y;
	double worst = snaps_count(ra) > 0 && snaps_count(ra) == snaps_count(rb) ? 0 : (double)INFINITY;
	for (size_t i = 0; i < snaps_count(ra) && isfinite(worst); i++) {
		double largest = 0, off = 0;
		MUST(snaps_read(ra, i, &x));
		MUST(snaps_read(rb, i, &y));
		for (size_t j = 0; j < snaps_params(ra)->count; j++) {
			double d = fabs((double)x.params[j] - (double)y.params[j]);
			off = d > off || isnan(d) ? d : off;
			largest = fmax(largest, fabs((double)y.params[j]));
		}
		worst = off / largest > worst || isnan(off) ? off / largest : worst;
	}
	snaps_reader_close(ra);
	snaps_reader_close(rb);
	return worst;
}

static void check_run(const struct cuda_run *r)
{
	char cpu[512], whole[512], resumed[512], single[512];
	struct opts *o = options_of(r, false);
	int chains = (int)opts_count(o, "chains");
	double worst = 0;
	opts_free(o);
	run_on(r, NULL, 0, "cpu", cpu);
	run_on(r, open_cuda(), 0, "whole", whole);
	run_on(r, open_as(whole), r->stop, "resumed", resumed);
	setenv("BASIN_CUDA_GRAPHS", "no", 1);
	run_on(r, open_as(whole), 0, "single", single);
	unsetenv("BASIN_CUDA_GRAPHS");
	for (int k = 0; k < chains; k++)
		worst = fmax(worst, apart(whole, cpu, k));
	near(worst, 0, r->tolerance, "%s: the states that it keeps are the CPU's", r->name);
	ok(same_run(whole, resumed, chains), "%s: stopped and resumed, the same bytes", r->name);
	ok(same_run(whole, single, chains), "%s: without graphs, the same bytes", r->name);
}

int main(void)
{
	test_prefix(cuda_label);
	write_csv();
	write_pictures();
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		if (strstr(runs[i].name, "bf16") && !onednn_has_avx512()) {
			skip(runs[i].name, "oneDNN has no bf16 for this processor");
			continue;
		}
		if (in_turn())
			check_run(&runs[i]);
	}
	return done_testing();
}
