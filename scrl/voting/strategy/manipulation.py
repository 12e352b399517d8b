"""Strategic manipulation: the best misreport of one voter or of a coalition, under any rule.

A coalition is some of the voters of one row of a profile. All other voters are sincere. The utility
of an outcome is that of the winner; a tie for first place is a uniform draw among the tied, and a
lottery counts in expectation. Where only orders are known, utilities are m-1 … 0, ties averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scrl.types import Ballots, InputError, Outcome
from scrl.voting.counting import aggregate_all
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES, Rule
from scrl.voting.strategy.misreports import (
    MAX_EXHAUSTIVE,
    neighbouring_orders,
    places_from_values,
    report_distance,
    starting_orders,
    strict_orders,
    truncated_orders,
    utility_misreports,
    values_from_places,
)
from scrl.voting.weak_orders import place_scores

#: Smaller gains count as none, since lotteries come from solvers.
MIN_GAIN = 1e-6
#: Sizes × reports × ballots × candidates counted in one call.
MAX_CELLS = 4_000_000
#: Most steps of a climb.
MAX_STEPS = 60


@dataclass(frozen=True, eq=False)
class Manipulation:
    """The best misreport found and its effect.

    Attributes:
        rule: name of the rule.
        row: the row of the profile whose voters misreport.
        coalition_size: how many of them misreport, in the row's weight.
        sincere_outcome: the outcome of sincere ballots, one contest.
        outcome: the outcome of the misreport, one contest.
        before: each candidate's chance to win with sincere ballots ``[candidates]``.
        after: the same with the misreport ``[candidates]``.
        ballots: places on the coalition's ballots ``[ballots, candidates]``, -1 where left out. One
            ballot where all vote alike; the truthful one where no misreport gains.
        ballot_weight: how many cast each ballot ``[ballots]``.
        reported_utility: the utilities reported ``[ballots, candidates]`` where the rule reads
            utilities, else None.
        gain: of the coalition's mean utility.
        favourite_rise: how many places the coalition's favourite (of several, the one placed best)
            rises in the order of the outcome; negative where it falls.
        dominates: whether the outcome is better for all utilities with the truthful order
            (first-order stochastic dominance).
        mean_utility: of all voters ``(before, after)``.
        others_utility: mean of the voters outside the coalition ``(before, after)``; NaN where
            there are none.
        utility_by_row: of each row, before and after ``[rows, 2]``.
        ballots_tried: how many misreports were counted.
        exact: whether they include all strict orders.
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
    utility_by_row: np.ndarray
    ballots_tried: int
    exact: bool

    @property
    def is_profitable(self) -> bool:
        """Whether the misreport gains more than ``MIN_GAIN``."""
        return self.gain > MIN_GAIN


def row_utilities(profile: Profile) -> np.ndarray:
    """Utility of each winner to the voters of each row ``[rows, candidates]``.

    The profile's own, else m-1 … 0 by place, ties averaged and omitted candidates tied last.
    """
    if profile.utility is not None:
        return profile.utility
    place = np.where(profile.place < 0, len(profile.names), profile.place)
    return place_scores(place, np.ones(place.shape, bool))


def sincere_values(profile: Profile, reads_utility: bool) -> np.ndarray:
    """Values of the sincere ballots ``[rows, candidates]`` as a rule reads them.

    Args:
        reads_utility: whether the rule reads utilities, else orders.

    Raises:
        InputError: where utilities are read and the profile has none.
    """
    if not reads_utility:
        return values_from_places(profile.place)
    if profile.utility is None:
        raise InputError("This rule reads utilities, and only orders are known.")
    return profile.utility


def countable_rules(profile: Profile, rules: Sequence[str] | None = None) -> list[str]:
    """Names of the rules that can count the profile.

    Rules that read utilities need them, and some rules count few candidates only.

    Args:
        rules: the names to choose from; default: all.
    """

    def can_count(rule: Rule) -> bool:
        has_values = rule.reads != "utility" or profile.utility is not None
        return has_values and (
            rule.max_candidates is None or rule.max_candidates >= len(profile.names)
        )

    return [name for name in (RULES if rules is None else rules) if can_count(RULES[name])]


