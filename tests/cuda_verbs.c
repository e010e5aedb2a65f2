/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Memory, slots and the vector verbs of a CUDA device, and the noise that its kernels make, word by word. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/tensors.h"
#include "src/cuda/vec.h"
#include "src/cuda/weights.h"
#include "tests/backend_body.h"
#include "tests/cuda_driver.h"
#include "tests/cuda_words.h"
#include "tests/noise_words.h"
#include "tests/tap.h"

/* A call of the runtime on the device's stream, behind what was put off. */
#define ON_STREAM(d, call)                                             \
	do {                                                           \
		MUST(cuda_flush(cuda_of(d)));                          \
		MUST(cuda_check((call), #call, __FILE__));             \
	} while (0)

/* What is no number is the largest error. */
static double larger(double worst, double error)
{
	return error <= worst ? worst : error;
}

static void card_normals(void *context, const uint32_t *words, size_t n, float *out)
{
	struct device *d = context;
	uint32_t *from = upload(d, words, n * sizeof *words);
	float *to = device_take(d, n * sizeof *to);
	ON_STREAM(d, launch_normals_of_words(from, (unsigned)(n / 4), to, cuda_of(d)->stream));
	download(d, out, to, n * sizeof *out);
	d->ops->free(d, from);
	d->ops->free(d, to);
}

/* cuRAND's rounds on Basin's counters: at the beginning, around 2³² quads, in late steps. */
static void check_card_words(struct device *d)
{
	enum { QUADS = 600 };
	static const struct {
		struct rng_key key;
		enum stream stream;
		uint64_t step;
		size_t quad;
	} cases[] = {
		{{0, 0}, STREAM_INIT, 0, 0},
		{{1, 0}, STREAM_LANGEVIN_0, 1, 5},
		{{0x80000000, 7}, STREAM_GRAPH, UINT64_C(1) << 32, 1 << 20},
		{{0xffffffff, 0xffffffff}, STREAM_PERTURB, UINT64_MAX, (UINT64_C(1) << 32) - 300},
		{{12, 0xfffffffe}, STREAM_QUANTISE_1, UINT64_C(0xfedc123456789abc), (UINT64_C(3) << 32) - 1},
	};
	bool same = true;
	uint32_t *got = host_take(4 * QUADS * sizeof *got), *out = device_take(d, 4 * QUADS * sizeof *got);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slots s = {.key = cases[i].key, .step = cases[i].step};
		MUST(d->ops->slots_open(d, &s));
		ON_STREAM(d, launch_words(cuda_slots_of(&s), cases[i].stream, cases[i].quad, QUADS, out, cuda_of(d)->stream));
		download(d, got, out, 4 * QUADS * sizeof *got);
		for (size_t q = 0; q < QUADS; q++) {
			uint32_t want[4];
			rng_words(s.key, cases[i].stream, s.step, (uint32_t)(cases[i].quad + q), want);
			same = same && !memcmp(want, got + 4 * q, sizeof want);
		}
		d->ops->slots_close(d, &s);
	}
	ok(same, "cuRAND's rounds give rng.h's words, bit by bit");
	d->ops->free(d, out);
	free(got);
}

/* Elements around 2³⁴, where quads need more than 32 bits: of a vector of which nothing else is there. */
static void check_far_elements(struct device *d)
{
	enum { N = 1003, BEFORE = 501 };
	const size_t first = ((size_t)1 << 34) - BEFORE;
	struct slots s = {.key = {3, 4}, .step = 5};
	float host[N], got[N];
	double worst = 0;
	for (int i = 0; i < N; i++)
		host[i] = (float)i;
	float *theta = upload(d, host, sizeof host), *out = upload(d, host, sizeof host);
	s.value[SLOT_SAMPLER] = 0.5;
	MUST(d->ops->slots_open(d, &s));
	const struct point at = {.theta = (const float *)((uintptr_t)theta - first * sizeof *theta), .sigma = SLOT_SAMPLER,
	                         .stream = STREAM_PERTURB};
	MUST(d->ops->point(d, &s, &at, first, N, false, out));
	download(d, got, out, sizeof got);
	for (int i = 0; i < N; i++) {
		double want = i + 0.5 * rng_normal(s.key, STREAM_PERTURB, s.step, first + (size_t)i);
		worst = larger(worst, fabs(got[i] - want) / fmax(1, fabs(want)));
	}
	near(worst, 0, 1e-6, "a point's elements around 2³⁴");
	d->ops->slots_close(d, &s);
	d->ops->free(d, theta);
	d->ops->free(d, out);
}

/* bf16 points, as a layer's working weights are made, and what that layer adds up of either type. */
static void check_typed(struct device *d)
{
	enum { N = 5003, ROWS = 701, CHANNELS = 45, FIRST = 1 };
	struct slots s = {.key = {3, 4}, .step = 5};
	struct draws r = {17, 0};
	float host[ROWS * CHANNELS], plain[N], sums[CHANNELS];
	uint16_t typed[ROWS * CHANNELS];
	for (int i = 0; i < ROWS * CHANNELS; i++)
		host[i] = (float)draw_normal(&r);
	float *theta = upload(d, host, sizeof host), *out = upload(d, host, sizeof host);
	uint16_t *half = device_take(d, sizeof typed);
	s.value[SLOT_SAMPLER] = 0.5;
	MUST(d->ops->slots_open(d, &s));
	const struct point at = {.theta = theta, .v = theta, .v_coef = SLOT_SAMPLER, .sigma = SLOT_SAMPLER, .stream = STREAM_PERTURB};
	MUST(d->ops->point(d, &s, &at, FIRST, N, false, out));
	const struct segment segment = {.offset = FIRST, .count = N};
	const struct weight_source from = {.slots = &s, .at = &at, .param = {[PARAM_WEIGHT] = &segment}};
	MUST(cuda_weights_later(d, &(struct cuda_weights){.rows = 1, .taps = 1, .in = N, .padded = N, .bf16 = true}, &from, half));
	download(d, plain, out, sizeof plain);
	download(d, typed, half, N * sizeof *typed);
	bool good = true;
	for (int i = 0; i < N; i++)
		good = good && typed[i] == bf16_bits((double)plain[i]);
	ok(good, "a point in bf16 is the nearest to it in float32");
	MUST(cuda_convert(d, theta, false, half, true, ROWS * CHANNELS));
	MUST(cuda_convert(d, half, true, out, false, ROWS * CHANNELS));
	download(d, typed, half, sizeof typed);
	float *back = fetch(d, out, sizeof host);
	good = true;
	for (int i = 0; i < ROWS * CHANNELS; i++)
		good = good && typed[i] == bf16_bits((double)host[i]) && back[i] == bf16_value(typed[i]);
	ok(good, "conversion to bf16 is to the nearest, and back exact");
	for (int bf16 = 0; bf16 < 2; bf16++) {
		double worst = 0;
		for (int add = 0; add < 2; add++)
			MUST(cuda_channel_sums(d, bf16, bf16 ? (void *)half : theta, ROWS, CHANNELS, add, out));
		download(d, sums, out, sizeof sums);
		for (int c = 0; c < CHANNELS; c++) {
			double want = 0;
			for (int i = 0; i < ROWS; i++)
				want += bf16 ? back[i * CHANNELS + c] : host[i * CHANNELS + c];
			worst = larger(worst, fabs(sums[c] - 2 * want) / fmax(1, fabs(want)));
		}
		near(worst, 0, 2e-7, "columns of %s are added up in double, set and added", bf16 ? "bf16" : "float32");
	}
	d->ops->slots_close(d, &s);
	d->ops->free(d, theta);
	d->ops->free(d, out);
	d->ops->free(d, half);
	free(back);
}

/* Columns of tensors of all forms, which blocks share where there are many rows; and the same in bf16 at once. */
static void check_columns(struct device *d)
{
	static const size_t shapes[][2] = {{1, 1}, {5, 1}, {513, 3}, {128, 10}, {20001, 6}, {3000, 64}, {40000, 33}, {2, 9000}, {0, 7}};
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		const size_t rows = shapes[i][0], channels = shapes[i][1], count = rows * channels;
		struct draws r = {(uint32_t)i, 0};
		float *host = host_take(count * sizeof *host), *sums = host_take(channels * sizeof *sums);
		uint16_t *typed = host_take(count * sizeof *typed);
		double *want = host_doubles(channels), worst = 0;
		for (size_t k = 0; k < count; k++) {
			host[k] = (float)draw_normal(&r);
			want[k % channels] += (double)host[k];
		}
		float *t = upload(d, host, count * sizeof *host), *out = device_take(d, channels * sizeof *out);
		uint16_t *narrow = device_take(d, count * sizeof *narrow);
		MUST(cuda_channel_sums(d, false, t, rows, channels, false, out));
		MUST(cuda_channel_sums_narrowed(d, t, rows, channels, true, out, narrow));
		download(d, sums, out, channels * sizeof *sums);
		download(d, typed, narrow, count * sizeof *typed);
		bool good = true;
		for (size_t k = 0; k < count; k++)
			good = good && typed[k] == bf16_bits((double)host[k]);
		for (size_t c = 0; c < channels; c++)
			worst = larger(worst, fabs((double)sums[c] - 2 * want[c]) / fmax(1, fabs(want[c])));
		near(worst, 0, 2.5e-7, "sums of %zu columns of %zu numbers, set and added", channels, rows);
		ok(good, "and %zu columns of %zu numbers in bf16 beside them", channels, rows);
		d->ops->free(d, t);
		d->ops->free(d, out);
		d->ops->free(d, narrow);
		free(host), free(sums), free(typed), free(want);
	}
}

