#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""What pandas and scikit-learn make of a table of words and gaps, for tests/table.c.

Run in this folder: ./table.py > table.h (made with pandas 3.1.1, scikit-learn 1.9.1).
Features are in the order of the columns: a number, standardised; a number's mark, where it has gaps; a word's levels, and
its gaps behind them.
"""
import io

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

rng = np.random.default_rng(16)
N = 24
WORDS = ["zebra", "Ant", "ant", "ox"]
rows = []
for i in range(N):
    age = "" if i % 7 == 2 else "%.3g" % rng.uniform(20, 80)
    kind = "NA" if i % 5 == 3 else WORDS[rng.integers(4)]
    dose = "%.9g" % rng.lognormal(6, 2)
    site = ["north", "south"][rng.integers(2)]
    rows.append(f"{age},{kind},{dose},{site},{rng.normal(3, 2):.6g}")
TEXT = "age,kind,dose,site,y\n" + "\n".join(rows) + "\n"
table = pd.read_csv(io.StringIO(TEXT))
LEVELS = [sorted(table[c].dropna().unique(), key=str.encode) for c in ("kind", "site")]


def encoder(levels):
    return OneHotEncoder(categories=[levels], handle_unknown="ignore", sparse_output=False)


def numbers():
    return make_pipeline(SimpleImputer(strategy="mean"), StandardScaler())


# A row without a level is nothing yet, and then the levels' shares.
no_level = FunctionTransformer(lambda x: np.where(x.sum(1, keepdims=True) == 0, np.nan, x))
mean = ColumnTransformer([
    ("age", numbers(), ["age"]),
    ("kind", make_pipeline(encoder(LEVELS[0]), no_level, SimpleImputer(strategy="mean")), ["kind"]),
    ("dose", numbers(), ["dose"]),
    ("site", encoder(LEVELS[1]), ["site"]),
])
indicator = ColumnTransformer([
    ("age", numbers(), ["age"]),
    ("no age", MissingIndicator(), ["age"]),
    ("kind", encoder(LEVELS[0] + [np.nan]), ["kind"]),
    ("dose", numbers(), ["dose"]),
    ("site", encoder(LEVELS[1]), ["site"]),
])


def array(name, values):
    flat = np.asarray(values, dtype=float).ravel()
    text = ["%.17g" % v for v in flat]
    print(f"static const double {name}[{len(flat)}] = {{")
    for i in range(0, len(text), 6):
        print("\t" + ", ".join(text[i:i + 6]) + ",")
    print("};")


print("""/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Written by table.py from pandas and scikit-learn. */
""")
print("static const char golden_table[] =")
for line in TEXT.splitlines():
    print(f'\t"{line}\\n"')
print("\t;")
print(f"enum {{ GOLDEN_ROWS = {N} }};")
array("golden_mean", mean.fit(table).transform(table))
array("golden_indicator", indicator.fit(table).transform(table))
y = table[["y"]]
array("golden_target", StandardScaler().fit(y).transform(y))
