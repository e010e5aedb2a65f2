#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The tables and plots of noisy-labels.md, coupling.md and flatness.md.

    paper_tables.py [RESULTS.jsonl]         the tables, of paper.jsonl beside this file unless another is named
    paper_tables.py fill [RESULTS.jsonl [FOLDER]]
                                            puts them between the marks of the documents in FOLDER, and draws the plots there
"""
import io
import math
import os
import sys
from contextlib import redirect_stdout
from statistics import mean

from cifar10_tables import cell, table
from paper_lines import FIRST, GRID, best_of, implied_eta, next_lr, read, tried
from paper_stats import bound, count_cell, difference, good, machines, minutes, number, spread, seeds_cell, spread_words, verdict
import paper_plot

HERE = os.path.dirname(os.path.abspath(__file__))
SETS = {"cifar10n": "CIFAR-10N, aggregate labels", "cifar100n": "CIFAR-100N, noisy labels"}
# Rows of section 4.3: epochs, gradients in passes over the set.
ROWS = {"sgd": (8, 8), "adamw": (8, 8), "fsgld": (8, 8), "sam": (8, 16), "asam": (8, 16), "sam-half": (4, 8), "asam-half": (4, 8)}
BETAS, SIGMAS = (1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10), (0.0, 1e-3, 3e-3, 6.31e-3, 1e-2, 3e-2, 1e-1)
BETA, SIGMA = 1e8, 6.31e-3
METHODS = ("sgd", "sgld", "fsgld", "sam")
BINS = (-math.inf, -1, -0.1, 0.1, 1, 10, math.inf)


# ---- section 4.3 ----

def search_table(lines):
    rows = []
    for data in SETS:
        for method in FIRST:
            scores, grid = tried(lines, data, method), GRID[method]
            if not scores:
                rows.append([data, method, "not run", "-"])
                continue
            words = ["%s: %s" % (lr, "diverged" if scores[lr] < 0 else "%.2f" % (100 * scores[lr])) for lr in grid if lr in scores]
            best = best_of(scores, grid)
            ended = next_lr(lines, data, method) is None
            edge = " (an end of the list)" if best in (grid[0], grid[-1]) else ""
            rows.append([data, method, ", ".join(words), best + edge if ended else "not ended"])
    table(["set", "method", "λ: accuracy on the held-out rows, %", "chosen"], rows)


def of_set(lines, data):
    """The lines of section 4.3 by row."""
    return {name: [line for line in lines if line["part"] == "labels" and line["name"] == data + "-" + name] for name in ROWS}


def final(lines):
    return [100 * line["accuracy"][-1] for line in good(lines)]


def best(lines):
    return [100 * max(line["accuracy"]) for line in good(lines)]


def best_epochs(lines):
    return ", ".join(str(1 + line["accuracy"].index(max(line["accuracy"]))) for line in good(lines)) or "-"


def labels_tables(lines):
    for data, words in SETS.items():
        by_row = of_set(lines, data)
        rows = []
        for name, (epochs, gradients) in ROWS.items():
            row = by_row[name]
            train = [line["train"] for line in good(row)]
            rows.append([name, str(epochs), str(gradients), count_cell(row), seeds_cell(final(row), "%.2f"),
                         seeds_cell(best(row), "%.2f"), best_epochs(row),
                         seeds_cell([line["nll"][-1] for line in good(row)], "%.3f")] +
                        [cell(mean(100 * t[key] for t in train) if train else None, "%.1f")
                         for key in ("memorised", "corrected", "right")])
        print("%s: accuracy on the clean test set, %%, mean (seed by seed):\n" % words)
        table(["method", "epochs", "gradients", "seeds", "last epoch", "best epoch", "which", "NLL, last epoch",
               "wrong labels: memorised, %", "corrected, %", "right labels: learnt, %"], rows)
        differences(by_row)


def differences(by_row):
    spreads = [spread([of(row) for row in by_row.values()]) for of in (final, best)]
    rows = []
    for name, (epochs, gradients) in ROWS.items():
        if name != "fsgld":
            rows.append(["fsgld − " + name, "%s epochs, %d gradients" % ("equal" if epochs == 8 else "half the", gradients)] +
                        [difference(of(by_row["fsgld"]), of(by_row[name]), s) for of, (s, _) in zip((final, best), spreads)])
    print("fSGLD, of 8 epochs and 8 gradients, less each of the others, points:\n")
    table(["", "at", "last epoch", "best epoch"], rows)
    spread_words([(what + " epoch", "%.2f points", s) for what, s in zip(("last", "best"), spreads)])


def walls_table(lines, names):
    rows = []
    for name in names:
        row = [line for line in lines if line["part"] == "labels" and line["name"] == name]
        rows.append([name, "-" if not row else str(row[0]["lr"]), minutes(row)])
    print("Minutes, two seeds side by side, and their scores:\n")
    table(["run", "λ", "minutes"], rows)


def noisy_labels(lines):
    labels_tables(lines)
    walls_table(lines, [data + "-" + name for data in SETS for name in ROWS])
    machines([line for line in lines if line["part"] == "labels"])


# ---- section 4.4 ----

def near(a, b):
    return abs(a - b) <= 1e-9 * abs(b)


def at(lines, beta, sigma):
    return [line for line in lines if line["part"] == "coupling" and near(line["beta"], beta) and near(line["sigma"], sigma)]


def coupling_points(lines):
    """(β, σ) and its lines, β's at fixed σ first."""
    points = [(beta, SIGMA) for beta in BETAS] + [(BETA, sigma) for sigma in SIGMAS if sigma != SIGMA]
    return [(beta, sigma, at(lines, beta, sigma)) for beta, sigma in points]


