"""The method of equal shares: each voter has an equal part of the money for the seats.

Source: Peters and Skowron, Proportionality and the limits of welfarism (2020); completions: Peters,
Pierczyński and Skowron, Proportional participatory budgeting with additive utilities (2021).
"""

from __future__ import annotations

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE
from scrl.committees.batches import ApprovalBatch, ElectedCommittees, masks_of, members_of
from scrl.committees.phragmen import elect_by_loads
from scrl.committees.rounds import ElectionRound, Frontier, joined, near, record_round
from scrl.committees.thiele import elect_by_points, members
from scrl.types import InputError

#: How seats are filled that nobody can pay for.
COMPLETIONS = ("phragmen", "av", "add-one", "none")
#: Most candidates for which ballots are grouped by the members that they approve.
_MAX_GROUPED = 12
#: Differences of weights below this share of the weight are rounding.
_NO_WEIGHT = 1e-12
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
    start = np.full(batch.weight.shape, 1.0) * (seats / batch.total)[:, None]
    paid, unpaid = buy_seats(batch, seats, start, limit, rounds)
    if completion == "none" or not len(unpaid.profile):
        return _merged(batch, [paid, unpaid], limit)
    if completion == "phragmen":
        assert unpaid.memory is not None
        loads = Frontier(unpaid.profile, unpaid.committee, -unpaid.memory, unpaid.all_found)
        filled = elect_by_loads(batch, seats, limit, rounds, start=loads)
        more = Frontier(filled.profile, masks_of(filled.members), None, filled.all_found)
    else:
        more = _fill_by_approvals(batch, unpaid, seats, limit)
    return _merged(batch, [paid, more], limit)


def buy_seats(
    batch: ApprovalBatch,
    seats: int,
    budget: np.ndarray,
    limit: int,
    rounds: list[ElectionRound] | None = None,
) -> tuple[Frontier, Frontier]:
    """The committees with all seats paid for, and those with free seats that nobody can pay for.

    Args:
        budget: of one unit of weight of each ballot ``[profiles, ballots]``.
        rounds: as in ``elect_by_equal_shares``.
    """
    m = batch.candidates
    frontier = Frontier.start(len(batch.weight), memory=budget)
    ended: list[Frontier] = []
    for _ in range(seats):
        price = least_payments(batch, frontier)
        price[members(frontier, m)] = np.inf
        goes_on = np.isfinite(price).any(axis=1)
        if not goes_on.all():
            assert frontier.memory is not None
            ended.append(frontier.part(~goes_on))
            frontier, price = frontier.part(goes_on), price[goes_on]
            if not len(price):
                break
        tolerance = near(price)
        if frontier.profile[0] == 0:
            record_round(rounds, -price, tolerance)
        frontier = frontier.advance(-price, tolerance, limit, _Purchases(batch, price))
    empty = frontier.part(np.zeros(len(frontier.profile), bool))
    return frontier, joined(ended) if ended else empty


def least_payments(batch: ApprovalBatch, frontier: Frontier) -> np.ndarray:
    """For each candidate the least greatest payment q of a unit of weight with which its voters,
    each paying q or all that is left, pay 1; infinite where they cannot
    ``[states, candidates]``.

    The poor, who pay all, are the voters with the smallest budgets, so one sort finds them.
    """
    budget, support = _money(batch, frontier)
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


def _money(batch: ApprovalBatch, frontier: Frontier) -> tuple[np.ndarray, np.ndarray]:
    """Groups of ballots with equal budgets: the budget of each ``[states, groups]``, and the
    weight with which each supports each candidate ``[states, groups, candidates]``.

    Ballots that approve the same members have paid the same.
    """
    assert frontier.memory is not None
    budget, m = np.maximum(frontier.memory, 0.0), batch.candidates
    member = members(frontier, m)
    elected = int(member.sum(axis=1).max())
    if m > _MAX_GROUPED or 1 << elected > budget.shape[1]:
        weight = frontier.rows_of(batch.weight)
        support = frontier.rows_of(batch.values) * weight[:, :, None]
        return budget, np.broadcast_to(support, (len(budget), *support.shape[1:]))
    # Members in the first columns; where a state has fewer, others, who tell groups apart too.
    column = np.argsort(~member, axis=1, kind="stable")[:, :elected]
    bits = np.int64(1) << (m - 1 - column)
    ballots = frontier.rows_of(batch.masks)
    group = np.zeros(budget.shape, np.uint16 if elected > 8 else np.uint8)
    subsets = np.zeros((len(budget), 1), np.int64)
    for k, bit in enumerate(bits.T):
        approved = (ballots & bit.astype(ballots.dtype)[:, None]) != 0
        group |= approved.view(np.uint8).astype(group.dtype, copy=False) << k
        subsets = np.concatenate([subsets, subsets | bit[:, None]], axis=1)
    states = np.arange(len(budget))[:, None]
    level = np.zeros(subsets.size)
    level[states * subsets.shape[1] + group] = budget
    level = level.reshape(subsets.shape)
    single = np.int64(1) << np.arange(m - 1, -1, -1)
    cell = (frontier.profile << m)[:, None, None] + (subsets[:, :, None] | single)
    weight = batch.superset_weight.ravel()[cell]
    for k in range(elected):  # from "approves at least these members" to "just these"
        view = weight.reshape(len(budget), -1, 2, 1 << k, m)
        view[:, :, 0] -= view[:, :, 1]
    return level, np.where(
        weight > _NO_WEIGHT * batch.total[frontier.profile][:, None, None], weight, 0.0
    )


class _Purchases:
    """The budgets after a round, as ``Frontier.advance`` asks for them."""

    def __init__(self, batch: ApprovalBatch, price: np.ndarray) -> None:
        self.batch, self.price = batch, price

    def __call__(self, frontier: Frontier, state: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        assert frontier.memory is not None
        approved = self.batch.approvals_of(frontier.profile[state], chosen)
        left = frontier.memory[state]
        pays = np.minimum(left, self.price[state, chosen][:, None])
        return left - np.where(approved, pays, 0.0)


def _add_money(
    batch: ApprovalBatch, seats: int, rounds: list[ElectionRound] | None
) -> ElectedCommittees:
    """The first committee with all seats as the money rises by one seat at a time."""
    done = np.zeros(len(batch.weight), np.int64)
    waiting = np.arange(len(batch.weight))
    lacking = (batch.support(batch.weight) > 0).sum(axis=1) < seats
    if lacking.any():
        few = waiting[lacking]
        part = _rows(batch, few)
        support = part.support(part.weight)
        done[few] = masks_of(elect_by_points(support, seats, part.tolerance, 1).members)
        waiting = waiting[~lacking]
    money = seats
    while len(waiting):
        part = _rows(batch, waiting)
        budget = np.full(part.weight.shape, 1.0) * (money / part.total)[:, None]
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
    support = batch.support(batch.weight)
    bonus = 2 * batch.total[unpaid.profile][:, None] + 1
    points = support[unpaid.profile] + bonus * members(unpaid, batch.candidates)
    found = elect_by_points(points, seats, batch.tolerance[unpaid.profile], limit)
    profile = unpaid.profile[found.profile]
    return Frontier(profile, masks_of(found.members), None, unpaid.all_found)


def _merged(batch: ApprovalBatch, parts: list[Frontier], limit: int) -> ElectedCommittees:
    """The distinct committees of all parts."""
    bare = [Frontier(p.profile, p.committee, None, p.all_found) for p in parts if len(p.profile)]
    return joined(bare).elected(batch.candidates, limit)
