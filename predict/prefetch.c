/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/prefetch.h"

#include <stdlib.h>

static void *read_one(void *context)
{
	struct prefetch *a = context;
	a->result = selection_read(a->from, a->i, &a->record);
	if (a->result != OK)
		a->message = fail_copy();
	return NULL;
}

void prefetch_start(struct prefetch *a, struct selection *s, size_t i)
{
	*a = (struct prefetch){.from = s, .i = i, .reading = true};
	a->threaded = pthread_create(&a->thread, NULL, read_one, a) == 0;
	if (!a->threaded)
		read_one(a);
}

static void finish(struct prefetch *a)
{
	if (a->threaded)
		pthread_join(a->thread, NULL);
	a->threaded = a->reading = false;
}

status prefetch_take(struct prefetch *a, struct snaps_record *out)
{
	finish(a);
	*out = a->record;
	status s = a->result == OK ? OK : fail_again(a->result, a->message);
	free(a->message);
	a->message = NULL;
	return s;
}

void prefetch_drop(struct prefetch *a)
{
	if (!a->reading)
		return;
	finish(a);
	free(a->message);
	a->message = NULL;
}