def accuracies(lines):
    return [100 * line["accuracy"] for line in good(lines)]


def nlls(lines):
    return [line["nll"] for line in good(lines)]


def coupling_table(lines):
    points = coupling_points(lines)
    tied = at(lines, BETA, SIGMA)
    spreads = [spread([of(row) for _, _, row in points]) for of in (accuracies, nlls)]
    rows = []
    for beta, sigma, row in points:
        eta = implied_eta(beta, sigma)
        same = (beta, sigma) == (BETA, SIGMA)
        rows.append([number(beta), number(sigma), "-" if eta is None else cell(eta, "%.2f"), count_cell(row),
                     seeds_cell(accuracies(row), "%.2f"), seeds_cell(nlls(row), "%.4f")] +
                    ["" if same else difference(of(tied), of(row), s, form)
                     for of, form, (s, _) in zip((accuracies, nlls), ("%+.2f", "%+.4f"), spreads)] + [minutes(row)])
    table(["β", "σ", "η", "seeds", "accuracy, %", "NLL", "η = 0.1 less this: points", "nats", "minutes"], rows)
    spread_words([("of accuracy", "%.2f points", spreads[0]), ("of NLL", "%.4f nats", spreads[1])])
    machines([line for line in lines if line["part"] == "coupling"])


def coupling_plot(lines):
    points = coupling_points(lines)
    curves = []
    for of, what in ((accuracies, "accuracy on clean test images, %"), (nlls, "NLL, nats")):
        s, _ = spread([of(row) for _, _, row in points])
        tied = of(at(lines, BETA, SIGMA))
        band = None if s is None or len(tied) < 1 else (mean(tied), bound(s, tied, tied))
        curves.append({"what": what, "band": band,
                       "beta": [(beta, of(row), bool(row)) for beta, sigma, row in points if sigma == SIGMA],
                       "sigma": sorted((sigma, of(row), bool(row)) for beta, sigma, row in points if beta == BETA)})
    return paper_plot.coupling(curves, BETA, SIGMA)


# ---- section 4.5 ----

def flat(lines, method):
    return good([line for line in lines if line["part"] == "flatness" and line["method"] == method])


def within(value, error):
    return "%.4g ± %s" % (value, ("%.0f" if error >= 99.5 else "%.2g") % error)


def unsure(line):
    return "" if line["converged"] else ", perhaps not the greatest"


