"""Rules of duels: who beats whom, by which chains, and which victories are set aside."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np

from scrl.voting.counting import aggregate
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
from scrl.voting.profile import TIE_TOLERANCE

#: Most candidates for which every leader's best order is searched: 2^m sets.
MOST_LED = 12


def duels(count: ProfileCounts, marked=()) -> Matrix:
    """P(a ≻ b) as a matrix."""
    values = np.where(np.eye(count.m, dtype=bool), np.nan, count.above)
    return Matrix("Share that puts the row above the column", values, marked=tuple(marked))


def edges_of(
    count: ProfileCounts, state=lambda a, b: "counted", why=lambda a, b: ""
) -> tuple[Edge, ...]:
    """Every victory, widest first."""
    first, second = np.nonzero(count.margin > 0)
    found = [
        Edge(a, b, float(count.margin[a, b]), state(a, b), why(a, b))
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda e: -e.width))


def copeland(count: ProfileCounts) -> Explanation:
    off = ~np.eye(count.m, dtype=bool)
    points = np.where(count.margin > 0, 1.0, np.where(count.margin < 0, 0.0, 0.5)) * off
    score = points.sum(1)
    place = places_by_score(score)
    first = winners(place)
    notes = (f"{count.join_names(first)}: {score[first[0]]:g} of {count.m - 1} duels won.",)
    if len(first) == 1 and (count.margin[first[0]][off[first[0]]] > 0).all():
        notes += ("It beats every other head to head, so it is the Condorcet winner.",)
    steps = (
        Graph("Who beats whom", edges_of(count)),
        Bars("Duels won, ties half", score),
        duels(count),
    )
    return Explanation("copeland", count.names, place, notes, steps, _table(count, {"wins": score}))


def minimax(count: ProfileCounts) -> Explanation:
    return _minimax(count, "minimax", np.maximum(-count.margin, 0), -count.margin, "margin")


def winning_votes(count: ProfileCounts) -> Explanation:
    votes = np.where(count.margin.T > 0, count.strictly_above.T, 0.0)
    return _minimax(count, "minimax-winning-votes", votes, votes, "votes for the victor")


def _minimax(count: ProfileCounts, rule: str, shown, against, unit: str) -> Explanation:
    """``against[a, b]``: how badly a does against b."""
    off = ~np.eye(count.m, dtype=bool)
    worst = np.where(off, against, -np.inf).max(1) if count.m > 1 else np.zeros(1)
    place = places_by_score(-worst)
    at = np.where(off, against, -np.inf).argmax(1) if count.m > 1 else [0]
    lost = {(int(at[a]), a) for a in range(count.m) if count.margin[a, at[a]] < 0}

    def state(a, b):
        return "counted" if (a, b) in lost else "quiet"

    first = winners(place)
    notes = []
    for a in first:
        if (int(at[a]), a) in lost:
            notes.append(
                f"The worst defeat of {count.names[a]} is against {count.names[at[a]]} "
                f"({unit} {percent(worst[a])}); no one’s is milder."
            )
        else:
            notes.append(f"{count.names[a]} loses to nobody.")
    steps = (
        Graph("Each candidate’s worst defeat", edges_of(count, state)),
        Bars(f"Worst defeat, {unit}", np.maximum(worst, 0) + 0.0, lower_is_better=True),
        duels(count, [(a, int(at[a])) for a in range(count.m) if (int(at[a]), a) in lost]),
    )
    table = _table(
        count,
        {"worst defeat": np.maximum(worst, 0)},
        {"by": [count.names[at[a]] if (int(at[a]), a) in lost else "" for a in range(count.m)]},
    )
    return Explanation(rule, count.names, place, tuple(notes), steps, table)


# -- chains ---------------------------------------------------------------------------------------


def strongest(width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strength of the strongest chain from a to b, and the next step on it
    ``[candidates, candidates]``, by Floyd and Warshall's recursion."""
    m = len(width)
    strength = np.maximum(width, 0.0)
    step = np.tile(np.arange(m), (m, 1))
    for c in range(m):
        through = np.minimum(strength[:, [c]], strength[[c], :])
        better = through > strength + TIE_TOLERANCE
        better[c, :] = better[:, c] = False
        np.fill_diagonal(better, False)
        step = np.where(better, step[:, [c]], step)
        strength = np.where(better, through, strength)
    return strength, step


def chain(step: np.ndarray, a: int, b: int) -> list[int]:
    found = [a]
    while found[-1] != b and len(found) <= len(step):
        found.append(int(step[found[-1], b]))
    return found


