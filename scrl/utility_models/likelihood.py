"""The Plackett–Luce likelihood of padded ballots, its gradient and its curvature.

A ballot is a sequence of choices, each from the completions not yet chosen. A completion tied with
the chosen one counts half among those, so that a tie pulls both to one utility: a quasi-likelihood,
which says nothing about how frequent ties are. The Davidson–Luce likelihood, which does, is used
where prevalences of ties are given. All sums over stages are running sums along the ballot:
O(places) for each ballot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np

from scrl.utility_models.ballot_table import BallotSlots
from scrl.utility_models.tie_model import TieModel
from scrl.utility_models.tied_choices import TiedChoices, relative_utility, tied_choices


@dataclass(frozen=True, eq=False)
class Choices:
    """The choices of ballots at given utilities. Stage s is the choice of slot s.

    Attributes:
        slots: the ballots.
        strength: exp(utility), relative to the best of the ballot ``[..., ballots, places]``.
        inverse: 1 / total strength of a stage, 0 in padding ``[..., ballots, places]``.
        log_likelihood: ``[..., ballots]``.
        expected: expected number of choices of each slot, over all stages ``[..., ballots,
            places]``; its diagonal matrix is an upper bound of the negative Hessian.
    """

    slots: BallotSlots
    strength: np.ndarray
    inverse: np.ndarray
    log_likelihood: np.ndarray
    expected: np.ndarray

    @property
    def gradient(self) -> np.ndarray:
        """Of the log-likelihood by slot ``[..., ballots, places]``."""
        return self.slots.mask - self.expected

    def stage_means(self, values: np.ndarray) -> np.ndarray:
        """The mean of ``values [..., ballots, places, k]`` over the choice at each stage, same
        shape."""
        weighted = self.strength[..., None] * values
        return self.inverse[..., None] * _remaining(self.slots, weighted, -2)

    def stage_sums(self, values: np.ndarray) -> np.ndarray:
        """The transpose of ``stage_means``: ``values`` of all stages, each weighted with the
        probability of the slot there, same shape."""
        weighted = self.inverse[..., None] * values
        return self.strength[..., None] * _so_far(self.slots, weighted, -2)

    def probabilities(self) -> np.ndarray:
        """The probability of each slot at each stage ``[..., ballots, stages, places]``."""
        weight = self.slots.stage_weights
        return weight * self.strength[..., None, :] * self.inverse[..., :, None]

    def neg_hessian(self) -> np.ndarray:
        """By slots ``[..., ballots, places, places]``."""
        probability = self.probabilities()
        hessian = -(np.swapaxes(probability, -1, -2) @ probability)
        place = np.arange(self.slots.mask.shape[1])
        hessian[..., place, place] += self.expected
        return hessian


@overload
def choices(slots: BallotSlots, utility: np.ndarray, ties: None = None) -> Choices: ...


@overload
def choices(slots: BallotSlots, utility: np.ndarray, ties: TieModel) -> TiedChoices: ...


@overload
def choices(
    slots: BallotSlots, utility: np.ndarray, ties: TieModel | None
) -> Choices | TiedChoices: ...


def choices(
    slots: BallotSlots, utility: np.ndarray, ties: TieModel | None = None
) -> Choices | TiedChoices:
    """Evaluate ballots.

    Args:
        utility: of each slot ``[..., ballots, places]``; padding is not read.
        ties: prevalences of ties under the Davidson–Luce model; tied completions count half where
            None.
    """
    if ties is not None:
        return tied_choices(slots, utility, ties)
    mask = slots.mask
    gap = relative_utility(mask, utility)
    strength = np.where(mask, np.exp(gap), 0.0)
    total = np.where(mask, _remaining(slots, strength, -1), 1.0)
    inverse = np.where(mask, 1.0 / total, 0.0)
    log_likelihood = (gap - np.log(total)).sum(-1)
    expected = strength * _so_far(slots, inverse, -1)
    return Choices(slots, strength, inverse, log_likelihood, expected)


def _remaining(slots: BallotSlots, values: np.ndarray, axis: int) -> np.ndarray:
    """At each stage, the sum over the slots chosen from; tied ones count half."""
    suffix = np.flip(np.cumsum(np.flip(values, axis), axis), axis)
    if not slots.has_ties:
        return suffix
    suffix = np.concatenate([suffix, np.zeros_like(suffix.take([0], axis))], axis)
    return _halves(slots, suffix, values, axis)


def _so_far(slots: BallotSlots, values: np.ndarray, axis: int) -> np.ndarray:
    """For each slot, the sum over the stages that could have chosen it; tied ones count half."""
    prefix = np.cumsum(values, axis)
    if not slots.has_ties:
        return prefix
    prefix = np.concatenate([np.zeros_like(prefix.take([0], axis)), prefix], axis)
    return _halves(slots, prefix, values, axis)


def _halves(slots: BallotSlots, running: np.ndarray, values: np.ndarray, axis: int) -> np.ndarray:
    """Half the running sums at both ends of each tie, and half the slot's own value."""
    start, stop = slots.tie_start, slots.tie_stop
    if axis == -2:
        start, stop = start[..., None], stop[..., None]
    lead = (1,) * (running.ndim - start.ndim)
    both = sum(
        np.take_along_axis(running, end.reshape(lead + end.shape), axis) for end in (start, stop)
    )
    return 0.5 * (both + values)
