"""A measure of many runs over two settings: a heat map, or lines with intervals over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    COLUMN_WIDTH,
    base_figure,
    colour,
    dash,
    escape_html,
    hover,
    label,
    label_rows,
    label_width,
    short_labels,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.cell_texts import Scale, add_cell_texts
from scrl.figures.template import Theme

#: Title of an axis and the labels of its values, in order.
Axis = tuple[str, Sequence[str]]
#: Numbers on an axis that differ by this factor, and more, stand on a logarithmic one.
LOG_RATIO = 20
#: Characters of a label beside a figure and below one.
SIDE_LETTERS, BELOW_LETTERS = 16, 12
#: A cell narrower than this has no interval, and one narrower than the second no number.
_WITH_INTERVAL, _WITH_NUMBER = 58, 32


def sweep_heatmap(
    cells: Sequence[Mapping],
    x: Axis,
    y: Axis,
    unit: str,
    *,
    bounds: tuple[float, float] | None = None,
    selected: int | None = None,
    value_format: str = ".2f",
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Means over seeds as a heat map over two settings; the empty cells wait for a run.

    Args:
        cells: each with ``x`` and ``y`` (positions on the axes), ``mean``, ``low`` and ``high``
            (None where no run has ended), and ``done``, ``failed`` and ``tasks``, counts. A click
            on a cell selects the point whose ``customdata`` is its position here.
        unit: of the values, for the texts of hovers.
        bounds: the values of the palest and of the darkest colour; by default those of the cells.
        selected: position of the outlined cell.
        value_format: of numbers.
    """
    theme, columns, rows = Theme(dark, scale), list(x[1]), list(y[1])
    left = short_labels(rows, SIDE_LETTERS)
    side = label_width(left, theme, 13)
    room = (COLUMN_WIDTH - side - 8) / max(len(columns), 1) / scale
    upright = max(map(len, columns), default=0) > room / 7
    below = short_labels(columns, BELOW_LETTERS)
    bottom = (26 + (6.8 * max(map(len, below), default=0) if upright else 18)) * scale
    tall = 44 if room >= _WITH_INTERVAL else 30
    figure = base_figure(theme, (tall * len(rows) + 22) * scale + bottom)
    _add_heat(figure, cells, len(columns), len(rows), bounds, room, value_format, theme)
    _add_targets(figure, cells, x, y, unit, value_format, theme)
    if selected is not None:
        column, row = cells[selected]["x"], cells[selected]["y"]
        figure.add_shape(
            type="rect", x0=column - 0.48, x1=column + 0.48, y0=row - 0.46, y1=row + 0.46,
            line={"color": theme.text, "width": 2.5 * scale},
        )  # fmt: skip
    show_axis(
        figure, "xaxis", escape_html(short_labels([x[0]], 40)[0]),
        tickvals=list(range(len(columns))), ticktext=[escape_html(name) for name in below],
        tickangle=-90 if upright else 0, range=[-0.5, len(columns) - 0.5],
        tickfont=theme.font(12.5),
    )  # fmt: skip
    label_rows(figure, [f"{escape_html(name)} " for name in left], theme, size=13)
    # Upright beside few rows, the title would be cut off.
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", xshift=6 - side, y=1, yref="paper", yanchor="bottom",
        text=escape_html(short_labels([y[0]], 40)[0]), font=theme.muted_font(),
    )  # fmt: skip
    figure.update_layout(
        clickmode="event+select", margin={"l": side, "r": 8, "t": 22 * scale, "b": bottom}
    )
    return figure


