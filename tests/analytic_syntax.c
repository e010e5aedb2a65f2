/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the text of an analytic target may be: refusals name the term and what was expected, and no bytes do more than be refused. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/tap.h"

static struct device *d;

/* A text, and what its refusal says; NULL: it is taken. */
static const struct syntax {
	const char *spec, *words;
} cases[] = {
	{"double-well:1,2", NULL},
	{"double-well:1,2,-3", NULL},
	{"double-well", "expected double-well:A,B[,C]"},
	{"double-well:", "term 1, \"\": expected a number, of A,B or A,B,C"},
	{"double-well:1", "1 numbers; expected A,B or A,B,C"},
	{"double-well:1,2,3,4", "4 numbers; expected A,B or A,B,C"},
	{"double-well:1,2x", "term 2, \"2x\": expected a number"},
	{"double-well:0,1", "A 0 and B 1 must be above 0"},
	{"double-well:1,-1", "A 1 and B -1 must be above 0"},
	{"double-well:1e999,1", "term 1, \"1e999\": expected a number"},
	{"banana:0.3,1,2", NULL},
	{"banana:-0.3,1,2,3,4", NULL},
	{"banana:0.3", "expected banana:CURVATURE,SD1,SD2,…"},
	{"banana:0.3,1", "expected banana:CURVATURE,SD1,SD2,…"},
	{"banana:0.3,1,0", "term 3: deviation 0 must be above 0"},
	{"banana:0.3,1/2", "term 2, \"1/2\": expected a number"},
	{"mixture:0@1", NULL},
	{"mixture:0/1/2,3/4/5@0.1", NULL},
	{"mixture:1x1:1@1", NULL},
	{"mixture:5x5:2@0.03", NULL},
	{"mixture:5x5:2", "expected mixture:X/Y/…,X/Y/…@V or ROWSxCOLUMNS:SPACING@V"},
	{"mixture:5x5@1", "expected a grid ROWSxCOLUMNS:SPACING"},
	{"mixture:0x5:2@1", "expected a grid ROWSxCOLUMNS:SPACING"},
	{"mixture:2.5x5:2@1", "expected a grid ROWSxCOLUMNS:SPACING"},
	{"mixture:5x5:0@1", "expected a grid ROWSxCOLUMNS:SPACING"},
	{"mixture:2000x2000:1@1", "at most 1048576 centres"},
	{"mixture:0/1,2@1", "term 2, \"2\": expected a centre, X/Y/… with as many numbers as the first"},
	{"mixture:0/1,2/3/4@1", "term 2, \"2/3/4\": expected a centre"},
	{"mixture:@1", "term 1, \"\": expected a centre"},
	{"mixture:0/1@0", "\"0\" after @: expected a variance above 0"},
	{"mixture:0/1@", "\"\" after @: expected a variance above 0"},
	{"mixture:0/1@1@2", "\"1@2\" after @: expected a variance above 0"},
	{"wells:0/1/2", NULL},
	{"wells:0/1/-2,1e3/0.01/5", NULL},
	{"wells:0/1", "term 1, \"0/1\": expected CENTRE/WIDTH/DEPTH"},
	{"wells:0/1/2,3/4", "term 2, \"3/4\": expected CENTRE/WIDTH/DEPTH"},
	{"wells:0/1/2,", "term 2, \"\": expected CENTRE/WIDTH/DEPTH"},
	{"wells:0/1/2,,0/1/2", "term 2, \"\": expected CENTRE/WIDTH/DEPTH"},
	{"wells:0/1/2/3", "term 1, \"0/1/2/3\": expected CENTRE/WIDTH/DEPTH"},
	{"wells:0/1/2,0/-1/2", "term 2: width -1 must be above 0"},
	{"wells:0/1/nan", "term 1, \"0/1/nan\": expected CENTRE/WIDTH/DEPTH"},
	{"wells:0/ 1/2", "term 1, \"0/ 1/2\": expected CENTRE/WIDTH/DEPTH"},
	{"wells:0/1e-200/2", "beyond double precision"},
	{"basins:1/2", NULL},
	{"basins:1/2,0.5/30,1/2", NULL},
	{"basins:1", "term 1, \"1\": expected HALFWIDTH/CURVATURE"},
	{"basins:1/2,0/3", "term 2: half-width 0 must be above 0"},
	{"basins:1/2,1/-3", "term 2: curvature -3 must be above 0"},
	{"quadratics:0/1", NULL},
	{"quadratics:0/1,2/3,-4/0.5", NULL},
	{"quadratics:0/1/2/3,4/5/6/7", NULL},
	{"quadratics:1", "term 1, \"1\": expected M/H, or M1/M2/…/H with as many numbers as the first"},
	{"quadratics:1/2,3/4/5", "term 2, \"3/4/5\": expected M/H"},
	{"quadratics:1/2,3/0", "term 2: curvature 0 must be above 0"},
	{"quadratics:1/2,x/3", "term 2, \"x/3\": expected M/H"},
	{"well:1/2/3", "no analytic target is called that"},
};

static void check(const struct syntax *c)
{
	struct potential *p;
	status s = analytic_open(c->spec, d, &p);
	if (!c->words) {
		ok(s == OK && p && strstr(p->ops->target_note(p), " "), "%s is taken", c->spec);
		potential_close(p);
		return;
	}
	ok(s == ERR_USAGE && !p && strstr(fail_words(s, "--"), "--model ") && strstr(fail_words(s, "--"), c->spec) &&
	   strstr(fail_words(s, "--"), c->words), "refused: %s", fail_words(s, "--"));
}

/* Bytes at random put into texts that are right, and parts of them left out: whatever is taken has a value. */
static void check_random(void)
{
	enum { TRIALS = 20000 };
	static const char alphabet[] = "0123456789.,/@x:-+eE naif";
	int taken = 0, refused = 0, odd = 0;
	for (uint32_t i = 0; i < TRIALS; i++) {
		const struct rng_key key = {i, 0};
		const char *from = cases[rng_below(key, STREAM_DATA, 0, 0, sizeof cases / sizeof *cases)].spec;
		char spec[128];
		int n = snprintf(spec, sizeof spec, "%s", from);
		for (uint32_t k = 1; k < 2 + i % 2; k++) {
			size_t place = rng_below(key, STREAM_DATA, 0, k, (uint64_t)n + 1);
			spec[place] = (char)(place < (size_t)n ? alphabet[rng_below(key, STREAM_DATA, 1, k, sizeof alphabet - 1)] : 0);
			if (rng_below(key, STREAM_DATA, 2, k, 8) == 0)
				spec[place] = 0;
			n = (int)strlen(spec);
		}
		struct potential *p;
		double theta[8] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8};
		status s = analytic_open(spec, d, &p);
		taken += s == OK;
		refused += s == ERR_USAGE;
		odd += s == OK ? p->n_params > 8 || isnan(analytic_energy(p, theta)) : s != ERR_USAGE || p;
		if (odd == 1 && s != ERR_USAGE)
			note("%s", spec);
		potential_close(p);
	}
	ok(odd == 0 && taken > TRIALS / 50 && refused > TRIALS / 4, "texts at random: %d taken, %d refused, %d odd", taken, refused, odd);
}

int main(void)
{
	MUST(backend_open("cpu", 1, &d));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&cases[i]);
	check_random();
	d->ops->close(d);
	return done_testing();
}
