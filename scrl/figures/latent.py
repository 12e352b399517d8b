"""Points of a latent space over a density, and charts of its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    STATIC_LEGEND,
    SYMBOLS,
    base_figure,
    colour,
    escape_html,
    hover,
    label,
    short_labels,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.cell_texts import add_cell_texts
from scrl.figures.raters import WIDTH, pack_points, scaled_ranges, set_map_axes
from scrl.figures.template import TRANSPARENT, Theme

#: Symbols that Plotly has in three dimensions too.
SYMBOLS_3D = ("circle", "square", "diamond", "cross", "x")
#: Distances in pixels at which a label may stand above or below its group.
LABEL_SHIFTS = (22, 44, 66)
#: Most rows of a table of probabilities whose cells have numbers.
MAX_NUMBERED = 15


def latent_points(
    groups: Sequence[Mapping],
    labels: Sequence[tuple[str, np.ndarray, np.ndarray]] = (),
    density: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    axes: Sequence[str] = ("", ""),
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 460,
) -> go.Figure:
    """Points in two or three dimensions, a trace for each group.

    Args:
        groups: each with ``name`` and ``points [n, 2 or 3]``; optional are ``type`` (gives the
            colour), ``symbol``, ``hollow``, ``size``, ``opacity``, ``text`` (hover text of each
            point), ``unlisted`` (left out of the legend), ``packed`` (in the plane, points at
            one place are drawn side by side, those of all groups with the same value together)
            and ``inside`` (these stand inside the others of their place).
        labels: name and two places ``[2 or 3]``: the name stands above the first one, or below
            the second if it covers less there.
        density: ``x [n]``, ``y [m]``, ``z [m, n]`` of the contours under points in the plane.
        axes: titles; "" for a direction along which points do not differ.

    In the plane both axes have one scale, so that distances may be compared in any direction.
    """
    theme = Theme(dark, scale)
    spatial = any(np.shape(group["points"])[-1] == 3 for group in groups)
    ranges, unit = np.zeros((2, 2)), 1.0
    if not spatial:
        groups, ranges, unit = _packed(groups, height)
    figure = base_figure(theme, height * (1 + scale) / 2, showlegend=True)
    if density is not None and not spatial:
        _add_contours(figure, density, theme)
    titles = short_labels([group["name"] for group in groups], 30)
    for title, group in zip(titles, groups, strict=True):
        _add_group(figure, group, title, theme, spatial)
    if spatial:
        _finish_3d(figure, labels, axes, theme)
    else:
        points = [np.asarray(group["points"], float).reshape(-1, 2) for group in groups]
        _add_labels(figure, labels, np.concatenate(points), ranges, unit, theme)
        set_map_axes(figure, ranges, axes)
    figure.update_layout(
        legend={"y": 1.01, **STATIC_LEGEND},
        margin={"l": 28 * scale, "r": 8, "t": 62 * scale, "b": 30 * scale},
    )
    return figure


def _packed(groups: Sequence[Mapping], height: float) -> tuple[list[dict], np.ndarray, float]:
    """The groups with the points of packed ones moved; ranges of the axes ``[2, 2]``, and the
    length of a pixel on both."""
    given = [{**group, "points": np.reshape(group["points"], (-1, 2))} for group in groups]
    shown, found, ranges, unit = given, given, np.zeros((2, 2)), 1.0
    for _ in range(2):  # spirals need room, which makes a pixel longer
        ranges, unit = scaled_ranges(_all_points(shown), WIDTH, 0.72 * height)
        found = _moved(given, unit)
        shown = found
    ranges, unit = scaled_ranges(_all_points(found), WIDTH, 0.72 * height)
    return found, ranges, unit


def _all_points(groups: Sequence[Mapping]) -> np.ndarray:
    return np.concatenate([group["points"] for group in groups])


def _moved(groups: Sequence[Mapping], unit: float) -> list[dict]:
    """The groups, the points of packed ones side by side; ``unit`` is the length of a pixel."""
    found = [dict(group) for group in groups]
    rng = np.random.default_rng(0)
    for key in dict.fromkeys(group["packed"] for group in found if "packed" in group):
        members = [group for group in found if group.get("packed") == key]
        sizes = [len(group["points"]) for group in members]
        points = _all_points(members).copy()
        inside = np.repeat([group.get("inside", False) for group in members], sizes)
        shuffled = rng.permutation(len(points))  # groups at one place mix
        points[shuffled] = pack_points(points[shuffled], inside[shuffled], unit)
        for group, own in zip(members, np.split(points, np.cumsum(sizes)[:-1]), strict=True):
            group["points"] = own
    return found


def _add_group(figure: go.Figure, group: Mapping, title: str, theme: Theme, spatial: bool) -> None:
    points = np.asarray(group["points"], float)
    text = [escape_html(str(t)) for t in group.get("text", [group["name"]] * len(points))]
    trace = {
        "mode": "markers", "name": escape_html(title), "text": text,
        "showlegend": not group.get("unlisted", False), "hovertemplate": hover("%{text}"),
        "marker": _marker(group, theme, spatial),
    }  # fmt: skip
    if spatial:
        figure.add_scatter3d(x=points[:, 0], y=points[:, 1], z=points[:, 2], **trace)
    else:
        figure.add_scatter(x=points[:, 0], y=points[:, 1], **trace)


def _marker(group: Mapping, theme: Theme, spatial: bool) -> dict:
    """Plotly's ``marker`` of a group; a group without a type is muted."""
    position = group.get("type", -1)
    tone = colour(position) if position >= 0 else theme.muted
    shape = symbol(group.get("symbol", max(position, 0)))
    if spatial and shape not in SYMBOLS_3D:
        shape = "circle"
    hollow = group.get("hollow", False)
    return {
        "color": tone, "symbol": f"{shape}-open" if hollow else shape,
        "size": group.get("size", 7) * theme.scale * (0.6 if spatial else 1),
        "opacity": group.get("opacity", 0.85),
        "line": {"width": 1.4 * theme.scale if hollow else 0, "color": tone},
    }  # fmt: skip


