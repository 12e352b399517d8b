"""Ballots, and the outcomes of rules, as tiles in the candidates' colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import base_figure, colour, escape_html, hover, label, truncate
from scrl.figures.template import Theme
from scrl.figures.tiles import fit_text, text_colour_on, tile_fill, tile_text

#: Most distinct ballots that are drawn; the most frequent come first.
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
    row_height: float = 25,
) -> go.Figure:
    """A column for each distinct ballot, as wide as its weight, the best place on top.

    Args:
        names: of the candidates.
        place: ``[ballots, candidates]``, equal = tied (side by side), -1 = not ranked (no tile).
        weight: ``[ballots]``.
        labels: who casts each ballot.
        width: pixels of the figure, which decide what text fits.
    """
    theme = Theme(dark, scale)
    drawn = np.sort(np.argsort(-np.asarray(weight), kind="stable")[:MAX_BALLOTS])
    share = np.asarray(weight, float)[drawn] / np.sum(weight)
    left = np.concatenate([[0], np.cumsum(share)])
    tiles: list[list[tuple]] = [[] for _ in names]
    for i, ballot in enumerate(np.asarray(place)[drawn]):
        for p in np.unique(ballot[ballot >= 0]):
            tied = np.flatnonzero(ballot == p)
            ahead, part = int(((ballot >= 0) & (ballot < p)).sum()), share[i] / len(tied)
            for k, a in enumerate(tied):
                tiles[a].append((left[i] + k * part, part, ahead, len(tied), i))
    deep = max((above + tall for own in tiles for _, _, above, tall, _ in own), default=1)
    figure = base_figure(theme, (row_height * deep + 30) * scale)
    voters = [_voters(labels, ballot, share[i]) for i, ballot in enumerate(drawn)]
    for a, own in enumerate(tiles):
        if own:
            x, part, above, tall, index = (np.array(v) for v in zip(*own, strict=True))
            figure.add_bar(
                x=x + part / 2, width=part, y=-tall, base=-above, name=escape_html(names[a]),
                marker={**tile_fill(a), "line": {"color": theme.background, "width": 1.5}},
                text=[fit_text(names[a], w * width, scale, names=names) for w in part],
                textposition="inside", insidetextanchor="middle", textangle=0,
                insidetextfont=theme.font(12.5, text_colour_on(colour(a))), constraintext="inside",
                hovertemplate=[
                    hover(f"{escape_html(voters[i])}<br>{escape_html(names[a])}, place {q + 1}")
                    for i, q in zip(index, above, strict=True)
                ],
            )  # fmt: skip
    for start, s in zip(left, share, strict=False):
        if s * width > 30 * scale:
            figure.add_annotation(
                x=start + s / 2, y=0, yanchor="bottom", yshift=2, text=f"{s:.0%}",
                font=theme.muted_font(),
            )  # fmt: skip
    figure.update_layout(
        xaxis_range=[0, 1], yaxis_range=[-deep, 0], barmode="overlay", uniformtext=tile_text(theme),
        margin={"l": 2, "r": 2, "t": 24 * scale, "b": 4},
    )  # fmt: skip
    return figure


def _voters(labels: Sequence[str], i: int, share: float) -> str:
    """Who casts a ballot, and their share."""
    name = labels[i] if len(labels) > i else ""
    return f"{name}, {share:.1%} of ballots" if name else f"{share:.1%} of ballots"


def outcomes_by_rule(
    names: Sequence[str],
    rows: Sequence[Mapping],
    selected: str = "",
    *,
    dark: bool = False,
    scale: float = 1.0,
    width: float = 530,
    row_height: float = 18.5,
) -> go.Figure:
    """A row for each rule: its order, or the probabilities of its lottery.

    Args:
        names: of the candidates.
        rows: each with ``rule``, ``title``, ``group`` (groups stand apart),
            ``place [candidates]`` (how many stand ahead) and ``chance [candidates]`` or None.
        selected: the outlined rule.
        width: pixels of the figure, which decide what text fits.
    """
    theme, m = Theme(dark, scale), len(names)
    side = (14 + 6.1 * max(len(truncate(r["title"], 30)) for r in rows)) * scale
    y, height = [], 0.0
    for i, row in enumerate(rows):
        height += 1.0 + (0.45 if i and row["group"] != rows[i - 1]["group"] else 0)
        y.append(height)
    tiles: list[list[tuple]] = [[] for _ in names]
    for i, row in enumerate(rows):
        for a, x, w in _spans(row, m):
            tiles[a].append((x, w, i))
    figure = base_figure(theme, (row_height * (height + 0.8) + 24) * scale)
    for a, own in enumerate(tiles):
        if own:
            figure.add_bar(**_candidate_tiles(names, rows, y, a, own, (width - side) / m, theme))
    for i, row in enumerate(rows):
        chosen = row["rule"] == selected
        figure.add_annotation(
            x=0, y=y[i], xanchor="right", xshift=-8, text=label(row["title"], 30, chosen)
        )
        if chosen:
            figure.add_shape(
                type="rect", x0=0, x1=m, y0=y[i] - 0.5, y1=y[i] + 0.5, layer="above",
                line={"color": theme.text, "width": 2.5 * scale},
            )  # fmt: skip
    for k in range(1, m + 1) if m <= 24 else ():
        figure.add_annotation(
            x=k - 0.5, y=0.4, yanchor="bottom", text=_ordinal(k) if m <= 8 else f"{k}",
            font=theme.muted_font(12),
        )  # fmt: skip
    figure.update_layout(
        xaxis_range=[0, m], yaxis_range=[height + 0.6, 0.4], barmode="overlay", bargap=0,
        clickmode="event+select", margin={"l": side, "r": 4, "t": 22 * scale, "b": 2},
        uniformtext=tile_text(theme),
    )  # fmt: skip
    return figure


def _spans(row: Mapping, m: int) -> list[tuple[int, float, float]]:
    """(candidate, left end, width) of each tile: one place each, or as wide as its chance."""
    if row["chance"] is not None:
        chance = np.asarray(row["chance"], float)
        by_chance = [a for a in np.argsort(-chance, kind="stable").tolist() if chance[a] > 1e-9]
        ends = (np.cumsum(chance[by_chance]) * m).tolist()
        return [
            (a, end - float(chance[a]) * m, float(chance[a]) * m)
            for a, end in zip(by_chance, ends, strict=True)
        ]
    spans = []
    place = np.asarray(row["place"])
    for p in np.unique(place):
        # Tied candidates stand side by side on the places that they fill.
        spans += [(a, float(p + k), 1.0) for k, a in enumerate(np.flatnonzero(place == p).tolist())]
    return spans


def _candidate_tiles(
    names: Sequence[str],
    rows: Sequence[Mapping],
    y: Sequence[float],
    a: int,
    own: Sequence[tuple[float, float, int]],
    unit: float,
    theme: Theme,
) -> dict:
    """The bar trace of candidate ``a``.

    Args:
        own: (left end, width, row) of its tiles.
        unit: pixels of a place.
    """
    x, w, i = (np.array(v) for v in zip(*own, strict=True))
    texts, hovers = zip(
        *(_tile_text(names, a, rows[k], part * unit, theme.scale) for _, part, k in own),
        strict=True,
    )
    return {
        "orientation": "h", "x": w, "base": x, "y": [y[k] for k in i], "width": 0.9,
        "name": escape_html(names[a]), "customdata": [[rows[k]["rule"]] for k in i],
        "marker": {**tile_fill(a), "line": {"color": theme.background, "width": 1.2}},
        "text": list(texts), "textposition": "inside", "insidetextanchor": "middle",
        "textangle": 0, "insidetextfont": theme.font(11.5, text_colour_on(colour(a))),
        "constraintext": "inside", "hovertemplate": [hover(text) for text in hovers],
        "unselected": {"marker": {"opacity": 1}}, "selected": {"marker": {"opacity": 1}},
    }  # fmt: skip


def _tile_text(
    names: Sequence[str], a: int, row: Mapping, width: float, scale: float
) -> tuple[str, str]:
    """Text inside a tile of ``width`` pixels, and its hover text."""
    name = names[a]
    title = f"{escape_html(row['title'])}<br>{escape_html(name)}: "
    if row["chance"] is not None:
        chance = f"{row['chance'][a]:.0%}"
        short = fit_text(name, width - 32 * scale, scale, 5, names)
        text = f"{short}: {chance}" if short else chance if width > 30 * scale else ""
        return text, f"{title}chance {row['chance'][a]:.3f}"
    tied = int((np.asarray(row["place"]) == row["place"][a]).sum())
    # A narrow tile has room for a number alone; its hover text tells of the tie.
    sign = "= " if tied > 1 and width > 34 * scale else ""
    short = fit_text(name, width - 5 * len(sign) * scale, scale, names=names)
    note = f", tied with {tied - 1}" if tied > 1 else ""
    return sign + short if short else "", f"{title}place {row['place'][a] + 1}{note}"


def _ordinal(k: int) -> str:
    return f"{k}{['th', 'st', 'nd', 'rd'][k if k < 4 else 0]}"
