/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/potential.h"

status potential_lacks(struct potential *p, status s, size_t bytes, const char *what)
{
	return p->ops->lacks ? p->ops->lacks(p, s, bytes, what) : s;
}

void potential_close(struct potential *p)
{
	if (p)
		p->ops->close(p);
}
