"""A traversal of the latent space, animated in the browser."""

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
    label,
    short_labels,
    show_axis,
    symbol,
)
from scrl.figures.template import TRANSPARENT, Theme

Change = tuple[float, int, int]


def latent_traversal(
    positions: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    changes: Sequence[Change],
    ends: tuple[str, str],
    title: str = "reward (log-odds)",
    first: int = 0,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 460,
) -> go.Figure:
    """Values along a path, with marks where ranks change and a cursor that Play moves.

    Args:
        positions: along the path, 0 to 1 ``[steps]``.
        values: ``[steps, lines]``.
        names: of the lines.
        changes: position, line that rises and line that falls.
        ends: what lies at 0 and at 1.
        title: of the vertical axis.
        first: position of the first line's colour.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2)
    for i, name in enumerate(names, first):
        figure.add_scatter(
            x=positions, y=values[:, i - first], mode="lines", name=escape_html(name),
            line={"color": colour(i), "width": 2.4 * scale, "dash": dash(i)},
            hovertemplate=hover(f"{escape_html(name)}: %{{y:.2f}}"),
        )  # fmt: skip
    _add_changes(figure, positions, values, names, changes, theme)
    low, high = float(values.min()), float(values.max())
    pad = max(high - low, 1e-3) * 0.08
    y_range = [low - pad, high + pad]
    _add_cursor(figure, positions, values, y_range, first, theme)
    _add_end_labels(figure, values, names, theme)
    show_axis(figure, "xaxis", range=[-0.22, 1.22], tickvals=[0, 1],
              ticktext=[label(end, bold=True) for end in ends],
              tickfont=theme.font(14))  # fmt: skip
    show_axis(figure, "yaxis", title, grid=True, range=y_range, zeroline=True, automargin=True,
              tickfont=theme.muted_font())  # fmt: skip
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 12, "b": 84 * scale},
        updatemenus=[_buttons(theme)], sliders=[_slider(positions, theme)],
    )  # fmt: skip
    return figure


def _add_changes(
    figure: go.Figure,
    positions: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    changes: Sequence[Change],
    theme: Theme,
) -> None:
    """A ring wherever one line passes another."""
    if not changes:
        return
    figure.add_scatter(
        x=np.array([where for where, _, _ in changes]),
        y=[float(np.interp(where, positions, values[:, up])) for where, up, _ in changes],
        mode="markers", name="change of rank",
        marker={"symbol": "circle-open", "size": 14 * theme.scale, "color": theme.text,
                "line": {"width": 1.8 * theme.scale}},
        text=[escape_html(f"{names[up]} passes {names[down]} at {where:.0%}")
              for where, up, down in changes],
        hovertemplate=hover("%{text}"),
    )  # fmt: skip


def _add_cursor(
    figure: go.Figure,
    positions: np.ndarray,
    values: np.ndarray,
    y_range: list[float],
    first: int,
    theme: Theme,
) -> None:
    """The cursor at the start, and an animation frame for each step."""
    cursor = len(figure.data)
    marks = cursor + 1
    lines = range(first, first + values.shape[1])
    figure.add_scatter(
        x=[0, 0], y=y_range, mode="lines", hoverinfo="skip",
        line={"color": theme.text, "width": 1.4 * theme.scale},
    )  # fmt: skip
    figure.add_scatter(
        x=[0] * len(lines), y=values[0], mode="markers", hoverinfo="skip",
        marker={"color": [colour(i) for i in lines], "symbol": [symbol(i) for i in lines],
                "size": 11 * theme.scale, "line": {"width": 1, "color": theme.background}},
    )  # fmt: skip
    figure.frames = [
        go.Frame(
            name=str(k), traces=[cursor, marks],
            data=[go.Scatter(x=[x, x], y=y_range), go.Scatter(x=[x] * len(lines), y=values[k])],
        )
        for k, x in enumerate(np.round(positions, 4).tolist())
    ]  # fmt: skip


def _add_end_labels(
    figure: go.Figure, values: np.ndarray, names: Sequence[str], theme: Theme
) -> None:
    """Names at both ends of the lines, moved apart where they would overlap."""
    short = short_labels(names, 18)
    gap = max(float(values.max() - values.min()), 1e-3) * 0.062 * theme.scale
    for row, x, anchor in ((values[0], -0.02, "right"), (values[-1], 1.02, "left")):
        y = -np.inf
        for i in map(int, np.argsort(row)):
            y = max(float(row[i]), y + gap)
            figure.add_annotation(x=x, y=y, xanchor=anchor, text=escape_html(short[i]))


def _buttons(theme: Theme) -> dict:
    still = {"mode": "immediate", "transition": {"duration": 0}, "frame": {"duration": 0}}
    play = {"fromcurrent": True, "transition": {"duration": 0},
            "frame": {"duration": 60, "redraw": False}}  # fmt: skip
    return {
        "type": "buttons", "direction": "left", "x": 0, "y": -0.13, "xanchor": "left",
        "yanchor": "top", "pad": {"t": 8, "r": 8}, "showactive": False,
        "bgcolor": theme.background, "bordercolor": theme.grid, "font": theme.font(13),
        "buttons": [
            {"label": "▶ Play", "method": "animate", "args": [None, play]},
            {"label": "Stop", "method": "animate", "args": [[None], still]},
        ],
    }  # fmt: skip


def _slider(positions: np.ndarray, theme: Theme) -> dict:
    still = {"mode": "immediate", "transition": {"duration": 0},
             "frame": {"duration": 0, "redraw": False}}  # fmt: skip
    return {
        "x": 0.22, "len": 0.76, "y": -0.13, "yanchor": "top", "pad": {"t": 8}, "ticklen": 0,
        "minorticklen": 0, "tickwidth": 0,
        "bgcolor": theme.grid, "bordercolor": theme.grid, "activebgcolor": theme.muted,
        "font": {"color": TRANSPARENT, "size": 1},
        "currentvalue": {"visible": False},
        "steps": [
            {"method": "animate", "label": f"{x:.0%}", "args": [[str(k)], still]}
            for k, x in enumerate(positions)
        ],
    }  # fmt: skip
