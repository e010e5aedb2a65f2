/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/schedule.h"
#include "tests/tap.h"

/* Flat to a half, a line to nine tenths, flat. */
static void check_swa(void)
{
	struct schedule s = {.kind = SCHEDULE_SWA, .lr = 0.5, .lr_end = 0.1, .total = 300};
	MUST(schedule_swa_start(&s, "20", 10));
	ok(s.swa_start == 200, "swa begins to average after epochs");
	ok(schedule_lr(&s, 0) == 0.5 && schedule_lr(&s, 99) == 0.5 && schedule_lr(&s, 100) == 0.5 && schedule_lr(&s, 101) < 0.5, "swa is flat up to a half");
	near(schedule_lr(&s, 120), 0.4, 1e-15, "then falls in a straight line");
	near(schedule_lr(&s, 179), 0.5 - 0.4 * 79 / 80, 1e-15, "to its end");
	ok(schedule_lr(&s, 180) == 0.1 && schedule_lr(&s, 299) == 0.1, "at nine tenths, and stays there");
	ok(schedule_max(&s) == 0.5, "swa's largest step size is its first");
	s.lr_end = 0.7;
	ok(schedule_max(&s) == 0.7, "or its last");
	MUST(schedule_swa_start(&s, "300steps", 10));
	ok(s.swa_start == 300, "swa begins to average after steps");
	static const char *const bad[] = {"", "a", "0", "-1", "31", "301steps", "20,25", "20 ", "99999999999999999999"};
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(schedule_swa_start(&s, bad[i], 10) == ERR_USAGE, "swa does not begin at \"%s\"", bad[i]);
	ok(schedule_swa_start(&s, "161", 10) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "161: that is step 1610, and the run has"),
	   "and epochs beyond the end are told as steps");
}

/* The steps that explore, as letters: x, or . where noise is injected. */
static const char *explored(const struct schedule *s, char *out)
{
	for (uint64_t k = 0; k < s->total; k++)
		out[k] = schedule_explores(s, k) ? 'x' : '.';
	out[s->total] = '\0';
	return out;
}

static void check_explore(void)
{
	static const struct {
		enum schedule_kind kind;
		uint64_t total, cycles;
		double share;
		const char *want;
	} rows[] = {
		{SCHEDULE_CYCLICAL, 20, 2, 0.8, "xxxxxxxx..xxxxxxxx.."},
		{SCHEDULE_CYCLICAL, 10, 4, 0.5, "xx.x.xx.x."},   /* frac: 0 .4 .8 .2 .6 0 .4 .8 .2 .6 */
		{SCHEDULE_CYCLICAL, 12, 3, 0, "............"},
		{SCHEDULE_CYCLICAL, 12, 3, 1, "xxxxxxxxxxxx"},
		{SCHEDULE_CYCLICAL, 12, 3, 1e-9, "x...x...x..."},
		{SCHEDULE_COSINE, 10, 1, 0.9, "xxxxxxxxx."},
		{SCHEDULE_CONSTANT, 10, 1, 0.7, "xxxxxxx..."},
		{SCHEDULE_STEP, 10, 1, 0.25, "xxx......."},
	};
	char got[32];
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct schedule s = {.kind = rows[i].kind, .lr = 1, .total = rows[i].total, .cycles = rows[i].cycles,
		                           .gamma = 1, .explore = rows[i].share};
		ok(strcmp(explored(&s, got), rows[i].want) == 0, "the first %g of each of %llu cycles of %llu steps (%s)", rows[i].share,
		   (unsigned long long)s.cycles, (unsigned long long)s.total, got);
	}
	/* Hundredths of a hundred: some products with such a share round upwards. */
	int late = 0;
	for (int hundredth = 0; hundredth <= 100; hundredth++) {
		char text[8];
		snprintf(text, sizeof text, "%.2f", hundredth / 100.0);
		const struct schedule s = {.kind = SCHEDULE_CYCLICAL, .total = 300, .cycles = 3, .explore = strtod(text, NULL)};
		for (uint64_t k = 0; k < 300; k++)
			late += schedule_explores(&s, k) != ((int)(k % 100) < hundredth);
	}
	ok(late == 0, "no cycle begins its noise a rounding error late (%d steps)", late);
}

int main(void)
{
	struct schedule s = {.kind = SCHEDULE_CONSTANT, .lr = 0.3, .total = 10};
	ok(schedule_lr(&s, 0) == 0.3 && schedule_lr(&s, 9) == 0.3, "constant");
	s = (struct schedule){.kind = SCHEDULE_CYCLICAL, .lr = 0.5, .lr_end = 0.1, .total = 10, .cycles = 4};
	double worst = 0;
	for (uint64_t k = 0; k < 10; k++) {
		double whole, want = 0.1 + 0.2 * (cos(M_PI * modf((double)k * 4 / 10, &whole)) + 1);
		worst = fmax(worst, fabs(schedule_lr(&s, k) - want));
	}
	near(worst, 0, 1e-15, "cyclical cosine with a length that cycles don't divide");
	s.total = 100;
	ok(schedule_lr(&s, 25) == 0.5 && schedule_lr(&s, 50) == 0.5, "each cycle starts at the full step size");
	ok(schedule_cycle_start(&s, 1) == 25 && schedule_cycle_start(&s, 4) == 100, "cycle starts");
	s.total = 10;
	ok(schedule_cycle_start(&s, 1) == 3 && schedule_cycle_start(&s, 2) == 5 && schedule_cycle_start(&s, 3) == 8,
	   "uneven cycle starts");
	s = (struct schedule){.kind = SCHEDULE_COSINE, .lr = 1, .total = 8, .cycles = 1};
	near(schedule_lr(&s, 4), 0.5, 1e-15, "cosine is half way down in the middle");
	s = (struct schedule){.kind = SCHEDULE_STEP, .lr = 1, .gamma = 0.5, .total = 1000};
	MUST(schedule_milestones(&s, "2,5,600steps", 100));
	ok(s.n_milestones == 3 && s.milestone[0] == 200 && s.milestone[2] == 600, "milestones in epochs and steps");
	ok(schedule_lr(&s, 199) == 1 && schedule_lr(&s, 200) == 0.5 && schedule_lr(&s, 999) == 0.125, "step schedule");
	check_swa();
	check_explore();
	static const char *const bad[] = {"a", "3,", "5,2", "-1", "1,x", "3;4", "5epochs", "+5", " 5", "0,99999999999999999999999steps"};
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(schedule_milestones(&s, bad[i], 100) == ERR_USAGE, "milestones \"%s\" are refused", bad[i]);
	return done_testing();
}
