/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/potential.h"

const char *potential_not_fixed(bool batch_norm)
{
	return batch_norm ? "not the posterior of a fixed model; for one, use --norm frn --augment none"
	                  : "not the posterior of a fixed model; for one, use --augment none";
}

void potential_close(struct potential *p)
{
	if (p)
		p->ops->close(p);
}
