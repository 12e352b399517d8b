"""Rewards of the segments of a text, curves with bands, and shares with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    STATIC_LEGEND,
    base_figure,
    colour,
    dash,
    escape_html,
    hover,
    label_rows,
    label_width,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.template import Theme

#: Position in the palette of each category of error.
CATEGORY_POSITIONS = (0, 4, 1)


def segment_rewards(
    rewards: np.ndarray,
    categories: Sequence[str],
    labels: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """What each segment of a text is paid, by category, and in total.

    Args:
        rewards: ``[segments, categories]``.
        categories: names; they take the colours of ``CATEGORY_POSITIONS`` in turn.
        labels: of the segments, from the first.
    """
    theme, rows = Theme(dark, scale), list(range(len(labels)))
    figure = base_figure(theme, (112 + 44 * len(labels)) * scale, showlegend=True)
    for k, name in enumerate(categories):
        tone = colour(CATEGORY_POSITIONS[k % 3])
        figure.add_bar(
            x=rewards[:, k], y=rows, orientation="h", name=escape_html(name),
            marker={"color": tone, "line": {"color": theme.background, "width": 1}},
            hovertemplate=hover(f"{escape_html(name)}: %{{x:+.2f}}"),
        )  # fmt: skip
    total = rewards.sum(1)
    highest = np.maximum(rewards, 0).sum(1)
    figure.add_scatter(
        x=highest, y=rows, mode="text",
        text=[f"<b> {value:+.1f}</b>".replace("-", "−") for value in total],
        textposition="middle right", textfont=theme.font(14), hoverinfo="skip",
        showlegend=False, cliponaxis=False,
    )  # fmt: skip
    low, high = float(np.minimum(rewards, 0).sum(1).min()), float(highest.max())
    pad = 0.16 * max(high - low, 0.1)
    show_axis(figure, "xaxis", "reward at the end of the segment", grid=True, zeroline=True,
              range=[low - pad / 3, high + 1.4 * pad], nticks=6)  # fmt: skip
    label_rows(figure, [escape_html(text) for text in labels], theme, size=14)
    figure.update_layout(
        barmode="relative", bargap=0.38, legend={"x": 0, **STATIC_LEGEND},
        margin={"l": 84 * scale, "r": 14, "t": 40 * scale, "b": 46 * scale},
    )  # fmt: skip
    return figure


def banded_curves(
    x: Sequence[float],
    series: Sequence[tuple[str, np.ndarray, int]],
    *,
    x_title: str,
    y_title: str,
    log_axes: str = "",
    percent: bool = False,
    value_format: str = ".2f",
    height: float = 330,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Curves with a band around each and a legend.

    Args:
        x: ``[points]``, increasing.
        series: name, values with the ends of their band ``[3, points]``, and position, which gives
            colour, dash and symbol.
        log_axes: the logarithmic axes, ``"x"``, ``"y"`` or ``"xy"``.
        percent: whether values are shares.
        value_format: d3 format of values in hovers.
    """
    theme, at = Theme(dark, scale), np.asarray(x, float)
    figure = base_figure(theme, height * scale, showlegend=True)
    for _, (_, low, high), i in series:
        figure.add_scatter(
            x=np.concatenate([at, at[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself",
            mode="none", fillcolor=with_alpha(colour(i), 0.15), hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    for name, (middle, _, _), i in series:
        figure.add_scatter(
            x=at, y=middle, mode="lines+markers", name=escape_html(name), cliponaxis=False,
            line={"color": colour(i), "width": 2.3 * scale, "dash": dash(i)},
            marker={"size": 8 * scale, "symbol": symbol(i), "color": colour(i)},
            hovertemplate=hover(f"{escape_html(name)}: %{{y:{value_format}}} at %{{x:,.6~g}}"),
        )  # fmt: skip
    ticks: dict[str, Any] = {"tickvals": at, "ticktext": [f"{v:,.6g}" for v in at]}
    if "x" in log_axes:
        pad = 0.03 * np.log10(at[-1] / at[0])
        ends = [float(np.log10(at[0]) - pad), float(np.log10(at[-1]) + pad)]
        show_axis(figure, "xaxis", x_title, line=True, type="log", range=ends, **ticks)
    else:
        show_axis(figure, "xaxis", x_title, line=True, **ticks)
    settings: dict[str, Any] = {"type": "log", "dtick": "D2"} if "y" in log_axes else {"nticks": 6}
    show_axis(figure, "yaxis", y_title, grid=True, tickformat=".0%" if percent else "", **settings)
    figure.update_layout(
        legend=STATIC_LEGEND,
        margin={"l": 62 * scale, "r": 16, "t": 44 * scale, "b": 48 * scale},
    )  # fmt: skip
    return figure


def estimate_dots(
    rows: Sequence[tuple[str, float, float, float, int]],
    x_title: str,
    reference: float,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A share with its interval in each row, its number beside it.

    Args:
        rows: name, share, ends of its interval, and position, which gives colour and symbol.
        reference: where a dotted line is drawn.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, (60 + 27 * len(rows)) * scale)
    figure.add_vline(x=reference, line={"color": theme.muted, "width": 1.2 * scale, "dash": "dot"})
    for y, (name, share, low, high, i) in enumerate(rows):
        figure.add_scatter(
            x=[low, high], y=[y, y], mode="lines", hoverinfo="skip",
            line={"color": colour(i), "width": 3 * scale},
        )  # fmt: skip
        figure.add_scatter(
            x=[share], y=[y], mode="markers",
            marker={"size": 10 * scale, "symbol": symbol(i), "color": colour(i)},
            hovertemplate=hover(f"{escape_html(name)}: {share:.1%}, {low:.1%} to {high:.1%}"),
        )  # fmt: skip
        figure.add_annotation(
            x=1, xref="paper", y=y, xanchor="left", xshift=4,
            text=f"{share:.0%}".replace("-", "−"),
            font=theme.font(13),
        )  # fmt: skip
    ends = [v for row in rows for v in row[2:4]]
    low, high = min(*ends, reference), max(*ends, reference)
    # A marker at either end is whole.
    margin = max(0.02, 0.06 * (high - low))
    show_axis(figure, "xaxis", "", grid=True, tickformat=".0%", nticks=5, tickangle=0,
              range=[low - margin, high + margin])  # fmt: skip
    # The title ends where the axis ends: beside long names the axis is shorter than its title.
    figure.add_annotation(
        x=1, xref="paper", y=0, yref="paper", xanchor="right", yanchor="top", text=x_title,
        yshift=-20 * scale, font=theme.muted_font(12),
    )  # fmt: skip
    names = [name for name, *_ in rows]
    label_rows(figure, [escape_html(name) for name in names], theme, size=13)
    side = label_width(names, theme, 12.5)
    figure.update_layout(margin={"l": side, "r": 40 * scale, "t": 6, "b": 46 * scale})
    return figure
