"""Distributional preference learning (Siththaranjan et al. 2023): a distribution of each item's
reward, whose spread reveals hidden context.

``mean-variance``: a normal distribution; P(a ≻ b) = Φ((μ_a − μ_b) / √(σ_a² + σ_b²)). σ is bounded,
because only ratios are identified and an unbounded σ drifts. ``categorical``: probabilities of a
few values; P(a ≻ b) = P(value of a > value of b) + ½ P(equal values).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import ModelsConfig
from scrl.networks.training import Phase
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.fitted import NetworkModel, map_in_batches
from scrl.reward_models.networks import Scorer
from scrl.reward_models.protocols import OnChunk
from scrl.reward_models.reward_scales import center_by_prompt
from scrl.reward_models.training import (
    NetworkFamily,
    PairData,
    fit_network,
    module_of,
    sample_batch,
    static_config,
)

KINDS = ("mean-variance", "categorical")
#: Lower bound of the categorical kind's probabilities, so that the gradient of the log is finite.
MIN_PROBABILITY = 1e-6


def _network(kind: str, features: int, config: ModelsConfig, *, rngs: nnx.Rngs) -> Scorer:
    outputs = 2 if kind == KINDS[0] else config.atoms
    return Scorer(features, 0, config.width, outputs, rngs=rngs)


def mean_and_sd(raw: jax.Array, config: ModelsConfig) -> tuple[jax.Array, jax.Array]:
    """Mean and bounded standard deviation from the network's outputs ``[..., 2]``.

    The bound is a softplus if the upper bound is infinite, else a sigmoid between both bounds.
    """
    low, high = config.spread
    if np.isinf(high):
        return raw[..., 0], low + jax.nn.softplus(raw[..., 1])
    return raw[..., 0], low + (high - low) * jax.nn.sigmoid(raw[..., 1])


def _log_probability(
    first: jax.Array, second: jax.Array, kind: str, config: ModelsConfig
) -> jax.Array:
    """log P(first ≻ second) from the network's outputs for each ``[..., outputs]``."""
    if kind == KINDS[0]:
        (mean_a, sd_a), (mean_b, sd_b) = mean_and_sd(first, config), mean_and_sd(second, config)
        return jax.scipy.stats.norm.logcdf((mean_a - mean_b) / jnp.sqrt(sd_a**2 + sd_b**2))
    above = jnp.tril(jnp.ones((config.atoms,) * 2), -1) + 0.5 * jnp.eye(config.atoms)
    probability = jnp.einsum(
        "...u,uv,...v->...", jax.nn.softmax(first), above, jax.nn.softmax(second)
    )  # fmt: skip
    return jnp.log(jnp.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY))


def _batch_loss(
    kind: str, module: Scorer, key: jax.Array, data: PairData, phase: Phase, config: ModelsConfig
) -> tuple[jax.Array, dict]:
    features, mask = sample_batch(key, data, config.batch)
    raw = module(features)
    log_probability = _log_probability(raw[..., 0, :], raw[..., 1, :], kind, config)
    nll = -jnp.sum(jnp.where(mask, log_probability, 0.0)) / jnp.maximum(jnp.sum(mask), 1)
    # Without a prior, the gaps of separable pairs would grow without bound.
    prior = 0.5 * jnp.mean(raw**2) / config.prior_sd**2
    curves = {"watched": nll}
    if kind == KINDS[0]:
        sd = mean_and_sd(raw, config)[1]
        curves |= {"narrowest": jnp.min(sd), "widest": jnp.max(sd)}
    return nll + prior, curves


FAMILIES = {
    kind: NetworkFamily(partial(_network, kind), partial(_batch_loss, kind)) for kind in KINDS
}


@partial(jax.jit, static_argnames=("kind", "config"))
def _outputs(
    params: nnx.State, features: jax.Array, *, kind: str, config: ModelsConfig
) -> jax.Array:
    """The network's outputs ``[items, outputs]``."""
    return module_of(FAMILIES[kind], params, features.shape[-1], config)(features)


@partial(jax.jit, static_argnames=("kind", "config"))
def _probabilities(
    params: nnx.State, features: jax.Array, pairs: jax.Array, *, kind: str, config: ModelsConfig
) -> jax.Array:
    """P(first ≻ second) of pairs ``[raters, pairs, 2]``."""
    raw = module_of(FAMILIES[kind], params, features.shape[-1], config)(features[pairs])
    return jnp.exp(_log_probability(raw[..., 0, :], raw[..., 1, :], kind, config))


@dataclass(frozen=True, eq=False)
class Distributional(NetworkModel):
    """A fitted model.

    Attributes:
        kind: the kind of distribution, one of ``KINDS``.
    """

    kind: str

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each item's reward ``[items]``.

        The unit is that of the probit, or for the categorical kind that of values from 0 to 1.
        """
        raw = _outputs(self.params, self.features, kind=self.kind, config=self.config)
        if self.kind == KINDS[0]:
            mean, sd = mean_and_sd(raw, self.config)
            return np.asarray(mean), np.asarray(sd)
        probability = np.asarray(jax.nn.softmax(raw))
        value = np.linspace(0, 1, self.config.atoms)
        first, second = probability @ value, probability @ value**2
        return first, np.sqrt(np.maximum(second - first**2, 0.0))

    def risk_averse_rewards(self, aversion: float = 1.0) -> np.ndarray:
        """Mean less ``aversion`` standard deviations ``[items]``, centred within each prompt."""
        mean, sd = self.moments()
        return center_by_prompt((mean - aversion * sd)[None], self.offsets)[0]

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        raters = 1 if context is None else context.raters
        return np.tile(self.risk_averse_rewards(0.0), (raters, 1))

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        call = partial(
            _probabilities, self.params, queries.features, kind=self.kind, config=self.config
        )
        return map_in_batches(lambda p: (call(p),), queries.pairs)[0]


def fit(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk: OnChunk = None,
    kind: str = KINDS[0],
) -> tuple[Distributional, dict[str, np.ndarray]]:  # fmt: skip
    """Train a distributional reward model.

    Returns:
        The model, and its curves: ``watched`` in nats per pair, and for ``mean-variance`` the least
        and greatest standard deviation, ``narrowest`` and ``widest``.
    """
    params, curves = fit_network(FAMILIES[kind], key, comparisons, config, on_chunk)
    model = Distributional(
        params, static_config(config), comparisons.features, comparisons.offsets, kind
    )
    return model, curves
