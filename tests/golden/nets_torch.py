#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes nets_torch.h: names and shapes of the tensors and statistics of torchvision's networks, in its order.

Run with a Python that has torchvision (made with torch 1.13.1, torchvision 0.15.1): python3 nets_torch.py > nets_torch.h
LeNet and CIFAR's ResNet-20, which torchvision has not, are put together from torch's modules.
"""
import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock


def lenet():
    net = nn.Module()
    net.conv1, net.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
    net.fc1, net.fc2, net.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)
    return net


def resnet20():
    def projection(inputs, outputs):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 1, 2, bias=False), nn.BatchNorm2d(outputs))

    net = nn.Module()
    net.conv1, net.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
    net.layer1 = nn.Sequential(*[BasicBlock(16, 16) for _ in range(3)])
    net.layer2 = nn.Sequential(BasicBlock(16, 32, 2, projection(16, 32)), BasicBlock(32, 32), BasicBlock(32, 32))
    net.layer3 = nn.Sequential(BasicBlock(32, 64, 2, projection(32, 64)), BasicBlock(64, 64), BasicBlock(64, 64))
    net.fc = nn.Linear(64, 10)
    return net


def cifar(net):
    net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    return net


def lines(tensors):
    return "\n".join('\t"%s\\n"' % " ".join([name] + [str(d) for d in t.shape]) for name, t in tensors) or '\t""'


def main():
    nets = [("lenet", 32, 10, lenet()), ("resnet20", 32, 10, resnet20()),
            ("resnet18", 224, 1000, torchvision.models.resnet18()),
            ("resnet18", 32, 10, cifar(torchvision.models.resnet18(num_classes=10))),
            ("resnet34", 32, 10, cifar(torchvision.models.resnet34(num_classes=10))),
            ("resnet50", 32, 10, cifar(torchvision.models.resnet50(num_classes=10))),
            ("resnet50", 224, 1000, torchvision.models.resnet50())]
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/* SPDX-FileCopyrightText: 2026 the Basin contributors */")
    print("/* Made by nets_torch.py with torch %s, torchvision %s; don't edit. */\n"
          % tuple(m.__version__.split("+")[0] for m in (torch, torchvision)))
    rows = []
    for kind, size, classes, net in nets:
        name = "%s_%d" % (kind, size)
        print("static const char %s_params[] =\n%s;\n" % (name, lines(net.named_parameters())))
        print("static const char %s_stats[] =\n%s;\n" % (name, lines(net.named_buffers())))
        count = sum(p.numel() for p in net.parameters())
        rows.append('\t{"%s", %d, %d, %d, %s_params, %s_stats},' % (kind, size, classes, count, name, name))
    print("static const struct golden_net {")
    print("\tconst char *model;\n\tint size, classes, count;\n\tconst char *params, *stats;\n} golden_nets[] = {")
    print("\n".join(rows))
    print("};")


if __name__ == "__main__":
    main()
