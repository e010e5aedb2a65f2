#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Writes the pickles that tests/pickle.c reads: one CIFAR-like batch of two images, as Python 2 and Python 3 write it.

    python3 tests/golden/make_pickles.py tests/golden
"""
import os
import pickle
import struct
import sys

import numpy as np

data = (np.arange(2 * 3072) * 7 + 3 & 255).astype(np.uint8).reshape(2, 3072)
batch = {b"batch_label": b"testing batch 1 of 1", b"labels": [3, 9], b"data": data, b"filenames": [b"a.png", b"b.png"]}


def python2():
    """Protocol 2 by Python 2's cPickle, opcode by opcode: its strings are SHORT_BINSTRING and BINSTRING."""
    memo = iter(range(1, 256))

    def put():
        return b"q" + bytes([next(memo)])

    def text(s):
        return b"U" + bytes([len(s)]) + s + put()

    def array():
        return (b"cnumpy.core.multiarray\n_reconstruct\n" + put() + b"cnumpy\nndarray\n" + put() + b"K\0\x85" + put() + b"U\x01b"
                    + put() + b"\x87" + put() + b"R" + put() + b"(K\x01K\x02M\x00\x0c\x86" + put() + b"cnumpy\ndtype\n" + put()
                    + text(b"u1") + b"K\0K\x01\x87" + put() + b"R" + put() + b"(K\x03U\x01|" + put()
                    + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t" + put() + b"b\x89T" + struct.pack("<i", data.size)
                    + data.tobytes() + put() + b"t" + put() + b"b")

    return (b"\x80\x02}" + put() + b"(" + text(b"batch_label") + text(b"testing batch 1 of 1") + text(b"labels") + b"]" + put()
            + b"(K\x03K\te" + text(b"data") + array() + text(b"filenames") + b"]" + put() + b"(" + text(b"a.png")
            + text(b"b.png") + b"eu.")


def main():
    folder = sys.argv[1]
    files = {f"batch-protocol{p}.pkl": pickle.dumps(batch, p) for p in (2, 3, 4, 5)}
    files["batch-python2.pkl"] = python2()
    files["evil.pkl"] = b"\x80\x02cos\nsystem\nU\x04true\x85R."
    files["floats.pkl"] = pickle.dumps({b"data": np.zeros(3)}, 2)
    check = pickle.loads(files["batch-python2.pkl"], encoding="bytes")
    assert np.array_equal(check[b"data"], data) and check[b"labels"] == [3, 9]
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)


if __name__ == "__main__":
    main()
