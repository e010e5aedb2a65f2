/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The far device's way beside its calls: it copies as late as it may, so that who changes what is on its way, or looks at it before
 * it is there, has other numbers. */
#include <stdlib.h>
#include <string.h>

#include "tests/far_private.h"

status far_host_alloc(struct device *d, size_t bytes, void **out)
{
	(void)d;
	*out = calloc(1, bytes + 1);
	return *out ? OK : fail(ERR_MEMORY, "out of memory: %zu bytes asked for", bytes);
}

void far_host_free(struct device *d, void *p)
{
	bool done;
	if (!p)
		return;
	(void)far_get_end(d, true, &done);
	free(p);
}

status far_get_begin(struct device *d, void *host, const void *from, size_t bytes)
{
	struct far *f = far_of(d);
	if (f->n_leaving == FAR_LEAVING)
		abort();
	f->leaving[f->n_leaving++] = (struct leaving){host, from, bytes};
	f->asked = 0;
	memset(host, 0xff, bytes);
	return OK;
}

status far_get_end(struct device *d, bool wait, bool *done)
{
	enum { TIMES = 3 };
	struct far *f = far_of(d);
	*done = !f->n_leaving || wait || ++f->asked == TIMES;
	if (!*done)
		return OK;
	const int n = f->n_leaving;
	f->n_leaving = 0;
	for (int i = 0; i < n; i++)
		TRY(d->ops->get(d, f->leaving[i].host, f->leaving[i].from, f->leaving[i].bytes));
	return OK;
}
