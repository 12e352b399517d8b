"""Posteriors of raters' utilities under a Gaussian prior and the Plackett–Luce likelihood.

The mode is found by Newton's method over the items that a rater ranked, however large the
catalogue is; the posterior is Gaussian around it (Laplace). With the prior covariance K of those
items, the gradient g and the negative Hessian H of the likelihood, α = (I + H K)⁻¹ (H (u − μ) + g)
and G = (I + H K)⁻¹ H give the posterior of any item: its mean is μ + k α and its variance less
than the prior's by k G k, where k is its prior covariance with the ranked items (Rasmussen &
Williams 2006, section 3.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.types import Ratings
from scrl.utility_models.ballot_table import BallotSlots, BallotTable, tabulate
from scrl.utility_models.likelihood import Choices, choices
from scrl.utility_models.tie_model import TieModel
from scrl.utility_models.tied_choices import TiedChoices

#: Raters × items² held in memory at once.
MAX_CELLS = 3_000_000
#: Largest change of a utility in one Newton step, and the change that ends the iteration.
MAX_STEP, TOLERANCE = 3.0, 1e-6


@dataclass(frozen=True, eq=False)
class RaterGroup:
    """Distinct raters who ranked about equally many items.

    Attributes:
        rows: of the table ``[raters]``; item, mask: their ranked items ``[raters, items]``.
        slots: the ballots they cast, one row for each rater and ballot ``[casts]``.
        rater: of each cast, by position in ``rows``; weight: of each cast.
        place: the position in ``item`` of each slot ``[casts, places]``.
        features: of the raters ``[raters, features]``, as in the table; None without.
    """

    rows: np.ndarray
    item: np.ndarray
    mask: np.ndarray
    slots: BallotSlots
    rater: np.ndarray
    weight: np.ndarray
    place: np.ndarray
    features: np.ndarray | None = None

    def take(self, position: np.ndarray) -> RaterGroup:
        """The raters at these positions; one may occur several times."""
        count = np.bincount(self.rater, minlength=len(self.rows))
        order = np.argsort(self.rater, kind="stable")
        first, size = (np.cumsum(count) - count)[position], count[position]
        within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        cast = order[np.repeat(first, size) + within]
        rater = np.repeat(np.arange(len(position)), size)
        return RaterGroup(
            self.rows[position], self.item[position], self.mask[position], self.slots.take(cast),
            rater, self.weight[cast], self.place[cast],
            None if self.features is None else self.features[position],
        )  # fmt: skip

    def choices(self, utility: np.ndarray, ties: TieModel | None) -> list[Choices | TiedChoices]:
        """The raters' ballots, by ``slots.parts``, at utilities ``[raters, items]``."""
        return [
            choices(slots, utility[self.rater[rows, None], place], ties)
            for (rows, slots), place in zip(self.slots.parts, self._places, strict=True)
        ]

    @cached_property
    def _places(self) -> list[np.ndarray]:
        """``place`` by ``slots.parts``."""
        return [self.place[rows][:, : slots.mask.shape[1]] for rows, slots in self.slots.parts]

    def likelihood(
        self, utility: np.ndarray, ties: TieModel | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log-likelihood ``[raters]``, gradient ``[raters, items]`` and negative Hessian
        ``[raters, items, items]`` of each rater's ballots at utilities ``[raters, items]``."""
        found = self.choices(utility, ties)
        return *self.first_order(found), self.curvature(found)

    def first_order(self, found: Sequence[Choices | TiedChoices]) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihood and gradient of ``likelihood``, from the raters' ``choices``."""
        raters, items = self.item.shape
        nats, slope = np.zeros(raters), np.zeros(raters * items)
        for rater, weight, place, own in self._by_part(found):
            nats += np.bincount(rater, weight * own.log_likelihood, raters)
            cell = rater[:, None] * items + place
            value = weight[:, None] * own.gradient
            slope += np.bincount(cell.ravel(), value.ravel(), raters * items)
        return nats, slope.reshape(raters, items)

    def curvature(self, found: Sequence[Choices | TiedChoices]) -> np.ndarray:
        """The negative Hessian of ``likelihood``, from the raters' ``choices``."""
        raters, items = self.item.shape
        curve = np.zeros(raters * items**2)
        for rater, weight, place, own in self._by_part(found):
            pair = (rater[:, None] * items + place)[:, :, None] * items + place[:, None, :]
            value = weight[:, None, None] * own.neg_hessian()
            curve += np.bincount(pair.ravel(), value.ravel(), raters * items**2)
        return curve.reshape(raters, items, items)

    def _by_part(
        self, found: Sequence[Choices | TiedChoices]
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, Choices | TiedChoices]]:
        """Raters, weights and places of the casts of each part, and what was found of them."""
        for (rows, _), place, own in zip(self.slots.parts, self._places, found, strict=True):
            yield self.rater[rows], self.weight[rows], place, own


