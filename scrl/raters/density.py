"""The density of raters' latents (step 2) and simulated voters drawn from it (step 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from scrl.config import DensityConfig
from scrl.data.weights import rater_weights, repeated_rows
from scrl.raters.network import Embedding, Posterior
from scrl.scenarios.sampling import largest_remainder
from scrl.types import InputError, Ratings

#: Steps of expectation-maximisation, stopped early because its optimum is a few points of mass.
EM_STEPS = 100
#: Candidate reward scales: above 1 where ballots are less noisy than the model predicts.
REWARD_SCALES = (1.0, 2.0, 4.0, 8.0)
#: Width of the kernel around an atom, relative to its component's.
KERNEL_WIDTH = 0.2

#: Draws from the posteriors of raters of unequal weight: a few raters may stand for many.
WEIGHTED_DRAWS = 500

#: See ``Density.weighted``.
LogLikelihood = Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Density:
    """A Gaussian mixture, represented by weighted draws from its components.

    Attributes:
        weight, mean, covariance: the mixture fitted to the embedded raters ``[components]``,
            ``[components, latent]``, ``[components, latent, latent]``.
        bic: BIC of each number of components tried, from one up (lower is better).
        atoms: draws from each component ``[components, draws, latent]``.
        share: of each atom in the population ``[components, draws]``.
        sharpness: the reward scale that maximises the likelihood of the ballots; None until
            ``weighted`` has computed it.
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
        """The number of components."""
        return len(self.weight)

    def membership(
        self, points: Float[np.ndarray, "points latent"]
    ) -> Float[np.ndarray, "points components"]:
        """P(component | point) ``[points, components]`` for points ``[points, latent]``."""
        gap = np.asarray(points, np.float64)[:, None] - self.mean
        root = np.linalg.cholesky(self.covariance)
        scaled = np.linalg.solve(root, np.moveaxis(gap, 0, -1))
        nats = np.log(self.weight) - np.log(np.einsum("kii->ki", root)).sum(axis=1)
        nats = nats - 0.5 * (scaled**2).sum(axis=1).T
        likelihood = np.exp(nats - nats.max(axis=1, keepdims=True))
        return likelihood / likelihood.sum(axis=1, keepdims=True)

    def component_of(
        self, points: Float[np.ndarray, "points latent"]
    ) -> Int[np.ndarray, " points"]:
        """The most probable component ``[points]`` of points ``[points, latent]``."""
        return self.membership(points).argmax(axis=1)

    def voter_components(self, voters: int) -> np.ndarray:
        """The component of each voter returned by ``draw`` ``[voters]``."""
        counts = largest_remainder(self.share.sum(axis=1), voters, spread_ties=True)
        return np.repeat(np.arange(self.components), counts)

    def voter_atoms(self, voters: int) -> np.ndarray:
        """The atom, of all components' in turn, of each voter returned by ``draw`` ``[voters]``."""
        by_component = largest_remainder(self.share.sum(axis=1), voters, spread_ties=True)
        count = np.concatenate([
            largest_remainder(share, n, spread_ties=True)
            for share, n in zip(self.share, by_component, strict=True)
        ])  # fmt: skip
        return np.repeat(np.arange(len(count)), count)

    def weighted(self, log_likelihood: LogLikelihood) -> Density:
        """The density whose shares maximise the likelihood of the raters' ballots.

        Sparse raters are embedded near the largest cluster, which biases the mixture's weights.
        Expectation-maximisation of Σ_r log Σ_a share_a P(ballots_r | a), as in Kiefer and Wolfowitz
        (1956), corrects the bias. It starts at the mixture and is stopped early.

        Args:
            log_likelihood: of latents ``[atoms, latent]`` and a reward scale, returns the weight
                of the raters who cast each distinct ballot ``[distinct]`` and its log-likelihood
                ``[distinct, atoms]`` in nats.
        """
        flat = self.atoms.reshape(-1, self.atoms.shape[-1])
        attempts = []
        for sharpness in REWARD_SCALES:
            count, nats = log_likelihood(flat, sharpness)
            top = nats.max(axis=1)
            likelihood = np.exp(nats - top[:, None], dtype=np.float64)
            share = np.ravel(self.share)
            for _ in range(EM_STEPS):
                total = likelihood @ share
                share = share * (likelihood.T @ (count / total)) / count.sum()
            attempts.append((float(count @ (np.log(likelihood @ share) + top)), sharpness, share))
        _, sharpness, share = max(attempts, key=lambda attempt: attempt[0])
        return replace(self, share=share.reshape(self.share.shape), sharpness=sharpness)

    def draw(self, rng: np.random.Generator, voters: int) -> np.ndarray:
        """Latents of simulated voters ``[voters, latent]``, grouped by component.

        The voters are allocated to components and atoms by largest remainder. With independent
        draws, one run in ten would reverse a close order of 2,000 voters.
        """
        root = np.linalg.cholesky(self.covariance)[self.voter_components(voters)]
        noise = rng.standard_normal((voters, self.mean.shape[1], 1))
        points = self.atoms.reshape(-1, self.mean.shape[1])[self.voter_atoms(voters)]
        return (points + KERNEL_WIDTH * (root @ noise)[..., 0]).astype(np.float32)


