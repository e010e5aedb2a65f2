#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Known answers from MAPIE, scikit-learn and SciPy for the mathematics of decisions.

Run in this folder: ./decide.py > decide.h writes that header for conformal.c and decide_rules.c (made with MAPIE 1.6.0,
scikit-learn 1.9.1, SciPy 1.17.1 and NumPy 2.4.6).

Like is compared with like. MAPIE scores aps and raps by (mass of y and above) − v p_y with v uniform, which is Basin's
above + u p_y with u = 1 − v; the v that it draws are written down, so that Basin scores by them. Its sets then
take in the class that crosses the quantile ("include_last_label"), which for aps is Basin's set with u = 0 and the same
quantile, and for raps that with k_reg one greater, as MAPIE penalises the rank before; or, randomised, the exact set
(aps alone: its raps follows another form of the randomisation).
"""
import warnings

import numpy as np
from mapie.classification import SplitConformalClassifier
from mapie.conformity_scores import APSConformityScore, RAPSConformityScore, ResidualNormalisedScore
from mapie.regression import ConformalizedQuantileRegressor, SplitConformalRegressor
from mapie.utils import _compute_classification_quantile
from scipy import optimize, special, stats
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.calibration import _TemperatureScaling

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261127)
N, NEW, C = 150, 40, 8
LEVEL = 0.9


def array(name, values, kind="double"):
    flat = np.asarray(values).ravel()
    text = ["%.17g" % v if kind == "double" else str(int(v)) for v in flat]
    print(f"static const {kind} {name}[{len(flat)}] = {{")
    for i in range(0, len(text), 6):
        print("\t" + ", ".join(text[i:i + 6]) + ",")
    print("};")


def number(name, value):
    print(f"static const double {name} = {value:.17g};")


class Told(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are the features."""
    classes_ = np.arange(C)

    def fit(self, x, y):
        return self

    def predict_proba(self, x):
        return np.asarray(x)

    def predict(self, x):
        return np.asarray(x).argmax(1)

    def __sklearn_is_fitted__(self):
        return True


class Column(RegressorMixin, BaseEstimator):
    """A regression whose prediction is a feature."""
    def __init__(self, column=0):
        self.column = column
        self.fitted_ = True

    def fit(self, x, y):
        return self

    def predict(self, x):
        return np.asarray(x)[:, self.column]


def classes():
    # Too sure, so that T > 1; labels follow the flatter ones.
    z = rng.normal(size=(N + NEW, C)) * 1.7
    y = np.array([rng.choice(C, p=q) for q in special.softmax(z, axis=1)])
    p = special.softmax(1.6 * z, axis=1)
    return p[:N], y[:N], p[N:]


def conformal(p, y, new):
    def fitted(score, **options):
        c = SplitConformalClassifier(Told(), confidence_level=LEVEL, conformity_score=score, prefit=True, random_state=5)
        c.conformalize(p, y)
        _, sets = c.predict_set(new, conformity_score_params=options)
        inner = c._mapie_classifier
        return inner.conformity_scores_.ravel(), float(np.ravel(inner.conformity_score_function_.quantiles_)[0]), sets[:, :, 0]

    scores, q, sets = fitted("lac")
    array("lac_scores", scores), number("lac_q", q), array("lac_sets", sets, "int")
    # A quantile a class.
    array("lac_class_q", [_compute_classification_quantile(scores[y == k], np.array([0.3]))[0] for k in range(C)])

    v = np.random.RandomState(5).uniform(size=N)
    array("set_u", 1 - v)
    scores, q, sets = fitted("aps")
    array("aps_scores", scores), number("aps_q", q), array("aps_sets", sets, "int")
    _, q_again, sets = fitted("aps", include_last_label="randomized")
    assert q == q_again
    array("aps_new_u", 1 - np.random.RandomState(5).uniform(size=NEW)), array("aps_random_sets", sets, "int")

    # MAPIE chooses λ and k_reg by a part of the calibration set; here they are told.
    raps, alpha = RAPSConformityScore(), np.array([1 - LEVEL])
    raps.lambda_star, raps.k_star = 0.07, 2
    total, rank = APSConformityScore.get_true_label_cumsum_proba(y, p, np.arange(C))
    scores = raps._regularize_conformity_score(np.array([2]), 0.07, total - v[:, None] * np.take_along_axis(p, y[:, None], 1),
                                               rank)
    raps.quantiles_ = _compute_classification_quantile(scores, alpha)
    sets = raps.get_prediction_sets(new[:, :, None], scores, alpha, "prefit", include_last_label=True)
    array("raps_scores", scores), number("raps_q", raps.quantiles_[0]), array("raps_sets", sets, "int")