def _add_heat(
    figure: go.Figure,
    cells: Sequence[Mapping],
    columns: int,
    rows: int,
    bounds: tuple[float, float] | None,
    room: float,
    form: str,
    theme: Theme,
) -> None:
    """The colours and the numbers, ``z [rows, columns]``."""
    z = np.full((rows, columns), np.nan)
    text = [["" for _ in range(columns)] for _ in range(rows)]
    for cell in cells:
        z[cell["y"], cell["x"]] = np.nan if cell["mean"] is None else cell["mean"]
        text[cell["y"]][cell["x"]] = _cell_text(cell, room, form)
    known = z[np.isfinite(z)]
    low, high = bounds or ((known.min(), known.max()) if len(known) else (0.0, 1.0))
    high = high if high > low else low + 1
    colours = heat_colours(theme.dark)
    figure.add_heatmap(
        z=z, x=list(range(columns)), y=list(range(rows)), zmin=low, zmax=high, showscale=False,
        hoverinfo="skip", xgap=2, ygap=2, colorscale=[list(stop) for stop in colours], text=text,
    )  # fmt: skip
    add_cell_texts(figure, z, text, colours, (low, high), 13 * theme.scale)
    for cell in cells:
        if cell["mean"] is None:
            figure.add_shape(
                type="rect", x0=cell["x"] - 0.46, x1=cell["x"] + 0.46, y0=cell["y"] - 0.42,
                y1=cell["y"] + 0.42,
                line={"color": theme.muted, "width": 1, "dash": "dot"},
            )  # fmt: skip
            figure.add_annotation(
                x=cell["x"], y=cell["y"], text="failed" if _is_failed(cell) else "…",
                font=theme.muted_font(12),
            )  # fmt: skip


def heat_colours(dark: bool) -> Scale:
    """From the least value to the greatest; opaque, so that texts can be chosen for them."""
    return ((0.0, Theme(dark).grid), (1.0, colour(3) if dark else colour(0)))


def _is_failed(cell: Mapping) -> bool:
    return bool(cell["failed"]) and cell["done"] + cell["failed"] >= cell["tasks"]


def _cell_text(cell: Mapping, room: float, form: str) -> str:
    if cell["mean"] is None or room < _WITH_NUMBER:
        return ""
    if room < _WITH_INTERVAL or cell["low"] is None:
        return f"{cell['mean']:{form}}"
    return f"{cell['mean']:{form}}<br>±{(cell['high'] - cell['low']) / 2:{form}}"


def _add_targets(
    figure: go.Figure,
    cells: Sequence[Mapping],
    x: Axis,
    y: Axis,
    unit: str,
    form: str,
    theme: Theme,
) -> None:
    """What hovers and clicks meet: heat maps have no points that can be selected."""
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[cell["x"] for cell in cells], y=[cell["y"] for cell in cells], mode="markers",
        marker={"size": 26 * theme.scale, "symbol": "square", "opacity": 0,
                "color": theme.muted},
        selected=unseen, unselected=unseen, customdata=list(range(len(cells))),
        hovertemplate=[
            hover(f"{_at(x, cell['x'])}<br>{_at(y, cell['y'])}<br>{_value_text(cell, unit, form)}")
            for cell in cells
        ],
    )  # fmt: skip


def _at(axis: Axis, position: int) -> str:
    return escape_html(f"{axis[0]}: {axis[1][position]}"[:80])


def _value_text(cell: Mapping, unit: str, form: str) -> str:
    """The mean with its interval, and how many runs it is of."""
    count = f"{cell['done']} of {cell['tasks']} runs"
    count += f", {cell['failed']} failed" if cell["failed"] else ""
    if cell["mean"] is None:
        return escape_html(f"no result yet ({count})")
    found = f"{unit}: {cell['mean']:{form}}"
    if cell["low"] is not None:
        found += f" ({cell['low']:{form}} to {cell['high']:{form}})"
    return escape_html(f"{found}, {count}")


