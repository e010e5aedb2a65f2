#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Inputs and known answers from NumPy, SciPy and scikit-learn for the tests of predict/.

Run in this folder: ./metrics.py > metrics.h writes that header for the C tests, and probs.npy, labels.npy, ood.npy and
predict.txt for predict.t (made with NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1).
"""
import numpy as np
from scipy import integrate, optimize, special, stats
from sklearn import metrics

rng = np.random.default_rng(20260101)


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


def ece(p, y):
    confidence, right = p.max(1), p.argmax(1) == y
    total = 0.0
    for k in range(15):
        inside = (confidence > k / 15) & (confidence <= (k + 1) / 15)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def classification():
    s, n, c = 5, 60, 4
    logits = (rng.normal(size=(s, n, c)) * 2).astype(np.float32)
    logits[:, 7, 1] = logits[:, 7, 2] = 9.0  # a tie of the two largest in every member
    logits[:, 8, :] = 0.25  # all equal
    y = rng.integers(0, c, n)
    y[7], y[8] = 2, 0
    y[20:] = np.where(rng.random(n - 20) < 0.6, logits[0, 20:].argmax(1), y[20:])
    p = special.softmax(logits.astype(np.float64), axis=2)
    mean = p.mean(0)
    mean[7, 2] = mean[7, 1]
    size("C_MEMBERS", s), size("C_N", n), size("C_CLASSES", c)
    array("c_logits", logits, "float")
    array("c_probs", p)
    array("c_labels", y, "int32_t")
    number("c_accuracy", metrics.accuracy_score(y, mean.argmax(1)))
    number("c_nll", metrics.log_loss(y, mean, labels=range(c)))
    number("c_brier", metrics.brier_score_loss(y, mean, labels=range(c), scale_by_half=False))
    number("c_ece", ece(mean, y))
    number("c_entropy", stats.entropy(mean, axis=1).mean())
    number("c_expected_entropy", stats.entropy(p, axis=2).mean())
    number("c_max_logit_3", -logits[:, 3].astype(np.float64).max(1).mean())
    number("c_energy_3", -special.logsumexp(logits[:, 3].astype(np.float64), axis=1).mean())
    files(p, y, mean)
    number("c_mi_3", stats.entropy(mean[3]) - stats.entropy(p[:, 3], axis=1).mean())


def files(p, y, mean):
    """What predict.t reads: the members' probabilities, and a second set of them, twice as flat, as foreign."""
    flat = special.softmax(np.log(p[:, :35]) / 2, axis=2)
    np.save("probs.npy", p), np.save("labels.npy", y.astype(np.uint8)), np.save("ood.npy", flat.astype(np.float32))
    flat = flat.astype(np.float32).astype(np.float64)
    mean = p.mean(0)
    ood = np.r_[np.zeros(len(y)), np.ones(35)]
    entropy = np.r_[stats.entropy(mean, axis=1), stats.entropy(flat.mean(0), axis=1)]
    mi = entropy - np.r_[stats.entropy(p, axis=2).mean(0), stats.entropy(flat, axis=2).mean(0)]
    msp = -np.r_[mean.max(1), flat.mean(0).max(1)]
    with open("predict.txt", "w") as out:
        def say(key, value):
            out.write(f"{key} {value:.15g}\n")
        say("accuracy", metrics.accuracy_score(y, mean.argmax(1)))
        say("nll", metrics.log_loss(y, mean, labels=range(4)))
        say("brier", metrics.brier_score_loss(y, mean, labels=range(4), scale_by_half=False))
        say("ece", ece(mean, y))
        say("entropy", entropy[:len(y)].mean())
        say("mutual_information", mi[:len(y)].mean())
        say("first_nll", metrics.log_loss(y, p[0], labels=range(4)))
        for name, score in (("entropy", entropy), ("mi", mi), ("msp", msp)):
            say(f"auroc_{name}", metrics.roc_auc_score(ood, score))
            say(f"aupr_out_{name}", metrics.average_precision_score(ood, score))
            say(f"aupr_in_{name}", metrics.average_precision_score(1 - ood, -score))
            fpr, tpr, _ = metrics.roc_curve(ood, score, drop_intermediate=False)
            say(f"fpr95_{name}", fpr[np.argmax(tpr >= 0.95)])


