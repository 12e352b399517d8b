"""On the map of raters the names of the groups do not overlap, and the room is used."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from scrl import figures
from tests import lanes

BAKED = Path(__file__).parents[2] / "scenarios" / "baked"
STORED = ("blood-pressure", "tennessee-morristown")
#: Width, height and scale: beside a chart, on a phone, on a wide page, and in presenter mode.
SIZES = [(365, 330, 1.0), (330, 330, 1.0), (700, 376, 1.0), (365, 330, 1.3), (330, 330, 1.3)]
WORDS = ("Careful", "In a hurry", "Worried", "People from Chattanooga", "B", "Clinicians")


def stored_map(name):
    return json.loads((BAKED / f"{name}.json").read_text("utf-8"))["latent"]


def random_map(seed):
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(2, 7))
    type = rng.integers(0, groups, 300)
    middles = rng.normal(size=(groups, 2)) * [1, rng.choice([0.05, 0.3, 1])]
    points = middles[type] + rng.choice([0, 0.01, 0.05]) * rng.normal(size=(300, 2))
    types = [f"{rng.choice(WORDS)} {k}" for k in range(groups)]
    return {
        "x": points[:, 0], "y": points[:, 1], "type": type, "types": types,
        "marked": rng.random(300) < 0.5, "marked_label": "A on the ballot",
        "unmarked_label": "A left out", "explained": [0.6, 0.3],
    }  # fmt: skip


def in_pixels(figure, width):
    """The frame, and the names' boxes and the marks in its pixels, as a browser draws them."""
    layout = figure.layout
    margin = layout.margin
    frame = np.array([width - margin.l - margin.r, layout.height - margin.t - margin.b])
    ranges = np.array([layout.xaxis.range, layout.yaxis.range], float)
    assert (layout.yaxis.scaleanchor, layout.yaxis.scaleratio) == ("x", 1)
    unit = (np.ptp(ranges, axis=1) / frame).max()  # both ranges are shown, at one scale
    low = ranges.mean(axis=1) - frame * unit / 2
    boxes = {}
    for note in layout.annotations:
        if note.xref != "paper":
            text = note.text.removeprefix("<b>").removesuffix("</b>")
            size = np.array([0.58 * note.font.size * len(text), 1.2 * note.font.size])
            middle = (np.array([note.x, note.y]) - low) / unit
            middle += [note.xshift or 0, note.yshift or 0]
            boxes[text] = (middle - size / 2, middle + size / 2)
    marks = {
        (trace.legendgroup, trace.name): (np.stack([trace.x, trace.y], axis=1) - low) / unit
        for trace in figure.data
    }
    return frame, boxes, marks


def assert_readable(payload, width, height, scale):
    figure = figures.latent_map(payload, height=height, scale=scale)
    frame, boxes, _ = in_pixels(figure, width)
    for (one, (low, high)), (other, (low2, high2)) in combinations(boxes.items(), 2):
        assert ((high <= low2) | (high2 <= low)).any(), f"{one} stands on {other}"
    for name, (low, high) in boxes.items():
        assert (low >= -1).all(), name
        assert (high <= frame + 1).all(), name
    return len(boxes)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STORED)
def test_the_names_of_the_stored_maps_are_readable(name, size):
    assert assert_readable(stored_map(name), *size) == 4


SEEDS = range(lanes.deep(20, 60))


def test_the_names_on_random_maps_are_readable():
    shown = [assert_readable(random_map(seed), *SIZES[seed % len(SIZES)]) for seed in SEEDS]
    assert np.mean(np.array(shown) > 1) > 0.4, "most maps have names, the others a legend"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STORED)
def test_the_stored_maps_use_their_room_and_no_name_stands_on_marks(name, size):
    width, height, scale = size
    figure = figures.latent_map(stored_map(name), height=height, scale=scale)
    frame, boxes, marks = in_pixels(figure, width)
    points = np.concatenate(list(marks.values()))
    held = np.concatenate([points, *(np.array(box) for box in boxes.values())])
    assert (np.ptp(held, axis=0) / frame).max() > 0.8
    for name, (low, high) in boxes.items():
        assert not ((points > low) & (points < high)).all(axis=1).any(), name


def test_a_crowded_group_is_named_at_the_end_of_a_line():
    """Eight groups around one: its name has no room beside it."""
    angle = np.linspace(0, 2 * np.pi, 9)[:-1]
    middles = np.concatenate([[[0, 0]], np.stack([np.cos(angle), np.sin(angle)], axis=1)])
    type = np.repeat(np.arange(9), 40)
    payload = {
        "x": middles[type, 0], "y": middles[type, 1], "type": type,
        "types": ["in the middle of all", *"abcdefgh"], "marked": np.ones(360, bool),
        "marked_label": "", "unmarked_label": "",
    }  # fmt: skip
    figure = figures.latent_map(payload)
    assert assert_readable(payload, 330, 330, 1.0) == 9
    (line,) = (s for s in figure.layout.shapes if s.type == "line")
    assert np.hypot(line.x0, line.y0) < np.hypot(line.x1, line.y1)


def test_a_long_note_on_the_marks_takes_two_lines():
    payload = stored_map("blood-pressure") | {
        "marked_label": "A very long name of an answer that somebody brought on the ballot",
        "unmarked_label": "A very long name of an answer that somebody brought left out",
    }
    (note,) = (a for a in figures.latent_map(payload).layout.annotations if a.xref == "paper")
    lines = note.text.split("<br>")
    assert [line[-8:] for line in lines] == ["e ballot", "left out"]
    assert max(map(len, lines)) * 0.45 * note.font.size < 330
