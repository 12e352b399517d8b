"""Who beats whom as a graph, a step of many counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import COLUMN_WIDTH, base_figure, colour, escape_html, hover, short_labels
from scrl.figures.counting_protocols import Duel, GraphStep
from scrl.figures.template import Theme

#: Most candidates whose names stand beside the circle, and not along its rays.
MAX_BESIDE_CIRCLE = 8
_PATH, _BACK = colour(0), colour(4)


def majority_graph(
    step: GraphStep, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """Candidates on a circle, an arrow from the winner of each duel to the loser.

    Args:
        step: ``explain.Graph``; the state of an edge gives its colour, width and dash.
        names: of the candidates.
    """
    theme, m = Theme(dark, scale), len(names)
    crowded = m > MAX_BESIDE_CIRCLE
    height = (320 if m <= 6 else 420) * (1 + scale) / 2
    figure = base_figure(theme, height)
    angle = np.pi / 2 - 2 * np.pi * np.arange(m) / max(m, 1)
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    radius = (15 if m <= 8 else 11) * scale
    # Muted arrows come first, below the others.
    for edge in sorted(step.edges, key=lambda e: e.state == "quiet", reverse=True):
        _add_edge(figure, edge, names, places, 2.1 * radius / height * 1.35, theme)
    figure.add_scatter(
        x=places[:, 0], y=places[:, 1], mode="markers", hoverinfo="skip",
        marker={"size": 2 * radius, "color": [colour(a) for a in range(m)],
                "line": {"color": theme.background, "width": 2}},
    )  # fmt: skip
    reach = (1.95, 1.72) if crowded else (1.95, 1.3)
    if crowded:
        _add_names_along_rays(figure, places, names, reach, height, radius, theme)
    else:
        _add_names_beside_circle(figure, places, names, radius, theme)
    low = -reach[1] if crowded else places[:, 1].min() - 0.3
    figure.update_layout(xaxis_range=[-reach[0], reach[0]], yaxis_range=[low, reach[1]])
    return figure


def _add_names_beside_circle(
    figure: go.Figure, places: np.ndarray, names: Sequence[str], radius: float, theme: Theme
) -> None:
    """The name of each candidate, beside its disc or above or below it."""
    room = (COLUMN_WIDTH * (1 - 1 / 1.95) / 2 - radius - 6) / (7.4 * theme.scale)
    short = short_labels(names, max(6, int(room) - 1))
    for (x, y), name in zip(places, short, strict=True):
        side = "left" if x > 0.25 else "right" if x < -0.25 else "center"
        figure.add_annotation(
            x=x, y=y, xanchor=side, text=f"<b>{escape_html(name)}</b>", font=theme.font(13.5),
            xshift={"left": 1, "right": -1, "center": 0}[side] * (radius + 6),
            yshift=0 if side != "center" else (radius + 14) * (1 if y > 0 else -1),
        )  # fmt: skip


def _add_names_along_rays(
    figure: go.Figure,
    places: np.ndarray,
    names: Sequence[str],
    reach: tuple[float, float],
    height: float,
    radius: float,
    theme: Theme,
) -> None:
    """The name of each of many candidates, turned outwards; those on the left read inwards.

    Args:
        reach: of the axes from the middle of the circle.
        height, radius: of the figure and of a disc, in pixels.
    """
    unit = np.array([COLUMN_WIDTH / 2 / reach[0], height / 2 / reach[1]])
    short = short_labels(names, 11)
    for place, name in zip(places, short, strict=True):
        ray = place * unit
        length = float(np.hypot(*ray))
        turn = -np.degrees(np.arctan2(ray[1], ray[0]))
        turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
        # The middle of the text lies on the ray: a turned annotation has no other anchor.
        out = radius + 5 + 3.4 * len(name) * theme.scale
        figure.add_annotation(
            x=place[0], y=place[1], text=escape_html(name), textangle=float(turn),
            xshift=float(ray[0] / length * out), yshift=float(ray[1] / length * out),
            font=theme.font(12),
        )  # fmt: skip


def _edge_style(state: str, theme: Theme) -> tuple[str, float, str, float]:
    """Colour, width, dash and opacity of an arrow."""
    return {
        "counted": (theme.text, 2.0, "solid", 0.75), "path": (_PATH, 4.5, "solid", 1.0),
        "back": (_BACK, 3.5, "dash", 1.0), "left out": (_BACK, 2.2, "dash", 0.95),
        "quiet": (theme.muted, 1.1, "solid", 0.4),
    }[state]  # fmt: skip


def _add_edge(
    figure: go.Figure,
    edge: Duel,
    names: Sequence[str],
    places: np.ndarray,
    gap: float,
    theme: Theme,
) -> None:
    """The arrow of one duel; it ends ``gap`` before the discs and carries its margin."""
    tone, width, style, opacity = _edge_style(edge.state, theme)
    width *= 0.6 if len(names) > MAX_BESIDE_CIRCLE else 1.0
    step = places[edge.b] - places[edge.a]
    shift = gap * step / (float(np.hypot(*step)) or 1.0)
    tail, head = places[edge.a] + shift, places[edge.b] - shift
    figure.add_scatter(
        x=[tail[0], head[0]], y=[tail[1], head[1]], mode="lines", opacity=opacity,
        hoverinfo="skip", line={"color": tone, "width": width * theme.scale, "dash": style},
    )  # fmt: skip
    start = tail + 0.92 * (head - tail)
    figure.add_annotation(
        x=head[0], y=head[1], ax=start[0], ay=start[1], axref="x", ayref="y", xref="x", yref="y",
        showarrow=True, arrowhead=2, arrowwidth=width * theme.scale, text="",
        arrowsize=1.1 if width > 3 else 1.4, arrowcolor=tone, opacity=opacity,
    )  # fmt: skip
    # The margin stands off the middle, where the arrows of a circle cross.
    x, y = tail + 0.36 * (head - tail)
    reason = f"<br>{escape_html(edge.reason)}" if edge.reason else ""
    duel = escape_html(f"{names[edge.a]} beats {names[edge.b]} by {edge.margin:.1%}")
    figure.add_scatter(
        x=[x], y=[y], mode="markers", hovertemplate=hover(duel + reason),
        marker={"size": 22 * theme.scale, "color": theme.background, "opacity": 0.001},
    )  # fmt: skip
    m = len(names)
    special = edge.state not in ("counted", "quiet")
    if (m <= 7 and special) or (m <= 5 and edge.state != "quiet") or m <= 4:
        figure.add_annotation(
            x=x, y=y, text=f"{edge.margin:.0%}", bgcolor=theme.background, borderpad=1,
            font=theme.font(12, tone if special else None),
        )  # fmt: skip
