"""The search for ballots on which rules fail criteria, and those that are kept.

``python -m scrl.voting.criteria.counterexample_search [criterion ...]`` searches anew and writes
``counterexamples.json``: every electorate up to the sizes of ``SIZES``, one of each class that
renaming makes equal, the smallest failures first; for the published table, where none shows a
failure without a tie, electorates drawn at random with few kinds of ballot (seed 0). All of it
takes about ten minutes on two cores, most of them for participation.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.criteria import electorates as e
from scrl.voting.criteria import interprofile as d
from scrl.voting.criteria import intraprofile as c
from scrl.voting.criteria.checker import (
    CRITERIA,
    READINGS,
    check_criterion,
    is_testable,
    violated_comparisons,
)
from scrl.voting.criteria.counterexamples import FILE, PUBLISHED_CRITERIA, is_claimed, to_dict
from scrl.voting.criteria.violations import Violation, describe_violation
from scrl.voting.registry import RULES

#: Voters up to which every electorate is searched, by candidates; of voters that cast truncated
#: ballots and of pairs of electorates there are more.
SIZES = {3: 9, 4: 4}
FEWER = {"later-no-harm": {3: 8, 4: 3}, "reinforcement": {3: 7, 4: 4}}
#: Symmetries that no rule here can break, tried only on small electorates.
SYMMETRIES = {"anonymity": {3: 4, 4: 2}, "neutrality": {3: 4, 4: 2}}
#: Candidates and voters of electorates drawn at random, and how many of each.
DRAWN = (
    (3, 9), (3, 11), (3, 13), (3, 17), (4, 5), (4, 7), (4, 9), (4, 11), (4, 15), (4, 21), (4, 31),
)  # fmt: skip
#: Electorates that random search hardly meets: three who beat each other round by more than the
#: fourth, last on most ballots, loses to any of them.
KNOWN = {
    ("minimax", criterion): "3: A > B > C > D\n3: B > C > A > D\n3: C > A > B > D\n"
    "2: D > A > B > C\n2: D > B > C > A\n2: D > C > A > B"
    for criterion in ("majority-loser", "condorcet-loser", "smith", "reversal", "clones")
}
DRAWS = 300
#: How often all of that; of some failures one electorate in ten thousand is a case.
ROUNDS = {"participation": 50, "monotonicity": 5}
SEED = 0
NAMES = "ABCDEFGH"


def sizes(criterion: str) -> dict[int, int]:
    """Voters up to which every electorate is searched, by candidates."""
    return FEWER.get(criterion) or SYMMETRIES.get(criterion) or SIZES


def all_comparisons(criterion: str, m: int, n: int) -> c.Comparisons:
    """All that a criterion compares among m candidates and n voters with strict orders; for
    participation the last voter comes, for later-no-harm one voter has not yet ranked all, and
    two electorates that meet have n together."""
    rows = e.strict_rows(m)
    find = CRITERIA[criterion].comparisons
    if criterion == "reinforcement":
        parts = [
            d.merged_comparisons(rows, e.distinct_electorates(m, k), e.all_electorates(m, n - k))
            for k in range(1, n // 2 + 1)
        ]
        return c.concatenate(rows, parts, 3)
    if criterion == "participation":
        return (
            find(rows, e.distinct_electorates(m, n - 1), False)
            if n > 1
            else c.concatenate(rows, [])
        )
    if criterion == "later-no-harm":
        short = e.truncated_rows(m)
        rest = np.pad(e.distinct_electorates(m, n - 1), ((0, 0), (0, len(short))))
        both = np.concatenate([rows, short])
        one = np.eye(len(both), dtype=rest.dtype)[len(rows) :]
        return find(both, (rest[:, None] + one[None]).reshape(-1, len(both)), False)
    return find(rows, e.distinct_electorates(m, n), False)


def random_comparisons(
    criterion: str, m: int, n: int, draws: int, rng: np.random.Generator
) -> c.Comparisons:
    """What a criterion compares in electorates of two to six kinds of ballot, drawn at random."""
    rows = e.strict_rows(m)
    short = e.truncated_rows(m) if criterion == "later-no-harm" else rows[:0]
    both = np.concatenate([rows, short])
    weight = np.zeros((draws, len(both)), np.int16)
    for row in weight:
        kinds = rng.choice(len(rows), rng.integers(2, 7))
        row[: len(rows)] = 0
        np.add.at(row, kinds, rng.multinomial(n, rng.dirichlet(np.ones(len(kinds)))))
        if len(short):
            some = np.flatnonzero(row)[0]
            row[len(rows) + rng.integers(len(short))] = row[some]
            row[some] = 0
    if criterion == "reinforcement":
        half = draws // 2
        first, second = weight[:half], weight[half : 2 * half]
        return c.make_comparisons(both, [first, second, first + second])
    whole = criterion in ("monotonicity", "later-no-harm", "participation")
    return CRITERIA[criterion].comparisons(both, weight, whole)


def outcomes(count: e.PlaceCache, cases: c.Comparisons) -> list[np.ndarray]:
    """Places ``[k, rules, m]`` of each electorate compared."""
    pairs = zip(cases.weight, cases.candidate_masks, strict=True)
    # Twice, since anonymity halves; rules read shares.
    return [count.places(cases.rows, (2 * w).astype(np.int64), s) for w, s in pairs]


def search(criterion: str, counted: e.PlaceCache, log=print) -> dict[str, dict[str, Violation]]:
    """By rule and reading the smallest failure found."""
    found: dict[str, dict[str, Violation]] = {rule: {} for rule in counted.rules}
    for m, most in sizes(criterion).items():
        for n in range(1, most + 1):
            _note(found, criterion, all_comparisons(criterion, m, n), counted)
    # Rules claimed to keep it, and those whose failures are no news, are not drawn for.
    rules = [r for r in found if RULES[r].satisfies is not None and not is_claimed(r, criterion)]
    short = [r for r in rules if "strict" not in found[r]]
    rng = np.random.default_rng(SEED)
    for m, n in DRAWN * ROUNDS.get(criterion, 1) if criterion in PUBLISHED_CRITERIA else ():
        if all("strict" in found[r] for r in short):
            break
        _note(
            found, criterion, random_comparisons(criterion, m, n, DRAWS, rng), e.PlaceCache(short)
        )
    for (rule, about), text in KNOWN.items():
        if about == criterion and "sole" not in found[rule]:
            found[rule]["sole"] = check_criterion(
                AnonymousProfile.from_text(text), rule, criterion, "sole"
            )
    log(f"{criterion}: {sum(map(bool, found.values()))} of {len(found)} rules fail", flush=True)
    return found


def _note(found, criterion: str, cases: c.Comparisons, count: e.PlaceCache) -> None:
    """Add a failure of each rule and reading that has none yet."""
    place = outcomes(count, cases) if len(cases) else []
    for i, rule in enumerate(count.rules if len(cases) else ()):
        own = [p[:, i] for p in place]
        for reading in READINGS:
            if reading in found[rule]:
                continue
            bad = np.flatnonzero(violated_comparisons(CRITERIA[criterion], cases, own, reading))
            if len(bad):
                at, names = _best(cases, own, bad), NAMES[: cases.rows.shape[1]]
                found[rule][reading] = describe_violation(
                    CRITERIA[criterion], rule, cases, own, at, names
                )


def _best(cases, place, at: np.ndarray) -> int:
    """Of several failures one with another winner, and with few kinds of ballot."""
    kinds = sum((w[at] > 0).sum(-1) for w in cases.weight)
    same = (e.winners(place[0][at]) == e.winners(place[-1][at])).all(-1) * (len(place) > 1)
    return int(at[np.lexsort((kinds, same))[0]])


def main(names: list[str]) -> None:
    """Search anew for these criteria, or all, and keep what is known of the others."""
    from scrl.runtime import start

    start()
    count = e.PlaceCache([name for name in RULES if is_testable(RULES[name])])
    entries = json.loads(FILE.read_text("utf-8"))["kept"] if names else []
    for criterion in names or CRITERIA:
        entries = [x for x in entries if x["criterion"] != criterion]
        for readings in search(criterion, count).values():
            entries += [to_dict(violation, reading) for reading, violation in _distinct(readings)]
    at = {name: i for i, name in enumerate([*CRITERIA, *RULES, *READINGS])}
    entries.sort(key=lambda x: (at[x["criterion"]], at[x["rule"]], at[x["reading"]]))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    searched = json.dumps({name: sizes(name) for name in CRITERIA})
    FILE.write_text(f'{{"searched": {searched},\n"kept": [\n{lines}\n]}}\n', "utf-8")


def _distinct(readings: dict[str, Violation]):
    """A failure that stands for several readings once, under the strictest."""
    for i, reading in enumerate(READINGS):
        own = readings.get(reading)
        later = [readings.get(r) for r in READINGS[i + 1 :]]
        if own is not None and not any(_same(own, x) for x in later if x is not None):
            yield reading, own


def _same(one: Violation, other: Violation) -> bool:
    return [p.to_text() for p in one.profiles] == [p.to_text() for p in other.profiles]


if __name__ == "__main__":
    main(sys.argv[1:])
