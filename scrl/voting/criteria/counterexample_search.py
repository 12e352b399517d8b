"""The search for counterexamples to criteria.

``python -m scrl.voting.criteria.counterexample_search [criterion ...]`` searches again and writes
``counterexamples.json``. It searches every electorate up to the sizes of ``SIZES``, one of each
class that is equal up to renaming candidates, and stores the smallest violations. For criteria of
the published table that show no violation without ties there, it also searches random electorates
with few different ballots (seed 0). The whole search takes about ten minutes on two cores, most of
them for participation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from scrl.voting.criteria import electorates as e
from scrl.voting.criteria.checker import (
    CRITERIA,
    READINGS,
    check_criterion,
    is_testable,
    violated_comparisons,
)
from scrl.voting.criteria.comparisons import Comparisons, concatenate, make_comparisons
from scrl.voting.criteria.counterexamples import FILE, PUBLISHED_CRITERIA, is_claimed, to_dict
from scrl.voting.criteria.interprofile import merged_comparisons
from scrl.voting.criteria.violations import Violation, describe_violation
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES
from scrl.whole_files import write_whole

#: Number of candidates -> most voters of which every electorate is searched.
SIZES = {3: 9, 4: 4}
#: The same for criteria with more comparisons: truncated ballots, and pairs of electorates.
COSTLY_SIZES = {"later-no-harm": {3: 8, 4: 3}, "reinforcement": {3: 7, 4: 4}}
#: The same for symmetries that every rule of the registry has.
SYMMETRY_SIZES = {"anonymity": {3: 4, 4: 2}, "neutrality": {3: 4, 4: 2}}
#: Candidates and voters of random electorates.
RANDOM_SIZES = (
    (3, 9), (3, 11), (3, 13), (3, 17), (4, 5), (4, 7), (4, 9), (4, 11), (4, 15), (4, 21), (4, 31),
)  # fmt: skip
#: Random electorates of each size in a round.
DRAWS = 300
#: Rounds over ``RANDOM_SIZES``, 1 if not named: some violations occur once in 10,000 electorates.
ROUNDS = {"participation": 50, "monotonicity": 5}
SEED = 0
#: Profiles that a random search hardly finds. The first: a cycle of three whose defeats are larger
#: than those of the fourth candidate, whom most voters rank last and who loses to each of the
#: three. The second: voters of C > B > D > A change the winner from B to D, whom they like less.
KNOWN_PROFILES = {
    ("minimax", criterion): "3: A > B > C > D\n3: B > C > A > D\n3: C > A > B > D\n"
    "2: D > A > B > C\n2: D > B > C > A\n2: D > C > A > B"
    for criterion in ("majority-loser", "condorcet-loser", "smith", "reversal", "clones")
} | {
    (rule, "participation"): "5: B > A > D > C\n4: A > D > C > B\n4: C > B > D > A\n"
    "1: C > D > B > A\n1: D > C > B > A"
    for rule in ("river", "stable-voting", "simple-stable-voting", "smith-minimax", "young")
}
NAMES = "ABCDEFGH"

#: Rule -> reading -> the smallest violation found.
Found = dict[str, dict[str, Violation]]


def sizes(criterion: str) -> dict[int, int]:
    """Number of candidates -> most voters of which every electorate is searched."""
    return COSTLY_SIZES.get(criterion) or SYMMETRY_SIZES.get(criterion) or SIZES


# -- electorates ----------------------------------------------------------------------------------


def all_comparisons(criterion: str, m: int, n: int) -> Comparisons:
    """All comparisons of a criterion among m candidates and n voters with strict orders.

    For participation the n-th voter joins the others. For later-no-harm one voter casts a truncated
    ballot. For reinforcement the two electorates together have n voters.
    """
    rows = e.strict_rows(m)
    find = CRITERIA[criterion].comparisons
    if criterion == "reinforcement":
        parts = [
            merged_comparisons(rows, e.distinct_electorates(m, k), e.all_electorates(m, n - k))
            for k in range(1, n // 2 + 1)
        ]
        return concatenate(rows, parts, 3)
    if criterion == "participation":
        if n == 1:
            return concatenate(rows, [])
        return find(rows, e.distinct_electorates(m, n - 1), False)
    if criterion == "later-no-harm":
        truncated = e.truncated_rows(m)
        others = np.pad(e.distinct_electorates(m, n - 1), ((0, 0), (0, len(truncated))))
        all_rows = np.concatenate([rows, truncated])
        one_voter = np.eye(len(all_rows), dtype=others.dtype)[len(rows) :]
        weight = (others[:, None] + one_voter[None]).reshape(-1, len(all_rows))
        return find(all_rows, weight, False)
    return find(rows, e.distinct_electorates(m, n), False)


def random_comparisons(
    criterion: str, m: int, n: int, draws: int, rng: np.random.Generator
) -> Comparisons:
    """The comparisons of a criterion in random electorates with two to six different ballots.

    Args:
        m: candidates.
        n: voters.
        draws: electorates.
    """
    strict = e.strict_rows(m)
    truncated = e.truncated_rows(m) if criterion == "later-no-harm" else strict[:0]
    rows = np.concatenate([strict, truncated])
    weight = np.zeros((draws, len(rows)), np.int16)
    for electorate in weight:
        kinds = rng.choice(len(strict), rng.integers(2, 7))
        np.add.at(electorate, kinds, rng.multinomial(n, rng.dirichlet(np.ones(len(kinds)))))
        if len(truncated):
            replaced = np.flatnonzero(electorate)[0]
            electorate[len(strict) + rng.integers(len(truncated))] = electorate[replaced]
            electorate[replaced] = 0
    if criterion == "reinforcement":
        half = draws // 2
        first, second = weight[:half], weight[half : 2 * half]
        return make_comparisons(rows, [first, second, first + second])
    exhaustive = criterion in ("monotonicity", "later-no-harm", "participation")
    return CRITERIA[criterion].comparisons(rows, weight, exhaustive)


def outcomes(cache: e.PlaceCache, comparisons: Comparisons) -> list[np.ndarray]:
    """Places ``[k, rules, m]`` of each electorate compared."""
    pairs = zip(comparisons.weight, comparisons.candidate_masks, strict=True)
    # Weights are doubled to integers, since anonymity halves them; rules read shares.
    return [cache.places(comparisons.rows, (2 * w).astype(np.int64), mask) for w, mask in pairs]


# -- the search -----------------------------------------------------------------------------------


def search(criterion: str, cache: e.PlaceCache, log: Callable[..., object] = print) -> Found:
    """The smallest violations of a criterion by the rules of ``cache``."""
    found: Found = {rule: {} for rule in cache.rules}
    for m, max_voters in sizes(criterion).items():
        for n in range(1, max_voters + 1):
            _add_violations(found, criterion, all_comparisons(criterion, m, n), cache)
    # No random search for rules that claim the criterion or are not in the published table.
    rules = [r for r in found if RULES[r].satisfies is not None and not is_claimed(r, criterion)]
    missing = [r for r in rules if "strict" not in found[r]]
    rng = np.random.default_rng(SEED)
    rounds = ROUNDS.get(criterion, 1) if criterion in PUBLISHED_CRITERIA else 0
    for m, n in RANDOM_SIZES * rounds:
        if all("strict" in found[r] for r in missing):
            break
        drawn = random_comparisons(criterion, m, n, DRAWS, rng)
        _add_violations(found, criterion, drawn, e.PlaceCache(missing))
    for (rule, known_criterion), text in KNOWN_PROFILES.items():
        if known_criterion == criterion and "sole" not in found.get(rule, {"sole": None}):
            profile = Profile.from_text(text)
            violation = check_criterion(profile, rule, criterion, "sole")
            if violation is not None:
                found[rule]["sole"] = violation
    log(f"{criterion}: {sum(map(bool, found.values()))} of {len(found)} rules fail", flush=True)
    return found


def _add_violations(
    found: Found, criterion: str, comparisons: Comparisons, cache: e.PlaceCache
) -> None:
    """Adds a violation for each rule and reading that has none yet."""
    if not len(comparisons):
        return
    tested = CRITERIA[criterion]
    places = outcomes(cache, comparisons)
    names = NAMES[: comparisons.rows.shape[1]]
    for i, rule in enumerate(cache.rules):
        own = [place[:, i] for place in places]
        for reading in READINGS:
            if reading in found[rule]:
                continue
            violated = np.flatnonzero(violated_comparisons(tested, comparisons, own, reading))
            if len(violated):
                best = _most_telling(comparisons, own, violated)
                found[rule][reading] = describe_violation(
                    tested, rule, comparisons, own, best, names
                )


def _most_telling(
    comparisons: Comparisons, places: Sequence[np.ndarray], violated: np.ndarray
) -> int:
    """Of several violations one where the winner changes, and with few different ballots."""
    kinds = sum((w[violated] > 0).sum(-1) for w in comparisons.weight)
    before, after = e.winners(places[0][violated]), e.winners(places[-1][violated])
    same_winner = (before == after).all(-1) * (len(places) > 1)
    return int(violated[np.lexsort((kinds, same_winner))[0]])


# -- the file -------------------------------------------------------------------------------------


def main(names: Sequence[str]) -> None:
    """Searches again for the named criteria, or for all, and keeps the entries of the others."""
    from scrl.runtime import start

    start()
    cache = e.PlaceCache([name for name in RULES if is_testable(RULES[name])])
    entries: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["kept"] if names else []
    for criterion in names or CRITERIA:
        entries = [entry for entry in entries if entry["criterion"] != criterion]
        for by_reading in search(criterion, cache).values():
            entries += [to_dict(violation, reading) for reading, violation in _distinct(by_reading)]
    rank = {name: i for i, name in enumerate([*CRITERIA, *RULES, *READINGS])}
    entries.sort(key=lambda x: (rank[x["criterion"]], rank[x["rule"]], rank[x["reading"]]))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    searched = json.dumps({name: sizes(name) for name in CRITERIA})
    write_whole(FILE, f'{{"searched": {searched},\n"kept": [\n{lines}\n]}}\n')


def _distinct(by_reading: dict[str, Violation]) -> Iterator[tuple[str, Violation]]:
    """Violations by reading; one that serves several readings only under the strictest."""
    for i, reading in enumerate(READINGS):
        own = by_reading.get(reading)
        stricter = [by_reading[r] for r in READINGS[i + 1 :] if r in by_reading]
        if own is not None and not any(_same_profiles(own, other) for other in stricter):
            yield reading, own


def _same_profiles(first: Violation, second: Violation) -> bool:
    """Whether two violations are of the same profiles."""
    return [p.to_text() for p in first.profiles] == [p.to_text() for p in second.profiles]


if __name__ == "__main__":
    main(sys.argv[1:])
