"""Comparisons inferred for raters who never gave them."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    hover,
    label,
    label_rows,
    label_width,
    show_axis,
    truncate,
)
from scrl.figures.template import Theme


def inferred_pairs(
    pairs: Sequence[tuple[str, str, float]],
    rater_type: int = 0,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Probability of each inferred comparison, on an axis from even to certain.

    Args:
        pairs: preferred and other completion, and the probability, ½ or more.
        rater_type: position of the raters' type, which gives the colour.
    """
    theme = Theme(dark, scale)
    rows = sorted(pairs, key=lambda pair: -pair[2])
    labels = [f"{label(a, 16)} ≻ {label(b, 16)}" for a, b, _ in rows]
    percent = [100 * probability for *_, probability in rows]
    figure = base_figure(theme, (64 + 26 * len(rows)) * scale)
    for y, value in enumerate(percent):
        figure.add_shape(
            type="line", x0=50, x1=value, y0=y, y1=y,
            line={"color": colour(rater_type), "width": 3 * scale},
        )  # fmt: skip
    figure.add_scatter(
        x=percent, y=list(range(len(rows))), mode="markers+text",
        text=[f"{value:.0f} %" for value in percent], textposition="middle right",
        textfont=theme.font(12.5), marker={"size": 11 * scale, "color": colour(rater_type)},
        cliponaxis=False, hovertemplate=[hover(f"{text}: %{{x:.1f}} %") for text in labels],
    )  # fmt: skip
    show_axis(figure, "xaxis", grid=True, range=[50, 104], tickvals=[50, 75, 100],
              ticktext=["even", "75 %", "certain"])  # fmt: skip
    label_rows(figure, labels, theme, range=[len(rows) - 0.4, -0.6])
    side = label_width([f"{truncate(a, 16)} ≻ {truncate(b, 16)}" for a, b, _ in rows], theme)
    figure.update_layout(margin={"l": side, "r": 44 * scale, "t": 6, "b": 30 * scale})
    return figure
