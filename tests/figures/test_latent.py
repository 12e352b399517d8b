"""Labels on latent maps, and numbers above bars."""

import numpy as np

from scrl import figures


def test_a_label_on_a_map_stands_where_it_covers_nothing():
    """Of two clusters one above the other, the lower one's label goes below it."""
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


def test_numbers_above_bars_are_shortened_where_many_stand_side_by_side():
    few = figures.grouped_bars(["a", "b"], [("x", [0.031, 1.0])], "", "", percent=False)
    assert list(few.data[0].text) == ["0.03", "1.00"]
    ticks, values = list("abcdefgh"), [0.031, 1.26, None, 1, 1, 1, 1, 1]
    many = figures.grouped_bars(ticks, [("x", values), ("y", values)], "", "", percent=False)
    assert list(many.data[1].text[:3]) == ["0", "1.3", ""]
    shares = figures.grouped_bars(ticks, [("x", values)], "", "")
    assert list(shares.data[0].text[:2]) == ["3", "126"]
    assert shares.layout.yaxis.title.text == "%"


def test_probabilities_of_fifteen_answers_have_numbers_without_annotations():
    """Each annotation would copy all the others: two seconds for twelve answers."""
    names = [f"An answer that goes on and on and ends with {i}" for i in range(15)]
    above = np.random.default_rng(0).random((15, 15))
    figure = figures.pairwise_probabilities(names, above, (0, 1))
    assert len(figure.layout.annotations) == 0
    heat, numbers = figure.data
    assert heat.text[0][1] == numbers.text[0] == f"{100 * above[0, 1]:.0f}"
    assert len(numbers.text) == 15 * 14
    assert heat.text[3][3] == ""
    assert len(set(figure.layout.xaxis.ticktext)) == 15, "short, and no two alike"
