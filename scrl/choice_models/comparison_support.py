"""Which orders comparisons support, and notes where they support none.

An order of two completions rests on comparisons if one was preferred to the other directly or
through others: a ≻ c and c ≻ b order a and b. Where no such path leads either way, scores of
Bradley–Terry have no limit as their prior becomes flat, and what a fit says of the two is its
prior's (compare ``finite_maxima``). Nothing is known either where every comparison is a tie. Where
two scores have one limit, as those of a completion and of another that it was compared with once
and tied, comparisons leave the two level, and a strict order is again the prior's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from scrl.choice_models.bradley_terry import PairCounts, fit_pair_counts
from scrl.data.files import quoted
from scrl.types import Catalogue

#: Names that a note lists, groups of them, and prompts, before it says how many more there are.
MAX_NAMES, MAX_GROUPS, MAX_PROMPTS = 4, 3, 5
#: Relative difference up to which the wins of a pair are equal.
TIE = 1e-12
#: Standard deviation of a prior that is all but flat, in log-odds; the difference of scores up to
#: which they are level then; that from which they are not level with the usual prior.
FLAT_SD, LEVEL, APART = 1e4, 1e-5, 1e-7


@dataclass(frozen=True, eq=False)
class Unsupported:
    """What the comparisons of a prompt do not order. All are positions within the prompt.

    Attributes:
        prompt: its index.
        alone: completions that are compared with no other.
        groups: completions that are compared among each other, but not with other groups; empty
            where there is one such group.
        tied: whether every comparison is a tie.
        unordered: sets of completions of which each has another in the set that it was neither
            preferred to nor less preferred than, directly or through others.
        level: sets of completions that all comparisons together leave level, which a prior orders.
    """

    prompt: int
    alone: np.ndarray
    groups: tuple[np.ndarray, ...]
    tied: bool
    unordered: tuple[np.ndarray, ...]
    level: tuple[np.ndarray, ...] = ()

    def supports(self, first: int, second: int) -> bool:
        """Whether an order of two of the prompt's completions is known to rest on comparisons."""
        if self.tied or first in self.alone or second in self.alone:
            return False
        group = [
            next((i for i, g in enumerate(self.groups) if x in g), -1) for x in (first, second)
        ]
        apart = any(first in s and second in s for s in (*self.unordered, *self.level))
        return group[0] == group[1] and not apart


def find_unsupported(
    counts: PairCounts, catalogue: Catalogue, are_counts: bool = True
) -> list[Unsupported]:
    """The prompts of two completions or more on which some order rests on no comparison.

    Args:
        counts: all comparisons.
        are_counts: whether wins are counts; otherwise they say who was ever preferred to whom, and
            none are called level.
    """
    won = [counts.wins_first > 0, counts.wins_second > 0]
    better = np.concatenate([counts.first[won[0]], counts.second[won[1]]])
    worse = np.concatenate([counts.second[won[0]], counts.first[won[1]]])
    items, offsets = catalogue.items, np.asarray(catalogue.offsets)
    graph = csr_matrix((np.ones(len(better), bool), (better, worse)), shape=(items, items))
    compared = np.zeros(items, bool)
    compared[better] = compared[worse] = True
    _, weak = connected_components(graph, connection="weak")
    _, strong = connected_components(graph, connection="strong")
    total = counts.wins_first + counts.wins_second
    strict = np.abs(counts.wins_first - counts.wins_second) > TIE * total
    decided = np.zeros(len(offsets) - 1, bool)
    decided[catalogue.item_prompt[counts.first[strict]]] = True
    level = _find_level(counts, offsets, strong) if are_counts else {}
    found = []
    for prompt, (start, stop) in enumerate(pairwise(offsets)):
        if stop - start < 2:
            continue
        own = slice(start, stop)
        heard = np.flatnonzero(compared[own])
        whole = len(heard) == stop - start and len(np.unique(strong[own])) == 1
        same = level.get(prompt, ()) if decided[prompt] else ()
        if whole and decided[prompt] and not same:
            continue
        groups = _by_label(heard, weak[own][heard])
        unordered = [u for g in groups for u in _unordered(graph[own, own], strong[own], g)]
        one = Unsupported(
            prompt,
            np.flatnonzero(~compared[own]),
            tuple(groups) if len(groups) > 1 else (),
            bool(len(heard)) and not decided[prompt],
            tuple(unordered),
            tuple(same),
        )
        if len(one.alone) or one.groups or one.tied or one.unordered or one.level:
            found.append(one)
    return found


def _find_level(
    counts: PairCounts, offsets: np.ndarray, strong: np.ndarray
) -> dict[int, list[np.ndarray]]:
    """Sets of completions of each prompt whose scores have one limit as the prior becomes flat, and
    are apart with the usual prior; positions within the prompt.

    Within a strongly connected part the limit is the maximum of the part's own comparisons.

    Args:
        strong: the part of each item ``[items]``.
    """
    inside = strong[counts.first] == strong[counts.second]
    own = PairCounts(*(column[inside] for column in vars(counts).values()))
    flat, usual = fit_pair_counts(own, offsets, FLAT_SD), fit_pair_counts(counts, offsets)
    prompt = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((flat, strong, prompt))
    new = (np.diff(strong[order]) != 0) | (np.diff(prompt[order]) != 0)
    new |= np.diff(flat[order]) > LEVEL
    found: dict[int, list[np.ndarray]] = {}
    ends = np.concatenate([[0], np.flatnonzero(new) + 1, [len(order)]])
    for at in np.flatnonzero(np.diff(ends) > 1):
        run = order[ends[at] : ends[at + 1]]
        if np.ptp(usual[run]) > APART:
            own_prompt = int(prompt[run[0]])
            found.setdefault(own_prompt, []).append(np.sort(run) - offsets[own_prompt])
    return found


