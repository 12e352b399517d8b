"""Orders side by side, and how places are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    DARK,
    DASHES,
    base_figure,
    colour,
    escape_html,
    set_axis,
    theme_colours,
    truncate,
)

#: A chart of orders draws this many completions at the most.
MAX_LINES = 24


def mean_ranks(order: Sequence[Sequence[str]]) -> dict[str, float]:
    """Each name's place, 1 = best, ties at the mean of the places they fill."""
    place, first = {}, 1
    for tied in order:
        place.update(dict.fromkeys(tied, first + (len(tied) - 1) / 2))
        first += len(tied)
    return place


def rank_labels(order: Sequence[Sequence[str]]) -> dict[str, str]:
    """Each name's place as a reader writes it: ``"2"``, and ``"2="`` where it is shared."""
    text, first = {}, 1
    for tied in order:
        text.update(dict.fromkeys(tied, f"{first}=" if len(tied) > 1 else f"{first}"))
        first += len(tied)
    return text


def _heights(order: Sequence[Sequence[str]]) -> dict[str, float]:
    """Where each name is drawn: at its place, those tied a little apart so that each is seen."""
    at = mean_ranks(order)
    for tied in order:
        for i, name in enumerate(tied):
            at[name] += 0.7 * (i - (len(tied) - 1) / 2)
    return at


def bump_chart(
    columns: Sequence[tuple[str, Sequence[Sequence[str]] | None]],
    names: Sequence[str],
    highlight: str | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
    pitch: float | None = None,
    seeds: Mapping[int, Sequence[Sequence[Sequence[str]]]] | None = None,
) -> go.Figure:
    """Orders side by side, one line a completion, from place to place.

    Args:
        columns: title and order, best first; None keeps a place for an order not yet known.
        names: all completions in the order of the file, which gives them their colours; of more
            than ``MAX_LINES`` those best in the first column are drawn.
        highlight: the completion to follow; the others are drawn quietly.
        pitch: pixels from place to place at the most; less where there are many.
        seeds: column -> its order in each of several runs; a disc beside it marks each other place
            that a completion took, its area the share of the runs.
    """
    shade = theme_colours(dark)
    known = [(x, order) for x, (_, order) in enumerate(columns) if order is not None]
    best = [name for tied in known[0][1] for name in tied][:MAX_LINES] if known else []
    drawn = [name for name in names if name in set(best)]
    lowest = max((max(_heights(order)[n] for n in drawn) for _, order in known), default=1)
    rows = max(round(lowest), len(drawn))
    usual = 60 if len(drawn) <= 6 else 40 if len(drawn) <= 12 else 28
    pitch = min(pitch or usual, usual) * (1 + scale) / 2
    figure = base_figure(dark, scale, 70 * scale + pitch * rows)
    radius = min(13.0, pitch / scale / 2.6) * (1 if len(drawn) <= 12 else 0.85)
    for x, orders in (seeds or {}).items():
        _elsewhere(figure, x, orders, columns[x][1], drawn, names, radius * scale,
                   len(columns))  # fmt: skip
    # The followed completion last, so that it lies on top.
    for name in sorted(drawn, key=lambda n: n == highlight):
        strong = highlight is None or name == highlight
        _bump(figure, name, names, known, strong, highlight, radius, shade, scale)
    _column_titles(figure, columns, shade, scale, rows, radius)
    longest = max((len(truncate(n)) for n in drawn), default=0)
    # A column still to come leaves room for short labels before it.
    inner = known and known[-1][0] < len(columns) - 1 and (scale > 1 or longest > 12)
    _end_labels(figure, drawn, known, highlight, shade, scale, ends=1 if inner else 2)
    pad = max(0.16, 0.07 * len(columns))
    set_axis("xaxis", figure, range=[-pad, len(columns) - 1 + pad])
    set_axis("yaxis", figure, range=[rows + 0.5, 0.5])
    side = (24 + 7.6 * longest) * scale
    figure.update_layout(margin={"l": side, "r": side, "t": 60 * scale, "b": 4})
    return figure


