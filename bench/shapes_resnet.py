#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""How hard the built-in set "shapes" is: test accuracy of a linear model, an MLP and a small ResNet, in PyTorch.

Measured with PyTorch 1.13 on two threads: linear 0.198 (5 epochs), MLP 0.765 (10 epochs), ResNet of 3 blocks 0.961 after 10
epochs and 0.978 after 15.

    basin data write shapes --format cifar10 --out DIR && bench/shapes_resnet.py DIR [EPOCHS] [THREADS]
"""
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def read(folder, names):
    records = np.concatenate([np.fromfile(f"{folder}/{name}.bin", np.uint8) for name in names]).reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255
    return torch.from_numpy(images), torch.from_numpy(records[:, 0].astype(np.int64))


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.down = nn.Conv2d(cin, cout, 1, stride, bias=False) if stride > 1 or cin != cout else nn.Identity()

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.down(x))


def resnet(width=16):
    return nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                         Block(width, width, 1), Block(width, 2 * width, 2), Block(2 * width, 4 * width, 2),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, 10))


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return float(np.mean([(model(a).argmax(1) == b).float().mean().item()
                              for a, b in zip(x.split(500), y.split(500))]))


def fit(name, model, epochs, rate, decay, train, test):
    x, y = train
    optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9, nesterov=True, weight_decay=decay)
    steps = epochs * -(-len(x) // 100)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    start = time.time()
    for epoch in range(epochs):
        model.train()
        for i in torch.randperm(len(x)).split(100):
            loss = F.cross_entropy(model(x[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        if epoch == epochs - 1 or (epoch + 1) % 5 == 0:
            print(f"{name}: epoch {epoch + 1}: train {accuracy(model, x[:2000], y[:2000]):.3f}, "
                  f"test {accuracy(model, *test):.3f}, {time.time() - start:.0f} s", flush=True)


def main():
    folder = sys.argv[1]
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    torch.manual_seed(0)
    torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 2)
    train = read(folder, [f"data_batch_{k}" for k in range(1, 6)])
    test = read(folder, ["test_batch"])
    mean, sd = train[0].mean((0, 2, 3), keepdim=True), train[0].std((0, 2, 3), keepdim=True)
    train, test = [((x - mean) / sd, y) for x, y in (train, test)]
    fit("linear", nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)), 5, 0.002, 5e-4, train, test)
    fit("mlp 3072-256-10", nn.Sequential(nn.Flatten(), nn.Linear(3072, 256), nn.ReLU(), nn.Linear(256, 10)), 10, 0.02,
        5e-4, train, test)
    fit("resnet", resnet(), epochs, 0.1, 5e-4, train, test)


if __name__ == "__main__":
    main()
