"""Models in rows, each with a mark for every number of pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    STATIC_LEGEND,
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    label_width,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.template import Theme


def models_by_pairs(
    rows: Sequence[tuple[str, np.ndarray]],
    pairs: Sequence[int],
    selected: int,
    x_title: str,
    *,
    reference: float | None = None,
    value_format: str = ".1%",
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Marks of every model at each number of pairs, joined by a line; the selected one is large.

    Args:
        rows: name, and mean with the ends of its interval ``[3, numbers]``, from the top.
        pairs: the numbers of pairs ``[numbers]``.
        selected: index of the number whose intervals are drawn.
        reference: where a dotted line is drawn; None for none.
        value_format: d3 format of values in hovers.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, (96 + 27 * len(rows)) * scale, showlegend=True)
    values = np.array([row for _, row in rows])
    if reference is not None:
        line = {"color": theme.muted, "width": 1.2 * scale, "dash": "dot"}
        figure.add_vline(x=reference, line=line)
    for y, row in enumerate(values):
        figure.add_scatter(
            x=[row[0].min(), row[0].max()], y=[y, y], mode="lines", hoverinfo="skip",
            showlegend=False, line={"color": with_alpha(theme.muted, 0.5), "width": 1.5 * scale},
        )  # fmt: skip
    for k, count in enumerate(pairs):
        if k != selected:
            _add_marks(figure, values, k, f"{count}", False, value_format, theme)
    name = f"<b>{pairs[selected]} pairs</b>"
    _add_marks(figure, values, selected, name, True, value_format, theme)
    ends = [*values[:, 0].ravel(), *values[:, 1:, selected].ravel()]
    pad = 0.04 * max(max(ends) - min(ends), 1e-3)
    show_axis(figure, "xaxis", x_title, grid=True, tickformat=".0%", nticks=5,
              range=[min(ends) - pad, max(ends) + pad])  # fmt: skip
    names = [name for name, _ in rows]
    label_rows(figure, [escape_html(name) for name in names], theme, size=13)
    figure.update_layout(
        legend={"x": 0, "traceorder": "normal", **STATIC_LEGEND},
        margin={"l": label_width(names, theme, 12.5), "r": 16, "t": 36 * scale, "b": 46 * scale},
    )  # fmt: skip
    return figure


def _add_marks(
    figure: go.Figure,
    values: np.ndarray,
    k: int,
    name: str,
    large: bool,
    value_format: str,
    theme: Theme,
) -> None:
    """The marks of one number of pairs, with intervals where they are large."""
    mean, low, high = values[:, :, k].T
    tone = colour(4) if large else theme.muted
    bars = {
        "type": "data", "symmetric": False, "array": high - mean, "arrayminus": mean - low,
        "thickness": 1.8, "width": 4 * theme.scale, "color": tone,
    }  # fmt: skip
    figure.add_scatter(
        x=mean, y=list(range(len(mean))), mode="markers", name=name, cliponaxis=False,
        marker={"size": (11 if large else 7) * theme.scale, "symbol": symbol(k) if not large
                else "circle", "color": tone},
        error_x=bars if large else None,
        hovertemplate=hover(f"{name}: %{{x:{value_format}}}"),
    )  # fmt: skip