enum { SHIFTED = 2051, VECTORS = 6, SUMS = 3 };

/* Vectors through every verb, each of them somewhere for one purpose alone. */
static void shifted_calls(struct device *d, struct slots *s, float *const v[VECTORS])
{
	struct piece at[] = {{.count = 1001, .prior = 1}, {.offset = 1001, .count = 50, .frozen = true},
	                     {.offset = 1051, .count = SHIFTED - 1051, .prior = 0.5, .kind = PRIOR_STUDENT_T, .nu = 4}};
	const struct pieces p = {at, 3, SHIFTED};
	MUST(d->ops->affine(d, s, &p, &(struct affine){
		.n_in = 3, .n_out = 2, .x = {v[0], v[1], v[3]},
		.out = {{.y = v[0], .base = 1, .coef = {SLOT_SAMPLER}, .noise = SLOT_SAMPLER, .prior = SLOT_SAMPLER},
		        {.y = v[2], .base = 0, .coef = {SLOT_NONE, SLOT_NONE, SLOT_SAMPLER}}}}));
	MUST(d->ops->pointwise(d, s, &p, &(struct pointwise){
		.fn = POINTWISE_PSGLD_STEP, .x = {v[2], v[1], v[0]}, .y = {v[4], v[5]}, .prior = SLOT_SAMPLER,
		.coef = {SLOT_SAMPLER, SLOT_SAMPLER, SLOT_SAMPLER, SLOT_SAMPLER}}));
	MUST(d->ops->reduce(d, s, SHIFTED, v[0], v[2], v[1], SLOT_RESULT));
	MUST(d->ops->reduce_moving(d, s, &p, v[0], v[2], NULL, SLOT_RESULT + 1));
	MUST(d->ops->prior_energy(d, s, &p, v[2], SLOT_RESULT + 2));
	MUST(d->ops->point(d, s, &(struct point){.theta = v[2], .v = v[3], .v_coef = SLOT_SAMPLER, .sigma = SLOT_SAMPLER}, 4, SHIFTED - 4,
	                   false, v[1]));
	MUST(d->ops->add(d, (struct format){false, 0}, SHIFTED, v[1], v[0]));
	MUST(cuda_convert(d, v[4], false, v[2], true, SHIFTED));
	MUST(cuda_convert(d, v[2], true, v[5], false, SHIFTED));
}

