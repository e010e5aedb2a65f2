/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011, arXiv 1206.1901) on the mean-potential scale, where the momentum p is
 * w = εp and the leapfrog step ε is √(2λ/β). A step of the chain is a trajectory over all data:
 *   w ~ N(0, (2λ/β) I);  θ₀ ← θ;  w ← w − λ∇u(θ);
 *   L times  θ ← θ + w;  w ← w − 2λ∇u(θ), the last time w ← w − λ∇u(θ);
 *   ΔE = β(u(θ) − u(θ₀)) + β(‖w‖² − ‖w₀‖²)/4λ;  θ ← θ₀ unless ln U < −ΔE,
 * with L = max(1, round(τ/ε)). In the burn-in ln ε follows the acceptance by dual averaging (Hoffman & Gelman, JMLR 15, 2014,
 * algorithm 5 and its constants). */
#include "samplers/hmc.h"

#include <math.h>

enum { NO_PRIOR_LEAPFROGS = 10, LEAPFROGS_MOST = 100000 };
enum { HALF = SLOT_SAMPLER, HALF_DECAY, WHOLE, WHOLE_DECAY, DRAWN, ONE, FIRST };
enum { NLL_BEFORE = SLOT_RESULT, PRIOR_BEFORE, PRIOR_AFTER, SQUARES_BEFORE, SQUARES_AFTER };

static const struct param params[] = {
	[HMC_TRAJECTORY] = {.name = "trajectory", .type = PARAM_REAL, .arg = "TAU", .above_min = true, .max = 1e12,
	 .help = "time τ of a trajectory: its leapfrog steps times their size √(2λT/N), at most 100000 of them; without it "
	         "(π/2)/√(Nδ/T), and 10 leapfrog steps where δ = 0"},
	[HMC_ACCEPT] = {.name = "accept", .type = PARAM_REAL, .arg = "P", .above_min = true, .max = 0.999,
	 .help = "acceptance that λ is adapted to in the {burn-in}; without it 0.8"},
	{0},
};

/* ---- the integrator ---- */

status hmc_draw(struct sampler_state *s)
{
	float *w = s->scratch[HMC_MOMENTUM];
	const struct affine a = {
		.n_in = 1, .n_out = 1, .x = {w}, .out = {{.y = w, .base = -1, .noise = DRAWN, .stream = STREAM_MOMENTUM}},
	};
	return sampler_affine(s, &a);
}

/* w ← w − cλ∇u(θ), and θ ← θ + w with it: both of the old values. */
static status kick_and_drift(struct sampler_state *s, int gradient, int decay)
{
	float *theta = s->vector[HMC_THETA], *w = s->scratch[HMC_MOMENTUM];
	const struct affine a = {
		.n_in = 3, .n_out = 2, .x = {theta, s->gradient, w},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, gradient, ONE}, .prior = decay, .prior_at = 0},
		        {.y = w, .base = 2, .coef = {SLOT_NONE, gradient}, .prior = decay, .prior_at = 0}},
	};
	return sampler_affine(s, &a);
}

static status last_kick(struct sampler_state *s)
{
	float *w = s->scratch[HMC_MOMENTUM];
	const struct affine a = {
		.n_in = 3, .n_out = 1, .x = {s->vector[HMC_THETA], s->gradient, w},
		.out = {{.y = w, .base = 2, .coef = {SLOT_NONE, HALF}, .prior = HALF_DECAY, .prior_at = 0}},
	};
	return sampler_affine(s, &a);
}

static status gradient(struct sampler_state *s, bool first)
{
	return sampler_full_gradient(s, &(struct point){.theta = s->vector[HMC_THETA]}, first, s->gradient);
}

status hmc_leapfrog(struct sampler_state *s, int n)
{
	for (int i = 0; i < n; i++) {
		TRY(i ? kick_and_drift(s, WHOLE, WHOLE_DECAY) : kick_and_drift(s, HALF, HALF_DECAY));
		TRY(gradient(s, false));
		/* A device that replays what it has seen before sees one leapfrog step after another. */
		TRY(device_start(s->potential->device));
	}
	return last_kick(s);
}

/* ---- the step size ---- */

static bool adapts(const struct sampler_state *s)
{
	return s->slots.step < s->burn_in;
}

/* The leapfrog step that the chain has come to; `first`: the one that it began with. */
static double step_size(const struct sampler_state *s, double first)
{
	if (s->burn_in == 0 || s->slots.step == 0)
		return first;
	return exp(s->slots.value[adapts(s) ? HMC_LOG_STEP : HMC_LOG_STEP_MEAN]);
}

