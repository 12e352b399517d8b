"""Orders side by side, and ranks as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    dash,
    escape_html,
    hover,
    label_width,
    short_labels,
    truncate,
)
from scrl.figures.template import Theme

#: Most completions that a chart of orders draws.
MAX_LINES = 24
#: Letters of one line of a label, so that a chart with labels on both sides fits a phone, and the
#: least pixels of a row whose label has two lines.
_LINE, _TWO_LINES = 13, 36
#: Columns beyond which titles are slanted, so that they do not overlap on a phone.
_MANY_COLUMNS = 3

Order = Sequence[Sequence[str]]


def mean_ranks(order: Order) -> dict[str, float]:
    """The rank of each name, 1 = best; tied names share the mean of the ranks they fill."""
    rank, first = {}, 1
    for tied in order:
        rank.update(dict.fromkeys(tied, first + (len(tied) - 1) / 2))
        first += len(tied)
    return rank


def rank_labels(order: Order) -> dict[str, str]:
    """The rank of each name as text: ``"2"``, or ``"2="`` if it is shared."""
    text, first = {}, 1
    for tied in order:
        text.update(dict.fromkeys(tied, f"{first}=" if len(tied) > 1 else f"{first}"))
        first += len(tied)
    return text


def _heights(order: Order) -> dict[str, float]:
    """Vertical position of each name: its rank, tied names spread so that each is visible."""
    height = mean_ranks(order)
    for tied in order:
        for i, name in enumerate(tied):
            height[name] += 0.7 * (i - (len(tied) - 1) / 2)
    return height


def bump_chart(
    columns: Sequence[tuple[str, Order | None]],
    names: Sequence[str],
    highlight: str | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
    row_height: float | None = None,
    seeds: Mapping[int, Sequence[Order]] | None = None,
) -> go.Figure:
    """Orders side by side, a line for each completion from rank to rank.

    Args:
        columns: title and order, best first; None keeps a column for an order not yet known.
        names: all completions in the order of the file, which gives them their colours; of more
            than ``MAX_LINES`` the best in the first column are drawn.
        highlight: the completion to follow; the others are drawn muted.
        row_height: most pixels from rank to rank.
        seeds: column -> its order with each of several seeds; a disc beside the column marks each
            other rank of a completion, its area the share of the seeds.
    """
    theme = Theme(dark, scale)
    known = [(x, order) for x, (_, order) in enumerate(columns) if order is not None]
    leading = [name for tied in known[0][1] for name in tied][:MAX_LINES] if known else []
    drawn = [name for name in names if name in set(leading)]
    lowest = max((max(_heights(order)[n] for n in drawn) for _, order in known), default=1)
    rows = max(round(lowest), len(drawn))
    usual = 60 if len(drawn) <= 6 else 40 if len(drawn) <= 12 else 28
    short = _two_line_labels(drawn)
    row_height = min(row_height or usual, usual)
    if any(len(lines) > 1 for lines in short.values()):
        row_height = max(row_height, _TWO_LINES)
    row_height *= (1 + scale) / 2
    top = _title_room([title for title, _ in columns]) * scale
    figure = base_figure(theme, top + 10 * scale + row_height * rows)
    radius = min(13.0, row_height / scale / 2.6) * (1 if len(drawn) <= 12 else 0.85)
    if len(columns) > _MANY_COLUMNS:
        radius = min(radius, 10.0)
    for x, shown in known:
        step = (-1 if x else 1) * 0.045 * len(columns)
        orders = (seeds or {}).get(x, ())
        _add_other_ranks(figure, x, step, orders, shown, drawn, names, radius * scale)
    # The highlighted completion comes last, so that it lies on top.
    for name in sorted(drawn, key=lambda n: n == highlight):
        _add_line(figure, name, list(names).index(name), known, highlight, radius, theme)
    _add_column_titles(figure, columns, rows, radius, theme)
    parts = [line for lines in short.values() for line in lines]
    longest = max(map(len, parts), default=0)
    # An order not yet known leaves too little room for long labels before it.
    to_come = known and known[-1][0] < len(columns) - 1 and (scale > 1 or longest > 12)
    ends = known[:1] if to_come or len(known) < 2 else [known[0], known[-1]]
    _add_end_labels(figure, short, ends, highlight, theme)
    pad = max(0.16, 0.07 * len(columns))
    side = right = label_width(parts, theme, 14)
    if len(columns) > _MANY_COLUMNS:
        # The last title is slanted to the right.
        right = max(side, (5.5 * len(truncate(columns[-1][0], 24)) - 14) * scale)
    figure.update_layout(
        xaxis_range=[-pad, len(columns) - 1 + pad], yaxis_range=[rows + 0.5, 0.5],
        margin={"l": side, "r": right, "t": top, "b": 4},
    )  # fmt: skip
    return figure


def _add_line(
    figure: go.Figure,
    name: str,
    position: int,
    known: Sequence[tuple[int, Order]],
    highlight: str | None,
    radius: float,
    theme: Theme,
) -> None:
    """The line of one completion and its ranks in discs."""
    tone, followed = colour(position), name == highlight
    strong = followed or highlight is None
    heights = [_heights(order)[name] for _, order in known]
    xs, ys = [], []
    t = np.linspace(0, 1, 25)
    for ((x0, _), y0), ((x1, _), y1) in pairwise(zip(known, heights, strict=True)):
        xs += [*(x0 + (x1 - x0) * t), None]
        ys += [*(y0 + (y1 - y0) * t * t * (3 - 2 * t)), None]
    width = (6 if followed else 3 if strong else 2) * theme.scale
    figure.add_scatter(
        x=xs, y=ys, mode="lines", name=name, hoverinfo="skip",
        opacity=1 if strong else 0.8 if theme.dark else 0.5,
        line={"color": tone, "width": width, "dash": "solid" if followed else dash(position)},
    )  # fmt: skip
    ranks = [rank_labels(order)[name] for _, order in known]
    figure.add_scatter(
        x=[x for x, _ in known], y=heights, mode="markers+text", name=name, text=ranks,
        cliponaxis=False,
        textfont=theme.font(12.5 if radius > 11 else 10, "#FFFFFF" if followed else None,
                            weight=700 if followed else 400),
        marker={
            "size": radius * 2 * theme.scale, "symbol": "circle", "opacity": 1,
            "color": tone if followed else theme.background,
            "line": {"color": tone, "width": (2 if strong else 1.6) * theme.scale},
        },
        hovertemplate=[hover(f"{escape_html(name)}: place {rank}") for rank in ranks],
    )  # fmt: skip


def _add_other_ranks(
    figure: go.Figure,
    x: int,
    step: float,
    orders: Sequence[Order],
    shown: Order,
    drawn: Sequence[str],
    names: Sequence[str],
    radius: float,
) -> None:
    """Discs beside column ``x`` at ranks that differ from the order shown.

    Args:
        step: distance from the column; discs at one rank follow one another.
        radius: in pixels, of a disc that stands for all seeds.
    """
    ranks = mean_ranks(shown)
    taken: Counter[float] = Counter()
    for name in drawn:
        counts = Counter(mean_ranks(order)[name] for order in orders)
        other = {rank: n / len(orders) for rank, n in counts.items() if rank != ranks[name]}
        if not other:
            continue
        side = [x + step * (1 + 0.7 * taken[rank]) for rank in other]
        taken.update(other)
        figure.add_scatter(
            x=side, y=list(other), mode="markers", name=name,
            marker={
                "size": [max(1.5 * radius * share**0.5, 5) for share in other.values()],
                "color": colour(list(names).index(name)), "opacity": 0.8, "line": {"width": 0},
            },
            hovertemplate=[
                hover(escape_html(f"{name}: place {rank:g} in {share:.0%} of {len(orders)} runs"))
                for rank, share in other.items()
            ],
        )  # fmt: skip


def _add_column_titles(
    figure: go.Figure, columns: Sequence[tuple], rows: int, radius: float, theme: Theme
) -> None:
    """Titles above the columns, and question marks in columns not yet known."""
    for x, (title, order) in enumerate(columns):
        many = len(columns) > _MANY_COLUMNS
        lines = [truncate(title, 24)] if many else _wrap(title, len(columns))
        figure.add_annotation(
            x=x, y=1, yref="paper", yanchor="bottom", yshift=12 * theme.scale,
            text=f"<b>{'<br>'.join(map(escape_html, lines))}</b>",
            font=theme.font(13 if many else 15),
            **({"textangle": -40, "xanchor": "left", "xshift": -8 * theme.scale} if many else {}),
        )  # fmt: skip
        if order is None:
            figure.add_scatter(
                x=[x] * rows, y=list(range(1, rows + 1)), mode="markers+text", hoverinfo="skip",
                text="?", textfont=theme.muted_font(13),
                marker={"size": radius * 2 * theme.scale, "color": theme.background,
                        "line": {"color": theme.grid, "width": 1.6 * theme.scale}},
            )  # fmt: skip


def _add_end_labels(
    figure: go.Figure,
    short: Mapping[str, Sequence[str]],
    ends: Sequence[tuple[int, Order]],
    highlight: str | None,
    theme: Theme,
) -> None:
    """Names, as the lines of ``short``, left of the first of ``ends`` and right of the second."""
    for (x, order), anchor, shift in zip(ends, ("right", "left"), (-22, 22), strict=False):
        height = _heights(order)
        for name, lines in short.items():
            muted = highlight is not None and name != highlight
            text = "<br>".join(map(escape_html, lines))
            figure.add_annotation(
                x=x, y=height[name], xanchor=anchor, xshift=shift * theme.scale,
                text=f"<b>{text}</b>" if name == highlight else text,
                align=anchor, font=theme.font(14.5 if len(lines) < 2 else 13,
                                              theme.muted if muted else None),
            )  # fmt: skip


def _title_room(titles: Sequence[str]) -> float:
    """Pixels above the columns that their titles take."""
    if len(titles) > _MANY_COLUMNS:
        return 32 + 5.2 * max(len(truncate(title, 24)) for title in titles)
    return 20 + 20 * max(len(_wrap(title, len(titles))) for title in titles)


def _wrap(title: str, columns: int) -> list[str]:
    """A column's title as lines, broken at dashes and spaces; the more columns, the shorter."""
    most = 16 if columns < 3 else 9
    lines = [""]
    for word in re.findall(r"[^ –]+[ –]?", title):
        if lines[-1] and len((lines[-1] + word).rstrip()) > most:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]


def _two_line_labels(names: Sequence[str]) -> dict[str, list[str]]:
    """Each name as one or two lines of about ``_LINE`` letters, different for different names."""
    labels = {}
    for name, short in zip(names, short_labels(names, 2 * _LINE), strict=True):
        if len(short) <= _LINE + 2:
            labels[name] = [short]
            continue
        gaps = [i for i, letter in enumerate(short) if letter in " …" and 2 < i < len(short) - 2]
        cut = min(gaps, key=lambda i: abs(i - len(short) / 2), default=0)
        if not cut or max(cut, len(short) - cut) > _LINE + 4:
            cut = len(short) // 2
        end = cut + 1 if short[cut] == "…" else cut
        labels[name] = [short[:end].rstrip(), short[end:].lstrip()]
    return labels
