"""Raters in the latent space."""

from __future__ import annotations

from collections.abc import Mapping

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


def latent_map(
    payload: Mapping, *, dark: bool = False, scale: float = 1.0, height: float = 330
) -> go.Figure:
    """Raters on the principal plane of their latents: colour and symbol say the type, open marks
    those who left the completion of ``marked_label`` out. Raters at one point, who said the same,
    are packed around it, so that each is seen. Drawn as SVG."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2)
    x, y = np.asarray(payload["x"], float), np.asarray(payload["y"], float)
    kind, marked = np.asarray(payload["type"], int), np.asarray(payload["marked"], bool)
    types = list(payload["types"])
    x, y = _packed(x, y, marked, height)
    for k in np.unique(kind):
        name = types[k] if 0 <= k < len(types) else "raters"
        tone = colour(k) if k >= 0 else shade["quiet"]
        symbol = SYMBOLS[max(k, 0) % len(SYMBOLS)]
        for full in (False, True):
            some = (kind == k) & (marked == full)
            if some.any():
                note = payload["marked_label"] if full else payload["unmarked_label"]
                figure.add_scatter(
                    x=x[some], y=y[some], mode="markers", name=f"{name}, {note}" if note else name,
                    marker={
                        "color": tone, "symbol": symbol if full else f"{symbol}-open",
                        "size": 6.5 * scale, "opacity": 0.85,
                        "line": {"width": 1.4 * scale if not full else 0, "color": tone},
                    },
                    hovertemplate=escape_html(f"{name} rater" + (f", {note}" if note else ""))
                    + "<extra></extra>",
                )  # fmt: skip
    apart = _apart(x, y, kind)
    if apart:
        _cluster_labels(figure, x, y, kind, types, shade, scale)
    _mark_key(figure, payload, shade, scale)
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    figure.update_layout(
        showlegend=not apart and bool(types),
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom",
                "font": quiet},
    )  # fmt: skip
    explained = [*payload.get("explained", ()), 0, 0]
    span = {"showline": True, "linecolor": shade["line"], "linewidth": 1}
    for axis, values, share, word in (
        ("xaxis", x, explained[0], "first"), ("yaxis", y, explained[1], "second"),
    ):  # fmt: skip
        low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
        pad = max(high - low, 1e-3) * 0.14
        percent = f" · {share:.0%} of the variance" if share else ""
        set_axis(axis, figure, range=[low - pad, high + pad], **span)
        figure.update_layout(
            {axis: {"title": {"text": f"{word} principal component{percent}", "standoff": 6,
                              "font": {"size": 12 * scale, "color": shade["quiet"]}}}}
        )  # fmt: skip
    top = 34 if payload["marked_label"] or not apart else 8
    figure.update_layout(margin={"l": 26 * scale, "r": 8, "t": top * scale, "b": 28 * scale})
    return figure


def _apart(x: np.ndarray, y: np.ndarray, kind: np.ndarray) -> bool:
    """Whether the types stand apart, so that a label beside each says which is which."""
    kinds = np.unique(kind[kind >= 0])
    points = np.stack([x, y], 1)
    middles = np.array([np.median(points[kind == k], axis=0) for k in kinds]).reshape(-1, 2)
    gaps = np.linalg.norm(middles[:, None] - middles[None], axis=-1)[np.triu_indices(len(kinds), 1)]
    spread = [points[kind == k].std(axis=0).mean() for k in kinds]
    return not len(gaps) or gaps.min() > 2 * np.mean(spread)


def _packed(x, y, marked, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Points moved off each other: those at one place onto a sunflower spiral around it, the
    marked ones inside."""
    if not len(x):
        return x, y
    wide, high = max(np.ptp(x), 1e-3), max(np.ptp(y), 1e-3)
    cell = np.round(np.stack([x, y]) / max(wide, high) * 400).astype(int)
    _, inverse, count = np.unique(cell, axis=1, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    order = np.lexsort([~marked, inverse])
    turn = np.empty(len(x))
    turn[order] = np.arange(len(x)) - np.repeat(np.cumsum(count) - count, count)
    radius, angle = np.sqrt(turn) * (count[inverse] > 2), turn * np.pi * (3 - np.sqrt(5))
    step = 4.2 / height  # pixels
    return (
        x + step * 0.7 * wide * radius * np.cos(angle),
        y + step * high * radius * np.sin(angle),
    )


def _cluster_labels(figure, x, y, kind, types, shade, scale) -> None:
    if not len(x):
        return
    middle = (y.min() + y.max()) / 2
    for k in np.unique(kind[kind >= 0]):
        mine = kind == k
        cx, cy = np.median(x[mine]), np.median(y[mine])
        up = cy <= middle
        edge = np.quantile(y[mine], 0.88 if up else 0.12)
        figure.add_annotation(
            x=cx, y=edge, yshift=(18 if up else -18) * scale, showarrow=False,
            text=f"<b>{escape_html(truncate(types[k]))}</b>",
            font={"size": 13.5 * scale, "color": shade["text"]},
            bgcolor=with_alpha(shade["ground"]), borderpad=1,
        )  # fmt: skip


def _mark_key(figure, payload, shade, scale) -> None:
    """What full and open marks mean, above the plot."""
    if payload["marked_label"]:
        figure.add_annotation(
            x=0,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=8 * scale,
            showarrow=False,
            font={"size": 13 * scale, "color": shade["quiet"]},
            text=escape_html(f"● {payload['marked_label']}    ○ {payload['unmarked_label']}"),
        )
