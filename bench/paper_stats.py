# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""What paper_tables.py says of several seeds, and of rows that differ.

What two seeds differ by is the measure of what rows differ by: s is the standard deviation of a seed, and a difference of means up
to two of its own standard errors, 2 s √(1/n + 1/m), is called none. s comes from the median over the rows of a table: one that is at
the edge of diverging, where seeds differ by tens of points, would else hide what all others differ by.
"""
import math
from statistics import mean, median

MEDIAN = 0.953873    # of |x − y| of two standard normals: √2 Φ⁻¹(3/4)


def spread(groups):
    """Standard deviation of one value, from the groups that have two, and their number; None where none has."""
    apart = [abs(group[0] - group[1]) for group in groups if len(group) == 2]
    return (median(apart) / MEDIAN, len(apart)) if apart else (None, 0)


def bound(s, a, b):
    return 2 * s * math.sqrt(1 / len(a) + 1 / len(b))


def verdict(a, b, s):
    """What is said behind a difference of two groups' means."""
    if s is None:
        return " (one seed)"
    return ", none" if abs(mean(a) - mean(b)) <= bound(s, a, b) else ""


def difference(a, b, s, form="%+.2f"):
    return form % (mean(a) - mean(b)) + verdict(a, b, s) if a and b else "-"


def seeds_cell(values, form):
    """The mean, and where there are several each of them."""
    if not values:
        return "-"
    words = form % mean(values)
    return words + " (" + ", ".join(form % v for v in values) + ")" if len(values) > 1 else words


def number(value):
    """As it is typed: 0, 1e8, 6.31e-3."""
    digits, k = ("%.2e" % value).split("e")
    digits = digits.rstrip("0").rstrip(".")
    return "0" if value == 0 else "%se%d" % (digits, int(k))


def count_cell(lines):
    failed = sum(line.get("failed", False) for line in lines)
    if not lines:
        return "not run"
    return str(len(lines) - failed) + (", %d diverged" % failed if failed else "")


def good(lines):
    return sorted((line for line in lines if not line.get("failed")), key=lambda line: line["chain"])


def minutes(lines):
    """Of a run, its chains side by side, and of their scores; more where it was interrupted, not known where a chain diverged."""
    if not lines or lines[0]["wall_s"]["sample"] is None:
        return "-"
    total = lines[0]["wall_s"]["sample"] + sum(sum(v or 0 for k, v in line["wall_s"].items() if k != "sample") for line in lines)
    return ("more than " if lines[0]["interrupted"] else "") + "%.1f" % (total / 60)


def machines(lines, measured_by=None):
    """Where they were run, and by what, and by what they were measured where that is another key of theirs; nothing where there are
    none."""
    if not lines:
        return
    words = sorted({"%s, %s, oneDNN %s" % (line["device"].get("cpu"), line["device"].get("instruction_set"),
                                           line["device"].get("libraries", {}).get("oneDNN", "-")) for line in lines})
    commits = [", ".join(sorted({line[key] for line in lines})) for key in ("commit", measured_by) if key]
    print("Run on: %s; program: %s.\n" % ("; ".join(words), ", measured by ".join(commits)))


def spread_words(pairs):
    words = ["%s %s (%d rows)" % (form % s, what, rows) for what, form, (s, rows) in pairs if s is not None]
    if words:
        print("Standard deviation of a seed, from the median over rows: " + ", ".join(words) + ".\n")
