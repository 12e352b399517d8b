"""The Plackett–Luce likelihood of rankings, with a reading of ties.

A tie stands for all orders of the tied items, alike: its log-likelihood is their mean. For two
items this is half a win for each, as in Bradley–Terry.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb

import numpy as np
from scipy.sparse import csr_array

from scrl.choice_models.finite_maxima import check_connected, is_strongly_connected
from scrl.choice_models.plackett_luce import ChoiceCounts, fit_plackett_luce
from scrl.choice_models.ranking_frames import Places, RankingRows
from scrl.types import InputError

#: Largest tie: its orders pass through 2^size sets.
MAX_TIE = 10


@dataclass(frozen=True, eq=False)
class RankingLikelihood:
    """The likelihood of kinds of rankings; its parameters are the rewards.

    Attributes:
        items: their number.
        sets: sets of items that are chosen from, bool ``[sets, items]``.
        chosen: how often each kind chooses each item ``[kinds, items]``.
        offered: how often each kind chooses from each set ``[kinds, sets]``.
        ahead: whether a kind ranks a just above or level with b, flat ``[kinds, items²]``.
    """

    items: int
    sets: np.ndarray
    chosen: csr_array
    offered: csr_array
    ahead: csr_array

    @property
    def parameters(self) -> int:
        return self.items

    @cached_property
    def _sizes(self) -> np.ndarray:
        return self.sets.sum(1)

    def beats(self, weight: np.ndarray) -> np.ndarray:
        """Whether a was ever above or level with b ``[..., items, items]``."""
        flat = _through(self.ahead, (weight > 0).astype(float)) > 0
        return flat.reshape(*weight.shape[:-1], self.items, self.items)

    def has_finite_maximum(self, weight: np.ndarray) -> np.ndarray:
        """Whether each of the weights ``[fits, kinds]`` has one."""
        return is_strongly_connected(self.beats(weight))

    def check_finite_maximum(self, weight: np.ndarray, names: Sequence[Hashable]) -> None:
        """Check that weights ``[kinds]`` have a finite maximum; ``InputError`` says why not."""
        check_connected(self.beats(weight), names)

    def maximise(self, weight: np.ndarray, precision: float) -> np.ndarray:
        """The rewards ``[..., items]`` for weights ``[..., kinds]``, with mean 0."""
        choices = ChoiceCounts(
            _through(self.chosen, weight), self.sets, _through(self.offered, weight),
            self.beats(weight),
        )  # fmt: skip
        reward = fit_plackett_luce(choices, precision**-0.5 if precision else np.inf)
        return reward - reward.mean(-1, keepdims=True)

    def information(self, point: np.ndarray, weight: np.ndarray, precision: float) -> np.ndarray:
        """The negative Hessian ``[items, items]`` of the log posterior."""
        share, times = self._shares(point), _through(self.offered, weight)
        both = (share * times[:, None]).T @ share
        return np.diag(times @ share + precision) - both

    def scores(self, point: np.ndarray) -> np.ndarray:
        """The gradient of the log-likelihood of one row of each kind ``[kinds, items]``."""
        return self.chosen.toarray() - self.offered @ self._shares(point)

    def log_likelihood(self, point: np.ndarray) -> np.ndarray:
        """Of each kind ``[kinds]``."""
        top = point.max()
        total = top + np.log(self.sets @ np.exp(point - top))
        return self.chosen @ point - self.offered @ total

    def baseline(self, train: np.ndarray) -> np.ndarray:
        """Log-likelihood of each kind ``[kinds]`` if all items are alike."""
        return -(self.offered @ np.log(self._sizes))

    def _shares(self, point: np.ndarray) -> np.ndarray:
        """Probability with which each item is chosen from each set ``[sets, items]``."""
        strength = self.sets * np.exp(point - point.max())
        return strength / strength.sum(1, keepdims=True)


def _through(table: csr_array, weight: np.ndarray) -> np.ndarray:
    """``weight [..., kinds] @ table [kinds, columns]``."""
    flat = (table.T @ weight.reshape(-1, weight.shape[-1]).T).T
    return flat.reshape(*weight.shape[:-1], table.shape[1])


def ranking_likelihood(rows: RankingRows) -> tuple[RankingLikelihood, np.ndarray]:
    """The likelihood of rankings, and the kind of each row ``[rows]``."""
    m = len(rows.names)
    kinds = {ranking: i for i, ranking in enumerate(dict.fromkeys(rows.rankings))}
    sets: dict[tuple[int, ...], int] = {}
    chosen, offered = [], []
    for kind, places in enumerate(kinds):
        for items, share, members in _choices(places):
            offered.append((kind, sets.setdefault(members, len(sets)), share))
            chosen += [(kind, i, share / len(items)) for i in items]
    member = np.zeros((len(sets), m), bool)
    for items, index in sets.items():
        member[index, list(items)] = True
    likelihood = RankingLikelihood(
        m, member, sparse_table(chosen, len(kinds), m),
        sparse_table(offered, len(kinds), len(sets)), adjacency(list(kinds), m),
    )  # fmt: skip
    return likelihood, np.array([kinds[ranking] for ranking in rows.rankings])


def _choices(places: Places) -> Iterator[tuple[tuple[int, ...], float, tuple[int, ...]]]:
    """The choices of a ranking: who is chosen, alike; how often; from which set."""
    for k, tied in enumerate(places):
        if len(tied) > MAX_TIE:
            raise InputError(
                f"{len(tied)} items of a ranking are tied; the orders of at most {MAX_TIE} are "
                "counted: leave out the items that a ranking does not tell apart."
            )
        below = tuple(item for place in places[k + 1 :] for item in place)
        for size in range(len(tied), 0, -1):
            if size + len(below) < 2:
                continue
            share = 1 / comb(len(tied), size)
            for left in combinations(tied, size):
                yield left, share, tuple(sorted(left + below))


def adjacency(kinds: Sequence[Places], items: int) -> csr_array:
    """Whether each kind of ranking has a just above or level with b, flat ``[kinds, items²]``."""
    ahead = []
    for kind, places in enumerate(kinds):
        for k, place in enumerate(places):
            below = places[k + 1] if k + 1 < len(places) else ()
            ahead += [(kind, a * items + b, 1.0) for a in place for b in (*place, *below) if a != b]
    return sparse_table(ahead, len(kinds), items**2)


def sparse_table(entries: list[tuple[int, int, float]], rows: int, columns: int) -> csr_array:
    """Sums of ``(row, column, value)``."""
    row, column, value = zip(*entries, strict=True)
    return csr_array((value, (row, column)), shape=(rows, columns))