def _bump(figure, name, names, known, strong, highlight, radius, shade, scale) -> None:
    position = list(names).index(name)
    tone = colour(position)
    xs, ys = [], []
    for (x0, a), (x1, b) in pairwise(known):
        t = np.linspace(0, 1, 25)
        ease = t * t * (3 - 2 * t)
        y0, y1 = _heights(a)[name], _heights(b)[name]
        xs += [*(x0 + (x1 - x0) * t), None]
        ys += [*(y0 + (y1 - y0) * ease), None]
    width = (6 if name == highlight else 3 if strong else 2) * scale
    quiet = 0.8 if shade is DARK else 0.5
    dash = "solid" if name == highlight else DASHES[position % len(DASHES)]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", name=name, hoverinfo="skip", opacity=1 if strong else quiet,
        line={"color": tone, "width": width, "dash": dash},
    )  # fmt: skip
    ordinal = [rank_labels(order)[name] for _, order in known]
    filled = name == highlight
    figure.add_scatter(
        x=[x for x, _ in known], y=[_heights(order)[name] for _, order in known],
        mode="markers+text", name=name, text=ordinal, cliponaxis=False,
        textfont={
            "color": "#FFFFFF" if filled else shade["text"],
            "size": (12.5 if radius > 11 else 10) * scale, "weight": 700 if filled else 400,
        },
        marker={
            "size": radius * 2 * scale, "symbol": "circle", "opacity": 1,
            "color": tone if filled else shade["ground"],
            "line": {"color": tone, "width": (2 if strong else 1.6) * scale},
        },
        hovertemplate=[f"{escape_html(name)}: place {o}<extra></extra>" for o in ordinal],
    )  # fmt: skip


def _elsewhere(figure, x, orders, shown, drawn, names, radius, columns) -> None:
    """Where the completions stand in other runs than the one whose order is shown: discs beside
    the column, those at one place one after the other."""
    at = mean_ranks(shown)
    taken = Counter()
    # About as far from a circle as it is wide, however many columns share the width.
    step = (-1 if x else 1) * 0.045 * columns
    for name in drawn:
        counts = Counter(mean_ranks(order)[name] for order in orders)
        other = {place: n / len(orders) for place, n in counts.items() if place != at[name]}
        if not other:
            continue
        side = [x + step * (1 + 0.7 * taken[place]) for place in other]
        taken.update(other)
        figure.add_scatter(
            x=side,
            y=list(other),
            mode="markers",
            name=name,
            marker={
                "size": [max(1.5 * radius * share**0.5, 5) for share in other.values()],
                "color": colour(list(names).index(name)),
                "opacity": 0.8,
                "line": {"width": 0},
            },
            hovertemplate=[
                escape_html(f"{name}: place {place:g} in {share:.0%} of {len(orders)} runs")
                + "<extra></extra>"
                for place, share in other.items()
            ],
        )


def _column_titles(figure, columns, shade, scale, rows, radius) -> None:
    for x, (title, order) in enumerate(columns):
        figure.add_annotation(
            x=x, y=1, yref="paper", yanchor="bottom", yshift=12 * scale, showarrow=False,
            text=f"<b>{_wrapped(title)}</b>",
            font={"size": (15 if len(columns) <= 4 else 13) * scale, "color": shade["text"]},
        )  # fmt: skip
        if order is None:
            figure.add_scatter(
                x=[x] * rows, y=list(range(1, rows + 1)), mode="markers+text", hoverinfo="skip",
                text="?", textfont={"color": shade["quiet"], "size": 13 * scale},
                marker={"size": radius * 2 * scale, "color": shade["ground"],
                        "line": {"color": shade["line"], "width": 1.6 * scale}},
            )  # fmt: skip


def _end_labels(figure, drawn, known, highlight, shade, scale, ends) -> None:
    sides = ((known[0], "right", -22), (known[-1], "left", 22)) if known else ()
    for (x, order), anchor, shift in sides[:ends]:
        at = _heights(order)
        for name in drawn:
            strong = highlight is None or name == highlight
            figure.add_annotation(
                x=x,
                y=at[name],
                xanchor=anchor,
                xshift=shift * scale,
                showarrow=False,
                text=f"<b>{escape_html(truncate(name))}</b>"
                if name == highlight
                else escape_html(truncate(name)),
                font={"size": 14.5 * scale, "color": shade["text" if strong else "quiet"]},
            )


def _wrapped(title: str) -> str:
    """A column's title on two lines where it has a joint."""
    return escape_html(title).replace("–", "–<br>", 1).replace(" ", "<br>", 1)
