/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/potential.h"

void potential_close(struct potential *p)
{
	if (p)
		p->ops->close(p);
}
