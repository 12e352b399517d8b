"""Which rule keeps which criterion, and a counterexample as it plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import base_figure, colour, escape_html, set_axis, theme_colours, truncate
from scrl.figures.tiles import fit_text, text_colour_on, tile_fill

#: How a cell is marked: its sign, its shape, its colour (an index of the palette, None for quiet).
MARKS = {"Y": ("✓", "circle", 0), "N": ("✗", "square", 4), "-": ("–", "circle", None)}

#: An order is at least so many ballots wide.
LEAST = 2.6


def criteria_table(
    rows: Sequence[Mapping],
    columns: Sequence[tuple[str, str]],
    selected: tuple[str, str],
    apart: int = 99,
    *,
    dark: bool = False,
    scale: float = 1.0,
    pitch: float = 22,
) -> go.Figure:
    """Rules down, criteria across, a mark in each cell; what is clicked carries both names.

    Args:
        rows: each with ``rule``, ``title``, ``family``, and ``cells``: by criterion a mapping with
            ``state`` (of ``MARKS``), ``proviso`` and ``hint`` (what the pointer says).
        columns: name and title of each criterion.
        selected: the rule and the criterion that are shown.
        apart: how many columns stand together before a gap.
    """
    shade = theme_colours(dark)
    longest = max(len(truncate(row["title"], 24)) for row in rows)
    left, top = (16 + 6.6 * longest) * scale, 96 * scale
    height, gaps, at = [], 0.0, {}
    for i, row in enumerate(rows):
        gaps += 0.35 if i and row["family"] != rows[i - 1]["family"] else 0.0
        at[row["rule"]] = i + gaps
        height.append(i + gaps)
    figure = base_figure(dark, scale, top + (height[-1] + 1.1) * pitch * scale)
    # Beyond the gap the published table says nothing.
    across = {name: j + 0.4 * (j >= apart) for j, (name, _) in enumerate(columns)}
    for state, (sign, symbol, tone) in MARKS.items():
        cells = [
            (row["rule"], name, row["cells"][name])
            for row in rows
            for name, _ in columns
            if row["cells"][name]["state"] == state
        ]
        if not cells:
            continue
        hue = colour(tone) if tone is not None else shade["quiet"]
        figure.add_scatter(
            x=[across[c] for _, c, _ in cells], y=[at[r] for r, _, _ in cells],
            mode="markers+text", name=state, customdata=[[r, c] for r, c, _ in cells],
            text=[sign + ("*" if cell["proviso"] else "") for *_, cell in cells],
            textfont={"size": 12 * scale, "weight": 700,
                      "color": text_colour_on(hue) if state == "N" else hue},
            marker={
                "symbol": symbol, "size": 17 * scale, "opacity": 1,
                "color": hue if state == "N" else "rgba(0,0,0,0)",
                "line": {"color": hue, "width": (1.4 if state == "Y" else 0) * scale},
            },
            selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
            hovertemplate=[f"{escape_html(cell['hint'])}<extra></extra>" for *_, cell in cells],
        )  # fmt: skip
    x, y = across.get(selected[1]), at.get(selected[0])
    if x is not None and y is not None:
        figure.add_shape(
            type="rect", x0=x - 0.47, x1=x + 0.47, y0=y - 0.5, y1=y + 0.5,
            line={"color": shade["text"], "width": 2.2 * scale},
        )  # fmt: skip
    for row in rows:
        figure.add_annotation(
            xref="paper", x=0, y=at[row["rule"]], xanchor="right", xshift=-8, showarrow=False,
            text=_strong(escape_html(truncate(row["title"], 24)), row["rule"] == selected[0]),
            font={"size": 12.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    for name, title in columns:
        figure.add_annotation(
            x=across[name],
            yref="paper",
            y=1,
            xanchor="left",
            yanchor="bottom",
            textangle=-45,
            xshift=-6 * scale,
            showarrow=False,
            text=_strong(escape_html(title), name == selected[1]),
            font={"size": 12 * scale, "color": shade["text"]},
        )
    set_axis("xaxis", figure, range=[-0.6, len(columns) + 1.9])
    set_axis("yaxis", figure, range=[height[-1] + 0.6, -0.6])
    figure.update_layout(margin={"l": left, "r": 2, "t": top, "b": 2}, clickmode="event+select")
    return figure


def _strong(text: str, so: bool) -> str:
    return f"<b>{text}</b>" if so else text


def counterexample(
    panels: Sequence[Mapping],
    names: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    row: float = 27,
    width: float = 560,
) -> go.Figure:
    """Electorates side by side: a column a kind of ballot, best place on top, below it the order
    that the rule gives.

    Args:
        panels: each with ``title``, ``names`` (who stands), ``place [ballots, candidates]``,
            ``weight [ballots]``, ``order`` (best first, names tied there; None while it is not
            shown), ``marked`` (ballots to point out) and ``shown`` (False leaves the place empty).
        names: all candidates, whose positions give their colours.
        width: pixels that the figure will have, which decides what text fits.
    """
    shade, m = theme_colours(dark), len(names)
    columns = [len(panel["weight"]) for panel in panels]
    starts = np.cumsum([0, *(n + 0.9 for n in columns[:-1])])
    total = float(starts[-1] + max(columns[-1], LEAST))
    unit = (width - 16) / max(total, 4.0)
    figure = base_figure(dark, scale, (row * (m + 1.55) + 62) * scale)
    tiles: list[list] = [[] for _ in names]
    for start, panel in zip(starts, panels, strict=True):
        _heading(figure, panel, float(start), len(panel["weight"]), unit, shade, scale)
        if not panel["shown"]:
            _covered(figure, float(start), len(panel["weight"]), m, shade, scale)
            continue
        _columns(figure, panel, float(start), tiles, names, shade, scale)
        if panel["order"] is not None:
            _result(panel, float(start), len(panel["weight"]), tiles, names, m)
            _signs(figure, panel, float(start), len(panel["weight"]), m, shade, scale)
    for a, mine in enumerate(tiles):
        if mine:
            x, y, wide, tall, said = (list(v) for v in zip(*mine, strict=True))
            figure.add_bar(
                x=x,
                width=wide,
                y=[-t for t in tall],
                base=[-v for v in y],
                name=escape_html(names[a]),
                marker={**tile_fill(a), "line": {"color": shade["ground"], "width": 1.5}},
                text=[fit_text(names[a], w * unit, scale, least=1) for w in wide],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                insidetextfont={
                    "color": text_colour_on(colour(a)),
                    "size": 13 * scale,
                    "weight": 600,
                },
                constraintext="none",
                hovertemplate=[f"{escape_html(text)}<extra></extra>" for text in said],
            )
    set_axis("xaxis", figure, range=[-0.05, max(total, 4.0) + 0.05])
    set_axis("yaxis", figure, range=[-m - 1.55, 0])
    figure.update_layout(barmode="overlay", margin={"l": 4, "r": 4, "t": 58 * scale, "b": 2})
    return figure


def _heading(figure, panel, start, wide, unit, shade, scale) -> None:
    figure.add_annotation(
        x=start,
        y=0,
        xanchor="left",
        yanchor="bottom",
        yshift=24 * scale,
        showarrow=False,
        text=f"<b>{escape_html(panel['title'])}</b>",
        font={"size": 14 * scale, "color": shade["text"]},
    )
    for i, weight in enumerate(panel["weight"] if panel["shown"] else ()):
        marked = i in panel["marked"]
        figure.add_annotation(
            x=start + i + 0.5, y=0, yanchor="bottom", yshift=3, showarrow=False,
            text=_strong(f"{weight:.4g}×", marked),
            font={"size": 13 * scale, "color": shade["text" if marked else "quiet"]},
        )  # fmt: skip


def _covered(figure, start, wide, m, shade, scale) -> None:
    figure.add_shape(
        type="rect", x0=start, x1=start + wide, y0=0, y1=-m,
        line={"color": shade["line"], "width": 1.5, "dash": "dot"},
    )  # fmt: skip
    figure.add_annotation(
        x=start + wide / 2, y=-m / 2, text="?", showarrow=False,
        font={"size": 26 * scale, "color": shade["quiet"]},
    )  # fmt: skip


def _columns(figure, panel, start, tiles, names, shade, scale) -> None:
    for i, ballot in enumerate(np.asarray(panel["place"])):
        for p in np.unique(ballot[ballot >= 0]):
            tied = np.flatnonzero(ballot == p)
            ahead = int(((ballot >= 0) & (ballot < p)).sum())
            for k, c in enumerate(tied):
                name = panel["names"][c]
                part = 1 / len(tied)
                tiles[list(names).index(name)].append(
                    (start + i + (k + 0.5) * part, ahead, part, len(tied),
                     f"{name}, place {ahead + 1}{' (tied)' if len(tied) > 1 else ''}")
                )  # fmt: skip
        if i in panel["marked"]:
            tall = int((ballot >= 0).sum())
            figure.add_shape(
                type="rect", x0=start + i + 0.02, x1=start + i + 0.98, y0=0, y1=-tall,
                line={"color": shade["text"], "width": 3.2 * scale},
            )  # fmt: skip


def _result(panel, start, wide, tiles, names, m) -> None:
    """The order as a row of tiles, as wide as the electorate or a little wider."""
    order = panel["order"]
    count = sum(map(len, order))
    part = min(1.0, max(wide, LEAST) / (count + 0.3 * (len(order) - 1)))
    x = start
    for at, tied in enumerate(order):
        for name in tied:
            tiles[list(names).index(name)].append(
                (x + part / 2, m + 0.5, part, 1, f"{name}: place {at + 1} of the order")
            )
            x += part
        x += 0.3 * part


def _signs(figure, panel, start, wide, m, shade, scale) -> None:
    """Which of the order's tiles win, and the signs between them."""
    order = panel["order"]
    count = sum(map(len, order))
    part = min(1.0, max(wide, LEAST) / (count + 0.3 * (len(order) - 1)))
    x = start
    figure.add_shape(
        type="rect", x0=x, x1=x + part * len(order[0]), y0=-m - 0.5, y1=-m - 1.5,
        line={"color": shade["text"], "width": 2.4 * scale},
    )  # fmt: skip
    figure.add_annotation(
        x=x, y=-m - 0.27, xanchor="left", showarrow=False,
        text="elects" if len(order[0]) == 1 else "ties for first",
        font={"size": 12 * scale, "color": shade["quiet"]},
    )  # fmt: skip
    for tied in order[:-1]:
        x += part * len(tied)
        figure.add_annotation(
            x=x + 0.15 * part, y=-m - 1, text="&gt;", showarrow=False,
            font={"size": 12 * scale, "color": shade["quiet"]},
        )  # fmt: skip
        x += 0.3 * part
