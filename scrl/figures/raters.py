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
    short_labels,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.template import Theme

#: Pixels between neighbours of a spiral, and of the cells whose points count as at one place.
SPACING, CELL = 4.2, 1.5
#: Span of a map's axes over that of its points.
MARGIN = 1.2
#: Assumed width of the map in pixels; a wider or narrower page shows more or less beside it.
WIDTH = 560.0
#: A direction with less of the variance than this is not drawn: nothing is to be seen along it.
MIN_EXPLAINED = 0.005


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
    explained = [*payload.get("explained", ()), 0.0, 0.0][:2]
    if explained[0] and explained[1] < MIN_EXPLAINED:
        y = np.zeros_like(y)
    points = np.stack([x, y], axis=1)
    packed = points
    for _ in range(2):  # spirals need room, which makes a pixel longer
        _, unit = scaled_ranges(packed, WIDTH, 0.72 * height)
        packed = pack_points(points, marked, unit)
    ranges, _ = scaled_ranges(packed, WIDTH, 0.72 * height)
    x, y = packed.T
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
    set_map_axes(figure, ranges, direction_titles(explained))
    top = 34 if payload["marked_label"] or not separate else 8
    figure.update_layout(
        showlegend=not separate and bool(types),
        legend={"x": 1, "xanchor": "right", "y": 1},
        margin={"l": 26 * scale, "r": 8, "t": top * scale, "b": 28 * scale},
    )
    return figure


def direction_titles(explained: Sequence[float]) -> list[str]:
    """Titles of the axes of a map, by the share of the variance along each; "" for one along which
    nothing is to be seen."""
    if not any(explained):
        return [f"direction {i + 1}" for i in range(len(explained))]
    return [
        f"direction {i + 1}: {share:.0%} of the differences" if share >= MIN_EXPLAINED else ""
        for i, share in enumerate(explained)
    ]


def set_map_axes(figure: go.Figure, ranges: np.ndarray, titles: Sequence[str]) -> None:
    """Axes of one scale with these ranges ``[2, 2]``; one without a title has no line."""
    for axis, span, title in zip(("xaxis", "yaxis"), ranges, titles, strict=False):
        show_axis(figure, axis, title, line=bool(title), showticklabels=False, range=span.tolist())
    figure.update_yaxes(scaleanchor="x", scaleratio=1)


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


def pack_points(points: np.ndarray, inside: np.ndarray, unit: float) -> np.ndarray:
    """Move points at one place onto a sunflower spiral around it ``[points, 2]``.

    Args:
        points: ``[points, 2]``.
        inside: the points that stand inside the others of their place, bool ``[points]``.
        unit: length on both axes of one pixel.
    """
    if not len(points):
        return points
    cell = np.round(points.T / (CELL * unit)).astype(int)
    _, inverse, count = np.unique(cell, axis=1, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    order = np.lexsort([~inside, inverse])
    turn = np.empty(len(points))
    turn[order] = np.arange(len(points)) - np.repeat(np.cumsum(count) - count, count)
    radius, angle = np.sqrt(turn) * (count[inverse] > 2), turn * np.pi * (3 - np.sqrt(5))
    away = SPACING * unit * radius[:, None]
    return points + away * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def scaled_ranges(points: np.ndarray, width: float, height: float) -> tuple[np.ndarray, float]:
    """Ranges of two axes of one scale around points, and the length of a pixel.

    Args:
        points: ``[points, 2]``; width, height: of the map, in pixels.

    Returns:
        Lowest and highest value of both axes ``[2, 2]``, and the length on both of one pixel.
    """
    low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (np.zeros(2),) * 2
    size = np.array([width, height])
    unit = max(float((MARGIN * (high - low) / size).max()), 1e-5)
    middle, half = (low + high) / 2, unit * size / 2
    return np.stack([middle - half, middle + half], axis=1), unit


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
    middle, short = (y.min() + y.max()) / 2, short_labels(types)
    for k in map(int, np.unique(rater_type[rater_type >= 0])):
        own = rater_type == k
        centre_x, centre_y = np.median(x[own]), np.median(y[own])
        up = centre_y <= middle
        figure.add_annotation(
            x=centre_x, y=np.quantile(y[own], 0.88 if up else 0.12),
            yshift=(18 if up else -18) * theme.scale, text=f"<b>{escape_html(short[k])}</b>",
            font=theme.font(13.5), bgcolor=with_alpha(theme.background), borderpad=1,
        )  # fmt: skip
