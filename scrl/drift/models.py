"""Models of rewards that may change: Bradley–Terry on all, on the latest or on discounted answers,
Elo's rating, and a random walk of rewards.

Each has one setting. A model predicts a block of answers from the answers before the block; the
setting is the one that predicted the earlier blocks best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.drift.random_walk import PRIOR_SD, RandomWalk
from scrl.drift.timed_pairs import TimedPairs


@dataclass(frozen=True, eq=False)
class Track:
    """What a model says at the beginning of each block and after the last one, by setting.

    Attributes:
        settings: longest memory first.
        rewards: ``[settings, sequences, blocks + 1, items]``, with mean zero.
        log_likelihood: of the answers of each block, from what was known before it
            ``[settings, sequences, blocks]``.
        borda: Borda scores of the counted answers, same shape as ``rewards``; None for models that
            count none.
    """

    settings: tuple[float, ...]
    rewards: np.ndarray
    log_likelihood: np.ndarray
    borda: np.ndarray | None = None

    def chosen(self) -> np.ndarray:
        """The number of the setting that predicted all earlier blocks best
        ``[sequences, blocks + 1]``; the longest memory at the beginning."""
        total = np.cumsum(self.log_likelihood, axis=2)
        return np.argmax(np.concatenate([0 * total[:, :, :1], total], axis=2), axis=0)

    def best(self, values: np.ndarray | None = None) -> np.ndarray:
        """``values``, by default rewards, at the chosen setting ``[sequences, blocks + 1,
        items]``."""
        values = self.rewards if values is None else values
        return np.take_along_axis(values, self.chosen()[None, :, :, None], axis=0)[0]


def stationary(pairs: TimedPairs, bounds: np.ndarray, settings: Sequence[float] = (1.0,)) -> Track:
    """Bradley–Terry on all answers so far; it has no setting."""
    return _counted(pairs, bounds, settings, lambda setting, age: np.ones_like(age))


def window(pairs: TimedPairs, bounds: np.ndarray, settings: Sequence[float]) -> Track:
    """Bradley–Terry on the answers of the last ``setting`` units of time."""
    return _counted(pairs, bounds, settings, lambda setting, age: (age <= setting).astype(float))


def discount(pairs: TimedPairs, bounds: np.ndarray, settings: Sequence[float]) -> Track:
    """Bradley–Terry on answers whose weight halves every ``setting`` units of time."""
    return _counted(pairs, bounds, settings, lambda setting, age: 0.5 ** (age / setting))


def elo(pairs: TimedPairs, bounds: np.ndarray, settings: Sequence[float]) -> Track:
    """Elo's rating: after an answer, rewards move by ``setting`` times its surprise."""
    step = np.asarray(settings, float)[:, None]
    row = np.arange(pairs.sequences)
    reward = np.zeros((len(settings), pairs.sequences, pairs.items))
    rewards, likelihood = [], []
    for start, stop in _blocks(bounds):
        rewards.append(reward.copy())
        likelihood.append(_block_likelihood(pairs, start, stop, reward))
        for t in range(start, stop):
            i, j = pairs.first[:, t], pairs.second[:, t]
            surprise = pairs.won[:, t] - expit(reward[:, row, i] - reward[:, row, j])
            change = step * pairs.weight[:, t] * surprise
            reward[:, row, i] += change
            reward[:, row, j] -= change
    rewards.append(reward)
    return Track(tuple(settings), np.stack(rewards, 2), np.stack(likelihood, 2))


def random_walk(pairs: TimedPairs, bounds: np.ndarray, settings: Sequence[float]) -> Track:
    """Rewards that make independent Gaussian steps of sd ``setting`` × √time: a Kalman filter.

    Each answer is one step of Laplace's method (``RandomWalk.observe``).
    """
    walk = RandomWalk.start(pairs, settings)
    rewards, likelihood = [], []
    for start, stop in _blocks(bounds):
        mean = np.moveaxis(walk.mean, 1, 0)
        rewards.append(mean - mean.mean(-1, keepdims=True))
        likelihood.append(_block_likelihood(pairs, start, stop, mean, walk.gap_variance))
        for t in range(start, stop):
            walk.observe(pairs, t)
    mean = np.moveaxis(walk.mean, 1, 0)
    rewards.append(mean - mean.mean(-1, keepdims=True))
    return Track(tuple(settings), np.stack(rewards, 2), np.stack(likelihood, 2))


