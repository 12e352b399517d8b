"""The Plotly templates of all figures, one for light pages and one for dark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import plotly.graph_objects as go
import plotly.io

FONT = "'Source Sans', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"
TRANSPARENT = "rgba(0,0,0,0)"
LIGHT = {"text": "#1D2733", "muted": "#5C6875", "grid": "#DCE1E6", "background": "#FFFFFF"}
DARK = {"text": "#E8EAED", "muted": "#A3ABB5", "grid": "#38404A", "background": "#14181D"}


@dataclass(frozen=True)
class Theme:
    """Colours and sizes of a figure's text and lines.

    Attributes:
        dark: whether the page is dark.
        scale: factor of text and mark sizes; 1 except in presenter mode.
    """

    dark: bool = False
    scale: float = 1.0

    @property
    def text(self) -> str:
        """Colour of text that must be read."""
        return (DARK if self.dark else LIGHT)["text"]

    @property
    def muted(self) -> str:
        """Colour of ticks, axis titles and reference lines."""
        return (DARK if self.dark else LIGHT)["muted"]

    @property
    def grid(self) -> str:
        """Colour of grid and axis lines."""
        return (DARK if self.dark else LIGHT)["grid"]

    @property
    def background(self) -> str:
        """Colour of the page; figures themselves are transparent."""
        return (DARK if self.dark else LIGHT)["background"]

    @property
    def template(self) -> go.layout.Template:
        """The Plotly template of this theme."""
        return _template(self.dark, self.scale)

    def font(self, size: float = 13.0, colour: str | None = None, **settings: Any) -> dict:
        """A Plotly font of ``size`` pixels before scaling, in the text colour by default."""
        return {"size": size * self.scale, "color": colour or self.text, **settings}

    def muted_font(self, size: float = 12.5) -> dict:
        """A Plotly font for text beside the data: ticks, titles of axes, notes."""
        return self.font(size, self.muted)


@cache
def _template(dark: bool, scale: float) -> go.layout.Template:
    theme = Theme(dark, scale)
    small = theme.muted_font()
    # Axes are hidden until ``base.show_axis`` shows them: many figures are diagrams without any.
    axis = {
        "showticklabels": False, "showgrid": False, "showline": False, "zeroline": False,
        "ticks": "", "fixedrange": True, "tickfont": small,
        "title": {"font": small, "standoff": 4 * scale},
        "gridcolor": theme.grid, "linecolor": theme.grid, "zerolinecolor": theme.muted,
    }  # fmt: skip
    axis_3d = {
        "showticklabels": False, "showbackground": False, "gridcolor": theme.grid,
        "zerolinecolor": theme.grid, "title": {"font": small},
    }  # fmt: skip
    return go.layout.Template(
        layout={
            "font": {"family": FONT, **theme.font(14)},
            "paper_bgcolor": TRANSPARENT,
            "plot_bgcolor": TRANSPARENT,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "dragmode": False,
            "showlegend": False,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": small},
            "hoverlabel": {
                "bgcolor": theme.background, "bordercolor": theme.grid,
                "font": {"family": FONT, **theme.font(13)},
            },
            "xaxis": axis,
            "yaxis": axis,
            "scene": {"xaxis": axis_3d, "yaxis": axis_3d, "zaxis": axis_3d},
            "annotationdefaults": {"showarrow": False, "font": theme.font(13)},
        }
    )  # fmt: skip


def register_templates() -> None:
    """Adds the templates to ``plotly.io.templates`` as ``scrl_light`` and ``scrl_dark``.

    The default template of Plotly stays what it was.
    """
    plotly.io.templates["scrl_light"] = Theme(dark=False).template
    plotly.io.templates["scrl_dark"] = Theme(dark=True).template
