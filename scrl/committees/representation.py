"""Axioms of representation, with the group that a committee leaves unrepresented.

With V voters and k seats, a group that is worth ℓ quotas V / k deserves ℓ members if it agrees on
enough candidates. Sources: Aziz and others (2017; JR, EJR); Sánchez-Fernández and others (2017;
PJR); Brill and Peters (2023; EJR+); Peters, Pierczyński and Skowron (2021; FJR); Peters and
Skowron (2020; priceability); Dummett (1984; solid coalitions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE, ApprovalProfile, ranking_ballots
from scrl.committees.batches import MAX_TABLE, masks_of
from scrl.committees.outcomes import CommitteeOutcome, Members
from scrl.committees.prices import price_system
from scrl.committees.quotas import quota_of
from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.profiles.profile import Profile
from scrl.voting.truncated_ballots import complete_ballots


@dataclass(frozen=True, eq=False)
class Representation:
    """Whether a committee satisfies an axiom.

    Attributes:
        axiom: its name in ``AXIOMS``.
        holds: whether it does.
        group: the ballots of a group that the committee wrongs ``[group]``; empty where it holds.
        candidates: on which the group agrees, or which it would rather have.
        deserves: members that the group deserves.
        has: members that the axiom counts for the group: those of its best served voter, or those
            that somebody in the group approves of (PJR).
        share: of the weight that the group has.
        statement: how it is violated, in a sentence without names; empty where it holds.
    """

    axiom: str
    holds: bool
    group: tuple[int, ...] = ()
    candidates: tuple[int, ...] = ()
    deserves: int = 0
    has: int = 0
    share: float = 0.0
    statement: str = ""


@dataclass(frozen=True, eq=False)
class _Case:
    """A profile and a committee, as the checks read them.

    Attributes:
        approves: ``[ballots, candidates]``.
        weight: ``[ballots]``.
        members: ``[candidates]``.
        quota: votes that a member costs.
    """

    approves: np.ndarray
    weight: np.ndarray
    members: np.ndarray
    quota: float

    @property
    def seats(self) -> int:
        return int(self.members.sum())

    @property
    def utility(self) -> np.ndarray:
        """The number of members that each ballot approves ``[ballots]``."""
        return self.approves[:, self.members].sum(axis=1)

    def is_worth(self, group: np.ndarray, members: int) -> bool:
        """Whether the group ``[ballots]`` is worth so many members."""
        near = TIE_TOLERANCE * self.weight.sum()
        return bool(self.weight[group].sum() >= members * self.quota - near)


def _fails(
    case: _Case, axiom: str, group: np.ndarray, candidates: Sequence[int], deserves: int, has: int
) -> Representation:
    share = float(case.weight[group].sum() / case.weight.sum())
    served = {
        "jr": "none of them approves a member",
        "pjr": f"together they approve {has}",
        "ejr": f"none of them approves more than {has}",
        "ejr+": f"none of them approves more than {has}",
        "fjr": f"with the candidates each would have {deserves}, and none has more than {has}",
        "core": "each of them would approve more of the candidates than of the committee",
    }[axiom]
    size = len(candidates) if axiom in ("core", "fjr") else deserves
    return Representation(
        axiom, False, tuple(np.flatnonzero(group).tolist()), tuple(int(c) for c in candidates),
        deserves, has, share,
        f"{share:.1%} of the weight is worth {size} of {case.seats} seats and agrees on "
        f"{len(candidates)} candidates, but {served}.",
    )  # fmt: skip


def _jr(case: _Case) -> Representation:
    """Justified representation: a group worth one member that agrees on a candidate has a voter
    with a member."""
    unserved = case.utility == 0
    for c in range(len(case.members)):
        group = unserved & case.approves[:, c]
        if case.is_worth(group, 1):
            return _fails(case, "jr", group, [c], 1, 0)
    return Representation("jr", True)


def _ejr_plus(case: _Case) -> Representation:
    """EJR+: of a group worth ℓ members that agrees on a candidate who is not elected, some voter
    has ℓ members."""
    utility = case.utility
    for c in np.flatnonzero(~case.members).tolist():
        for deserves in range(1, case.seats + 1):
            group = case.approves[:, c] & (utility < deserves)
            if case.is_worth(group, deserves):
                has = int(utility[group].max())
                return _fails(case, "ejr+", group, [c], deserves, has)
    return Representation("ejr+", True)


def _cohesive(case: _Case, size: int, voters: np.ndarray) -> Iterator[tuple[list[int], np.ndarray]]:
    """Each set of ``size`` candidates on which some of ``voters`` worth ``size`` members agree,
    with those voters; sets that too few approve are never extended."""

    def extend(
        chosen: list[int], group: np.ndarray, first: int
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        if len(chosen) == size:
            yield chosen, group
            return
        for c in range(first, len(case.members)):
            smaller = group & case.approves[:, c]
            if case.is_worth(smaller, size):
                yield from extend([*chosen, c], smaller, c + 1)

    if case.is_worth(voters, size):
        yield from extend([], voters, 0)


def _ejr(case: _Case) -> Representation:
    """Extended justified representation: of a group worth ℓ members that agrees on ℓ candidates,
    some voter has ℓ members."""
    utility = case.utility
    for deserves in range(1, case.seats + 1):
        for candidates, group in _cohesive(case, deserves, utility < deserves):
            return _fails(case, "ejr", group, candidates, deserves, int(utility[group].max()))
    return Representation("ejr", True)


def _pjr(case: _Case) -> Representation:
    """Proportional justified representation: a group worth ℓ members that agrees on ℓ candidates
    has ℓ members whom somebody in it approves."""
    members = np.flatnonzero(case.members)
    own = case.approves[:, members]
    for deserves in range(1, case.seats + 1):
        for candidates, group in _cohesive(case, deserves, case.utility < deserves):
            # The largest groups whose members lie within deserves − 1 of the committee.
            for few in combinations(range(len(members)), min(deserves - 1, len(members))):
                outside = np.ones(len(members), bool)
                outside[list(few)] = False
                part = group & ~own[:, outside].any(axis=1)
                if case.is_worth(part, deserves):
                    has = int(own[part].any(axis=0).sum())
                    return _fails(case, "pjr", part, candidates, deserves, has)
    return Representation("pjr", True)


def _coalitions(case: _Case) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each set of at most k candidates ``[candidates]``, and how many of them each ballot approves
    ``[ballots]``."""
    m = len(case.members)
    if m > MAX_TABLE:
        raise InputError(
            f"The core and FJR are checked for at most {MAX_TABLE} candidates, not {m}."
        )
    for size in range(1, case.seats + 1):
        for chosen in combinations(range(m), size):
            inside = np.zeros(m, bool)
            inside[list(chosen)] = True
            yield inside, case.approves[:, inside].sum(axis=1)


