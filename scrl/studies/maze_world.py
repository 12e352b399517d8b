"""A maze with two goals (VPL's conflict; the maze is D4RL's large one): each user wants to be near
one of them, and does not say which.

A completion is a point: the middle of a free cell, moved evenly by up to ``JITTER`` along each
axis. Its reward is .99 ^ (steps from its cell to the user's goal), so a user prefers the nearer of
two; pairs that a user ties are not asked. Models know a point by its coordinates alone.
"""

from __future__ import annotations

from collections import deque
from functools import cache

import numpy as np

from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import Comparisons
from scrl.scenarios.sampling import largest_remainder

#: # is wall, O is free.
WALLS = (
    "############",
    "#OOOO#OOOOO#",
    "#O##O#O#O#O#",
    "#OOOOOO#OOO#",
    "#O####O###O#",
    "#OO#O#OOOOO#",
    "##O#O#O#O###",
    "#OO#OOO#OOO#",
    "############",
)
#: Where the kinds of user want to be (row, column).
GOALS = ((7, 1), (7, 10))
#: What is left of a reward a step further away; how far a point may lie from its cell's middle.
DISCOUNT, JITTER = 0.99, 0.45


def walls() -> np.ndarray:
    """Whether each cell is a wall ``[rows, columns]``."""
    return np.array([list(row) for row in WALLS]) == "#"


def cells() -> np.ndarray:
    """The free cells, row by row ``[cells, 2]`` (row, column)."""
    return np.argwhere(~walls())


@cache
def distances() -> np.ndarray:
    """Steps from each free cell to each goal ``[goals, cells]``."""
    free = [tuple(cell) for cell in cells().tolist()]
    found = []
    for goal in GOALS:
        steps, todo = {goal: 0}, deque([goal])
        while todo:
            row, column = todo.popleft()
            for near in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                if near not in steps and WALLS[near[0]][near[1]] == "O":
                    steps[near] = steps[row, column] + 1
                    todo.append(near)
        found.append([steps[cell] for cell in free])
    return np.array(found)


def rewards() -> np.ndarray:
    """Of each free cell, for each kind of user ``[goals, cells]``."""
    return DISCOUNT ** distances()


def ceiling() -> float:
    """The most that can be right of users of both kinds, half each, by one answer to each pair of
    cells, whoever is asked: no single reward does better."""
    reward = rewards()
    ahead = reward[:, :, None] > reward[:, None, :]
    # A user is asked each pair of cells that their kind does not tie equally often.
    chance = ahead / ahead.sum(axis=(1, 2), keepdims=True)
    right = np.maximum(chance.mean(axis=0), chance.mean(axis=0).T)
    return float(right[np.triu_indices(len(right), 1)].sum())


def features(points: np.ndarray) -> np.ndarray:
    """Waves along each axis at points ``[points, 2]``: ``[points, features]``.

    From half a wave over the whole side, the longest that no two places share, to half a wave a
    cell, the shortest that a grid of cells needs; sine and cosine of each.
    """
    found = []
    for axis, side in enumerate((len(WALLS), len(WALLS[0]))):
        phase = np.pi * np.outer(points[:, axis], np.arange(1, side + 1) / side)
        found += [np.sin(phase), np.cos(phase)]
    return np.concatenate(found, axis=1).astype(np.float32)


def places(features: np.ndarray) -> np.ndarray:
    """The points ``[points, 2]`` whose features these are: the angle of the longest wave along each
    axis."""
    rows, columns = len(WALLS), len(WALLS[0])
    longest = ((0, rows), (2 * rows, columns))
    angle = [np.arctan2(features[..., s], features[..., s + side]) for s, side in longest]
    return np.stack(angle, axis=-1) * np.array([rows, columns]) / np.pi


def draw(seed: int, users: int, pairs: int, stream: int = 0) -> Comparisons:
    """Users, half of each kind, who label so many pairs of points each; every point is an item.

    Args:
        stream: another one for other users of the same seed, or for further pairs of theirs.
    """
    rng = host_rng(seed, HostStream.MAZE_PAIRS, stream)
    free, reward = cells(), rewards()
    kinds = np.repeat([0, 1], largest_remainder(np.array([0.5, 0.5]), users))
    cell = np.empty((users, pairs, 2), np.int64)
    for kind in (0, 1):
        strict = np.argwhere(reward[kind][:, None] != reward[kind][None, :])
        cell[kinds == kind] = strict[rng.integers(len(strict), size=((kinds == kind).sum(), pairs))]
    point = free[cell] + rng.uniform(-JITTER, JITTER, (*cell.shape, 2))
    item = np.arange(cell.size).reshape(cell.shape)
    worth = reward[kinds[:, None, None], cell]
    chosen = np.where((worth[..., 0] > worth[..., 1])[..., None], item, item[..., ::-1])
    return Comparisons(
        chosen, np.ones(cell.shape[:2], bool), features(point.reshape(-1, 2)),
        np.array([0, cell.size]), kinds,
    )  # fmt: skip
