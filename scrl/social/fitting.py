"""Step 7, the social reward model, and the vanilla model beside it.

Both are the same network on different comparisons: those of a social order, or those observed.
"""

from __future__ import annotations

import jax
import numpy as np

from scrl.choice_models.bradley_terry import PairCounts
from scrl.config import RewardConfig
from scrl.social.network import Pairs, Reward, fit_rewards
from scrl.types import Catalogue

#: Prompts with more completions than this have the pairs of their social order thinned.
WHOLE = 200


def fit_vanilla(
    key: jax.Array, catalogue: Catalogue, counts: PairCounts, config: RewardConfig, on_chunk=None
) -> Reward:
    """The ordinary reward model: Bradley–Terry on the observed pairs."""
    size = _round_up(len(counts.first))
    pairs = Pairs(
        *(_padded(x, size)[None] for x in (counts.first, counts.second)),
        *(_padded(x, size)[None] for x in (counts.wins_first, counts.wins_second)),
    )
    return fit_rewards(key, catalogue, pairs, config, on_chunk)[0]


def fit_social(
    key: jax.Array,
    catalogue: Catalogue,
    targets: dict[str, PairCounts],
    config: RewardConfig,
    on_chunk=None,
) -> dict[str, Reward]:
    """A social reward model for each rule, all trained at once.

    Args:
        targets: rule -> the comparisons that stand for its outcome (see ``order_pairs``,
            ``lottery_pairs``; for random ballot the pairs of whole ballots).
    """
    size = _round_up(max(len(t.first) for t in targets.values()))
    columns = ("first", "second", "wins_first", "wins_second")
    stacked = (
        np.stack([_padded(getattr(t, name), size) for t in targets.values()]) for name in columns
    )
    models = fit_rewards(key, catalogue, Pairs(*stacked), config, on_chunk)
    return dict(zip(targets, models, strict=True))


def _round_up(pairs: int) -> int:
    return 1 << max(pairs - 1, 15).bit_length()


def _padded(column: np.ndarray, size: int) -> np.ndarray:
    """Padding compares item 0 with itself at no weight."""
    dtype = np.int32 if column.dtype.kind == "i" else np.float32
    return np.concatenate([column, np.zeros(size - len(column))]).astype(dtype)


def order_pairs(catalogue: Catalogue, places: list[np.ndarray]) -> PairCounts:
    """The pairs of a social order, weight one each, tied pairs half each way.

    Args:
        places: for each prompt, the place of each of its completions (0 = first, equal = tied).
            With more than ``WHOLE`` completions only those 1, 2, 4, 8 … places apart are paired:
            enough to fix the order, at m log m instead of m².
    """
    return _comparisons(
        catalogue, places, lambda place, a, b: 0.5 + 0.5 * np.sign(place[b] - place[a])
    )


def _comparisons(catalogue: Catalogue, places: list[np.ndarray], ahead_of) -> PairCounts:
    """Pairs of each prompt's completions, weight one each: ``ahead_of(place, a, b)`` of it to a."""
    first, second, ahead = [], [], []
    for start, place in zip(catalogue.offsets[:-1], map(np.asarray, places), strict=True):
        a, b = _whole_or_thinned(place)
        first.append(start + a)
        second.append(start + b)
        ahead.append(ahead_of(place, a, b))
    ahead = np.concatenate(ahead)
    return PairCounts(np.concatenate(first), np.concatenate(second), ahead, 1.0 - ahead)


def _whole_or_thinned(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    m = len(place)
    if m <= WHOLE:
        return np.triu_indices(m, 1)
    order = np.argsort(place, kind="stable")
    steps = [1 << k for k in range(int(m - 1).bit_length())]
    a = np.concatenate([order[:-step] for step in steps])
    b = np.concatenate([order[step:] for step in steps])
    return np.minimum(a, b), np.maximum(a, b)


def lottery_pairs(catalogue: Catalogue, probabilities: list[np.ndarray]) -> PairCounts:
    """Pairs drawn in proportion to a lottery: a beats b with weight p_a / (p_a + p_b), ½ where
    neither is ever drawn."""

    def ahead_of(behind, a, b):
        total = behind[a] + behind[b]
        return np.where(total < 0, behind[a] / np.where(total < 0, total, 1.0), 0.5)

    return _comparisons(catalogue, [-np.asarray(p) for p in probabilities], ahead_of)


def ballot_pairs(catalogue: Catalogue, above: list[np.ndarray], voters: float) -> PairCounts:
    """The pairs of whole ballots, from the share of voters with a above b ``[m, m]`` by prompt."""
    first, second, wins = [], [], []
    for start, share in zip(catalogue.offsets[:-1], above, strict=True):
        a, b = np.triu_indices(len(share), 1)
        first.append(start + a)
        second.append(start + b)
        wins.append(share[a, b])
    wins = np.concatenate(wins)
    return PairCounts(
        np.concatenate(first), np.concatenate(second), voters * wins, voters * (1.0 - wins)
    )
