"""Elementary symmetric polynomials of what remains at each stage of a ballot.

The subsets of size t of the slots s, s + 1, … have the total weight e_t(β_s, β_{s+1}, …), where the
weight of a subset is the product of its β. All sums here have positive terms only, so no digits
cancel: what a slot adds is found from the polynomials before and behind it, never by division (see
Chen, Dempster & Liu 1994 on conditional Bernoulli sampling).

Places are the first axis of all arrays. A slot with β = 0 is in no subset.
"""

from __future__ import annotations

import numpy as np


def suffix_polynomials(beta: np.ndarray, degree: int) -> np.ndarray:
    """e_r of the slots from each place on, ``[places + 1, degree + 1, ...]``.

    Args:
        beta: ``[places, ...]``, not negative.
    """
    places = len(beta)
    found = np.zeros((places + 1, degree + 1, *beta.shape[1:]))
    found[:, 0] = 1.0
    for place in range(places - 1, -1, -1):
        behind = found[place + 1]
        found[place, 1:] = behind[1:] + beta[place] * behind[:-1]
    return found


def inclusion(beta: np.ndarray, suffix: np.ndarray, stage: np.ndarray) -> np.ndarray:
    """The total weight of the subsets of the full degree with each slot, summed over stages.

    It is Σ_s stage_s β_i ∂e_t(β_s, β_{s+1}, …)/∂β_i, by reverse accumulation along the places.

    Args:
        beta: ``[places, ...]``; suffix: its polynomials.
        stage: weight of the subsets of each stage ``[places, ...]``; axes may be inserted in all
            three to keep stages apart.

    Returns:
        ``[places, ...]``.
    """
    found = np.empty((len(beta), *np.broadcast_shapes(beta.shape[1:], stage.shape[1:])))
    before = np.zeros((suffix.shape[1], *found.shape[1:]))
    for place, value in enumerate(beta):
        before[-1] += stage[place]
        found[place] = value * (before[1:] * suffix[place + 1, :-1]).sum(0)
        before[:-1] += value * before[1:]
    return found


def pair_inclusion(beta: np.ndarray, suffix: np.ndarray, stage: np.ndarray) -> np.ndarray:
    """The total weight of the subsets with both of two slots, summed over stages, as ``inclusion``;
    ``[places, places, ...]`` with zeros on the diagonal."""
    places = len(beta)
    found = np.zeros((places, *beta.shape))
    before = np.zeros((suffix.shape[1], *beta.shape[1:]))
    for first in range(places):
        before[-1] += stage[first]
        taken = np.zeros_like(before)
        taken[:-1] = beta[first] * before[1:]
        for second in range(first + 1, places):
            pair = beta[second] * (taken[1:] * suffix[second + 1, :-1]).sum(0)
            found[first, second] = found[second, first] = pair
            taken[:-1] += beta[second] * taken[1:]
        before[:-1] += beta[first] * before[1:]
    return found


def draw_subsets(beta: np.ndarray, suffix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Subsets of the full degree, each with probability in proportion to its weight.

    Slots are decided in turn, each with its probability given those before it (conditional
    Bernoulli sampling).

    Args:
        beta: ``[places, draws]``; suffix: its polynomials. At least ``degree`` slots of each draw
            are positive.

    Returns:
        Whether each slot is in the subset ``[places, draws]``.
    """
    draw = np.arange(beta.shape[1])
    need = np.full(beta.shape[1], suffix.shape[1] - 1)
    found = np.zeros(beta.shape, bool)
    for place, value in enumerate(beta):
        total = suffix[place, need, draw]
        taken = value * suffix[place + 1, np.maximum(need - 1, 0), draw]
        # Where all that are left are needed, both sides are equal but for the uniform number.
        found[place] = (need > 0) & (rng.random(len(draw)) * total < taken)
        need -= found[place]
    return found
