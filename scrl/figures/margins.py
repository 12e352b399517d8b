"""How many ballots would change a winner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    hover,
    label_width,
    truncate,
    with_alpha,
)
from scrl.figures.template import Theme

#: Pixels of the column in which the figure stands, which decide what text fits.
_WIDTH = 360


def margins_of_victory(
    rows: Sequence[Mapping[str, Any]], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """A bar for each rule: the fewest ballots whose change alters the winner.

    Args:
        rows: each with ``title`` of the rule, ``lower`` and ``upper`` bound, the ``amount`` in
            words, and ``then``, who is first after the change. Between the bounds the bar is pale.
    """
    theme = Theme(dark, scale)
    side = label_width([row["title"] for row in rows], theme)
    longest = max((row["upper"] for row in rows), default=0) or 1
    letters = max(12, int((_WIDTH * scale - side) / (6.2 * scale)))
    texts, lines = _said(rows, letters)
    figure = base_figure(theme, ((30 + 16 * lines) * len(rows) + 10) * scale)
    for y, row in enumerate(rows):
        exact = row["lower"] == row["upper"]
        for start, end, alpha in ((0, row["lower"], 1.0), (row["lower"], row["upper"], 0.35)):
            if end > start:
                figure.add_bar(
                    orientation="h", y=[y], x=[end - start], base=[start], width=0.34,
                    marker={"color": with_alpha(colour(0), alpha)},
                    hovertemplate=hover(escape_html(row["amount"])),
                )  # fmt: skip
        figure.add_annotation(
            x=0, y=y, xanchor="right", xshift=-8, text=escape_html(row["title"]),
            font=theme.font(13.5),
        )  # fmt: skip
        figure.add_annotation(
            x=0, y=y + 0.18, xanchor="left", yanchor="top", align="left", text=texts[y],
            font=theme.muted_font(12 if exact else 11.5),
        )  # fmt: skip
    figure.update_layout(
        xaxis_range=[0, longest * 1.02], yaxis_range=[len(rows) - 0.2, -0.5],
        barmode="overlay", margin={"l": side, "r": 6, "t": 4, "b": 2},
    )  # fmt: skip
    return figure


def _said(rows: Sequence[Mapping[str, Any]], letters: int) -> tuple[list[str], int]:
    """The text below each bar, and its lines: two for all where one of them needs two."""
    texts = [f"{row['amount']}, then {row['then']}" for row in rows]
    if all(len(text) <= letters for text in texts):
        return [escape_html(text) for text in texts], 1
    halves = [
        (truncate(f"{row['amount']}, then", letters), _shortened(row["then"], letters))
        for row in rows
    ]
    return [f"{escape_html(a)}<br>{escape_html(b)}" for a, b in halves], 2


def _shortened(then: str, letters: int) -> str:
    """The names of those who are then first, each cut so that all are named."""
    names = then.split(" = ")
    if len(then) <= letters or len(names) > 3:
        return truncate(then, letters)
    each = max(4, (letters - 3 * (len(names) - 1)) // len(names))
    return " = ".join(truncate(name, each) for name in names)
