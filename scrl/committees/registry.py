"""The rules of committees, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scrl.committees import equal_shares, phragmen, ranked_rules, thiele
from scrl.committees.batches import ApprovalBatch, ElectedCommittees
from scrl.committees.rounds import ElectionRound
from scrl.committees.stv import count_stv
from scrl.committees.thiele import checked_weights
from scrl.voting.profiles.profile import Profile

Rounds = list[ElectionRound] | None
Weights = Sequence[float] | np.ndarray | str


@dataclass(frozen=True)
class CommitteeRule:
    """A rule of committees.

    Attributes:
        name: its name.
        title: as pages show it.
        summary: how it elects, in one sentence.
        reference: the source.
        reads: ``"approvals"`` or ``"orders"``.
        guarantees: axioms of representation that every committee it elects satisfies, where the
            seats are filled.
        elect: of ``(ballots, seats, limit, rounds)`` and settings. Ballots are an
            ``ApprovalBatch`` or a ``Profile``.
        is_sequential: whether it fills ``rounds``.
        settings: names of further settings.
    """

    name: str
    title: str
    summary: str
    reference: str
    reads: str
    guarantees: tuple[str, ...]
    elect: Callable[..., ElectedCommittees]
    is_sequential: bool = False
    settings: tuple[str, ...] = ()


def _approval(batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds) -> ElectedCommittees:
    return thiele.elect_by_points(batch.approvals, seats, batch.tolerance, limit)


def _satisfaction(
    batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds
) -> ElectedCommittees:
    part = batch.weight / np.maximum(batch.approves.sum(axis=2), 1)
    return thiele.elect_by_points(batch.support(part), seats, batch.tolerance, limit)


def _thiele(
    batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds,
    weights: Weights = "pav", time_limit: float = 60.0,
) -> ElectedCommittees:  # fmt: skip
    return thiele.elect_thiele(batch, seats, checked_weights(weights, seats), limit, time_limit)


def _sequential_thiele(
    batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds, weights: Weights = "pav"
) -> ElectedCommittees:
    chosen = checked_weights(weights, seats)
    return thiele.elect_sequentially(batch, seats, chosen, limit, rounds)


def _reverse_thiele(
    batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds, weights: Weights = "pav"
) -> ElectedCommittees:
    chosen = checked_weights(weights, batch.candidates)
    return thiele.elect_by_removal(batch, seats, chosen, limit, rounds)


def _with_weights(elect: Callable[..., ElectedCommittees], name: str) -> Callable[
    ..., ElectedCommittees
]:  # fmt: skip
    """A Thiele rule with named weights."""

    def rule(
        batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds, **settings: float
    ) -> ElectedCommittees:
        return elect(batch, seats, limit, rounds, weights=name, **settings)

    return rule


def _loads(batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds) -> ElectedCommittees:
    return phragmen.elect_by_loads(batch, seats, limit, rounds)


def _minimax_load(
    batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds
) -> ElectedCommittees:
    return phragmen.elect_by_least_maximum_load(batch, seats, limit)


def _monroe(batch: ApprovalBatch, seats: int, limit: int, rounds: Rounds) -> ElectedCommittees:
    return phragmen.elect_by_monroe(batch, seats, limit)


def _bloc(profile: Profile, seats: int, limit: int, rounds: Rounds) -> ElectedCommittees:
    return ranked_rules.elect_by_votes(profile, seats, limit, seats)


def _one_vote(profile: Profile, seats: int, limit: int, rounds: Rounds) -> ElectedCommittees:
    return ranked_rules.elect_by_votes(profile, seats, limit, 1)


def _borda(profile: Profile, seats: int, limit: int, rounds: Rounds) -> ElectedCommittees:
    return ranked_rules.elect_by_borda(profile, seats, limit)


def _sequential_borda_cc(
    profile: Profile, seats: int, limit: int, rounds: Rounds
) -> ElectedCommittees:
    return ranked_rules.elect_borda_cc(profile, seats, limit, rounds, sequential=True)


def _stv(
    profile: Profile, seats: int, limit: int, rounds: Rounds, **settings: object
) -> ElectedCommittees:
    outcome = count_stv(profile, seats, limit=limit, **settings).outcome  # type: ignore[arg-type]
    members = np.zeros((len(outcome.committees), len(profile.names)), bool)
    for row, committee in zip(members, outcome.committees, strict=True):
        row[list(committee)] = True
    return ElectedCommittees(
        np.zeros(len(members), int), members, None, np.array([outcome.all_found])
    )


_LS = "Lackner and Skowron, Multi-Winner Voting with Approval Preferences (2023)"
_STV_SETTINGS = ("quota", "transfer", "ties", "simultaneous", "decimals")
_RULES = (
    CommitteeRule(
        "av", "Approval voting", "The candidates with most approvals.", _LS, "approvals", (),
        _approval,
    ),
    CommitteeRule(
        "sav", "Satisfaction approval", "Each ballot shares one vote among those it approves.",
        "Brams and Kilgour (2014)", "approvals", (), _satisfaction,
    ),
    CommitteeRule(
        "pav", "Proportional approval (PAV)",
        "A voter’s first member is worth 1, the second 1/2, the third 1/3 …; the committee with "
        "the highest sum.",
        "Thiele (1895)", "approvals", ("jr", "pjr", "ejr", "ejr+"),
        _with_weights(_thiele, "pav"), settings=("time_limit",),
    ),
    CommitteeRule(
        "slav", "Sainte-Laguë approval",
        "As PAV, with the worths 1, 1/3, 1/5 …", _LS, "approvals", (),
        _with_weights(_thiele, "slav"), settings=("time_limit",),
    ),
    CommitteeRule(
        "cc", "Chamberlin–Courant on approvals",
        "As many voters as possible have a member of their own.",
        "Thiele (1895); Chamberlin and Courant (1983)", "approvals", ("jr",),
        _with_weights(_thiele, "cc"), settings=("time_limit",),
    ),
    CommitteeRule(
        "thiele", "Thiele’s rule with given weights",
        "A voter’s first member is worth w₁, the second w₂ …; the committee with the highest sum.",
        "Thiele (1895)", "approvals", (), _thiele, settings=("weights", "time_limit"),
    ),
    CommitteeRule(
        "seq-pav", "Sequential PAV", "Each round adds the member that raises PAV’s sum most.",
        "Thiele (1895)", "approvals", (), _with_weights(_sequential_thiele, "pav"), True,
    ),
    CommitteeRule(
        "seq-slav", "Sequential Sainte-Laguë approval",
        "Each round adds the member that raises the sum most.", _LS, "approvals", (),
        _with_weights(_sequential_thiele, "slav"), True,
    ),
    CommitteeRule(
        "seq-cc", "Sequential Chamberlin–Courant",
        "Each round adds the member who gives most voters their first.", _LS, "approvals",
        ("jr",), _with_weights(_sequential_thiele, "cc"), True,
    ),
    CommitteeRule(
        "seq-thiele", "Sequential Thiele rule with given weights",
        "Each round adds the member that raises the sum most.", "Thiele (1895)", "approvals", (),
        _sequential_thiele, True, ("weights",),
    ),
    CommitteeRule(
        "rev-seq-pav", "Reverse sequential PAV",
        "From all candidates, each round removes the one whom PAV’s sum misses least.",
        "Thiele (1895)", "approvals", (), _with_weights(_reverse_thiele, "pav"), True,
    ),
    CommitteeRule(
        "phragmen", "Sequential Phragmén",
        "Voters earn money at equal speed; whoever can be paid for by the voters who approve of "
        "them is elected.",
        "Phragmén (1894)", "approvals", ("jr", "pjr", "priceability"), _loads, True,
    ),
    CommitteeRule(
        "minimax-phragmen", "Minimax Phragmén",
        "The committee whose load on its voters can be spread most evenly.",
        "Brill, Freeman, Janson and Lackner (2017)", "approvals", (), _minimax_load,
    ),
    CommitteeRule(
        "maximin-support", "Maximin support",
        "Each round adds the member with whom the least supported one has most support.",
        "Sánchez-Fernández and others (2021)", "approvals", ("jr", "pjr"),
        lambda batch, seats, limit, rounds: phragmen.elect_by_maximin_support(
            batch, seats, limit, rounds
        ),
        True,
    ),
    CommitteeRule(
        "enestroem-phragmen", "Eneström–Phragmén",
        "Each round elects the candidate with most remaining weight, which pays a Hare quota.",
        "Camps, Mora and Saumell (2019)", "approvals", ("jr", "pjr"),
        lambda batch, seats, limit, rounds: phragmen.elect_by_enestroem(
            batch, seats, limit, rounds
        ),
        True,
    ),
    CommitteeRule(
        "equal-shares", "Method of equal shares",
        "Every voter gets an equal part of the money for the seats, and candidates are bought by "
        "the voters who approve of them.",
        "Peters and Skowron (2020)", "approvals", ("jr", "pjr", "ejr", "ejr+"),
        equal_shares.elect_by_equal_shares, True, ("completion",),
    ),
    CommitteeRule(
        "monroe", "Monroe",
        "Each member represents an equal part of the voters, as many as possible of whom approve "
        "of them.",
        "Monroe (1995)", "approvals", ("jr",), _monroe,
    ),
    CommitteeRule(
        "sntv", "One vote each (SNTV)", "The candidates with most first places.",
        "Elkind and others (2017)", "orders", (), _one_vote,
    ),
    CommitteeRule(
        "bloc", "Bloc", "Every voter has as many votes as there are seats.",
        "Elkind and others (2017)", "orders", (), _bloc,
    ),
    CommitteeRule(
        "k-borda", "Top by Borda (k-Borda)", "The candidates with the highest Borda scores.",
        "Debord (1992)", "orders", (), _borda,
    ),
    CommitteeRule(
        "borda-cc", "Chamberlin–Courant with Borda scores",
        "The committee whose best members for each voter have the highest Borda points.",
        "Chamberlin and Courant (1983)", "orders", (),
        lambda profile, seats, limit, rounds, **settings: ranked_rules.elect_borda_cc(
            profile, seats, limit, **settings
        ),
        settings=("time_limit",),
    ),
    CommitteeRule(
        "seq-borda-cc", "Sequential Chamberlin–Courant with Borda scores",
        "Each round adds the member that raises the points of the voters’ best members most.",
        "Lu and Boutilier (2011)", "orders", (), _sequential_borda_cc, True,
    ),
    CommitteeRule(
        "expanding-approvals", "Expanding approvals",
        "Voters approve their first, then their first two …; whoever has a quota is elected and "
        "costs the voters a quota.",
        "Aziz and Lee (2020)", "orders", ("psc",),
        ranked_rules.elect_by_expanding_approvals, True, ("quota",),
    ),
    CommitteeRule(
        "stv", "Single transferable vote (STV)",
        "Whoever has a quota is elected, and the votes above the quota move on; else the last goes "
        "out, and all its votes move on.",
        "Hare (1859); Tideman (1995)", "orders", ("psc",), _stv, settings=_STV_SETTINGS,
    ),
)  # fmt: skip

#: Name -> rule, in the order in which pages list them.
COMMITTEE_RULES: dict[str, CommitteeRule] = {rule.name: rule for rule in _RULES}
