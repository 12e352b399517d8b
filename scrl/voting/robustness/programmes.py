"""The fewest ballots that have to change so that linear requirements hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from scrl.voting.robustness.electorate import ADD, REMOVE, REPLACE, BallotChange, whole

#: Most kinds of new ballots for which those that another kind beats are left out.
MAX_COMPARED = 600
#: Requirements within this are met.
TOLERANCE = 1e-6


class Unsolved(Exception):
    """The solver ran out of time."""


@dataclass(frozen=True, eq=False)
class Programme:
    """Linear requirements on the ballots after a change.

    A requirement is that a sum over ballots is not negative. ``slack`` is the sum for the ballots
    as they are; a removed ballot takes ``lost`` from it and a new ballot adds ``gained``.

    Attributes:
        count: ballots of each type ``[types]``.
        lost: ``[types, requirements]``.
        orders: the new ballots that may be cast.
        gained: ``[orders, requirements]``.
        slack: ``[requirements]``.
        kind: one of ``CHANGES``.
    """

    count: np.ndarray
    lost: np.ndarray
    orders: Sequence[tuple[int, ...]]
    gained: np.ndarray
    slack: np.ndarray
    kind: str


class Solution(NamedTuple):
    """No smaller change than ``least`` meets the requirements; ``change`` does, and has this size,
    or is None where only the bound is known."""

    least: int
    change: BallotChange | None


def no_change(types: int) -> BallotChange:
    """The change of no ballot."""
    return BallotChange(np.zeros(types, np.int64), (), np.zeros(0, np.int64))


def fewest_changes(
    programme: Programme,
    most: float = np.inf,
    relaxed: bool = False,
    seconds: float = 10.0,
) -> Solution | None:
    """The smallest change after which every requirement holds, by integer programming.

    Args:
        most: a larger change is of no interest.
        relaxed: whether a bound suffices, from fractions of ballots.
        seconds: time that the solver may take.

    Returns:
        The change or its bound, or None if no change of at most ``most`` ballots meets all
        requirements.

    Raises:
        Unsolved: where the time does not suffice.
    """
    count, slack, kind = programme.count, programme.slack, programme.kind
    if (slack >= -TOLERANCE).all():
        return Solution(0, no_change(len(count)))
    lost, gained = programme.lost, programme.gained
    step = np.maximum(lost.max(0), 0) + np.maximum(-gained.min(0, initial=0), 0)
    if np.isfinite(most):  # the others hold after any change of so many ballots
        may_fail = slack < most * step
        lost, gained, slack = lost[:, may_fail], gained[:, may_fail], slack[may_fail]
    first, group = _distinct_rows(lost)
    losses, available = lost[first], np.bincount(group, count, len(first))
    gains, kept = gained[:0], np.zeros(0, int)
    if kind != REMOVE:
        gains, kept = _useful(gained)
    found: tuple[np.ndarray, np.ndarray] | int | None = None
    for row in np.flatnonzero(slack < -TOLERANCE):
        found = _greedy(losses[:, row], available, gains[:, row], slack[row], kind)
        if found is None or max(part.sum() for part in found) > most:
            return None
    if len(slack) > 1:
        found = _integer_programme(losses, available, gains, slack, kind, relaxed, seconds)
    if found is None or isinstance(found, int):
        return None if found is None else Solution(found, None)
    removed, added = found
    orders = tuple(programme.orders[i] for i in kept)
    change = BallotChange(_allot(removed, group, count), orders, added.astype(np.int64))
    return Solution(change.size, change)


def _distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each distinct row stands first, and the number of the distinct row that each equals.

    Rows are told apart by a random projection, which takes a tenth of the time of ``np.unique``.
    """
    weights = np.random.default_rng(0).normal(size=rows.shape[1])
    _, first, group = np.unique(rows @ weights, return_index=True, return_inverse=True)
    return first, group.ravel()


def _useful(gained: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows, without those that another row equals or exceeds in every column, and
    where each stands."""
    first, _ = _distinct_rows(gained)
    rows = gained[first]
    if len(rows) > MAX_COMPARED:
        return rows, first
    beaten = (rows[:, None] <= rows[None]).all(2) & ~np.eye(len(rows), dtype=bool)
    return rows[~beaten.any(1)], first[~beaten.any(1)]


def _greedy(
    losses: np.ndarray, available: np.ndarray, gains: np.ndarray, slack: float, kind: str
) -> tuple[np.ndarray, np.ndarray] | None:
    """Ballots removed and added for one requirement: those that count most against it are changed
    first; None where no change suffices."""
    best = float(gains.max()) if len(gains) else 0.0
    removed, added = np.zeros(len(losses), np.int64), np.zeros(len(gains), np.int64)
    missing = -float(slack)
    if kind == ADD:
        if best <= 0:
            return None
        added[int(np.argmax(gains))] = whole(missing / best)
        return removed, added
    left = int(available.sum()) - (kind == REMOVE)
    for i in np.argsort(losses, kind="stable"):
        step = best - losses[i]
        if missing <= TOLERANCE or step <= 0 or not left:
            break
        removed[i] = min(available[i], whole(missing / step), left)
        left -= removed[i]
        missing -= removed[i] * step
    if missing > TOLERANCE:
        return None
    if kind == REPLACE:
        added[int(np.argmax(gains))] = removed.sum()
    return removed, added


def _integer_programme(
    losses: np.ndarray, available: np.ndarray, gains: np.ndarray, slack: np.ndarray, kind: str,
    relaxed: bool, seconds: float,
) -> tuple[np.ndarray, np.ndarray] | int | None:  # fmt: skip
    """Ballots removed and added for several requirements, by HiGHS; only their number where it is
    ``relaxed`` and fractions of ballots do better."""
    n, k = len(losses), len(gains)
    if kind == ADD:
        available = np.zeros(n)
    columns = np.vstack([-losses, gains])
    constraints = [LinearConstraint(columns.T, lb=-slack)]
    is_removed = np.concatenate([np.ones(n), np.zeros(k)])
    if kind == REPLACE:
        constraints.append(LinearConstraint((2 * is_removed - 1)[None], lb=0, ub=0))
    elif kind == REMOVE:
        constraints.append(LinearConstraint(is_removed[None], ub=available.sum() - 1))
    result = milp(
        is_removed if kind == REMOVE else 1 - is_removed,
        integrality=np.full(n + k, 0 if relaxed else 1),
        bounds=Bounds(0, np.concatenate([available, np.full(k, np.inf)])),
        constraints=constraints,
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if result.status == 1:
        raise Unsolved
    if result.x is None:
        return None
    changed = np.rint(result.x).astype(np.int64)
    if relaxed and np.abs(result.x - changed).max() > TOLERANCE:
        return whole(result.fun - TOLERANCE)
    return changed[:n], changed[n:]


def _allot(removed: np.ndarray, group: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The ballots removed of each type ``[types]``, from those removed of each group of types;
    types that come first give first."""
    taken = np.zeros(len(count), np.int64)
    for g in np.flatnonzero(removed):
        members = np.flatnonzero(group == g)
        before = np.cumsum(count[members]) - count[members]
        taken[members] = np.clip(removed[g] - before, 0, count[members])
    return taken
