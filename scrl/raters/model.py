"""Step 1: a stochastic model of individual raters.

A rater's whole sequence of (prompt, completion, position) tokens is read by a learned query into
a Gaussian over a latent; a draw is decoded into a preference; the reward block gives every item a
reward conditioned on it. Only the reward block runs once for each voter, so it is one product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.choice_models import losses
from scrl.config import IndividualConfig, Schedule
from scrl.data.batches import Bucket, buckets, empty_bucket, padded_size
from scrl.networks.layers import Sizes, Table, centre
from scrl.networks.training import Phase, fit
from scrl.random_streams import key_shape
from scrl.raters import masking
from scrl.raters.network import IndividualReward, Posterior
from scrl.types import Catalogue, Ratings

#: Completions read at once, which sets how many raters are.
READ_CELLS = 32_768
#: Latents whose likelihood is worked out at once.
DRAWS_AT_ONCE = 1024
#: Rows that training data are padded to, up to so many completions: a slider of raters then stays
#: within one compiled program.
PADDED_ROWS, PADDED_CELLS = 32_768, 4_000_000


class Rows(NamedTuple):
    """A bucket on the device; ``size`` is how many rows are real."""

    item: jax.Array
    rank: jax.Array
    mask: jax.Array
    weight: jax.Array
    size: jax.Array

    @classmethod
    def of(cls, bucket: Bucket) -> Rows:
        size = np.asarray(bucket.size, np.int32)
        return cls(bucket.item, bucket.rank, bucket.mask, bucket.weight, size)


class Sharing(NamedTuple):
    """What prompts have in common, as numbers that a compiled program is given.

    Attributes:
        kept: 1 for each shared dimension in use, else 0 ``[shared]``.
        penalty: weight of the mean square of what prompts do not share.
    """

    kept: jax.Array
    penalty: jax.Array

    @classmethod
    def of(cls, config: IndividualConfig, most: int) -> Sharing:
        """The dimensions that ``config`` asks for, of ``most`` that the network has."""
        kept = (np.arange(most) < config.shared).astype(np.float32)
        return cls(kept, np.float32(config.penalty if config.shared else 0.0))


class Data(NamedTuple):
    """All that the loss draws from: the catalogue, the buckets with their share of raters, what
    prompts share, and, where one program serves all regimes, the number of the one in use."""

    table: Table
    rows: tuple[Rows, ...]
    share: jax.Array
    sharing: Sharing
    regime: jax.Array | None = None


def _program(config: IndividualConfig) -> IndividualConfig:
    """The part of ``config`` that compiled programs are kept under, those that train apart: they
    alone depend on how ballots are hidden. Schedules and penalties are given as numbers."""
    return replace(config, penalty=0.0, regime=masking.ANY, schedule=Schedule())


@lru_cache(maxsize=64)
def _graph(sizes: Sizes, config: IndividualConfig):
    """The network's structure, its parameters left out."""
    make = partial(IndividualReward, sizes, config)
    return nnx.graphdef(nnx.eval_shape(lambda: make(rngs=nnx.Rngs(0))))


def _initial(key, sizes: Sizes, config: IndividualConfig):
    """Random parameters. Not one jitted program: networks share the small programs of their layers,
    and a jitted one takes a third as long to compile as the training."""
    return nnx.state(IndividualReward(sizes, config, rngs=nnx.Rngs(key)), nnx.Param)


def blank_parameters(catalogue: Catalogue, config: IndividualConfig) -> nnx.State:
    """The shapes of the network's parameters, for reading saved ones into."""
    return jax.eval_shape(
        lambda key: _initial(key, Sizes.of(catalogue), _program(config)), key_shape()
    )


_PER_BALLOT = {
    "list": losses.list_loss,
    "pair": lambda reward, rank, mask, jitter: losses.pair_loss(reward, rank, mask),
}