@dataclass(frozen=True, eq=False)
class Posterior:
    """Posteriors of the raters of a group; see the module for α and G.

    Attributes:
        utility: mode ``[raters, items]``; alpha: ``[raters, items]``.
        log_evidence: Laplace's approximation of the log-probability of a rater's ballots
            ``[raters]``.
        matrices: G and K, both ``[raters, items, items]``, or what computes them.
    """

    utility: np.ndarray
    alpha: np.ndarray
    log_evidence: np.ndarray
    matrices: tuple[np.ndarray, np.ndarray] | Callable[[], tuple[np.ndarray, np.ndarray]]

    @cached_property
    def _matrices(self) -> tuple[np.ndarray, np.ndarray]:
        return self.matrices() if callable(self.matrices) else self.matrices

    @property
    def information(self) -> np.ndarray:
        """G ``[raters, items, items]``."""
        return self._matrices[0]

    @property
    def covariance(self) -> np.ndarray:
        """K ``[raters, items, items]``."""
        return self._matrices[1]


def items_of_raters(table: BallotTable) -> tuple[np.ndarray, np.ndarray]:
    """The rows and items of all (distinct rater, ranked item), by row and item."""
    cast = table.cast.tocoo()
    ballot, place = np.nonzero(table.slots.mask)
    count = np.bincount(ballot, minlength=len(table.prompt))
    first = np.cumsum(count) - count
    size = count[cast.col]
    entry = np.repeat(first[cast.col] - (np.cumsum(size) - size), size) + np.arange(size.sum())
    row = np.repeat(cast.row.astype(np.int64), size)
    key = np.unique(row * table.catalogue.items + table.slots.item[ballot, place][entry])
    return np.divmod(key, table.catalogue.items)


def posterior_work(table: BallotTable) -> float:
    """Σ items³ over distinct raters, which the time of their posteriors follows."""
    row, _ = items_of_raters(table)
    return float((np.bincount(row).astype(float) ** 3).sum())


def group_raters(table: BallotTable) -> list[RaterGroup]:
    """All distinct raters, in groups of similar size that fit in memory."""
    row, item = items_of_raters(table)
    count = np.bincount(row, minlength=table.rows)
    order = np.argsort(count, kind="stable")
    order = order[count[order] > 0]
    first = np.cumsum(count) - count
    groups, start = [], 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and _fits(count[order[start]], count[order[stop]], stop - start):
            stop += 1
        groups.append(_group(table, order[start:stop], item, first, count))
        start = stop
    return groups


def _fits(least: int, most: int, raters: int) -> bool:
    """Whether one more rater of ``most`` items still fits a group."""
    return most <= 1.3 * least + 4 and (raters + 1) * most**2 <= MAX_CELLS


