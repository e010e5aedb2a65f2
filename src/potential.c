/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/potential.h"

void potential_close(struct potential *p)
{
	if (p)
		p->ops->close(p);
}
