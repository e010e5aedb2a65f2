/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the files of the far device share: far_device.c (memory, slots, calls that are put off), far_beside.c, far_verbs.c, far_layers.c. */
#ifndef BASIN_FAR_PRIVATE_H
#define BASIN_FAR_PRIVATE_H

#include "src/layer.h"
#include "tests/far_device.h"

/* Memory that was asked for and not given back: whole pages, which are opened while calls run. */
struct block {
	struct block *next;
	unsigned char *start;
	size_t bytes;
};

/* A call that was put off, with copies of the structs that it was given. */
struct call {
	struct call *next;
	status (*run)(struct device *cpu, const void *args);
	_Alignas(64) unsigned char args[];
};

/* What get_begin has begun. */
struct leaving {
	void *host;
	const void *from;
	size_t bytes;
};
enum { FAR_LEAVING = 16 };

struct far {
	struct device base;
	struct device *cpu;
	struct backend table;
	struct layer_ops ops[LAYER_KINDS];
	const struct layer_ops *layers[LAYER_KINDS];
	unsigned char *memory;
	size_t used;             /* bytes of it, whole pages */
	struct block *blocks;
	size_t held;             /* bytes of them */
	struct call *first, **last;
	status failed;           /* of what was put off, until somebody can be told */
	size_t put_off, started;
	struct leaving leaving[FAR_LEAVING];
	int n_leaving, asked;    /* of them; how often somebody asked whether they are there */
};

/* far_beside.c, as struct backend describes them. */
status far_host_alloc(struct device *d, size_t bytes, void **out);
void far_host_free(struct device *d, void *p);
status far_get_begin(struct device *d, void *host, const void *from, size_t bytes);
status far_get_end(struct device *d, bool wait, bool *done);

static inline struct far *far_of(const struct device *d)
{
	return (struct far *)d;
}

/* The device's table behind the host's; NULL stays NULL. */
static inline struct slots *slots_there(const struct slots *s)
{
	return s ? s->device : NULL;
}

/* Puts a call off; args: copied. Errors: ERR_MEMORY. */
status far_later(struct device *d, status (*run)(struct device *cpu, const void *args), const void *args, size_t bytes);

/* Does all that was put off; what fails is kept for far_wait, which says it. */
void far_do(struct far *f);

/* Sets the verbs of a table, and the layers of a device whose cpu is open, but for those of some kinds. */
void far_verbs(struct backend *table);
void far_layers(struct far *f, unsigned lacking);

#endif
