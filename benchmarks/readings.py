"""Truncated ballots with ties in each reading, beside pref_voting: ``python benchmarks/readings.py
[PROFILES]``.

*Tied last* is pref_voting with extended strict preference; *unseen* with widths as counts is
pref_voting without it, since its margins count no preference unless a ballot ranks both candidates.
Winners are compared rule by rule on random profiles of 2 to 6 candidates and 1 to 12 ballots, most
of them short, some with ties, some of one name.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pref_voting.c1_methods import copeland
from pref_voting.margin_based_methods import beat_path, minimax, split_cycle
from pref_voting.other_methods import kemeny_young

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scrl.types import InputError
from scrl.voting import Profile, aggregate_all
from scrl.voting.profiles import to_pref_voting

THERE: dict[str, Callable] = {
    "copeland": copeland, "minimax": minimax, "schulze": beat_path, "split-cycle": split_cycle,
    "kemeny": kemeny_young,
}  # fmt: skip


def draw(rng: np.random.Generator) -> Profile:
    """Few ballots, most of them short, some with ties."""
    m, n = int(rng.integers(2, 7)), int(rng.integers(1, 13))
    place = np.full((n, m), -1)
    for row in place:
        ranked = rng.permutation(m)[: rng.integers(1, m + 1)]
        values = np.arange(len(ranked)) // rng.integers(1, 3)
        row[ranked] = values
    return Profile(tuple("ABCDEF"[:m]), place, rng.integers(1, 4, n))


def main(profiles: int) -> None:
    rng, compared, differ = np.random.default_rng(0), Counter(), Counter()
    start = time.perf_counter()
    for _ in range(profiles):
        profile = draw(rng)
        for left_out, widths in (("last", "shares"), ("unseen", "counts")):
            there = to_pref_voting(profile)
            if hasattr(there, "use_extended_strict_preference"):
                # Complete profiles mean the same in both readings.
                if left_out == "last":
                    there.use_extended_strict_preference()
                else:
                    there.use_strict_preference()
            try:
                here = aggregate_all(profile, list(THERE), left_out, widths)
            except InputError:
                continue  # no ballot ranks two candidates
            for rule, count in THERE.items():
                compared[rule, left_out] += 1
                wanted = sorted(count(there))
                if np.flatnonzero(here[rule].place == 0).tolist() != wanted:
                    differ[rule, left_out] += 1
    for key, number in compared.items():
        print(f"{key[0]:<12} {key[1]:<7} {number:,} profiles, {differ[key]} differ")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
