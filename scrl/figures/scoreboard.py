"""Reward models side by side: how many of the pairs they were not shown they order rightly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from scrl.figures.base import SYMBOLS, base_figure, colour, escape_html, set_axis, theme_colours

#: What a row has marks of: key in it, name, symbol.
PAIRS = (("accuracy", "all pairs", "circle"), ("disputed", "disputed pairs", "diamond"))


def pair_accuracy(
    rows: Sequence[Mapping],
    titles: Mapping[str, str],
    limits: Mapping[str, float | None],
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Accuracy of each model on all and on disputed pairs, with intervals.

    Args:
        rows: of ``scoreboard.summary``.
        titles: model -> its name.
        limits: ``one`` and ``disputed``: the most that one order for everybody can have right of
            either, drawn as lines; what is missing or None is not drawn.
    """
    shade = theme_colours(dark)
    figure = _rows(rows, titles, dark, scale)
    tones = {"accuracy": shade["text"], "disputed": colour(4)}
    for i, (key, name, symbol) in enumerate(PAIRS):
        some = [(y, row[key]) for y, row in enumerate(rows) if row[key][0] is not None]
        if not some:
            continue
        figure.add_scatter(
            x=[v[0] for _, v in some], y=[y + 0.16 * (2 * i - 1) for y, _ in some],
            mode="markers", name=name, cliponaxis=False,
            marker={"size": 11 * scale, "symbol": symbol, "color": tones[key]},
            error_x={
                "type": "data", "symmetric": False, "thickness": 1.6, "width": 4 * scale,
                "color": tones[key], "array": [v[2] - v[0] for _, v in some],
                "arrayminus": [v[0] - v[1] for _, v in some],
            },
            hovertemplate=f"{name}: %{{x:.1%}}<extra></extra>",
        )  # fmt: skip
        limit = limits.get("one" if key == "accuracy" else "disputed")
        if limit is not None:
            figure.add_scatter(
                x=[limit, limit], y=[-0.5, len(rows) - 0.5], mode="lines", hoverinfo="skip",
                name=f"the most one order can have, {name}",
                line={"color": tones[key], "width": 1.6, "dash": "dash" if i else "dot"},
            )  # fmt: skip
    return figure


def accuracy_by_type(
    rows: Sequence[Mapping],
    titles: Mapping[str, str],
    types: Sequence[str],
    key: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Accuracy of each model for each type of rater; ``key``: ``"by_type"`` or
    ``"disputed_by_type"``."""
    figure = _rows(rows, titles, dark, scale)
    for t, name in enumerate(types):
        some = [(y, row[key][t]) for y, row in enumerate(rows) if row[key][t] is not None]
        step = 0.5 * (t - (len(types) - 1) / 2) / max(len(types), 2)
        figure.add_scatter(
            x=[v for _, v in some],
            y=[y + step for y, _ in some],
            mode="markers",
            name=escape_html(name),
            cliponaxis=False,
            marker={"size": 11 * scale, "symbol": SYMBOLS[t % len(SYMBOLS)], "color": colour(t)},
            hovertemplate=f"{escape_html(name)}: %{{x:.1%}}<extra></extra>",
        )
    return figure


def _rows(rows, titles, dark: bool, scale: float) -> go.Figure:
    """A row a model, from nothing right to everything."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, (120 + 44 * len(rows)) * scale)
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    set_axis("xaxis", figure, range=[-0.02, 1.02], showticklabels=True, tickfont=quiet,
          tickformat=".0%", dtick=0.25, showgrid=True, gridcolor=shade["line"],
          title={"text": "pairs ordered rightly", "font": quiet, "standoff": 4})  # fmt: skip
    names = [escape_html(titles[row["model"]]) for row in rows]
    set_axis("yaxis", figure, range=[len(rows) - 0.5, -0.5], showticklabels=True, ticktext=names,
          tickvals=list(range(len(rows))), showgrid=True, gridcolor=shade["line"],
          tickfont={"size": 14 * scale, "color": shade["text"]})  # fmt: skip
    widest = max(len(name) for name in names)
    figure.update_layout(
        showlegend=True,
        margin={"l": (18 + 7.6 * widest) * scale, "r": 16, "t": 56 * scale, "b": 46 * scale},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": quiet},
    )  # fmt: skip
    return figure
