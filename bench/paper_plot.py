# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The plots of coupling.md and flatness.md, as SVG, by nothing but Python."""
import math
from statistics import mean, median
from xml.sax.saxutils import escape

INK, FAINT, GRID, BAND = "#24292f", "#6e7781", "#e4e8ec", "#eef3f8"
COLOURS = ("#0b62a8", "#c2410c", "#2e7d32", "#7b3fa0")
FONT = "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\""
BASE = 10  # of the decades


class Drawing:
    def __init__(self, width, height, title):
        self.parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" %s>'
                      % (width, height, width, height, FONT), "<title>%s</title>" % escape(title),
                      '<rect width="100%" height="100%" fill="#ffffff"/>']

    def add(self, name, **options):
        words = " ".join('%s="%s"' % (key.replace("_", "-"), "%.1f" % v if isinstance(v, float) else v)
                         for key, v in options.items())
        self.parts.append("<%s %s/>" % (name, words))

    def text(self, x, y, words, size=12, fill=INK, anchor="middle", turn=None, weight="normal"):
        turned = ' transform="rotate(%d %.1f %.1f)"' % (turn, x, y) if turn else ""
        self.parts.append('<text x="%.1f" y="%.1f" font-size="%g" fill="%s" text-anchor="%s" font-weight="%s"%s>%s</text>'
                          % (x, y, size, fill, anchor, weight, turned, escape(words)))

    def line(self, x1, y1, x2, y2, stroke=INK, width=1.0, dash=None):
        self.add("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), stroke=stroke, stroke_width=width,
                 **({"stroke_dasharray": dash} if dash else {}))

    def way(self, points, stroke, width=2.0, dash=None):
        if len(points) > 1:
            self.add("polyline", points=" ".join("%.1f,%.1f" % p for p in points), fill="none", stroke=stroke, stroke_width=width,
                     stroke_linejoin="round", **({"stroke_dasharray": dash} if dash else {}))

    def __str__(self):
        return "\n".join(self.parts + ["</svg>", ""])


def superscript(k):
    return "10" + "".join("⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".index(c)] for c in str(k))


def power(value):
    """With its power of ten: 6.31·10⁻³."""
    digits, k = ("%.2e" % value).split("e")
    digits = digits.rstrip("0").rstrip(".")
    return ("" if digits == "1" else digits + "·") + superscript(int(k))


def steps(low, high, most=6):
    """Round numbers from low to high."""
    size = 10.0 ** math.floor(math.log10((high - low) / most))
    size = next(size * k for k in (1, 2, 5, 10, 20) if (high - low) / (size * k) <= most)
    first, n = math.ceil(low / size - 1e-9), int(math.floor(high / size + 1e-9))
    return [k * size for k in range(first, n + 1)], max(0, -math.floor(math.log10(size) + 1e-9))


