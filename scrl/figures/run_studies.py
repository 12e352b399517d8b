"""Results of many runs: agreement by the number of raters, shares side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    dash,
    escape_html,
    hover,
    label_rows,
    label_width,
    show_axis,
    symbol,
)
from scrl.figures.template import Theme
from scrl.figures.tiles import text_colour_on


def agreement_by_raters(
    rows: Sequence[Mapping],
    titles: Mapping[str, str],
    value: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Agreement with the truth against the number of raters, a line for each source.

    Args:
        rows: of ``data_efficiency.summarise``.
        titles: source -> its name, in order.
        value: ``"tau"``, with a standard error on each side, or ``"exact"``.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, 340 * scale, showlegend=True)
    counts = sorted({row["n"] for row in rows})
    for i, (source, title) in enumerate(titles.items()):
        own = [row for row in rows if row["source"] == source]
        error = {"type": "data", "array": [row["error"] for row in own], "thickness": 1.5,
                 "width": 4, "color": colour(i)} if value == "tau" else None  # fmt: skip
        figure.add_scatter(
            # Shifted a little, so that error bars of two sources do not overlap.
            x=[row["n"] * 1.04 ** (i - len(titles) / 2) for row in own],
            y=[row[value] for row in own], mode="lines+markers", name=escape_html(title),
            error_y=error, cliponaxis=False,
            line={"color": colour(i), "width": 2.5 * scale, "dash": dash(i)},
            marker={"size": 10 * scale, "symbol": symbol(i), "color": colour(i)},
            hovertemplate=hover(f"{escape_html(title)}: %{{y:.2f}}"),
        )  # fmt: skip
    show_axis(figure, "xaxis", "raters", line=True, type="log", tickvals=counts,
              range=[np.log10(counts[0]) - 0.08, np.log10(counts[-1]) + 0.08],
              ticktext=[f"{n:,}" for n in counts])  # fmt: skip
    low = min(0.0, *(row[value] for row in rows))
    title = "Kendall’s τ with the truth" if value == "tau" else "share of seeds exact"
    show_axis(figure, "yaxis", title, grid=True, range=[low - 0.03, 1.05], tickformat=".1f")
    figure.update_layout(margin={"l": 64 * scale, "r": 16, "t": 44 * scale, "b": 52 * scale})
    return figure


def stacked_shares(
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Shares in several populations, stacked to 1, a row for each population.

    Args:
        names: of the shares.
        series: name of the population and its shares ``[names]``.
        unit: title of the axis.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, (90 + 46 * len(series)) * scale, showlegend=True)
    for i, name in enumerate(names):
        values = [shares[i] for _, shares in series]
        figure.add_bar(
            x=values, y=list(range(len(series))), orientation="h", name=escape_html(name),
            text=[f"{v:.0%}" if v >= 0.04 else "" for v in values], textposition="inside",
            insidetextanchor="middle", constraintext="none", textangle=0,
            textfont=theme.font(13, text_colour_on(colour(i))),
            marker={"color": colour(i), "line": {"color": theme.background, "width": 2}},
            hovertemplate=hover(f"{escape_html(name)}: %{{x:.1%}}"),
        )  # fmt: skip
    titles = [title for title, _ in series]
    show_axis(figure, "xaxis", unit, range=[0, 1], showticklabels=False)
    label_rows(figure, [f"<b>{escape_html(t)}</b>" for t in titles], theme, size=14)
    side = label_width(titles, theme, 14.5)  # bold type is wider
    figure.update_layout(
        barmode="stack", bargap=0.3, legend_traceorder="normal",
        margin={"l": side, "r": 8, "t": 36 * scale, "b": 34 * scale},
    )  # fmt: skip
    return figure
