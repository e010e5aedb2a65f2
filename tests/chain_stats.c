/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batch-norm statistics in chains: which ones are kept, that making them changes nothing else, and that they survive a
 * stop. The potential is a stand-in whose one "layer" is z = x·w, with the statistics of z; augmentation adds noise to
 * z. What a network's own layers do with the same requests is tested in net_stats.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chains/batches.h"
#include "chains/bn_pass.h"
#include "tests/chain_runs.h"
#include "tests/tap.h"

enum { ROWS = 22, SIZE = 4, WIDTH = 3, STATS = 3, STEPS = 24, EVERY = 3 };

static float x[ROWS][WIDTH];

/* ---- the potential ---- */

struct stand_in {
	struct potential base;
	struct arena arena;
	struct segments params, stats;
	struct pieces pieces;
	int stop_after;                      /* counted gradients until *stop is set; −1: never */
	atomic_int stop;
};

static double activation(const float *w, size_t row, struct rng_key key, enum stream augment, uint64_t step, size_t place)
{
	double z = 0.1 * rng_normal(key, augment, step, 4 * place);
	for (int j = 0; j < WIDTH; j++)
		z += (double)x[row][j] * (double)w[j];
	return z;
}

/* Mean and unbiased variance. */
static void moments(const double *z, int n, double *mean, double *var)
{
	*mean = *var = 0;
	for (int i = 0; i < n; i++)
		*mean += z[i] / n;
	for (int i = 0; i < n; i++)
		*var += (z[i] - *mean) * (z[i] - *mean) / (n - 1);
}

static status value_grad(struct potential *p, struct slots *s, const struct gradient_request *r)
{
	struct stand_in *t = (struct stand_in *)p;
	double z[ROWS], mean, var, value = 0;
	for (int i = 0; i < r->batch.n; i++) {
		size_t at = slots_row(s, r->batch.row, r->batch.offset + (size_t)i);
		z[i] = activation(r->at.theta, r->batch.index ? r->batch.index[at] : at, s->key, r->augment, s->step, at);
		value += r->batch.scale * z[i] * z[i] / 2;
	}
	moments(z, r->batch.n, &mean, &var);
	float *q = r->stats;
	if (r->policy != STATS_FREEZE)
		q[2]++;
	double rate = r->policy == STATS_RUN ? 0.1 : r->policy == STATS_CUMULATE ? s->value[r->stats_share] : 0;
	q[0] += (float)(rate * (mean - (double)q[0]));
	q[1] += (float)(rate * (var - (double)q[1]));
	slots_value(s, value, false, r->count);
	if (r->count) {
		s->value[SLOT_NLL_TOTAL] += value * r->batch.n;
		s->value[SLOT_SEEN_TOTAL] += r->batch.n;
		if (t->stop_after >= 0 && t->stop_after-- == 0)
			t->stop = 1;
	}
	for (int j = 0; r->gradient && j < WIDTH; j++) {
		double g = 0;
		for (int i = 0; i < r->batch.n; i++) {
			size_t at = slots_row(s, r->batch.row, r->batch.offset + (size_t)i);
			/* Through what normalisation divides by, so that running statistics that leaked into it would show. */
			g += r->batch.scale * (z[i] - mean) / (var + 1e-5) * (double)x[r->batch.index ? r->batch.index[at] : at][j];
		}
		r->gradient[j] = (float)g;
	}
	return OK;
}

static void stand_in_close(struct potential *p)
{
	arena_free(&((struct stand_in *)p)->arena);
}

static const struct potential_ops stand_in_ops = {.value_grad = value_grad, .close = stand_in_close};

static void stand_in_open(struct stand_in *t, struct device *d)
{
	static const int64_t shape[] = {WIDTH}, one[] = {1};
	*t = (struct stand_in){.stop_after = -1};
	MUST(segments_add(&t->params, &t->arena, "w", 1, shape, INIT_NORMAL, 1, NULL));
	MUST(segments_add(&t->stats, &t->arena, "bn.running_mean", 1, one, INIT_CONSTANT, 0, NULL));
	MUST(segments_add(&t->stats, &t->arena, "bn.running_var", 1, one, INIT_CONSTANT, 1, NULL));
	MUST(segments_add(&t->stats, &t->arena, "bn.num_batches_tracked", 0, NULL, INIT_CONSTANT, 0, NULL));
	MUST(pieces_of(&t->params, &t->arena, &t->pieces));
	t->base = (struct potential){.ops = &stand_in_ops, .device = d, .n_params = WIDTH, .n_stats = STATS, .n = ROWS,
	                             .batch = SIZE, .params = &t->params, .stats = &t->stats, .pieces = &t->pieces};
}

