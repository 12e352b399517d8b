"""Curves of a fit, scores on one axis, and values by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    dash,
    escape_html,
    hover,
    label,
    label_rows,
    label_width,
    show_axis,
    truncate,
    with_alpha,
)
from scrl.figures.orders import MAX_LINES
from scrl.figures.template import Theme


def loss_curves(
    curves: Mapping[str, tuple], *, dark: bool = False, scale: float = 1.0, height: float = 280
) -> go.Figure:
    """Losses against steps, each with its name at its end.

    Args:
        curves: name -> (steps, values).
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * scale)
    for i, (name, (steps, values)) in enumerate(curves.items()):
        steps, values = np.asarray(steps, float), np.asarray(values, float)
        if not len(steps):
            continue
        figure.add_scatter(
            x=steps, y=values, mode="lines", name=name,
            line={"color": colour(i), "width": 2.2 * scale, "dash": dash(i)},
            hovertemplate=hover(escape_html(name) + " %{y:.3f} at step %{x}"),
        )  # fmt: skip
        figure.add_annotation(
            x=steps[-1], y=values[-1], xanchor="left", xshift=6, text=escape_html(name),
            font=theme.font(12.5),
        )  # fmt: skip
    show_axis(figure, "xaxis", "step", line=True, nticks=5)
    show_axis(figure, "yaxis", grid=True, nticks=5)
    longest = max((len(name) for name in curves), default=0)
    figure.update_layout(
        margin={"l": 40 * scale, "r": (16 + 7 * longest) * scale, "t": 10, "b": 40 * scale}
    )
    return figure


def score_dots(
    names: Sequence[str],
    series: Sequence[tuple[str, Mapping[str, float]]],
    unit: str,
    highlight: str | None = None,
    *,
    ranges: Mapping[str, Mapping[str, tuple[float, float]]] | None = None,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Several scores of each completion on one axis, the best by the first series on top.

    Args:
        names: of the completions, in the order of their colours.
        series: name and score of each completion, in one unit; each has its own symbol.
        unit: title of the axis.
        highlight: the completion in bold.
        ranges: series -> completion -> least and greatest score over several runs, drawn as a bar.
    """
    theme, ranges = Theme(dark, scale), ranges or {}
    first = series[0][1]
    rows = sorted(names, key=lambda n: first[n])[-MAX_LINES:]
    figure = base_figure(theme, (70 + 34 * len(rows)) * scale, showlegend=True)
    offset = 0.28 if ranges else 0.0  # keeps the bars of two series apart
    symbols = ("line-ns-open", "circle", "diamond-open", "square-open", "x-open")
    for i, (title, scores) in enumerate(series):
        shift = offset * (i > 0) * (1.5 - i)
        figure.add_scatter(
            x=[scores[n] for n in rows], y=[y + shift for y in range(len(rows))],
            mode="markers", name=title,
            marker={
                "symbol": symbols[i % len(symbols)], "size": (20 if i == 0 else 11) * scale,
                "color": theme.text if i == 0 else [colour(list(names).index(n)) for n in rows],
                "line": {"width": 2 * scale},
            },
            hovertemplate=[hover(escape_html(f"{n}, {title}") + ": %{x:.3f}") for n in rows],
        )  # fmt: skip
        if title in ranges:
            _add_ranges(figure, rows, scores, ranges[title], theme)
    values = [v for _, scores in series for v in scores.values()]
    values += [v for by_name in ranges.values() for pair in by_name.values() for v in pair]
    low, high = min(values), max(values)
    pad = max(high - low, 1e-6) * 0.06
    show_axis(figure, "xaxis", unit, grid=True, range=[low - pad, high + pad],
              zeroline=low < 0 < high)  # fmt: skip
    label_rows(figure, [label(n, bold=n == highlight) for n in rows], theme, grid=True,
               range=[-0.6, len(rows) - 0.4])  # fmt: skip
    side = label_width(map(truncate, rows), theme)
    figure.update_layout(legend_y=1, margin={"l": side, "r": 12, "t": 30 * scale, "b": 40 * scale})
    return figure


def _add_ranges(
    figure: go.Figure,
    rows: Sequence[str],
    scores: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    theme: Theme,
) -> None:
    """Bars from the least to the greatest score of each row, on the last trace."""
    figure.data[-1].error_x = {
        "type": "data", "symmetric": False, "color": theme.muted,
        "thickness": 1.6 * theme.scale, "width": 4 * theme.scale,
        "array": [ranges[n][1] - scores[n] for n in rows],
        "arrayminus": [scores[n] - ranges[n][0] for n in rows],
    }  # fmt: skip


def values_by_seed(
    rows: Sequence[tuple[str, Sequence[float]]],
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A number over several seeds, a row for each source, with the mean as a triangle.

    Args:
        rows: name and values; a disc stands for each distinct value and counts its seeds.
        unit: title of the axis.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, (64 + 46 * len(rows)) * scale)
    for y, (name, numbers) in enumerate(rows):
        values = np.asarray(numbers, float)
        distinct, count = np.unique(np.round(values, 6), return_counts=True)
        figure.add_scatter(
            x=distinct, y=[y] * len(distinct), mode="markers+text", name=name,
            text=[str(n) if n > 1 else "" for n in count], textfont=theme.font(12),
            marker={"size": scale * (9 + 23 * np.sqrt((count - 1) / len(values))),
                    "color": with_alpha(colour(y), 0.45),
                    "line": {"width": 1.4, "color": colour(y)}},
            hovertemplate=[hover(f"{escape_html(name)}: %{{x:.3f}} in {n} of {len(values)}")
                           for n in count],
        )  # fmt: skip
        figure.add_scatter(
            x=[values.mean()], y=[y + 0.36], mode="markers", name=f"{name}, mean",
            marker={"size": 9 * scale, "symbol": "triangle-up", "color": theme.text},
            hovertemplate=hover(f"{escape_html(name)}, mean: %{{x:.3f}}"),
        )  # fmt: skip
    known = [v for _, values in rows for v in values]
    low, high = min(known), max(known)
    pad = 0.07 * max(high - low, 0.1)
    show_axis(figure, "xaxis", unit, grid=True, range=[low - pad, high + pad])
    names = [name for name, _ in rows]
    label_rows(figure, [escape_html(name) for name in names], theme, grid=True,
               range=[len(rows) - 0.4, -0.6])  # fmt: skip
    side = label_width(names, theme)
    figure.update_layout(margin={"l": side, "r": 12, "t": 8, "b": 40 * scale})
    return figure
