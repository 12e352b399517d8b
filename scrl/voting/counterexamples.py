"""The search for ballots on which rules fail criteria, and those that are kept.

``python -m scrl.voting.counterexamples`` searches anew and writes ``counterexamples.json``: every
electorate up to the sizes of ``SIZES``, one of each class that renaming makes equal, the smallest
failures first; where none shows a failure without a tie, electorates drawn at random with few
kinds of ballot (seed 0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scrl.voting import cases as c
from scrl.voting import changes as d
from scrl.voting import electorates as e
from scrl.voting.criteria import CRITERIA, READINGS, faults, judged
from scrl.voting.kept import FILE, claimed, to_dict
from scrl.voting.registry import RULES
from scrl.voting.violations import Violation, told

#: Voters up to which every electorate is searched, by candidates; of voters that cast truncated
#: ballots and of pairs of electorates there are more.
SIZES = {3: 9, 4: 4}
FEWER = {"later-no-harm": {3: 8, 4: 3}, "reinforcement": {3: 7, 4: 4}}
#: Symmetries that no rule here can break, tried only on small electorates.
SYMMETRIES = {"anonymity": {3: 4, 4: 2}, "neutrality": {3: 4, 4: 2}}
#: Candidates and voters of electorates drawn at random, and how many of each.
DRAWN = (
    (3, 9), (3, 11), (3, 13), (3, 17), (3, 25), (4, 5), (4, 7), (4, 9), (4, 11), (4, 15), (4, 21),
    (4, 31), (5, 7), (5, 11),
)  # fmt: skip
DRAWS = 500
SEED = 0
NAMES = "ABCDEFGH"


def sizes(criterion: str) -> dict[int, int]:
    """Voters up to which every electorate is searched, by candidates."""
    return FEWER.get(criterion) or SYMMETRIES.get(criterion) or SIZES


def every(criterion: str, m: int, n: int) -> c.Cases:
    """All that a criterion compares among m candidates and n voters with strict orders; for
    participation the last voter comes, for later-no-harm one voter has not yet ranked all, and
    two electorates that meet have n together."""
    rows = e.strict_rows(m)
    find = CRITERIA[criterion].cases
    if criterion == "reinforcement":
        parts = [
            d.meeting_cases(rows, e.electorates(m, k), e.all_electorates(m, n - k))
            for k in range(1, n // 2 + 1)
        ]
        return c.joined(rows, parts, 3)
    if criterion == "participation":
        return find(rows, e.electorates(m, n - 1), False) if n > 1 else c.joined(rows, [])
    if criterion == "later-no-harm":
        short = e.short_rows(m)
        rest = np.pad(e.electorates(m, n - 1), ((0, 0), (0, len(short))))
        both = np.concatenate([rows, short])
        one = np.eye(len(both), dtype=rest.dtype)[len(rows) :]
        return find(both, (rest[:, None] + one[None]).reshape(-1, len(both)), False)
    return find(rows, e.electorates(m, n), False)


def drawn(criterion: str, m: int, n: int, draws: int, rng: np.random.Generator) -> c.Cases:
    """What a criterion compares in electorates of two to six kinds of ballot, drawn at random."""
    rows = e.strict_rows(m)
    short = e.short_rows(m) if criterion == "later-no-harm" else rows[:0]
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
        return c.make(both, [first, second, first + second])
    whole = criterion in ("monotonicity", "later-no-harm")
    return CRITERIA[criterion].cases(both, weight, whole)


def outcomes(count: e.Count, cases: c.Cases) -> list[np.ndarray]:
    """Places ``[k, rules, m]`` of each electorate compared."""
    pairs = zip(cases.weight, cases.standing, strict=True)
    return [count.places(cases.rows, w.astype(np.int64), s) for w, s in pairs]


def failing(
    criterion: str, cases: c.Cases, place: list[np.ndarray], reading: str
) -> Iterator[np.ndarray]:
    """Which cases fail ``[k]``, rule by rule."""
    asked = CRITERIA[criterion]
    for i in range(place[0].shape[1]):
        yield faults(asked, cases, [p[:, i] for p in place], reading)


def search(criterion: str, rules: list[str], log=print) -> dict[str, dict[str, Violation]]:
    """By rule and reading the smallest failure found."""
    found: dict[str, dict[str, Violation]] = {rule: {} for rule in rules}
    count = e.Count(rules)

    def note(cases, names) -> None:
        if not len(cases):
            return
        place = outcomes(count, cases)
        for reading in READINGS:
            for i, bad in enumerate(failing(criterion, cases, place, reading)):
                if bad.any() and reading not in found[rules[i]]:
                    at = _best(cases, [p[:, i] for p in place], np.flatnonzero(bad))
                    found[rules[i]][reading] = told(
                        CRITERIA[criterion], rules[i], cases, [p[:, i] for p in place], at, names
                    )

    for m, most in sizes(criterion).items():
        for n in range(1, most + 1):
            note(every(criterion, m, n), NAMES[:m])
    rng = np.random.default_rng(SEED)
    rules = [r for r in rules if "strict" not in found[r] and not claimed(r, criterion)]
    count = e.Count(rules)
    for m, n in () if criterion in SYMMETRIES else DRAWN:
        if all("strict" in found[r] for r in rules):
            break
        cases = drawn(criterion, m, n, DRAWS, rng)
        for i in range(0, len(cases), 200_000):
            note(cases[slice(i, i + 200_000)], NAMES[:m])
    log(f"{criterion}: {sum(map(bool, found.values()))} of {len(found)} rules fail")
    return found


def _best(cases, place, at: np.ndarray) -> int:
    """Of several failures one with another winner, and with few kinds of ballot."""
    kinds = sum((w[at] > 0).sum(-1) for w in cases.weight)
    same = (e.winners(place[0][at]) == e.winners(place[-1][at])).all(-1) * (len(place) > 1)
    return int(at[np.lexsort((kinds, same))[0]])


def main() -> None:

    from scrl.runtime import start

    start()
    rules = [name for name in RULES if judged(RULES[name])]
    kept = []
    for criterion in CRITERIA:
        for readings in search(criterion, rules).values():
            kept += [to_dict(violation, reading) for reading, violation in _distinct(readings)]
    file = Path(FILE)
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in kept)
    searched = json.dumps({name: sizes(name) for name in CRITERIA})
    file.write_text(f'{{"searched": {searched},\n"kept": [\n{lines}\n]}}\n', "utf-8")


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
    main()
