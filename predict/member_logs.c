/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/member_logs.h"

status member_logs_open(struct arena *a, size_t n, struct member_logs *out)
{
	TRY(joint_open(a, n, &out->joint));
	TRY(ambiguity_open(a, n, &out->ambiguity));
	return ARENA_NEW(a, n, &out->row);
}

void member_logs_add(struct member_logs *l)
{
	joint_add(&l->joint, l->row);
	ambiguity_add(&l->ambiguity, l->row);
}
