"""Conversion to and from profiles of the optional package pref_voting."""

from __future__ import annotations

from typing import Any

import numpy as np

from scrl.types import Ballots, InputError
from scrl.voting.profiles.profile import Profile


def to_pref_voting(ballots: Ballots | Profile) -> Any:
    """Convert to pref_voting's ``Profile`` where every ballot is a strict order of all candidates,
    else to its ``ProfileWithTies``. Candidates are numbered in their order.

    Raises:
        InputError: for several contests, for weights that are not whole numbers (pref_voting's
            weights are numbers of voters), or if pref_voting is not installed.
    """
    try:
        from pref_voting.profiles import Profile as PrefVotingProfile
        from pref_voting.profiles_with_ties import ProfileWithTies
    except ImportError as error:
        raise InputError("pref_voting is not installed; pip install pref_voting.") from error
    profile = ballots if isinstance(ballots, Profile) else _from_ballots(ballots)
    counts = np.rint(profile.weight).astype(int)
    if (np.abs(counts - profile.weight) > 1e-9 * np.minimum(profile.weight, 1)).any():
        raise InputError("A ballot weight is a fraction; pref_voting counts whole voters.")
    names = dict(enumerate(profile.names))
    if profile.is_strict:
        return PrefVotingProfile(
            profile.place.argsort(1).tolist(), rcounts=counts.tolist(), cmap=names
        )
    rankings = [{int(c): int(row[c]) for c in np.flatnonzero(row >= 0)} for row in profile.place]
    return ProfileWithTies(rankings, rcounts=counts.tolist(), candidates=list(names), cmap=names)


def from_pref_voting(profile: Any) -> Profile:
    """Convert pref_voting's ``Profile``, ``ProfileWithTies`` or ``UtilityProfile``, the latter with
    its utilities. Rules count the ``ballots()`` of the result.

    Raises:
        InputError: for any other type, or a missing utility.
    """
    if hasattr(profile, "utilities"):
        domain = list(profile.domain)
        values = [[utility(x) for x in domain] for utility in profile.utilities]
        if any(value is None for row in values for value in row):
            raise InputError("A utility of the profile is missing; give one for each candidate.")
        return Profile.from_utilities([str(profile.cmap[x]) for x in domain], values)
    if not hasattr(profile, "rankings_counts"):
        raise InputError(f"A {type(profile).__name__} is none of pref_voting's profile types.")
    candidates = list(profile.candidates)
    names = [str(profile.cmap[c]) for c in candidates]
    rankings, counts = profile.rankings_counts
    place = np.full((len(rankings), len(candidates)), -1)
    for row, ranking in zip(place, rankings, strict=True):
        rank = getattr(ranking, "rmap", None)
        rank = dict(zip(map(int, ranking), range(len(row)), strict=True)) if rank is None else rank
        levels = sorted(set(rank.values()))
        for candidate, level in rank.items():
            row[candidates.index(candidate)] = levels.index(level)
    return Profile(tuple(names), place, counts)


def _from_ballots(ballots: Ballots) -> Profile:
    utility = -np.asarray(ballots.rank, int) if ballots.utility is None else ballots.utility
    utility = np.asarray(utility)
    if utility.ndim != 2:
        raise InputError("pref_voting holds one contest; give the ballots of one.")
    voters, m = utility.shape
    mask = np.ones(m, bool) if ballots.candidates is None else np.asarray(ballots.candidates)
    ranked = np.ones(utility.shape, bool) if ballots.ranked is None else np.asarray(ballots.ranked)
    if ballots.utility is None:
        ranked = ranked & (np.asarray(ballots.rank) >= 0)
    ranked = (ranked & mask)[:, mask]
    weight = np.ones(voters) if ballots.weight is None else np.asarray(ballots.weight, float)
    place = np.full(ranked.shape, -1)
    for row, values, is_ranked in zip(place, utility[:, mask], ranked, strict=True):
        row[is_ranked] = np.unique(-values[is_ranked], return_inverse=True)[1].reshape(-1)
    counted = (weight > 0) & ranked.any(1)
    names = tuple(map(str, np.flatnonzero(mask)))
    return Profile(names, place[counted], weight[counted])
