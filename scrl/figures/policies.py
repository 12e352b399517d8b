"""Policies: completion probabilities, and the trade-off between two objectives."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    COLOURS,
    STATIC_LEGEND,
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    label_width,
    short_labels,
    show_axis,
    symbol,
)
from scrl.figures.template import TRANSPARENT, Theme
from scrl.figures.tiles import text_colour_on

#: Patterns of bars whose colours repeat, by how often they did.
PATTERNS = ("", "/", "x")


def completion_probabilities(
    rows: Sequence[tuple[str, np.ndarray]],
    names: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Stacked probabilities of the completions, a row for each policy.

    Args:
        rows: name of the policy and its probabilities ``[completions]``.
        names: of the completions.
    """
    theme = Theme(dark, scale)
    legend = 18 * math.ceil(max(len(names) - 5, 0) / 3)  # rows of a legend that takes several
    figure = base_figure(theme, (46 + legend + 34 * len(rows)) * scale, showlegend=True)
    for i, (name, short) in enumerate(zip(names, short_labels(names), strict=True)):
        values = [float(policy[i]) for _, policy in rows]
        figure.add_bar(
            x=values, y=list(range(len(rows))), orientation="h", name=escape_html(short),
            text=[f"{v:.0%}" if v >= 0.06 else "" for v in values], textposition="inside",
            insidetextanchor="middle", textangle=0, constraintext="none",
            textfont=theme.font(12.5, text_colour_on(colour(i))),
            marker={"color": colour(i), "line": {"width": 1.5, "color": theme.background},
                    "pattern": {"shape": PATTERNS[i // len(COLOURS) % len(PATTERNS)], "size": 6,
                                "solidity": 0.35}},
            hovertemplate=[hover(escape_html(f"{policy}: {name}") + " %{x:.1%}")
                           for policy, _ in rows],
        )  # fmt: skip
    policies = short_labels([policy for policy, _ in rows], 26)
    label_rows(figure, [escape_html(policy) for policy in policies], theme,
               ticks="outside", ticklen=6 * scale, tickcolor=TRANSPARENT)  # fmt: skip
    figure.update_layout(
        barmode="stack", bargap=0.3, xaxis_range=[0, 1],
        legend={"y": 1, "traceorder": "normal", **STATIC_LEGEND},
        margin={"l": label_width(policies, theme), "r": 8, "t": 30 * scale, "b": 6},
    )  # fmt: skip
    return figure


def pareto_frontier(
    frontier: np.ndarray,
    policies: Sequence[tuple[str, Sequence[float]]],
    titles: tuple[str, str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 380,
) -> go.Figure:
    """The Pareto frontier of two objectives and named policies beside it.

    Args:
        frontier: ``[points, 2]``.
        policies: name and its values of the two objectives.
        titles: of the axes.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2, showlegend=True)
    figure.add_scatter(
        x=frontier[:, 0], y=frontier[:, 1], mode="lines", name="one policy for both",
        hoverinfo="skip", line={"color": theme.muted, "width": 2 * scale},
    )  # fmt: skip
    for i, (name, (x, y)) in enumerate(policies):
        figure.add_scatter(
            x=[x], y=[y], mode="markers", name=escape_html(name), showlegend=True,
            marker={"size": 13 * scale, "color": colour(i), "symbol": symbol(i),
                    "line": {"width": 1.4, "color": theme.background}},
            hovertemplate=hover(f"{escape_html(name)}: %{{x:.2f}}, %{{y:.2f}}"),
        )  # fmt: skip
    show_axis(figure, "xaxis", titles[0], grid=True, nticks=6)
    show_axis(figure, "yaxis", titles[1], grid=True, nticks=6)
    figure.update_layout(
        legend=STATIC_LEGEND, margin={"l": 58 * scale, "r": 10, "t": 56 * scale, "b": 44 * scale}
    )
    return figure
