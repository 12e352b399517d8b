"""The population-proportional policy of known groups."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.policies import kl_divergence, shared_policy


@pytest.mark.parametrize("seed", range(5))
def test_a_group_has_its_favourite_as_often_as_its_share(seed):
    rng = np.random.default_rng(seed)
    reference, share = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(3))
    utility = rng.random((3, 5))
    dictators = np.zeros(5)
    for weight, own in zip(share, utility, strict=True):
        dictators[own.argmax()] += weight
    np.testing.assert_allclose(shared_policy(reference, utility, share, 1e5), dictators, atol=1e-6)
    np.testing.assert_allclose(shared_policy(reference, utility, share, 0.0), reference)
    # By search: each group's part maximises E[u] - KL / strength among random policies.
    found, strength = shared_policy(reference, utility, share, 3.0), 3.0
    parts = np.zeros(5)
    for weight, own in zip(share, utility, strict=True):
        tried = rng.dirichlet(20 * reference * np.exp(strength * own), 4000)
        value = tried @ own - kl_divergence(tried, reference) / strength
        parts += weight * tried[value.argmax()]
    np.testing.assert_allclose(found, parts, atol=0.12)
    # Whatever a group states, it moves no more than its share.
    lied = utility.copy()
    lied[0] = rng.normal(size=5) * 10
    moved = np.abs(shared_policy(reference, lied, share, strength) - found).sum() / 2
    assert moved <= share[0] + 1e-9
