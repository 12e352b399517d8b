"""A maze with two goals (VPL's example; the maze is D4RL's large one).

Each user wants to be near one of the goals, which no model is told. A completion is a point: the
middle of a free cell plus uniform noise of up to ``JITTER`` along each axis. Its reward is
.99 ^ (steps from its cell to the user's goal), so a user prefers the nearer of two points; tied
pairs are never drawn. Models know a point by its coordinates alone.
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
#: The goal of each type of user (row, column).
GOALS = ((7, 1), (7, 10))
#: Factor of the reward per step; how far a point may lie from the middle of its cell.
DISCOUNT, JITTER = 0.99, 0.45


def walls() -> np.ndarray:
    """Whether each cell is a wall ``[rows, columns]``."""
    return np.array([list(row) for row in WALLS]) == "#"


def free_cells() -> np.ndarray:
    """The free cells, row by row ``[cells, 2]`` (row, column)."""
    return np.argwhere(~walls())


@cache
def goal_distances() -> np.ndarray:
    """Steps from each free cell to each goal ``[goals, cells]``."""
    free = [tuple(cell) for cell in free_cells().tolist()]
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


def cell_rewards() -> np.ndarray:
    """Reward of each free cell for each type of user ``[goals, cells]``."""
    return DISCOUNT ** goal_distances()


def pooled_ceiling() -> float:
    """The best accuracy of one reward for all users, half of each type: one answer to each pair of
    cells."""
    reward = cell_rewards()
    ahead = reward[:, :, None] > reward[:, None, :]
    # Pairs of cells are equally likely among those that the user's type does not tie.
    frequency = ahead / ahead.sum(axis=(1, 2), keepdims=True)
    best = np.maximum(frequency.mean(axis=0), frequency.mean(axis=0).T)
    return float(best[np.triu_indices(len(best), 1)].sum())


def point_features(points: np.ndarray) -> np.ndarray:
    """Sine and cosine waves along each axis at points ``[points, 2]``: ``[points, features]``.

    Wavelengths range from twice the whole side, the shortest that gives every place its own phase,
    to two cells, the shortest that a grid of cells needs.
    """
    found = []
    for axis, side in enumerate((len(WALLS), len(WALLS[0]))):
        phase = np.pi * np.outer(points[:, axis], np.arange(1, side + 1) / side)
        found += [np.sin(phase), np.cos(phase)]
    return np.concatenate(found, axis=1).astype(np.float32)


def points_of_features(features: np.ndarray) -> np.ndarray:
    """The inverse of ``point_features`` ``[points, 2]``: the phase of the longest wave along each
    axis."""
    rows, columns = len(WALLS), len(WALLS[0])
    longest = ((0, rows), (2 * rows, columns))
    angle = [np.arctan2(features[..., s], features[..., s + side]) for s, side in longest]
    return np.stack(angle, axis=-1) * np.array([rows, columns]) / np.pi


def sample_users(seed: int, users: int, pairs: int, group: int = 0) -> Comparisons:
    """Users, half of each type, with ``pairs`` annotated pairs each; every point is its own item.

    Args:
        group: another one draws other users with the same seed, or further pairs of theirs.
    """
    rng = host_rng(seed, HostStream.MAZE_PAIRS, group)
    reward = cell_rewards()
    types = np.repeat([0, 1], largest_remainder(np.array([0.5, 0.5]), users))
    cell = np.empty((users, pairs, 2), np.int64)
    for t in (0, 1):
        strict = np.argwhere(reward[t][:, None] != reward[t][None, :])
        cell[types == t] = strict[rng.integers(len(strict), size=((types == t).sum(), pairs))]
    point = free_cells()[cell] + rng.uniform(-JITTER, JITTER, (*cell.shape, 2))
    item = np.arange(cell.size).reshape(cell.shape)
    of_cell = reward[types[:, None, None], cell]
    chosen = np.where((of_cell[..., 0] > of_cell[..., 1])[..., None], item, item[..., ::-1])
    return Comparisons(
        chosen, np.ones(cell.shape[:2], bool), point_features(point.reshape(-1, 2)),
        np.array([0, cell.size]), types,
    )  # fmt: skip
