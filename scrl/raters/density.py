"""Step 2: a density of the raters' latents. Step 3: simulated voters drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from scrl.config import DensityConfig
from scrl.scenarios.sampling import largest_remainder
from scrl.types import InputError

#: Steps of expectation-maximisation. Stopped early, since its optimum is a handful of points.
EM_STEPS = 100
#: Reward scales that are tried: by how much raters are surer of their orders than the model is.
SHARPNESS = (1.0, 2.0, 4.0, 8.0)
#: Width of the kernel around an atom, as a share of its component's.
KERNEL = 0.2


@dataclass(frozen=True, eq=False)
class Density:
    """A Gaussian mixture, represented by weighted draws from its components.

    Attributes:
        weight, mean, covariance: of the mixture of the embedded raters ``[components]``,
            ``[components, latent]``, ``[components, latent, latent]``.
        bic: of each number of components that was tried, from one up (lower is better).
        atoms: draws from each component ``[components, draws, latent]``.
        share: of each atom in the population ``[components, draws]``.
        sharpness: the reward scale that maximises the likelihood of the ballots; None before
            ``weighted``.
    """

    weight: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    bic: np.ndarray
    atoms: np.ndarray
    share: np.ndarray
    sharpness: float | None = None

    @property
    def components(self) -> int:
        return len(self.weight)

    def membership(self, points: np.ndarray) -> np.ndarray:
        """P(component | point): ``[points, latent] -> [points, components]``."""
        gap = np.asarray(points, np.float64)[:, None] - self.mean
        root = np.linalg.cholesky(self.covariance)
        scaled = np.linalg.solve(root, np.moveaxis(gap, 0, -1))
        nats = np.log(self.weight) - np.log(np.einsum("kii->ki", root)).sum(axis=1)
        nats = nats - 0.5 * (scaled**2).sum(axis=1).T
        likelihood = np.exp(nats - nats.max(axis=1, keepdims=True))
        return likelihood / likelihood.sum(axis=1, keepdims=True)

    def component_of(self, points: np.ndarray) -> np.ndarray:
        """The likeliest component of each point: ``[points, latent] -> [points]``."""
        return self.membership(points).argmax(axis=1)

    def voter_components(self, voters: int) -> np.ndarray:
        """The component of each of the voters that ``draw`` returns ``[voters]``."""
        counts = largest_remainder(self.share.sum(axis=1), voters, spread_ties=True)
        return np.repeat(np.arange(self.components), counts)

    def weighted(self, log_likelihood: Callable[[np.ndarray, float], tuple]) -> Density:
        """The density whose shares maximise the likelihood of the raters' ballots.

        Sparse raters are embedded near the largest cluster, which biases the mixture's weights.
        Expectation-maximisation of Σ_r log Σ_a share_a P(ballots_r | a), begun at the mixture and
        stopped early, corrects it (Kiefer & Wolfowitz 1956).

        Args:
            log_likelihood: takes latents ``[atoms, latent]`` and a reward scale; returns how many
                raters cast each distinct ballot ``[distinct]`` and its nats ``[distinct, atoms]``.
        """
        flat = self.atoms.reshape(-1, self.atoms.shape[-1])
        tried = []
        for sharpness in SHARPNESS:
            count, nats = log_likelihood(flat, sharpness)
            top = nats.max(axis=1)
            likelihood = np.exp(nats - top[:, None], dtype=np.float64)
            share = np.ravel(self.share)
            for _ in range(EM_STEPS):
                total = likelihood @ share
                share = share * (likelihood.T @ (count / total)) / count.sum()
            tried.append((float(count @ (np.log(likelihood @ share) + top)), sharpness, share))
        _, sharpness, share = max(tried, key=lambda attempt: attempt[0])
        return replace(self, share=share.reshape(self.share.shape), sharpness=sharpness)

    def draw(self, rng: np.random.Generator, voters: int) -> np.ndarray:
        """Latents of simulated voters ``[voters, latent]``, grouped by component.

        Each component and each atom gets its share of the voters by largest remainder. Independent
        draws would reverse a close order of 2,000 voters in one run of ten.
        """
        by_component = largest_remainder(self.share.sum(axis=1), voters, spread_ties=True)
        count = np.concatenate([
            largest_remainder(share, n, spread_ties=True)
            for share, n in zip(self.share, by_component, strict=True)
        ])  # fmt: skip
        root = np.linalg.cholesky(self.covariance)[self.voter_components(voters)]
        noise = rng.standard_normal((voters, self.mean.shape[1], 1))
        points = np.repeat(self.atoms.reshape(-1, self.mean.shape[1]), count, axis=0)
        return (points + KERNEL * (root @ noise)[..., 0]).astype(np.float32)


def _standard_normal(rng: np.random.Generator, draws: int, size: int) -> np.ndarray:
    """Normal draws with sample mean 0 and sample covariance 1, where there are enough of them."""
    noise = rng.standard_normal((draws, size))
    if draws <= size:
        return noise
    noise -= noise.mean(axis=0)
    root = np.linalg.cholesky(noise.T @ noise / draws)
    return np.linalg.solve(root, noise.T).T


@threadpool_limits.wrap(limits=1)  # matrices this small lose more to threads than they gain
def fit_density(latents: np.ndarray, config: DensityConfig, rng: np.random.Generator) -> Density:
    """Fit Gaussian mixtures of 1 … ``config.components`` and keep the one of least BIC.

    Args:
        latents: one draw from each rater's posterior ``[raters, latent]``, so that the mixture is
            of the aggregate posterior: posterior means would hide how little is known of a rater.
        config: the settings.
        rng: consumed.

    Raises:
        InputError: with fewer than two raters.
    """
    if len(latents) < 2:
        raise InputError("A density of raters needs at least two raters with a ballot of two.")
    latents = np.asarray(latents, np.float64)
    best, bic = _best_mixture(latents, config, rng)
    noise = _standard_normal(rng, config.draws, latents.shape[1]) * np.sqrt(1 - KERNEL**2)
    roots = np.linalg.cholesky(best.covariances_)
    atoms = best.means_[:, None] + noise @ np.swapaxes(roots, -1, -2)
    share = np.repeat(best.weights_[:, None] / config.draws, config.draws, axis=1)
    return Density(
        best.weights_, best.means_, best.covariances_, bic, atoms.astype(np.float32), share
    )


def _best_mixture(
    latents: np.ndarray, config: DensityConfig, rng: np.random.Generator
) -> tuple[GaussianMixture, np.ndarray]:
    """The mixture of least BIC on a sample, refitted to all, and the BIC of each number tried."""
    sample = latents
    if len(latents) > config.sample:
        sample = latents[rng.choice(len(latents), config.sample, replace=False)]
    states = rng.integers(2**31, size=config.components)
    max_components = min(config.components, max(1, len(sample) // (2 * latents.shape[1])))
    fits, bic = [], []
    for components in range(1, max_components + 1):
        mixture = GaussianMixture(
            components, reg_covar=config.floor, n_init=1, random_state=int(states[components - 1])
        )
        fits.append(mixture.fit(sample))
        bic.append(mixture.bic(sample))
        # Two increases in a row end the search.
        if components > 2 and bic[-1] > bic[-2] > bic[-3]:
            break
    best = fits[int(np.argmin(bic))]
    if len(sample) < len(latents):
        best = GaussianMixture(
            best.n_components,
            reg_covar=config.floor,
            weights_init=best.weights_,
            means_init=best.means_,
            precisions_init=best.precisions_,
            random_state=int(states[0]),
        ).fit(latents)
    return best, np.array(bic)
