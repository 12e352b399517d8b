"""The density of raters' latents (step 2) and simulated voters drawn from it (step 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from scrl.raters.rater_model import RaterModel
from scrl.scenarios.sampling import largest_remainder

#: Width of the kernel around an atom, relative to its component's.
KERNEL_WIDTH = 0.2
#: Added to the variance of a component, in latent units², so that a type without variation within
#: has a density.
FLOOR = 1e-4
#: Atoms of each component; and of all, where raters of a type vary.
DRAWS, VARIED_DRAWS = 128, 2048


@dataclass(frozen=True, eq=False)
class Density:
    """A Gaussian mixture, represented by weighted draws from its components.

    Attributes:
        weight, mean, covariance: the mixture ``[components]``, ``[components, latent]``,
            ``[components, latent, latent]``. A component is a type of raters.
        atoms: draws from each component ``[components, draws, latent]``.
        share: of each atom in the population ``[components, draws]``.
    """

    weight: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    atoms: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, model: RaterModel, rng: np.random.Generator, draws: int | None = None) -> Density:
        """The density of a model's population.

        Args:
            model: the model of raters.
            rng: consumed.
            draws: atoms of each component; by default more where raters of a type vary.
        """
        share, mean = model.population.share, model.type_latents
        if draws is None:
            draws = max(DRAWS, VARIED_DRAWS // len(share) if model.varies else 0)
        covariance = model.latent_covariance + FLOOR * np.eye(model.latent)
        covariance = np.repeat(covariance[None], len(share), axis=0)
        noise = _standard_normal(rng, draws, model.latent) * np.sqrt(1 - KERNEL_WIDTH**2)
        roots = np.linalg.cholesky(covariance)
        atoms = mean[:, None] + noise @ np.swapaxes(roots, -1, -2)
        shares = np.repeat(share[:, None] / draws, draws, axis=1)
        return cls(share, mean, covariance, atoms.astype(np.float32), shares)

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
        nats = np.log(np.maximum(self.weight, 1e-300))
        nats = nats - np.log(np.einsum("kii->ki", root)).sum(axis=1)
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

    def draw(self, rng: np.random.Generator, voters: int) -> np.ndarray:
        """Latents of simulated voters ``[voters, latent]``, grouped by component.

        The voters are allocated to components and atoms by largest remainder. With independent
        draws, one run in ten would reverse a close order of 2,000 voters.
        """
        root = np.linalg.cholesky(self.covariance)[self.voter_components(voters)]
        noise = rng.standard_normal((voters, self.mean.shape[1], 1))
        points = self.atoms.reshape(-1, self.mean.shape[1])[self.voter_atoms(voters)]
        return (points + KERNEL_WIDTH * (root @ noise)[..., 0]).astype(np.float32)


def _standard_normal(rng: np.random.Generator, draws: int, size: int) -> np.ndarray:
    """Normal draws ``[draws, size]``, of sample mean 0 and sample covariance 1 if draws > size."""
    noise = rng.standard_normal((draws, size))
    if draws <= size:
        return noise
    noise -= noise.mean(axis=0)
    root = np.linalg.cholesky(noise.T @ noise / draws)
    return np.linalg.solve(root, noise.T).T
