"""The stages of a training, and how one starts from another.

1. ``factors``: one type with normal variation, from small random loadings.
2. ``types``: for several numbers of types, from clusters of the raters' latents in stage 1.
   Raters held out from these stages choose the number.
3. ``final``: the chosen number of types, on all raters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from scrl.random_streams import HostStream, host_rng
from scrl.streamed_raters.parameters import Parameters, Scales
from scrl.streamed_raters.settings import StreamedConfig
from scrl.streamed_raters.training_step import Statistics

#: Dimensions of the latent in the first stage, at least.
FACTORS = 6
#: Standard deviation of the first random loadings, in log-odds.
FIRST_LOADING = 0.3
#: Share of the final stage's steps that each earlier one takes; epochs at least.
EARLY_SHARE, EARLY_EPOCHS = 0.5, 0.5
#: Standard deviations of parameters at first, at least and at most, in log-odds.
FIRST_SD, MIN_SD, MAX_SD = 1.0, 0.02, 10.0
#: Starts of the clusters.
STARTS = 20
#: Count added to each cluster's raters.
EXTRA_RATERS = 1.0


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        name: see the module.
        types, latent: of the parameters.
        steps: of the stage.
    """

    name: Literal["factors", "types", "final"]
    types: int
    latent: int
    steps: int


def early_stages(config: StreamedConfig, batches: int) -> list[Stage]:
    """All stages before the last.

    Args:
        batches: of an epoch.
    """
    steps = max(int(config.min_steps * EARLY_SHARE), int(EARLY_EPOCHS * batches))
    stages = [Stage("factors", 1, max(FACTORS, config.latent), steps)]
    if config.types is None:
        numbers = {2**i for i in range(10) if 2**i <= config.max_types} | {config.max_types}
        stages += [Stage("types", k, config.latent, steps) for k in sorted(numbers)]
    return stages


def final_stage(config: StreamedConfig, batches: int, types: int) -> Stage:
    """The last stage."""
    steps = max(config.min_steps, config.epochs * batches)
    return Stage("final", types, config.latent, steps)


def random_parameters(
    stage: Stage, items: int, functions: int, seed: int, number: int, dtype: np.dtype
) -> Parameters:
    """Parameters of 0 with small random loadings.

    Args:
        number: of the stage, so that stages start from different draws.
    """
    rng = host_rng(seed, HostStream.STREAMED_START)
    loading = FIRST_LOADING * rng.standard_normal((number + 1, items, stage.latent))[number]

    def zero(*shape: int) -> np.ndarray:
        return np.zeros(shape, dtype)

    k, d, f = stage.types, stage.latent, functions
    return Parameters(
        zero(k), zero(items), zero(items, k), loading.astype(dtype), zero(f), zero(f, k), zero(f, d)
    )


def parameters_of_clusters(
    blank: Parameters, factors: Parameters, latent: np.ndarray
) -> Parameters:
    """Types at the centres of clusters of raters.

    Args:
        blank: parameters of the number of types wanted.
        factors: of one type; latent: raters' posterior means in it ``[raters, d]``.
    """
    from sklearn.cluster import KMeans  # takes a second to load

    types = blank.own.shape[1]
    # Distances are those of utilities: the latent's dimensions differ in weight.
    every = np.concatenate([factors.loading, factors.loading_weight])
    values, vectors = np.linalg.eigh(every.T.astype(float) @ every)
    points = latent @ vectors * np.sqrt(np.maximum(values, 0.0))
    # Raters may be fewer than types, or alike; the types left over begin in the middle.
    clusters = min(types, len(np.unique(points, axis=0)))
    found = KMeans(clusters, n_init=STARTS, random_state=0).fit(points)
    count = np.bincount(found.labels_, minlength=types)
    sums = np.zeros((types, latent.shape[1]))
    np.add.at(sums, found.labels_, latent)
    centre = sums / np.maximum(count, 1)[:, None]
    share = (count + EXTRA_RATERS) / (count + EXTRA_RATERS).sum()
    middle = share @ centre
    dtype = blank.own.dtype
    return blank._replace(
        share=np.log(share).astype(dtype),
        common=(factors.common + factors.own[:, 0] + factors.loading @ middle).astype(dtype),
        own=(factors.loading @ (centre - middle).T).astype(dtype),
        weight=(
            factors.weight + factors.type_weight[:, 0] + factors.loading_weight @ middle
        ).astype(dtype),
        type_weight=(factors.loading_weight @ (centre - middle).T).astype(dtype),
    )


def first_scales(groups: int, dtype: np.dtype) -> Scales:
    """The standard deviations of parameters at first."""
    one, each = np.full((), FIRST_SD, dtype), np.full(groups, FIRST_SD, dtype)
    return Scales(one, one, one, each, each, each)


@jax.jit
def learnt_scales(
    parameters: Parameters, statistics: Statistics, scales: Scales, functions: jax.Array,
    group: jax.Array,
) -> Scales:  # fmt: skip
    """Standard deviations that make the parameters likeliest: one EM step of empirical Bayes.

    A parameter's posterior variance is 1 / (its information + 1 / sd²), correlations aside.
    """
    weight = jnp.maximum(statistics.weight, 1e-12)
    item, loading = statistics.item / weight, statistics.loading / weight

    def square(value: jax.Array, information: jax.Array, sd: jax.Array) -> jax.Array:
        return value**2 + 1.0 / (jnp.maximum(information, 0.0) + 1.0 / sd**2)

    def one(value: jax.Array, information: jax.Array, sd: jax.Array) -> jax.Array:
        return _bounded(jnp.sqrt(jnp.mean(square(value, information, sd))))

    def grouped(value: jax.Array, information: jax.Array, sd: jax.Array) -> jax.Array:
        if not len(group):
            return sd
        each = square(value, information, sd[group].reshape(-1, *[1] * (value.ndim - 1)))
        each = each.mean(axis=tuple(range(1, value.ndim)))
        total = jnp.zeros_like(sd).at[group].add(each)
        count = jnp.zeros_like(sd).at[group].add(1.0)
        return _bounded(jnp.sqrt(total / jnp.maximum(count, 1.0)))

    p, squares = parameters, functions.T**2
    return Scales(
        one(p.common, item.sum(axis=1), scales.common),
        one(p.own, item, scales.own),
        one(p.loading, loading, scales.loading),
        grouped(p.weight, squares @ item.sum(axis=1), scales.weight),
        grouped(p.type_weight, squares @ item, scales.type_weight),
        grouped(p.loading_weight, squares @ loading, scales.loading_weight),
    )


def _bounded(sd: jax.Array) -> jax.Array:
    return jnp.clip(sd, MIN_SD, MAX_SD)
