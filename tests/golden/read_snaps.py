#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""Reads the snapshot files that `tests/snaps write FOLDER` made, knowing only basin-snapshot(5): an independent reader.

Prints TAP. Needs the packages msgpack and xxhash."""
import io
import math
import struct
import sys

import msgpack
import xxhash

number = 0


def ok(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}")


def maps(data):
    """Each map with the bytes that encode it."""
    unpacker = msgpack.Unpacker(io.BytesIO(data), max_buffer_size=len(data))
    start = 0
    for value in unpacker:
        yield value, data[start:unpacker.tell()]
        start = unpacker.tell()


def floats(blob, dtype):
    if dtype == "float32":
        return struct.unpack(f"<{len(blob) // 4}f", blob)
    halves = struct.unpack(f"<{len(blob) // 2}H", blob)
    if dtype == "float16":
        return struct.unpack(f"<{len(halves)}e", blob)
    return [struct.unpack("<f", struct.pack("<I", h << 16))[0] for h in halves]


def sealed(value, encoded):
    """The checksum covers what comes before its key: 9 bytes of key and 9 of value at the end."""
    return value["checksum"] == xxhash.xxh3_64_intdigest(encoded[:-18]) and list(value)[-1] == "checksum"


def tensor(vector, row):
    count = math.prod(row["shape"])
    return vector[row["offset"]:row["offset"] + count]


def expected_theta(step):
    """tests/files.c: element e of memory is e + 1/4, the first one the step; memory is OHWI, files are OIHW."""
    memory = [e + 0.25 for e in range(40)]
    memory[0] = step / 10
    conv = [memory[((o * 2 + h) * 2 + w) * 2 + i] for o in range(3) for i in range(2) for h in range(2) for w in range(2)]
    return {"conv.weight": conv, "fc.weight": memory[24:36], "fc.bias": memory[36:40]}


def check(dtype, path):
    data = open(path, "rb").read()
    (header, encoded), *records = maps(data)
    ok(list(header)[:2] == ["format", "version"] and header["format"] == "basin-snapshots" and header["version"] == 1,
       f"{dtype}: format and version")
    ok(sealed(header, encoded), f"{dtype}: the header's checksum")
    ok([(row["name"], row["shape"], row["offset"]) for row in header["params"]] ==
       [("conv.weight", [3, 2, 2, 2], 0), ("fc.weight", [4, 3], 24), ("fc.bias", [4], 36)] and header["dtype"] == dtype,
       f"{dtype}: names, shapes, offsets")
    ok(header["sampler"] == {"name": "entropy-mcmc", "lr": 0.1} and header["target"] == "exp(−(N/T) u(θ))" and
       header["data"] is None, f"{dtype}: the facts")
    ok([record["role"] for record, _ in records] == ["theta", "anchor"] * 3 and
       [record["step"] for record, _ in records] == [10, 10, 20, 20, 30, 30] and
       [record["epoch"] for record, _ in records] == [0.5, 0.5, 1, 1, 1.5, 1.5], f"{dtype}: roles, steps, epochs")
    ok(math.isnan(records[0][0]["nll"]) and records[4][0]["nll"] == 1 / 3, f"{dtype}: losses")
    ok(all(list(record) == ["step", "epoch", "role", "nll", "params", "stats", "checksum"] for record, _ in records),
       f"{dtype}: keys and their order")
    ok(all(len(encoded) == header["record_bytes"][record["role"]] for record, encoded in records),
       f"{dtype}: bytes of a record, by role")
    ok(all(sealed(record, encoded) for record, encoded in records), f"{dtype}: checksums")
    good = True
    for record, _ in records:
        vector = floats(record["params"], dtype)
        for row in header["params"]:
            got = list(tensor(vector, row))
            good = good and (record["role"] == "anchor" or got == expected_theta(record["step"])[row["name"]])
    ok(good, f"{dtype}: tensors, convolutions in OIHW order")
    running = floats(records[0][0]["stats"], "float32")
    ok([round(1 / x) for x in tensor(running, header["stats"][1])] == [6, 7, 8] and header["stats"][1]["name"] == "bn.running_var",
       f"{dtype}: statistics")


for dtype in ["float32", "float16", "bfloat16"]:
    check(dtype, f"{sys.argv[1]}/{dtype}.snaps")
print(f"1..{number}")
