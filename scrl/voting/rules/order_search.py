"""The order of least disagreement among many candidates: cutting planes, then integer programming.

The linear ordering problem has a variable x_ab for each pair, 1 where a is before b, and for each
triple x_ab + x_bc - x_ac between 0 and 1 (Grötschel, Jünger & Reinelt 1984). Triples are added only
where a solution violates them. Where the linear programme leaves a gap, HiGHS closes it by branch
and bound. A bound is computed from the dual solution, so that it holds whatever the solver's
tolerances are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from scrl.voting.contest import TIE_TOLERANCE

#: Violation from which a triple is added, and most triples added at once.
MIN_VIOLATION, MAX_ADDED = 1e-5, 400
#: Most voters for which costs are recognised as multiples of half a voter.
MAX_UNITS = 1_000_000
#: Largest error of the bound of HiGHS's branch and bound, in pairs for each voter, and the gap at
#: which an order counts as optimal. Costs that are multiples of a unit are proved exactly.
BOUND_ERROR, PROOF_TOLERANCE = 1e-6, 2e-6


@dataclass(frozen=True, eq=False)
class BoundedOrder:
    """An order with its cost and a lower bound on the cost of every order.

    Attributes:
        order: candidates, best first ``[candidates]``.
        cost: the order's disagreement.
        bound: no order has a smaller disagreement.
        dual: the part of the bound that follows from the linear programme.
        slack: how much ``dual`` rises, at least, where a is put before b ``[candidates,
            candidates]``; 0 where nothing is known.
    """

    order: np.ndarray
    cost: float
    bound: float
    dual: float
    slack: np.ndarray

    @property
    def proved(self) -> bool:
        """Whether no order has a smaller cost, within ``PROOF_TOLERANCE``."""
        return self.cost - self.bound <= PROOF_TOLERANCE


@dataclass
class OrderSearch:
    """Orders of least disagreement under one matrix of costs; triples found once are kept.

    Attributes:
        cost: cost of a before b ``[candidates, candidates]``.
        deadline: of ``time.monotonic``; from then on bounds are returned without a proof.
        unit: all differences of costs are multiples of it; 0 where none is known.
    """

    cost: np.ndarray
    deadline: float
    unit: float = field(init=False)
    _triples: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.unit = common_unit(self.cost - self.cost.T)
        self._triples = np.empty((0, 4), int)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, at least a hundredth."""
        return max(self.deadline - time.monotonic(), 0.01)

    def least(
        self, candidates: ArrayLike, leader: int | None = None, target: float = -np.inf
    ) -> BoundedOrder:
        """The order of least cost of some candidates.

        Args:
            candidates: those that are ordered.
            leader: the candidate that must be first; None for any.
            target: the search ends once an order costs no more, or every order costs more.
        """
        members = np.sort(np.asarray(candidates, int))
        if len(members) < 2:
            return BoundedOrder(members, 0.0, 0.0, 0.0, np.zeros_like(self.cost))
        cost = self.cost[np.ix_(members, members)]
        first = None if leader is None else int(np.flatnonzero(members == leader)[0])
        problem = _Program(cost, first, self._triples_among(members))
        found = self._bounded(problem, improved_order(cost, first), target)
        own = problem.triples
        triples = np.column_stack([members[own[:, :3]], own[:, 3]])
        self._triples = np.unique(np.concatenate([self._triples, triples]), axis=0)
        slack = np.zeros_like(self.cost)
        slack[np.ix_(members, members)] = found.slack
        return BoundedOrder(members[found.order], found.cost, found.bound, found.dual, slack)

    def leaders(self, best: BoundedOrder) -> tuple[list[int], list[int]]:
        """The candidates that are first in an order of least cost, and those of which this is not
        known.

        Args:
            best: an order of least cost of the candidates.
        """
        leaders, unknown = [int(best.order[0])], []
        for at, c in enumerate(best.order[1:].tolist(), 1):
            if best.dual + best.slack[c, best.order[:at]].sum() > best.cost + TIE_TOLERANCE:
                continue
            led = self.least(best.order, c, best.cost)
            if led.cost <= best.cost + TIE_TOLERANCE:
                leaders.append(c)
            elif not led.proved and led.bound <= best.cost + TIE_TOLERANCE:
                unknown.append(c)
        return leaders, unknown

    def restricted(self, best: BoundedOrder, members: np.ndarray) -> BoundedOrder:
        """An order of least cost without candidates who lead it alone, or stand behind the others.

        What putting a before b costs more is as with all candidates.
        """
        order = best.order[np.isin(best.order, members)]
        cost = float(np.triu(self.cost[np.ix_(order, order)], 1).sum())
        less = best.cost - cost
        return BoundedOrder(order, cost, best.bound - less, best.dual - less, best.slack)

    def _triples_among(self, members: np.ndarray) -> np.ndarray:
        """The known triples within the members, as positions among them."""
        at = np.full(len(self.cost), -1)
        at[members] = np.arange(len(members))
        own = np.column_stack([at[self._triples[:, :3]], self._triples[:, 3]])
        return own[(own >= 0).all(1)]

    def _bounded(self, problem: _Program, best: np.ndarray, target: float) -> BoundedOrder:
        """Solve the linear programme with cuts; then by branch and bound where a gap is left."""
        cost, dual, slack = problem.order_cost(best), -np.inf, np.zeros_like(problem.cost)
        bound, whole = -np.inf, False
        while not self._closed(cost, bound, target):
            if time.monotonic() > self.deadline and np.isfinite(bound):
                break
            if whole:
                x, lower = problem.branched(self.seconds_left)
            else:
                x, lower, reduced = problem.relaxed(self.seconds_left)
                if lower > dual:
                    dual, slack = lower, reduced
            bound = max(bound, lower)
            if x is None:
                break
            trial = improved_order(problem.cost, problem.first, problem.order_of(x))
            if problem.order_cost(trial) < cost:
                best, cost = trial, problem.order_cost(trial)
            if not problem.add_violated(x):
                if whole:
                    break
                whole = True
        if cost - bound <= self._gap:
            bound = cost
        elif self.unit:  # the next multiple of the unit that an order can cost
            bound = cost - np.floor((cost - bound + BOUND_ERROR) / self.unit) * self.unit
        return BoundedOrder(best, cost, min(bound, cost), dual, slack)

    @property
    def _gap(self) -> float:
        """The gap that leaves no order of smaller cost: with costs in units, less than one."""
        return max(TIE_TOLERANCE, 0.999 * self.unit - BOUND_ERROR)

    def _closed(self, cost: float, bound: float, target: float) -> bool:
        return (
            cost - bound <= self._gap
            or cost <= target + TIE_TOLERANCE
            or bound > target + TIE_TOLERANCE > -np.inf
        )


