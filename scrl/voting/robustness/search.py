"""Changes of ballots that favour one candidate over the winner: upper bounds for every rule."""

from __future__ import annotations

import time

import numpy as np

from scrl.voting.robustness.electorate import (
    ADD,
    REMOVE,
    BallotChange,
    Electorate,
    order_with,
)


def favouring_change(voters: Electorate, kind: str, deadline: float) -> BallotChange | None:
    """The smallest change found that changes the winners, recounted by the rule; or None.

    For each candidate and each winner, the ballots that rank the winner furthest ahead of the
    candidate change first. New ballots rank the candidate first and the winners last, or the
    winner last and the others as the voters do. Halving finds the number of ballots.
    """
    best: BallotChange | None = None
    standing = np.argsort(-voters.margin.sum(1), kind="stable").tolist()
    for challenger in standing:
        for winner in sorted(voters.winners - {challenger}):
            if time.monotonic() > deadline and best is not None:
                return best
            best = _halved(voters, kind, challenger, winner, standing, best)
    return best


def _halved(
    voters: Electorate, kind: str, challenger: int, winner: int, standing: list[int],
    best: BallotChange | None,
) -> BallotChange | None:  # fmt: skip
    """The smallest of a sequence of ever larger changes that changes the winners, if it is smaller
    than the best."""
    behind = [c for c in standing if c not in voters.winners | {challenger}]
    rest = [c for c in sorted(voters.winners) if c not in (challenger, winner)]
    order = order_with(voters.size, [challenger, *behind, *rest], [winner])
    lead = voters.place[:, challenger] - voters.place[:, winner]
    sequence = np.lexsort((-voters.count, voters.place[:, winner], -lead))
    most = 2 * voters.ballots if kind == ADD else voters.ballots - (kind == REMOVE)
    high = most if best is None else best.size - 1
    low, found = 1, best
    if high < 1 or not _changes_winners(voters, _change(voters, kind, sequence, order, high)):
        return best
    while low <= high:
        size = (low + high) // 2
        change = _change(voters, kind, sequence, order, size)
        if _changes_winners(voters, change):
            found, high = change, size - 1
        else:
            low = size + 1
    return found


def _change(
    voters: Electorate, kind: str, sequence: np.ndarray, order: tuple[int, ...], size: int
) -> BallotChange:
    """The first ballots of a sequence of types give way to ballots with an order."""
    removed = np.zeros(len(voters.count), np.int64)
    if kind != ADD:
        available = voters.count[sequence]
        before = np.cumsum(available) - available
        removed[sequence] = np.clip(size - before, 0, available)
    orders, added = ((), []) if kind == REMOVE else ((order,), [size])
    return BallotChange(removed, orders, np.array(added, np.int64))


def _changes_winners(voters: Electorate, change: BallotChange) -> bool:
    return voters.winners_after(change) != voters.winners