def schulze(count: ProfileCounts) -> Explanation:
    strength, step = strongest(count.margin)
    np.fill_diagonal(strength, 0.0)
    beaten = (strength + 2 * TIE_TOLERANCE < strength.T).sum(1)
    place = places_by_score(-beaten)
    best = winners(place)[0]
    others = [b for b in range(count.m) if b != best]
    # The closest call is drawn: where the winner's chain is least ahead of the chain back.
    rival = min(others, key=lambda b: strength[best, b] - strength[b, best], default=None)
    path, back, table = set(), set(), []
    for b in others:
        row = {"against": count.names[b], "chain": "", "strength": float(strength[best, b]),
               "chain back": "", "strength back": float(strength[b, best])}  # fmt: skip
        for key, (a, z) in {"chain": (best, b), "chain back": (b, best)}.items():
            if strength[a, z] > 0:
                hops = chain(step, a, z)
                row[key] = " → ".join(count.names[i] for i in hops)
                if b == rival:
                    (path if a == best else back).update(pairwise(hops))
        table.append(row)

    def state(a, b):
        return "path" if (a, b) in path else "back" if (a, b) in back else "quiet"

    notes = [f"{count.join_names(winners(place))}: no one’s strongest chain to it is stronger than "
             "the chain back."]  # fmt: skip
    if rival is not None:
        notes.append(
            f"Closest is {count.names[rival]}: {percent(strength[best, rival])} there, "
            f"{percent(strength[rival, best])} back. A chain is as strong as its weakest victory."
        )
    off = np.where(np.eye(count.m, dtype=bool), np.nan, strength)
    marked = [(best, b) for b in others]
    steps = (
        Graph(
            f"Chains between {count.names[best]} and {count.names[rival]}"
            if rival is not None
            else "Chains",
            edges_of(count, state),
        ),
        Matrix("Strongest chain from row to column, by margin", off, (), 0.0, tuple(marked)),
        duels(count),
    )
    return Explanation("schulze", count.names, place, tuple(notes), steps, tuple(table))


def split_cycle(count: ProfileCounts) -> Explanation:
    place = _again(count.margin, lambda width: _standing_victories(width)[0])
    kept, _, step = _standing_victories(count.margin)

    def state(a, b):
        return "counted" if kept[a, b] else "left out"

    def why(a, b):
        if kept[a, b]:
            return ""
        cycle = [a, *chain(step, b, a)]
        return "weakest of the cycle " + " → ".join(count.names[i] for i in cycle)

    edges = edges_of(count, state, why)
    struck = [e for e in edges if e.state == "left out"]
    first = winners(place)
    alone = "is" if len(first) == 1 else "are"
    notes = [
        f"{count.join_names(first)} {alone} unbeaten once the weakest victory of every cycle is "
        "struck out."
        if struck
        else f"No cycle: every victory counts, and {count.join_names(first)} {alone} unbeaten."
    ]
    notes += [f"{count.names[e.a]} over {count.names[e.b]}: {e.why}." for e in struck[:6]]
    steps = (Graph("Victories that count, and those struck out", edges), duels(count))
    return Explanation(
        "split-cycle", count.names, place, tuple(notes), steps, _victories(count, edges)
    )


def _standing_victories(width: np.ndarray):
    strength, step = strongest(width)
    return (width > 0) & (width > strength.T + 2 * TIE_TOLERANCE), strength, step


def _again(width: np.ndarray, defeats) -> np.ndarray:
    """Places when the unbeaten share a place, are taken out, and it runs again."""
    place, left = np.zeros(len(width), int), np.arange(len(width))
    while len(left):
        unbeaten = ~defeats(width[np.ix_(left, left)]).any(0)
        place[left[unbeaten]] = len(width) - len(left)
        left = left[~unbeaten]
    return place


def ranked_pairs(count: ProfileCounts) -> Explanation:
    place = _again(count.margin, lambda width: _lock(width)[0])
    _, told = _lock(count.margin)
    edges = tuple(
        Edge(a, b, float(count.margin[a, b]), "left out" if cycle else "counted",
             "would close " + " → ".join(count.names[i] for i in cycle) if cycle else "locked")
        for a, b, cycle in told
    )  # fmt: skip
    skipped = [e for e in edges if e.state == "left out"]
    first = winners(place)
    notes = [
        f"{count.join_names(first)} {'has' if len(first) == 1 else 'have'} no locked victory "
        f"against {'it' if len(first) == 1 else 'them'}; {len(edges) - len(skipped)} of "
        f"{len(edges)} victories are locked, widest first."
    ]
    notes += [f"{count.names[e.a]} over {count.names[e.b]} is skipped: {e.why}."
              for e in skipped[:6]]  # fmt: skip
    steps = (Graph("Victories locked in, widest first, and those skipped", edges), duels(count))
    return Explanation(
        "ranked-pairs", count.names, place, tuple(notes), steps, _victories(count, edges)
    )


def _lock(width: np.ndarray):
    """Which victories are locked, and for each ``(a, b, the cycle it would close)``. Of victories
    equally wide, those in a cycle with what is locked and with each other are all left out."""
    first, second = np.nonzero(width > 0)
    order = np.argsort(-width[first, second], kind="stable")
    pairs = [(int(first[i]), int(second[i])) for i in order]
    kept, told = np.zeros(width.shape, bool), []
    while pairs:
        level = [pairs.pop(0)]
        # Ties chain, as everywhere.
        while pairs and width[level[-1]] - width[pairs[0]] <= 2 * TIE_TOLERANCE:
            level.append(pairs.pop(0))
        trial = kept.copy()
        for a, b in level:
            trial[a, b] = True
        for a, b in level:
            back = _route(trial, b, a)
            told.append((a, b, [a, *back] if back else []))
            kept[a, b] = not back
    return kept, told


