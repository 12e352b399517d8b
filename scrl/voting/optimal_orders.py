"""Orders of least disagreement with a profile, with a proof or a bound: Kemeny's and Slater's."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from scrl.types import InputError
from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.counting import aggregate_with_pairwise
from scrl.voting.profiles.profile import Profile
from scrl.voting.rules.order_search import OrderSearch
from scrl.voting.rules.orders import majority_blocks
from scrl.voting.truncated_ballots import LAST, SHARES

#: Most candidates that are ordered.
MAX_CANDIDATES = 200


@dataclass(frozen=True)
class OptimalOrder:
    """An order that disagrees little with a profile, and how much every order disagrees at least.

    Attributes:
        order: names of the candidates, best first.
        cost: the order's disagreement: for Kemeny the pairs of candidates that ballots rank the
            other way, times the ballots' weights, a tied pair half; for Slater the head-to-head
            wins that it reverses.
        lower_bound: no order has a smaller disagreement.
        proved: whether the order is optimal: whether ``cost`` is the bound, for Kemeny within 2e-6
            pairs for each voter in each majority cycle.
        seconds: how long the search took.
    """

    order: tuple[str, ...]
    cost: float
    lower_bound: float
    proved: bool
    seconds: float


def kemeny_ranking(
    profile: Profile, time_limit: float = 60.0, left_out: str | None = LAST, widths: str = SHARES
) -> OptimalOrder:
    """An order of least disagreement with the ballots (Kemeny 1959), one of them where several are
    optimal.

    A pair that a ballot ties costs half whichever way it is ordered. So this is also the order of
    least Kendall distance with penalty p = 1/2 for such a pair (Fagin et al. 2006); any other
    penalty adds the same to all orders.

    >>> from scrl.voting import Profile
    >>> cycle = Profile.from_text("4: A > B > C; 3: B > C > A; 2: C > A > B")
    >>> found = kemeny_ranking(cycle)
    >>> found.order, found.cost, found.proved
    (('A', 'B', 'C'), 10.0, True)

    Args:
        time_limit: seconds after which the best order found is returned, with its bound.
        left_out, widths: as in ``aggregate``.

    Raises:
        InputError: as ``aggregate``, for a time limit that is not positive, and for more than
            ``MAX_CANDIDATES`` candidates.
    """
    above = _pairwise_shares(profile, time_limit, left_out, widths)
    return _search(profile, above.T, time_limit, float(profile.weight.sum()))


def slater_ranking(
    profile: Profile, time_limit: float = 60.0, left_out: str | None = LAST, widths: str = SHARES
) -> OptimalOrder:
    """An order that reverses the fewest head-to-head wins (Slater 1961), one of them where several
    are optimal; tied pairs cost nothing. Arguments and errors as in ``kemeny_ranking``.

    >>> from scrl.voting import Profile
    >>> found = slater_ranking(Profile.from_text("4: A > B > C; 3: B > C > A; 2: C > A > B"))
    >>> found.cost, found.lower_bound, found.proved
    (1.0, 1.0, True)
    """
    above = _pairwise_shares(profile, time_limit, left_out, widths)
    return _search(profile, (above.T > 0.5 + TIE_TOLERANCE).astype(float), time_limit, 1.0)


def _pairwise_shares(
    profile: Profile, time_limit: float, left_out: str | None, widths: str
) -> np.ndarray:
    """P(a ≻ b) ``[candidates, candidates]``, after a check of the arguments."""
    if not time_limit > 0:
        raise InputError("The time limit is a number of seconds above 0.")
    if len(profile.names) > MAX_CANDIDATES:
        raise InputError(
            f"At most {MAX_CANDIDATES} candidates are ordered, and there are {len(profile.names)}."
        )
    return aggregate_with_pairwise(profile, [], left_out, widths)[1]


def _search(profile: Profile, cost: np.ndarray, time_limit: float, scale: float) -> OptimalOrder:
    """Search each majority cycle for the order of least ``cost [candidates, candidates]`` of a
    before b, and join the orders."""
    start = time.monotonic()
    cost = cost * (1 - np.eye(len(cost)))
    search = OrderSearch(cost, start + time_limit)
    # A set of candidates who beat all others is ahead in every optimal order (Truchon 1998).
    block = majority_blocks(0.5 + 0.5 * (cost.T - cost)[None])[0]
    order: list[int] = []
    gap, proved = 0.0, True
    for number in range(block.max() + 1):
        found = search.least(np.flatnonzero(block == number))
        order += found.order.tolist()
        gap += found.cost - found.bound
        proved = proved and found.proved
    total = float(np.triu(cost[np.ix_(order, order)], 1).sum())
    return OptimalOrder(
        tuple(profile.names[c] for c in order), _tidy(scale * total),
        _tidy(scale * (total if proved else total - gap)), proved, time.monotonic() - start,
    )  # fmt: skip


def _tidy(value: float) -> float:
    """The number without the rounding of a sum, where it is a multiple of a half."""
    near = round(2 * value) / 2
    return near if abs(value - near) < 1e-9 * max(1.0, abs(value)) else value
