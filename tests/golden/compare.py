#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Known answers from NumPy and SciPy for basin compare.

Run in this folder: ./compare.py > compare.h writes that header for compare_distances.c, and other.npy and compare.txt for
compare.t, where other.npy is compared with probs.npy of metrics.py (made with NumPy 1.24.2 and SciPy 1.10.1).
"""
import numpy as np
from scipy import integrate, optimize, special, stats

rng = np.random.default_rng(20261126)


def array(name, values, kind="double"):
    text = ["%.17g" % v for v in np.asarray(values).ravel()]
    print(f"static const {kind} {name}[{len(text)}] = {{")
    for i in range(0, len(text), 6):
        print("\t" + ", ".join(text[i:i + 6]) + ",")
    print("};")


def number(name, value):
    print(f"static const double {name} = {value:.17g};")


def size(name, value):
    print(f"enum {{ {name} = {value} }};")


def mean_se(x):
    return x.mean(), x.std(ddof=1) / np.sqrt(len(x))


def distances(a, b):
    """Of members' probabilities (S, n, C)."""
    p, q = a.mean(0), b.mean(0)
    agrees = (p.argmax(1) == q.argmax(1)).astype(float)
    variation = np.abs(p - q).sum(1) / 2
    w1 = np.array([sum(stats.wasserstein_distance(a[:, i, c], b[:, i, c]) for c in range(a.shape[2])) / 2
                   for i in range(a.shape[1])])
    assert (w1 >= variation - 1e-12).all()
    return {"agreement": mean_se(agrees), "total_variation": mean_se(variation), "w1": mean_se(w1)}


def paired(a, b):
    d = b - a
    se = d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), se, (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * se


def scores(p, y):
    mean = p.mean(0)
    own = mean[np.arange(len(y)), y]
    return {"accuracy": (mean.argmax(1) == y).astype(float), "nll": -np.log(own),
            "brier": ((mean - np.eye(mean.shape[1])[y]) ** 2).sum(1)}


def quantile(mu, sd, u):
    low, high = mu.min() - 40 * sd, mu.max() + 40 * sd
    # From the nearer end, so that small tails keep their digits.
    if u < 0.5:
        return optimize.brentq(lambda x: stats.norm.cdf(x, mu, sd).mean() - u, low, high, xtol=1e-13, rtol=1e-14)
    return optimize.brentq(lambda x: stats.norm.sf(x, mu, sd).mean() - (1 - u), low, high, xtol=1e-13, rtol=1e-14)


def w2(mu_a, sd_a, mu_b, sd_b):
    def square(z):
        u = special.ndtr(z)
        return (quantile(mu_a, sd_a, u) - quantile(mu_b, sd_b, u)) ** 2 * stats.norm.pdf(z)
    parts = np.linspace(-7, 7, 57)
    return np.sqrt(sum(integrate.quad(square, a, b, limit=200, epsabs=1e-11, epsrel=1e-9)[0] for a, b in zip(parts, parts[1:])))


def file():
    """other.npy beside probs.npy."""
    probs, y = np.load("probs.npy"), np.load("labels.npy")
    shift = rng.normal(size=(1,) + probs.shape[1:]) * 0.8
    logits = np.log(np.maximum(probs[:3], 1e-12)) + shift + rng.normal(size=(3,) + probs.shape[1:]) * 0.5
    other = special.softmax(logits, axis=2)
    np.save("other.npy", other)
    with open("compare.txt", "w") as to:
        for name, (value, se) in distances(probs, other).items():
            print(f"{name} {value:.17g}\n{name}_se {se:.17g}", file=to)
        for name, (value, _) in distances(probs[:3], probs[3:]).items():
            print(f"ceiling_{name} {value:.17g}", file=to)
        a, b = scores(probs, y), scores(other, y)
        for name in a:
            difference, se, detectable = paired(a[name], b[name])
            print(f"{name}_difference {difference:.17g}\n{name}_difference_se {se:.17g}\n"
                  f"{name}_difference_detectable {detectable:.17g}", file=to)


def header():
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */\n/* SPDX-FileCopyrightText: 2026 the Basin contributors */\n"
          "/* Made by compare.py. */")
    n, c = 30, 3
    a = special.softmax(rng.normal(size=(7, n, c)) * 2 + rng.normal(size=(n, c)), axis=2).astype(np.float32)
    b = special.softmax(rng.normal(size=(4, n, c)) * 2 + rng.normal(size=(n, c)) * 0.5, axis=2).astype(np.float32)
    size("V_N", n), size("V_CLASSES", c), size("V_A", len(a)), size("V_B", len(b))
    array("v_a", a, "float")
    array("v_b", b, "float")
    for name, (value, se) in distances(a.astype(float), b.astype(float)).items():
        number(f"v_{name}", value), number(f"v_{name}_se", se)
    for name, (value, _) in distances(a[:4].astype(float), a[4:].astype(float)).items():
        number(f"v_halves_{name}", value)
    mu_a, mu_b = np.sort(rng.normal(size=9) * 2), np.sort(1 + rng.normal(size=5))
    size("M_A", len(mu_a)), size("M_B", len(mu_b))
    array("m_a", mu_a)
    array("m_b", mu_b)
    number("m_w1_of_means", stats.wasserstein_distance(mu_a, mu_b))
    number("m_w2_equal", w2(mu_a, 0.7, mu_b, 0.7))
    number("m_w2_unequal", w2(mu_a, 0.3, mu_b, 1.1))
    number("m_w2_far", w2(np.array([0.0] * 9 + [100.0]), 1, np.array([0.0]), 1))
    x, y = rng.normal(size=50), rng.normal(size=50) + 0.2
    size("D_N", len(x))
    array("d_x", x)
    array("d_y", y)
    for name, value in zip(("difference", "se", "detectable"), paired(x, y)):
        number(f"d_{name}", value)


file()
header()