def _finish_3d(figure: go.Figure, labels: Sequence, axes: Sequence[str], theme: Theme) -> None:
    """Titles of the axes and the labels, each at its first place."""
    titles = dict(zip(("xaxis", "yaxis", "zaxis"), [*axes, ""][:3], strict=False))
    figure.update_layout(
        scene={axis: {"title": {"text": title}} for axis, title in titles.items()},
        dragmode="orbit",
    )
    if labels:
        places = np.array([place for _, place, _ in labels])
        figure.add_scatter3d(
            x=places[:, 0], y=places[:, 1], z=places[:, 2], mode="text", showlegend=False,
            textfont=theme.font(13.5), text=[label(name, bold=True) for name, _, _ in labels],
            hoverinfo="skip",
        )  # fmt: skip


def _add_labels(
    figure: go.Figure,
    labels: Sequence,
    points: np.ndarray,
    ranges: np.ndarray,
    unit: float,
    theme: Theme,
) -> None:
    """Each label above or below its group, wherever it covers fewer points and no other label.

    Args:
        points: all points of the map ``[n, 2]``; ranges: of the axes; unit: length of a pixel.
    """
    if not labels:
        return
    size, low = 13.5 * theme.scale, ranges[:, 0]
    pixels = (points - low) / unit
    placed: list[tuple[np.ndarray, np.ndarray]] = []
    names = short_labels([name for name, _, _ in labels])
    for name, (_, above, below) in zip(names, labels, strict=True):
        half = np.array([0.5 * size * 0.6 * len(name) + 3, 0.75 * size])
        choices = []
        for (place, sign), pixels_away in product(((above, 1), (below, -1)), LABEL_SHIFTS):
            shift = sign * pixels_away * theme.scale
            middle = (np.asarray(place, float) - low) / unit + (0, shift)
            covered = (np.abs(pixels - middle) < half).all(axis=1).sum()
            overlaps = [(np.abs(middle - m) < half + h).all() for m, h in placed]
            far = abs(shift) / 100
            choices.append((covered + far + 1000 * sum(overlaps), place, shift, middle))
        _, place, shift, middle = min(choices, key=lambda choice: choice[0])
        placed.append((middle, half))
        figure.add_annotation(
            x=float(place[0]), y=float(place[1]), yshift=shift,
            text=f"<b>{escape_html(name)}</b>", font=theme.font(13.5),
            bgcolor=with_alpha(theme.background), borderpad=1,
        )  # fmt: skip


