"""Explanations of how each rule counts a profile, step by step, as plain data.

The steps are recounted in NumPy, independent of the code of the rules, and end in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.special import expit

from scrl.types import InputError, Outcome
from scrl.voting.all_rules import pad_profile
from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.counting import aggregate
from scrl.voting.explain import elimination, kemeny, pairwise, tournaments
from scrl.voting.explain.steps import (
    Bars,
    Explanation,
    Fit,
    Graph,
    Matrix,
    ProfileCounts,
    Step,
    percent,
    places_by_rank,
    places_by_score,
    winners,
)
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES
from scrl.voting.truncated_ballots import COUNTS, LAST, SHARES, ballots_read_by

#: Ballots shown in a matrix of utilities.
MAX_UTILITY_ROWS = 30
_APPROVAL = re.compile(r"([0-9]+)-approval")


def explain(
    rule: str,
    profile: Profile,
    outcome: Outcome | None = None,
    left_out: str | None = LAST,
    widths: str = SHARES,
) -> Explanation:
    """How a rule counts a profile.

    Args:
        rule: its name in the registry.
        profile: the ballots.
        outcome: the rule's outcome where it is already counted.
        left_out, widths: as in ``aggregate``.

    Raises:
        InputError: for an unknown rule, or a profile that it cannot count.
    """
    definition = RULES[rule]
    profile = profile if left_out is None else ballots_read_by(rule, profile, left_out)
    counts = ProfileCounts(profile, widths == COUNTS)
    if match := _APPROVAL.fullmatch(rule):
        return approval(counts, rule, int(match[1]))
    if rule in explainers():
        return explainers()[rule](counts)
    if definition.reads == "utility" and profile.utility is None:
        raise InputError(f"{definition.title} counts utilities, and only orders are known.")
    if outcome is None:
        ballots = pad_profile(profile) if definition.of_profile is None else profile
        outcome = aggregate(ballots, rule, None, widths)
    place, score = outcome.place[: counts.m], outcome.scores[: counts.m]
    if definition.lottery:
        return lottery(counts, rule, score, place)
    if definition.family == "likelihood":
        return likelihood(counts, rule, score, place)
    if rule in CHANGES:
        return changed_ballots(counts, rule, score, place)
    notes = (f"{counts.join_names(winners(place))}: highest score.",)
    steps = (Bars(definition.title, score),)
    return Explanation(rule, counts.names, place, notes, steps, _scores(counts, score))


@cache
def explainers() -> dict[str, Callable[[ProfileCounts], Explanation]]:
    """Rules with a recount of their own, and the functions that explain them."""
    return {
        "plurality": plurality,
        "anti-plurality": anti_plurality,
        "borda": borda,
        "dowdall": dowdall,
        "bucklin": bucklin,
        "utilitarian": utilitarian,
        "egalitarian": egalitarian,
        "kemeny": kemeny.kemeny,
        "slater": kemeny.slater,
        **pairwise.EXPLAINERS,
        **tournaments.EXPLAINERS,
        **elimination.EXPLAINERS,
    }


#: Rules of the fewest changes to the ballots: what changes, with its unit.
CHANGES = {
    "dodgson": ("must pass {:.3g} candidates for each voter", "to beat everybody head to head",
                "Candidates to pass, for each voter"),
    "young": ("needs {:.1%} of the voters to stay at home", "to lose to nobody head to head",
              "Share of voters who must stay at home"),
}  # fmt: skip


def changed_ballots(
    counts: ProfileCounts, rule: str, score: np.ndarray, place: np.ndarray
) -> Explanation:
    """How far each candidate is from winning head to head, as the rule found it."""
    need, aim, title = CHANGES[rule]
    first, others = winners(place), [c for c in range(counts.m) if place[c] > 0]
    notes = [
        f"{counts.join_names(first)}: {need.format(-score[first[0]] + 0.0)} {aim}; nobody needs "
        "less."
    ]
    if others:
        second = min(others, key=lambda c: place[c])
        notes.append(f"{counts.names[second]}: {need.format(-score[second])}.")
    steps = (Bars(title, -score + 0.0, lower_is_better=True), pairwise.pairwise_matrix(counts))
    table = _scores(counts, -score + 0.0)
    return Explanation(rule, counts.names, place, tuple(notes), steps, table)


# -- points ---------------------------------------------------------------------------------------


def _points(
    counts: ProfileCounts, rule: str, unit: str, parts: np.ndarray, reason: str
) -> Explanation:
    """The explanation of a rule that adds up points.

    Args:
        unit: describes the points.
        parts: points by ballot ``[ballots, candidates]``.
        reason: why the winner wins.
    """
    score = parts.sum(0)
    place = places_by_score(score)
    first = winners(place)
    notes = (f"{counts.join_names(first)}: {reason} ({score[first[0]]:.3g}).",)
    title = "Share of ballots at each place"
    steps = (
        Bars(unit, score, parts),
        Matrix(title, _place_shares(counts), _ordinals(counts.m), 0.0),
    )
    return Explanation(rule, counts.names, place, notes, steps, _scores(counts, score))


def plurality(counts: ProfileCounts) -> Explanation:
    """Scores are shares of first places."""
    parts = counts.weight[:, None] * counts.top_shares(counts.all_candidates)
    return _points(counts, "plurality", "Share of first places", parts, "most first places")


def anti_plurality(counts: ProfileCounts) -> Explanation:
    """Scores are negative shares of last places."""
    parts = -counts.weight[:, None] * counts.bottom_shares(counts.all_candidates)
    return _points(
        counts,
        "anti-plurality",
        "Share of last places, counted against the candidate",
        parts,
        "fewest last places",
    )


def approval(counts: ProfileCounts, rule: str, k: int) -> Explanation:
    """Scores are shares of ballots that rank the candidate among the first ``k``."""
    parts = counts.weight[:, None] * counts.place_shares[:, :, :k].sum(2)
    unit = f"Share of ballots with the candidate among the first {k}"
    return _points(counts, rule, unit, parts, f"most often among the first {k}")


def dowdall(counts: ProfileCounts) -> Explanation:
    """Scores are 1, ½, ⅓ … by place."""
    parts = counts.weight[:, None] * (counts.place_shares @ (1 / np.arange(1, counts.m + 1)))
    return _points(
        counts, "dowdall", "Points for each ballot: 1, 1/2, 1/3 and so on", parts, "most points"
    )


def borda(counts: ProfileCounts) -> Explanation:
    """Scores are P(a ≻ b) summed over opponents b; a pair that no ballot ranks gives ½."""
    off_diagonal = ~np.eye(counts.m, dtype=bool)
    weight = np.ones_like(counts.both_ranked) if counts.by_counts else counts.both_ranked
    pair_weight = np.where((counts.both_ranked > 0) & off_diagonal, weight, np.inf)
    parts = np.zeros(counts.place.shape)
    for b in range(counts.m):
        both_ranked = counts.ranked & counts.ranked[:, [b]]
        wins = 0.5 + 0.5 * np.sign(counts.place[:, [b]] - counts.place)
        if counts.by_counts:  # a ballot that does not rank both ties them
            wins = np.where(both_ranked, wins, 0.5)
            both_ranked = np.ones_like(both_ranked)
        parts += both_ranked * wins * counts.weight[:, None] / pair_weight[:, b]
    never_compared = 0.5 * ((counts.both_ranked == 0) & off_diagonal).sum(1)
    if never_compared.any():
        parts = np.vstack([parts, never_compared])
    return _points(
        counts,
        "borda",
        "Average points: candidates ranked below, for each ballot",
        parts,
        "most points",
    )


def bucklin(counts: ProfileCounts) -> Explanation:
    """Adds lower places until a candidate has a majority."""
    votes = np.cumsum(counts.weight @ counts.place_shares.transpose(1, 0, 2), axis=1)
    majority = votes > 0.5 + TIE_TOLERANCE
    level = np.where(majority.any(1), majority.argmax(1), counts.m)
    votes_at_level = votes[np.arange(counts.m), np.minimum(level, counts.m - 1)]
    place = places_by_score(votes_at_level - 2.0 * level)
    first = winners(place)
    names = counts.join_names(first)
    if level[first[0]] < counts.m:
        ordinal = _ordinals(counts.m)[level[first[0]]].lower()
        note = (
            f"{names} has a majority once {ordinal} places are counted "
            f"({percent(votes_at_level[first[0]])} of ballots)."
        )
    else:
        note = f"Nobody reaches a majority. {names} has the most votes in all."
    rows = tuple(f"Up to {w.lower()}" if i else w for i, w in enumerate(_ordinals(counts.m)))
    marked = tuple((int(level[a]), a) for a in range(counts.m) if level[a] < counts.m)
    title = "Votes as lower places are added (more than half is a majority)"
    steps = (Matrix(title, votes.T, rows, 0.5, marked),)
    table = tuple(
        {"counted": row, **{n: float(v) for n, v in zip(counts.names, line, strict=True)}}
        for row, line in zip(rows, votes.T, strict=True)
    )
    return Explanation("bucklin", counts.names, place, (note,), steps, table)


def _place_shares(counts: ProfileCounts) -> np.ndarray:
    """Share of the weight with each candidate at each place ``[places, candidates]``."""
    return np.einsum("i,ijk->kj", counts.weight, counts.place_shares)


def _ordinals(m: int) -> tuple[str, ...]:
    words = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth")
    return tuple(words[i] if i < len(words) else f"{i + 1}th" for i in range(m))


def _scores(counts: ProfileCounts, score: np.ndarray, name: str = "score") -> tuple[dict, ...]:
    return tuple({"candidate": n, name: float(s)} for n, s in zip(counts.names, score, strict=True))


# -- likelihood -----------------------------------------------------------------------------------


def likelihood(
    counts: ProfileCounts, rule: str, score: np.ndarray, place: np.ndarray
) -> Explanation:
    """Scores in log-odds, and the P(a ≻ b) that they fit: σ(score a - score b) for Bradley–Terry
    and Plackett–Luce alike."""
    fitted = expit(score[:, None] - score[None, :])
    off_diagonal = ~np.eye(counts.m, dtype=bool)
    observed = np.where((counts.both_ranked > 0) & off_diagonal, counts.share_above, np.nan)
    residual = np.abs(observed - fitted)
    notes = [f"{counts.join_names(winners(place))}: highest reward."]
    if np.isfinite(residual).any():
        a, b = np.unravel_index(np.nanargmax(residual), residual.shape)
        notes.append(
            f"The rewards fit {counts.names[a]} against {counts.names[b]} worst: "
            f"{percent(observed[a, b])} of ballots prefer {counts.names[a]}, and the rewards "
            f"say {percent(fitted[a, b])}."
        )
    steps = (
        Bars("Learned reward", score),
        Fit(
            "Each pair: share of ballots and what the rewards say (the rim is the winner)",
            observed,
            fitted,
        ),
        pairwise.pairwise_matrix(counts),
    )
    return Explanation(rule, counts.names, place, tuple(notes), steps, _scores(counts, score))


# -- lotteries ------------------------------------------------------------------------------------


def lottery(counts: ProfileCounts, rule: str, chance: np.ndarray, place: np.ndarray) -> Explanation:
    """Probabilities, and the lottery's P(draw ≻ b) against each candidate b."""
    draw_above = chance @ counts.above
    support = counts.join_names(np.flatnonzero(chance > TIE_TOLERANCE))
    several = (chance > TIE_TOLERANCE).sum() > 1
    notes = [f"{support} can win." if several else f"{support} wins with certainty."]
    bars = Bars("Chance to win", chance)
    if rule == "maximal-lottery":
        notes.append("No candidate beats the lottery: on average at least half of the voters "
                     "prefer its draw, ties half.")  # fmt: skip
    elif rule == "random-ballot":
        parts = counts.weight[:, None] * counts.top_shares(counts.all_candidates)
        bars = Bars("Chance to win: the share of first places", chance, parts)
    if (draw_above < 0.5 - 1e-7).any() and rule != "maximal-lottery":
        worst = int(np.argmin(draw_above))
        share = percent(1 - draw_above[worst])
        notes.append(
            f"{counts.names[worst]} beats it: on average {share} of the voters prefer "
            f"{counts.names[worst]} to the draw."
        )
    title = "Share of ballots that prefer the lottery’s draw to each candidate"
    steps: list[Step] = [bars, Bars(title, draw_above, None, 0.5, "half")]
    if RULES[rule].reads == "pairwise":
        steps.append(Graph("Who beats whom", pairwise.majority_edges(counts)))
    table = tuple(
        {"candidate": n, "chance": float(p), "draw against it": float(f)}
        for n, p, f in zip(counts.names, chance, draw_above, strict=True)
    )
    return Explanation(rule, counts.names, place, tuple(notes), tuple(steps), table)


