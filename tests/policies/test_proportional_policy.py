"""The population-proportional policy, with groups and from pooled pairs."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.policies import kl_divergence, largest_shares_policy, proportional_policy


@pytest.mark.parametrize("seed", range(5))
def test_a_group_has_its_favourite_as_often_as_its_share(seed):
    rng = np.random.default_rng(seed)
    reference, share = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(3))
    utility = rng.random((3, 5))
    dictators = np.zeros(5)
    for weight, own in zip(share, utility, strict=True):
        dictators[own.argmax()] += weight
    np.testing.assert_allclose(
        proportional_policy(reference, utility, share, 1e5), dictators, atol=1e-6
    )
    np.testing.assert_allclose(proportional_policy(reference, utility, share, 0.0), reference)
    # By search: each group's part maximises E[u] - KL / strength among random policies.
    found, strength = proportional_policy(reference, utility, share, 3.0), 3.0
    parts = np.zeros(5)
    for weight, own in zip(share, utility, strict=True):
        tried = rng.dirichlet(20 * reference * np.exp(strength * own), 4000)
        value = tried @ own - kl_divergence(tried, reference) / strength
        parts += weight * tried[value.argmax()]
    np.testing.assert_allclose(found, parts, atol=0.12)
    # Whatever a group states, it moves no more than its share.
    lied = utility.copy()
    lied[0] = rng.normal(size=5) * 10
    moved = np.abs(proportional_policy(reference, lied, share, strength) - found).sum() / 2
    assert moved <= share[0] + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_pooled_pairs_bound_the_shares_of_favourites(seed):
    rng = np.random.default_rng(seed)
    utility = rng.random((40, 4)) + np.arange(4) * 0.2
    above = (utility[:, :, None] > utility[:, None]).mean(0) + 0.5 * np.eye(4)
    first = np.bincount(utility.argmax(1), minlength=4) / 40
    bound = np.array([np.delete(row, a).min() for a, row in enumerate(above)])
    assert (first <= bound + 1e-12).all()
    np.testing.assert_allclose(largest_shares_policy(above), bound / bound.sum())
    agreed = (utility[:1, :, None] > utility[:1, None]).mean(0) + 0.5 * np.eye(4)
    assert largest_shares_policy(agreed)[utility[0].argmax()] == pytest.approx(1.0)
