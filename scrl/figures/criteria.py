"""The table of rules and criteria, and counterexamples as ballots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import base_figure, colour, escape_html, hover, label, truncate
from scrl.figures.template import TRANSPARENT, Theme
from scrl.figures.tiles import fit_text, text_colour_on, tile_fill, tile_text

#: State of a cell -> its sign, its shape and the position of its colour (None: muted).
MARKS = {"Y": ("✓", "circle", 0), "N": ("✗", "square", 4), "-": ("?", "circle", None)}
#: Smallest width of an order, in ballots.
MIN_ORDER_WIDTH = 2.6


def criteria_table(
    rows: Sequence[Mapping],
    columns: Sequence[tuple[str, str]],
    selected: tuple[str, str],
    gap_after: int = 99,
    *,
    dark: bool = False,
    scale: float = 1.0,
    row_height: float = 22,
) -> go.Figure:
    """Rules by criteria with a mark in each cell; a clicked cell carries both names.

    Args:
        rows: each with ``rule``, ``title``, ``family`` and ``cells``: criterion -> mapping with
            ``state`` (a key of ``MARKS``), ``proviso`` and ``hint`` (the hover text).
        columns: name and title of each criterion.
        selected: rule and criterion of the outlined cell.
        gap_after: how many columns stand before the gap that ends the published table.
    """
    theme = Theme(dark, scale)
    y: dict[str, float] = {}
    position = 0.0
    for i, row in enumerate(rows):
        position += 1.0 if i else 0.0
        position += 0.35 if i and row["family"] != rows[i - 1]["family"] else 0.0
        y[row["rule"]] = position
    x = {name: j + 0.4 * (j >= gap_after) for j, (name, _) in enumerate(columns)}
    top = 96 * scale
    figure = base_figure(theme, top + (position + 1.1) * row_height * scale)
    for state in MARKS:
        _add_cells(figure, state, rows, x, y, theme)
    if selected[0] in y and selected[1] in x:
        right, down = x[selected[1]], y[selected[0]]
        figure.add_shape(
            type="rect", x0=right - 0.47, x1=right + 0.47, y0=down - 0.5, y1=down + 0.5,
            line={"color": theme.text, "width": 2.2 * scale},
        )  # fmt: skip
    for row in rows:
        figure.add_annotation(
            xref="paper", x=0, y=y[row["rule"]], xanchor="right", xshift=-8,
            text=label(row["title"], 24, row["rule"] == selected[0]), font=theme.font(12.5),
        )  # fmt: skip
    for name, title in columns:
        figure.add_annotation(
            x=x[name], yref="paper", y=1, xanchor="left", yanchor="bottom", textangle=-45,
            xshift=-6 * scale, text=_bold(escape_html(title), name == selected[1]),
            font=theme.font(12),
        )  # fmt: skip
    longest = max(len(truncate(row["title"], 24)) for row in rows)
    figure.update_layout(
        xaxis_range=[-0.6, len(columns) + 1.9], yaxis_range=[position + 0.6, -0.6],
        margin={"l": (16 + 6.6 * longest) * scale, "r": 2, "t": top, "b": 2},
        clickmode="event+select",
    )  # fmt: skip
    return figure


def _add_cells(
    figure: go.Figure,
    state: str,
    rows: Sequence[Mapping],
    x: Mapping[str, float],
    y: Mapping[str, float],
    theme: Theme,
) -> None:
    """One trace with all cells of a state."""
    cells = [
        (row["rule"], name, row["cells"][name])
        for row in rows
        for name in x
        if row["cells"][name]["state"] == state
    ]
    if not cells:
        return
    sign, shape, position = MARKS[state]
    tone = theme.muted if position is None else colour(position)
    filled = state == "N"
    figure.add_scatter(
        x=[x[name] for _, name, _ in cells], y=[y[rule] for rule, _, _ in cells],
        mode="markers+text", name=state, customdata=[[rule, name] for rule, name, _ in cells],
        text=[sign + ("*" if cell["proviso"] else "") for *_, cell in cells],
        textfont=theme.font(11, text_colour_on(tone) if filled else theme.text, weight=700),
        marker={
            "symbol": shape, "size": 15.5 * theme.scale, "opacity": 1,
            "color": tone if filled else TRANSPARENT,
            "line": {"color": tone, "width": (1.4 if state == "Y" else 0) * theme.scale},
        },
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
        hovertemplate=[hover(escape_html(cell["hint"])) for *_, cell in cells],
    )  # fmt: skip


def _bold(text: str, bold: bool) -> str:
    return f"<b>{text}</b>" if bold else text


def counterexample(
    panels: Sequence[Mapping],
    names: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    row_height: float = 27,
    width: float = 560,
) -> go.Figure:
    """Electorates side by side: a column for each ballot, and below it the order of the rule.

    Args:
        panels: each with ``title``, ``names`` (its candidates), ``place [ballots, candidates]``,
            ``weight [ballots]``, ``order`` (best first, tied names together; None hides it),
            ``marked`` (outlined ballots) and ``shown`` (False hides the ballots).
        names: all candidates, whose positions give their colours.
        width: pixels of the figure, which decide what text fits.
    """
    theme, m = Theme(dark, scale), len(names)
    ballots = [len(panel["weight"]) for panel in panels]
    starts = np.cumsum([0, *(n + 0.9 for n in ballots[:-1])]).tolist()
    total = max(starts[-1] + max(ballots[-1], MIN_ORDER_WIDTH), 4.0)
    figure = base_figure(theme, (row_height * (m + 1.55) + 62) * scale)
    tiles: dict[str, list] = {name: [] for name in names}
    for start, panel in zip(starts, panels, strict=True):
        _add_panel_title(figure, panel, start, theme)
        if not panel["shown"]:
            _add_hidden_panel(figure, start, len(panel["weight"]), m, theme)
            continue
        _stack_ballots(panel, start, tiles)
        _outline_marked(figure, panel, start, theme)
        if panel["order"] is not None:
            xs, unit = _order_layout(panel, start)
            for name, x, text in xs:
                tiles[name].append((x + unit / 2, m + 0.5, unit, 1, text))
            _add_order_signs(figure, panel["order"], start, unit, m, theme)
    _add_tiles(figure, tiles, (width - 16) / total, theme)
    figure.update_layout(
        xaxis_range=[-0.05, total + 0.05], yaxis_range=[-m - 1.55, 0], barmode="overlay",
        uniformtext=tile_text(theme),
        margin={"l": 4, "r": 4, "t": 58 * scale, "b": 2},
    )  # fmt: skip
    return figure


def _add_tiles(figure: go.Figure, tiles: Mapping, unit: float, theme: Theme) -> None:
    """Draws the tiles of each candidate: (x, top, width, height, hover text).

    ``unit`` is the width of a ballot in pixels."""
    for position, (name, own) in enumerate(tiles.items()):
        if own:
            x, top, wide, tall, text = (list(v) for v in zip(*own, strict=True))
            figure.add_bar(
                x=x, width=wide, y=[-t for t in tall], base=[-v for v in top],
                name=escape_html(name),
                marker={**tile_fill(position), "line": {"color": theme.background, "width": 1.5}},
                text=[fit_text(name, w * unit, theme.scale, 1, list(tiles)) for w in wide],
                textposition="inside", insidetextanchor="middle", textangle=0,
                insidetextfont=theme.font(13, text_colour_on(colour(position)), weight=600),
                constraintext="inside", hovertemplate=[hover(escape_html(t)) for t in text],
            )  # fmt: skip


def _add_panel_title(figure: go.Figure, panel: Mapping, start: float, theme: Theme) -> None:
    """The panel's title, and under it the weight of each ballot."""
    figure.add_annotation(
        x=start, y=0, xanchor="left", yanchor="bottom", yshift=24 * theme.scale,
        text=f"<b>{escape_html(panel['title'])}</b>", font=theme.font(14),
    )  # fmt: skip
    for i, weight in enumerate(panel["weight"] if panel["shown"] else ()):
        marked = i in panel["marked"]
        figure.add_annotation(
            x=start + i + 0.5, y=0, yanchor="bottom", yshift=3,
            text=_bold(f"{weight:.4g}×", marked),
            font=theme.font(13, theme.text if marked else theme.muted),
        )  # fmt: skip


