"""Rankings whose every beginning represents the voters.

Source: Skowron, Lackner, Brill, Peters and Elkind, Proportional rankings (2017). A sequential rule
elects a larger committee by adding to the smaller one, so the order in which it elects is such a
ranking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scrl.committees.approvals import ApprovalProfile
from scrl.committees.elections import elect_committee
from scrl.types import InputError
from scrl.voting.profiles.profile import Profile

#: Sequential rules that elect a larger committee by adding to the smaller one.
RANKING_RULES = (
    "seq-pav", "phragmen", "maximin-support", "rev-seq-pav", "seq-slav", "seq-cc", "seq-thiele",
    "seq-borda-cc",
)  # fmt: skip


@dataclass(frozen=True)
class ProportionalRanking:
    """A ranking of all candidates.

    Attributes:
        names: of the candidates.
        order: candidate indices, best first.
        ties: for each place the candidates who could have taken it after the earlier places; the
            first in the order of the candidates took it.
        rule: that elected in this order.
    """

    names: tuple[str, ...]
    order: tuple[int, ...]
    ties: tuple[tuple[int, ...], ...]
    rule: str

    def named(self) -> list[str]:
        """The names, best first."""
        return [self.names[c] for c in self.order]


def proportional_ranking(
    profile: Profile | ApprovalProfile,
    rule: str = "seq-pav",
    approve: int | str | None = None,
    **settings: Any,
) -> ProportionalRanking:
    """Rank candidates so that every beginning of the ranking represents the voters.

    >>> votes = ApprovalProfile.from_sets("abcd", ["ab", "ab", "c", "d"], [4, 3, 4, 1])
    >>> proportional_ranking(votes).named()
    ['a', 'c', 'b', 'd']

    Args:
        rule: a name of ``RANKING_RULES``.
        approve: as in ``elect_committee``.
        settings: of the rule.

    Raises:
        InputError: for another rule, and as ``elect_committee``.
    """
    if rule not in RANKING_RULES:
        raise InputError(
            f"A proportional ranking needs one of the rules {', '.join(RANKING_RULES)}."
        )
    m = len(profile.names)
    reverse = rule.startswith("rev-")
    outcome = elect_committee(profile, rule, 1 if reverse else m, approve, 1, **settings)
    steps = outcome.rounds[::-1] if reverse else outcome.rounds
    order = tuple(step.chosen for step in steps)
    ties = tuple(step.tied for step in steps)
    if reverse:
        order, ties = (*outcome.committee, *order), (outcome.committee, *ties)
    return ProportionalRanking(profile.names, order, ties, rule)