def _add_contours(
    figure: go.Figure, density: tuple[np.ndarray, np.ndarray, np.ndarray], theme: Theme
) -> None:
    """Contours that hold 50, 80 and 95 % of the mass; round levels would miss some clusters."""
    x, y, z = density
    order = np.sort(z.ravel())[::-1]
    mass = np.cumsum(order) / max(order.sum(), 1e-12)
    for share, width in ((0.5, 2.0), (0.8, 1.4), (0.95, 0.9)):
        level = float(order[min(int(np.searchsorted(mass, share)), len(order) - 1)])
        figure.add_contour(
            x=x, y=y, z=z, showscale=False, hoverinfo="skip", showlegend=False,
            contours={"type": "constraint", "operation": "=", "value": level},
            line={"color": theme.muted, "width": width},
        )  # fmt: skip


def grouped_bars(
    ticks: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    x_title: str,
    y_title: str,
    *,
    percent: bool = True,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 320,
) -> go.Figure:
    """Bars side by side at each tick with their numbers above.

    Args:
        ticks: categories.
        series: name and value at each tick (None: no bar); the second series is outlined, such as
            the best possible value.
        percent: whether values are shares.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2, showlegend=len(series) > 1)
    crowded = len(ticks) * len(series) > 6
    for i, (name, values) in enumerate(series):
        hollow = i == 1
        figure.add_bar(
            x=[escape_html(t) for t in short_labels(ticks)], y=values, name=escape_html(name),
            text=["" if v is None else _number(v, percent, crowded) for v in values],
            textposition="outside", cliponaxis=False, textfont=theme.font(12),
            marker={"color": TRANSPARENT if hollow else colour((0, 0, 4)[i % 3]),
                    "line": {"width": 1.6 * scale if hollow else 0, "color": theme.muted}},
            hovertemplate=hover(
                f"%{{x}}, {escape_html(name)}: %{{y:{'.1%' if percent else '.3f'}}}"
            ),
        )  # fmt: skip
    known = [v for _, values in series for v in values if v is not None]
    show_axis(figure, "xaxis", x_title, type="category", automargin=True, tickfont=theme.font(13))
    show_axis(figure, "yaxis", y_title or ("%" if crowded and percent else ""),
              showticklabels=False, automargin=True,
              range=[0, 1.12 if percent else 1.15 * max([*known, 1e-3])])  # fmt: skip
    top = 40 if len(series) > 1 else 8
    figure.update_layout(bargap=0.3, margin={"l": 8, "r": 8, "t": top * scale, "b": 8})
    return figure


def _number(value: float, percent: bool, crowded: bool) -> str:
    """The number above a bar, shortened where many stand side by side."""
    if percent:
        return f"{100 * value:.0f}" if crowded else f"{value:.0%}"
    if not crowded:
        return f"{value:.2f}"
    return f"{value:.1f}" if value >= 0.05 else "0"


def calibration_curves(
    series: Sequence[tuple[str, Sequence[Mapping]]],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 360,
) -> go.Figure:
    """Accuracy against predicted probability of the likelier side; the diagonal is perfect.

    Args:
        series: name and bins, each with ``predicted`` (mean probability), ``observed`` (share
            that was right) and ``pairs`` (their number, the area of the mark).
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2, showlegend=True)
    figure.add_scatter(
        x=[0.5, 1], y=[0.5, 1], mode="lines", name="perfect", hoverinfo="skip",
        line={"color": theme.muted, "width": 1.2 * scale, "dash": "dot"},
    )  # fmt: skip
    for i, (name, bins) in enumerate(series):
        tone = colour((0, 4)[i % 2])
        pairs = np.array([b["pairs"] for b in bins], float)
        figure.add_scatter(
            x=[b["predicted"] for b in bins], y=[b["observed"] for b in bins], mode="lines+markers",
            name=escape_html(name), customdata=pairs, line={"color": tone, "width": 1.6 * scale},
            marker={"color": tone, "symbol": SYMBOLS[i],
                    "size": (6 + 14 * np.sqrt(pairs / max(pairs.max(), 1))) * scale},
            hovertemplate=hover(
                f"{escape_html(name)}: said %{{x:.0%}}, held %{{y:.0%}}, %{{customdata:,}} pairs"
            ),
        )  # fmt: skip
    show_axis(figure, "xaxis", "how sure the model is", grid=True,
              range=[0.48, 1.03], tickformat=".0%", automargin=True)  # fmt: skip
    show_axis(figure, "yaxis", "share that was right", grid=True, range=[0, 1.08],
              tickformat=".0%", automargin=True)  # fmt: skip
    figure.update_layout(margin={"l": 8, "r": 8, "t": 40 * scale, "b": 8})
    return figure


