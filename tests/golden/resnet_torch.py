#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes resnet_torch.h: a step of whole convolutional networks in PyTorch, in double.

Run with a Python that has torch and numpy (made with torch 1.13.1): python3 resnet_torch.py > resnet_torch.h
With the argument `seeds`: looks for seeds, see SEEDS.

Parameters, images and labels come from value() below, which tests/resnet_golden.c has too, so that nothing big is stored.
Kept are the loss, the logits, and of each gradient and running statistic the norm and 16 sums Σ ±g over its elements with
signs from the same generator: the mean of the squared differences of two tensors' sums estimates ‖g − g′‖².
"""
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ROWS, CLASSES, SKETCHES = 4, 10, 16
EPS_FRN = 1e-6
# In float32 a ReLU near its kink may fall on the other side, and one such element in a million is enough to move a gradient by
# 1e-3. These seeds keep every element of the double reference away from it (`margin` in the output). Fifty layers at random
# parameters magnify rounding a hundredfold, so that no seed does; their activation is SiLU.
SEEDS = {("resnet18", "bn", "relu"): 22, ("resnet18", "frn", "relu"): 55, ("resnet20", "bn", "relu"): 50,
         ("resnet20", "frn", "relu"): 38, ("resnet50:imagenet", "bn", "silu"): 1, ("lenet", None, "relu"): 13}
SHAPES = {"resnet50:imagenet": (3, 64, 64), "lenet": (1, 28, 28)}  # others: (3, 32, 32)
# Of these the file has no statistics; their predictions depend on them.
WITHOUT_STATS = {"resnet50:imagenet", "lenet"}


# ---- the generator ----

def mix(z):
    """SplitMix64's output function (Steele, Lea & Flood 2014)."""
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def words(seed, tensor, count):
    with np.errstate(over="ignore"):
        at = np.uint64((seed << 56) + (tensor << 40)) + np.arange(1, count + 1, dtype=np.uint64)
        return mix(at * np.uint64(0x9E3779B97F4A7C15))


def value(seed, tensor, count, offset, scale):
    """offset + scale·u, u on 2²⁴ points of [−1, 1), rounded to float32."""
    u = (words(seed, tensor, count) >> np.uint64(40)).astype(np.float64) * 2.0 ** -23 - 1
    return (offset + scale * u).astype(np.float32).astype(np.float64)


STATS, IMAGES, LABELS, SIGNS = 1000, 2000, 2001, 4000  # tensors from here on; parameters from 0


def sketch(seed, tensor, x):
    x = x.detach().double().numpy().ravel()
    w = words(seed, SIGNS + tensor, x.size)
    signs = 1.0 - 2.0 * ((w[:, None] >> np.arange(SKETCHES, dtype=np.uint64)) & np.uint64(1)).astype(np.float64)
    return [float(np.linalg.norm(x))] + [float(v) for v in x @ signs]


# ---- networks ----

class FRN(nn.Module):
    """Singh & Krishnan 2020, equations 1 to 3; what is thresholded may have had a residual added."""

    def __init__(self, channels, activated):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        if activated:
            self.tau = nn.Parameter(torch.empty(channels))

    def forward(self, x):
        nu2 = (x * x).mean(dim=(2, 3), keepdim=True)
        return self.weight[:, None, None] * x / torch.sqrt(nu2 + EPS_FRN) + self.bias[:, None, None]


class Net(nn.Module):
    """Modules by torchvision's names; watches how near an activation's input comes to its kink."""

    def __init__(self, norm, activation):
        super().__init__()
        self.kind_of_norm, self.activation, self.margin = norm, activation, float("inf")

    def norm(self, channels, activated):
        return nn.BatchNorm2d(channels) if self.kind_of_norm == "bn" else FRN(channels, activated)

    def activate(self, norm, x):
        if self.activation == "silu":
            return F.silu(x)
        kink = norm.tau[:, None, None] if isinstance(norm, FRN) else torch.zeros((), dtype=x.dtype)
        self.margin = min(self.margin, (x - kink).abs().min().item())
        return torch.maximum(x, kink)


