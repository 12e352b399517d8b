"""Small pictures of theorems: curves under a slider, duels in a circle, two populations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    SYMBOLS,
    base_figure,
    colour,
    escape_html,
    set_axis,
    theme_colours,
    with_alpha,
)


def tournament_graph(
    names: Sequence[str],
    duels: np.ndarray,
    notes: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Candidates in a circle, an arrow from the winner of each duel to the loser, its share of the
    comparisons beside it, and a note at each candidate.

    Args:
        duels: P(a ≻ b) ``[candidates, candidates]``.
        notes: what to write beside each candidate ``[candidates]``; may hold ``<br>``.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    m = len(names)
    turn = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    at = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for a in range(m):
        for b in range(a + 1, m):
            lead = duels[a, b] - 0.5
            winner, loser = (a, b) if lead >= 0 else (b, a)
            tied = abs(lead) < 1e-9
            step = at[loser] - at[winner]
            tail, head = at[winner] + 0.17 * step, at[winner] + 0.83 * step
            figure.add_annotation(
                x=head[0], y=head[1], ax=tail[0], ay=tail[1], xref="x", yref="y", axref="x",
                ayref="y", showarrow=True, text="", arrowhead=0 if tied else 2, arrowsize=1,
                arrowwidth=(1.5 + 6 * abs(lead)) * scale,
                arrowcolor=shade["quiet"] if tied else colour(winner),
            )  # fmt: skip
            middle = (at[a] + at[b]) / 2
            outward = middle if np.linalg.norm(middle) > 0.05 else np.array([0.0, 0.3])
            where = middle + 0.24 * outward / np.linalg.norm(outward)
            figure.add_annotation(
                x=where[0], y=where[1], showarrow=False,
                text=f"{max(duels[a, b], duels[b, a]):.0%}",
                font={"size": 13.5 * scale, "color": shade["text"]},
            )  # fmt: skip
    figure.add_scatter(
        x=at[:, 0],
        y=at[:, 1],
        mode="markers+text",
        text=[f"<b>{escape_html(n)}</b>" for n in names],
        textfont={"size": 16 * scale, "color": shade["text"]},
        hovertext=[escape_html(n) for n in names],
        hoverinfo="skip",
        marker={
            "size": 32 * scale,
            "color": shade["ground"],
            "line": {"color": [colour(i) for i in range(m)], "width": 3 * scale},
        },
    )
    for i in range(m):
        side = 0 if abs(at[i, 0]) < 0.1 else np.sign(at[i, 0])
        figure.add_annotation(
            x=at[i, 0], y=at[i, 1], text=notes[i], showarrow=False,
            align="right" if side < 0 else "left", xanchor="right" if side < 0 else "left",
            xshift=(-24 if side < 0 else 24) * scale,
            font={"size": 13.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    set_axis("xaxis", figure, range=[-2.4, 2.4])
    set_axis("yaxis", figure, range=[-0.85, 1.25], scaleanchor="x")
    return figure


def indistinguishable_populations(
    names: Sequence[str],
    duels: np.ndarray,
    served: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Two populations whose duels are the same ``duels [candidates, candidates]``, drawn once, and
    the shares of raters served in neither, one or both respects ``served [2, 3]``, where they
    differ."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    m = len(names)
    shown = np.where(np.eye(m, dtype=bool), np.nan, duels)
    low = with_alpha(colour(0), 0.06)
    figure.add_heatmap(
        z=shown, x=list(range(m)), y=list(range(m)), zmin=0, zmax=1, showscale=False, xgap=2,
        ygap=2, colorscale=[[0, low], [1, with_alpha(colour(0), 0.62)]], hoverongaps=False,
        text=[[f"{p:.3g}" if np.isfinite(p) else "" for p in row] for row in shown],
        texttemplate="%{text}", textfont={"size": 13 * scale, "color": shade["text"]},
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    kinds = ["neither", "one", "both"]
    for i, label in enumerate(("first population", "second population")):
        figure.add_bar(
            x=kinds, y=served[i], xaxis="x2", yaxis="y2", name=label,
            text=[f"{v:.0%}" if v else "" for v in served[i]], textposition="outside",
            cliponaxis=False, constraintext="none", textangle=0,
            textfont={"size": 12.5 * scale, "color": shade["text"]},
            marker={"color": [shade["line"], colour(0)][i],
                    "line": {"color": shade["quiet"], "width": [1.2 * scale, 0][i]}},
            hovertemplate=f"{label}: %{{y:.0%}} of raters<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    ticks = {
        "tickvals": list(range(m)),
        "ticktext": [escape_html(n) for n in names],
        "tickfont": quiet,
    }
    title = {"font": quiet, "standoff": 4 * scale}
    set_axis("xaxis", figure, domain=[0.0, 0.44], side="top", showticklabels=True, **ticks)
    set_axis("yaxis", figure, autorange="reversed", showticklabels=True, **ticks)
    set_axis("xaxis2", figure, domain=[0.54, 1], anchor="y2", showticklabels=True, tickfont=quiet,
          title={**title, "text": "said by a rater of a ≻ b, c ≻ d"})  # fmt: skip
    set_axis("yaxis2", figure, anchor="x2", range=[0, 1.12])
    figure.update_layout(
        barmode="group", bargap=0.25, bargroupgap=0.08, showlegend=True,
        legend={"x": 0.5, "y": 1.14, "yanchor": "bottom", "orientation": "h", "font": quiet},
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
    """Alternatives ``points [alternatives, 2]``, the direction in which a linear reward rises, and
    its contour through the third of them."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    way = theta / max(float(np.linalg.norm(theta)), 1e-12)
    along = np.array([-way[1], way[0]])
    level = points[2] + np.outer([-4, 4], along)
    figure.add_scatter(
        x=level[:, 0], y=level[:, 1], mode="lines", hoverinfo="skip",
        line={"color": shade["quiet"], "width": 1.4 * scale, "dash": "dot"},
    )  # fmt: skip
    head = points[2] + 0.7 * way
    figure.add_annotation(
        x=head[0], y=head[1], ax=points[2, 0], ay=points[2, 1], axref="x", ayref="y",
        showarrow=True, text="", arrowhead=2, arrowwidth=2.4 * scale, arrowcolor=colour(4),
    )  # fmt: skip
    figure.add_annotation(
        x=head[0], y=head[1], text="reward", showarrow=False, yshift=13 * scale,
        font={"size": 12.5 * scale, "color": shade["quiet"]},
    )  # fmt: skip
    for i, (x, y) in enumerate(points):
        primed = i >= 3
        figure.add_scatter(
            x=[x], y=[y], mode="markers", hoverinfo="skip",
            marker={"size": 11 * scale, "color": colour(i % 3),
                    "symbol": SYMBOLS[i % 3] + ("-open" if primed else ""),
                    "line": {"width": 2 * scale}},
        )  # fmt: skip
        figure.add_annotation(
            x=x,
            y=y,
            text=escape_html(names[i]),
            showarrow=False,
            xshift=(-12 if primed else 12) * scale,
            yshift=12 * scale,
            font={"size": 14 * scale, "color": shade["text"]},
        )
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    grid = {"showgrid": True, "gridcolor": shade["line"], "showticklabels": True,
            "tickfont": quiet, "dtick": 1, "zeroline": True,
            "zerolinecolor": shade["quiet"]}  # fmt: skip
    set_axis("xaxis", figure, range=[-0.9, 2.6], **grid)
    set_axis("yaxis", figure, range=[-0.45, 1.6], scaleanchor="x", **grid)
    figure.update_layout(margin={"l": 24 * scale, "r": 8, "t": 8, "b": 28 * scale})
    return figure