class _Program:
    """The linear ordering problem of a matrix of costs ``[m, m]`` with the triples found so far.

    Attributes:
        triples: ``[triples, 4]``: a < b < c, and 0 where x_ab + x_bc - x_ac is at most 1, else 1
            where it is at least 0.
    """

    def __init__(self, cost: np.ndarray, first: int | None, triples: np.ndarray) -> None:
        self.cost, self.first, self.triples = cost, first, triples
        m = len(cost)
        self.pairs = np.triu_indices(m, 1)
        self.number = np.zeros((m, m), int)
        self.number[self.pairs] = np.arange(len(self.pairs[0]))
        self.gain = cost[self.pairs] - cost.T[self.pairs]
        self.base = float(cost.T[self.pairs].sum())
        self.lower, self.upper = np.zeros(len(self.gain)), np.ones(len(self.gain))
        if first is not None:
            self.lower[self.pairs[0] == first] = 1.0
            self.upper[self.pairs[1] == first] = 0.0

    def order_cost(self, order: np.ndarray) -> float:
        """The cost of an order ``[m]``."""
        return float(np.triu(self.cost[np.ix_(order, order)], 1).sum())

    def order_of(self, x: np.ndarray) -> np.ndarray:
        """The order by how many candidates each one is before."""
        return np.argsort(-self._full(x).sum(1), kind="stable")

    def _full(self, x: np.ndarray) -> np.ndarray:
        full = np.zeros_like(self.cost)
        full[self.pairs] = x
        full.T[self.pairs] = 1.0 - x
        return full

    def _rows(self) -> tuple[csr_array, np.ndarray]:
        """The triples as A x <= b."""
        a, b, c, kind = self.triples.T
        sign = np.where(kind == 0, 1.0, -1.0)
        n = len(self.triples)
        columns = np.stack([self.number[a, b], self.number[b, c], self.number[a, c]], 1)
        values = np.stack([sign, sign, -sign], 1)
        rows = np.repeat(np.arange(n), 3)
        shape = (n, len(self.gain))
        return csr_array((values.ravel(), (rows, columns.ravel())), shape), (kind == 0) * 1.0

    def relaxed(self, seconds: float) -> tuple[np.ndarray, float, np.ndarray]:
        """The linear programme's solution, a lower bound, and how much it rises where a is put
        before b ``[m, m]``."""
        matrix, most = self._rows()
        found = linprog(
            self.gain, matrix, most, bounds=np.column_stack([self.lower, self.upper]),
            method="highs", options={"time_limit": seconds},
        )  # fmt: skip
        slack = np.zeros_like(self.cost)
        if found.status != 0:
            x = (self.gain < 0).astype(float)
            bound = self.base + np.minimum(self.gain * self.lower, self.gain * self.upper).sum()
            return np.clip(x, self.lower, self.upper), float(bound), slack
        # Any multipliers of the triples that are not negative give a bound.
        dual = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
        reduced = self.gain + matrix.T @ dual
        bound = (
            self.base
            - dual @ most
            + np.where(reduced < 0, reduced * self.upper, reduced * self.lower).sum()
        )
        slack[self.pairs] = np.maximum(reduced, 0.0)
        slack.T[self.pairs] = np.maximum(-reduced, 0.0)
        return found.x, float(bound), slack

    def branched(self, seconds: float) -> tuple[np.ndarray | None, float]:
        """A solution in whole numbers, None where none was found, and the bound of the search."""
        matrix, most = self._rows()
        found = milp(
            self.gain, integrality=np.ones(len(self.gain)), bounds=Bounds(self.lower, self.upper),
            constraints=LinearConstraint(matrix, -np.inf, most),
            options={"time_limit": seconds, "mip_rel_gap": 0.0},
        )  # fmt: skip
        bound = getattr(found, "mip_dual_bound", None)
        lower = -np.inf if bound is None else self.base + bound - BOUND_ERROR
        return (None if found.x is None else np.round(found.x)), lower

    def add_violated(self, x: np.ndarray) -> bool:
        """Add the triples that a solution violates most; False where it violates none."""
        full, m = self._full(x), len(self.cost)
        total = full[:, :, None] + full[None, :, :] - full[:, None, :]
        index = np.arange(m)
        ordered = (index[:, None, None] < index[None, :, None]) & (index[:, None] < index)
        over = np.where(ordered, np.maximum(total - 1.0, -total), 0.0)
        violated = np.argwhere(over > MIN_VIOLATION)
        if not len(violated):
            return False
        size = over[tuple(violated.T)]
        violated = violated[np.argsort(-size, kind="stable")[:MAX_ADDED]]
        kind = (total[tuple(violated.T)] < 0).astype(int)
        added = np.column_stack([violated, kind])
        before = len(self.triples)
        self.triples = np.unique(np.concatenate([self.triples, added]), axis=0)
        return len(self.triples) > before


