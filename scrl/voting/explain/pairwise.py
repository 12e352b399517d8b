"""Explanations of pairwise rules: victories, strongest paths, and discarded victories."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.explain.steps import (
    Bars,
    Edge,
    Explanation,
    Graph,
    Matrix,
    ProfileCounts,
    percent,
    places_by_score,
    winners,
)

#: Most victories named in notes.
MAX_NAMED = 6

Pair = tuple[int, int]


def pairwise_matrix(counts: ProfileCounts, marked: Iterable[Pair] = ()) -> Matrix:
    """P(a ≻ b) as a matrix."""
    values = np.where(np.eye(counts.m, dtype=bool), np.nan, counts.above)
    title = "Share of ballots that rank the row above the column"
    if counts.by_counts and (counts.both_ranked < 1 - TIE_TOLERANCE).any():
        title = "Share of all ballots with the row above the column, half of those without both"
    return Matrix(title, values, marked=tuple(marked))


def majority_edges(
    counts: ProfileCounts,
    state: Callable[[int, int], str] = lambda a, b: "counted",
    reason: Callable[[int, int], str] = lambda a, b: "",
) -> tuple[Edge, ...]:
    """All pairwise victories, largest margin first.

    Args:
        state: winner and loser -> the edge's state.
        reason: winner and loser -> the reason of that state.
    """
    winner, loser = np.nonzero(counts.margin > 0)
    edges = [
        Edge(a, b, float(counts.margin[a, b]), state(a, b), reason(a, b))
        for a, b in zip(winner.tolist(), loser.tolist(), strict=True)
    ]
    return tuple(sorted(edges, key=lambda e: -e.margin))


def copeland(counts: ProfileCounts) -> Explanation:
    """Scores are pairwise victories, ties half."""
    off_diagonal = ~np.eye(counts.m, dtype=bool)
    points = np.where(counts.margin > 0, 1.0, np.where(counts.margin < 0, 0.0, 0.5))
    score = (points * off_diagonal).sum(1)
    place = places_by_score(score)
    first = winners(place)
    won = f"{score[first[0]]:g} of {counts.m - 1}"
    notes = [f"{counts.join_names(first)}: {won} head-to-head contests won."]
    if len(first) == 1 and (counts.margin[first[0]][off_diagonal[first[0]]] > 0).all():
        notes.append("It beats every other candidate head to head: it is the Condorcet winner.")
    steps = (
        Graph("Who beats whom", majority_edges(counts)),
        Bars("Head-to-head wins (a tie is half a win)", score),
        pairwise_matrix(counts),
    )
    table = candidate_table(counts, {"wins": score})
    return Explanation("copeland", counts.names, place, tuple(notes), steps, table)


def minimax(counts: ProfileCounts) -> Explanation:
    """Ranks by the margin of the worst defeat."""
    return _minimax(counts, "minimax", -counts.margin, "margin")


def winning_votes(counts: ProfileCounts) -> Explanation:
    """Ranks by the winner's votes in the worst defeat."""
    votes = np.where(counts.margin.T > 0, counts.strictly_above.T, 0.0)
    return _minimax(counts, "minimax-winning-votes", votes, "share of votes for the opponent")


def _minimax(counts: ProfileCounts, rule: str, defeat: np.ndarray, unit: str) -> Explanation:
    """The explanation of a minimax rule.

    Args:
        defeat: size of the defeat of a by b ``[candidates, candidates]``, larger is worse.
        unit: of ``defeat``.
    """
    worst, opponent = np.zeros(counts.m), np.zeros(counts.m, int)
    if counts.m > 1:
        against = np.where(np.eye(counts.m, dtype=bool), -np.inf, defeat)
        worst, opponent = against.max(1), against.argmax(1)
    place = places_by_score(-worst)
    defeated = [a for a in range(counts.m) if counts.margin[a, opponent[a]] < 0]
    worst_defeats = {(int(opponent[a]), a) for a in defeated}
    notes = []
    for a in winners(place):
        if a in defeated:
            notes.append(
                f"The worst defeat of {counts.names[a]} is against {counts.names[opponent[a]]} "
                f"({unit} {percent(worst[a])}). No other candidate has a milder worst defeat."
            )
        else:
            notes.append(f"{counts.names[a]} loses to nobody head to head.")
    edges = majority_edges(counts, lambda a, b: "counted" if (a, b) in worst_defeats else "quiet")
    size = np.maximum(worst, 0) + 0.0
    steps = (
        Graph("Each candidate’s worst defeat", edges),
        Bars(f"Worst defeat ({unit})", size, lower_is_better=True),
        pairwise_matrix(counts, [(a, int(opponent[a])) for a in defeated]),
    )
    by = [counts.names[opponent[a]] if a in defeated else "" for a in range(counts.m)]
    table = candidate_table(counts, {"worst defeat": size}, {"by": by})
    return Explanation(rule, counts.names, place, tuple(notes), steps, table)


