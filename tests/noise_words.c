/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/noise_words.h"

#include <math.h>
#include <stdlib.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { TRIALS = 4000 };

static double normal_of(const uint32_t *w, int element)
{
	double r = sqrt(-2 * log((w[element & ~1] + 0.5) * 0x1p-32)), phi = 8 * atan(1) * (int32_t)w[element | 1] * 0x1p-32;
	return element % 2 ? r * sin(phi) : r * cos(phi);
}

/* NOISE_WORDS words for a trial: corners in pairs, later ones with bits changed. */
static void trial_words(struct draws *r, int trial, uint32_t *words)
{
	static const uint32_t corners[] = {
		0, 1, 2, 0x007fffff, 0x00800000, 0x1fffffff, 0x20000000, 0x3fffffff, 0x40000000, 0x5fffffff, 0x60000000,
		0x7fffffff, 0x80000000, 0x80000001, 0x9fffffff, 0xa0000000, 0xb504f333, 0xb504f334, 0xbfffffff, 0xc0000000,
		0xdfffffff, 0xe0000000, 0xfffffe00, 0xffffff00, 0xfffffffd, 0xfffffffe, 0xffffffff,
	};
	enum { CORNERS = sizeof corners / sizeof *corners };
	for (int i = 0; i < NOISE_WORDS; i++) {
		int j = (trial * NOISE_WORDS + i) / 2;
		words[i] = i % 2 ? corners[j / CORNERS % CORNERS] : corners[j % CORNERS];
		if (trial > 50 && draw(r, 2))
			words[i] ^= (uint32_t)draw(r, 1 << 16) << draw(r, 17);
	}
}

void check_extreme_words(const char *label, normals_of_words *normals, void *context)
{
	struct draws r = {91, 0};
	size_t n = 0;
	double worst = 0;
	uint32_t *words = host_take((size_t)TRIALS * NOISE_WORDS * sizeof *words);
	float *got = host_take((size_t)TRIALS * NOISE_WORDS * sizeof *got);
	for (int trial = 0; trial < TRIALS; trial++)
		if (in_turn()) {
			trial_words(&r, trial, words + n);
			n += NOISE_WORDS;
		}
	normals(context, words, n, got);
	for (size_t i = 0; i < n; i++) {
		double want = normal_of(words + i / 4 * 4, (int)(i % 4)), error = fabs(got[i] - want) / fmax(1, fabs(want));
		worst = error <= worst ? worst : error;
	}
	ok(worst < 0x1p-20, "%s: normals of extreme words are within 2^%.1f of double's", label, log2(worst));
	free(words);
	free(got);
}
