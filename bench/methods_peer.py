#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""PyTorch controls of the figures in bench/methods.md: the protocol of Basin's runs, no code shared.

    methods_peer.py --method sghmc|adamw|sam --out RESULTS.jsonl [--seed S] [--epochs E] [--threads T] [--layout nhwc]

The network, the data and the protocol are cifar10_peer.py's; of the methods, AdamW is PyTorch's own, and the other two
are written here from their papers:

    sghmc (Chen, Fox & Guestrin 2014)   v <- (1 - a) sqrt(lr/last lr) v - lr(g + dw) + sqrt(2a lr/beta) xi;  w <- w + v
    sam (Foret et al. 2021)             e = rho g/|g|, g' at w + e on the same batch;      w <- w - lr(g' + dw)

with a = 0.1 and rho = 0.05; d is the weight decay, on every parameter. v is a velocity times a time step, which the
schedule changes: its root brings v to the new one. The step sizes begin at 0.05, 0.5 and AdamW's
0.003. SAM's second pass leaves the running statistics of batch norm alone. A run is one line of RESULTS.jsonl, which
methods_tables.py reads; one of SAM with 5 epochs is called sam-half, and has its last two states in the ensemble. A run
that was stopped goes on from its last whole epoch (cifar10_peer.py).
"""
import json
import math
import os
import sys

import torch

from cifar10_peer import DECAY, Method, arguments, gradient, train

PEAK = {"sghmc": 0.05, "adamw": 3e-3, "sam": 0.5}
FRICTION, RHO = 0.1, 0.05


def sghmc(model, beta, generator):
    velocity, last = [torch.zeros_like(p) for p in model.parameters()], []

    def step(x, y, lr):
        found = gradient(model, x, y)
        kept = (1 - FRICTION) * math.sqrt(lr / (last[-1] if last else lr))
        with torch.no_grad():
            for p, v in zip(model.parameters(), velocity):
                noise = torch.randn(p.shape, generator=generator)
                v.mul_(kept).sub_(lr * (p.grad + DECAY * p)).add_(math.sqrt(2 * FRICTION * lr / beta) * noise)
                p.add_(v)
        last[:] = [lr]
        return found

    def load(state):
        velocity[:], last[:] = state
    return Method(step, lambda: (velocity, last), load)


def adamw(model, beta, generator):
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK["adamw"], betas=(0.9, 0.999), eps=1e-8, weight_decay=DECAY)

    def step(x, y, lr):
        found = gradient(model, x, y)
        optimiser.param_groups[0]["lr"] = lr
        optimiser.step()
        return found
    return Method(step, optimiser.state_dict, optimiser.load_state_dict)


def hold_statistics(model, hold):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.0 if hold else 0.1


def sam(model, beta, generator):
    def step(x, y, lr):
        found = gradient(model, x, y)
        with torch.no_grad():
            norm = math.sqrt(sum(float((p.grad.double() ** 2).sum()) for p in model.parameters()))
            before = [p.clone() for p in model.parameters()]
            for p in model.parameters():
                p.add_(p.grad, alpha=RHO / (norm + 1e-12))
        hold_statistics(model, True)
        gradient(model, x, y)
        hold_statistics(model, False)
        with torch.no_grad():
            for p, w in zip(model.parameters(), before):
                p.copy_(w - lr * (p.grad + DECAY * w))
        return found
    return Method(step, lambda: None, lambda state: None)


METHODS = {"sghmc": sghmc, "adamw": adamw, "sam": sam}


def main():
    o = arguments(__doc__, tuple(METHODS), "sghmc")
    half = o.method == "sam" and o.epochs == 5
    if half:
        o.keep = min(o.keep, 2)    # as of Basin's row
    name = "%s-%d" % ("sam-half" if half else o.method, o.seed)
    if os.path.exists(o.out) and any(line["name"] == name and "torch" in line for line in map(json.loads, open(o.out))):
        sys.exit("methods_peer.py: %s has a line of %s already" % (o.out, name))
    saved = "%s.%s.saved" % (o.out, name)
    result = train(o, PEAK[o.method], METHODS[o.method], saved)
    if result is None:
        return 0
    line = {"name": name, "seed": o.seed, "torch": result["torch"], "epochs": o.epochs,
            "threads": o.threads, "snapshots": len(result["members"]), "ensemble": result["ensemble"],
            "last": {key: result["members"][-1][key] for key in ("accuracy", "nll")}, "training": result["training"],
            "auroc": {short: result.get("svhn", {}).get(key, {}).get("auroc")
                      for short, key in (("id", "id"), ("half", "0.5:0.5"))},
            "wall_s": {"all": round(result["wall_s"], 1)}}
    with open(o.out, "a") as f:
        f.write(json.dumps(line) + "\n")
    os.remove(saved)
    print(json.dumps({key: line[key] for key in ("name", "ensemble", "auroc", "wall_s")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