# -- paths ----------------------------------------------------------------------------------------


def strongest_paths(margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strength of the strongest path from a to b, and the next candidate on it
    ``[candidates, candidates]``, by the Floyd–Warshall recursion.

    The strength of a path is its smallest margin.
    """
    m = len(margin)
    strength = np.maximum(margin, 0.0)
    following = np.tile(np.arange(m), (m, 1))
    for c in range(m):
        through = np.minimum(strength[:, [c]], strength[[c], :])
        better = through > strength + TIE_TOLERANCE
        better[c, :] = better[:, c] = False
        np.fill_diagonal(better, False)
        following = np.where(better, following[:, [c]], following)
        strength = np.where(better, through, strength)
    return strength, following


def path_between(following: np.ndarray, a: int, b: int) -> list[int]:
    """The strongest path from a to b, from what ``strongest_paths`` returns second."""
    path = [a]
    while path[-1] != b and len(path) <= len(following):
        path.append(int(following[path[-1], b]))
    return path


def schulze(counts: ProfileCounts) -> Explanation:
    """Compares the strongest paths between candidates; the winner's closest rival is drawn."""
    strength, following = strongest_paths(counts.margin)
    np.fill_diagonal(strength, 0.0)
    beaten = (strength + 2 * TIE_TOLERANCE < strength.T).sum(1)
    place = places_by_score(-beaten)
    best = winners(place)[0]
    others = [b for b in range(counts.m) if b != best]
    rival = min(others, key=lambda b: strength[best, b] - strength[b, best], default=None)
    forth: set[Pair] = set()
    back: set[Pair] = set()
    table = []
    for b in others:
        row = {"against": counts.names[b], "chain": "", "strength": float(strength[best, b]),
               "chain back": "", "strength back": float(strength[b, best])}  # fmt: skip
        for key, start, end, edges in (("chain", best, b, forth), ("chain back", b, best, back)):
            if strength[start, end] > 0:
                path = path_between(following, start, end)
                row[key] = _path_text(counts, path)
                if b == rival:
                    edges.update(pairwise(path))
        table.append(row)

    def state(a: int, b: int) -> str:
        return "path" if (a, b) in forth else "back" if (a, b) in back else "quiet"

    notes = [f"{counts.join_names(winners(place))} wins: its chain to every other candidate is at "
             "least as strong as the chain back."]  # fmt: skip
    title = "Chains of wins"
    if rival is not None:
        title = f"Chains of wins between {counts.names[best]} and {counts.names[rival]}"
        notes.append(
            f"Its closest rival is {counts.names[rival]}: the chain there has strength "
            f"{percent(strength[best, rival])}, the chain back {percent(strength[rival, best])}. A "
            "chain is as strong as its weakest win."
        )
    values = np.where(np.eye(counts.m, dtype=bool), np.nan, strength)
    marked = tuple((best, b) for b in others)
    steps = (
        Graph(title, majority_edges(counts, state)),
        Matrix("Strength of the best chain from row to column", values, (), 0.0, marked),
        pairwise_matrix(counts),
    )
    return Explanation("schulze", counts.names, place, tuple(notes), steps, tuple(table))


def split_cycle(counts: ProfileCounts) -> Explanation:
    """Discards the weakest victory of every cycle (Holliday and Pacuit)."""
    place = _places_of_unbeaten(counts.margin, lambda margin: split_cycle_defeats(margin)[0])
    kept, following = split_cycle_defeats(counts.margin)

    def state(a: int, b: int) -> str:
        return "counted" if kept[a, b] else "left out"

    def reason(a: int, b: int) -> str:
        if kept[a, b]:
            return ""
        circle = _path_text(counts, [a, *path_between(following, b, a)])
        return f"the weakest win of the circle {circle}"

    edges = majority_edges(counts, state, reason)
    discarded = [e for e in edges if e.state == "left out"]
    first = winners(place)
    verb = "is" if len(first) == 1 else "are"
    notes = [
        f"{counts.join_names(first)} {verb} unbeaten once the weakest win of every circle is "
        "removed."
        if discarded
        else f"There is no circle, so every win counts. {counts.join_names(first)} {verb} unbeaten."
    ]
    notes += [
        f"{counts.names[e.a]} over {counts.names[e.b]}: {e.reason}." for e in discarded[:MAX_NAMED]
    ]
    title = "Wins that count (solid) and wins that are removed (dashed)"
    steps = (Graph(title, edges), pairwise_matrix(counts))
    table = victory_table(counts, edges)
    return Explanation("split-cycle", counts.names, place, tuple(notes), steps, table)


def _path_text(counts: ProfileCounts, path: Iterable[int]) -> str:
    return " → ".join(counts.names[i] for i in path)


def split_cycle_defeats(margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which victories are not the weakest of a cycle ``[candidates, candidates]``, and the next
    candidates on the strongest paths."""
    strength, following = strongest_paths(margin)
    return (margin > 0) & (margin > strength.T + 2 * TIE_TOLERANCE), following


def _places_of_unbeaten(
    margin: np.ndarray, defeats: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Places ``[candidates]`` where the unbeaten share a place, are removed, and the rest is
    counted again.

    Args:
        defeats: margins -> which victories count, same shape.
    """
    place, remaining = np.zeros(len(margin), int), np.arange(len(margin))
    while len(remaining):
        unbeaten = ~defeats(margin[np.ix_(remaining, remaining)]).any(0)
        place[remaining[unbeaten]] = len(margin) - len(remaining)
        remaining = remaining[~unbeaten]
    return place


def ranked_pairs(counts: ProfileCounts) -> Explanation:
    """Locks victories in by margin and skips those that close a cycle."""
    place = _places_of_unbeaten(counts.margin, lambda margin: _lock(margin)[0])
    edges = tuple(
        Edge(a, b, float(counts.margin[a, b]), "left out" if cycle else "counted",
             f"it would close the circle {_path_text(counts, cycle)}" if cycle else "accepted")
        for a, b, cycle in _lock(counts.margin)[1]
    )  # fmt: skip
    skipped = [e for e in edges if e.state == "left out"]
    first = winners(place)
    verb, pronoun = ("has", "it") if len(first) == 1 else ("have", "them")
    notes = [
        f"{counts.join_names(first)} {verb} no accepted win against {pronoun}. "
        f"{len(edges) - len(skipped)} of {len(edges)} wins are accepted, the largest first."
    ]
    notes += [
        f"{counts.names[e.a]} over {counts.names[e.b]} is skipped: {e.reason}."
        for e in skipped[:MAX_NAMED]
    ]
    title = "Wins that are accepted (solid) and wins that are skipped (dashed)"
    steps = (Graph(title, edges), pairwise_matrix(counts))
    table = victory_table(counts, edges)
    return Explanation("ranked-pairs", counts.names, place, tuple(notes), steps, table)


def _lock(margin: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int, list[int]]]]:
    """Which victories are locked ``[candidates, candidates]``, and for each in order its winner,
    its loser and the cycle that it would close.

    Of victories with equal margins, all that are in a cycle with locked ones and each other are
    skipped.
    """
    winner, loser = np.nonzero(margin > 0)
    order = np.argsort(-margin[winner, loser], kind="stable")
    pairs = [(int(winner[i]), int(loser[i])) for i in order]
    locked = np.zeros(margin.shape, bool)
    decisions: list[tuple[int, int, list[int]]] = []
    while pairs:
        equal = [pairs.pop(0)]
        # Ties chain, as in ``weak_order``.
        while pairs and margin[equal[-1]] - margin[pairs[0]] <= 2 * TIE_TOLERANCE:
            equal.append(pairs.pop(0))
        trial = locked.copy()
        for a, b in equal:
            trial[a, b] = True
        for a, b in equal:
            back = _shortest_path(trial, b, a)
            decisions.append((a, b, [a, *back] if back else []))
            locked[a, b] = not back
    return locked, decisions