def range_of(points, band):
    """Of what lies near the middle, so that a point far away does not flatten the others, which are marked at the edge."""
    values = [v for _, group, _ in points for v in group]
    if not values:
        return None
    middle = median(values)
    away = sorted(abs(v - middle) for v in values)
    reach = 4 * max(away[(3 * len(away)) // 4], 1e-3 * abs(middle))
    kept = [v for v in values if abs(v - middle) <= reach] + ([band[0] - band[1], band[0] + band[1]] if band else [])
    pad = 0.08 * max(max(kept) - min(kept), 1e-9)
    return min(kept) - pad, max(kept) + pad


class Panel:
    def __init__(self, drawing, left, top, width, height):
        self.d, self.left, self.top, self.right, self.bottom = drawing, left, top, left + width, top + height
        self.low = self.high = None

    def y(self, value):
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def frame(self):
        self.d.add("rect", x=float(self.left), y=float(self.top), width=float(self.right - self.left),
                   height=float(self.bottom - self.top), fill="none", stroke=FAINT, stroke_width=1)

    def y_axis(self, limits):
        self.low, self.high = limits
        ticks, decimals = steps(*limits)
        for tick in ticks:
            self.d.line(self.left, self.y(tick), self.right, self.y(tick), GRID)
            self.d.text(self.left - 8, self.y(tick) + 4, ("%%.%df" % decimals) % tick, 11, anchor="end")

    def not_run(self):
        self.d.text((self.left + self.right) / 2, (self.top + self.bottom) / 2, "not run", 14, FAINT)

    def mark(self, x, values, colour):
        """A point and its seeds, or an arrow at the edge with the mean beside it."""
        middle = mean(values)
        inside = self.low <= middle <= self.high
        if inside:
            for v in values:
                if self.low <= v <= self.high:
                    self.d.add("circle", cx=float(x), cy=self.y(v), r=2.6, fill="#ffffff", stroke=colour, stroke_width=1.2)
            self.d.add("circle", cx=float(x), cy=self.y(middle), r=4.2, fill=colour)
            return (x, self.y(middle))
        down = middle < self.low
        edge, tip = (self.bottom - 12, self.bottom - 3) if down else (self.top + 12, self.top + 3)
        self.d.add("polygon", points="%.1f,%.1f %.1f,%.1f %.1f,%.1f" % (x - 5, edge, x + 5, edge, x, tip), fill=colour)
        self.d.text(x, edge - 5 if down else edge + 14, "%.3g" % middle, 10.5, colour)
        return None


def sweep(panel, curve, points, place, colour):
    """Points in order of their place; what is not joined are those beyond the edge, diverged, or not run."""
    way = []
    for value, group, was_run in points:
        x = place(value)
        got = panel.mark(x, group, colour) if group else None
        if not group and was_run:
            panel.d.text(x, panel.bottom - 6, "✕", 12, colour)
        if got and value == 0:
            continue
        way.append(got)
    for a, b in zip(way, way[1:]):
        if a and b:
            panel.d.way([a, b], colour)


def coupling(curves, beta, sigma):
    """Two rows of panels, a figure each; left over β, right over σ, with η of σ = β^(−(1+η)/4) above."""
    width, height, gap, rows = 940, 686, 36, len(curves)
    lefts, top, wide, tall = (74, 512), 92, 392, 236
    d = Drawing(width, height, "fSGLD on CIFAR-10N: accuracy and NLL over β at fixed σ, and over σ at fixed β")
    log = math.log10
    names = [[int(round(log(v))) for v, _, _ in curves[0]["beta"]], [v for v, _, _ in curves[0]["sigma"] if v > 0]]
    low, high = min(names[0]) - 0.35, max(names[0]) + 0.35
    slow, shigh = log(min(names[1])) - 0.65, log(max(names[1])) + 0.16
    places = [lambda v: lefts[0] + (log(v) - low) / (high - low) * wide,
              lambda v: lefts[1] + ((log(v) - slow) / (shigh - slow) * wide if v > 0 else 18)]
    d.text(lefts[0] + wide / 2, 24, "β varied, σ = " + power(sigma), 14, weight="bold")
    d.text(lefts[1] + wide / 2, 24, "σ varied, β = " + power(beta), 14, weight="bold")
    for row, curve in enumerate(curves):
        y = top + row * (tall + gap)
        limits = range_of(curve["beta"] + curve["sigma"], curve["band"])
        for column, key in enumerate(("beta", "sigma")):
            panel, place = Panel(d, lefts[column], y, wide, tall), places[column]
            coupled = place(beta if key == "beta" else sigma)
            if limits is None:
                panel.not_run()
            else:
                panel.low, panel.high = limits
                if curve["band"]:
                    middle, half = curve["band"]
                    d.add("rect", x=float(panel.left), y=panel.y(middle + half), width=float(wide),
                          height=panel.y(middle - half) - panel.y(middle + half), fill=BAND)
                panel.y_axis(limits)
                d.line(coupled, panel.top, coupled, panel.bottom, FAINT, 1.2, "4 3")
                sweep(panel, curve, curve[key], place, COLOURS[column])
            panel.frame()
            last = row == rows - 1
            if last:
                ticks(d, panel, key, place, names[column])
            if row == 0:
                eta_axis(d, panel, key, place, beta, sigma)
            if column == 0:
                d.text(20, y + tall / 2, curve["what"], 12.5, turn=-90)
    d.text(width / 2, height - 12, "Filled circles: means of two seeds, which are the open ones. Grey band: no difference from "
           "η = 0.1, the dashed line. Triangles: beyond the axis.", 11, FAINT)
    return str(d)


def ticks(d, panel, key, place, values):
    for v in values:
        x = place(10.0 ** v if key == "beta" else v)
        d.line(x, panel.bottom, x, panel.bottom + 5, FAINT)
        if key == "beta":
            d.text(x, panel.bottom + 19, superscript(v), 11)
        elif abs(math.log10(v) - round(math.log10(v))) < 1e-9:
            d.text(x, panel.bottom + 19, superscript(int(round(math.log10(v)))), 11)
    if key == "sigma":
        x = place(0)
        d.line(x, panel.bottom, x, panel.bottom + 5, FAINT)
        d.text(x, panel.bottom + 19, "0", 11)
        for shift in (0, 4):  # the axis is broken between 0 and the first decade
            d.line(x + 22 + shift, panel.bottom + 4, x + 26 + shift, panel.bottom - 4, FAINT)
    d.text((panel.left + panel.right) / 2, panel.bottom + 38, "β" if key == "beta" else "σ", 13)


def eta_axis(d, panel, key, place, beta, sigma):
    for eta in (1, 0.75, 0.5, 0.25, 0.1, 0, -0.1) if key == "beta" else (0.5, 0.25, 0.1, 0, -0.25, -0.5):
        x = place(sigma ** (-4 / (1 + eta)) if key == "beta" else beta ** (-(1 + eta) / 4))
        d.line(x, panel.top - 5, x, panel.top, FAINT)
        d.text(x, panel.top - 10, ("%g" % eta).replace("-", "−"), 11)
    d.text((panel.left + panel.right) / 2, panel.top - 30, "implied η", 12)


def densities(by_method):
    """The smoothed densities of eigenvalues: a panel a method, a curve a seed, its height by its logarithm; one eigenvalue of a ResNet-20
    is some 10⁻⁶ high."""
    floor, wide, tall, gap, top = -9, 840, 104, 12, 44
    height = top + len(by_method) * (tall + gap) + 52
    d = Drawing(940, height, "Density of the Hessian's eigenvalues")
    d.text(74 + wide / 2, 24, "Density of the Hessian's eigenvalues at the last state", 14, weight="bold")
    curves = [line["density"] for lines in by_method.values() for line in lines]
    low, high = (min(c["at"][0] for c in curves), max(c["at"][-1] for c in curves)) if curves else (0, 1)
    peak = math.ceil(max(math.log10(max(c["value"])) for c in curves)) if curves else 1

    def place(v):
        return panel.left + (v - low) / (high - low) * wide

    for k, (name, lines) in enumerate(by_method.items()):
        panel = Panel(d, 74, top + k * (tall + gap), wide, tall)
        panel.low, panel.high = floor, peak
        for decade in range(floor + 1, peak, 2):
            d.line(panel.left, panel.y(decade), panel.right, panel.y(decade), GRID)
            d.text(panel.left - 8, panel.y(decade) + 4, superscript(decade), 11, anchor="end")
        for seed, line in enumerate(lines):
            density = line["density"]
            d.way([(place(x), panel.y(max(math.log10(max(v, 1e-30)), floor))) for x, v in zip(density["at"], density["value"])],
                  COLOURS[k % len(COLOURS)], 1.6, "5 3" if seed else None)
        if not lines:
            panel.not_run()
        panel.frame()
        d.text(panel.right - 12, panel.top + 20, name, 13, COLOURS[k % len(COLOURS)], "end", weight="bold")
    if curves:
        marks, decimals = steps(low, high, 12)
        for v in marks:
            d.line(place(v), panel.bottom, place(v), panel.bottom + 5, FAINT)
            d.text(place(v), panel.bottom + 19, (("%%.%df" % decimals) % v).replace("-", "−"), 11)
    d.text(74 + wide / 2, height - 12, "eigenvalue (solid and dashed: the two seeds)", 12.5)
    d.text(20, top + (height - top - 52) / 2, "density", 12.5, turn=-90)
    return str(d)
