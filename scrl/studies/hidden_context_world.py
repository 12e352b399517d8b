"""The one-dimensional example of hidden context (Siththaranjan et al. 2023).

Alternative a of [0, 1] has utility a for a < .8, else 2a or 0 with chance ½, drawn afresh each time
it is compared. Its Borda score is .1 + a below .8 and .275 + .25 a from there, so that a learned
reward falls at .8, and expected utility does not.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import Comparisons

#: From where on context counts.
EDGE = 0.8


def alternatives(count: int) -> np.ndarray:
    """The middles of equal parts of [0, 1] ``[count]``."""
    return (np.arange(count) + 0.5) / count


def expected_utility(a: np.ndarray) -> np.ndarray:
    return a


def borda(a: np.ndarray) -> np.ndarray:
    """The chance to be preferred to an alternative drawn evenly."""
    return np.where(a < EDGE, 0.1 + a, 0.275 + 0.25 * a)


def draw(seed: int, count: int, raters: int, pairs: int) -> Comparisons:
    """Pairs of different alternatives, drawn evenly, as raters annotate them."""
    rng = host_rng(seed, HostStream.HIDDEN_CONTEXT_PAIRS)
    first = rng.integers(count, size=(raters, pairs))
    second = (first + rng.integers(1, count, size=first.shape)) % count
    a = alternatives(count)
    worth = [_utility(a[x], rng) for x in (first, second)]
    wins = (worth[0] > worth[1]) | (worth[0] == worth[1]) & (rng.random(first.shape) < 0.5)
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    return Comparisons(
        chosen, np.ones(first.shape, bool), np.eye(count), np.array([0, count])
    )  # fmt: skip


def _utility(a: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(a < EDGE, a, 2 * a * (rng.random(a.shape) < 0.5))


def agreement(reward: np.ndarray) -> dict[str, float]:
    """Spearman's correlation of a reward ``[alternatives]`` with both."""
    a = alternatives(len(reward))
    return {
        "expected utility": float(spearmanr(reward, expected_utility(a))[0]),
        "borda": float(spearmanr(reward, borda(a))[0]),
    }
