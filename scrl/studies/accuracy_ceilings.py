"""Exact upper bounds of the accuracy on a scenario's query pairs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import expit

from scrl.reward_models.comparisons import disputed_pairs, pair_frequencies, prompt_pairs
from scrl.scenarios.scenario import Scenario

#: Most completions for which the best order is found exactly; for more, an upper bound is used.
MAX_EXACT = 12


def accuracy_ceilings(scenario: Scenario) -> dict[str, float | None]:
    """The best expected accuracies on the strict pairs that ``sample_comparisons`` draws.

    Returns:
        ``one``, ``disputed``: the best single order, on all pairs and on the disputed ones
        (None where there are none); ``told``: known types, on all pairs; below 1 where
        answers are noisy.
    """
    catalogue, utility = scenario.catalogue, scenario.type_utilities
    a, b = prompt_pairs(catalogue.offsets)
    frequency = pair_frequencies(scenario) * (utility[:, a] != utility[:, b])
    total = np.maximum(frequency.sum(1, keepdims=True), 1e-300)
    frequency = frequency / total * scenario.type_shares[:, None]
    gap = utility[:, a] - utility[:, b]
    wins = expit(gap / scenario.noise) if scenario.noise else 0.5 + 0.5 * np.sign(gap)
    ahead = np.zeros((catalogue.items,) * 2)
    ahead[a, b], ahead[b, a] = (frequency * wins).sum(0), (frequency * (1 - wins)).sum(0)
    disputed = np.where(disputed_pairs(scenario), ahead, 0.0)
    return {
        "one": _best_accuracy(ahead, catalogue.offsets),
        "disputed": _best_accuracy(disputed, catalogue.offsets),
        "told": round(float((frequency * np.maximum(wins, 1 - wins)).sum()), 4),
    }


def _best_accuracy(ahead: np.ndarray, offsets: np.ndarray) -> float | None:
    """The share of ``ahead [items, items]`` that the best order of each prompt agrees with."""
    if not ahead.sum():
        return None
    agreed = sum(best_order_weight(ahead[i:j, i:j]) for i, j in pairwise(offsets))
    return round(float(agreed / ahead.sum()), 4)


def best_order_weight(ahead: np.ndarray) -> float:
    """The greatest weight of pairs that one order can agree with.

    Held and Karp's recursion over sets of items, by the last item of each set. Beyond
    ``MAX_EXACT`` items the result is an upper bound: the heavier direction of each pair.

    Args:
        ahead: weight of the row's item above the column's ``[m, m]``.
    """
    m = len(ahead)
    if m > MAX_EXACT:
        return float(np.triu(np.maximum(ahead, ahead.T), 1).sum())
    sets = np.arange(2**m)
    member = (sets[:, None] >> np.arange(m) & 1).astype(bool)
    set_over_item = member @ ahead
    best = np.zeros(2**m)
    for s in sets[1:]:
        last = np.flatnonzero(member[s])
        rest = s - (1 << last)
        best[s] = (best[rest] + set_over_item[rest, last]).max()
    return float(best[-1])
