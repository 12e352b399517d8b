"""Active units, and the principal plane of points in a latent space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: A latent dimension is active where its posterior mean varies by more than this across raters.
ACTIVE = 0.01


def active_units(mean: np.ndarray) -> int:
    """How many latent dimensions vary across raters, Var(μ_j) > .01 (Burda et al. 2016).

    Args:
        mean: posterior means ``[raters, latent]``.
    """
    return int((np.var(mean, axis=0) > ACTIVE).sum())


@dataclass(frozen=True, eq=False)
class Plane:
    """Principal components, onto which further points can be put.

    Attributes:
        middle: of the points they were found from ``[dimensions]``.
        axes: ``[components, dimensions]``; explained: share of the variance ``[components]``.
    """

    middle: np.ndarray
    axes: np.ndarray
    explained: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, components: int = 2) -> Plane:
        """Those of ``points [points, dimensions]``, each turned so that its largest loading is
        positive; zeros where there are fewer dimensions."""
        middle = np.mean(points, axis=0, dtype=np.float64)
        centred = np.asarray(points, np.float64) - middle
        _, spread, axes = np.linalg.svd(centred.T @ centred)
        axes = axes[:components]
        largest = axes[np.arange(len(axes)), np.abs(axes).argmax(1)]
        axes = axes * np.sign(largest)[:, None]
        lacking = components - len(axes)
        return cls(
            middle,
            np.pad(axes, ((0, lacking), (0, 0))),
            np.pad(spread[:components] / max(spread.sum(), 1e-12), (0, lacking)),
        )

    def at(self, points: np.ndarray) -> np.ndarray:
        """Coordinates ``[..., components]`` of ``points [..., dimensions]``."""
        return (np.asarray(points, np.float64) - self.middle) @ self.axes.T


def principal_plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal components.

    Args:
        points: ``[points, dimensions]``.

    Returns:
        Coordinates ``[points, 2]``, each axis turned so that its largest loading is positive, and
        the share of the variance on each ``[2]``.
    """
    plane = Plane.of(points)
    return plane.at(points), plane.explained
