"""Means and intervals of a measure over two settings, beside SciPy."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from scrl.sweeps import Cell, cells


def row(value=None, state="done", **settings):
    measures = {} if value is None else {"tau": value}
    return SimpleNamespace(settings=settings, seed=0, state=state, measures=measures)


@pytest.mark.parametrize("count", [2, 3, 10, 200])
def test_the_interval_is_students(count):
    values = np.random.default_rng(count).normal(0.7, 0.2, count)
    cell = Cell(0, 0, (), tuple(values), 0)
    low, high = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
    assert cell.mean == pytest.approx(values.mean())
    assert cell.interval == pytest.approx((low, high))


def test_a_single_value_has_no_interval_and_none_has_no_mean():
    assert Cell(0, 0, (), (0.5,), 0).interval is None
    assert Cell(0, 0, (), (), 0).mean is None
    plain = Cell(0, 0, (row(state="failed"),), (), 1).to_plain()
    assert (plain["mean"], plain["low"], plain["failed"], plain["tasks"]) == (None, None, 1, 1)


def test_runs_are_put_where_their_settings_are():
    rows = [row(v, n=n, who=who, noise=z) for v, (n, who, z) in enumerate(
        (n, who, z) for n in (10, 20) for who in ("a", "b") for z in (0, 1))]  # fmt: skip
    rows += [
        row(state="failed", n=10, who="a", noise=0),
        row(state="missing", n=10, who="a", noise=0),
    ]
    found = cells(rows, "tau", ("n", [10, 20]), ("who", ["a", "b"]), {"noise": 0})
    at = {(c.x, c.y): c for c in found}
    assert {place: c.values for place, c in at.items()} == {
        (0, 0): (0.0,), (0, 1): (2.0,), (1, 0): (4.0,), (1, 1): (6.0,),
    }  # fmt: skip
    assert (at[0, 0].failed, len(at[0, 0].rows)) == (1, 3)
    assert [(c.y, c.x) for c in found] == sorted((c.y, c.x) for c in found)


def test_without_a_second_setting_all_runs_are_on_one_line():
    rows = [row(1.0, n=1, who="a"), row(3.0, n=1, who="b"), row(5.0, n=9, who="a")]
    (only,) = cells(rows, "tau", ("n", [1, 2]))
    assert only.values == (1.0, 3.0)
    assert cells(rows, "other", ("n", [1]))[0].values == ()


def test_values_that_are_lists_are_values_too():
    rows = [row(1.0, rules=["borda"]), row(2.0, rules=["borda", "copeland"])]
    found = cells(rows, "tau", ("rules", [["borda"], ["borda", "copeland"]]))
    assert [c.values for c in found] == [(1.0,), (2.0,)]
