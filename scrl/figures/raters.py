"""The map of raters in the latent space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    hover,
    label,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.template import Theme


def latent_map(
    payload: Mapping, *, dark: bool = False, scale: float = 1.0, height: float = 330
) -> go.Figure:
    """Raters on the principal plane of their latents.

    Colour and symbol give the type; open marks are raters who left out the completion of
    ``marked_label``. Raters at one point are packed around it so that each is visible. Traces are
    SVG, since a page may exceed the browser's WebGL contexts.

    Args:
        payload: the ``latent`` part of a result file (``report.latent_map``): ``x``, ``y``,
            ``type`` and ``marked [raters]``, ``types``, ``marked_label``, ``unmarked_label`` and
            ``explained`` (shares of the variance).
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2)
    x, y = np.asarray(payload["x"], float), np.asarray(payload["y"], float)
    rater_type, marked = np.asarray(payload["type"], int), np.asarray(payload["marked"], bool)
    types = list(payload["types"])
    x, y = pack_points(np.stack([x, y], axis=1), marked, height).T
    for k in map(int, np.unique(rater_type)):
        for full in (False, True):
            own = (rater_type == k) & (marked == full)
            if own.any():
                name = types[k] if 0 <= k < len(types) else "raters"
                note = payload["marked_label" if full else "unmarked_label"]
                _add_raters(figure, x[own], y[own], k, name, note, full, theme)
    separate = _are_separate(x, y, rater_type)
    if not separate:
        _list_types_once(figure)
    if separate:
        _add_type_labels(figure, x, y, rater_type, types, theme)
    if payload["marked_label"]:  # inside the axes where a legend stands above them
        figure.add_annotation(
            x=0, y=1, xref="paper", yref="paper", xanchor="left",
            yanchor="bottom" if separate else "top", xshift=0 if separate else 6,
            yshift=8 * scale if separate else 0, font=theme.muted_font(13),
            bgcolor=with_alpha(theme.background),
            text=escape_html(f"● {payload['marked_label']}    ○ {payload['unmarked_label']}"),
        )  # fmt: skip
    explained = [*payload.get("explained", ()), 0, 0]
    for axis, values, share, ordinal in (
        ("xaxis", x, explained[0], "first"), ("yaxis", y, explained[1], "second"),
    ):  # fmt: skip
        low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
        pad = max(high - low, 1e-3) * 0.14
        percent = f" · {share:.0%} of the variance" if share else ""
        show_axis(figure, axis, f"{ordinal} principal component{percent}", line=True,
                  showticklabels=False, range=[low - pad, high + pad])  # fmt: skip
    top = 34 if payload["marked_label"] or not separate else 8
    figure.update_layout(
        showlegend=not separate and bool(types),
        legend={"x": 1, "xanchor": "right", "y": 1},
        margin={"l": 26 * scale, "r": 8, "t": top * scale, "b": 28 * scale},
    )
    return figure


def _add_raters(
    figure: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    position: int,
    name: str,
    note: str,
    full: bool,
    theme: Theme,
) -> None:
    """Raters of one type as full or open marks; ``note`` says what the marks mean."""
    tone = colour(position) if position >= 0 else theme.muted
    shape = symbol(max(position, 0))
    figure.add_scatter(
        x=x, y=y, mode="markers", name=f"{name}, {note}" if note else name, legendgroup=name,
        marker={
            "color": tone, "symbol": shape if full else f"{shape}-open",
            "size": 6.5 * theme.scale, "opacity": 0.85,
            "line": {"width": 0 if full else 1.4 * theme.scale, "color": tone},
        },
        hovertemplate=hover(escape_html(f"{name} rater" + (f", {note}" if note else ""))),
    )  # fmt: skip


def _list_types_once(figure: go.Figure) -> None:
    """The legend has one entry for each type, with a full mark where the type has one."""
    for trace in figure.data:
        trace.showlegend = False
    for trace in {trace.legendgroup: trace for trace in figure.data}.values():
        trace.update(showlegend=True, name=trace.legendgroup)


def _are_separate(x: np.ndarray, y: np.ndarray, rater_type: np.ndarray) -> bool:
    """Whether the types stand apart, so that labels beside them suffice."""
    known = np.unique(rater_type[rater_type >= 0])
    points = np.stack([x, y], 1)
    medians = [np.median(points[rater_type == k], axis=0) for k in known]
    middles = np.array(medians).reshape(-1, 2)
    gaps = np.linalg.norm(middles[:, None] - middles[None], axis=-1)
    gaps = gaps[np.triu_indices(len(known), 1)]
    spread = [points[rater_type == k].std(axis=0).mean() for k in known]
    return not len(gaps) or bool(gaps.min() > 2 * np.mean(spread))


def pack_points(
    points: np.ndarray, inside: np.ndarray, height: float, span: np.ndarray | None = None
) -> np.ndarray:
    """Move points at one place onto a sunflower spiral around it ``[points, 2]``.

    Args:
        points: ``[points, 2]``.
        inside: the points that stand inside the others of their place, bool ``[points]``.
        height: of the figure, in pixels.
        span: of the axes ``[2]``; by default that of the points.
    """
    if not len(points):
        return points
    x, y = points.T
    wide, high = np.maximum(np.ptp(points, axis=0) if span is None else span, 1e-3)
    cell = np.round(np.stack([x, y]) / max(wide, high) * 400).astype(int)
    _, inverse, count = np.unique(cell, axis=1, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    order = np.lexsort([~inside, inverse])
    turn = np.empty(len(x))
    turn[order] = np.arange(len(x)) - np.repeat(np.cumsum(count) - count, count)
    radius, angle = np.sqrt(turn) * (count[inverse] > 2), turn * np.pi * (3 - np.sqrt(5))
    step = 4.2 / height  # pixels
    moves = step * radius[:, None] * np.stack([0.7 * wide * np.cos(angle), high * np.sin(angle)], 1)
    return points + moves


def _add_type_labels(
    figure: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    rater_type: np.ndarray,
    types: Sequence[str],
    theme: Theme,
) -> None:
    """The name of each type above or below its raters, towards the middle of the map."""
    if not len(x):
        return
    middle = (y.min() + y.max()) / 2
    for k in map(int, np.unique(rater_type[rater_type >= 0])):
        own = rater_type == k
        centre_x, centre_y = np.median(x[own]), np.median(y[own])
        up = centre_y <= middle
        figure.add_annotation(
            x=centre_x, y=np.quantile(y[own], 0.88 if up else 0.12),
            yshift=(18 if up else -18) * theme.scale, text=label(types[k], bold=True),
            font=theme.font(13.5), bgcolor=with_alpha(theme.background), borderpad=1,
        )  # fmt: skip
