"""Figures: what they show, not how they look."""

import subprocess
import sys

import numpy as np
import pytest

from scrl import figures

TRUTH = [["Chattanooga"], ["Knoxville"], ["Nashville"], ["Morristown"], ["Memphis"]]
VANILLA = [["Chattanooga"], ["Nashville"], ["Knoxville"], ["Memphis"], ["Morristown"]]
NAMES = ["Memphis", "Nashville", "Chattanooga", "Knoxville", "Morristown"]
LATENT = {
    "x": [0, 0.1, 1, 1.1], "y": [0, 0.1, 1, 0.9], "type": [0, 0, 1, 1], "types": ["A", "B<b>"],
    "marked": [True, False, True, True], "marked_label": "M on the ballot",
    "unmarked_label": "M left out", "explained": [0.6, 0.2],
}  # fmt: skip


def marks(figure, name):
    return next(t for t in figure.data if t.name == name and "markers" in t.mode)


def labels(figure):
    return [a.text for a in figure.layout.annotations]


def test_places_of_ties_are_their_mean_and_read_as_shared():
    order = [["a"], ["b", "c"], ["d"]]
    assert figures.mean_ranks(order) == {"a": 1, "b": 2.5, "c": 2.5, "d": 4}
    assert figures.rank_labels(order) == {"a": "1", "b": "2=", "c": "2=", "d": "4"}


@pytest.mark.parametrize("dark", [False, True])
def test_an_order_is_drawn_place_by_place_and_labelled_at_both_ends(dark):
    columns = [("Truth", TRUTH), ("Bradley–Terry", VANILLA), ("Social", TRUTH)]
    figure = figures.bump_chart(columns, NAMES, "Morristown", dark=dark)
    morristown = marks(figure, "Morristown")
    assert list(morristown.x) == [0, 1, 2]
    assert list(morristown.y) == [4, 5, 4]
    assert list(morristown.text) == ["4", "5", "4"]
    assert labels(figure).count("<b>Morristown</b>") == 2
    assert labels(figure).count("Memphis") == 2
    assert figure.data[-1].name == "Morristown"  # on top
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the best on top


def test_an_order_not_yet_known_keeps_its_column():
    figure = figures.bump_chart([("Truth", TRUTH), ("Social", None)], NAMES)
    assert list(marks(figure, "Memphis").x) == [0]
    assert any(t.text == "?" and list(t.x) == [1] * 5 for t in figure.data)


def test_tied_completions_are_drawn_apart_around_their_mean_place():
    figure = figures.bump_chart([("Plurality", [["a", "b"], ["c"]])], ["a", "b", "c"])
    a, b = marks(figure, "a").y[0], marks(figure, "b").y[0]
    assert a != b
    assert (a + b) / 2 == 1.5
    assert marks(figure, "a").text == ("1=",)


def test_a_long_order_shows_the_best_and_a_long_name_is_shortened():
    names = [f"completion number {i:03}, a long one" for i in range(100)]
    figure = figures.bump_chart([("a", [[n] for n in names])], names)
    assert len({t.name for t in figure.data}) == figures.MAX_LINES
    assert max(map(len, labels(figure))) < 30


def test_a_type_keeps_its_colour_and_those_who_left_it_out_are_open():
    figure = figures.latent_map(LATENT)
    by_name = {t.name: t for t in figure.data}
    full, left_out = by_name["A, M on the ballot"], by_name["A, M left out"]
    assert full.marker.color == left_out.marker.color == figures.colour(0)
    assert (full.marker.symbol, left_out.marker.symbol) == ("circle", "circle-open")
    assert all(t.type == "scatter" for t in figure.data)  # SVG: pages run out of WebGL contexts
    assert "<b>A</b>" in labels(figure)


def test_types_that_do_not_stand_apart_get_a_key_in_place_of_labels():
    payload = {**LATENT, "x": [0, 1, 0.1, 0.9], "y": [0, 1, 0.1, 0.8]}
    figure = figures.latent_map(payload)
    assert figure.layout.showlegend
    assert "<b>A</b>" not in labels(figure)


def test_raters_at_one_point_are_packed_around_it():
    one = {**LATENT, "x": [0.0] * 5, "y": [0.0] * 5, "type": [0] * 5, "marked": [True] * 5}
    trace = figures.latent_map(one).data[0]
    assert len(set(zip(trace.x, trace.y, strict=True))) == 5


def test_names_from_files_are_shown_not_interpreted():
    assert "<b>B&lt;b&gt;</b>" in labels(figures.latent_map(LATENT))


def test_raters_of_unknown_type_are_drawn_without_labels():
    payload = {**LATENT, "type": [-1] * 4, "types": [], "marked_label": "", "unmarked_label": ""}
    figure = figures.latent_map(payload)
    assert sum(len(t.x) for t in figure.data) == 4
    assert labels(figure) == []


