"""Active units of a latent space."""

from __future__ import annotations

import numpy as np

#: A latent dimension is active where its posterior mean varies by more than this across raters.
ACTIVE_VARIANCE = 0.01


def active_units(mean: np.ndarray) -> int:
    """The number of latent dimensions with Var(μ_j) > .01 across raters (Burda et al. 2016).

    Args:
        mean: posterior means ``[raters, latent]``.
    """
    return int((np.var(mean, axis=0) > ACTIVE_VARIANCE).sum())
