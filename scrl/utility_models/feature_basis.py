"""Functions of completions' features, in which mean rewards are linear.

There are three groups of functions: linear ones, and smooth and rough ones that represent Gaussian
kernels of two widths (Nyström's approximation at distinct completions). How much each group counts
is learnt (``feature_effects``), so neither a kernel nor a width is chosen beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.text import MAX_CURVED
from scrl.types import Catalogue

#: Linear functions at most; distinct completions at which kernels are represented at most.
MAX_LINEAR, MAX_CENTRES = 64, 128
#: Widths of the kernels, relative to the root mean square distance of completions.
WIDTHS = (0.7, 0.25)
#: Eigenvalues of a kernel below this share of the largest one are dropped.
MIN_EIGENVALUE = 1e-4
#: Standard deviation, relative to the largest value, up to which a feature counts as constant.
CONSTANT = 1e-6
#: Rows whose functions are held in memory at once.
BLOCK = 20_000


@dataclass(frozen=True, eq=False)
class FeatureBasis:
    """Functions of features.

    Attributes:
        mean, scale: of the features, which standardise them ``[features]``; the scale of a constant
            feature is infinite.
        directions: principal directions of standardised features ``[features, linear]``.
        centres: standardised features at which kernels are represented ``[centres, features]``.
        roots: of each kernel, inverse square root of its matrix ``[centres, functions]``.
        widths: of the kernels.
    """

    mean: np.ndarray
    scale: np.ndarray
    directions: np.ndarray
    centres: np.ndarray
    roots: tuple[np.ndarray, ...]
    widths: tuple[float, ...]

    @classmethod
    def of(cls, features: np.ndarray, widths: Sequence[float] = WIDTHS) -> FeatureBasis:
        """The functions for completions with these features ``[completions, features]``.

        Args:
            widths: of the kernels, relative as ``WIDTHS`` are; none for linear functions only.
        """
        distinct = np.unique(np.asarray(features, float), axis=0)
        mean, sd = distinct.mean(axis=0), distinct.std(axis=0)
        constant = sd <= CONSTANT * np.abs(distinct).max(axis=0, initial=0.0)
        scale = np.where(constant, np.inf, sd)
        points = (distinct - mean) / scale
        values, directions = np.linalg.eigh(points.T @ points / len(points))
        kept = np.flatnonzero(values > MIN_EIGENVALUE * max(values[-1], 1e-12))[::-1][:MAX_LINEAR]
        # The functions' squares add up to 1 on the mean, as those of a kernel do.
        linear = directions[:, kept] / np.sqrt(max(values[kept].sum(), 1e-12))
        centres = points
        if len(points) > MAX_CENTRES:
            chosen = np.random.default_rng(0).choice(len(points), MAX_CENTRES, replace=False)
            centres = points[np.sort(chosen)]
        distance = float(np.sqrt(2 * (points**2).sum(axis=1).mean()))
        own = tuple(width * max(distance, 1e-6) for width in widths)
        roots = tuple(_inverse_root(_kernel(centres, centres, width)) for width in own)
        return cls(mean, scale, linear, centres, roots, own)

    @property
    def group(self) -> np.ndarray:
        """The group of each function ``[functions]``."""
        sizes = [self.directions.shape[1], *(root.shape[1] for root in self.roots)]
        return np.repeat(np.arange(len(sizes)), sizes)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The functions of features ``[completions, features]``: ``[completions, functions]``."""
        blocks = []
        for start in range(0, len(features), BLOCK):
            points = (features[start : start + BLOCK] - self.mean) / self.scale
            kernels = [
                _kernel(points, self.centres, width) @ root
                for width, root in zip(self.widths, self.roots, strict=True)
            ]
            blocks.append(np.concatenate([points @ self.directions, *kernels], axis=1))
        return np.concatenate(blocks) if blocks else np.empty((0, len(self.group)))

    def of_items(self, catalogue: Catalogue) -> np.ndarray:
        """The functions of a catalogue's items, prompts centred ``[items, functions]``."""
        assert catalogue.completion_features is not None
        values = self(catalogue.completion_features)[catalogue.members]
        size = np.diff(catalogue.offsets)
        mean = np.add.reduceat(values, catalogue.offsets[:-1], axis=0) / size[:, None]
        return values - np.repeat(mean, size, axis=0)


def feature_basis(catalogue: Catalogue) -> FeatureBasis | None:
    """The functions of a catalogue's completions; None where features tell nothing.

    That is where there are none, all are equal, or each completion has one of its own (one-hot).
    Of more than ``MAX_CURVED`` texts only linear functions are read.
    """
    features = catalogue.completion_features
    if features is None or not len(features) or not features.shape[1]:
        return None
    features = features[np.unique(catalogue.members)]
    if (features.std(axis=0) <= CONSTANT * np.abs(features).max(axis=0)).all():
        return None
    distinct = np.unique(features, axis=0)
    one_hot = set(np.unique(distinct)) <= {0.0, 1.0} and bool((distinct.sum(axis=1) == 1).all())
    if len(distinct) < 2 or (one_hot and len(distinct) == len(features)):
        return None
    if catalogue.read_by and catalogue.items > MAX_CURVED:
        return FeatureBasis.of(features, widths=())
    return FeatureBasis.of(features)


def _kernel(first: np.ndarray, second: np.ndarray, width: float) -> np.ndarray:
    """A Gaussian kernel ``[first, second]`` of points ``[·, features]``."""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.exp(-0.5 * np.maximum(squares, 0) / width**2)


def _inverse_root(kernel: np.ndarray) -> np.ndarray:
    """R with R R' the pseudo-inverse of a kernel's matrix ``[centres, functions]``."""
    values, vectors = np.linalg.eigh(kernel)
    kept = values > MIN_EIGENVALUE * values[-1]
    return vectors[:, kept] / np.sqrt(values[kept])
