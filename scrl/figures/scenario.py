"""A scenario's population: who is heard on what, and where everybody lives."""

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
    set_axis,
    theme_colours,
    truncate,
    with_alpha,
)

#: Of a map's plot, how near labels may lie.
_NEAR = 0.16


def response_rates(
    types: Sequence[str],
    prompts: Sequence[tuple[str, Sequence[str]]],
    chance: np.ndarray,
    mark: tuple[int, int] | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """The chance that a rater of each type rates each item ``[types, items]``, the fuller the
    darker; what nobody of a type rates is an empty frame.

    Args:
        prompts: title and completions of each; the items side by side are theirs.
        mark: type and item that the reader has in hand.
    """
    shade = theme_colours(dark)
    n = len(types)
    figure = base_figure(dark, scale, (84 + 34 * n) * scale)
    gap, at, ticks, labels, heads = 0.4, 0.0, [], [], []
    for title, names in prompts:
        heads.append((at + (len(names) - 1) / 2, title))
        ticks += [at + i for i in range(len(names))]
        labels += [escape_html(truncate(name, 13)) for name in names]
        at += len(names) + gap

    def frame(k: int, x: float, fill: str, width: float, tone: str, dash: str = "solid") -> dict:
        return {"type": "rect", "x0": x - 0.47, "x1": x + 0.47, "y0": k - 0.44, "y1": k + 0.44,
                "layer": "below", "fillcolor": fill,
                "line": {"width": width * scale, "color": tone, "dash": dash}}  # fmt: skip

    clear_ground = "rgba(0,0,0,0)"
    shapes = []
    for k in range(n):
        for i, x in enumerate(ticks):
            if chance[k, i] > 0:
                tone = with_alpha(colour(k), 0.1 + 0.55 * float(chance[k, i]))
                shapes.append(frame(k, x, tone, 0, tone))
            else:
                shapes.append(frame(k, x, clear_ground, 1.4, shade["quiet"], "dot"))
    if mark is not None and mark[0] < n and mark[1] < len(ticks):
        shapes.append(frame(mark[0], ticks[mark[1]], clear_ground, 2.4, shade["text"]))
    small = len(ticks) > 8
    figure.add_scatter(
        x=np.tile(ticks, n), y=np.repeat(np.arange(n), len(ticks)), mode="text",
        text=[_percent(v) for v in chance.ravel()], cliponaxis=False,
        textfont={"size": (11.5 if small else 13) * scale, "color": shade["text"]},
        hovertext=[
            f"{escape_html(types[k])} on {labels[i]}: {chance[k, i]:.4g}"
            for k in range(n) for i in range(len(ticks))
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    notes = [
        {"x": x, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False, "yshift": 2,
         "text": f"<b>{escape_html(truncate(title, 40))}</b>",
         "font": {"size": 13.5 * scale, "color": shade["text"]}}
        for x, title in heads
    ]  # fmt: skip
    quiet = {"size": (11.5 if small else 12.5) * scale, "color": shade["quiet"]}
    # Room for slanted labels only where level ones would touch.
    slant = max((len(label) for label in labels), default=0) * len(labels) > 66 / scale
    set_axis("xaxis", figure, range=[-0.6, at - gap - 0.4], showticklabels=True, tickvals=ticks,
          ticktext=labels, tickfont=quiet, tickangle=-32 if slant else 0)  # fmt: skip
    set_axis("yaxis", figure, range=[n - 0.5, -0.5], showticklabels=True, tickvals=list(range(n)),
          ticktext=[escape_html(truncate(t, 20)) for t in types],
          tickfont={"size": 13 * scale, "color": shade["text"]})  # fmt: skip
    side = 16 + 7.2 * max(len(truncate(t, 20)) for t in types)
    bottom = (60 if slant else 30) * scale
    figure.update_layout(
        shapes=shapes,
        annotations=notes,
        margin={"l": side * scale, "r": 8, "t": 28 * scale, "b": bottom},
        height=round((38 + 34 * n) * scale + bottom),
    )
    return figure


def _percent(value: float) -> str:
    if value <= 0:
        return "none"
    return f"{value:.0%}" if value >= 0.01 else f"{100 * value:.2g}%"


def spatial_map(
    raters: Sequence[tuple[str, float, float, float]],
    completions: Sequence[tuple[str, float, float]],
    earth: bool = False,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 380,
) -> go.Figure:
    """Kinds of rater (name, x, y, share; discs as large as the share) and completions (name, x, y;
    rings with their names) on one plane; a thread leads from each kind to its nearest completion.
    On the earth a degree east is drawn as long as it is at the middle latitude."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2)
    xs = np.array([p[1] for p in (*raters, *completions)], float)
    ys = np.array([p[2] for p in (*raters, *completions)], float)
    stretch = 1 / max(math.cos(math.radians(float(ys.mean()))), 0.05) if earth else 1.0
    for k, (name, x, y, share) in enumerate(raters):
        gaps = [math.hypot(cx - x, (cy - y) * stretch) for _, cx, cy in completions]
        near = completions[int(np.argmin(gaps))] if gaps else None
        if near is not None and min(gaps) > 0:
            figure.add_scatter(
                x=[x, near[1]], y=[y, near[2]], mode="lines", hoverinfo="skip",
                line={"color": colour(k), "width": 1.6 * scale, "dash": "dot"},
            )  # fmt: skip
        figure.add_scatter(
            x=[x], y=[y], mode="markers", name=escape_html(name),
            marker={"size": (10 + 46 * math.sqrt(max(share, 0))) * scale, "color": colour(k),
                    "opacity": 0.55, "symbol": SYMBOLS[0],
                    "line": {"color": colour(k), "width": 1.5 * scale}},
            hovertemplate=f"{escape_html(name)} raters: {share:.1%}<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[c[1] for c in completions], y=[c[2] for c in completions], mode="markers",
        marker={"symbol": "circle", "size": 9 * scale, "color": shade["ground"],
                "line": {"color": shade["text"], "width": 2.2 * scale}},
        hovertemplate=[f"{escape_html(c[0])}<extra></extra>" for c in completions],
    )  # fmt: skip
    wide = max(np.ptp(xs), np.ptp(ys) * stretch, 1e-9)
    cx, cy = xs[len(raters) :], ys[len(raters) :] * stretch
    above = _above(cx, cy, _NEAR * wide, _threads(raters, cx, cy, stretch))
    size = {c[0]: 0.0 for c in completions}
    for _, x, y, share in raters:
        for c in completions:
            if math.hypot(c[1] - x, (c[2] - y) * stretch) < 0.03 * wide:
                size[c[0]] = max(size[c[0]], 5 + 23 * math.sqrt(max(share, 0)))
    for c, up in zip(completions, above, strict=True):
        figure.add_annotation(
            x=c[1], y=c[2], showarrow=False, text=f"<b>{escape_html(truncate(c[0], 20))}</b>",
            yshift=(1 if up else -1) * (max(size[c[0]], 6) + 11) * scale,
            font={"size": 13.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    for name, x, y, share in raters:
        if name not in size:
            gaps = [math.hypot(cx - x, (cy - y) * stretch) for _, cx, cy in completions]
            # Away from the nearest completion.
            side = -1 if gaps and completions[int(np.argmin(gaps))][2] >= y else 1
            figure.add_annotation(
                x=x, y=y, showarrow=False, text=escape_html(truncate(name, 20)),
                yshift=side * (16 + 23 * math.sqrt(max(share, 0))) * scale,
                font={"size": 12.5 * scale, "color": shade["quiet"]},
            )  # fmt: skip
    pad = 0.12 * wide
    quiet = {"size": 12 * scale, "color": shade["quiet"]}
    axis = {"showline": True, "linecolor": shade["line"], "showticklabels": True,
            "tickfont": quiet, "showgrid": True, "gridcolor": shade["line"],
            "griddash": "dot"}  # fmt: skip
    words = ("degrees east", "degrees north") if earth else ("x", "y")
    for key, values, word, room in (
        ("xaxis", xs, words[0], pad), ("yaxis", ys, words[1], pad / stretch)
    ):  # fmt: skip
        set_axis(key, figure, range=[values.min() - room, values.max() + room], nticks=6,
              title={"text": word, "font": quiet, "standoff": 4}, **axis)  # fmt: skip
    figure.update_layout(
        yaxis={"scaleanchor": "x", "scaleratio": stretch},
        margin={"l": 52 * scale, "r": 12, "t": 10, "b": 42 * scale},
    )
    return figure


def _threads(raters, x: np.ndarray, y: np.ndarray, stretch: float) -> dict[int, bool]:
    """Of completions that a thread from a kind of rater reaches, whether it comes from below."""
    found = {}
    for _, rx, ry, _ in raters:
        gaps = np.hypot(x - rx, y - ry * stretch)
        if len(gaps) and gaps.min() > 0:
            found[int(np.argmin(gaps))] = bool(ry * stretch < y[int(np.argmin(gaps))])
    return found


def _above(x: np.ndarray, y: np.ndarray, near: float, wish: dict[int, bool]) -> list[bool]:
    """Whether each label stands above its point: as wished, else in the upper half; but of two that
    are near only the higher one's, and where more are near they take turns."""
    up, turns = [wish.get(i, bool(v >= y.mean())) for i, v in enumerate(y)], False
    for i, j in pairwise(np.argsort(x)):
        close = abs(x[i] - x[j]) < 1.4 * near and abs(y[i] - y[j]) < near
        if close:
            up[i] = up[i] if turns else bool(y[i] >= y[j])
            up[j] = not up[i]
        turns = close
    return up