def flatness_table(lines):
    rows = []
    for method in METHODS:
        if not flat(lines, method):
            rows.append([method] + ["not run"] + ["-"] * 8)
        for line in flat(lines, method):
            run = [o for o in good(lines) if (o["part"], o["name"], o["chain"]) == ("labels", line["name"], line["chain"])]
            rows.append([method, str(line["chain"]), within(line["lambda_max"], line["lambda_max_error"]) + unsure(line),
                         within(line["least"], line["least_error"]), within(line["trace"], line["trace_se"]), "%.3f" % line["nll"],
                         "%.2g" % line["gradient_norm"], "%.2f" % (100 * run[0]["accuracy"][-1]) if run else "-",
                         str(line["products"]), cell(line["wall_s"]["flatness"], "%.0f")])
    table(["method", "seed", "λ_max", "least found", "trace", "mean loss", "‖gradient‖", "test accuracy, %", "products", "s"], rows)


def logarithms(values):
    """None where one of them has none: a ratio without it would be of other states."""
    return [math.log(value) for value in values] if all(value > 0 for value in values) else []


def flatness_ratios(lines):
    keys = (("λ_max", "lambda_max"), ("trace", "trace"))
    logs = {method: [logarithms([line[key] for line in flat(lines, method)]) for _, key in keys] for method in METHODS}
    spreads = [spread([logs[method][k] for method in METHODS]) for k in range(2)]
    rows = []
    for method in METHODS[1:]:
        row = [method + " / sgd"]
        for k in range(2):
            a, b = logs[method][k], logs["sgd"][k]
            row.append("%.2f" % math.exp(mean(a) - mean(b)) + verdict(a, b, spreads[k][0]) if a and b else "-")
        rows.append(row)
    print("Ratios of geometric means over the seeds:\n")
    table(["", "λ_max", "trace"], rows)
    spread_words([("of log " + name, "%.3f", s) for (name, _), s in zip(keys, spreads)])


def shares(density):
    """Weights of the nodes by bin."""
    return [sum(w for x, w in zip(density["node"], density["weight"]) if low <= x < high) for low, high in zip(BINS, BINS[1:])]


def density_table(lines):
    def edge(low, high):
        return "below %g" % high if low == -math.inf else "from %g on" % low if high == math.inf else "%g to %g" % (low, high)

    rows = []
    for method in METHODS:
        if not flat(lines, method):
            rows.append([method] + ["not run"] + ["-"] * (len(BINS) - 1))
        for line in flat(lines, method):
            rows.append([method, str(line["chain"])] + ["%.2g" % share for share in shares(line["density"])])
    print("Shares of the eigenvalues:\n")
    table(["method", "seed"] + [edge(*pair) for pair in zip(BINS, BINS[1:])], rows)


def flatness(lines):
    flatness_table(lines)
    flatness_ratios(lines)
    density_table(lines)
    machines([line for line in lines if line["part"] == "flatness"], "measured_by")


# ---- documents ----

BLOCKS = {"noisy-labels.md": {"search": search_table, "noisy-labels": noisy_labels}, "coupling.md": {"coupling": coupling_table},
          "flatness.md": {"flatness": flatness}}
PLOTS = {"coupling.svg": coupling_plot,
         "flatness.svg": lambda lines: paper_plot.densities({method: flat(lines, method) for method in METHODS})}


def said(function, lines):
    out = io.StringIO()
    with redirect_stdout(out):
        function(lines)
    return out.getvalue()


def fill(lines, folder):
    for document, blocks in BLOCKS.items():
        path = os.path.join(folder, document)
        with open(path) as f:
            text = f.read()
        for name, function in blocks.items():
            begin, end = "<!-- %s -->\n" % name, "<!-- end of %s -->\n" % name
            if text.count(begin) != 1 or text.count(end) != 1:
                sys.exit("paper_tables.py: %s: the marks of %s were expected once" % (path, name))
            text = text[:text.index(begin) + len(begin)] + "\n" + said(function, lines) + text[text.index(end):]
        with open(path, "w") as f:
            f.write(text)
    for name, plot in PLOTS.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(plot(lines))


def main(args):
    filling = args[:1] == ["fill"]
    args = args[1:] if filling else args
    if len(args) > (2 if filling else 1):
        sys.exit(__doc__)
    lines = read(args[0] if args else os.path.join(HERE, "paper.jsonl"))
    if filling:
        fill(lines, args[1] if len(args) > 1 else HERE)
        return
    for blocks in BLOCKS.values():
        for function in blocks.values():
            function(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