/* ---- runs on it ---- */

struct setup {
	const char *sampler, *folder;
	const char *const *words;            /* of the sampler's options */
	bool recompute;
	uint64_t every;
	int batch;
	int stop_after;
	bool resume;
};

static struct device *device;

static enum chain_phase run_setup(const struct setup *u, status *ended)
{
	char *argv[16] = {(char *)"sample", (char *)"--sampler", (char *)(uintptr_t)u->sampler}, path[512];
	int argc = 3;
	for (const char *const *w = u->words; w && *w; w++)
		argv[argc++] = (char *)(uintptr_t)*w;
	struct stand_in t;
	struct opts *o;
	struct run run;
	struct chain *c;
	int size = u->batch ? u->batch : SIZE;
	stand_in_open(&t, device);
	t.stop_after = u->stop_after;
	MUST(opts_parse(&o, sample_tables, argc, argv));
	struct chain_plan plan = {
		.state = {.potential = &t.base, .n = ROWS, .batch = size, .temperature = 1, .decay = 1e-3, .lr_max = 0.1},
		.recompute_stats = u->recompute,
		.schedule = {.kind = SCHEDULE_CONSTANT, .lr = 0.1, .total = STEPS, .cycles = 1, .temperature = 1},
		.epoch_steps = (uint64_t)((ROWS + size - 1) / size), .seed = 7, .chains = 1, .log_every = 5,
		.checkpoint_seconds = 1e9, .meta = json_pack("{s:s}", "target", "none"), .run = &run, .stop = &t.stop,
	};
	MUST(sampler_find(u->sampler, &plan.state.sampler));
	opts_numbers(o, plan.state.sampler->params, plan.state.param);
	plan.keep = (struct keep){.every = u->every, .epoch_steps = plan.epoch_steps, .steps = STEPS, .schedule = plan.schedule};
	snprintf(path, sizeof path, "%s/%s", scratch_folder(), u->folder);
	json_t *json = json_pack("{s:s, s:i}", "format", "basin-run", "chains", 1);
	MUST(u->resume ? run_open(path, true, &run) : run_create(path, json, &run));
	MUST(chain_open(&plan, 0, &c));
	*ended = chain_run(c);
	enum chain_phase phase = chain_phase(c);
	chain_close(c);
	run_close(&run);
	json_decref(json);
	json_decref(plan.meta);
	opts_free(o);
	t.base.ops->close(&t.base);
	return phase;
}

struct kept {
	uint64_t step;
	bool anchor;
	double nll;
	float w[WIDTH], stats[STATS];
};

static size_t read_kept(const char *folder, struct kept *k, size_t most)
{
	char path[512];
	struct snaps_record r;
	snprintf(path, sizeof path, "%s/%s", scratch_folder(), folder);
	struct snaps_reader *reader = open_chain(path, 0);
	size_t n = snaps_count(reader);
	for (size_t i = 0; i < n && i < most; i++) {
		MUST(snaps_read(reader, i, &r));
		k[i] = (struct kept){.step = r.step, .anchor = strcmp(r.role, "anchor") == 0, .nll = r.nll};
		memcpy(k[i].w, r.params, sizeof k[i].w);
		memcpy(k[i].stats, r.stats, sizeof k[i].stats);
	}
	snaps_reader_close(reader);
	return n;
}

/* Means over the batches of all rows in order, at w: PyTorch's batch norm with momentum=None. */
static void pass_by_hand(const float *w, uint64_t step, int size, double want[STATS])
{
	want[0] = want[1] = want[2] = 0;
	for (int first = 0; first < ROWS; first += size, want[2]++) {
		int n = ROWS - first < size ? ROWS - first : size;
		double z[ROWS], mean, var;
		for (int i = 0; i < n; i++)
			z[i] = activation(w, (size_t)(first + i), (struct rng_key){7, 0}, STREAM_BN_PASS, step, (size_t)(first + i));
		moments(z, n, &mean, &var);
		want[0] += mean;
		want[1] += var;
	}
	want[0] /= want[2];
	want[1] /= want[2];
}

