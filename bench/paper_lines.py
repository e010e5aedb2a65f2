#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""What paper.sh asks of its results, and the lines that it adds to them.

    paper_lines.py next RESULTS.jsonl SET METHOD    the step size to be tried next, or nothing where the search has ended
    paper_lines.py best RESULTS.jsonl SET METHOD    the one that a search which has ended has found
    paper_lines.py known RESULTS.jsonl PART NAME CHAINS
                                                    fails unless so many chains have a line
    paper_lines.py rows LABELS.npy                  how many labels there are
    paper_lines.py ended INFO.json                  the chains that are done; fails unless all others have diverged
    paper_lines.py fitted PREDICT.csv PREDICT.json INFO.json GIVEN.npy CLEAN.npy
                                                    what predictions of training rows say of their labels, as JSON
    paper_lines.py add RESULTS.jsonl RUNS PART NAME KEY=VALUE…
                                                    a line for each chain of a run that has none

The scores that RUNS must have by now, NAME.SCORE-CHAIN.json, are: of the part search holdout; of labels test-CHAIN-EPOCH and
fitted; of coupling test; of flatness flat. Wall times, in NAME….ns, are in nanoseconds.
"""
import ast
import json
import math
import os
import sys

# Step sizes in order, and those that are tried first. The search of fSGLD's authors is from 0.01 to 1 for sgd, sam and fsgld, and
# from 1e-4 for adamw; it goes on below where the least one is the best.
WIDE = ["0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1"]
GRID = {"sgd": WIDE, "sam": WIDE, "asam": WIDE, "fsgld": WIDE, "adamw": ["1e-4", "3e-4", "1e-3", "3e-3", "1e-2", "3e-2", "1e-1"]}
FIRST = {"sgd": WIDE[3:6], "adamw": GRID["adamw"][1:4], "fsgld": WIDE[4:], "sam": WIDE[3:6], "asam": WIDE[3:6]}
DONE, FAILED = "done", "failed"
SCORES = ("accuracy", "nll", "ece")
FLATNESS = ("nll", "gradient_norm", "least", "least_error", "converged", "trace", "trace_se", "products")
OPTIONS = ("holdout", "model", "augment", "weight-decay", "beta", "precision", "conv-algo", "sampler", "batch", "milestones",
           "gamma", "seed", "momentum", "beta1", "beta2", "rho", "asam-eta", "sigma", "eta")
DENSITY = ("at", "value", "sigma", "node", "weight")


def load(path):
    with open(path) as f:
        return json.load(f)


def read(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line) for line in f if line.strip()]


# ---- the search ----

def tried(results, data, method):
    """Accuracy on the held-out rows by step size; −1 where the chain diverged."""
    return {line["lr"]: -1 if line.get("failed") else line["accuracy"] for line in results
            if line["part"] == "search" and (line["set"], line["method"]) == (data, method)}


def next_lr(results, data, method):
    scores, grid = tried(results, data, method), GRID[method]
    for lr in FIRST[method]:
        if lr not in scores:
            return lr
    at = grid.index(best_of(scores, grid))
    for near in grid[max(at - 1, 0):at + 2]:
        if near not in scores:
            return near
    return None


def best_of(scores, grid):
    """The best; of equal ones the least."""
    return max((lr for lr in grid if lr in scores), key=lambda lr: scores[lr])


def best_lr(results, data, method):
    method = {"sgld": "fsgld"}.get(method, method)
    if next_lr(results, data, method):
        sys.exit("paper_lines.py: the step size of %s on %s has not been searched to its end: PART=search" % (method, data))
    scores = tried(results, data, method)
    best = best_of(scores, GRID[method])
    if scores[best] < 0:
        sys.exit("paper_lines.py: every step size that was tried for %s on %s diverged" % (method, data))
    return best


# ---- what a run says ----

def labels_of(path):
    """The integers of a .npy file of one byte each."""
    with open(path, "rb") as f:
        data = f.read()
    begin = 10 + data[8] + 256 * data[9]
    header = ast.literal_eval(data[10:begin].decode("latin-1"))
    if data[:7] != b"\x93NUMPY\x01" or header["descr"] != "|u1" or len(header["shape"]) != 1:
        sys.exit("paper_lines.py: %s: one byte a label was expected" % path)
    return data[begin:]


def share(part, whole):
    return round(part / whole, 6) if whole else None


def fitted(csv, report, info, given, clean):
    """Rows by whether their label is wrong: how many of the wrong ones are predicted as labelled (memorised) or as they should
    have been labelled (corrected), and of the others as labelled. The program's own accuracy says whether rows and labels are
    the same ones."""
    classes = load(info)["classes"]  # their names, or how many they are
    number = {str(name): k for k, name in enumerate(range(classes) if isinstance(classes, int) else classes)}
    given, clean = labels_of(given), labels_of(clean)
    n = wrong = memorised = corrected = right = 0
    with open(csv) as f:
        if f.readline().split(",")[:2] != ["id", "prediction"]:
            sys.exit("paper_lines.py: %s: the columns id and prediction were expected" % csv)
        for line in f:
            row, name = line.split(",", 2)[:2]
            row, guess = int(row) - 1, number[name]
            n += 1
            if given[row] == clean[row]:
                right += guess == given[row]
            else:
                wrong += 1
                memorised += guess == given[row]
                corrected += guess == clean[row]
    accuracy = load(report)["accuracy"]
    if abs(accuracy * n - memorised - right) > 1e-6:
        sys.exit("paper_lines.py: %s: %d of %d rows have their label, not the share %g" % (csv, memorised + right, n, accuracy))
    return {"n": n, "wrong": share(wrong, n), "memorised": share(memorised, wrong), "corrected": share(corrected, wrong),
            "right": share(right, n - wrong)}


# ---- lines ----

def seconds(path):
    if not os.path.exists(path):
        return None
    with open(path) as f:
        return round(sum(int(line) for line in f) / 1e9, 1)


def digits(value):
    """Six significant ones of a number, or of each of a list's."""
    if isinstance(value, list):
        return [digits(v) for v in value]
    return float("%.6g" % value) if isinstance(value, float) else value