def _group(
    table: BallotTable, rows: np.ndarray, item: np.ndarray, first: np.ndarray, count: np.ndarray
) -> RaterGroup:
    width = int(count[rows].max())
    mask = np.arange(width) < count[rows, None]
    at = np.where(mask, first[rows, None] + np.arange(width), 0)
    items = np.where(mask, item[at], -1)
    cast = table.cast[rows].tocoo()
    slots = table.slots.take(cast.col).narrowed()
    # The position of each slot's item among its rater's items, which are in rising order.
    base = table.catalogue.items + 1
    keys = (np.arange(len(rows))[:, None] * base + np.where(mask, items, base - 1)).ravel()
    wanted = cast.row.astype(np.int64)[:, None] * base + slots.item
    place = np.searchsorted(keys, wanted) - cast.row[:, None] * width
    place = np.where(slots.mask, place, 0)
    features = None if table.features is None else table.features[rows]
    items = np.where(mask, items, 0)
    return RaterGroup(rows, items, mask, slots, cast.row, cast.data, place, features)


@dataclass(frozen=True, eq=False)
class KnownRaters:
    """What is known of raters, read once for several questions about them.

    Attributes:
        table: their ballots.
        features: of the raters ``[raters, features]``, also of those without ballots; None without.
    """

    table: BallotTable
    features: np.ndarray | None = None

    @classmethod
    def of(cls, ratings: Ratings) -> KnownRaters:
        """The raters of these ratings."""
        return cls(tabulate(ratings), ratings.rater_features)

    @cached_property
    def groups(self) -> list[RaterGroup]:
        """See ``group_raters``."""
        return group_raters(self.table)


def find_posterior(
    group: RaterGroup,
    mean: np.ndarray,
    covariance_of: Callable[[np.ndarray, np.ndarray], np.ndarray] | None,
    start: np.ndarray | None = None,
    steps: int = 30,
    ties: TieModel | None = None,
    shift: np.ndarray | None = None,
) -> Posterior:
    """The Laplace posteriors of a group's raters.

    Args:
        mean: of the prior ``[items]``, or of each rater's ``[raters, items of the catalogue]``.
        covariance_of: prior covariance of items, of any shapes that broadcast; None where raters
            have the mean's utilities.
        start: utilities to start from ``[raters, items]``; the mean where None.
        steps: Newton steps at most.
        ties: see ``likelihood.choices``.
        shift: added to the mean ``[raters, items]``.
    """
    own = mean[group.item] if mean.ndim == 1 else np.take_along_axis(mean, group.item, 1)
    centre = np.where(group.mask, own if shift is None else own + shift, 0.0)
    if covariance_of is None:
        at_mean = group.choices(centre, ties)
        nats, slope = group.first_order(at_mean)

        def matrices() -> tuple[np.ndarray, np.ndarray]:
            # The square of a rater's items is needed by few questions where raters do not vary.
            curve = group.curvature(at_mean)
            return curve, np.zeros(curve.shape)

        return Posterior(centre, slope, nats, matrices)
    prior = covariance_of(group.item[:, :, None], group.item[:, None, :])
    prior = prior * (group.mask[:, :, None] & group.mask[:, None, :])
    eye = np.eye(group.item.shape[1])
    utility = centre if start is None else start
    for _ in range(steps):
        _, slope, curve = group.likelihood(utility, ties)
        matrix = eye + curve @ prior
        target = (curve @ (utility - centre)[..., None])[..., 0] + slope
        alpha = np.linalg.solve(matrix, target[..., None])
        step = centre + (prior @ alpha)[..., 0] - utility
        size = np.abs(step).max(1, keepdims=True)
        utility = utility + step * np.minimum(1, MAX_STEP / np.maximum(size, 1e-12))
        if size.max() < TOLERANCE:
            break
    nats, slope, curve = group.likelihood(utility, ties)
    matrix = eye + curve @ prior
    information = np.linalg.solve(matrix, curve)
    # At the mode α is the gradient; off it, the next Newton step's value is closer.
    target = (curve @ (utility - centre)[..., None])[..., 0] + slope
    alpha = np.linalg.solve(matrix, target[..., None])[..., 0]
    away = (alpha * (utility - centre)).sum(1)
    evidence = nats - 0.5 * away - 0.5 * np.linalg.slogdet(matrix)[1]
    return Posterior(utility, alpha, evidence, (information, prior))
