"""Margins of victory against brute force on small random profiles, and their time on large ones.

Usage: python benchmarks/margins_of_victory.py [PROFILES] [SEED]
       python benchmarks/margins_of_victory.py time
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, permutations

import numpy as np

from scrl.types import Ballots
from scrl.voting import Profile, aggregate_all, complete_ballots
from scrl.voting.robustness import CHANGES, EXACT_RULES, margin_of_victory

#: Candidates -> the largest change that is enumerated.
LARGEST = {2: 4, 3: 4, 4: 2}
BATCH = 2_048


def random_profile(rng: np.random.Generator) -> Profile:
    """A small profile with ties, ballots that leave candidates out, and equal ballots."""
    m, n = int(rng.choice([2, 3, 4], p=[0.1, 0.5, 0.4])), int(rng.integers(1, 8))
    place = np.stack([np.argsort(rng.permutation(m)) for _ in range(n)])
    if rng.random() < 0.5:
        place = np.minimum(place, rng.integers(0, m, (n, 1)))
    if rng.random() < 0.5:
        place = np.where(place > rng.integers(0, m, (n, 1)), -1, place)
    weight = rng.integers(1, 4, n) if rng.random() < 0.3 else np.ones(n)
    return Profile(tuple("abcd"[:m]), place, weight)


def brute_force(profile: Profile, rules: list[str], kind: str) -> dict[str, int | None]:
    """The margin of each rule by enumeration, None where it is beyond ``LARGEST``."""
    place = complete_ballots(profile).place
    m, types = place.shape[1], len(place)
    orders = np.array([np.argsort(o) for o in permutations(range(m))])
    utility = -np.concatenate([place, orders])
    start = np.concatenate([profile.weight, np.zeros(len(orders))])
    (before,) = _winners(utility, start[None], rules)
    margin: dict[str, int | None] = dict.fromkeys(rules)
    for k in range(1, LARGEST[m] + 1):
        open_rules = [rule for rule in rules if margin[rule] is None]
        for batch in _changed(start, types, k, kind):
            for after in _winners(utility, batch, open_rules):
                for rule in open_rules:
                    if after[rule] != before[rule]:
                        margin[rule] = k
    return margin


def _changed(start: np.ndarray, types: int, k: int, kind: str) -> Iterator[np.ndarray]:
    """The weights of all profiles after k changes ``[profiles, ballots]``."""
    removals, additions = [np.zeros(len(start))], [np.zeros(len(start))]
    if kind != "add":
        chosen = combinations_with_replacement(range(types), k)
        removals = [np.bincount(c, minlength=len(start)) for c in chosen]
        removals = [r for r in removals if (r <= start).all()]
    if kind != "remove":
        chosen = combinations_with_replacement(range(types, len(start)), k)
        additions = [np.bincount(c, minlength=len(start)) for c in chosen]
    every = np.concatenate([start - r + np.array(additions) for r in removals] or [[]])
    every = every[every.sum(1) > 0] if len(every) else every
    for i in range(0, len(every), BATCH):
        yield every[i : i + BATCH]


def _winners(utility: np.ndarray, weight: np.ndarray, rules: list[str]) -> list[dict[str, bytes]]:
    padded = np.zeros((BATCH if len(weight) > 1 else 1, 64))
    padded[: len(weight), : weight.shape[1]] = weight
    padded[len(weight) :, 0] = 1
    every = np.zeros((64, utility.shape[1]), int)
    every[: len(utility)] = utility
    shape = (len(padded), *every.shape)
    ballots = Ballots(np.broadcast_to(every, shape), np.ones(shape, bool), padded)
    found = aggregate_all(ballots, rules)
    first = {rule: outcome.place == 0 for rule, outcome in found.items()}
    return [{rule: first[rule][i].tobytes() for rule in rules} for i in range(len(weight))]


def compare(profiles: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rules, wrong, beyond, checked = list(EXACT_RULES), 0, 0, 0
    for i in range(profiles):
        profile = random_profile(rng)
        kind = CHANGES[i % 3]
        expected = brute_force(profile, rules, kind)
        largest = LARGEST[len(profile.names)]
        for rule in rules:
            found = margin_of_victory(profile, rule, change=kind, seconds=60)
            if expected[rule] is None:
                beyond += 1
                good = found.upper is None or found.upper > largest
            else:
                checked += 1
                good = found.lower == found.upper == expected[rule]
            if not good:
                wrong += 1
                print(rule, kind, profile.to_text("; "), expected[rule], found.to_dict())
    print(f"{checked} margins equal but for {wrong}; {beyond} beyond the enumeration")


def spatial_profile(m: int, voters: int, seed: int) -> Profile:
    """Truncated ballots of voters in the plane, who rank near candidates first."""
    rng = np.random.default_rng(seed)
    candidates, at = rng.normal(size=(m, 2)), rng.normal(size=(voters, 2))
    appeal = 0.3 * rng.gumbel(size=m)
    distance = np.linalg.norm(at[:, None] - candidates, axis=2) - appeal
    distance += 0.15 * rng.gumbel(size=(voters, m))
    place = np.argsort(np.argsort(distance, axis=1), axis=1)
    length = np.minimum(rng.geometric(0.35, (voters, 1)), m)
    names = tuple("abcdefghijkl"[:m])
    return Profile(names, np.where(place >= length, -1, place), np.ones(voters)).merged()


def measure_times(rules: Sequence[str], seconds: float = 20.0, seeds: int = 10) -> None:
    """Times of the margins of 8,833 ballots on 5 to 8 candidates."""
    for m in (5, 6, 8):
        profiles = [spatial_profile(m, 8_833, seed) for seed in range(seeds)]
        for rule in rules:
            spent, exact = [], 0
            for profile in profiles:
                start = time.perf_counter()
                exact += margin_of_victory(profile, rule, seconds=seconds).exact
                spent.append(time.perf_counter() - start)
            middle, most = np.median(spent), max(spent)
            print(f"{m} candidates, {rule:<16} exact {exact} of {seeds}: "
                  f"median {middle:.2f} s, most {most:.2f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["time"]:
        measure_times(("plurality", "borda", "instant-runoff", "copeland", "minimax", "schulze",
                       "split-cycle", "ranked-pairs"))  # fmt: skip
        sys.exit()
    arguments = [int(a) for a in sys.argv[1:]]
    began = time.perf_counter()
    compare(arguments[0] if arguments else 60, arguments[1] if len(arguments) > 1 else 0)
    print(f"{time.perf_counter() - began:.1f} s")
