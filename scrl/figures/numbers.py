"""What a fit reports, and scores on one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import DASHES, blank, colour, ink, safe, short
from scrl.figures.orders import MOST_LINES


def loss_curves(
    curves: Mapping[str, tuple], *, dark: bool = False, scale: float = 1.0, height: float = 280
) -> go.Figure:
    """What a fit reports against its steps: ``curves`` is name -> (steps, values)."""
    shade = ink(dark)
    figure = blank(dark, scale, height * scale)
    for i, (name, (steps, values)) in enumerate(curves.items()):
        steps, values = np.asarray(steps, float), np.asarray(values, float)
        if not len(steps):
            continue
        figure.add_scatter(
            x=steps, y=values, mode="lines", name=name,
            line={"color": colour(i), "width": 2.2 * scale, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=safe(name) + " %{y:.3f} at step %{x}<extra></extra>",
        )  # fmt: skip
        figure.add_annotation(
            x=steps[-1], y=values[-1], xanchor="left", xshift=6, showarrow=False,
            text=safe(name), font={"size": 12.5 * scale, "color": shade["text"]},
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
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Several scores of each completion on one axis, a row a completion, best of the first on top.

    Args:
        series: name and scores by completion, in one unit; each has a symbol of its own.
    """
    shade = ink(dark)
    first = series[0][1]
    rows = sorted(names, key=lambda n: first[n])[-MOST_LINES:]
    figure = blank(dark, scale, (70 + 34 * len(rows)) * scale)
    symbols = ("line-ns-open", "circle", "diamond-open", "square-open", "x-open")
    for i, (label, scores) in enumerate(series):
        figure.add_scatter(
            x=[scores[n] for n in rows], y=list(range(len(rows))), mode="markers", name=label,
            marker={
                "symbol": symbols[i % len(symbols)], "size": (20 if i == 0 else 11) * scale,
                "color": shade["text"] if i == 0 else [colour(list(names).index(n)) for n in rows],
                "line": {"width": 2 * scale},
            },
            hovertemplate=[f"{safe(n)}, {safe(label)}: %{{x:.3f}}<extra></extra>" for n in rows],
        )  # fmt: skip
    values = [v for _, scores in series for v in scores.values()]
    low, high = min(values), max(values)
    pad = max(high - low, 1e-6) * 0.06
    ticks = [f"<b>{safe(short(n))}</b>" if n == highlight else safe(short(n)) for n in rows]
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
    side = 18 + 7.6 * max(len(short(n)) for n in rows)
    figure.update_layout(margin={"l": side * scale, "r": 12, "t": 30 * scale, "b": 40 * scale})
    return figure
