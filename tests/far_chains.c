/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whole runs on the far device, stopped and resumed in the middle, and what is predicted from them there: the CPU's
 * bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/ensemble.h"
#include "src/analytic.h"
#include "src/cpu/onednn.h"
#include "src/data/npy.h"
#include "tests/chain_runs.h"
#include "tests/device_vec.h"
#include "tests/far_device.h"
#include "tests/files.h"
#include "tests/tap.h"

/* A run: its name, the step at which the far one stops, and its options. */
struct far_run {
	const char *name;
	uint64_t stop;
	const char *words[40];
};

#define TABLE "--batch", "3", "--lr", "0.05", "--steps", "23", "--keep-every", "5", "--log-every", "4", "--checkpoint-every", "7steps"
#define IMAGES "--threads", "2", "--lr", "0.01", "--checkpoint-every", "1steps"
#define DIRECT "--conv-algo", "direct", IMAGES

static const struct far_run tables[] = {
	{"sgd", 9, {"--sampler", "sgd", "--momentum", "0.9", TABLE, NULL}},
	{"adamw", 9, {"--sampler", "adamw", "--weight-decay", "0.01", "--chains", "2", TABLE, NULL}},
	{"sam-adamw", 10, {"--sampler", "sam", "--base", "adamw", "--weight-decay", "0.01", "--prior", "laplace", TABLE, NULL}},
	{"m-sam", 12, {"--sampler", "m-sam", "--micro-batch", "2", "--momentum", "0.5", TABLE, NULL}},
	{"sgld-iid", 10, {"--sampling", "iid", "--prior", "laplace", "--weight-decay", "0.01", TABLE, NULL}},
	{"fsgld", 12, {"--sampler", "fsgld", "--sigma", "0.1", "--chains", "2", TABLE, NULL}},
	{"entropy-sgd", 10, {"--sampler", "entropy-sgd", "--coupling", "5", "--inner-steps", "4", "--restart", "x", TABLE, NULL}},
	{"entropy-sgld", 11, {"--sampler", "entropy-sgld", "--coupling", "5", "--inner-steps", "4", "--schedule", "cosine", TABLE, NULL}},
	{"psgld", 10, {"--sampler", "psgld", "--correction", "probe", "--rms-eps", "0.5", "--chains", "2", TABLE, NULL}},
	{"sgld-cv", 12, {"--sampler", "sgld-cv", "--refresh", "8", TABLE, NULL}},
	{"sgld, exploring", 12, {"--sampler", "sgld", "--explore", "1", TABLE, NULL}},
	{"fsgld, exploring", 12, {"--sampler", "fsgld", "--explore", "0.5", TABLE, NULL}},
	{"psgld, exploring", 12, {"--sampler", "psgld", "--correction", "probe", "--rms-eps", "0.5", "--explore", "0.5", TABLE, NULL}},
	{"sgld-cv, exploring", 12, {"--sampler", "sgld-cv", "--refresh", "8", "--explore", "0.5", TABLE, NULL}},
	{"entropy-mcmc, exploring", 12, {"--sampler", "entropy-mcmc", "--coupling", "5", "--explore", "0.5", TABLE, NULL}},
	{"low-precision-sgld", 11, {"--sampler", "low-precision-sgld", "--gradient-fraction", "4", "--weight-decay", "0.1", TABLE, NULL}},
	{"low-precision-sgld, full", 9, {"--sampler", "low-precision-sgld", "--variant", "full", "--fraction", "3", TABLE, NULL}},
	{"steps between logs", 12, {"--sampler", "sgld", "--batch", "3", "--lr", "0.05", "--steps", "60", "--keep-every", "7", "--log-every", "50", "--checkpoint-every", "11steps", NULL}},
	{"beyond float16", 12, {"--sampler", "sgd", "--batch", "3", "--lr", "1000", "--steps", "20", "--keep-every", "1", "--log-every", "50",
	                        "--snapshot-dtype", "float16", "--checkpoint-every", "1steps", NULL}},
	{"a loss that is not finite", 12, {"--sampler", "sgd", "--batch", "3", "--lr", "1e6", "--steps", "20", "--keep-every", "2", "--log-every", "3", "--checkpoint-every", "1steps", NULL}},
	{"sghmc", 13, {"--sampler", "sghmc", "--momentum-init", "normal", "--schedule", "cyclical", "--cycles", "2", "--explore", "0.5",
	               TABLE, NULL}},
	{"sgnht", 12, {"--sampler", "sgnht", "--schedule", "cosine", "--freeze", "*.bias", TABLE, NULL}},
	{"hmc", 12, {"--sampler", "hmc", "--burn-in", "12", "--freeze", "*.bias", "--prior", "student-t:5", "--weight-decay", "0.1", TABLE, NULL}},
	{"entropy-mcmc", 13, {"--sampler", "entropy-mcmc", "--coupling", "5", "--prior", "student-t:5", "--weight-decay", "0.1", TABLE, NULL}},
	{"tail-sgd", 10, {"--sampler", "tail-sgd", "--heavy-batch", "fresh", "--clip", "0.1", "--prior", "laplace", "--weight-decay", "0.01", TABLE, NULL}},
	{"tail-sgd-iid", 9, {"--sampler", "tail-sgd", "--large-batch", "3", "--clip", "0.1", "--sampling", "iid", TABLE, NULL}},
	{"rw-sam", 11, {"--sampler", "rw-sam", "--momentum", "0.9", "--perturb-decay", "--reweight", "2", TABLE, NULL}},
};

