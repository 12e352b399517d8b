"""The order that each feedback format converges to with infinitely many raters, exactly."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from scrl.choice_models import plackett_luce
from scrl.studies.feedback_population import Population, SurveyDesign
from scrl.studies.feedback_sampling import choice_counts

#: Total weight of the answers, so large that the prior is negligible.
LIMIT_WEIGHT = 1e7
#: Nodes of the Gauss–Hermite quadrature over approval thresholds.
QUADRATURE_NODES = 61


def limit_scores(population: Population, design: SurveyDesign) -> dict[str, np.ndarray]:
    """Format -> scores ``[items]``, of which only the order counts.

    Approval's scores are the shares of +1; those of pairs, ties (half each way) and split lists are
    Borda's, since all pairs are compared equally often; those of lists are the Plackett–Luce
    rewards.
    """
    gap = population.utility[:, :, None] - population.utility[:, None, :]
    borda = np.einsum("t,tab->a", population.share, _probability_above(gap, population.noise))
    half_ties = 0.5 * (
        _probability_above(gap - design.tie_width, population.noise)
        + _probability_above(gap + design.tie_width, population.noise)
    )
    length = min(design.list_length, population.items)
    return {
        "thumbs": population.share @ _approval_probability(population, design.threshold_sd),
        "pair": borda,
        "tie": np.einsum("t,tab->a", population.share, half_ties),
        "list": list_limit(population, length),
        "split": borda,
    }


def list_limit(population: Population, length: int) -> np.ndarray:
    """The Plackett–Luce rewards of infinitely many lists of uniform completions ``[items]``.

    A type chooses a completion from a set and goes on with the rest, so the frequency of each set
    follows from that of larger sets, largest first.
    """
    m, sets = population.items, np.arange(1 << population.items)
    members = ((sets[:, None] >> np.arange(m)) & 1).astype(bool)
    size = members.sum(1)
    times = np.zeros((len(population.share), len(sets)))
    times[:, size == length] = 1.0 / (size == length).sum()
    chosen = np.zeros((len(population.share), m))
    for s in sets[np.argsort(-size, kind="stable")]:
        if not 2 <= size[s] <= length:
            continue
        choice = times[:, [s]] * _choice_probability(
            population.utility, members[s], population.noise
        )
        chosen += choice
        for i in np.flatnonzero(members[s]):
            times[:, s & ~(1 << i)] += choice[:, i]
    times[:, size < 2] = 0.0
    chosen, times = (LIMIT_WEIGHT * (population.share @ counts) for counts in (chosen, times))
    beats = ~np.eye(m, dtype=bool)
    return plackett_luce.fit_plackett_luce(choice_counts(chosen, times, beats))


def _probability_above(gap: np.ndarray, noise: float) -> np.ndarray:
    """The probability that a gap with logistic noise is above 0."""
    if not noise:
        return 0.5 + 0.5 * np.sign(gap)
    return 0.5 + 0.5 * np.tanh(np.clip(gap / (2 * noise), -350, 350))


def _approval_probability(population: Population, threshold_sd: float) -> np.ndarray:
    """P(+1) of each type ``[types, items]``, integrated over thresholds."""
    gap = population.utility - population.utility.mean(axis=1, keepdims=True)
    if not threshold_sd:
        return _probability_above(gap, population.noise)
    if not population.noise:
        return ndtr(gap / threshold_sd)
    node, weight = np.polynomial.hermite_e.hermegauss(QUADRATURE_NODES)
    shifted = gap[..., None] - threshold_sd * node
    return _probability_above(shifted, population.noise) @ (weight / weight.sum())


def _choice_probability(utility: np.ndarray, members: np.ndarray, noise: float) -> np.ndarray:
    """The probability that each type chooses each completion from a set ``[types, items]``."""
    value = np.where(members, utility, -np.inf)
    top = value.max(axis=1, keepdims=True)
    share = np.exp((value - top) / noise) if noise else (value == top).astype(float)
    return share / share.sum(axis=1, keepdims=True)
