"""What a fit reports, and scores on one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    DASHES,
    base_figure,
    colour,
    escape_html,
    theme_colours,
    truncate,
    with_alpha,
)
from scrl.figures.orders import MAX_LINES


def loss_curves(
    curves: Mapping[str, tuple], *, dark: bool = False, scale: float = 1.0, height: float = 280
) -> go.Figure:
    """What a fit reports against its steps: ``curves`` is name -> (steps, values)."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    for i, (name, (steps, values)) in enumerate(curves.items()):
        steps, values = np.asarray(steps, float), np.asarray(values, float)
        if not len(steps):
            continue
        figure.add_scatter(
            x=steps, y=values, mode="lines", name=name,
            line={"color": colour(i), "width": 2.2 * scale, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=escape_html(name) + " %{y:.3f} at step %{x}<extra></extra>",
        )  # fmt: skip
        figure.add_annotation(
            x=steps[-1], y=values[-1], xanchor="left", xshift=6, showarrow=False,
            text=escape_html(name), font={"size": 12.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    axis = {"showgrid": False, "zeroline": False, "showline": True, "linecolor": shade["line"],
            "tickfont": {"size": 12 * scale, "color": shade["quiet"]}, "fixedrange": True,
            "nticks": 5}  # fmt: skip
    title = {"text": "step", "font": {"size": 12 * scale, "color": shade["quiet"]}, "standoff": 4}
    figure.update_layout(
        xaxis={**axis, "title": title},
        yaxis={**axis, "showgrid": True, "gridcolor": shade["line"], "showline": False},
    )
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
    """Several scores of each completion on one axis, a row a completion, best of the first on top.

    Args:
        series: name and scores by completion, in one unit; each has a symbol of its own.
        ranges: of a series by its name, the least and the greatest score of each completion in
            several runs, drawn as a bar.
    """
    shade = theme_colours(dark)
    first = series[0][1]
    rows = sorted(names, key=lambda n: first[n])[-MAX_LINES:]
    figure = base_figure(dark, scale, (70 + 34 * len(rows)) * scale)
    apart = 0.28 if ranges else 0.0  # bars of two series do not lie on each other
    symbols = ("line-ns-open", "circle", "diamond-open", "square-open", "x-open")
    for i, (label, scores) in enumerate(series):
        shift = apart * (i > 0) * (1.5 - i)
        figure.add_scatter(
            x=[scores[n] for n in rows],
            y=[y + shift for y in range(len(rows))],
            mode="markers",
            name=label,
            marker={
                "symbol": symbols[i % len(symbols)],
                "size": (20 if i == 0 else 11) * scale,
                "color": shade["text"] if i == 0 else [colour(list(names).index(n)) for n in rows],
                "line": {"width": 2 * scale},
            },
            hovertemplate=[
                f"{escape_html(n)}, {escape_html(label)}: %{{x:.3f}}<extra></extra>" for n in rows
            ],
        )
        if label in (ranges or {}):
            _bars(figure, rows, scores, ranges[label], shade["quiet"], scale)
    values = [v for _, scores in series for v in scores.values()]
    values += [v for by_name in (ranges or {}).values() for pair in by_name.values() for v in pair]
    low, high = min(values), max(values)
    pad = max(high - low, 1e-6) * 0.06
    ticks = [
        f"<b>{escape_html(truncate(n))}</b>" if n == highlight else escape_html(truncate(n))
        for n in rows
    ]
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": quiet},
        xaxis={"title": {"text": unit, "font": quiet, "standoff": 4}, "tickfont": quiet,
               "range": [low - pad, high + pad], "showgrid": True, "gridcolor": shade["line"],
               "zeroline": low < 0 < high, "zerolinecolor": shade["quiet"], "fixedrange": True},
        yaxis={"tickvals": list(range(len(rows))), "ticktext": ticks, "showgrid": True,
               "gridcolor": shade["line"], "zeroline": False, "fixedrange": True,
               "tickfont": {"size": 13.5 * scale}, "range": [-0.6, len(rows) - 0.4]},
    )  # fmt: skip
    side = 18 + 7.6 * max(len(truncate(n)) for n in rows)
    figure.update_layout(margin={"l": side * scale, "r": 12, "t": 30 * scale, "b": 40 * scale})
    return figure


def _bars(figure, rows, scores, ranges, tone, scale) -> None:
    """From the least to the greatest score of each row, on the dots drawn last."""
    figure.data[-1].error_x = {
        "type": "data", "symmetric": False, "color": tone, "thickness": 1.6 * scale,
        "width": 4 * scale,
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
    """A number of several runs, a row a source: a disc a value, with how many runs gave it where
    that is more than one, and the mean."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, (64 + 46 * len(rows)) * scale)
    for i, (label, values) in enumerate(rows):
        y = len(rows) - 1 - i
        values = np.asarray(values, float)
        value, count = np.unique(np.round(values, 6), return_counts=True)
        figure.add_scatter(
            x=value,
            y=[y] * len(value),
            mode="markers+text",
            name=label,
            text=[str(n) if n > 1 else "" for n in count],
            textfont={"size": 12 * scale, "color": shade["text"]},
            marker={
                "size": scale * (9 + 23 * np.sqrt((count - 1) / len(values))),
                "color": with_alpha(colour(i), 0.45),
                "line": {"width": 1.4, "color": colour(i)},
            },
            hovertemplate=[
                f"{escape_html(label)}: %{{x:.3f}} in {n} of {len(values)}<extra></extra>"
                for n in count
            ],
        )
        figure.add_scatter(
            x=[values.mean()], y=[y - 0.36], mode="markers", name=f"{label}, mean",
            marker={"size": 9 * scale, "symbol": "triangle-up", "color": shade["text"]},
            hovertemplate=f"{escape_html(label)}, mean: %{{x:.3f}}<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    everything = [v for _, values in rows for v in values]
    pad = 0.07 * max(max(everything) - min(everything), 0.1)
    figure.update_layout(
        xaxis={
            "title": {"text": unit, "font": quiet, "standoff": 4},
            "tickfont": quiet,
            "range": [min(everything) - pad, max(everything) + pad],
            "showgrid": True,
            "gridcolor": shade["line"],
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis={
            "tickvals": list(range(len(rows)))[::-1],
            "ticktext": [escape_html(n) for n, _ in rows],
            "showgrid": True,
            "gridcolor": shade["line"],
            "zeroline": False,
            "fixedrange": True,
            "tickfont": {"size": 13.5 * scale},
            "range": [-0.6, len(rows) - 0.4],
        },
    )
    side = 18 + 7.6 * max(len(label) for label, _ in rows)
    figure.update_layout(margin={"l": side * scale, "r": 12, "t": 8, "b": 40 * scale})
    return figure
