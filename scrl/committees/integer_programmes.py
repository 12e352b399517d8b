"""Committees with the highest score by integer programming, with HiGHS's proof or its bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from scrl.committees.batches import ApprovalBatch, ElectedCommittees

#: An optimum is proved where HiGHS's bound exceeds it by no more than this share.
_PROOF = 1e-7


@dataclass(frozen=True, eq=False)
class Programme:
    """max ``worth``·z where ``rows``·z ≤ ``upper`` and exactly ``seats`` of the first
    ``candidates`` variables are 1. The other variables lie between 0 and 1.

    Attributes:
        worth: ``[variables]``.
        rows: sparse ``[constraints, variables]``.
        upper: ``[constraints]``.
        candidates, seats: their numbers.
    """

    worth: np.ndarray
    rows: csr_array
    upper: np.ndarray
    candidates: int
    seats: int


def thiele_programme(
    approves: np.ndarray, weight: np.ndarray, seats: int, weights: np.ndarray
) -> Programme:
    """Variable y of a ballot and a number j says that the ballot has at least j members.

    Args:
        approves: ``[ballots, candidates]``.
        weight: ``[ballots]``.
        weights: of a Thiele rule ``[seats]``, not rising, so that the y fill in order.
    """
    ballots, m = approves.shape
    size = approves.sum(axis=1)
    levels = np.minimum(size, min(seats, int(np.count_nonzero(weights))))
    of = np.repeat(np.arange(ballots), levels)
    level = np.concatenate([np.arange(n) for n in levels]) if len(of) else np.zeros(0, int)
    worth = np.concatenate([np.zeros(m), weight[of] * weights[level]])
    ballot, candidate = np.nonzero(approves)
    row = np.concatenate([ballot, of])
    column = np.concatenate([candidate, m + np.arange(len(of))])
    value = np.concatenate([-np.ones(len(ballot)), np.ones(len(of))])
    rows = csr_array((value, (row, column)), shape=(ballots, m + len(of)))
    return Programme(worth, rows, np.zeros(ballots), m, seats)


def solve(
    programme: Programme, excluded: list[np.ndarray], time_limit: float
) -> tuple[np.ndarray | None, float]:
    """The best committee that is none of ``excluded``, as a mask of candidates, and a bound that no
    score exceeds. The committee is None where there is no other, or none was found in time."""
    variables = len(programme.worth)
    member = np.arange(variables) < programme.candidates
    cuts = np.zeros((len(excluded), variables))
    for cut, committee in zip(cuts, excluded, strict=True):
        cut[: programme.candidates] = committee
    rows = vstack([programme.rows, csr_array(cuts)]) if excluded else programme.rows
    upper = np.append(programme.upper, np.full(len(excluded), programme.seats - 1.0))
    found = milp(
        -programme.worth,
        integrality=member.astype(int),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(rows, -np.inf, upper),
            LinearConstraint(member[None].astype(float), programme.seats, programme.seats),
        ],
        options={"time_limit": time_limit, "mip_rel_gap": 0.0},
    )
    if found.status == 2:
        return None, -np.inf
    bound = np.inf if found.mip_dual_bound is None else -float(found.mip_dual_bound)
    return (None if found.x is None else found.x[: programme.candidates] > 0.5), bound


def all_optima(
    programme: Programme,
    score: Callable[[np.ndarray], float],
    start: np.ndarray,
    tolerance: float,
    limit: int,
    time_limit: float,
) -> tuple[list[np.ndarray], float, float | None, bool]:
    """All committees within ``tolerance`` of the best, each found with the earlier ones excluded.

    Args:
        score: the exact score of a committee ``[candidates]``.
        start: a good committee, for the case that time ends before one is found.

    Returns:
        The committees; the best score; a bound where it is not proved to be the best, else None;
        whether all were found.
    """
    first, bound = solve(programme, [], time_limit)
    if first is None or score(first) < score(start):
        first = start
    found, best = [first], score(first)
    slack = max(tolerance, _PROOF * abs(best))
    complete = False
    while not complete and len(found) <= limit:
        other, remaining = solve(programme, found, time_limit)
        reached = -np.inf if other is None else score(other)
        if other is None or reached < best - tolerance:
            complete = remaining <= max(reached, best - tolerance) + slack
            break
        best = max(best, reached)
        found = [c for c in [*found, other] if score(c) >= best - tolerance]
    proved = bound <= best + slack
    return found[:limit], best, None if proved else bound, complete and proved


def best_thiele_committees(
    batch: ApprovalBatch,
    seats: int,
    weights: np.ndarray,
    limit: int,
    time_limit: float,
    start: np.ndarray,
) -> ElectedCommittees:
    """As ``thiele.elect_thiele``, by an integer programme for each profile.

    Args:
        start: members of a good committee of each profile ``[profiles, candidates]``.
    """
    worth = np.concatenate([[0.0], np.cumsum(weights)])
    profile, chosen, best, bounds, all_found = [], [], [], [], []
    for p in range(len(batch.weight)):
        approves, weight = batch.approves[p], batch.weight[p]

        def score(
            committee: np.ndarray, approves: np.ndarray = approves, weight: np.ndarray = weight
        ) -> float:
            return float(weight @ worth[(approves & committee).sum(axis=1)])

        found, top, bound, complete = all_optima(
            thiele_programme(approves, weight, seats, weights), score,
            start[p], float(batch.tolerance[p] * weights[0]), limit, time_limit,
        )  # fmt: skip
        if bound is not None:
            # Members add at most what they would add alone.
            alone = np.sort(weight @ approves)[::-1][:seats].sum() * weights[0]
            bound = min(bound, float(alone))
        found.sort(key=lambda row: tuple(np.flatnonzero(row)))
        profile += [p] * len(found)
        chosen += found
        best.append(top)
        bounds.append(np.nan if bound is None else bound)
        all_found.append(complete)
    limits = np.array(bounds)
    return ElectedCommittees(
        np.array(profile), np.array(chosen), np.array(best), np.array(all_found),
        None if np.isnan(limits).all() else limits,
    )  # fmt: skip
