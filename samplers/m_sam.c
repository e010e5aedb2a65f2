/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* m-SAM (Foret et al. 2021, arXiv 2010.01412; Luo et al. 2025, arXiv 2509.18001): the batch in micro-batches M_j of m in its order,
 * the last with what is left, each with a step uphill of its own,
 *   g₁ʲ = mean of ∇ℓᵢ(θ) over M_j;  e_j = ρ g₁ʲ/(‖g₁ʲ‖ + 10⁻¹²);  g₂ = (1/B) Σ_j Σ_{i∈M_j} ∇ℓᵢ(θ + e_j);
 * the base update with g₂. A micro-batch has its own batch statistics, as on several devices, and each first pass updates the
 * running ones. */
#include <math.h>
#include <stdio.h>

#include "samplers/sam.h"

enum { MICRO_BATCH = SAM_PARAMS_END };
enum { PART_DECAY = SAM_SLOTS_END, REST_DECAY };

static const struct param params[] = {
	SAM_PARAMS("0.05"),
	{.name = "micro-batch", .type = PARAM_COUNT, .arg = "M", .min = 1, .max = 1e9, .unit = "examples",
	 .help = "examples m that share a step uphill; without it the whole batch, which is sam"},
	BASE_PARAMS,
	{0},
};

/* Whether parts of m have the least examples that a gradient takes, in whole batches and in an epoch's last. */
static bool fits(const struct sampler_state *s, int m)
{
	const int least = s->potential->least_batch, whole = s->batch.n % m, rest = s->rest % m;
	return m >= least && (!whole || whole >= least) && (!rest || rest >= least);
}

static status init(struct sampler_state *s, double lr_max)
{
	const int batch = s->batch.n;
	TRY(sam_init(s, lr_max));
	if (isnan(s->param[MICRO_BATCH]))
		s->param[MICRO_BATCH] = batch;
	if (s->param[MICRO_BATCH] > batch)
		return fail(ERR_USAGE, "{micro-batch} %.0f: a batch has %d examples; give that many at most", s->param[MICRO_BATCH], batch);
	const int m = (int)s->param[MICRO_BATCH];
	int below = m, above = m;
	if (fits(s, m))
		return OK;
	while (below > 0 && !fits(s, below))
		below--;
	while (above < batch && !fits(s, above))
		above++;
	char sizes[64];
	snprintf(sizes, sizeof sizes, below ? "%d or %d" : "%d", below ? below : above, above);
	return fail(ERR_USAGE, "{micro-batch} %d: a part of a batch would have fewer than the %d examples that batch norm of a map of 1×1 "
	            "pixels needs; {micro-batch} %s would do", m, s->potential->least_batch, sizes);
}

static int part_of(const struct sampler_state *s)
{
	return s->param[MICRO_BATCH] < s->batch.n ? (int)s->param[MICRO_BATCH] : s->batch.n;
}

static void coef(struct sampler_state *s)
{
	const int m = part_of(s), n = s->batch.n;
	sam_coef(s, 1e-12);
	s->slots.value[PART_DECAY] = s->decay * m / n;
	s->slots.value[REST_DECAY] = s->decay * (n % m) / n;
}

/* The examples of the batch from `first` on, of a gradient each. */
static status micro_batch(struct sampler_state *s, int first, int n)
{
	float *v = s->scratch[0];
	struct batch part = s->batch;
	part.offset += (size_t)first;
	part.n = n;
	part.scale = 1 / (double)n;
	TRY(sampler_gradient_at(s, &(struct sampler_gradient_request){
		.at = {.theta = s->vector[BASE_THETA]}, .batch = &part, .gradient = v, .first = true,
	}));
	TRY(sam_first(s, v));
	TRY(sampler_product(s, v, v, SAM_SQUARE));
	part.scale = s->batch.scale;
	return sam_second(s, &(struct sam_second){
		.v = v, .square = SAM_SQUARE, .batch = &part, .accumulate = first > 0,
		.decay = n < part_of(s) ? REST_DECAY : PART_DECAY,
	});
}

static status step(struct sampler_state *s)
{
	const int m = part_of(s), n = s->batch.n;
	for (int first = 0; first < n; first += m)
		TRY(micro_batch(s, first, n - first < m ? n - first : m));
	return base_update(s);
}

const struct sampler sampler_m_sam = {
	.name = "m-sam",
	.help = "SAM with a step uphill for each micro-batch",
	.reference = "arXiv 2509.18001",
	.params = params,
	.athermal = true,
	.vectors = {BASE_VECTORS},
	.scratch = 1,
	.init = init,
	.coef = coef,
	.step = step,
};
