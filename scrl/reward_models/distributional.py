"""Distributional preference learning (Siththaranjan et al. 2023): one distribution of reward for
each item, so that hidden context shows as spread.

``mean-variance``: a normal for each item; P(a ≻ b) = Φ((μ_a − μ_b) / √(σ_a² + σ_b²)), σ held
between bounds, since only ratios count and an unbounded one drifts. ``categorical``: chances of a
few values; P(a ≻ b) = P(value of a > value of b) + ½ P(the same).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import ModelsConfig
from scrl.reward_models import network
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import centred

KINDS = ("mean-variance", "categorical")
#: Chances of a categorical reward are bounded away from 0, or their log has no slope.
LEAST = 1e-6


@lru_cache(maxsize=64)
def _make(features: int, kind: str, config: ModelsConfig):
    outputs = 2 if kind == KINDS[0] else config.atoms
    return partial(network.Scorer, features, 0, config.width, outputs)


@lru_cache(maxsize=64)
def _graph(features: int, kind: str, config: ModelsConfig):
    return network.graph_of(_make(features, kind, config))


def _moments(raw, config: ModelsConfig):
    """Mean and bounded standard deviation of the network's two numbers ``[..., 2]``; bounded from
    below only, by a softplus, where the upper bound is infinite."""
    least, most = config.spread
    if np.isinf(most):
        return raw[..., 0], least + jax.nn.softplus(raw[..., 1])
    return raw[..., 0], least + (most - least) * jax.nn.sigmoid(raw[..., 1])


def _log_chance(first, second, kind: str, config: ModelsConfig):
    """log P(first ≻ second) of what the network says of each ``[..., outputs]``."""
    if kind == KINDS[0]:
        (mean_a, sd_a), (mean_b, sd_b) = _moments(first, config), _moments(second, config)
        return jax.scipy.stats.norm.logcdf((mean_a - mean_b) / jnp.sqrt(sd_a**2 + sd_b**2))
    above = jnp.tril(jnp.ones((config.atoms,) * 2), -1) + 0.5 * jnp.eye(config.atoms)
    chance = jnp.einsum(
        "...u,uv,...v->...", jax.nn.softmax(first), above, jax.nn.softmax(second)
    )  # fmt: skip
    return jnp.log(jnp.clip(chance, LEAST, 1 - LEAST))


@lru_cache(maxsize=64)
def _loss(features: int, kind: str, config: ModelsConfig):
    graph = _graph(features, kind, config)

    def loss(params, key, data: network.Data, phase):
        scorer = nnx.merge(graph, params)
        features, mask = network.some_raters(key, data, config.batch)
        raw = scorer(features)
        said = _log_chance(raw[..., 0, :], raw[..., 1, :], kind, config)
        nll = -jnp.sum(jnp.where(mask, said, 0.0)) / jnp.maximum(jnp.sum(mask), 1)
        # Gaps beyond ten standard deviations would be learnt for ever, as those of log-odds.
        prior = 0.5 * jnp.mean(raw**2) / config.prior_sd**2
        watch = {"watched": nll}
        if kind == KINDS[0]:
            spread = _moments(raw, config)[1]
            watch |= {"narrowest": jnp.min(spread), "widest": jnp.max(spread)}
        return nll + prior, watch

    return loss


@partial(jax.jit, static_argnames=("kind", "config"))
def _raw(params, features, *, kind, config):
    return nnx.merge(_graph(features.shape[-1], kind, config), params)(features)


@partial(jax.jit, static_argnames=("kind", "config"))
def _chances(params, table, pairs, *, kind, config):
    raw = nnx.merge(_graph(table.shape[-1], kind, config), params)(table[pairs])
    return jnp.exp(_log_chance(raw[..., 0, :], raw[..., 1, :], kind, config))


@dataclass(frozen=True, eq=False)
class Distributional(network.Fitted):
    """A fitted model.

    Attributes:
        kind: of distribution, one of ``KINDS``; the others as those of ``Fitted``.
    """

    kind: str

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each item's reward ``[items]``: in the probit's units, or
        in those of the values from 0 to 1."""
        raw = _raw(self.params, self.features, kind=self.kind, config=self.config)
        if self.kind == KINDS[0]:
            mean, spread = _moments(raw, self.config)
            return np.asarray(mean), np.asarray(spread)
        chance = np.asarray(jax.nn.softmax(raw))
        value = np.linspace(0, 1, self.config.atoms)
        mean = chance @ value
        return mean, np.sqrt(np.maximum(chance @ value**2 - mean**2, 0.0))

    def careful(self, aversion: float = 1.0) -> np.ndarray:
        """The risk-averse reading, mean less so many standard deviations ``[items]``."""
        mean, spread = self.moments()
        return centred((mean - aversion * spread)[None], self.offsets)[0]

    def rewards(self, context):
        raters = 1 if context is None else context.raters
        return np.tile(self.careful(0.0), (raters, 1))

    def chances(self, context, asked):
        call = partial(_chances, self.params, asked.features, kind=self.kind, config=self.config)
        return network.in_parts(lambda p: (call(p),), asked.pairs)[0]


def fit(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk=None,
    kind: str = KINDS[0],
) -> tuple[Distributional, dict]:  # fmt: skip
    """Train it; the curves hold ``watched``, nats a pair, and of ``mean-variance`` the least and
    the greatest standard deviation, ``narrowest`` and ``widest``."""
    static, features = network.program(config), comparisons.features.shape[1]
    initial = partial(network.initial_of, make=_make(features, kind, static))
    params, curves = network.fit_pairs(
        key, comparisons, config, initial, _loss(features, kind, static), on_chunk
    )
    return Distributional(params, static, comparisons.features, comparisons.offsets, kind), curves
