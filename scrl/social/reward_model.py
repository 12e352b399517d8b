"""The reward network with one reward per completion: social (step 7) and vanilla.

Both are the same network trained on different comparisons: those of a social order, or those
observed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.choice_models.bradley_terry import PairCounts
from scrl.config import RewardConfig
from scrl.networks.layers import Array, ItemEmbedding, Sizes, Table, centre
from scrl.networks.training import FitState, Loss, Phase, fit
from scrl.random_streams import key_shape
from scrl.types import Catalogue


class RewardNetwork(nnx.Module):
    """Rewards ``[items]`` in log-odds, centred within each prompt."""

    def __init__(self, sizes: Sizes, width: int, *, rngs: nnx.Rngs) -> None:
        self.items = ItemEmbedding(sizes, width, rngs=rngs)
        self.reward = nnx.Linear(width, 1, use_bias=False, rngs=rngs)

    def __call__(self, table: Table) -> jax.Array:
        return centre(self.reward(nnx.gelu(self.items(table)[0]))[:, 0], table)


class Pairs(NamedTuple):
    """Comparisons for one or several networks trained at once.

    Attributes:
        first, second: items ``[networks, pairs]``.
        wins_first, wins_second: weight with which each beats the other, same shape.
    """

    first: Array
    second: Array
    wins_first: Array
    wins_second: Array


@lru_cache(maxsize=64)
def _graph(sizes: Sizes, width: int) -> nnx.GraphDef:
    return nnx.graphdef(nnx.eval_shape(lambda: RewardNetwork(sizes, width, rngs=nnx.Rngs(0))))


def _initial_parameters(keys: jax.Array, sizes: Sizes, width: int) -> nnx.State:
    """Random parameters of a network for each key; not jitted, as in ``raters.model``."""

    def initialise(key: jax.Array) -> nnx.State:
        return nnx.state(RewardNetwork(sizes, width, rngs=nnx.Rngs(key)), nnx.Param)

    return jax.vmap(initialise)(keys)


@partial(jax.jit, static_argnames=("sizes", "width"))
def _rewards(params: nnx.State, table: Table, *, sizes: Sizes, width: int) -> jax.Array:
    return jax.vmap(lambda p: nnx.merge(_graph(sizes, width), p)(table))(params)


@lru_cache(maxsize=64)
def _loss(sizes: Sizes, width: int, prior_sd: float) -> Loss:
    """Minus the Bradley–Terry log posterior per unit of comparison weight, summed over networks."""
    graph = _graph(sizes, width)

    def network_loss(params: nnx.State, table: Table, pairs: Pairs) -> jax.Array:
        reward = nnx.merge(graph, params)(table)
        gap = reward[pairs.first] - reward[pairs.second]
        nll = jnp.sum(
            pairs.wins_first * jax.nn.softplus(-gap) + pairs.wins_second * jax.nn.softplus(gap)
        )
        total = jnp.maximum(jnp.sum(pairs.wins_first + pairs.wins_second), 1e-9)
        prior = 0.5 * jnp.sum(reward**2) / prior_sd**2
        return (nll + prior) / total

    def loss(
        params: nnx.State, key: jax.Array, data: tuple[Table, Pairs], phase: Phase
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        table, pairs = data
        losses = jax.vmap(network_loss, (0, None, 0))(params, table, pairs)
        # Adam scales each parameter's step by its own gradient, so a sum trains them independently.
        return jnp.sum(losses), {"watched": jnp.mean(losses)}

    return loss


@dataclass(frozen=True, eq=False)
class Reward:
    """A fitted reward network.

    Attributes:
        params: the network's parameters.
        catalogue: the prompts and completions it was trained on.
        config: its settings.
    """

    params: nnx.State
    catalogue: Catalogue
    config: RewardConfig

    def rewards(self, table: Table | None = None) -> np.ndarray:
        """Rewards ``[items]``, log-odds centred within each prompt.

        Args:
            table: the items to score (see ``artifacts.score``); by default those trained on.
        """
        params = jax.tree.map(lambda p: p[None], self.params)
        table = table or Table.of(self.catalogue)
        sizes = Sizes.of(self.catalogue)
        return np.asarray(_rewards(params, table, sizes=sizes, width=self.config.width)[0])


def blank_parameters(catalogue: Catalogue, config: RewardConfig) -> nnx.State:
    """Shapes of a network's parameters, into which saved parameters are read."""
    sizes = Sizes.of(catalogue)
    params = jax.eval_shape(
        lambda key: _initial_parameters(key[None], sizes, config.width), key_shape()
    )
    return jax.tree.map(lambda p: jax.ShapeDtypeStruct(p.shape[1:], p.dtype), params)


