#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Prints the tables of cifar10-cpu.md: cifar10_tables.py RUNS [CONTROL.json...].

RUNS is the folder that cifar10-cpu.sh filled; CONTROL.json are results of cifar10_peer.py.
"""
import glob
import json
import os
import sys


def load(path):
    if not os.path.exists(path) or not os.path.getsize(path):
        return {}
    with open(path) as f:
        return json.load(f)


def seconds(path):
    if not os.path.exists(path):
        return "-"
    with open(path) as f:
        return "%.1f" % (sum(int(line) for line in f) / 1e9)


def cell(value, form="%.4f"):
    return "-" if value is None else form % value


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


SCORES = ("accuracy", "nll", "ece", "entropy", "mutual_information")
HEADER = ["run", "snapshots", "accuracy", "NLL", "ECE", "entropy", "MI", "last state: accuracy", "NLL",
          "AUROC, CIFAR's transform", "AUROC, 0.5:0.5"]


def basin_row(runs, name):
    base = os.path.join(runs, name)
    p, last = load(base + ".predict.json"), load(base + ".last.json")
    ood = [load(base + ".ood-%s.json" % which).get("auroc") for which in ("id", "half")]
    row = [name, str(p.get("snapshots", "-"))] + [cell(p.get(key)) for key in SCORES]
    row += [cell(last.get("accuracy")), cell(last.get("nll"))] + [cell(a) for a in ood]
    return row, p


def control_row(path):
    with open(path) as f:
        r = json.load(f)
    last, svhn = r["members"][-1], r.get("svhn", {})
    row = ["PyTorch %s, %s-%d" % (r["torch"], r["method"], r["seed"]), str(len(r["members"]))]
    row += [cell(r["ensemble"].get(key)) for key in SCORES] + [cell(last["accuracy"]), cell(last["nll"])]
    row += [cell(svhn.get(key, {}).get("auroc")) for key in ("id", "0.5:0.5")]
    return row, r


def main(runs, controls):
    names = sorted(os.path.basename(path)[:-len(".done")] for path in glob.glob(os.path.join(runs, "*.done")))
    order = ["sgld", "fsgld", "entropy-mcmc", "sgd", "entropy-sgd", "entropy-sgld", "sgld-frn"]
    names.sort(key=lambda n: (order.index(n.rsplit("-", 1)[0]), n))
    rows, own, peer = [], [], []
    for name in names:
        row, p = basin_row(runs, name)
        rows.append(row)
        if name.startswith("sgld-") and not name.startswith("sgld-frn") and p:
            own.append(p)
    for path in controls:
        row, r = control_row(path)
        rows.append(row)
        if r["method"] == "sgld":
            peer.append(r["ensemble"])
    table(HEADER, rows)
    if own and peer:
        lines = []
        for key, scale, unit, bound in (("accuracy", 100, "points", 1.5), ("nll", 1, "nats", 0.04)):
            means = [sum(m[key] for m in side) / len(side) * scale for side in (own, peer)]
            lines.append([key, "%.4f" % means[0], "%.4f" % means[1], "%+.4f %s" % (means[0] - means[1], unit),
                          "within %g: %s" % (bound, "yes" if abs(means[0] - means[1]) <= bound else "no")])
        print("Means over the seeds of SGLD (%d and %d):\n" % (len(own), len(peer)))
        table(["", "Basin", "PyTorch", "difference", ""], lines)
    print("Wall times, s (whole commands, reading the data included):\n")
    base = [os.path.join(runs, name) for name in names]
    table(["run", "sample", "predict", "ood"],
          [[name] + [seconds(b + end) for end in (".ns", ".predict.ns", ".ood-id.ns")] for name, b in zip(names, base)])
    if controls:
        table(["control", "epochs", "threads", "wall, s"],
              [[row[0], str(r["epochs"]), str(r["threads"]), "%.0f" % r["wall_s"]]
               for row, r in map(control_row, controls)])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
