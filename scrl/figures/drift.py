"""Curves over time with marks at one time, and rewards as they are and as they are learnt."""

from __future__ import annotations

from collections.abc import Sequence

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


def curves_at_time(
    x: Sequence[float],
    series: Sequence[tuple[str, np.ndarray, int]],
    *,
    at: float | None = None,
    change: tuple[float, str] | None = None,
    x_title: str,
    y_title: str,
    percent: bool = False,
    value_format: str = ".2f",
    height: float = 460,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Curves with bands, and marks on them at one time.

    Args:
        x: times ``[points]``, increasing.
        series: name, values with the ends of their band ``[3, points]`` (NaN leaves a gap), and
            position, which gives colour, dash and symbol.
        at: the time that is pointed at; None for none.
        change: a time and what happens then.
        percent: whether values are shares.
        value_format: d3 format of values in hovers.
    """
    theme, times = Theme(dark, scale), np.asarray(x, float)
    figure = base_figure(theme, height * scale, showlegend=True)
    for _, (_, low, high), i in series:
        known = np.isfinite(low) & np.isfinite(high)
        figure.add_scatter(
            x=np.concatenate([times[known], times[known][::-1]]),
            y=np.concatenate([high[known], low[known][::-1]]), fill="toself", mode="none",
            fillcolor=with_alpha(colour(i), 0.13), hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    for name, (middle, _, _), i in series:
        figure.add_scatter(
            x=times, y=middle, mode="lines", name=escape_html(name), cliponaxis=False,
            line={"color": colour(i), "width": 2.3 * scale, "dash": dash(i)}, connectgaps=False,
            hovertemplate=hover(f"{escape_html(name)}: %{{y:{value_format}}} at %{{x:,.4g}}"),
        )  # fmt: skip
    if change is not None:
        figure.add_vline(x=change[0], line={"color": theme.muted, "width": scale, "dash": "dot"})
        figure.add_annotation(
            x=change[0], y=1, yref="paper", yanchor="bottom", showarrow=False,
            text=escape_html(change[1]), font=theme.font(12),
        )  # fmt: skip
    if at is not None:
        figure.add_vline(x=at, line={"color": theme.muted, "width": 1.6 * scale})
        for _, (middle, _, _), i in series:
            figure.add_scatter(
                x=[at], y=[float(np.interp(at, times, middle))], mode="markers",
                hoverinfo="skip", showlegend=False, cliponaxis=False,
                marker={"size": 11 * scale, "symbol": symbol(i), "color": colour(i)},
            )  # fmt: skip
    pad = 0.015 * float(times[-1] - times[0])
    show_axis(figure, "xaxis", x_title, line=True, nticks=7,
              range=[float(times[0]) - pad, float(times[-1]) + pad])  # fmt: skip
    show_axis(figure, "yaxis", y_title, grid=True, nticks=6, tickformat=".0%" if percent else "",
              rangemode="tozero")  # fmt: skip
    figure.update_layout(
        legend={**STATIC_LEGEND, "orientation": "h", "x": 0, "y": -0.19, "yanchor": "top"},
        margin={"l": 62 * scale, "r": 16, "t": 26 * scale, "b": 130 * scale},
    )  # fmt: skip
    return figure


def rewards_then(
    names: Sequence[str],
    truth: np.ndarray,
    learnt: np.ndarray,
    labels: tuple[str, str],
    *,
    limit: float,
    position: int = 1,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """What people want and what a model believes that they want, an item in each row.

    Args:
        truth, learnt: rewards ``[items]``.
        labels: of the two in the legend.
        limit: the axis ends at ± this, so that it stays where it is as time goes on.
        position: of the model, which gives its colour and symbol.
    """
    theme, rows = Theme(dark, scale), list(range(len(names)))
    figure = base_figure(theme, (110 + 38 * len(names)) * scale, showlegend=True)
    for row, one, two in zip(rows, truth, learnt, strict=True):
        figure.add_shape(
            type="line", x0=one, x1=two, y0=row, y1=row,
            line={"color": theme.muted, "width": 2 * scale},
        )  # fmt: skip
    for values, label, i, mark in ((truth, labels[0], 7, "circle-open"),
                                   (learnt, labels[1], position, symbol(position))):  # fmt: skip
        figure.add_scatter(
            x=values, y=rows, mode="markers", name=escape_html(label), cliponaxis=False,
            marker={"size": 13 * scale, "symbol": mark, "color": colour(i),
                    "line": {"width": 2.5 * scale, "color": colour(i)}},
            hovertemplate=hover(f"{escape_html(label)}: %{{x:+.2f}}"),
        )  # fmt: skip
    label_rows(figure, [escape_html(name) for name in names], theme, size=14)
    show_axis(figure, "xaxis", "reward, in log-odds", grid=True, zeroline=True, nticks=6,
              range=[-limit, limit])  # fmt: skip
    figure.update_layout(
        legend=STATIC_LEGEND,
        margin={"l": label_width(names, theme, 14), "r": 16, "t": 44 * scale, "b": 48 * scale},
    )  # fmt: skip
    return figure
