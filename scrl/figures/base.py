"""Colours, text and axes that all figures share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

import plotly.graph_objects as go

from scrl.figures.template import Theme

#: Okabe–Ito: blue, green, purple, sky, vermillion, orange, yellow, grey for black.
COLOURS = (
    "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#E69F00", "#F0E442", "#7A7A7A",
)  # fmt: skip
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "cross", "triangle-down", "x")
DASHES = ("solid", "dash", "dot", "dashdot", "solid", "longdash", "longdashdot", "dot")
#: Pixels of the narrower of two columns, which decide what text fits a figure there.
COLUMN_WIDTH = 375
#: A legend whose entries cannot be switched off.
STATIC_LEGEND = {"itemclick": False, "itemdoubleclick": False}


def colour(position: int) -> str:
    """Colour of the rater type, or of the completion, at this position."""
    return COLOURS[position % len(COLOURS)]


def symbol(position: int) -> str:
    """Mark of the rater type, or of the completion, at this position."""
    return SYMBOLS[position % len(SYMBOLS)]


def dash(position: int) -> str:
    """Line style of the rater type, or of the completion, at this position."""
    return DASHES[position % len(DASHES)]


def with_alpha(hex_colour: str, alpha: float = 0.72) -> str:
    """The colour ``#rrggbb`` with opacity ``alpha``."""
    r, g, b = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha})"


# -- text -----------------------------------------------------------------------------------------


def escape_html(text: str) -> str:
    """Text that Plotly shows literally; names come from files and may hold markup.

    In the texts of hovers Plotly replaces ``%{…}``, so that is no exception.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("%{", "&#37;{")


def truncate(name: str, length: int = 22) -> str:
    """The name, cut to ``length`` characters with an ellipsis."""
    return name if len(name) <= length else name[: length - 1] + "…"


def short_labels(names: Sequence[str], length: int = 22) -> list[str]:
    """The names cut to ``length`` characters so that different names keep different labels.

    A name that is too long loses its end. Names that would then look alike lose what they share
    instead: of "Answer with a joke" and "Answer with a poem" 12 characters keep "Answer…joke" and
    "Answer…poem". Where that does not tell them apart they are numbered by position.

    Args:
        length: most characters of a label; with fewer than 4 the labels of long names may be
            numbers alone.
    """
    length = max(int(length), 1)
    labels = [truncate(name, length) for name in names]
    alike: dict[str, list[str]] = {}
    for short, name in zip(labels, names, strict=True):
        if name not in alike.setdefault(short, []):
            alike[short].append(name)
    chosen = {group[0]: short for short, group in alike.items() if len(group) == 1}
    position = {name: i for i, name in reversed(list(enumerate(names, 1)))}
    for group in alike.values():
        if len(group) > 1:
            chosen.update(_told_apart(group, length, set(chosen.values()), position))
    return [chosen[name] for name in names]


def _told_apart(
    group: Sequence[str], length: int, taken: set[str], position: Mapping[str, int]
) -> dict[str, str]:
    """Different labels, none of them ``taken``, for names that are alike when truncated."""
    alike = (len(set(letters)) == 1 for letters in zip(*group, strict=False))
    prefix = group[0][: sum(takewhile(bool, alike))]
    word = prefix.rfind(" ") + 1  # the word in which the first difference stands
    for kept in (length // 3, length // 6, 0):
        room = length - 1 - kept
        for start in (word, len(prefix), None):
            cut = {}
            for name in group:
                end = name[-room:] if start is None else name[start:]
                head = prefix[:kept].rstrip()
                cut[name] = f"{head}…{truncate(end.strip(), room)}" if room > 0 else ""
                if len(name) <= length:
                    cut[name] = name
            different = set(cut.values())
            if room > 0 and len(different) == len(group) and not different & taken:
                return cut
    numbers = {name: f"…{position[name]}" for name in group}
    return {
        name: number[1:] if len(number) > length else name[: length - len(number)] + number
        for name, number in numbers.items()
    }


def label(name: str, length: int = 22, bold: bool = False) -> str:
    """The name truncated and escaped, for annotations and ticks."""
    text = escape_html(truncate(name, length))
    return f"<b>{text}</b>" if bold else text


def label_width(names: Iterable[str], theme: Theme, size: float = 13.5) -> float:
    """Pixels that the longest of these labels takes beside an axis, ``size`` its font size."""
    return (18 + 0.55 * size * max(map(len, names), default=0)) * theme.scale


def hover(text: str) -> str:
    """A hover text, which may hold markup, without the trace's name beside it."""
    return f"{text}<extra></extra>"


# -- figures and axes -----------------------------------------------------------------------------


#: Settings for which Plotly's own method is needed, which knows rows and columns.
_SUBPLOT = {"row", "col", "secondary_y", "exclude_empty_subplots"}


class _Figure(go.Figure):
    """A figure that adds its annotations and shapes together when it is first read.

    Plotly checks all earlier ones again for each that is added.
    """

    def add_annotation(self, arg: Any = None, **settings: Any) -> go.Figure:
        if not _SUBPLOT.isdisjoint(settings):
            return super().add_annotation(arg, **settings)
        return self._add_later("annotations", go.layout.Annotation(arg, **settings))

    def add_shape(self, arg: Any = None, **settings: Any) -> go.Figure:
        if not _SUBPLOT.isdisjoint(settings):
            return super().add_shape(arg, **settings)
        return self._add_later("shapes", go.layout.Shape(arg, **settings))

    def _add_later(self, key: str, added: Any) -> go.Figure:
        self.__dict__.setdefault("_waiting", {}).setdefault(key, []).append(added)
        return self

    def _add_waiting(self) -> None:
        waiting = self.__dict__.pop("_waiting", {})
        for key, added in waiting.items():
            self._layout_obj[key] = [*self._layout_obj[key], *added]

    @property
    def layout(self) -> go.Layout:
        self._add_waiting()
        return super().layout

    @layout.setter
    def layout(self, new_layout: Any) -> None:
        go.Figure.layout.fset(self, new_layout)

    def to_dict(self) -> dict[str, Any]:
        self._add_waiting()
        return super().to_dict()


def base_figure(theme: Theme, height: float, **layout: Any) -> go.Figure:
    """An empty figure with the theme's template; ``layout`` as in ``Figure.update_layout``."""
    return _Figure(layout={"template": theme.template, "height": round(height), **layout})


def show_axis(
    figure: go.Figure,
    axis: str,
    title: str = "",
    *,
    grid: bool = False,
    line: bool = False,
    **settings: Any,
) -> None:
    """Shows tick labels and title of an axis, which the template hides.

    Args:
        axis: key of the axis in the layout, such as ``"xaxis2"``.
        grid: whether to draw grid lines at the ticks.
        line: whether to draw the axis line.
        settings: further Plotly settings of the axis.
    """
    shown = {"showticklabels": True, "showgrid": grid, "showline": line}
    figure.update_layout({axis: {**shown, "title": {"text": title}, **settings}})


def label_rows(
    figure: go.Figure,
    labels: Sequence[str],
    theme: Theme,
    *,
    size: float = 13.5,
    axis: str = "yaxis",
    **settings: Any,
) -> None:
    """Labels the rows 0, 1, … of a vertical axis, the first on top.

    Args:
        labels: one for each row, escaped.
        size: of the font in pixels, before scaling.
        settings: as in ``show_axis``.
    """
    defaults = {
        "range": [len(labels) - 0.5, -0.5], "tickfont": theme.font(size),
        "tickvals": list(range(len(labels))), "ticktext": list(labels),
    }  # fmt: skip
    show_axis(figure, axis, **{**defaults, **settings})
