"""Kill -9 at a random moment of a child process, again and again in one folder.

A child does small pieces of work without end and says after each which one is finished. After each
kill the check reads the folder as the next start would: what was said to be finished is there and
whole, and nothing half-written is taken for whole.
"""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Seconds until a child must have begun, and after its begin until which it is killed.
START_SECONDS, LONGEST_SECONDS = 120.0, 1.5


@dataclass(frozen=True)
class Work:
    """What a child does, and what must hold afterwards.

    Attributes:
        name: of the work.
        prepare: makes what the child needs in an empty folder; once.
        pieces: of a folder and the number of the next piece: does pieces, and yields a word (no
            spaces) for each one that is finished.
        check: of a folder and the words of all pieces finished so far; raises AssertionError.
        longest: seconds within which the child is killed.
    """

    name: str
    prepare: Callable[[Path], None]
    pieces: Callable[[Path, int], Iterator[str]]
    check: Callable[[Path, list[str]], None]
    longest: float = LONGEST_SECONDS


def kill_repeatedly(work: Work, folder: Path, times: int, seed: int = 0) -> dict[str, int]:
    """Run and kill a child ``times`` times, with a check after each; how many pieces it finished.

    Raises:
        AssertionError: by the check, or where a child ended by itself.
    """
    rng, finished = random.Random(seed), []
    work.prepare(folder)
    in_the_middle = 0
    for time_ in range(times):
        said = _killed_child(work, folder, len(finished), rng.uniform(0, work.longest))
        in_the_middle += bool(said)
        finished += said
        try:
            work.check(folder, list(finished))
        except Exception as error:
            raise AssertionError(f"{work.name}, kill {time_ + 1}: {error!r}") from error
    assert in_the_middle, f"{work.name}: no child finished a piece before it was killed"
    return {"kills": times, "pieces": len(finished), "kills_after_a_piece": in_the_middle}


def _killed_child(work: Work, folder: Path, number: int, seconds: float) -> list[str]:
    """The words that the child said before it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.durability", "--child", work.name, str(folder), str(number)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert child.stdout is not None
    try:
        assert select.select([child.stdout], [], [], START_SECONDS)[0], "the child did not begin"
        first = os.read(child.stdout.fileno(), 6)
        assert first == b"ready\n", f"the child of {work.name} failed at its start"
        time.sleep(seconds)
        assert child.poll() is None, f"the child of {work.name} ended by itself"
    finally:
        child.send_signal(signal.SIGKILL)
        said, faults = child.communicate()
    assert b"Traceback" not in faults, faults.decode()[-2000:]
    # A word without its line's end was not said.
    return [line.decode() for line in said.split(b"\n")[:-1] if line]


def run_child(work: Work, folder: Path, number: int) -> None:
    """Do pieces of work until killed."""
    pieces = work.pieces(folder, number)
    os.write(1, b"ready\n")
    for word in pieces:
        os.write(1, f"{word}\n".encode())
