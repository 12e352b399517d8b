"""Ranks as numbers and text, and the chart of orders side by side."""

import pytest

from scrl import figures
from tests.figures.samples import NAMES, TRUTH, VANILLA


def marks(figure, name):
    return next(t for t in figure.data if t.name == name and "markers" in t.mode)


def labels(figure):
    return [a.text for a in figure.layout.annotations]


def test_tied_names_share_a_mean_rank_and_an_equals_sign():
    order = [["a"], ["b", "c"], ["d"]]
    assert figures.mean_ranks(order) == {"a": 1, "b": 2.5, "c": 2.5, "d": 4}
    assert figures.rank_labels(order) == {"a": "1", "b": "2=", "c": "2=", "d": "4"}


@pytest.mark.parametrize("dark", [False, True])
def test_an_order_is_drawn_by_rank_and_labelled_at_both_ends(dark):
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


def test_tied_completions_are_drawn_apart_around_their_mean_rank():
    figure = figures.bump_chart([("Plurality", [["a", "b"], ["c"]])], ["a", "b", "c"])
    a, b = marks(figure, "a").y[0], marks(figure, "b").y[0]
    assert a != b
    assert (a + b) / 2 == 1.5
    assert marks(figure, "a").text == ("1=",)


def test_a_long_order_shows_the_best_and_a_long_name_is_truncated():
    names = [f"completion number {i:03}, a long one" for i in range(100)]
    figure = figures.bump_chart([("a", [[n] for n in names])], names)
    assert len({t.name for t in figure.data}) == figures.MAX_LINES
    assert max(map(len, labels(figure))) < 30


def test_fifteen_long_names_stay_distinct_and_leave_room_for_the_lines():
    """On a phone a chart is some 360 pixels wide."""
    for stem in ("A long answer that ends differently, number {}", "{} is where it differs, early",
                 "Antidisestablishmentarianism{}"):  # fmt: skip
        names = [stem.format(i) for i in range(15)]
        figure = figures.bump_chart([("a", [[n] for n in names]), ("b", [names])], names)
        left = [a for a in figure.layout.annotations if a.xanchor == "right"]
        assert len({a.text for a in left}) == 15
        assert figure.layout.margin.l + figure.layout.margin.r < 300
        rows = (figure.layout.height - 70) / 15
        assert all(a.text.count("<br>") * 13 * 1.3 < rows for a in left)


def test_another_rank_with_other_seeds_is_a_disc_of_its_share():
    runs = [TRUTH, TRUTH, TRUTH, [TRUTH[1], TRUTH[0], *TRUTH[2:]]]
    figure = figures.bump_chart([("Truth", TRUTH), ("Social", TRUTH)], NAMES, seeds={1: runs})
    discs = [t for t in figure.data if "25% of 4 runs" in str(t.hovertemplate)]
    assert {(t.name, t.y[0]) for t in discs} == {(TRUTH[0][0], 2), (TRUTH[1][0], 1)}
    alike = figures.bump_chart([("Truth", TRUTH), ("Social", TRUTH)], NAMES, seeds={1: runs[:3]})
    assert not [t for t in alike.data if "runs" in str(t.hovertemplate)]


def test_one_known_order_has_each_name_once():
    figure = figures.bump_chart([("Bradley–Terry", VANILLA), ("Social model", None)], NAMES)
    named = [a.text for a in figure.layout.annotations if a.text in NAMES]
    assert sorted(named) == sorted(NAMES)
