"""A walk through the latent space, animated in the browser."""

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
)


def latent_traversal(
    at: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    changes: Sequence[tuple[float, int, int]],
    ends: tuple[str, str],
    title: str = "reward, log-odds",
    first: int = 0,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 460,
) -> go.Figure:
    """Lines along the walk with a mark where ranks change, and a cursor that Play moves.

    Args:
        at: ``[steps]``; values: ``[steps, lines]``; names: of the lines.
        changes: (how far along, the line that rises, the line that falls).
        ends: what lies at 0 and at 1.
        first: position of the first line's colour.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2, showlegend=False)
    for i, name in enumerate(names):
        figure.add_scatter(
            x=at, y=values[:, i], mode="lines", name=escape_html(name),
            line={"color": colour(first + i), "width": 2.4 * scale,
                  "dash": DASHES[(first + i) % len(DASHES)]},
            hovertemplate=f"{escape_html(name)}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    _changes(figure, at, values, names, changes, shade, scale)
    low, high = float(values.min()), float(values.max())
    pad = max(high - low, 1e-3) * 0.08
    cursor, marks = len(figure.data), len(figure.data) + 1
    figure.add_scatter(
        x=[0, 0], y=[low - pad, high + pad], mode="lines", hoverinfo="skip",
        line={"color": shade["text"], "width": 1.4 * scale},
    )  # fmt: skip
    tones = [colour(first + i) for i in range(len(names))]
    symbols = [SYMBOLS[(first + i) % len(SYMBOLS)] for i in range(len(names))]
    figure.add_scatter(
        x=[0] * len(names), y=values[0], mode="markers", hoverinfo="skip",
        marker={"color": tones, "symbol": symbols, "size": 11 * scale,
                "line": {"width": 1, "color": shade["ground"]}},
    )  # fmt: skip
    figure.frames = [
        go.Frame(
            name=str(k), traces=[cursor, marks],
            data=[go.Scatter(x=[a, a], y=[low - pad, high + pad]),
                  go.Scatter(x=[a] * len(names), y=values[k])],
        )
        for k, a in enumerate(np.round(at, 4).tolist())
    ]  # fmt: skip
    _ends(figure, values, names, scale)
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    figure.update_layout(
        xaxis={
            "range": [-0.22, 1.22],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "tickvals": [0, 1],
            "ticktext": [f"<b>{escape_html(truncate(e))}</b>" for e in ends],
        },
        yaxis={
            "range": [low - pad, high + pad],
            "fixedrange": True,
            "gridcolor": shade["line"],
            "zerolinecolor": shade["quiet"],
            "automargin": True,
            "title": {"text": title, "font": quiet, "standoff": 8},
        },
        margin={"l": 8, "r": 8, "t": 12, "b": 84 * scale},
        updatemenus=[_buttons(shade, scale)],
        sliders=[_slider(at, shade, scale)],
    )
    return figure


def _changes(figure, at, values, names, changes, shade, scale) -> None:
    if not changes:
        return
    where = np.array([c[0] for c in changes])
    height = [float(np.interp(c[0], at, values[:, c[1]])) for c in changes]
    figure.add_scatter(
        x=where, y=height, mode="markers", name="change of rank",
        marker={"symbol": "circle-open", "size": 14 * scale, "color": shade["text"],
                "line": {"width": 1.8 * scale}},
        text=[f"{escape_html(names[up])} passes {escape_html(names[down])} at {a:.0%}"
              for a, up, down in changes],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _ends(figure, values, names, scale) -> None:
    """The lines' names at both ends, moved apart where they would meet."""
    low, high = float(values.min()), float(values.max())
    gap = max(high - low, 1e-3) * 0.062 * scale
    for row, x, anchor in ((values[0], -0.02, "right"), (values[-1], 1.02, "left")):
        order, before = np.argsort(row), -np.inf
        for i in order:
            before = max(float(row[i]), before + gap)
            figure.add_annotation(
                x=x,
                y=before,
                xanchor=anchor,
                showarrow=False,
                text=escape_html(truncate(names[i], 18)),
                font={"size": 13 * scale, "color": figure.layout.font.color},
            )


def _buttons(shade, scale) -> dict:
    still = {"mode": "immediate", "transition": {"duration": 0}, "frame": {"duration": 0}}
    play = {"fromcurrent": True, "transition": {"duration": 0},
            "frame": {"duration": 60, "redraw": False}}  # fmt: skip
    return {
        "type": "buttons", "direction": "left", "x": 0, "y": -0.13, "xanchor": "left",
        "yanchor": "top", "pad": {"t": 8, "r": 8}, "showactive": False,
        "bgcolor": shade["ground"], "bordercolor": shade["line"],
        "font": {"size": 13 * scale, "color": shade["text"]},
        "buttons": [
            {"label": "▶ Play", "method": "animate", "args": [None, play]},
            {"label": "Stop", "method": "animate", "args": [[None], still]},
        ],
    }  # fmt: skip


def _slider(at, shade, scale) -> dict:
    still = {"mode": "immediate", "transition": {"duration": 0},
             "frame": {"duration": 0, "redraw": False}}  # fmt: skip
    return {
        "x": 0.22, "len": 0.76, "y": -0.13, "yanchor": "top", "pad": {"t": 8}, "ticklen": 0,
        "minorticklen": 0, "tickwidth": 0,
        "bgcolor": shade["line"], "bordercolor": shade["line"], "activebgcolor": shade["quiet"],
        "font": {"color": "rgba(0,0,0,0)", "size": 1},
        "currentvalue": {"visible": False},
        "steps": [
            {"method": "animate", "label": f"{a:.0%}", "args": [[str(k)], still]}
            for k, a in enumerate(at)
        ],
    }  # fmt: skip
