"""A scenario's population: response rates by item, and places on a map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    SYMBOLS,
    base_figure,
    colour,
    escape_html,
    hover,
    label,
    label_rows,
    label_width,
    short_labels,
    show_axis,
    with_alpha,
)
from scrl.figures.template import TRANSPARENT, Theme

#: Distance below which two labels on a map collide, as a share of the map's width.
_LABEL_DISTANCE = 0.16


def response_rates(
    types: Sequence[str],
    prompts: Sequence[tuple[str, Sequence[str]]],
    chance: np.ndarray,
    selected: tuple[int, int] | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """The chance that a rater of each type rates each item; a dotted frame stands for none.

    Args:
        types: names of the rater types.
        prompts: title and completions of each; the items side by side are theirs.
        chance: ``[types, items]``, the greater the stronger the colour.
        selected: type and item of the outlined cell.
    """
    theme, n = Theme(dark, scale), len(types)
    x, labels, titles, end = _item_positions(prompts)
    small = len(x) > 6  # cells of a phone then hold three digits
    # Labels are slanted only where level ones would touch.
    slanted = max(map(len, labels), default=0) * len(labels) > 66 / scale
    bottom = (60 if slanted else 30) * scale
    figure = base_figure(theme, (38 + 34 * n) * scale + bottom)
    figure.add_scatter(
        x=np.tile(x, n), y=np.repeat(np.arange(n), len(x)), mode="text",
        text=[_percent(v, sign=not small) for v in chance.ravel()], cliponaxis=False,
        textfont=theme.font(10.5 if small else 13),
        hovertext=[f"{escape_html(types[k])} on {labels[i]}: {chance[k, i]:.4g}"
                   for k in range(n) for i in range(len(x))],
        hovertemplate=hover("%{hovertext}"),
    )  # fmt: skip
    show_axis(figure, "xaxis", range=[-0.6, end - 0.4], tickvals=x, ticktext=labels,
              tickfont=theme.muted_font(11.5 if small else 12.5),
              tickangle=-32 if slanted else 0)  # fmt: skip
    short = short_labels(types, 18)
    label_rows(figure, [escape_html(t) for t in short], theme, size=13)
    side = label_width(short, theme, 13)
    figure.update_layout(
        shapes=_cells(x, chance, selected, theme),
        annotations=[
            {"x": middle, "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 2,
             "text": label(title, 40, bold=True), "font": theme.font(13.5)}
            for middle, title in titles
        ],
        margin={"l": side, "r": 8, "t": 28 * scale, "b": bottom},
    )  # fmt: skip
    return figure


def _item_positions(
    prompts: Sequence[tuple[str, Sequence[str]]], gap: float = 0.4
) -> tuple[list[float], list[str], list[tuple[float, str]], float]:
    """Positions and labels of the items, (middle, title) of each prompt, and the right end."""
    x, labels, titles, start = [], [], [], 0.0
    for title, names in prompts:
        titles.append((start + (len(names) - 1) / 2, title))
        x += [start + i for i in range(len(names))]
        labels += [escape_html(name) for name in short_labels(names, 13)]
        start += len(names) + gap
    return x, labels, titles, start - gap


def _cells(
    x: Sequence[float], chance: np.ndarray, selected: tuple[int, int] | None, theme: Theme
) -> list[dict]:
    """A filled rectangle for each chance above 0, a dotted frame for 0, and the outline."""

    def cell(k: int, i: int, fill: str, width: float, tone: str, dash: str = "solid") -> dict:
        return {"type": "rect", "x0": x[i] - 0.47, "x1": x[i] + 0.47, "y0": k - 0.44,
                "y1": k + 0.44, "layer": "below", "fillcolor": fill,
                "line": {"width": width * theme.scale, "color": tone, "dash": dash}}  # fmt: skip

    cells = []
    for (k, i), value in np.ndenumerate(chance):
        if value > 0:
            tone = with_alpha(colour(k), 0.1 + 0.55 * float(value))
            cells.append(cell(k, i, tone, 0, tone))
        else:
            cells.append(cell(k, i, TRANSPARENT, 1.4, theme.muted, "dot"))
    if selected is not None and selected[0] < len(chance) and selected[1] < len(x):
        cells.append(cell(*selected, TRANSPARENT, 2.4, theme.text))
    return cells


def _percent(value: float, sign: bool = True) -> str:
    """A share in per cent, with its sign where there is room for it."""
    if value <= 0:
        return "none" if sign else "0"
    text = f"{100 * value:.0f}" if value >= 0.01 else f"{100 * value:.2g}"
    return text + "%" * sign


def spatial_map(
    raters: Sequence[tuple[str, float, float, float]],
    completions: Sequence[tuple[str, float, float]],
    earth: bool = False,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 380,
) -> go.Figure:
    """Rater types and completions on one plane; dotted lines lead to the nearest completion.

    Args:
        raters: name, x, y and share of each type, the area of its disc.
        completions: name, x and y, drawn as rings.
        earth: whether x and y are degrees east and north; a degree east is then drawn as long as
            it is at the mean latitude.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2)
    x, y = (np.array([p[i] for p in (*raters, *completions)], float) for i in (1, 2))
    stretch = 1 / max(math.cos(math.radians(float(y.mean()))), 0.05) if earth else 1.0
    width = max(np.ptp(x), np.ptp(y) * stretch, 1e-9)
    nearest = [_nearest(rater, completions, stretch) for rater in raters]
    for k, (rater, (i, gap)) in enumerate(zip(raters, nearest, strict=True)):
        _add_rater(figure, k, rater, completions[i][1:] if gap > 0 else None, theme)
    figure.add_scatter(
        x=[c[1] for c in completions], y=[c[2] for c in completions], mode="markers",
        marker={"symbol": "circle", "size": 9 * scale, "color": theme.background,
                "line": {"color": theme.text, "width": 2.2 * scale}},
        hovertemplate=[hover(escape_html(c[0])) for c in completions],
    )  # fmt: skip
    _add_place_labels(figure, raters, completions, nearest, width, stretch, theme)
    pad = 0.12 * width
    titles = ("degrees east", "degrees north") if earth else ("x", "y")
    for axis, values, title, room in (
        ("xaxis", x, titles[0], pad), ("yaxis", y, titles[1], pad / stretch)
    ):  # fmt: skip
        show_axis(figure, axis, title, line=True, grid=True, griddash="dot", nticks=6,
                  range=[values.min() - room, values.max() + room])  # fmt: skip
    figure.update_layout(
        yaxis={"scaleanchor": "x", "scaleratio": stretch},
        margin={"l": 52 * scale, "r": 12, "t": 10, "b": 42 * scale},
    )
    return figure