def intervals():
    x = rng.normal(size=N + NEW)
    mean, sd = 2 * x, 0.3 + np.abs(x)
    low, high = mean - 1.5 * sd, mean + 1.8 * sd
    y = mean + rng.normal(size=N + NEW) * sd * 0.9
    told = np.stack([mean, sd, low, high], 1)
    cal, new = slice(0, N), slice(N, None)
    array("told", told), array("target", y[cal])
    normalised = ResidualNormalisedScore(residual_estimator=Column(1), prefit=True, sym=True)
    for name, score in (("absolute", "absolute"), ("normalised", normalised)):
        c = SplitConformalRegressor(Column(0), confidence_level=LEVEL, conformity_score=score, prefit=True)
        c.conformalize(told[cal], y[cal])
        array(name + "_intervals", c.predict_interval(told[new])[1][:, :, 0])
    c = ConformalizedQuantileRegressor([Column(2), Column(3), Column(0)], confidence_level=LEVEL, prefit=True)
    c.conformalize(told[cal], y[cal])
    array("quantiles_intervals", c.predict_interval(told[new], symmetric_correction=True)[1][:, :, 0])


def temperature(p, y):
    number("sklearn_t", 1 / _TemperatureScaling().fit(p, y).beta_)
    z = np.log(p + 1e-12)

    def objective(b, w):
        q = special.log_softmax(b * z, axis=1)
        return -q[np.arange(len(y)), y].mean() - w / len(y) * q.mean()

    for w in (0, 1, 25):
        # The root of a central difference: exact to more digits than a minimum is.
        b = optimize.brentq(lambda b: objective(b + 1e-5, w) - objective(b - 1e-5, w), 0.05, 20, xtol=1e-13)
        number(f"t_pseudo_{w}", 1 / b)
    number("t_nll_before", objective(1, 0))
    number("t_nll_after", optimize.minimize_scalar(lambda b: objective(b, 0), bounds=(0.05, 20), method="bounded",
                                                   options={"xatol": 1e-12}).fun)
    array("t_row", special.softmax(np.log(p[0] + 1e-12) / 2.5))


def bounds():
    cases = [(0, 59), (0, 1), (3, 40), (12, 500), (700, 20000), (5, 5), (40000, 1000000)]
    array("cp_errors", [e for e, n in cases], "int"), array("cp_n", [n for e, n in cases], "int")
    array("cp_upper", [1 if e == n else stats.beta.ppf(0.99, e + 1, n - e) for e, n in cases])
    laws = [(900, 101), (5, 3), (1, 20), (900001, 100000), (9000001, 1000000), (5e8, 5e8 + 1)]
    array("beta_ab", laws)
    array("beta_quantiles", [[stats.beta.ppf(u, a, b) for u in (0.01, 0.4, 0.975)] for a, b in laws])


print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
print("/* SPDX-FileCopyrightText: 2026 the Basin contributors */")
print("/* Written by decide.py from MAPIE, scikit-learn and SciPy; each test uses a part of it. */")
print('#pragma GCC diagnostic ignored "-Wunused-const-variable"')
print(f"enum {{ CAL = {N}, NEW = {NEW}, CLASSES = {C} }};")
p, y, new = classes()
array("cal_p", p), array("cal_y", y, "int"), array("new_p", new)
conformal(p, y, new)
intervals()
temperature(p, y)
bounds()
