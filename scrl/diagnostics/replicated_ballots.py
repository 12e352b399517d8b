"""Simulated voters' ballots on the completions that raters' ballots rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from scrl.types import Ballots, Ratings
from scrl.voting.elections import Contests, group_prompts

#: Limit of the pairs simulated, and the fewest voters that rank each set of completions.
MAX_SIMULATED_PAIRS, MIN_DRAWS = 4_000_000, 16
#: Utilities held at once.
CELLS = 2_000_000


@dataclass(frozen=True, eq=False)
class PatternGroup:
    """Ballots of one size by their pattern: the set of items that they rank.

    Attributes:
        items: of each pattern, ascending ``[patterns, slots]``.
        pattern, rater, weight: of each ballot ``[ballots]``.
        rank: of each of its pattern's items ``[ballots, slots]``, 0 = best, equal = tied.
    """

    items: np.ndarray
    pattern: np.ndarray
    rater: np.ndarray
    weight: np.ndarray
    rank: np.ndarray

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Slots of the first and the second of each pair ``[pairs]``."""
        return np.triu_indices(self.items.shape[1], 1)


def pattern_groups(ratings: Ratings) -> list[PatternGroup]:
    """All ballots, grouped by size."""
    groups = []
    for size in np.unique(ratings.sizes):
        ballots = np.flatnonzero(ratings.sizes == size)
        entries = ratings.offsets[ballots][:, None] + np.arange(size)
        item, rank = ratings.item[entries], ratings.rank[entries]
        order = np.argsort(item, axis=1)
        item, rank = (np.take_along_axis(values, order, axis=1) for values in (item, rank))
        items, pattern = np.unique(item, axis=0, return_inverse=True)
        rater, weight = ratings.ballot_rater[ballots], ratings.ballot_weight[ballots]
        groups.append(PatternGroup(items, np.ravel(pattern), rater, weight, rank))
    return groups


