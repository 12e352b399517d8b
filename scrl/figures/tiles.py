"""Tiles in the candidates' colours, and text that fits them."""

from __future__ import annotations

from scrl.figures.base import colour, escape_html, truncate

#: Of more candidates the colours come again, with stripes.
_HUES = 8


def text_colour_on(hex_colour: str) -> str:
    """Text that can be read on a colour."""
    r, g, b = (int(hex_colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return "#FFFFFF" if 0.299 * r + 0.587 * g + 0.114 * b < 0.56 else "#14181D"


def tile_fill(position: int) -> dict:
    """How the tiles of a candidate are filled."""
    stripes = ["", "/", "\\", "x", "-", "|", "+", "."][position // _HUES % 8]
    fill = {"color": colour(position)}
    if stripes:
        fill["pattern"] = {"shape": stripes, "size": 5, "solidity": 0.25, "fgcolor": "#14181D"}
    return fill


def fit_text(name: str, width: float, scale: float = 1.0, least: int = 3) -> str:
    """A name cut to so many pixels; "" where not even ``least`` letters have room."""
    room = int((width - 4 * scale) / (5.9 * scale))
    return escape_html(truncate(name, room)) if room >= min(len(name), least) else ""
