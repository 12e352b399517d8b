"""Rules of committees that read orders: bloc, k-Borda, Chamberlin–Courant with Borda scores, and
expanding approvals.

Sources: Elkind, Faliszewski, Skowron and Slinko, Properties of multiwinner voting rules (2017);
Aziz and Lee, The expanding approvals rule (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE
from scrl.committees.batches import ApprovalBatch, ElectedCommittees
from scrl.committees.quotas import quota_of
from scrl.committees.rounds import ElectionRound
from scrl.committees.thiele import (
    elect_by_points,
    elect_sequentially,
    elect_thiele,
    thiele_weights,
)
from scrl.voting.profiles.profile import Profile
from scrl.voting.truncated_ballots import complete_ballots

#: Most ways of breaking ties that expanding approvals follows at once.
_MAX_STATES = 2_000


def borda_points(profile: Profile) -> np.ndarray:
    """The points of each ballot: one for each candidate below, half for each that is tied; those
    left out are tied last ``[ballots, candidates]``."""
    place = complete_ballots(profile).place
    below = (place[:, None, :] > place[:, :, None]).sum(axis=2)
    tied = (place[:, None, :] == place[:, :, None]).sum(axis=2) - 1
    return below + 0.5 * tied


def vote_shares(profile: Profile, votes: int) -> np.ndarray:
    """What a ballot of so many votes gives each candidate ``[ballots, candidates]``: one to each of
    its first, tied candidates sharing the votes of their places; nothing to those left out."""
    place = profile.place
    ranked = place >= 0
    above = (ranked[:, None, :] & (place[:, None, :] < place[:, :, None])).sum(axis=2)
    tied = (ranked[:, None, :] & (place[:, None, :] == place[:, :, None])).sum(axis=2)
    share = np.clip((votes - above) / np.maximum(tied, 1), 0.0, 1.0)
    return np.where(ranked, share, 0.0)


def elect_by_votes(profile: Profile, seats: int, limit: int, votes: int) -> ElectedCommittees:
    """The candidates with most votes: bloc (as many votes as seats) or one vote each (SNTV)."""
    points = profile.weight @ vote_shares(profile, votes)
    return elect_by_points(
        points[None], seats, np.array([TIE_TOLERANCE * profile.weight.sum()]), limit
    )


def elect_by_borda(profile: Profile, seats: int, limit: int) -> ElectedCommittees:
    """k-Borda: the candidates with the highest Borda scores."""
    points = profile.weight @ borda_points(profile)
    return elect_by_points(
        points[None], seats, np.array([TIE_TOLERANCE * profile.weight.sum()]), limit
    )


def elect_borda_cc(
    profile: Profile,
    seats: int,
    limit: int,
    rounds: list[ElectionRound] | None = None,
    sequential: bool = False,
    time_limit: float = 60.0,
) -> ElectedCommittees:
    """Chamberlin and Courant's rule (1983): a ballot gives a committee the Borda points of its best
    member.

    The points of the best member are a sum over the ballot's levels: each level is worth its
    distance to the next if somebody at or above it is elected. So the rule is approval CC with one
    ballot for each level.

    Args:
        rounds: list to which the rounds of the sequential rule are added.
        sequential: whether to add the best candidate one by one.
        time_limit: seconds of an integer programme.
    """
    points = borda_points(profile)
    least = points.min(axis=1)
    approves, weight = [], []
    for row, w in zip(points, profile.weight, strict=True):
        levels = np.unique(row)
        for low, high in pairwise(levels.tolist()):
            approves.append(row >= high)
            weight.append(w * (high - low))
    constant = float(profile.weight @ least)
    if not approves:  # every ballot ties all candidates
        approves, weight = [np.ones(len(profile.names), bool)], [1e-300]
    distinct, group = np.unique(np.array(approves), axis=0, return_inverse=True)
    batch = ApprovalBatch(distinct[None], np.bincount(group.ravel(), weight)[None])
    cc = thiele_weights("cc", seats)
    if sequential:
        return elect_sequentially(batch, seats, cc, limit, rounds)
    found = elect_thiele(batch, seats, cc, limit, time_limit)
    assert found.score is not None
    return ElectedCommittees(
        found.profile, found.members, found.score + constant, found.all_found,
        None if found.bound is None else found.bound + constant,
    )  # fmt: skip


# -- expanding approvals ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Partial:
    """A partial committee of expanding approvals, the weights left, and the level reached."""

    committee: frozenset[int]
    weight: np.ndarray
    level: int


def elect_by_expanding_approvals(
    profile: Profile,
    seats: int,
    limit: int,
    rounds: list[ElectionRound] | None = None,
    quota: str = "expanding",
) -> ElectedCommittees:
    """Voters approve their first candidate, then their first two, and so on. Whenever candidates
    have the weight of a quota, the best of them in the rank-maximal order is elected, and its
    voters lose a quota in proportion.

    Args:
        limit: most committees; with 1 ties are broken by the order of the candidates.
        rounds: list to which the rounds are added; their scores are the weights of the supporters.
        quota: a name of ``quotas.QUOTAS``.
    """
    full = complete_ballots(profile)
    above = (full.place[:, None, :] < full.place[:, :, None]).sum(axis=2)
    m, total = len(profile.names), float(profile.weight.sum())
    price = quota_of(quota, profile.weight, seats, m)
    order = _rank_maximal_places(above, profile.weight)
    waiting, all_found = [_Partial(frozenset(), profile.weight, 1)], True
    done: set[tuple[int, ...]] = set()
    seen: set[tuple] = set()
    while waiting and len(done) < limit:
        state = waiting.pop()
        if len(state.committee) == seats:
            done.add(tuple(sorted(state.committee)))
            continue
        approves = above < state.level
        support = state.weight @ approves
        can = price.is_reached(support, total)
        can[list(state.committee)] = False
        if state.level >= m and not can.any():  # rounding, or quotas that nobody can pay
            can = np.ones(m, bool)
            can[list(state.committee)] = False
        if not can.any():
            waiting.append(_Partial(state.committee, state.weight, state.level + 1))
            continue
        chosen = np.flatnonzero(can & (order == order[can].min()))
        if rounds is not None and len(rounds) < seats:
            shown = np.where(can, support, np.nan)
            rounds.append(ElectionRound(int(chosen[0]), tuple(chosen.tolist()), shown))
        for c in reversed(chosen[: 1 if limit == 1 else None].tolist()):
            had = max(float(support[c]), 1e-300)
            kept = np.where(approves[:, c], max(had - price.value, 0.0) / had, 1.0)
            new = _Partial(state.committee | {c}, state.weight * kept, state.level)
            key = (new.committee, new.level, tuple(np.round(new.weight / total, 10)))
            if key not in seen:
                seen.add(key)
                waiting.append(new)
        all_found &= limit > 1 or len(chosen) == 1
        if len(seen) > _MAX_STATES:
            all_found, limit = False, max(len(done), 1)
    members = np.zeros((len(done), m), bool)
    for row, committee in zip(members, sorted(done), strict=True):
        row[list(committee)] = True
    return ElectedCommittees(
        np.zeros(len(done), int), members, None, np.array([all_found and not waiting])
    )


def _rank_maximal_places(above: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The place of each candidate by most first places, then most second places, and so on; equal
    for candidates that are alike ``[candidates]``."""
    m = above.shape[1]
    vectors = np.stack([weight @ (above == level) for level in range(m)], axis=1)
    vectors = np.round(vectors / weight.sum(), 9)
    distinct = sorted({tuple(row) for row in vectors.tolist()}, reverse=True)
    return np.array([distinct.index(tuple(row)) for row in vectors.tolist()])
