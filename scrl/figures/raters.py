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
from scrl.figures.label_places import PlacedLabel, place_labels
from scrl.figures.template import Theme

#: Pixels between neighbours of a spiral, and of the cells whose points count as at one place.
SPACING, CELL = 4.2, 1.5
#: The same where groups that lie near each other need smaller spirals, the widest first.
SPACINGS = (SPACING, 3.4, 2.8, 2.2)
#: How many times smaller than the map the raters are drawn until all labels have room.
SHRINKS = (1.0, 1.15, 1.3, 1.5, 1.8)
#: Span of a map's axes over that of its points.
MARGIN = 1.2
#: Assumed width of the map in pixels; a wider or narrower page shows more or less beside it.
WIDTH = 560.0
#: Width in pixels of the narrowest place of the map of raters. Elsewhere it grows as a whole.
NARROW = 320.0
#: Font size of the groups' names, and height of their boxes, before scaling.
NAME_SIZE, NAME_HEIGHT = 13.5, 20.0
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
    drawn_height = height * (1 + scale) / 2
    figure = base_figure(theme, drawn_height)
    points = np.stack([np.asarray(payload[axis], float) for axis in "xy"], axis=1)
    rater_type, marked = np.asarray(payload["type"], int), np.asarray(payload["marked"], bool)
    types = list(payload["types"])
    explained = [*payload.get("explained", ()), 0.0, 0.0][:2]
    if explained[0] and explained[1] < MIN_EXPLAINED:
        points[:, 1] = 0
    note = _mark_note(payload, theme)
    top = 34 + 18 * note.count("<br>") if note or types else 8
    left, bottom = 26 * scale, 28 * scale
    frame = np.array([NARROW - left - 8, drawn_height - top * scale - bottom])
    packed, ranges, labels = _layout(points, marked, rater_type, types, frame, scale)
    for k in map(int, np.unique(rater_type)):
        for full in (False, True):
            own = (rater_type == k) & (marked == full)
            if own.any():
                name = types[k] if 0 <= k < len(types) else "raters"
                meaning = payload["marked_label" if full else "unmarked_label"]
                x, y = packed[own].T
                _add_raters(figure, x, y, k, name, meaning, full, theme)
    if labels is None:
        _list_types_once(figure)
    else:
        _add_type_labels(figure, labels, types, theme)
    if note:  # inside the axes where a legend stands above them
        inside = labels is None
        figure.add_annotation(
            x=0, y=1, xref="paper", yref="paper", xanchor="left", align="left",
            yanchor="top" if inside else "bottom", xshift=6 if inside else 0,
            yshift=0 if inside else 8 * scale, font=theme.muted_font(13),
            bgcolor=with_alpha(theme.background), text=note,
        )  # fmt: skip
    set_map_axes(figure, ranges, direction_titles(explained))
    figure.update_layout(
        showlegend=labels is None and bool(types),
        legend={"x": 1, "xanchor": "right", "y": 1},
        margin={"l": left, "r": 8, "t": top * scale, "b": bottom},
    )
    return figure


def _mark_note(payload: Mapping, theme: Theme) -> str:
    """What full and open marks mean, on one line or on two; "" without a completion."""
    if not payload["marked_label"]:
        return ""
    room = int((NARROW - 34 * theme.scale) / (5.6 * theme.scale))
    parts = []
    for mark, text in (("●", payload["marked_label"]), ("○", payload["unmarked_label"])):
        cut = text if len(text) <= room - 2 else f"{text[: room - 17]}…{text[-14:]}"
        parts.append(f"{mark} {cut}")
    narrow = sum(map(len, parts)) + 4 > room
    return ("<br>" if narrow else "    ").join(map(escape_html, parts))


