"""Figures of sweeps: empty cells, intervals, axes of numbers, long names."""

import numpy as np
import pytest

from scrl import figures

NAMES = [f"The assistant answers with a {end}" for end in ["joke", "poem", "refusal", "recipe"]]


def cell(x, y, mean, half=None, failed=0, tasks=2):
    interval = (None, None) if half is None else (mean - half, mean + half)
    done = 0 if mean is None else tasks - failed
    return {"x": x, "y": y, "mean": mean, "low": interval[0], "high": interval[1], "done": done,
            "failed": failed, "tasks": tasks}  # fmt: skip


def test_cells_without_a_result_wait_or_have_failed():
    cells = [cell(0, 0, 0.5, 0.1), cell(1, 0, None), cell(2, 0, None, failed=2)]
    drawn = figures.sweep_heatmap(cells, ("n", ["1", "2", "3"]), ("who", ["a"]), "τ")
    heat, numbers, targets = drawn.data
    assert np.isnan(np.array(heat.z, float)[0, 1:]).all()
    assert heat.text[0][0] == "0.50<br>±0.10"
    assert list(numbers.text) == ["0.50<br>±0.10"]
    assert [note.text for note in drawn.layout.annotations][:2] == ["…", "failed"]
    assert list(targets.customdata) == [0, 1, 2]
    assert "no result yet (0 of 2 runs, 2 failed)" in targets.hovertemplate[2]


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_can_be_read_on_every_colour_of_the_scale(dark):
    values = [i / 40 for i in range(41)]
    cells = [cell(x, 0, value) for x, value in enumerate(values)]
    drawn = figures.sweep_heatmap(
        [c | {"x": i % 7, "y": i // 7} for i, c in enumerate(cells)],
        ("n", list("1234567")), ("who", list("abcdef")), "τ", dark=dark,
    )  # fmt: skip
    heat, numbers, _ = drawn.data
    assert len(numbers.text) == 41
    (_, pale), (_, strong) = heat.colorscale
    for value, colour in zip(values, numbers.textfont.color, strict=True):
        ends = [[int(end[i : i + 2], 16) for i in (1, 3, 5)] for end in (pale, strong)]
        behind = [(1 - value) * a + value * b for a, b in zip(*ends, strict=True)]
        text = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert measured_contrast(text, behind) > 4.45, value


def measured_contrast(*colours):
    """By the formulas of WCAG 2.2, of colours of three numbers from 0 to 255."""
    luminances = []
    for colour in colours:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (value / 255 for value in colour)
        ]
        luminances.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def test_one_value_alone_and_no_value_at_all_can_be_drawn():
    for cells in ([cell(0, 0, 0.5)], [cell(0, 0, None)]):
        for draw in (figures.sweep_heatmap, figures.sweep_lines):
            drawn = draw(cells, ("n", ["1"]), ("who", ["a"]), "τ")
            assert drawn.to_json()


@pytest.mark.parametrize(
    ("labels", "kind", "at"),
    [
        (["30", "300", "3,000"], "log", [30.0, 300.0, 3000.0]),
        (["0.1", "0.2", "0.9"], "linear", [0.1, 0.2, 0.9]),
        (["0", "1", "100"], "linear", [0.0, 1.0, 100.0]),
        (["few", "many", "all"], "linear", [0.0, 1.0, 2.0]),
        (["1", "nan", "inf"], "linear", [0.0, 1.0, 2.0]),
    ],
)
def test_numbers_stand_at_their_place_and_names_side_by_side(labels, kind, at):
    cells = [cell(x, 0, 0.1 * x, 0.05) for x in range(3)]
    drawn = figures.sweep_lines(cells, ("setting", labels), None, "τ")
    assert drawn.layout.xaxis.type == kind
    assert list(drawn.layout.xaxis.tickvals) == at
    assert list(drawn.data[0].x) == pytest.approx(at)
    assert drawn.data[0].error_y.array == pytest.approx([0.05] * 3)


@pytest.mark.parametrize("draw", [figures.sweep_heatmap, figures.sweep_lines])
def test_long_names_stay_different_and_markup_is_text(draw):
    names = [*NAMES, "<b>%{x}</b>"]
    cells = [cell(x, y, 0.1 * x + 0.01 * y, 0.01) for x in range(5) for y in range(5)]
    drawn = draw(cells, ("<i>setting</i>", names), ("who", names), "<u>τ</u>")
    ticks = drawn.layout.xaxis.ticktext
    assert len(set(ticks)) == 5
    assert max(len(str(tick)) for tick in ticks[:4]) <= 12
    text = drawn.to_json()
    for markup in ("<i>", "<u>", "<b>%{x}"):
        assert markup not in text
