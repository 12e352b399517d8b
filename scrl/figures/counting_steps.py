"""Steps of a count: score bars, matrices, majority graphs, rounds of elimination.

Every function takes a step of an explanation (``scrl.voting.explain``) and the candidates' names.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    hover,
    label,
    label_rows,
    label_width,
    show_axis,
    truncate,
    with_alpha,
)
from scrl.figures.counting_protocols import (
    Duel,
    EliminationRound,
    EliminationStep,
    FitStep,
    GraphStep,
    MatrixStep,
    ScoreStep,
)
from scrl.figures.template import Theme
from scrl.figures.tiles import text_colour_on, tile_fill

#: Most parts into which a bar is divided.
MAX_PARTS = 24
_PATH, _BACK = colour(0), colour(4)


def score_bars(
    step: ScoreStep, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """A bar for each candidate, the best on top, divided by what each ballot gave.

    Args:
        step: ``explain.Bars``.
        names: of the candidates.
    """
    theme, total = Theme(dark, scale), np.asarray(step.total, float)
    order = np.argsort(
        np.nan_to_num(total if step.lower_is_better else -total, nan=np.inf), kind="stable"
    )
    rank = np.argsort(order)
    parts = step.parts if step.parts is not None and len(step.parts) <= MAX_PARTS else [total]
    figure = base_figure(theme, (30 * len(names) + 46) * scale)
    for a, name in enumerate(names):
        figure.add_bar(
            orientation="h", y=[rank[a]] * len(parts), x=[part[a] for part in parts],
            base=None, width=0.74, name=escape_html(name), offsetgroup="0",
            marker={**tile_fill(a), "line": {"color": theme.background, "width": 1.5}},
            hovertemplate=hover(f"{escape_html(name)}: %{{x:.4f}}"),
        )  # fmt: skip
    right = np.sum([np.maximum(np.nan_to_num(part), 0) for part in parts], axis=0)
    low = min(0.0, *np.sum([np.minimum(np.nan_to_num(part), 0) for part in parts], axis=0))
    high = max(0.0, *right)
    span = high - low or 1.0
    for a, value in enumerate(total):
        figure.add_annotation(
            x=right[a], y=rank[a], xanchor="left", xshift=6,
            text=f"{value:.4g}" if np.isfinite(value) else "none",
        )  # fmt: skip
        figure.add_annotation(
            xref="paper", x=0, y=rank[a], xanchor="right", xshift=-8, text=label(names[a]),
            font=theme.font(13.5),
        )  # fmt: skip
    if step.line is not None:
        figure.add_vline(x=step.line, line={"color": theme.text, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=step.line, yref="paper", y=1, yanchor="bottom", text=escape_html(step.line_label),
            font=theme.muted_font(12),
        )  # fmt: skip
    figure.update_layout(
        xaxis={"range": [low - 0.01 * span, high + 0.16 * span], "zeroline": True,
               "zerolinecolor": theme.grid},
        yaxis_range=[len(names) - 0.5, -0.5], barmode="relative",
        margin={"l": label_width(map(truncate, names), theme), "r": 8, "t": 22 * scale, "b": 4},
    )  # fmt: skip
    return figure


def matrix_heatmap(
    step: MatrixStep, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """A matrix with numbers, blue above the centre and vermillion below.

    Args:
        step: ``explain.Matrix``; its marked cells are outlined.
        names: of the candidates.
    """
    theme, values = Theme(dark, scale), np.asarray(step.values, float)
    rows, m = list(step.rows) or list(names), len(names)
    distance = np.abs(values - step.centre)
    reach = (float(np.nanmax(distance)) if np.isfinite(distance).any() else 0.0) or 1.0
    known = values[np.isfinite(values)]
    form = ".0%" if ((known >= -1e-9) & (known <= 1 + 1e-9)).all() else ".4g"
    figure = base_figure(theme, (30 * len(rows) + 50) * scale)
    figure.add_heatmap(
        z=values, zmin=step.centre - reach, zmax=step.centre + reach, showscale=False,
        colorscale=[[0, with_alpha(_BACK)], [0.5, with_alpha(colour(7), 0.06)],
                    [1, with_alpha(_PATH)]],
        text=[[f"{v:{form}}" if np.isfinite(v) else "" for v in row] for row in values],
        texttemplate="%{text}" if m <= 14 else None, xgap=2, ygap=2, textfont=theme.font(13),
        hovertemplate=hover("%{z:.4f}"),
    )  # fmt: skip
    for r, c in step.marked:
        figure.add_shape(
            type="rect", x0=c - 0.48, x1=c + 0.48, y0=r - 0.47, y1=r + 0.47,
            line={"color": theme.text, "width": 2.2 * scale},
        )  # fmt: skip
    letters = max(2, int(290 / scale / max(m, 1) / 6))
    show_axis(figure, "xaxis", tickvals=list(range(m)), side="top", tickangle=0, ticklen=0,
              ticktext=[label(n, letters) for n in names], tickfont=theme.font(12.5))  # fmt: skip
    label_rows(figure, [f"{label(n)} " for n in rows], theme, size=13, ticklen=0)
    side = label_width(map(truncate, rows), theme)
    figure.update_layout(margin={"l": side, "r": 8, "t": 26 * scale, "b": 4})
    return figure


def majority_graph(
    step: GraphStep, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """Candidates on a circle, an arrow from the winner of each duel to the loser.

    Args:
        step: ``explain.Graph``; the state of an edge gives its colour, width and dash.
        names: of the candidates.
    """
    theme, m = Theme(dark, scale), len(names)
    height = (320 if m <= 6 else 400) * (1 + scale) / 2
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
    for (x, y), name in zip(places, names, strict=True):
        side = "left" if x > 0.25 else "right" if x < -0.25 else "center"
        figure.add_annotation(
            x=x, y=y, xanchor=side, text=label(name, bold=True), font=theme.font(13.5),
            xshift={"left": 1, "right": -1, "center": 0}[side] * (radius + 6),
            yshift=0 if side != "center" else (radius + 14) * (1 if y > 0 else -1),
        )  # fmt: skip
    figure.update_layout(xaxis_range=[-1.95, 1.95], yaxis_range=[places[:, 1].min() - 0.3, 1.3])
    return figure


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


def elimination_rounds(
    step: EliminationStep, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """A column for each round, its tiles as tall as the scores; ribbons show moving votes.

    Args:
        step: ``explain.Rounds``.
        names: of the candidates.
    """
    theme, n = Theme(dark, scale), len(step.rounds)
    height = 350 * scale
    figure = base_figure(theme, height)
    stacks = [_stack(r.score) for r in step.rounds]
    width = 0.52 if n > 3 else 0.42 if n > 1 else 0.25
    columns: list[tuple[dict, EliminationRound]] = list(zip(stacks, step.rounds, strict=True))
    for k, (left, right) in enumerate(pairwise(columns)):
        _add_ribbons(figure, *left, *right, k, width)
    side = label_width(map(truncate, names), theme)
    for a, (bottom, top) in stacks[0].items():
        if (top - bottom) * height > 16 * scale:
            figure.add_annotation(
                x=-width / 2, y=(top + bottom) / 2, xanchor="right", xshift=-6,
                text=label(names[a]),
            )  # fmt: skip
    form = ".0%" if all(np.nanmax(r.score) <= 1 + 1e-9 for r in step.rounds) else ".3g"
    pitch = (375 - side - 24 * scale) / (n - 1 + width)
    letters = max(3, int((pitch - 6) / (6.4 * scale)))
    for k, (stack, r) in enumerate(columns):
        _add_round(figure, k, stack, r, names, width, height, form, theme)
        figure.add_annotation(x=k, y=1, yanchor="bottom", yshift=4, text=f"<b>Round {k + 1}</b>")
        gone = label(", ".join(names[a] for a in r.out), letters)
        figure.add_annotation(
            x=k, y=0, yanchor="top", yshift=-4, text=f"{gone}<br>{r.label}",
            font=theme.muted_font(),
        )  # fmt: skip
    figure.update_layout(
        xaxis_range=[-width / 2, n - 1 + width / 2],
        yaxis_range=[0, 1],
        barmode="overlay",
        margin={"l": side, "r": 24 * scale, "t": 28 * scale, "b": 42 * scale},
    )
    return figure


def _add_round(
    figure: go.Figure,
    k: int,
    stack: dict[int, tuple[float, float]],
    r: EliminationRound,
    names: Sequence[str],
    width: float,
    height: float,
    form: str,
    theme: Theme,
) -> None:
    """The tiles of round ``k``; those of eliminated candidates are pale."""
    for a, (bottom, top) in stack.items():
        out = a in r.out and r.label == "out"
        tall = (top - bottom) * height * 0.8 > 15 * theme.scale
        figure.add_bar(
            x=[k], width=width, y=[top - bottom], base=bottom, name=escape_html(names[a]),
            marker={**tile_fill(a), "opacity": 0.5 if out else 1,
                    "line": {"color": theme.background, "width": 1.5}},
            text=f"{r.score[a]:{form}}" if tall else "",
            textposition="inside", insidetextanchor="middle", textangle=0,
            insidetextfont=theme.font(12.5, None if out else text_colour_on(colour(a))),
            constraintext="none",
            hovertemplate=hover(escape_html(f"Round {k + 1}, {names[a]}: {r.score[a]:.4f}")),
        )  # fmt: skip


def _stack(score: np.ndarray) -> dict[int, tuple[float, float]]:
    """Candidate -> bottom and top of its tile, the first candidate on top; heights sum to 1."""
    score = np.asarray(score, float)
    total = np.nansum(np.maximum(score, 0))
    tiles, top = {}, 1.0
    for a in np.flatnonzero(np.isfinite(score)).tolist():
        part = max(score[a], 0.0) / total if total > 0 else 1 / np.isfinite(score).sum()
        tiles[a] = (top - part, top)
        top -= part
    return tiles


def _add_ribbons(
    figure: go.Figure,
    left: dict,
    before: EliminationRound,
    right: dict,
    after: EliminationRound,
    k: int,
    width: float,
) -> None:
    """From each tile of round ``k`` to where its weight is in the next.

    Args:
        left, right: tiles of the two rounds, of ``_stack``.
        before, after: the rounds.
        width: of a column.
    """
    total_before = np.nansum(np.maximum(before.score, 0)) or 1.0
    total_after = np.nansum(np.maximum(after.score, 0)) or 1.0
    free = {b: top for b, (_, top) in right.items()}
    for a, (_, start) in left.items():
        flows = {a: max(float(before.score[a]), 0.0)} if a in right else {}
        if a in before.out:
            moved = np.zeros(0) if before.transfers is None else before.transfers[a, :-1]
            flows = {b: float(w) for b, w in enumerate(moved) if w > 1e-12 and b in right}
        for b, weight in flows.items():
            height = weight / total_before
            target = weight / total_after
            if a == b and before.transfers is None:
                target = right[b][1] - right[b][0]
            _add_ribbon(
                figure, k + width / 2, k + 1 - width / 2, (start - height, start),
                (free[b] - target, free[b]), with_alpha(colour(a), 0.2 if a == b else 0.5),
            )  # fmt: skip
            start -= height
            free[b] -= target


def _add_ribbon(
    figure: go.Figure,
    x0: float,
    x1: float,
    left: tuple[float, float],
    right: tuple[float, float],
    fill: str,
) -> None:
    """A smooth band from (bottom, top) at ``x0`` to (bottom, top) at ``x1``."""
    t = np.linspace(0, 1, 21)
    ease = t * t * (3 - 2 * t)
    x = x0 + (x1 - x0) * t
    upper = left[1] + (right[1] - left[1]) * ease
    lower = left[0] + (right[0] - left[0]) * ease
    figure.add_scatter(
        x=[*x, *x[::-1]], y=[*upper, *lower[::-1]], fill="toself", mode="lines", hoverinfo="skip",
        line={"width": 0}, fillcolor=fill,
    )  # fmt: skip


def fitted_duels(
    step: FitStep, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """Each duel once, by its share of ballots and by the fitted probability.

    Args:
        step: ``explain.Fit``.
        names: of the candidates.
    """
    theme, m = Theme(dark, scale), len(names)
    figure = base_figure(theme, 330 * scale)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip",
                       line={"color": theme.grid, "width": 1.5 * scale})  # fmt: skip
    known = np.isfinite(step.observed)
    for a in range(m):
        beaten = [b for b in range(m) if b != a and known[a, b]
                  and (step.fitted[a, b], -a) > (step.fitted[b, a], -b)]  # fmt: skip
        if beaten:
            figure.add_scatter(
                x=step.observed[a, beaten], y=step.fitted[a, beaten], mode="markers",
                name=escape_html(names[a]),
                marker={"size": 13 * scale, "color": [colour(b) for b in beaten],
                        "line": {"color": colour(a), "width": 4 * scale}},
                hovertemplate=[hover(escape_html(f"{names[a]} over {names[b]}")
                                     + "<br>seen %{x:.3f}, fitted %{y:.3f}") for b in beaten],
            )  # fmt: skip
    low = min([0.5, *step.observed[known & (step.fitted >= step.fitted.T)]]) - 0.06
    show_axis(figure, "xaxis", "share of ballots", grid=True, tickformat=".0%",
              range=[low, 1.04])  # fmt: skip
    show_axis(figure, "yaxis", "by the scores", grid=True, tickformat=".0%", range=[0.46, 1.04])
    figure.update_layout(margin={"l": 62 * scale, "r": 8, "t": 8, "b": 48 * scale})
    return figure
