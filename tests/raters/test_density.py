"""The density of raters' latents, and the voters drawn from it."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from scrl.raters import Density, RaterModel
from scrl.types import Catalogue
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population

CATALOGUE = Catalogue(("p", "q"), tuple("abcdef"), np.arange(6), np.array([0, 4, 6]))
SHARE = np.array([0.471, 0.333, 0.196])
REWARD = 4 * np.array(
    [[3.0, 2, 1, 0, 0, 1], [0, 1, 2, 3, 1, 0], [1, 3, 0, 2, 0, 2]]
)  # far apart beside the variation within


def model_of(variance: float, share=SHARE) -> RaterModel:
    covariance = initial_covariance(CATALOGUE).scaled(variance)
    population = Population(REWARD[: len(share)], np.zeros((len(share), 6)), share, covariance)
    return RaterModel.of(population, CATALOGUE)


def seed(n: int = 0) -> np.random.Generator:
    return np.random.default_rng(n)


@pytest.fixture(scope="module")
def model() -> RaterModel:
    return model_of(0.5)


@pytest.fixture(scope="module")
def density(model) -> Density:
    return Density.of(model, seed())


def nearest(model: RaterModel, latents: np.ndarray) -> np.ndarray:
    return ((latents[:, None] - model.type_latents) ** 2).sum(-1).argmin(1)


def centred(utility: np.ndarray) -> np.ndarray:
    parts = (utility[:, :4], utility[:, 4:])
    return np.hstack([part - part.mean(1, keepdims=True) for part in parts])


def test_components_are_the_types(model, density):
    assert density.components == 3
    np.testing.assert_array_equal(density.weight, SHARE)
    np.testing.assert_allclose(density.mean, model.type_latents)
    np.testing.assert_allclose(density.share.sum(1), SHARE)


@pytest.mark.parametrize("voters", [1, 7, 100, 12_345])
def test_a_draw_holds_the_shares_exactly(model, density, voters):
    drawn = density.draw(seed(5), voters)
    assert drawn.shape == (voters, model.latent)
    count = np.bincount(nearest(model, drawn), minlength=3)
    np.testing.assert_array_equal(count, np.bincount(density.voter_components(voters), minlength=3))
    rest = SHARE * voters - np.floor(SHARE * voters)
    up = count - np.floor(SHARE * voters)
    assert set(up) <= {0, 1}
    assert rest[up == 1].min(initial=1) >= rest[up == 0].max(initial=0), "largest remainders"


def test_voters_vary_as_raters_of_their_type_do(model, density):
    """The utilities of drawn voters have the population's covariance within each type."""
    utility = model.rewards(density.draw(seed(6), 60_000))
    kind = density.voter_components(60_000)
    fresh = centred(model.population.covariance.draw(200_000, seed(7)))
    for k in range(3):
        own = utility[kind == k]
        np.testing.assert_allclose(own.mean(0), centred(REWARD)[k], atol=0.05)
        np.testing.assert_allclose(np.cov(own.T), np.cov(fresh.T), atol=0.05)


def test_without_variation_voters_are_their_types():
    model = model_of(0.0)
    density = Density.of(model, seed())
    utility = model.rewards(density.draw(seed(1), 1000))
    np.testing.assert_allclose(utility, centred(REWARD)[density.voter_components(1000)], atol=1.0)
    order = np.argsort(-utility[:, :4], axis=1)
    np.testing.assert_array_equal(
        order, np.argsort(-REWARD[density.voter_components(1000), :4], axis=1)
    )


def test_membership_is_bayes_rule(density):
    points = density.draw(seed(2), 300)
    likelihood = np.transpose(
        [
            w * multivariate_normal(m, c).pdf(points)
            for w, m, c in zip(density.weight, density.mean, density.covariance, strict=True)
        ]
    )
    wanted = likelihood / likelihood.sum(1, keepdims=True)
    np.testing.assert_allclose(density.membership(points), wanted, atol=1e-6)
    np.testing.assert_array_equal(density.component_of(points), wanted.argmax(1))
    assert (density.component_of(points) == density.voter_components(300)).all()


def test_the_seed_alone_decides(model, density):
    again = Density.of(model, seed())
    np.testing.assert_array_equal(again.atoms, density.atoms)
    assert (Density.of(model, seed(1)).atoms != density.atoms).any()
    np.testing.assert_array_equal(density.draw(seed(1), 50), density.draw(seed(1), 50))
    assert (density.draw(seed(1), 50) != density.draw(seed(2), 50)).any()


def test_raters_all_of_one_type():
    model = model_of(0.0, np.ones(1))
    density = Density.of(model, seed())
    utility = model.rewards(density.draw(seed(), 10))
    np.testing.assert_allclose(utility, np.tile(centred(REWARD)[0], (10, 1)), atol=0.1)
