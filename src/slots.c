/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/slots.h"

#include <math.h>

status slot_writable(int slot)
{
	return slot > SLOT_NONE && slot < SLOT_FIRST ? OK
	     : fail(ERR_USAGE, "slot %d can't hold a result: a device writes to %d … %d alone", slot, SLOT_NONE + 1,
	            SLOT_FIRST - 1);
}

bool slot_may_count(const struct slots *s, int slot)
{
	return slot != SLOT_NONE && (slot < SLOT_FIRST || s->value[slot] != 0);
}

const char *slots_name(int slot)
{
	static const char *const names[] = {
		[SLOT_NLL] = "nll", [SLOT_NLL_TOTAL] = "nll_total", [SLOT_CORRECT_TOTAL] = "correct_total",
		[SLOT_SEEN_TOTAL] = "seen_total", [SLOT_BAD] = "bad", [SLOT_GOOD_NLL] = "good_nll",
	};
	return slot >= 0 && slot < (int)(sizeof names / sizeof *names) ? names[slot] : NULL;
}

void slots_value(struct slots *s, double value, bool add, bool count)
{
	s->value[SLOT_NLL] = add ? s->value[SLOT_NLL] + value : value;
	if (!count)
		return;
	if (isfinite(s->value[SLOT_NLL]))
		s->value[SLOT_GOOD_NLL] = s->value[SLOT_NLL];
	else if (s->value[SLOT_BAD] == 0)
		s->value[SLOT_BAD] = 1 + (double)s->step;
}
