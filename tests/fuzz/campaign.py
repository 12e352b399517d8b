"""Many inputs to many parsers, in child processes whose memory and time are limited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import harness
from tests.fuzz.parsers import PARSERS

#: Inputs of one child, which bounds what it can gather; seconds until a silent child is ended.
BLOCK, SILENCE = 3000, 200
#: Faults of one place whose inputs are kept.
KEPT = 3
HEADER = ("parser", "inputs", "accepted", "refused", "tracebacks", "slow", "big", "message",
          "slowest s", "biggest MB")  # fmt: skip


@dataclass
class Tally:
    """What came of a parser's inputs.

    Attributes:
        kinds: outcomes by kind.
        slowest: seconds; biggest: bytes beyond those of the process before the first input.
        faults: place of a fault -> numbers of inputs.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    biggest: int = 0
    faults: dict[str, list[int]] = field(default_factory=dict)

    def row(self, name: str) -> tuple[str, ...]:
        total = sum(self.kinds.values())
        shares = (f"{self.kinds[kind] / max(total, 1):.1%}" for kind in ("accepted", "refused"))
        counts = (str(self.kinds[k]) for k in ("traceback", "slow", "big", "message"))
        return (name, f"{total:,}", *shares, *counts, f"{self.slowest:.2f}",
                f"{self.biggest / 2**20:,.0f}")  # fmt: skip


def work(name: str, start: int, stop: int) -> None:
    """Try inputs and print a line of JSON for each that is slow or a fault, and one at the end.
    This is the child."""
    parser, kinds, slowest = PARSERS[name], Counter[str](), 0.0
    for data in harness.seeds_of(name):  # imports what it needs
        harness.try_input(parser, data, 60)
    base = harness.peak_bytes()
    harness.limit_memory()
    for number in range(start, stop):
        print(json.dumps({"at": number}), flush=number % 50 == 0)
        data = harness.make_input(name, number)
        found = harness.try_input(parser, data)
        kinds[found.kind] += 1
        slowest = max(slowest, found.seconds)
        if found.is_fault:
            print(json.dumps({"number": number, "kind": found.kind, "detail": found.detail,
                              "seconds": found.seconds}), flush=True)  # fmt: skip
    print(json.dumps({"kinds": kinds, "slowest": slowest,
                      "biggest": max(harness.peak_bytes() - base, 0)}), flush=True)  # fmt: skip


def run(names: Sequence[str], inputs: int, jobs: int, out: Path, start: int = 0) -> int:
    """Try inputs of every parser, print a table, keep the inputs of faults.

    Args:
        inputs: of all parsers together.
        start: number of the first input of each.

    Returns:
        How many inputs were faults.
    """
    total = sum(PARSERS[name].share for name in names)
    blocks = [
        (name, first, min(first + BLOCK, start + count))
        for name in names
        for count in [max(1, round(inputs * PARSERS[name].share / total))]
        for first in range(start, start + count, BLOCK)
    ]
    tallies, lock = {name: Tally() for name in names}, threading.Lock()

    def worker() -> None:
        while True:
            with lock:
                if not blocks:
                    return
                block = blocks.pop(0)
            again = _child(block, tallies[block[0]], lock)
            if again is not None:
                with lock:
                    blocks.insert(0, again)

    threads = [threading.Thread(target=worker) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _report(tallies, out)
    return sum(len(n) for tally in tallies.values() for n in tally.faults.values())


def _child(
    block: tuple[str, int, int], tally: Tally, lock: threading.Lock
) -> tuple[str, int, int] | None:
    """Run a block; what is left of it where the child ended early."""
    name, start, stop = block
    command = [sys.executable, "-m", "tests.fuzz", "--worker", name, str(start), str(stop)]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    alarm = threading.Timer(SILENCE + 0.1 * (stop - start), child.kill)
    alarm.start()
    at, ended = start, False
    assert child.stdout is not None
    for line in child.stdout:
        said = json.loads(line)
        with lock:
            if "at" in said:
                at = said["at"]
            elif "number" in said:
                place = f"{said['kind']}: {said['detail']}"
                if place not in tally.faults:
                    print(f"{name} {said['number']}: {place}", file=sys.stderr, flush=True)
                tally.faults.setdefault(place, []).append(said["number"])
            else:
                ended = True
                tally.kinds.update(said["kinds"])
                tally.slowest = max(tally.slowest, said["slowest"])
                tally.biggest = max(tally.biggest, said["biggest"])
    child.wait()
    alarm.cancel()
    if ended:
        return None
    with lock:  # the process died: of memory, or of a fault in compiled code
        tally.kinds["traceback"] += 1
        tally.kinds["refused"] += at - start
        place = f"traceback: the process ended with {child.returncode} within 50 inputs"
        tally.faults.setdefault(place, []).append(at)
    return (name, at + 1, stop) if at + 1 < stop else None


def _report(tallies: dict[str, Tally], out: Path) -> None:
    rows = [HEADER, *(tally.row(name) for name, tally in tallies.items())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells))
    print(f"{sum(sum(t.kinds.values()) for t in tallies.values()):,} inputs")
    for name, tally in tallies.items():
        for place, numbers in sorted(tally.faults.items(), key=lambda pair: -len(pair[1])):
            print(f"\n{name}: {len(numbers)} × {place}\n  inputs {numbers[:8]}")
            folder = out / name
            folder.mkdir(parents=True, exist_ok=True)
            for number in numbers[:KEPT]:
                (folder / f"{number}.bin").write_bytes(harness.make_input(name, number))