def detection():
    """Scores on a coarse grid, so that there are many ties within and between the sets."""
    ids = np.round(rng.normal(0, 1, 137) * 4) / 4
    oods = np.round(rng.normal(1, 1.3, 91) * 4) / 4
    number_of = {"t": (ids, oods), "u": (rng.normal(0, 1, 50), rng.normal(0.3, 1, 200)),
                 "e": (np.full(20, 0.5), np.full(10, 0.5))}
    for tag, (a, b) in number_of.items():
        score, ood = np.concatenate([a, b]), np.r_[np.zeros(len(a)), np.ones(len(b))]
        array(f"{tag}_id", a), array(f"{tag}_ood", b)
        number(f"{tag}_auroc", metrics.roc_auc_score(ood, score))
        number(f"{tag}_aupr_out", metrics.average_precision_score(ood, score))
        number(f"{tag}_aupr_in", metrics.average_precision_score(1 - ood, -score))
        for name, truth, value in (("fpr95", ood, score), ("fpr95_in", 1 - ood, -score)):
            fpr, tpr, _ = metrics.roc_curve(truth, value, drop_intermediate=False)
            number(f"{tag}_{name}", fpr[np.argmax(tpr >= 0.95)])


def regression():
    s, n, k, sd = 7, 40, 2, 0.4
    shift, scale = np.array([100.0, -3.0]), np.array([12.0, 0.05])
    out = (rng.normal(size=(1, n, k)) + 0.7 * rng.normal(size=(s, n, k))).astype(np.float32)
    y = (shift + scale * (out[0] + 0.9 * rng.normal(size=(n, k)))).astype(np.float32)
    mu = shift + scale * out.astype(np.float64)
    sigma = sd * scale
    density = stats.norm.logpdf(y.astype(np.float64), mu, sigma).sum(2)
    crps, inside = [], []
    for i in range(n):
        for j in range(k):
            def cdf(x):
                return stats.norm.cdf(x, mu[:, i, j], sigma[j]).mean()
            t, lo, hi = float(y[i, j]), mu[:, i, j].min() - 12 * sigma[j], mu[:, i, j].max() + 12 * sigma[j]
            lo, hi = min(lo, t), max(hi, t)
            breaks = sorted(m for m in mu[:, i, j])
            crps.append(integrate.quad(lambda x: cdf(x) ** 2, lo, t, epsabs=1e-12, limit=500,
                                       points=[b for b in breaks if lo < b < t] or None)[0]
                        + integrate.quad(lambda x: (1 - cdf(x)) ** 2, t, hi, epsabs=1e-12, limit=500,
                                         points=[b for b in breaks if t < b < hi] or None)[0])
            quantile = [optimize.brentq(lambda x: cdf(x) - q, lo, hi, xtol=1e-13) for q in (0.025, 0.975)]
            inside.append(quantile[0] <= t <= quantile[1])
    size("R_MEMBERS", s), size("R_N", n), size("R_K", k)
    number("r_sd", sd)
    array("r_shift", shift), array("r_scale", scale)
    array("r_output", out, "float"), array("r_y", y, "float")
    number("r_nll", -(special.logsumexp(density, axis=0) - np.log(s)).mean())
    number("r_rmse", np.sqrt(metrics.mean_squared_error(y.astype(np.float64), mu.mean(0))))
    number("r_crps", np.mean(crps))
    number("r_coverage", np.mean(inside))


print("/* SPDX-License-Identifier: GPL-3.0-or-later */")


print("/* SPDX-FileCopyrightText: 2026 the Basin contributors */")
print("/* Written by metrics.py from NumPy, SciPy and scikit-learn; each test uses a part of it. */")
print("#pragma GCC diagnostic ignored \"-Wunused-const-variable\"")
print("#include <stdint.h>\n")
classification()
detection()
regression()
