"""Layouts of a latent space in two or three dimensions, and densities on a plane."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

LAYOUTS = ("PCA", "t-SNE", "Isomap", "Spectral")
#: Fewer points are laid out by PCA.
_MIN_POINTS = 12


@dataclass(frozen=True, eq=False)
class Plane:
    """Principal components, onto which further points can be projected.

    Attributes:
        mean: of the points that they are fitted to ``[dimensions]``.
        axes: ``[components, dimensions]``.
        explained: share of the variance ``[components]``.
    """

    mean: np.ndarray
    axes: np.ndarray
    explained: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, components: int = 2) -> Plane:
        """The principal components of ``points [points, dimensions]``.

        Each axis is turned so that its largest loading is positive. Axes beyond the number of
        dimensions are zero.
        """
        mean: Any = np.mean(points, axis=0, dtype=np.float64)
        centred = np.asarray(points, np.float64) - mean
        _, variance, axes = np.linalg.svd(centred.T @ centred)
        axes = axes[:components]
        largest = axes[np.arange(len(axes)), np.abs(axes).argmax(1)]
        axes = axes * np.sign(largest)[:, None]
        lacking = components - len(axes)
        return cls(
            mean,
            np.pad(axes, ((0, lacking), (0, 0))),
            np.pad(variance[:components] / max(variance.sum(), 1e-12), (0, lacking)),
        )

    def project(self, points: np.ndarray) -> np.ndarray:
        """Coordinates ``[..., components]`` of ``points [..., dimensions]``."""
        return (np.asarray(points, np.float64) - self.mean) @ self.axes.T


def principal_plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal components.

    Args:
        points: ``[points, dimensions]``.

    Returns:
        Coordinates ``[points, 2]``, each axis turned so that its largest loading is positive, and
        the share of the variance on each ``[2]``.
    """
    plane = Plane.of(points)
    return plane.project(points), plane.explained


@threadpool_limits.wrap(limits=1)
def layout(points: np.ndarray, method: str, dimensions: int = 2, seed: int = 0) -> np.ndarray:
    """Points in two or three dimensions ``[points, dimensions]`` by a method of ``LAYOUTS``.

    Fewer than twelve points, or points that coincide, are laid out by PCA.
    """
    points = np.asarray(points, np.float64)
    alike = np.ptp(points, axis=0).max() < 1e-6
    if method == "PCA" or len(points) < _MIN_POINTS or alike:
        return Plane.of(points, dimensions).project(points)
    from sklearn.manifold import TSNE, Isomap, SpectralEmbedding

    # Raters with equal ballots have equal latents, which disconnects the graph of nearest
    # neighbours. A jitter far below any distance that matters keeps it connected.
    rng = np.random.default_rng(seed)
    points = np.pad(points, ((0, 0), (0, max(0, dimensions - points.shape[1]))))
    points = points + rng.normal(scale=1e-3 * points.std(), size=points.shape)
    neighbours = min(30, len(points) // 4)
    methods = {
        "t-SNE": lambda: TSNE(
            dimensions, perplexity=neighbours, random_state=seed, max_iter=500
        ),
        "Isomap": lambda: Isomap(n_components=dimensions, n_neighbors=neighbours),
        "Spectral": lambda: SpectralEmbedding(
            dimensions, affinity="rbf", gamma=0.5 / max(points.var(axis=0).sum(), 1e-9),
            random_state=seed,
        ),
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a disconnected graph, which scikit-learn connects
        return np.asarray(methods[method]().fit_transform(points))


def mixture_density(
    plane: Plane,
    weight: np.ndarray,
    mean: np.ndarray,
    covariance: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> np.ndarray:
    """A Gaussian mixture's exact marginal density on a plane, at the grid ``[y, x]``.

    Args:
        plane: of two components or more.
        weight, mean, covariance: of the mixture ``[components]``, ``[components, latent]``,
            ``[components, latent, latent]``.
        x, y: coordinates of the grid.
    """
    axes = plane.axes[:2]
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    total = np.zeros(grid.shape[:2])
    centres = plane.project(mean)[:, :2]
    for w, m, c in zip(weight, centres, axes @ covariance @ axes.T, strict=True):
        c = c + 1e-9 * np.eye(2)
        gap = grid - m
        nats = np.einsum("...i,ij,...j->...", gap, np.linalg.inv(c), gap)
        total += w * np.exp(-0.5 * nats) / (2 * np.pi * np.sqrt(np.linalg.det(c)))
    return total


def kernel_density(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A Gaussian kernel density of ``points [points, 2]`` at the grid ``[y, x]``.

    The bandwidth is half of Scott's rule, since clusters are narrower than the whole sample.
    """
    width = np.maximum(0.5 * points.std(axis=0) * len(points) ** (-1 / 6), 1e-6)
    along = [
        np.exp(-0.5 * ((grid[:, None] - points[:, i]) / width[i]) ** 2) / (width[i] * 2.5066283)
        for i, grid in enumerate((x, y))
    ]
    return along[1] @ along[0].T / len(points)
