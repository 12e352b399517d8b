"""Held-out pair accuracy of reward models side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    label_width,
    show_axis,
    symbol,
)
from scrl.figures.template import Theme

#: Key of a row, its name in the legend, its symbol.
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
        rows: of ``scoreboard.run``.
        titles: model -> its name.
        limits: ``one`` and ``disputed``: highest accuracy of a single order on all and on disputed
            pairs, drawn as lines; not drawn if missing or None.
    """
    theme = Theme(dark, scale)
    figure = _model_rows(rows, titles, theme)
    tones = {"accuracy": theme.text, "disputed": colour(4)}
    for i, (key, name, shape) in enumerate(PAIRS):
        known = [(y, row[key]) for y, row in enumerate(rows) if row[key][0] is not None]
        if not known:
            continue
        figure.add_scatter(
            x=[v[0] for _, v in known], y=[y + 0.16 * (2 * i - 1) for y, _ in known],
            mode="markers", name=name, cliponaxis=False,
            marker={"size": 11 * scale, "symbol": shape, "color": tones[key]},
            error_x={
                "type": "data", "symmetric": False, "thickness": 1.6, "width": 4 * scale,
                "color": tones[key], "array": [v[2] - v[0] for _, v in known],
                "arrayminus": [v[0] - v[1] for _, v in known],
            },
            hovertemplate=hover(f"{name}: %{{x:.1%}}"),
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
    """Accuracy of each model for each rater type.

    Args:
        rows, titles: as for ``pair_accuracy``.
        types: names of the types.
        key: ``"by_type"`` or ``"disputed_by_type"``.
    """
    figure = _model_rows(rows, titles, Theme(dark, scale))
    for t, name in enumerate(types):
        known = [(y, row[key][t]) for y, row in enumerate(rows) if row[key][t] is not None]
        shift = 0.5 * (t - (len(types) - 1) / 2) / max(len(types), 2)
        figure.add_scatter(
            x=[v for _, v in known], y=[y + shift for y, _ in known], mode="markers",
            name=escape_html(name), cliponaxis=False,
            marker={"size": 11 * scale, "symbol": symbol(t), "color": colour(t)},
            hovertemplate=hover(f"{escape_html(name)}: %{{x:.1%}}"),
        )  # fmt: skip
    return figure


def _model_rows(rows: Sequence[Mapping], titles: Mapping[str, str], theme: Theme) -> go.Figure:
    """A row for each model over an axis of accuracy."""
    scale = theme.scale
    figure = base_figure(theme, (120 + 44 * len(rows)) * scale, showlegend=True)
    show_axis(figure, "xaxis", "pairs ordered rightly", grid=True, range=[-0.02, 1.02],
              tickformat=".0%", dtick=0.25)  # fmt: skip
    names = [titles[row["model"]] for row in rows]
    label_rows(figure, [escape_html(name) for name in names], theme, size=14, grid=True)
    side = label_width(names, theme, 14)
    figure.update_layout(margin={"l": side, "r": 16, "t": 56 * scale, "b": 46 * scale})
    return figure
