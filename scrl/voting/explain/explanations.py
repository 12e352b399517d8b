"""How each rule came to its order, step by step, as plain data.

The steps are counted here in NumPy, apart from the rules themselves, and end in the same order.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from scrl.types import InputError, Outcome
from scrl.voting.all_rules import pad_profile
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import aggregate
from scrl.voting.explain import elimination, pairwise
from scrl.voting.explain.steps import (
    Bars,
    Explanation,
    Fit,
    Graph,
    Matrix,
    ProfileCounts,
    percent,
    places_by_rank,
    places_by_score,
    winners,
)
from scrl.voting.profile import TIE_TOLERANCE
from scrl.voting.registry import RULES

_APPROVAL = re.compile(r"([0-9]+)-approval")


def explain(rule: str, profile: AnonymousProfile, outcome: Outcome | None = None) -> Explanation:
    """How ``rule`` counts ``profile``; ``outcome`` is what ``everyone`` gave, if it is at hand.

    Raises:
        InputError: for an unknown rule, or a profile that it cannot count.
    """
    known, count = RULES[rule], ProfileCounts(profile)
    if found := _APPROVAL.fullmatch(rule):
        return approval(count, rule, int(found[1]))
    if rule in explainers():
        return explainers()[rule](count)
    outcome = outcome or aggregate(pad_profile(profile), rule)
    place, score = outcome.place[: count.m], outcome.scores[: count.m]
    if known.lottery:
        return lottery(count, rule, score, place)
    if known.family == "likelihood":
        return likelihood(count, rule, score, place)
    notes = (f"{count.join_names(winners(place))}: highest score.",)
    steps = (Bars(known.title, score),)
    return Explanation(rule, count.names, place, notes, steps, _scores(count, score))


@cache
def explainers() -> dict:
    """Rules whose own steps are told."""
    return {
        "plurality": plurality,
        "anti-plurality": anti_plurality,
        "borda": borda,
        "dowdall": dowdall,
        "bucklin": bucklin,
        "utilitarian": utilitarian,
        "egalitarian": egalitarian,
        **pairwise.EXPLAINED,
        **elimination.EXPLAINED,
    }


# -- points ---------------------------------------------------------------------------------------


def _points(count: ProfileCounts, rule: str, unit: str, parts: np.ndarray, why: str) -> Explanation:
    score = parts.sum(0)
    place = places_by_score(score)
    first = winners(place)
    notes = (f"{count.join_names(first)}: {why} ({score[first[0]]:.3f}).",)
    steps = (Bars(unit, score, parts), Matrix(
        "Share of ballots at each place", _places(count), _ordinals(count.m), 0.0))  # fmt: skip
    return Explanation(rule, count.names, place, notes, steps, _scores(count, score))


def plurality(count: ProfileCounts) -> Explanation:
    parts = count.weight[:, None] * count.top_shares(count.all_candidates)
    return _points(count, "plurality", "Share of first places", parts, "most first places")


def anti_plurality(count: ProfileCounts) -> Explanation:
    parts = -count.weight[:, None] * count.bottom_shares(count.all_candidates)
    return _points(
        count, "anti-plurality", "Minus the share of last places", parts, "fewest last places"
    )


def approval(count: ProfileCounts, rule: str, k: int) -> Explanation:
    parts = count.weight[:, None] * count.place_shares[:, :, :k].sum(2)
    unit = f"Share of ballots with it among the first {k}"
    return _points(count, rule, unit, parts, f"most often among the first {k}")


def dowdall(count: ProfileCounts) -> Explanation:
    parts = count.weight[:, None] * (count.place_shares @ (1 / np.arange(1, count.m + 1)))
    return _points(count, "dowdall", "Points a ballot: 1, ½, ⅓ …", parts, "most points")


def borda(count: ProfileCounts) -> Explanation:
    """P(a ≻ b) summed over opponents, ballot by ballot; a pair that no ballot ranks gives ½."""
    off = ~np.eye(count.m, dtype=bool)
    met = np.where((count.both_ranked > 0) & off, count.both_ranked, np.inf)
    parts = np.zeros(count.place.shape)
    for b in range(count.m):
        both = count.ranked & count.ranked[:, [b]]
        ahead = 0.5 + 0.5 * np.sign(count.place[:, [b]] - count.place)
        parts += both * ahead * count.weight[:, None] / met[:, b]
    unmet = 0.5 * ((count.both_ranked == 0) & off).sum(1)
    if unmet.any():
        parts = np.vstack([parts, unmet])
    return _points(count, "borda", "Opponents put behind, a ballot", parts, "most points")


def bucklin(count: ProfileCounts) -> Explanation:
    votes = np.cumsum(count.weight @ count.place_shares.transpose(1, 0, 2), axis=1)
    passed = votes > 0.5 + TIE_TOLERANCE
    level = np.where(passed.any(1), passed.argmax(1), count.m)
    at = votes[np.arange(count.m), np.minimum(level, count.m - 1)]
    place = places_by_score(at - 2.0 * level)
    first, marked = winners(place), [(int(level[a]), a) for a in range(count.m)]
    if level[first[0]] < count.m:
        word = _ordinals(count.m)[level[first[0]]].lower()
        notes = (
            f"{count.join_names(first)}: a majority once {word} places count "
            f"({percent(at[first[0]])} of ballots).",
        )
    else:
        notes = (f"Nobody reaches a majority; {count.join_names(first)} has most votes in all.",)
    rows = tuple(f"Up to {w.lower()}" if i else w for i, w in enumerate(_ordinals(count.m)))
    steps = (Matrix("Votes as lower places are added; past half is a majority", votes.T, rows,
                    0.5, tuple(x for x in marked if x[0] < count.m)),)  # fmt: skip
    table = tuple(
        {"counted": row, **{n: float(v) for n, v in zip(count.names, line, strict=True)}}
        for row, line in zip(rows, votes.T, strict=True)
    )
    return Explanation("bucklin", count.names, place, notes, steps, table)


def _places(count: ProfileCounts) -> np.ndarray:
    """Share of the weight by place and candidate ``[places, candidates]``."""
    return np.einsum("i,ijk->kj", count.weight, count.place_shares)


def _ordinals(m: int) -> tuple[str, ...]:
    words = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth")
    return tuple(words[i] if i < len(words) else f"{i + 1}th" for i in range(m))


def _scores(count: ProfileCounts, score: np.ndarray, name: str = "score") -> tuple[dict, ...]:
    return tuple({"candidate": n, name: float(s)} for n, s in zip(count.names, score, strict=True))


# -- likelihood -----------------------------------------------------------------------------------


def likelihood(
    count: ProfileCounts, rule: str, score: np.ndarray, place: np.ndarray
) -> Explanation:
    """Scores, and the shares of duels that they predict: σ of the difference for both models."""
    fitted = 1 / (1 + np.exp(np.clip(score[None, :] - score[:, None], -700, 700)))
    seen = np.where((count.both_ranked > 0) & ~np.eye(count.m, dtype=bool), count.above, np.nan)
    off = np.abs(seen - fitted)
    notes = (f"{count.join_names(winners(place))}: highest score, in log-odds.",)
    if np.isfinite(off).any():
        a, b = np.unravel_index(np.nanargmax(off), off.shape)
        notes += (
            f"Least well fitted is {count.names[a]} over {count.names[b]}: "
            f"{percent(seen[a, b])} of ballots, {percent(fitted[a, b])} by the scores.",
        )
    steps = (
        Bars("Score, in log-odds", score),
        Fit("Duels as seen and as fitted (rim: the victor)", seen, fitted),
        pairwise.duels(count),
    )
    return Explanation(rule, count.names, place, notes, steps, _scores(count, score))


# -- lotteries ------------------------------------------------------------------------------------


def lottery(count: ProfileCounts, rule: str, chance: np.ndarray, place: np.ndarray) -> Explanation:
    """Probabilities, and how the lottery fares against each candidate head to head."""
    fares = chance @ count.above
    support = np.flatnonzero(chance > TIE_TOLERANCE)
    notes = [f"{count.join_names(support)} can win." if len(support) > 1 else
             f"{count.join_names(support)} wins for sure."]  # fmt: skip
    steps: list = [Bars("Chance to win", chance)]
    if rule == "maximal-lottery":
        notes.append("Nobody beats the lottery: its draw does at least as well as half against "
                     "each candidate.")  # fmt: skip
    elif rule == "random-ballot":
        steps[0] = Bars("Chance to win: the share of first places", chance,
                        count.weight[:, None] * count.top_shares(count.all_candidates))  # fmt: skip
    beaten = np.flatnonzero(fares < 0.5 - 1e-7)
    if len(beaten) and rule != "maximal-lottery":
        worst = int(np.argmin(fares))
        notes.append(
            f"{count.names[worst]} beats it: {percent(1 - fares[worst])} of duels with its draw."
        )
    steps.append(
        Bars("Share of ballots that put the lottery’s draw first, against each", fares, None, 0.5,
             "an even duel")
    )  # fmt: skip
    if RULES[rule].reads == "pairwise":
        steps.append(Graph("Who beats whom", pairwise.edges_of(count)))
    table = tuple(
        {"candidate": n, "chance": float(p), "draw against it": float(f)}
        for n, p, f in zip(count.names, chance, fares, strict=True)
    )
    return Explanation(rule, count.names, place, tuple(notes), tuple(steps), table)


# -- utilities ------------------------------------------------------------------------------------


def utilitarian(count: ProfileCounts) -> Explanation:
    utility = _utility(count)
    weight = np.where(count.ranked, count.weight[:, None], 0.0)
    total = weight.sum(0)
    parts = weight * utility / np.where(total > 0, total, 1.0)
    score = parts.sum(0)
    place = places_by_score(score)
    notes = (f"{count.join_names(winners(place))}: mean utility {score.max():.4f}.",)
    steps = (Bars("Mean utility", score, parts), _worth(count))
    return Explanation("utilitarian", count.names, place, notes, steps, _scores(count, score))


def egalitarian(count: ProfileCounts) -> Explanation:
    """Leximin: lots compared from the worst up."""
    utility = _utility(count)
    levels = np.unique(utility[count.ranked])
    held = np.array([[count.weight[count.ranked[:, a] & (utility[:, a] == u)].sum()
                      for u in levels] for a in range(count.m)])  # fmt: skip
    total = held.sum(1, keepdims=True)
    below = np.cumsum(held / np.where(total > 0, total, 1.0), axis=1)
    below = np.where(total > 0, np.round(below / TIE_TOLERANCE), np.inf)
    rows = [tuple(row) for row in below]
    place = places_by_rank(np.array([sorted(set(rows)).index(row) for row in rows]))
    worst = np.where(count.ranked, utility, np.inf).min(0)
    worst = np.where(np.isfinite(worst), worst, np.nan)
    first = winners(place)
    notes = (
        f"{count.join_names(first)}: whoever is worst off has {worst[first[0]]:.4f}; in a tie "
        "the next worst off decide.",
    )
    steps = (Bars("Utility of whoever is worst off", worst), _worth(count))
    return Explanation("egalitarian", count.names, place, notes, steps, _scores(count, worst))


def _utility(count: ProfileCounts) -> np.ndarray:
    if count.profile.utility is None:
        raise InputError("This rule reads utilities, and only orders are known.")
    return np.where(count.ranked, count.profile.utility, 0.0)


def _worth(count: ProfileCounts) -> Matrix:
    """What each candidate is worth to those who cast each ballot; the first thirty ballots."""
    labels = [label or f"ballot {i}" for i, label in enumerate(count.profile.labels, 1)]
    worth = np.where(count.ranked, count.profile.utility, np.nan)
    return Matrix("Worth to those who cast each ballot", worth[:30], tuple(labels[:30]), 0.0)