def rater_terms(
    config: IndividualConfig, model, toward, data: Data, ramp, beta, key, item, rank, mask, weight
) -> dict:
    """The objective of one rater's ballots ``[contests, slots]``, and what is watched of it."""
    per_ballot = _PER_BALLOT[config.likelihood]
    key_view, key_latent, key_ties = jax.random.split(key, 3)
    view = masking.view(key_view, rank, mask, ramp, config.regime, config.single, data.regime)
    posterior = model.encode(toward, item, view)
    latent = posterior.at(jax.random.normal(key_latent, (config.latent,)))
    reward = model.rewards(toward, latent)
    jitter = jax.random.uniform(key_ties, rank.shape)
    # The likelihood of the whole order given the order of what is not a target: with nothing
    # but hidden targets, how well they are placed among the visible.
    nll = jax.vmap(per_ballot)(reward[item], rank, mask, jitter)
    given = jax.vmap(per_ballot)(reward[item], rank, mask & ~view.target, jitter)
    seen = jax.vmap(per_ballot)(reward[item], rank, mask & view.visible, jitter)
    kl = 0.0 if config.constant else losses.kl_loss(*posterior)
    prior = 0.5 * jnp.sum(centre(reward, data.table) ** 2) / config.prior_sd**2
    if config.shared:
        own = centre(model.own(toward, latent), data.table)
        prior = prior + data.sharing.penalty * jnp.mean(own**2)
    return {
        "objective": jnp.sum(weight * (nll - given)) + beta * kl + prior,
        "watched": jnp.sum(weight * (nll - seen)),
        "visible loss": jnp.sum(weight * seen),
        "KL": kl * jnp.ones(()),
    }