def _by_label(members: np.ndarray, label: np.ndarray) -> list[np.ndarray]:
    """Members with one label together, in the order of their first ones."""
    _, first, group = np.unique(label, return_index=True, return_inverse=True)
    return [members[group == g] for g in np.argsort(first)]


def _unordered(graph: csr_matrix, strong: np.ndarray, group: np.ndarray) -> list[np.ndarray]:
    """Sets of a connected group in which not all are ordered by a path of preferences.

    Each of a set is unordered with another of it, and all are ordered with the others of the group.
    Parts that are strongly connected are put in a line along which all preferences lead; sets are
    the stretches of it that no cut divides, where a cut is a place at which all before reach all
    behind.

    Args:
        graph: preferences within the prompt; strong: the part of each completion.
    """
    parts = _by_label(group, strong[group])
    if len(parts) < 3:
        return []
    part = np.full(len(strong), -1)
    for number, members in enumerate(parts):
        part[members] = number
    better, worse = (part[x] for x in graph.nonzero())
    inside = (better >= 0) & (better != worse)
    edges = np.unique(np.stack([better[inside], worse[inside]], axis=1), axis=0)
    line = _line(edges, len(parts))
    position = np.argsort(line)
    reached = [0] * len(line)  # sets of positions, as bits
    for at, below in sorted(position[edges].tolist(), reverse=True):
        reached[at] |= 1 << below | reached[below]
    found, start, last = [], 0, 0
    for at, known in enumerate(reached):
        missing = ((1 << len(line)) - (2 << at)) & ~known
        last = max(last, missing.bit_length() - 1)
        if last <= at:
            if at > start:
                found.append(np.sort(np.concatenate([parts[i] for i in line[start : at + 1]])))
            start = last = at + 1
    return found


def _line(edges: np.ndarray, parts: int) -> np.ndarray:
    """Parts ordered so that all edges lead onwards ``[parts]``.

    Args:
        edges: from and to ``[edges, 2]``, by the first; without a circle.
    """
    above = np.bincount(edges[:, 1], minlength=parts)
    first = np.searchsorted(edges[:, 0], np.arange(parts + 1))
    line, ready = [], np.flatnonzero(above == 0).tolist()
    while ready:
        line.append(ready.pop())
        below = edges[first[line[-1]] : first[line[-1] + 1], 1]
        above[below] -= 1
        ready += below[above[below] == 0].tolist()
    return np.array(line)


def support_notes(
    counts: PairCounts,
    catalogue: Catalogue,
    instead: str = "a model's prior",
    are_counts: bool = True,
    with_groups: bool = True,
) -> tuple[str, ...]:
    """Notes on the prompts of which some strict order rests on no comparison; a few, then a count.

    Args:
        counts: all comparisons.
        instead: what a strict order of such completions rests on.
        are_counts: see ``find_unsupported``.
        with_groups: whether to name what no comparison leads to; False where another note does.
    """
    found = find_unsupported(counts, catalogue, are_counts)
    if not with_groups:
        found = [replace(one, alone=one.alone[:0], groups=()) for one in found]
        found = [one for one in found if one.tied or one.unordered or one.level]
    notes = [f"{_described(one, catalogue)} rests on {instead}." for one in found[:MAX_PROMPTS]]
    if len(found) > MAX_PROMPTS:
        notes.append(
            f"Comparisons leave the order open on {len(found) - MAX_PROMPTS:,} more prompts."
        )
    return tuple(notes)


def _described(one: Unsupported, catalogue: Catalogue) -> str:
    """What is not known of a prompt, as a sentence to which what an order rests on is added."""
    names = catalogue.names(one.prompt)
    where = f"Prompt {quoted(catalogue.prompts[one.prompt])}: "
    if len(one.alone) == len(names):
        return f"{where}no ballot compares two completions; a strict order of them"
    if one.tied:
        return f"{where}all comparisons are ties; a strict order of completions"
    said = []
    if len(one.alone):
        said.append(f"no ballot compares {listed(names, one.alone)} with another completion")
    if one.groups:
        shown = " and ".join(f"[{listed(names, g)}]" for g in one.groups[:MAX_GROUPS])
        more = len(one.groups) - MAX_GROUPS
        shown += f" and {more} more groups" if more > 0 else ""
        said.append(f"{shown} are never compared with each other")
    for part in one.unordered[:MAX_GROUPS]:
        said.append(f"{listed(names, part)} are not all ordered by ballots, even through others")
    for level in one.level[:MAX_GROUPS]:
        said.append(f"{listed(names, level)} are level by all that was compared")
    return f"{where}{'; '.join(said)}; a strict order of these"


def listed(names: Sequence[str], chosen: np.ndarray) -> str:
    """Names of chosen completions, a few of them."""
    shown = [quoted(names[i]) for i in chosen[:MAX_NAMES]]
    if len(chosen) > MAX_NAMES:
        return f"{', '.join(shown)} and {len(chosen) - MAX_NAMES} more"
    return ", ".join(shown)
