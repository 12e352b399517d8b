"""Slates of several candidates by several rules, and the voters whom each serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    hover,
    label,
    label_width,
    truncate,
    with_alpha,
)
from scrl.figures.template import Theme
from scrl.figures.tiles import fit_text, text_colour_on, tile_fill, tile_text
from scrl.figures.voting import MAX_BALLOTS

#: Part of the figure that the slates take, between names and voters.
_SLATE_PART = 0.46
_GAP = 0.03
#: Opacity of a voter's tile whose favourite is not in the slate.
_PALE = 0.28


def slates_by_rule(
    names: Sequence[str],
    rows: Sequence[Mapping],
    weight: np.ndarray,
    labels: Sequence[str] = (),
    selected: str = "",
    *,
    dark: bool = False,
    scale: float = 1.0,
    width: float = 980,
    row_height: float = 34,
) -> go.Figure:
    """A row for each rule: its slate, and beside it the voters, each group with its best answer of
    the slate, pale where that is not its favourite.

    Args:
        names: of the candidates.
        rows: each with ``rule``, ``title``, ``group`` (groups stand apart), ``slate`` (members),
            ``best [ballots]`` (the member that the ballot ranks highest), ``ahead [ballots]`` (how
            many candidates the ballot ranks above it) and ``tied`` (whether other slates are
            equally good).
        weight: of the ballots ``[ballots]``.
        labels: who casts each ballot.
        selected: the outlined rule.
        width: pixels of the figure, which decide what text fits.
    """
    theme = Theme(dark, scale)
    titles = [truncate(row["title"], 34) for row in rows]
    side = label_width(titles, theme, 12)
    y, height = _row_places(rows)
    voters = _voters(np.asarray(weight, float), labels)
    pixels = max(width - side, 100)
    figure = base_figure(theme, (row_height * (height + 0.9) + 30) * scale)
    tiles: list[_Tile] = []
    for row, at in zip(rows, y, strict=True):
        tiles += _slate_tiles(names, row, at, pixels, scale)
        tiles += _voter_tiles(names, row, at, voters, pixels, scale)
    _add_tiles(figure, names, tiles, theme)
    for row, title, at in zip(rows, titles, y, strict=True):
        chosen = row["rule"] == selected
        figure.add_annotation(
            x=0, y=at, xanchor="right", xshift=-8, text=label(title, 34, chosen),
            font=theme.font(12.5),
        )  # fmt: skip
        if chosen:
            figure.add_shape(
                type="rect", x0=-0.004, x1=1.0, y0=at - 0.5, y1=at + 0.5, layer="above",
                line={"color": theme.text, "width": 2 * scale},
            )  # fmt: skip
    _add_heads(figure, voters, pixels, theme)
    figure.update_layout(
        xaxis_range=[-0.004, 1.002], yaxis_range=[height + 0.6, 0.3], barmode="overlay", bargap=0,
        clickmode="event+select", margin={"l": side, "r": 4, "t": 26 * scale, "b": 2},
        uniformtext=tile_text(theme),
    )  # fmt: skip
    return figure


#: Index of a ballot, who casts it, its left end, and its share of the weight.
_Voters = list[tuple[int, str, float, float]]


def _voters(weight: np.ndarray, labels: Sequence[str]) -> _Voters:
    """The heaviest ballots, in the order of the profile."""
    drawn = np.sort(np.argsort(-weight, kind="stable")[:MAX_BALLOTS])
    share = weight[drawn] / weight.sum()
    low = np.cumsum(share) - share
    named = [labels[i] if len(labels) > i else "" for i in drawn.tolist()]
    return list(zip(drawn.tolist(), named, low.tolist(), share.tolist(), strict=True))


def _row_places(rows: Sequence[Mapping]) -> tuple[list[float], float]:
    """The vertical place of each row, groups apart, and the height of all."""
    y, height = [], 0.0
    for i, row in enumerate(rows):
        height += 1.0 + (0.4 if i and row["group"] != rows[i - 1]["group"] else 0)
        y.append(height)
    return y, height


@dataclass(frozen=True)
class _Tile:
    """A tile of candidate ``a`` in the row at ``y``."""

    a: int
    pale: bool
    left: float
    width: float
    y: float
    rule: str
    text: str
    hover: str


def _slate_tiles(
    names: Sequence[str], row: Mapping, at: float, pixels: float, scale: float
) -> Iterator[_Tile]:
    """The members as tiles of equal width."""
    members = list(row["slate"])
    part = _SLATE_PART / max(len(members), 1)
    tied = "<br>other slates are equally good" if row["tied"] else ""
    for k, a in enumerate(members):
        text = fit_text(names[a], part * pixels, scale, names=names)
        said = f"{escape_html(row['title'])}<br>{escape_html(names[a])}{tied}"
        yield _Tile(a, False, k * part, part, at, row["rule"], text, said)


def _voter_tiles(
    names: Sequence[str],
    row: Mapping,
    at: float,
    voters: _Voters,
    pixels: float,
    scale: float,
) -> Iterator[_Tile]:
    """The voters as tiles as wide as their weight, in the colour of their best member."""
    start, part = _SLATE_PART + _GAP, 1 - _SLATE_PART - _GAP
    for i, name, low, share in voters:
        a, ahead = int(row["best"][i]), int(row["ahead"][i])
        room = share * part * pixels / scale
        text = f"{_ordinal(ahead + 1)} choice" if room > 72 else _ordinal(ahead + 1)
        who = f"{escape_html(name)}, " if name else ""
        said = (
            f"{who}{share:.1%} of the voters<br>best of this slate: {escape_html(names[a])}, "
            f"their {_ordinal(ahead + 1)} choice"
        )
        yield _Tile(
            a, ahead > 0, start + low * part, share * part, at, row["rule"],
            text if room > 26 else "", said,
        )  # fmt: skip


def _add_tiles(
    figure: go.Figure, names: Sequence[str], tiles: Sequence[_Tile], theme: Theme
) -> None:
    """One trace for the tiles of each candidate, and one for its pale tiles."""
    for a, pale in dict.fromkeys((t.a, t.pale) for t in tiles):
        own = [t for t in tiles if (t.a, t.pale) == (a, pale)]
        fill = {"color": with_alpha(colour(a), _PALE)} if pale else tile_fill(a)
        figure.add_bar(
            orientation="h", x=[t.width for t in own], base=[t.left for t in own],
            y=[t.y for t in own], width=0.82, name=escape_html(names[a]),
            customdata=[[t.rule] for t in own],
            marker={**fill, "line": {"color": theme.background, "width": 1.5}},
            text=[t.text for t in own], textposition="inside", insidetextanchor="middle",
            textangle=0, constraintext="inside",
            insidetextfont=theme.font(12, None if pale else text_colour_on(colour(a))),
            hovertemplate=[hover(t.hover) for t in own],
            unselected={"marker": {"opacity": 1}}, selected={"marker": {"opacity": 1}},
        )  # fmt: skip


def _add_heads(figure: go.Figure, voters: _Voters, pixels: float, theme: Theme) -> None:
    """Above the columns: the slate, and who the voters are."""
    start, part = _SLATE_PART + _GAP, 1 - _SLATE_PART - _GAP

    def head(x: float, text: str, anchor: str = "center") -> None:
        figure.add_annotation(
            x=x, y=0.42, xanchor=anchor, yanchor="bottom", text=text, font=theme.muted_font(12)
        )

    head(0, "the slate", "left")
    if not any(name for _, name, _, _ in voters):
        head(start, "the voters, and how they rank the best of it", "left")
    for _, name, low, share in voters:
        room = share * part * pixels
        letters = int(room / (6.6 * theme.scale)) - 5
        if name and room > 34 * theme.scale:
            short = truncate(name, letters) if letters > 3 else ""
            head(start + (low + share / 2) * part, escape_html(f"{short} {share:.0%}".strip()))


def _ordinal(k: int) -> str:
    last = "th" if k % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(k % 10, "th")
    return f"{k}{last}"
