/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What every backend must do, as one body of checks over an open device; each backend has a thin driver. `label` says
 * which device or instruction set the checks are about. */
#ifndef BASIN_BACKEND_BODY_H
#define BASIN_BACKEND_BODY_H

#include "tests/device_vec.h"

void check_memory(struct device *d, const char *label);
void check_slots(struct device *d, const char *label);
void check_scalar(struct device *d, const char *label);
void check_weigh(struct device *d, const char *label);
void check_normals(struct device *d, const char *label);
void check_affine(struct device *d, const char *label);
void check_reduce(struct device *d, const char *label);
void check_pointwise(struct device *d, const char *label);
void check_adamw_golden(struct device *d, const char *label);
void check_point(struct device *d, const char *label);
void check_add(struct device *d, const char *label);
void check_formats(struct device *d, const char *label);
void check_gather(struct device *d, const char *label);
void check_loss(struct device *d, const char *label);
/* All of the above. */
void check_backend(struct device *d, const char *label);

/* Every result of fixed calls that are large enough to be shared among threads, downloaded into out[count]: the same
 * bits are asked of one thread and of two. Returns the number of bytes that were filled. */
size_t backend_fingerprint(struct device *d, void *out, size_t size);

/* −ln of a piece's prior at x (that at 0 being 0) times s² = deviation²: what δ·N turns into nats. And its derivative, by differences
 * of it. Both with the piece's factor; 0 where that is 0. */
double reference_energy(const struct piece *p, double deviation, double x);
double reference_gradient(const struct piece *p, double deviation, double x);

/* A bf16 number, and the one nearest to x (ties to even mantissas). */
float bf16_value(uint16_t h);
uint16_t bf16_bits(double x);

/* Reproducible choices: a uniform integer below n, a standard normal. */
struct draws {
	uint32_t seed;
	uint64_t next;
};
int draw(struct draws *r, int n);
double draw_normal(struct draws *r);

#endif
