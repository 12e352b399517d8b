"""Simulated readers of three types: how often each proxy and each learnt reward agrees with them.

Readers compare pairs of continuations of the review. Learnt rewards are linear in measured
attributes of the text, none of which is the taste itself: vanilla is fitted to the pairs of all
readers in training, and the individual reward of a reader shrinks towards it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scrl.evaluation.intervals import student_interval
from scrl.fine_grained import fit_linear_rewards
from scrl.proxies import (
    IDEAL,
    PROXIES,
    REVIEW_START,
    draw_reviews,
    proxy_scores,
    reader_taste,
    words,
)
from scrl.random_streams import HostStream, host_rng
from scrl.text import attribute_values, sentiment

SEEDS, TEXTS, READERS, PAIRS = 20, 300, 60, 40
#: Share of each type; standard deviation of the prior of a weight, pooled and of a reader.
SHARES, POOLED_SD, OWN_SD = (0.5, 0.3, 0.2), 1.0, 0.3
#: How sure readers are: the spread of utilities in units of the logistic noise.
SHARPNESS = 3.0
TYPES = ("careful readers", "fans", "hurried readers")
SETTINGS = (SEEDS, TEXTS, READERS, PAIRS, SHARES, POOLED_SD, OWN_SD, SHARPNESS)


def utilities(texts: list[str]) -> np.ndarray:
    """Utility of texts to the types ``[types, texts]``, each with mean 0 and spread 1.

    Careful readers want the task done well, fans want praise, hurried readers want it short.
    """
    praise = [sentiment(f"{REVIEW_START} {text}") for text in texts]
    rows = np.array([
        list(map(reader_taste, texts)), praise, [-float(len(words(text))) for text in texts]
    ])  # fmt: skip
    return (rows - rows.mean(1, keepdims=True)) / rows.std(1, keepdims=True)


def run() -> dict[str, Any]:
    """``"all"`` and each type -> name of a proxy or reward -> share of pairs ordered rightly, mean
    and interval over seeds; ``oracle`` knows the reader's utilities."""
    each = [agreement(seed) for seed in range(SEEDS)]
    return {
        group: {
            name: np.round(student_interval([one[group][name] for one in each]), 4).tolist()
            for name in each[0][group]
        }
        for group in each[0]
    }


def agreement(seed: int) -> dict[str, dict[str, float]]:
    """Shares of pairs ordered rightly in one seed, by group of readers and name."""
    rng = host_rng(seed, HostStream.PROXY_READERS, 0)
    texts = list(dict.fromkeys(draw_reviews(rng, TEXTS)))
    utility = utilities(texts)
    kind = rng.choice(3, READERS, p=SHARES)
    pairs = rng.integers(len(texts), size=(READERS, PAIRS, 2))
    pairs[..., 1] = (pairs[..., 0] + 1 + pairs[..., 1] % (len(texts) - 1)) % len(texts)
    own = np.take_along_axis(utility[kind], pairs.reshape(READERS, -1), 1).reshape(pairs.shape)
    gap = own[..., 0] - own[..., 1]
    won = rng.random(gap.shape) < 1 / (1 + np.exp(-SHARPNESS * gap))
    scores = {
        name: np.array([sentiment(f"{REVIEW_START} {t}") for t in texts]) if name == "sentiment"
        else proxy_scores(name, texts, [[IDEAL]] * len(texts))
        for name in PROXIES
    }  # fmt: skip
    half = PAIRS // 2
    margins = {name: s[pairs[..., 0]] - s[pairs[..., 1]] for name, s in scores.items()}
    margins |= _learnt(texts, pairs, won, half) | {"oracle": gap}
    credit = {
        name: np.where(np.abs(margin) < 1e-9, 0.5, (margin > 0) == won)[:, half:].mean(1)
        for name, margin in margins.items()
    }
    groups = {"all": np.ones(READERS, bool)} | {t: kind == i for i, t in enumerate(TYPES)}
    return {
        group: {name: float(values[who].mean()) for name, values in credit.items()}
        for group, who in groups.items()
    }


def _learnt(
    texts: list[str], pairs: np.ndarray, won: np.ndarray, half: int
) -> dict[str, np.ndarray]:
    """Margins of the vanilla and the individual reward ``[readers, pairs]``.

    Both see the first half of each reader's pairs.
    """
    features = attribute_values(texts)
    features = (features - features.mean(0)) / np.maximum(features.std(0), 1e-9)
    rows = features[pairs[..., 0]] - features[pairs[..., 1]]
    seen = rows[:, :half].reshape(-1, features.shape[1])
    pooled = fit_linear_rewards(seen, won[:, :half].ravel(), POOLED_SD)
    own = np.array([
        fit_linear_rewards(rows[i, :half], won[i, :half], OWN_SD, pooled) for i in range(len(rows))
    ])  # fmt: skip
    return {"vanilla": rows @ pooled, "individual": np.einsum("rpf,rf->rp", rows, own)}
