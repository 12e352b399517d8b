"""Tiles in the candidates' colours, and text that fits them."""

from __future__ import annotations

from scrl.figures.base import COLOURS, colour, label

#: Stripes of the candidates that share a colour, by how often the palette has been used up.
_STRIPES = ("", "/", "\\", "x", "-", "|", "+", ".")


def text_colour_on(hex_colour: str) -> str:
    """The text colour, dark or white, that is readable on a colour."""
    r, g, b = (int(hex_colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return "#FFFFFF" if 0.299 * r + 0.587 * g + 0.114 * b < 0.56 else "#14181D"


def tile_fill(position: int) -> dict:
    """Plotly's ``marker`` of a candidate's tiles: its colour, with stripes past the palette."""
    stripes = _STRIPES[position // len(COLOURS) % len(_STRIPES)]
    fill: dict = {"color": colour(position)}
    if stripes:
        fill["pattern"] = {"shape": stripes, "size": 5, "solidity": 0.25, "fgcolor": "#14181D"}
    return fill


def fit_text(name: str, width: float, scale: float = 1.0, min_length: int = 3) -> str:
    """The name cut to ``width`` pixels; "" where fewer than ``min_length`` letters fit."""
    room = int((width - 4 * scale) / (5.9 * scale))
    return label(name, room) if room >= min(len(name), min_length) else ""
