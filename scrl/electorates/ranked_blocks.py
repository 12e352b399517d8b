"""Utilities of voters as ranks: a block of voters at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scrl.types import InputError

#: (contest, voters) -> utilities ``[voters, candidates]``, higher better.
Utilities = Callable[[int, slice], Any]
#: Most candidates that int8 ranks tell apart.
MAX_INT8 = 127


def rank_type(candidates: int) -> type:
    """The smallest type of ranks."""
    return np.int8 if candidates <= MAX_INT8 else np.int16


def ranks(utility: np.ndarray) -> np.ndarray:
    """How many candidates stand strictly ahead on each ballot, ``[candidates, voters]``.

    Args:
        utility: ``[candidates, voters]``, higher better; equal ones are tied.
    """
    found: np.ndarray = np.zeros(utility.shape, rank_type(len(utility)))
    for own, rank in zip(utility, found, strict=True):
        for other in utility:
            rank += other > own
    return found


class Contest:
    """The ballots of one contest, filled block by block.

    Args:
        candidates, voters: how many.
        with_ranks, with_utilities: what is kept.

    Attributes:
        rank: places on the ballots ``[candidates, voters]``, None where they are not kept.
        utility: of the same shape, of the type in which they come; None where they are not kept.
    """

    def __init__(
        self, candidates: int, voters: int, with_ranks: bool, with_utilities: bool
    ) -> None:
        shape = candidates, voters
        self.shape, self.with_utilities = shape, with_utilities
        self.rank: np.ndarray | None = None
        self.utility: np.ndarray | None = None
        if with_ranks:
            self.rank = np.empty(shape, rank_type(candidates))

    def fill(self, utilities: Utilities, contest: int, block: int) -> None:
        """Ask for the utilities of every block of voters.

        Raises:
            InputError: where they have another shape, or are no numbers.
        """
        candidates, voters = self.shape
        for start in range(0, voters, block):
            own = slice(start, min(start + block, voters))
            found = np.asarray(utilities(contest, own))
            if found.shape != (own.stop - start, candidates) or found.dtype.kind not in "fiu":
                raise InputError(
                    f"Contest {contest + 1:,}: utilities of {own.stop - start:,} voters are an "
                    f"array of shape {found.shape} of {found.dtype}; give numbers "
                    f"[{own.stop - start:,}, {candidates:,}]."
                )
            turned = np.ascontiguousarray(found.T)
            if not np.isfinite(turned).all():
                raise InputError(
                    f"Contest {contest + 1:,}: a utility of voters {start + 1:,} to "
                    f"{own.stop:,} is not a finite number."
                )
            if self.rank is not None:
                self.rank[:, own] = ranks(turned)
            if self.with_utilities:
                if self.utility is None:
                    self.utility = np.empty(self.shape, turned.dtype)
                self.utility[:, own] = turned
