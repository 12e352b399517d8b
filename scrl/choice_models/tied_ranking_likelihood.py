"""The Davidson–Luce likelihood of rankings with ties (Turner, van Etten, Firth & Kosmidis 2020).

A ranking is a sequence of choices of a set of items, tied if there are several, from the items that
remain. A set of k items is chosen with weight δₖ · (product of their strengths)^(1/k), δ₁ = 1. Only
sizes that occur are possible. For two items this is Davidson's model with ν = δ₂.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb

import numpy as np
from scipy.sparse import csr_array

from scrl.choice_models.finite_maxima import check_connected, is_strongly_connected
from scrl.choice_models.newton import maximise
from scrl.choice_models.ranking_frames import RankingRows
from scrl.choice_models.ranking_likelihood import adjacency, sparse_table
from scrl.types import InputError

#: Limit of the alternatives of all distinct sets that are chosen from.
MAX_ALTERNATIVES = 1_000_000
#: Span of the last Newton step, and the largest parameter of a finite maximum.
TOLERANCE, MAX_PARAMETER = 1e-7, 40.0


@dataclass(frozen=True, eq=False)
class TiedRankingLikelihood:
    """The likelihood of kinds of rankings; its parameters are rewards and log δ of each tied size.

    Attributes:
        items: their number.
        sizes: sizes of ties that occur, 2 and more ``[sizes]``.
        design: rewards, shared equally, and sizes of each alternative ``[alternatives, columns]``.
        first: index of each set's first alternative ``[sets]``; those of a set are adjacent.
        chosen: sums of the designs that each kind chooses ``[kinds, columns]``.
        offered: how often each kind chooses from each set ``[kinds, sets]``.
        ahead: whether a kind ranks a above or level with b, flat ``[kinds, items²]``.
    """

    items: int
    sizes: tuple[int, ...]
    design: csr_array
    first: np.ndarray
    chosen: csr_array
    offered: csr_array
    ahead: csr_array

    @property
    def parameters(self) -> int:
        return self.items + len(self.sizes)

    def has_finite_maximum(self, weight: np.ndarray) -> np.ndarray:
        """Whether the weights ``[fits, kinds]`` have one, as far as the graph of preferences and
        the occurrence of each size of ties tell."""
        flat = (self.ahead.T @ (weight > 0).astype(float).T).T > 0
        graph = flat.reshape(len(weight), self.items, self.items)
        occurs = (self.chosen.T @ weight.T).T[:, self.items :] > 0
        return is_strongly_connected(graph) & occurs.all(-1)

    def check_finite_maximum(self, weight: np.ndarray, names: Sequence[Hashable]) -> None:
        """Check weights ``[kinds]`` as above; ``InputError`` says why there is none."""
        check_connected(self.beats(weight), names)

    def beats(self, weight: np.ndarray) -> np.ndarray:
        """Whether a was ever above or level with b ``[items, items]``, for weights ``[kinds]``."""
        flat = self.ahead.T @ (weight > 0).astype(float) > 0
        return flat.reshape(self.items, self.items)

    def maximise(self, weight: np.ndarray, precision: float) -> np.ndarray:
        """The parameters ``[..., parameters]`` for weights ``[..., kinds]``, rewards with mean 0;
        NaN where they grow without end."""
        flat = weight.reshape(-1, weight.shape[-1])
        found = np.array([self._maximise(row, precision) for row in flat])
        return found.reshape(*weight.shape[:-1], self.parameters)

    def _maximise(self, weight: np.ndarray, precision: float) -> np.ndarray:
        m = self.items

        chosen, times = weight @ self.chosen, weight @ self.offered

        def newton(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            if np.abs(point).max() > MAX_PARAMETER:
                return np.zeros_like(point), np.zeros_like(point)
            chance, _ = self._chances(point)
            means = self._means(chance)
            gradient = chosen - times @ means - precision * point
            information = self._spread(chance, means, times, precision)
            if not precision:
                information[:m, :m] += np.trace(information[:m, :m]) / m**2
            return gradient, np.linalg.solve(information, gradient)

        def gradient_at(point: np.ndarray) -> np.ndarray:
            means = self._means(self._chances(point)[0])
            return chosen - times @ means - precision * point

        def span_of(step: np.ndarray) -> np.ndarray:
            return np.array([np.ptp(step[:m]) + np.abs(step[m:]).max(initial=0.0)])

        start = np.zeros(self.parameters)
        found = maximise(newton, start, span_of, gradient_at, tolerance=TOLERANCE)
        found[:m] -= found[:m].mean()
        return found if np.abs(found).max() < MAX_PARAMETER else np.full_like(found, np.nan)

    def information(self, point: np.ndarray, weight: np.ndarray, precision: float) -> np.ndarray:
        """The negative Hessian ``[parameters, parameters]`` of the log posterior."""
        chance, _ = self._chances(point)
        return self._spread(chance, self._means(chance), weight @ self.offered, precision)

    def _spread(
        self, chance: np.ndarray, means: np.ndarray, times: np.ndarray, precision: float
    ) -> np.ndarray:
        """Σ times · covariance of the design of a choice from each set, plus the prior's."""
        heavy = np.repeat(chance * np.repeat(times, self._lengths), np.diff(self.design.indptr))
        weighted = csr_array(
            (self.design.data * heavy, self.design.indices, self.design.indptr),
            shape=self.design.shape,
        )
        squares = (self._transposed @ weighted).toarray()
        return squares - (means * times[:, None]).T @ means + precision * np.eye(self.parameters)

    def scores(self, point: np.ndarray) -> np.ndarray:
        """The gradient of the log-likelihood of one row of each kind ``[kinds, parameters]``."""
        chance, _ = self._chances(point)
        return self.chosen.toarray() - self.offered @ self._means(chance)

    def log_likelihood(self, point: np.ndarray) -> np.ndarray:
        """Of each kind ``[kinds]``."""
        _, total = self._chances(point)
        return self.chosen @ point - self.offered @ total

    def baseline(self, train: np.ndarray) -> np.ndarray:
        """Log-likelihood of each kind ``[kinds]`` if all items are alike and ties of each size as
        frequent as the training weights ``[kinds]`` make them."""
        alike = csr_array(
            (self.design.data * (self.design.indices >= self.items), self.design.indices,
             self.design.indptr), shape=self.design.shape,
        )  # fmt: skip
        plain = TiedRankingLikelihood(
            self.items, self.sizes, alike, self.first,
            csr_array(self.chosen * (np.arange(self.parameters) >= self.items)), self.offered,
            self.ahead,
        )  # fmt: skip
        # A weak prior keeps the parameters of sizes that do not occur finite.
        return plain.log_likelihood(plain._maximise(train, 1e-2))

    @cached_property
    def _lengths(self) -> np.ndarray:
        """Number of alternatives of each set ``[sets]``."""
        return np.diff(np.append(self.first, self.design.shape[0]))

    @cached_property
    def _transposed(self) -> csr_array:
        """``design``, transposed."""
        return csr_array(self.design.T)

    def _chances(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability of each alternative ``[alternatives]``, and log of each set's total."""
        utility = self.design @ point
        top = np.maximum.reduceat(utility, self.first)
        weight = np.exp(utility - np.repeat(top, self._lengths))
        total = np.add.reduceat(weight, self.first)
        return weight / np.repeat(total, self._lengths), top + np.log(total)

    def _means(self, chance: np.ndarray) -> np.ndarray:
        """Expected design of a choice from each set ``[sets, parameters]``."""
        index = np.append(self.first, len(chance))
        pick = csr_array(
            (chance, np.arange(len(chance)), index), shape=(len(self.first), len(chance))
        )
        return (pick @ self.design).toarray()


def tied_ranking_likelihood(rows: RankingRows) -> tuple[TiedRankingLikelihood, np.ndarray]:
    """The likelihood of rankings with ties, and the kind of each row ``[rows]``.

    Raises:
        InputError: if there are too many ways to tie.
    """
    m = len(rows.names)
    kinds = {ranking: i for i, ranking in enumerate(dict.fromkeys(rows.rankings))}
    sets: dict[tuple[int, ...], int] = {}
    picked: list[tuple[int, tuple[int, ...]]] = []
    offered: list[tuple[int, int, float]] = []
    for kind, places in enumerate(kinds):
        left = tuple(sorted(item for place in places for item in place))
        for place in places:
            if len(left) > 1:
                offered.append((kind, sets.setdefault(left, len(sets)), 1.0))
                picked.append((kind, place))
            left = tuple(item for item in left if item not in place)
    sizes = sorted({len(place) for _, place in picked} - {1})
    count = sum(comb(len(items), size) for items in sets for size in (1, *sizes))
    if count > MAX_ALTERNATIVES:
        raise InputError(
            f"Ties of up to {sizes[-1]} items have {count:,} alternatives, more than the limit of "
            f"{MAX_ALTERNATIVES:,}: use ties='half'."
        )
    column = {size: m + i for i, size in enumerate(sizes)}

    def entries(row: int, items: tuple[int, ...]) -> list[tuple[int, int, float]]:
        shares = [(row, item, 1 / len(items)) for item in items]
        return shares + ([(row, column[len(items)], 1.0)] if len(items) > 1 else [])

    design, first, row = [], [], 0
    for items in sets:
        first.append(row)
        for size in (1, *(size for size in sizes if size <= len(items))):
            for alternative in combinations(items, size):
                design += entries(row, alternative)
                row += 1
    chosen = [entry for kind, place in picked for entry in entries(kind, place)]
    width = m + len(sizes)
    likelihood = TiedRankingLikelihood(
        m, tuple(sizes), sparse_table(design, row, width), np.array(first),
        sparse_table(chosen, len(kinds), width), sparse_table(offered, len(kinds), len(sets)),
        adjacency(list(kinds), m),
    )  # fmt: skip
    return likelihood, np.array([kinds[ranking] for ranking in rows.rankings])
