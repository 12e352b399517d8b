"""The gap between an order and the truth, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    label_width,
    show_axis,
)
from scrl.figures.template import Theme

#: Pixels a row.
ROW_HEIGHT = 34


def gap_waterfall(
    parts: Sequence[str],
    values: Sequence[float],
    total: str,
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Waterfall of the parts of a gap, from their total on top down to zero.

    Args:
        parts: names in the order of the path.
        values: of the parts; a negative one offsets others.
        total: name of the sum.
        unit: title of the axis.
    """
    theme = Theme(dark, scale)
    gap = sum(values)
    rows, sizes = [total, *parts], [gap, *values]
    remaining = [gap]
    for value in values:
        remaining.append(remaining[-1] - value)
    starts = [0.0, *remaining[1:]]
    ends = [max(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    figure = base_figure(theme, (58 + ROW_HEIGHT * len(rows)) * scale)
    figure.add_bar(
        x=sizes, base=starts, y=list(range(len(rows))), orientation="h", width=0.56,
        marker={"color": [theme.muted, *(colour(4 if v > 0 else 1) for v in values)]},
        hovertemplate=[hover(f"{escape_html(name)}: {size:g}")
                       for name, size in zip(rows, sizes, strict=True)],
    )  # fmt: skip
    for row, (size, right) in enumerate(zip(sizes, ends, strict=True)):
        figure.add_annotation(
            x=right, y=row, text=f"{size:+g}".lstrip("+") if size else "0",
            xanchor="left", xshift=6 * scale,
        )  # fmt: skip
    for row, (x, _) in enumerate(pairwise(remaining)):
        figure.add_shape(
            type="line", x0=x, x1=x, y0=row + 0.28, y1=row + 0.72,
            line={"color": theme.muted, "width": 1, "dash": "dot"},
        )  # fmt: skip
    low, high = min([0.0, *starts, *ends]), max([1.0, *ends])
    span = high - low
    show_axis(figure, "xaxis", unit, grid=True, zeroline=True, dtick=1 if span <= 12 else None,
              range=[low - 0.02 * span, high + 0.09 * span])  # fmt: skip
    names = [f"<b>{escape_html(total)}</b>", *map(escape_html, parts)]
    label_rows(figure, names, theme, range=[len(rows) - 0.4, -0.6])
    side = label_width(rows, theme)
    figure.update_layout(margin={"l": side, "r": 12, "t": 6, "b": 42 * scale})
    return figure
