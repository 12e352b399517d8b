"""What many runs found: agreement by the number of raters, shares side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    DASHES,
    SYMBOLS,
    base_figure,
    colour,
    escape_html,
    set_axis,
    theme_colours,
)


def agreement_by_raters(
    rows: Sequence[Mapping],
    titles: Mapping[str, str],
    value: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Agreement with the truth against the number of raters, a line a source.

    Args:
        rows: of ``studies.summary``.
        titles: source -> its name; in this order.
        value: ``"tau"``, with a standard error on each side, or ``"exact"``.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, 340 * scale)
    counts = sorted({row["n"] for row in rows})
    for i, (source, title) in enumerate(titles.items()):
        mine = [row for row in rows if row["source"] == source]
        x = [row["n"] * 1.04 ** (i - len(titles) / 2) for row in mine]
        error = {"type": "data", "array": [row["error"] for row in mine], "thickness": 1.5,
                 "width": 4, "color": colour(i)} if value == "tau" else None  # fmt: skip
        figure.add_scatter(
            x=x, y=[row[value] for row in mine], mode="lines+markers", name=escape_html(title),
            error_y=error, cliponaxis=False,
            line={"color": colour(i), "width": 2.5 * scale, "dash": DASHES[i]},
            marker={"size": 10 * scale, "symbol": SYMBOLS[i], "color": colour(i)},
            hovertemplate=f"{escape_html(title)}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    span = [np.log10(counts[0]) - 0.08, np.log10(counts[-1]) + 0.08]
    set_axis("xaxis", figure, type="log", range=span, showticklabels=True, tickvals=counts,
          ticktext=[f"{n:,}" for n in counts], tickfont=quiet, showline=True,
          linecolor=shade["line"], title={"text": "raters", "font": quiet})  # fmt: skip
    low = min(0.0, *(row[value] for row in rows))
    name = "Kendall’s τ with the truth" if value == "tau" else "share of seeds exact"
    set_axis("yaxis", figure, range=[low - 0.03, 1.05], showticklabels=True, tickfont=quiet,
          tickformat=".1f", showgrid=True, gridcolor=shade["line"],
          title={"text": name, "font": quiet})  # fmt: skip
    figure.update_layout(
        showlegend=True, margin={"l": 64 * scale, "r": 16, "t": 44 * scale, "b": 52 * scale},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": quiet},
    )  # fmt: skip
    return figure


def stacked_shares(
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Shares ``[names]`` of several populations: a row each, stacked to 1."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, (90 + 46 * len(series)) * scale)
    for i, name in enumerate(names):
        value = [values[i] for _, values in series]
        figure.add_bar(
            x=value, y=list(range(len(series))), orientation="h", name=escape_html(name),
            text=[f"{v:.0%}" if v >= 0.04 else "" for v in value], textposition="inside",
            insidetextanchor="middle", constraintext="none", textangle=0,
            textfont={"size": 13 * scale, "color": "#111111" if i in (2, 3, 5, 6) else "#FFFFFF"},
            marker={"color": colour(i), "line": {"color": shade["ground"], "width": 2}},
            hovertemplate=f"{escape_html(name)}: %{{x:.1%}}<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    set_axis("xaxis", figure, range=[0, 1], title={"text": unit, "font": quiet})
    set_axis(
        "yaxis",
        figure,
        range=[len(series) - 0.5, -0.5],
        showticklabels=True,
        tickvals=list(range(len(series))),
        ticktext=[f"<b>{escape_html(t)}</b>" for t, _ in series],
        tickfont={"size": 14 * scale, "color": shade["text"]},
    )
    widest = max(len(title) for title, _ in series)
    figure.update_layout(
        barmode="stack", bargap=0.3, showlegend=True,
        margin={"l": (20 + 8 * widest) * scale, "r": 8, "t": 36 * scale, "b": 34 * scale},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": quiet,
                "traceorder": "normal"},
    )  # fmt: skip
    return figure
