/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CPU backend's parts, for its own files. */
#ifndef BASIN_CPU_H
#define BASIN_CPU_H

#include "src/cpu/kernels.h"
#include "src/cpu/layers.h"

struct cpu_device {
	struct device device;
	int threads;
	const struct kernels *kernels;
	struct json_t *choices;    /* owned: what choices_load and choices_save are about */
	void *scratch;             /* one layer's at a time */
	size_t scratch_bytes;
	bool scratch_held;
	size_t held;               /* bytes given out and not freed */
};

static inline int cpu_threads(const struct device *d)
{
	return ((const struct cpu_device *)d)->threads;
}

/* Whether a verb or a layer's pass over n elements stays on the calling thread: waking the others for few costs more
 * than it saves. */
static inline bool cpu_alone(const struct device *d, size_t n)
{
	return cpu_threads(d) == 1 || n < 1 << 15;
}

static inline const struct kernels *kernels_of(const struct device *d)
{
	return ((const struct cpu_device *)d)->kernels;
}

/* The verbs, as struct backend describes them. */
status cpu_affine(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a);
status cpu_reduce(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot);
status cpu_reduce_moving(struct device *d, struct slots *s, const struct pieces *p, const float *x, const float *y,
                         const float *w, int slot);
status cpu_prior_energy(struct device *d, struct slots *s, const struct pieces *p, const float *x, int slot);
status cpu_pointwise(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w);
status cpu_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
                 float *out);
status cpu_add(struct device *d, struct format f, size_t count, void *y, const void *x);
status cpu_gather(struct device *d, const struct slots *s, const struct gather *g);
status cpu_weigh(struct device *d, const struct slots *s, const struct weigh *w);
status cpu_loss(struct device *d, struct slots *s, const struct loss *l);
status cpu_loss_dot(struct device *d, const struct slots *s, const struct loss *l, const struct loss_dot *dot);
void cpu_formats(const struct device *d, const struct layer *layers, int n, enum precision precision, struct batch_format *batch,
                 struct format *out);

/* n elements from one type to the other, or copied. */
void cpu_convert(const struct device *d, const void *from, bool from_bf16, void *to, bool to_bf16, size_t n);

/* out (channels): t (n, channels, pixels) of format f summed over examples and pixels, set or added. */
void cpu_channel_sums(const struct device *d, struct format f, const void *t, size_t n, size_t channels, size_t pixels, bool add,
                      float *out);

/* The point verb on the calling thread alone, for loops that have threads of their own. s may be NULL where nothing is
 * added to θ. */
void cpu_point_range(const struct kernels *k, const struct slots *s, const struct point *at, size_t offset, size_t count,
                     bool frozen, float *out);

/* Memory for the length of one layer's pass, 64-byte aligned, its contents of no meaning; it only grows, and is the
 * device's. Whoever takes it gives it back before another takes it. Errors: ERR_MEMORY. */
status cpu_scratch(struct device *d, size_t bytes, void **out);
void cpu_scratch_return(struct device *d);

extern const struct backend cpu_backend;

#endif
