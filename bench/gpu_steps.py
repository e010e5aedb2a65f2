#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
"""gpu.sh's rows of training steps: Basin and PyTorch take turns on one card, and what a step of Basin's is made of.

    gpu_steps.py MODEL:GFLOP BATCH,LARGER COUNT ROUNDS SECONDS

GFLOP is what an image takes, forward and backward; COUNT steps make a turn, of which each has ROUNDS. Prints a line of JSON for each
result as soon as it is known, a round's turns too: {"what", "value", "unit", …}, or "skipped" or "failed" for a side that does not
run, or is not ready within SECONDS. Basin's program is BENCH/cuda_step; DEVICE, PRECISION and SET (cuda, bf16, shapes) are its options, PEER_DEVICE (cuda)
PyTorch's. PRODUCT: TFLOP/s of a product of matrices, to compare with. PEERS: PyTorch's ways, without which there are none.

Both sides draw their batch from an order that is new every epoch, crop, flip and normalise it on the card in each step, and take the
gradient in bfloat16 with channels last; PyTorch's rate with a batch that is ready is beside it. A turn is given without waiting, and
waited for at its end.
"""
import json
import os
import subprocess
import sys
import threading
import time
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.environ.get("BENCH", HERE)
METHODS = ("sgd", "sgld", "fsgld", "entropy-mcmc")


def say(what, value=None, unit=None, **more):
    row = {"what": what, **({} if value is None else {"value": value, "unit": unit}), **more}
    print(json.dumps({k: float("%.5g" % v) if isinstance(v, float) else v for k, v in row.items()}, ensure_ascii=False), flush=True)


class Side:
    """A program that answers questions by lines of JSON once it has said that it is ready; `start` does not wait for that."""

    def __init__(self, name, command, seconds, env=None):
        self.name, self.process, self.ready, self.absent = name, None, False, False
        self.begun = time.monotonic()
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                            env={**os.environ, **(env or {})})
        except OSError as e:
            self.lost(str(e), absent=True)
            return
        self.said = []
        self.reader = threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True)
        self.reader.start()
        self.alarm = threading.Timer(seconds, self.process.kill)
        self.alarm.daemon = True
        self.alarm.start()

    def wait(self):
        """Whether it is ready."""
        if self.process and not self.ready:
            for line in self.process.stdout:
                if line == "ready\n":
                    self.ready = True
                    self.alarm.cancel()
                    return True
            self.ended()
        return self.ready

    def ask(self, question):
        """Its answer, or None once it has ended, which is said."""
        if not self.ready:
            return None
        try:
            self.process.stdin.write("%s\n" % question)
            self.process.stdin.flush()
        except OSError:
            self.ended()
            return None
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        self.ended()
        return None

    def ended(self):
        code = self.process.wait()
        self.alarm.cancel()
        self.reader.join(1)
        words = [line.strip() for line in self.said if line.strip()]
        late = " after %.0f s" % (time.monotonic() - self.begun) if code < 0 else ""
        self.lost("status %d%s: %s" % (code, late, words[-1] if words else "ended without a word"), absent=code == 3)

    def lost(self, why, absent):
        self.ready = False
        say(self.name, **{"skipped" if absent else "failed": why})

    def close(self):
        if self.process:
            self.alarm.cancel()
            self.process.kill()
            self.process.wait()


def basin(methods, model, batch, seconds):
    env = os.environ.get
    command = [os.path.join(BENCH, "cuda_step"), methods, "--device", env("DEVICE", "cuda"), "--data", env("SET", "shapes"),
               "--augment", "crop-flip", "--model", model, "--batch", str(batch), "--precision", env("PRECISION", "bf16"),
               "--temperature", "1e-4", "--lr", "0.01", "--quiet"]
    return Side("Basin, %s: %s, batch %d" % (methods, model, batch), command, seconds)


def pytorch(way, model, batch, seconds):
    command = [sys.executable, os.path.join(HERE, "gpu_peer.py"), model, way, str(batch), "-", os.environ.get("PEER_DEVICE", "cuda")]
    given = os.environ.get("PEER_LIBRARIES")
    return Side("PyTorch, %s: %s, batch %d" % (way, model, batch), command, seconds,
                None if given is None else {"LD_LIBRARY_PATH": given})


