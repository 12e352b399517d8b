"""An open question and its answer: one figure, one sentence, a link, and what would refute it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scrl.figures import banded_curves, grouped_bars
from scrl.studies import Study
from ui.shared import data_tables, page

#: Name of a curve, its mean with the ends of its interval ``[3, points]``, position in the palette.
Curve = tuple[str, np.ndarray, int]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a stored result says.

    Attributes:
        sentence: the answer, with numbers and intervals.
        right: the right one of the question's guesses.
        x: of the points, or names of groups, whose values are then drawn as bars.
        curves: what is drawn.
        x_title, y_title: of the axes.
        caption: what the figure shows.
        refuted: what would refute the answer, and whether it did.
        log_x, percent: of the figure.
    """

    sentence: str
    right: str
    x: Sequence[float] | Sequence[str]
    curves: Sequence[Curve]
    x_title: str
    y_title: str
    caption: str
    refuted: str
    log_x: bool = False
    percent: bool = True


@dataclass(frozen=True, eq=False)
class Question:
    """One of the note's questions.

    Attributes:
        text: as the note has it.
        short: name in the choice and in the URL.
        study: whose stored result answers it.
        answer: reads the result.
        guess: what the reader may guess first; options: the guesses.
        limit: what the lab cannot say about it.
        link: label of the button; target: the page; settings: its URL parameters.
    """

    text: str
    short: str
    study: Study
    answer: Callable[[Mapping[str, Any]], Answer]
    guess: str
    options: tuple[str, ...]
    limit: str
    link: str
    target: str
    settings: dict[str, str] = field(default_factory=dict)


def between(values: Sequence[float] | np.ndarray, form: str = ".0%") -> str:
    """A mean and its interval ``[3]`` in words."""
    mean, low, high = (float(v) for v in values)
    return f"**{mean:{form}}** ({low:{form}} to {high:{form}})".replace("-", "−")


def at(values: Sequence[Sequence[float]], index: int) -> np.ndarray:
    """Mean and interval ``[3]`` at one point of a curve ``[3, points]``."""
    return np.asarray(values, float)[:, index]


def draw(answer: Answer) -> None:
    """The figure of an answer, and its numbers."""
    alt = "; ".join(
        f"{name}: {values[0][0]:.2f} at {answer.x[0]}, {values[0][-1]:.2f} at {answer.x[-1]}"
        for name, values, _ in answer.curves
    )
    page.chart(_figure(answer), "chart-question", alt=alt, caption=answer.caption)
    rows = [
        {answer.x_title: x, "curve": name, "mean": float(values[0][i]),
         "from": float(values[1][i]), "to": float(values[2][i])}
        for name, values, _ in answer.curves for i, x in enumerate(answer.x)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "question", "Means over seeds with 95 % intervals.")


def _figure(answer: Answer) -> Any:
    if isinstance(answer.x[0], str):
        names = [str(x) for x in answer.x]
        bars = [(name, [float(v) for v in values[0]]) for name, values, _ in answer.curves]
        return grouped_bars(names, bars, answer.x_title, answer.y_title, **page.style())
    return banded_curves(
        [float(x) for x in answer.x], answer.curves, x_title=answer.x_title,
        y_title=answer.y_title, log_axes="x" if answer.log_x else "", percent=answer.percent,
        value_format=".1%" if answer.percent else ".2f", height=380, **page.style(),
    )  # fmt: skip
