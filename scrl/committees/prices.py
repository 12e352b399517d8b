"""Price systems: money that voters spend on the members of whom they approve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array


@dataclass(frozen=True, eq=False)
class PriceSystem:
    """A price system with price 1, in which a committee is affordable and nobody else is.

    Attributes:
        budget: money of one unit of weight.
        payments: of each ballot for each candidate ``[ballots, candidates]``.
    """

    budget: float
    payments: np.ndarray


def price_system(
    approves: np.ndarray, weight: np.ndarray, members: np.ndarray
) -> PriceSystem | None:
    """A price system that supports a committee, or None; a linear programme.

    Voters pay for members of whom they approve only, no ballot more than its budget times its
    weight; each member gets 1; and the supporters of each other candidate have at most 1 left.
    Where fewer candidates are approved than there are seats, a committee of them all is priceable,
    as in Lackner and Skowron (2023, definition 4.8).

    Args:
        approves: ``[ballots, candidates]``.
        weight: ``[ballots]``.
        members: ``[candidates]``.
    """
    ballots, m = approves.shape
    supported = approves[weight > 0].any(axis=0)
    if supported.sum() < members.sum():
        holds = bool(members[supported].all())
        return PriceSystem(0.0, np.zeros((ballots, m))) if holds else None
    ballot, candidate = np.nonzero(approves & members)
    pays = len(ballot)
    # Variables: the payments, then the budget.
    rows = [coo_array((np.ones(pays), (ballot, np.arange(pays))), shape=(ballots, pays + 1))]
    spent = rows[0].toarray()
    spent[:, pays] = -weight
    left_at_most_one = []
    for c in np.flatnonzero(~members & supported):
        left_at_most_one.append(-spent[approves[:, c]].sum(axis=0))
    upper = np.vstack([spent, *[row[None] for row in left_at_most_one]])
    limits = np.concatenate([np.zeros(ballots), np.ones(len(left_at_most_one))])
    seats = np.flatnonzero(members)
    gets = np.zeros((len(seats), pays + 1))
    gets[np.searchsorted(seats, candidate), np.arange(pays)] = 1.0
    cost = np.append(np.zeros(pays), 1.0)
    found = linprog(cost, upper, limits, gets, np.ones(len(seats)), method="highs")
    if found.status != 0:
        return None
    payments = np.zeros((ballots, m))
    payments[ballot, candidate] = found.x[:pays]
    return PriceSystem(float(found.x[pays]), payments)
