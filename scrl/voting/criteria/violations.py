"""A failure of a rule, as it is told: which ballots, what changed, what flipped."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.types import places_to_order
from scrl.voting.anonymous_profile import AnonymousProfile, format_ballot
from scrl.voting.counting import aggregate
from scrl.voting.criteria import electorates as e
from scrl.voting.criteria.interprofile import strictly_ahead
from scrl.voting.registry import RULES


@dataclass(frozen=True, eq=False)
class Violation:
    """Ballots on which a rule fails a criterion.

    Attributes:
        rule, criterion: names.
        profiles: the electorates compared: one, before and after, or two and both together.
        titles: what to call them.
        orders: the rule's order of each, best first, each place the names tied there.
        who: the candidates concerned.
        moved: how many voters, their ballot before and after (``"A > B > C"``, "" for none), where
            only they changed theirs.
        change: what changed, in a sentence; "" where nothing does.
        explanation: what is wrong with that, in a sentence.
    """

    rule: str
    criterion: str
    profiles: tuple[AnonymousProfile, ...]
    titles: tuple[str, ...]
    orders: tuple[list[list[str]], ...]
    candidates: tuple[str, ...]
    changed_ballot: tuple[float, str, str] | None
    change: str
    explanation: str


def recount_violation(violation: Violation) -> Violation:
    """The same with the orders that the rule gives now."""
    orders = [
        aggregate(profile.ballots(), violation.rule).order(list(profile.names))
        for profile in violation.profiles
    ]
    return replace(violation, orders=tuple(orders))


def describe_violation(criterion, rule, cases, place, i, names) -> Violation:
    """Case ``i`` as a violation, its candidates called ``names``; a clone that has yet no name
    gets one."""
    names = list(names)
    while len(names) < cases.rows.shape[1]:
        names.append(_clone_name(names, names[int(np.flatnonzero(cases.candidates[i])[0])]))
    profiles = tuple(
        _profile(cases.rows, w[i], s[i], names)
        for w, s in zip(cases.weight, cases.candidate_masks, strict=True)
    )
    orders = tuple(_order(p[i], names) for p in place)
    who = tuple(names[x] for x in np.flatnonzero(cases.candidates[i]))
    old, new = (_ballot(cases.rows[r], names) if r >= 0 else "" for r in _moves(cases, i))
    moved = None
    if old or new:
        row = cases.ballot_before[i] if old else cases.ballot_after[i]
        moved = (float(abs(cases.weight[0][i][row] - cases.weight[1][i][row])), old, new)
    words = _words(criterion, rule, names, cases, place, i, orders, who, moved)
    return Violation(
        rule, criterion.name, profiles, criterion.titles, orders, who, moved,
        criterion.change.format(**words), criterion.explanation.format(**words),
    )  # fmt: skip


def _moves(cases, i) -> tuple[int, int]:
    return int(cases.ballot_before[i]), int(cases.ballot_after[i])


def _words(criterion, rule, names, cases, place, i, orders, who, moved) -> dict[str, str]:
    first = [join_names(order[0]) + (" (tied)" if len(order[0]) > 1 else "") for order in orders]
    gone = int(cases.withdrawn[i])
    turned = ("", "")
    if len(place) > 1:
        stay = place[1][i] >= 0
        pairs = np.argwhere(strictly_ahead(place[0][i], stay) & strictly_ahead(place[1][i], stay).T)
        if len(pairs):
            turned = tuple(names[x] for x in pairs[np.argmin(place[0][i][pairs[:, 0]])])
    harmed = [n for n in who if n in orders[0][0] and (len(orders) < 2 or n not in orders[1][0])]
    amount, old, new = moved or (0, "", "")
    verb = "One voter" if amount == 1 else f"{amount:.10g} voters"
    if 0 < amount < 1:
        verb = f"A share of {amount:.10g}"
    return {
        "rule": RULES[rule].title, "who": join_names(who), "harmed": join_names(harmed),
        "gone": names[gone] if gone >= 0 else "", "voters": verb, "old": old, "new": new,
        "s": "s" if amount <= 1 else "",
        "ahead": turned[0], "behind": turned[1],
        "end": "first" if gone >= 0 and place[0][i][gone] == 0 else "last",
        **dict(zip(("first", "second", "third"), first, strict=False)),
    }  # fmt: skip


def join_names(names) -> str:
    """``A, B and C``."""
    *most, last = names or ("nobody",)
    return f"{', '.join(most)} and {last}" if most else last


def _order(place, names) -> list[list[str]]:
    at = np.flatnonzero(place >= 0)
    return places_to_order(place[at], [names[x] for x in at])


def _ballot(row, names) -> str:
    return format_ballot([[names[x] for x in tied] for tied in e.tied_groups(row)])


def _profile(rows, weight, standing, names) -> AnonymousProfile:
    """The electorate of those who stand, equal ballots together, in the order of the rows."""
    cast = np.flatnonzero(weight > 1e-12)
    here = np.flatnonzero(standing)
    inside = rows[cast][:, here]
    dense = np.stack([_dense(row) for row in inside])
    kept, first, line = np.unique(dense, axis=0, return_index=True, return_inverse=True)
    total = np.bincount(line.ravel(), weight[cast])
    by = np.lexsort((first, -total))
    return AnonymousProfile(tuple(names[x] for x in here), kept[by], total[by])


def _dense(row) -> np.ndarray:
    return np.where(row >= 0, np.unique(row, return_inverse=True)[1].ravel() - (row < 0).any(), -1)


def _clone_name(names: list[str], of: str) -> str:
    number = 2
    while f"{of}{number}" in names:
        number += 1
    return f"{of}{number}"
