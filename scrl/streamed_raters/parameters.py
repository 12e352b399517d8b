"""The parameters of the streamed model of raters, their prior, and the table that ballots read.

A rater of type k with latent z ~ N(0, I) has utility m[k, i] + a[i] · z of item i, where
m[k, i] = common[i] + own[k, i] + Φ[i] · (weight + type_weight[k]) and a[i] = loading[i] +
Φ[i] · loading_weight. Φ are functions of the completions' features (``utility_models.
feature_basis``), so a new text has utilities too. Every part has a normal prior around 0; its
standard deviations are learnt by the means of ``scales``.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

#: An array on the devices or on the host, as the tuple that holds it.
Array: TypeAlias = Any


class Parameters(NamedTuple):
    """What Adam trains.

    Attributes:
        share: log-odds of the types ``[types]``.
        common: part of an item that all types share ``[items]``.
        own: part of an item in one type ``[items, types]``.
        loading: of the latent's dimensions ``[items, d]``.
        weight: of functions of features, for all types ``[functions]``.
        type_weight: and for one type ``[functions, types]``.
        loading_weight: and for the latent's dimensions ``[functions, d]``.
    """

    share: Array
    common: Array
    own: Array
    loading: Array
    weight: Array
    type_weight: Array
    loading_weight: Array

    @property
    def types(self) -> int:
        """The number of types."""
        return self.own.shape[1]


def item_table(parameters: Parameters, functions: jax.Array) -> jax.Array:
    """Mean utilities of the types and loadings of items ``[items, types + d]``.

    Args:
        functions: Φ ``[items, functions]``.
    """
    p = parameters
    mean = p.common[:, None] + p.own
    loading = p.loading
    if functions.shape[1]:
        mean = mean + functions @ (p.weight[:, None] + p.type_weight)
        loading = loading + functions @ p.loading_weight
    return jnp.concatenate([mean, loading], axis=1)


class Scales(NamedTuple):
    """Prior standard deviations of parameters, in log-odds.

    Attributes:
        common, own, loading: one each.
        weight, type_weight, loading_weight: of each group of functions ``[groups]``.
    """

    common: Array
    own: Array
    loading: Array
    weight: Array
    type_weight: Array
    loading_weight: Array


#: Prior count of raters of each type, beyond 1: keeps shares of empty types away from 0.
SHARE_PRIOR = 0.5


def negative_log_prior(parameters: Parameters, scales: Scales, group: jax.Array) -> jax.Array:
    """Minus the log prior density of the parameters, without constants, in nats.

    Args:
        group: the group of each function of features ``[functions]``.
    """
    p = parameters
    nats = 0.5 * jnp.sum((p.common / scales.common) ** 2)
    nats += 0.5 * jnp.sum((p.own / scales.own) ** 2)
    nats += 0.5 * jnp.sum((p.loading / scales.loading) ** 2)
    if len(group):
        nats += 0.5 * jnp.sum((p.weight / scales.weight[group]) ** 2)
        nats += 0.5 * jnp.sum((p.type_weight / scales.type_weight[group][:, None]) ** 2)
        nats += 0.5 * jnp.sum((p.loading_weight / scales.loading_weight[group][:, None]) ** 2)
    return nats - SHARE_PRIOR * jnp.sum(jax.nn.log_softmax(p.share))
