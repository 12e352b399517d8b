"""What is inferred about those who never said it, and how surely."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from scrl.figures.base import base_figure, colour, escape_html, theme_colours, truncate


def inferred_pairs(
    sure: Sequence[tuple[str, str, float]],
    kind: int = 0,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """The chance of each inferred comparison, a row a pair, on an axis from even to certain.

    Args:
        sure: above, below and the chance, ½ or more.
        kind: position of the type that is spoken for, for its colour.
    """
    shade = theme_colours(dark)
    rows = sorted(sure, key=lambda pair: pair[2])
    names = [f"{escape_html(truncate(a, 16))} ≻ {escape_html(truncate(b, 16))}" for a, b, _ in rows]
    chances = [100 * chance for *_, chance in rows]
    figure = base_figure(dark, scale, (64 + 26 * len(rows)) * scale)
    for y, chance in enumerate(chances):
        figure.add_shape(
            type="line", x0=50, x1=chance, y0=y, y1=y,
            line={"color": colour(kind), "width": 3 * scale},
        )  # fmt: skip
    figure.add_scatter(
        x=chances, y=list(range(len(rows))), mode="markers+text",
        text=[f"{chance:.0f} %" for chance in chances], textposition="middle right",
        textfont={"size": 12.5 * scale, "color": shade["text"]},
        marker={"size": 11 * scale, "color": colour(kind)}, cliponaxis=False,
        hovertemplate=[f"{name}: %{{x:.1f}} %<extra></extra>" for name in names],
    )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    longest = max((len(name) for name in names), default=0)
    figure.update_layout(
        xaxis={"range": [50, 104], "tickvals": [50, 75, 100], "tickfont": quiet, "fixedrange": True,
               "ticktext": ["even", "75 %", "certain"], "gridcolor": shade["line"],
               "zeroline": False},
        yaxis={"tickvals": list(range(len(rows))), "ticktext": names, "showgrid": False,
               "zeroline": False, "fixedrange": True, "tickfont": {"size": 13.5 * scale},
               "range": [-0.6, len(rows) - 0.4]},
        margin={"l": (18 + 7.4 * longest) * scale, "r": 44 * scale, "t": 6, "b": 30 * scale},
    )  # fmt: skip
    return figure
