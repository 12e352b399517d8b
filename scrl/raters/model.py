"""The fitted model of individual raters (step 1): ballots to latents, latents to rewards.

The encoder attends to a rater's (prompt, completion, position) tokens and returns a Gaussian over a
latent. The decoder maps a draw to a preference, and rewards are linear in the preference. Only that
linear map runs once for each simulated voter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Generic, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.choice_models import losses
from scrl.config import IndividualConfig, Schedule
from scrl.data.batches import Bucket, buckets, empty_bucket, padded_size
from scrl.data.weights import proportional_counts
from scrl.networks.layers import ArrayT, Sizes, Table
from scrl.random_streams import key_shape
from scrl.raters import masking
from scrl.raters.network import Embedding, IndividualReward, Posterior
from scrl.types import Catalogue, Ratings

#: Limit of the completions in one call of the encoder, which bounds the raters in it.
MAX_EMBEDDED_CELLS = 32_768
#: Latents in one call of the likelihood.
LATENTS_PER_CALL = 1024

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

    Schedules, penalties and regimes are arguments of the programs, so they are reset.
    """
    return replace(config, penalty=0.0, regime=masking.ANY, schedule=Schedule())


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


def blank_parameters(catalogue: Catalogue, config: IndividualConfig) -> nnx.State:
    """Shapes of the network's parameters, into which saved parameters are read."""
    sizes, program = Sizes.of(catalogue), program_config(config)
    return jax.eval_shape(lambda key: initial_parameters(key, sizes, program), key_shape())


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


@partial(jax.jit, static_argnames=("sizes", "config", "max_length"))
def _embed_single(
    params: nnx.State,
    table: Table,
    item: jax.Array,
    place: jax.Array,
    length: jax.Array,
    *,
    sizes: Sizes,
    config: IndividualConfig,
    max_length: int,
) -> Posterior[jax.Array]:
    """Posteriors ``[raters, latent]`` given one completion's place each."""
    model = nnx.merge(graph_definition(sizes, config), params)
    basis = model.reward_basis(table)
    visible = jnp.ones((1, 1), bool)

    def encode(item: jax.Array, place: jax.Array, length: jax.Array) -> Posterior[jax.Array]:
        slots = jnp.arange(max_length)
        position = masking.positions(slots, slots < length, True)[place]
        view = masking.View(visible, visible, position[None, None])
        return model.encode(basis, item[None, None], view)

    return jax.vmap(encode)(item, place, length)


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


@partial(jax.jit, static_argnames=("sizes", "config"))
def _log_likelihood(
    params: nnx.State,
    table: Table,
    rows: DeviceBucket[jax.Array],
    latent: jax.Array,
    sharpness: jax.Array,
    *,
    sizes: Sizes,
    config: IndividualConfig,
) -> jax.Array:
    """Nats of each row's ballots under each latent ``[rows, latents]``."""
    model = nnx.merge(graph_definition(sizes, config), params)
    basis = model.reward_basis(table)
    ballot_loss = BALLOT_LOSSES[config.likelihood]

    def row_likelihoods(z: jax.Array) -> jax.Array:
        reward = sharpness * model.rewards(basis, z)

        def log_likelihood(
            item: jax.Array, rank: jax.Array, mask: jax.Array, weight: jax.Array
        ) -> jax.Array:
            # Equal jitter leaves ties unbroken: each tied completion counts as before the others.
            loss = jax.vmap(ballot_loss)(reward[item], rank, mask, jnp.zeros(rank.shape))
            return -jnp.sum(weight * loss)

        return jax.vmap(log_likelihood)(rows.item, rows.rank, rows.mask, rows.weight)

    return jax.lax.map(row_likelihoods, latent).T


# -- the fitted model -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Individual:
    """A fitted model of individual raters.

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

    def embed_single(
        self, item: np.ndarray, place: np.ndarray, length: np.ndarray
    ) -> Posterior[np.ndarray]:
        """Embed raters of whom only one completion's place is known.

        Args:
            item: the completion ``[raters]``.
            place: its place, 0 = best ``[raters]``.
            length: how many completions the ballot ranks ``[raters]``.

        Returns:
            Posteriors ``[raters, latent]``.
        """
        max_length = padded_size(int(np.diff(self.catalogue.offsets).max()))
        rows = np.stack([item, place, length]).astype(np.int32)
        rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 64)), mode="edge")
        posterior = _embed_single(
            self.params, Table.of(self.catalogue), *rows, max_length=max_length, **self._static
        )
        return Posterior(*(np.asarray(column)[: len(item)] for column in posterior))

    def distinct_ballots(
        self, ratings: Ratings, max_ballots: int
    ) -> list[tuple[np.ndarray, Bucket]]:
        """The distinct ballot sets of raters, and the weight of the raters who cast each.

        Returns:
            For each bucket, the weights ``[rows]`` and the rows. With more than ``max_ballots``
            rows in all, an evenly spaced selection of the rows, or of the raters' weight where
            raters differ in weight.
        """
        found, equal = [], True
        for bucket in buckets(ratings):
            columns = (bucket.item, bucket.rank, bucket.mask, bucket.weight)
            packed = np.concatenate([np.reshape(c, (bucket.size, -1)) for c in columns], axis=1)
            _, first, row = np.unique(packed, axis=0, return_index=True, return_inverse=True)
            weight = bucket.rater_weight[: bucket.size]
            equal &= bool((weight == weight[0]).all())
            found.append((np.bincount(row.ravel(), weight), bucket.rows(first)))
        if not equal:
            return _by_weight(found, max_ballots)
        step = -(-sum(len(weight) for weight, _ in found) // max_ballots)
        return [(weight[::step], rows.rows(slice(None, None, step))) for weight, rows in found]

    def log_likelihood(
        self, ballots: list[tuple[np.ndarray, Bucket]], latent: np.ndarray, sharpness: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log-likelihood of raters' ballots under each latent.

        Args:
            ballots: from ``distinct_ballots``.
            latent: ``[draws, latent]``.
            sharpness: factor by which rewards are scaled.

        Returns:
            The weight of the raters who cast each row ``[rows]``, and log-likelihoods in nats
            ``[rows, draws]``.
        """
        table, found = Table.of(self.catalogue), []
        draws = len(latent)
        # Padded, so that one program serves any number of components of the density.
        latent = np.pad(latent, ((0, -draws % LATENTS_PER_CALL), (0, 0)))
        for _, bucket in ballots:
            for part in bucket.parts(int(np.clip(MAX_EMBEDDED_CELLS // bucket.cells, 8, 256))):
                nats = _log_likelihood(
                    self.params, table, DeviceBucket.of(part), latent, np.float32(sharpness),
                    **self._static,
                )  # fmt: skip
                found.append(np.asarray(nats)[: part.size, :draws])
        return np.concatenate([count for count, _ in ballots]), np.concatenate(found)

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


def _by_weight(
    ballots: list[tuple[np.ndarray, Bucket]], max_ballots: int
) -> list[tuple[np.ndarray, Bucket]]:
    """At most ``max_ballots`` of the rows, selected in proportion to their weight."""
    weight = np.concatenate([weight for weight, _ in ballots])
    if len(weight) <= max_ballots:
        return ballots
    count = proportional_counts(weight / weight.sum(), max_ballots)
    parts = np.split(count, np.cumsum([len(weight) for weight, _ in ballots])[:-1])
    return [
        (part[part > 0].astype(float), rows.rows(part > 0))
        for part, (_, rows) in zip(parts, ballots, strict=True)
    ]