def fit_vanilla(
    key: jax.Array,
    catalogue: Catalogue,
    counts: PairCounts,
    config: RewardConfig,
    on_share: Callable[[float], None] | None = None,
) -> Reward:
    """Train the vanilla reward model: Bradley–Terry on the observed pairs.

    Args:
        key: consumed.
        catalogue: the prompts and completions.
        counts: the observed pairs.
        config: the settings.
        on_share: called with the share of the training done; an exception it raises ends it.
    """
    return _fit(key, catalogue, [counts], config, on_share)[0]


def fit_social(
    key: jax.Array,
    catalogue: Catalogue,
    comparisons: dict[str, PairCounts],
    config: RewardConfig,
    on_share: Callable[[float], None] | None = None,
) -> dict[str, Reward]:
    """Train a social reward model for each rule, all at once.

    Args:
        key: consumed.
        catalogue: the prompts and completions.
        comparisons: rule -> the comparisons that represent its outcomes (see
            ``comparisons.social_comparisons``).
        config: the settings.
        on_share: called with the share of the training done; an exception it raises ends it.

    Returns:
        rule -> its model.
    """
    models = _fit(key, catalogue, list(comparisons.values()), config, on_share)
    return dict(zip(comparisons, models, strict=True))


def _fit(
    key: jax.Array,
    catalogue: Catalogue,
    comparisons: list[PairCounts],
    config: RewardConfig,
    on_share: Callable[[float], None] | None,
) -> list[Reward]:
    """Train one network for each set of comparisons, all at once.

    Each network minimises Σ wins · -log σ(gap) + Σ r² / (2 prior_sd²), which has a finite optimum.
    """
    sizes = Sizes.of(catalogue)
    key_init, key_fit = jax.random.split(key)
    params = _initial_parameters(jax.random.split(key_init, len(comparisons)), sizes, config.width)
    data = jax.device_put((Table.of(catalogue), _stack(comparisons)))

    def report(state: FitState, curves: dict[str, np.ndarray], done: float) -> None:
        if on_share is not None:
            on_share(done)

    loss = _loss(sizes, config.width, config.prior_sd)
    params, _ = fit(key_fit, loss, params, data, config.schedule, report)
    params = jax.tree.map(np.asarray, params)
    return [
        Reward(jax.tree.map(lambda p, i=i: p[i], params), catalogue, config)
        for i in range(len(comparisons))
    ]


def _stack(comparisons: list[PairCounts]) -> Pairs:
    """The comparisons padded to one length, a power of two of at least 16."""
    longest = max(len(counts.first) for counts in comparisons)
    size = 1 << max(longest - 1, 15).bit_length()
    columns = ("first", "second", "wins_first", "wins_second")
    return Pairs(
        *(np.stack([_padded(getattr(c, name), size) for c in comparisons]) for name in columns)
    )


def _padded(column: np.ndarray, size: int) -> np.ndarray:
    """A column padded with comparisons of item 0 with itself at weight 0."""
    dtype = np.int32 if column.dtype.kind == "i" else np.float32
    return np.concatenate([column, np.zeros(size - len(column))]).astype(dtype)
