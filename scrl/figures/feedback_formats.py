"""Formats of feedback: accuracy and cost, and a learned reward with its spread."""

from __future__ import annotations

from collections.abc import Sequence

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
    with_alpha,
)
from scrl.figures.template import Theme


def accuracy_by_cost(
    series: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]],
    target: float,
    x_title: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Accuracy against cost on a logarithmic axis, a line with a band for each format.

    Args:
        series: name, cost ``[points]``, mean accuracy and its standard error, same shape; the band
            is two standard errors on each side.
        target: the accuracy at which a dotted line is drawn.
        x_title: unit of the cost.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, 330 * scale, showlegend=True)
    for i, (_, x, mean, error) in enumerate(series):
        band = np.concatenate([mean + 2 * error, (mean - 2 * error)[::-1]])
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]), y=np.minimum(band, 1.0), fill="toself", mode="none",
            fillcolor=with_alpha(colour(i), 0.16), hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    for i, (name, x, mean, _) in enumerate(series):
        figure.add_scatter(
            x=x, y=mean, mode="lines+markers", name=escape_html(name), cliponaxis=False,
            line={"color": colour(i), "width": 2.4 * scale, "dash": dash(i)},
            marker={"size": 8 * scale, "symbol": symbol(i), "color": colour(i)},
            hovertemplate=hover(f"{escape_html(name)}: %{{y:.1%}} at %{{x:,}}"),
        )  # fmt: skip
    figure.add_hline(y=target, line={"color": theme.muted, "width": 1.2 * scale, "dash": "dot"})
    low, high = (f(f(x) for _, x, _, _ in series) for f in (min, max))
    ticks = [10**k for k in range(7) if low <= 10**k <= high]
    show_axis(figure, "xaxis", x_title, line=True, type="log", tickvals=ticks,
              range=[np.log10(low) - 0.06, np.log10(high) + 0.06],
              ticktext=[f"{t:,}" for t in ticks])  # fmt: skip
    bottom = min(float((mean - 2 * error).min()) for _, _, mean, error in series)
    show_axis(figure, "yaxis", "pairs put in order rightly", grid=True, tickformat=".0%",
              range=[max(bottom, 0.0) - 0.02, 1.02])  # fmt: skip
    figure.update_layout(margin={"l": 64 * scale, "r": 16, "t": 44 * scale, "b": 48 * scale})
    return figure


def relative_costs(
    rows: Sequence[tuple[str, float, float, float, str]],
    x_title: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Cost of each format relative to another, with intervals, on a logarithmic axis.

    Args:
        rows: name, ratio, ends of its interval (NaN where unknown), and the text beside it.
        x_title: what the ratios are of.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, (64 + 36 * len(rows)) * scale)
    ends = [v for row in rows for v in row[1:4] if np.isfinite(v)]
    left, right = min([*ends, 0.5]), 1.3 * max([*ends, 1.6])
    figure.add_vline(x=1, line={"color": theme.muted, "width": 1.2 * scale, "dash": "dot"})
    for i, (_, ratio, low, high, text) in enumerate(rows):
        if np.isfinite(ratio):
            low = low if np.isfinite(low) else left
            high = high if np.isfinite(high) else right
            figure.add_scatter(
                x=[low, high], y=[i, i], mode="lines", hoverinfo="skip",
                line={"color": colour(i), "width": 3 * scale},
            )  # fmt: skip
            figure.add_scatter(
                x=[ratio], y=[i], mode="markers",
                hovertemplate=hover(f"{ratio:.2f}, from {low:.2f} to {high:.2f}"),
                marker={"size": 12 * scale, "symbol": symbol(i), "color": colour(i)},
            )  # fmt: skip
        figure.add_annotation(
            x=1, xref="paper", y=i, xanchor="left", xshift=6, font=theme.font(14),
            text=f"<b>{escape_html(text)}</b>",
        )  # fmt: skip
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if left <= t <= right]
    show_axis(figure, "xaxis", x_title, grid=True, type="log", tickvals=ticks,
              range=[np.log10(left) - 0.05, np.log10(right) + 0.05],
              ticktext=[f"{t:g}" for t in ticks])  # fmt: skip
    names = [name for name, *_ in rows]
    label_rows(figure, [escape_html(name) for name in names], theme, size=14)
    side = label_width(names, theme, 14)
    figure.update_layout(margin={"l": side, "r": 66 * scale, "t": 6, "b": 46 * scale})
    return figure


def reward_with_spread(
    alternatives: np.ndarray,
    reward: np.ndarray,
    spread: np.ndarray,
    references: Sequence[tuple[str, np.ndarray]],
    hidden_from: float,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A learned reward by alternative, its spread, and lines to compare it with.

    Args:
        alternatives: ``[alternatives]``, between 0 and 1.
        reward: same shape.
        spread: of the reward on each side, same shape, 0 where there is none.
        references: name and values of each line, same shape.
        hidden_from: the alternative from which on context is hidden.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, 330 * scale, showlegend=True)
    if spread.any():
        figure.add_scatter(
            x=np.concatenate([alternatives, alternatives[::-1]]),
            y=np.concatenate([reward + spread, (reward - spread)[::-1]]),
            fill="toself", mode="none", fillcolor=with_alpha(colour(0), 0.18), hoverinfo="skip",
            name="one spread on each side",
        )  # fmt: skip
    figure.add_vrect(x0=hidden_from, x1=1, fillcolor=with_alpha(colour(4), 0.09), line_width=0)
    figure.add_annotation(
        x=(hidden_from + 1) / 2, y=0, yref="paper", yanchor="bottom", text="hidden context",
        font=theme.muted_font(),
    )  # fmt: skip
    for i, (name, values) in enumerate(references, 1):
        figure.add_scatter(
            x=alternatives, y=values, mode="lines", name=escape_html(name), hoverinfo="skip",
            line={"color": colour(i), "width": 2 * scale, "dash": dash(i)},
        )  # fmt: skip
    figure.add_scatter(
        x=alternatives, y=reward, mode="lines+markers", name="learned reward",
        line={"color": colour(0), "width": 2.2 * scale}, marker={"size": 6 * scale},
        hovertemplate=hover("a = %{x:.2f}: %{y:.2f}"),
    )  # fmt: skip
    show_axis(figure, "xaxis", "answer a", line=True, range=[0, 1])
    show_axis(figure, "yaxis", "reward, in the model’s own units", grid=True, nticks=6)
    figure.update_layout(margin={"l": 64 * scale, "r": 12, "t": 44 * scale, "b": 48 * scale})
    return figure