/* Vectors that begin an element later than memory is aligned, one or all of them, get the bits of those that don't. */
static void check_unaligned(struct device *d)
{
	struct slots s = {.key = {6, 7}, .step = 8};
	struct draws r = {19, 0};
	float host[SHIFTED], bits[2][VECTORS][SHIFTED], *v[VECTORS];
	double sums[2][SUMS];
	bool same = true;
	s.value[SLOT_SAMPLER] = 0.3;
	s.value[SLOT_PRIOR] = 0.7;
	for (int i = 0; i < SHIFTED; i++)
		host[i] = (float)fabs(draw_normal(&r));
	MUST(d->ops->slots_open(d, &s));
	for (int k = 0; k < VECTORS + 2; k++) {
		const int shift = k > 0;
		for (int i = 0; i < VECTORS; i++) {
			v[i] = (float *)device_take(d, (SHIFTED + 1) * sizeof(float)) + (k == i + 1 || k == VECTORS + 1);
			MUST(d->ops->put(d, v[i], host, sizeof host));
		}
		shifted_calls(d, &s, v);
		MUST(d->ops->slots_fetch(d, &s));
		memcpy(sums[shift], s.value + SLOT_RESULT, sizeof sums[shift]);
		for (int i = 0; i < VECTORS; i++) {
			download(d, bits[shift][i], v[i], sizeof host);
			d->ops->free(d, v[i] - (k == i + 1 || k == VECTORS + 1));
		}
		same = same && (!shift || (!memcmp(bits[0], bits[1], sizeof bits[0]) && !memcmp(sums[0], sums[1], sizeof sums[0])));
	}
	ok(same && bits[0][0][0] != host[0],
	   "vectors need not be aligned to more than a number");
	d->ops->slots_close(d, &s);
}

/* No bit depends on the order in which blocks and threads run, which is another one each time. */
static void check_order(struct device *d)
{
	enum { SIZE = 4 << 20 };
	char *first = host_take(SIZE), *again = host_take(SIZE);
	size_t filled = backend_fingerprint(d, first, SIZE);
	bool same = filled > 0;
	for (int i = 0; i < 3; i++)
		same = same && backend_fingerprint(d, again, SIZE) == filled && !memcmp(first, again, filled);
	ok(same, "four times the same calls, four times the same bits");
	free(first);
	free(again);
}

int main(void)
{
	struct device *d = open_cuda();
	check_memory(d, cuda_label);
	check_slots(d, cuda_label);
	check_scalar(d, cuda_label);
	check_weigh(d, cuda_label);
	check_normals(d, cuda_label);
	check_affine(d, cuda_label);
	check_reduce(d, cuda_label);
	check_pointwise(d, cuda_label);
	check_adamw_golden(d, cuda_label);
	check_point(d, cuda_label);
	check_add(d, cuda_label);
	check_extreme_words(cuda_label, card_normals, d);
	test_prefix(cuda_label);
	check_card_words(d);
	check_far_elements(d);
	check_typed(d);
	check_columns(d);
	check_unaligned(d);
	check_order(d);
	d->ops->close(d);
	return done_testing();
}
