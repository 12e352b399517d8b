"""The maze with two goals: rewards of users and of models as small maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import STATIC_LEGEND, base_figure, colour, escape_html, hover
from scrl.figures.template import Theme

#: From low to high: distinct for colour-blind readers, ever darker, and paler than a wall.
REWARD_COLOURS = (
    (0.0, "#FFF6D5"),
    (0.25, "#C5E4C2"),
    (0.5, "#79C3C1"),
    (0.75, "#3A97C0"),
    (1.0, "#0A68A8"),
)
_WALL, _OUTLINE = {False: "#333D48", True: "#05070A"}, "#16202B"
#: Distance in cells between the upper left corners of two maps.
_COLUMN_PITCH, _ROW_PITCH = 11.6, 8.7
#: Width in cells of the outer wall as drawn.
_EDGE = 0.4


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
    """Maps of rewards, a row for each user and a column for each source.

    Free cells are coloured by reward; a star marks the user's goal, a ring the best cell, and on
    the first map arrows lead from the rejected to the preferred point of each pair.

    Args:
        columns: title and rewards between 0 and 1 ``[users, cells]``.
        users: names of the rows; a name may have two lines.
        pairs: for each user ``[pairs, 2, 2]``, the preferred point (row, column) first.
        walls: True where the maze has a wall ``[rows, columns]``; ``cells`` are the free cells,
            row by row.
        goals: (row, column) of each user's goal.
    """
    theme, free, sides = Theme(dark, scale), np.argwhere(~walls), np.array(walls.shape)
    figure = base_figure(theme, 298 + 102 * scale, showlegend=True)
    notes = []  # added together, since Plotly validates all of them whenever one is added
    for row, user in enumerate(users):
        for column, (title, rewards) in enumerate(columns):
            z = np.full(sides, np.nan)
            z[tuple(free.T)] = rewards[row]
            corner = np.array([_ROW_PITCH * row, _COLUMN_PITCH * column])
            _add_map(figure, z, corner, escape_html(f"{title}, {user}").replace("\n", " "), dark)
        notes.append(
            {"x": 0.1, "y": _ROW_PITCH * row + (sides[0] - 1) / 2, "xanchor": "right",
             "align": "right", "xshift": -6, "text": escape_html(user).replace("\n", "<br>"),
             "font": theme.muted_font(13)}
        )  # fmt: skip
        for preferred, rejected in np.asarray(pairs[row]).reshape(-1, 2, 2):
            width = (1.0 if len(pairs[row]) <= 8 else 0.75) * scale**0.5
            notes += _arrow(rejected, preferred, _ROW_PITCH * row, width)
    for column, (title, _) in enumerate(columns):
        notes.append(
            {"x": _COLUMN_PITCH * column + (sides[1] - 1) / 2, "y": 0.1, "yanchor": "bottom",
             "text": escape_html(title), "font": theme.font(14)}
        )  # fmt: skip
    _add_marks(figure, columns, np.asarray(goals), free, scale)
    bottom = _ROW_PITCH * (len(users) - 1) + sides[0] - 1.4 + _EDGE
    right = _COLUMN_PITCH * (len(columns) - 1) + sides[1] - 1.4 + _EDGE
    figure.update_layout(
        annotations=notes, xaxis_range=[0.05, right],
        yaxis={"range": [bottom, 0.05], "scaleanchor": "x"},
        legend={"x": 1, "xanchor": "right", "y": -0.015, "yanchor": "top", **STATIC_LEGEND},
        margin={"l": 70 * scale, "r": 4, "t": 26 * scale, "b": 76 * scale},
    )  # fmt: skip
    figure.data[0].update(showscale=True, colorbar=_colour_bar(theme))
    return figure


def _colour_bar(theme: Theme) -> dict:
    return {
        "orientation": "h", "x": 0, "xanchor": "left", "y": -0.02, "yanchor": "top", "len": 0.4,
        "thickness": 11 * theme.scale, "outlinewidth": 0, "xpad": 0,
        "tickformat": ".0%", "tickvals": [0, 0.25, 0.5, 0.75, 1], "tickfont": theme.muted_font(),
        "title": {"text": "chance to be preferred to the other cells", "side": "bottom",
                  "font": theme.muted_font()},
    }  # fmt: skip


def _add_map(figure: go.Figure, z: np.ndarray, corner: np.ndarray, name: str, dark: bool) -> None:
    """One map with its walls; ``corner`` is its first cell, ``z`` is NaN on walls."""
    bottom, right = np.array(z.shape) - 1.5 + corner + _EDGE
    top, left = corner + 0.5 - _EDGE
    figure.add_shape(
        type="rect", x0=left, x1=right, y0=top, y1=bottom, line_width=0, layer="below",
        fillcolor=_WALL[dark],
    )  # fmt: skip
    figure.add_heatmap(
        z=z, x=corner[1] + np.arange(z.shape[1]), y=corner[0] + np.arange(z.shape[0]),
        zmin=0, zmax=1, name=name, showscale=False, colorscale=REWARD_COLOURS, hoverongaps=False,
        xgap=0.5, ygap=0.5, hovertemplate=hover(f"{name}: %{{z:.0%}}"),
    )  # fmt: skip


def _add_marks(
    figure: go.Figure, columns: Sequence, goals: np.ndarray, free: np.ndarray, scale: float
) -> None:
    """The goals and the best cell on every map; each kind of mark is one trace."""
    users = len(goals)
    corners = np.array(
        [(_ROW_PITCH * r, _COLUMN_PITCH * c) for r in range(users) for c in range(len(columns))]
    )
    own = np.repeat(np.arange(users), len(columns))
    best_cells = np.array([rewards[r].argmax() for r in range(users) for _, rewards in columns])
    marks = (
        ("the user’s goal", corners + goals[own], "star", colour(4), 12, 1),
        ("the other goal", corners + goals[1 - own], "star", "#FFFFFF", 10, 1),
        ("best cell", corners + free[best_cells], "circle-open", colour(4), 19, 2.6),
    )
    for name, at, shape, fill, size, line in marks:
        figure.add_scatter(
            x=at[:, 1], y=at[:, 0], mode="markers", name=name, hoverinfo="skip",
            marker={"symbol": shape, "color": fill, "size": size * scale ** 0.6,
                    "line": {"color": fill if "open" in shape else _OUTLINE, "width": line}},
        )  # fmt: skip


def _arrow(tail: np.ndarray, head: np.ndarray, down: float, width: float) -> list[dict]:
    """A dark arrow on a pale line, visible on any colour; ``down`` is added to its rows."""
    return [
        {"x": head[1], "y": head[0] + down, "ax": tail[1], "ay": tail[0] + down, "axref": "x",
         "ayref": "y", "text": "", "showarrow": True, "arrowhead": kind, "arrowsize": 1.1,
         "arrowwidth": thickness * width, "arrowcolor": tone}
        for tone, thickness, kind in (("rgba(255,255,255,0.75)", 3.2, 0), (_OUTLINE, 1.3, 2))
    ]  # fmt: skip
