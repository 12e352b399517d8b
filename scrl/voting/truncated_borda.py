"""Borda counts of truncated ballots, by the conventions that the literature names."""

from __future__ import annotations

import numpy as np

from scrl.types import InputError, Outcome
from scrl.voting.profiles.profile import Profile
from scrl.voting.weak_orders import weak_order

#: Points of m - 1 - place: those left out share the mean of the places left, get the points of the
#: best of these, or get none. ``MODIFIED``: a ballot that ranks k candidates gives k, k - 1 … 1.
AVERAGE, ROUND_UP, ROUND_DOWN, MODIFIED = "average", "round-up", "round-down", "modified"
CONVENTIONS = (AVERAGE, ROUND_UP, ROUND_DOWN, MODIFIED)


def truncated_borda(profile: Profile, convention: str = AVERAGE) -> Outcome:
    """Borda's rule with a stated convention for the candidates that a ballot leaves out.

    Tied candidates share the mean of the points of the places that they fill. On complete ballots
    ``AVERAGE``, ``ROUND_UP`` and ``ROUND_DOWN`` are Borda's rule, and ``MODIFIED`` gives one point
    more to everybody. ``AVERAGE`` is also what Borda gives where those left out are tied last.

    >>> from scrl.voting import Profile
    >>> profile = Profile.from_text("3: A; 2: B > C > A")
    >>> for convention in CONVENTIONS:
    ...     print(convention, truncated_borda(profile, convention).scores.tolist())
    average [1.2, 1.1, 0.7]
    round-up [1.2, 1.4, 1.0]
    round-down [1.2, 0.8, 0.4]
    modified [1.0, 1.2, 0.8]

    Args:
        convention: ``AVERAGE``, ``ROUND_UP`` (optimistic) or ``ROUND_DOWN`` (pessimistic), of
            Baumeister, Faliszewski, Lang & Rothe 2012; or ``MODIFIED`` (Emerson 2013).

    Returns:
        The outcome, with mean points a voter; a ballot that ranks nobody is not counted.

    Raises:
        InputError: for another convention, and where no ballot ranks a candidate.
    """
    if convention not in CONVENTIONS:
        raise InputError(f"Borda counts truncated ballots by {', '.join(CONVENTIONS)}.")
    counted = (profile.place >= 0).any(axis=1)
    if not counted.any():
        raise InputError("No ballot ranks a candidate; give one that does.")
    place, weight = profile.place[counted], profile.weight[counted]
    ranked, m = place >= 0, place.shape[1]
    both = ranked[:, :, None] & ranked[:, None, :]
    ahead = (both & (place[:, None, :] < place[:, :, None])).sum(-1)
    tied = (both & (place[:, None, :] == place[:, :, None])).sum(-1)
    size = ranked.sum(1, keepdims=True)
    points = m - 1 - ahead - (tied - 1) / 2
    if convention == MODIFIED:
        points = points - (m - size) + 1
    unranked = {AVERAGE: (m - size - 1) / 2, ROUND_UP: m - size - 1.0}.get(convention, 0.0)
    scores = weight @ np.where(ranked, points, unranked) / weight.sum()
    return Outcome("borda", weak_order(scores), scores)
