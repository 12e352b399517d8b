"""Ballots as the count reads them: checked, with one contest axis and voters last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import jax
import numpy as np

from scrl.types import Ballots, InputError
from scrl.voting.contest import MAX_STRICT
from scrl.voting.registry import RULES

#: Complete ballots of equal weight with at least this many cells are counted without a copy.
MIN_UNCOPIED_CELLS = 500_000
#: Most candidates of one contest: the matrix of P(a ≻ b) is dense.
MAX_CANDIDATES = 2_000

#: NumPy arrays outside of the compiled program, JAX arrays inside.
Array = TypeVar("Array", np.ndarray, jax.Array)


class BallotArrays(NamedTuple, Generic[Array]):
    """The ballots of contests as the compiled program reads them.

    Attributes:
        utility: ``[contests, candidates, voters]``; ranks (0 = best) where ``are_ranks`` is set.
        ranked: which candidates a ballot ranks, same shape; None for complete ballots of equal
            weight.
        weight: ``[contests, voters]``; None exactly where ``ranked`` is.
        candidate_mask: False for padding ``[contests, candidates]``.
    """

    utility: Array
    ranked: Array | None
    weight: Array | None
    candidate_mask: Array


def flatten_ballots(
    ballots: Ballots, rules: Sequence[str]
) -> tuple[tuple[int, ...], BallotArrays[np.ndarray], bool]:
    """Check ballots and flatten their contest axes.

    Returns:
        The leading contest axes, the arrays with one contest axis and voters last, and whether
        ``utility`` holds ranks.
    """
    are_ranks = ballots.utility is None
    if are_ranks and any(RULES[name].reads == "utility" for name in rules):
        raise InputError("This rule reads utilities and the ballots state ranks; give utilities.")
    given = ballots.rank if are_ranks else ballots.utility
    if given is None:
        raise InputError("There is nothing to count: ballots need a utility or a rank.")
    utility = np.asarray(given)  # a view where JAX holds the array
    if utility.ndim < 2 or 0 in utility.shape:
        raise InputError("There is nothing to count: ballots need a voter and a candidate.")
    *leading, voters, m = utility.shape
    if m > MAX_CANDIDATES:
        raise InputError(
            f"A contest has {m:,} candidates; at most {MAX_CANDIDATES:,} can be counted."
        )
    if are_ranks and utility.dtype.kind not in "iu":
        raise InputError("Ranks are whole numbers, 0 for the best.")
    # Numbers keep their type, so that no two utilities are rounded into a tie.
    if utility.dtype.kind == "b" or utility.dtype == np.float16:
        utility = utility.astype(np.float32)
    elif utility.dtype.kind not in "fiu" or utility.dtype.itemsize > 8:
        utility = utility.astype(np.float64)
    plain = ballots.ranked is None and ballots.weight is None and ballots.candidates is None
    if plain and utility.size >= MIN_UNCOPIED_CELLS:
        return _flatten_uncopied(utility, tuple(leading), are_ranks)
    if are_ranks:
        utility = ~utility  # reverses the order within the same type
    ranked, weight, candidate_mask = _checked_masks(ballots, utility)
    return (
        tuple(leading),
        BallotArrays(
            np.swapaxes(utility, -1, -2).reshape(-1, m, voters),
            np.swapaxes(ranked, -1, -2).reshape(-1, m, voters),
            weight.reshape(-1, voters),
            candidate_mask.reshape(-1, m),
        ),
        False,
    )


def _checked_masks(
    ballots: Ballots, utility: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``ranked``, ``weight`` and ``candidates`` of the ballots, broadcast to ``utility [...,
    voters, candidates]``."""
    *leading, voters, m = utility.shape
    weight = np.ones((*leading, voters)) if ballots.weight is None else ballots.weight
    weight = np.broadcast_to(np.asarray(weight, np.float64), (*leading, voters))
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError("The weight of a ballot is negative or not a number; give 0 or more.")
    if (weight.sum(-1) <= 0).any():
        raise InputError("All ballots of a contest weigh nothing; give one a weight.")
    mask = np.ones((*leading, m), bool) if ballots.candidates is None else ballots.candidates
    mask = np.broadcast_to(np.asarray(mask, bool), (*leading, m))
    if not mask.any(-1).all():
        raise InputError("A contest has no candidates; give it one.")
    ranked = np.asarray(True if ballots.ranked is None else ballots.ranked, bool)
    ranked = np.broadcast_to(ranked, utility.shape)
    if utility.dtype.kind == "f":
        blank = np.isnan(utility)
        if blank.any() and (blank & ranked & mask[..., None, :]).any():
            raise InputError("A utility on a ballot is not a number.")
    return ranked, weight, mask


def _flatten_uncopied(
    utility: np.ndarray, leading: tuple[int, ...], are_ranks: bool
) -> tuple[tuple[int, ...], BallotArrays[np.ndarray], bool]:
    """Complete ballots of equal weight, flattened as in ``flatten_ballots``.

    They are copied only if voters do not already run along contiguous memory (as they do in the
    swapped view of ``[..., candidates, voters]``).
    """
    *_, voters, m = utility.shape
    utility = np.ascontiguousarray(utility.swapaxes(-1, -2)).reshape(-1, m, voters)
    if are_ranks and utility.dtype.kind == "u" and utility.max() < 64:
        utility = utility.view(utility.dtype.name[1:])  # signed, so that it can be negated
    if are_ranks and (m > MAX_STRICT or utility.dtype.kind == "u"):
        utility, are_ranks = ~utility, False
    mask = np.ones((len(utility), m), bool)
    return leading, BallotArrays(utility, None, None, mask), are_ranks