def _core(case: _Case) -> Representation:
    """The core: no group worth |T| members has a set T of which each of them approves more than of
    the committee."""
    utility = case.utility
    for candidates, instead in _coalitions(case):
        group = instead > utility
        if group.any() and case.is_worth(group, int(candidates.sum())):
            chosen = np.flatnonzero(candidates).tolist()
            return _fails(
                case, "core", group, chosen, int(instead[group].min()), int(utility[group].max())
            )
    return Representation("core", True)


def _fjr(case: _Case) -> Representation:
    """Full justified representation: of a group worth |T| members each of whom approves at least β
    of a set T, some voter has β members."""
    utility = case.utility
    for candidates, instead in _coalitions(case):
        size = int(candidates.sum())
        for least in range(1, size + 1):
            group = (instead >= least) & (utility < least)
            if case.is_worth(group, size):
                chosen = np.flatnonzero(candidates).tolist()
                return _fails(case, "fjr", group, chosen, least, int(utility[group].max()))
    return Representation("fjr", True)


def _priceability(case: _Case) -> Representation:
    """Priceability: with equal money, voters can pay 1 for each member of whom they approve, and
    the supporters of nobody else have more than 1 left."""
    if price_system(case.approves, case.weight, case.members) is not None:
        return Representation("priceability", True)
    said = "no equal money for all voters pays for these members and leaves no candidate affordable"
    return Representation("priceability", False, statement=f"With {case.seats} seats {said}.")


#: Axiom of approvals -> its title and its check.
AXIOMS: dict[str, tuple[str, Callable[[_Case], Representation]]] = {
    "jr": ("Justified representation (JR)", _jr),
    "pjr": ("Proportional justified representation (PJR)", _pjr),
    "ejr": ("Extended justified representation (EJR)", _ejr),
    "ejr+": ("EJR+", _ejr_plus),
    "fjr": ("Full justified representation (FJR)", _fjr),
    "priceability": ("Priceability", _priceability),
    "core": ("The core", _core),
}


