"""Positional rules: points for places. Tied candidates share the mean of the points of the places
they fill."""

from __future__ import annotations

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE, Contest
from scrl.voting.namespace import Array
from scrl.voting.registry import rule


@rule(
    "plurality",
    title="Plurality",
    family="positional",
    returns="scores",
    summary="Only first places count. The candidate with the most first places wins.",
    reference="share of ballots with the candidate at the top, a tied top split equally",
    satisfies="majority monotonicity participation later-no-harm",
    distortion=("Θ(m²)", "2m − 1"),
)
def plurality(profile: Contest) -> Array:
    return profile.first_places(profile.candidate_mask)


@rule(
    "anti-plurality",
    title="Anti-plurality",
    family="positional",
    returns="scores",
    summary="Only last places count. The candidate with the fewest last places wins.",
    reference="also called veto; minus the share of ballots with the candidate at the bottom of "
    "those it ranks, a tied bottom split equally",
    satisfies="majority-loser monotonicity participation",
    distortion=("unbounded", "unbounded"),
)
def anti_plurality(profile: Contest) -> Array:
    return -profile.last_places(profile.candidate_mask)


@rule(
    "2-approval",
    title="2-approval",
    family="positional",
    returns="scores",
    summary="Each ballot gives one point to each of its first two candidates.",
    reference="k-approval with k = 2",
)
def two_approval(profile: Contest) -> Array:
    return approval(profile, 2)


@rule(
    "3-approval",
    title="3-approval",
    family="positional",
    returns="scores",
    summary="Each ballot gives one point to each of its first three candidates.",
    reference="k-approval with k = 3",
)
def three_approval(profile: Contest) -> Array:
    return approval(profile, 3)


def approval(profile: Contest, k: int) -> Array:
    """The share of ballots with the candidate in one of the first k places ``[candidates]``."""
    return profile.place_shares[:, :k].sum(axis=1)


@rule(
    "borda",
    title="Borda",
    family="positional",
    reads="pairwise",
    returns="scores",
    summary="Each ballot gives a candidate one point for every candidate below it. "
    "Bradley–Terry learns this order when all pairs are compared equally often.",
    reference="Borda 1781; with missing comparisons, the sum of P(a ≻ b) over opponents",
    satisfies="majority-loser condorcet-loser monotonicity participation reversal",
    distortion=("unbounded", "2m − 1"),
)
def borda(profile: Contest) -> Array:
    return profile.borda_scores


@rule(
    "dowdall",
    title="Dowdall",
    family="positional",
    returns="scores",
    summary="A first place gives 1 point, a second place 1/2, a third place 1/3, and so on.",
    reference="harmonic scores; used in Nauru",
)
def dowdall(profile: Contest) -> Array:
    return profile.place_shares @ (1.0 / np.arange(1, profile.size + 1))


@rule(
    "bucklin",
    title="Bucklin",
    family="positional",
    returns="order",
    summary="First places are counted. While nobody has a majority, second places are added, "
    "then third places, and so on.",
    reference="each candidate by the level at which its votes pass half of the ballots, then by "
    "the votes it has there",
)
def bucklin(profile: Contest) -> Array:
    xp = profile.xp
    votes = xp.cumsum(profile.place_shares, axis=1)
    passed = votes > 0.5 + TIE_TOLERANCE
    # On truncated ballots a candidate may never pass half. It then comes behind those that do, and
    # is ordered by all its votes.
    level = xp.where(passed.any(1), xp.argmax(passed, axis=1), profile.size)
    at = xp.minimum(level, profile.size - 1)
    return xp.take_along_axis(votes, at[:, None], axis=1)[:, 0] - 2.0 * level
