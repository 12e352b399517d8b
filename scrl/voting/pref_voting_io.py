"""Ballots to and from pref_voting's profiles, where that package is installed."""

from __future__ import annotations

import numpy as np

from scrl.types import Ballots, InputError
from scrl.voting.anonymous_profile import AnonymousProfile


def to_pref_voting(ballots: Ballots | AnonymousProfile):
    """pref_voting's ``Profile`` where every ballot is a strict order of all candidates, else its
    ``ProfileWithTies``, candidates numbered in their order.

    Raises:
        InputError: for several contests at once, weights that are not whole numbers (there, a
            weight is a number of voters), or without that package.
    """
    try:
        from pref_voting.profiles import Profile
        from pref_voting.profiles_with_ties import ProfileWithTies
    except ImportError as error:
        raise InputError("pref_voting is not installed; pip install pref_voting.") from error
    profile = ballots if isinstance(ballots, AnonymousProfile) else _of_ballots(ballots)
    counts = np.rint(profile.weight).astype(int)
    if (np.abs(counts - profile.weight) > 1e-9).any():
        raise InputError("pref_voting counts whole voters, and a ballot weighs a fraction.")
    if profile.is_strict:
        return Profile(profile.place.argsort(1).tolist(), rcounts=counts.tolist())
    rankings = [{int(c): int(row[c]) for c in np.flatnonzero(row >= 0)} for row in profile.place]
    return ProfileWithTies(
        rankings, rcounts=counts.tolist(), candidates=list(range(len(profile.names)))
    )


def from_pref_voting(profile) -> AnonymousProfile:
    """From a ``Profile``, ``ProfileWithTies`` or ``UtilityProfile``, the latter with its utilities;
    ``.ballots()`` is what rules count.

    Raises:
        InputError: for anything else.
    """
    if hasattr(profile, "utilities"):
        domain = list(profile.domain)
        values = [[utility(x) for x in domain] for utility in profile.utilities]
        if any(value is None for row in values for value in row):
            raise InputError("A utility of the profile is missing; give one for each candidate.")
        return AnonymousProfile.from_utilities([str(profile.cmap[x]) for x in domain], values)
    if not hasattr(profile, "rankings_counts"):
        raise InputError(f"A {type(profile).__name__} is none of pref_voting's profiles.")
    candidates = list(profile.candidates)
    names = [str(profile.cmap[c]) for c in candidates]
    rankings, counts = profile.rankings_counts
    place = np.full((len(rankings), len(candidates)), -1)
    for row, ranking in zip(place, rankings, strict=True):
        rank = getattr(ranking, "rmap", None)
        rank = dict(zip(map(int, ranking), range(len(row)), strict=True)) if rank is None else rank
        levels = sorted(set(rank.values()))
        for c, at in rank.items():
            row[candidates.index(c)] = levels.index(at)
    return AnonymousProfile(tuple(names), place, counts)


def _of_ballots(ballots: Ballots) -> AnonymousProfile:
    utility = -np.asarray(ballots.rank, int) if ballots.utility is None else ballots.utility
    utility = np.asarray(utility)
    if utility.ndim != 2:
        raise InputError("pref_voting holds one contest; give the ballots of one.")
    voters, m = utility.shape
    stand = np.ones(m, bool) if ballots.candidates is None else np.asarray(ballots.candidates)
    ranked = np.ones(utility.shape, bool) if ballots.ranked is None else np.asarray(ballots.ranked)
    ranked = (ranked & stand)[:, stand]
    weight = np.ones(voters) if ballots.weight is None else np.asarray(ballots.weight, float)
    place = np.full(ranked.shape, -1)
    for row, worth, on in zip(place, utility[:, stand], ranked, strict=True):
        row[on] = np.unique(-worth[on], return_inverse=True)[1].reshape(-1)
    cast = (weight > 0) & ranked.any(1)
    return AnonymousProfile(map(str, np.flatnonzero(stand)), place[cast], weight[cast])
