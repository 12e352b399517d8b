"""What a latent space holds: active units, principal plane."""

from __future__ import annotations

import numpy as np

#: A latent dimension is active where its posterior mean varies by more than this across raters.
ACTIVE = 0.01


def active_units(mean: np.ndarray) -> int:
    """How many latent dimensions vary across raters, Var(μ_j) > .01 (Burda et al. 2016).

    Args:
        mean: posterior means ``[raters, latent]``.
    """
    return int((np.var(mean, axis=0) > ACTIVE).sum())


def principal_plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal components.

    Args:
        points: ``[points, dimensions]``.

    Returns:
        Coordinates ``[points, 2]``, each axis turned so that its largest loading is positive, and
        the share of the variance on each ``[2]``.
    """
    centred = np.asarray(points, np.float64) - np.mean(points, axis=0)
    if centred.shape[1] < 2:
        centred = np.pad(centred, ((0, 0), (0, 1)))
    _, spread, axes = np.linalg.svd(centred.T @ centred)
    axes = axes[:2] * np.sign(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(1)])[:, None]
    return centred @ axes.T, spread[:2] / max(spread.sum(), 1e-12)
