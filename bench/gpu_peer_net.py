# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The other side of gpu.sh's rows of convolutional networks: SGLD steps in PyTorch, on a card or on the CPU.

    gpu_peer.py MODEL WAY BATCH STEPS [DEVICE]

MODEL is resnet18, resnet20 or lenet. Prints {"rate": images a second, "ready": the same without the drawing of batches,
"seconds": before the first timed step, "peak": GiB of the card's memory, …} after a warm-up. With - for STEPS it prints
"ready" when it is warm, and then answers each line "COUNT" of standard input with {"sgld": ms a step, "ready": …}.

50,000 images of bytes are on the device. A step draws its batch of them, from an order that is new every epoch, crops
it (4 pixels of padding), flips, normalises, takes a gradient under autocast in bfloat16 with channels last, and updates
with weight decay and noise. Ways:

    eager     the published codes' step; all noise by one call, the update by PyTorch's fused lists (foreach)
    compile   network, drawing and update compiled, each by torch.compile
    graph     the same, a whole step captured as one CUDA graph and replayed
    reduce    as compile, with mode="reduce-overhead": CUDA graphs as PyTorch makes them

Exit status 3: there is no PyTorch here, or it has no such device or way.
"""
import json
import sys
import time

import torch

import peer_models

LR, DECAY, TEMPERATURE, ROWS = 0.01, 5e-4, 1e-4, 50000
NOISE = (2 * LR * TEMPERATURE / ROWS) ** 0.5
SIDE, PAD = 32, 4
MEAN, SD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
WAYS = ("eager", "compile", "graph", "reduce")


class Steps:
    def __init__(self, device, model, way, batch):
        self.device, self.batch = device, batch
        self.kind = device.split(":")[0]
        self.on_card = self.kind == "cuda"
        self.model = model.to(device).to(memory_format=torch.channels_last)
        self.params = list(self.model.parameters())
        self.rows = torch.zeros(batch, dtype=torch.long, device=device)
        self.order, self.at = None, 0
        padded = SIDE + 2 * PAD
        self.count = ROWS if self.on_card else 4 * batch
        self.images = torch.randint(256, (self.count, padded, padded, 3), dtype=torch.uint8, device=device)
        self.images[:, :PAD] = self.images[:, -PAD:] = self.images[:, :, :PAD] = self.images[:, :, -PAD:] = 0
        self.labels = torch.randint(10, (self.count,), device=device)
        self.scale = (1 / (255 * torch.tensor(SD))).to(device)
        self.shift = (-torch.tensor(MEAN) / torch.tensor(SD)).to(device)
        self.pixels = torch.arange(SIDE, device=device)
        self.flat = torch.empty(sum(p.numel() for p in self.params), device=device)
        self.noise = [self.like(part, p) for part, p in zip(self.flat.split([p.numel() for p in self.params]), self.params)]
        self.x, self.y = self.draw()
        self.marks = way == "reduce"
        self.crop, self.forward, self.change = self.draw, self.loss, self.update
        if way != "eager":
            mode = {"mode": "reduce-overhead"} if way == "reduce" else {}
            self.crop = torch.compile(self.draw, **mode)
            self.forward = torch.compile(self.loss, **mode)
            self.change = torch.compile(self.update_compiled)

    @staticmethod
    def like(part, p):
        """A vector's part in the parameter's shape, in its order in memory."""
        return part.view(p.shape) if p.dim() != 4 else part.view([p.shape[i] for i in (0, 2, 3, 1)]).permute(0, 3, 1, 2)

    def next_rows(self):
        """Which images the next batch has: outside what is captured, as the host decides it."""
        if self.order is None or self.at + self.batch > self.count:
            self.order, self.at = torch.randperm(self.count, device=self.device), 0
        self.rows.copy_(self.order[self.at:self.at + self.batch])
        self.at += self.batch

    def draw(self):
        """The batch of self.rows, cropped, flipped and normalised, channels last."""
        n = self.batch
        top = torch.randint(0, 2 * PAD + 1, (n, 1), device=self.device) + self.pixels
        left = torch.randint(0, 2 * PAD + 1, (n, 1), device=self.device)
        mirrored = torch.rand(n, 1, device=self.device) < 0.5
        left = left + torch.where(mirrored, SIDE - 1 - self.pixels, self.pixels)
        x = self.images[self.rows[:, None, None], top[:, :, None], left[:, None, :]]
        x = (x.float() * self.scale + self.shift).to(torch.bfloat16)
        return x.permute(0, 3, 1, 2), self.labels[self.rows]

    def loss(self, x, y):
        # The cache of converted weights may not outlive what is captured.
        with torch.autocast(self.kind, dtype=torch.bfloat16, cache_enabled=False):
            out = self.model(x)
        return torch.nn.functional.cross_entropy(out.float(), y)

    def update(self, params, grads):
        self.flat.normal_()
        torch._foreach_add_(grads, params, alpha=DECAY)
        torch._foreach_add_(params, grads, alpha=-LR)
        torch._foreach_add_(params, self.noise, alpha=NOISE)

    def update_compiled(self, params, grads):
        for p, g in zip(params, grads):
            p.add_(g + DECAY * p, alpha=-LR).add_(torch.randn_like(p), alpha=NOISE)

    def gradient(self, x, y):
        for p in self.params:
            p.grad = None
        self.forward(x, y).backward()

    def step(self, drawn=True):
        if self.marks:
            torch.compiler.cudagraph_mark_step_begin()
        x, y = self.crop() if drawn else (self.x, self.y)
        self.gradient(x, y)
        with torch.no_grad():
            self.change(self.params, [p.grad for p in self.params])

    def run(self, count, drawn=True):
        for _ in range(count):
            if drawn:
                self.next_rows()
            self.step(drawn)


def captured(steps, drawn):
    """A whole step as one graph: what runs it COUNT times."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        steps.run(3, drawn)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        steps.step(drawn)

    def run(count):
        for _ in range(count):
            if drawn:
                steps.next_rows()
            graph.replay()

    return run


def ways_of(steps, way):
    """What runs COUNT steps that draw their batch, and COUNT that have it."""
    if way == "graph":
        return [captured(steps, drawn) for drawn in (True, False)]
    return [lambda count: steps.run(count), lambda count: steps.run(count, False)]


def missing(way, device):
    if way != "eager" and not hasattr(torch, "compile"):
        return "this PyTorch cannot compile"
    if way in ("graph", "reduce") and not device.startswith("cuda"):
        return "graphs are a card's"
    return None


def main(args):
    if len(args) not in (4, 5) or args[1] not in WAYS:
        sys.stderr.write(__doc__)
        return 2
    name, way, batch, count = args[0], args[1], int(args[2]), args[3]
    device = args[4] if len(args) > 4 else "cuda"
    start = time.perf_counter()
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as e:
        print(str(e).split("\n")[0], file=sys.stderr)
        return 3
    why = missing(way, device)
    if why:
        print(why, file=sys.stderr)
        return 3
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    steps = Steps(device, getattr(peer_models, name)(), way, batch)
    runs = ways_of(steps, way)

    def ms(run, n):
        wait()
        begin = time.perf_counter()
        run(n)
        wait()
        return (time.perf_counter() - begin) * 1e3 / n

    for run in runs:
        ms(run, 10 if steps.on_card else 1)
    if count == "-":
        print("ready", flush=True)
        for line in sys.stdin:
            drawn, ready = (ms(run, int(line)) for run in runs)
            print(json.dumps({"sgld": drawn, "ready": ready}), flush=True)
        return 0
    seconds = time.perf_counter() - start
    drawn, ready = (ms(run, int(count)) for run in runs)
    peak = torch.cuda.max_memory_allocated() / 2**30 if steps.on_card else None
    print(json.dumps({"rate": batch / drawn * 1e3, "ready": batch / ready * 1e3, "seconds": seconds, "peak": peak,
                      "torch": torch.__version__}))
    return 0