def _add_hidden_panel(figure: go.Figure, start: float, wide: int, m: int, theme: Theme) -> None:
    """A dotted frame with a question mark where ballots are not shown yet."""
    figure.add_shape(
        type="rect", x0=start, x1=start + wide, y0=0, y1=-m,
        line={"color": theme.grid, "width": 1.5, "dash": "dot"},
    )  # fmt: skip
    figure.add_annotation(x=start + wide / 2, y=-m / 2, text="?", font=theme.muted_font(26))


def _stack_ballots(panel: Mapping, start: float, tiles: dict[str, list]) -> None:
    """Adds the tiles of each ballot, best place on top, tied candidates side by side."""
    for i, ballot in enumerate(np.asarray(panel["place"])):
        for p in np.unique(ballot[ballot >= 0]):
            tied = np.flatnonzero(ballot == p)
            ahead, share = int(((ballot >= 0) & (ballot < p)).sum()), 1 / len(tied)
            note = " (tied)" if len(tied) > 1 else ""
            for k, c in enumerate(tied):
                name = panel["names"][c]
                x = start + i + (k + 0.5) * share
                text = f"{name}, place {ahead + 1}{note}"
                tiles[name].append((x, ahead, share, len(tied), text))


def _outline_marked(figure: go.Figure, panel: Mapping, start: float, theme: Theme) -> None:
    for i, ballot in enumerate(np.asarray(panel["place"])):
        if i in panel["marked"]:
            figure.add_shape(
                type="rect", x0=start + i + 0.02, x1=start + i + 0.98, y0=0,
                y1=-int((ballot >= 0).sum()),
                line={"color": theme.text, "width": 3.2 * theme.scale},
            )  # fmt: skip


def _order_layout(panel: Mapping, start: float) -> tuple[list[tuple[str, float, str]], float]:
    """Left end and hover text of each tile of the order, and the width of a tile."""
    order = panel["order"]
    count = sum(map(len, order))
    unit = max(len(panel["weight"]), MIN_ORDER_WIDTH) / (count + 0.3 * (len(order) - 1))
    unit = min(1.0, unit)
    tiles, x = [], start
    for place, tied in enumerate(order, 1):
        for name in tied:
            tiles.append((name, x, f"{name}: place {place} of the order"))
            x += unit
        x += 0.3 * unit
    return tiles, unit


def _add_order_signs(
    figure: go.Figure, order: Sequence, start: float, unit: float, m: int, theme: Theme
) -> None:
    """Outlines the winners of the order and writes ">" between its places."""
    x = start
    figure.add_shape(
        type="rect", x0=x, x1=x + unit * len(order[0]), y0=-m - 0.5, y1=-m - 1.5,
        line={"color": theme.text, "width": 2.4 * theme.scale},
    )  # fmt: skip
    figure.add_annotation(
        x=x, y=-m - 0.27, xanchor="left", font=theme.muted_font(12),
        text="elects" if len(order[0]) == 1 else "ties for first",
    )  # fmt: skip
    for tied in order[:-1]:
        x += unit * len(tied)
        figure.add_annotation(x=x + 0.15 * unit, y=-m - 1, text="&gt;", font=theme.muted_font(12))
        x += 0.3 * unit
