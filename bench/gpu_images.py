#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Numbers in CIFAR-10's binary form, of which a network can learn a little: gpu_images.py FOLDER IMAGES-A-FILE"""
import os
import sys


def main(folder, count):
    shade = [bytes(min(255, b * 3 // 4 + k * 6) for b in range(256)) for k in range(10)]
    for name in ["data_batch_%d" % i for i in range(1, 6)] + ["test_batch"]:
        with open(os.path.join(folder, name + ".bin"), "wb") as f:
            for i in range(count):
                f.write(bytes([i % 10]) + os.urandom(3072).translate(shade[i % 10]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
