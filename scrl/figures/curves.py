"""Curves with their names at their ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    dash,
    escape_html,
    hover,
    short_labels,
    show_axis,
    symbol,
    truncate,
    with_alpha,
)
from scrl.figures.template import Theme

Series = Sequence[tuple[str, np.ndarray, int]]


def labelled_curves(
    x: np.ndarray,
    series: Series,
    *,
    slider: float | None = None,
    slider_values: Sequence[float] | None = None,
    x_title: str = "",
    y_title: str = "",
    percent: bool = False,
    log_axes: str = "",
    value_format: str = ".3f",
    shade_negative: bool = False,
    y_range: tuple[float, float] | None = None,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Curves, each with its name at its end, and the position of a slider on them.

    Args:
        x: ``[points]``, increasing.
        series: name, values ``[points]`` (NaN leaves a gap) and position, which gives the colour,
            the symbol and the dash.
        slider: x of the slider; None for no slider.
        slider_values: values there ``[series]``; interpolated where None.
        percent: whether x is a share.
        log_axes: the logarithmic axes, ``"x"``, ``"y"`` or ``"xy"``.
        value_format: d3 format of values.
        shade_negative: whether to shade the part below 0.
    """
    theme, x = Theme(dark, scale), np.asarray(x, float)
    log_x, log_y = "x" in log_axes, "y" in log_axes
    series = [(name, np.asarray(y, float), i) for name, y, i in series]
    low, high = y_range or _padded(np.concatenate([y for _, y, _ in series]), log_y)
    figure = base_figure(theme, height * scale)
    for name, y, i in series:
        figure.add_scatter(
            x=x, y=y, mode="lines", name=escape_html(name), connectgaps=False,
            line={"color": colour(i), "width": 2.4 * scale, "dash": dash(i)},
            hovertemplate=hover(f"{escape_html(name)} %{{y:{value_format}}}"),
        )  # fmt: skip
    if slider is not None:
        if slider_values is None:
            slider_values = [float(np.interp(slider, x, y)) for _, y, _ in series]
        _add_slider(figure, slider, slider_values, series, theme)
    if shade_negative and low < 0:
        figure.add_hrect(y0=low, y1=0, fillcolor=with_alpha(colour(4), 0.12), line_width=0)
    _show_axes(figure, (x_title, y_title), x, (low, high), log_x, log_y)
    figure.update_xaxes(tickformat=".0%" if percent else "")
    longest = max(len(truncate(name)) for name, _, _ in series)
    figure.update_layout(
        margin={"l": 58 * scale, "r": (14 + 7.4 * (longest + 2)) * scale, "t": 10 * scale,
                "b": 44 * scale}
    )  # fmt: skip
    _add_end_labels(figure, series, np.log([low, high]).tolist() if log_y else (low, high), log_y,
                    height - 54)  # fmt: skip
    return figure


def _show_axes(
    figure: go.Figure,
    titles: tuple[str, str],
    x: np.ndarray,
    y_range: tuple[float, float],
    log_x: bool,
    log_y: bool,
) -> None:
    """Linear or logarithmic axes around ``x`` and over ``y_range``."""
    pad = 0.015 * (x[-1] - x[0])  # keeps marks at the ends whole
    low, high = y_range
    show_axis(
        figure, "xaxis", titles[0], line=True, type="log" if log_x else "linear",
        range=np.log10([x[0], x[-1]]).tolist() if log_x else [x[0] - pad, x[-1] + pad],
        dtick=1 if log_x else None, nticks=6,
    )  # fmt: skip
    show_axis(
        figure, "yaxis", titles[1], grid=True, nticks=6, zeroline=bool(low < 0 < high),
        type="log" if log_y else "linear", range=np.log10(y_range).tolist() if log_y else y_range,
        dtick=1 if log_y and high > 100 * low else None,
    )  # fmt: skip


def _padded(values: np.ndarray, log: bool) -> tuple[float, float]:
    """Range of an axis around the values."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if log:
        return low / 1.15, high * 1.15
    pad = 0.06 * max(high - low, 1e-9)
    return low - pad, high + pad


def _add_slider(
    figure: go.Figure, x: float, values: Sequence[float], series: Series, theme: Theme
) -> None:
    """A dotted line at the slider and a mark on each curve."""
    figure.add_vline(x=x, line={"color": theme.muted, "width": 1.2 * theme.scale, "dash": "dot"})
    for value, (_, _, i) in zip(values, series, strict=True):
        figure.add_scatter(
            x=[x], y=[value], mode="markers", hoverinfo="skip",
            marker={"color": colour(i), "symbol": symbol(i), "size": 10 * theme.scale,
                    "line": {"color": theme.background, "width": theme.scale}},
        )  # fmt: skip


def _add_end_labels(
    figure: go.Figure, series: Series, span: Sequence[float], log: bool, pixels: float
) -> None:
    """Names at the right ends of the curves, moved apart where they would overlap.

    Args:
        span: ends of the vertical axis, as logarithms if ``log``.
        pixels: height of the plot at scale 1.
    """
    low, high = span
    ends: list[tuple[float, str, int]] = []
    names = short_labels([name for name, _, _ in series])
    for name, (_, y, i) in zip(names, series, strict=True):
        known = y[np.isfinite(y)]
        if len(known):
            end = np.log(known[-1]) if log else known[-1]
            ends.append((float((end - low) / (high - low)), name, i))
    ends.sort()
    heights = [height for height, _, _ in ends]
    gap = 17 / pixels
    for k in range(1, len(heights)):
        heights[k] = max(heights[k], heights[k - 1] + gap)
    if heights and heights[-1] > 1:
        heights[-1] = 1
        for k in range(len(heights) - 2, -1, -1):
            heights[k] = min(heights[k], heights[k + 1] - gap)
    for height, (_, name, i) in zip(heights, ends, strict=True):
        if name:
            figure.add_annotation(
                x=1, xref="paper", y=height, yref="paper", xanchor="left", yanchor="middle",
                xshift=5, text=f"<span style='color:{colour(i)}'>●</span> {escape_html(name)}",
            )  # fmt: skip
