"""What ``counting_steps`` draws: the parts of ``scrl.voting.explain``'s steps that figures read.

Figures stand below voting and cannot import its classes, so these protocols name what they need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class ScoreStep(Protocol):
    """Scores of the candidates (``explain.Bars``)."""

    @property
    def total(self) -> np.ndarray:
        """Scores ``[candidates]``, NaN where there is none."""
        ...

    @property
    def parts(self) -> np.ndarray | None:
        """What each ballot gives ``[ballots, candidates]``; None where unknown."""
        ...

    @property
    def line(self) -> float | None:
        """A value to compare with, or None; ``line_label`` names it."""
        ...

    @property
    def line_label(self) -> str: ...

    @property
    def lower_is_better(self) -> bool: ...


class MatrixStep(Protocol):
    """A number of every row for every candidate (``explain.Matrix``)."""

    @property
    def values(self) -> np.ndarray:
        """``[rows, candidates]``, NaN where there is none."""
        ...

    @property
    def rows(self) -> Sequence[str]:
        """Names of the rows; empty where they are the candidates."""
        ...

    @property
    def centre(self) -> float:
        """The value that is neither good nor bad."""
        ...

    @property
    def marked(self) -> Sequence[tuple[int, int]]:
        """The outlined cells (row, column)."""
        ...


class Duel(Protocol):
    """The victory of candidate ``a`` over ``b`` by ``margin`` (``explain.Edge``)."""

    @property
    def a(self) -> int: ...

    @property
    def b(self) -> int: ...

    @property
    def margin(self) -> float: ...

    @property
    def state(self) -> str:
        """One of ``explain.STATES``."""
        ...

    @property
    def reason(self) -> str:
        """The reason for the state, or ""."""
        ...


class GraphStep(Protocol):
    """Victories as arrows (``explain.Graph``)."""

    @property
    def edges(self) -> Sequence[Duel]: ...


class EliminationRound(Protocol):
    """One round of an elimination (``explain.Round``)."""

    @property
    def score(self) -> np.ndarray:
        """``[candidates]``, NaN for those already eliminated."""
        ...

    @property
    def out(self) -> Sequence[int]:
        """The candidates who leave; ``label`` says as what, such as ``"out"``."""
        ...

    @property
    def label(self) -> str: ...

    @property
    def transfers(self) -> np.ndarray | None:
        """Weight that moves from each candidate to each other, the last column to nobody
        ``[candidates, candidates + 1]``; None where nothing moves."""
        ...


class EliminationStep(Protocol):
    """An elimination, first round first (``explain.Rounds``)."""

    @property
    def rounds(self) -> Sequence[EliminationRound]: ...


class FitStep(Protocol):
    """Shares of duels, observed and fitted ``[candidates, candidates]`` (``explain.Fit``)."""

    @property
    def observed(self) -> np.ndarray: ...

    @property
    def fitted(self) -> np.ndarray: ...
