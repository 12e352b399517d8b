"""Training of all network families: build a network, compile its loss, fit it to raters' pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import ModelsConfig, Schedule
from scrl.data.batches import padded_size
from scrl.networks.training import FitState, Loss, Phase, fit
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import OnChunk

#: How the weight of the KL changes over training.
KL_SCHEDULES = ("constant", "annealed", "cyclic")


class PairData(NamedTuple):
    """The data from which a loss draws batches.

    Attributes:
        features: ``[items, features]``.
        pairs, mask: the raters' pairs, padded ``[rows, pairs, 2]``, ``[rows, pairs]``.
        raters: number of rows that are real.
        beta, warmup, kl_schedule: settings of the KL's weight; the schedule as an index into
            ``KL_SCHEDULES``. They are arguments, so that changing them compiles nothing.
    """

    features: jax.Array
    pairs: jax.Array
    mask: jax.Array
    raters: jax.Array
    beta: jax.Array
    warmup: jax.Array
    kl_schedule: jax.Array


@dataclass(frozen=True)
class NetworkFamily:
    """A family of reward networks.

    Attributes:
        module: builds the network, ``(features, config, rngs=…)``.
        batch_loss: ``(module, key, data, phase, config) -> (loss, curves)``; draws its own batch.
    """

    module: Callable[..., nnx.Module]
    batch_loss: Callable[..., tuple[jax.Array, dict[str, jax.Array]]]


def static_config(config: ModelsConfig) -> ModelsConfig:
    """The settings in ``config`` that compiled programs depend on, the others reset."""
    return replace(config, beta=0.0, anneal="constant", kl_warmup=0, schedule=Schedule())


@lru_cache(maxsize=64)
def graph_of(family: NetworkFamily, features: int, config: ModelsConfig) -> nnx.GraphDef:
    """The structure of a family's network, without parameters."""
    return nnx.graphdef(nnx.eval_shape(lambda: family.module(features, config, rngs=nnx.Rngs(0))))


def module_of(family: NetworkFamily, params: nnx.State, features: int, config: ModelsConfig) -> Any:
    """A family's network with given parameters, of the class that ``family.module`` builds."""
    return nnx.merge(graph_of(family, features, config), params)


def initial_parameters(
    key: jax.Array, *, family: NetworkFamily, features: int, config: ModelsConfig
) -> nnx.State:
    """Random parameters of a family's network; not jitted, as in ``raters.model``."""
    return nnx.state(family.module(features, config, rngs=nnx.Rngs(key)), nnx.Param)


@lru_cache(maxsize=64)
def loss_of(family: NetworkFamily, features: int, config: ModelsConfig) -> Loss:
    """A family's loss for ``networks.training.fit``; the same object for the same program."""

    def loss(
        params: nnx.State, key: jax.Array, data: PairData, phase: Phase
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        module = module_of(family, params, features, config)
        return family.batch_loss(module, key, data, phase, config)

    return loss


def fit_network(
    family: NetworkFamily,
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
) -> tuple[nnx.State, dict[str, np.ndarray]]:
    """Train a family's network.

    Args:
        family: builds the network and its loss.
        key: consumed.
        comparisons: the training pairs.
        config: the settings.
        on_chunk: called with the curves and the share done between chunks of steps.

    Returns:
        The parameters, and the training curves.
    """
    static, features = static_config(config), comparisons.features.shape[1]
    key_init, key_fit = jax.random.split(key)
    padding = [(0, padded_size(comparisons.raters) - comparisons.raters)]
    data = PairData(*map(jnp.asarray, (
        comparisons.features, np.pad(comparisons.pairs, [*padding, (0, 0), (0, 0)]),
        np.pad(comparisons.mask, [*padding, (0, 0)]), np.int32(comparisons.raters),
        np.float32(config.beta), np.float32(config.kl_warmup),
        np.int32(KL_SCHEDULES.index(config.anneal)),
    )))  # fmt: skip

    def report(state: FitState, curves: dict[str, np.ndarray], done: float) -> None:
        if on_chunk is not None:
            on_chunk(curves, done)

    initial = initial_parameters(key_init, family=family, features=features, config=static)
    loss = loss_of(family, features, static)
    return fit(key_fit, loss, initial, data, config.schedule, report)


# -- parts of losses ------------------------------------------------------------------------------


def sample_batch(key: jax.Array, data: PairData, size: int) -> tuple[jax.Array, jax.Array]:
    """Features ``[size, pairs, 2, features]`` and mask ``[size, pairs]`` of a random batch."""
    index = jax.random.randint(key, (size,), 0, data.raters)
    return data.features[data.pairs[index]], data.mask[index]


def kl_weight(step: jax.Array, data: PairData) -> jax.Array:
    """The weight β of the KL at a step of the schedule."""
    cycles = step / jnp.maximum(data.warmup, 1)
    share = jnp.stack(
        [jnp.ones(()), jnp.minimum(cycles, 1.0), jnp.minimum(2 * (cycles % 1.0), 1.0)]
    )
    return data.beta * share[data.kl_schedule]


def reward_gap_prior(gap: jax.Array, mask: jax.Array, config: ModelsConfig) -> jax.Array:
    """Minus the log Gaussian prior of reward gaps ``[pairs]``, a mean over real pairs."""
    return (
        0.5
        * jnp.sum(jnp.where(mask, gap, 0.0) ** 2)
        / (config.prior_sd**2 * jnp.maximum(jnp.sum(mask), 1))
    )