def _nearest(rater: Sequence, completions: Sequence, stretch: float) -> tuple[int, float]:
    """Position of the completion nearest to a rater type, and its distance (0 for none)."""
    gaps = [math.hypot(x - rater[1], (y - rater[2]) * stretch) for _, x, y in completions]
    return (int(np.argmin(gaps)), min(gaps)) if gaps else (-1, 0.0)


def _add_rater(
    figure: go.Figure, position: int, rater: Sequence, target: Sequence | None, theme: Theme
) -> None:
    """The disc of a rater type and, below it, the dotted line to ``target`` (x, y)."""
    name, x, y, share = rater
    if target is not None:
        figure.add_scatter(
            x=[x, target[0]], y=[y, target[1]], mode="lines", hoverinfo="skip",
            line={"color": colour(position), "width": 1.6 * theme.scale, "dash": "dot"},
        )  # fmt: skip
    figure.add_scatter(
        x=[x], y=[y], mode="markers", name=escape_html(name),
        marker={"size": (10 + 46 * math.sqrt(max(share, 0))) * theme.scale,
                "color": colour(position), "opacity": 0.55, "symbol": SYMBOLS[0],
                "line": {"color": colour(position), "width": 1.5 * theme.scale}},
        hovertemplate=hover(f"{escape_html(name)} raters: {share:.1%}"),
    )  # fmt: skip


def _add_place_labels(
    figure: go.Figure,
    raters: Sequence,
    completions: Sequence,
    nearest: Sequence[tuple[int, float]],
    width: float,
    stretch: float,
    theme: Theme,
) -> None:
    """Names of the completions, and of the rater types that share no completion's name."""
    x, y = (np.array([c[i] for c in completions], float) for i in (1, 2))
    # A label stands opposite to the dotted line that reaches its completion.
    wish = {
        i: bool(rater[2] < y[i]) for rater, (i, gap) in zip(raters, nearest, strict=True) if gap > 0
    }
    above = _labels_above(x, y * stretch, _LABEL_DISTANCE * width, wish)
    for i, (name, cx, cy) in enumerate(completions):
        discs = [5 + 23 * math.sqrt(max(share, 0)) for _, rx, ry, share in raters
                 if math.hypot(cx - rx, (cy - ry) * stretch) < 0.03 * width]  # fmt: skip
        figure.add_annotation(
            x=cx, y=cy, text=label(name, 20, bold=True), font=theme.font(13.5),
            yshift=(1 if above[i] else -1) * (max([6, *discs]) + 11) * theme.scale,
        )  # fmt: skip
    named = {c[0] for c in completions}
    for (name, rx, ry, share), (i, _) in zip(raters, nearest, strict=True):
        if name not in named:
            side = -1 if i >= 0 and completions[i][2] >= ry else 1
            figure.add_annotation(
                x=rx, y=ry, text=label(name, 20), font=theme.muted_font(),
                yshift=side * (16 + 23 * math.sqrt(max(share, 0))) * theme.scale,
            )  # fmt: skip


def _labels_above(
    x: np.ndarray, y: np.ndarray, distance: float, wish: dict[int, bool]
) -> list[bool]:
    """Whether each label stands above its point.

    As requested; by default above the points of the upper half. Of two points closer than
    ``distance`` only the higher one's label does; in longer chains of such points they alternate.
    """
    up, chained = [wish.get(i, bool(v >= y.mean())) for i, v in enumerate(y)], False
    for i, j in pairwise(np.argsort(x)):
        close = abs(x[i] - x[j]) < 1.4 * distance and abs(y[i] - y[j]) < distance
        if close:
            up[i] = up[i] if chained else bool(y[i] >= y[j])
            up[j] = not up[i]
        chained = close
    return up
