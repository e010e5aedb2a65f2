#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The results of methods.md.

    methods_tables.py add RESULTS.jsonl RUNS NAME    a line for a run that methods.sh has made and scored, if it has none
    methods_tables.py [RESULTS.jsonl]                the tables, of methods.jsonl beside this file unless another is named

A line has the run's name, options and seed, the program's commit, the machine, the scores of its ensemble and of its last
state, the AUROCs against SVHN, and wall times in seconds. Lines of methods_peer.py, the controls, have "torch" and no
commit. The rows of Langevin methods come from cifar10-cpu.md, whose protocol is the same.
"""
import json
import os
import subprocess
import sys
from statistics import mean

from cifar10_tables import HEADER, SCORES, cell, load, table

HERE = os.path.dirname(os.path.abspath(__file__))
# Method of a row (its name without the seed) in the order of the tables: gradients a step, epochs.
ROWS = {"sgd": (1, 10), "adamw": (1, 10), "sam": (2, 10), "sam-half": (2, 5), "asam": (2, 10), "asam-half": (2, 5),
        "rw-sam": (7 / 3, 10), "rw-sam-half": (7 / 3, 4), "sghmc": (1, 10), "csghmc": (1, 10), "swa": (1, 10), "swag": (1, 10)}
QUOTED = ("sgld", "fsgld", "entropy-mcmc")
BOUNDS = (("accuracy", 100, "points", 1.5), ("nll", 1, "nats", 0.04))


def read(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line) for line in f]


def row_of(line):
    return line["name"].rsplit("-", 1)[0]


# ---- a line ----

def seconds(path):
    if not os.path.exists(path):
        return None
    with open(path) as f:
        return round(sum(int(line) for line in f) / 1e9, 1)


def picked(report, names):
    return {name: report.get(name) for name in names}


def line_of(runs, name):
    base = os.path.join(runs, name)
    basin = os.environ.get("BASIN", os.path.join(HERE, "..", "build", "basin"))
    info = json.loads(subprocess.run([basin, "info", base, "--json"], check=True, stdout=subprocess.PIPE).stdout)
    with open(base + ".commit") as f:
        commit = f.read().strip()
    predict, last = load(base + ".predict.json"), load(base + ".last.json")
    return {"name": name, "seed": info["seed"], "commit": commit, "version": info["version"], "device": info["device"],
            "options": {k: v for k, v in info["sampler"].items() if v is not None and v is not False},
            "n_params": info["n_params"], "snapshots": predict["snapshots"], "ensemble": picked(predict, SCORES),
            "last": picked(last, ("accuracy", "nll")),
            "auroc": {which: load(base + ".ood-%s.json" % which).get("auroc") for which in ("id", "half")},
            "wall_s": {"sample": seconds(base + ".ns"), "predict": seconds(base + ".predict.ns"),
                       "ood": seconds(base + ".ood-id.ns")}}


def append(results, line):
    """Whole lines in one write, so that several writers may share the file; a run that is there stays as it is (its control, of the
    same name, has no commit)."""
    if line["name"] in [other["name"] for other in read(results) if "commit" in other]:
        return
    with open(results, "a") as f:
        f.write(json.dumps(line) + "\n")


# ---- the tables ----

def quoted():
    """The cells of cifar10-cpu.md's rows of Langevin methods, in HEADER's columns, by name."""
    with open(os.path.join(HERE, "cifar10-cpu.md")) as f:
        cells = [[c.strip() for c in line.strip().strip("|").split("|")] for line in f if line.startswith("| ")]
    return {c[0]: c for c in cells if len(c) == len(HEADER) and c[0].rsplit("-", 1)[0] in QUOTED}


def cells(line):
    row = [line["name"], str(line["snapshots"])] + [cell(line["ensemble"].get(key)) for key in SCORES]
    row += [cell(line["last"].get(key)) for key in ("accuracy", "nll")]
    return row + [cell(line["auroc"].get(key)) for key in ("id", "half")]


def means(lines, key):
    return mean(line["ensemble"][key] for line in lines) if lines else None


def print_means(own, earlier):
    rows = []
    for name, (gradients, epochs) in ROWS.items():
        lines = [line for line in own if row_of(line) == name]
        figures = [cell(means(lines, key)) for key in ("accuracy", "nll", "ece")]
        auroc = [line["auroc"]["half"] for line in lines if line["auroc"].get("half") is not None]
        rows.append([name, str(epochs), "%.3g" % (gradients * epochs), str(len(lines))] + figures +
                    [cell(mean(auroc) if auroc else None)])
    for name in QUOTED:
        lines = [[float(c) for c in row[2:5] + row[-1:]] for key, row in earlier.items() if key.rsplit("-", 1)[0] == name]
        rows.append([name, "10", "10", str(len(lines))] + [cell(mean(column)) for column in zip(*lines)])
    print("Means over the seeds that are done; gradients in passes over the set:\n")
    table(["method", "epochs", "gradients", "seeds", "accuracy", "NLL", "ECE", "AUROC, 0.5:0.5"], rows)


def print_controls(own, controls):
    rows = []
    for name in ROWS:
        sides = [[line for line in lines if row_of(line) == name] for lines in (own, controls)]
        if not sides[1]:
            continue
        for key, scale, unit, bound in BOUNDS if sides[0] else ():
            a, b = (means(side, key) * scale for side in sides)
            rows.append([name, key, "%.4f (%d)" % (a, len(sides[0])), "%.4f (%d)" % (b, len(sides[1])),
                         "%+.4f %s" % (a - b, unit), "within %g: %s" % (bound, "yes" if abs(a - b) <= bound else "no")])
    print("Beside the control, means over the seeds (their number):\n")
    table(["method", "", "Basin", "PyTorch", "difference", ""], rows)


def print_tables(results):
    lines, earlier = read(results), quoted()
    lines.sort(key=lambda line: (list(ROWS).index(row_of(line)), line["seed"]))
    own, controls = [line for line in lines if "commit" in line], [line for line in lines if "torch" in line]
    print_means(own, earlier)
    print("Every run:\n")
    peers = [["PyTorch %s, %s" % (line["torch"], line["name"])] + cells(line)[1:] for line in controls]
    table(HEADER, [cells(line) for line in own] + list(earlier.values()) + peers)
    if controls:
        print_controls(own, controls)
    print("Wall times, s (whole commands, reading the data included), on a machine that was not idle:\n")
    table(["run", "commit", "threads", "sample", "predict", "ood"],
          [[line["name"], line["commit"], str(line["device"]["threads"])] +
           [cell(line["wall_s"][key], "%.0f") for key in ("sample", "predict", "ood")] for line in own])


def main(args):
    if len(args) == 4 and args[0] == "add":
        append(args[1], line_of(args[2], args[3]))
    elif len(args) < 2 and args[:1] != ["add"]:
        print_tables(args[0] if args else os.path.join(HERE, "methods.jsonl"))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
