/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/predict_rows.h"

#include "tests/device_vec.h"
#include "tests/tap.h"

status predict_rows(struct potential *p, size_t first, int n, float *out)
{
	struct device *d = p->device;
	size_t bytes = (size_t)n * (size_t)p->outputs * sizeof *out;
	float *there = device_take(d, bytes);
	status s = p->ops->predict(p, first, n, there);
	if (s == OK)
		MUST(d->ops->get(d, out, there, bytes));
	d->ops->free(d, there);
	return s;
}
