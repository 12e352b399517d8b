"""A map whose raters and completions can be moved: by pointer, touch or arrow keys.

``map_editor.js`` counts the ballots by Borda while a point moves; the page is told on release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from scrl.figures import colour
from scrl.scenarios import Location, SpatialModel
from scrl.types import InputError

_FILES = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "scrl_map_editor",
    html='<div class="map"></div>',
    css=(_FILES / "map_editor.css").read_text(),
    js=(_FILES / "map_editor.js").read_text(),
)


def component_data(model: SpatialModel) -> dict[str, Any]:
    """What the browser is given."""
    return {
        "raters": [
            {"name": p.name, "x": p.x, "y": p.y, "share": p.share, "colour": colour(i)}
            for i, p in enumerate(model.raters)
        ],
        "answers": [{"name": p.name, "x": p.x, "y": p.y} for p in model.completions],
        "earth": model.metric == "earth",
    }


def _at(places: tuple[Location, ...], coordinates: Any) -> tuple[Location, ...]:
    """The places at other coordinates.

    Raises:
        InputError: these are not as many pairs of numbers.
    """
    numbers = isinstance(coordinates, list) and len(coordinates) == len(places) and all(
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in pair)
        for pair in coordinates
    )  # fmt: skip
    if not numbers:
        raise InputError("The map has just been changed; move the point again.")
    return tuple(
        replace(place, x=float(x), y=float(y))
        for place, (x, y) in zip(places, coordinates, strict=True)
    )


def moved(model: SpatialModel, places: Any) -> SpatialModel:
    """The map with its points at the coordinates that the browser sent.

    Raises:
        InputError: they are not coordinates of its points, or lie off the map.
    """
    if not isinstance(places, dict):
        raise InputError("The map has just been changed; move the point again.")
    return replace(
        model,
        raters=_at(model.raters, places.get("raters")),
        completions=_at(model.completions, places.get("answers")),
    )


def show(model: SpatialModel, key: str, on_moved: Callable[[SpatialModel], None]) -> None:
    """Draw the map; ``on_moved`` gets the new map once a point rests."""

    def released() -> None:
        try:
            new = moved(model, st.session_state[key]["moved"])
        except InputError:
            return
        on_moved(new)

    _COMPONENT(data=component_data(model), key=key, on_moved_change=released)
