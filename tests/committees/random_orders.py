"""Random ballots of orders, and pref_voting's count of the single transferable vote."""

from __future__ import annotations

import numpy as np

from scrl.committees import ELECTED, StvCount
from scrl.voting import Profile


def draw_orders(rng: np.random.Generator, ties: bool = True) -> Profile:
    """Weighted ballots, many of them short; with ``ties`` some begin with a tie."""
    m, n = int(rng.integers(2, 6)), int(rng.integers(1, 9))
    orders = []
    for _ in range(n):
        order: list = rng.permutation(m)[: rng.integers(1, m + 1)].tolist()
        if ties and len(order) > 1 and rng.random() < 0.5:
            order = [tuple(order[:2]), *order[2:]]
        orders.append(order)
    return Profile.from_orders("abcdef"[:m], orders, rng.integers(1, 9, n))


def agrees_with_pref_voting(
    profile: Profile, seats: int, transfer: str, count: StvCount
) -> bool | None:
    """Whether pref_voting's committee is among those of a count.

    It breaks ties by itself. By Meek it elects at V / (k + 1) where we ask for more, so the answer
    is None where a candidate who is not elected has just that. A tied ballot that moves on skips
    the candidates with whom it was tied, so ballots have to be strict.
    """
    from pref_voting.profiles_with_ties import ProfileWithTies
    from pref_voting.proportional_methods import stv_meek, stv_wig

    theirs = ProfileWithTies(
        [{c: int(p) for c, p in enumerate(row) if p >= 0} for row in profile.place],
        [int(w) for w in profile.weight], candidates=list(range(len(profile.names))),
    )  # fmt: skip
    if transfer == "meek":
        edge = [(np.abs(s.votes - s.quota) < 1e-6) & (s.status != ELECTED) for s in count.stages]
        if np.any(edge):
            return None
        return tuple(stv_meek(theirs, num_seats=seats)) in count.outcome.committees
    found = stv_wig(theirs, num_seats=seats, quota_rule="droop")
    return tuple(found) in count.outcome.committees
