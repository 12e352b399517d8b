"""The density of raters' latents against planted mixtures and scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from scrl.config import DensityConfig
from scrl.raters import Density, fit_density
from scrl.types import InputError

CONFIG = DensityConfig()
WEIGHT = np.array([0.5, 0.3, 0.2])
MEAN = np.array([[0.0, 0, 0, 0], [4, 0, -2, 0], [0, 3, 3, -3]])
SCALE = np.array([0.5, 0.3, 0.8])


def seed(n: int = 0) -> np.random.Generator:
    return np.random.default_rng(n)


def planted(n: int, rng_seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Latents ``[n, 4]`` of three clusters, shuffled, and the cluster of each."""
    rng = np.random.default_rng(rng_seed)
    kind = rng.permutation(np.repeat(range(3), (WEIGHT * n).astype(int)))
    return MEAN[kind] + SCALE[kind, None] * rng.normal(size=(len(kind), 4)), kind


def points(share) -> Density:
    """Three narrow clusters of raters."""
    narrow = np.tile(1e-4 * np.eye(4), (3, 1, 1))
    atoms = MEAN[:, None].repeat(2, axis=1)
    return Density(share, MEAN, narrow, np.zeros(3), atoms, np.stack([share, share], axis=1) / 2)


@pytest.fixture(scope="module")
def fitted() -> Density:
    return fit_density(planted(2000)[0], CONFIG, seed())


def nearest(latents: np.ndarray) -> np.ndarray:
    return ((latents[:, None] - MEAN) ** 2).sum(-1).argmin(1)


def test_a_planted_mixture_is_recovered(fitted):
    assert fitted.components == 3
    order = nearest(fitted.mean)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(fitted.weight, WEIGHT[order], atol=0.01)
    np.testing.assert_allclose(fitted.mean, MEAN[order], atol=0.15)
    for covariance, scale in zip(fitted.covariance, SCALE[order], strict=True):
        np.testing.assert_allclose(covariance, scale**2 * np.eye(4), atol=0.1)


def test_the_number_of_components_is_scikit_learns_by_bic(fitted):
    latents = planted(2000)[0]
    with threadpool_limits(1):
        fits = [
            GaussianMixture(k, n_init=3, reg_covar=CONFIG.floor, random_state=0).fit(latents)
            for k in range(1, 6)
        ]
        bic = [fit.bic(latents) for fit in fits]
    assert fitted.components == np.argmin(bic) + 1
    assert fitted.bic[: len(bic)].min() == pytest.approx(min(bic), rel=1e-3)
    assert np.argmin(fitted.bic) + 1 == fitted.components


def test_fresh_latents_are_as_likely_as_under_the_truth(fitted):
    fresh = planted(4000, 1)[0]

    def log_likelihood(weight, mean, covariance):
        parts = [
            w * multivariate_normal(m, c).pdf(fresh)
            for w, m, c in zip(weight, mean, covariance, strict=True)
        ]
        return np.log(np.sum(parts, axis=0)).mean()

    truth = log_likelihood(WEIGHT, MEAN, SCALE[:, None, None] ** 2 * np.eye(4))
    found = log_likelihood(fitted.weight, fitted.mean, fitted.covariance)
    assert truth - 0.03 < found < truth + 0.01


@pytest.mark.parametrize("voters", [1, 7, 100, 12_345])
def test_a_draw_holds_the_shares_exactly(voters):
    share = np.array([0.471, 0.333, 0.196])
    density = points(share)
    drawn = density.draw(seed(5), voters)
    assert drawn.shape == (voters, 4)
    count = np.bincount(nearest(drawn), minlength=3)
    rest = share * voters - np.floor(share * voters)
    up = count - np.floor(share * voters)
    assert set(up) <= {0, 1}
    assert rest[up == 1].min(initial=1) >= rest[up == 0].max(initial=0), "largest remainders"


def test_a_draw_has_the_moments_of_its_components(fitted):
    drawn = fitted.draw(seed(6), 40_000)
    for kind, mean, covariance in zip(
        nearest(fitted.mean), fitted.mean, fitted.covariance, strict=True
    ):
        own = drawn[nearest(drawn) == kind]
        np.testing.assert_allclose(own.mean(0), mean, atol=0.04)
        np.testing.assert_allclose(np.cov(own.T), covariance, atol=0.04)


