#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The tables of fidelity.md from the folder that fidelity.sh has filled: fidelity_table.py FOLDER.

A cell is the mean over seeds, with the least and the greatest in brackets.
"""
import glob
import json
import os
import sys
from statistics import mean

from tables import table

ROWS = ["hmc", "sgld", "sgld-large", "sgld-cv", "sghmc", "sgnht", "psgld", "psgld-slow", "fsgld", "fsgld-narrow",
        "entropy-mcmc", "entropy-mcmc-theta", "deep-ensemble"]
GRADIENTS = {"sgld-cv": 2}  # of a step, on its batch


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def gradients(folder, run):
    """Gradients of single examples, of all chains, in millions."""
    options = load(os.path.join(folder, run, "run.json"))["options"]
    if options["sampler"] != "hmc":
        return options["chains"] * options["steps"] * options["batch"] * GRADIENTS.get(options["sampler"], 1) / 1e6
    total = 0
    for log in glob.glob(os.path.join(folder, run, "chain-*.log.jsonl")):
        before = 0
        with open(log, encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                # All trajectories are taken to be as long as the last one before each line.
                total += (line["step"] - before) * (line["leapfrogs"] + 1) * 100
                before = line["step"]
    return total / 1e6


def spread(values, form):
    have = [v for v in values if v is not None]
    if not have:
        return "-"
    if len(have) == 1 or form % min(have) == form % max(have):
        return form % mean(have)
    return "%s (%s to %s)" % (form % mean(have), form % min(have), form % max(have))


def seconds(folder, run):
    path = os.path.join(folder, run + ".s")
    return float(open(path, encoding="utf-8").read()) if os.path.exists(path) else None


def rows(folder):
    for row in ROWS:
        names = sorted(glob.glob(os.path.join(folder, row + "-[0-9]*.json")))
        names = [os.path.basename(n)[:-5] for n in names if not n.endswith((".predict.json", ".diagnose.json"))]
        if names:
            run = "entropy-mcmc" if row == "entropy-mcmc-theta" else row
            yield row, [(load(os.path.join(folder, n + ".json")), load(os.path.join(folder, n + ".predict.json")),
                         run + n[len(row):]) for n in names]


def value(report, name):
    return next((c["value"] for c in report["checks"] if c["name"] == name), None)


def diagnoses(folder, found):
    """What basin diagnose says of each run, without a reference."""
    lines = []
    for row, of in found:
        reports = [load(os.path.join(folder, run + ".diagnose.json")) for _, _, run in of if row != "entropy-mcmc-theta"]
        failed = [c["name"] for r in reports for c in r["checks"] if c["ok"] is False]
        if reports:
            lines.append(["`%s`" % row, spread([value(r, "rhat_predictions") for r in reports], "%.3f"),
                          spread([value(r, "ess_bulk_predictions") for r in reports], "%.0f"),
                          spread([value(r, "temperature_configurational") for r in reports], "%.2f"),
                          spread([value(r, "dead_members") for r in reports], "%d"),
                          ", ".join("`%s` (%d)" % (name, failed.count(name)) for name in sorted(set(failed))) or "-"])
    return lines


def main(folder):
    found = list(rows(folder))
    first = found[0][1][0][0]
    print("\nHalves of the reference, by %s: agreement %.4f, total variation %.4f, W₁ %.4f\n" % (
        first["ceiling_by"], first["ceiling_agreement"], first["ceiling_total_variation"], first["ceiling_w1"]))
    table(["", "agreement", "total variation", "W₁", "NLL less the reference's, 10⁻³ nats", "their paired error",
           "mutual information"],
          [["`%s`" % row,
            spread([c["agreement"] for c, _, _ in of], "%.4f"), spread([c["total_variation"] for c, _, _ in of], "%.4f"),
            spread([c["w1"] for c, _, _ in of], "%.4f"), spread([1e3 * c["nll_difference"] for c, _, _ in of], "%.1f"),
            spread([1e3 * c["nll_difference_se"] for c, _, _ in of], "%.1f"),
            spread([c["b"]["mutual_information"] for c, _, _ in of], "%.4f")] for row, of in found])
    print()
    cost = []
    for row, of in found:
        judged = [p["convergence"] for _, p, _ in of if p.get("convergence")]
        ess = [c["ess_bulk"] for c in judged]
        work = [gradients(folder, run) for _, _, run in of]
        each = [e / w if e is not None else None for e, w in zip(ess, work)]
        cost.append(["`%s`" % row, of[0][1]["snapshots"], spread([c["rhat"] for c in judged], "%.3f"), spread(ess, "%.0f"),
                     spread(work, "%.1f"), spread([seconds(folder, run) for _, _, run in of], "%.1f"), spread(each, "%.0f")])
    table(["", "members", "worst R̂", "smallest bulk ESS", "gradients, 10⁶ examples", "processor, s", "ESS for 10⁶ gradients"], cost)
    print()
    table(["", "R̂, predictions", "bulk ESS a chain, predictions", "configurational temperature", "dead members",
           "checks that fail, of %d runs" % len(found[0][1])], diagnoses(folder, found))


if __name__ == "__main__":
    main(sys.argv[1])
