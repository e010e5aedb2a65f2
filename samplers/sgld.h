/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The Langevin update of SGLD, which other methods share. */
#ifndef BASIN_SGLD_H
#define BASIN_SGLD_H

#include "samplers/sampler.h"

/* Slots that sgld_coef fills; a method built on it starts its own at SGLD_SLOTS. */
enum { SGLD_GRADIENT = SLOT_SAMPLER, SGLD_DECAY, SGLD_NOISE, SGLD_SLOTS };

/* Coefficients of θ ← θ − λ(g + δθ) + √(2λ/β) ξ, and that update from s->gradient. */
void sgld_coef(struct sampler_state *s);
status sgld_update(struct sampler_state *s);

/* The sentence that says that θ has the law of u at T, for what a method says besides. */
void sgld_law(const struct sampler_state *s, struct text *to);

#endif
