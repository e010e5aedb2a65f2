/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Networks on the CPU, and on a device whose batches have more than the data's channels. */
#include <string.h>

#include "tests/device_vec.h"
#include "tests/net_case.h"
#include "tests/tap.h"

static struct device *open_cpu(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	return d;
}

static const struct backend *own;
static struct gather gathered;

static void wide_formats(const struct device *d, const struct layer *layers, int n, enum precision precision,
                         struct batch_format *batch, struct format *out)
{
	own->formats(d, layers, n, precision, batch, out);
	batch->channels = 8;
}

static status note_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	(void)d, (void)s;
	gathered = *g;
	return fail(ERR_LIBRARY, "this is as far as it goes");
}

/* What gather is asked to write is what formats said, and there is room for it. */
static void wide_batches(void)
{
	enum { ROWS = 4, SIDE = 12, ROOM = ROWS * 8 * SIDE * SIDE };
	static float x[ROOM], back[ROOM];
	struct net_case q = {0};
	net_case_data(&q, ROWS, 3 * SIDE * SIDE, 10, LOSS_CATEGORICAL);
	q.data.c = 3;
	q.data.h = q.data.w = SIDE;
	net_case_open(&q, "lenet", "relu", "categorical", 1, ROWS, NULL);
	own = q.d->ops;
	struct backend wide = *own;
	wide.formats = wide_formats;
	wide.gather = note_gather;
	q.d->ops = &wide;
	const struct likelihood *l;
	struct potential *p;
	MUST(likelihood_find("categorical", &l));
	MUST(net_open(&(struct net_options){.model = &q.model, .data = &q.data, .normalize = &q.normalize, .likelihood = l,
	                                    .batch = ROWS}, q.d, &p));
	struct gradient_request r = net_case_request(&q, 0, ROWS);
	ok(p->ops->value_grad(p, &q.slots, &r) == ERR_LIBRARY && gathered.channels == 8 && gathered.c == 3,
	   "gather is asked for the channels that the device wants");
	for (int i = 0; i < ROOM; i++)
		x[i] = (float)i;
	MUST(q.d->ops->put(q.d, gathered.out, x, sizeof x));
	MUST(q.d->ops->get(q.d, back, gathered.out, sizeof back));
	ok(!memcmp(x, back, sizeof x), "and there is room for them");
	potential_close(p);
	q.d->ops = own;
	net_case_close(&q);
}

int main(void)
{
	check_nets(open_cpu);
	wide_batches();
	return done_testing();
}
