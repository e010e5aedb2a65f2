/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which lists of calls become graphs on the stand-in, and what the host waits for. */
#include <cuda_runtime_api.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains/bn_pass.h"
#include "chains/state.h"
#include "src/cuda/cuda.h"
#include "src/net/nets.h"
#include "tests/chain_runs.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/files.h"
#include "tests/net_case.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

enum { COUNT = 40, LISTS = 20, TURNS = 6, PLACES = 16 };

/* y += x, three times over: a list of its own for each y. */
static void add_thrice(struct device *d, struct device_vec *y, const struct device_vec *x)
{
	for (int i = 0; i < 3; i++)
		MUST(d->ops->add(d, (struct format){.bf16 = false}, COUNT, y->device, x->device));
	MUST(device_start(d));
}

static bool all_are(struct device_vec *v, float want)
{
	bool good = true;
	device_vec_get(v);
	for (size_t i = 0; i < v->n; i++)
		good = good && v->host[i] == want;
	return good;
}

/* More lists in turns than graphs are kept: those that are kept stay, and a later list is not kept out by them for good. */
static void check_turns(struct device *d)
{
	struct device_vec x = device_vec_new(d, COUNT), y[LISTS], late = device_vec_new(d, COUNT);
	for (int i = 0; i < COUNT; i++)
		x.host[i] = 1;
	device_vec_put(&x);
	for (int i = 0; i < LISTS; i++)
		y[i] = device_vec_new(d, COUNT);
	long captures = standin_captures(), replays = standin_replays();
	for (int turn = 0; turn < TURNS; turn++)
		for (int i = 0; i < LISTS; i++)
			add_thrice(d, &y[i], &x);
	captures = standin_captures() - captures;
	replays = standin_replays() - replays;
	ok(captures == PLACES && replays == PLACES * (TURNS - 1), "of %d lists in turns, %ld became graphs, used %ld times", LISTS,
	   captures, replays);
	bool good = true;
	for (int i = 0; i < LISTS; i++)
		good = good && all_are(&y[i], 3 * TURNS);
	ok(good, "and all of them are right");
	captures = standin_captures();
	enum { LATE = 100 };
	for (int i = 0; i < LATE; i++)
		add_thrice(d, &late, &x);
	ok(standin_captures() == captures + 1 && all_are(&late, 3 * LATE), "one that comes often when they don't takes a place");
	for (int i = 0; i < LISTS; i++)
		device_vec_free(&y[i]);
	device_vec_free(&x);
	device_vec_free(&late);
}

static char heard[512];

static void hear(const char *text)
{
	snprintf(heard, sizeof heard, "%s", text);
}

/* A graph that can't be made, at whatever place, is told of, and its calls are made once all the same. */
static void check_refusal(const char *call, int nth, int error)
{
	struct device *d = open_cuda();
	struct device_vec x = device_vec_new(d, COUNT), y = device_vec_new(d, COUNT);
	for (int i = 0; i < COUNT; i++)
		x.host[i] = 1;
	device_vec_put(&x);
	add_thrice(d, &y, &x);
	standin_fail(call, nth, error);
	heard[0] = '\0';
	for (int i = 0; i < 4; i++)
		add_thrice(d, &y, &x);
	standin_fail(call, 0, 0);
	ok(all_are(&y, 15) && strstr(heard, "src/cuda/") && strstr(heard, "one by one"), "a refused %s: %s", call, heard);
	device_vec_free(&x);
	device_vec_free(&y);
	d->ops->close(d);
}

/* What the host puts step by step is on its way when put returns, and the host may change its own at once. */
static void check_puts(struct device *d)
{
	enum { PUTS = 300, LARGE = 100000 };
	struct device_vec one = device_vec_new(d, COUNT), large = device_vec_new(d, LARGE), sum = device_vec_new(d, COUNT);
	MUST(d->ops->sync(d));
	size_t waits = standin_calls("cudaStreamSynchronize");
	for (int i = 0; i < PUTS; i++) {
		for (int j = 0; j < COUNT; j++)
			one.host[j] = (float)i;
		MUST(d->ops->put(d, one.device, one.host, COUNT * sizeof(float)));
		MUST(d->ops->add(d, (struct format){.bf16 = false}, COUNT, sum.device, one.device));
	}
	ok(standin_calls("cudaStreamSynchronize") == waits, "%d small puts wait for nothing", PUTS);
	ok(all_are(&sum, PUTS * (PUTS - 1) / 2), "and each call has what was put before it");
	waits = standin_calls("cudaStreamSynchronize");
	const size_t turns = standin_calls("cudaEventSynchronize");
	for (int i = 0; i < 6; i++) {
		for (int j = 0; j < LARGE; j++)
			large.host[j] = (float)(i + j % 3);
		MUST(d->ops->put(d, large.device, large.host, LARGE * sizeof(float)));
	}
	ok(standin_calls("cudaEventSynchronize") > turns && standin_calls("cudaStreamSynchronize") == waits,
	   "where they have no room on their way, the host waits for the first of them alone");
	device_vec_get(&large);
	bool good = true;
	for (int j = 0; j < LARGE; j++)
		good = good && large.host[j] == (float)(5 + j % 3);
	ok(good, "and the last is there in the end");
	device_vec_free(&one);
	device_vec_free(&large);
	device_vec_free(&sum);
}

