"""Many profiles of the same candidates as one array, so that they are counted together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.types import Ballots, InputError
from scrl.voting.profiles.profile import Profile


def stack_profiles(profiles: Sequence[Profile]) -> Ballots:
    """The ballots of all profiles ``[profiles, ballots, candidates]``. Profiles with fewer ballots
    than the largest are filled up with ballots of weight 0.

    Raises:
        InputError: there is no profile, one is no ``Profile``, they differ in their candidates, or
            only some state utilities.
    """
    are_profiles = isinstance(profiles, Sequence) and all(isinstance(p, Profile) for p in profiles)
    if not are_profiles or not profiles:
        raise InputError("Give ballots, a profile, or a list of one or more profiles.")
    names = profiles[0].names
    other = next((i for i, profile in enumerate(profiles) if profile.names != names), None)
    if other is not None:
        raise InputError(
            f"Profile {other + 1} has other candidates than the first; profiles that are counted "
            "together have the same, in the same order."
        )
    have_utilities = {profile.utility is not None for profile in profiles}
    if len(have_utilities) > 1:
        raise InputError("Some profiles state utilities and others do not; count them apart.")
    voters = np.array([len(profile.place) for profile in profiles])
    is_ballot = np.arange(voters.max()) < voters[:, None]
    weight = np.zeros(is_ballot.shape)
    weight[is_ballot] = np.concatenate([profile.weight for profile in profiles])
    rank = np.full((*is_ballot.shape, len(names)), -1, np.int8 if len(names) < 128 else np.int32)
    rank[is_ballot] = np.concatenate([profile.place for profile in profiles])
    # Complete ballots of equal weight are counted without a copy.
    given_weight = None if (weight == 1).all() else weight
    if not have_utilities.pop():
        return Ballots(rank=rank, weight=given_weight)
    utility = np.zeros(rank.shape)
    stated = [profile.utility for profile in profiles if profile.utility is not None]
    utility[is_ballot] = np.concatenate(stated)
    return Ballots(utility, rank >= 0, given_weight)