@lru_cache(maxsize=64)
def _loss(sizes: Sizes, config: IndividualConfig):
    """The objective, as ``training.fit`` takes it."""
    graph = _graph(sizes, config)

    def draw(key, rows: Rows):
        _, contests, slots = rows.item.shape
        batch = int(np.clip(config.cells // (contests * slots), 8, 256))
        index = jax.random.randint(key, (batch,), 0, rows.size)
        return (rows.item[index], rows.rank[index], rows.mask[index], rows.weight[index])

    def loss(params, key, data: Data, phase: Phase):
        key_bucket, key_batch, key_raters = jax.random.split(key, 3)
        model = nnx.merge(graph, params)
        toward = model.directions(data.table, data.sharing.kept)
        beta = config.beta * jnp.minimum(1.0, phase.step / max(config.kl_warmup, 1))
        each = partial(rater_terms, config, model, toward, data, phase.ramp, beta)

        def on(rows: Rows):
            batch = draw(key_batch, rows)
            terms = jax.vmap(each)(jax.random.split(key_raters, len(batch[0])), *batch)
            return jax.tree.map(jnp.mean, terms)

        if len(data.rows) == 1:
            terms = on(data.rows[0])
        else:
            which = jax.random.choice(key_bucket, len(data.rows), p=data.share)
            terms = jax.lax.switch(which, [partial(on, rows) for rows in data.rows])
        return terms.pop("objective"), terms

    return loss


@partial(jax.jit, static_argnames=("sizes", "config"))
def _embed(params, table, rows: Rows, *, sizes, config) -> Posterior:
    model = nnx.merge(_graph(sizes, config), params)
    toward = model.directions(table)

    def one(row):
        item, rank, mask = row
        return model.encode(toward, item, masking.whole(rank, mask))

    return jax.vmap(one)((rows.item, rows.rank, rows.mask))


@partial(jax.jit, static_argnames=("sizes", "config", "most"))
def _embed_lone(params, table, item, place, length, *, sizes, config, most) -> Posterior:
    model = nnx.merge(_graph(sizes, config), params)
    toward = model.directions(table)
    shown = jnp.ones((1, 1), bool)

    def one(item, place, length):
        slots = jnp.arange(most)
        position = masking.positions(slots, slots < length, True)[place]
        view = masking.View(shown, shown, position[None, None])
        return model.encode(toward, item[None, None], view)

    return jax.vmap(one)(item, place, length)


@partial(jax.jit, static_argnames=("sizes", "config"))
def _rewards(params, table, latent, item, *, sizes, config):
    model = nnx.merge(_graph(sizes, config), params)
    toward = jax.tree.map(lambda part: part[item], model.directions(table))
    return jax.vmap(lambda z: jax.vmap(lambda t: model.rewards(t, z))(toward), out_axes=1)(latent)


@partial(jax.jit, static_argnames=("sizes", "config"))
def _log_likelihood(params, table, rows: Rows, latent, sharpness, *, sizes, config):
    model = nnx.merge(_graph(sizes, config), params)
    toward = model.directions(table)
    per_ballot = _PER_BALLOT[config.likelihood]

    def under(one):
        reward = sharpness * model.rewards(toward, one)

        def rater(item, rank, mask, weight):
            # Equal numbers leave a tie unbroken: each of the tied is placed before all the others.
            loss = jax.vmap(per_ballot)(reward[item], rank, mask, jnp.zeros(rank.shape))
            return -jnp.sum(weight * loss)

        return jax.vmap(rater)(rows.item, rows.rank, rows.mask, rows.weight)

    return jax.lax.map(under, latent).T


@dataclass(frozen=True, eq=False)
class Individual:
    """A fitted model of individual raters.

    Attributes:
        params: of the network; catalogue: what it was trained on; config: how.
    """

    params: nnx.State
    catalogue: Catalogue
    config: IndividualConfig

    @property
    def _static(self) -> dict:
        return {"sizes": Sizes.of(self.catalogue), "config": _program(self.config)}

    def embed(self, ratings: Ratings, everyone: bool = False) -> tuple[np.ndarray, Posterior]:
        """Read whole raters.

        Args:
            everyone: also those who ranked no two completions; what nothing says is the posterior
                of an empty ballot.

        Returns:
            The raters that were read ``[read]``, ascending, and their posteriors ``[read,
            latent]``.
        """
        parts = [(b.rater[: b.size], b) for b in buckets(ratings, 1 if everyone else 2)]
        if everyone:
            known = np.concatenate([rater for rater, _ in parts] or [np.empty(0, int)])
            silent = np.setdiff1d(np.arange(len(ratings.raters)), known)
            parts += [(silent, empty_bucket())] * bool(len(silent))
        raters, means, log_variances = [], [], []
        for rater, bucket in parts:
            raters.append(rater)
            for found, rows in zip((means, log_variances), self.read(bucket), strict=True):
                found.append(np.broadcast_to(rows, (len(rater), rows.shape[1])))
        raters = np.concatenate(raters)
        order = np.argsort(raters)
        return raters[order], Posterior(
            np.concatenate(means)[order], np.concatenate(log_variances)[order]
        )

    def read(self, bucket: Bucket) -> Posterior:
        """Posteriors ``[rows, latent]`` of a bucket's real rows, by what its mask shows."""
        table, read = Table.of(self.catalogue), []
        for part in bucket.parts(int(np.clip(READ_CELLS // bucket.cells, 8, 1024))):
            posterior = _embed(self.params, table, Rows.of(part), **self._static)
            read.append([np.asarray(column)[: part.size] for column in posterior])
        return Posterior(*map(np.concatenate, zip(*read, strict=True)))

    def embed_lone(self, item: np.ndarray, place: np.ndarray, length: np.ndarray) -> Posterior:
        """Read raters of whom one completion is known, and which place they gave it.

        Args:
            item: ``[raters]``; place: 0 = best ``[raters]``; length: how many completions the
                ballot ranks ``[raters]``.

        Returns:
            Their posteriors ``[raters, latent]``.
        """
        most = padded_size(int(np.diff(self.catalogue.offsets).max()))
        rows = np.stack([item, place, length]).astype(np.int32)
        rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 64)), mode="edge")
        posterior = _embed_lone(
            self.params, Table.of(self.catalogue), *rows, most=most, **self._static
        )
        return Posterior(*(np.asarray(column)[: len(item)] for column in posterior))

    def distinct(self, ratings: Ratings, most: int) -> list[tuple[np.ndarray, Bucket]]:
        """The different ballots of raters, and how many raters cast each.

        Returns:
            Counts ``[rows]`` and the rows, by bucket; with more than ``most`` in all, evenly
            spaced ones.
        """
        found = []
        for bucket in buckets(ratings):
            columns = (bucket.item, bucket.rank, bucket.mask, bucket.weight)
            packed = np.concatenate([np.reshape(c, (bucket.size, -1)) for c in columns], axis=1)
            _, first, count = np.unique(packed, axis=0, return_index=True, return_counts=True)
            found.append((count.astype(float), bucket.rows(first)))
        step = -(-sum(len(count) for count, _ in found) // most)
        return [(count[::step], rows.rows(slice(None, None, step))) for count, rows in found]

    def log_likelihood(
        self, ballots: list[tuple[np.ndarray, Bucket]], latent: np.ndarray, sharpness: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """How well each latent would explain raters' ballots.

        Args:
            ballots: from ``distinct``.
            latent: ``[draws, latent]``.
            sharpness: by which rewards are multiplied.

        Returns:
            How many raters cast them ``[rows]``, and the log-likelihood in nats ``[rows, draws]``.
        """
        table, found = Table.of(self.catalogue), []
        draws = len(latent)
        # However many components the density has, one program serves.
        latent = np.pad(latent, ((0, -draws % DRAWS_AT_ONCE), (0, 0)))
        for _, bucket in ballots:
            for part in bucket.parts(int(np.clip(READ_CELLS // bucket.cells, 8, 256))):
                nats = _log_likelihood(
                    self.params, table, Rows.of(part), latent, np.float32(sharpness), **self._static
                )
                found.append(np.asarray(nats)[: part.size, :draws])
        return np.concatenate([count for count, _ in ballots]), np.concatenate(found)

    def rewards(self, latent: np.ndarray, item: np.ndarray | None = None) -> np.ndarray:
        """Rewards of latent draws, log-odds.

        Args:
            latent: ``[voters, latent]``.
            item: which items, ``[contests, candidates]``; all by default.

        Returns:
            ``[contests, voters, candidates]``, or ``[voters, items]`` for all.
        """
        wanted = np.arange(self.catalogue.items)[None] if item is None else item
        table = Table.of(self.catalogue)
        rewards = np.asarray(_rewards(self.params, table, latent, wanted, **self._static))
        return rewards[0] if item is None else rewards


def _training_rows(bucket: Bucket) -> int:
    if bucket.size <= PADDED_ROWS and PADDED_ROWS * bucket.cells <= PADDED_CELLS:
        return PADDED_ROWS
    return padded_size(bucket.size)


def fit_individual(
    key: jax.Array,
    ratings: Ratings,
    config: IndividualConfig,
    on_chunk=None,
    hidden: tuple[np.ndarray, np.ndarray] | None = None,
    most: int = 0,
    any_regime: bool = False,
) -> tuple[Individual, dict[str, np.ndarray]]:
    """Train the individual model on every rater with a ballot of two completions or more.

    Args:
        on_chunk: called with (model so far, curves, share done) between chunks.
        hidden: raters ``[raters]`` and items ``[items]``, both bool: what these raters said of
            these items is neither seen nor asked for.
        most: shared dimensions that the network is built with, if more than it is to use, so that
            one program serves several choices.
        any_regime: train by a program that serves all of ``masking.REGIMES``; slower than one of
            ``config.regime`` alone.

    Returns:
        The model, and its curves by name (see ``training.fit``).
    """
    catalogue = ratings.catalogue
    sizes = Sizes.of(catalogue)
    sharing = Sharing.of(config, max(most, config.shared))
    config = replace(config, shared=len(sharing.kept))
    key_init, key_fit = jax.random.split(key)
    groups = buckets(ratings)
    share = np.array([bucket.size for bucket in groups], np.float32)
    if hidden is not None:
        groups = [bucket.without(*hidden) for bucket in groups]
    rows = tuple(Rows.of(bucket.padded(_training_rows(bucket))) for bucket in groups)
    number = np.int32(masking.number_of(config.regime)) if any_regime else None
    data = jax.device_put(Data(Table.of(catalogue), rows, share / share.sum(), sharing, number))

    def made(params) -> Individual:
        if config.shared:
            kept = params["coefficient"][...] * sharing.kept
            params = nnx.State({**params, "coefficient": nnx.Param(kept)})
        return Individual(params, catalogue, config)

    def report(state, curves, done):
        if on_chunk is not None:
            on_chunk(made(state.params), curves, done)

    program = _program(config)
    loss = _loss(sizes, program if any_regime else replace(program, regime=config.regime))
    params, curves = fit(
        key_fit, loss, _initial(key_init, sizes, program), data, config.schedule, report
    )
    return made(params), curves