def test_loss_curves_are_labelled_at_their_ends():
    curves = {"loss": (np.arange(3), np.array([3.0, 2, 1])), "KL": (np.arange(3), np.ones(3))}
    assert labels(figures.loss_curves(curves)) == ["loss", "KL"]
    assert figures.loss_curves({}).data == ()


def test_scores_stand_in_rows_with_the_best_on_top():
    scores = {"a": 1.0, "b": 3.0, "c": 2.0}
    figure = figures.score_dots(list("abc"), [("truth", scores), ("voters", scores)], "points")
    assert list(figure.layout.yaxis.ticktext) == ["a", "c", "b"]
    assert [t.name for t in figure.data] == ["truth", "voters"]


def test_presenter_mode_enlarges_type():
    sizes = [
        figures.latent_map(LATENT, scale=s).layout.template.layout.font.size for s in (1.0, 1.3)
    ]
    assert sizes[1] == pytest.approx(1.3 * sizes[0])


def test_figures_need_no_jax_and_set_no_theme():
    code = (
        "import sys, plotly.io as io; before = io.templates.default; import scrl.figures; "
        "assert 'jax' not in sys.modules and 'streamlit' not in sys.modules; "
        "assert io.templates.default == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_on_a_map_stands_where_it_covers_nothing():
    """Two clusters one over the other: the lower one's name goes under it, not onto the upper."""
    rng = np.random.default_rng(0)
    low, high = rng.normal(size=(200, 2)) * 0.3, rng.normal(size=(200, 2)) * 0.3 + [0, 1.5]
    groups = [
        {"name": "low", "points": low, "type": 0},
        {"name": "high", "points": high, "type": 1},
    ]
    ends = [(g["name"], g["points"].max(axis=0) * [0, 1], g["points"].min(axis=0) * [0, 1])
            for g in groups]  # fmt: skip
    low_label, high_label = figures.latent_points(groups, ends).layout.annotations
    assert (low_label.y, low_label.yshift < 0) == (low[:, 1].min(), True)
    assert (high_label.y, high_label.yshift > 0) == (high[:, 1].max(), True)


def test_numbers_over_bars_are_shortened_where_many_stand_side_by_side():
    few = figures.grouped_bars(["a", "b"], [("x", [0.031, 1.0])], "", "", percent=False)
    assert list(few.data[0].text) == ["0.03", "1.00"]
    ticks, values = list("abcdefgh"), [0.031, 1.26, None, 1, 1, 1, 1, 1]
    many = figures.grouped_bars(ticks, [("x", values), ("y", values)], "", "", percent=False)
    assert list(many.data[1].text[:3]) == ["0", "1.3", ""]
    shares = figures.grouped_bars(ticks, [("x", values)], "", "")
    assert list(shares.data[0].text[:2]) == ["3", "126"]
    assert shares.layout.yaxis.title.text == "%"


def test_another_place_in_other_runs_is_a_disc_of_its_share():
    runs = [TRUTH, TRUTH, TRUTH, [TRUTH[1], TRUTH[0], *TRUTH[2:]]]
    figure = figures.bump_chart([("Truth", TRUTH), ("Social", TRUTH)], NAMES, seeds={1: runs})
    discs = [t for t in figure.data if "25% of 4 runs" in str(t.hovertemplate)]
    assert {(t.name, t.y[0]) for t in discs} == {(TRUTH[0][0], 2), (TRUTH[1][0], 1)}
    alike = figures.bump_chart([("Truth", TRUTH), ("Social", TRUTH)], NAMES, seeds={1: runs[:3]})
    assert not [t for t in alike.data if "runs" in str(t.hovertemplate)]


def test_bars_reach_from_the_least_to_the_greatest_score():
    scores = {"a": 1.0, "b": 3.0}
    ranges = {"voters": {"a": (0.5, 1.0), "b": (2.0, 7.0)}}
    figure = figures.score_dots(["a", "b"], [("voters", scores)], "points", ranges=ranges)
    bars = figure.data[0].error_x
    assert (list(bars.arrayminus), list(bars.array)) == ([0.5, 1.0], [0.0, 4.0])
    assert figure.layout.xaxis.range[1] > 7


def test_equal_values_of_runs_are_one_disc_that_says_how_many():
    figure = figures.values_by_seed([("vanilla", [0.5, 0.5, 1.0]), ("social", [1.0] * 3)], "τ")
    assert list(figure.data[0].text) == ["2", ""]
    assert list(figure.data[1].x) == [2 / 3]
    assert list(figure.data[2].text) == ["3"]
