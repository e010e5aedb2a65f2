#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""The other side of `make bench`: SGLD in PyTorch, written as the published implementations write it, and the data.

    peer.py data FOLDER INPUTS CLASSES ROWS      writes x.npy (float32) and y.npy (int64), standard library only
    peer.py step full|bare INPUTS-HIDDEN-CLASSES BATCH STEPS THREADS
    peer.py serve full|bare INPUTS-HIDDEN-CLASSES BATCH THREADS
    peer.py update COUNT REPEATS THREADS
    peer.py describe                             PyTorch's version and the BLAS it runs on

step and update print milliseconds per step: the mean over the steps after a warm-up. "full" does in a step what Basin
does: a batch of the shuffled set, weight decay, and the running loss and accuracy that a training loop shows. "bare"
has gradient and noisy update alone. Neither writes a log or a checkpoint. serve warms up, prints "ready" and answers each
line "COUNT" of standard input with {"rate": steps a second}.
Exit status 3: there is no PyTorch here; 4: it runs on the reference BLAS, which is ten times slower than a tuned one.
"""
import array
import os
import random
import sys
import time


def write_npy(path, dtype, shape, values):
    """The .npy format, version 1.0: magic, length of the header, header padded to 64 bytes, data."""
    text = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (dtype, shape)
    text += " " * (-(len(text) + 11) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode())
        f.write(values.tobytes())


def data(folder, inputs, classes, rows):
    draw = random.Random(1)
    labels = array.array("q", (i % classes for i in range(rows)))
    # Standard normal inputs whose first values carry the label, so that the loss goes down as in a real run.
    values = array.array("f", (draw.gauss(0, 1) for _ in range(rows * inputs)))
    for i in range(rows):
        values[i * inputs + labels[i] % inputs] += 2
    write_npy(os.path.join(folder, "x.npy"), "<f4", (rows, inputs), values)
    write_npy(os.path.join(folder, "y.npy"), "<i8", (rows,), labels)


def step(torch, mode, sizes, batch):
    """What runs a number of steps."""
    n = 4096
    inputs, hidden, classes = (int(s) for s in sizes.split("-"))
    model = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes))
    criterion = torch.nn.CrossEntropyLoss()
    x, y = torch.randn(n, inputs), torch.randint(classes, (n,))
    lr, decay, noise = 1e-3, 5e-4, (2e-3 / n) ** 0.5

    def update(weight_decay):
        for p in model.parameters():
            if weight_decay:
                p.grad.add_(p.data, alpha=decay)
            p.data.add_(p.grad, alpha=-lr)
            p.data.add_(torch.randn_like(p), alpha=noise)

    def run_full(count):
        k = 0
        while k < count:
            order = torch.randperm(n)
            train_loss, correct = 0.0, 0
            for first in range(0, min(n, (count - k) * batch), batch):
                rows = order[first:first + batch]
                inputs_k, labels_k = x[rows], y[rows]
                model.zero_grad()
                outputs = model(inputs_k)
                loss = criterion(outputs, labels_k)
                loss.backward()
                update(True)
                train_loss += loss.item()
                correct += outputs.max(1)[1].eq(labels_k).sum().item()
                k += 1

    batches = [(x[i:i + batch], y[i:i + batch]) for i in range(0, n - batch + 1, batch)]

    def run_bare(count):
        for k in range(count):
            inputs_k, labels_k = batches[k % len(batches)]
            model.zero_grad()
            criterion(model(inputs_k), labels_k).backward()
            update(False)

    return run_full if mode == "full" else run_bare


def update(torch, count, repeats):
    p, grad = torch.randn(count), torch.randn(count)

    def run(times):
        for _ in range(times):
            p.data.add_(grad, alpha=-1e-3)
            p.data.add_(torch.randn_like(p), alpha=1e-4)

    return timed(run, repeats)


def timed(run, count):
    run(max(count // 10, 2))
    start = time.perf_counter()
    run(count)
    return (time.perf_counter() - start) / count * 1e3


def serve(run):
    run(500)
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        run(int(line))
        print('{"rate": %.3f}' % (int(line) / (time.perf_counter() - start)), flush=True)


def blas():
    """The library that PyTorch's matrix products run in, by what is mapped into this process."""
    with open("/proc/self/maps") as f:
        files = {os.path.basename(line.split()[-1]) for line in f if ".so" in line}
    for name in ("mkl", "openblas", "blis"):
        if any(name in file for file in files):
            return name
    return "the reference BLAS" if any(file.startswith("libblas.") for file in files) else "a BLAS of its own"


def main(args):
    command = args[0] if args else ""
    if command == "data":
        data(args[1], *map(int, args[2:5]))
        return 0
    if command not in ("describe", "step", "serve", "update"):
        sys.stderr.write(__doc__)
        return 2
    try:
        import torch
    except ImportError:
        return 3
    if command == "describe":
        library = blas()
        print("PyTorch %s on %s" % (torch.__version__, library))
        return 4 if library == "the reference BLAS" else 0
    torch.manual_seed(1)
    torch.set_num_threads(int(args[-1]))
    if command == "step":
        print("%.5f" % timed(step(torch, args[1], args[2], int(args[3])), int(args[4])))
    elif command == "serve":
        serve(step(torch, args[1], args[2], int(args[3])))
    else:
        print("%.5f" % update(torch, int(args[1]), int(args[2])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
