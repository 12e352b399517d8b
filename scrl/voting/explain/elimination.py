"""Explanations of elimination rules, round by round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.explain.steps import Explanation, ProfileCounts, Round, Rounds, percent, winners

#: Mask of the remaining candidates -> their scores ``[candidates]``.
ScoreFunction = Callable[[np.ndarray], np.ndarray]
#: Scores and mask of the remaining candidates -> mask of those eliminated.
EliminationFunction = Callable[[np.ndarray, np.ndarray], np.ndarray]


def instant_runoff(counts: ProfileCounts) -> Explanation:
    """Eliminates those with the fewest first places, and transfers their votes."""
    return _eliminate(
        counts,
        "instant-runoff",
        "Share of first places among the candidates left",
        lambda remaining: counts.weight @ counts.top_shares(remaining),
        _lowest,
        "has the fewest first places",
        with_transfers=True,
    )


def baldwin(counts: ProfileCounts) -> Explanation:
    """Eliminates those with the lowest Borda score among the remaining candidates."""
    return _eliminate(
        counts, "baldwin", "Borda score among the candidates left", _borda(counts), _lowest,
        "has the lowest Borda score",
    )  # fmt: skip


def nanson(counts: ProfileCounts) -> Explanation:
    """Eliminates those below the mean Borda score of the remaining candidates."""

    def below_mean(score: np.ndarray, remaining: np.ndarray) -> np.ndarray:
        eliminated = remaining & (score < score[remaining].mean() - TIE_TOLERANCE)
        return eliminated if eliminated.any() else remaining

    return _eliminate(
        counts, "nanson", "Borda score among the candidates left", _borda(counts), below_mean,
        "is below the average Borda score",
    )  # fmt: skip


def coombs(counts: ProfileCounts) -> Explanation:
    """Places majority winners first, else eliminates those with the most last places."""
    remaining, place = counts.all_candidates.copy(), np.zeros(counts.m, int)
    rounds: list[Round] = []
    winners_placed = 0
    while remaining.any():
        first = counts.weight @ counts.top_shares(remaining)
        last = counts.weight @ counts.bottom_shares(remaining)
        majority = remaining & (first > first.sum() / 2 + TIE_TOLERANCE)
        if majority.any():
            leaving = majority
            label = "next" if winners_placed else "wins"
            rank = "the next majority" if winners_placed else "a majority"
            note = (
                f"{counts.join_names(_indices(majority))} has {rank} of first places "
                f"({percent(first[majority][0])})."
            )
            place[leaving] = winners_placed
            winners_placed += 1
        else:
            leaving, label = remaining & (-last <= -last[remaining].max() + TIE_TOLERANCE), "out"
            place[leaving] = winners_placed + (remaining & ~leaving).sum()
            value = percent(last[leaving][0])
            note = _note(counts, leaving, remaining, "has the most last places", value)
        score = np.where(remaining, last, np.nan)
        rounds.append(Round(score, _indices(leaving), note, None, label))
        remaining = remaining & ~leaving
    return _explanation(
        counts, "coombs", "Share of last places among the candidates left", place, rounds
    )


def plurality_veto(counts: ProfileCounts) -> Explanation:
    """Eliminates candidates as vetoes of the worst-ranked use up their first places."""
    credit = counts.weight @ counts.top_shares(counts.all_candidates)
    eliminated = credit <= TIE_TOLERANCE
    remaining, place = ~eliminated, np.zeros(counts.m, int)
    rounds: list[Round] = []
    place[eliminated] = remaining.sum()
    if eliminated.any():
        names = counts.join_names(_indices(eliminated))
        note = f"Nobody puts {names} first, so {names} starts with no points."
        rounds.append(Round(credit.copy(), _indices(eliminated), note))
    while remaining.any():
        rate = np.where(remaining, counts.weight @ counts.bottom_shares(remaining, 1), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            time = np.where(
                remaining & (rate > TIE_TOLERANCE),
                credit / np.where(rate > TIE_TOLERANCE, rate, 1),
                np.inf,
            )
        step = time.min()
        if np.isfinite(step):
            next_credit = np.where(remaining, credit - rate * step, 0.0)
            eliminated = remaining & (next_credit <= TIE_TOLERANCE)
            reason = "is the first to lose all its points"
            note = _note(counts, eliminated, remaining, reason)
        else:
            next_credit, eliminated = credit, remaining
            note = (
                f"No voter takes points any more. {counts.join_names(_indices(remaining))} remain."
            )
        rounds.append(Round(np.where(remaining, credit, np.nan), _indices(eliminated), note))
        credit, remaining = next_credit, remaining & ~eliminated
        place[eliminated] = remaining.sum()
    return _explanation(counts, "plurality-veto", "Points left, from first places", place, rounds)


def _borda(counts: ProfileCounts) -> ScoreFunction:
    """Borda scores among the remaining candidates."""
    above = counts.above * ~np.eye(counts.m, dtype=bool)
    return lambda remaining: above @ remaining


def _lowest(score: np.ndarray, remaining: np.ndarray) -> np.ndarray:
    return remaining & (score <= score[remaining].min() + TIE_TOLERANCE)


def _eliminate(
    counts: ProfileCounts,
    rule: str,
    unit: str,
    score_function: ScoreFunction,
    losers: EliminationFunction,
    reason: str,
    with_transfers: bool = False,
) -> Explanation:
    """Eliminate the losers of each round until none remains.

    Args:
        unit: describes the scores.
        reason: why candidates are eliminated, after their names: "has the fewest …".
        with_transfers: whether rounds state the votes transferred.
    """
    remaining, place = counts.all_candidates.copy(), np.zeros(counts.m, int)
    rounds: list[Round] = []
    while remaining.any():
        score = score_function(remaining)
        eliminated = losers(score, remaining)
        after = remaining & ~eliminated
        place[eliminated] = after.sum()
        value = percent(score[eliminated][0]) if with_transfers else ""
        note = _note(counts, eliminated, remaining, reason, value)
        transfers = None
        if with_transfers and after.any():
            transfers = _transfers(counts, remaining, after)
        score = np.where(remaining, score, np.nan)
        rounds.append(Round(score, _indices(eliminated), note, transfers))
        remaining = after
    return _explanation(counts, rule, unit, place, rounds)


def _transfers(counts: ProfileCounts, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Votes that move from each eliminated candidate to each other, in the last column to none
    ``[candidates, candidates + 1]``.

    Args:
        before, after: masks of the remaining candidates.
    """
    votes_before, votes_after = counts.top_shares(before), counts.top_shares(after)
    lost = np.where(before & ~after, votes_before, 0.0)
    gained = np.where(after, np.maximum(votes_after - votes_before, 0.0), 0.0)
    released = lost.sum(1, keepdims=True)
    gained = np.column_stack([gained, released[:, 0] - gained.sum(1)])
    return (lost * counts.weight[:, None]).T @ (gained / np.where(released > 0, released, 1.0))