class ResNet(Net):
    def __init__(self, kind, norm, activation):
        super().__init__(norm, activation)
        width, blocks = {"resnet18": (64, [2, 2, 2, 2]), "resnet20": (16, [3, 3, 3]),
                         "resnet50:imagenet": (64, [3, 4, 6, 3])}[kind]
        self.imagenet = kind.endswith(":imagenet")
        self.conv1 = nn.Conv2d(3, width, 7 if self.imagenet else 3, 2 if self.imagenet else 1, 3 if self.imagenet else 1,
                               bias=False)
        self.bn1 = self.norm(width, True)
        inputs = width
        self.stages = []
        for i, count in enumerate(blocks):
            stage = nn.Sequential()
            for j in range(count):
                inputs = self.add_block(stage, kind.startswith("resnet50"), inputs, width << i, 2 if i and not j else 1)
            setattr(self, "layer%d" % (i + 1), stage)
            self.stages.append(stage)
        self.fc = nn.Linear(inputs, CLASSES)

    def add_block(self, stage, bottleneck, inputs, width, stride):
        block = nn.Module()
        outputs = 4 * width if bottleneck else width
        shapes = ([(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)] if bottleneck else
                  [(inputs, width, 3, stride), (width, width, 3, 1)])
        for k, (a, b, kernel, step) in enumerate(shapes):
            setattr(block, "conv%d" % (k + 1), nn.Conv2d(a, b, kernel, step, kernel // 2, bias=False))
            setattr(block, "bn%d" % (k + 1), self.norm(b, True))
        block.depth = len(shapes)
        if stride != 1 or inputs != outputs:
            block.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), self.norm(outputs, False))
        stage.append(block)
        return outputs

    def forward(self, x):
        x = self.activate(self.bn1, self.bn1(self.conv1(x)))
        if self.imagenet:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in self.stages:
            for b in stage:
                shortcut = b.downsample(x) if hasattr(b, "downsample") else x
                for k in range(1, b.depth + 1):
                    norm = getattr(b, "bn%d" % k)
                    x = norm(getattr(b, "conv%d" % k)(x))
                    x = self.activate(norm, x + shortcut if k == b.depth else x)
        return self.fc(x.mean(dim=(2, 3)))


class LeNet(Net):
    def __init__(self, activation):
        super().__init__(None, activation)
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, CLASSES)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = F.max_pool2d(self.activate(None, conv(x)), 2)
        x = x.flatten(1)
        for fc in (self.fc1, self.fc2):
            x = self.activate(None, fc(x))
        return self.fc3(x)


def build(kind, norm, activation):
    return LeNet(activation) if kind == "lenet" else ResNet(kind, norm, activation)


def spread(name, shape):
    """Offset and scale of a tensor's values: norms so far from 1 and 0 that it matters."""
    last = name.split(".")[-1]
    if len(shape) > 1:
        return 0, 1 / np.sqrt(np.prod(shape[1:]))
    if name.startswith(("fc", "conv")):
        return 0, 0.1
    return {"weight": (1, 0.3), "bias": (0, 0.5), "tau": (0, 0.2), "running_mean": (0, 0.2), "running_var": (1, 0.4)}[last]


def fill(net, seed):
    with torch.no_grad():
        for i, (name, p) in enumerate(net.named_parameters()):
            p.copy_(torch.from_numpy(value(seed, i, p.numel(), *spread(name, p.shape)).reshape(p.shape)))
        for i, (name, b) in enumerate(net.named_buffers()):
            if b.dim():
                b.copy_(torch.from_numpy(value(seed, STATS + i, b.numel(), *spread(name, b.shape)).reshape(b.shape)))


def batches(kind, seed):
    """Rows for two steps."""
    shape = (2, ROWS) + SHAPES.get(kind, (3, 32, 32))
    x = value(seed, IMAGES, int(np.prod(shape)), 0, 2).reshape(shape)
    y = (words(seed, LABELS, 2 * ROWS) >> np.uint64(32)).astype(np.int64).reshape(2, ROWS) % CLASSES
    return torch.from_numpy(x), torch.from_numpy(y)


