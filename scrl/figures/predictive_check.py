"""Shares of the raters' ballots against those of simulated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from scrl.figures.base import STATIC_LEGEND, base_figure, colour, escape_html, hover, show_axis
from scrl.figures.template import Theme

#: Kinds of marks: name, symbol and colour position.
_REPRODUCED, _FAILED = ("within chance", "circle", 0), ("beyond chance", "x", 4)


def predicted_shares(
    shares: Sequence[Mapping[str, Any]],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 320,
) -> go.Figure:
    """Simulated against observed shares; on the diagonal they agree.

    Args:
        shares: as ``ShareComparison`` of a result file; bars reach two standard errors.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * scale)
    figure.add_shape(
        type="line", x0=0, y0=0, x1=100, y1=100, line={"color": theme.muted, "width": scale}
    )
    for failed, (name, symbol, position) in ((False, _REPRODUCED), (True, _FAILED)):
        chosen = [share for share in shares if share["failed"] == failed]
        if not chosen:
            continue
        figure.add_scatter(
            x=[100 * share["observed"] for share in chosen],
            y=[100 * share["simulated"] for share in chosen],
            error_y={
                "type": "data", "array": [200 * share["error"] for share in chosen],
                "width": 0, "thickness": scale, "color": colour(position),
            },
            mode="markers", name=name,
            marker={"symbol": symbol, "size": 8 * scale, "color": colour(position)},
            hovertemplate=[
                hover(f"{escape_html(share_label(share))}<br>"
                      "ballots %{x:.1f} %, simulated %{y:.1f} %")
                for share in chosen
            ],
        )  # fmt: skip
    values = [0, 25, 50, 75, 100]
    text = [f"{value} %" for value in values]
    ticks: dict[str, Any] = {"range": [-3, 103], "tickvals": values, "ticktext": text}
    show_axis(figure, "xaxis", "share of the raters’ ballots", grid=True, **ticks)
    show_axis(figure, "yaxis", "share of simulated ballots", grid=True, **ticks)
    figure.update_layout(
        showlegend=True, legend=STATIC_LEGEND | {"orientation": "h", "y": 1.12, "x": 0},
        margin={"l": 64 * scale, "r": 12, "t": 30 * scale, "b": 48 * scale},
    )  # fmt: skip
    return figure


def share_label(share: Mapping[str, Any]) -> str:
    """What a share counts, such as 'best: a above b'."""
    place = f"above {share['over']}" if "over" in share else "first"
    return f"{share['prompt']}: {share['completion']} {place}"
