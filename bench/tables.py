# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Times and their ratios as the cells of Markdown tables."""
from statistics import median


def number(ms):
    return "-" if not ms else "%.4g" % median(ms)


def ratio(peer, own):
    if not peer or not own:
        return "-"
    all_ = [p / o for p, o in zip(peer, own)]
    return "%.2f (%.2f to %.2f)" % (median(all_), min(all_), max(all_))


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def fastest(servers, ms):
    """The index of the smallest median, or None."""
    have = [i for i, values in enumerate(ms) if values]
    return min(have, key=lambda i: median(ms[i])) if have else None


def speed_row(name, own, peers):
    """Basin's ms, then ms and ratio for each peer."""
    return [name, number(own)] + [cell for p in peers for cell in (number(p), ratio(p, own))]


SPEED_HEADER = ["", "Basin, ms", "PyTorch of record, ms", "ratio", "newest, eager, ms", "ratio", "newest, compiled, ms",
                "ratio"]