def steps(kind, norm, activation, seed, dtype):
    """Loss, logits and gradient of a first batch; statistics behind it and behind a second one; logits that use them."""
    net = build(kind, norm, activation).to(dtype)
    fill(net, seed)
    x, y = batches(kind, seed)
    x = x.to(dtype)
    net.train()
    logits = net(x[0])
    loss = F.cross_entropy(logits, y[0])
    loss.backward()
    margin = net.margin
    first = [b.clone() for b in net.buffers()]
    with torch.no_grad():
        net(x[1])
        second = [b.clone() for b in net.buffers()]
        net.eval()
        folded = net(x[0])
    return {"loss": loss.item(), "logits": logits.detach(), "margin": margin, "folded": folded,
            "grads": [(n, p.grad) for n, p in net.named_parameters()],
            "first": list(zip([n for n, _ in net.named_buffers()], first)),
            "second": list(zip([n for n, _ in net.named_buffers()], second))}


def difference(a, b):
    return ((a.double() - b).norm() / b.norm()).item()


# ---- output ----

def rows(seed, base, tensors):
    return "".join('\t{"%s", {%s}},\n' % (n, ", ".join("%.8g" % v for v in sketch(seed, base + i, t)))
                   for i, (n, t) in enumerate(tensors) if t.dim())


def case(kind, norm, activation):
    seed, name = SEEDS[kind, norm, activation], "%s_%s" % (kind.split(":")[0], norm or "none")
    ref, single = (steps(kind, norm, activation, seed, dtype) for dtype in (torch.float64, torch.float32))
    worst = max(difference(a, b) for (_, a), (_, b) in zip(single["grads"], ref["grads"]))
    print("/* torch in float32 differs by %.1e from this in the logits and by up to %.1e in a gradient; margin %.1e */"
          % (difference(single["logits"], ref["logits"]), worst, ref["margin"]))
    print("static const struct golden_sketch %s_gradients[] = {\n%s};" % (name, rows(seed, 0, ref["grads"])))
    stats = 0 if kind in WITHOUT_STATS else sum(1 for _, t in ref["first"] if t.dim())
    for which in ("first", "second") if stats else ():
        print("static const struct golden_sketch %s_%s[] = {\n%s};" % (name, which, rows(seed, STATS, ref[which])))
    for which in ("logits", "folded"):
        flat = ref[which].flatten().tolist()
        lines = ",\n".join("\t" + ", ".join("%.9g" % v for v in flat[i:i + CLASSES]) for i in range(0, len(flat), CLASSES))
        print("static const double %s_%s[] = {\n%s,\n};" % (name, which, lines))
    tables = [name + "_gradients"] + ([name + "_first", name + "_second"] if stats else ["NULL", "NULL"])
    return '\t{"%s", %s, "%s", {%d, %d, %d}, %d, %.12g, %s_logits, %s_folded, %d, %s, %d, %s, %s},' % (
        (kind, '"%s"' % norm if norm else "NULL", activation) + SHAPES.get(kind, (3, 32, 32)) +
        (seed, ref["loss"], name, name, len(ref["grads"]), tables[0], stats, tables[1], tables[2]))


def look_for_seeds():
    for kind, norm, activation in SEEDS:
        for seed in range(1, 60):
            net = build(kind, norm, activation).double()
            fill(net, seed)
            with torch.no_grad():
                net(batches(kind, seed)[0][0])
            print(kind, norm, seed, "%.2e" % net.margin, flush=True)


def main():
    if sys.argv[1:] == ["seeds"]:
        return look_for_seeds()
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/* SPDX-FileCopyrightText: 2026 the Basin contributors */")
    print("/* Made by resnet_torch.py with torch %s; don't edit. */\n" % torch.__version__.split("+")[0])
    print("#include <stddef.h>\n")
    print("enum { GOLDEN_ROWS = %d, GOLDEN_CLASSES = %d, GOLDEN_SKETCHES = %d };\n" % (ROWS, CLASSES, SKETCHES))
    print("struct golden_sketch {\n\tconst char *name;\n\tdouble norm_and_sums[1 + GOLDEN_SKETCHES];\n};\n")
    table = [case(*key) for key in SEEDS]
    print("static const struct golden_net {\n\tconst char *model, *norm, *activation;\n\tint shape[3];\n\tunsigned seed;\n\tdouble loss;\n"
          "\tconst double *logits, *folded;         /* of the first batch: as it trains, and with the statistics after the second */\n"
          "\tint n_gradients;\n\tconst struct golden_sketch *gradients;\n\tint n_stats;                           /* 0: not kept */\n"
          "\tconst struct golden_sketch *first, *second;\n} golden_nets[] = {")
    print("\n".join(table))
    print("};")


if __name__ == "__main__":
    main()
