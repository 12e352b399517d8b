"""The explanations of Kemeny's and Slater's rules: overruled majorities, and the best order by its
leader."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.counting import aggregate
from scrl.voting.explain.pairwise import (
    MAX_NAMED,
    candidate_table,
    majority_edges,
    pairwise_matrix,
    victory_table,
)
from scrl.voting.explain.steps import (
    Bars,
    Explanation,
    Graph,
    ProfileCounts,
    Step,
    percent,
    winners,
)
from scrl.voting.optimal_orders import kemeny_ranking, slater_ranking
from scrl.voting.truncated_ballots import COUNTS, SHARES

#: Most candidates for which the best order led by each is searched, over 2^m sets.
MAX_SEARCHED = 12


@dataclass(frozen=True)
class _Wording:
    """How an order's disagreement is said.

    Attributes:
        verb: what an order does to ``unit`` things that it disagrees with.
        bars: title of the bars over first candidates.
        digits: format of a number.
    """

    verb: str
    unit: str
    bars: str
    digits: str


_KEMENY = _Wording(
    "disagrees with", "pairs for each voter",
    "Disagreement of the best order with this candidate first, in pairs for each voter", ".3f",
)  # fmt: skip
_SLATER = _Wording(
    "reverses", "head-to-head wins",
    "Head-to-head wins that the best order with this candidate first reverses", "g",
)  # fmt: skip


def kemeny(counts: ProfileCounts) -> Explanation:
    """Shows the majorities that the Kemeny order overrules, and what each leader would cost."""
    return _best_order(counts, "kemeny", counts.above, _KEMENY)


def slater(counts: ProfileCounts) -> Explanation:
    """Shows the majorities that the Slater order reverses, and what each leader would cost."""
    return _best_order(counts, "slater", (counts.margin > 0).astype(float), _SLATER)


def _best_order(
    counts: ProfileCounts, rule: str, above: np.ndarray, words: _Wording
) -> Explanation:
    """The explanation of a rule of the order that disagrees least with ``above``: what a before b
    costs if b is put ahead."""
    leader_cost, notes = None, []
    if counts.m > MAX_SEARCHED:
        widths = COUNTS if counts.by_counts else SHARES
        place = aggregate(counts.profile, rule, None, widths).place
        notes = [_proof_note(counts, rule, words)]
    else:
        place, leader_cost = _kemeny_places(above)
    order = np.argsort(place, kind="stable").tolist()
    overruled = {
        (b, a) for i, a in enumerate(order) for b in order[i + 1 :]
        if counts.margin[b, a] > 0 and place[a] < place[b]
    }  # fmt: skip
    edges = majority_edges(counts, lambda a, b: "left out" if (a, b) in overruled else "counted")
    steps: tuple[Step, ...] = (
        Graph("Wins that the order keeps (solid) and wins that it reverses (dashed)", edges),
    )
    table = victory_table(counts, edges)
    if leader_cost is not None:
        notes = _leader_notes(counts, winners(place), leader_cost, words)
        bars = Bars(words.bars, leader_cost, lower_is_better=True)
        steps = (*steps, bars, pairwise_matrix(counts))
        table = candidate_table(counts, {"best order led by it": leader_cost})
    for a, b in sorted(overruled, key=lambda pair: -counts.margin[pair])[:MAX_NAMED]:
        margin = percent(counts.margin[a, b])
        notes.append(
            f"The order reverses the win of {counts.names[a]} over {counts.names[b]}, by {margin}."
        )
    return Explanation(rule, counts.names, place, tuple(notes), steps, table)


def _leader_notes(
    counts: ProfileCounts, first: list[int], leader_cost: np.ndarray, words: _Wording
) -> list[str]:
    """Sentences on the cost of the best order, and of the best one with another leader."""
    best = float(leader_cost.min())
    notes = [
        f"The best order with {counts.join_names(first)} first {words.verb} {best:{words.digits}} "
        f"{words.unit}. No order {words.verb} fewer."
    ]
    others = [c for c in range(counts.m) if c not in first]
    if others:
        second = min(others, key=lambda c: leader_cost[c])
        notes.append(
            f"The best order with another candidate first ({counts.names[second]}) {words.verb} "
            f"{leader_cost[second] - best:{words.digits}} more."
        )
    return notes


def _proof_note(counts: ProfileCounts, rule: str, words: _Wording) -> str:
    """A sentence on the disagreement of the best order of many candidates, and its proof."""
    ranking = {"kemeny": kemeny_ranking, "slater": slater_ranking}[rule]
    widths = COUNTS if counts.by_counts else SHARES
    found = ranking(counts.profile, left_out=None, widths=widths)
    scale = 1.0 if rule == "slater" else counts.profile.weight.sum()
    known = (
        f"no order {words.verb} fewer, as integer programming proves"
        if found.proved
        else f"that every order {words.verb} {found.lower_bound / scale:.6g} or more is proved"
    )
    return f"The best order {words.verb} {found.cost / scale:.6g} {words.unit}; {known}."


def _kemeny_places(above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places ``[candidates]``, and the least disagreement of an order that each candidate leads
    ``[candidates]``."""
    m = len(above)
    cost = above.T * (1 - np.eye(m))
    leader_cost = _leader_costs(cost)
    place, remaining, remaining_cost = np.zeros(m, int), np.arange(m), leader_cost
    while True:
        first = remaining_cost <= remaining_cost.min() + TIE_TOLERANCE
        place[remaining[first]] = m - len(remaining)
        remaining = remaining[~first]
        if not len(remaining):
            return place, leader_cost
        remaining_cost = _leader_costs(cost[np.ix_(remaining, remaining)])


def _leader_costs(cost: np.ndarray) -> np.ndarray:
    """Least disagreement of an order led by each candidate ``[candidates]``, by dynamic programming
    over sets.

    Args:
        cost: the share of voters who disagree with a before b ``[candidates, candidates]``.
    """
    m = len(cost)
    if m <= 5:
        totals = np.full(m, np.inf)
        for order in permutations(range(m)):
            total = sum(cost[a, b] for i, a in enumerate(order) for b in order[i + 1 :])
            totals[order[0]] = min(totals[order[0]], total)
        return totals
    sets = np.arange(2**m)
    lead = np.zeros((2**m, m))  # cost of each candidate before a set
    for k in range(m):
        lead[2**k : 2 ** (k + 1)] = lead[: 2**k] + cost[:, k]
    least = np.zeros(2**m)  # cost of a set's best order
    size = np.bitwise_count(sets)
    for k in range(1, m + 1):
        of_size = sets[size == k]
        options = np.full((len(of_size), m), np.inf)
        for a in range(m):
            member = (of_size >> a) & 1 == 1
            rest = of_size[member] & ~(1 << a)
            options[member, a] = lead[rest, a] + least[rest]
        least[of_size] = options.min(1)
    rest = (2**m - 1) & ~(1 << np.arange(m))
    return lead[rest, np.arange(m)] + least[rest]
