"""How much ballots tell of each latent dimension."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import logsumexp

from scrl.raters.density import FLOOR
from scrl.raters.rater_model import RaterModel
from scrl.types import Ratings
from scrl.utility_models import tabulate
from scrl.utility_models.rater_posteriors import group_raters

#: Points of the quadrature around each component, and raters at once.
NODES, BLOCK = 8, 200


def latent_information(model: RaterModel, ratings: Ratings) -> np.ndarray:
    """KL of a rater's posterior from the population in each dimension ``[latent]``, nats.

    It is the mean over the raters who rank two completions. Posterior and population are Gaussian
    mixtures over types; a type without variation is as wide as in the ``Density``. Dimensions
    are not independent: their sum is not what ballots tell in all.

    Args:
        ratings: the ballots, absent completions resolved.
    """
    table = tabulate(ratings.select(ratings.sizes >= 2))
    count = np.bincount(table.row[table.row >= 0], minlength=table.rows)
    within = np.diag(model.latent_covariance) + FLOOR
    total = np.zeros(model.latent)
    for group in group_raters(table):
        typed = model.population.posteriors(group)
        mean = np.tile(model.type_latents, (len(group.rows), 1, 1))
        variance = np.broadcast_to(within, mean.shape).copy()
        for k, (at, own, found) in typed.given.items():
            mean[at, k], variance[at, k] = model.moments_given(k, own, found)
            variance[at, k] += FLOOR
        for start in range(0, len(group.rows), BLOCK):
            part = slice(start, start + BLOCK)
            kl = mixture_kl(
                (typed.probability[part], mean[part], variance[part]),
                (model.population.share, model.type_latents, np.tile(within, (len(mean[0]), 1))),
            )
            total += count[group.rows[part]] @ kl
    return total / max(count.sum(), 1)


#: Weights ``[..., components]``, and means and variances ``[..., components, dimensions]``, of a
#: Gaussian mixture in each dimension.
Mixture = tuple[np.ndarray, np.ndarray, np.ndarray]


def mixture_kl(one: Mixture, other: Mixture) -> np.ndarray:
    """KL(one ‖ other) in each dimension ``[raters, dimensions]``, nats.

    Gauss–Hermite quadrature around each component of ``one``.

    Args:
        one: of each rater; other: of all.
    """
    weight, mean, variance = one
    nodes, node_weight = hermegauss(NODES)
    node_weight = node_weight / node_weight.sum()
    kl = np.zeros((len(mean), mean.shape[2]))
    for k in np.flatnonzero(weight.max(axis=0, initial=0.0) > 1e-6):
        for node, share in zip(nodes, node_weight, strict=True):
            x = mean[:, k] + node * np.sqrt(variance[:, k])
            gap = _log_density(x, one) - _log_density(x, other)
            kl += share * weight[:, k, None] * gap
    return np.maximum(kl, 0.0)


def _log_density(x: np.ndarray, mixture: Mixture) -> np.ndarray:
    """Log-densities of points ``[raters, dimensions]``, same shape."""
    weight, mean, variance = mixture
    nats = -0.5 * ((x[:, None] - mean) ** 2 / variance + np.log(2 * np.pi * variance))
    return logsumexp(nats + np.log(weight + 1e-300)[..., None], axis=1)
