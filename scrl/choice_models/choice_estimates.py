"""Fits of choice models to rows of data: estimates, their covariance, resamples, held-out folds.

Everything here reads a likelihood of kinds: rows that say the same are one kind, and data are
weights of kinds. So a resample is a vector of weights, and a thousand of them are fitted at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from scipy.linalg import helmert
from scipy.sparse import csr_array

from scrl.types import InputError

#: Prior of a resample or a fold in which some items never won, lost, or occurred.
FALLBACK_PRIOR_SD = 10.0
#: Least curvature of a combination of parameters, relative to that of each alone.
MIN_CURVATURE = 1e-9
#: Limit of the numbers of resamples that are held in memory at once.
MAX_CELLS = 4_000_000


class ChoiceLikelihood(Protocol):
    """A concave log-likelihood of kinds of rows; rewards are its first parameters."""

    @property
    def items(self) -> int: ...
    @property
    def parameters(self) -> int: ...
    def beats(self, weight: np.ndarray) -> np.ndarray: ...
    def has_finite_maximum(self, weight: np.ndarray) -> np.ndarray: ...
    def check_finite_maximum(self, weight: np.ndarray, names: Sequence[Hashable]) -> None: ...
    def maximise(self, weight: np.ndarray, precision: float) -> np.ndarray: ...
    def information(
        self, point: np.ndarray, weight: np.ndarray, precision: float
    ) -> np.ndarray: ...
    def scores(self, point: np.ndarray) -> np.ndarray: ...
    def log_likelihood(self, point: np.ndarray) -> np.ndarray: ...
    def baseline(self, train: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class WeightedRows:
    """Rows as kinds with weights.

    Attributes:
        kind: of each row ``[rows]``.
        weight: ``[rows]``.
        cluster: index of each row's cluster ``[rows]``, or ``None`` for independent rows.
        are_counts: whether a weight of 3 stands for three rows, rather than for one that counts
            three times as much.
    """

    kind: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray | None
    are_counts: bool

    @cached_property
    def totals(self) -> np.ndarray:
        """Weight of each kind ``[kinds]``."""
        return np.bincount(self.kind, self.weight)

    @cached_property
    def size(self) -> int:
        """Number of independent units: clusters, counted rows, or rows."""
        if self.cluster is not None:
            return int(self.cluster.max()) + 1
        return max(1, round(self.weight.sum())) if self.are_counts else len(self.kind)

    @cached_property
    def _units(self) -> tuple[csr_array, np.ndarray]:
        """Weights of the kinds of each distinct unit ``[units, kinds]``, and its frequency."""
        kinds = len(self.totals)
        if self.cluster is not None:
            entries = (self.weight, (self.cluster, self.kind))
            return csr_array(entries, shape=(self.size, kinds)), np.full(self.size, 1 / self.size)
        if self.are_counts:
            one = csr_array((np.ones(kinds), (np.arange(kinds),) * 2))
            return one, self.totals / self.totals.sum()
        pairs, times = np.unique(
            np.column_stack([self.kind, self.weight]), axis=0, return_counts=True
        )
        entries = (pairs[:, 1], (np.arange(len(pairs)), pairs[:, 0].astype(np.int64)))
        return csr_array(entries, shape=(len(pairs), kinds)), times / times.sum()

    def resamples(self, number: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Blocks of weights ``[resamples, kinds]``: units drawn with replacement."""
        table, frequency = self._units
        step = max(1, MAX_CELLS // max(table.shape))
        for start in range(0, number, step):
            times = rng.multinomial(self.size, frequency, size=min(step, number - start))
            yield (table.T @ times.T).T

    def variance_of_sum(self, scores: np.ndarray) -> np.ndarray:
        """Covariance ``[columns, columns]`` of Σ weight · score under resampling of units.

        Args:
            scores: of each kind ``[kinds, columns]``.
        """
        table, frequency = self._units
        summed = table @ scores
        correction = self.size / (self.size - 1) if self.cluster is not None else 1.0
        return correction * self.size * (summed * frequency[:, None]).T @ summed

    def folds(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Fold of each row ``[rows]``; rows of one cluster share a fold."""
        units = np.arange(len(self.kind)) if self.cluster is None else self.cluster
        labels = rng.permutation(int(units.max()) + 1) % number
        return labels[units]

    def expanded(self) -> WeightedRows:
        """Counted rows as rows of weight 1, where their counts are whole."""
        if not self.are_counts or self.cluster is not None or (self.weight % 1).any():
            return self
        kind = np.repeat(self.kind, self.weight.astype(np.int64))
        return WeightedRows(kind, np.ones(len(kind)), None, True)


class HeldOut(NamedTuple):
    """Log-likelihood of held-out rows, a row on average.

    Attributes:
        log_likelihood: of the fitted model.
        baseline: where all items are alike; ties are as frequent as in the training rows.
        gain: ``log_likelihood`` less ``baseline``.
        standard_error: of the gain, over rows or over raters.
        folds: their number.
        with_prior: folds whose training rows have no finite maximum; they were fitted with a prior
            of sd 10.
    """

    log_likelihood: float
    baseline: float
    gain: float
    standard_error: float
    folds: int
    with_prior: int


@dataclass(frozen=True, eq=False)
class ChoiceEstimate:
    """A fitted likelihood.

    Attributes:
        likelihood: of kinds of rows.
        rows: the data.
        prior_sd: of the Gaussian prior on rewards, or ``None``.
        errors: ``information`` or ``robust``.
        point: the parameters ``[parameters]``, rewards with mean 0.
        covariance: of ``point`` ``[parameters, parameters]``.
    """

    likelihood: ChoiceLikelihood
    rows: WeightedRows
    prior_sd: float | None
    errors: str
    point: np.ndarray
    covariance: np.ndarray

    @property
    def log_likelihood(self) -> float:
        """Of all rows, with their weights and without the prior."""
        return float(self.rows.totals @ self.likelihood.log_likelihood(self.point))

    def resample(self, number: int, seed: int | np.random.Generator) -> tuple[np.ndarray, int]:
        """Parameters of resamples ``[resamples, parameters]``, and how many needed a prior.

        Resamples in which features or ties have no finite maximum are left out, and counted, too.
        """
        if number < 1:
            raise InputError(f"{number} resamples: give 1 or more.")
        if self.rows.size < 2:
            raise InputError("One row, or one rater, cannot be resampled; give two or more.")
        found, weak = [], 0
        for weight in self.rows.resamples(number, np.random.default_rng(seed)):
            points, needed = self._maximise(weight)
            held = np.isfinite(points).all(-1)
            found.append(points[held])
            weak += needed + int((~held).sum())
        if not sum(map(len, found)):
            raise InputError(
                "No resample has a finite maximum; leave a feature out, or use ties='half'."
            )
        return np.concatenate(found), weak

    def held_out(self, folds: int, seed: int | np.random.Generator) -> HeldOut:
        """Fit all folds but one and read the likelihood of that one, for each."""
        rows = self.rows.expanded()
        units = len(rows.kind) if rows.cluster is None else rows.size
        if not 2 <= folds <= units:
            raise InputError(f"{folds} folds of {units:,} rows or raters: give 2 to {units:,}.")
        fold = rows.folds(folds, np.random.default_rng(seed))
        kinds = len(rows.totals)
        fitted, plain = np.zeros((2, len(rows.kind)))
        test = np.stack(
            [np.bincount(rows.kind, rows.weight * (fold == f), kinds) for f in range(folds)]
        )
        train = rows.totals - test
        points, weak = self._maximise(train)
        if not np.isfinite(points).all():
            raise InputError("In a fold features or ties have no finite maximum; give fewer folds.")
        for f in range(folds):
            here = fold == f
            fitted[here] = self.likelihood.log_likelihood(points[f])[rows.kind[here]]
            plain[here] = self.likelihood.baseline(train[f])[rows.kind[here]]
        total = rows.weight.sum()
        gain = float(rows.weight @ (fitted - plain) / total)
        residual: np.ndarray = rows.weight * (fitted - plain - gain)
        if rows.cluster is not None:
            residual = np.bincount(rows.cluster, residual)
        spread = residual**2
        if rows.are_counts and rows.cluster is None:  # fractional counts
            spread = spread / np.maximum(rows.weight, 1e-300)
        return HeldOut(
            float(rows.weight @ fitted / total), float(rows.weight @ plain / total), gain,
            float(np.sqrt(spread.sum()) / total), folds, weak,
        )  # fmt: skip

    def _maximise(self, weight: np.ndarray) -> tuple[np.ndarray, int]:
        """Parameters for weights ``[fits, kinds]``, and how many fits needed a prior."""
        if self.prior_sd is not None:
            return self.likelihood.maximise(weight, self.prior_sd**-2), 0
        finite = self.likelihood.has_finite_maximum(weight)
        points = np.empty((len(weight), self.likelihood.parameters))
        for chosen, precision in ((finite, 0.0), (~finite, FALLBACK_PRIOR_SD**-2)):
            if chosen.any():
                points[chosen] = self.likelihood.maximise(weight[chosen], precision)
        return points, int((~finite).sum())


def fit_choices(
    likelihood: ChoiceLikelihood,
    rows: WeightedRows,
    names: Sequence[Hashable],
    prior_sd: float | None,
    errors: str,
) -> ChoiceEstimate:
    """Maximise a likelihood.

    Args:
        likelihood: of kinds of rows.
        rows: the data.
        names: of the items, for messages.
        prior_sd: of a Gaussian prior on rewards, or ``None`` for maximum likelihood.
        errors: ``information`` for the inverse of the observed information; ``robust`` for the
            sandwich of it and the variance of the scores of rows or clusters (White 1982; Liang &
            Zeger 1986).

    Raises:
        InputError: if the likelihood has no finite maximum.
    """
    totals, precision = rows.totals, 0.0
    if prior_sd is None:
        likelihood.check_finite_maximum(totals, names)
    else:
        precision = prior_sd**-2
    point = likelihood.maximise(totals, precision)
    if not np.isfinite(point).all():
        raise InputError(
            "Features separate wins from losses, or ties are ordered without contradiction, so "
            "that their parameters have no finite maximum: leave features out, or use ties='half'."
        )
    information = likelihood.information(point, totals, precision)
    # The likelihood says nothing of a common shift, so errors are those of differences.
    basis = np.zeros((likelihood.parameters, likelihood.parameters - 1))
    m = likelihood.items
    basis[:m, : m - 1] = helmert(m).T
    extra = np.arange(likelihood.parameters - m)
    basis[m + extra, m - 1 + extra] = 1.0
    curvature = basis.T @ information @ basis
    size = np.sqrt(np.diagonal(curvature))
    if np.linalg.eigvalsh(curvature / np.outer(size, size)).min() < MIN_CURVATURE:
        raise InputError("The features depend on each other or on the items; leave one out.")
    inverse = np.linalg.inv(curvature)
    if errors == "robust":
        spread = rows.variance_of_sum(likelihood.scores(point))
        inverse = inverse @ (basis.T @ spread @ basis) @ inverse
    return ChoiceEstimate(likelihood, rows, prior_sd, errors, point, basis @ inverse @ basis.T)
