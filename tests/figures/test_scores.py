"""Loss curves, scores on one axis with ranges, and values by seed."""

import numpy as np

from scrl import figures


def test_loss_curves_are_labelled_at_their_ends():
    curves = {"loss": (np.arange(3), np.array([3.0, 2, 1])), "KL": (np.arange(3), np.ones(3))}
    notes = figures.loss_curves(curves).layout.annotations
    assert [note.text for note in notes] == ["loss", "KL"]
    assert figures.loss_curves({}).data == ()


def test_scores_stand_in_rows_with_the_best_on_top():
    scores = {"a": 1.0, "b": 3.0, "c": 2.0}
    figure = figures.score_dots(list("abc"), [("truth", scores), ("voters", scores)], "points")
    assert list(figure.layout.yaxis.ticktext) == ["a", "c", "b"]
    assert [t.name for t in figure.data] == ["truth", "voters"]


def test_bars_reach_from_the_least_to_the_greatest_score():
    scores = {"a": 1.0, "b": 3.0}
    ranges = {"voters": {"a": (0.5, 1.0), "b": (2.0, 7.0)}}
    figure = figures.score_dots(["a", "b"], [("voters", scores)], "points", ranges=ranges)
    bars = figure.data[0].error_x
    assert (list(bars.arrayminus), list(bars.array)) == ([0.5, 1.0], [0.0, 4.0])
    assert figure.layout.xaxis.range[1] > 7


def test_equal_values_of_seeds_are_one_disc_with_their_number():
    figure = figures.values_by_seed([("vanilla", [0.5, 0.5, 1.0]), ("social", [1.0] * 3)], "τ")
    assert list(figure.data[0].text) == ["2", ""]
    assert list(figure.data[1].x) == [2 / 3]
    assert list(figure.data[2].text) == ["3"]
