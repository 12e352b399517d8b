"""The maze with two goals by brute force, and reward models that know items by their features."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import jax
import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

from scrl.reward_models import (
    collapse,
    per_type,
    pooled,
    sample_comparisons,
    vpl,
)
from scrl.scenarios import gallery, load_scenario, with_overrides
from scrl.studies import maze_world
from tests import lanes
from tests.tiny import BRIEF

SEED = 1000


@pytest.fixture(scope="module")
def split():
    """Training pairs, and the context and query pairs of held-out users."""
    return (
        maze_world.sample_users(SEED, 500, 16, 0),
        maze_world.sample_users(SEED, 300, 16, 1),
        maze_world.sample_users(SEED, 300, 16, 2),
    )


def points(features: np.ndarray) -> np.ndarray:
    """The inverse of the features: the phase of the longest wave along each axis ``[items, 2]``."""
    rows, columns = len(maze_world.WALLS), len(maze_world.WALLS[0])
    lowest = ((0, rows, rows), (2 * rows, 2 * rows + columns, columns))
    return np.stack(
        [np.arctan2(features[:, s], features[:, c]) * side / np.pi for s, c, side in lowest], axis=1
    )


def free(cell: tuple[int, int]) -> bool:
    return maze_world.WALLS[cell[0]][cell[1]] == "O"


# -- the maze -------------------------------------------------------------------------------------


def test_steps_to_the_goals_by_another_algorithm():
    cells = maze_world.free_cells()
    assert len(cells) == sum(row.count("O") for row in maze_world.WALLS) == 46
    near = np.abs(cells[:, None] - cells[None]).sum(-1) == 1
    steps = shortest_path(near, unweighted=True)
    at = [np.flatnonzero((cells == goal).all(1))[0] for goal in maze_world.GOALS]
    assert (maze_world.goal_distances() == steps[at]).all()
    assert maze_world.goal_distances()[:, at].tolist() == [[0, 19], [19, 0]], "as far there as back"
    assert maze_world.goal_distances().sum(axis=0).min() == 19, (
        "nobody is nearer to both than the way between"
    )
    assert maze_world.cell_rewards() == pytest.approx(0.99 ** maze_world.goal_distances())


def test_the_ceiling_of_one_reward_by_counting():
    """Each kind's strict pairs are equally likely; an answer to a pair serves whom it serves."""
    reward = maze_world.cell_rewards()
    pairs = list(combinations(range(46), 2))
    strict = [sum(r[a] != r[b] for a, b in pairs) for r in reward]
    best = sum(
        max(
            sum(0.5 / n for r, n in zip(reward, strict, strict=True) if r[x] > r[y])
            for x, y in ((a, b), (b, a))
        )
        for a, b in pairs
    )
    assert maze_world.pooled_ceiling() == pytest.approx(best)
    assert maze_world.pooled_ceiling() == pytest.approx(0.628, abs=5e-4), "as published"

    def right(one):
        return sum(
            0.5 / n * (r[a] != r[b]) * np.heaviside((r[a] - r[b]) * (one[a] - one[b]), 0.5)
            for r, n in zip(reward, strict, strict=True)
            for a, b in pairs
        )

    assert best - 0.002 < right(reward.mean(0)) < best, "the mean of both is all but at it"
    assert right(reward[0]) < right(reward.mean(0))


def test_labels_follow_the_reward_of_the_cells(split):
    cells = [tuple(cell) for cell in maze_world.free_cells().tolist()]
    for drawn in split:
        at = points(drawn.features)
        cell = np.round(at).astype(int)
        off = np.abs(at - cell)
        assert off.max() < maze_world.JITTER + 1e-3
        assert off.mean(axis=0) == pytest.approx([maze_world.JITTER / 2] * 2, abs=0.01)
        assert all(free(tuple(c)) for c in cell)
        number = np.array([cells.index(tuple(c)) for c in cell])[drawn.pairs]
        worth = maze_world.cell_rewards()[drawn.rater_type[:, None, None], number]
        assert (worth[..., 0] > worth[..., 1]).all()
        other = maze_world.cell_rewards()[1 - drawn.rater_type[:, None, None], number]
        opposed = (other[..., 0] < other[..., 1]).mean()
        assert opposed == pytest.approx(0.747, abs=0.03), "of the kind's strict pairs, by counting"
    kinds = split[1].rater_type
    assert kinds.sum() == 150
    assert (kinds == split[2].rater_type).all(), "the same users are queries"
    train, held = ({*map(bytes, drawn.features)} for drawn in split[:2])
    assert not train & held