def picked(report, names):
    return {name: digits(report.get(name)) for name in names}


def scored(base, score, chain):
    return picked(load("%s.%s-%d.json" % (base, score, chain)), SCORES), seconds("%s.%s-%d.ns" % (base, score, chain))


def search_scores(base, chain, line):
    figures, line["wall_s"]["predict"] = scored(base, "holdout", chain)
    return figures


def labels_scores(base, chain, line):
    every = [scored(base, "test-%d" % chain, epoch) for epoch in range(1, line["epochs"] + 1)]
    line["wall_s"]["predict"] = round(sum(wall for _, wall in every), 1)
    line["wall_s"]["fitted"] = seconds("%s.fitted-%d.ns" % (base, chain))
    return dict({key: [figures[key] for figures, _ in every] for key in SCORES}, train=load("%s.fitted-%d.json" % (base, chain)))


def coupling_scores(base, chain, line):
    figures, line["wall_s"]["predict"] = scored(base, "test", chain)
    return dict(figures, eta=implied_eta(line["beta"], line["sigma"]))


def implied_eta(beta, sigma):
    """η of σ = β^(−(1+η)/4); None where σ is 0."""
    return digits(round(-4 * math.log(sigma) / math.log(beta) - 1, 9)) + 0.0 if sigma > 0 else None


def flatness_scores(base, chain, line):
    path = "%s.flat-%d" % (base, chain)
    report = load(path + ".json")
    snapshot, = report["snapshots"]
    line["wall_s"] = {"flatness": seconds(path + ".ns")}
    return dict(picked(snapshot, FLATNESS), n=report["n"], loss=report.get("loss"), batch_norm=report.get("batch_norm"),
                step=snapshot["step"], lambda_max=digits(snapshot["eigenvalues"][0]),
                lambda_max_error=digits(snapshot["eigenvalue_errors"][0]), density=picked(snapshot["density"], DENSITY))


OF_PART = {"search": search_scores, "labels": labels_scores, "coupling": coupling_scores, "flatness": flatness_scores}
NUMBERS = {"rows": int, "epochs": int, "beta": float, "sigma": float}


def lines_of(runs, part, name, given):
    base = os.path.join(runs, name)
    info = load(base + ".info.json")
    with open(base + ".commit") as f:
        commit = f.read().strip()
    for chain in info["chains"]:
        line = {"part": part, "name": name, "chain": chain["chain"]}
        line.update((key, NUMBERS.get(key, str)(value)) for key, value in (pair.split("=", 1) for pair in given))
        line.update(commit=commit, version=info["version"], device=info["device"], n_params=info["n_params"],
                    options={key: info["sampler"][key] for key in OPTIONS if info["sampler"].get(key) is not None},
                    interrupted=os.path.exists(base + ".interrupted"), wall_s={"sample": seconds(base + ".ns")})
        if chain["state"] == FAILED:
            line["failed"] = True
        else:
            line.update(OF_PART[part](base, chain["chain"], line))
        yield line


def add(results, lines):
    """Whole lines in one write each; a chain that is there stays as it is."""
    known = {(line["part"], line["name"], line["chain"]) for line in read(results)}
    for line in lines:
        if (line["part"], line["name"], line["chain"]) not in known:
            with open(results, "a") as f:
                f.write(json.dumps(line) + "\n")


def main(args):
    verb, rest = (args[0], args[1:]) if args else (None, [])
    if verb == "next" and len(rest) == 3:
        print(next_lr(read(rest[0]), *rest[1:]) or "")
    elif verb == "best" and len(rest) == 3:
        print(best_lr(read(rest[0]), *rest[1:]))
    elif verb == "known" and len(rest) == 4:
        sys.exit(sum((line["part"], line["name"]) == tuple(rest[1:3]) for line in read(rest[0])) != int(rest[3]))
    elif verb == "rows" and len(rest) == 1:
        print(len(labels_of(rest[0])))
    elif verb == "ended" and len(rest) == 2:
        chains = load(rest[0])["chains"]
        if len(chains) != int(rest[1]) or any(chain["state"] not in (DONE, FAILED) for chain in chains):
            sys.exit(1)
        print(*[chain["chain"] for chain in chains if chain["state"] == DONE])
    elif verb == "fitted" and len(rest) == 5:
        print(json.dumps(fitted(*rest)))
    elif verb == "add" and len(rest) >= 4:
        add(rest[0], list(lines_of(rest[1], rest[2], rest[3], rest[4:])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