def best_manipulations(
    profile: Profile,
    row: int,
    rules: Sequence[str] | None = None,
    coalition_size: float | None = None,
    truncated: bool = False,
    seed: int = 0,
) -> dict[str, Manipulation]:
    """The best common misreport of a coalition, under each rule.

    Up to ``MAX_EXHAUSTIVE`` candidates every strict order is tried. Beyond, the search climbs from
    several orders (compromises, burials, random ones from ``seed``) by moving one candidate at a
    time, and may miss the best. For a rule that reads utilities, misreports permute the true
    utilities or state only the largest and the smallest. Of equally good misreports the one nearest
    to the truthful ballot is kept.

    Args:
        row: the row of the profile whose voters misreport.
        rules: default: all that can count the profile.
        coalition_size: how many voters misreport, at most the row's weight; default: all of it.
        truncated: whether ballots may also leave candidates out.

    Raises:
        InputError: where there is no such row, or it has fewer voters.
    """
    coalition_size = check_coalition(profile, row, coalition_size)
    rules = countable_rules(profile, rules)
    found: dict[str, Manipulation] = {}
    for names, reports in reports_by_rule(profile, row, rules, truncated):
        if reports is None:
            for name in names:
                found[name] = _climb(profile, row, coalition_size, name, truncated, seed)
            continue
        outcomes = outcomes_of_reports(profile, row, [coalition_size], reports, names)
        for name in names:
            outcome = _first_size(outcomes[name])
            best = _best_report(profile, row, reports, outcome)
            found[name] = _describe(
                profile, row, coalition_size, outcome, reports[best], best, len(reports),
                exact=len(profile.names) <= MAX_EXHAUSTIVE,
            )  # fmt: skip
    return {name: found[name] for name in rules}


def best_manipulation(
    profile: Profile,
    rule: str,
    row: int,
    coalition_size: float | None = None,
    truncated: bool = False,
    seed: int = 0,
) -> Manipulation:
    """As ``best_manipulations``, under one rule.

    Raises:
        InputError: also where the rule cannot count the profile.
    """
    if not countable_rules(profile, [rule]):
        raise InputError(
            f"{RULES[rule].title} cannot count this profile: it needs utilities or fewer "
            "candidates."
        )
    return best_manipulations(profile, row, [rule], coalition_size, truncated, seed)[rule]


# -- counting misreports --------------------------------------------------------------------------


def check_coalition(profile: Profile, row: int, coalition_size: float | None) -> float:
    """The size of a coalition, by default the row's weight.

    Raises:
        InputError: where there is no such row, or it has fewer voters.
    """
    if not 0 <= row < len(profile.place):
        raise InputError(f"There is no line {row + 1}; the profile has {len(profile.place)}.")
    weight = float(profile.weight[row])
    size = weight if coalition_size is None else float(coalition_size)
    if not 0 < size <= weight * (1 + 1e-12):
        raise InputError(
            f"{size:g} voters cannot lie: line {row + 1} has {weight:g}; give more than 0 and "
            "no more than that."
        )
    return size


def reports_by_rule(
    profile: Profile, row: int, rules: Sequence[str], truncated: bool
) -> Iterator[tuple[list[str], np.ndarray | None]]:
    """Rules with the reports to try under them ``[reports, 1, candidates]``, the truthful first.

    The reports are None where there are too many, so that the search has to climb.
    """
    m = len(profile.names)
    ordinal = [name for name in rules if RULES[name].reads != "utility"]
    cardinal = [name for name in rules if RULES[name].reads == "utility"]
    if ordinal and m <= MAX_EXHAUSTIVE:
        places = [profile.place[[row]], strict_orders(m)]
        if truncated:
            places.append(truncated_orders(m))
        yield ordinal, values_from_places(np.concatenate(places))[:, None]
    elif ordinal:
        yield ordinal, None
    if cardinal:
        yield cardinal, utility_misreports(sincere_values(profile, True)[row])[:, None]


