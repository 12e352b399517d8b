"""Pictures of a gap: the parts on the way from vanilla to the truth, and agreement by raters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import DASHES, SYMBOLS, blank, clear, colour, ink, safe


def waterfall(
    labels: Sequence[str],
    parts: Sequence[float],
    ends: tuple[str, str],
    whole: float,
    unit: str,
    *,
    interval: Sequence[tuple[float, float]] | None = None,
    rest: float = 0.0,
    number: str = ".2f",
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """From a first value down to a last one, a bar for each part.

    Args:
        parts: what each takes away; they add up to ``whole - rest``.
        ends: what the first and the last bar are.
        interval: the least and most of each part over orders of removal.
        rest: the last value.
    """
    shade = ink(dark)
    rows = len(labels) + 2
    figure = blank(dark, scale, (46 + 40 * rows) * scale)
    level = whole - np.concatenate([[0.0], np.cumsum(parts)])
    starts = np.array([0.0, *level[1:], 0.0])
    widths = np.array([whole, *np.asarray(parts, float), rest])
    tones = [shade["quiet"], *(colour(4) if x >= 0 else colour(0) for x in parts), colour(1)]
    text = [_signed(whole, number), *(_signed(x, f"+{number}") for x in parts),
            _signed(rest, number)]  # fmt: skip
    figure.add_bar(
        x=widths, base=starts, y=list(range(rows)), orientation="h", hoverinfo="skip",
        marker={"color": tones, "line": {"width": 0}},
    )  # fmt: skip
    low = min(0.0, float(np.min([*level, rest])))
    high = max(0.0, float(np.max([*level, whole])))
    pad = max(high - low, 1e-9)
    for y, label in enumerate(text):
        edge = max(starts[y], starts[y] + widths[y])
        figure.add_annotation(
            x=edge, y=y, text=f"<b>{label}</b>", showarrow=False, xanchor="left", xshift=6,
            font={"size": 14 * scale, "color": shade["text"]},
        )  # fmt: skip
        spread = interval[y - 1] if interval is not None and 0 < y < rows - 1 else (0.0, 0.0)
        if spread[1] - spread[0] > 1e-9:
            figure.add_annotation(
                x=edge, y=y, xanchor="left", xshift=62 * scale, showarrow=False,
                text=f"{_signed(spread[0], '+.2g')} to {_signed(spread[1], '+.2g')}",
                font={"size": 12 * scale, "color": shade["quiet"]},
            )  # fmt: skip
    for y in range(rows - 1):
        figure.add_shape(
            type="line", x0=level[min(y, len(parts))], x1=level[min(y, len(parts))], y0=y, y1=y + 1,
            line={"color": shade["quiet"], "width": 1, "dash": "dot"}, layer="below",
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    clear("xaxis", figure, range=[low - 0.04 * pad, high + 0.75 * pad], zeroline=True,
          zerolinecolor=shade["quiet"], title={"text": unit, "font": quiet})  # fmt: skip
    ticks = [f"<b>{safe(ends[0])}</b>", *map(safe, labels), f"<b>{safe(ends[1])}</b>"]
    clear("yaxis", figure, range=[rows - 0.4, -0.6], showticklabels=True,
          tickvals=list(range(rows)), ticktext=ticks,
          tickfont={"size": 14 * scale, "color": shade["text"]})  # fmt: skip
    widest = max(len(x) for x in (*labels, *ends))
    figure.update_layout(
        bargap=0.3, margin={"l": (16 + 6.9 * widest) * scale, "r": 8, "t": 8, "b": 34 * scale}
    )
    return figure


def _signed(value: float, number: str) -> str:
    """A number with a true minus sign, and none before nothing."""
    return f"{round(value, 9) + 0.0:{number}}".replace("-0.00", "0.00").replace("-", "−")


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
    shade = ink(dark)
    figure = blank(dark, scale, 340 * scale)
    counts = sorted({row["n"] for row in rows})
    for i, (source, title) in enumerate(titles.items()):
        mine = [row for row in rows if row["source"] == source]
        x = [row["n"] * 1.04 ** (i - len(titles) / 2) for row in mine]
        error = {"type": "data", "array": [row["error"] for row in mine], "thickness": 1.5,
                 "width": 4, "color": colour(i)} if value == "tau" else None  # fmt: skip
        figure.add_scatter(
            x=x, y=[row[value] for row in mine], mode="lines+markers", name=safe(title),
            error_y=error, cliponaxis=False,
            line={"color": colour(i), "width": 2.5 * scale, "dash": DASHES[i]},
            marker={"size": 10 * scale, "symbol": SYMBOLS[i], "color": colour(i)},
            hovertemplate=f"{safe(title)}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    span = [np.log10(counts[0]) - 0.08, np.log10(counts[-1]) + 0.08]
    clear("xaxis", figure, type="log", range=span, showticklabels=True, tickvals=counts,
          ticktext=[f"{n:,}" for n in counts], tickfont=quiet, showline=True,
          linecolor=shade["line"], title={"text": "raters", "font": quiet})  # fmt: skip
    low = min(0.0, *(row[value] for row in rows))
    name = "Kendall’s τ with the truth" if value == "tau" else "share of seeds exact"
    clear("yaxis", figure, range=[low - 0.03, 1.05], showticklabels=True, tickfont=quiet,
          tickformat=".1f", showgrid=True, gridcolor=shade["line"],
          title={"text": name, "font": quiet})  # fmt: skip
    figure.update_layout(
        showlegend=True, margin={"l": 64 * scale, "r": 16, "t": 44 * scale, "b": 52 * scale},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": quiet},
    )  # fmt: skip
    return figure


def shares_beside(
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Shares ``[names]`` of several populations: a row each, stacked to 1."""
    shade = ink(dark)
    figure = blank(dark, scale, (90 + 46 * len(series)) * scale)
    for i, name in enumerate(names):
        value = [values[i] for _, values in series]
        figure.add_bar(
            x=value, y=list(range(len(series))), orientation="h", name=safe(name),
            text=[f"{v:.0%}" if v >= 0.04 else "" for v in value], textposition="inside",
            insidetextanchor="middle", constraintext="none", textangle=0,
            textfont={"size": 13 * scale, "color": "#111111" if i in (2, 3, 5, 6) else "#FFFFFF"},
            marker={"color": colour(i), "line": {"color": shade["ground"], "width": 2}},
            hovertemplate=f"{safe(name)}: %{{x:.1%}}<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    clear("xaxis", figure, range=[0, 1], title={"text": unit, "font": quiet})
    clear("yaxis", figure, range=[len(series) - 0.5, -0.5], showticklabels=True,
          tickvals=list(range(len(series))), ticktext=[f"<b>{safe(t)}</b>" for t, _ in series],
          tickfont={"size": 14 * scale, "color": shade["text"]})  # fmt: skip
    widest = max(len(title) for title, _ in series)
    figure.update_layout(
        barmode="stack", bargap=0.3, showlegend=True,
        margin={"l": (20 + 8 * widest) * scale, "r": 8, "t": 36 * scale, "b": 34 * scale},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": quiet,
                "traceorder": "normal"},
    )  # fmt: skip
    return figure
