"""A slate of completions in place of one: whom it serves.

A reader who sees k answers uses the one that suits best. So a slate serves voters by its best
member, and the question of a rule is how many voters have an answer of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.committees.approvals import check_seats, ranking_ballots
from scrl.committees.outcomes import Members
from scrl.committees.ranked_rules import borda_points
from scrl.committees.representation import members_mask
from scrl.voting import aggregate
from scrl.voting.profiles.profile import Profile
from scrl.voting.truncated_ballots import complete_ballots


@dataclass(frozen=True, eq=False)
class SlateService:
    """How a slate serves each ballot.

    Attributes:
        best: its member that the ballot ranks highest, the first of those tied ``[ballots]``.
        ahead: the number of candidates whom the ballot ranks above that member ``[ballots]``.
        utility: that the ballot has of it: the stated utility, or where there is none Borda points
            as a share of the most possible ``[ballots]``.
        weight: of the ballots ``[ballots]``.
    """

    best: np.ndarray
    ahead: np.ndarray
    utility: np.ndarray
    weight: np.ndarray

    @property
    def favourite_share(self) -> float:
        """The share of the weight whose favourite is in the slate."""
        return float(self.weight[self.ahead == 0].sum() / self.weight.sum())

    @property
    def mean_utility(self) -> float:
        """The mean utility of the best member."""
        return float(self.weight @ self.utility / self.weight.sum())

    def least_utility(self, labels: Sequence[str]) -> float:
        """The mean utility of the group that is served worst, groups by the ballots' labels."""
        groups = np.array(labels, object)
        means = [
            np.average(self.utility[groups == g], weights=self.weight[groups == g])
            for g in dict.fromkeys(labels)
        ]
        return float(min(means))


def slate_service(profile: Profile, slate: Members) -> SlateService:
    """How a slate serves the voters of a profile. Candidates left out are tied last.

    Args:
        slate: its members, as in ``check_representation``.

    Raises:
        InputError: for no or repeated members, or one that is no candidate.
    """
    members = np.flatnonzero(members_mask(slate, profile.names))
    profile = ranking_ballots(profile)
    place = complete_ballots(profile).place
    best = members[place[:, members].argmin(axis=1)]
    rows = np.arange(len(place))
    ahead = (place < place[rows, best][:, None]).sum(axis=1)
    if profile.utility is None:
        value = borda_points(profile) / max(len(profile.names) - 1, 1)
    else:
        value = profile.utility
    return SlateService(best, ahead, value[rows, best], profile.weight)


def top_of_scores(profile: Profile, rule: str, seats: int) -> tuple[int, ...]:
    """The slate of the candidates that a rule for one winner, or a reward, scores highest; ties by
    the order of the candidates.

    Args:
        rule: a name of ``scrl.RULES``, such as ``"bradley-terry"``: the usual reward model.

    Raises:
        InputError: for a wrong number of seats.
    """
    seats = check_seats(seats, len(profile.names))
    outcome = aggregate(complete_ballots(profile).ballots(), rule)
    order = np.argsort(outcome.place, kind="stable")
    return tuple(sorted(order[:seats].tolist()))