def _route(edge: np.ndarray, a: int, b: int) -> list[int]:
    """A shortest walk from a to b along edges, or [] where there is none."""
    came, queue = {a: a}, [a]
    for here in queue:
        if here == b:
            walk = [b]
            while walk[-1] != a:
                walk.append(came[walk[-1]])
            return walk[::-1]
        for c in np.flatnonzero(edge[here]).tolist():
            if c not in came:
                came[c] = here
                queue.append(c)
    return []


# -- Kemeny ---------------------------------------------------------------------------------------


def kemeny(count: ProfileCounts) -> Explanation:
    if count.m > MOST_LED:
        place = aggregate(count.profile.ballots(), "kemeny").place
        led = None
    else:
        place, led = _kemeny(count.above)
    order = np.argsort(place, kind="stable").tolist()
    overruled = {
        (b, a) for i, a in enumerate(order) for b in order[i + 1 :]
        if count.margin[b, a] > 0 and place[a] < place[b]
    }  # fmt: skip
    edges = edges_of(count, lambda a, b: "left out" if (a, b) in overruled else "counted")
    first = winners(place)
    notes = []
    steps: tuple = (Graph("Majorities the order keeps, and those it overrules", edges),)
    table = _victories(count, edges)
    if led is not None:
        cost = led - led.min()
        best = float(led.min())
        notes.append(
            f"An order led by {count.join_names(first)} disagrees with {best:.3f} pairs a voter, "
            "the least possible."
        )
        others = [c for c in range(count.m) if c not in first]
        if others:
            second = min(others, key=lambda c: led[c])
            notes.append(
                f"The best order led by another, {count.names[second]}, disagrees with "
                f"{cost[second]:.3f} more."
            )
        unit = "Disagreement of the best order that each leads, pairs a voter"
        steps = (steps[0], Bars(unit, led, lower_is_better=True), duels(count))
        table = _table(count, {"best order led by it": led})
    for a, b in sorted(overruled, key=lambda e: -count.margin[e])[:6]:
        notes.append(
            f"Overruled: {count.names[a]} over {count.names[b]}, by {percent(count.margin[a, b])}."
        )
    return Explanation("kemeny", count.names, place, tuple(notes), steps, table)


def _kemeny(above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places, and for each candidate the least disagreement of an order that it leads."""
    m = len(above)
    against = above.T * (1 - np.eye(m))
    place, left = np.zeros(m, int), np.arange(m)
    led = None
    while len(left):
        inner = against[np.ix_(left, left)]
        cost = _leaders(inner)
        led = cost if led is None else led
        wins = cost <= cost.min() + TIE_TOLERANCE
        place[left[wins]] = m - len(left)
        left = left[~wins]
    return place, led


def _leaders(against: np.ndarray) -> np.ndarray:
    """Least disagreement of an order led by each, ``against[a, b]`` being the share that is
    contradicted by a before b; by dynamic programming over sets."""
    m = len(against)
    if m <= 5:
        costs = np.full(m, np.inf)
        for order in permutations(range(m)):
            total = sum(against[a, b] for i, a in enumerate(order) for b in order[i + 1 :])
            costs[order[0]] = min(costs[order[0]], total)
        return costs
    sets = np.arange(2**m)
    first = np.zeros((2**m, m))
    for k in range(m):
        first[2**k : 2 ** (k + 1)] = first[: 2**k] + against[:, k]
    least = np.zeros(2**m)
    size = sum((sets >> k) & 1 for k in range(m))
    for k in range(1, m + 1):
        these = sets[size == k]
        options = np.full((len(these), m), np.inf)
        for a in range(m):
            has = (these >> a) & 1 == 1
            rest = these[has] & ~(1 << a)
            options[has, a] = first[rest, a] + least[rest]
        least[these] = options.min(1)
    everyone = 2**m - 1
    rest = everyone & ~(1 << np.arange(m))
    return first[rest, np.arange(m)] + least[rest]


# -- tables ---------------------------------------------------------------------------------------


def _victories(count: ProfileCounts, edges) -> tuple[dict, ...]:
    word = {"counted": "counts", "left out": "left out"}
    return tuple(
        {"victor": count.names[e.a], "over": count.names[e.b], "margin": e.width,
         "": word.get(e.state, ""), "why": e.why}
        for e in edges
    )  # fmt: skip


def _table(count: ProfileCounts, numbers: dict, words: dict | None = None) -> tuple[dict, ...]:
    return tuple(
        {"candidate": name, **{k: float(v[i]) for k, v in numbers.items()},
         **{k: v[i] for k, v in (words or {}).items()}}
        for i, name in enumerate(count.names)
    )  # fmt: skip


EXPLAINED = {
    "copeland": copeland,
    "minimax": minimax,
    "minimax-winning-votes": winning_votes,
    "schulze": schulze,
    "ranked-pairs": ranked_pairs,
    "split-cycle": split_cycle,
    "kemeny": kemeny,
}