def pair_results(values: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """1 where the first of a pair has the higher value, ½ where they are equal, else 0.

    ``[ballots, slots] -> [ballots, pairs]``.
    """
    return 0.5 * (1 + np.sign(values[:, pairs[0]] - values[:, pairs[1]]))


def first_places(values: np.ndarray) -> np.ndarray:
    """Each slot's part of the first place, which ties split: ``[ballots, slots]``, same shape."""
    top = values == values.max(axis=1, keepdims=True)
    return top / top.sum(axis=1, keepdims=True)


def _mean_results(
    values: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Means of ``pair_results`` and ``first_places`` over voters.

    Args:
        values: ``[patterns, slots, draws]``: sums over the last axis are fast.
        pairs: slots of the first and the second of each pair ``[pairs]``.
    """
    draws = values.shape[2]
    above = np.empty((len(values), len(pairs[0])))
    for i, (a, b) in enumerate(zip(*pairs, strict=True)):
        higher = np.count_nonzero(values[:, a] > values[:, b], axis=1)
        above[:, i] = higher + np.count_nonzero(values[:, a] >= values[:, b], axis=1)
    top = values == values.max(axis=1, keepdims=True)
    tied = np.count_nonzero(top, axis=1)
    if (tied > 1).any():
        return above / (2 * draws), (top / tied[:, None]).mean(axis=2)
    return above / (2 * draws), np.count_nonzero(top, axis=2) / draws


@dataclass(frozen=True, eq=False)
class Electorate:
    """The simulated voters by kind.

    Attributes:
        ballots_of: their complete ballots on some contests, as ``run_elections`` takes it.
        kinds: the kinds that have voters ``[kinds]``; the axis ``kinds`` everywhere.
        count: voters of each ``[kinds]``.
        voters: their indices, grouped by kind ``[voters]``.
    """

    ballots_of: Callable[[Contests], Ballots]
    kinds: np.ndarray
    count: np.ndarray
    voters: np.ndarray

    @classmethod
    def of(cls, ballots_of: Callable[[Contests], Ballots], kind: np.ndarray) -> Electorate:
        """The electorate whose voters have these kinds ``[voters]``."""
        kinds, count = np.unique(kind, return_counts=True)
        return cls(ballots_of, kinds, count, np.argsort(kind, kind="stable"))

    @property
    def share(self) -> np.ndarray:
        """Share of each kind ``[kinds]``."""
        return self.count / self.count.sum()

    def effective_voters(self, share: np.ndarray) -> np.ndarray:
        """Effective number of voters ``[patterns]``, given kinds' shares ``[patterns, kinds]``."""
        return 1 / (share**2 / self.count).sum(axis=1)

    def draw(self, share: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Systematic samples of voters ``[patterns, draws]``.

        Args:
            share: of each kind in the sample ``[patterns, kinds]``.
            draws: as many as there are voters draws each once, if kinds have their own shares.
            rng: consumed.
        """
        position = (rng.random((len(share), 1)) + np.arange(draws)) / draws
        end = np.cumsum(share, axis=1)
        kind = (position[..., None] >= end[:, None, :-1]).sum(axis=-1)
        row = np.arange(len(share))[:, None]
        within = (position - (end - share)[row, kind]) / np.maximum(share[row, kind], 1e-12)
        index = np.clip((within * self.count[kind]).astype(int), 0, self.count[kind] - 1)
        return self.voters[(np.cumsum(self.count) - self.count)[kind] + index]


@dataclass(frozen=True, eq=False)
class Replicates:
    """What simulated voters say on the patterns of a group.

    Attributes:
        above: share of voters with the first of a pair above the second ``[patterns, pairs]``.
        top: share of first places ``[patterns, slots]``.
        draws: voters asked about each pattern.
        voters: effective number of voters of the electorate behind each pattern ``[patterns]``.
    """

    above: np.ndarray
    top: np.ndarray
    draws: int
    voters: np.ndarray


def replicate(
    ratings: Ratings,
    groups: list[PatternGroup],
    shares: list[np.ndarray],
    electorate: Electorate,
    rng: np.random.Generator,
) -> list[Replicates]:
    """Simulated ballots on the patterns of each group.

    Args:
        ratings: whose patterns they are.
        groups: all their ballots.
        shares: of each group, the share of kinds by pattern ``[patterns, kinds]``.
        electorate: the voters.
        rng: consumed.
    """
    work = sum(group.items.size * group.items.shape[1] for group in groups)
    voters = len(electorate.voters)
    draws = min(voters, max(MIN_DRAWS, MAX_SIMULATED_PAIRS // max(work, 1)))
    found = [
        Replicates(
            np.zeros((len(group.items), len(group.pairs[0]))),
            np.zeros(group.items.shape),
            draws,
            electorate.effective_voters(share),
        )
        for group, share in zip(groups, shares, strict=True)
    ]
    catalogue = ratings.catalogue
    for contests in group_prompts(catalogue.offsets, voters):
        row = np.full(len(catalogue.prompts), -1)
        row[contests.prompts] = np.arange(len(contests.prompts))
        present = [np.flatnonzero(row[catalogue.item_prompt[g.items[:, 0]]] >= 0) for g in groups]
        if not any(map(len, present)):
            continue
        utility = electorate.ballots_of(contests).utility
        assert utility is not None
        for group, share, out, patterns in zip(groups, shares, found, present, strict=True):
            for part in _parts(patterns, draws * group.items.shape[1] ** 2):
                items = group.items[part]
                prompt = catalogue.item_prompt[items[:, 0]]
                slot = items - catalogue.offsets[prompt][:, None]
                chosen = electorate.draw(share[part], draws, rng)
                values = utility[row[prompt][:, None, None], chosen[:, None], slot[..., None]]
                out.above[part], out.top[part] = _mean_results(values, group.pairs)
    return found


def _parts(patterns: np.ndarray, cells: int) -> Iterator[np.ndarray]:
    """Patterns in parts of at most ``CELLS`` cells, ``cells`` each."""
    step = max(1, CELLS // cells)
    for start in range(0, len(patterns), step):
        yield patterns[start : start + step]
