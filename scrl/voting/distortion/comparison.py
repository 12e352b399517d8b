"""The outcomes of several rules on one profile, with worst-case and typical distortion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.types import InputError
from scrl.voting.all_rules import count_all_rules
from scrl.voting.distortion.welfare import distortion_ratio
from scrl.voting.distortion.worst_case import (
    MetricWorstCase,
    UtilitarianWorstCase,
    metric_worst_case,
    utilitarian_worst_case,
)
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES

#: Most ballots × candidates² for which the metric worst case is computed.
MAX_METRIC_CELLS = 20_000
#: Most draws × ballots × candidates held at once.
MAX_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class OutcomeComparison:
    """The distinct outcomes of rules on one profile.

    Attributes:
        names: of the candidates.
        rules: names of the rules with each outcome ``[outcomes]``.
        lotteries: probability of winning ``[outcomes, candidates]``.
        utilitarian: the worst case over unit-sum utilities.
        metric: the worst case over metric distances; None for a profile with more than
            ``MAX_METRIC_CELLS`` cells.
        sampled_distortion: distortion under utilities of ``sample_consistent_utilities``
            ``[outcomes, draws]``.
    """

    names: tuple[str, ...]
    rules: tuple[tuple[str, ...], ...]
    lotteries: np.ndarray
    utilitarian: UtilitarianWorstCase
    metric: MetricWorstCase | None
    sampled_distortion: np.ndarray


def compare_outcomes(
    profile: Profile,
    rules: Sequence[str] | None = None,
    *,
    draws: int = 500,
    seed: int = 0,
) -> OutcomeComparison:
    """The distinct outcomes of rules on a profile, by increasing utilitarian worst case.

    Args:
        rules: names; all rules that read orders, if None. Rules that cannot count the profile are
            left out.
        draws: of utilities; fewer on a large profile.

    Raises:
        InputError: where no rule can count the profile.
    """
    m = len(profile.names)
    outcomes, faults = count_all_rules(profile, RULES.ordinal if rules is None else rules, None)
    if not outcomes:
        raise InputError(next(iter(faults.values()), "There is no rule to judge by."))
    rules_of: dict[tuple[float, ...], list[str]] = {}
    for name, outcome in outcomes.items():
        rules_of.setdefault(tuple(np.round(outcome.chances, 6)), []).append(name)
    lotteries = np.array(list(rules_of))
    lotteries = lotteries / lotteries.sum(-1, keepdims=True)
    worst = utilitarian_worst_case(profile, lotteries)
    order = np.argsort(worst.value, kind="stable")
    lotteries = lotteries[order]
    worst = UtilitarianWorstCase(
        worst.value[order], worst.best_candidate[order], worst.utility[order]
    )
    is_small = len(profile.place) * m * m <= MAX_METRIC_CELLS
    weight = profile.weight / profile.weight.sum()
    draws = max(1, min(draws, MAX_CELLS // profile.place.size))
    mean = np.einsum("v,dvm->dm", weight, sample_consistent_utilities(profile, draws, seed))
    return OutcomeComparison(
        profile.names, tuple(tuple(list(rules_of.values())[i]) for i in order), lotteries, worst,
        metric_worst_case(profile, lotteries) if is_small else None,
        distortion_ratio(mean.max(-1), lotteries @ mean.T),
    )  # fmt: skip


def sample_consistent_utilities(profile: Profile, draws: int, seed: int = 0) -> np.ndarray:
    """Random unit-sum utilities that agree with the ballots ``[draws, ballots, candidates]``.

    Each ballot's utilities are uniform on the simplex, sorted by its order. Tied candidates get the
    mean of their values; an unranked candidate gets any value. All voters who cast the same ballot
    have the same utilities.
    """
    rng = np.random.default_rng(seed)
    place = profile.place
    utility = rng.exponential(size=(draws, *place.shape))
    utility /= utility.sum(-1, keepdims=True)
    for row, order in enumerate(place):
        ranked = np.flatnonzero(order >= 0)
        ranked = ranked[np.argsort(order[ranked], kind="stable")]
        utility[:, row, ranked] = -np.sort(-utility[:, row, ranked], axis=-1)
        for tied_place in np.unique(order[ranked]):
            tied = ranked[order[ranked] == tied_place]
            utility[:, row, tied] = utility[:, row, tied].mean(-1, keepdims=True)
    return utility
