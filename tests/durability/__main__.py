"""Kill each work many times:

python -m tests.durability --times 50            all works
python -m tests.durability --times 50 runs sweep some of them
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from tests.durability.computing_works import COMPUTING_WORKS
from tests.durability.kills import kill_repeatedly
from tests.durability.works import STORING_WORKS

WORKS = STORING_WORKS | COMPUTING_WORKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", help=f"of {', '.join(WORKS)} (default: all)")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a file of JSON, a line for each work")
    chosen = parser.parse_args()
    lost = 0
    for name in chosen.works or WORKS:
        began, cpu = time.monotonic(), _cpu_seconds()
        found: dict[str, object]
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = dict(kill_repeatedly(WORKS[name], Path(folder), chosen.times, chosen.seed))
                told = (f"{found['kills']:>4} kills, {found['kills_after_a_piece']} of them after "
                        f"a finished piece, {found['pieces']} pieces, nothing lost")  # fmt: skip
            except AssertionError as fault:
                found, lost, told = {"fault": str(fault)}, lost + 1, f"LOST: {fault}"
        took = f"{time.monotonic() - began:.0f} s, {_cpu_seconds() - cpu:.1f} s of a core"
        print(f"{name:<12}{told} ({took})", flush=True)
        if chosen.out:
            with chosen.out.open("a") as file:
                file.write(json.dumps({"work": name, **found}) + "\n")
    raise SystemExit(bool(lost))


def _cpu_seconds() -> float:
    """Of this process and of its children that have been waited for."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF,
                                                         resource.RUSAGE_CHILDREN))  # fmt: skip
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    # One thread a process of linear algebra, as everywhere in the tests.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    main()
