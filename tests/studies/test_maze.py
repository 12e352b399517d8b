"""The maze study: its baked result, its readings and its figure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scrl.figures import maze_rewards
from scrl.studies import load_baked, maze_world, scoreboard
from scrl.studies import maze as mazes
from scrl.studies.baking import BAKED

RECORD = Path(__file__).resolve().parents[2] / "benchmarks" / "models.json"
CELLS = [tuple(cell) for cell in maze_world.free_cells().tolist()]


@pytest.fixture(scope="module")
def baked() -> dict:
    return load_baked("maze")


@pytest.fixture(scope="module")
def result(baked) -> dict:
    return baked["result"]


# -- baked result ----------------------------------------------------------------------------------


def test_the_baked_study_has_today_s_shapes(result):
    assert result["seeds"] == list(mazes.SEEDS)
    assert (BAKED / "maze.json").stat().st_size < 60_000
    for name in mazes.MODELS:
        assert np.shape(result["maps"][name]) == (len(mazes.SHOWN_PAIRS), 2, len(CELLS))
        assert np.shape(result["right"][name]) == (len(mazes.SEEDS), mazes.PAIRS + 1)


def test_accuracy_after_all_pairs_is_that_of_the_benchmark(result):
    """Two runs on one device: benchmarks/models.py trains and evaluates by itself, all but
    individual raters, who take too long."""
    names = {"pooled": "Bradley–Terry", "vpl": "VPL", "held": "VPL, heavy KL"}
    assert {*names, "individual"} == set(mazes.MODELS)
    record = json.loads(RECORD.read_text("utf-8"))["maze"]["models"]
    for name, title in names.items():
        last = [row[-1] for row in result["right"][name]]
        assert last == pytest.approx(record[title]["right"]["each"], abs=5e-3)
        assert np.mean(last) == pytest.approx(record[title]["right"]["mean"], abs=1e-3)


def test_without_pairs_all_are_at_the_pooled_ceiling_and_latent_models_rise(result):
    ceiling = maze_world.pooled_ceiling()
    for name in mazes.MODELS:
        mean, low, high = mazes.accuracy(result, name)
        assert mean[0] == pytest.approx(ceiling, abs=0.01)
        assert (low <= mean).all()
        assert (mean <= high).all()
    for name in ("pooled", "held"):
        assert mazes.accuracy(result, name)[0] == pytest.approx(ceiling, abs=0.01)
        assert mazes.steps_to_goal(result, name)[-1] == pytest.approx(9.5), (
            "as far from one as the other"
        )
        assert mazes.pairs_needed(result, name, 0.95) is None
    found = mazes.pooled_destination(result)
    assert sum(found.steps) == 19, "on the way between"
    assert min(found.each) > 5
    assert max(found.each) < 19 - 2
    for name in ("vpl", "individual"):
        assert mazes.accuracy(result, name)[0][-1] > 0.99
        assert mazes.steps_to_goal(result, name)[-1] < 1
        assert mazes.pairs_needed(result, name, 0.95) == 2


def test_the_maps_are_of_the_users_of_the_pairs(result):
    for goal, said in enumerate(result["users"]):
        assert np.shape(said) == (mazes.PAIRS, 2, 2)
        cell = np.round(said).astype(int)
        steps = np.array(
            [[maze_world.goal_distances()[goal, CELLS.index(tuple(c))] for c in p] for p in cell]
        )
        assert (steps[:, 0] < steps[:, 1]).all(), "each prefers the nearer to their goal"
    maps = {name: np.array(result["maps"][name]) for name in mazes.MODELS}
    for rewards in maps.values():
        assert (rewards >= 0).all()
        assert rewards.sum(axis=-1) == pytest.approx(len(CELLS) / 2, abs=0.05)
    assert np.ptp(maps["pooled"], axis=(0, 1)).max() == 0, "one reward, whoever is asked"
    assert np.ptp(maps["held"], axis=(0, 1)).max() < 0.02, "collapsed: the same, all but"
    for name in ("vpl", "individual"):
        silent, *_, heard = maps[name]
        assert np.ptp(silent, axis=0).max() == 0, "before they spoke they are the same"
        best = heard.argmax(axis=1)
        assert [maze_world.goal_distances()[goal, best[goal]] <= 2 for goal in range(2)] == [
            True,
            True,
        ]
        assert np.abs(heard - mazes.true_win_rates()).mean() < 0.05


# -- readings --------------------------------------------------------------------------------------


def test_true_win_rates_by_counting():
    truth = mazes.true_win_rates()
    for goal in range(2):
        steps = maze_world.goal_distances()[goal]
        wins = [((steps > s).sum() + 0.5 * ((steps == s).sum() - 1)) / 45 for s in steps]
        assert truth[goal] == pytest.approx(wins)
        assert CELLS[truth[goal].argmax()] == maze_world.GOALS[goal]


def test_points_of_features_inverts_point_features():
    points = maze_world.free_cells() + np.random.default_rng(0).uniform(
        -0.45, 0.45, (len(CELLS), 2)
    )
    assert maze_world.points_of_features(maze_world.point_features(points)) == pytest.approx(
        points, abs=1e-4
    )


def test_readings_by_hand():
    result = {
        "right": {"vpl": [[0.5, 0.9, 1.0], [0.7, 0.98, 1.0]]},
        "steps": {"vpl": [[[0, 19], [1, 3], [0, 0]]],
                  "pooled": [[[19, 0]] * 3, [[0, 19]] * 3, [[8, 11]] * 3]},
        "maps": {"pooled": [[np.eye(46)[CELLS.index((7, 10))]] * 2]},
    }  # fmt: skip
    mean, low, high = mazes.accuracy(result, "vpl")
    assert mean == pytest.approx([0.6, 0.94, 1.0])
    assert high - low == pytest.approx(2 * 12.706 * np.array([0.1, 0.04, 0]), rel=1e-3)
    assert mazes.steps_to_goal(result, "vpl") == pytest.approx([9.5, 2, 0])
    assert mazes.pairs_needed(result, "vpl", 0.94) == 1
    assert mazes.pairs_needed(result, "vpl", 0.95) == 2
    assert mazes.pairs_needed(result, "vpl", 1.01) is None
    assert mazes.pooled_destination(result) == mazes.Destination((7, 10), (19, 0), (19, 0, 8))


class Oracle:
    """Knows a user's type from the first pair, and takes the left goal before it."""

    uses_true_type = False
    parameter_count = 0

    def __init__(self, cells: bool = False):
        self.cells = cells

    def with_items(self, features, offsets):
        assert features.shape == (46, 42)
        assert offsets.tolist() == [0, 46]
        return Oracle(True)

    def rewards(self, context):
        assert self.cells
        return maze_world.cell_rewards()[np.where(context.mask.any(axis=1), context.rater_type, 0)]

    def probabilities(self, context, queries):
        known = context.mask.any(axis=1) | (context.rater_type == 0)
        return np.tile(np.where(known, 0.9, 0.1)[:, None], (1, queries.pairs.shape[1]))


