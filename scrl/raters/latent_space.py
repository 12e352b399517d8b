"""The latent space of a population: principal components of raters' utilities.

A latent z stands for the utilities μ + W z, where μ is the population's mean. W holds the principal
components of what distinguishes raters, between types and within, so that distances between latents
are distances between utilities. Utilities count within prompts only, since a ballot compares the
completions of one prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.types import Catalogue
from scrl.utility_models.population import Population

#: Dimensions at most, and the least share of the variance of one that is kept.
MAX_LATENT, MIN_SHARE = 64, 1e-4
#: Items up to which the covariance within types is decomposed exactly.
MAX_ITEMS = 3000
#: Variance within a type below which it counts as none, in log-odds².
NO_VARIANCE = 1e-3


@dataclass(frozen=True, eq=False)
class LatentSpace:
    """A linear map between latents and utilities.

    Attributes:
        origin: utilities of the latent 0 ``[items]``.
        loadings: W ``[items, latent]``; its columns are orthogonal, and one unit of the first is
            one standard deviation of the population.
        residual: standard deviation of what the dimensions leave out ``[items]``.
    """

    origin: np.ndarray
    loadings: np.ndarray
    residual: np.ndarray

    @property
    def size(self) -> int:
        """The number of dimensions."""
        return self.loadings.shape[1]

    @classmethod
    def of(cls, population: Population, catalogue: Catalogue) -> LatentSpace:
        """The latent space of a population."""
        reward = centred(population.reward, catalogue)
        origin = population.share @ reward
        between = np.sqrt(population.share)[:, None] * (reward - origin)
        within = within_covariance(population, catalogue)
        if within is None:
            values, vectors = np.linalg.svd(between, full_matrices=False)[1:]
            values, vectors = values**2, vectors.T
        else:
            values, vectors = np.linalg.eigh(between.T @ between + within)
            values, vectors = values[::-1], vectors[:, ::-1]
        total = max(float(values.sum()), 1e-12)
        kept = (values > MIN_SHARE * total) & (np.arange(len(values)) < MAX_LATENT)
        kept[:2] = True  # a plane can always be drawn
        vectors = vectors[:, : len(values)][:, kept]
        # The sign of a component is arbitrary: its largest entry is positive.
        largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
        scale = np.sqrt(max(float(values[0]), 1e-6))
        loadings = vectors * np.where(largest < 0, -1, 1) * scale
        variance = (between**2).sum(axis=0) + (0.0 if within is None else np.diag(within))
        left_out = np.maximum(variance - vectors**2 @ values[kept], 0.0)
        return cls(origin, loadings, np.sqrt(left_out))

    @cached_property
    def projection(self) -> np.ndarray:
        """The map from utilities, less the origin's, to latents ``[items, latent]``."""
        squares = (self.loadings**2).sum(axis=0)
        return self.loadings / np.maximum(squares, 1e-12)

    def latents(self, utility: np.ndarray) -> np.ndarray:
        """Latents ``[..., latent]`` of utilities ``[..., items]``."""
        return (utility - self.origin) @ self.projection

    def utilities(self, latent: np.ndarray, item: np.ndarray | None = None) -> np.ndarray:
        """Utilities of latents ``[draws, latent]``: ``[draws, items]``, or ``[contests, draws,
        candidates]`` for items ``[contests, candidates]``."""
        latent = np.asarray(latent, np.float32)
        loadings, origin = self.loadings.astype(np.float32), self.origin.astype(np.float32)
        if item is None:
            return latent @ loadings.T + origin
        return latent @ np.swapaxes(loadings[item], 1, 2) + origin[item][:, None, :]


def centred(values: np.ndarray, catalogue: Catalogue) -> np.ndarray:
    """Values ``[..., items]`` less their prompt's mean."""
    count = np.diff(catalogue.offsets)
    mean = np.add.reduceat(values, catalogue.offsets[:-1], axis=-1) / count
    return values - np.repeat(mean, count, axis=-1)


def within_covariance(population: Population, catalogue: Catalogue) -> np.ndarray | None:
    """The covariance of utilities within types ``[items, items]``, prompts centred; None where it
    is negligible or the catalogue too large."""
    covariance = population.covariance
    items = np.arange(catalogue.items)
    if covariance.mean_variance < NO_VARIANCE or len(items) > MAX_ITEMS:
        return None
    full = covariance.of(items[:, None], items[None, :])
    return centred(centred(full, catalogue).T, catalogue).T