def test_the_seed_alone_decides(fitted):
    latents = planted(2000)[0]
    again = fit_density(latents, CONFIG, seed())
    np.testing.assert_array_equal(again.mean, fitted.mean)
    np.testing.assert_array_equal(fitted.draw(seed(1), 50), fitted.draw(seed(1), 50))
    assert (fitted.draw(seed(1), 50) != fitted.draw(seed(2), 50)).any()


def test_all_raters_are_used_though_some_choose_the_number():
    """Clusters are in order, so a sample of the first raters would hold one of them."""
    latents, kind = planted(4000)
    latents = latents[np.argsort(kind)]
    found = fit_density(latents, replace(CONFIG, sample=300), seed(3))
    assert found.components == 3
    np.testing.assert_allclose(found.weight, WEIGHT[nearest(found.mean)], atol=0.006)


def test_two_raters():
    found = fit_density(np.array([[0.0, 1.0], [2.0, 3.0]]), CONFIG, seed())
    assert found.components == 1
    np.testing.assert_allclose(found.mean[0], [1, 2], atol=1e-6)
    assert np.isfinite(found.draw(seed(), 10)).all()


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_raters_all_alike():
    found = fit_density(np.full((100, 8), 0.5), CONFIG, seed())
    assert found.components == 1
    drawn = found.draw(seed(), 1000)
    np.testing.assert_allclose(drawn, 0.5, atol=6 * np.sqrt(CONFIG.floor))


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_two_kinds_each_all_alike():
    latents = np.repeat([[1.0, 0, 0], [-1.0, 0, 0]], [60, 40], axis=0)
    found = fit_density(latents, CONFIG, seed())
    drawn = found.draw(seed(), 1000)
    assert (drawn[:, 0] > 0).sum() == 600
    np.testing.assert_allclose(np.abs(drawn[:, 0]), 1, atol=0.1)


def test_one_rater_is_no_population():
    with pytest.raises(InputError, match="two raters"):
        fit_density(np.zeros((1, 8)), CONFIG, seed())


# -- weighing by ballots --------------------------------------------------------------------------


def test_ambiguous_raters_are_divided_like_the_identified_ones():
    """The ballots of four raters in ten identify their cluster; those of the others only say
    whether it is the last. The embedding puts all ambiguous raters in the first cluster."""
    taken_for = np.array([0.8 - 0.3 * 0.4, 0.3 * 0.4, 0.2])
    said, cannot = 0.0, -40.0
    kinds = np.array([[said, cannot, cannot], [cannot, said, cannot], [cannot, cannot, said],
                      [said, said, cannot]])  # fmt: skip
    count = 1000 * np.array([0.4 * WEIGHT[0], 0.4 * WEIGHT[1], WEIGHT[2], 0.6 * WEIGHT[:2].sum()])
    found = points(taken_for).weighted(lambda latent, scale: (count, kinds.repeat(2, axis=1)))
    np.testing.assert_allclose(found.share.sum(1), WEIGHT, atol=1e-3)
    drawn = np.bincount(nearest(found.draw(seed(), 1000)), minlength=3)
    np.testing.assert_allclose(drawn, 1000 * WEIGHT, atol=2)


@pytest.mark.parametrize("true", [1.0, 2.0, 4.0, 8.0])
def test_the_scale_of_rewards_is_the_one_under_which_ballots_are_likeliest(true):
    gap = np.array([1.0, -1.0])  # a ballot for or against what every kind of rater prefers by .5

    def log_likelihood(latent, sharpness):
        nats = -np.log1p(np.exp(-0.5 * sharpness * gap))
        return count, np.repeat(nats[:, None], len(latent), axis=1)

    count = 1000 / (1 + np.exp(-0.5 * true * gap))
    assert points(WEIGHT).weighted(log_likelihood).sharpness == true


def test_weighing_never_makes_the_ballots_less_likely(fitted):
    rng = np.random.default_rng(4)
    nats = rng.normal(size=(300, fitted.share.size)) * 3
    count = rng.integers(1, 9, 300).astype(float)

    def total(share):
        return count @ np.log(np.exp(nats) @ np.ravel(share))

    found = fitted.weighted(lambda latent, scale: (count, nats))
    assert found.share.sum() == pytest.approx(1)
    assert (found.share >= 0).all()
    assert total(found.share) > total(fitted.share)
