"""Electing a committee by a rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scrl.committees.approvals import MAX_CANDIDATES, ApprovalProfile, check_seats, ranking_ballots
from scrl.committees.batches import ApprovalBatch, ElectedCommittees
from scrl.committees.outcomes import CommitteeOutcome
from scrl.committees.registry import COMMITTEE_RULES, CommitteeRule
from scrl.committees.rounds import ElectionRound
from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.profiles.profile import Profile

#: Most tied committees that are listed.
MAX_TIED = 1_000
#: Name of a rule in other libraries and papers -> its name here, for the hint of an error.
OTHER_NAMES = {
    "mes": "equal-shares",
    "rule-x": "equal-shares",
    "method-of-equal-shares": "equal-shares",
    "approval": "av",
    "seqpav": "seq-pav",
    "revseqpav": "rev-seq-pav",
    "seqphragmen": "phragmen",
    "seq-phragmen": "phragmen",
    "minimaxphragmen": "minimax-phragmen",
    "leximaxphragmen": "minimax-phragmen",
    "maximin": "maximin-support",
    "equalshares": "equal-shares",
    "chamberlin-courant": "cc",
    "seqcc": "seq-cc",
    "eneström-phragmén": "enestroem-phragmen",
    "borda": "k-borda",
    **{name: name for name in COMMITTEE_RULES},
}


def elect_committee(
    profile: Profile | ApprovalProfile,
    rule: str,
    seats: int,
    approve: int | str | None = None,
    limit: int = MAX_TIED,
    **settings: Any,
) -> CommitteeOutcome:
    """Elect a committee.

    >>> votes = ApprovalProfile.from_sets("abcd", ["ab", "ab", "ab", "c", "d"], [3, 2, 1, 2, 1])
    >>> elect_committee(votes, "av", 2).named()
    [['a', 'b']]
    >>> elect_committee(votes, "pav", 3).named()
    [['a', 'b', 'c']]

    Args:
        rule: a name of ``COMMITTEE_RULES``.
        approve: for a rule of approvals where ``profile`` has orders or utilities: whom a ballot
            approves (``ApprovalProfile.from_profile``): its first so many, ``"ranked"`` or
            ``"mean"``.
        limit: most tied committees; with 1, ties are broken by the order of the candidates.
        settings: of the rule, such as ``completion`` of equal shares, ``quota`` and ``transfer`` of
            STV, ``weights`` of Thiele's rules, ``time_limit`` of an integer programme.

    Raises:
        InputError: for an unknown rule or setting, a wrong number of seats, or a rule of approvals
            without ``approve``.
    """
    chosen = committee_rule(rule)
    _check_kind(profile)
    if unknown := settings.keys() - set(chosen.settings):
        known = f"has the settings {', '.join(chosen.settings)}" if chosen.settings else "has none"
        raise InputError(f"{chosen.title} {known}, not {quoted(min(unknown))}.")
    if limit < 1:
        raise InputError("limit is the number of tied committees that are listed: 1 or more.")
    seats = check_seats(seats, len(profile.names))
    if len(profile.names) > MAX_CANDIDATES and rule != "stv":
        raise InputError(
            f"{chosen.title} elects from at most {MAX_CANDIDATES} candidates, not "
            f"{len(profile.names)}."
        )
    ballots, reading = _ballots_for(chosen, profile, approve)
    found = chosen.elect(ballots, seats, limit, None, **settings)
    rounds: list[ElectionRound] = []
    if chosen.is_sequential:
        chosen.elect(ballots, seats, 1, rounds, **settings)
    bound = None if found.bound is None or np.isnan(found.bound[0]) else float(found.bound[0])
    return CommitteeOutcome(
        rule, profile.names, seats, tuple(found.committees()), bool(found.all_found[0]),
        None if found.score is None else float(found.score[0]), bound, tuple(rounds), reading,
    )  # fmt: skip


def elect_committees(
    approves: ArrayLike,
    rule: str,
    seats: int,
    weight: ArrayLike | None = None,
    limit: int = MAX_TIED,
    **settings: Any,
) -> ElectedCommittees:
    """Elect a committee in each of many approval profiles at once.

    Args:
        approves: ``[profiles, ballots, candidates]``.
        rule: a name of ``COMMITTEE_RULES`` that reads approvals.
        weight: of the ballots ``[profiles, ballots]``; a ballot of weight 0 is padding. 1 for all
            where None.
        limit, settings: as in ``elect_committee``.

    Raises:
        InputError: as ``elect_committee``, and for a rule of orders.
    """
    chosen = committee_rule(rule)
    if chosen.reads != "approvals":
        raise InputError(f"{chosen.title} reads orders; use elect_committee for each profile.")
    approves = np.asarray(approves, bool)
    weight = np.ones(approves.shape[:2]) if weight is None else np.asarray(weight, float)
    batch = ApprovalBatch(approves, weight)
    return chosen.elect(batch, check_seats(seats, batch.candidates), limit, None, **settings)


def committee_rule(name: str) -> CommitteeRule:
    """A rule by its name.

    Raises:
        InputError: there is none.
    """
    if name not in COMMITTEE_RULES:
        known = OTHER_NAMES.get(str(name).lower().replace("_", "-"))
        hint = (
            f"did you mean '{known}'?" if known else f"the rules are {', '.join(COMMITTEE_RULES)}."
        )
        raise InputError(f"There is no rule of committees named {quoted(name)}; {hint}")
    return COMMITTEE_RULES[name]


def _check_kind(profile: object) -> None:
    """Raise ``InputError`` for what is no profile, such as a list or an election record."""
    if not isinstance(profile, Profile | ApprovalProfile):
        raise InputError(
            f"A committee is elected from a Profile or an ApprovalProfile, not from "
            f"{type(profile).__name__}; give the profile of an election record, or make one by "
            "ApprovalProfile.from_sets."
        )


def approvals_of(profile: Profile | ApprovalProfile, approve: int | str | None) -> ApprovalProfile:
    """The approvals of a profile of either kind; ``approve`` as in ``elect_committee``.

    Raises:
        InputError: orders without ``approve``, or approvals with it.
    """
    if isinstance(profile, ApprovalProfile):
        if approve is not None:
            raise InputError("These ballots are approvals already; leave approve out.")
        return profile
    if approve is None:
        raise InputError(
            "A rule of approvals needs to know whom a ballot approves: approve=2 for its first "
            "two, 'ranked' for everybody whom it ranks, or 'mean' for those above its mean utility."
        )
    return ApprovalProfile.from_profile(profile, approve)


def _ballots_for(
    rule: CommitteeRule, profile: Profile | ApprovalProfile, approve: int | str | None
) -> tuple[ApprovalBatch | Profile, str]:
    """The ballots that a rule reads, and how they are read."""
    if rule.reads == "approvals":
        approvals = approvals_of(profile, approve)
        said = f"a ballot approves {approvals.threshold}" if approvals.threshold else "approvals"
        return ApprovalBatch.of(approvals), said
    if isinstance(profile, ApprovalProfile):
        raise InputError(f"{rule.title} reads orders, and these ballots are approvals.")
    partial, profile = {"stv", "bloc", "sntv"}, ranking_ballots(profile)
    return profile, "" if profile.is_complete else (
        "candidates left out get nothing"
        if rule.name in partial
        else "candidates left out are tied last"
    )
