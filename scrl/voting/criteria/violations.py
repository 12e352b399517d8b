"""Violations of criteria, with the sentences that describe them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scrl.types import places_to_order
from scrl.voting.counting import aggregate
from scrl.voting.criteria import electorates as e
from scrl.voting.criteria.comparisons import Comparisons, Criterion
from scrl.voting.criteria.interprofile import strictly_ahead
from scrl.voting.profiles.profile import Profile, format_ballot
from scrl.voting.registry import RULES


@dataclass(frozen=True, eq=False)
class Violation:
    """Profiles on which a rule violates a criterion.

    Attributes:
        rule: name of the rule.
        criterion: name of the criterion.
        profiles: the electorates compared: one; before and after; or two and their union.
        titles: a title of each.
        orders: the rule's order of each, best first; each place lists the names tied there.
        candidates: the candidates concerned.
        changed_ballot: where only voters with one ballot change it, their number and the ballot
            before and after (``"A > B > C"``; "" for an abstention); else None.
        change: a sentence on the change; "" without a change.
        explanation: a sentence on what violates the criterion.
    """

    rule: str
    criterion: str
    profiles: tuple[Profile, ...]
    titles: tuple[str, ...]
    orders: tuple[list[list[str]], ...]
    candidates: tuple[str, ...]
    changed_ballot: tuple[float, str, str] | None
    change: str
    explanation: str


def recount_violation(violation: Violation) -> Violation:
    """The violation with the orders that the rule gives now."""
    orders = [
        aggregate(profile, violation.rule, None).order(list(profile.names))
        for profile in violation.profiles
    ]
    return replace(violation, orders=tuple(orders))


def describe_violation(
    criterion: Criterion,
    rule: str,
    comparisons: Comparisons,
    places: Sequence[np.ndarray],
    i: int,
    names: Sequence[str],
) -> Violation:
    """Comparison ``i`` as a violation.

    Args:
        rule: name of the rule.
        places: the rule's places ``[k, m]`` of each electorate.
        names: of the candidates; a new clone without a name gets one.
    """
    names = list(names)
    while len(names) < comparisons.rows.shape[1]:
        original = int(np.flatnonzero(comparisons.candidates[i])[0])
        names.append(_clone_name(names, names[original]))
    profiles = tuple(
        _profile(comparisons.rows, weight[i], mask[i], names)
        for weight, mask in zip(comparisons.weight, comparisons.candidate_masks, strict=True)
    )
    orders = tuple(_order(place[i], names) for place in places)
    candidates = tuple(names[x] for x in np.flatnonzero(comparisons.candidates[i]))
    changed = _changed_ballot(comparisons, i, names)
    terms = {
        "rule": RULES[rule].title,
        **_candidate_terms(orders, candidates),
        **_ballot_terms(changed),
        **_withdrawal_terms(comparisons, places, i, names),
    }
    return Violation(
        rule, criterion.name, profiles, criterion.titles, orders, candidates, changed,
        criterion.change.format(**terms), criterion.explanation.format(**terms),
    )  # fmt: skip


def _changed_ballot(
    comparisons: Comparisons, i: int, names: Sequence[str]
) -> tuple[float, str, str] | None:
    """As ``Violation.changed_ballot``."""
    before, after = int(comparisons.ballot_before[i]), int(comparisons.ballot_after[i])
    if before < 0 and after < 0:
        return None
    row = before if before >= 0 else after
    amount = abs(comparisons.weight[0][i][row] - comparisons.weight[1][i][row])
    old, new = (_ballot(comparisons.rows[r], names) if r >= 0 else "" for r in (before, after))
    return float(amount), old, new


# -- terms of the sentences -----------------------------------------------------------------------


def _candidate_terms(
    orders: Sequence[list[list[str]]], candidates: Sequence[str]
) -> dict[str, str]:
    """The candidates concerned, those of them who stop winning, and the winners."""
    harmed = [
        name
        for name in candidates
        if name in orders[0][0] and (len(orders) < 2 or name not in orders[1][0])
    ]
    winners = [join_names(order[0]) + (" (tied)" if len(order[0]) > 1 else "") for order in orders]
    return {
        "candidates": join_names(candidates),
        "harmed": join_names(harmed),
        **dict(zip(("first", "second", "third"), winners, strict=False)),
    }


def _ballot_terms(changed: tuple[float, str, str] | None) -> dict[str, str]:
    """How many voters change their ballot, and the ballot before and after."""
    amount, old, new = changed or (0, "", "")
    voters = "One voter" if amount == 1 else f"{amount:.10g} voters"
    if 0 < amount < 1:
        voters = f"A share of {amount:.10g}"
    return {"voters": voters, "s": "s" if amount <= 1 else "", "old": old, "new": new}


def _withdrawal_terms(
    comparisons: Comparisons, places: Sequence[np.ndarray], i: int, names: Sequence[str]
) -> dict[str, str]:
    """Who withdraws or enters, from which end of the order, and a pair whose order is reversed."""
    withdrawn = int(comparisons.withdrawn[i])
    ahead, behind = "", ""
    if len(places) > 1:
        before, after = places[0][i], places[1][i]
        stays = after >= 0
        pairs = np.argwhere(strictly_ahead(before, stays) & strictly_ahead(after, stays).T)
        if len(pairs):
            ahead, behind = (names[x] for x in pairs[np.argmin(before[pairs[:, 0]])])
    return {
        "withdrawn": names[withdrawn] if withdrawn >= 0 else "",
        "end": "first" if withdrawn >= 0 and places[0][i][withdrawn] == 0 else "last",
        "ahead": ahead,
        "behind": behind,
    }


def join_names(names: Sequence[str]) -> str:
    """``A, B and C``; ``nobody`` for no names."""
    *initial, last = names or ("nobody",)
    return f"{', '.join(initial)} and {last}" if initial else last


# -- arrays to profiles ---------------------------------------------------------------------------


def _order(place: np.ndarray, names: Sequence[str]) -> list[list[str]]:
    """The order of the candidates who stand."""
    standing = np.flatnonzero(place >= 0)
    return places_to_order(place[standing], [names[x] for x in standing])


def _ballot(row: np.ndarray, names: Sequence[str]) -> str:
    """The row as text."""
    return format_ballot([[names[x] for x in group] for group in e.tied_groups(row)])


def _profile(
    rows: np.ndarray, weight: np.ndarray, candidate_mask: np.ndarray, names: Sequence[str]
) -> Profile:
    """The profile of the candidates who stand; equal ballots are joined, most frequent first."""
    cast = np.flatnonzero(weight > 1e-12)
    standing = np.flatnonzero(candidate_mask)
    places = np.stack([_dense(row) for row in rows[cast][:, standing]])
    distinct, first, index = np.unique(places, axis=0, return_index=True, return_inverse=True)
    total = np.bincount(index.ravel(), weight[cast])
    order = np.lexsort((first, -total))
    return Profile(tuple(names[x] for x in standing), distinct[order], total[order])


def _dense(row: np.ndarray) -> np.ndarray:
    """The row with its places renumbered without gaps."""
    return np.where(row >= 0, np.unique(row, return_inverse=True)[1].ravel() - (row < 0).any(), -1)


def _clone_name(names: Sequence[str], original: str) -> str:
    """The first of ``A2``, ``A3``, ... that is not in use."""
    number = 2
    while f"{original}{number}" in names:
        number += 1
    return f"{original}{number}"