def sweep_lines(
    cells: Sequence[Mapping],
    x: Axis,
    y: Axis | None,
    unit: str,
    *,
    bounds: tuple[float, float] | None = None,
    selected: int | None = None,
    value_format: str = ".2f",
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Means over seeds with intervals against one setting, a line for each value of another.

    Args:
        cells, unit, selected, value_format: as of ``sweep_heatmap``.
        y: the setting whose values are lines; None for a single line.
        bounds: ends of the vertical axis; by default around the intervals.
    """
    theme, lines = Theme(dark, scale), list(y[1]) if y is not None else [""]
    figure = base_figure(theme, 320 * scale, showlegend=y is not None)
    place, log = _positions(x[1])
    names = short_labels(lines, SIDE_LETTERS)
    for i, name in enumerate(names):
        own = [(n, c) for n, c in enumerate(cells) if c["y"] == i and c["mean"] is not None]
        own.sort(key=lambda pair: pair[1]["x"])
        figure.add_scatter(
            **_interval_line([c for _, c in own], place, i, theme, len(lines), log),
            name=escape_html(name), customdata=[n for n, _ in own],
            hovertemplate=[
                hover(
                    (f"{_at(y, i)}<br>" if y is not None else "")
                    + f"{_at(x, c['x'])}<br>{_value_text(c, unit, value_format)}"
                )
                for _, c in own
            ],
        )  # fmt: skip
    if selected is not None and cells[selected]["mean"] is not None:
        figure.add_scatter(
            x=[place[cells[selected]["x"]]], y=[cells[selected]["mean"]], mode="markers",
            hoverinfo="skip", showlegend=False,
            marker={"size": 19 * scale, "symbol": "circle-open", "color": theme.text,
                    "line": {"width": 2.2 * scale}},
        )  # fmt: skip
    _show_line_axes(figure, cells, x, place, log, unit, bounds, theme)
    if y is not None:
        title = f"{escape_html(short_labels([y[0]], 40)[0])}&nbsp;&nbsp;"
        figure.update_layout(
            legend_title={"text": title, "side": "left", "font": theme.muted_font()}
        )
    return figure


def _positions(labels: Sequence[str]) -> tuple[list[float], bool]:
    """Where the values stand on the axis, and whether it is logarithmic.

    Numbers stand at their place, other values at equal distances.
    """
    try:
        place = [float(label.replace(",", "")) for label in labels]
    except ValueError:
        return [float(i) for i in range(len(labels))], False
    if len(set(place)) < len(place) or not np.isfinite(place).all():
        return [float(i) for i in range(len(labels))], False
    log = min(place, default=0.0) > 0 and max(place) >= LOG_RATIO * min(place)
    return place, log


def _interval_line(
    cells: Sequence[Mapping], place: Sequence[float], i: int, theme: Theme, count: int, log: bool
) -> dict[str, Any]:
    """A line's points with their intervals, moved a little aside of those of other lines."""
    span = np.ptp(np.log(place) if log else place) or 1.0
    shift = 0.012 * span * (i - (count - 1) / 2)
    at = [place[cell["x"]] * np.exp(shift) if log else place[cell["x"]] + shift for cell in cells]
    above, below = (
        [0.0 if c["low"] is None else abs(c[end] - c["mean"]) for c in cells]
        for end in ("high", "low")
    )
    scale = theme.scale
    return {
        "x": at, "y": [cell["mean"] for cell in cells], "mode": "lines+markers",
        "cliponaxis": False,
        "error_y": {"type": "data", "symmetric": False, "array": above, "arrayminus": below,
                    "thickness": 1.5 * scale, "width": 4 * scale,
                    "color": with_alpha(colour(i), 0.8)},
        "line": {"color": colour(i), "width": 2.4 * scale, "dash": dash(i)},
        "marker": {"size": 9 * scale, "symbol": symbol(i), "color": colour(i)},
        "selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}},
    }  # fmt: skip


def _show_line_axes(
    figure: go.Figure,
    cells: Sequence[Mapping],
    x: Axis,
    place: Sequence[float],
    log: bool,
    unit: str,
    bounds: tuple[float, float] | None,
    theme: Theme,
) -> None:
    scale, labels = theme.scale, short_labels(x[1], BELOW_LETTERS)
    room = (COLUMN_WIDTH - 76 * scale) / max(len(labels), 1) / scale
    upright = max(map(len, labels), default=0) > room / 7
    ends = np.log10(place) if log else np.asarray(place)
    pad = 0.07 * (np.ptp(ends) if len(ends) > 1 else 1.0)
    show_axis(
        figure, "xaxis", escape_html(short_labels([x[0]], 40)[0]), line=True,
        type="log" if log else "linear", tickvals=list(place),
        ticktext=[escape_html(name) for name in labels], tickangle=-90 if upright else 0,
        range=[ends.min() - pad, ends.max() + pad],
    )  # fmt: skip
    low, high = bounds or _value_range(cells)
    show_axis(figure, "yaxis", label(unit, 38), grid=True, range=[low, high], nticks=6)
    below = 6.8 * max(map(len, labels)) if upright else 16
    figure.update_layout(
        clickmode="event+select",
        margin={"l": 62 * scale, "r": 14, "t": 44 * scale, "b": (34 + below) * scale},
    )


def _value_range(cells: Sequence[Mapping]) -> tuple[float, float]:
    """A range around all intervals."""
    known = [
        value for c in cells for value in (c["mean"], c["low"], c["high"]) if value is not None
    ] or [0.0, 1.0]
    pad = 0.06 * max(max(known) - min(known), 1e-3)
    return min(known) - pad, max(known) + pad
