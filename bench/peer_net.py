#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""PyTorch's side of the convolutional rows of `make bench`: steps written as the published codes write them.

    peer_net.py describe                     PyTorch's version and the BLAS it runs on
    peer_net.py step MODEL BATCH THREADS PRECISION LAYOUT MODE METHOD[,METHOD...]
    peer_net.py infer MODEL BATCH THREADS PRECISION LAYOUT MODE

MODEL is resnet18 (CIFAR stem) or lenet, PRECISION fp32 or bf16 (autocast), LAYOUT nchw or nhwc (channels last), METHOD
sgd, sgld, fsgld or entropy-mcmc; MODE is eager or compile (torch.compile of the network), for infer also frozen (batch
norm folded, traced and frozen). Both warm up, print "ready", and then answer each line "COUNT" of standard input with a
line {"METHOD": ms per step, ...}: the median over COUNT steps, the methods taking turns within each; infer answers
{"infer": ms per batch}. "memory" is answered with the process's peak and its size before the network, in MiB.

The batch is in memory, normalised and augmented beforehand, and the step is gradient and update alone: no shuffling, no
running loss, no log.
"""
import json
import sys
import time
from statistics import median

import peer


def build(name):
    # Not at the top: `describe` answers without PyTorch too.
    import peer_models
    if name not in ("resnet18", "lenet"):
        raise SystemExit("peer_net.py: %s: resnet18 or lenet" % name)
    return getattr(peer_models, name)()


class Steps:
    """One network and a fixed batch; each method's step advances the same parameters."""

    lr, decay, sigma, n, temperature, coupling = 0.01, 5e-4, 1e-3, 50000, 1e-4, 4e-4

    def __init__(self, torch, model, x, y, autocast, compiled):
        self.torch, self.model, self.x, self.y, self.autocast = torch, model, x, y, autocast
        self.criterion = torch.nn.CrossEntropyLoss()
        self.forward = torch.compile(model) if compiled else model
        self.noise = (2 * self.lr * self.temperature / self.n) ** 0.5
        self.anchor = None

    def gradient(self):
        self.model.zero_grad()
        with self.autocast():
            loss = self.criterion(self.forward(self.x), self.y)
        loss.backward()

    def sgd(self):
        self.gradient()
        for p in self.model.parameters():
            p.grad.add_(p.data, alpha=self.decay)
            p.data.add_(p.grad, alpha=-self.lr)

    def langevin(self):
        for p in self.model.parameters():
            p.grad.add_(p.data, alpha=self.decay)
            p.data.add_(p.grad, alpha=-self.lr)
            p.data.add_(self.torch.randn_like(p.data), alpha=self.noise)

    def sgld(self):
        self.gradient()
        self.langevin()

    def fsgld(self):
        moved = []
        for p in self.model.parameters():
            e = self.torch.randn_like(p.data).mul_(self.sigma)
            p.data.add_(e)
            moved.append(e)
        self.gradient()
        for p, e in zip(self.model.parameters(), moved):
            p.data.sub_(e)
        self.langevin()

    def entropy_mcmc(self):
        torch, c = self.torch, 1 / (self.coupling * self.n)
        if self.anchor is None:
            self.anchor = [p.data.clone() for p in self.model.parameters()]
        self.gradient()
        for p, a in zip(self.model.parameters(), self.anchor):
            pull = (p.data - a).mul_(c)
            d_p = p.grad.add_(p.data, alpha=self.decay).add_(pull)
            d_a = a.mul(self.decay).sub_(pull)
            p.data.add_(d_p, alpha=-self.lr).add_(torch.randn_like(p.data), alpha=self.noise)
            a.add_(d_a, alpha=-self.lr).add_(torch.randn_like(a), alpha=self.noise)


def folded(torch, model, x, autocast):
    """The network with batch norm folded into its convolutions, traced and frozen."""
    from torch.fx.experimental.optimization import fuse
    model = fuse(model)
    with torch.no_grad(), autocast():
        return torch.jit.freeze(torch.jit.trace(model, x))


def prepare(torch, what, name, batch, threads, precision, layout, mode, methods):
    """The named calls to time, after the network's size is measured against `before`."""
    import contextlib
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    form = torch.channels_last if layout == "nhwc" else torch.contiguous_format
    model = build(name).to(memory_format=form)
    x = torch.randn(batch, 3, 32, 32).to(memory_format=form)
    y = torch.randint(10, (batch,))

    def autocast():
        if precision == "fp32":
            return contextlib.nullcontext()
        # Traced graphs can't hold the cached casts of weights.
        return torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=mode != "frozen")

    if what == "step":
        steps = Steps(torch, model, x, y, autocast, mode == "compile")
        return {m: getattr(steps, m.replace("-", "_")) for m in methods}
    model.eval()
    forward = {"eager": lambda: model, "compile": lambda: torch.compile(model),
               "frozen": lambda: folded(torch, model, x, autocast)}[mode]()

    def infer():
        with torch.no_grad(), autocast():
            forward(x)
    return {"infer": infer}


def memory(which):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith(which + ":"))


def main(args):
    if args == ["describe"]:
        return peer.main(args)
    if not args or args[0] not in ("step", "infer") or len(args) != (8 if args[0] == "step" else 7):
        sys.stderr.write(__doc__)
        return 2
    import torch
    before = memory("VmRSS")
    what, name, batch, threads, precision, layout, mode = args[0], args[1], int(args[2]), int(args[3]), *args[4:7]
    calls = prepare(torch, what, name, batch, threads, precision, layout, mode, args[-1].split(","))
    for call in calls.values():
        call()
        call()
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "memory":
            print(json.dumps({"peak": memory("VmHWM"), "before": before}), flush=True)
            continue
        ms = {key: [] for key in calls}
        for _ in range(int(line)):
            for key, call in calls.items():
                start = time.perf_counter()
                call()
                ms[key].append((time.perf_counter() - start) * 1e3)
        print(json.dumps({key: median(values) for key, values in ms.items()}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