def pairwise_probabilities(
    names: Sequence[str],
    above: np.ndarray,
    selected: tuple[int, int] | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """P(row above column) as a heatmap with numbers.

    Args:
        names: of rows and columns, in order.
        above: ``[names, names]``.
        selected: the outlined pair (row, column).
    """
    theme, m = Theme(dark, scale), len(names)
    figure = base_figure(theme, ((46 if m <= 8 else 30) * m + 90) * scale)
    z = np.where(np.eye(m, dtype=bool), np.nan, np.asarray(above, float))
    text = [["" for _ in names] for _ in names]
    hovers = [["" for _ in names] for _ in names]
    sign = "%" if m <= 8 else ""  # narrow cells hold two digits
    for i, j in ((i, j) for i in range(m) for j in range(m) if i != j):
        text[i][j] = f"{100 * z[i, j]:.0f}{sign}" if m <= MAX_NUMBERED else ""
        hovers[i][j] = escape_html(f"{names[i]} above {names[j]}: {z[i, j]:.0%}")
    colours = ((0.0, colour(4)), (0.5, theme.background), (1.0, colour(0)))
    figure.add_heatmap(
        z=z, x=list(range(m)), y=list(range(m)), zmin=0, zmax=1, showscale=False, xgap=2, ygap=2,
        colorscale=[list(stop) for stop in colours],
        hovertemplate=hover("%{customdata}"), customdata=hovers, text=text,
    )  # fmt: skip
    # Numbers as one trace: each annotation would copy all the others.
    add_cell_texts(figure, z, text, colours, (0, 1), (12 if m <= 12 else 10.5) * scale)
    for i, j in (selected, selected[::-1]) if selected is not None else ():
        figure.add_shape(
            type="rect", x0=j - 0.5, x1=j + 0.5, y0=i - 0.5, y1=i + 0.5,
            line={"color": theme.text, "width": 2.5 * scale},
        )  # fmt: skip
    short = [escape_html(name) for name in short_labels(names, 14)]
    ticks: dict[str, Any] = {"tickvals": list(range(m)), "ticktext": short,
             "tickfont": theme.font(13), "automargin": True}  # fmt: skip
    show_axis(figure, "xaxis", side="top", **ticks)
    show_axis(figure, "yaxis", autorange="reversed", **ticks)
    return figure
