"""Where the card of a theorem is drawn, and its widgets there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.shared import page

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from streamlit.delta_generator import DeltaGenerator

#: Prefix of slider keys of a card that stands alone. With one key for both places, the browser
#: would drop the slider's value from the URL when the other slider leaves the page.
ALONE = "one_"


@dataclass(frozen=True)
class CardView:
    """A card among the others, or alone on the page.

    Attributes:
        aside: of a card that stands alone, the container of its figure; None among others.
    """

    aside: DeltaGenerator | None = None

    def key(self, key: str) -> str:
        """The key of a widget here."""
        return ALONE + key if self.aside else key

    def slider(
        self,
        label: str,
        key: str,
        low: float,
        high: float,
        value: float,
        step: float,
        format: str = "%.2f",
    ) -> float:
        """A slider whose value stands in the URL."""
        return page.slider(label, self.key(key), low, high, value, step, format)

    def percent(self, label: str, key: str, high: int, value: int, low: int = 0) -> float:
        """A slider in per cent; its value as a share."""
        return round(self.slider(label, key, low, high, value, 1, "%.0f%%")) / 100

    def chart(self, figure: go.Figure, key: str, alt: str) -> None:
        """The card's figure: beside the text where the card stands alone, else below it."""
        with self.aside or st.container():
            page.chart(figure, f"card-{key}", alt)

    def style(self) -> dict[str, Any]:
        """Keywords of the card's figure: theme, scale and height."""
        return {**page.style(), "height": 330 if self.aside else 235}
