#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Known answers from scikit-learn, SciPy, relplot and plain NumPy for tests/scores.c.

./scores.py > scores.h (made with NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, relplot 1.0.3).
"""
import numpy as np
import relplot
from scipy import integrate, optimize, special, stats
from sklearn import metrics

rng = np.random.default_rng(20260202)
BINS = 15


def array(name, values, kind="double"):
    flat = np.asarray(values).ravel()
    text = [str(int(v)) if kind == "int32_t" else "%.17g" % v for v in flat]
    print(f"static const {kind} {name}[{len(flat)}] = {{")
    for i in range(0, len(text), 6):
        print("\t" + ", ".join(text[i:i + 6]) + ",")
    print("};")


def number(name, value):
    print(f"static const double {name} = {value:.17g};")


def size(name, value):
    print(f"enum {{ {name} = {value} }};")


def gaps(p, hit, bins):
    return sum(abs((hit[bins == b] - p[bins == b]).sum()) for b in range(BINS)) / len(p)


def width_bins(p):
    return np.clip(np.ceil(p * BINS).astype(int) - 1, 0, BINS - 1)


def mass_bins(p):
    """Ranks of equal confidences count as the first of them."""
    first = np.searchsorted(np.sort(p), p, side="left")
    return first * BINS // len(p)


def smooth_error(f, y, sigma):
    """By the definition: reflected Gaussians and quadrature."""
    t = np.linspace(0, 1, 8001)
    r = np.zeros_like(t)
    for m in range(-6, 7):
        for centre in (f + 2 * m, -f + 2 * m):
            if np.abs(centre[:, None] - np.array([0, 1])).min() > 1 + 9 * sigma:
                continue
            r += ((y - f)[:, None] * stats.norm.pdf(t, centre[:, None], sigma)).mean(0)
    return integrate.trapezoid(np.abs(r), t)


def selective(f, y):
    """Means over random orders of ties, by exact expectations."""
    n = len(f)
    order = np.argsort(-f, kind="stable")
    value, start, count = np.unique(-f[order], return_index=True, return_counts=True)
    wrong = np.concatenate([np.full(c, (1 - y[order][s:s + c]).mean()) for s, c in zip(start, count)])
    cumulative = np.cumsum(wrong)
    k = np.arange(1, n + 1)
    top = int(np.ceil(0.8 * n - 1e-9))
    auroc = metrics.roc_auc_score(y, f) if 0 < y.mean() < 1 else 0.5
    accuracy = y.mean()
    augrc = (1 - auroc) * accuracy * (1 - accuracy) + (1 - accuracy) ** 2 / 2  # Traub et al. 2024
    return (cumulative / k).mean(), augrc, 1 - cumulative[top - 1] / top


def classification(tag, s, n, c, rounding, classes):
    z = rng.normal(size=(1, n, c)) * 2 + rng.normal(size=(s, n, c))
    p = special.softmax(z, axis=2)
    if rounding:
        p = np.round(p * rounding) / rounding  # many ties, zeros and ones
        p[:, :, -1] = 1 - p[:, :, :-1].sum(2)
        p = np.abs(p) / np.abs(p).sum(2, keepdims=True)
    # Labels of members' own probabilities, so that calibration is neither perfect nor hopeless; not all classes.
    mean = p.mean(0)
    y = np.array([rng.choice(c, p=special.softmax(np.log(q + 1e-3) * 0.7)) for q in mean]) % classes
    best = mean.argmax(1)
    f, hit = mean.max(1), (best == y).astype(float)
    size(f"{tag}_MEMBERS", s), size(f"{tag}_N", n), size(f"{tag}_CLASSES", c)
    array(f"{tag}_probs", p), array(f"{tag}_labels", y, "int32_t")
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, best, labels=range(c), zero_division=np.nan)
    array(f"{tag}_precision", np.nan_to_num(precision, nan=-1)), array(f"{tag}_recall", np.nan_to_num(recall, nan=-1))
    array(f"{tag}_f1", np.nan_to_num(f1, nan=-1)), array(f"{tag}_support", support, "int32_t")
    array(f"{tag}_confusion", metrics.confusion_matrix(y, best, labels=range(c)), "int32_t")
    if c == 2:
        number(f"{tag}_auroc", metrics.roc_auc_score(y, mean[:, 1]))
        number(f"{tag}_aupr", metrics.average_precision_score(y, mean[:, 1]))
    number(f"{tag}_ece", gaps(f, hit, width_bins(f)))
    number(f"{tag}_ece_adaptive", gaps(f, hit, mass_bins(f)))
    number(f"{tag}_ece_classwise", np.mean([gaps(mean[:, k], y == k, width_bins(mean[:, k])) for k in range(c)]))
    own = optimize.brentq(lambda sigma: smooth_error(f, hit, sigma) - sigma, 2e-3, 0.9, xtol=1e-9)
    number(f"{tag}_smooth_ece", own)
    number(f"{tag}_smooth_ece_relplot", relplot.smECE(f, hit))
    number(f"{tag}_smooth_ece_at_5", smooth_error(f, hit, 0.05))
    for name, value in zip(("aurc", "augrc", "accuracy_at_80"), selective(f, hit)):
        number(f"{tag}_{name}", value)
    own_log = np.log(np.maximum(p[:, np.arange(n), y], 1e-300))
    number(f"{tag}_ambiguity", (np.log(mean[np.arange(n), y]) - own_log.mean(0)).mean() if not rounding else 0)


def regression():
    s, n, k, sd = 5, 50, 2, 0.3
    shift, scale = np.array([10.0, -2.0]), np.array([3.0, 0.5])
    out = (rng.normal(size=(1, n, k)) + 0.5 * rng.normal(size=(s, n, k))).astype(np.float32)
    y = shift + scale * (out[0] + 0.6 * rng.normal(size=(n, k)))
    mu = shift + scale * out.astype(np.float64)
    below = stats.norm.cdf(y, mu, sd * scale).mean(0)
    size("I_MEMBERS", s), size("I_N", n), size("I_K", k)
    number("i_sd", sd)
    array("i_shift", shift), array("i_scale", scale), array("i_output", out, "float"), array("i_y", y)
    levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
    array("i_counts", [((below >= (1 - q) / 2) & (below <= (1 + q) / 2)).sum() for q in levels], "int32_t")
    number("i_ambiguity", np.mean([((m - y) ** 2).mean() for m in mu]) - ((mu.mean(0) - y) ** 2).mean())


print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
print("/* SPDX-FileCopyrightText: 2026 the Basin contributors */")
print("/* Written by scores.py from NumPy, SciPy, scikit-learn and relplot. */")
print("#include <stdint.h>\n")
classification("A", 4, 120, 5, 0, 5)    # a plain ensemble
classification("B", 3, 90, 2, 0, 2)     # two classes
classification("T", 2, 80, 4, 4, 3)     # many ties; the last class has no rows
regression()