/* How many steps the card has still to do as each one is given to it: `done` kernels ran by then, and `all` in all of them. */
static void check_pace(const char *name, const long *done, int steps, long all)
{
	double least = steps, most = 0, each = (double)all / steps;
	for (int k = 0; k < steps; k++) {
		const double ahead = k + 1 - (double)done[k] / each;
		most = fmax(most, ahead);
		/* It had none when this began. */
		least = k < 4 ? least : fmin(least, ahead);
	}
	ok(least >= 3 && most <= 330, "%s: the card always has some steps before it, and never all of a long run's (%.0f to %.0f)", name,
	   least, most);
}

/* Once its lists are known, a chain's steps are a graph each, behind which the host waits for nothing. */
static void check_steps(const char *name, const char *const *words)
{
	enum { KNOWN = 60, MORE = 500 };
	struct state st;
	struct problem p;
	struct opts *o = parse_model("mlp:2-3-1", words);
	MUST(problem_open(o, open_cuda(), NULL, &p));
	MUST(state_open(&st, &p.plan.state, (struct rng_key){1, 0}));
	for (int k = 0; k < KNOWN; k++)
		MUST(state_step(&st, 0.01, 1));
	MUST(p.device->ops->sync(p.device));
	const size_t waits = standin_calls("cudaStreamSynchronize");
	const long replays = standin_replays(), captures = standin_captures();
	const long before = standin_launches();
	long done[MORE];
	for (int k = 0; k < MORE; k++) {
		MUST(state_step(&st, 0.01, 1));
		done[k] = standin_launches() - before;
	}
	ok(standin_replays() - replays == MORE && standin_captures() == captures, "%s: each step is a graph that is replayed", name);
	ok(standin_calls("cudaStreamSynchronize") == waits, "%s: and the host waits for none of them", name);
	MUST(p.device->ops->sync(p.device));
	check_pace(name, done, MORE, standin_launches() - before);
	state_close(&st);
	problem_close(&p);
	opts_free(o);
}

/* A trajectory waits once, and each of its leapfrog steps between the first and the last is one graph. */
static void check_trajectory(void)
{
	enum { LEAPFROGS = 40 };
	struct state st;
	struct problem p;
	struct opts *o = parse_model("mlp:2-3-1", (const char *[]){"--sampler", "hmc", "--batch", "3", "--lr", "1e-4", "--temperature", "2",
	                                                           "--trajectory", "0.4", "--steps", "20", NULL});
	MUST(problem_open(o, open_cuda(), NULL, &p));
	MUST(state_open(&st, &p.plan.state, (struct rng_key){1, 0}));
	for (int k = 0; k < 3; k++)
		MUST(state_step(&st, 1e-4, 2));
	MUST(p.device->ops->sync(p.device));
	const size_t waits = standin_calls("cudaStreamSynchronize");
	const long replays = standin_replays(), captures = standin_captures();
	MUST(state_step(&st, 1e-4, 2));
	ok(standin_calls("cudaStreamSynchronize") == waits + 1, "hmc: a trajectory waits once");
	ok(standin_replays() - replays >= LEAPFROGS - 1 && standin_captures() == captures, "hmc: of %d leapfrog steps %ld lists are graphs",
	   LEAPFROGS, standin_replays() - replays);
	state_close(&st);
	problem_close(&p);
	opts_free(o);
}

/* Whether the host waits for the card in steps that end with nothing to tell of, and how often in those that do. */
static void check_chain(const char *name, const char *const *words)
{
	static const atomic_int never;
	char folder[512];
	struct problem p;
	struct run run;
	struct chain *c;
	struct opts *o = parse_model("mlp:2-3-1", words);
	size_t idle = 0, keeping = 0, kept = 0, telling = 0;
	snprintf(folder, sizeof folder, "%s/%s", scratch_folder(), name);
	MUST(problem_open(o, open_cuda(), NULL, &p));
	json_t *json = facts_run(&p, o);
	MUST(run_create(folder, json, &run));
	json_decref(json);
	p.plan.run = &run;
	p.plan.stop = &never;
	MUST(chain_open(&p.plan, 0, &c));
	while (chain_phase(c) == CHAIN_RUNNING) {
		size_t waits = standin_calls("cudaStreamSynchronize");
		MUST(chain_advance(c));
		waits = standin_calls("cudaStreamSynchronize") - waits;
		const uint64_t step = chain_step(c), epoch_steps = p.plan.epoch_steps, all = p.plan.schedule.total;
		if (step % p.plan.log_every == 0 || step + epoch_steps == all || step == all)
			telling += waits;
		else if (keep_due(&p.plan.keep, step))
			keeping += waits, kept++;
		else
			idle += waits;
	}
	ok(idle == 0 && telling > 0, "%s: a chain waits %zu times in steps with nothing to tell of, %zu times in the others", name, idle,
	   telling);
	ok(kept > 5 && keeping == kept, "%s: and once for each of %zu snapshots between them", name, kept);
	chain_close(c);
	run_close(&run);
	problem_close(&p);
	opts_free(o);
}