def check_representation(
    axiom: str, profile: ApprovalProfile, committee: Members, quota: float | None = None
) -> Representation:
    """Whether a committee satisfies an axiom, and if not, a group that it wrongs.

    JR and EJR+ take polynomial time; EJR and PJR a search over sets of candidates on which enough
    voters agree; FJR and the core all sets of candidates (at most 16).

    >>> votes = ApprovalProfile.from_sets("abcd", ["ab", "cd"], [4, 2])
    >>> check_representation("ejr", votes, [0, 2, 3]).group
    (0,)
    >>> check_representation("ejr", votes, "abc").holds
    True

    Args:
        axiom: a name of ``AXIOMS``.
        committee: its members, by index or by name, or the outcome of a rule (its first committee).
        quota: votes that a member costs; all votes / members where None.

    Raises:
        InputError: for another axiom, no or repeated members, or too many candidates.
    """
    if axiom.lower() not in AXIOMS:
        raise InputError(f"The axioms are {', '.join(AXIOMS)}, not {quoted(axiom)}.")
    if not isinstance(profile, ApprovalProfile):
        raise InputError(
            "Axioms of representation read approvals; ApprovalProfile.from_profile(profile, 2) "
            "approves the first two of each ballot."
        )
    members = members_mask(committee, profile.names)
    price = profile.total / members.sum() if quota is None else float(quota)
    if not price > 0:
        raise InputError("The quota is a positive number of votes.")
    return AXIOMS[axiom.lower()][1](_Case(profile.approves, profile.weight, members, price))


def members_mask(committee: Members, names: Sequence[str]) -> np.ndarray:
    """The members of a committee ``[candidates]``, by index or by name; of an outcome the first.

    Raises:
        InputError: it has no members, the same one twice, or one that is no candidate.
    """
    if isinstance(committee, CommitteeOutcome):
        committee = committee.committee
    index = {name: i for i, name in enumerate(names)}
    if unknown := [c for c in committee if isinstance(c, str) and c not in index]:
        raise InputError(f"{quoted(unknown[0])} is no candidate.")
    listed = [index[c] if isinstance(c, str) else int(c) for c in committee]
    candidates = len(names)
    if not listed or len(set(listed)) < len(listed):
        raise InputError("A committee has at least one member, and each of them once.")
    if min(listed) < 0 or max(listed) >= candidates:
        raise InputError(f"The members are indices from 0 to {candidates - 1}.")
    mask = np.zeros(candidates, bool)
    mask[listed] = True
    return mask


def check_solid_coalitions(
    profile: Profile, committee: Members, quota: str = "droop"
) -> Representation:
    """Proportionality for solid coalitions (PSC): voters who put a set of candidates above all
    others, in whatever order, and are worth ℓ quotas, have min(ℓ, the set's size) members of it.

    Args:
        committee: as in ``check_representation``.
        quota: ``"droop"``, ``"hagenbach-bischoff"`` or ``"hare"`` (``quotas.quota_of``).

    Raises:
        InputError: as ``check_representation``.
    """
    members = members_mask(committee, profile.names)
    profile = ranking_ballots(profile)
    place, weight, seats = complete_ballots(profile).place, profile.weight, int(members.sum())
    total, near = float(weight.sum()), TIE_TOLERANCE * float(weight.sum())
    price = quota_of(quota, weight, seats)
    tops = {
        int(masks_of(row < level)): row < level
        for row in place
        for level in range(1, int(row.max()) + 1)
    }
    tops[(1 << len(members)) - 1] = np.ones(len(members), bool)
    for chosen in tops.values():
        worst = np.where(chosen, place, -1).max(axis=1)
        best = np.where(chosen, np.iinfo(np.int32).max, place).min(axis=1)
        group = worst < best
        votes = weight[group].sum()
        worth = np.floor((votes + (-near if price.must_exceed else near)) / price.value)
        deserves = min(int(worth), int(chosen.sum()), seats)
        has = int(members[chosen].sum())
        if deserves > has:
            share = float(votes / total)
            return Representation(
                "psc", False, tuple(np.flatnonzero(group).tolist()),
                tuple(np.flatnonzero(chosen).tolist()), deserves, has, share,
                f"{share:.1%} of the weight puts the same {int(chosen.sum())} candidates first and "
                f"is worth {deserves} of {seats} seats, but {has} of them are elected.",
            )  # fmt: skip
    return Representation("psc", True)
