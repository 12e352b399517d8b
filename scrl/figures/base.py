"""Colours, text and axes that all figures share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from scrl.figures.template import Theme

#: Okabe–Ito: blue, green, purple, sky, vermillion, orange, yellow, grey for black.
COLOURS = (
    "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#E69F00", "#F0E442", "#7A7A7A",
)  # fmt: skip
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "cross", "triangle-down", "x")
DASHES = ("solid", "dash", "dot", "dashdot", "solid", "longdash", "longdashdot", "dot")
#: A legend whose entries cannot be switched off.
STATIC_LEGEND = {"itemclick": False, "itemdoubleclick": False}


def colour(position: int) -> str:
    """Colour of the rater type, or of the completion, at this position."""
    return COLOURS[position % len(COLOURS)]


def symbol(position: int) -> str:
    """Mark of the rater type, or of the completion, at this position."""
    return SYMBOLS[position % len(SYMBOLS)]


def dash(position: int) -> str:
    """Line style of the rater type, or of the completion, at this position."""
    return DASHES[position % len(DASHES)]


def with_alpha(hex_colour: str, alpha: float = 0.72) -> str:
    """The colour ``#rrggbb`` with opacity ``alpha``."""
    r, g, b = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha})"


# -- text -----------------------------------------------------------------------------------------


def escape_html(text: str) -> str:
    """Text that Plotly shows literally; names come from files and may hold markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def truncate(name: str, length: int = 22) -> str:
    """The name, cut to ``length`` characters with an ellipsis."""
    return name if len(name) <= length else name[: length - 1] + "…"


def label(name: str, length: int = 22, bold: bool = False) -> str:
    """The name truncated and escaped, for annotations and ticks."""
    text = escape_html(truncate(name, length))
    return f"<b>{text}</b>" if bold else text


def label_width(names: Iterable[str], theme: Theme, size: float = 13.5) -> float:
    """Pixels that the longest of these labels takes beside an axis, ``size`` its font size."""
    return (18 + 0.55 * size * max(map(len, names), default=0)) * theme.scale


def hover(text: str) -> str:
    """A hover text, which may hold markup, without the trace's name beside it."""
    return f"{text}<extra></extra>"


# -- figures and axes -----------------------------------------------------------------------------


def base_figure(theme: Theme, height: float, **layout: Any) -> go.Figure:
    """An empty figure with the theme's template; ``layout`` as in ``Figure.update_layout``."""
    figure = go.Figure()
    figure.update_layout(template=theme.template, height=round(height), **layout)
    return figure


def show_axis(
    figure: go.Figure,
    axis: str,
    title: str = "",
    *,
    grid: bool = False,
    line: bool = False,
    **settings: Any,
) -> None:
    """Shows tick labels and title of an axis, which the template hides.

    Args:
        axis: key of the axis in the layout, such as ``"xaxis2"``.
        grid: whether to draw grid lines at the ticks.
        line: whether to draw the axis line.
        settings: further Plotly settings of the axis.
    """
    shown = {"showticklabels": True, "showgrid": grid, "showline": line}
    figure.update_layout({axis: {**shown, "title": {"text": title}, **settings}})


def label_rows(
    figure: go.Figure,
    labels: Sequence[str],
    theme: Theme,
    *,
    size: float = 13.5,
    axis: str = "yaxis",
    **settings: Any,
) -> None:
    """Labels the rows 0, 1, … of a vertical axis, the first on top.

    Args:
        labels: one for each row, escaped.
        size: of the font in pixels, before scaling.
        settings: as in ``show_axis``.
    """
    defaults = {
        "range": [len(labels) - 0.5, -0.5], "tickfont": theme.font(size),
        "tickvals": list(range(len(labels))), "ticktext": list(labels),
    }  # fmt: skip
    show_axis(figure, axis, **{**defaults, **settings})
