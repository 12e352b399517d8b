"""Do raters of one kind lie together? Layouts of a latent space, and how far clusters are apart.

Distances are Euclidean, in units of the latent's prior standard deviation.
"""

from __future__ import annotations

import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from scrl.diagnostics.units import Plane

#: Points laid out at once: t-SNE and its kin compare all with all.
MOST = 600
LAYOUTS = ("PCA", "t-SNE", "Isomap", "Spectral")
#: A mean silhouette above this is structure (Kaufman and Rousseeuw 1990, table 4: up to .25, none).
STRUCTURE = 0.25


def some(count: int, most: int = MOST) -> np.ndarray:
    """Up to ``most`` evenly spaced indices below ``count``."""
    return np.arange(0, count, max(1, -(-count // most)))


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``[a, dimensions], [b, dimensions] -> [a, b]``."""
    return np.linalg.norm(np.asarray(a)[:, None] - np.asarray(b)[None], axis=-1)


def silhouette(points: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Of each point (Rousseeuw 1987): (b − a) / max(a, b), a its mean distance to its own kind and
    b that to the nearest other; 0 for one of its kind alone, and where all distances are 0.

    Args:
        points: ``[points, dimensions]``; kind: ``[points]``.
    """
    kinds = np.unique(kind)
    member = kind[:, None] == kinds
    if len(kinds) < 2:
        return np.zeros(len(points))
    total = distances(points, points) @ member
    count = member.sum(axis=0)
    own = np.where(member, total, 0).sum(axis=1) / np.maximum(member @ count - 1, 1)
    other = np.where(member, np.inf, total / count).min(axis=1)
    largest = np.maximum(own, other)
    score = np.divide(other - own, largest, out=np.zeros(len(points)), where=largest > 1e-9)
    return np.where(member @ count > 1, score, 0.0)


def centroids(points: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The kinds that occur ``[kinds]`` (−1, unknown, is none), and their middles
    ``[kinds, dimensions]``."""
    kinds = np.unique(kind[kind >= 0])
    middles = [points[kind == k].mean(axis=0) for k in kinds]
    return kinds, np.array(middles).reshape(len(kinds), points.shape[1])


def apart(middles: np.ndarray) -> float:
    """Mean distance between different middles ``[kinds, dimensions]``; 0 for fewer than two."""
    if len(middles) < 2:
        return 0.0
    return float(distances(middles, middles)[np.triu_indices(len(middles), 1)].mean())


def separation(points: np.ndarray, kind: np.ndarray) -> dict[str, float]:
    """``between`` (mean distance of kinds' middles), ``within`` (mean distance of a point from its
    kind's middle) and their ``ratio``; 0 where the middles fall together."""
    kinds, middles = centroids(points, kind)
    known = kind >= 0
    own = middles[np.searchsorted(kinds, kind[known])]
    within = float(np.linalg.norm(points[known] - own, axis=1).mean()) if known.any() else 0.0
    between = apart(middles)
    ratio = between / max(within, 1e-6) if between > 1e-6 else 0.0
    return {"between": between, "within": within, "ratio": ratio}


def nearest(points: np.ndarray, profiles: np.ndarray) -> np.ndarray:
    """The nearest profile of each point ``[points]``; −1 where two are equally near, as when a
    model has put all of them in one place."""
    gap = distances(points, profiles)
    if gap.shape[1] > 1:
        least = np.partition(gap, 1, axis=1)
        tied = least[:, 1] - least[:, 0] < 1e-6
    else:
        tied = np.zeros(len(gap), bool)
    return np.where(tied, -1, gap.argmin(axis=1))


@threadpool_limits.wrap(limits=1)
def layout(points: np.ndarray, method: str, dimensions: int = 2, seed: int = 0) -> np.ndarray:
    """Points in two or three dimensions ``[points, dimensions]`` by a method of ``LAYOUTS``.

    Too few points, or points all alike, are laid out by PCA.
    """
    points = np.asarray(points, np.float64)
    if method == "PCA" or len(points) < 12 or np.ptp(points, axis=0).max() < 1e-6:
        return Plane.of(points, dimensions).at(points)
    from sklearn.manifold import TSNE, Isomap, SpectralEmbedding

    # Raters who said the same lie at one point, and a graph of nearest neighbours then falls
    # apart: a jitter far below any distance that matters keeps it whole.
    rng = np.random.default_rng(seed)
    points = points + rng.normal(scale=1e-3 * points.std(), size=points.shape)
    near = min(30, len(points) // 4)
    how = {
        "t-SNE": lambda: TSNE(dimensions, perplexity=near, random_state=seed, max_iter=500),
        "Isomap": lambda: Isomap(n_components=dimensions, n_neighbors=near),
        "Spectral": lambda: SpectralEmbedding(
            dimensions, affinity="rbf", gamma=0.5 / max(points.var(axis=0).sum(), 1e-9),
            random_state=seed,
        ),
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a neighbourhood graph in parts, which is joined
        return np.asarray(how[method]().fit_transform(points))


def mixture_on(plane: Plane, weight, mean, covariance, x, y) -> np.ndarray:
    """A Gaussian mixture's exact marginal density on a plane, at the grid ``[y, x]``.

    Args:
        weight: ``[components]``; mean: ``[components, latent]``; covariance: ``[components,
            latent, latent]``.
    """
    axes = plane.axes[:2]
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    total = np.zeros(grid.shape[:2])
    for w, m, c in zip(weight, plane.at(mean)[:, :2], axes @ covariance @ axes.T, strict=True):
        c = c + 1e-9 * np.eye(2)
        gap = grid - m
        nats = np.einsum("...i,ij,...j->...", gap, np.linalg.inv(c), gap)
        total += w * np.exp(-0.5 * nats) / (2 * np.pi * np.sqrt(np.linalg.det(c)))
    return total


def kernel_on(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A Gaussian kernel density of ``points [points, 2]`` at the grid ``[y, x]``, with half the
    width of Scott's rule, as clusters are narrower than the whole."""
    width = np.maximum(0.5 * points.std(axis=0) * len(points) ** (-1 / 6), 1e-6)
    along = [
        np.exp(-0.5 * ((grid[:, None] - points[:, i]) / width[i]) ** 2) / (width[i] * 2.5066283)
        for i, grid in enumerate((x, y))
    ]
    return along[1] @ along[0].T / len(points)
