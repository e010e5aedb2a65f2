#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The tail of Pearson's statistic of n throws into equal bins, counted exactly, over that of the chi-squared law: what the factor in
ranks.c is from. Needs NumPy and SciPy; takes two minutes. Prints n, bins, the law's tail, and the ratio."""
from math import exp, floor, lgamma, log, sqrt

import numpy as np
from scipy.stats import chi2


def tail(n, bins, threshold):
    """P(statistic > threshold): Poisson counts conditioned on their sum, by (throws, sum of squares)."""
    mean = n / bins
    most = floor(threshold * mean + n * mean)
    law = np.zeros((n + 1, most + 1))
    law[0, 0] = 1
    for _ in range(bins):
        after = np.zeros_like(law)
        for c in range(min(n, floor(sqrt(most))) + 1):
            p = exp(-lgamma(c + 1) + c * log(mean) - mean)
            after[c:, c * c:] += p * law[:n + 1 - c, :most + 1 - c * c]
        law = after
    return 1 - law[n].sum() / exp(-lgamma(n + 1) + n * log(n) - n)


for n, bins in (50, 2), (60, 2), (100, 4), (200, 8), (500, 16):
    for p in 2e-7, 2e-7 / 48:
        print(n, bins, f"{p:.1e}", f"{tail(n, bins, chi2.isf(p, bins - 1)) / p:.2f}", flush=True)
