"""Bad inputs to every parser: many at once, a fault again, or guided by coverage.

python -m tests.fuzz --inputs 100000 --jobs 2
python -m tests.fuzz --parsers scenario archive --inputs 5000
python -m tests.fuzz --again scenario fuzz-found/scenario/17.bin
python -m tests.fuzz --guided scenario --seconds 60
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Run what the arguments ask for; 1 where there was a fault."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--inputs", type=int, default=100_000, help="of all parsers together")
    parser.add_argument("--start", type=int, default=0, help="number of the first input")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--parsers", nargs="+", metavar="NAME", help="these only")
    parser.add_argument("--out", type=Path, default=Path("fuzz-found"), help="for faults' inputs")
    parser.add_argument("--list", action="store_true", help="list the parsers")
    parser.add_argument("--again", nargs=2, metavar=("NAME", "FILE"), help="try one input")
    parser.add_argument("--guided", metavar="NAME", help="by coverage, with atheris")
    parser.add_argument("--seconds", type=int, default=60, help="of --guided")
    parser.add_argument("--corpus", action="store_true", help="write the stored corpus again")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.guided:  # before anything of scrl is imported
        from tests.fuzz.guided import run_guided

        return run_guided(chosen.guided, chosen.seconds, chosen.out)
    from tests.fuzz import campaign, corpus, harness
    from tests.fuzz.parsers import PARSERS

    if chosen.worker:
        name, start, stop = chosen.worker
        campaign.work(name, int(start), int(stop))
        return 0
    if chosen.list:
        print("\n".join(PARSERS))
        return 0
    if chosen.corpus:
        corpus.write_stored()
        return 0
    if chosen.again:
        name, file = chosen.again
        found = harness.try_input(PARSERS[name], Path(file).read_bytes())
        print(f"{found.kind} in {found.seconds:.2f} s: {found.detail}")
        return int(found.is_fault)
    names = chosen.parsers or list(PARSERS)
    if unknown := [name for name in names if name not in PARSERS]:
        parser.error(f"there is no parser {unknown[0]}; see --list")
    faults = campaign.run(names, chosen.inputs, chosen.jobs, chosen.out, chosen.start)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
