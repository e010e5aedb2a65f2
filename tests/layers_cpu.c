/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cpu/layers.h"
#include "layers.h"
#include "tap.h"

static status take(struct device *d, size_t bytes, void **out)
{
	(void)d;
	*out = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
	return OK;
}

static void give(struct device *d, void *p)
{
	(void)d;
	free(p);
}

static status move(struct device *d, void *to, const void *from, size_t bytes)
{
	(void)d;
	memcpy(to, from, bytes);
	return OK;
}

int main(void)
{
	struct backend ops = {.alloc = take, .free = give, .put = move, .get = move, .layers = cpu_layers};
	struct device d = {&ops, 2};
	check_layers(&d);
	return done_testing();
}