Model = Callable[[TimedPairs, np.ndarray, Sequence[float]], Track]
#: Name -> the model and its settings, longest memory first. Times are in answers.
MODELS: dict[str, tuple[Model, tuple[float, ...]]] = {
    "stationary": (stationary, (1.0,)),
    "window": (window, (1e9, 1600.0, 800.0, 400.0, 200.0, 100.0, 50.0)),
    "discount": (discount, (1e9, 800.0, 400.0, 200.0, 100.0, 50.0, 25.0)),
    "random walk": (random_walk, (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)),
    "elo": (elo, (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)),
}


def fit_model(name: str, pairs: TimedPairs, bounds: np.ndarray) -> Track:
    """A model of ``MODELS`` with all of its settings."""
    model, settings = MODELS[name]
    return model(pairs, bounds, settings)


def _blocks(bounds: np.ndarray) -> list[tuple[int, int]]:
    return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))


def _counted(
    pairs: TimedPairs,
    bounds: np.ndarray,
    settings: Sequence[float],
    weight: Callable[[float, np.ndarray], np.ndarray],
) -> Track:
    """Bradley–Terry with a normal prior on answers weighted by their age, in units of time."""
    shape = (len(settings), len(bounds), pairs.sequences, pairs.items, pairs.items)
    wins = np.zeros(shape)
    place = _win_places(pairs)
    for b, stop in enumerate(bounds):
        now = pairs.time[min(stop, pairs.answers - 1)]
        for s, setting in enumerate(settings):
            by_age = weight(setting, now - pairs.time[:stop])
            wins[s, b] = _wins(pairs, place, stop, by_age)
    rewards = np.moveaxis(fit_bradley_terry(wins, PRIOR_SD), 1, 2)
    likelihood = [
        _block_likelihood(pairs, start, stop, rewards[:, :, b])
        for b, (start, stop) in enumerate(_blocks(bounds))
    ]
    return Track(
        tuple(settings), rewards, np.stack(likelihood, 2), np.moveaxis(borda_scores(wins), 1, 2)
    )


def _win_places(pairs: TimedPairs) -> np.ndarray:
    """Where a win of the first, and of the second, is counted ``[2, sequences, answers]``."""
    row = np.arange(pairs.sequences)[:, None] * pairs.items
    one = (row + pairs.first) * pairs.items + pairs.second
    two = (row + pairs.second) * pairs.items + pairs.first
    return np.stack([one, two])


def _wins(pairs: TimedPairs, place: np.ndarray, stop: int, by_age: np.ndarray) -> np.ndarray:
    """Weighted wins of the answers before ``stop`` ``[sequences, items, items]``."""
    start = int(np.argmax(by_age > 1e-6)) if len(by_age) else 0
    recent = slice(start, stop)
    weight = pairs.weight[:, recent] * by_age[start:]
    won = pairs.won[:, recent]
    both = np.stack([weight * won, weight * (1 - won)])
    size = pairs.sequences * pairs.items**2
    flat = np.bincount(place[:, :, recent].ravel(), both.ravel(), size)
    return flat.reshape(pairs.sequences, pairs.items, pairs.items)


def borda_scores(wins: np.ndarray) -> np.ndarray:
    """Mean share of wins over opponents ``[..., items]``; ½ against those never met.

    Args:
        wins: weights with which a was preferred to b ``[..., items, items]``.
    """
    met = wins + wins.swapaxes(-1, -2)
    share = np.where(met > 0, wins / np.where(met > 0, met, 1), 0.5)
    items = wins.shape[-1]
    return (share.sum(-1) - 0.5) / (items - 1)


def _block_likelihood(
    pairs: TimedPairs,
    start: int,
    stop: int,
    rewards: np.ndarray,
    gap_variance: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Log-likelihood of a block's answers under rewards ``[settings, sequences, items]``.

    Args:
        gap_variance: variance of each pair's gap, given its items ``[sequences, answers]``.

    Returns:
        ``[settings, sequences]``.
    """
    i, j = pairs.first[:, start:stop], pairs.second[:, start:stop]
    row = np.arange(pairs.sequences)[:, None]
    gap = rewards[:, row, i] - rewards[:, row, j]
    if gap_variance is not None:  # MacKay's approximation of the mean of a logistic function
        gap = gap / np.sqrt(1 + np.pi / 8 * gap_variance(i, j))
    won = pairs.won[:, start:stop]
    each = won * log_expit(gap) + (1 - won) * log_expit(-gap)
    return (pairs.weight[:, start:stop] * each).sum(-1)
