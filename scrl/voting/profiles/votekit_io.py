"""Conversion to and from profiles of the optional package VoteKit (3.5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from scrl.types import InputError
from scrl.voting.profiles.profile import Profile


def to_votekit(profile: Profile) -> Any:
    """Convert to VoteKit's ``RankProfile``, with the ballots as they were cast.

    Raises:
        InputError: for a name that VoteKit does not accept, or if VoteKit is not installed.
    """
    try:
        from votekit import RankBallot, RankProfile
    except ImportError as error:
        raise InputError("VoteKit is not installed; pip install votekit.") from error
    # With ties VoteKit needs the number of candidates on the longest ballot, not of its places.
    longest = int((profile.place >= 0).sum(1).max())
    try:
        ballots = [
            RankBallot(ranking=[frozenset(tied) for tied in order], weight=weight)
            for order, weight in zip(profile.orders(), profile.weight.tolist(), strict=True)
        ]
        return RankProfile(ballots=ballots, candidates=profile.names, max_ranking_length=longest)
    except ValueError as error:  # its ProfileError is one
        raise InputError(
            f"VoteKit cannot hold the profile ({error}); rename candidates by profile.renamed."
        ) from error


def from_votekit(profile: Any) -> Profile:
    """Convert VoteKit's ``RankProfile``, or its ``ScoreProfile`` with scores as utilities, where a
    candidate without a score has 0. Blank ballots, and empty places of a ballot, are left out.

    Raises:
        InputError: for any other type, or a profile without a ballot that ranks a candidate.
    """
    if not hasattr(profile, "total_ballot_wt"):
        raise InputError(f"A {type(profile).__name__} is none of VoteKit's profile types.")
    names = tuple(str(candidate) for candidate in profile.candidates)
    column = {candidate: i for i, candidate in enumerate(profile.candidates)}
    try:
        ballots = list(profile.ballots)
    except NotImplementedError:  # its profile without ballots
        ballots = []
    scored = [ballot for ballot in ballots if getattr(ballot, "scores", None)]
    if scored:
        utility = np.zeros((len(scored), len(names)))
        for row, ballot in zip(utility, scored, strict=True):
            for candidate, score in ballot.scores.items():
                row[column[candidate]] = score
        return Profile.from_utilities(names, utility, [float(b.weight) for b in scored])
    cast = [ballot for ballot in ballots if any(getattr(ballot, "ranking", None) or ())]
    if not cast:
        raise InputError("No ballot of the profile ranks a candidate.")
    place = np.full((len(cast), len(names)), -1)
    for row, ballot in zip(place, cast, strict=True):
        for rank, tied in enumerate(filter(None, ballot.ranking)):
            for candidate in tied:
                row[column[candidate]] = rank
    return Profile(names, place, np.array([float(ballot.weight) for ballot in cast]))
