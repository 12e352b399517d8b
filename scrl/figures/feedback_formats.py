"""Formats of feedback: accuracy bought and its price; a learned reward with its spread."""

from __future__ import annotations

from collections.abc import Sequence

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
    with_alpha,
)


def accuracy_by_cost(
    series: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]],
    level: float,
    x_title: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Accuracy against what was paid, a line with its band a format, and the level asked for.

    Args:
        series: name, what was paid ``[numbers]``, mean accuracy and its standard error, same shape.
        x_title: what it is paid in.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, 330 * scale)
    for i, (_, x, mean, error) in enumerate(series):
        band = np.concatenate([mean + 2 * error, (mean - 2 * error)[::-1]])
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]), y=np.minimum(band, 1.0), fill="toself", mode="none",
            fillcolor=with_alpha(colour(i), 0.16), hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    for i, (name, x, mean, _) in enumerate(series):
        figure.add_scatter(
            x=x, y=mean, mode="lines+markers", name=escape_html(name), cliponaxis=False,
            line={"color": colour(i), "width": 2.4 * scale, "dash": DASHES[i]},
            marker={"size": 8 * scale, "symbol": SYMBOLS[i], "color": colour(i)},
            hovertemplate=f"{escape_html(name)}: %{{y:.1%}} at %{{x:,}}<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=level, line={"color": shade["quiet"], "width": 1.2 * scale, "dash": "dot"})
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    least, most = (f(f(x) for _, x, _, _ in series) for f in (min, max))
    ticks = [10**k for k in range(7) if least <= 10**k <= most]
    set_axis("xaxis", figure, type="log", range=[np.log10(least) - 0.06, np.log10(most) + 0.06],
          showticklabels=True, tickvals=ticks, ticktext=[f"{t:,}" for t in ticks], tickfont=quiet,
          showline=True, linecolor=shade["line"],
          title={"text": x_title, "font": quiet})  # fmt: skip
    low = min(float((mean - 2 * error).min()) for _, _, mean, error in series)
    set_axis(
        "yaxis",
        figure,
        range=[max(low, 0.0) - 0.02, 1.02],
        showticklabels=True,
        tickfont=quiet,
        tickformat=".0%",
        showgrid=True,
        gridcolor=shade["line"],
        title={"text": "pairs put in order rightly", "font": quiet},
    )
    figure.update_layout(
        showlegend=True, margin={"l": 64 * scale, "r": 16, "t": 44 * scale, "b": 48 * scale},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": quiet},
    )  # fmt: skip
    return figure


def relative_costs(
    rows: Sequence[tuple[str, float, float, float, str]],
    x_title: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Ratios to one format as dots with intervals, a row each.

    Args:
        rows: name, ratio, the ends of its interval, NaN where unknown, and what to write beside it.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, (64 + 36 * len(rows)) * scale)
    ends = [v for row in rows for v in row[1:4] if np.isfinite(v)]
    least, most = min([*ends, 0.5]), 1.3 * max([*ends, 1.6])
    figure.add_vline(x=1, line={"color": shade["quiet"], "width": 1.2 * scale, "dash": "dot"})
    for i, (_, ratio, low, high, text) in enumerate(rows):
        if np.isfinite(ratio):
            low = low if np.isfinite(low) else least
            high = high if np.isfinite(high) else most
            figure.add_scatter(
                x=[low, high], y=[i, i], mode="lines", hoverinfo="skip",
                line={"color": colour(i), "width": 3 * scale},
            )  # fmt: skip
            figure.add_scatter(
                x=[ratio], y=[i], mode="markers",
                hovertemplate=f"{ratio:.2f}, from {low:.2f} to {high:.2f}<extra></extra>",
                marker={"size": 12 * scale, "symbol": SYMBOLS[i], "color": colour(i)},
            )  # fmt: skip
        figure.add_annotation(
            x=1, xref="paper", y=i, xanchor="left", xshift=6, showarrow=False,
            text=f"<b>{escape_html(text)}</b>",
            font={"size": 14 * scale, "color": shade["text"]},
        )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if least <= t <= most]
    set_axis("xaxis", figure, type="log", range=[np.log10(least) - 0.05, np.log10(most) + 0.05],
          showticklabels=True, tickvals=ticks, ticktext=[f"{t:g}" for t in ticks], tickfont=quiet,
          showgrid=True, gridcolor=shade["line"],
          title={"text": x_title, "font": quiet, "standoff": 4 * scale})  # fmt: skip
    set_axis("yaxis", figure, range=[len(rows) - 0.5, -0.5], showticklabels=True,
          tickvals=list(range(len(rows))), ticktext=[escape_html(name) for name, *_ in rows],
          tickfont={"size": 14 * scale, "color": shade["text"]})  # fmt: skip
    widest = max(len(name) for name, *_ in rows)
    figure.update_layout(
        margin={"l": (14 + 7.6 * widest) * scale, "r": 66 * scale, "t": 6, "b": 46 * scale}
    )
    return figure


def reward_with_spread(
    a: np.ndarray,
    reward: np.ndarray,
    spread: np.ndarray,
    truths: Sequence[tuple[str, np.ndarray]],
    edge: float,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A learned reward by alternative, its spread on both sides, and lines to compare it with.

    Args:
        a: alternatives ``[alternatives]``; reward, spread: same shape, spread 0 where there is
            none; truths: name and values, likewise.
        edge: from where on context is hidden.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, 330 * scale)
    if spread.any():
        figure.add_scatter(
            x=np.concatenate([a, a[::-1]]),
            y=np.concatenate([reward + spread, (reward - spread)[::-1]]),
            fill="toself", mode="none", fillcolor=with_alpha(colour(0), 0.18), hoverinfo="skip",
            name="one spread on each side",
        )  # fmt: skip
    figure.add_vrect(x0=edge, x1=1, fillcolor=with_alpha(colour(4), 0.09), line_width=0)
    figure.add_annotation(
        x=(edge + 1) / 2, y=0, yref="paper", yanchor="bottom", showarrow=False,
        text="hidden context",
        font={"size": 12.5 * scale, "color": shade["quiet"]},
    )  # fmt: skip
    for i, (name, values) in enumerate(truths, 1):
        figure.add_scatter(
            x=a, y=values, mode="lines", name=escape_html(name), hoverinfo="skip",
            line={"color": colour(i), "width": 2 * scale, "dash": DASHES[i]},
        )  # fmt: skip
    figure.add_scatter(
        x=a, y=reward, mode="lines+markers", name="learned reward",
        line={"color": colour(0), "width": 2.2 * scale}, marker={"size": 6 * scale},
        hovertemplate="a = %{x:.2f}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    set_axis("xaxis", figure, range=[0, 1], showticklabels=True, tickfont=quiet, showline=True,
          linecolor=shade["line"], title={"text": "alternative a", "font": quiet})  # fmt: skip
    set_axis("yaxis", figure, showticklabels=True, tickfont=quiet, showgrid=True,
          gridcolor=shade["line"], nticks=6,
          title={"text": "reward, in the model’s own units", "font": quiet})  # fmt: skip
    figure.update_layout(
        showlegend=True, margin={"l": 64 * scale, "r": 12, "t": 44 * scale, "b": 48 * scale},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": quiet},
    )  # fmt: skip
    return figure
