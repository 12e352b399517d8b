"""Training of the network that reads ballots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.choice_models import losses
from scrl.config import IndividualConfig
from scrl.data.batches import Bucket, buckets, padded_size
from scrl.data.weights import repeated_rows
from scrl.networks.layers import Array, Sizes, Table, centre
from scrl.networks.training import FitState, Loss, Phase, fit
from scrl.raters import masking
from scrl.raters.model import (
    BALLOT_LOSSES,
    DeviceBucket,
    Individual,
    graph_definition,
    initial_parameters,
    program_config,
)
from scrl.raters.network import IndividualReward, RewardBasis
from scrl.types import Ratings

#: Number of rows to which training data are padded, if they then have at most the given number of
#: cells. One compiled program then serves every smaller number of raters.
PADDED_ROWS, MAX_PADDED_CELLS = 32_768, 4_000_000
#: Limit of the rows of a weighted rater relative to an average one, in larger data.
MAX_REPETITIONS = 4

#: Called between chunks with the current model, its curves and the share of the steps done.
OnChunk = Callable[[Individual, dict[str, np.ndarray], float], None]


class TrainingData(NamedTuple):
    """The arguments of the loss.

    Attributes:
        table: the catalogue.
        buckets: the raters' ballots; empty where a family of reward models draws its own batches.
        share: of the raters' weight in each bucket ``[buckets]``; None without buckets.
        regime: number of the masking regime where one program serves all regimes, else None.
    """

    table: Table
    buckets: tuple[DeviceBucket, ...]
    share: Array | None
    regime: jax.Array | None = None


def rater_terms(
    config: IndividualConfig,
    model: IndividualReward,
    basis: RewardBasis,
    data: TrainingData,
    ramp: jax.Array,
    beta: jax.Array,
    key: jax.Array,
    item: jax.Array,
    rank: jax.Array,
    mask: jax.Array,
    weight: jax.Array,
) -> dict[str, jax.Array]:
    """The training objective of one rater, and its monitored terms.

    The likelihood is that of the full order given the order of the non-target completions. If only
    hidden completions are targets, it measures how well they are placed among the visible ones.

    Args:
        config: the settings.
        model, basis: the network, and its reward basis for the catalogue.
        data: the arguments of the loss.
        ramp: progress of the curriculum, 0 to 1.
        beta: weight of the KL.
        key: consumed.
        item, rank, mask: the rater's ballots ``[contests, slots]``.
        weight: of each ballot over its rater's ``[contests]``.

    Returns:
        ``objective``, ``watched`` (loss of the hidden given the visible completions),
        ``visible loss`` and ``KL``, in nats.
    """
    ballot_loss = jax.vmap(BALLOT_LOSSES[config.likelihood])
    key_view, key_latent, key_ties = jax.random.split(key, 3)
    view = masking.view(key_view, rank, mask, ramp, config.regime, config.single, data.regime)
    posterior = model.encode(basis, item, view)
    latent = posterior.reparameterise(jax.random.normal(key_latent, (config.latent,)))
    reward = model.rewards(basis, latent)
    jitter = jax.random.uniform(key_ties, rank.shape)
    loss_all = ballot_loss(reward[item], rank, mask, jitter)
    loss_given = ballot_loss(reward[item], rank, mask & ~view.target, jitter)
    loss_visible = ballot_loss(reward[item], rank, mask & view.visible, jitter)
    kl = 0.0 if config.constant else losses.kl_loss(*posterior)
    penalty = 0.5 * jnp.sum(centre(reward, data.table) ** 2) / config.prior_sd**2
    return {
        "objective": jnp.sum(weight * (loss_all - loss_given)) + beta * kl + penalty,
        "watched": jnp.sum(weight * (loss_all - loss_visible)),
        "visible loss": jnp.sum(weight * loss_visible),
        "KL": kl * jnp.ones(()),
    }


@lru_cache(maxsize=64)
def training_loss(sizes: Sizes, config: IndividualConfig) -> Loss:
    """The loss of ``networks.training.fit``: the mean objective of a random batch of raters."""
    graph = graph_definition(sizes, config)

    def draw_batch(key: jax.Array, bucket: DeviceBucket[jax.Array]) -> tuple[jax.Array, ...]:
        _, contests, slots = bucket.item.shape
        batch = int(np.clip(config.cells // (contests * slots), 8, 256))
        index = jax.random.randint(key, (batch,), 0, bucket.size)
        return (bucket.item[index], bucket.rank[index], bucket.mask[index], bucket.weight[index])

    def loss(
        params: nnx.State, key: jax.Array, data: TrainingData, phase: Phase
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        key_bucket, key_batch, key_raters = jax.random.split(key, 3)
        model = nnx.merge(graph, params)
        basis = model.reward_basis(data.table)
        beta = config.beta * jnp.minimum(1.0, phase.step / max(config.kl_warmup, 1))
        terms_of = partial(rater_terms, config, model, basis, data, phase.ramp, beta)

        def bucket_terms(bucket: DeviceBucket[jax.Array]) -> dict[str, jax.Array]:
            batch = draw_batch(key_batch, bucket)
            terms = jax.vmap(terms_of)(jax.random.split(key_raters, len(batch[0])), *batch)
            return jax.tree.map(jnp.mean, terms)

        if len(data.buckets) == 1:
            terms = bucket_terms(data.buckets[0])
        else:
            which = jax.random.choice(key_bucket, len(data.buckets), p=data.share)
            terms = jax.lax.switch(which, [partial(bucket_terms, b) for b in data.buckets])
        return terms.pop("objective"), terms

    return loss


def training_rows(bucket: Bucket) -> Bucket:
    """The rows from which a batch is drawn with equal probabilities, padded.

    Heavier raters have more rows, so that one program serves weighted and unweighted raters.
    """
    fits = bucket.size <= PADDED_ROWS and PADDED_ROWS * bucket.cells <= MAX_PADDED_CELLS
    limit = PADDED_ROWS if fits else MAX_REPETITIONS * bucket.size
    bucket = bucket.rows(repeated_rows(bucket.rater_weight[: bucket.size], limit, fill=limit))
    return bucket.padded(PADDED_ROWS if fits else padded_size(bucket.size))


def fit_individual(
    key: jax.Array,
    ratings: Ratings,
    config: IndividualConfig,
    on_chunk: OnChunk | None = None,
    any_regime: bool = False,
) -> tuple[Individual, dict[str, np.ndarray]]:
    """Train the network on every rater with a ballot of two completions or more.

    Args:
        key: consumed.
        ratings: the ballots; absent completions are unseen.
        config: the settings.
        on_chunk: see ``OnChunk``; an exception it raises ends the training.
        any_regime: whether to use one program for all of ``masking.REGIMES``; it is slower than a
            program of ``config.regime`` alone.

    Returns:
        The model, and its training curves (see ``networks.training.fit``).
    """
    catalogue = ratings.catalogue
    sizes = Sizes.of(catalogue)
    key_init, key_fit = jax.random.split(key)
    host_buckets = buckets(ratings)
    share = np.array([bucket.rater_weight.sum() for bucket in host_buckets], np.float32)
    rows = tuple(DeviceBucket.of(training_rows(bucket)) for bucket in host_buckets)
    regime = jnp.int32(masking.number_of(config.regime)) if any_regime else None
    data = jax.device_put(TrainingData(Table.of(catalogue), rows, share / share.sum(), regime))

    def fitted(params: nnx.State) -> Individual:
        return Individual(params, catalogue, config)

    def report(state: FitState, curves: dict[str, np.ndarray], done: float) -> None:
        if on_chunk is not None:
            on_chunk(fitted(state.params), curves, done)

    program = program_config(config)
    loss = training_loss(sizes, program if any_regime else replace(program, regime=config.regime))
    params = initial_parameters(key_init, sizes, program)
    params, curves = fit(key_fit, loss, params, data, config.schedule, report)
    return fitted(params), curves
