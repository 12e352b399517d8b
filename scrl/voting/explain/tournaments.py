"""Explanations of rules that walk over victories: river, stable voting, and sets of candidates.

They are counted anew from their definitions, and not by the code of the rules.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.counting import aggregate
from scrl.voting.explain.pairwise import (
    MAX_NAMED,
    candidate_table,
    majority_edges,
    pairwise_matrix,
    split_cycle_defeats,
    victory_table,
)
from scrl.voting.explain.steps import Edge, Explanation, Graph, ProfileCounts, percent, winners
from scrl.voting.truncated_ballots import COUNTS, SHARES

#: Most candidates for which river and stable voting are counted anew.
MAX_RECOUNTED = 7

#: Each candidate's accepted defeat: by whom, -1 for nobody.
Defeats = tuple[int, ...]


def _rule_places(counts: ProfileCounts, rule: str) -> np.ndarray:
    """Places by the rule itself ``[candidates]``."""
    return aggregate(counts.profile, rule, None, COUNTS if counts.by_counts else SHARES).place


def _repeat(margin: np.ndarray, first: Callable[[np.ndarray], set[int]]) -> np.ndarray:
    """Places ``[candidates]`` where those whom ``first`` chooses share a place, are removed, and
    the others are counted again."""
    place, remaining = np.zeros(len(margin), int), np.arange(len(margin))
    while len(remaining):
        chosen = np.isin(
            np.arange(len(remaining)), list(first(margin[np.ix_(remaining, remaining)]))
        )
        place[remaining[chosen]] = len(margin) - len(remaining)
        remaining = remaining[~chosen]
    return place


# -- river ----------------------------------------------------------------------------------------


def river(counts: ProfileCounts) -> Explanation:
    """Accepts victories by margin, at most one defeat of each candidate and no cycle."""
    recounted = counts.m <= MAX_RECOUNTED
    place = _repeat(counts.margin, _river_winners) if recounted else _rule_places(counts, "river")
    first = winners(place)
    accepted, reasons = _river_tree(counts, first[0])
    edges = majority_edges(
        counts,
        lambda a, b: "counted" if (a, b) in accepted else "left out",
        lambda a, b: reasons[a, b],
    )
    verb = "has" if len(first) == 1 else "have"
    notes = [
        f"{counts.join_names(first)} {verb} no accepted defeat. {len(accepted)} of {len(edges)} "
        "wins are accepted, the largest first."
    ]
    if len(first) > 1:
        notes[0] += " Each of them is left so by some order of equal margins."
    notes += [
        f"{counts.names[e.a]} over {counts.names[e.b]} is skipped: {e.reason}."
        for e in edges if e.state == "left out"
    ][:MAX_NAMED]  # fmt: skip
    title = "Wins that are accepted (solid) and wins that are skipped (dashed)"
    steps = (Graph(title, edges), pairwise_matrix(counts))
    table = victory_table(counts, edges)
    return Explanation("river", counts.names, place, tuple(notes), steps, table)


def _equal_victories(margin: np.ndarray) -> list[list[tuple[int, int]]]:
    """Victories in groups of equal margins, the largest first; ties chain."""
    pairs = [(int(a), int(b)) for a, b in zip(*np.nonzero(margin > 0), strict=True)]
    groups: list[list[tuple[int, int]]] = []
    for pair in sorted(pairs, key=lambda pair: -margin[pair]):
        if groups and margin[groups[-1][-1]] - margin[pair] <= 2 * TIE_TOLERANCE:
            groups[-1].append(pair)
        else:
            groups.append([pair])
    return groups


def _is_above(defeats: Defeats, a: int, b: int) -> bool:
    """Whether ``a`` is ``b``, or beats it by a chain of accepted wins."""
    while b != a and b >= 0:
        b = defeats[b]
    return b == a


def _river_winners(margin: np.ndarray) -> set[int]:
    """The candidates without an accepted defeat, by some order of equal victories."""
    found: set[Defeats] = {(-1,) * len(margin)}
    for group in _equal_victories(margin):
        done, front = set(), list(found)
        seen = set(front)
        while front:
            defeats = front.pop()
            further = [
                (*defeats[:b], a, *defeats[b + 1 :])
                for a, b in group
                if defeats[b] < 0 and not _is_above(defeats, b, a)
            ]
            done |= set() if further else {defeats}
            front += [new for new in further if new not in seen]
            seen |= set(further)
        found = done
    return {c for defeats in found for c, by in enumerate(defeats) if by < 0}


def _river_tree(
    counts: ProfileCounts, winner: int
) -> tuple[set[tuple[int, int]], dict[tuple[int, int], str]]:
    """The accepted victories by one order of equal margins, those over the winner last, and why
    each victory is accepted or skipped."""
    defeats: Defeats = (-1,) * counts.m
    reasons: dict[tuple[int, int], str] = {}
    accepted: set[tuple[int, int]] = set()
    for group in _equal_victories(counts.margin):
        for a, b in sorted(group, key=lambda pair: (pair[1] == winner, pair[0] != winner)):
            if defeats[b] >= 0:
                reasons[a, b] = f"{counts.names[b]} has lost to {counts.names[defeats[b]]} before"
            elif _is_above(defeats, b, a):
                reasons[a, b] = "it would close a circle"
            else:
                reasons[a, b] = "accepted"
                accepted.add((a, b))
                defeats = (*defeats[:b], a, *defeats[b + 1 :])
    return accepted, reasons


# -- stable voting --------------------------------------------------------------------------------


def simple_stable_voting(counts: ProfileCounts) -> Explanation:
    """Finds the largest margin of a candidate over one without whom it wins."""
    return _stable(counts, "simple-stable-voting", only_unbeaten=False)


def stable_voting(counts: ProfileCounts) -> Explanation:
    """As simple stable voting, among the candidates unbeaten in split cycle."""
    return _stable(counts, "stable-voting", only_unbeaten=True)


def _stable(counts: ProfileCounts, rule: str, only_unbeaten: bool) -> Explanation:
    """The explanation of stable voting: the match that decides, and who is left out after it."""
    everybody = tuple(range(counts.m))
    notes, decisive = [], {}
    if counts.m <= MAX_RECOUNTED:
        recount = _StableRecount(counts.margin, only_unbeaten)
        place, remaining = np.zeros(counts.m, int), everybody
        while remaining:
            chosen = recount.matches(remaining)
            place[list(chosen)] = counts.m - len(remaining)
            remaining = tuple(c for c in remaining if c not in chosen)
        decisive = recount.matches(everybody)
        notes += [_match_note(counts, a, b) for a, b in decisive.items()]
    else:
        place = _rule_places(counts, rule)
        first = winners(place)
        verb = "wins" if len(first) == 1 else "win"
        notes.append(f"{counts.join_names(first)} {verb} after a search of smaller elections.")
    pairs = set(decisive.items())
    edges = majority_edges(counts, lambda a, b: "counted" if (a, b) in pairs else "quiet")
    steps = (Graph("The match that decides (solid)", edges), pairwise_matrix(counts))
    if only_unbeaten:
        kept, _ = split_cycle_defeats(counts.margin)
        unbeaten = counts.join_names(np.flatnonzero(~kept.any(0)))
        notes.append(f"Unbeaten once the weakest win of every circle is removed: {unbeaten}.")
    table = victory_table(counts, edges)
    return Explanation(rule, counts.names, place, tuple(notes), steps, table)


def _match_note(counts: ProfileCounts, a: int, b: int) -> str:
    if b < 0:
        return f"{counts.names[a]} is the only candidate left."
    margin = counts.margin[a, b]
    lead = f"leads by {percent(margin)}" if margin > 0 else f"trails by {percent(-margin)}"
    lead = lead if margin else "is tied"
    return (
        f"{counts.names[a]} wins by its match with {counts.names[b]}, in which it {lead}: without "
        f"{counts.names[b]} it would win, and no larger margin has that."
    )


class _StableRecount:
    """Stable voting from its definition, with tuples of candidates."""

    def __init__(self, margin: np.ndarray, only_unbeaten: bool) -> None:
        self.margin, self.only_unbeaten = margin, only_unbeaten
        self.known: dict[tuple[int, ...], dict[int, int]] = {}

    def matches(self, among: tuple[int, ...]) -> dict[int, int]:
        """The winners, each with the opponent of the match that decides (-1 for none)."""
        if among not in self.known:
            self.known[among] = self._count(among)
        return self.known[among]

    def _count(self, among: tuple[int, ...]) -> dict[int, int]:
        if len(among) == 1:
            return {among[0]: -1}
        eligible = among
        if self.only_unbeaten:
            kept, _ = split_cycle_defeats(self.margin[np.ix_(among, among)])
            beaten = np.asarray(kept.any(0)).tolist()
            eligible = tuple(c for c, lost in zip(among, beaten, strict=True) if not lost)
        stable = [
            (float(self.margin[a, b]), a, b)
            for a in eligible
            for b in among
            if b != a and a in self.matches(tuple(c for c in among if c != b))
        ]
        stable.sort(reverse=True)
        found: dict[int, int] = {}
        last = stable[0][0]
        for margin, a, b in stable:
            if last - margin > 2 * TIE_TOLERANCE:
                break
            found.setdefault(a, b)
            last = margin
        return found


# -- sets of the majority relation ----------------------------------------------------------------


def smith_set(counts: ProfileCounts) -> Explanation:
    """The smallest group each of whom beats everybody outside."""
    first = "head to head each beats everybody else, and no smaller group does"
    return _set(counts, "smith-set", _smith, first)


def schwartz_set(counts: ProfileCounts) -> Explanation:
    """Those who beat back, by a chain of wins, whoever beats them by one."""
    first = "whoever beats one of them by a chain of wins is beaten back by such a chain"
    return _set(counts, "schwartz-set", _schwartz, first)


def uncovered_set(counts: ProfileCounts) -> Explanation:
    """Those whom nobody covers."""
    first = "whoever beats one of them is beaten by somebody who does not beat this one"
    return _set(counts, "uncovered-set", _uncovered, first)


def _set(
    counts: ProfileCounts, rule: str, first_of: Callable[[np.ndarray], set[int]], reason: str
) -> Explanation:
    """The explanation of a rule that chooses a set by who beats whom, again and again."""
    place = _repeat(counts.margin, first_of)
    chosen = winners(place)
    edges = majority_edges(counts, lambda a, b: _state_by_place(place, a, b))
    verb = "shares first place with nobody" if len(chosen) == 1 else "share first place"
    notes = [f"{counts.join_names(chosen)} {verb}: {reason}."]
    if len(chosen) < counts.m:
        notes.append("The others are counted again in the same way, without those ahead of them.")
    title = "Wins over candidates who come behind (solid) and other wins (dashed)"
    steps = (Graph(title, edges), pairwise_matrix(counts))
    table = candidate_table(counts, {"place": place + 1.0})
    return Explanation(rule, counts.names, place, tuple(notes), steps, table)


def _state_by_place(place: np.ndarray, a: int, b: int) -> str:
    return "counted" if place[a] < place[b] else "left out"


def _smith(margin: np.ndarray) -> set[int]:
    """Grown from the candidate with the most wins: whoever is not beaten by a member joins."""
    points = (margin > 0).sum(1) - (margin < 0).sum(1)
    group = {int(np.argmax(points))}
    while True:
        joins = {c for c in range(len(margin)) if any(margin[a, c] <= 0 for a in group)}
        if joins <= group:
            return group
        group |= joins


def _schwartz(margin: np.ndarray) -> set[int]:
    def reached(start: int) -> set[int]:
        found, front = {start}, [start]
        while front:
            front = [c for a in front for c in np.flatnonzero(margin[a] > 0) if c not in found]
            found |= set(front)
        return found

    chains = [reached(a) for a in range(len(margin))]
    return {a for a in range(len(margin)) if all(b in chains[a] or a not in chains[b]
                                                for b in range(len(margin)))}  # fmt: skip


def _uncovered(margin: np.ndarray) -> set[int]:
    beaten_by = [set(np.flatnonzero(column > 0).tolist()) for column in margin.T]
    return {
        b for b in range(len(margin))
        if not any(beaten_by[a] <= beaten_by[b] for a in beaten_by[b])
    }  # fmt: skip


def smith_minimax(counts: ProfileCounts) -> Explanation:
    """Minimax within the Smith set; then within the next group, and so on."""
    group = _repeat(counts.margin, _smith)
    place, worst = np.zeros(counts.m, int), np.zeros(counts.m)
    for start in np.unique(group):
        inside = np.flatnonzero(group == start)
        if len(inside) > 1:
            own = counts.margin[np.ix_(inside, inside)]
            worst[inside] = np.where(np.eye(len(own), dtype=bool), -np.inf, -own).max(1)
        ordered = np.sort(worst[inside])
        level = np.concatenate([[0], np.cumsum(np.diff(ordered) > 2 * TIE_TOLERANCE)])
        own_level = level[np.searchsorted(ordered, worst[inside])]
        place[inside] = start + (own_level[None, :] < own_level[:, None]).sum(1)
    first, smith = winners(place), np.flatnonzero(group == 0)
    notes = [f"Each of {counts.join_names(smith)} beats everybody else head to head."]
    if len(smith) == 1:
        notes = [f"{counts.names[first[0]]} beats every other candidate head to head."]
    elif worst[first[0]] > 0:
        notes.append(
            f"Among them {counts.join_names(first)} has the mildest worst defeat, by "
            f"{percent(worst[first[0]])}."
        )
    else:
        notes.append(f"Among them {counts.join_names(first)} loses to nobody.")
    edges: tuple[Edge, ...] = majority_edges(
        counts, lambda a, b: "counted" if group[a] == group[b] else "quiet"
    )
    title = "Wins within a group (solid); each group beats the next"
    steps = (Graph(title, edges), pairwise_matrix(counts))
    table = candidate_table(counts, {"group": group + 1.0, "worst defeat": np.maximum(worst, 0.0)})
    return Explanation("smith-minimax", counts.names, place, tuple(notes), steps, table)


EXPLAINERS = {
    "river": river,
    "simple-stable-voting": simple_stable_voting,
    "stable-voting": stable_voting,
    "smith-set": smith_set,
    "schwartz-set": schwartz_set,
    "uncovered-set": uncovered_set,
    "smith-minimax": smith_minimax,
}
