"""Pictures of policies: what each proposes, and two objectives against each other."""

from __future__ import annotations

from collections.abc import Sequence

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
)


def completion_probabilities(
    rows: Sequence[tuple[str, np.ndarray]],
    names: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A row a policy: how often it proposes each completion ``[completions]``, side by side."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, (46 + 34 * len(rows)) * scale)
    at = list(range(len(rows)))
    for i, name in enumerate(names):
        values = [float(policy[i]) for _, policy in rows]
        figure.add_bar(
            x=values, y=at, orientation="h", name=escape_html(truncate(name)),
            text=[f"{v:.0%}" if v >= 0.06 else "" for v in values], textposition="inside",
            insidetextanchor="middle", textangle=0, constraintext="none",
            textfont={"size": 12.5 * scale, "color": "#FFFFFF" if i % 8 not in (3, 5, 6)
                      else "#1D2733"},
            marker={"color": colour(i), "line": {"width": 1.5, "color": shade["ground"]}},
            hovertemplate=[f"{escape_html(label)}: {escape_html(name)} %{{x:.1%}}<extra></extra>"
                           for label, _ in rows],
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    figure.update_layout(
        barmode="stack", bargap=0.3, showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": quiet,
                "traceorder": "normal", "itemclick": False, "itemdoubleclick": False},
    )  # fmt: skip
    set_axis("xaxis", figure, range=[0, 1])
    set_axis("yaxis", figure, range=[len(rows) - 0.5, -0.5], showticklabels=True, tickvals=at,
          ticks="outside", ticklen=6 * scale, tickcolor="rgba(0,0,0,0)",
          ticktext=[escape_html(label) for label, _ in rows],
          tickfont={"size": 13.5 * scale, "color": shade["text"]})  # fmt: skip
    side = 20 + 7.4 * max(len(label) for label, _ in rows)
    figure.update_layout(margin={"l": side * scale, "r": 8, "t": 30 * scale, "b": 6})
    return figure


def pareto_frontier(
    line: np.ndarray,
    points: Sequence[tuple[str, Sequence[float]]],
    titles: tuple[str, str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 380,
) -> go.Figure:
    """A frontier ``[points, 2]`` and named policies beside it."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2)
    figure.add_scatter(
        x=line[:, 0], y=line[:, 1], mode="lines", name="one policy for both", hoverinfo="skip",
        line={"color": shade["quiet"], "width": 2 * scale},
    )  # fmt: skip
    for i, (name, (x, y)) in enumerate(points):
        figure.add_scatter(
            x=[x], y=[y], mode="markers", name=escape_html(name), showlegend=True,
            marker={"size": 13 * scale, "color": colour(i), "symbol": SYMBOLS[i % len(SYMBOLS)],
                    "line": {"width": 1.4, "color": shade["ground"]}},
            hovertemplate=f"{escape_html(name)}: %{{x:.2f}}, %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    axis = {"showgrid": True, "gridcolor": shade["line"], "zeroline": False, "fixedrange": True,
            "tickfont": quiet, "nticks": 6}  # fmt: skip
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": quiet,
                "itemclick": False, "itemdoubleclick": False},
        xaxis={**axis, "title": {"text": titles[0], "font": quiet, "standoff": 4}},
        yaxis={**axis, "title": {"text": titles[1], "font": quiet, "standoff": 4}},
        margin={"l": 58 * scale, "r": 10, "t": 56 * scale, "b": 44 * scale},
    )  # fmt: skip
    return figure
