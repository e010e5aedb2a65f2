#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""What the methods cost, as multiples of SGD's step: the part of `make bench` whose limits methods.md explains.

ResNet-18, float32. The methods take turns step by step in one process, which keeps all their vectors; sgld-cv, which
needs a potential that no batch changes, has a process with its own SGD: filter response norm, no augmentation, and a set
of 1,280, so that the full gradient at its beginning is soon had. Both answer in every round. A round's number is the
median of COUNT steps, its multiple that over SGD's in the same round.

Reads BASIN's bench programs from $BENCH; ROUNDS (5), COUNT (3), THREADS (2) and BATCH (128) may be set. Exit status 1
where a limit is missed.
"""
import os
import sys
from statistics import median

from servers import Absent, basin
from tables import number, table

ROUNDS, COUNT, THREADS, BATCH = (int(os.environ.get(name, fallback)) for name, fallback in
                                 (("ROUNDS", "5"), ("COUNT", "3"), ("THREADS", "2"), ("BATCH", "128")))
# Method: what it may cost.
LIMITS = {"fsgld": 1.03, "sghmc": 1.03, "adamw": 1.03, "sam": 2.05, "asam": 2.1, "rw-sam": 2.45}
FIXED_LIMITS = {"sgld-cv": 2.1}


class Group:
    """SGD and the methods that are held against it in one process."""

    def __init__(self, limits, more):
        self.limits, self.ms = limits, {}
        self.server = basin(",".join(["sgd"] + list(limits)), "resnet18", BATCH, THREADS, "fp32", more=more)

    def round(self):
        for method, ms in self.server.ask(COUNT).items():
            self.ms.setdefault(method, []).append(ms)

    def rows(self, name):
        """The table's, and whether every limit holds."""
        sgd, rows, held = self.ms.get("sgd", []), [[name, number(self.ms.get("sgd")), "1", "", ""]], True
        for method, limit in self.limits.items():
            multiples = [a / b for a, b in zip(self.ms.get(method, []), sgd)]
            ok = bool(multiples) and median(multiples) <= limit
            held &= ok
            cell = "%.3f (%.3f to %.3f)" % (median(multiples), min(multiples), max(multiples)) if multiples else "-"
            rows.append([method, number(self.ms.get(method)), cell, "%g" % limit, "yes" if ok else "over"])
        return rows, held


def main():
    groups = [("sgd", Group(LIMITS, ["--augment", "crop-flip"])),
              ("sgd, frn", Group(FIXED_LIMITS, ["--augment", "none", "--norm", "frn", "--holdout", "0.872"]))]
    for _, group in groups:
        if isinstance(group.server, Absent):
            sys.exit("method_costs.py: %s" % group.server.why)
    for _ in range(ROUNDS):
        for _, group in groups:
            group.round()
    rows, held = [], True
    for name, group in groups:
        own, ok = group.rows(name)
        rows += own
        held &= ok
        group.server.close()
    print("\nMultiples of SGD's step: ResNet-18 (CIFAR stem), batch %d, fp32, %d threads; %d rounds of %d steps, methods in turns; "
          "medians (least to\ngreatest of the rounds)\n" % (BATCH, THREADS, ROUNDS, COUNT))
    table(["method", "ms a step", "multiple", "limit", "within"], rows)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