/* How many of them make a trajectory. */
static int leapfrogs(const struct sampler_state *s, double size)
{
	const double tau = s->param[HMC_TRAJECTORY];
	return isnan(tau) ? NO_PRIOR_LEAPFROGS : (int)fmin(fmax(round(tau / size), 1), LEAPFROGS_MOST);
}

/* Equation 6 and algorithm 5 of Hoffman & Gelman, with their γ, t₀, κ and μ; they count from 1. */
static void adapt(struct sampler_state *s, double acceptance)
{
	const double gamma = 0.05, t0 = 10, kappa = 0.75, mu = log(10 * s->slots.value[FIRST]);
	const double m = (double)s->slots.step + 1, fresh = pow(m, -kappa);
	double *v = s->slots.value;
	v[HMC_LACK] += (s->param[HMC_ACCEPT] - acceptance - v[HMC_LACK]) / (m + t0);
	v[HMC_LOG_STEP] = mu - sqrt(m) / gamma * v[HMC_LACK];
	v[HMC_LOG_STEP_MEAN] += fresh * (v[HMC_LOG_STEP] - v[HMC_LOG_STEP_MEAN]);
}

/* ---- the method ---- */

static status check_fixed(const struct potential *p)
{
	if (p->fixed)
		return OK;
	if (p->n_stats)
		return fail(ERR_USAGE, "hmc compares values of one u(θ), which there is not with batch norm; take {norm} frn, and {augment} none");
	return fail(ERR_USAGE, "hmc compares values of one u(θ), which there is not with augmentation; take {augment} none");
}

static status init(struct sampler_state *s, double lr_max)
{
	const double size = sqrt(2 * lr_max / s->beta), decay = sampler_decay_most(s, s->decay);
	double *tau = &s->param[HMC_TRAJECTORY], *accept = &s->param[HMC_ACCEPT];
	TRY(check_fixed(s->potential));
	if (s->burn_in == 0 && !isnan(*accept))
		return fail(ERR_USAGE, "{accept} %g: λ is adapted in the {burn-in}, and this run has none; give one, or leave it out", *accept);
	if (s->burn_in == 0 && lr_max * decay >= 2)
		return fail(ERR_USAGE, "{lr} %g: the prior alone makes the leapfrog steps diverge (λδ = %g, 2 or more), and without {burn-in} "
		            "λ stays; take a {lr} below %g", lr_max, lr_max * decay, 2 / decay);
	if (s->burn_in > 0 && isnan(*accept))
		*accept = 0.8;
	if (isnan(*tau) && s->decay > 0)
		*tau = M_PI / 2 / sqrt(s->beta * s->decay);
	if (*tau / size > LEAPFROGS_MOST)
		return fail(ERR_USAGE, "{lr} %g: a trajectory of {trajectory} %g would begin with %g leapfrog steps of %g, and %d is the most; "
		            "take a larger {lr} or a shorter trajectory", lr_max, *tau, round(*tau / size), size, LEAPFROGS_MOST);
	return OK;
}

static void coef(struct sampler_state *s)
{
	double *v = s->slots.value;
	v[FIRST] = sqrt(2 * s->lr / s->beta);
	const double size = step_size(s, v[FIRST]);
	s->lr = s->beta * size * size / 2;
	v[HALF] = -s->lr;
	v[HALF_DECAY] = -s->lr * s->decay;
	v[WHOLE] = 2 * v[HALF];
	v[WHOLE_DECAY] = 2 * v[HALF_DECAY];
	v[DRAWN] = size;
	v[ONE] = 1;
}

/* The prior's part of u, less its factor δ. */
static status prior_energy_at(struct sampler_state *s, int slot)
{
	struct device *d = s->potential->device;
	return s->decay > 0 ? d->ops->prior_energy(d, &s->slots, s->potential->pieces, s->vector[HMC_THETA], slot) : OK;
}

