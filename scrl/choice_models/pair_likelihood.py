"""Likelihoods of compared pairs with ties and with features of the pair.

The first item's advantage is η = rᵢ − rⱼ + β·x. Three readings of ties:

- ``half``: Bradley–Terry, log σ(η) for a win of the first item; a tie is half a win for each.
- ``davidson`` (Davidson 1970): P(win) ∝ exp(η/2), P(loss) ∝ exp(−η/2), P(tie) ∝ ν.
- ``rao-kupper`` (Rao & Kupper 1967): P(win) = σ(η − log κ), P(loss) = σ(−η − log κ), κ ≥ 1.

The parameter of ties is log ν, or log(κ² − 1), in which both log-likelihoods are concave.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit, log_expit

from scrl.choice_models.comparison_frames import FIRST, SECOND, TIE, PairRows
from scrl.choice_models.finite_maxima import (
    check_connected,
    is_strongly_connected,
    ties_are_bounded,
)
from scrl.choice_models.newton import maximise
from scrl.types import InputError

#: Span of the last Newton step; the error is about its square.
TOLERANCE = 1e-7
#: Share by which curvatures grow in a step with features, which moves no optimum.
RIDGE = 1e-10
#: Advantages beyond this show that a feature separates wins from losses.
MAX_ADVANTAGE = 60.0


class _Slopes(NamedTuple):
    """Derivatives of the log-likelihood of some counts by η and by the parameter of ties."""

    by_gap: np.ndarray
    by_tie: np.ndarray
    gap_gap: np.ndarray
    gap_tie: np.ndarray
    tie_tie: np.ndarray


@dataclass(frozen=True, eq=False)
class PairLikelihood:
    """The likelihood of kinds of comparisons; its parameters are rewards, β, and that of ties.

    Attributes:
        items: their number.
        first, second: the items of each cell ``[cells]``; a cell is a pair with its features.
        features: ``[cells, features]``.
        cell, result: of each kind ``[kinds]``.
        ties: ``half``, ``davidson`` or ``rao-kupper``.
    """

    items: int
    first: np.ndarray
    second: np.ndarray
    features: np.ndarray
    cell: np.ndarray
    result: np.ndarray
    ties: str

    @property
    def linear(self) -> int:
        """Number of rewards and coefficients."""
        return self.items + self.features.shape[1]

    @cached_property
    def has_tie_parameter(self) -> bool:
        return self.ties != "half" and bool((self.result == TIE).any())

    @property
    def parameters(self) -> int:
        return self.linear + self.has_tie_parameter

    @cached_property
    def _entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns and values of the design of each cell ``[cells, 2 + features]``."""
        cells, k = self.features.shape
        extra = np.broadcast_to(self.items + np.arange(k), (cells, k))
        column = np.concatenate([self.first[:, None], self.second[:, None], extra], axis=1)
        value = np.concatenate([np.ones((cells, 1)), -np.ones((cells, 1)), self.features], axis=1)
        return column, value

    @cached_property
    def _design(self) -> csr_array:
        """``[cells, rewards and coefficients]``."""
        column, value = self._entries
        row = np.repeat(np.arange(len(column)), column.shape[1])
        shape = (len(column), self.linear)
        return csr_array((value.ravel(), (row, column.ravel())), shape=shape)

    @cached_property
    def _squared_design(self) -> csr_array:
        """The outer product of each cell's design with itself, flat ``[cells, linear²]``."""
        column, value = self._entries
        column = column[:, :, None] * self.linear + column[:, None, :]
        value = value[:, :, None] * value[:, None, :]
        row = np.repeat(np.arange(len(column)), column.shape[1] * column.shape[2])
        shape = (len(column), self.linear**2)
        return csr_array((value.ravel(), (row, column.ravel())), shape=shape)

    def counts(self, weight: np.ndarray) -> np.ndarray:
        """Weight of each result ``[..., 3, cells]`` from weights of the kinds ``[..., kinds]``."""
        cells = len(self.first)
        kinds = np.arange(len(self.cell))
        add = csr_array(
            (np.ones(len(kinds)), (self.result * cells + self.cell, kinds)),
            shape=(3 * cells, len(kinds)),
        )
        flat = (add @ weight.reshape(-1, len(kinds)).T).T
        return flat.reshape(*weight.shape[:-1], 3, cells)

    def beats(self, weight: np.ndarray) -> np.ndarray:
        """Whether a ever beat or tied b ``[..., items, items]``, for weights ``[..., kinds]``."""
        wins, tied = self._wins_and_ties(weight)
        return wins | tied

    def _wins_and_ties(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether a ever beat b, and whether they tied ``[..., items, items]``."""
        counts = self.counts(weight)
        cells, m = np.arange(len(self.first)), self.items

        def table(values: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
            add = csr_array((np.ones(len(cells)), (a * m + b, cells)), shape=(m * m, len(cells)))
            flat = (add @ values.reshape(-1, len(cells)).T).T
            return flat.reshape(*weight.shape[:-1], m, m) > 0

        wins = table(counts[..., FIRST, :], self.first, self.second)
        wins |= table(counts[..., SECOND, :], self.second, self.first)
        tied = table(counts[..., TIE, :], self.first, self.second)
        return wins, tied | tied.swapaxes(-1, -2)

    def has_finite_maximum(self, weight: np.ndarray) -> np.ndarray:
        """Whether each of the weights ``[fits, kinds]`` has one; features are not considered."""
        finite = is_strongly_connected(self.beats(weight))
        if self.has_tie_parameter:
            finite &= ties_are_bounded(*self._wins_and_ties(weight))
        return finite

    def check_finite_maximum(self, weight: np.ndarray, names: Sequence[Hashable]) -> None:
        """Check that weights ``[kinds]`` have a finite maximum; ``InputError`` says why not."""
        check_connected(self.beats(weight), names)
        if self.has_tie_parameter:
            wins, tied = self._wins_and_ties(weight[None])
            if not wins.any():
                raise InputError("All comparisons are ties, which have no model: use ties='half'.")
            if not ties_are_bounded(wins, tied).all():
                raise InputError(
                    "Wins and ties are ordered without contradiction, so gaps and ties may grow "
                    "without end: give a prior_sd, or use ties='half'."
                )

    def maximise(self, weight: np.ndarray, precision: float) -> np.ndarray:
        """The parameters ``[..., parameters]`` for weights ``[..., kinds]``, rewards with mean 0.

        They are NaN where features separate wins from losses, so that there is no maximum.

        Args:
            weight: of each kind.
            precision: of Gaussian priors on the rewards and on the parameter of ties; 0 for
                maximum likelihood.
        """
        counts = self.counts(weight)
        start = np.zeros((*weight.shape[:-1], self.parameters))
        if self.has_tie_parameter:
            total = counts.sum((-1, -2))
            tied = np.clip(counts[..., TIE, :].sum(-1) / total, 1e-3, 0.999)
            kappa = (1 + tied) / (1 - tied)
            by_model = {"davidson": 2 * tied / (1 - tied), "rao-kupper": kappa**2 - 1}
            start[..., -1] = np.log(by_model[self.ties])

        def newton(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            gradient, information = self._derivatives(counts, point, precision)
            if not precision:
                m = self.items
                shift = np.trace(information[..., :m, :m], axis1=-2, axis2=-1) / m**2
                information[..., :m, :m] += shift[..., None, None]
            if self.features.size:
                self._stop_where_separated(point, gradient, information)
            return gradient, np.linalg.solve(information, gradient[..., None])[..., 0]

        def span_of(step: np.ndarray) -> np.ndarray:
            gap = np.abs(self._advantage(step)).max(-1)
            tie = np.abs(step[..., -1]) if self.has_tie_parameter else 0.0
            return (gap + tie)[..., None]

        def gradient_at(point: np.ndarray) -> np.ndarray:
            return self._derivatives(counts, point, precision)[0]

        found = maximise(newton, start, span_of, gradient_at, tolerance=TOLERANCE)
        found[..., : self.items] -= found[..., : self.items].mean(-1, keepdims=True)
        is_finite = (np.abs(self._advantage(found)) < MAX_ADVANTAGE).all(-1, keepdims=True)
        return np.where(is_finite | (not self.features.size), found, np.nan)

    def _stop_where_separated(
        self, point: np.ndarray, gradient: np.ndarray, information: np.ndarray
    ) -> None:
        """Change the gradient and the information of fits whose coefficients grow without end, so
        that they stay where they are; and keep the systems of the others regular."""
        at = np.arange(self.parameters)
        information[..., at, at] = information[..., at, at] * (1 + RIDGE) + 1e-300
        separated = (np.abs(self._advantage(point)) > MAX_ADVANTAGE).any(-1)
        gradient[separated] = 0.0
        information[separated] = np.eye(self.parameters)

    def information(self, point: np.ndarray, weight: np.ndarray, precision: float) -> np.ndarray:
        """The negative Hessian ``[parameters, parameters]`` of the log posterior."""
        return self._derivatives(self.counts(weight), point, precision)[1]

    def scores(self, point: np.ndarray) -> np.ndarray:
        """The gradient of the log-likelihood of one row of each kind ``[kinds, parameters]``."""
        counts = np.eye(3)[self.result].T
        slopes = self._slopes(counts, self._advantage(point)[self.cell], self._tie(point))
        found = np.zeros((len(self.cell), self.parameters))
        column, value = (x[self.cell] for x in self._entries)
        np.put_along_axis(found, column, value * slopes.by_gap[:, None], axis=1)
        if self.has_tie_parameter:
            found[:, -1] = slopes.by_tie
        return found

    def log_likelihood(self, point: np.ndarray) -> np.ndarray:
        """Log-probability of each kind ``[kinds]``; of a tie under ``half``, the mean of both
        results."""
        gap, tie = self._advantage(point)[self.cell], self._tie(point)
        win, loss, tied = log_probabilities(self.ties, gap, tie)
        return np.select([self.result == FIRST, self.result == SECOND], [win, loss], tied)

    def baseline(self, train: np.ndarray) -> np.ndarray:
        """Log-probability of each kind ``[kinds]`` if all items are alike: ties as often as among
        the training weights ``[kinds]``."""
        if self.ties == "half" or not self.has_tie_parameter:
            return np.full(len(self.cell), np.log(0.5))
        tied = (train[self.result == TIE].sum() + 0.5) / (train.sum() + 1.0)
        return np.where(self.result == TIE, np.log(tied), np.log((1 - tied) / 2))

    def _advantage(self, point: np.ndarray) -> np.ndarray:
        """η ``[..., cells]``."""
        linear = point[..., : self.linear]
        gap = linear[..., self.first] - linear[..., self.second]
        if self.features.size:
            gap = gap + linear[..., self.items :] @ self.features.T
        return gap

    def _tie(self, point: np.ndarray) -> np.ndarray:
        """The parameter of ties ``[..., 1]``, −∞ without ties."""
        return point[..., -1:] if self.has_tie_parameter else np.array([-np.inf])

    def _derivatives(
        self, counts: np.ndarray, point: np.ndarray, precision: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradient ``[..., parameters]`` and negative Hessian of the log posterior."""
        slopes = self._slopes(counts, self._advantage(point), self._tie(point))
        lead, n = point.shape[:-1], self.linear

        def through(design: csr_array, values: np.ndarray) -> np.ndarray:
            return (design.T @ values.reshape(-1, values.shape[-1]).T).T

        gradient = np.zeros(point.shape)
        gradient[..., :n] = through(self._design, slopes.by_gap).reshape(*lead, n)
        gradient[..., : self.items] -= precision * point[..., : self.items]
        information = np.zeros((*point.shape, self.parameters))
        information[..., :n, :n] = through(self._squared_design, slopes.gap_gap).reshape(
            *lead, n, n
        )
        at = np.arange(self.items)
        information[..., at, at] += precision
        if self.has_tie_parameter:
            gradient[..., -1] = slopes.by_tie.sum(-1) - precision * point[..., -1]
            mixed = through(self._design, slopes.gap_tie).reshape(*lead, n)
            information[..., :n, -1] = information[..., -1, :n] = mixed
            information[..., -1, -1] = slopes.tie_tie.sum(-1) + precision
        return gradient, information

    def _slopes(self, counts: np.ndarray, gap: np.ndarray, tie: np.ndarray) -> _Slopes:
        """Slopes at η ``[..., cells]`` of counts ``[..., 3, cells]``; second ones negated."""
        win, loss, tied = (counts[..., i, :] for i in (FIRST, SECOND, TIE))
        none = np.zeros_like(gap)
        if self.ties == "half" or not self.has_tie_parameter:
            total, chance = win + loss + tied, expit(gap)
            by_gap = win + 0.5 * tied - total * chance
            return _Slopes(by_gap, none, total * chance * (1 - chance), none, none)
        if self.ties == "davidson":
            p_win, p_loss, p_tie = (np.exp(x) for x in log_probabilities("davidson", gap, tie))
            total, lean = win + loss + tied, p_win - p_loss
            return _Slopes(
                0.5 * (win - loss - total * lean),
                tied - total * p_tie,
                0.25 * total * (p_win + p_loss - lean**2),
                -0.5 * total * p_tie * lean,
                total * p_tie * (1 - p_tie),
            )
        # Rao–Kupper: log P(tie) = log P(win) + log P(loss) + log(κ² − 1).
        threshold = 0.5 * np.logaddexp(0.0, tie)
        first, second = win + tied, loss + tied
        miss_first, miss_second = expit(threshold - gap), expit(threshold + gap)
        slope, bend = 0.5 * expit(tie), 0.5 * expit(tie) * expit(-tie)
        spread_first = first * miss_first * (1 - miss_first)
        spread_second = second * miss_second * (1 - miss_second)
        missed = first * miss_first + second * miss_second
        return _Slopes(
            first * miss_first - second * miss_second,
            tied - slope * missed,
            spread_first + spread_second,
            slope * (spread_second - spread_first),
            slope**2 * (spread_first + spread_second) + bend * missed,
        )


def log_probabilities(
    ties: str, gap: np.ndarray, tie: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-probabilities that the first item wins, loses and ties at η ``gap``.

    Args:
        ties: reading of ties; under ``half`` the third is the mean of the first two.
        gap: η, any shape.
        tie: log ν or log(κ² − 1); −∞ for no ties.
    """
    if ties == "half" or not np.isfinite(tie).all():
        win, loss = log_expit(gap), log_expit(-gap)
        return win, loss, 0.5 * (win + loss)
    if ties == "davidson":
        total = np.logaddexp(np.logaddexp(0.5 * gap, -0.5 * gap), tie)
        return 0.5 * gap - total, -0.5 * gap - total, tie - total
    threshold = 0.5 * np.logaddexp(0.0, tie)
    win, loss = log_expit(gap - threshold), log_expit(-gap - threshold)
    return win, loss, win + loss + tie


def pair_likelihood(rows: PairRows, ties: str, has_side: bool) -> tuple[PairLikelihood, np.ndarray]:
    """The likelihood of comparisons, and the kind of each row ``[rows]``.

    Args:
        rows: the comparisons.
        ties: reading of ties.
        has_side: whether a coefficient says how much being shown first helps.
    """
    m = len(rows.names)
    first, second, result, features = rows.first, rows.second, rows.result, rows.features
    if has_side:
        features = np.concatenate([np.ones((len(first), 1)), features], axis=1)
    elif not features.shape[1]:  # without sides (a, b) and (b, a) are one pair
        swap = first > second
        first, second = np.where(swap, second, first), np.where(swap, first, second)
        result = np.where(swap & (result != TIE), 1 - result, result)
    code = first * m + second
    if features.shape[1] - has_side:
        # NumPy finds distinct rows of numbers by their bytes; -0.0 and 0.0 are made alike.
        table = np.column_stack([code.astype(float), features + 0.0])
        table, cell = np.unique(table, axis=0, return_inverse=True)
        codes, features = table[:, 0].astype(np.int64), table[:, 1:]
    else:
        codes, cell = np.unique(code, return_inverse=True)
        features = np.ones((len(codes), 1)) if has_side else np.empty((len(codes), 0))
    kinds, kind = np.unique(cell.ravel() * 3 + result, return_inverse=True)
    likelihood = PairLikelihood(m, codes // m, codes % m, features, kinds // 3, kinds % 3, ties)
    return likelihood, kind.ravel()
