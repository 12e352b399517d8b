"""Kill each work many times:

python -m tests.durability --times 50            all works
python -m tests.durability --times 50 runs sweep some of them
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.durability.kills import kill_repeatedly, run_child
from tests.durability.works import WORKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", help=f"of {', '.join(WORKS)} (default: all)")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        name, folder, number = chosen.child
        run_child(WORKS[name], Path(folder), int(number))
        return
    for name in chosen.works or WORKS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = kill_repeatedly(WORKS[name], Path(folder), chosen.times, chosen.seed)
        took = time.monotonic() - began
        print(f"{name:<12}{found['kills']:>4} kills, {found['kills_after_a_piece']} of them after "
              f"a finished piece, {found['pieces']} pieces, nothing lost ({took:.0f} s)",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
