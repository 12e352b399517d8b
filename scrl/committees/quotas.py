"""Quotas: how many votes a seat costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE
from scrl.types import InputError

QUOTAS = ("droop", "hagenbach-bischoff", "hare", "expanding")


@dataclass(frozen=True)
class Quota:
    """The votes that elect.

    Attributes:
        value: in units of the weights.
        must_exceed: whether a candidate needs more than ``value``, not just as much.
        name: how it is computed.
    """

    value: float
    must_exceed: bool
    name: str

    def is_reached(self, votes: np.ndarray, total: float) -> np.ndarray:
        """Which numbers of votes elect, with the tolerance of ties of ``total`` votes."""
        near = TIE_TOLERANCE * total
        if self.must_exceed:
            return votes > self.value + near
        return votes >= self.value - near


def quota_of(name: str, weight: np.ndarray, seats: int, candidates: int = 0) -> Quota:
    """The quota of V votes for k seats.

    Args:
        name: ``"droop"``: ⌊V / (k + 1)⌋ + 1, where the weights are whole numbers; otherwise as the
            next. ``"hagenbach-bischoff"``: V / (k + 1), which must be exceeded. ``"hare"``: V / k.
            ``"expanding"``: slightly above V / (k + 1), as Aziz and Lee define it for the
            expanding approvals rule.
        weight: of the ballots.
        candidates: their number, which the last quota reads.

    Raises:
        InputError: for another name.
    """
    total = float(weight.sum())
    exact = total / (seats + 1)
    whole = bool((np.abs(weight - np.round(weight)) < 1e-9).all())
    if name == "hare":
        return Quota(total / seats, False, "Hare")
    if name == "droop" and whole:
        return Quota(float(np.floor(exact + 1e-9) + 1), False, "Droop")
    if name == "expanding" and whole:
        above = (np.floor(exact + 1e-9) + 1 - exact) / (candidates + 1)
        return Quota(min(exact + above, total / seats), False, "of expanding approvals")
    if name in QUOTAS:
        return Quota(exact, True, "Hagenbach-Bischoff")
    raise InputError(f"The quota is one of {', '.join(QUOTAS)}, not {name!r}.")
