"""Step 2: a density of the raters' latents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from scrl.config import DensityConfig
from scrl.types import InputError


@dataclass(frozen=True, eq=False)
class Density:
    """A Gaussian mixture.

    Attributes:
        weight: ``[components]``; mean: ``[components, latent]``; covariance: ``[components,
            latent, latent]``.
        bic: of each number of components that was tried, from one up (lower is better).
    """

    weight: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    bic: np.ndarray

    @property
    def components(self) -> int:
        return len(self.weight)

    def draw(self, seed: np.random.SeedSequence, voters: int) -> np.ndarray:
        """``[voters, latent]``, each component given its share by largest remainder.

        Shares that hold exactly take the luck of the draw out of how many voters are of each
        kind, which with 2,000 independent ones reverses a close order in one run of ten.
        """
        rng = np.random.default_rng(seed)
        exact = self.weight / self.weight.sum() * voters
        count = np.floor(exact).astype(int)
        count[np.argsort(count - exact, kind="stable")[: voters - count.sum()]] += 1
        draws = [
            rng.multivariate_normal(mean, covariance, n, method="cholesky")
            for mean, covariance, n in zip(self.mean, self.covariance, count, strict=True)
        ]
        return np.concatenate(draws).astype(np.float32)


@threadpool_limits.wrap(limits=1)  # matrices this small lose more to threads than they gain
def fit_density(
    latents: np.ndarray, config: DensityConfig, seed: np.random.SeedSequence
) -> Density:
    """Fit Gaussian mixtures of 1 … ``config.components`` and keep the one of least BIC.

    Args:
        latents: ``[raters, latent]``, one draw from each rater's posterior, so that the mixture
            is of the aggregate posterior: not the prior, and not the posterior means, which say
            of a rater who told little only that nothing is known.

    Raises:
        InputError: with fewer than two raters.
    """
    if len(latents) < 2:
        raise InputError("A density of raters needs at least two raters with a ballot of two.")
    latents = np.asarray(latents, np.float64)
    rng = np.random.default_rng(seed)
    some = latents
    if len(latents) > config.sample:
        some = latents[rng.choice(len(latents), config.sample, replace=False)]
    states = rng.integers(2**31, size=config.components)
    most = min(config.components, max(1, len(some) // (2 * latents.shape[1])))

    def mixture(components: int) -> GaussianMixture:
        return GaussianMixture(
            components, reg_covar=config.floor, n_init=1, random_state=int(states[components - 1])
        )

    fits, bic = [], []
    for components in range(1, most + 1):
        fits.append(mixture(components).fit(some))
        bic.append(fits[-1].bic(some))
        # BIC falls to its least and rises: two rises in a row end the search.
        if components > 2 and bic[-1] > bic[-2] > bic[-3]:
            break
    best = fits[int(np.argmin(bic))]
    if len(some) < len(latents):
        best = GaussianMixture(
            best.n_components,
            reg_covar=config.floor,
            weights_init=best.weights_,
            means_init=best.means_,
            precisions_init=best.precisions_,
            random_state=int(states[0]),
        ).fit(latents)
    return Density(best.weights_, best.means_, best.covariances_, np.array(bic))
