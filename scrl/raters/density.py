"""Step 2: a density of the raters' latents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from scrl.config import DensityConfig
from scrl.scenarios.sampling import largest_remainder
from scrl.types import InputError

#: Steps of expectation-maximisation. Few, on purpose: run to its end it leaves a handful of points.
EM_STEPS = 100
#: Reward scales that are tried: how much surer raters are of their orders than the model is.
SHARPNESS = (1.0, 2.0, 4.0, 8.0)
#: Width of the kernel around an atom, as a share of its component's.
KERNEL = 0.2


@dataclass(frozen=True, eq=False)
class Density:
    """A Gaussian mixture, carried by weighted draws from its components.

    Attributes:
        weight: ``[components]``; mean: ``[components, latent]``; covariance: ``[components,
            latent, latent]``: the mixture of the embedded raters.
        bic: of each number of components that was tried, from one up (lower is better).
        atoms: draws ``[components, draws, latent]``; share: of each in the population
            ``[components, draws]``.
        sharpness: the reward scale under which the raters' ballots are likeliest; None before
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
        """How likely each point ``[points, latent]`` comes from each component
        ``[points, components]``."""
        gap = np.asarray(points, np.float64)[:, None] - self.mean
        root = np.linalg.cholesky(self.covariance)
        scaled = np.linalg.solve(root, np.moveaxis(gap, 0, -1))
        nats = np.log(self.weight) - np.log(np.einsum("kii->ki", root)).sum(axis=1)
        nats = nats - 0.5 * (scaled**2).sum(axis=1).T
        likely = np.exp(nats - nats.max(axis=1, keepdims=True))
        return likely / likely.sum(axis=1, keepdims=True)

    def component_of(self, voters: int) -> np.ndarray:
        """The component of each of so many voters that ``draw`` gives ``[voters]``."""
        counts = largest_remainder(self.share.sum(axis=1), voters, spread_ties=True)
        return np.repeat(np.arange(self.components), counts)

    def weighted(self, log_likelihood: Callable[[np.ndarray, float], tuple]) -> Density:
        """The same atoms with the shares under which the raters' ballots are likelier.

        A rater who said little is embedded where the likeliest kind is, so a mixture of embeddings
        overstates whichever kind silence looks like. The ballots themselves say which kinds could
        have cast them: expectation-maximisation of Σ_r log Σ_a share_a P(ballots_r | a), begun at
        the mixture, divides each rater among those (Kiefer & Wolfowitz 1956; stopped early).

        Args:
            log_likelihood: of ballots under latents ``[atoms, latent]`` at a reward scale: how many
                raters cast them ``[distinct]``, and nats ``[distinct, atoms]``.
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
        share = share.reshape(self.share.shape)
        return replace(self, share=share, sharpness=sharpness)

    def draw(self, rng: np.random.Generator, voters: int) -> np.ndarray:
        """``[voters, latent]``, each component given its share by largest remainder, and within it
        each atom.

        Shares that hold exactly take the luck of the draw out of how many voters are of each
        kind, which with 2,000 independent ones reverses a close order in one run of ten.
        """
        by_component = largest_remainder(self.share.sum(axis=1), voters, spread_ties=True)
        count = np.concatenate(
            [
                largest_remainder(share, n, spread_ties=True)
                for share, n in zip(self.share, by_component, strict=True)
            ]
        )
        component = self.component_of(voters)
        root = np.linalg.cholesky(self.covariance)[component]
        noise = rng.standard_normal((voters, self.mean.shape[1], 1))
        points = np.repeat(self.atoms.reshape(-1, self.mean.shape[1]), count, axis=0)
        return (points + KERNEL * (root @ noise)[..., 0]).astype(np.float32)


def _standard(rng: np.random.Generator, draws: int, size: int) -> np.ndarray:
    """Normal draws whose own mean is 0 and covariance 1, where there are enough of them."""
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
        latents: ``[raters, latent]``, one draw from each rater's posterior, so that the mixture
            is of the aggregate posterior: not the prior, and not the posterior means, which say
            of a rater who told little only that nothing is known.

    Raises:
        InputError: with fewer than two raters.
    """
    if len(latents) < 2:
        raise InputError("A density of raters needs at least two raters with a ballot of two.")
    latents = np.asarray(latents, np.float64)
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
    noise = _standard(rng, config.draws, latents.shape[1]) * np.sqrt(1 - KERNEL**2)
    roots = np.linalg.cholesky(best.covariances_)
    atoms = best.means_[:, None] + noise @ np.swapaxes(roots, -1, -2)
    share = np.repeat(best.weights_[:, None] / config.draws, config.draws, axis=1)
    return Density(
        best.weights_,
        best.means_,
        best.covariances_,
        np.array(bic),
        atoms.astype(np.float32),
        share,
    )
