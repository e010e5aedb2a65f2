/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whether numbers are uniform. What is returned is a bound on the chance of worse. */
#ifndef BASIN_FIDELITY_RANKS_H
#define BASIN_FIDELITY_RANKS_H

/* count (bins): how many of n fell in each of so many bins, alike under uniformity; bins a power of 2. Pearson's
 * statistic, of wider bins where there would be fewer than 25 in one: four times what the χ² law says, as the
 * statistic's own tail is up to 3.4 times that at chances down to 4·10⁻⁹ (pearson_tail.py). */
double ranks_chi_squared(const int *count, int bins, int n);
/* The largest distance of their distribution function from the straight one: 2 exp(−2nD²), which bounds it for every
 * n and every law, discrete ones too (Dvoretzky, Kiefer & Wolfowitz 1956; Massart 1990). D counts beyond a margin
 * that the law may be off. */
double ranks_ecdf(const int *count, int bins, int n, double margin);

#endif