def _layout(
    points: np.ndarray,
    inside: np.ndarray,
    rater_type: np.ndarray,
    types: Sequence[str],
    frame: np.ndarray,
    scale: float,
) -> tuple[np.ndarray, np.ndarray, dict[int, PlacedLabel] | None]:
    """The packed points, the ranges of the axes and the labels' places, in units of the axes.

    The labels do not overlap where the map is as large as ``frame`` (width and height in pixels).
    All places are in units of the axes, so on a larger map labels only move further apart.

    Returns:
        Points ``[raters, 2]``, ranges ``[2, 2]`` and the label of each type; None in place of the
        labels where the types overlap, or where there is no room.
    """
    known = [int(k) for k in np.unique(rater_type[rater_type >= 0])] if len(types) else []
    names = short_labels(types)
    sizes = [(0.6 * NAME_SIZE * scale * len(names[k]) + 8, NAME_HEIGHT * scale) for k in known]
    labels: dict[int, PlacedLabel] | None = None
    edge = np.full(2, 6 * scale)
    for shrink in SHRINKS:
        room = (frame - 2 * edge - (0, 2 * NAME_HEIGHT * scale * bool(known))) / shrink
        packed, unit = _pack_groups(points, inside, rater_type, room)
        low = (packed.min(axis=0) + packed.max(axis=0)) / 2 - frame * unit / 2
        pixels = (packed - low) / unit
        if not _are_separate(packed[:, 0], packed[:, 1], rater_type):
            break
        found = place_labels(np.array(sizes), [pixels[rater_type == k] for k in known], frame)
        if found is not None:
            labels = dict(zip(known, found, strict=True))
            break
    corners = [pixels - edge, pixels + edge]
    for place, size in zip((labels or {}).values(), sizes, strict=False):
        corners += [place.middle - np.array(size) / 2, place.middle + np.array(size) / 2]
    held = np.concatenate([np.reshape(c, (-1, 2)) for c in corners])
    ranges = np.stack([held.min(axis=0), held.max(axis=0)], axis=1) * unit + low[:, None]
    if labels is None:
        return packed, ranges, None
    moved = {
        k: PlacedLabel(
            place.middle * unit + low,
            None if place.leader is None else place.leader * unit + low,
        )
        for k, place in labels.items()
    }
    return packed, ranges, moved


def _pack_groups(
    points: np.ndarray, inside: np.ndarray, rater_type: np.ndarray, room: np.ndarray
) -> tuple[np.ndarray, float]:
    """Packed points that fit into ``room``, their spirals as wide as neighbours allow, and the
    length of a pixel."""
    packed, unit = points, 1.0
    for spacing in SPACINGS:
        unit = max(float((np.ptp(points, axis=0) / room).max()), 1e-5)
        for _ in range(3):  # spirals need room, which makes a pixel longer
            packed = pack_points(points, inside, unit, spacing)
            spirals = (np.ptp(packed, axis=0) - np.ptp(points, axis=0)) / unit
            left = np.maximum(room - spirals, room / 4)
            unit = max(float((np.ptp(points, axis=0) / left).max()), 1e-5)
        packed = pack_points(points, inside, unit, spacing)
        if _circles_apart([packed[rater_type == k] for k in np.unique(rater_type)], 4 * unit):
            break
    return packed, unit


def _circles_apart(groups: Sequence[np.ndarray], gap: float) -> bool:
    """Whether circles around the groups, a few far points left out, lie ``gap`` apart."""
    middles = np.array([np.median(group, axis=0) for group in groups])
    radii = np.array([
        np.quantile(np.linalg.norm(group - middle, axis=1), 0.95)
        for group, middle in zip(groups, middles, strict=True)
    ])  # fmt: skip
    first, second = np.triu_indices(len(groups), 1)
    between = np.linalg.norm(middles[first] - middles[second], axis=1)
    return bool((between > radii[first] + radii[second] + gap).all())


def direction_titles(explained: Sequence[float]) -> list[str]:
    """Titles of the axes of a map, by the share of the variance along each; "" for one along which
    nothing is to be seen."""
    names = ["left to right", "bottom to top"][: len(explained)]
    if len(explained) > 2:  # in space the reader turns the map
        names = [f"direction {i + 1}" for i in range(len(explained))]
    if not any(explained):
        return names
    return [
        f"{name}: {share:.0%} of all differences" if share >= MIN_EXPLAINED else ""
        for name, share in zip(names, explained, strict=False)
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


def pack_points(
    points: np.ndarray, inside: np.ndarray, unit: float, spacing: float = SPACING
) -> np.ndarray:
    """Move points at one place onto a sunflower spiral around it ``[points, 2]``.

    Args:
        points: ``[points, 2]``.
        inside: the points that stand inside the others of their place, bool ``[points]``.
        unit: length on both axes of one pixel.
        spacing: pixels between neighbours of a spiral.
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
    away = spacing * unit * radius[:, None]
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
    figure: go.Figure, places: Mapping[int, PlacedLabel], types: Sequence[str], theme: Theme
) -> None:
    """The name of each type beside its raters, or at the end of a line that leads to them."""
    short = short_labels(types)
    for k, place in places.items():
        if place.leader is not None:
            (x0, y0), (x1, y1) = place.leader.tolist()
            figure.add_shape(
                type="line", x0=x0, y0=y0, x1=x1, y1=y1,
                line={"color": theme.muted, "width": 1.2 * theme.scale},
            )  # fmt: skip
        x, y = place.middle.tolist()
        figure.add_annotation(
            x=x, y=y, text=f"<b>{escape_html(short[k])}</b>", font=theme.font(NAME_SIZE),
            bgcolor=with_alpha(theme.background), borderpad=1,
        )  # fmt: skip
