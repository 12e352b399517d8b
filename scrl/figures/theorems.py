"""Theorems: a weighted tournament, two indistinguishable populations, a linear reward."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.template import Theme


def tournament_graph(
    names: Sequence[str],
    duels: np.ndarray,
    notes: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Candidates on a circle, an arrow from the winner of each duel to the loser.

    Args:
        names: of the candidates.
        duels: P(a ≻ b) ``[candidates, candidates]``, written beside the arrows, which are the
            wider the larger the margin.
        notes: text beside each candidate ``[candidates]``; may hold ``<br>``.
    """
    theme, m = Theme(dark, scale), len(names)
    figure = base_figure(theme, height * scale)
    angle = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    for a in range(m):
        for b in range(a + 1, m):
            _add_duel(figure, places, (a, b) if duels[a, b] >= 0.5 else (b, a), duels, theme)
    figure.add_scatter(
        x=places[:, 0], y=places[:, 1], mode="markers+text",
        text=[f"<b>{escape_html(n)}</b>" for n in names], textfont=theme.font(16),
        hovertext=[escape_html(n) for n in names], hoverinfo="skip",
        marker={"size": 32 * scale, "color": theme.background,
                "line": {"color": [colour(i) for i in range(m)], "width": 3 * scale}},
    )  # fmt: skip
    for (x, y), note in zip(places, notes, strict=True):
        side, shift = ("right", -24) if x < -0.1 else ("left", 24)
        figure.add_annotation(
            x=x, y=y, text=note, align=side, xanchor=side, xshift=shift * scale,
            font=theme.font(13.5),
        )  # fmt: skip
    figure.update_layout(
        xaxis_range=[-2.4, 2.4], yaxis={"range": [-0.85, 1.25], "scaleanchor": "x"}
    )
    return figure


def _add_duel(
    figure: go.Figure,
    places: np.ndarray,
    duel: tuple[int, int],
    duels: np.ndarray,
    theme: Theme,
) -> None:
    """The arrow of a duel (winner, loser) and its share; a tie has no head."""
    winner, loser = duel
    margin = abs(duels[winner, loser] - 0.5)
    tied = margin < 1e-9
    step = places[loser] - places[winner]
    tail, head = places[winner] + 0.17 * step, places[winner] + 0.83 * step
    figure.add_annotation(
        x=head[0], y=head[1], ax=tail[0], ay=tail[1], xref="x", yref="y", axref="x", ayref="y",
        showarrow=True, text="", arrowhead=0 if tied else 2, arrowsize=1,
        arrowwidth=(1.5 + 6 * margin) * theme.scale,
        arrowcolor=theme.muted if tied else colour(winner),
    )  # fmt: skip
    middle = (places[winner] + places[loser]) / 2
    outward = middle if np.linalg.norm(middle) > 0.05 else np.array([0.0, 0.3])
    x, y = middle + 0.24 * outward / np.linalg.norm(outward)
    share = max(duels[winner, loser], duels[loser, winner])
    figure.add_annotation(x=x, y=y, text=f"{share:.0%}", font=theme.font(13.5))


