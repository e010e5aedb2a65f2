#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes convergence.h: draws of some chains and what ArviZ makes of them (made with ArviZ 0.23.4, NumPy 2.4.6, SciPy 1.17.1).
Where ArviZ and Basin differ, ArviZ's functions are called as Basin has it: R-hat of one chain, which ArviZ refuses, is that
of its halves; an indicator that is the same for all draws, which ArviZ takes to be worth them all, has no part in the tail's
number; a spread below 1e-15, which ArviZ takes for none, and one that is small beside the mean, which it loses digits of,
are taken out before and put back."""
import collections
import warnings

warnings.simplefilter("ignore")
import numpy as np
from arviz.stats import diagnostics as d

rng = np.random.default_rng(15)


def ar(chains, n, a, scale=1.0):
    x = np.empty((chains, n))
    x[:, 0] = rng.normal(size=chains) / np.sqrt(1 - a * a)
    for t in range(1, n):
        x[:, t] = a * x[:, t - 1] + rng.normal(size=chains)
    return x * scale


def normal(chains, n):
    return rng.normal(size=(chains, n))


apart = normal(4, 40)
apart[3] += 1.5
wider = normal(4, 60)
wider[0] *= 6
frozen = normal(2, 30)
frozen[1] = 0.25
trend = normal(1, 80) + np.linspace(0, 3, 80)
Case = collections.namedtuple("Case", "name draws shift scale", defaults=(0.0, 1.0))
cases = [Case(*case) for case in [
    ("four chains", normal(4, 50)),
    ("two chains of odd length", normal(2, 51)),
    ("one chain", ar(1, 120, 0.5)),
    ("one chain of 21, whose quantiles are draws", normal(1, 21)),
    ("one chain with a trend", trend),
    ("heavy tails", rng.standard_cauchy(size=(4, 60))),
    ("ties", np.round(2 * ar(4, 40, 0.3))),
    ("two values", (normal(2, 40) > 0.4).astype(float)),
    ("antithetic chains", ar(2, 90, -0.8)),
    ("slow chains", ar(4, 100, 0.95)),
    ("a chain apart", apart),
    ("a wider chain, which folding finds", wider),
    ("a frozen chain beside one that moves", frozen),
    ("a small spread about a large number", 1e6 + 2.0 ** -30 * np.round(2.0 ** 20 * ar(2, 50, 0.6)), 1e6),
    ("tiny numbers", ar(2, 50, 0.6, 2.0 ** -40), 0.0, 2.0 ** -40),
    ("four draws", normal(4, 4)),
    ("five draws", normal(3, 5)),
    ("seven draws", normal(2, 7)),
    ("twelve draws", ar(2, 12, 0.7)),
]]


def rhat(x):
    halves = d._split_chains(x)
    return max(d._rhat(d._z_scale(halves)), d._rhat(d._z_scale(abs(halves - np.median(halves)))))


def tail(x):
    kept = [d._ess_quantile(x, q) for q in (0.05, 0.95) if len(np.unique(d._split_chains(x <= d._quantile(x, q)[0]))) > 1]
    return min(kept, default=d._ess_bulk(x))


def figures(case):
    x = (case.draws - case.shift) / case.scale
    ess = d._ess_mean(x)
    return [case.shift + case.scale * x.mean(), case.scale * x.std(ddof=1), rhat(x), d._ess_bulk(x), tail(x), ess,
            case.scale * d._mcse_mean(x), case.scale * d._mcse_sd(x), d._split_chains(x).size / ess]


def numbers(values):
    lines, line = [], "\t"
    for v in values:
        word = "%.17g, " % v
        if len(line) + len(word) > 118:
            lines.append(line.rstrip())
            line = "\t"
        line += word
    return "\n".join(lines + [line.rstrip()])


with open("convergence.h", "w") as f:
    f.write("/* SPDX-License-Identifier: GPL-3.0-or-later */\n/* SPDX-FileCopyrightText: 2026 the Basin contributors */\n"
            "/* Made by convergence.py: draws, and what ArviZ makes of them, in the order of struct convergence. */\n")
    rows = []
    for i, case in enumerate(cases):
        f.write("static const double convergence_draws_%d[] = {\n%s\n};\n" % (i, numbers(case.draws.ravel())))
        rows.append('\t{"%s", %d, %d, convergence_draws_%d, {\n%s\n\t}},\n'
                    % (case.name, *case.draws.shape, i, numbers(figures(case)).replace("\t", "\t\t")))
    f.write("enum { CONVERGENCE_FIGURES = 9 };\nstatic const struct {\n\tconst char *name;\n\tint chains, n;\n"
            "\tconst double *draws;\n\tdouble want[CONVERGENCE_FIGURES];\n} convergence_cases[] = {\n%s};\n" % "".join(rows))
