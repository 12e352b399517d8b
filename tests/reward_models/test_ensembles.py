"""Ensembles of rewards that match splits of pairs without rater ids."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.reward_models import (
    Comparisons,
    FeatureRewardModel,
    ensembles,
    pooled,
    similarity_weighted,
)
from scrl.reward_models.ensembles import EnsembleConfig, PooledPairs, fit_members
from scrl.types import InputError

OFFSETS = np.array([0, 6])


def split_pairs(splits: np.ndarray, weight: float = 1e5) -> PooledPairs:
    """Pairs whose answers have exactly these splits ``[items, items]``."""
    first, second = np.triu_indices(len(splits), 1)
    better, worse = np.concatenate([first, second]), np.concatenate([second, first])
    return PooledPairs(better, worse, weight * splits[better, worse], np.eye(len(splits)))


def kinds(seed: int, strength: float = 4.0) -> np.ndarray:
    """Rewards of three kinds ``[3, 6]``."""
    return strength * np.random.default_rng(seed).standard_normal((3, 6))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_ensemble_states_splits_that_no_single_reward_states(seed):
    reward, share = kinds(seed), np.array([0.5, 0.3, 0.2])
    true = np.tensordot(share, expit(reward[:, :, None] - reward[:, None]), 1)
    data, off = split_pairs(true), {}
    for members in (1, 6):
        rng = np.random.default_rng(seed)
        theta, alpha = fit_members(data, members, EnsembleConfig(), rng)
        assert alpha.sum() == pytest.approx(1)
        model = ensembles.Ensemble(theta, alpha, np.eye(6), OFFSETS)
        first, second = np.triu_indices(6, 1)
        off[members] = np.abs(model.splits(first, second) - true[first, second]).max()
        assert model.splits(second, first) == pytest.approx(1 - model.splits(first, second))
    assert off[6] < 0.01
    assert off[1] > 0.05


def drawn(raters: int, seed: int = 0, one: bool = False) -> Comparisons:
    """Answers of raters of three kinds, or of the first only, to 12 random pairs each."""
    rng = np.random.default_rng(seed)
    reward = kinds(seed, 2.0)[np.zeros(raters, int) if one else rng.integers(3, size=raters)]
    first = rng.integers(6, size=(raters, 12))
    second = (first + rng.integers(1, 6, size=first.shape)) % 6
    row = np.arange(raters)[:, None]
    wins = rng.random(first.shape) < expit(reward[row, first] - reward[row, second])
    pairs = np.stack([np.where(wins, first, second), np.where(wins, second, first)], -1)
    return Comparisons(pairs, np.ones(first.shape, bool), np.eye(6), OFFSETS)


def test_whose_answers_they_are_is_not_read():
    data = drawn(40)
    flat = data.flat_pairs()
    mixed = np.random.default_rng(5).permutation(len(flat))
    shuffled = Comparisons(flat[mixed].reshape(1, -1, 2), np.ones((1, len(flat)), bool),
                           data.features, OFFSETS)  # fmt: skip
    settings = EnsembleConfig((3,))
    fits = [
        ensembles.fit(jax.random.key(0), c, ModelsConfig(), None, settings)[0]
        for c in (data, shuffled)
    ]
    assert fits[0].member_rewards() == pytest.approx(fits[1].member_rewards(), abs=1e-5)
    assert isinstance(fits[0], FeatureRewardModel)
    assert np.ptp(fits[0].probabilities(data, data.first_pairs(1))) < 1
    assert fits[0].rewards(data).shape == (40, 6)


def test_hidden_pairs_choose_one_member_for_one_kind_and_more_for_three():
    chosen, few = {}, EnsembleConfig((1, 3), starts=1)
    for one in (True, False):
        counts = [
            len(
                ensembles.fit(jax.random.key(s), drawn(500, s, one), ModelsConfig(), None, few)[
                    0
                ].share
            )
            for s in range(3)
        ]
        chosen[one] = np.mean(counts)
    assert chosen[False] >= 2
    assert chosen[True] < chosen[False]


def test_one_member_is_bradley_terry():
    data = drawn(300, one=True)
    settings = EnsembleConfig((1,), gap_sd=10.0)
    model, _ = ensembles.fit(jax.random.key(0), data, ModelsConfig(), None, settings)
    exact = pooled.exact_rewards(data.flat_pairs(), OFFSETS, 10.0)
    assert model.rewards(None)[0] == pytest.approx(exact, abs=0.05)
    assert model.parameter_count == 6


def test_a_persons_pairs_move_the_weights_of_the_members():
    theta = np.array([[2.0, 0, -2, 0, 0, 0], [-2.0, 0, 2, 0, 0, 0]])
    model = ensembles.Ensemble(theta, np.array([0.7, 0.3]), np.eye(6), OFFSETS)
    pair = Comparisons(np.array([[[2, 0]]]), np.ones((1, 1), bool), np.eye(6), OFFSETS)
    likely = np.array([0.7 * expit(-4), 0.3 * expit(4)])
    assert model.member_posterior(pair)[0] == pytest.approx(likely / likely.sum())
    assert model.personal_probabilities(pair, pair)[0, 0] > model.probabilities(pair, pair)[0, 0]


def test_pairs_are_read_with_items_of_their_own():
    rng = np.random.default_rng(0)
    model = ensembles.Ensemble(rng.normal(size=(3, 4)), np.array([0.5, 0.3, 0.2]),
                               rng.normal(size=(2, 4)), np.array([0, 2]))  # fmt: skip
    pairs = np.array([[[0, 4], [3, 1]]])
    asked = Comparisons(pairs, np.ones((1, 2), bool), rng.normal(size=(5, 4)), np.array([0, 5]))
    # A mean over members, by hand; the context prefers nothing, so that shares stay.
    reward = model.theta @ asked.features.T
    by_hand = model.share @ expit(reward[:, pairs[0, :, 0]] - reward[:, pairs[0, :, 1]])
    nothing = Comparisons(pairs, np.zeros((1, 2), bool), asked.features, asked.offsets)
    for found in (
        model.probabilities(nothing, asked),
        model.personal_probabilities(nothing, asked),
    ):
        np.testing.assert_allclose(found[0], by_hand, rtol=1e-6)


def test_no_pairs_are_refused():
    empty = drawn(2).without_pairs()
    with pytest.raises(InputError, match="here is none"):
        ensembles.fit(jax.random.key(0), empty, ModelsConfig())


def test_copies_move_bradley_terry_and_not_with_similarity_weights():
    """Three answers in a circle of unequal majorities; the third in one and in five wordings."""
    above = {(0, 1): 0.8, (1, 2): 0.7, (2, 0): 0.6}
    rewards = {}
    for copies in (1, 5):
        answer = np.array([0, 1] + [2] * copies)
        items = len(answer)
        pairs = []
        for a, b in ((i, j) for i in range(items) for j in range(items)):
            chance = above.get((answer[a], answer[b]), 0.0)
            pairs += [(a, b)] * round(10 * chance) + [(b, a)] * round(10 * (1 - chance)) * (
                chance > 0
            )
        flat = np.array(pairs)[None]
        features = np.eye(3)[answer]
        data = Comparisons(flat, np.ones(flat.shape[:2], bool), features, np.array([0, items]))
        named = Comparisons(flat, data.mask, np.eye(items), data.offsets)
        for name, given in (("weighted", data), ("plain", named)):
            model, _ = similarity_weighted.fit(jax.random.key(0), given, ModelsConfig())
            own = model.rewards(None)[0]
            rewards[name, copies] = own[:2] - own[2:].mean()
    exact = pooled.exact_rewards(flat[0], data.offsets, 10.0)
    assert rewards["plain", 5] == pytest.approx(exact[:2] - exact[2:].mean(), abs=1e-6)
    assert rewards["weighted", 5] == pytest.approx(rewards["weighted", 1], abs=0.01)
    assert np.abs(rewards["plain", 5] - rewards["plain", 1]).max() > 0.1
    wrong = similarity_weighted.SimilarityConfig(np.eye(2))
    with pytest.raises(InputError, match="7 × 7"):
        similarity_weighted.fit(jax.random.key(0), data, ModelsConfig(), None, wrong)


def test_items_whose_features_are_zero_are_copies_of_none():
    pairs = np.tile([[0, 1]], (50, 1))[None]
    data = Comparisons(
        pairs, np.ones((1, 50), bool), np.zeros((3, 2), np.float32), np.array([0, 3])
    )  # fmt: skip
    assert similarity_weighted.item_weights(data) == pytest.approx(np.ones(3))
    model, _ = similarity_weighted.fit(jax.random.key(0), data, ModelsConfig())
    rewards = model.rewards(None)[0]
    assert rewards[0] > 1 > rewards[1]
