"""The likelihood of ballots with ties under the Davidson–Luce model (see ``tie_model``).

The weights of all sets that a stage could take add up to

    Z = Σ_t w(t, m) e_t(α^{1/t}),

where e_t is the elementary symmetric polynomial of the m completions that are left. Its derivative
by the utilities is the expected share E_i = Σ_{S ∋ i} P(S) / |S|, a distribution over them. Only
sizes of positive prevalence are computed, for each of them O(places · size) for each ballot. Inside
this module places are the first axis, so that the recursions along them run over whole arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.utility_models.ballot_table import BallotSlots
from scrl.utility_models.subset_polynomials import inclusion, pair_inclusion, suffix_polynomials
from scrl.utility_models.tie_model import Stages, TieCounts, TieModel

#: Utilities further below the best of their ballot than this count as this far below it.
MAX_GAP = 500.0


@dataclass(frozen=True, eq=False)
class TiedChoices:
    """The stages of ballots at given utilities.

    Attributes:
        slots: the ballots; ties: the prevalences.
        log_likelihood: ``[..., ballots]``; -inf where a ballot has a tie of prevalence 0.
        expected: the expected share of each slot in what is taken, over all stages ``[...,
            ballots, places]``; its diagonal matrix is an upper bound of the negative Hessian.
        gradient: of the log-likelihood by slot ``[..., ballots, places]``.
        sets: the sets that could have been taken.
    """

    slots: BallotSlots
    ties: TieModel
    log_likelihood: np.ndarray
    expected: np.ndarray
    gradient: np.ndarray
    sets: _Sets

    def probabilities(self) -> np.ndarray:
        """The expected share of each slot at each stage ``[..., ballots, stages, places]``.

        The stage of tied completions is that of their first slot. A row sums to 1, or is 0 where
        there is no stage.
        """
        return np.moveaxis(self.sets.shares_by_stage(), (0, 1), (-2, -1))

    def neg_hessian(self) -> np.ndarray:
        """By slots ``[..., ballots, places, places]``: the covariance of the shares, exactly.

        ``diag(expected) - P' P`` with P = ``probabilities()`` is an upper bound: it is the
        covariance of one completion drawn from the set, and the law of total variance says that
        its mean given the set, which is the share, varies less.
        """
        mean = self.sets.shares_by_stage()
        square = self.sets.squares() - np.einsum("si...,sj...->ij...", mean, mean)
        return np.moveaxis(square, (0, 1), (-2, -1))


@dataclass(frozen=True, eq=False)
class _Subsets:
    """The inner ties of one size.

    Attributes:
        size: t; beta: α^{1/t} ``[places, ..., ballots]``; suffix: their polynomials.
        scale: w(t, m) / Z at each stage where such a tie is possible, else 0 ``[places, ...,
            ballots]``.
    """

    size: int
    beta: np.ndarray
    suffix: np.ndarray
    scale: np.ndarray

    def probability(self) -> np.ndarray:
        """Of such a tie at each stage ``[places, ..., ballots]``."""
        return self.scale * self.suffix[:-1, -1]

    def shares(self) -> np.ndarray:
        """Expected shares by slot, summed over stages ``[places, ..., ballots]``."""
        return inclusion(self.beta, self.suffix, self.scale) / self.size

    def shares_by_stage(self) -> np.ndarray:
        """``[stages, places, ..., ballots]``."""
        places = len(self.beta)
        apart = np.zeros((places, places, *self.scale.shape[1:]))
        apart[np.arange(places), np.arange(places)] = self.scale
        found = inclusion(self.beta[:, None], self.suffix[:, :, None], apart)
        return np.swapaxes(found, 0, 1) / self.size

    def squares(self) -> np.ndarray:
        """Expected products of two shares, over all stages ``[places, places, ..., ballots]``."""
        place = np.arange(len(self.beta))
        found = pair_inclusion(self.beta, self.suffix, self.scale)
        found[place, place] = inclusion(self.beta, self.suffix, self.scale)
        return found / self.size**2


@dataclass(frozen=True, eq=False)
class _Sets:
    """The sets that stages could have taken, all arrays ``[places, ..., ballots]``.

    Attributes:
        mask: the real slots, and left: how many completions stand at a slot or later, at least 1.
        strength: α relative to the best of the ballot, 0 in padding.
        inverse: 1 / Z, 0 where there is no stage.
        final: the probability of the final tie.
        inner: the inner ties.
    """

    mask: np.ndarray
    left: np.ndarray
    strength: np.ndarray
    inverse: np.ndarray
    final: np.ndarray
    inner: tuple[_Subsets, ...]

    def shares(self) -> np.ndarray:
        """Expected shares by slot, summed over stages ``[places, ..., ballots]``."""
        found = self.strength * np.cumsum(self.inverse, 0)
        found += self.mask * np.cumsum(self.final / self.left, 0)
        return sum((subsets.shares() for subsets in self.inner), start=found)

    def shares_by_stage(self) -> np.ndarray:
        """``[stages, places, ..., ballots]``."""
        place = np.arange(len(self.mask))
        later = (place >= place[:, None]).reshape(len(place), -1, *(1,) * (self.mask.ndim - 1))
        found = self.strength * self.inverse[:, None]
        found = later * (found + self.mask * (self.final / self.left)[:, None])
        return sum((subsets.shares_by_stage() for subsets in self.inner), start=found)

    def squares(self) -> np.ndarray:
        """Expected products of two shares, over all stages ``[places, places, ..., ballots]``."""
        place = np.arange(len(self.mask))
        first, second = np.minimum(place[:, None], place), np.maximum(place[:, None], place)
        found = np.cumsum(self.final / self.left**2, 0)[first] * self.mask[second]
        found[place, place] += self.strength * np.cumsum(self.inverse, 0)
        return sum((subsets.squares() for subsets in self.inner), start=found)


def relative_utility(mask: np.ndarray, utility: np.ndarray) -> np.ndarray:
    """Utilities less the largest of the last axis, at least -``MAX_GAP``; 0 where not in ``mask``.

    Args:
        mask, utility: ``[..., places]``, with at least one place in each mask.
    """
    gap = np.where(mask, utility, -np.inf)
    gap = gap - gap.max(-1, keepdims=True)
    return np.where(mask, np.maximum(gap, -MAX_GAP), 0.0)


def tied_choices(slots: BallotSlots, utility: np.ndarray, ties: TieModel) -> TiedChoices:
    """Evaluate ballots.

    Args:
        utility: of each slot ``[..., ballots, places]``; padding is not read.
    """
    ties, stages = ties.resized(slots.mask.shape[1]), Stages.of(slots)
    gap = relative_utility(slots.mask, utility)
    sets, total = _sets(slots, stages, np.ascontiguousarray(np.moveaxis(gap, -1, 0)), ties)
    share = np.where(slots.mask, 1.0 / (slots.tie_stop - slots.tie_start), 0.0)
    expected = np.moveaxis(sets.shares(), 0, -1)
    with np.errstate(divide="ignore"):
        prevalence = np.log(
            np.where(stages.final, ties.final[stages.taken], ties.inner[stages.taken]),
            where=stages.real,
            out=np.zeros(stages.real.shape),
        ).sum(0)
    log_likelihood = (share * gap).sum(-1) + prevalence - np.log(total).sum(0)
    return TiedChoices(slots, ties, log_likelihood, expected, share - expected, sets)


def _sets(
    slots: BallotSlots, stages: Stages, gap: np.ndarray, ties: TieModel
) -> tuple[_Sets, np.ndarray]:
    """The sets, and Z of each stage, 1 where there is none.

    Args:
        gap: relative utilities ``[places, ..., ballots]``.
    """
    shape = len(gap), *(1,) * (gap.ndim - 2), gap.shape[-1]
    mask, real, left = (x.reshape(shape) for x in (slots.mask.T, stages.real, stages.left))
    divisor = np.maximum(left, 1)
    strength = np.where(mask, np.exp(gap), 0.0)
    total = np.flip(np.cumsum(np.flip(strength, 0), 0), 0)
    mean = np.flip(np.cumsum(np.flip(gap, 0), 0), 0) / divisor
    final = np.where(left > 1, ties.final[left], 0.0) * np.exp(mean)
    total += final
    parts = []
    for size in ties.inner_sizes:
        beta = np.where(mask, np.exp(gap / size), 0.0)
        suffix = suffix_polynomials(beta, size)
        prevalence = ties.inner[size] * (left > size)
        total += prevalence * suffix[:-1, -1]
        parts.append(_Subsets(size, beta, suffix, prevalence))
    total = np.where(real, total, 1.0)
    inverse = np.where(real, 1.0 / total, 0.0)
    inner = tuple(replace(part, scale=part.scale * inverse) for part in parts)
    return _Sets(mask, divisor, strength, inverse, final * inverse, inner), total


def tie_counts(found: TiedChoices, weight: np.ndarray) -> TieCounts:
    """Observed and expected ties.

    Args:
        weight: of each ballot, ``[..., ballots]`` or a shape that broadcasts to it.
    """
    size, stages, sets = found.ties.max_size, Stages.of(found.slots), found.sets
    weight = np.broadcast_to(weight, found.log_likelihood.shape)
    lead = tuple(range(weight.ndim - 1))
    by_ballot = weight.sum(lead)

    def by_size(number: np.ndarray, value: np.ndarray) -> np.ndarray:
        return np.bincount(number.ravel(), value.ravel(), size + 1)

    observed = [by_size(stages.taken, by_ballot * tie) for tie in (stages.inner, stages.final)]
    by_left = by_size(stages.left, by_ballot * stages.real)
    by_left[:2] = 0
    # An inner tie of t completions is possible where more than t are left.
    more = by_left.sum() - np.cumsum(by_left)
    more[:2] = 0
    inner = np.zeros(size + 1)
    for subsets in sets.inner:
        inner[subsets.size] = (weight * subsets.probability()).sum()
    final = (weight * sets.final).sum(tuple(axis + 1 for axis in lead))
    expected = [inner, by_size(stages.left, final)]
    return TieCounts(np.stack(observed), np.stack(expected), np.stack([more, by_left]))
