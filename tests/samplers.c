/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The methods on the CPU, what they refuse, and their table. */
#include <stdint.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

static bool refused_at(struct state_plan *plan, double lr_max)
{
	struct sampler_state out;
	plan->lr_max = lr_max;
	return state_facts(plan, (struct rng_key){0, 0}, &out) == ERR_USAGE;
}

static void check_refusals(struct potential *potential)
{
	const struct sampler *s;
	struct piece piece[2] = {{.count = 1, .prior = 1}, {.offset = 1, .count = SAMPLER_DIMS - 1, .prior = 500, .frozen = true}};
	struct pieces pieces = {piece, 2, SAMPLER_DIMS};
	struct potential moved = *potential;
	moved.pieces = &pieces;
	struct opts *o = sampler_words("entropy-mcmc", (const char *[]){"--coupling", "1e-3", NULL});
	struct sampler_state out;
	MUST(sampler_find("entropy-mcmc", &s));
	struct state_plan plan = sampler_plan(potential, s, o);
	plan.potential = &moved;
	plan.n = 100;
	plan.temperature = 1;
	plan.decay = 0.01;
	/* c = 10, δ = δₐ: the limit is λ(2c + δ) = 2. */
	ok(refused_at(&plan, 2 / 20.01 * 1.0001), "entropy-mcmc refuses a step size beyond its limit");
	ok(!refused_at(&plan, 2 / 20.01 * 0.9999), "entropy-mcmc takes one below");
	piece[1].frozen = false;
	ok(refused_at(&plan, 2 / 25.0 * 1.0001) && !refused_at(&plan, 2 / 25.0 * 0.9999),
	   "a --prior factor of 500 on a tensor that moves counts: the limit is λ(2c + 500δ) = 2");
	opts_free(o);
	char *both[] = {(char[]){"sample"}, (char[]){"--sampler"}, (char[]){"fsgld"}, (char[]){"--sigma=1e-3"}, (char[]){"--eta=0.1"}};
	ok(opts_parse(&o, sample_tables, 5, both) == ERR_USAGE, "fsgld refuses an η that a given σ would leave without effect");
	ok(sampler_find("nuts", &s) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "sgd, adamw, sam"),
	   "an unknown method is refused, with the names there are");
	ok(state_facts(&plan, (struct rng_key){1, 2}, &out) == OK && out.slots.key.chain == 2, "facts need no device memory");
}

/* The list of rows and the structs say the same; the command line is made of the rows. */
static void check_registered(void)
{
#define CHECK_ROW(id, word, title) \
	ok(strcmp(sampler_##id.name, word) == 0, "%s: the row's name is the method's", word);
	METHODS(CHECK_ROW)
	for (const struct sampler *const *s = samplers; *s; s++) {
		char *argv[] = {(char[]){"sample"}, (char[]){"--sampler"}, (char *)(uintptr_t)(*s)->name};
		struct opts *o = NULL;
		double numbers[SAMPLER_PARAMS];
		int n = 0;
		bool good = opts_parse(&o, sample_tables, 3, argv) == OK;
		if (good)
			opts_numbers(o, (*s)->params, numbers);
		while ((*s)->params && (*s)->params[n].name)
			n++;
		opts_free(o);
		ok(good && n <= SAMPLER_PARAMS, "%s can be chosen, and its %d parameters are options", (*s)->name, n);
	}
}

int main(void)
{
	struct device *d;
	struct potential *potential;
	MUST(backend_open("cpu", 1, &d));
	check_samplers(d, true);
	MUST(analytic_open(SAMPLER_TARGET, d, &potential));
	check_refusals(potential);
	check_registered();
	potential_close(potential);
	d->ops->close(d);
	return done_testing();
}
