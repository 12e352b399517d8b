"""The lab's model of raters as a reward model, of items with features that nobody ranked twice."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from scrl.reward_models import (
    Comparisons,
    FeatureRewardModel,
    LatentRewardModel,
    collapse,
    individual,
)
from tests import lanes
from tests.tiny import QUICK

#: What two kinds of raters want of three features.
WEIGHT = np.array([[2.0, 1.0, 0.0], [-2.0, 1.0, 0.0]])
#: Raters who are trained on, and pairs of each.
TRAINED = lanes.deep((60, 6), (80, 8))


def sampled(seed: int, raters: int, pairs: int) -> Comparisons:
    """Raters of both kinds who never err; every completion is one of its own."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(raters * pairs * 2, 3)).astype(np.float32)
    item = np.arange(len(features)).reshape(raters, pairs, 2)
    kind = np.arange(raters) % 2
    reward = np.einsum("rpif,rf->rpi", features[item], WEIGHT[kind])
    first = reward.argmax(axis=2)[..., None]
    chosen = np.concatenate([first, 1 - first], axis=2)
    return Comparisons(
        np.take_along_axis(item, chosen, axis=2), np.ones((raters, pairs), bool), features,
        np.array([0, len(features)]), kind,
    )  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return individual.fit(jax.random.key(0), sampled(0, *TRAINED), QUICK)[0]


def accuracy(model, context: Comparisons, queries: Comparisons) -> float:
    return float(collapse.query_credit(model.probabilities(context, queries)).mean())


def test_raters_are_known_from_few_pairs(model):
    assert isinstance(model, LatentRewardModel)
    assert isinstance(model, FeatureRewardModel)
    context, queries = sampled(1, 200, 8), sampled(2, 200, 12)
    assert model.model.population.share == pytest.approx([0.5, 0.5], abs=0.05)
    assert accuracy(model, context, queries) > 0.93
    assert accuracy(model, context.masked_after(2), queries) > 0.85
    # One reward for both kinds knows the second feature only.
    assert accuracy(model, context.without_pairs(), queries) < 0.7
    health = collapse.check_collapse(model, context, queries)
    assert health is not None
    assert not health.collapsed
    points = np.eye(3, dtype=np.float32)[:1] * [[-2.0], [0.0], [2.0]]
    best = model.with_items(points, np.array([0, 3])).rewards(context).argmax(axis=1)
    assert (best == np.where(context.rater_type == 0, 2, 0)).mean() > 0.95


def test_items_known_by_features_are_those_known_by_number(model):
    """The items that were fitted, as themselves and as others with the same features."""
    train = replace(sampled(0, *TRAINED), features=model.known)
    again = replace(train, features=train.features + np.float32(1e-6))
    other = model.with_items(again.features, again.offsets)
    assert other.rewards(again) == pytest.approx(model.rewards(train), abs=0.02)
    assert other.probabilities(again, again) == pytest.approx(
        model.probabilities(train, train), abs=0.1
    )
    latent = model.posterior(train).mean
    assert other.posterior(again).mean == pytest.approx(latent, abs=1e-2)
    assert other.probabilities_at(latent, again) == pytest.approx(
        model.probabilities_at(latent, train), abs=0.02
    )
