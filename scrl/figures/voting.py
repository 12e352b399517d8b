"""Ballots and the orders that rules give, as tiles in the candidates' colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import base_figure, colour, escape_html, set_axis, theme_colours, truncate
from scrl.figures.tiles import fit_text, text_colour_on, tile_fill

#: Kinds of ballot drawn, the most frequent first.
MAX_BALLOTS = 60


def ballot_tiles(
    names: Sequence[str],
    place: np.ndarray,
    weight: np.ndarray,
    labels: Sequence[str] = (),
    *,
    dark: bool = False,
    scale: float = 1.0,
    width: float = 530,
    row: float = 25,
) -> go.Figure:
    """A column a kind of ballot, as wide as its weight, best place on top.

    Args:
        place: ``[ballots, candidates]``, equal = tied (side by side), -1 = not ranked (no tile).
        weight: ``[ballots]``; labels: who casts them.
        width: pixels that the figure will have, which decides what text fits.
    """
    shade, m = theme_colours(dark), len(names)
    biggest = np.argsort(-np.asarray(weight), kind="stable")[:MAX_BALLOTS]
    drawn = np.sort(biggest)
    share = np.asarray(weight, float)[drawn] / np.sum(weight)
    left = np.concatenate([[0], np.cumsum(share)])
    tiles = [[] for _ in names]
    for i, row_ in enumerate(np.asarray(place)[drawn]):
        for p in np.unique(row_[row_ >= 0]):
            tied = np.flatnonzero(row_ == p)
            ahead, part = int(((row_ >= 0) & (row_ < p)).sum()), share[i] / len(tied)
            for k, a in enumerate(tied):
                tiles[a].append((left[i] + k * part, part, ahead, len(tied), i))
    figure = base_figure(dark, scale, (row * m + 30) * scale)
    for a, mine in enumerate(tiles):
        if mine:
            x, part, ahead, tall, i = (np.array(v) for v in zip(*mine, strict=True))
            figure.add_bar(
                x=x + part / 2,
                width=part,
                y=-tall,
                base=-ahead,
                name=escape_html(names[a]),
                marker={**tile_fill(a), "line": {"color": shade["ground"], "width": 1.5}},
                text=[fit_text(names[a], w * width, scale) for w in part],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                insidetextfont={"color": text_colour_on(colour(a)), "size": 12.5 * scale},
                constraintext="none",
                hovertemplate=[
                    f"{escape_html(_who(labels, drawn[k], share[k]))}<br>"
                    f"{escape_html(names[a])}, place {q + 1}"
                    "<extra></extra>"
                    for k, q in zip(i, ahead, strict=True)
                ],
            )
    for i, s in enumerate(share):
        if s * width > 30 * scale:
            figure.add_annotation(
                x=left[i] + s / 2, y=0, yanchor="bottom", yshift=2, showarrow=False,
                text=f"{s:.0%}", font={"size": 12.5 * scale, "color": shade["quiet"]},
            )  # fmt: skip
    set_axis("xaxis", figure, range=[0, 1])
    set_axis("yaxis", figure, range=[-m, 0])
    figure.update_layout(barmode="overlay", margin={"l": 2, "r": 2, "t": 24 * scale, "b": 4})
    return figure


def _who(labels: Sequence[str], i: int, share: float) -> str:
    label = labels[i] if len(labels) > i else ""
    return f"{label}, {share:.1%} of ballots" if label else f"{share:.1%} of ballots"


def outcomes_by_rule(
    names: Sequence[str],
    rows: Sequence[Mapping],
    selected: str = "",
    *,
    dark: bool = False,
    scale: float = 1.0,
    width: float = 530,
    pitch: float = 18.5,
) -> go.Figure:
    """A row a rule: who comes where, or with which chance a lottery draws whom.

    Args:
        rows: each with ``rule``, ``title``, ``group`` (rows of another group stand apart),
            ``place [candidates]`` (how many stand ahead), ``chance [candidates]`` or None.
        selected: the rule to point out.
        width: pixels that the figure will have, which decides what text fits.
    """
    shade, m = theme_colours(dark), len(names)
    margin = (14 + 6.1 * max(len(truncate(r["title"], 30)) for r in rows)) * scale
    y, at = [], 0.0
    for i, r in enumerate(rows):
        at += 1.0 + (0.45 if i and r["group"] != rows[i - 1]["group"] else 0)
        y.append(at)
    tiles = [[] for _ in names]
    for i, r in enumerate(rows):
        for a, x, w in _spans(r, m):
            tiles[a].append((x, w, i))
    figure = base_figure(dark, scale, (pitch * (at + 0.8) + 24) * scale)
    for a, mine in enumerate(tiles):
        if mine:
            figure.add_bar(**_row_tiles(names, rows, y, a, mine, m, width - margin, scale, shade))
    for i, r in enumerate(rows):
        chosen = r["rule"] == selected
        title = escape_html(truncate(r["title"], 30))
        figure.add_annotation(
            x=0, y=y[i], xanchor="right", xshift=-8, showarrow=False,
            text=f"<b>{title}</b>" if chosen else title,
            font={"size": 13 * scale, "color": shade["text"]},
        )  # fmt: skip
        if chosen:
            figure.add_shape(
                type="rect", x0=0, x1=m, y0=y[i] - 0.5, y1=y[i] + 0.5, layer="above",
                line={"color": shade["text"], "width": 2.5 * scale},
            )  # fmt: skip
    heads = [k + 1 for k in range(m)] if m <= 12 else []
    for k in heads:
        figure.add_annotation(
            x=k - 0.5, y=0.4, yanchor="bottom", showarrow=False, text=_ordinal(k),
            font={"size": 12 * scale, "color": shade["quiet"]},
        )  # fmt: skip
    set_axis("xaxis", figure, range=[0, m])
    set_axis("yaxis", figure, range=[at + 0.6, 0.4])
    figure.update_layout(
        barmode="overlay", bargap=0, clickmode="event+select",
        margin={"l": margin, "r": 4, "t": 22 * scale, "b": 2},
    )  # fmt: skip
    return figure


def _spans(row: Mapping, m: int) -> list[tuple[int, float, float]]:
    """(candidate, where its tile begins, how wide it is): a place each, or its chance."""
    if row["chance"] is not None:
        chance = np.asarray(row["chance"], float)
        best = [a for a in np.argsort(-chance, kind="stable").tolist() if chance[a] > 1e-9]
        ends = np.cumsum(chance[best]) * m
        return [(a, end - chance[a] * m, chance[a] * m) for a, end in zip(best, ends, strict=True)]
    found = []
    place = np.asarray(row["place"])
    for p in np.unique(place):
        # Those tied stand side by side on the places that they fill, which fill them exactly.
        found += [(a, float(p + k), 1.0) for k, a in enumerate(np.flatnonzero(place == p).tolist())]
    return found


def _row_tiles(names, rows, y, a, mine, m, width, scale, shade) -> dict:
    x, w, i = (np.array(v) for v in zip(*mine, strict=True))
    text, hover = [], []
    for _, part, k in mine:
        r, cell = rows[k], part / m * width
        if r["chance"] is not None:
            chance = f"{r['chance'][a]:.0%}"
            name = fit_text(names[a], cell - 32 * scale, scale, 5)
            text.append(f"{name} {chance}" if name else chance if cell > 30 * scale else "")
            hover.append(
                f"{escape_html(r['title'])}<br>{escape_html(names[a])}: chance {r['chance'][a]:.3f}"
            )
        else:
            tied = int((np.asarray(r["place"]) == r["place"][a]).sum())
            room = cell - (10 * scale if tied > 1 else 0)
            text.append(("= " if tied > 1 else "") + fit_text(names[a], room, scale))
            place = f"{r['place'][a] + 1}{f', tied with {tied - 1}' if tied > 1 else ''}"
            hover.append(f"{escape_html(r['title'])}<br>{escape_html(names[a])}: place {place}")
    return {
        "orientation": "h",
        "x": w,
        "base": x,
        "y": [y[k] for k in i],
        "width": 0.9,
        "name": escape_html(names[a]),
        "customdata": [[rows[k]["rule"]] for k in i],
        "marker": {**tile_fill(a), "line": {"color": shade["ground"], "width": 1.2}},
        "text": text,
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "insidetextfont": {"color": text_colour_on(colour(a)), "size": 11.5 * scale},
        "constraintext": "none",
        "hovertemplate": [f"{h}<extra></extra>" for h in hover],
        "unselected": {"marker": {"opacity": 1}},
        "selected": {"marker": {"opacity": 1}},
    }


def _ordinal(k: int) -> str:
    return f"{k}{['th', 'st', 'nd', 'rd'][k if k < 4 else 0]}"