/* A batch norm between two linear layers. */
static void normed_model(struct model *m, int in, int between, int out)
{
	struct layer norm;
	*m = (struct model){.spec = "normed", .activation = ACTIVATION_RELU, .normed = true, .norm = NORM_BATCH, .input = {1, 1, in},
	                    .outputs = out};
	MUST(nets_linear(m, "first", INPUT_BATCH, between));
	MUST(nets_norm_tensors(m, "norm", between, true, &norm));
	nets_norm(m, &norm, 0, INPUT_NONE);
	MUST(nets_linear(m, "last", 1, out));
}

/* In a pass for running statistics each batch has a share of its own in the mean, and all are one list. */
static void check_statistics(void)
{
	enum { BATCHES = 7, SIZE = 4, IN = 6, BETWEEN = 8, OUT = 3 };
	static const struct rng_key key = {1, 0};
	struct device *d = open_cuda();
	const struct likelihood *l;
	struct net_case q = {.d = d};
	struct potential *p;
	net_case_data(&q, BATCHES * SIZE, IN, OUT, LOSS_CATEGORICAL);
	normed_model(&q.model, IN, BETWEEN, OUT);
	MUST(likelihood_find("categorical", &l));
	const struct net_options o = {.model = &q.model, .data = &q.data, .normalize = &q.normalize, .likelihood = l, .batch = SIZE};
	MUST(net_open(&o, d, &p));
	const size_t bytes = p->n_stats * sizeof(float);
	float *host = host_take(p->n_params * sizeof *host), *stats = device_take(d, bytes);
	segments_init(p->params, key, host);
	float *theta = upload(d, host, p->n_params * sizeof *host);
	const long captures = standin_captures(), replays = standin_replays();
	MUST(bn_pass(p, key, 0, SIZE, theta, host, stats));
	ok(standin_captures() == captures + 1 && standin_replays() - replays >= BATCHES - 2,
	   "statistics: of a pass's %d batches, %ld are a graph that is replayed", BATCHES, standin_replays() - replays);
	float *replayed = fetch(d, stats, bytes);
	cuda_of(d)->record.graphs = false;
	MUST(bn_pass(p, key, 0, SIZE, theta, host, stats));
	float *alone = fetch(d, stats, bytes);
	ok(replayed[2 * BETWEEN] == BATCHES && memcmp(replayed, alone, bytes) == 0,
	   "statistics: with the bits of calls made one by one");
	potential_close(p);
	d->ops->free(d, theta);
	d->ops->free(d, stats);
	d->ops->close(d);
	model_free(&q.model);
	free((void *)q.data.x), free((void *)q.data.label);
	free(host), free(replayed), free(alone);
}

/* Batches of 3 of 4 rows: the last of a pass is smaller. */
#define STEPS "--batch", "3", "--lr", "0.01", "--steps", "400", "--keep-every", "37", NULL

int main(void)
{
	static const struct {
		const char *name;
		const char *const words[16];
	} samplers[] = {
		{"sgd", {"--sampler", "sgd", "--momentum", "0.9", STEPS}},
		{"sgld", {"--sampler", "sgld", STEPS}},
		{"sgld, laplace prior", {"--sampler", "sgld", "--prior", "laplace", "--weight-decay", "0.1", STEPS}},
		{"fsgld", {"--sampler", "fsgld", STEPS}},
		{"entropy-sgd", {"--sampler", "entropy-sgd", "--coupling", "5", STEPS}},
		{"entropy-sgld", {"--sampler", "entropy-sgld", "--coupling", "5", STEPS}},
		{"entropy-mcmc", {"--sampler", "entropy-mcmc", "--coupling", "5", STEPS}},
		{"rw-sam", {"--sampler", "rw-sam", STEPS}},
		{"tail-sgd", {"--sampler", "tail-sgd", "--heavy-batch", "fresh", "--clip", "0.1", STEPS}},
		{"sghmc", {"--sampler", "sghmc", STEPS}},
		{"sgnht", {"--sampler", "sgnht", STEPS}},
		{"batches with replacement", {"--sampler", "sgld", "--sampling", "iid", STEPS}},
	};
	struct device *d = open_cuda();
	test_prefix(cuda_label);
	check_turns(d);
	check_puts(d);
	write_csv();
	for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++)
		check_steps(samplers[i].name, samplers[i].words);
	for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++)
		check_chain(samplers[i].name, samplers[i].words);
	check_trajectory();
	check_statistics();
	d->ops->close(d);
	warning_to(hear, "--");
	check_refusal("cudaStreamBeginCapture", 1, cudaErrorStreamCaptureUnsupported);
	check_refusal("cudaLaunchKernel", 2, cudaErrorLaunchOutOfResources);
	check_refusal("cudaStreamEndCapture", 1, cudaErrorStreamCaptureInvalidated);
	check_refusal("cudaGraphInstantiate", 1, cudaErrorMemoryAllocation);
	return done_testing();
}
