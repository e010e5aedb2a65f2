/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/slots.h"

#include <math.h>

void slots_value(struct slots *s, double value, bool add)
{
	s->value[SLOT_NLL] = add ? s->value[SLOT_NLL] + value : value;
	if (isfinite(s->value[SLOT_NLL]))
		s->value[SLOT_GOOD_NLL] = s->value[SLOT_NLL];
	else if (s->value[SLOT_BAD] == 0)
		s->value[SLOT_BAD] = 1 + (double)s->step;
}