static const struct far_run images[] = {
	{"gaussian", 20, {"--model", "gaussian:1,2,0.5@0.4", "--sampler", "fsgld", "--lr", "0.1", "--steps", "50", "--keep-every", "10", "--checkpoint-every", "7steps", NULL}},
	{"quadratics", 20, {"--model", "quadratics:1/2/0.5,-3/0/4,0.5/-1/1,2/2/1,0/3/0.1", "--sampler", "fsgld", "--sigma", "0.1", "--gradient-noise", "0.3,1",
	                    "--batch", "2", "--chains", "2", "--lr", "0.1", "--epochs", "17", "--keep-every", "10", "--checkpoint-every", "7steps", NULL}},
	{"wells", 20, {"--model", "wells:-1/0.3/0,1/0.6/0", "--gradient-noise", "2", "--lr", "0.01", "--steps", "50", "--keep-every", "10", "--checkpoint-every", "7steps", NULL}},
	{"mlp", 3, {"--model", "mlp:3072-16-10", "--batch", "32", "--steps", "6", "--keep-every", "2", "--freeze", "fc1.bias", IMAGES, NULL}},
	{"lenet", 2, {"--model", "lenet", "--sampler", "fsgld", "--batch", "16", "--steps", "4", "--keep-every", "2", "--augment", "crop-flip",
	              DIRECT, NULL}},
	{"lenet-tail", 2, {"--model", "lenet", "--sampler", "tail-sgd", "--heavy-batch", "fresh", "--large-batch", "32", "--clip", "0.05",
	                   "--batch", "16", "--steps", "4", "--keep-every", "2", "--augment", "crop-flip", DIRECT, NULL}},
	{"lenet-rw", 2, {"--model", "lenet", "--sampler", "rw-sam", "--precision", "bf16", "--batch", "16", "--steps", "4", "--keep-every", "2",
	                 "--augment", "crop-flip", DIRECT, NULL}},
	{"resnet20", 2, {"--model", "resnet20", "--sampler", "entropy-mcmc", "--coupling", "1", "--batch", "50", "--steps", "3",
	                 "--keep-every", "3", "--bn-stats", "recompute", DIRECT, NULL}},
	{"resnet20-run", 3, {"--model", "resnet20", "--sampler", "fsgld", "--batch", "50", "--steps", "5", "--keep-every", "5", DIRECT, NULL}},
	{"resnet20-frn", 1, {"--model", "resnet20", "--norm", "frn", "--batch", "8", "--steps", "3", "--keep-every", "3", DIRECT, NULL}},
	{"resnet20-sam", 1, {"--model", "resnet20", "--sampler", "sam", "--batch", "8", "--steps", "3", "--keep-every", "3", "--freeze", "conv1.weight", DIRECT, NULL}},
	{"lenet-asam-bf16", 2, {"--model", "lenet", "--sampler", "asam", "--momentum", "0.9", "--precision", "bf16", "--batch", "16", "--steps", "4", "--keep-every", "2",
	                        DIRECT, NULL}},
	{"resnet20-psgld", 1, {"--model", "resnet20", "--sampler", "psgld", "--correction", "probe", "--rms-eps", "1", "--batch", "8", "--steps", "3",
	                       "--keep-every", "3", DIRECT, NULL}},
	{"lenet-sgld-cv-bf16", 3, {"--model", "lenet", "--sampler", "sgld-cv", "--refresh", "2", "--precision", "bf16", "--batch", "50", "--steps", "4",
	                           "--keep-every", "2", "--freeze", "fc1.bias", DIRECT, NULL}},
	{"lenet-bf16", 2, {"--model", "lenet", "--precision", "bf16", "--batch", "16", "--steps", "4", "--keep-every", "2", DIRECT, NULL}},
};

enum { PICTURES = 150 };

static char pictures[1200];

/* Random images of ten classes, as two .npy files. */
static void write_pictures(void)
{
	static uint8_t x[PICTURES * 3 * 32 * 32], label[PICTURES];
	char images_path[512], labels_path[512];
	for (size_t i = 0; i < sizeof x; i++)
		x[i] = (uint8_t)rng_below((struct rng_key){5, 0}, STREAM_DATA, 0, (uint32_t)i, 256);
	for (int i = 0; i < PICTURES; i++)
		label[i] = (uint8_t)(i % 10);
	snprintf(images_path, sizeof images_path, "%s/x.npy", scratch_folder());
	snprintf(labels_path, sizeof labels_path, "%s/y.npy", scratch_folder());
	MUST(npy_write(images_path, NPY_U1, 4, (int64_t[]){PICTURES, 3, 32, 32}, x));
	MUST(npy_write(labels_path, NPY_U1, 1, (int64_t[]){PICTURES}, label));
	snprintf(pictures, sizeof pictures, "npy:%s,%s", images_path, labels_path);
}