def test_running_it_trains_every_model_and_reports(monkeypatch):
    """What is trained on which pairs, and what is kept; the fits are replaced."""
    fits = []

    def fit(key, train, config, listen):
        fits.append((train.raters, train.pairs.shape[1]))
        listen({}, 0.5)
        return Oracle(), {}

    for name in mazes.MODELS:
        monkeypatch.setitem(
            scoreboard.MODELS, name, scoreboard.ModelEntry(f"The {name}", "an oracle", fit)
        )
    monkeypatch.setattr(mazes, "HELD_OUT", 10)
    reports = []
    found = mazes.run(reports.append, (3, 4))
    assert fits == [(mazes.USERS, mazes.PAIRS)] * 8
    assert [p.fraction for p in reports] == pytest.approx((np.arange(8) + 0.5) / 8)
    assert reports[5].message == "The vpl, seed 4"
    assert mazes.accuracy(found, "vpl")[0] == pytest.approx([0.5] + [1.0] * mazes.PAIRS)
    assert mazes.steps_to_goal(found, "vpl") == pytest.approx([9.5] + [0.0] * mazes.PAIRS)
    context = maze_world.sample_users(3, 10, mazes.PAIRS, 1)
    points = maze_world.points_of_features(context.features)[context.pairs[[0, 5]]]
    assert np.array(found["users"]) == pytest.approx(points, abs=0.0051)


# -- its figure -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True])
def test_the_figure_colours_free_cells_and_no_walls(dark):
    truth = mazes.true_win_rates()
    said = [np.array([[[1.0, 1.2], [1.0, 3.4]]]), np.zeros((0, 2, 2))]
    columns = [("The user", truth), ("<one>", truth[::-1])]
    figure = maze_rewards(
        columns,
        ["Wants\nleft", "Wants\nright"],
        said,
        maze_world.walls(),
        maze_world.GOALS,
        dark=dark,
    )
    grids = [t for t in figure.data if t.type == "heatmap"]
    assert len(grids) == 4
    wall = np.array([[c == "#" for c in row] for row in maze_world.WALLS])
    for grid, rewards in zip(grids, (truth[0], truth[1], truth[1], truth[0]), strict=True):
        assert (np.isnan(grid.z) == wall).all()
        assert grid.z[~wall] == pytest.approx(rewards)
        assert (grid.zmin, grid.zmax) == (0, 1), "one scale for all"
    assert sum(bool(grid.showscale) for grid in grids) == 1
    rings = next(t for t in figure.data if t.name == "best cell")
    own = next(t for t in figure.data if t.name == "the user’s goal")
    met = (np.array(rings.x) == own.x) & (np.array(rings.y) == own.y)
    assert met.tolist() == [True, False, True, False]
    arrows = [a for a in figure.layout.annotations if a.showarrow and a.arrowhead]
    assert [(a.ax, a.ay, a.x, a.y) for a in arrows] == [(3.4, 1.0, 1.2, 1.0)], "to the preferred"
    assert "&lt;one&gt;" in [a.text for a in figure.layout.annotations]