def test_features_tell_the_place_and_neither_cell_nor_type(split):
    train = split[0]
    at = points(train.features)
    assert np.allclose(maze_world.point_features(at), train.features, atol=2e-4)
    # Continuous across the edge of a cell, so the cell is not said.
    edge = np.array([[3.5, 4.2], [5.1, 7.5]])
    moved = np.abs(maze_world.point_features(edge + 1e-4) - maze_world.point_features(edge - 1e-4))
    assert moved.max() < 1e-3
    # Neither the points nor which of two came first tell the kinds apart.
    kind = train.rater_type[np.arange(train.items) // (2 * train.mask.shape[1])]
    parts = [train.features[kind == k] for k in (0, 1)]
    gap = parts[0].mean(0) - parts[1].mean(0)
    error = np.sqrt(sum(part.var(0) / len(part) for part in parts))
    assert np.abs(gap / error).max() < 4
    assert (train.pairs[..., 0] % 2).mean() == pytest.approx(0.5, abs=0.02)


# -- models that know items by features -----------------------------------------------------------


@pytest.mark.slow
def test_vpl_is_far_above_the_pooled_ceiling(split):
    """With a mixture for its prior, which nothing else trains; the normal one learns Pets."""
    train, context, queries = split
    model, curves = vpl.fit(jax.random.key(0), train, replace(BRIEF, prior="mixture"))

    def accuracy(context):
        return collapse.query_credit(model.probabilities(context, queries)).mean()

    assert accuracy(context) > 0.97
    unknown = accuracy(context.without_pairs())
    assert unknown == pytest.approx(maze_world.pooled_ceiling(), abs=0.03)
    other = context.select_raters(np.arange(300)[::-1])
    assert (other.rater_type != queries.rater_type).all()
    assert accuracy(other) < 0.3, "the other kind wants most pairs the other way round"
    assert curves["watched"][-1] < 0.5 * curves["watched"][0]
    # Asked about the cells, which it never met as such, it knows whose goal is where.
    there = model.with_items(maze_world.point_features(maze_world.free_cells()), np.array([0, 46]))
    best = there.rewards(context).argmax(axis=1)
    assert maze_world.goal_distances()[context.rater_type, best].mean() < 2


@lanes.deep_only
@pytest.mark.slow
def test_a_network_of_features_reaches_the_exact_optimum():
    """Noisy Pets, each animal known by a vector that is no name."""
    pets = with_overrides(load_scenario(gallery()["pets"]), noise=1.0)
    drawn = sample_comparisons(pets, SEED, 1536, 12, 0)
    mixed = np.arange(0, 1536, 2)  # as many as are of each type, so one program serves
    exact, _ = pooled.fit(None, drawn.select_raters(mixed), BRIEF)
    told, _ = per_type.fit(None, drawn, BRIEF)
    known = replace(drawn, features=np.array([[1, 1, 0], [1, -1, 1], [1, -1, -1], [-1, 0, 0]]))
    assert drawn.is_tabular
    assert not known.is_tabular
    model, curves = per_type.fit(jax.random.key(0), known, BRIEF)
    assert model.rewards(drawn) == pytest.approx(told.rewards(drawn), abs=0.4)
    assert model.probabilities(drawn, known) == pytest.approx(
        told.probabilities(drawn, drawn), abs=0.06
    )
    assert curves == {}
    strangers = replace(known, rater_type=np.full(known.raters, 2))
    half = model.probabilities(known, known) / 2
    swapped = replace(known, rater_type=1 - known.rater_type)
    unmet = model.probabilities(strangers, known)
    assert np.allclose(unmet, half + model.probabilities(swapped, known) / 2, atol=1e-6)
    assert model.rewards(strangers)[:1] == pytest.approx(model.rewards(None))
    one, curves = pooled.fit(jax.random.key(0), known.select_raters(mixed), BRIEF)
    assert one.rewards(None) == pytest.approx(exact.rewards(None), abs=0.4)
    last = one.with_items(known.features[2:], np.array([0, 2])).rewards(None)
    assert np.diff(last) == pytest.approx(np.diff(one.rewards(None)[:, 2:]), abs=1e-5)
    assert curves["watched"][-1] < curves["watched"][0]
    assert collapse.check_collapse(one, known, known) is None