static status propose(struct sampler_state *s, int n)
{
	struct device *d = s->potential->device;
	const float *w = s->scratch[HMC_MOMENTUM];
	const struct scalar nll_before = {.fn = SCALAR_COPY, .in = {SLOT_NLL}, .out = {NLL_BEFORE}};
	TRY(d->ops->copy(d, s->scratch[HMC_START], s->vector[HMC_THETA], s->potential->n_params * sizeof *w));
	TRY(gradient(s, true));
	TRY(device_scalar(d, &s->slots, &nll_before));
	TRY(prior_energy_at(s, PRIOR_BEFORE));
	TRY(hmc_draw(s));
	TRY(sampler_product(s, w, w, SQUARES_BEFORE));
	TRY(hmc_leapfrog(s, n));
	TRY(prior_energy_at(s, PRIOR_AFTER));
	return sampler_product(s, w, w, SQUARES_AFTER);
}

/* ΔE, each part by itself: the whole is smaller than they are. */
static double energy_error(const struct sampler_state *s)
{
	const double *v = s->slots.value;
	const double likelihood = s->beta * (v[SLOT_NLL] - v[NLL_BEFORE]);
	const double prior = s->decay > 0 ? s->beta * s->decay * (v[PRIOR_AFTER] - v[PRIOR_BEFORE]) : 0;
	return likelihood + prior + s->beta * (v[SQUARES_AFTER] - v[SQUARES_BEFORE]) / (4 * s->lr);
}

static void note(struct sampler_state *s, double error, double acceptance, int n)
{
	double *v = s->slots.value;
	const uint64_t k = s->slots.step, from = adapts(s) ? 0 : s->burn_in;
	v[HMC_ACCEPTANCE_SUM] = acceptance + (k > from ? v[HMC_ACCEPTANCE_SUM] : 0);
	v[HMC_ACCEPTANCE] = v[HMC_ACCEPTANCE_SUM] / (double)(k - from + 1);
	v[HMC_ENERGY_ERROR] = error;
	v[HMC_LEAPFROGS] = n;
	if (adapts(s))
		adapt(s, acceptance);
}

static status step(struct sampler_state *s)
{
	struct device *d = s->potential->device;
	const int n = leapfrogs(s, s->slots.value[DRAWN]);
	TRY(propose(s, n));
	TRY(d->ops->slots_fetch(d, &s->slots));
	const double error = energy_error(s), acceptance = isfinite(error) ? fmin(1, exp(-error)) : 0;
	const bool accepted = isfinite(error) && log(rng_uniform(s->slots.key, STREAM_METROPOLIS, s->slots.step, 0)) < -error;
	note(s, error, acceptance, n);
	TRY(d->ops->slots_set(d, &s->slots));
	return accepted ? OK : d->ops->copy(d, s->vector[HMC_THETA], s->scratch[HMC_START], s->potential->n_params * sizeof(float));
}

static void target(const struct sampler_state *s, struct text *to)
{
	const double size = sqrt(2 * s->lr_max / s->beta);
	text_add(to, "θ ~ exp(−(N/T) u(θ)), u(θ) = (1/N) Σ ℓᵢ(θ) + (δ/2)‖θ‖², N = %g, T = %g, δ = %g, at every λ, as far as float32 "
	         "goes: trajectories over all data ", s->n, s->n / s->beta, s->decay);
	if (isnan(s->param[HMC_TRAJECTORY]))
		text_add(to, "of %d leapfrog steps √(2λT/N) are taken or not by Metropolis", NO_PRIOR_LEAPFROGS);
	else
		text_add(to, "of time τ = %g in leapfrog steps √(2λT/N) are taken or not by Metropolis", s->param[HMC_TRAJECTORY]);
	if (s->burn_in > 0)
		text_add(to, "; λ begins with %g, a leapfrog step of %g, and is adapted to an acceptance of %g in the first %llu "
		         "trajectories", s->lr_max, size, s->param[HMC_ACCEPT], (unsigned long long)s->burn_in);
	else
		text_add(to, "; λ = %g is a leapfrog step of %g", s->lr_max, size);
}

const struct sampler sampler_hmc = {
	.name = "hmc",
	.help = "Hamiltonian Monte Carlo over all data, with Metropolis: exact and dear",
	.reference = "Neal 2011",
	.params = params,
	.vectors = {[HMC_THETA] = {.name = "theta", .role = "theta"}},
	.scratch = 2,
	.whole = true,
	.scalars = {"log_step", "log_step_mean", "acceptance_lack", "acceptance_sum", "acceptance", "energy_error", "leapfrogs"},
	.reports = {{"acceptance", HMC_ACCEPTANCE}, {"energy_error", HMC_ENERGY_ERROR}, {"leapfrogs", HMC_LEAPFROGS}},
	.init = init,
	.coef = coef,
	.step = step,
	.target = target,
};