static double distance(const float *got, const double *want)
{
	double worst = 0;
	for (int i = 0; i < STATS; i++)
		worst = fmax(worst, fabs((double)got[i] - want[i]) / (1 + fabs(want[i])));
	return worst;
}

/* ---- the checks ---- */

static const char *const pair[] = {"--coupling", "1", NULL};

static void check_roles(void)
{
	struct kept k[2 * STEPS], few[2 * STEPS];
	status ended;
	struct setup u = {.sampler = "entropy-mcmc", .folder = "pair", .words = pair, .every = 1, .stop_after = -1};
	ok(run_setup(&u, &ended) == CHAIN_DONE && read_kept("pair", k, 2 * STEPS) == 2 * STEPS, "a chain keeps θ and its anchor");
	struct batches b;
	struct arena arena = {0};
	double run[STATS] = {0, 1, 0}, worst[2] = {0}, apart = 0;
	float start[WIDTH];
	struct stand_in t;
	stand_in_open(&t, device);
	segments_init(&t.params, (struct rng_key){7, 0}, start);
	t.base.ops->close(&t.base);
	MUST(batches_open(&b, &arena, device, (struct rng_key){7, 0}, ROWS, SIZE, false));
	for (int step = 0; step < STEPS; step++) {
		const float *w = step ? k[2 * step - 2].w : start;
		struct batch batch;
		struct slots slots = {0};
		double z[ROWS], mean, var, pass[STATS];
		MUST(batches_at(&b, (uint64_t)step, &slots, &batch));
		for (int i = 0; i < batch.n; i++) {
			size_t at = slots_row(&slots, batch.row, (size_t)i);
			z[i] = activation(w, batch.index[at], b.key, STREAM_AUGMENT, (uint64_t)step, at);
		}
		moments(z, batch.n, &mean, &var);
		run[0] += 0.1 * (mean - run[0]);
		run[1] += 0.1 * (var - run[1]);
		run[2]++;
		worst[0] = fmax(worst[0], distance(k[2 * step].stats, run));
		pass_by_hand(k[2 * step + 1].w, (uint64_t)step + 1, SIZE, pass);
		worst[1] = fmax(worst[1], distance(k[2 * step + 1].stats, pass));
		apart = fmax(apart, fabs((double)(k[2 * step].stats[0] - k[2 * step + 1].stats[0])));
	}
	near(worst[0], 0, 1e-5, "θ is kept with the statistics of the run's own passes");
	near(worst[1], 0, 1e-5, "the anchor with those of a pass at it");
	ok(apart > 1e-3, "which differ (by %g)", apart);
	batches_close(&b);
	arena_free(&arena);

	u.folder = "few";
	u.every = EVERY;
	ok(run_setup(&u, &ended) == CHAIN_DONE && read_kept("few", few, 2 * STEPS) == 2 * STEPS / EVERY, "fewer are kept");
	bool same = true;
	for (size_t i = 0; i < 2 * STEPS / EVERY; i++) {
		const struct kept *all = &k[2 * (few[i].step - 1) + few[i].anchor];
		same = same && memcmp(all->w, few[i].w, sizeof all->w) == 0 && memcmp(all->stats, few[i].stats, sizeof all->stats) == 0;
	}
	ok(same, "and they are, bit for bit, those of the run that keeps every step");
}

static void check_recompute(void)
{
	struct kept own[STEPS], again[STEPS];
	status ended;
	struct setup u = {.sampler = "sgld", .folder = "own", .every = EVERY, .stop_after = -1};
	run_setup(&u, &ended);
	u.folder = "again";
	u.recompute = true;
	run_setup(&u, &ended);
	size_t n = read_kept("own", own, STEPS), m = read_kept("again", again, STEPS);
	bool same = n == m && n == STEPS / EVERY;
	double worst = 0, apart = 0, pass[STATS];
	for (size_t i = 0; same && i < n; i++) {
		same = memcmp(own[i].w, again[i].w, sizeof own[i].w) == 0 && own[i].nll == again[i].nll;
		pass_by_hand(again[i].w, again[i].step, SIZE, pass);
		worst = fmax(worst, distance(again[i].stats, pass));
		apart = fmax(apart, fabs((double)(own[i].stats[0] - again[i].stats[0])));
	}
	ok(same, "a chain's parameters and losses are the same bits with and without recomputed statistics");
	near(worst, 0, 1e-5, "recomputed statistics are those of a pass at θ");
	ok(apart > 1e-3, "not the run's own (they differ by %g)", apart);
}

