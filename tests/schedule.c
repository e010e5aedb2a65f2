/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>

#include "src/schedule.h"
#include "tests/tap.h"

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
	static const char *const bad[] = {"a", "3,", "5,2", "-1", "1,x", "3;4", "5epochs"};
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(schedule_milestones(&s, bad[i], 100) == ERR_USAGE, "milestones \"%s\" are refused", bad[i]);
	return done_testing();
}
