"""Inputs guided by coverage, with ``atheris`` where it is installed (``pip install 'scrl[fuzz]'``).

The mutations are those of ``mutation``, and in turn those of libFuzzer.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from random import Random

#: Bytes of memory that libFuzzer allows, and bytes of an input.
MEMORY_MB, MAX_LENGTH = 3000, 100_000


def run_guided(name: str, seconds: int, out: Path) -> int:
    """Try inputs of one parser for so long; 1 where there was a fault, whose input is kept.

    Call it before anything of scrl is imported: its bytecode is instrumented then.
    """
    if importlib.util.find_spec("atheris") is None:
        print("The package atheris is not installed; run pip install 'scrl[fuzz]'.")
        return 2
    import atheris

    with atheris.instrument_imports(include=["scrl"]):
        from tests.fuzz import harness
        from tests.fuzz.mutation import mutated
        from tests.fuzz.parsers import PARSERS
        from tests.fuzz.places import own_folder
    if name not in PARSERS:
        print(f"There is no parser {name}; see --list.")
        return 2
    parser, found = PARSERS[name], out / name
    found.mkdir(parents=True, exist_ok=True)
    corpus = own_folder() / "guided"
    corpus.mkdir()
    seeds = harness.seeds_of(name)
    with atheris.instrument_imports(include=["scrl"]):
        for number, data in enumerate(seeds):  # imports what the parser needs
            (corpus / str(number)).write_bytes(data)
            harness.try_input(parser, data, 60)

    def one(data: bytes) -> None:
        outcome = harness.try_input(parser, data)
        if outcome.is_fault:
            raise RuntimeError(f"{outcome.kind}: {outcome.detail}")

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = Random(seed)
        if rng.random() < 0.5:
            return atheris.Mutate(data, max_size)
        return mutated(data, parser.kind, rng, seeds)[:max_size]

    arguments = [
        sys.argv[0], str(corpus), f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={MAX_LENGTH}", f"-artifact_prefix={found}/", "-print_final_stats=1",
        f"-timeout={int(harness.MAX_SECONDS) + 5}",
    ]  # fmt: skip
    atheris.Setup(arguments, one, custom_mutator=mutate)
    atheris.Fuzz()  # ends the process: 0 where nothing was found
    return 0
