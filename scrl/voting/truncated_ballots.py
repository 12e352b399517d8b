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
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES

#: Tied in last place; nothing is known of them; as pref_voting 1.18 counts.
LAST, UNSEEN, PREF_VOTING = "last", "unseen", "pref_voting"
#: The width of a victory of a over b is the share, among the ballots that rank both, that P(a ≻ b)
#: exceeds ½ by; or the ballots for a less those for b, over all ballots.
SHARES, COUNTS = "shares", "counts"
#: What is said where candidates left out are unseen and no ballot ranks two.
NO_COMPARISON = (
    "Every ballot names one candidate only, so that no two candidates are compared; read the "
    "candidates that a ballot leaves out as tied last."
)
#: The rules by which pref_voting counts truncated ballots: those that give points to ranked
#: candidates only, and those that read margins.
_COUNT_RANKED_ONLY = frozenset({"plurality", "bucklin", "instant-runoff"})
_READ_MARGINS = frozenset(
    {"copeland", "minimax", "schulze", "split-cycle", "kemeny", "ranked-pairs", "maximal-lottery",
     "c1-maximal-lottery", "river", "stable-voting", "simple-stable-voting", "slater", "smith-set",
     "schwartz-set", "uncovered-set", "smith-minimax"}
)  # fmt: skip


def check_reading(left_out: str | None, widths: str = SHARES) -> None:
    """Raise ``InputError`` for a meaning of candidates left out, or a width of victories, that
    there is not."""
    if left_out not in (LAST, UNSEEN, PREF_VOTING, None):
        raise InputError("A candidate left out is 'last', 'unseen' or as in 'pref_voting'.")
    if widths not in (SHARES, COUNTS):
        raise InputError("Widths of victories are 'shares' or 'counts'.")


def pref_voting_reading(rule: str) -> tuple[str | None, bool]:
    """How pref_voting counts truncated ballots by a rule: the meaning of candidates left out (None
    for ballots as they stand), and whether widths of victories are counts.

    Raises:
        InputError: for a rule by which it counts none.
    """
    if rule == "borda":
        return LAST, False
    if rule in _READ_MARGINS:
        return None, True
    if rule in _COUNT_RANKED_ONLY:
        return None, False
    raise InputError(
        f"pref_voting counts no ballots that leave candidates out by {RULES[rule].title}."
    )


def rules_counted_by_pref_voting() -> list[str]:
    """The rules by which pref_voting counts truncated ballots."""
    return [name for name in RULES if name in {"borda", *_COUNT_RANKED_ONLY, *_READ_MARGINS}]


def complete_ballots(profile: Profile) -> Profile:
    """The profile with the candidates that a ballot leaves out tied in its last place. A ballot
    that ranks no candidate is dropped: it says nothing. Utilities are dropped where a ballot leaves
    a candidate out, since its utility is unknown.

    Raises:
        InputError: no ballot ranks a candidate.
    """
    if profile.is_complete:
        return profile
    profile = _select(profile, np.asarray((profile.place >= 0).any(axis=1)))
    if not len(profile.place):
        raise InputError("No ballot ranks a candidate; give one that does.")
    last = profile.place.max(axis=1, keepdims=True) + 1
    # The utility of a candidate left out is unknown.
    place = np.where(profile.place < 0, last, profile.place)
    return replace(profile, place=place, utility=None)


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
        raise InputError(NO_COMPARISON)
    return _select(profile, compares)


def _select(profile: Profile, rows: np.ndarray) -> Profile:
    """The profile with only these ballots, a boolean mask ``[ballots]``."""
    utility = None if profile.utility is None else profile.utility[rows]
    labels = tuple(label for label, kept in zip(profile.labels, rows, strict=True) if kept)
    return replace(profile, place=profile.place[rows], weight=profile.weight[rows], labels=labels,
                   utility=utility)  # fmt: skip


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
    check_reading(left_out)
    if profile.is_complete:
        return profile
    if left_out == LAST:
        return complete_ballots(profile)
    if left_out == UNSEEN:
        return comparing_ballots(profile)
    meaning, by_counts = pref_voting_reading(rule)
    if by_counts:
        return ballots_with_margins(profile)
    return complete_ballots(profile) if meaning == LAST else profile
