"""Measures of cluster structure: silhouettes, centroids and distances of groups of raters.

Distances are Euclidean. Along the first dimension of the latent, one unit is one standard deviation
of the raters. A group is a rater type; -1 is an unknown one.
"""

from __future__ import annotations

import numpy as np

#: Most points compared with each other.
MAX_POINTS = 600
#: A mean silhouette above this shows structure (Kaufman and Rousseeuw 1990, table 4: none to .25).
STRUCTURE_THRESHOLD = 0.25


def evenly_spaced(count: int, max_points: int = MAX_POINTS) -> np.ndarray:
    """Up to ``max_points`` evenly spaced indices below ``count``."""
    return np.arange(0, count, max(1, -(-count // max_points)))


def pairwise_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances: ``[a, dimensions], [b, dimensions] -> [a, b]``."""
    return np.linalg.norm(np.asarray(a)[:, None] - np.asarray(b)[None], axis=-1)


def silhouette(points: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The silhouette of each point ``[points]`` (Rousseeuw 1987): (b − a) / max(a, b).

    a is the mean distance to the point's own group, b that to the nearest other group. It is 0 for
    the only point of a group, and where all distances are 0.

    Args:
        points: ``[points, dimensions]``.
        group: ``[points]``.
    """
    groups = np.unique(group)
    member = group[:, None] == groups
    if len(groups) < 2:
        return np.zeros(len(points))
    total = pairwise_distances(points, points) @ member
    count = member.sum(axis=0)
    own = np.where(member, total, 0).sum(axis=1) / np.maximum(member @ count - 1, 1)
    other = np.where(member, np.inf, total / count).min(axis=1)
    largest = np.maximum(own, other)
    score = np.divide(other - own, largest, out=np.zeros(len(points)), where=largest > 1e-9)
    return np.where(member @ count > 1, score, 0.0)


def centroids(points: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The known groups that occur ``[groups]``, and their centroids ``[groups, dimensions]``."""
    groups = np.unique(group[group >= 0])
    found = [points[group == g].mean(axis=0) for g in groups]
    return groups, np.array(found).reshape(len(groups), points.shape[1])


def mean_pairwise_distance(points: np.ndarray) -> float:
    """Mean distance over pairs of points ``[points, dimensions]``; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    return float(pairwise_distances(points, points)[np.triu_indices(len(points), 1)].mean())


def separation(points: np.ndarray, group: np.ndarray) -> dict[str, float]:
    """Separation of groups.

    Returns:
        ``between``: mean distance of the groups' centroids; ``within``: mean distance of a point
        from its group's centroid; ``ratio``: of the two, 0 where the centroids coincide.
    """
    groups, centres = centroids(points, group)
    known = group >= 0
    own = centres[np.searchsorted(groups, group[known])]
    within = float(np.linalg.norm(points[known] - own, axis=1).mean()) if known.any() else 0.0
    between = mean_pairwise_distance(centres)
    ratio = between / max(within, 1e-6) if between > 1e-6 else 0.0
    return {"between": between, "within": within, "ratio": ratio}


def nearest_profile(points: np.ndarray, profiles: np.ndarray) -> np.ndarray:
    """The nearest profile of each point ``[points]``.

    −1 where two are equally near, as when all profiles of a model coincide.
    """
    gap = pairwise_distances(points, profiles)
    if gap.shape[1] > 1:
        least = np.partition(gap, 1, axis=1)
        tied = least[:, 1] - least[:, 0] < 1e-6
    else:
        tied = np.zeros(len(gap), bool)
    return np.where(tied, -1, gap.argmin(axis=1))
