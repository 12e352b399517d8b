"""Tiles in the candidates' colours, and text that fits them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from scrl.figures.base import COLOURS, colour, escape_html, short_labels
from scrl.figures.template import Theme

#: Most candidates whose names are shortened in tiles; more are numbered.
MAX_NAMED = 8
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
        fill["pattern"] = {
            "shape": stripes, "size": 6, "solidity": 0.22, "fillmode": "overlay",
            "fgcolor": "#14181D", "fgopacity": 0.55,
        }  # fmt: skip
    return fill


def tile_text(theme: Theme) -> dict:
    """Plotly's ``uniformtext`` of tiles: text that does not fit a narrow page shrinks, or goes."""
    return {"minsize": 8.5 * theme.scale, "mode": "hide"}


@lru_cache(maxsize=2_000)
def _short(names: tuple[str, ...], length: int) -> dict[str, str]:
    return dict(zip(names, short_labels(names, length), strict=True))


def fit_text(
    name: str, width: float, scale: float = 1.0, min_length: int = 3, names: Sequence[str] = ()
) -> str:
    """The name cut to ``width`` pixels; "" where fewer than ``min_length`` letters fit.

    Args:
        names: all names of the figure, from which the short one stays different; of more than
            ``MAX_NAMED``, some of them too long, it is the name's number among them.
    """
    room = int((width - 4 * scale) / (5.9 * scale))
    if room < 1:
        return ""
    longest = max(map(len, names), default=0)
    if len(names) > MAX_NAMED and longest > room:
        text = str(list(names).index(name) + 1)
        return text if len(text) <= room else ""
    text = _short(tuple(names) or (name,), room)[name]
    fits = room >= min(len(name), min_length) or text.isdigit()
    return escape_html(text) if fits else ""
