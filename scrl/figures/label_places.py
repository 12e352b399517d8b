"""Places of the labels of a map's groups, so that no two labels overlap.

Everything is in pixels of the map; the origin is its lower left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Directions from the middle of a group in which its label may stand, the best first.
_SIDES = np.array([(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)], float)
#: Pixels between a group and the label beside it, and between it and one with a leader line.
_GAP, _LEADERS = 3.0, (22.0, 40.0, 60.0, 85.0)
#: Pixels that stay free around a label, and points of a leader line that are looked at.
_CLEAR, _SAMPLES = 2.0, 8
#: Cost of a leader line, of a covered mark, and of each pixel of distance.
_LEADER_COST, _COVER_COST, _DISTANCE_COST = 8.0, 2.0, 0.1
#: Most arrangements that are looked at.
_MOST_TRIED = 4000


@dataclass(frozen=True)
class PlacedLabel:
    """Where a label stands.

    Attributes:
        middle: of the label ``[2]``.
        leader: both ends ``[2, 2]`` of the line from the group to the label; None where the label
            stands beside its group.
    """

    middle: np.ndarray
    leader: np.ndarray | None


@dataclass(frozen=True)
class _Choices:
    """The places of one label: middles ``[n, 2]``, samples of leader lines ``[n, samples, 2]``,
    whether there is a line ``[n]``, and costs ``[n]``, the cheapest first."""

    middles: np.ndarray
    lines: np.ndarray
    has_line: np.ndarray
    costs: np.ndarray


def place_labels(
    sizes: np.ndarray, members: Sequence[np.ndarray], frame: np.ndarray
) -> list[PlacedLabel] | None:
    """Labels of groups of points: beside the group if there is room, else at a leader line.

    Labels stand inside the frame; no two overlap, and none stands on another's leader line. They
    cover as few points as possible.

    Args:
        sizes: widths and heights of the labels ``[groups, 2]``.
        members: the points ``[n, 2]`` of each group.
        frame: width and height of the map.

    Returns:
        A place for each label; None where there is no room for all of them.
    """
    sizes = np.asarray(sizes, float).reshape(-1, 2)
    choices = [_choices(sizes, members, i, frame) for i in range(len(sizes))]
    picked = _cheapest(choices, sizes)
    if picked is None:
        return None
    return [
        PlacedLabel(found.middles[k], found.lines[k][[0, -1]] if found.has_line[k] else None)
        for found, k in zip(choices, picked, strict=True)
    ]


def _extent(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle ``[2]`` and half width and height ``[2]`` of a group, a few far points left out."""
    middle = np.median(points, axis=0)
    away = np.abs(points - middle)
    most, inner = away.max(axis=0), np.quantile(away, 0.9, axis=0)
    return middle, np.where(most <= 1.5 * inner, most, inner) + 3.0


def _choices(
    sizes: np.ndarray, members: Sequence[np.ndarray], own: int, frame: np.ndarray
) -> _Choices:
    """All places of one label inside the frame, the cheapest first."""
    half = sizes[own] / 2
    centre, reach = _extent(members[own])
    near = centre + _SIDES * (reach * np.where(_SIDES.all(axis=1), 0.7, 1)[:, None] + half + _GAP)
    unit = _SIDES / np.linalg.norm(_SIDES, axis=1, keepdims=True)
    far = [centre + unit * (reach + away) + np.sign(_SIDES) * half for away in _LEADERS]
    wanted = np.concatenate([near, *far])
    middles = np.clip(wanted, half, np.maximum(np.asarray(frame) - half, half))
    has_line = np.arange(len(wanted)) >= len(near)
    ends = np.clip(centre, middles - half, middles + half)
    toward = ends - centre
    share = 1 / np.maximum(np.linalg.norm(toward / reach, axis=1, keepdims=True), 1)
    starts = centre + toward * share
    steps = np.linspace(0, 1, _SAMPLES)[None, :, None]
    lines = starts[:, None] + steps * (ends - starts)[:, None]
    points = np.concatenate(members)
    others = np.concatenate([m for i, m in enumerate(members) if i != own] or [np.zeros((0, 2))])
    covered = (np.abs(points - middles[:, None]) < half + 3).all(axis=2).sum(axis=1)
    crossed = np.zeros(len(middles))
    if len(others):
        distance = np.linalg.norm(lines[:, :, None] - others, axis=3).min(axis=1)
        crossed = (distance < 4).sum(axis=1) * has_line
    away = np.linalg.norm(middles - centre, axis=1) + np.linalg.norm(middles - wanted, axis=1)
    costs = (
        _COVER_COST * (covered + crossed) + _DISTANCE_COST * away + has_line * _LEADER_COST
        + 0.5 * (np.arange(len(middles)) % len(_SIDES))
    )  # fmt: skip
    order = np.argsort(costs, kind="stable")
    return _Choices(middles[order], lines[order], has_line[order], costs[order])


def _conflicts(a: _Choices, b: _Choices, half_a: np.ndarray, half_b: np.ndarray) -> np.ndarray:
    """Which places of two labels exclude each other, bool ``[places of a, places of b]``."""
    found = (np.abs(a.middles[:, None] - b.middles) < half_a + half_b + _CLEAR).all(axis=2)
    on_b = np.abs(a.lines[:, None] - b.middles[:, None]) < half_b + _CLEAR
    on_a = np.abs(b.lines[None] - a.middles[:, None, None]) < half_a + _CLEAR
    found |= on_b.all(axis=3).any(axis=2) & a.has_line[:, None]
    return found | (on_a.all(axis=3).any(axis=2) & b.has_line)


def _cheapest(choices: Sequence[_Choices], sizes: np.ndarray) -> list[int] | None:
    """One place of each label without conflicts, by branch and bound; None if there is none."""
    n = len(choices)
    conflicts = {
        (i, j): _conflicts(choices[i], choices[j], sizes[i] / 2, sizes[j] / 2)
        for i in range(n) for j in range(n) if i != j
    }  # fmt: skip
    order = sorted(range(n), key=lambda i: -choices[i].costs[0])
    least = np.cumsum([0.0, *(choices[i].costs[0] for i in reversed(order))])[::-1]
    best: tuple[float, list[int] | None] = (np.inf, None)
    tried = 0

    def extend(depth: int, cost: float, picked: dict[int, int]) -> None:
        nonlocal best, tried
        if depth == n:
            best = (cost, [picked[i] for i in range(n)])
            return
        i = order[depth]
        for k, own in enumerate(choices[i].costs):
            tried += 1
            if cost + own + least[depth + 1] >= best[0] or tried > _MOST_TRIED:
                return
            if not any(conflicts[i, j][k, at] for j, at in picked.items()):
                extend(depth + 1, cost + own, {**picked, i: k})

    extend(0, 0.0, {})
    return best[1]
