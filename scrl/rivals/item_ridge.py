"""Bradley–Terry plus an item–item ridge regression on residual scores.

The residual score of an item is predicted from the rater's other items (EASE: Steck 2019, a ridge
regression of every item on the others in closed form). The strength of the ridge, and how much a
predicted residual adds to the log-odds, are those that best predict hidden halves of ballots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.special import expit

from scrl.random_streams import HostStream, host_rng
from scrl.rivals.residuals import residual_scores
from scrl.types import Ratings
from scrl.utility_models.ballot_table import BallotTable, tabulate, training_table
from scrl.utility_models.prediction import draw_rows, pooled_rewards

RIDGES = (1.0, 4.0, 16.0, 64.0, 256.0)
#: Limits of items, whose square is inverted, and of ranked pairs.
MAX_ITEMS, MAX_PAIRS = 3_000, 50_000_000
#: Hidden pairs that choose the ridge; more are sampled.
MAX_TESTS = 200_000
#: Largest log-odds that a residual score of 1 adds.
MAX_SLOPE = 40.0


@dataclass(frozen=True)
class ItemRidge:
    """Bradley–Terry plus item–item ridge on residuals."""

    name: str = "item-ridge"
    title: str = "Bradley–Terry + item–item ridge"

    def too_large(self, ratings: Ratings) -> str:
        if ratings.catalogue.items > MAX_ITEMS:
            return f"more than {MAX_ITEMS:,} items"
        return "" if (ratings.sizes**2).sum() <= MAX_PAIRS else "too many ranked pairs"

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedItemRidge:
        table, reward = training_table(ratings), pooled_rewards(ratings)
        ridge, slope = _choose(table, reward, host_rng(seed, HostStream.RIVAL_HIDDEN))
        residual = residual_scores(table, reward)
        return FittedItemRidge(reward, _Ridge(residual, table.mass, ridge), slope, table)


@dataclass(frozen=True, eq=False)
class FittedItemRidge:
    """The fitted regression.

    Attributes:
        reward: ``[items]``; ridge: predicts residual scores.
        slope: log-odds that a predicted residual of 1 adds.
        table: the raters it was fitted to, whom voters resemble.
    """

    reward: np.ndarray
    ridge: _Ridge
    slope: float
    table: BallotTable

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        table = tabulate(visible)
        gap = self.reward[first] - self.reward[second]
        if not table.rows:
            return expit(gap)
        personal = self.slope * self.ridge.predict(residual_scores(table, self.reward))
        row = table.row[rater]
        return expit(gap + (row >= 0) * (personal[row, first] - personal[row, second]))

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Voters are raters, drawn by weight, with their predicted utilities."""
        chosen = draw_rows(self.table.mass, voters, rng)
        personal = self.slope * self.ridge.predict(residual_scores(self.table, self.reward))
        utility = self.reward + personal[chosen]
        return utility + rng.gumbel(size=utility.shape)


class _Ridge:
    """Ridge regression of every item's residual on those of the other items.

    With P the inverse of XᵀX + λ, an item's prediction from the other items of x is
    x - (x P) / diag(P). P is kept through raters × raters where these are fewer than items.
    """

    def __init__(self, residual: csr_matrix, mass: np.ndarray, ridge: float) -> None:
        scaled = residual.multiply(np.sqrt(mass)[:, None]).tocsr()
        raters, items = scaled.shape
        self.ridge, self.scaled = ridge, scaled
        self.by_raters = raters < items
        if self.by_raters:
            gram = (scaled @ scaled.T).toarray() + ridge * np.eye(raters)
            self.inverse = np.linalg.solve(gram, scaled.toarray())
            self.diagonal = (1 - scaled.multiply(self.inverse).sum(0)) / ridge
            self.diagonal = np.asarray(self.diagonal).ravel()
        else:
            gram = (scaled.T @ scaled).toarray() + ridge * np.eye(items)
            self.inverse = np.linalg.inv(gram)
            self.diagonal = np.diag(self.inverse)

    def predict(self, residual: csr_matrix) -> np.ndarray:
        """Each item from the others ``[rows, items]``."""
        if self.by_raters:
            known = residual - np.asarray((residual @ self.scaled.T) @ self.inverse)
            return residual.toarray() - np.asarray(known) / self.ridge / self.diagonal
        return residual.toarray() - residual @ self.inverse / self.diagonal


def _choose(
    table: BallotTable, reward: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """The ridge and the slope that best predict hidden halves of the ballots of other raters."""
    mask = table.slots.mask
    hidden = mask & (rng.random(mask.shape) < 0.5)
    full = residual_scores(table, reward)
    seen = residual_scores(table, reward, mask & ~hidden)
    row, ballot, better, worse = _hidden_pairs(table, hidden, rng)
    if not len(row):
        return RIDGES[-1], 0.0
    weight = table.mass[row] * np.asarray(table.cast[row, ballot]).ravel()
    gap = reward[better] - reward[worse]
    half = np.arange(table.rows) % 2
    found = []
    for ridge in RIDGES:
        along = np.zeros(len(row))
        for side in (0, 1):
            train = half != side
            if not train.any():
                continue
            test = half[row] == side
            model = _Ridge(full[train], table.mass[train], ridge)
            personal = model.predict(seen[half == side])
            at = row[test] // 2
            along[test] = personal[at, better[test]] - personal[at, worse[test]]

        def loss(slope: float, along: np.ndarray = along) -> float:
            return float(weight @ np.logaddexp(0, -(gap + slope * along)))

        best = minimize_scalar(loss, bounds=(0.0, MAX_SLOPE), method="bounded")
        found.append((loss(0.0), ridge, 0.0))
        found.append((float(best.fun), ridge, float(best.x)))
    _, ridge, slope = min(found)
    return ridge, slope


def _hidden_pairs(
    table: BallotTable, hidden: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, ballots, better and worse items of strict pairs of hidden completions ``[pairs]``."""
    slots, cast = table.slots, table.cast.tocoo()
    parts = []
    for gap in range(1, hidden.shape[1]):
        strict = slots.tie_start[:, gap:] > slots.tie_start[:, :-gap]
        ballot, place = np.nonzero(hidden[:, gap:] & hidden[:, :-gap] & strict)
        parts.append((ballot, slots.item[ballot, place], slots.item[ballot, place + gap]))
    if not parts:
        return (np.empty(0, np.int64),) * 4
    ballot, better, worse = (np.concatenate(x) for x in zip(*parts, strict=True))
    order = np.argsort(ballot, kind="stable")
    ballot, better, worse = ballot[order], better[order], worse[order]
    count = np.bincount(ballot, minlength=len(hidden))
    first = np.cumsum(count) - count
    size = count[cast.col]
    entry = np.repeat(first[cast.col] - (np.cumsum(size) - size), size) + np.arange(size.sum())
    row = np.repeat(cast.row, size)
    if len(entry) > MAX_TESTS:
        keep = rng.random(len(entry)) < MAX_TESTS / len(entry)
        entry, row = entry[keep], row[keep]
    return row, ballot[entry], better[entry], worse[entry]
