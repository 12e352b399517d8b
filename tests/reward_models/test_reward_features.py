"""Reward features and LoRe: convex weights, bases that are found, and few pairs of a new rater."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax

from scrl.config import ModelsConfig
from scrl.reward_models import (
    BasesConfig,
    Comparisons,
    FeatureRewardModel,
    LatentRewardModel,
    collapse,
    lore,
    reward_features,
)
from scrl.reward_models.linear_tastes import gaussian_weights, log_loss, simplex_weights
from scrl.types import InputError


def sampled(seed: int, raters: int, pairs: int, one_hot: bool = False) -> Comparisons:
    """Raters who want a direction or its opposite, on 12 items with four features."""
    features = np.random.default_rng(7).normal(size=(12, 4))
    rng = np.random.default_rng(seed)
    side = np.where(np.arange(raters) % 2, 1.0, -1.0)
    reward = side[:, None] * (features @ [3.0, -2.0, 0.0, 1.0])
    first = rng.integers(12, size=(raters, pairs))
    second = (first + rng.integers(1, 12, size=first.shape)) % 12
    row = np.arange(raters)[:, None]
    wins = rng.logistic(size=first.shape) < reward[row, first] - reward[row, second]
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    known = np.eye(12) if one_hot else features
    return Comparisons(chosen, np.ones(first.shape, bool), known, np.array([0, 12]))


def accuracy(model, context: Comparisons, queries: Comparisons) -> float:
    return float(collapse.query_credit(model.probabilities(context, queries)).mean())


def test_weights_are_the_optimum_of_their_convex_problem():
    rng = np.random.default_rng(0)
    gap, mask = 2 * rng.standard_normal((4, 9, 3)), (rng.random((4, 9)) < 0.8).astype(float)
    mean, prior = np.array([1.0, 0.0, -0.5]), np.array([0.5, 1.0, 0.2])
    free, covariance = gaussian_weights(gap, mask, mean, 2.0)
    simplex, _ = simplex_weights(gap, mask, prior)
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert simplex.sum(1) == pytest.approx(1.0)
    for r in range(4):
        one, real = gap[r : r + 1], mask[r : r + 1]

        def loss(w, one=one, real=real):
            return log_loss(one @ w, real)[0]

        found = minimize(lambda w: loss(w) + ((w - mean) ** 2).sum(), mean, tol=1e-10)
        assert free[r] == pytest.approx(found.x, abs=1e-4)
        # The published form: w = softmax(v), with the same penalty.
        found = minimize(
            lambda v: loss(softmax(v)) - prior @ np.log(softmax(v)), np.zeros(3), tol=1e-10
        )
        assert simplex[r] == pytest.approx(softmax(found.x), abs=1e-4)


@pytest.mark.parametrize(("module", "bases"), [(reward_features, (1,)), (lore, (2,))])
@pytest.mark.parametrize("one_hot", [False, True])
def test_opposite_tastes_are_told_apart_from_few_pairs(module, bases, one_hot):
    """One free basis suffices, and two on a simplex."""
    train, context = sampled(1, 80, 12, one_hot), sampled(2, 60, 8, one_hot)
    queries = sampled(3, 60, 20, one_hot)
    model, _ = module.fit(
        jax.random.key(0), train, ModelsConfig(), None, BasesConfig(bases, rounds=25)
    )  # fmt: skip
    assert isinstance(model, LatentRewardModel)
    assert isinstance(model, FeatureRewardModel)
    assert accuracy(model, context, queries) > 0.85
    assert accuracy(model, context.without_pairs(), queries) == pytest.approx(0.5, abs=0.06)
    assert model.rewards(None).shape == (1, 12)
    rewards = model.rewards(context)
    assert rewards.sum(1) == pytest.approx(0.0, abs=1e-9)
    at_mode = model.probabilities_at(model.posterior(context).mean, queries)
    gap = np.take_along_axis(rewards, queries.pairs[..., 0], 1)
    gap -= np.take_along_axis(rewards, queries.pairs[..., 1], 1)
    assert ((at_mode > 0.5) == (gap > 0)).mean() > 0.999


def test_held_out_pairs_choose_the_number_of_bases():
    settings = BasesConfig((1, 2), rounds=15)
    model, _ = lore.fit(jax.random.key(0), sampled(1, 80, 12), ModelsConfig(), None, settings)
    assert len(model.theta) == 2, "one basis is one reward for everybody"


def test_too_many_coefficients_are_refused():
    one = Comparisons(np.array([[[0, 1]]]), np.ones((1, 1), bool), np.eye(500), np.array([0, 500]))
    with pytest.raises(InputError, match="4,000 coefficients"):
        reward_features.fit(jax.random.key(0), one, ModelsConfig(), None, BasesConfig((8,)))
