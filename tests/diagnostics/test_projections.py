"""Active units, principal planes and layouts."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from scrl.diagnostics import (
    active_units,
    principal_plane,
)


def test_a_unit_is_active_where_its_mean_varies():
    rng = np.random.default_rng(0)
    spread = np.array([0.0, 0.05, 0.099, 0.101, 0.5, 2.0])
    column = np.sqrt(12) * (rng.permutation(2000) + 0.5) / 2000  # of variance 1
    assert active_units(7.0 + column[:, None] * spread) == 3
    assert active_units(np.zeros((5, 4))) == 0


@pytest.mark.parametrize("dimensions", [2, 3, 8])
def test_the_plane_is_that_of_scikit_learn(dimensions):
    rng = np.random.default_rng(dimensions)
    points = rng.normal(size=(300, dimensions)) @ rng.normal(size=(dimensions, dimensions)) + 5
    plane, explained = principal_plane(points)
    oracle = PCA(2).fit(points)
    wanted = oracle.transform(points)
    wanted = wanted * np.sign((wanted * plane).sum(0))
    np.testing.assert_allclose(plane, wanted, atol=1e-8)
    np.testing.assert_allclose(explained, oracle.explained_variance_ratio_, atol=1e-9)


def test_the_axes_do_not_flip_with_the_solver():
    """Each axis is turned by its largest loading, so that a live map holds still."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 3)) * [3.0, 1.0, 0.1]
    plane, _ = principal_plane(points)
    assert np.corrcoef(plane[:, 0], points[:, 0])[0, 1] > 0.99
    assert np.corrcoef(plane[:, 1], points[:, 1])[0, 1] > 0.99


def test_a_latent_of_one_dimension_has_a_plane_too():
    points = np.array([[0.0], [1.0], [3.0]])
    plane, explained = principal_plane(points)
    np.testing.assert_allclose(plane[:, 0], points[:, 0] - points.mean())
    np.testing.assert_allclose(plane[:, 1], 0)
    np.testing.assert_allclose(explained, [1, 0])


def test_raters_all_alike_lie_at_the_origin():
    plane, explained = principal_plane(np.ones((5, 4)))
    assert np.isfinite(explained).all()
    np.testing.assert_array_equal(plane, np.zeros((5, 2)))
