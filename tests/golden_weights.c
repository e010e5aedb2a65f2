/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What flatness-golden.t gives the program: the images, labels and networks of tests/golden/flatness.h, in files.
 *
 * golden_weights data CASE IMAGES.npy LABELS.npy
 * golden_weights snaps CASE FROM.snaps TO.snaps: a file like FROM, of the same network, with one snapshot, the case's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/files/snaps.h"
#include "tests/device_vec.h"
#include "tests/golden/flatness.h"
#include "tests/golden_values.h"
#include "tests/tap.h"

static void write_npy(const char *path, const char *shape, const uint8_t *x, size_t n)
{
	char head[118];
	FILE *f = fopen(path, "wb");
	snprintf(head, sizeof head, "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }", shape);
	if (!f || fprintf(f, "\x93NUMPY%c%c%c%c%-117s\n", 1, 0, 118, 0, head) != 128 || fwrite(x, 1, n, f) != n || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void write_data(const struct golden_flatness *g, const char *images, const char *labels)
{
	size_t n = (size_t)(FLATNESS_ROWS * g->shape[0] * g->shape[1] * g->shape[2]);
	uint8_t *x = host_take(n), label[FLATNESS_ROWS];
	char shape[64];
	golden_bytes(g->seed, n, x);
	for (int i = 0; i < FLATNESS_ROWS; i++)
		label[i] = (uint8_t)(i % FLATNESS_CLASSES);
	snprintf(shape, sizeof shape, "%d, %d, %d, %d", FLATNESS_ROWS, g->shape[0], g->shape[1], g->shape[2]);
	write_npy(images, shape, x, n);
	snprintf(shape, sizeof shape, "%d,", FLATNESS_ROWS);
	write_npy(labels, shape, label, sizeof label);
	free(x);
}

static void write_snaps(const struct golden_flatness *g, const char *from, const char *to)
{
	struct snaps_reader *r;
	struct snaps_writer *w;
	const char *role[] = {"theta", NULL};
	MUST(snaps_open(from, 0, &r));
	const struct segments *params = snaps_params(r), *stats = snaps_stats(r);
	float *theta = host_take(params->count * sizeof *theta), *running = host_take((stats->count + 1) * sizeof *running);
	golden_fill(params, g->seed, 0, theta);
	golden_fill(stats, g->seed, GOLDEN_STATS, running);
	MUST(snaps_create(to, snaps_meta(r), params, stats, role, SNAPS_FLOAT32, &w));
	MUST(snaps_write(w, 1, 1, "theta", 0, theta, running));
	MUST(snaps_close(w));
	snaps_reader_close(r);
	free(theta);
	free(running);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof golden_flatness / sizeof *golden_flatness && argc == 5; i++)
		if (!strcmp(argv[2], golden_flatness[i].name)) {
			(strcmp(argv[1], "data") ? write_snaps : write_data)(&golden_flatness[i], argv[3], argv[4]);
			return 0;
		}
	fprintf(stderr, "usage: golden_weights data|snaps CASE FILE FILE\n");
	return 2;
}
