"""The maze with two goals: what a user wants and says, and what each model makes of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import base_figure, colour, escape_html, set_axis, theme_colours

#: From least to most: hues that the colour-blind tell apart, ever darker, none as dark as a wall.
SCALE = ((0.0, "#FFF6D5"), (0.25, "#C5E4C2"), (0.5, "#79C3C1"), (0.75, "#3A97C0"), (1.0, "#0A68A8"))
_WALL, _INK = {False: "#333D48", True: "#05070A"}, "#16202B"
#: Between the upper left corners of two maps, in cells, and how much of the outer wall is drawn.
_ACROSS, _DOWN, _EDGE = 11.6, 8.7, 0.4


def maze_rewards(
    columns: Sequence[tuple[str, np.ndarray]],
    users: Sequence[str],
    pairs: Sequence[np.ndarray],
    walls: np.ndarray,
    goals: Sequence[tuple[int, int]],
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Small maps, a row a user: free cells coloured by reward, a star on the user's goal, a ring on
    the best cell, and on the first map arrows from the refused to the preferred point.

    Args:
        columns: title and rewards between 0 and 1 ``[users, cells]``.
        users: who a row is of; a name may take two lines.
        pairs: of each user ``[pairs, 2, 2]``, the preferred point (row, column) first.
        walls: True where the maze has a wall ``[rows, columns]``; ``cells`` are the free cells,
            row by row.
        goals: (row, column) of each user's goal.
    """
    shade, free, sides = theme_colours(dark), np.argwhere(~walls), np.array(walls.shape)
    figure = base_figure(dark, scale, 298 + 102 * scale)
    bottom = _DOWN * (len(users) - 1) + sides[0] - 1.4 + _EDGE
    right = _ACROSS * (len(columns) - 1) + sides[1] - 1.4 + _EDGE
    notes = []  # added together, since plotly checks all that are there whenever one is added
    for row, user in enumerate(users):
        for column, (title, rewards) in enumerate(columns):
            at = np.array([_DOWN * row, _ACROSS * column])
            z = np.full(sides, np.nan)
            z[tuple(free.T)] = rewards[row]
            _map(
                figure, z, at, f"{escape_html(title)}, {escape_html(user)}".replace("\n", " "), dark
            )
            if row == 0:
                where = (0.1, at[1] + (sides[1] - 1) / 2)
                notes.append(
                    _text(where, escape_html(title), shade["text"], 14 * scale, yanchor="bottom")
                )
        where, lines = (
            (_DOWN * row + (sides[0] - 1) / 2, 0.1),
            escape_html(user).replace("\n", "<br>"),
        )
        left_of = {"xanchor": "right", "align": "right", "xshift": -6}
        notes.append(_text(where, lines, shade["quiet"], 13 * scale, **left_of))
    _marks(figure, columns, np.asarray(goals), free, scale)
    for row, said in enumerate(pairs):
        for preferred, refused in np.asarray(said).reshape(-1, 2, 2):
            thin = 1.0 if len(said) <= 8 else 0.75
            notes += _arrow(refused, preferred, _DOWN * row, thin * scale**0.5)
    set_axis("xaxis", figure, range=[0.05, right])
    set_axis("yaxis", figure, range=[bottom, 0.05], scaleanchor="x")
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    figure.update_layout(
        annotations=notes, showlegend=True,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": -0.015, "yanchor": "top",
                "font": quiet, "itemclick": False, "itemdoubleclick": False},
        margin={"l": 70 * scale, "r": 4, "t": 26 * scale, "b": 76 * scale},
    )  # fmt: skip
    figure.data[0].update(
        showscale=True,
        colorbar={
            "orientation": "h", "x": 0, "xanchor": "left", "y": -0.02, "yanchor": "top", "len": 0.4,
            "thickness": 11 * scale, "outlinewidth": 0, "tickformat": ".0%", "tickfont": quiet,
            "tickvals": [0, 0.25, 0.5, 0.75, 1], "xpad": 0,
            "title": {"text": "chance to be preferred to the other cells", "font": quiet,
                      "side": "bottom"},
        },
    )  # fmt: skip
    return figure


def _map(figure, z: np.ndarray, at: np.ndarray, name: str, dark: bool) -> None:
    bottom, right = np.array(z.shape) - 1.5 + at + _EDGE
    top, left = at + 0.5 - _EDGE
    figure.add_shape(
        type="rect", x0=left, x1=right, y0=top, y1=bottom, line_width=0, layer="below",
        fillcolor=_WALL[dark],
    )  # fmt: skip
    figure.add_heatmap(
        z=z, x=at[1] + np.arange(z.shape[1]), y=at[0] + np.arange(z.shape[0]), zmin=0, zmax=1,
        name=name, showscale=False, colorscale=SCALE, hoverongaps=False, xgap=0.5, ygap=0.5,
        hovertemplate=f"{name}: %{{z:.0%}}<extra></extra>",
    )  # fmt: skip


def _marks(figure, columns, goals: np.ndarray, free: np.ndarray, scale: float) -> None:
    """On every map the goals and the best cell; each kind of mark is one trace."""
    users = len(goals)
    corner = np.array([(_DOWN * r, _ACROSS * c) for r in range(users) for c in range(len(columns))])
    own = np.repeat(np.arange(users), len(columns))
    best = np.array([rewards[r].argmax() for r in range(users) for _, rewards in columns])
    marks = (
        ("the user’s goal", corner + goals[own], "star", colour(4), 12, 1),
        ("the other goal", corner + goals[1 - own], "star", "#FFFFFF", 10, 1),
        ("best cell", corner + free[best], "circle-open", colour(4), 19, 2.6),
    )
    for name, at, symbol, fill, size, line in marks:
        figure.add_scatter(
            x=at[:, 1], y=at[:, 0], mode="markers", name=name, hoverinfo="skip",
            marker={"symbol": symbol, "color": fill, "size": size * scale ** 0.6,
                    "line": {"color": fill if "open" in symbol else _INK, "width": line}},
        )  # fmt: skip


def _arrow(tail: np.ndarray, head: np.ndarray, down: float, thick: float) -> list[dict]:
    """A pale line and a dark arrow on it, to be seen on any ground."""
    return [
        {"x": head[1], "y": head[0] + down, "ax": tail[1], "ay": tail[0] + down, "axref": "x",
         "ayref": "y", "text": "", "showarrow": True, "arrowhead": kind, "arrowsize": 1.1,
         "arrowwidth": width * thick, "arrowcolor": tint}
        for tint, width, kind in (("rgba(255,255,255,0.75)", 3.2, 0), (_INK, 1.3, 2))
    ]  # fmt: skip


def _text(at, text: str, tint: str, size: float, **more) -> dict:
    font = {"size": size, "color": tint}
    return {"x": at[1], "y": at[0], "text": text, "showarrow": False, "font": font} | more
