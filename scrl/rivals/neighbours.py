"""Nearest raters: a pair is predicted by the raters who agree most on other pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, issparse
from scipy.special import expit

from scrl.types import Catalogue, Ratings
from scrl.utility_models.ballot_table import BallotTable, tabulate, training_table
from scrl.utility_models.prediction import draw_rows, pooled_rewards

#: How many raters vote, and how many votes the pooled reward counts for.
NEIGHBOURS, POOLED_VOTES = 15.0, 2.0
#: Common pairs that shrink an agreement to none.
PRIOR_PAIRS = 2.0
#: Raters who may complete a simulated voter's ballots.
CANDIDATES = 60
#: Raters compared at once, and raters × pairs up to which opinions are held densely for that.
BLOCK, MAX_DENSE = 256, 5_000_000
#: Pairs of one rater that are voted on at once, at least.
MIN_PAIRS = 64
#: Limits of the ranked pairs of all ballots, of raters × raters, and of pairs of all items.
MAX_PAIRS, MAX_RATERS, MAX_ITEM_PAIRS = 5_000_000, 20_000, 300_000


@dataclass(frozen=True)
class Neighbours:
    """The nearest 15 raters by agreement on common pairs."""

    name: str = "neighbours"
    title: str = "Nearest 15 raters"

    def too_large(self, ratings: Ratings) -> str:
        if (ratings.sizes * (ratings.sizes - 1) // 2).sum() > MAX_PAIRS:
            return f"more than {MAX_PAIRS:,} ranked pairs"
        if len(np.unique(ratings.ballot_rater)) > MAX_RATERS:
            return f"more than {MAX_RATERS:,} raters"
        size = np.diff(ratings.catalogue.offsets)
        if (size * (size - 1) // 2).sum() > MAX_ITEM_PAIRS:
            return f"more than {MAX_ITEM_PAIRS:,} pairs of items"
        return ""

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedNeighbours:
        table = training_table(ratings)
        return FittedNeighbours(table, _opinions(table), pooled_rewards(ratings))


@dataclass(frozen=True, eq=False)
class _Opinions:
    """What raters say of pairs of items.

    Attributes:
        sign: mean over a rater's ballots, 1 where the pair's first item is ranked above, sparse
            ``[rows, pairs]``; compared: 1 where the rater compared the pair, same shape.
    """

    sign: csr_matrix
    compared: csr_matrix


class _PairNumbers:
    """Numbers of all pairs of items of one prompt, prompt by prompt."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.size = np.diff(catalogue.offsets)
        self.offsets = np.concatenate([[0], np.cumsum(self.size * (self.size - 1) // 2)])
        self.catalogue = catalogue

    def of(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Of pairs with low < high."""
        prompt = self.catalogue.item_prompt[low]
        size, first = self.size[prompt], self.catalogue.offsets[prompt]
        i, j = low - first, high - first
        return self.offsets[prompt] + i * (2 * size - i - 1) // 2 + j - i - 1


def _opinions(table: BallotTable) -> _Opinions:
    """The raters' opinions of all pairs that they compared."""
    slots, numbers = table.slots, _PairNumbers(table.catalogue)
    parts = []
    for gap in range(1, slots.mask.shape[1]):
        ballot, place = np.nonzero(slots.mask[:, gap:])
        above, below = slots.item[ballot, place], slots.item[ballot, place + gap]
        strict = slots.tie_start[ballot, place + gap] > slots.tie_start[ballot, place]
        pair = numbers.of(np.minimum(above, below), np.maximum(above, below))
        parts.append((ballot, pair, np.where(above < below, 1.0, -1.0) * strict))
    if not parts:
        parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    ballot, pair, sign = (np.concatenate(x) for x in zip(*parts, strict=True))
    shape = len(table.prompt), int(numbers.offsets[-1])
    total = table.cast @ csr_matrix((sign, (ballot, pair)), shape=shape)
    count = (table.cast @ csr_matrix((np.ones(len(pair)), (ballot, pair)), shape=shape)).tocsr()
    inverse = count.copy()
    inverse.data = 1 / inverse.data
    count.data = np.ones_like(count.data)
    return _Opinions(total.multiply(inverse).tocsr(), count)


@dataclass(frozen=True, eq=False)
class FittedNeighbours:
    """The raters who vote.

    Attributes:
        table, opinions: of the raters who vote; reward: pooled ``[items]``.
    """

    table: BallotTable
    opinions: _Opinions
    reward: np.ndarray

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        low, high = np.minimum(first, second), np.maximum(first, second)
        pair = _PairNumbers(self.table.catalogue).of(low, high)
        ahead = expit(self.reward[low] - self.reward[high])
        table = tabulate(visible)
        theirs = _opinions(table)
        row = table.row[rater]
        sign, compared = self.opinions.sign.tocsc(), self.opinions.compared.tocsc()
        probability = np.empty(len(row))
        at_once = max(MIN_PAIRS, MAX_DENSE // max(self.table.rows, 1))
        order = np.argsort(row, kind="stable")
        asked, first_of = np.unique(row[order], return_index=True)
        ends = np.append(first_of, len(row))[1:]
        for start, stop, agreement in zip(
            first_of, ends, self._agreements(theirs, asked), strict=True
        ):
            mine = order[start:stop]
            for part in range(0, len(mine), at_once):
                some = mine[part : part + at_once]
                columns = pair[some]
                probability[some] = _vote(
                    agreement, self.table.mass, sign[:, columns].toarray(),
                    compared[:, columns].toarray(), ahead[some],
                )  # fmt: skip
        return np.where(first < second, probability, 1 - probability)

    def _agreements(self, theirs: _Opinions, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Mean product of signs on common pairs, shrunk to 0, with every rater ``[raters]``; for
        each of these rows, 0 for row -1."""
        sign, compared = self.opinions.sign, self.opinions.compared
        if np.prod(sign.shape) <= MAX_DENSE:
            sign, compared = sign.toarray(), compared.toarray()
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            if not theirs.sign.shape[0]:
                yield from np.zeros((len(part), len(self.table.mass)))
                continue
            product, common = theirs.sign[part] @ sign.T, theirs.compared[part] @ compared.T
            if issparse(product):
                product, common = product.toarray(), common.toarray()
            # Rounded, so that equal agreements are equal whatever the order of the sums.
            yield from np.round(product / (common + PRIOR_PAIRS), 9) * (part >= 0)[:, None]

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Voters are raters, drawn by weight: their own ballots, completed by their neighbours.

        The utility of a completion is the expected number of others that it beats.
        """
        chosen = draw_rows(self.table.mass, voters, rng)
        offsets = self.table.catalogue.offsets
        parts = [np.triu_indices(size, 1) for size in np.diff(offsets)]
        low = np.concatenate([o + i for o, (i, _) in zip(offsets, parts, strict=False)])
        high = np.concatenate([o + j for o, (_, j) in zip(offsets, parts, strict=False)])
        ahead = expit(self.reward[low] - self.reward[high])
        rows, position = np.unique(chosen, return_inverse=True)
        utility = np.zeros((len(rows), len(self.reward)))
        wins = csr_matrix(
            (np.ones(len(low)), (np.arange(len(low)), low)), shape=(len(low), len(self.reward))
        )
        losses = csr_matrix((np.ones(len(low)), (np.arange(len(low)), high)), shape=wins.shape)
        agreements = self._agreements(self.opinions, rows)
        for number, (row, agreement) in enumerate(zip(rows, agreements, strict=True)):
            opinion = self._completed(int(row), agreement, ahead)
            utility[number] = opinion @ wins + (1 - opinion) @ losses
        # Equal utilities are ordered at random.
        return utility[position] + 1e-6 * rng.gumbel(size=(voters, len(self.reward)))

    def _completed(self, row: int, agreement: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        """P(first ≻ second) of all pairs for a rater: 1 or 0 where compared, else voted."""
        own_sign, own_compared = self.opinions.sign[[row]], self.opinions.compared[[row]]
        nearest = np.argsort(-agreement, kind="stable")[:CANDIDATES]
        sign, compared = (
            x[nearest].toarray() for x in (self.opinions.sign, self.opinions.compared)
        )
        voted = _vote(agreement[nearest], self.table.mass[nearest], sign, compared, ahead)
        known = own_compared.toarray()[0] > 0
        return np.where(known, 0.5 + 0.5 * own_sign.toarray()[0], voted)


def _vote(
    agreement: np.ndarray,
    mass: np.ndarray,
    sign: np.ndarray,
    compared: np.ndarray,
    ahead: np.ndarray,
) -> np.ndarray:
    """P(first ≻ second) by the votes of the nearest raters who compared the pair ``[pairs]``.

    Raters who agree equally and are more than there are votes left share these.

    Args:
        agreement, mass: of the raters ``[raters]``.
        sign, compared: their opinions ``[raters, pairs]``.
        ahead: probability by the pooled reward ``[pairs]``.
    """
    order = np.argsort(-agreement, kind="stable")
    value = agreement[order]
    start = np.searchsorted(-value, -value, "left")
    stop = np.searchsorted(-value, -value, "right")
    weight = mass[order, None] * compared[order]
    total = np.concatenate([np.zeros((1, weight.shape[1])), np.cumsum(weight, axis=0)])
    group = total[stop] - total[start]
    share = np.clip((NEIGHBOURS - total[start]) / np.where(group > 0, group, 1), 0, 1)
    weight = weight * share
    votes = weight.sum(0)
    ahead_votes = (weight * (0.5 + 0.5 * sign[order])).sum(0)
    return (ahead_votes + POOLED_VOTES * ahead) / (votes + POOLED_VOTES)
