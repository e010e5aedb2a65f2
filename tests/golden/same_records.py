#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""What tests/same-records.sh compares of two builds; needs no package.

    same_records.py records OLD NEW   the snapshot files of two runs (folders)
    same_records.py json OLD NEW      two reports

Prints what differs, a line each, and exits with 1; members that only the new report has are printed and allowed."""
import json
import math
import struct
import sys
from pathlib import Path

# Where a run lies, which program made it and when.
MAY_DIFFER = {"path", "version", "started", "out", "libraries"}


class Reader:
    """msgpack, as much of it as basin-snapshot(5) uses."""

    FIXED = {0xca: ">f", 0xcb: ">d", 0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q",
             0xd0: ">b", 0xd1: ">h", 0xd2: ">i", 0xd3: ">q"}
    # Types with a length in front: the format of the length.
    LENGTH = {0xc4: ">B", 0xc5: ">H", 0xc6: ">I", 0xd9: ">B", 0xda: ">H", 0xdb: ">I",
              0xdc: ">H", 0xdd: ">I", 0xde: ">H", 0xdf: ">I"}

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise EOFError(f"the file ends within a value, at byte {len(self.data)}")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self):
        tag = self.number(">B")
        if tag < 0x80:
            return tag
        if tag >= 0xe0:
            return tag - 0x100
        if tag in (0xc0, 0xc2, 0xc3):
            return {0xc0: None, 0xc2: False, 0xc3: True}[tag]
        if tag in self.FIXED:
            return self.number(self.FIXED[tag])
        if tag in self.LENGTH:
            length = self.number(self.LENGTH[tag])
        elif tag < 0xc0:
            length = tag & (0x1f if tag >= 0xa0 else 0x0f)
        else:
            raise ValueError(f"type 0x{tag:02x} at byte {self.at - 1} has no place in a snapshot file")
        if tag < 0x90 or tag in (0xde, 0xdf):
            return {self.value(): self.value() for _ in range(length)}
        if tag < 0xa0 or tag in (0xdc, 0xdd):
            return [self.value() for _ in range(length)]
        blob = self.take(length)
        return blob if tag in (0xc4, 0xc5, 0xc6) else blob.decode()


def records(path):
    """The records with the bytes that encode them. The header, which later versions may extend, is left out."""
    reader = Reader(path.read_bytes())
    header = reader.value()
    if header.get("format") != "basin-snapshots":
        raise ValueError("no snapshot file")
    found = []
    while reader.at < len(reader.data):
        begin = reader.at
        found.append((reader.value(), reader.data[begin:reader.at]))
    return found


def same_number(a, b):
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def what_differs(old, new):
    keys = [key for key in old if key != "checksum" and not (key in new and same_number(old[key], new[key]))]
    return ", ".join(keys + [f"{key} is new" for key in new if key not in old]) or "encoding"


def chain_files(run):
    return {path.name: path for path in sorted(Path(run).glob("chain-*.snaps"))}


def compare_records(old_run, new_run):
    """Lines that say what differs."""
    old, new = chain_files(old_run), chain_files(new_run)
    for name in sorted(set(old) ^ set(new)):
        yield f"{name}: only {'the old' if name in old else 'the new'} run has it"
    for name in sorted(set(old) & set(new)):
        a, b = records(old[name]), records(new[name])
        if len(a) != len(b):
            yield f"{name}: {len(a)} records and {len(b)}"
        different = [(x, y) for (x, p), (y, q) in zip(a, b) if p != q]
        if different:
            x, y = different[0]
            yield (f"{name}: {len(different)} of {len(a)} records differ, the first at step {x.get('step')}, "
                   f"{x.get('role')}: {what_differs(x, y)}")


def compare_values(old, new, where, added):
    if isinstance(old, dict) and isinstance(new, dict):
        added += [f"{where}{key}" for key in new if key not in old and key not in MAY_DIFFER]
        for key in old:
            if key in MAY_DIFFER:
                continue
            if key in new:
                yield from compare_values(old[key], new[key], f"{where}{key}.", added)
            else:
                yield f"{where}{key} is gone"
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new)):
            yield from compare_values(a, b, f"{where}{i}.", added)
    elif type(old) is not type(new) or not same_number(old, new):
        yield f"{where.rstrip('.')}: {json.dumps(old)} and {json.dumps(new)}"


def main():
    what, old, new = sys.argv[1:]
    added = []
    try:
        if what == "records":
            lines = list(compare_records(old, new))
        else:
            reports = [json.loads(Path(path).read_text()) for path in (old, new)]
            lines = list(compare_values(*reports, "", added))
    except (OSError, ValueError, EOFError) as error:
        lines = [f"{old} or {new}: {error}"]
    for line in lines:
        print(line)
    if added:
        print("new: " + ", ".join(sorted(set(added))))
    return 1 if lines else 0


sys.exit(main())
