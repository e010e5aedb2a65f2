/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Memory for the tests, on the host and on a device. The test ends where there is none, or where a copy fails. */
#ifndef BASIN_TESTS_DEVICE_VEC_H
#define BASIN_TESTS_DEVICE_VEC_H

#include "src/backend.h"

/* Zeros; the caller's to free. */
void *host_take(size_t bytes);
double *host_doubles(size_t n);

/* Memory of the device that holds zeros, or what the host has; the caller gives it back with the device's free. */
void *device_take(struct device *d, size_t bytes);
void *upload(struct device *d, const void *host, size_t bytes);

/* After a sync, which a get does not need. */
void download(struct device *d, void *host, const void *from, size_t bytes);
/* By the get alone, into memory that the caller frees. */
void *fetch(struct device *d, const void *from, size_t bytes);

/* The same floats on a device, on the host, and in double for an oracle. */
struct device_vec {
	struct device *d;
	size_t n;
	float *device, *host;
	double *exact;
};

struct device_vec device_vec_new(struct device *d, size_t n);
void device_vec_free(struct device_vec *v);
/* Sends what the host has, and takes it as exact. */
void device_vec_put(struct device_vec *v);
void device_vec_get(struct device_vec *v);
/* The device's floats, which the caller frees, and whether it holds the same bits still. */
float *device_vec_bits(const struct device_vec *v);
bool device_vec_same(const struct device_vec *v, const float *bits);

#endif
