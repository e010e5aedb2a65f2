#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Known answers from NumPy and SciPy for basin decide and basin predict --decide.

Run in this folder: ./decisions.py > decisions.txt writes that file and decisions_probs.npy, (members, rows, classes), with
decisions_labels.npy, which rules are learnt from and applied to (made with NumPy 1.24.2 and SciPy 1.10.1). A line is a word
of the options that decisions.t gives, a member of the report and its value.
"""
import numpy as np
from scipy import optimize, stats

N, C, S = 200, 8, 3
COVERAGE, RAPS_COVERAGE, FALSE_ALARM, DELTA = 0.85, 0.98, 0.1, 0.05

rng = np.random.default_rng(16)
logits = rng.normal(0, 2, (N, C))
label = np.array([rng.choice(C, p=q) for q in np.exp(logits) / np.exp(logits).sum(1, keepdims=True)])
members = 1.7 * logits + rng.normal(0, 0.8, (S, N, C))
probs = np.exp(members) / np.exp(members).sum(2, keepdims=True)
np.save("decisions_probs.npy", probs)
np.save("decisions_labels.npy", label.astype(np.uint8))
p = probs.mean(0)
own = p[np.arange(N), label]


def tell(words, name, value):
    print(words, name, "%.17g" % value)


def threshold(scores, coverage=COVERAGE):
    k = int(np.ceil((len(scores) + 1) * coverage - 1e-9))
    return np.sort(scores)[k - 1] if k <= len(scores) else np.inf


# Scores of every class: lac's; the mass of classes that are more probable, and with raps' penalty.
lac = 1 - p
aps = np.array([[q[q > q[y]].sum() for y in range(C)] for q in p])
rank = np.array([[1 + (q > q[y]).sum() for y in range(C)] for q in p])
raps = aps + 0.01 * np.maximum(0, rank - 5)
for name, score, coverage in ("lac", lac, COVERAGE), ("aps", aps, COVERAGE), ("raps", raps, RAPS_COVERAGE):
    q = threshold(score[np.arange(N), label], coverage)
    sets = score <= q + 1e-12
    sets[np.arange(N), p.argmax(1)] = True
    tell(name, "threshold", q)
    tell(name, "set_size", sets.sum(1).mean())
    tell(name, "set_coverage", sets[np.arange(N), label].mean())
qs = np.array([threshold(lac[label == y, y]) for y in range(C)])
sets = lac <= qs + 1e-12
sets[np.arange(N), p.argmax(1)] = True
for y in range(C):
    tell("by-class", f"threshold_{y}", qs[y])
tell("by-class", "set_size", sets.sum(1).mean())
tell("by-class", "set_coverage", sets[np.arange(N), label].mean())

# The NLL of these rows and of one more in all whose label says nothing.
l = np.log(p + 1e-12)


def loss(b):
    logs = b * l - np.log(np.exp(b * l).sum(1, keepdims=True))
    return -logs[np.arange(N), label].sum() - logs.mean()


b = optimize.minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-12}).x
scaled = p ** b
scaled /= scaled.sum(1, keepdims=True)
tell("scaling", "temperature", 1 / b)
tell("scaling", "nll_scaled", -np.log(scaled[np.arange(N), label]).mean())
tell("scaling", "scaled_0", scaled[0, 0])

# An alarm is a score above the k-th smallest: the least k that a tolerance limit allows.
entropy = -(p * np.log(p)).sum(1)
k = next(k for k in range(1, N + 1) if stats.beta.cdf(FALSE_ALARM, N + 1 - k, k) >= 1 - DELTA)
tell("alarm", "threshold", np.sort(entropy)[k - 1])
tell("alarm", "bound", stats.beta.ppf(1 - DELTA, N + 1 - k, k))
tell("alarm", "alarms", (entropy > np.sort(entropy)[k - 1]).mean())
