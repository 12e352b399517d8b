"""A reward of likeness to what a rater preferred, behind the protocols."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from scrl.reward_models import Comparisons, FeatureRewardModel, RewardModel, polar
from tests.tiny import QUICK

CONFIG = replace(QUICK, width=16, schedule=replace(QUICK.schedule, explore=(100, 100), cool=50))


def sampled(seed: int, raters: int, pairs: int) -> Comparisons:
    """Raters who want a direction or its opposite."""
    features = np.random.default_rng(7).normal(size=(12, 3))
    rng = np.random.default_rng(seed)
    side = np.where(np.arange(raters) % 2, 1.0, -1.0)
    reward = side[:, None] * (features @ [3.0, -2.0, 1.0])
    first = rng.integers(12, size=(raters, pairs))
    second = (first + rng.integers(1, 12, size=first.shape)) % 12
    wins = np.take_along_axis(reward, first, 1) > np.take_along_axis(reward, second, 1)
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    return Comparisons(chosen, np.ones(first.shape, bool), features, np.array([0, 12]))


@pytest.fixture(scope="module")
def model():
    found, curves = polar.fit(jax.random.key(0), sampled(0, 200, 6), CONFIG)
    assert {"triples", "pairs"} <= curves.keys()
    return found


def right(model, context: Comparisons, queries: Comparisons) -> float:
    return float((model.probabilities(context, queries) > 0.5).mean())


def test_references_tell_whose_taste_it_is_and_without_them_nothing_is_known(model):
    context, queries = sampled(1, 100, 6), sampled(2, 100, 20)
    assert isinstance(model, RewardModel)
    assert isinstance(model, FeatureRewardModel)
    assert right(model, context, queries) > 0.85
    assert right(model, context.without_pairs(), queries) < 0.65
    rewards = model.rewards(context)
    assert rewards.shape == (100, 12)
    assert rewards.mean(axis=1) == pytest.approx(0.0, abs=1e-5)
    assert model.rewards(None).shape == (1, 12)


def test_rejected_items_and_the_order_of_references_are_not_read(model):
    context = sampled(1, 20, 6)
    pairs = context.pairs[:, ::-1].copy()
    pairs[..., 1] = 0
    assert model.rewards(replace(context, pairs=pairs)) == pytest.approx(
        model.rewards(context), abs=1e-4
    )
    again = model.with_items(context.features[:5], np.array([0, 5]))
    whole = model.rewards(context)[:, :5]
    assert again.rewards(context) == pytest.approx(
        whole - whole.mean(axis=1, keepdims=True), abs=1e-4
    )
