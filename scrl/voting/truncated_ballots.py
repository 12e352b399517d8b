"""What a ballot says of the candidates that it leaves out.

Elections usually read a truncated ballot as one that ties all candidates left out in last place.
Data of comparisons read them as unseen. The package pref_voting does neither: its margins count no
preference between two candidates unless the ballot ranks both, its Borda scores put candidates left
out last, and its plurality, Bucklin and instant runoff give them nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scrl.types import InputError
from scrl.voting.profile import Profile
from scrl.voting.registry import RULES

#: Tied in last place; nothing is known of them; as pref_voting 1.18 counts.
LAST, UNSEEN, PREF_VOTING = "last", "unseen", "pref_voting"
#: The rules by which pref_voting counts truncated ballots: those that give points to ranked
#: candidates only, and those that read margins.
_COUNT_RANKED_ONLY = frozenset({"plurality", "bucklin", "instant-runoff"})
_READ_MARGINS = frozenset(
    {"copeland", "minimax", "schulze", "split-cycle", "kemeny", "ranked-pairs", "maximal-lottery",
     "c1-maximal-lottery"}
)  # fmt: skip


def complete_ballots(profile: Profile) -> Profile:
    """The profile with the candidates that a ballot leaves out tied in its last place."""
    if profile.is_complete:
        return profile
    last = profile.place.max(axis=1, keepdims=True) + 1
    return replace(profile, place=np.where(profile.place < 0, last, profile.place))


def comparing_ballots(profile: Profile) -> Profile:
    """The ballots that rank at least two candidates: where those left out are unseen, another
    ballot compares nothing.

    Raises:
        InputError: there is no such ballot.
    """
    compares = (profile.place >= 0).sum(axis=1) >= min(2, len(profile.names))
    if compares.all():
        return profile
    if not compares.any():
        raise InputError(
            "Every ballot names one candidate only, so that no two candidates are compared; read "
            "the candidates that a ballot leaves out as tied last."
        )
    utility = None if profile.utility is None else profile.utility[compares]
    labels = tuple(label for label, kept in zip(profile.labels, compares, strict=True) if kept)
    return Profile(
        profile.names, profile.place[compares], profile.weight[compares], labels, utility
    )


def ballots_with_margins(profile: Profile) -> Profile:
    """The profile with a tie on each pair of candidates for the ballots that do not rank both.

    The share P(a ≻ b) of the result is ½ + ½ (voters who rank a above b − voters who rank b above
    a) / all voters, so that rules that read P alone count pref_voting's margins.
    """
    ranked = profile.place >= 0
    both = np.einsum("i,ia,ib->ab", profile.weight, ranked, ranked)
    missing = profile.weight.sum() - both
    first, second = np.nonzero(np.triu(missing > 1e-9 * profile.weight.sum(), 1))
    if not len(first):
        return profile
    ties = np.full((len(first), len(profile.names)), -1)
    rows = np.arange(len(first))
    ties[rows, first] = ties[rows, second] = 0
    return Profile(
        profile.names,
        np.vstack([profile.place, ties]),
        np.append(profile.weight, missing[first, second]),
        (*profile.labels, *[""] * len(first)),
    )


def ballots_read_by(rule: str, profile: Profile, left_out: str) -> Profile:
    """The ballots that a rule counts.

    Args:
        rule: its name in the registry.
        left_out: what a ballot says of the candidates that it leaves out: ``LAST``, ``UNSEEN`` or
            ``PREF_VOTING``.

    Raises:
        InputError: for another meaning, a rule by which pref_voting counts no truncated ballots, or
            unseen candidates where no ballot compares two.
    """
    if left_out not in (LAST, UNSEEN, PREF_VOTING):
        raise InputError("A candidate left out is 'last', 'unseen' or as in 'pref_voting'.")
    if profile.is_complete:
        return profile
    if left_out == LAST or (left_out == PREF_VOTING and rule == "borda"):
        return complete_ballots(profile)
    if left_out == UNSEEN:
        return comparing_ballots(profile)
    if rule in _READ_MARGINS:
        return ballots_with_margins(profile)
    if rule not in _COUNT_RANKED_ONLY:
        raise InputError(
            f"pref_voting counts no ballots that leave candidates out by {RULES[rule].title}."
        )
    return profile