def indistinguishable_populations(
    names: Sequence[str],
    duels: np.ndarray,
    served: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Two populations with equal duels: the duels once, and the shares in which they differ.

    Args:
        names: of the candidates.
        duels: P(a ≻ b) ``[candidates, candidates]``.
        served: shares of raters served in neither, one or both respects ``[2, 3]``.
    """
    theme, m = Theme(dark, scale), len(names)
    figure = base_figure(theme, height * scale, showlegend=True)
    shown = np.where(np.eye(m, dtype=bool), np.nan, duels)
    figure.add_heatmap(
        z=shown, x=list(range(m)), y=list(range(m)), zmin=0, zmax=1, showscale=False, xgap=2,
        ygap=2, hoverongaps=False,
        colorscale=[[0, with_alpha(colour(0), 0.06)], [1, with_alpha(colour(0), 0.62)]],
        text=[[f"{p:.3g}" if np.isfinite(p) else "" for p in row] for row in shown],
        texttemplate="%{text}", textfont=theme.font(13), hovertemplate=hover("%{text}"),
    )  # fmt: skip
    for i, name in enumerate(("first population", "second population")):
        figure.add_bar(
            x=["neither", "one", "both"], y=served[i], xaxis="x2", yaxis="y2", name=name,
            text=[f"{v:.0%}" if v else "" for v in served[i]], textposition="outside",
            cliponaxis=False, constraintext="none", textangle=0, textfont=theme.font(12.5),
            marker={"color": [theme.grid, colour(0)][i],
                    "line": {"color": theme.muted, "width": [1.2 * scale, 0][i]}},
            hovertemplate=hover(f"{name}: %{{y:.0%}} of raters"),
        )  # fmt: skip
    labels = [escape_html(n) for n in names]
    show_axis(figure, "xaxis", domain=[0.0, 0.44], side="top", tickvals=list(range(m)),
              ticktext=labels)  # fmt: skip
    label_rows(figure, labels, theme, tickfont=theme.muted_font())
    show_axis(figure, "xaxis2", "of a ≻ b and c ≻ d, a rater says", domain=[0.54, 1], anchor="y2")
    figure.update_layout(
        yaxis2={"anchor": "x2", "range": [0, 1.12]},
        barmode="group", bargap=0.25, bargroupgap=0.08, legend={"x": 0.5, "y": 1.14},
        margin={"l": 22 * scale, "r": 8, "t": 46 * scale, "b": 42 * scale},
    )  # fmt: skip
    return figure


def linear_reward(
    points: np.ndarray,
    names: Sequence[str],
    theta: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
) -> go.Figure:
    """Alternatives in a plane, the gradient of a linear reward, and one of its contours.

    Args:
        points: ``[alternatives, 2]``; the contour passes through the third one, and those from the
            fourth on are open marks in the colours of the first ones.
        names: of the alternatives.
        theta: the gradient ``[2]``.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * scale)
    direction = theta / max(float(np.linalg.norm(theta)), 1e-12)
    contour = points[2] + np.outer([-4, 4], [-direction[1], direction[0]])
    figure.add_scatter(
        x=contour[:, 0], y=contour[:, 1], mode="lines", hoverinfo="skip",
        line={"color": theme.muted, "width": 1.4 * scale, "dash": "dot"},
    )  # fmt: skip
    head = points[2] + 0.7 * direction
    figure.add_annotation(
        x=head[0], y=head[1], ax=points[2, 0], ay=points[2, 1], axref="x", ayref="y",
        showarrow=True, text="", arrowhead=2, arrowwidth=2.4 * scale, arrowcolor=colour(4),
    )  # fmt: skip
    figure.add_annotation(
        x=head[0], y=head[1], text="reward", yshift=13 * scale, font=theme.muted_font()
    )
    for i, (x, y) in enumerate(points):
        primed = i >= 3
        figure.add_scatter(
            x=[x], y=[y], mode="markers", hoverinfo="skip",
            marker={"size": 11 * scale, "color": colour(i % 3),
                    "symbol": symbol(i % 3) + ("-open" if primed else ""),
                    "line": {"width": 2 * scale}},
        )  # fmt: skip
        figure.add_annotation(
            x=x, y=y, text=escape_html(names[i]), xshift=(-12 if primed else 12) * scale,
            yshift=12 * scale, font=theme.font(14),
        )  # fmt: skip
    show_axis(figure, "xaxis", grid=True, zeroline=True, dtick=1, range=[-0.9, 2.6])
    show_axis(figure, "yaxis", grid=True, zeroline=True, dtick=1, range=[-0.45, 1.6],
              scaleanchor="x")  # fmt: skip
    figure.update_layout(margin={"l": 24 * scale, "r": 8, "t": 8, "b": 28 * scale})
    return figure