def improved_order(
    cost: np.ndarray, first: int | None = None, order: np.ndarray | None = None
) -> np.ndarray:
    """An order of small cost: single candidates are moved while that lowers the cost.

    Args:
        cost: of a before b ``[m, m]``.
        first: a candidate that stays first; None for none.
        order: the order to begin with; by the sum of the costs, if None.
    """
    m = len(cost)
    order = np.argsort((cost - cost.T).sum(1), kind="stable") if order is None else order
    if first is not None:
        order = np.concatenate([[first], order[order != first]])
    fixed = int(first is not None)
    while True:
        gain = cost[np.ix_(order, order)] - cost.T[np.ix_(order, order)]
        best, move = -1e-12, None
        for i in range(fixed, m):
            # The change of the cost where the i-th moves ahead of earlier ones, or behind later.
            ahead = np.cumsum(gain[i, fixed:i][::-1])
            behind = np.cumsum(gain[i + 1 :, i])
            for change, step in ((ahead, -1), (behind, 1)):
                if len(change) and change.min() < best:
                    at = int(change.argmin())
                    best, move = float(change[at]), (i, i + step * (at + 1))
        if move is None:
            return order
        moved = order[move[0]]
        order = np.insert(np.delete(order, move[0]), move[1], moved)


def common_unit(margins: np.ndarray) -> float:
    """The largest number of which all margins are multiples, where it is at least 1 in
    ``MAX_UNITS`` of a voter; else 0."""
    sizes = np.unique(np.round(np.abs(margins), 15))
    rest = sizes[sizes > TIE_TOLERANCE]
    unit = 0.0
    for size in rest:
        a, b = float(size), unit
        while b > 0.5 / MAX_UNITS:
            a, b = b, a - b * round(a / b)
            b = abs(b)
        unit = a
        if unit < 1.0 / MAX_UNITS:
            return 0.0
    return unit if (np.abs(rest / unit - np.round(rest / unit)) < 1e-6).all() else 0.0
