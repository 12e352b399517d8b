"""The gap between an order and the truth, part by part."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from scrl.figures.base import base_figure, colour, escape_html, theme_colours

ROW = 34


def gap_waterfall(
    parts: Sequence[str],
    values: Sequence[float],
    total: str,
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """What each part takes away, from the whole on top down to nothing.

    Args:
        parts, values: in the order of the path; a negative value hides some of the gap.
        total: what to call the whole.
    """
    shade = theme_colours(dark)
    whole = sum(values)
    rows = [total, *parts]
    starts = [0.0]
    at = whole
    for value in values:
        starts.append(at - value)
        at -= value
    sizes = [whole, *values]
    shades = [shade["quiet"], *(colour(4) if v > 0 else colour(1) for v in values)]
    figure = base_figure(dark, scale, (58 + ROW * len(rows)) * scale)
    y = list(range(len(rows)))[::-1]
    figure.add_bar(
        x=sizes, base=starts, y=y, orientation="h", width=0.56, marker={"color": shades},
        hovertemplate=[f"{escape_html(name)}: {size:g}<extra></extra>"
                       for name, size in zip(rows, sizes, strict=True)],
    )  # fmt: skip
    edge = [max(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    for row, size, right in zip(y, sizes, edge, strict=True):
        figure.add_annotation(
            x=right, y=row, text=f"{size:+g}".lstrip("+") if size else "0", showarrow=False,
            xanchor="left", xshift=6 * scale, font={"size": 13 * scale, "color": shade["text"]},
        )  # fmt: skip
    for i in range(len(values)):
        level = starts[i + 1] + max(values[i], 0) + min(values[i], 0) if i else whole
        figure.add_shape(
            type="line", x0=level, x1=level, y0=y[i] - 0.28, y1=y[i + 1] + 0.28,
            line={"color": shade["quiet"], "width": 1, "dash": "dot"},
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    low, high = min([0.0, *starts, *edge]), max([1.0, *edge])
    ticks = [f"<b>{escape_html(rows[0])}</b>", *map(escape_html, rows[1:])]
    figure.update_layout(
        xaxis={"range": [low - 0.02 * (high - low), high + 0.09 * (high - low)], "tickfont": quiet,
               "dtick": 1 if high - low <= 12 else None, "gridcolor": shade["line"],
               "zeroline": True, "zerolinecolor": shade["quiet"], "fixedrange": True,
               "title": {"text": unit, "font": quiet, "standoff": 4}},
        yaxis={"tickvals": y, "ticktext": ticks, "showgrid": False, "zeroline": False,
               "fixedrange": True, "tickfont": {"size": 13.5 * scale},
               "range": [-0.6, len(rows) - 0.4]},
    )  # fmt: skip
    side = 20 + 7.2 * max(len(name) for name in rows)
    figure.update_layout(margin={"l": side * scale, "r": 12, "t": 6, "b": 42 * scale})
    return figure
