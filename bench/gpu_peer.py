#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The other side of gpu.sh's rows of many chains: SGLD on a small network in PyTorch, on a card or on the CPU.

    gpu_peer.py WAY DEVICE INPUTS-HIDDEN-CLASSES BATCH CHAINS STEPS

Prints {"rate": chain-steps a second, "torch": version}, after a warm-up. Each chain draws its batches from an order of its own of
4096 examples, new every epoch, as Basin's do. Ways:

    loop      one chain after another, as the published codes are written: a module, a loop over its parameters
    stacked   all chains at once: parameters with one dimension more, products by torch.baddbmm
    graph     stacked, a step captured as a CUDA graph and replayed

With a network's name for WAY it is gpu_peer_net.py, which has its arguments:

    gpu_peer.py resnet18|resnet20|lenet WAY BATCH STEPS [DEVICE]

Exit status 3: there is no PyTorch here, or it has no such device.
"""
import json
import sys
import time

ROWS, LR, DECAY, NOISE = 4096, 1e-3, 5e-4, (2e-3 / 4096) ** 0.5


def loop(torch, device, sizes, batch, chains):
    inputs, hidden, classes = sizes
    model = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes)).to(device)
    criterion = torch.nn.CrossEntropyLoss()
    x = torch.randn(ROWS, inputs, device=device)
    y = torch.randint(classes, (ROWS,), device=device)
    order = [torch.randperm(ROWS, device=device)]

    def step(k):
        first = k * batch % ROWS
        if first == 0:
            order[0] = torch.randperm(ROWS, device=device)
        rows = order[0][first:first + batch]
        model.zero_grad()
        criterion(model(x[rows]), y[rows]).backward()
        for p in model.parameters():
            p.grad.add_(p.data, alpha=DECAY)
            p.data.add_(p.grad, alpha=-LR)
            p.data.add_(torch.randn_like(p), alpha=NOISE)

    def run(steps):
        for _ in range(chains):
            for k in range(steps):
                step(k)

    return run


class Stacked:
    def __init__(self, torch, device, sizes, batch, chains):
        inputs, hidden, classes = sizes
        self.torch, self.batch, self.chains, self.device = torch, batch, chains, device
        shapes = ((inputs, hidden), (1, hidden), (hidden, classes), (1, classes))
        self.params = [(torch.randn(chains, *s, device=device) * s[0] ** -0.5).requires_grad_() for s in shapes]
        self.x = torch.randn(ROWS, inputs, device=device)
        self.y = torch.randint(classes, (ROWS,), device=device)
        self.order = torch.empty(chains, ROWS, dtype=torch.long, device=device)
        self.rows = torch.empty(chains, batch, dtype=torch.long, device=device)

    def draw(self, k):
        first = k * self.batch % ROWS
        if first == 0:
            self.order.copy_(self.torch.rand(self.chains, ROWS, device=self.device).argsort(1))
        self.rows.copy_(self.order[:, first:first + self.batch])

    def step(self):
        torch, (w1, b1, w2, b2) = self.torch, self.params
        h = torch.relu(torch.baddbmm(b1, self.x[self.rows], w1))
        logits = torch.baddbmm(b2, h, w2)
        # The sum over chains of each chain's mean: every chain has its own gradient.
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), self.y[self.rows].flatten(), reduction="sum")
        gradients = torch.autograd.grad(loss / self.batch, self.params)
        with torch.no_grad():
            for p, g in zip(self.params, gradients):
                p.mul_(1 - LR * DECAY).add_(g, alpha=-LR).add_(torch.randn_like(p), alpha=NOISE)

    def run(self, steps):
        for k in range(steps):
            self.draw(k)
            self.step()


def captured(torch, stacked):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        stacked.run(3)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        stacked.step()

    def run(steps):
        for k in range(steps):
            stacked.draw(k)
            graph.replay()

    return run


def main(args):
    if args and args[0] in ("resnet18", "resnet20", "lenet"):
        try:
            import gpu_peer_net
        except ImportError as e:
            print(e, file=sys.stderr)
            return 3
        return gpu_peer_net.main(args)
    if len(args) != 6 or args[0] not in ("loop", "stacked", "graph"):
        sys.stderr.write(__doc__)
        return 2
    way, device = args[:2]
    sizes, (batch, chains, steps) = [int(s) for s in args[2].split("-")], map(int, args[3:])
    try:
        import torch
        torch.zeros(1, device=device)
    except (ImportError, RuntimeError, AssertionError) as e:
        print(str(e).split("\n")[0], file=sys.stderr)
        return 3
    on_card = device.startswith("cuda")
    if way == "graph" and not on_card:
        print("graphs are a card's", file=sys.stderr)
        return 3
    torch.manual_seed(1)
    stacked = None if way == "loop" else Stacked(torch, device, sizes, batch, chains)
    run = loop(torch, device, sizes, batch, chains) if way == "loop" else captured(torch, stacked) if way == "graph" else stacked.run
    wait = torch.cuda.synchronize if on_card else lambda: None
    run(max(steps // 10, 2))
    wait()
    start = time.perf_counter()
    run(steps)
    wait()
    print(json.dumps({"rate": chains * steps / (time.perf_counter() - start), "torch": torch.__version__}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
