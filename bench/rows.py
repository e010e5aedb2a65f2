#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""How fast `basin predict --data csv:- --csv -` answers: one row at a time, and as many as the pipe takes.

    bench/rows.py basin RUN THREADS   # in the folder of predict.md's csv:rows.csv runs
"""
import statistics
import subprocess
import sys
import threading
import time

ROWS, BULK = 2000, 200000
NAMES, ROW = b"a,b,c\n", b"0.25,-1.5,%d.5\n"


def start(basin, run, threads):
    return subprocess.Popen([basin, "predict", run, "--data", "csv:-", "--csv", "-", "--quiet", "--threads", threads],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def one_by_one(program):
    """Milliseconds from a row to its prediction: the median and the slowest but 1 %."""
    program.stdin.write(NAMES)
    program.stdin.flush()
    program.stdout.readline()
    took = []
    for i in range(ROWS):
        began = time.perf_counter()
        program.stdin.write(ROW % (i % 7))
        program.stdin.flush()
        assert program.stdout.readline().startswith(b"%d," % (i + 1))
        took.append(1e3 * (time.perf_counter() - began))
    program.stdin.close()
    assert program.wait() == 0
    return statistics.median(took), sorted(took)[ROWS * 99 // 100]


def at_once(program):
    """Rows a second, the start left out."""
    def feed():
        program.stdin.write(b"".join(ROW % (i % 7) for i in range(BULK)))
        program.stdin.close()
    program.stdin.write(NAMES)
    program.stdin.flush()
    program.stdout.readline()
    began = time.perf_counter()
    feeder = threading.Thread(target=feed)
    feeder.start()
    assert sum(1 for line in program.stdout) == BULK
    feeder.join()
    assert program.wait() == 0
    return BULK / (time.perf_counter() - began)


basin, run, threads = sys.argv[1:]
median, slow = one_by_one(start(basin, run, threads))
print(f"{run}, T = {threads}: a row {median:.2f} ms (99 %: {slow:.2f}), {at_once(start(basin, run, threads)):.0f} rows/s")
