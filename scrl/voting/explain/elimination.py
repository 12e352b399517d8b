"""Eliminations, round by round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scrl.voting.explain.steps import Explanation, ProfileCounts, Round, Rounds, percent, winners
from scrl.voting.profile import TIE_TOLERANCE


def instant_runoff(count: ProfileCounts) -> Explanation:
    return _eliminate(
        count,
        "instant-runoff",
        "Share of first places among those left",
        lambda on: count.weight @ count.top_shares(on),
        _fewest,
        "has the fewest first places",
        moves=True,
    )


def baldwin(count: ProfileCounts) -> Explanation:
    return _eliminate(
        count, "baldwin", "Borda score among those left", _borda(count), _fewest,
        "has the lowest Borda score",
    )  # fmt: skip


def nanson(count: ProfileCounts) -> Explanation:
    def below(score, on):
        mean = score[on].mean()
        out = on & (score < mean - TIE_TOLERANCE)
        return out if out.any() else on

    return _eliminate(
        count, "nanson", "Borda score among those left", _borda(count), below,
        "is below the mean Borda score",
    )  # fmt: skip


def coombs(count: ProfileCounts) -> Explanation:
    on, place = count.all_candidates.copy(), np.zeros(count.m, int)
    rounds, taken = [], 0
    while on.any():
        tops, bottoms = count.top_shares(on), count.bottom_shares(on)
        first, last = count.weight @ tops, count.weight @ bottoms
        wins = on & (first > first.sum() / 2 + TIE_TOLERANCE)
        if wins.any():
            out, taken_now = wins, 1
            rank = "a majority" if not taken else "the next majority"
            note = (
                f"{count.join_names(np.flatnonzero(wins))} has {rank} of first places "
                f"({percent(first[wins][0])})."
            )
            place[out] = taken
        else:
            out, taken_now = on & (-last <= -last[on].max() + TIE_TOLERANCE), 0
            place[out] = taken + (on & ~out).sum()
            note = _note(count, out, on, "has the most last places", percent(last[out][0]))
        word = "out" if not taken_now else "next" if taken else "wins"
        rounds.append(Round(np.where(on, last, np.nan), _who(out), note, None, word))
        on, taken = on & ~out, taken + taken_now
    return _explained(count, "coombs", "Share of last places among those left", place, rounds)


def plurality_veto(count: ProfileCounts) -> Explanation:
    credit = count.weight @ count.top_shares(count.all_candidates)
    out = credit <= TIE_TOLERANCE
    on, place, rounds = ~out, np.zeros(count.m, int), []
    place[out] = on.sum()
    if out.any():
        note = f"Nobody puts {count.join_names(np.flatnonzero(out))} first: no credit to stand on."
        rounds.append(Round(credit.copy(), _who(out), note))
    while on.any():
        rate = np.where(on, count.weight @ count.bottom_shares(on, 1), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            time = np.where(
                on & (rate > TIE_TOLERANCE),
                credit / np.where(rate > TIE_TOLERANCE, rate, 1),
                np.inf,
            )
        step = time.min()
        if np.isfinite(step):
            left = np.where(on, credit - rate * step, 0.0)
            out = on & (left <= TIE_TOLERANCE)
            what = "is worn down first by the vetoes of those who like it least"
            note = _note(count, out, on, what)
        else:
            left, out = credit, on
            note = f"Nobody vetoes any more; {count.join_names(np.flatnonzero(on))} stand."
        rounds.append(Round(np.where(on, credit, np.nan), _who(out), note))
        credit, on = left, on & ~out
        place[out] = on.sum()
    return _explained(count, "plurality-veto", "Credit left, from first places", place, rounds)


def _borda(count: ProfileCounts) -> Callable:
    duels = count.above * ~np.eye(count.m, dtype=bool)
    return lambda on: duels @ on


def _fewest(score, on) -> np.ndarray:
    return on & (score <= score[on].min() + TIE_TOLERANCE)


def _eliminate(count: ProfileCounts, rule, unit, measure, losers, why, moves=False) -> Explanation:
    on, place, rounds = count.all_candidates.copy(), np.zeros(count.m, int), []
    while on.any():
        score = measure(on)
        out = losers(score, on)
        left = on & ~out
        place[out] = left.sum()
        note = _note(count, out, on, why, percent(score[out][0]) if moves else "")
        moved = _moved(count, on, left) if moves and left.any() else None
        rounds.append(Round(np.where(on, score, np.nan), _who(out), note, moved))
        on = left
    return _explained(count, rule, unit, place, rounds)


def _moved(count: ProfileCounts, on: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Where the votes of those who leave go ``[candidates, candidates + 1]``."""
    before, after = count.top_shares(on), count.top_shares(left)
    lost = np.where(on & ~left, before, 0.0)
    gained = np.where(left, np.maximum(after - before, 0.0), 0.0)
    gone = lost.sum(1, keepdims=True)
    gained = np.column_stack([gained, gone[:, 0] - gained.sum(1)])
    return (lost * count.weight[:, None]).T @ (gained / np.where(gone > 0, gone, 1.0))


def _who(out: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(out).tolist())


def _note(count: ProfileCounts, out, on, why: str, value: str = "") -> str:
    who = np.flatnonzero(out)
    if out.sum() == on.sum():
        return (
            f"{count.join_names(who)} {'stands' if len(who) == 1 else 'tie for the place that'} "
            + ("last, and wins." if len(who) == 1 else "is left.")
        )
    if len(who) > 1:
        why = why.replace("has ", "have ", 1).replace("is ", "are ", 1)
    goes = "goes" if len(who) == 1 else "go"
    return f"{count.join_names(who)} {why}{f' ({value})' if value else ''} and {goes} out."


def _explained(count: ProfileCounts, rule, unit, place, rounds) -> Explanation:
    table = []
    for i, r in enumerate(rounds, 1):
        row = {"round": i}
        row |= {n: float(s) for n, s in zip(count.names, r.score, strict=True)}
        table.append({**row, "out": count.join_names(r.out)})
    first = winners(place)
    last = rounds[-1]
    if last.label == "out" and not place[list(last.out)].any():
        word = "wins" if len(last.out) == 1 else "tie"
        rounds[-1] = Round(last.score, last.out, last.note, last.transfers, word)
    decided = next(i for i, r in enumerate(rounds, 1) if first[0] in r.out)
    notes = (
        f"{count.join_names(first)} {'share first place' if len(first) > 1 else 'wins'} in round "
        f"{decided}.",
        *(f"Round {i}: {r.note}" for i, r in enumerate(rounds, 1)),
    )
    steps = (Rounds("Round by round", unit, tuple(rounds)),)
    return Explanation(rule, count.names, place, notes, steps, tuple(table))


EXPLAINED = {
    "instant-runoff": instant_runoff,
    "coombs": coombs,
    "baldwin": baldwin,
    "nanson": nanson,
    "plurality-veto": plurality_veto,
}
