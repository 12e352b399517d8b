"""Bars of policies with fifteen answers and long names."""

import numpy as np

from scrl import figures


def test_fifteen_long_answers_and_groups_stay_apart_and_leave_room_for_bars():
    start = "The assistant answers at some length and finally says"
    names = [f"{start} {i}" for i in range(15)]
    rows = [(f"To {start} {i} first", np.full(15, 1 / 15)) for i in range(6)]
    figure = figures.completion_probabilities(rows, names)
    assert len({bar.name for bar in figure.data}) == 15
    looks = {(bar.marker.color, bar.marker.pattern.shape) for bar in figure.data}
    assert len(looks) == 15, "colours repeat, patterns tell them apart"
    labels = [t for t in figure.layout.yaxis.ticktext]
    assert len(set(labels)) == 6
    assert figure.layout.margin.l < 260