def rates(side, batch, ms):
    """Images a second of turns, and how far they went apart."""
    values = [batch / v * 1e3 for v in ms]
    say(side, median(values), "images/s", least=min(values), most=max(values), ms=median(ms))


def of_product(model, batch, gflop, ms):
    rate, product = gflop * batch / ms, os.environ.get("PRODUCT")
    say("Basin, SGLD, computes: %s, batch %d" % (model, batch), rate, "TFLOP/s")
    if product:
        say("of the product of matrices: %s, batch %d" % (model, batch), 100 * rate / float(product), "%")


def beyond(model, batch, turns):
    """What a method's step takes beyond SGD's, in the turns of one process."""
    for method in METHODS[1:]:
        us = [(t[method] - t["sgd"]) * 1e3 for t in turns]
        say("%s minus SGD: %s, batch %d" % (method, model, batch), median(us), "µs", least=min(us), most=max(us))


def tell_round(number, rounds, model, batch, turn, peers):
    """The milliseconds of a round: what is known where time ends before the last one."""
    if turn:
        say("round %d of %d, an SGLD step: %s, batch %d" % (number, rounds, model, batch), turn["sgld"], "ms",
            **{m: turn[m] for m in METHODS}, **{peer.name: got["sgld"] for peer, got in peers if got})


def compare(model, gflop, batch, count, rounds, seconds):
    own = basin(",".join(METHODS), model, batch, seconds)
    peers = [pytorch(way, model, batch, seconds) for way in os.environ.get("PEERS", "").split()]
    answers = [[] for _ in peers]
    turns = []
    sides = [own] + peers
    for side in sides:
        side.wait()
    for number in range(1, rounds + 1):
        turns.append(own.ask("together %d" % count))
        for peer, got in zip(peers, answers):
            got.append(peer.ask(count))
        tell_round(number, rounds, model, batch, turns[-1], [(peer, got[-1]) for peer, got in zip(peers, answers)])
    turns = [t for t in turns if t]
    if turns:
        rates("Basin, SGLD: %s, batch %d" % (model, batch), batch, [t["sgld"] for t in turns])
        of_product(model, batch, gflop, median(t["sgld"] for t in turns))
        beyond(model, batch, turns)
    for peer, got in zip(peers, answers):
        got = [g for g in got if g]
        if got:
            rates(peer.name, batch, [g["sgld"] for g in got])
            rates(peer.name + ", its batch ready", batch, [g["ready"] for g in got])
        if got and len(got) == len(turns):
            ratios = [g["sgld"] / t["sgld"] for g, t in zip(got, turns)]
            say("Basin over " + peer.name, median(ratios), "×", least=min(ratios), most=max(ratios),
                ready=median(g["ready"] / t["sgld"] for g, t in zip(got, turns)))
    for side in sides:
        side.close()


def parts(model, batch, seconds):
    """Where a step goes: each part waited for, so that their sum is more than a step."""
    side = basin("parts:sgld", model, batch, seconds)
    side.wait()
    answer = side.ask(10) and side.ask("shares")
    if answer:
        answer["sgld"].pop("steps")
        for part, ms in answer["sgld"].items():
            say("in parts, %s: %s, batch %d" % (part, model, batch), ms * 1e3, "µs")
    side.close()


def larger(model, gflop, batch, count, rounds, seconds):
    side = basin("sgld", model, batch, seconds)
    side.wait()
    turns = [t["sgld"] for t in (side.ask("together %d" % count) for _ in range(rounds)) if t]
    if turns:
        rates("Basin, SGLD: %s, batch %d" % (model, batch), batch, turns)
        of_product(model, batch, gflop, median(turns))
    side.close()


def main(args):
    if len(args) != 5:
        sys.stderr.write(__doc__)
        return 2
    model, _, gflop = args[0].rpartition(":")
    batch, large = map(int, args[1].split(","))
    count, rounds, seconds = map(int, args[2:])
    compare(model, float(gflop), batch, count, rounds, seconds)
    larger(model, float(gflop), large, max(count // 2, 1), rounds, seconds)
    for b in (batch, large):
        parts(model, b, seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
