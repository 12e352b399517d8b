"""Silhouettes, separation, and whether types lie together."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from scrl.diagnostics import (
    LAYOUTS,
    Plane,
    cluster_numbers,
    layout,
    mixture_density,
    nearest_profile,
    separation,
    silhouette,
)
from scrl.raters import RaterModel


def test_the_silhouette_is_that_of_scikit_learn():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(120, 4))
    kind = rng.integers(0, 4, 120)
    points += kind[:, None]
    np.testing.assert_allclose(silhouette(points, kind), silhouette_samples(points, kind))
    alone = np.where(np.arange(120) == 0, 9, kind)
    np.testing.assert_allclose(silhouette(points, alone), silhouette_samples(points, alone))


def test_points_all_in_one_place_have_no_clusters():
    points, kind = np.zeros((8, 3)), np.arange(8) % 2
    assert (silhouette(points, kind) == 0).all()
    assert separation(points, kind)["ratio"] == 0
    assert (nearest_profile(points, np.zeros((2, 3))) == -1).all()


def test_separation_by_hand():
    """Two pairs, each a unit from its centroid, the centroids ten apart."""
    points = np.array([[0, 1.0], [0, -1], [10, 1], [10, -1], [99, 99]])
    got = separation(points, np.array([0, 0, 1, 1, -1]))
    assert got == pytest.approx({"between": 10, "within": 1, "ratio": 10})


def test_the_mixture_on_the_plane_is_the_density_of_projected_draws():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(2, 3, 3)) * 0.5
    mean, weight = rng.normal(size=(2, 3)) * 2, np.array([0.3, 0.7])
    covariance = root @ np.swapaxes(root, 1, 2)
    which = rng.choice(2, 60_000, p=weight)
    draws = mean[which] + np.einsum("nij,nj->ni", root[which], rng.normal(size=(60_000, 3)))
    plane = Plane.of(draws)
    ends = np.quantile(plane.project(draws), [0.02, 0.98], axis=0)
    edges = [np.linspace(low, high, 9) for low, high in ends.T]
    held, _, _ = np.histogram2d(*plane.project(draws).T, bins=edges)
    fine = [np.linspace(e[0], e[-1], 241)[1:] - (e[-1] - e[0]) / 480 for e in edges]
    z = mixture_density(plane, weight, mean, covariance, *fine)
    cell = (fine[0][1] - fine[0][0]) * (fine[1][1] - fine[1][0])
    share = z.reshape(8, 30, 8, 30).sum(axis=(1, 3)).T * cell
    np.testing.assert_allclose(held / len(draws), share, atol=0.004)


@pytest.mark.parametrize("method", LAYOUTS)
def test_every_layout_keeps_clusters_apart_and_is_the_same_again(method):
    rng = np.random.default_rng(1)
    kind = np.repeat([0, 1, 2], 25)
    points = np.eye(5)[kind] * 8 + rng.normal(size=(75, 5)) * 0.1
    at = layout(points, method)
    assert at.shape == (75, 2)
    assert silhouette(at, kind).mean() > 0.6
    np.testing.assert_array_equal(at, layout(points, method))


class Blurred(RaterModel):
    """The same model with posteriors of this standard deviation."""

    sd = 0.0

    def draw_latents(self, ratings, rng):
        mean = self.embed(ratings).posterior.mean
        return mean + self.sd * rng.standard_normal(mean.shape)


def test_types_lie_together_only_where_posteriors_are_narrow_beside_their_distance(experiment):
    """Without noise a type has one posterior mean, however wide its posterior."""
    model = experiment.individual
    blurred = Blurred(model.catalogue, model.population, model.space)
    run = replace(experiment.fitted_run, individual=blurred)
    for sd, together in ((0.01, True), (7.0, False)):
        Blurred.sd = sd
        found = cluster_numbers(run)
        draws, means = found["rows"]
        assert means["silhouette"] > 0.9
        assert found["together"] == together
        assert (draws["ratio"] > 3) == together
    own = cluster_numbers(experiment.fitted_run)
    assert own["together"], "complete ballots say which type a rater is of"
    assert own["rows"][0]["silhouette"] > 0.9
