/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How far apart draws lie, over the parameters that move: root mean squares of ‖θ − θ′‖ over pairs within a chain and
 * of different chains, from sums around the first draw of all, so that draws that are the same have distance 0 exactly.
 * */
#ifndef BASIN_DISTANCES_H
#define BASIN_DISTANCES_H

#include "src/tensor.h"

/* 20 bytes of memory a parameter. */
struct distances {
	const struct pieces *pieces;
	float *origin;             /* (n_params): the first draw */
	double *chain, *all;       /* (n_params): Σ (θ − origin) of this chain so far; Σ of the chains' means */
	double squares;            /* Σ ‖θ − origin‖² of this chain */
	double mean_squares;       /* Σ over chains of squares/n */
	double mean_norms;         /* Σ over chains of ‖mean − origin‖² */
	double norms;              /* Σ ‖θ‖² of all draws */
	double within, least;      /* Σ over chains of the mean square distance of two draws; the smallest of them */
	size_t n, draws;           /* of this chain; of all */
	int chains;                /* that are ended */
};

/* Errors: ERR_MEMORY; it is then closed. */
status distances_open(struct distances *d, const struct pieces *p);
void distances_close(struct distances *d);

/* Adds a draw of the chain that is under way; and ends that chain. */
void distances_add(struct distances *d, const float *theta);
void distances_end_chain(struct distances *d);

struct distances_found {
	double within;             /* root mean square over all pairs of a chain's draws, all chains; NaN of one draw */
	double least_within;       /* the same of the chain where it is smallest */
	double between;            /* over pairs of draws of different chains; NaN of one chain */
	double norm;               /* root mean square of ‖θ‖ */
};

/* After the last chain was ended. */
void distances_find(const struct distances *d, struct distances_found *out);

/* The smallest root mean square distance of two chains, over their draws of the same number, by numbers x (q, chains,
 * n) of the draws whose squared differences sum up to squared distances (projection.h): 0 where two chains are one. NaN
 * of one chain. Takes O(q n chains²) time. */
double distances_nearest(const double *x, int q, int chains, size_t n);

#endif