/* The anchor of entropy-sgd is x, and θ′ is not kept at all. */
static void check_anchor_alone(void)
{
	struct kept k[STEPS];
	status ended;
	double worst = 0, pass[STATS];
	struct setup u = {.sampler = "entropy-sgd", .folder = "x", .words = pair, .every = EVERY, .stop_after = -1};
	run_setup(&u, &ended);
	size_t n = read_kept("x", k, STEPS);
	for (size_t i = 0; i < n; i++) {
		pass_by_hand(k[i].w, k[i].step, SIZE, pass);
		worst = fmax(worst, distance(k[i].stats, pass));
	}
	ok(n == STEPS / EVERY, "entropy-sgd keeps x");
	near(worst, 0, 1e-5, "with the statistics of a pass at x");
}

static bool same_files(const char *a, const char *b)
{
	char path[2][512], byte[2][4096];
	FILE *f[2];
	bool same = true;
	for (int i = 0; i < 2; i++) {
		snprintf(path[i], sizeof path[i], "%s/%s/chain-0.snaps", scratch_folder(), i ? b : a);
		f[i] = fopen(path[i], "rb");
	}
	for (size_t n = 1; same && n > 0;) {
		n = fread(byte[0], 1, sizeof byte[0], f[0]);
		same = fread(byte[1], 1, sizeof byte[1], f[1]) == n && memcmp(byte[0], byte[1], n) == 0;
	}
	fclose(f[0]);
	fclose(f[1]);
	return same;
}

static void check_resume(void)
{
	status ended;
	struct setup u = {.sampler = "entropy-mcmc", .folder = "whole", .words = pair, .every = EVERY, .recompute = true, .stop_after = -1};
	run_setup(&u, &ended);
	u.folder = "cut";
	u.stop_after = 7;
	ok(run_setup(&u, &ended) == CHAIN_RUNNING && ended == ERR_INTERRUPTED, "a run is stopped");
	u.stop_after = -1;
	u.resume = true;
	ok(run_setup(&u, &ended) == CHAIN_DONE && same_files("whole", "cut"), "and goes on to the same bytes, statistics included");
	u = (struct setup){.sampler = "sgd", .folder = "whole-sgd", .every = EVERY, .stop_after = -1};
	run_setup(&u, &ended);
	u.folder = "cut-sgd";
	u.stop_after = 7;
	run_setup(&u, &ended);
	u.stop_after = -1;
	u.resume = true;
	ok(run_setup(&u, &ended) == CHAIN_DONE && same_files("whole-sgd", "cut-sgd"), "so do the run's own statistics");
}

/* A last batch of one row has no unbiased variance. */
static void check_not_finite(void)
{
	struct kept k[STEPS];
	status ended;
	struct setup u = {.sampler = "entropy-sgd", .folder = "nan", .words = pair, .every = EVERY, .batch = 3, .stop_after = -1};
	/* What the chain says of it is not this test's. */
	if (!freopen("/dev/null", "w", stderr))
		note("standard error stays");
	ok(run_setup(&u, &ended) == CHAIN_FAILED && ended == OK && read_kept("nan", k, STEPS) == 0,
	   "statistics that are not finite end the chain and are not kept");
}

static void check_init(void)
{
	char path[512];
	float w[WIDTH], stats[STATS];
	struct kept k[2 * STEPS];
	struct stand_in t;
	json_t *prints = json_array();
	stand_in_open(&t, device);
	size_t n = read_kept("pair", k, 2 * STEPS);
	snprintf(path, sizeof path, "%s/pair", scratch_folder());
	MUST(problem_init_from(path, &t.params, &t.stats, w, stats, &prints));
	ok(memcmp(w, k[n - 2].w, sizeof w) == 0 && memcmp(stats, k[n - 2].stats, sizeof stats) == 0,
	   "--init takes θ with its statistics");
	json_decref(prints);
	t.base.ops->close(&t.base);
}

int main(void)
{
	for (int i = 0; i < ROWS; i++)
		for (int j = 0; j < WIDTH; j++)
			x[i][j] = (float)(rng_normal((struct rng_key){3, 1}, STREAM_DATA, 0, (uint64_t)(i * WIDTH + j)) + 0.5 * j);
	MUST(backend_open("cpu", 1, &device));
	check_roles();
	check_recompute();
	check_anchor_alone();
	check_resume();
	check_init();
	check_not_finite();
	device->ops->close(device);
	return done_testing();
}
