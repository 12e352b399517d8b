"""Ballots as the count reads them: checked, with one contest axis and voters last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from scrl.data.limits import MAX_TOTAL_WEIGHT, MIN_SHARE
from scrl.types import Ballots, InputError
from scrl.voting.contest import MAX_STRICT
from scrl.voting.registry import RULES
from scrl.voting.truncated_ballots import (
    COUNTS,
    LAST,
    NO_COMPARISON,
    SHARES,
    UNSEEN,
    check_reading,
    pref_voting_reading,
)

if TYPE_CHECKING:
    import jax

#: The rank of a candidate that a ballot leaves out.
UNRANKED = -1

#: Complete ballots of equal weight with at least this many cells are counted without a copy.
MIN_UNCOPIED_CELLS = 500_000
#: Most candidates of one contest: the matrix of P(a ≻ b) is dense.
MAX_CANDIDATES = 2_000

#: NumPy arrays outside of the compiled program, JAX arrays inside.
Array = TypeVar("Array", np.ndarray, "jax.Array")


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


class NotStrictOrders(Exception):
    """Ranks that were assumed to be strict orders of all candidates are not."""


def flatten_ballots(
    ballots: Ballots, rules: Sequence[str], assume_strict: bool = True
) -> tuple[tuple[int, ...], BallotArrays[np.ndarray], bool]:
    """Check ballots and flatten their contest axes.

    Args:
        assume_strict: whether many unweighted ranks are taken for strict orders of all candidates.
            The count finds out, so that a pass over the ballots is saved.

    Returns:
        The leading contest axes, the arrays with one contest axis and voters last, and whether
        ``utility`` holds ranks.
    """
    are_ranks = ballots.utility is None
    for name in rules if are_ranks else ():
        if RULES[name].reads == "utility":
            raise InputError(no_utilities(name))
    given = ballots.rank if are_ranks else ballots.utility
    if given is None:
        raise InputError("There is nothing to count: ballots need a utility or a rank.")
    if ballots.rank is not None and not are_ranks:
        raise InputError("Ballots state a utility and a rank; give one of them.")
    try:
        utility = np.asarray(given)  # a view where JAX holds the array
    except ValueError:
        raise InputError("Ballots are of unequal length; give each a number a candidate.") from None
    if utility.ndim < 2:
        raise InputError(
            "Ballots are an array [..., voters, candidates]; give one ballot as [[0, 1, 2]]."
        )
    if 0 in utility.shape:
        raise InputError("There is nothing to count: ballots need a voter and a candidate.")
    *leading, voters, m = utility.shape
    if m > MAX_CANDIDATES:
        raise InputError(
            f"A contest has {m:,} candidates, and at most {MAX_CANDIDATES:,} can be compared; "
            "leave some out by Profile.restrict or scrl.data.most_ranked."
        )
    if are_ranks and utility.dtype.kind not in "iu":
        raise InputError("Ranks are whole numbers, 0 for the best.")
    plain = ballots.ranked is None and ballots.weight is None and ballots.candidates is None
    is_uncopied = plain and utility.size >= MIN_UNCOPIED_CELLS
    assume_strict = assume_strict and is_uncopied and m <= MAX_STRICT
    is_signed = are_ranks and utility.dtype.kind == "i"
    has_unranked = is_signed and not assume_strict and bool(utility.min() < 0)
    if has_unranked and utility.min() < UNRANKED:
        raise InputError("A rank is below -1; the best is 0, and -1 is a candidate left out.")
    # Numbers keep their type, so that no two utilities are rounded into a tie.
    if utility.dtype.kind == "b" or utility.dtype == np.float16:
        utility = utility.astype(np.float32)
    elif utility.dtype.kind not in "fiu" or utility.dtype.itemsize > 8:
        utility = _as_type("utility", utility, np.float64)
    if is_uncopied and not has_unranked:
        return _flatten_uncopied(utility, tuple(leading), are_ranks, assume_strict)
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
    weight = _broadcast("weight", ballots.weight, (*leading, voters), np.float64)
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError("The weight of a ballot is negative or not a number; give 0 or more.")
    if weight.max(initial=0) > MAX_TOTAL_WEIGHT:
        raise InputError(
            f"A ballot weighs {weight.max():g}, too much to be added up; give at most "
            f"{MAX_TOTAL_WEIGHT:g}."
        )
    total = weight.sum(-1)
    if (total <= 0).any():
        raise InputError("All ballots of a contest weigh nothing; give one a weight.")
    if (total < MIN_SHARE).any():
        raise InputError(
            f"The ballots of a contest weigh {total.min():g} together, too little to count; give "
            f"at least {MIN_SHARE:g}."
        )
    mask = _broadcast("candidates", ballots.candidates, (*leading, m), bool)
    if not mask.any(-1).all():
        raise InputError("A contest has no candidates; give it one.")
    ranked = _broadcast("ranked", ballots.ranked, utility.shape, bool)
    if ballots.utility is None and utility.dtype.kind == "i":
        ranked = ranked & (utility < 0)  # ranks are reversed: -1 has become 0
    if utility.dtype.kind == "f":
        blank = np.isnan(utility)
        if blank.any() and (blank & ranked & mask[..., None, :]).any():
            raise InputError("A utility on a ballot is not a number.")
    return ranked, weight, mask


def no_utilities(rule: str) -> str:
    """What to say where a rule reads utilities and ballots state orders."""
    return (
        f"{RULES[rule].title} counts utilities and the ballots state orders; give the utilities, "
        "or choose a rule that reads orders."
    )


def missing_utilities(rule: str) -> str:
    """What to say where a rule reads utilities and a ballot states some only."""
    return (
        f"{RULES[rule].title} counts utilities, and a ballot states none for a candidate that it "
        "leaves out; give one, or choose a rule that reads orders."
    )


def _as_type(name: str, value: object, dtype: DTypeLike) -> np.ndarray:
    """``value`` as numbers of this type.

    Raises:
        InputError: where it holds something else.
    """
    try:
        return np.asarray(value, dtype)
    except (TypeError, ValueError):
        raise InputError(f"'{name}' of the ballots is no array of numbers.") from None


def _broadcast(name: str, value: object, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """``value``, ones where it is None, as an array of this shape.

    Raises:
        InputError: where its shape is another.
    """
    array = np.ones(shape, dtype) if value is None else _as_type(name, value, dtype)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        axes = ", ".join(map(str, shape))
        own = ", ".join(map(str, array.shape))
        raise InputError(
            f"'{name}' of the ballots has the shape [{own}]; with these ballots it is [{axes}]."
        ) from None


def readings_of(
    arrays: BallotArrays[np.ndarray], rules: Sequence[str], left_out: str | None, widths: str
) -> Iterator[tuple[list[str], BallotArrays[np.ndarray], bool]]:
    """The ballots as each rule reads them.

    Args:
        left_out, widths: as in ``counting.aggregate``.

    Yields:
        Rules that read the same ballots, these, and whether widths of victories are counts.

    Raises:
        InputError: as ``counting.aggregate``.
    """
    check_reading(left_out, widths)
    rules, by_counts = list(rules), widths == COUNTS
    if left_out is None or arrays.ranked is None or not _leaves_out(arrays):
        yield rules, arrays, by_counts
    elif left_out == LAST:
        yield rules, _with_left_out_last(arrays, rules), by_counts
    elif left_out == UNSEEN:
        yield rules, _with_comparing_ballots(arrays), by_counts
    else:
        for rule in rules:
            reading, by_counts = pref_voting_reading(rule)
            for part in readings_of(arrays, [rule], reading, SHARES):
                yield [rule], part[1], by_counts


def _leaves_out(arrays: BallotArrays[np.ndarray]) -> bool:
    """Whether a ballot that counts leaves out a candidate of its contest."""
    assert arrays.ranked is not None
    assert arrays.weight is not None
    left_out = ~arrays.ranked & arrays.candidate_mask[:, :, None]
    return bool((left_out.any(1) & (arrays.weight > 0)).any())


def _with_left_out_last(
    arrays: BallotArrays[np.ndarray], rules: Sequence[str]
) -> BallotArrays[np.ndarray]:
    """Ballots on which the candidates left out are tied behind all that are ranked. A ballot that
    ranks no candidate stays blank: it counts nothing."""
    for name in rules:
        if RULES[name].reads == "utility":
            raise InputError(missing_utilities(name))
    utility, mask = arrays.utility, arrays.candidate_mask[:, :, None]
    assert arrays.ranked is not None
    ranked = arrays.ranked & mask
    is_float = utility.dtype.kind == "f"
    if not is_float and utility.min() == np.iinfo(utility.dtype).min:
        utility = utility.astype(np.int64)  # there is a number below the least
        if utility.min() == np.iinfo(np.int64).min:
            raise InputError("A rank or utility is too large; number the places 0, 1, 2 …")
    highest = np.inf if is_float else np.iinfo(utility.dtype).max
    lowest = np.where(ranked, utility, highest).min(1, keepdims=True)
    lowest = np.where(ranked.any(1, keepdims=True), lowest, 0)
    # A difference of 1 would be lost in rounding against a large number.
    last = lowest - np.maximum(1, np.abs(lowest)) if is_float else lowest - 1
    complete = ranked.any(1, keepdims=True) & mask
    return arrays._replace(utility=np.where(ranked, utility, last), ranked=complete)


def _with_comparing_ballots(arrays: BallotArrays[np.ndarray]) -> BallotArrays[np.ndarray]:
    """Ballots of which those that compare no two candidates weigh nothing."""
    assert arrays.ranked is not None
    assert arrays.weight is not None
    size = arrays.candidate_mask.sum(1)
    compared = (arrays.ranked & arrays.candidate_mask[:, :, None]).sum(1)
    weight = np.where(compared >= np.minimum(2, size)[:, None], arrays.weight, 0.0)
    if (weight.sum(1) <= 0).any():
        raise InputError(NO_COMPARISON)
    return arrays._replace(weight=weight)


def _flatten_uncopied(
    utility: np.ndarray, leading: tuple[int, ...], are_ranks: bool, assume_strict: bool
) -> tuple[tuple[int, ...], BallotArrays[np.ndarray], bool]:
    """Complete ballots of equal weight, flattened as in ``flatten_ballots``.

    They are copied only if voters do not already run along contiguous memory (as they do in the
    swapped view of ``[..., candidates, voters]``).
    """
    *_, voters, m = utility.shape
    utility = np.ascontiguousarray(utility.swapaxes(-1, -2)).reshape(-1, m, voters)
    if are_ranks and utility.dtype.kind == "u" and utility.max() < 64:
        utility = utility.view(utility.dtype.name[1:])  # signed, so that it can be negated
    if are_ranks and (not assume_strict or utility.dtype.kind == "u"):
        utility, are_ranks = ~utility, False
    mask = np.ones((len(utility), m), bool)
    return leading, BallotArrays(utility, None, None, mask), are_ranks
