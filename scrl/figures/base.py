"""Colours, type and the blank figure that every picture starts from."""

from __future__ import annotations

import plotly.graph_objects as go

#: Okabe–Ito: blue, green, purple, sky, vermillion, orange, yellow, grey for black.
COLOURS = (
    "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#E69F00", "#F0E442", "#7A7A7A",
)  # fmt: skip
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "cross", "triangle-down", "x")
DASHES = ("solid", "dash", "dot", "dashdot", "solid", "longdash", "longdashdot", "dot")
FONT = "'Source Sans', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"


LIGHT = {"text": "#1D2733", "quiet": "#5C6875", "line": "#DCE1E6", "ground": "#FFFFFF"}
DARK = {"text": "#E8EAED", "quiet": "#A3ABB5", "line": "#38404A", "ground": "#14181D"}


def colour(position: int) -> str:
    """Of the rater type, or the completion, at this position."""
    return COLOURS[position % len(COLOURS)]


def theme_colours(dark: bool) -> dict[str, str]:
    """Text, quiet text, hairlines and ground of the two themes."""
    return DARK if dark else LIGHT


def base_figure(dark: bool, scale: float, height: float, **layout) -> go.Figure:
    shade = theme_colours(dark)
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=round(height),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 14 * scale, "color": shade["text"]},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        hoverlabel={
            "bgcolor": shade["ground"], "bordercolor": shade["line"],
            "font": {"family": FONT, "size": 13 * scale, "color": shade["text"]},
        },
        dragmode=False,
    )  # fmt: skip
    figure.update_layout(**layout)
    return figure


def set_axis(axis: str, figure: go.Figure, **settings) -> None:
    figure.update_layout(
        {axis: {"showgrid": False, "zeroline": False, "showticklabels": False, "showline": False,
                "ticks": "", "fixedrange": True, **settings}}
    )  # fmt: skip


def escape_html(text: str) -> str:
    """Text that plotly shows as it is: names come from files, and ``<`` begins its markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def truncate(name: str, most: int = 22) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def with_alpha(hex_colour: str, alpha: float = 0.72) -> str:
    r, g, b = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha})"
