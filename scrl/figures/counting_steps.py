"""The steps of a count: bars of scores, matrices, graphs of duels, rounds of elimination.

Every function takes a step of an explanation (``scrl.voting.explain.steps``) and the candidates'
names.
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
    set_axis,
    theme_colours,
    truncate,
    with_alpha,
)
from scrl.figures.tiles import text_colour_on, tile_fill

#: Parts of a bar told apart.
MAX_PARTS = 24
_PATH, _BACK = colour(0), colour(4)


def score_bars(step, names: Sequence[str], *, dark: bool = False, scale: float = 1.0) -> go.Figure:
    """A bar a candidate, the best on top, in the pieces that ballots gave it."""
    shade = theme_colours(dark)
    total = np.asarray(step.total, float)
    good = total if not step.low else -total
    order = np.argsort(-np.nan_to_num(good, nan=-np.inf), kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    pieces = step.parts if step.parts is not None and len(step.parts) <= MAX_PARTS else [total]
    figure = base_figure(dark, scale, (30 * len(names) + 46) * scale)
    for a, name in enumerate(names):
        figure.add_bar(
            orientation="h", y=[rank[a]] * len(pieces), x=[piece[a] for piece in pieces],
            base=None, width=0.74, name=escape_html(name), offsetgroup="0",
            marker={**tile_fill(a), "line": {"color": shade["ground"], "width": 1.5}},
            hovertemplate=f"{escape_html(name)}: %{{x:.4f}}<extra></extra>",
        )  # fmt: skip
    right = np.sum([np.maximum(np.nan_to_num(piece), 0) for piece in pieces], axis=0)
    low = min(0.0, *np.sum([np.minimum(np.nan_to_num(piece), 0) for piece in pieces], axis=0))
    high = max(0.0, *right)
    span = high - low or 1.0
    for a, value in enumerate(total):
        figure.add_annotation(
            x=right[a], y=rank[a], xanchor="left", xshift=6,
            text=f"{value:.4g}" if np.isfinite(value) else "none",
            showarrow=False, font={"size": 13 * scale, "color": shade["text"]},
        )  # fmt: skip
        figure.add_annotation(
            xref="paper",
            x=0,
            y=rank[a],
            xanchor="right",
            xshift=-8,
            text=escape_html(truncate(names[a])),
            showarrow=False,
            font={"size": 13.5 * scale, "color": shade["text"]},
        )
    if step.line is not None:
        figure.add_vline(x=step.line, line={"color": shade["text"], "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=step.line, yref="paper", y=1, yanchor="bottom", text=escape_html(step.said),
            showarrow=False, font={"size": 12 * scale, "color": shade["quiet"]},
        )  # fmt: skip
    set_axis("xaxis", figure, range=[low - 0.01 * span, high + 0.16 * span], zeroline=True,
          zerolinecolor=shade["line"])  # fmt: skip
    set_axis("yaxis", figure, range=[len(names) - 0.5, -0.5])
    figure.update_layout(
        barmode="relative",
        margin={"l": _names_width(names, scale), "r": 8, "t": 22 * scale, "b": 4},
    )
    return figure


def matrix_heatmap(
    step, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """A number a cell, blue above the centre and vermillion below; marked ones outlined."""
    shade = theme_colours(dark)
    values = np.asarray(step.values, float)
    rows = list(step.rows) or list(names)
    off = np.abs(values - step.centre)
    reach = (float(np.nanmax(off)) if np.isfinite(off).any() else 0.0) or 1.0
    seen = values[np.isfinite(values)]
    share = bool(((seen >= -1e-9) & (seen <= 1 + 1e-9)).all())
    text = [["" if not np.isfinite(v) else f"{v:.0%}" if share else f"{v:.4g}" for v in row]
            for row in values]  # fmt: skip
    figure = base_figure(dark, scale, (30 * len(rows) + 50) * scale)
    figure.add_heatmap(
        z=values,
        zmin=step.centre - reach,
        zmax=step.centre + reach,
        showscale=False,
        colorscale=[
            [0, with_alpha(_BACK)],
            [0.5, with_alpha(colour(7), 0.06)],
            [1, with_alpha(_PATH)],
        ],
        text=text,
        texttemplate="%{text}" if len(names) <= 14 else None,
        xgap=2,
        ygap=2,
        textfont={"size": 13 * scale, "color": shade["text"]},
        hovertemplate="%{z:.4f}<extra></extra>",
    )
    for r, c in step.marked:
        figure.add_shape(
            type="rect", x0=c - 0.48, x1=c + 0.48, y0=r - 0.47, y1=r + 0.47,
            line={"color": shade["text"], "width": 2.2 * scale},
        )  # fmt: skip
    room = 290 / scale / max(len(names), 1)
    heads = [escape_html(truncate(n, max(2, int(room / 6)))) for n in names]
    set_axis("xaxis", figure, showticklabels=True, tickvals=list(range(len(names))), ticktext=heads,
          side="top", tickangle=0, tickfont={"size": 12.5 * scale}, ticklen=0)  # fmt: skip
    set_axis("yaxis", figure, showticklabels=True, tickvals=list(range(len(rows))),
          ticktext=[f"{escape_html(truncate(n))} " for n in rows], autorange="reversed",
          tickfont={"size": 13 * scale}, ticklen=0)  # fmt: skip
    figure.update_layout(margin={"l": _names_width(rows, scale), "r": 8, "t": 26 * scale, "b": 4})
    return figure


def majority_graph(
    step, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """Candidates on a circle; an arrow points from the victor to the beaten."""
    shade, m = theme_colours(dark), len(names)
    height = (320 if m <= 6 else 400) * (1 + scale) / 2
    figure = base_figure(dark, scale, height)
    turn = np.pi / 2 - 2 * np.pi * np.arange(m) / max(m, 1)
    x, y = np.cos(turn), np.sin(turn)
    radius = (15 if m <= 8 else 11) * scale
    looks = {
        "counted": (shade["text"], 2.0, "solid", 0.75), "path": (_PATH, 4.5, "solid", 1.0),
        "back": (_BACK, 3.5, "dash", 1.0), "left out": (_BACK, 2.2, "dash", 0.95),
        "quiet": (shade["quiet"], 1.1, "solid", 0.4),
    }  # fmt: skip
    labelled = m <= 5
    for e in sorted(step.edges, key=lambda e: e.state == "quiet", reverse=True):
        tone, width, dash, strength = looks[e.state]
        dx, dy = x[e.b] - x[e.a], y[e.b] - y[e.a]
        length = float(np.hypot(dx, dy)) or 1.0
        gap = 2.1 * radius / height * 1.35
        x0, y0 = x[e.a] + dx / length * gap, y[e.a] + dy / length * gap
        x1, y1 = x[e.b] - dx / length * gap, y[e.b] - dy / length * gap
        figure.add_scatter(
            x=[x0, x1], y=[y0, y1], mode="lines", opacity=strength, hoverinfo="skip",
            line={"color": tone, "width": width * scale, "dash": dash},
        )  # fmt: skip
        figure.add_annotation(
            x=x1, y=y1, ax=x0 + 0.92 * (x1 - x0), ay=y0 + 0.92 * (y1 - y0), axref="x", ayref="y",
            xref="x", yref="y", showarrow=True, arrowhead=2, arrowwidth=width * scale, text="",
            arrowsize=1.1 if width > 3 else 1.4, arrowcolor=tone, opacity=strength,
        )  # fmt: skip
        at = 0.36  # off the middle, where arrows of a circle cross
        loud = e.state != "quiet"
        figure.add_scatter(
            x=[x0 + at * (x1 - x0)],
            y=[y0 + at * (y1 - y0)],
            mode="markers",
            marker={"size": 22 * scale, "color": shade["ground"], "opacity": 0.001},
            hovertemplate=escape_html(f"{names[e.a]} beats {names[e.b]} by {e.width:.1%}")
            + f"{'<br>' + escape_html(e.why) if e.why else ''}<extra></extra>",
        )
        if m <= 7 and (e.state not in ("counted", "quiet") or (labelled and (loud or m <= 4))):
            figure.add_annotation(
                x=x0 + at * (x1 - x0), y=y0 + at * (y1 - y0), showarrow=False,
                text=f"{e.width:.0%}", bgcolor=shade["ground"], borderpad=1,
                font={"size": 12 * scale,
                      "color": tone if e.state in ("path", "back", "left out") else shade["text"]},
            )  # fmt: skip
    figure.add_scatter(
        x=x, y=y, mode="markers", hoverinfo="skip",
        marker={"size": 2 * radius, "color": [colour(a) for a in range(m)],
                "line": {"color": shade["ground"], "width": 2}},
    )  # fmt: skip
    for a, name in enumerate(names):
        side = "left" if x[a] > 0.25 else "right" if x[a] < -0.25 else "center"
        shift = {"left": 1, "right": -1, "center": 0}[side] * (radius + 6)
        lift = 0 if side != "center" else (radius + 14) * (1 if y[a] > 0 else -1)
        figure.add_annotation(
            x=x[a], y=y[a], xanchor=side, xshift=shift, yshift=lift, showarrow=False,
            text=f"<b>{escape_html(truncate(name))}</b>",
            font={"size": 13.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    set_axis("xaxis", figure, range=[-1.95, 1.95])
    set_axis("yaxis", figure, range=[y.min() - 0.3, 1.3])
    return figure


def elimination_rounds(
    step, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """A column a round, its tiles as tall as the scores; ribbons show where votes move."""
    shade, n = theme_colours(dark), len(step.rounds)
    height = 350 * scale
    figure = base_figure(dark, scale, height)
    stacks = [_stack(r.score) for r in step.rounds]
    width = 0.52 if n > 3 else 0.42 if n > 1 else 0.25
    shares = all(np.nanmax(r.score) <= 1 + 1e-9 for r in step.rounds)
    for k, ((low, here), (high, there)) in enumerate(
        pairwise(zip(stacks, step.rounds, strict=True))
    ):
        _ribbons(figure, low, here, high, there, k, width)
    side = _names_width(names, scale)
    pitch = (375 - side - 24 * scale) / (n - 1 + width)
    for a, (bottom, top) in stacks[0].items():
        if (top - bottom) * height > 16 * scale:
            figure.add_annotation(
                x=-width / 2,
                y=(top + bottom) / 2,
                xanchor="right",
                xshift=-6,
                showarrow=False,
                text=escape_html(truncate(names[a])),
                font={"size": 13 * scale, "color": shade["text"]},
            )
    for k, (stack, r) in enumerate(zip(stacks, step.rounds, strict=True)):
        for a, (bottom, top) in stack.items():
            out = a in r.out and r.word == "out"
            tall = (top - bottom) * height * 0.8
            value = f"{r.score[a]:.0%}" if shares else f"{r.score[a]:.3g}"
            figure.add_bar(
                x=[k],
                width=width,
                y=[top - bottom],
                base=bottom,
                name=escape_html(names[a]),
                marker={
                    **tile_fill(a),
                    "opacity": 0.5 if out else 1,
                    "line": {"color": shade["ground"], "width": 1.5},
                },
                text=value if tall > 15 * scale else "",
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                insidetextfont={
                    "color": shade["text"] if out else text_colour_on(colour(a)),
                    "size": 12.5 * scale,
                },
                constraintext="none",
                hovertemplate=escape_html(f"Round {k + 1}, {names[a]}: {r.score[a]:.4f}")
                + "<extra></extra>",
            )
        gone = ", ".join(names[a] for a in r.out)
        gone = escape_html(truncate(gone, max(3, int((pitch - 6) / (6.4 * scale)))))
        figure.add_annotation(
            x=k, y=1, yanchor="bottom", yshift=4, showarrow=False,
            text=f"<b>Round {k + 1}</b>", font={"size": 13 * scale, "color": shade["text"]},
        )  # fmt: skip
        figure.add_annotation(
            x=k, y=0, yanchor="top", yshift=-4, showarrow=False,
            text=f"{gone}<br>{r.word}",
            font={"size": 12.5 * scale, "color": shade["quiet"]},
        )  # fmt: skip
    set_axis("xaxis", figure, range=[-width / 2, n - 1 + width / 2])
    set_axis("yaxis", figure, range=[0, 1])
    figure.update_layout(
        barmode="overlay", margin={"l": side, "r": 24 * scale, "t": 28 * scale, "b": 42 * scale}
    )
    return figure


def _stack(score: np.ndarray) -> dict[int, tuple[float, float]]:
    """Candidate -> bottom and top of its tile, the first of the file on top; the whole is 1."""
    score = np.asarray(score, float)
    total = np.nansum(np.maximum(score, 0))
    found, top = {}, 1.0
    for a in np.flatnonzero(np.isfinite(score)).tolist():
        part = max(score[a], 0.0) / total if total > 0 else 1 / np.isfinite(score).sum()
        found[a] = (top - part, top)
        top -= part
    return found


def _ribbons(figure, low, here, high, there, k, width) -> None:
    """From each tile of a round to where its weight is in the next."""
    before = np.nansum(np.maximum(here.score, 0)) or 1.0
    after = np.nansum(np.maximum(there.score, 0)) or 1.0
    taken = {b: span[1] for b, span in high.items()}
    for a, (_, top) in low.items():
        flows = {a: max(float(here.score[a]), 0.0)} if a in high else {}
        if a in here.out:
            moved = np.zeros(0) if here.moved is None else here.moved[a, :-1]
            flows = {b: float(w) for b, w in enumerate(moved) if w > 1e-12 and b in high}
        start = top
        for b, weight in flows.items():
            stay = a == b
            tall_left = weight / before
            tall_right = high[b][1] - high[b][0] if stay and here.moved is None else weight / after
            _ribbon(
                figure, k + width / 2, k + 1 - width / 2, (start - tall_left, start),
                (taken[b] - tall_right, taken[b]), colour(a), 0.2 if stay else 0.5,
            )  # fmt: skip
            start -= tall_left
            taken[b] -= tall_right


def _ribbon(figure, x0, x1, left, right, tone, strength) -> None:
    t = np.linspace(0, 1, 21)
    ease = t * t * (3 - 2 * t)
    x = x0 + (x1 - x0) * t
    upper = left[1] + (right[1] - left[1]) * ease
    lower = left[0] + (right[0] - left[0]) * ease
    figure.add_scatter(
        x=[*x, *x[::-1]], y=[*upper, *lower[::-1]], fill="toself", mode="lines", hoverinfo="skip",
        line={"width": 0}, fillcolor=with_alpha(tone, strength),
    )  # fmt: skip


def fitted_duels(
    step, names: Sequence[str], *, dark: bool = False, scale: float = 1.0
) -> go.Figure:
    """Each duel once, by its share of ballots and by what the scores predict."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, 330 * scale)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip",
                       line={"color": shade["line"], "width": 1.5 * scale})  # fmt: skip
    for a in range(len(names)):
        ahead = [b for b in range(len(names)) if b != a and np.isfinite(step.seen[a, b])
                 and (step.fitted[a, b], -a) > (step.fitted[b, a], -b)]  # fmt: skip
        if ahead:
            figure.add_scatter(
                x=step.seen[a, ahead],
                y=step.fitted[a, ahead],
                mode="markers",
                name=escape_html(names[a]),
                marker={
                    "size": 13 * scale,
                    "color": [colour(b) for b in ahead],
                    "line": {"color": colour(a), "width": 4 * scale},
                },
                hovertemplate=[
                    escape_html(f"{names[a]} over {names[b]}")
                    + "<br>seen %{x:.3f}, fitted %{y:.3f}"
                    "<extra></extra>"
                    for b in ahead
                ],
            )
    seen = step.seen[np.isfinite(step.seen)]
    low = min([0.5, *seen[(step.fitted >= step.fitted.T)[np.isfinite(step.seen)]]]) - 0.06
    ticks = {"showticklabels": True, "tickformat": ".0%", "tickfont": {"size": 12 * scale},
             "showgrid": True, "gridcolor": shade["line"]}  # fmt: skip
    set_axis(
        "xaxis",
        figure,
        range=[low, 1.04],
        title={"text": "share of ballots", "font": {"size": 13 * scale}},
        **ticks,
    )
    set_axis(
        "yaxis",
        figure,
        range=[0.46, 1.04],
        title={"text": "by the scores", "font": {"size": 13 * scale}},
        **ticks,
    )
    figure.update_layout(margin={"l": 62 * scale, "r": 8, "t": 8, "b": 48 * scale})
    return figure


def _names_width(names: Sequence[str], scale: float) -> float:
    return (16 + 7.4 * max(len(truncate(n)) for n in names)) * scale