/* The words, on these images unless the model is analytic. */
static struct opts *parse_images(const char *const *words)
{
	const char *all[44] = {"--data", pictures};
	int n = analytic_kind(words[1]) ? 0 : 2;
	for (; *words; words++)
		all[n++] = *words;
	all[n] = NULL;
	return parse_all(all);
}

static struct device *far(void)
{
	struct device *d;
	MUST(far_open(2, &d));
	return d;
}

static void check_run(const struct far_run *r, struct opts *(*parse_words)(const char *const *), char *here, char *there)
{
	char name[64];
	snprintf(name, sizeof name, "%s-cpu", r->name);
	sample_with(name, parse_words(r->words), here, 512);
	snprintf(name, sizeof name, "%s-far", r->name);
	sample_on(far(), r->stop, name, parse_words(r->words), there, 512);
	struct opts *o = parse_words(r->words);
	bool same = true;
	for (int k = 0; k < (int)opts_count(o, "chains"); k++)
		same = same && same_chain_bytes(here, there, k);
	opts_free(o);
	ok(same, "%s: stopped and resumed on the far device, the CPU's snapshots", r->name);
}

/* Σ of the members' probabilities for the test set (host, n × classes; the caller's to free). */
static double *predict_on(struct device *d, const char *folder, size_t *n)
{
	const struct selection_request all = {.chain = -1, .to = UINT64_MAX, .last = SIZE_MAX};
	struct arena arena = {0};
	struct selection chosen;
	struct network net;
	struct subject subject;
	struct predictions p;
	MUST(selection_open(&folder, 1, &all, &chosen));
	MUST(network_open(selection_header(&chosen), -1, CONV_DIRECT, &net));
	network_place(&net, d);
	MUST(subject_open(&net, &(struct subject_request){.option = "data", .split = -1, .batch = 60}, &subject));
	MUST(predictions_open(&arena, &net, &subject, chosen.n, SCORE_ALL, &p));
	MUST(ensemble_run(&chosen, &net, &p, 1, NULL, NULL));
	*n = p.mixture.n * (size_t)p.mixture.c;
	double *sum = host_doubles(*n);
	memcpy(sum, p.mixture.p, *n * sizeof *sum);
	subject_close(&subject);
	network_close(&net);
	selection_close(&chosen);
	arena_free(&arena);
	return sum;
}

static void check_predict(const char *name, const char *folder)
{
	struct device *cpu;
	size_t n, m;
	MUST(backend_open("cpu", 2, &cpu));
	double *here = predict_on(cpu, folder, &n), *there = predict_on(far(), folder, &m);
	/* Without AVX-512 the library's products of a smaller batch are the same to rounding alone. */
	const double bound = onednn_has_avx512() ? 0 : 1e-6;
	double worst = 0;
	for (size_t i = 0; i < n && n == m; i++)
		worst = fmax(worst, fabs(here[i] - there[i]));
	ok(n == m && worst <= bound, "%s: %zu probabilities on the far device are the CPU's", name, n);
	free(here);
	free(there);
}

/* Whether this processor has what bf16 needs. */
static bool has_bf16(void)
{
	struct problem p;
	struct opts *o = parse_images(images[sizeof images / sizeof *images - 1].words);
	status s = problem_open(o, NULL, NULL, &p);
	if (s == OK)
		problem_close(&p);
	opts_free(o);
	return s == OK;
}

static bool asks_for_bf16(const char *const *word)
{
	while (*word && strcmp(*word, "bf16") != 0)
		word++;
	return *word;
}

static bool has_row(const char *sampler)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const char *const *word = tables[i].words; *word; word++)
			if (strcmp(*word, sampler) == 0)
				return true;
	return false;
}

/* Every method that no row names, as it is by default. */
static void check_others(char *here, char *there)
{
	for (const struct sampler *const *s = samplers; *s; s++) {
		const struct far_run run = {(*s)->name, 10, {"--sampler", (*s)->name, TABLE, NULL}};
		if (!has_row((*s)->name) && in_turn())
			check_run(&run, parse, here, there);
	}
}

int main(void)
{
	char here[512], there[512];
	write_csv();
	write_pictures();
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (in_turn())
			check_run(&tables[i], parse, here, there);
	check_others(here, there);
	for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
		if (asks_for_bf16(images[i].words) && !has_bf16()) {
			skip(images[i].name, "this processor has no bf16 convolutions");
			continue;
		}
		if (!in_turn())
			continue;
		check_run(&images[i], parse_images, here, there);
		if (!analytic_kind(images[i].words[1]))
			check_predict(images[i].name, there);
	}
	return done_testing();
}
