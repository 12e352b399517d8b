"""The outcomes of one profile side by side: the worst that each can be, and what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.types import InputError
from scrl.voting.all_rules import count_all_rules
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.distortion.welfare import distortion_ratio
from scrl.voting.distortion.worst_case import (
    MetricWorstCase,
    UtilitarianWorstCase,
    metric_worst_case,
    utilitarian_worst_case,
)
from scrl.voting.registry import RULES

#: Ballots × candidates² up to which the metric worst case is quick.
METRIC_CELLS = 20_000
#: Draws × ballots × candidates held at once.
CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class OutcomeComparison:
    """Every different outcome that rules come to on one profile.

    Attributes:
        names: of the candidates.
        rules: names of the rules that come to each ``[outcomes]``.
        lotteries: who wins, as probabilities ``[outcomes, candidates]``.
        utilitarian: the worst over utilities that add up to one; metric: over distances, None for
            a profile too large for it.
        sampled_distortion: under utilities drawn by ``sample_consistent_utilities``
            ``[outcomes, draws]``.
    """

    names: tuple[str, ...]
    rules: tuple[tuple[str, ...], ...]
    lotteries: np.ndarray
    utilitarian: UtilitarianWorstCase
    metric: MetricWorstCase | None
    sampled_distortion: np.ndarray


def compare_outcomes(
    profile: AnonymousProfile, rules: Sequence[str] | None = None, *, draws: int = 500, seed=0
) -> OutcomeComparison:
    """Every outcome of ``rules`` (all that orders are enough for, if None) that can count the
    profile, the least bad worst case first.

    Raises:
        InputError: where no rule can.
    """
    m = len(profile.names)
    outcomes, faults = count_all_rules(profile, RULES.ordinal if rules is None else rules)
    if not outcomes:
        raise InputError(next(iter(faults.values()), "There is no rule to judge by."))
    found: dict[tuple, list[str]] = {}
    for name, outcome in outcomes.items():
        found.setdefault(tuple(np.round(outcome.chances, 6)), []).append(name)
    lotteries = np.array(list(found))
    lotteries = lotteries / lotteries.sum(-1, keepdims=True)
    worst = utilitarian_worst_case(profile, lotteries)
    order = np.argsort(worst.value, kind="stable")
    lotteries = lotteries[order]
    worst = UtilitarianWorstCase(
        worst.value[order], worst.best_candidate[order], worst.utility[order]
    )
    small = len(profile.place) * m * m <= METRIC_CELLS
    weight = profile.weight / profile.weight.sum()
    draws = max(1, min(draws, CELLS // profile.place.size))
    mean = np.einsum("v,dvm->dm", weight, sample_consistent_utilities(profile, draws, seed))
    return OutcomeComparison(
        profile.names, tuple(tuple(list(found.values())[i]) for i in order), lotteries, worst,
        metric_worst_case(profile, lotteries) if small else None,
        distortion_ratio(mean.max(-1), lotteries @ mean.T),
    )  # fmt: skip


def sample_consistent_utilities(profile: AnonymousProfile, draws: int, seed=0) -> np.ndarray:
    """Utilities drawn among those that agree with the ballots ``[draws, ballots, candidates]``.

    Each ballot's are uniform among those that add up to one in its order; tied candidates get the
    mean of their shares, and one that is left out any share. Those who cast the same ballot agree.
    """
    rng = np.random.default_rng(seed)
    place = profile.place
    drawn = rng.exponential(size=(draws, *place.shape))
    drawn /= drawn.sum(-1, keepdims=True)
    for row, order in enumerate(place):
        ranked = np.flatnonzero(order >= 0)
        ranked = ranked[np.argsort(order[ranked], kind="stable")]
        drawn[:, row, ranked] = -np.sort(-drawn[:, row, ranked], axis=-1)
        for tied in np.unique(order[ranked]):
            group = ranked[order[ranked] == tied]
            drawn[:, row, group] = drawn[:, row, group].mean(-1, keepdims=True)
    return drawn