def _indices(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask).tolist())


def _note(
    counts: ProfileCounts, eliminated: np.ndarray, remaining: np.ndarray, reason: str,
    value: str = "",
) -> str:  # fmt: skip
    """A sentence on one round."""
    indices = _indices(eliminated)
    names, single = counts.join_names(indices), len(indices) == 1
    if eliminated.sum() == remaining.sum():
        if single:
            return f"{names} is the only one left and wins."
        return f"{names} share the place that is left."
    if not single:
        reason = reason.replace("has ", "have ", 1).replace("is ", "are ", 1)
    verb = "goes" if single else "go"
    return f"{names} {reason}{f' ({value})' if value else ''} and {verb} out."


def _explanation(
    counts: ProfileCounts, rule: str, unit: str, place: np.ndarray, rounds: list[Round]
) -> Explanation:
    """The explanation made of an elimination's rounds; the last round names the winners."""
    table = []
    for i, r in enumerate(rounds, 1):
        scores = {n: float(s) for n, s in zip(counts.names, r.score, strict=True)}
        table.append({"round": i, **scores, "out": counts.join_names(r.out)})
    first = winners(place)
    last = rounds[-1]
    if last.label == "out" and not place[list(last.out)].any():
        label = "wins" if len(last.out) == 1 else "tie"
        rounds[-1] = Round(last.score, last.out, last.note, last.transfers, label)
    decided = next(i for i, r in enumerate(rounds, 1) if first[0] in r.out)
    notes = (
        f"{counts.join_names(first)} {'share first place' if len(first) > 1 else 'wins'} in round "
        f"{decided}.",
        *(f"Round {i}: {r.note}" for i, r in enumerate(rounds, 1)),
    )
    steps = (Rounds("Round by round", unit, tuple(rounds)),)
    return Explanation(rule, counts.names, place, notes, steps, tuple(table))


EXPLAINERS = {
    "instant-runoff": instant_runoff,
    "coombs": coombs,
    "baldwin": baldwin,
    "nanson": nanson,
    "plurality-veto": plurality_veto,
}
