"""A rater's reward from a few answers that the rater would write (POLAR).

What a rater preferred stands for what the rater would write: the preferred items of the context are
the rater's references. The reward of an item is its likeness to them,
r(y) = b(y) + Σ_ref e(ref) · A(y) / (n + c), the mean over references drawn to the common part b by
c ≥ 0 further references. The network is first trained on triples of raters: of two items the winner
is another preferred one of the references' rater, the loser one of another rater (Bradley–Terry,
without anybody's judgement). Then it is fine-tuned on the raters' own pairs, given their other
references. What a rater rejected is never read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.networks.training import Phase
from scrl.reward_models.comparisons import Comparisons, empty_context
from scrl.reward_models.fitted import NetworkModel, map_in_batches
from scrl.reward_models.networks import Scorer
from scrl.reward_models.protocols import OnChunk
from scrl.reward_models.reward_scales import center_by_prompt, reward_gaps
from scrl.reward_models.training import (
    NetworkFamily,
    PairData,
    fit_network,
    module_of,
    reward_gap_prior,
    sample_batch,
    static_config,
)

#: Dimensions in which references and outputs are compared.
LIKENESS = 16


class Network(nnx.Module):
    """The vectors of references, those of outputs, and the part common to all raters."""

    def __init__(self, features: int, config: ModelsConfig, *, rngs: nnx.Rngs) -> None:
        self.reader = Scorer(features, 0, config.width, LIKENESS, rngs=rngs)
        self.writer = Scorer(features, 0, config.width, LIKENESS + 1, rngs=rngs)
        self.log_prior = nnx.Param(jnp.zeros(()))

    def taste(self, references: jax.Array, weight: jax.Array) -> jax.Array:
        """What references say of their writer ``[..., LIKENESS]``.

        Args:
            references: features ``[references, features]``.
            weight: 1 of the references that are read, else 0 ``[..., references]``.
        """
        vectors = self.reader(references)
        count = jnp.sum(weight, axis=-1, keepdims=True)
        return weight @ vectors / (count + jnp.exp(self.log_prior[...]))

    def score(self, features: jax.Array, taste: jax.Array) -> jax.Array:
        """Rewards ``[...]`` of outputs ``[..., features]`` for tastes ``[..., LIKENESS]``."""
        out = self.writer(features)
        return out[..., 0] + jnp.sum(out[..., 1:] * taste, axis=-1)


def _batch_loss(
    module: Network, key: jax.Array, data: PairData, phase: Phase, config: ModelsConfig
) -> tuple[jax.Array, dict]:
    """The loss of triples gives way to that of pairs as the ramp proceeds."""
    key_batch, key_seen = jax.random.split(key)
    features, mask = sample_batch(key_batch, data, config.batch)
    preferred = features[:, :, 0]
    # A random part of the other pairs' preferred items is read, so that any number will do.
    share = jax.random.uniform(key_seen, (len(mask), 1, 1))
    drawn = jax.random.uniform(jax.random.fold_in(key_seen, 1), (*mask.shape, mask.shape[1]))
    seen = (drawn < share) & mask[:, None, :] & ~jnp.eye(mask.shape[1], dtype=bool)

    def rater_scores(references: jax.Array, seen: jax.Array, outputs: jax.Array) -> jax.Array:
        taste = module.taste(references, seen.astype(jnp.float32))
        return module.score(outputs, taste[:, None])

    others = jnp.stack([preferred, jnp.roll(preferred, 1, axis=0)], axis=2)
    real = mask & jnp.roll(mask, 1, axis=0)

    def loss(outputs: jax.Array, real: jax.Array) -> tuple[jax.Array, jax.Array]:
        score = jax.vmap(rater_scores)(preferred, seen, outputs)
        gap = score[..., 0] - score[..., 1]
        nll = -jnp.sum(jnp.where(real, jax.nn.log_sigmoid(gap), 0.0), axis=1)
        prior = jax.vmap(lambda g, m: reward_gap_prior(g, m, config))(gap, real)
        return jnp.mean(nll), jnp.mean(prior)

    triples, prior_triples = loss(others, real)
    pairs, prior_pairs = loss(features, mask)
    total = (1 - phase.ramp) * (triples + prior_triples) + phase.ramp * (pairs + prior_pairs)
    watched = (1 - phase.ramp) * triples + phase.ramp * pairs
    return total, {"watched": watched, "triples": triples, "pairs": pairs}


FAMILY = NetworkFamily(Network, _batch_loss)


@partial(jax.jit, static_argnames=("config",))
def _rewards(
    params: nnx.State,
    features: jax.Array,
    preferred: jax.Array,
    mask: jax.Array,
    *,
    known: jax.Array,
    config: ModelsConfig,
) -> jax.Array:
    """Rewards ``[raters, items]`` of items ``features``, given the preferred items of each rater
    ``[raters, pairs]`` among those ``known``."""
    module = module_of(FAMILY, params, features.shape[1], config)

    def one(items: jax.Array, mask: jax.Array) -> jax.Array:
        taste = module.taste(known[items], mask.astype(jnp.float32))
        return module.score(features, taste)

    return jax.vmap(one)(preferred, mask)


@dataclass(frozen=True, eq=False)
class Polar(NetworkModel):
    """A fitted reward of likeness, which reads the preferred items of a rater's context.

    A reference need not come from a pair: any item that a rater would write can stand first in a
    pair of the context, and the second is not read.
    """

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        if context is None:
            context = empty_context(self.features, self.offsets)
        return center_by_prompt(self._scores(context, self.features), self.offsets)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return expit(reward_gaps(self._scores(context, queries.features), queries))

    def _scores(self, context: Comparisons, features: np.ndarray) -> np.ndarray:
        call = partial(_rewards, self.params, features, known=context.features, config=self.config)
        (found,) = map_in_batches(
            lambda p, m: (call(p, m),), context.pairs[..., 0], context.mask
        )  # fmt: skip
        return np.asarray(found, np.float64)


def fit(
    key: jax.Array, comparisons: Comparisons, config: ModelsConfig, on_chunk: OnChunk = None
) -> tuple[Polar, dict[str, np.ndarray]]:
    """Train on triples, then on pairs.

    Half of the schedule's steps before cooling are spent on triples; a fifth of all is the way from
    one loss to the other.

    Returns:
        The model, and the curves ``triples`` and ``pairs``, in nats per rater, and ``watched``.
    """
    schedule = config.schedule
    first = schedule.explore[1] // 2
    staged = replace(
        schedule, explore=(first, first), ramp=schedule.explore[1] - first, cool=schedule.cool
    )
    params, curves = fit_network(
        FAMILY, key, comparisons, replace(config, schedule=staged), on_chunk
    )
    model = Polar(params, static_config(config), comparisons.features, comparisons.offsets)
    return model, curves
