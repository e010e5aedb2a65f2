#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes flatness.h and flatness.txt: Hessians of networks' mean losses from PyTorch's double-backward, in double.

Run with a Python that has torch, numpy and scipy (made with torch 2.15.0 and scipy 1.17): python3 flatness.py DIR
With the argument `seeds`: looks for seeds, see resnet_torch.py, whose generator and networks these are; tests/golden_values.c has
the generator too. Batch norm is in evaluation mode, with the generator's running statistics.

flatness.h has one product with the Hessian: of each tensor's part the norm and 4 sums Σ ±, as in resnet_torch.h. flatness.txt has
a line a figure, CASE KEY NUMBERS: the loss, the norm of its gradient, the greatest five eigenvalues and the least one (SciPy's
ARPACK on the products, to 1e-9; of the mlp from the dense matrix), and the trace with its standard error (of the mlp and lenet
from all columns, without one; of others from random signs on what is orthogonal to the extreme eigenvectors); of the mlp Σλ² with
the deviation that one probe's zᵀH²z of random signs has from it; of some small tensors' own blocks the greatest eigenvalues and the
trace, from their dense matrices.
"""
import os
import sys

import numpy as np
import scipy.sparse.linalg as sparse
import torch
from torch import nn
from torch.nn import functional as F

import resnet_torch as nets

ROWS, CLASSES, SKETCHES, TOP, ORTHOGONAL, PROBES = 16, 10, 4, 5, 24, 200
IMAGES, DIRECTION = 2000, 3000  # tensors of the generator
# name: model, norm, activation, shape, seed, tensors whose blocks are kept; None: the product alone.
CASES = {
    "mlp": ("mlp:192-16-10", None, "relu", (3, 8, 8), 77, ["fc1.bias", "fc2.weight"]),
    "lenet": ("lenet", None, "relu", (1, 16, 16), 34, ["conv1.bias", "conv2.bias", "fc3.bias"]),
    "resnet20": ("resnet20", "bn", "relu", (3, 8, 8), 64, ["bn1.weight"]),
    "resnet20-frn": ("resnet20", "frn", "relu", (3, 8, 8), 8, ["layer1.1.bn2.tau"]),
    "resnet20-silu": ("resnet20", "frn", "silu", (3, 8, 8), 1, None),
}


# ---- networks and data ----

class Mlp(nets.Net):
    def __init__(self, widths, activation):
        super().__init__(None, activation)
        self.layers = []
        for i in range(1, len(widths)):
            setattr(self, "fc%d" % i, nn.Linear(widths[i - 1], widths[i]))
            self.layers.append(getattr(self, "fc%d" % i))

    def forward(self, x):
        x = x.flatten(1)
        for fc in self.layers[:-1]:
            x = self.activate(None, fc(x))
        return self.layers[-1](x)


class ResNet(nets.ResNet):
    def norm(self, channels, activated):
        """Thresholds are for ReLU alone."""
        return nn.BatchNorm2d(channels) if self.kind_of_norm == "bn" else nets.FRN(channels, activated and self.activation == "relu")


class LeNet(nets.LeNet):
    """Whose margin is also that of its pools: from a window's greatest to what it would have chosen next."""

    def __init__(self, activation, shape):
        super().__init__(activation)
        self.fc1 = nn.Linear(16 * ((shape[1] // 2 - 4) // 2) * ((shape[2] // 2 - 4) // 2), 120)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            y = self.activate(None, conv(x))
            two = F.unfold(y.flatten(0, 1)[:, None], 2, stride=2).topk(2, dim=1).values
            self.margin = min(self.margin, (two[:, 0] - two[:, 1])[two[:, 0] > 0].min().item())
            x = F.max_pool2d(y, 2)
        x = x.flatten(1)
        for fc in (self.fc1, self.fc2):
            x = self.activate(None, fc(x))
        return self.fc3(x)


def subject(name, seed=None):
    """The network, its parameters, images and labels."""
    model, norm, activation, shape, own, _ = CASES[name]
    seed = own if seed is None else seed
    if model.startswith("mlp:"):
        net = Mlp([int(w) for w in model[4:].split("-")], activation)
    else:
        net = LeNet(activation, shape) if model == "lenet" else ResNet(model, norm, activation)
    net = net.double()
    nets.fill(net, seed)
    net.eval()
    bytes_ = (nets.words(seed, IMAGES, ROWS * int(np.prod(shape))) >> np.uint64(56)).astype(np.float64)
    x = torch.from_numpy((bytes_ / 255 - 0.5) / 0.25).reshape((ROWS,) + shape)
    y = torch.arange(ROWS) % CLASSES
    return net, x, y


class Hessian:
    """Of the mean loss, on all parameters or on some."""

    def __init__(self, name, only=None):
        net, x, y = subject(name)
        self.named = [(n, p) for n, p in net.named_parameters() if only is None or n == only]
        self.params = [p for _, p in self.named]
        self.n = sum(p.numel() for p in self.params)
        self.loss = F.cross_entropy(net(x), y)
        self.margin = net.margin
        grads = torch.autograd.grad(self.loss, self.params, create_graph=True)
        self.gradient = torch.cat([g.flatten() for g in grads])

    def product(self, v):
        v = torch.from_numpy(np.ascontiguousarray(v).ravel())
        parts = torch.autograd.grad(self.gradient, self.params, v, retain_graph=True, materialize_grads=True)
        return torch.cat([p.flatten() for p in parts]).numpy()

    def columns(self):
        for i in range(self.n):
            unit = np.zeros(self.n)
            unit[i] = 1
            yield self.product(unit)

    def trace(self):
        """From all columns, where the dense matrix would not fit."""
        return sum(h[i] for i, h in enumerate(self.columns()))

    def extreme(self, which, k):
        return sparse.eigsh(sparse.LinearOperator((self.n, self.n), self.product, dtype=np.float64), k=k, which=which, tol=1e-9,
                            ncv=4 * k, v0=np.random.default_rng(1).standard_normal(self.n))

    def trace_by_probes(self):
        """With its standard error: the sum of extreme eigenvalues, and probes on what is orthogonal to their vectors."""
        value, vector = self.extreme("LM", ORTHOGONAL)
        rng, rest = np.random.default_rng(2), []
        for _ in range(PROBES):
            z = rng.choice([-1.0, 1.0], self.n)
            z -= vector @ (vector.T @ z)
            rest.append(z @ self.product(z))
        return value.sum() + np.mean(rest), np.std(rest, ddof=1) / np.sqrt(PROBES)


def direction(seed, named):
    return np.concatenate([nets.value(seed, DIRECTION + i, p.numel(), 0, 1) for i, (_, p) in enumerate(named)])


# ---- output ----

def sketches(seed, named, whole):
    lines, at = [], 0
    for i, (n, p) in enumerate(named):
        part = torch.from_numpy(whole[at:at + p.numel()])
        at += p.numel()
        lines.append('\t{"%s", {%s}},\n' % (n, ", ".join("%.8g" % v for v in nets.sketch(seed, i, part)[:1 + SKETCHES])))
    return "".join(lines)


def measure(name, h, blocks, figures):
    def keep(key, *numbers):
        figures.write("%s %s %s\n" % (name, key, " ".join("%.10g" % v for v in numbers)))
        figures.flush()

    keep("parameters", h.n)
    keep("nll", h.loss.item())
    keep("gradient_norm", h.gradient.norm().item())
    if name == "mlp":
        dense = np.stack(list(h.columns()))
        values = np.linalg.eigvalsh(dense)
        keep("eigenvalues", *values[::-1][:TOP])
        keep("least", values[0])
        keep("trace", np.trace(dense), 0)
        square = dense @ dense
        keep("squares", np.trace(square), np.sqrt(2 * ((square ** 2).sum() - (np.diag(square) ** 2).sum())))
    else:
        keep("eigenvalues", *sorted(h.extreme("LA", TOP)[0], reverse=True))
        keep("least", h.extreme("SA", 1)[0][0])
        keep("trace", *((h.trace(), 0) if name == "lenet" else h.trace_by_probes()))
    for tensor in blocks:
        dense = np.stack(list(Hessian(name, tensor).columns()))
        keep(tensor + ".eigenvalues", *np.linalg.eigvalsh(dense)[::-1][:TOP])
        keep(tensor + ".trace", np.trace(dense), 0)


def case(name, header, figures):
    model, norm, activation, shape, seed, blocks = CASES[name]
    h, word = Hessian(name), name.replace("-", "_")
    print(name, "parameters", h.n, "margin %.1e" % h.margin, flush=True)
    header.write("static const struct golden_product %s_product[] = {\n%s};\n" %
                 (word, sketches(seed, h.named, h.product(direction(seed, h.named)))))
    if blocks is not None:
        measure(name, h, blocks, figures)
    return '\t{"%s", "%s", %s, "%s", {%d, %d, %d}, %d, %d, %s_product},' % (
        (name, model, '"%s"' % norm if norm else "NULL", activation) + shape + (seed, len(h.named), word))


def look_for_seeds():
    for name in CASES:
        best = (0, 0)
        for seed in range(1, 100):
            net, x, _ = subject(name, seed)
            with torch.no_grad():
                net(x)
            best = max(best, (net.margin, seed))
        print(name, "seed %d margin %.2e" % (best[1], best[0]), flush=True)


def main():
    if sys.argv[1:] == ["seeds"]:
        return look_for_seeds()
    with open(os.path.join(sys.argv[1], "flatness.h"), "w") as header, open(os.path.join(sys.argv[1], "flatness.txt"), "w") as figures:
        header.write("/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
                     "/* SPDX-FileCopyrightText: 2026 the Basin contributors */\n"
                     "/* Made by flatness.py with torch %s; don't edit. */\n\n#include <stddef.h>\n\n" % torch.__version__.split("+")[0])
        header.write("enum { FLATNESS_ROWS = %d, FLATNESS_CLASSES = %d, FLATNESS_SKETCHES = %d };\n\n" % (ROWS, CLASSES, SKETCHES))
        header.write("struct golden_product {\n\tconst char *name;\n\tdouble norm_and_sums[1 + FLATNESS_SKETCHES];\n};\n\n")
        table = [case(name, header, figures) for name in CASES]
        header.write("static const struct golden_flatness {\n\tconst char *name, *model, *norm, *activation;\n\tint shape[3];\n"
                     "\tunsigned seed;\n\tint n_tensors;\n\tconst struct golden_product *product;\n} golden_flatness[] = {\n%s\n};\n"
                     % "\n".join(table))


if __name__ == "__main__":
    main()
