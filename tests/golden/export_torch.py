#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Loads what basin export wrote into a PyTorch network and predicts with it, against basin predict.

export_torch.py WEIGHTS.npz INFO.json IMAGES.npy PROBS.npy: the weights, what basin info --json says of the run, uint8
images (examples, 32, 32, 3), and the snapshot's probabilities for them from basin predict --save-member-probs, of shape
(1, examples, classes). Prints the greatest difference; fails where it exceeds 1e-5 or a name or shape is not
what PyTorch wants."""
import json
import sys

import numpy
import torch
from torch import nn


class BasicBlock(nn.Module):
    """He et al. 2015, under torchvision's names."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """For 32×32 images: a 3×3 convolution without pooling in front."""

    def __init__(self, widths, blocks, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.stages = len(widths)
        inputs = widths[0]
        for i, width in enumerate(widths):
            layer = [BasicBlock(inputs if j == 0 else width, width, 2 if i > 0 and j == 0 else 1) for j in range(blocks)]
            self.add_module(f"layer{i + 1}", nn.Sequential(*layer))
            inputs = width
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(x.mean((2, 3)))


class LeNet(nn.Module):
    """LeCun et al. 1998 for 32×32 images, with ReLU and max pooling."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = torch.max_pool2d(torch.relu(conv(x)), 2)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x.flatten(1))))))


class Mlp(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.depth = len(sizes) - 1
        for i in range(self.depth):
            self.add_module(f"fc{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        x = x.flatten(1)
        for i in range(self.depth):
            x = getattr(self, f"fc{i + 1}")(x)
            x = torch.relu(x) if i + 1 < self.depth else x
        return x


def network(spec):
    if spec == "lenet":
        return LeNet()
    if spec == "resnet18":
        return ResNet([64, 128, 256, 512], 2, 10)
    if spec == "resnet20":
        return ResNet([16, 32, 64], 3, 10)
    return Mlp([int(size) for size in spec.split(":")[1].split("-")])


def main(weights, info, images, probs):
    with open(info) as file:
        facts = json.load(file)
    with numpy.load(weights) as file:
        state = {name: torch.from_numpy(file[name]) for name in file}
    mean, sd = (state.pop(f"normalize.{key}").view(1, 3, 1, 1).float() for key in ("mean", "sd"))
    model = network(facts["model"]["spec"]).eval()
    model.load_state_dict(state, strict=True)
    # load_state_dict fills in a counter that is not there.
    assert set(state) == set(model.state_dict()), set(state) ^ set(model.state_dict())
    assert all(x.dtype == model.state_dict()[name].dtype for name, x in state.items())
    want = torch.from_numpy(numpy.load(probs)[0])
    # A network that tells nothing apart would hide a tensor in the wrong order; a hundred times the tolerance is enough.
    assert (want - want.mean(0)).abs().mean() > 1e-3, "all predictions are alike"
    rows = torch.from_numpy(numpy.load(images)).permute(0, 3, 1, 2)
    with torch.no_grad():
        got = torch.cat([model((part.float() / 255 - mean) / sd).softmax(1) for part in rows.split(200)])
    difference = (got - want).abs().max().item()
    print(f"{len(want)} examples, greatest difference {difference:.2g}")
    return 0 if difference <= 1e-5 else 1


sys.exit(main(*sys.argv[1:]))