def _shortest_path(edge: np.ndarray, start: int, end: int) -> list[int]:
    """A shortest path along edges (bool ``[candidates, candidates]``); [] where there is none."""
    previous, queue = {start: start}, [start]
    for node in queue:
        if node == end:
            path = [end]
            while path[-1] != start:
                path.append(previous[path[-1]])
            return path[::-1]
        for neighbour in np.flatnonzero(edge[node]).tolist():
            if neighbour not in previous:
                previous[neighbour] = node
                queue.append(neighbour)
    return []


# -- tables ---------------------------------------------------------------------------------------


def victory_table(counts: ProfileCounts, edges: Iterable[Edge]) -> tuple[dict[str, Any], ...]:
    """A row for each victory."""
    state = {"counted": "counts", "left out": "left out"}
    return tuple(
        {"winner": counts.names[e.a], "over": counts.names[e.b], "margin": e.margin,
         "": state.get(e.state, ""), "why": e.reason}
        for e in edges
    )  # fmt: skip


def candidate_table(
    counts: ProfileCounts,
    numbers: dict[str, np.ndarray],
    texts: dict[str, list[str]] | None = None,
) -> tuple[dict[str, Any], ...]:
    """A row for each candidate, a column for each ``[candidates]`` of numbers or texts."""
    return tuple(
        {"candidate": name, **{k: float(v[i]) for k, v in numbers.items()},
         **{k: v[i] for k, v in (texts or {}).items()}}
        for i, name in enumerate(counts.names)
    )  # fmt: skip


EXPLAINERS = {
    "copeland": copeland,
    "minimax": minimax,
    "minimax-winning-votes": winning_votes,
    "schulze": schulze,
    "ranked-pairs": ranked_pairs,
    "split-cycle": split_cycle,
}