def outcomes_of_reports(
    profile: Profile,
    row: int,
    coalition_sizes: Sequence[float] | np.ndarray,
    reports: np.ndarray,
    rules: Sequence[str],
) -> dict[str, Outcome]:
    """Outcomes ``[sizes, reports, candidates]`` of each report at each coalition size, by rule.

    Args:
        coalition_sizes: ``[sizes]``, in the row's weight.
        reports: values ``[reports, ballots, candidates]``; the coalition is divided evenly over a
            report's ballots.
        rules: all read utilities, or none does.
    """
    sizes = np.asarray(coalition_sizes, float)
    n, k, m = reports.shape
    rows = len(profile.weight)
    sincere = sincere_values(profile, RULES[rules[0]].reads == "utility")
    weight = np.repeat(profile.weight[None], len(sizes), axis=0)
    weight[:, row] = np.maximum(weight[:, row] - sizes, 0.0)
    weight = np.concatenate([weight, np.repeat(sizes[:, None] / k, k, axis=1)], axis=1)
    parts: dict[str, list[Outcome]] = {name: [] for name in rules}
    step = max(1, MAX_CELLS // (len(sizes) * (rows + k) * m))
    for start in range(0, n, step):
        block = reports[start : start + step]
        values = np.concatenate([np.broadcast_to(sincere, (len(block), rows, m)), block], axis=1)
        shape = (len(sizes), *values.shape)
        ranked = ~np.isnan(values)
        ballots = Ballots(
            np.broadcast_to(np.where(ranked, values, 0.0), shape),
            None if ranked.all() else np.broadcast_to(ranked, shape),
            np.broadcast_to(weight[:, None], shape[:-1]),
        )
        for name, outcome in aggregate_all(ballots, rules, None).items():
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


def _first_size(outcome: Outcome) -> Outcome:
    """The outcomes ``[reports, candidates]`` at the first coalition size."""
    return Outcome(outcome.rule, outcome.place[0], outcome.scores[0], outcome.lottery)


def _best_report(profile: Profile, row: int, reports: np.ndarray, outcome: Outcome) -> int:
    """Index of the report of highest utility; of equals the nearest to the truthful report 0."""
    utility = outcome.chances @ row_utilities(profile)[row]
    if utility.max() <= utility[0] + MIN_GAIN:
        return 0
    best = np.flatnonzero(utility >= utility.max() - MIN_GAIN)
    return int(best[np.argmin(report_distance(reports[best], reports[0]))])


def _describe(
    profile: Profile, row: int, coalition_size: float, outcome: Outcome,
    report: np.ndarray, best: int, tried: int, exact: bool,
) -> Manipulation:  # fmt: skip
    """The manipulation by one report.

    Args:
        outcome: of all reports ``[reports, candidates]``, the truthful one first.
        report: values of the best one ``[ballots, candidates]``.
        best: its index in ``outcome``.
    """
    sincere, after = (
        Outcome(outcome.rule, outcome.place[i], outcome.scores[i], outcome.lottery)
        for i in (0, best)
    )
    chances = np.stack([sincere.chances, after.chances])
    utility, weight = row_utilities(profile), profile.weight.copy()
    by_row = utility @ chances.T
    ballots, cast = np.unique(report, axis=0, return_counts=True)
    mean = weight @ by_row / weight.sum()
    weight[row] = max(weight[row] - coalition_size, 0.0)
    others = weight @ by_row / weight.sum() if weight.sum() > 0 else np.full(2, np.nan)
    favourite = utility[row] == utility[row].max()
    order = np.argsort(-utility[row], kind="stable")
    cumulative = chances[:, order].cumsum(1)
    # Dominance is judged where utility falls: candidates of equal utility count together.
    level_ends = np.append(np.diff(utility[row][order]) < 0, True)
    lead = (cumulative[1] - cumulative[0])[level_ends]
    return Manipulation(
        rule=outcome.rule, row=row, coalition_size=coalition_size, sincere_outcome=sincere,
        outcome=after, before=chances[0], after=chances[1],
        ballots=np.stack([places_from_values(ballot) for ballot in ballots]),
        ballot_weight=coalition_size * cast / cast.sum(),
        reported_utility=ballots if RULES[outcome.rule].reads == "utility" else None,
        gain=float(by_row[row, 1] - by_row[row, 0]),
        favourite_rise=int(sincere.place[favourite].min() - after.place[favourite].min()),
        dominates=bool((lead >= -MIN_GAIN).all() and (lead > MIN_GAIN).any()),
        mean_utility=(float(mean[0]), float(mean[1])),
        others_utility=(float(others[0]), float(others[1])),
        utility_by_row=by_row, ballots_tried=tried, exact=exact,
    )  # fmt: skip


def _climb(
    profile: Profile, row: int, coalition_size: float, rule: str, truncated: bool,
    seed: int,
) -> Manipulation:  # fmt: skip
    """The best report found by hill climbing from several orders at once, one candidate moved a
    step.

    Where no move gains, the search takes one that brings a better candidate nearer to winning.
    """
    utility = row_utilities(profile)[row]
    m = len(utility)
    truthful = values_from_places(profile.place[row])
    current = starting_orders(np.argsort(-utility, kind="stable"), np.random.default_rng(seed))
    kept, targets, tried = truthful[None, None], None, 0
    for _ in range(MAX_STEPS):
        near = neighbouring_orders(current)
        reports = values_from_places(np.argsort(near, axis=-1)).reshape(-1, m)
        if truncated:
            omitted = reports <= -np.arange(1, m)[:, None, None]
            reports = np.concatenate([reports, *np.where(omitted, np.nan, reports)])
        reports = np.concatenate([truthful[None], reports])[:, None]
        tried += len(reports) - 1
        outcome = _first_size(
            outcomes_of_reports(profile, row, [coalition_size], reports, [rule])[rule]
        )
        kept = np.concatenate([kept, reports[[_best_report(profile, row, reports, outcome)]]])
        gained = outcome.chances @ utility
        if targets is None:
            targets = utility > gained[0] + MIN_GAIN  # better than the sincere outcome
        if not targets.any():
            break
        deficit = np.where(
            targets, outcome.scores.max(-1, keepdims=True) - outcome.scores, np.inf
        ).min(-1)
        score = gained - 1e-4 * deficit / max(np.ptp(outcome.scores, axis=-1).max(), MIN_GAIN)
        score = score[1 : 1 + near[..., 0].size].reshape(near.shape[:2])
        step = score.argmax(1)
        moved = score[np.arange(len(near)), step] > score[:, 0] + 1e-12
        if not moved.any():
            break
        current = near[np.arange(len(near)), np.where(moved, step, 0)]
    outcome = _first_size(outcomes_of_reports(profile, row, [coalition_size], kept, [rule])[rule])
    best = _best_report(profile, row, kept, outcome)
    return _describe(profile, row, coalition_size, outcome, kept[best], best, tried, exact=False)
