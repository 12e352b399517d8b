"""What a lie gains: the best ballot of one voter, or of a coalition that votes alike, by any rule.

A coalition is some of the voters behind one line of a profile; everybody else votes as the profile
says. An outcome is worth what the winner is, a tie for first place being a draw among the tied and
a lottery what it is on average. Orders stand for the utilities m-1 … 0, ties averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.types import Ballots, InputError, Outcome
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import aggregate_all, place_scores
from scrl.voting.registry import RULES
from scrl.voting.strategy.misreports import (
    MAX_EXHAUSTIVE,
    climb_starts,
    exaggerations,
    neighbouring_orders,
    places_from_values,
    report_distance,
    strict_orders,
    truncated_orders,
    values_from_places,
)

#: Gains no larger than this are none: lotteries come from solvers.
MIN_GAIN = 1e-6
#: Sizes × lies × ballots × candidates counted in one call.
CELLS = 4_000_000
#: Most steps of a climb.
STEPS = 60


@dataclass(frozen=True, eq=False)
class Manipulation:
    """The best lie that was found, and what it does.

    Attributes:
        rule, row: under which rule, and which line of the profile lies.
        voters: how many of the line's voters lie (in its weight).
        truth, outcome: what the rule says before and after, one contest.
        before, after: chance to win ``[candidates]``.
        place: on the ballots of the coalition ``[lies, candidates]``, -1 where left out: one row
            where all vote alike, the true ballot where no lie gains; ``weight``: how many cast
            each ``[lies]``; ``said``: the utilities reported in their stead, for a rule that reads
            utilities.
        gain: in the coalition's mean utility.
        places: by how many places its favourite (of several, the one placed best) rises in the
            order of the outcome; negative where it falls.
        dominates: whether the outcome is better whatever utilities go with the true order
            (first-order stochastic dominance).
        mean, others: mean utility ``(before, after)`` of all voters, and of those outside the
            coalition (NaN where there are none); ``by_line``: of each line ``[lines, 2]``.
        tried: ballots tried; exact: whether they were all strict orders.
    """

    rule: str
    row: int
    coalition_size: float
    sincere_outcome: Outcome
    outcome: Outcome
    before: np.ndarray
    after: np.ndarray
    ballots: np.ndarray
    ballot_weight: np.ndarray
    reported_utility: np.ndarray | None
    gain: float
    favourite_rise: int
    dominates: bool
    mean_utility: tuple[float, float]
    others_utility: tuple[float, float]
    utility_by_line: np.ndarray
    ballots_tried: int
    exact: bool

    @property
    def is_profitable(self) -> bool:
        return self.gain > MIN_GAIN


def line_utilities(profile: AnonymousProfile) -> np.ndarray:
    """What each line's voters get of each winner ``[lines, candidates]``: the profile's own, else
    m-1 … 0 by place, ties averaged, what is left out tied last."""
    if profile.utility is not None:
        return profile.utility
    place = np.where(profile.place < 0, len(profile.names), profile.place)
    return place_scores(place, np.ones(place.shape, bool))


def countable_rules(profile: AnonymousProfile, rules: Sequence[str] | None = None) -> list[str]:
    """The rules (default: all) that can count the profile: those that read utilities need them,
    and some count few candidates only."""
    m = len(profile.names)
    return [
        name
        for name in (RULES if rules is None else rules)
        if (RULES[name].reads != "utility" or profile.utility is not None)
        and (RULES[name].max_candidates is None or RULES[name].max_candidates >= m)
    ]


def best_manipulations(
    profile: AnonymousProfile,
    row: int,
    rules: Sequence[str] | None = None,
    voters: float | None = None,
    truncated: bool = False,
    seed: int = 0,
) -> dict[str, Manipulation]:
    """The best lie of some of a line's voters, who vote alike, under each rule.

    Up to ``EXACT`` candidates every strict order is tried. Beyond, the search climbs from several
    starts (compromises, burials, random ones from ``seed``) by moving one candidate at a time, and
    may miss the best. A rule that reads utilities is lied to by giving the true values to the
    candidates in another order, or by naming only the largest and the least of them. Of equally
    good lies the one nearest to the truth is kept.

    Args:
        rules: default: all that can count the profile.
        voters: how many lie, at most the line's weight; default: all of it.
        truncated: whether ballots may also leave candidates out.

    Raises:
        InputError: where there is no such line, or it has fewer voters.
    """
    voters = check_coalition(profile, row, voters)
    found: dict[str, Manipulation] = {}
    for names, lies in reports_by_rule(profile, row, countable_rules(profile, rules), truncated):
        if lies is None:
            for name in names:
                found[name] = _climb(profile, row, voters, name, truncated, seed)
            continue
        said = outcomes_of_reports(profile, row, [voters], lies, names)
        for name in names:
            one = single_size(said[name])
            best = best_report(profile, row, lies, one)
            found[name] = describe_manipulation(
                profile, row, voters, one, lies[[best]], best, len(lies),
                exact=len(profile.names) <= MAX_EXHAUSTIVE,
            )  # fmt: skip
    return {name: found[name] for name in countable_rules(profile, rules)}


def best_manipulation(profile: AnonymousProfile, rule: str, row: int, **settings) -> Manipulation:
    """As ``strategies``, under one rule.

    Raises:
        InputError: also where the rule cannot count the profile.
    """
    if not countable_rules(profile, [rule]):
        raise InputError(
            f"{RULES[rule].title} cannot count this profile: it needs utilities or fewer "
            "candidates."
        )
    return best_manipulations(profile, row, [rule], **settings)[rule]


# -- how the search goes --------------------------------------------------------------------------


def check_coalition(profile: AnonymousProfile, row: int, voters: float | None) -> float:
    if not 0 <= row < len(profile.place):
        raise InputError(f"There is no line {row + 1}; the profile has {len(profile.place)}.")
    weight = float(profile.weight[row])
    voters = weight if voters is None else float(voters)
    if not 0 < voters <= weight * (1 + 1e-12):
        raise InputError(
            f"{voters:g} voters cannot lie: line {row + 1} has {weight:g}; give more than 0 and "
            "no more than that."
        )
    return voters


def reports_by_rule(profile: AnonymousProfile, row: int, rules: list[str], truncated: bool):
    """Rules with the ballots ``[lies, 1, candidates]`` to try under them, the true one first; None
    where the search has to climb."""
    m = len(profile.names)
    ordinal = [name for name in rules if RULES[name].reads != "utility"]
    if ordinal and m <= MAX_EXHAUSTIVE:
        lies = [profile.place[[row]], strict_orders(m)]
        if truncated:
            lies.append(truncated_orders(m))
        yield ordinal, values_from_places(np.concatenate(lies))[:, None]
    elif ordinal:
        yield ordinal, None
    if len(ordinal) < len(rules):
        cardinal = [name for name in rules if name not in ordinal]
        yield cardinal, exaggerations(profile.utility[row])[:, None]


def outcomes_of_reports(
    profile: AnonymousProfile, row: int, voters, lies: np.ndarray, rules: Sequence[str]
) -> dict[str, Outcome]:
    """Outcomes ``[sizes, lies, candidates]`` where ``voters`` ``[sizes]`` of a line cast ``lies``
    ``[lies, ballots, candidates]``, divided evenly over the ballots."""
    voters = np.asarray(voters, float)
    c, k, m = lies.shape
    lines = len(profile.weight)
    own = (
        profile.utility if RULES[rules[0]].reads == "utility" else values_from_places(profile.place)
    )
    weight = np.repeat(profile.weight[None], len(voters), axis=0)
    weight[:, row] = np.maximum(weight[:, row] - voters, 0.0)
    weight = np.concatenate([weight, np.repeat(voters[:, None] / k, k, axis=1)], axis=1)
    parts: dict[str, list[Outcome]] = {name: [] for name in rules}
    step = max(1, CELLS // (len(voters) * (lines + k) * m))
    for start in range(0, c, step):
        some = lies[start : start + step]
        values = np.concatenate([np.broadcast_to(own, (len(some), lines, m)), some], axis=1)
        shape = (len(voters), *values.shape)
        ranked = ~np.isnan(values)
        ballots = Ballots(
            np.broadcast_to(np.where(ranked, values, 0.0), shape),
            None if ranked.all() else np.broadcast_to(ranked, shape),
            np.broadcast_to(weight[:, None], shape[:-1]),
        )
        for name, outcome in aggregate_all(ballots, rules).items():
            parts[name].append(outcome)
    return {
        name: Outcome(
            name,
            np.concatenate([o.place for o in part], axis=1),
            np.concatenate([o.scores for o in part], axis=1),
            RULES[name].lottery,
        )
        for name, part in parts.items()
    }


def single_size(outcome: Outcome) -> Outcome:
    """Of a single size."""
    return Outcome(outcome.rule, outcome.place[0], outcome.scores[0], outcome.lottery)


def best_report(profile: AnonymousProfile, row: int, lies: np.ndarray, outcome: Outcome) -> int:
    """Which lie is worth most, the true ballot being lie 0; of equals the one nearest to it."""
    worth = outcome.chances @ line_utilities(profile)[row]
    if worth.max() <= worth[0] + MIN_GAIN:
        return 0
    good = np.flatnonzero(worth >= worth.max() - MIN_GAIN)
    return int(good[np.argmin(report_distance(lies[good], lies[0]))])


def describe_manipulation(
    profile: AnonymousProfile, row: int, voters: float, outcome: Outcome, lies: np.ndarray,
    best: int, tried: int, exact: bool,
) -> Manipulation:  # fmt: skip
    """From the outcomes of all lies, the first of them the truth; ``lies`` ``[.., candidates]``
    are the ballots of the best."""
    truth, after = (
        Outcome(outcome.rule, outcome.place[i], outcome.scores[i], outcome.lottery)
        for i in (0, best)
    )
    chance = np.stack([truth.chances, after.chances])
    u, weight = line_utilities(profile), profile.weight.copy()
    got = u @ chance.T
    lies, cast = np.unique(lies.reshape(-1, lies.shape[-1]), axis=0, return_counts=True)
    mean = weight @ got / weight.sum()
    weight[row] = max(weight[row] - voters, 0.0)
    others = weight @ got / weight.sum() if weight.sum() > 0 else np.full(2, np.nan)
    favourite = u[row] == u[row].max()
    by_value = np.argsort(-u[row], kind="stable")
    ahead = chance[:, by_value].cumsum(1)
    last = np.append(np.diff(u[row][by_value]) < 0, True)  # ties are passed together
    gap = (ahead[1] - ahead[0])[last]
    return Manipulation(
        rule=outcome.rule, row=row, coalition_size=voters, sincere_outcome=truth, outcome=after,
        before=chance[0], after=chance[1],
        ballots=np.stack([places_from_values(lie) for lie in lies]),
        ballot_weight=voters * cast / cast.sum(),
        reported_utility=lies if RULES[outcome.rule].reads == "utility" else None,
        gain=float(got[row, 1] - got[row, 0]),
        favourite_rise=int(truth.place[favourite].min() - after.place[favourite].min()),
        dominates=bool((gap >= -MIN_GAIN).all() and (gap > MIN_GAIN).any()),
        mean_utility=tuple(mean.tolist()), others_utility=tuple(others.tolist()),
        utility_by_line=got, ballots_tried=tried, exact=exact,
    )  # fmt: skip


def _climb(
    profile: AnonymousProfile, row: int, voters: float, rule: str, truncated: bool, seed: int
) -> Manipulation:
    """The best ballot met by moving one candidate at a time from several starts, all at once.

    Where no move gains, one that brings a better candidate nearer to winning is taken.
    """
    u = line_utilities(profile)[row]
    m = len(u)
    true = values_from_places(profile.place[row])
    here = climb_starts(np.argsort(-u, kind="stable"), np.random.default_rng(seed))
    kept, aim, tried = true[None, None], None, 0
    for _ in range(STEPS):
        near = neighbouring_orders(here)
        lies = values_from_places(np.argsort(near, axis=-1)).reshape(-1, m)
        if truncated:
            cut = lies <= -np.arange(1, m)[:, None, None]
            lies = np.concatenate([lies, *np.where(cut, np.nan, lies)])
        lies = np.concatenate([true[None], lies])[:, None]
        tried += len(lies) - 1
        one = single_size(outcomes_of_reports(profile, row, [voters], lies, [rule])[rule])
        kept = np.concatenate([kept, lies[[best_report(profile, row, lies, one)]]])
        worth = one.chances @ u
        if aim is None:
            aim = u > worth[0] + MIN_GAIN  # who would be better than what the truth brings
        if not aim.any():
            break
        behind = np.where(aim, one.scores.max(-1, keepdims=True) - one.scores, np.inf).min(-1)
        score = worth - 1e-4 * behind / max(np.ptp(one.scores, axis=-1).max(), MIN_GAIN)
        score = score[1 : 1 + near[..., 0].size].reshape(near.shape[:2])
        step = score.argmax(1)
        moved = score[np.arange(len(near)), step] > score[:, 0] + 1e-12
        if not moved.any():
            break
        here = near[np.arange(len(near)), np.where(moved, step, 0)]
    one = single_size(outcomes_of_reports(profile, row, [voters], kept, [rule])[rule])
    best = best_report(profile, row, kept, one)
    return describe_manipulation(profile, row, voters, one, kept[[best]], best, tried, exact=False)