# -- utilities ------------------------------------------------------------------------------------


def utilitarian(counts: ProfileCounts) -> Explanation:
    """Scores are mean utilities."""
    utility = _utility(counts)
    weight = np.where(counts.ranked, counts.weight[:, None], 0.0)
    total = weight.sum(0)
    parts = weight * utility / np.where(total > 0, total, 1.0)
    score = parts.sum(0)
    place = places_by_score(score, float(np.abs(utility).max()))
    notes = (
        f"{counts.join_names(winners(place))}: the greatest average utility ({score.max():.4f}).",
    )
    steps = (Bars("Average utility", score, parts), _utility_matrix(counts))
    return Explanation("utilitarian", counts.names, place, notes, steps, _scores(counts, score))


def egalitarian(counts: ProfileCounts) -> Explanation:
    """Leximin: utility distributions compared from the worst voter up."""
    utility = _utility(counts)
    levels = np.unique(utility[counts.ranked])
    weight_at_level = np.array([
        [counts.weight[counts.ranked[:, a] & (utility[:, a] == u)].sum() for u in levels]
        for a in range(counts.m)
    ])  # fmt: skip
    total = weight_at_level.sum(1, keepdims=True)
    below = np.cumsum(weight_at_level / np.where(total > 0, total, 1.0), axis=1)
    below = np.where(total > 0, np.round(below / TIE_TOLERANCE), np.inf)
    rows = [tuple(row) for row in below]
    place = places_by_rank(np.array([sorted(set(rows)).index(row) for row in rows]))
    worst = np.where(counts.ranked, utility, np.inf).min(0)
    worst = np.where(np.isfinite(worst), worst, np.nan)
    first = winners(place)
    notes = (
        f"{counts.join_names(first)}: the worst-off voter has utility {worst[first[0]]:.4f}. A tie "
        "is decided by the next worst-off voter.",
    )
    steps = (Bars("Utility of the worst-off voter", worst), _utility_matrix(counts))
    return Explanation("egalitarian", counts.names, place, notes, steps, _scores(counts, worst))


def _utility(counts: ProfileCounts) -> np.ndarray:
    """Utilities ``[ballots, candidates]``, 0 where not ranked.

    Raises:
        InputError: where the profile has none.
    """
    if counts.profile.utility is None:
        raise InputError("This rule reads utilities, and only orders are known.")
    return np.where(counts.ranked, counts.profile.utility, 0.0)


def _utility_matrix(counts: ProfileCounts) -> Matrix:
    """Utilities by ballot; the first ``MAX_UTILITY_ROWS``."""
    labels = [label or f"ballot {i}" for i, label in enumerate(counts.profile.labels, 1)]
    utility = np.where(counts.ranked, _utility(counts), np.nan)[:MAX_UTILITY_ROWS]
    title = "Utility of each candidate to the voters of each ballot"
    return Matrix(title, utility, tuple(labels[:MAX_UTILITY_ROWS]), 0.0)
