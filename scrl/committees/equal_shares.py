"""The method of equal shares: each voter has an equal part of the money for the seats.

Source: Peters and Skowron, Proportionality and the limits of welfarism (2020); completions: Peters,
Pierczyński and Skowron, Proportional participatory budgeting with additive utilities (2021).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE
from scrl.committees.batches import ApprovalBatch, ElectedCommittees, masks_of, members_of
from scrl.committees.memories import begin, group_weights
from scrl.committees.phragmen import elect_by_loads
from scrl.committees.rounds import ElectionRound, Frontier, joined, near, record_round
from scrl.committees.thiele import elect_by_points, members
from scrl.types import InputError

#: How seats are filled that nobody can pay for.
COMPLETIONS = ("phragmen", "av", "add-one", "none")
#: Most seats for which money is handed out in addition.
MAX_ADDED = 5_000


def elect_by_equal_shares(
    batch: ApprovalBatch,
    seats: int,
    limit: int,
    rounds: list[ElectionRound] | None = None,
    completion: str = "phragmen",
) -> ElectedCommittees:
    """A seat costs 1, and each voter begins with seats / voters. Each round elects the candidate
    whose voters can pay for it with the least greatest payment.

    Args:
        limit: most committees of a profile.
        rounds: list to which the rounds of the first profile are added.
        completion: ``"phragmen"``: the loads of sequential Phragmén begin at what the voters have
            spent less what they had; ``"av"``: the free seats go to the most approved candidates;
            ``"add-one"``: money for one seat more is handed out until the seats are filled, ties
            broken by the order of the candidates; ``"none"``: seats stay free.

    Raises:
        InputError: for another completion.
    """
    if completion not in COMPLETIONS:
        raise InputError(f"completion is one of {', '.join(COMPLETIONS)}, not {completion!r}.")
    if completion == "add-one":
        return _add_money(batch, seats, rounds)
    paid, unpaid = buy_seats(batch, seats, seats / batch.total, limit, rounds)
    done = [paid]
    for part in unpaid:
        if completion == "none":
            done.append(part)
        elif completion == "av":
            done.append(_fill_by_approvals(batch, part, seats, limit))
        else:
            assert part.memory is not None
            loads = replace(part, memory=-part.memory)
            filled = elect_by_loads(batch, seats, limit, rounds, start=loads)
            done.append(Frontier(filled.profile, masks_of(filled.members), filled.all_found))
    return joined([part for part in done if len(part.profile)]).elected(batch.candidates, limit)


def buy_seats(
    batch: ApprovalBatch,
    seats: int,
    budget: np.ndarray,
    limit: int,
    rounds: list[ElectionRound] | None = None,
) -> tuple[Frontier, list[Frontier]]:
    """The committees with all seats paid for, and those with free seats that nobody can pay for,
    those of one size in one part.

    Args:
        budget: of one unit of weight ``[profiles]``.
        rounds: as in ``elect_by_equal_shares``.
    """
    m = batch.candidates
    frontier = begin(batch, seats, budget)
    ended: list[Frontier] = []
    for _ in range(seats):
        price = least_payments(batch, frontier)
        price[members(frontier, m)] = np.inf
        goes_on = np.isfinite(price).any(axis=1)
        if not goes_on.all():
            ended.append(frontier.part(~goes_on))
            frontier, price = frontier.part(goes_on), price[goes_on]
            if not len(price):
                break
        tolerance = near(price)
        if frontier.profile[0] == 0:
            record_round(rounds, -price, tolerance)

        def change(
            before: np.ndarray, state: np.ndarray, chosen: np.ndarray, price: np.ndarray = price
        ) -> np.ndarray:
            return before - np.minimum(before, price[state, chosen][:, None])

        frontier = frontier.advance(-price, tolerance, limit, batch, change)
    return frontier, ended


def least_payments(batch: ApprovalBatch, frontier: Frontier) -> np.ndarray:
    """For each candidate the least greatest payment q of a unit of weight with which its voters,
    each paying q or all that is left, pay 1; infinite where they cannot
    ``[states, candidates]``.

    The poor, who pay all, are the voters with the smallest budgets, so one sort finds them.
    """
    assert frontier.memory is not None
    budget, support = np.maximum(frontier.memory, 0.0), group_weights(batch, frontier)
    order = np.argsort(budget, axis=1)
    rows = np.arange(len(budget))[:, None]
    budget, support = budget[rows, order][:, :, None], support[rows, order]
    rich = np.cumsum(support[:, ::-1], axis=1)[:, ::-1]
    money = support * budget
    poor = np.cumsum(money, axis=1) - money
    # With the first i groups poor, q pays 1 in all; it holds where group i can pay it.
    payable = (poor + rich * budget >= 1 - TIE_TOLERANCE) & (rich > 0)
    at = payable.argmax(axis=1)[:, None, :]
    can = np.take_along_axis(payable, at, 1)[:, 0]
    paid = np.take_along_axis(poor, at, 1)[:, 0]
    payers = np.take_along_axis(rich, at, 1)[:, 0]
    return np.where(can, np.maximum(1 - paid, 0) / np.where(can, payers, 1), np.inf)


def _add_money(
    batch: ApprovalBatch, seats: int, rounds: list[ElectionRound] | None
) -> ElectedCommittees:
    """The first committee with all seats as the money rises by one seat at a time."""
    done = np.zeros(len(batch.weight), np.int64)
    waiting = np.arange(len(batch.weight))
    lacking = (batch.approvals > 0).sum(axis=1) < seats
    if lacking.any():
        few = waiting[lacking]
        part = _rows(batch, few)
        support = part.approvals
        done[few] = masks_of(elect_by_points(support, seats, part.tolerance, 1).members)
        waiting = waiting[~lacking]
    money = seats
    while len(waiting):
        part = _rows(batch, waiting)
        budget = money / part.total
        trace: list[ElectionRound] | None = None if rounds is None else []
        filled, _ = buy_seats(part, seats, budget, 1, trace)
        if rounds is not None and len(filled.profile) and filled.profile[0] == 0:
            rounds[:] = trace or []
        done[waiting[filled.profile]] = filled.committee
        waiting = np.delete(waiting, filled.profile)
        money += 1
        if len(waiting) and money > seats + MAX_ADDED:
            raise InputError(
                f"Money for {MAX_ADDED:,} seats more fills not all {seats}; choose the completion "
                "'phragmen' or 'av'."
            )
    members_ = members_of(done, batch.candidates)
    return ElectedCommittees(np.arange(len(done)), members_, None, np.zeros(len(done), bool))


def _rows(batch: ApprovalBatch, profiles: np.ndarray) -> ApprovalBatch:
    """Some of the profiles."""
    approves = batch.approves if batch.is_shared else batch.approves[profiles]
    return ApprovalBatch(approves, batch.weight[profiles])


def _fill_by_approvals(batch: ApprovalBatch, unpaid: Frontier, seats: int, limit: int) -> Frontier:
    """The free seats filled by the most approved of the other candidates."""
    support = batch.approvals
    bonus = 2 * batch.total[unpaid.profile][:, None] + 1
    points = support[unpaid.profile] + bonus * members(unpaid, batch.candidates)
    found = elect_by_points(points, seats, batch.tolerance[unpaid.profile], limit)
    profile = unpaid.profile[found.profile]
    return Frontier(profile, masks_of(found.members), unpaid.all_found)
