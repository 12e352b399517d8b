"""Steps of a count: score bars, matrices, rounds of elimination, fitted duels.

Every function takes a step of an explanation (``scrl.voting.explain``) and the candidates' names.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    COLUMN_WIDTH,
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    label_width,
    short_labels,
    show_axis,
    truncate,
    with_alpha,
)
from scrl.figures.counting_protocols import (
    EliminationRound,
    EliminationStep,
    FitStep,
    MatrixStep,
    ScoreStep,
)
from scrl.figures.template import Theme
from scrl.figures.tiles import MAX_NAMED, text_colour_on, tile_fill, tile_text

#: Letters of a name beside an axis.
SIDE_LETTERS = 18
#: Letters of a name on its side above a column.
UPRIGHT_LETTERS = 14
#: Most parts into which a bar is divided.
MAX_PARTS = 24
_HIGH, _LOW = colour(0), colour(4)


def _side_labels(names: Sequence[str], letters: int = SIDE_LETTERS) -> list[str]:
    """Names beside an axis. Of many, some of them too long, each begins with its number, as in
    tiles."""
    if not _are_numbered(names, letters):
        return short_labels(names, letters)
    cut = (truncate(name, letters - 4) for name in names)
    return [f"{i}. {name}" for i, name in enumerate(cut, 1)]


def _are_numbered(names: Sequence[str], letters: int) -> bool:
    """Whether candidates are told apart by their numbers, as ``tiles.fit_text`` does."""
    return len(names) > MAX_NAMED and max(map(len, names)) > letters


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
    short = _side_labels(names)
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
            xref="paper", x=0, y=rank[a], xanchor="right", xshift=-8, text=escape_html(short[a]),
            font=theme.font(13.5),
        )  # fmt: skip
    if step.line is not None:
        figure.add_vline(x=step.line, line={"color": theme.text, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=step.line, yref="paper", y=1, yanchor="bottom", text=escape_html(step.line_label),
            font=theme.muted_font(12),
        )  # fmt: skip
    side = label_width(short, theme)
    # Room for the number at the end of the longest bar.
    room = 56 * scale / max(COLUMN_WIDTH - side - 56 * scale, 60)
    figure.update_layout(
        xaxis={"range": [low - 0.01 * span, high + room * span], "zeroline": True,
               "zerolinecolor": theme.grid},
        yaxis_range=[len(names) - 0.5, -0.5], barmode="relative",
        margin={"l": side, "r": 8, "t": 22 * scale, "b": 4},
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
    are_names = not step.rows or list(step.rows) == list(names)
    letters_left = SIDE_LETTERS if m <= 8 else 12
    left = (_side_labels if are_names else short_labels)(rows, letters_left)
    side = label_width(left, theme, 13)
    cell = (COLUMN_WIDTH - side - 8) / max(m, 1)
    narrow = cell < 30 * scale
    letters = int(cell / (7 * scale))
    upright = max(map(len, names), default=0) > letters
    if upright and _are_numbered(names, UPRIGHT_LETTERS):
        upright, above = False, [f"{i}" for i in range(1, m + 1)]
    else:
        above = short_labels(names, UPRIGHT_LETTERS if upright else letters)
    top = 14 + 6.8 * max(map(len, above), default=0) if upright else 26
    figure = base_figure(theme, ((30 if m <= 8 else 24) * len(rows) + 6 + top) * scale)
    figure.add_heatmap(
        z=values, zmin=step.centre - reach, zmax=step.centre + reach, showscale=False,
        colorscale=[[0, with_alpha(_LOW)], [0.5, with_alpha(colour(7), 0.06)],
                    [1, with_alpha(_HIGH)]],
        text=[[f"{v:{form}}".removesuffix("%" if narrow else "") if np.isfinite(v) else ""
               for v in row] for row in values],
        texttemplate="%{text}" if cell > 15 * scale else None, xgap=2, ygap=2,
        textfont=theme.font(10.5 if narrow else 13), hovertemplate=hover("%{z:.4f}"),
    )  # fmt: skip
    for r, c in step.marked:
        figure.add_shape(
            type="rect", x0=c - 0.48, x1=c + 0.48, y0=r - 0.47, y1=r + 0.47,
            line={"color": theme.text, "width": 2.2 * scale},
        )  # fmt: skip
    show_axis(figure, "xaxis", tickvals=list(range(m)), side="top", ticklen=0,
              tickangle=-90 if upright else 0, ticktext=[escape_html(n) for n in above],
              tickfont=theme.font(12.5))  # fmt: skip
    label_rows(figure, [f"{escape_html(n)} " for n in left], theme, size=13, ticklen=0)
    figure.update_layout(margin={"l": side, "r": 8, "t": top * scale, "b": 4})
    return figure


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
    short = _side_labels(names)
    side = label_width(short, theme)
    for a, (bottom, top) in stacks[0].items():
        if (top - bottom) * height > 16 * scale:
            figure.add_annotation(
                x=-width / 2, y=(top + bottom) / 2, xanchor="right", xshift=-6,
                text=escape_html(short[a]),
            )  # fmt: skip
    form = ".0%" if all(np.nanmax(r.score) <= 1 + 1e-9 for r in step.rounds) else ".3g"
    pitch = (COLUMN_WIDTH - side - 24 * scale) / (n - 1 + width)
    letters = int((pitch - 6) / (6.4 * scale))
    if _are_numbered(names, SIDE_LETTERS):
        wide, gone = False, [f"No. {i}" for i in range(1, len(names) + 1)]
    else:
        wide = letters >= min(8, max(map(len, names), default=8))
        gone = short_labels(names, letters if wide else UPRIGHT_LETTERS)
    for k, (stack, r) in enumerate(columns):
        _add_round(figure, k, stack, r, names, width, height, form, theme)
        figure.add_annotation(x=k, y=1, yanchor="bottom", yshift=4,
                              text=f"<b>{'Round ' if pitch > 58 * scale else ''}{k + 1}</b>",
                              )  # fmt: skip
        _add_gone(figure, k, [gone[a] for a in r.out], r.label, letters if wide else 0, theme)
    below = 42 if wide else 20 + 6.4 * max(len("9 at once"), *map(len, gone))
    figure.update_layout(
        xaxis_range=[-width / 2, n - 1 + width / 2],
        yaxis_range=[0, 1],
        barmode="overlay",
        margin={"l": side, "r": 24 * scale, "t": 28 * scale, "b": below * scale},
        height=round(height + (below - 42) * scale),
        uniformtext=tile_text(theme),
    )
    return figure


def _add_gone(
    figure: go.Figure, k: int, gone: Sequence[str], said: str, letters: int, theme: Theme
) -> None:
    """Below the column of round ``k`` who goes out, upright where ``letters`` is 0."""
    text = ", ".join(gone)
    if letters:
        if len(text) > letters:
            text = f"{len(gone)} candidates" if letters >= 12 else f"{len(gone)}"
        text = f"{escape_html(text)}<br>{said}"
    else:
        text = escape_html(gone[0] if len(gone) == 1 else f"{len(gone)} at once" if gone else "")
    figure.add_annotation(
        x=k, y=0, yanchor="top", yshift=-4, text=text, font=theme.muted_font(),
        textangle=0 if letters else -90,
    )  # fmt: skip


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
            constraintext="inside",
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
