#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""A PyTorch control of the CIFAR-10 figures in bench/cifar10-cpu.md: the protocol of Basin's runs, no code shared.

    cifar10_peer.py --out FILE.json [--seed S] [--epochs E] [--keep K] [--method sgd|sgld] [--threads T]

ResNet-20 for CIFAR (He et al. 2015; 16-32-64 channels, three blocks a stage, projection shortcuts where the shape
changes: 272,474 parameters) with PyTorch's own initialisations, batch 128 of a set shuffled every epoch (the last
batch of 80 is kept), pad-4 crop and flip, one cosine cycle from 0.5 to 0, weight decay 5e-4 on every parameter,
temperature 1e-4. The states at the end of the last K epochs (default 4), with the batch norm statistics that training
left, are the members of the ensemble.

Reads $BASIN_DATA/cifar-10-batches-bin and, where SciPy can read it, $BASIN_DATA/svhn/test_32x32.mat.
Prints a line per epoch; FILE.json gets the losses, each member's figures, the ensemble's and the AUROC. After each epoch
all goes to FILE.json.METHOD-SEED.saved, from where the same command goes on; it is removed when the result is written.
"""
import argparse
import json
import math
import os
import sys
import time
from collections import namedtuple

import numpy as np
import torch
from torch.nn import functional as F

from peer_models import resnet20

BATCH, LR, DECAY, TEMPERATURE = 128, 0.5, 5e-4, 1e-4


def read_cifar10(folder, names):
    rows = np.concatenate([np.fromfile(os.path.join(folder, name), np.uint8).reshape(-1, 3073) for name in names])
    images = np.ascontiguousarray(rows[:, 1:].reshape(-1, 3, 32, 32))
    return torch.from_numpy(images), torch.from_numpy(rows[:, 0].astype(np.int64))


def read_svhn(path):
    """The test images (n, 3, 32, 32), or None without SciPy or the file; the .mat holds (32, 32, 3, n)."""
    try:
        from scipy.io import loadmat
    except ImportError:
        return None
    if not os.path.exists(path):
        return None
    return torch.from_numpy(np.ascontiguousarray(loadmat(path)["X"].transpose(3, 2, 0, 1)))


def crop_flip(images, generator):
    """Each uint8 image shifted by -4..4 pixels both ways, zeros coming in, and mirrored with probability 1/2."""
    n = images.shape[0]
    padded = F.pad(images, (4, 4, 4, 4))
    top = torch.randint(0, 9, (n, 1), generator=generator) + torch.arange(32)
    left = torch.randint(0, 9, (n, 1), generator=generator) + torch.arange(32)
    mirrored = torch.rand(n, generator=generator) < 0.5
    left = torch.where(mirrored[:, None], left.flip(1), left)
    return padded[torch.arange(n)[:, None, None, None], torch.arange(3)[None, :, None, None],
                  top[:, None, :, None], left[:, None, None, :]]


def normalise(images, mean, sd, layout):
    x = images.float().div_(255).sub_(mean[:, None, None]).div_(sd[:, None, None])
    return x.contiguous(memory_format=layout)


@torch.no_grad()
def update(model, method, lr, beta, generator):
    for p in model.parameters():
        p.add_(p.grad + DECAY * p, alpha=-lr)
        if method == "sgld":
            p.add_(torch.randn(p.shape, generator=generator), alpha=math.sqrt(2 * lr / beta))


@torch.no_grad()
def probabilities(model, images, mean, sd, layout):
    model.eval()
    out = [F.softmax(model(normalise(images[i:i + 500], mean, sd, layout)), 1) for i in range(0, len(images), 500)]
    model.train()
    return torch.cat(out).double()


def entropy(p):
    return -torch.special.xlogy(p, p).sum(1)


def metrics(members, labels):
    """members: S x n x C probabilities. The bins of the calibration error are (k/15, (k+1)/15]."""
    p = members.mean(0)
    confidence, guess = p.max(1)
    right = (guess == labels).double()
    nll = -p[torch.arange(len(labels)), labels].clamp_min(np.finfo(np.float32).tiny).log()
    bins = (torch.ceil(confidence * 15) - 1).clamp(0, 14).long()
    gap = torch.zeros(15, dtype=torch.double).index_add_(0, bins, right - confidence)
    expected = torch.stack([entropy(m) for m in members]).mean()
    return {"accuracy": right.mean().item(), "nll": nll.mean().item(), "ece": (gap.abs().sum() / len(labels)).item(),
            "entropy": entropy(p).mean().item(),
            "mutual_information": (entropy(p).mean() - expected).item() if len(members) > 1 else None}


def auroc(inside, outside):
    """Probability that an outside score exceeds an inside one, ties counting half (Mann-Whitney)."""
    scores = torch.cat([inside, outside]).numpy()
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n_in, n_out = len(inside), len(outside)
    return float((ranks[n_in:].sum() - n_out * (n_out + 1) / 2) / (n_in * n_out))


def arguments(description, methods, method):
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--epochs", type=int, default=10)
    options.add_argument("--keep", type=int, default=4)
    options.add_argument("--method", choices=methods, default=method)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--steps", type=int, help="stop after so many steps and print their time: no result")
    options.add_argument("--layout", choices=("nchw", "nhwc"), default="nchw")
    return options.parse_args()


# What moves the model: step(x, y, lr) returns the loss and the logits at the state before; state() is what it carries from
# step to step, to be saved, and load(state) takes it up.
Method = namedtuple("Method", "step state load")


def gradient(model, x, y):
    """Sets every parameter's gradient to that of the batch's mean loss; the loss and the logits."""
    model.zero_grad(set_to_none=True)
    logits = model(x)
    loss = F.cross_entropy(logits, y)
    loss.backward()
    return loss.item(), logits


def save(path, everything):
    torch.save(everything, path + ".part")
    os.replace(path + ".part", path)


def train(o, peak, make, saved):
    """A run of the protocol and its result, or None after o.steps; it begins after the epoch that the file `saved` holds, if
    there is one, and writes every epoch's end there.

    `peak` is the largest step size; make(model, beta, generator) gives a Method."""
    torch.manual_seed(o.seed)
    torch.set_num_threads(o.threads)
    draws = torch.Generator().manual_seed(o.seed + 1000003)
    layout = torch.channels_last if o.layout == "nhwc" else torch.contiguous_format

    root = os.environ["BASIN_DATA"]
    folder = os.path.join(root, "cifar-10-batches-bin")
    x, y = read_cifar10(folder, ["data_batch_%d.bin" % i for i in range(1, 6)])
    x_test, y_test = read_cifar10(folder, ["test_batch.bin"])
    pixels = x.double() / 255
    mean, sd = pixels.mean((0, 2, 3)).float(), pixels.std((0, 2, 3), unbiased=False).float()
    del pixels
    model = resnet20().to(memory_format=layout)
    n_params = sum(p.numel() for p in model.parameters())
    assert n_params == 272474, n_params

    n, started, per_epoch = len(x), time.time(), math.ceil(len(x) / BATCH)
    total, k, method = o.epochs * per_epoch, 0, make(model, n / TEMPERATURE, draws)
    log, members, ood = [], [], {"id": [], "0.5:0.5": []}
    half = torch.full((3,), 0.5)
    svhn = read_svhn(os.path.join(root, "svhn", "test_32x32.mat"))
    done, before = 0, 0.0
    if os.path.exists(saved):
        s = torch.load(saved, weights_only=False)
        model.load_state_dict(s["model"])
        method.load(s["method"])
        draws.set_state(s["draws"])
        done, k, log, members, ood, before = (s[key] for key in ("epoch", "steps", "log", "members", "ood", "wall_s"))
    for epoch in range(done + 1, o.epochs + 1):
        order, loss_sum, right, since = torch.randperm(n, generator=draws), 0.0, 0, time.time()
        for first in range(0, n, BATCH):
            rows = order[first:first + BATCH]
            lr = peak / 2 * (1 + math.cos(math.pi * k / total))
            loss, logits = method.step(normalise(crop_flip(x[rows], draws), mean, sd, layout), y[rows], lr)
            loss_sum += loss * len(rows)
            right += (logits.argmax(1) == y[rows]).sum().item()
            k += 1
            if o.steps and k == o.steps:
                print("%.1f ms a step" % ((time.time() - since) / k * 1e3))
                return None
        log.append({"epoch": epoch, "nll": loss_sum / n, "accuracy": right / n, "seconds": time.time() - since})
        print("epoch %(epoch)d: nll %(nll).4f, accuracy %(accuracy).4f, %(seconds).0f s" % log[-1], flush=True)
        if epoch > o.epochs - o.keep:
            members.append(probabilities(model, x_test, mean, sd, layout))
            if svhn is not None:
                ood["id"].append(probabilities(model, svhn, mean, sd, layout))
                ood["0.5:0.5"].append(probabilities(model, svhn, half, half, layout))
        save(saved, {"model": model.state_dict(), "method": method.state(), "draws": draws.get_state(), "epoch": epoch, "steps": k,
                     "log": log, "members": members, "ood": ood, "wall_s": before + time.time() - started})

    members = torch.stack(members)
    result = {"torch": torch.__version__, "method": o.method, "seed": o.seed, "epochs": o.epochs, "threads": o.threads,
              "mean": mean.tolist(), "sd": sd.tolist(), "training": log,
              "members": [metrics(m[None], y_test) for m in members], "ensemble": metrics(members, y_test),
              "wall_s": before + time.time() - started}
    if svhn is not None:
        inside = entropy(members.mean(0))
        result["svhn"] = {key: {"auroc": auroc(inside, entropy(torch.stack(p).mean(0)))} for key, p in ood.items()}
    return result


def main():
    o = arguments(__doc__, ("sgd", "sgld"), "sgld")

    def make(model, beta, generator):
        def step(x, y, lr):
            found = gradient(model, x, y)
            update(model, o.method, lr, beta, generator)
            return found
        return Method(step, lambda: None, lambda state: None)

    saved = "%s.%s-%d.saved" % (o.out, o.method, o.seed)
    result = train(o, LR, make, saved)
    if result is None:
        return 0
    with open(o.out, "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    os.remove(saved)
    print(json.dumps({key: result[key] for key in ("ensemble", "svhn", "wall_s") if key in result}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
