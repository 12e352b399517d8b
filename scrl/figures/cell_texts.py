"""Numbers in the cells of heat maps, in colours that can be read on every cell.

Plotly's own choice is white or grey by brightness, which is faint on colours in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

#: Least contrast of text, by the Web Content Accessibility Guidelines 2.2, criterion 1.4.3.
LEAST_CONTRAST = 4.5
#: Colours of text, in the order of preference; one of the two is legible on each background.
_TEXTS = ("#FFFFFF", "#000000")
#: A scale: positions from 0 to 1, and their colours ``#rrggbb``.
Scale = Sequence[tuple[float, str]]


def add_cell_texts(
    figure: go.Figure,
    z: np.ndarray,
    text: Sequence[Sequence[str]],
    scale: Scale,
    bounds: tuple[float, float],
    size: float,
) -> None:
    """Add the texts of a heat map whose cells stand at 0, 1, … of both axes.

    Args:
        z: values ``[rows, columns]``; a cell without a value has no text.
        text: of each cell.
        scale: the colours of the heat map, opaque.
        bounds: the values of its first and of its last colour.
        size: of the font, in pixels.
    """
    cells = [(r, c) for r, c in np.ndindex(z.shape) if np.isfinite(z[r, c]) and text[r][c]]
    span = bounds[1] - bounds[0]
    behind = [colour_at(scale, float(z[cell] - bounds[0]) / span) for cell in cells]
    figure.add_scatter(
        x=[c for _, c in cells], y=[r for r, _ in cells], text=[text[r][c] for r, c in cells],
        mode="text", textposition="middle center", hoverinfo="skip", showlegend=False,
        textfont={"size": size, "color": [legible_on(colour) for colour in behind]},
    )  # fmt: skip


def colour_at(scale: Scale, position: float) -> str:
    """The colour of a scale at a position, which is drawn to 0 … 1; linear in RGB, as Plotly's."""
    position = min(max(position, 0.0), 1.0)
    for (low, first), (high, last) in pairwise(scale):
        if position <= high:
            part = (position - low) / (high - low)
            mixed = (1 - part) * _rgb(first) + part * _rgb(last)
            return "#" + "".join(f"{round(value):02x}" for value in mixed)
    return scale[-1][1]


def legible_on(background: str) -> str:
    """A colour of text with at least ``LEAST_CONTRAST`` to a background."""
    return next(text for text in _TEXTS if contrast(text, background) >= LEAST_CONTRAST)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """The relative luminance (WCAG 2.2)."""
    part = _rgb(colour) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)
