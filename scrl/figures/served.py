"""Whom an answer serves: one dot for each of a hundred people."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from scrl.figures.base import base_figure, hover, label
from scrl.figures.template import Theme

#: From the first place of one's own order to the last: blue to vermillion, a light middle.
_PLACE_COLOURS = ("#0072B2", "#5BA3CF", "#C9CDD2", "#E79A5E", "#D55E00")
#: Dots in a line.
_WIDTH = 20


def _place_colour(place: float, places: int) -> str:
    """The colour of a place, 1 = best, of so many."""
    position = (place - 1) / max(places - 1, 1)
    return _PLACE_COLOURS[round(position * (len(_PLACE_COLOURS) - 1))]


def people_served(
    groups: Sequence[tuple[str, int, float]],
    places: int,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A hundred dots, a block for each group, coloured by the place of the answer for the group.

    The place also stands in each dot, so that colours are not needed.

    Args:
        groups: name, number of dots and place of the answer in the group's order, 1 = best.
        places: number of answers.
    """
    theme = Theme(dark, scale)
    x, y, colours, texts, hovers, line = [], [], [], [], [], 0.0
    annotations = []
    for name, people, place in groups:
        annotations.append(
            {
                "x": -0.5, "y": line, "text": f"{label(name, 30, bold=True)} · {people} of 100",
                "showarrow": False, "xanchor": "left", "font": theme.font(13),
            }
        )  # fmt: skip
        for i in range(people):
            x.append(i % _WIDTH)
            y.append(line + 0.95 + i // _WIDTH)
        colours += [_place_colour(place, places)] * people
        texts += [f"{place:.3g}"] * people
        hovers += [hover(f"{label(name, 30)}: place {place:.3g} of {places}")] * people
        line += 2.2 + (people - 1) // _WIDTH
    figure = base_figure(theme, (12 + 21 * line) * scale)
    figure.add_scatter(
        x=x, y=y, mode="markers+text", text=texts, hovertemplate=hovers, cliponaxis=False,
        marker={"size": 17 * scale, "color": colours},
        # White is legible on the darkest colour only.
        textfont=theme.font(10) | {"color": ["#FFFFFF" if c == _PLACE_COLOURS[0] else "#14181D"
                                             for c in colours]},
    )  # fmt: skip
    figure.update_layout(
        annotations=annotations, margin={"l": 4, "r": 4, "t": 4, "b": 4},
        xaxis_range=[-0.6, _WIDTH - 0.4], yaxis_range=[line - 0.4, -0.7],
    )  # fmt: skip
    return figure
