# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Where a step's time goes: the parts that bench/step counts, and oneDNN's primitives as its verbose mode lists them."""
import re

from servers import Absent, basin
from tables import table

VERBOSE = re.compile(r"^(?:dnnl|onednn)_verbose,.*?exec,cpu,([^,]*),([^,]*),([^,]*),.*,([0-9.]+)$")


def implementations(what, batch, threads, precision):
    """What oneDNN ran in one step (or batch): {(primitive, direction, implementation): [calls, ms]}."""
    server = basin(what, "resnet18", batch, threads, precision, {"DNNL_VERBOSE": "1", "ONEDNN_VERBOSE": "1"})
    if isinstance(server, Absent):
        return None
    server.said.clear()
    server.ask(1)
    used = {}
    for line in server.said:
        found = VERBOSE.match(line.strip())
        if found:
            kind, name, direction, ms = found.groups()
            entry = used.setdefault((kind, direction, name), [0, 0.0])
            entry[0] += 1
            entry[1] += float(ms)
    server.close()
    return used


def print_implementations(batch, threads):
    rows, seen = [], []
    for what in ("sgld", "infer"):
        for precision in ("fp32", "bf16"):
            used = implementations(what, batch, threads, precision)
            if used is None:
                continue
            ref = sum(calls for (_, _, name), (calls, _) in used.items() if re.search(r"\bref", name))
            rows.append(["%s, %s" % ("SGLD step" if what == "sgld" else "inference", precision),
                         sum(calls for calls, _ in used.values()), ref])
            for (kind, direction, name), (calls, ms) in sorted(used.items(), key=lambda e: -e[1][1]):
                seen.append([rows[-1][0], kind, direction, name, calls, "%.1f" % ms])
    print("oneDNN's primitives in a step, and how many of them are its reference implementation:\n")
    table(["", "calls", "`ref`"], rows)
    table(["", "primitive", "direction", "implementation", "calls", "ms"], seen)


def print_shares(shares):
    names = [n for n in ("gather", "weights", "conv forward", "conv backward", "norm forward", "norm backward",
                         "activation forward", "activation backward", "pool forward", "pool backward",
                         "flatten forward", "flatten backward", "linear forward", "linear backward", "loss", "update")
             if any(s and s.get(n) for s in shares)]
    rows = []
    for name in names:
        row = [name]
        for s in shares:
            row += ["%.1f" % s.get(name, 0), "%.1f %%" % (100 * s.get(name, 0) / s["step"])] if s else ["-", "-"]
        rows.append(row)
    rows.append(["step"] + [cell for s in shares for cell in (("%.1f" % s["step"], "") if s else ("-", "-"))])
    print("Where Basin's SGLD step goes (mean of the rounds; activations and residual sums are the norms'):\n")
    table(["", "fp32, ms", "share", "bf16, ms", "share"], rows)
