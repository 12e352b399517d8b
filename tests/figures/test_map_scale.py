"""Maps of raters have one scale in both directions, and nothing is drawn where nothing differs."""

import numpy as np
import pytest

from scrl import figures


def axes_of(figure, width: float = 900.0):
    """Ranges of both axes as the browser draws them at this width: one scale, by the anchor."""
    layout = figure.layout
    assert layout.yaxis.scaleanchor == "x"
    assert layout.yaxis.scaleratio == 1
    return np.array([layout.xaxis.range, layout.yaxis.range], float)


@pytest.mark.parametrize("ratio", [0.0, 0.01, 0.3, 1.0])
def test_a_direction_is_as_tall_as_its_differences(ratio):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 2)) * [1, ratio]
    groups = [{"name": "raters", "points": points, "type": 0}]
    spans = np.ptp(axes_of(figures.latent_points(groups)), axis=1)
    drawn = np.ptp(points, axis=0) / spans  # share of the map that the points take
    assert drawn.max() > 0.5
    assert drawn[1] / drawn[0] == pytest.approx(
        np.ptp(points[:, 1]) / np.ptp(points[:, 0]) * spans[0] / spans[1]
    )
    assert spans[0] / spans[1] > 1, "a unit is as long in both directions of a wide map"


def test_the_map_of_the_lab_leaves_out_a_direction_without_differences():
    rng = np.random.default_rng(1)
    payload = {
        "x": rng.normal(size=60).tolist(), "y": (1e-9 * rng.normal(size=60)).tolist(),
        "type": [0] * 30 + [1] * 30, "types": ["A", "B"], "marked": [True] * 60,
        "marked_label": "", "unmarked_label": "", "explained": [1.0, 0.0],
    }  # fmt: skip
    figure = figures.latent_map(payload)
    axes_of(figure)
    assert figure.layout.xaxis.title.text == "left to right: 100% of all differences"
    assert figure.layout.yaxis.title.text == ""
    heights = np.concatenate([trace.y for trace in figure.data])
    assert np.ptp(heights) < 0.1 * np.ptp(np.concatenate([trace.x for trace in figure.data]))


def test_no_mark_of_a_large_group_is_cut_off():
    """Raters at one place are packed into a disc, which the axes hold."""
    places = np.array([[0.0, 0.0], [1.0, 0.1], [0.4, 0.3]])
    groups = [
        {"name": f"{i}", "points": np.tile(at, (200, 1)), "type": i, "packed": "raters"}
        for i, at in enumerate(places)
    ]
    figure = figures.latent_points(groups)
    (left, right), (low, high) = axes_of(figure)
    x, y = (np.concatenate([trace[axis] for trace in figure.data]) for axis in "xy")
    assert left < x.min() < x.max() < right
    assert low < y.min() < y.max() < high