def weighted_draws(
    embedding: Embedding, ratings: Ratings, config: DensityConfig, rng: np.random.Generator
) -> np.ndarray:
    """Draws from raters' posteriors in proportion to the raters' weights ``[draws, latent]``.

    One draw a rater if all weights are equal. Else one for each time that a rater counts as much as
    the lightest one: about ``WEIGHTED_DRAWS`` or more, and at most ``config.sample`` or as many as
    there are raters.
    """
    weight = rater_weights(ratings)[embedding.raters]
    rows = repeated_rows(weight, config.sample, min(WEIGHTED_DRAWS, config.sample))
    mean, log_variance = embedding.posterior
    return Posterior(mean[rows], log_variance[rows]).draw(rng)


def _standard_normal(rng: np.random.Generator, draws: int, size: int) -> np.ndarray:
    """Normal draws ``[draws, size]``, of sample mean 0 and sample covariance 1 if draws > size."""
    noise = rng.standard_normal((draws, size))
    if draws <= size:
        return noise
    noise -= noise.mean(axis=0)
    root = np.linalg.cholesky(noise.T @ noise / draws)
    return np.linalg.solve(root, noise.T).T


@threadpool_limits.wrap(limits=1)  # threads slow down matrices this small
def fit_density(
    latents: Float[np.ndarray, "raters latent"], config: DensityConfig, rng: np.random.Generator
) -> Density:
    """Fit Gaussian mixtures of 1 … ``config.components`` components and select by BIC.

    Args:
        latents: draws from the raters' posteriors ``[draws, latent]``, so that the mixture is
            fitted to the aggregate posterior: posterior means would hide its uncertainty.
        config: the settings.
        rng: consumed.

    Raises:
        InputError: with fewer than two raters.
    """
    if len(latents) < 2:
        raise InputError("A density of raters needs at least two raters with a ballot of two.")
    latents = np.asarray(latents, np.float64)
    mixture, bic = _best_mixture(latents, config, rng)
    noise = _standard_normal(rng, config.draws, latents.shape[1]) * np.sqrt(1 - KERNEL_WIDTH**2)
    roots = np.linalg.cholesky(mixture.covariances_)
    atoms = mixture.means_[:, None] + noise @ np.swapaxes(roots, -1, -2)
    share = np.repeat(mixture.weights_[:, None] / config.draws, config.draws, axis=1)
    return Density(
        weight=mixture.weights_,
        mean=mixture.means_,
        covariance=mixture.covariances_,
        bic=bic,
        atoms=atoms.astype(np.float32),
        share=share,
    )


def _best_mixture(
    latents: np.ndarray, config: DensityConfig, rng: np.random.Generator
) -> tuple[GaussianMixture, np.ndarray]:
    """The mixture with the least BIC on a sample, refitted to all latents, and the BICs."""
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
