"""The fitted network that reads ballots: ballots to latents, latents to rewards.

It is the subject of the lesson on masking and one of the reward models; the model of raters of a
run is ``rater_model``.

The encoder attends to a rater's (prompt, completion, position) tokens and returns a Gaussian over a
latent. The decoder maps a draw to a preference, and rewards are linear in the preference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Generic, NamedTuple

import jax
import numpy as np
from flax import nnx

from scrl.choice_models import losses
from scrl.config import IndividualConfig, Schedule
from scrl.data.batches import Bucket, buckets, empty_bucket
from scrl.networks.layers import ArrayT, Sizes, Table
from scrl.raters import masking
from scrl.raters.network import Embedding, IndividualReward, Posterior
from scrl.types import Catalogue, Ratings

#: Limit of the completions in one call of the encoder, which bounds the raters in it.
MAX_EMBEDDED_CELLS = 32_768

#: Loss of one ballot ``(reward, rank, mask, jitter) -> scalar`` by ``IndividualConfig.likelihood``.
BALLOT_LOSSES = {
    "list": losses.list_loss,
    "pair": lambda reward, rank, mask, jitter: losses.pair_loss(reward, rank, mask),
}


class DeviceBucket(NamedTuple, Generic[ArrayT]):
    """The arrays of a ``Bucket``; ``size`` is its number of real rows."""

    item: ArrayT
    rank: ArrayT
    mask: ArrayT
    weight: ArrayT
    size: ArrayT

    @classmethod
    def of(cls, bucket: Bucket) -> DeviceBucket[np.ndarray]:
        """The arrays of a bucket."""
        size = np.asarray(bucket.size, np.int32)
        return DeviceBucket(bucket.item, bucket.rank, bucket.mask, bucket.weight, size)


def program_config(config: IndividualConfig) -> IndividualConfig:
    """The part of ``config`` that compiled programs depend on.

    Schedules and regimes are arguments of the programs, so they are reset.
    """
    return replace(config, regime=masking.ANY, schedule=Schedule())


@lru_cache(maxsize=64)
def graph_definition(sizes: Sizes, config: IndividualConfig) -> nnx.GraphDef:
    """The network's structure without its parameters."""
    build = partial(IndividualReward, sizes, config)
    return nnx.graphdef(nnx.eval_shape(lambda: build(rngs=nnx.Rngs(0))))


def initial_parameters(key: jax.Array, sizes: Sizes, config: IndividualConfig) -> nnx.State:
    """Random parameters.

    Not jitted: networks share the small compiled programs of their layers, whereas one jitted
    program takes a third as long to compile as the training.
    """
    return nnx.state(IndividualReward(sizes, config, rngs=nnx.Rngs(key)), nnx.Param)


# -- compiled programs ----------------------------------------------------------------------------


@partial(jax.jit, static_argnames=("sizes", "config"))
def _embed(
    params: nnx.State,
    table: Table,
    rows: DeviceBucket[jax.Array],
    *,
    sizes: Sizes,
    config: IndividualConfig,
) -> Posterior[jax.Array]:
    """Posteriors ``[rows, latent]``."""
    model = nnx.merge(graph_definition(sizes, config), params)
    basis = model.reward_basis(table)

    def encode(row: tuple[jax.Array, jax.Array, jax.Array]) -> Posterior[jax.Array]:
        item, rank, mask = row
        return model.encode(basis, item, masking.full_view(rank, mask))

    return jax.vmap(encode)((rows.item, rows.rank, rows.mask))


@partial(jax.jit, static_argnames=("sizes", "config"))
def _rewards(
    params: nnx.State,
    table: Table,
    latent: jax.Array,
    item: jax.Array,
    *,
    sizes: Sizes,
    config: IndividualConfig,
) -> jax.Array:
    """Rewards ``[contests, latents, candidates]``."""
    model = nnx.merge(graph_definition(sizes, config), params)
    basis = jax.tree.map(lambda part: part[item], model.reward_basis(table))
    return jax.vmap(lambda z: jax.vmap(lambda b: model.rewards(b, z))(basis), out_axes=1)(latent)


# -- the fitted model -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Individual:
    """A fitted network that reads ballots.

    Attributes:
        params: the network's parameters.
        catalogue: the prompts and completions it was trained on.
        config: its settings.
    """

    params: nnx.State
    catalogue: Catalogue
    config: IndividualConfig

    @property
    def _static(self) -> dict[str, Any]:
        return {"sizes": Sizes.of(self.catalogue), "config": program_config(self.config)}

    def embed(self, ratings: Ratings, include_empty: bool = False) -> Embedding:
        """Embed raters given all their ballots.

        Args:
            ratings: the ballots.
            include_empty: whether to include raters without a ballot of two completions. A rater
                without ballots gets the posterior of an empty ballot.
        """
        parts = [(b.rater[: b.size], b) for b in buckets(ratings, 1 if include_empty else 2)]
        if include_empty:
            known = np.concatenate([raters for raters, _ in parts] or [np.empty(0, int)])
            empty = np.setdiff1d(np.arange(len(ratings.raters)), known)
            parts += [(empty, empty_bucket())] * bool(len(empty))
        means, log_variances = [], []
        for raters, bucket in parts:
            mean, log_variance = self.embed_bucket(bucket)
            means.append(np.broadcast_to(mean, (len(raters), mean.shape[1])))
            log_variances.append(np.broadcast_to(log_variance, means[-1].shape))
        embedded = np.concatenate([raters for raters, _ in parts])
        order = np.argsort(embedded)
        posterior = Posterior(np.concatenate(means)[order], np.concatenate(log_variances)[order])
        return Embedding(embedded[order], posterior)

    def embed_bucket(self, bucket: Bucket) -> Posterior[np.ndarray]:
        """Posteriors ``[rows, latent]`` of a bucket's real rows given its masked ballots."""
        table, parts = Table.of(self.catalogue), []
        for part in bucket.parts(int(np.clip(MAX_EMBEDDED_CELLS // bucket.cells, 8, 1024))):
            posterior = _embed(self.params, table, DeviceBucket.of(part), **self._static)
            parts.append([np.asarray(column)[: part.size] for column in posterior])
        return Posterior(*map(np.concatenate, zip(*parts, strict=True)))

    def rewards(self, latent: np.ndarray, item: np.ndarray | None = None) -> np.ndarray:
        """Rewards of latents, in log-odds.

        Args:
            latent: ``[voters, latent]``.
            item: the items of each contest ``[contests, candidates]``; all items by default.

        Returns:
            ``[contests, voters, candidates]``, or ``[voters, items]`` for all items.
        """
        contests = np.arange(self.catalogue.items)[None] if item is None else item
        table = Table.of(self.catalogue)
        rewards = np.asarray(_rewards(self.params, table, latent, contests, **self._static))
        return rewards[0] if item is None else rewards
