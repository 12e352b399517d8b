"""Curves with their names at their ends."""

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
    theme_colours,
    truncate,
    with_alpha,
)


def labelled_curves(
    x: np.ndarray,
    series: Sequence[tuple[str, np.ndarray, int]],
    *,
    at: float | None = None,
    here: Sequence[float] | None = None,
    x_title: str = "",
    y_title: str = "",
    percent: bool = False,
    log: str = "",
    number: str = ".3f",
    below: bool = False,
    y_range: tuple[float, float] | None = None,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Curves, each with its name at its end, and where a slider stands on them.

    Args:
        x: ``[points]``, rising.
        series: name, values ``[points]`` (NaN leaves a gap) and position, which gives the colour,
            the symbol and the dash.
        at: where the slider stands; here: the values there ``[series]``, interpolated where None.
        percent: x is a share.
        log: the axes that are logarithmic, ``"x"``, ``"y"`` or both.
        number: how values are written.
        below: shade what lies below 0.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    x = np.asarray(x, float)
    values = np.concatenate([np.asarray(y, float) for _, y, _ in series])
    low, high = y_range or _padded(values, "y" in log)
    for name, y, i in series:
        y = np.asarray(y, float)
        figure.add_scatter(
            x=x, y=y, mode="lines", name=escape_html(name), connectgaps=False,
            line={"color": colour(i), "width": 2.4 * scale, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=f"{escape_html(name)} %{{y:{number}}}<extra></extra>",
        )  # fmt: skip
    if at is not None:
        figure.add_vline(x=at, line={"color": shade["quiet"], "width": 1.2 * scale, "dash": "dot"})
        if here is None:
            here = [float(np.interp(at, x, np.asarray(y, float))) for _, y, _ in series]
        for value, (_, _, i) in zip(here, series, strict=True):
            figure.add_scatter(
                x=[at], y=[value], mode="markers", hoverinfo="skip",
                marker={"color": colour(i), "symbol": SYMBOLS[i % len(SYMBOLS)],
                        "size": 10 * scale, "line": {"color": shade["ground"], "width": scale}},
            )  # fmt: skip
    if below and low < 0:
        figure.add_hrect(y0=low, y1=0, fillcolor=with_alpha(colour(4), 0.12), line_width=0)
    side = 0.015 * (x[-1] - x[0])  # so that a mark at the end is whole
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "tickfont": quiet,
            "nticks": 6}  # fmt: skip
    figure.update_layout(
        xaxis={**axis, "showline": True, "linecolor": shade["line"],
               "title": {"text": x_title, "font": quiet, "standoff": 4 * scale},
               "tickformat": ".0%" if percent else "", "type": "log" if "x" in log else "linear",
               "range": [float(v) for v in (np.log10([x[0], x[-1]]) if "x" in log else
                                            (x[0] - side, x[-1] + side))]},
        yaxis={**axis, "showgrid": True, "gridcolor": shade["line"],
               "zeroline": low < 0 < high, "zerolinecolor": shade["quiet"],
               "title": {"text": y_title, "font": quiet, "standoff": 4 * scale},
               "type": "log" if "y" in log else "linear",
               "range": list(np.log10([low, high])) if "y" in log else [low, high]},
    )  # fmt: skip
    if "x" in log:
        figure.update_xaxes(dtick=1)
    longest = max(len(truncate(name)) for name, _, _ in series)
    margin = {"l": 58, "r": 14 + 7.4 * (longest + 2), "t": 10, "b": 44}
    figure.update_layout(margin={side: value * scale for side, value in margin.items()})
    _end_labels(figure, series, (low, high), "y" in log, scale, height - 54, shade)
    return figure


def _padded(values: np.ndarray, log: bool) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if log:
        return low / 1.15, high * 1.15
    pad = 0.06 * max(high - low, 1e-9)
    return low - pad, high + pad


def _end_labels(figure, series, span, log, scale, pixels, shade) -> None:
    """Names at the ends of curves, moved apart where they would overlap."""
    low, high = np.log(span) if log else span
    ends = []
    for name, y, i in series:
        known = np.asarray(y, float)
        known = known[np.isfinite(known)]
        if len(known):
            end = np.log(known[-1]) if log else known[-1]
            ends.append([float((end - low) / (high - low)), name, i])
    ends.sort()
    gap = 17 / pixels
    for k in range(1, len(ends)):
        ends[k][0] = max(ends[k][0], ends[k - 1][0] + gap)
    over = ends[-1][0] - 1 if ends else 0
    for k in range(len(ends) - 1, -1, -1):
        if over > 0:
            limit = 1 if k == len(ends) - 1 else ends[k + 1][0] - gap
            ends[k][0] = min(ends[k][0], limit)
    for y, name, i in ends:
        if not name:
            continue
        figure.add_annotation(
            x=1, xref="paper", y=y, yref="paper", xanchor="left", yanchor="middle", xshift=5,
            showarrow=False, font={"size": 13 * scale, "color": shade["text"]},
            text=f"<span style='color:{colour(i)}'>●</span> {escape_html(truncate(name))}",
        )  # fmt: skip
