"""The lab's own model of individual raters (``models.individual``), told each pair as a ballot.

Items known by features may be more than can all be read at each step: the network, its encoder
and its objective are then the same, and a rater's catalogue is the items that were put to them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import IndividualConfig, ModelsConfig, Schedule
from scrl.networks.layers import Sizes, Table
from scrl.raters import masking
from scrl.raters.model import Data, Individual, Sharing, fit_individual, rater_terms
from scrl.raters.network import IndividualReward
from scrl.reward_models import network
from scrl.reward_models.comparisons import Comparisons, to_ratings
from scrl.reward_models.network import DRAWS, count
from scrl.reward_models.protocols import Latents, Model, centred, gaps, sigmoid
from scrl.types import Catalogue


@dataclass(frozen=True, eq=False)
class OfIndividuals(Model):
    """Attributes: fitted: the model; offsets: where each prompt's items begin."""

    fitted: Individual
    offsets: np.ndarray

    @property
    def parameters(self) -> int:
        return count(self.fitted.params)

    def posterior(self, context: Comparisons) -> Latents:
        ratings = to_ratings(context, self.fitted.catalogue)
        _, (mean, log_variance) = self.fitted.embed(ratings, everyone=True)
        kl = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
        return Latents(mean, log_variance, kl)

    def rewards(self, context):
        """At the posterior mean."""
        if context is None:
            none = np.zeros((1, 1, 2), np.int32)
            context = Comparisons(none, none[..., 0], np.eye(self.offsets[-1]), self.offsets)
        return centred(self._rewards(self.posterior(context).mean), self.offsets)

    def _rewards(self, latent) -> np.ndarray:
        return np.asarray(self.fitted.rewards(np.asarray(latent, np.float32)), np.float64)

    def chances(self, context, asked):
        """Averaged over draws from each posterior, always the same ones."""
        found, rng = self.posterior(context), np.random.default_rng(0)
        spread, total = np.exp(0.5 * found.log_variance), 0.0
        for _ in range(DRAWS):
            drawn = found.mean + spread * rng.standard_normal(found.mean.shape)
            total = total + sigmoid(gaps(self._rewards(drawn), asked))
        return total / DRAWS

    def chances_at(self, mean, asked):
        return sigmoid(gaps(self._rewards(mean), asked))


@lru_cache(maxsize=64)
def _make(features: int, config: ModelsConfig):
    """The network of one prompt whose completions are known by features."""
    return partial(IndividualReward, Sizes(1, 1, 1, 0, features), settings(config))


@lru_cache(maxsize=64)
def _graph(features: int, config: ModelsConfig):
    return network.graph_of(_make(features, config))


def _put_to(features) -> Table:
    """The catalogue of one rater's pairs ``[pairs, 2, features]``, each centred by itself."""
    pairs, _, width = features.shape
    none, item = jnp.zeros(2 * pairs, jnp.int32), jnp.arange(2 * pairs)
    return Table(item // 2, none, item, none, None, features.reshape(2 * pairs, width))


def _ballots(mask):
    """Items, ranks and mask ``[pairs, 2]`` of the pairs ``[pairs]`` that are real."""
    item = jnp.arange(2 * len(mask)).reshape(-1, 2)
    return item, jnp.broadcast_to(jnp.arange(2), item.shape), jnp.repeat(mask[:, None], 2, axis=1)


@lru_cache(maxsize=64)
def _loss(features: int, config: ModelsConfig):
    graph, own = _graph(features, config), settings(config)

    def loss(params, key, data: network.Data, phase):
        model = nnx.merge(graph, params)
        key_raters, key_each = jax.random.split(key)
        features, mask = network.some_raters(key_raters, data, config.batch)
        beta = own.beta * jnp.minimum(1.0, phase.step / own.kl_warmup)

        def one(key, features, mask):
            known = Data(_put_to(features), (), None, Sharing.of(own, 0))
            toward = model.directions(known.table)
            said = (*_ballots(mask), 1.0 * mask)
            return rater_terms(own, model, toward, known, phase.ramp, beta, key, *said)

        keys = jax.random.split(key_each, config.batch)
        terms = jax.tree.map(jnp.mean, jax.vmap(one)(keys, features, mask))
        return terms.pop("objective"), terms

    return loss


@partial(jax.jit, static_argnames=("config",))
def _encode(params, table, pairs, mask, *, config):
    model = nnx.merge(_graph(table.shape[1], config), params)

    def one(features, mask):
        item, rank, shown = _ballots(mask)
        toward = model.directions(_put_to(features))
        return model.encode(toward, item, masking.whole(rank, shown))

    return jax.vmap(one)(table[pairs], mask)


@partial(jax.jit, static_argnames=("config",))
def _chances(params, table, pairs, latent, *, config):
    """Of pairs ``[raters, pairs, 2]`` and draws ``[raters, draws, latent]``."""
    model = nnx.merge(_graph(table.shape[1], config), params)

    def one(features, latents):
        toward = model.directions(_put_to(features))
        reward = jax.vmap(lambda z: model.rewards(toward, z).reshape(-1, 2))(latents)
        return jnp.mean(jax.nn.sigmoid(reward[..., 0] - reward[..., 1]), axis=0)

    return jax.vmap(one)(table[pairs], latent)


@partial(jax.jit, static_argnames=("config",))
def _rewards(params, table, latent, *, config):
    model = nnx.merge(_graph(table.shape[1], config), params)
    toward = model.directions(_put_to(table[:, None].repeat(2, axis=1)))
    return jax.vmap(lambda z: model.rewards(toward, z)[::2])(latent)


@dataclass(frozen=True, eq=False)
class OfFeatures(network.Latent):
    """The same of items known by features."""

    read = staticmethod(_encode)
    ask = staticmethod(_chances)
    score = staticmethod(_rewards)


def settings(config: ModelsConfig) -> IndividualConfig:
    """The lab's own, as long as the other networks are trained."""
    s, own = config.schedule, IndividualConfig()
    explore, cool = s.explore[1], s.cool
    schedule = Schedule(
        rate=own.schedule.rate, warmup=s.warmup, explore=(explore // 2, explore),
        ramp=max(explore // 2, 1), cool=cool, decay=own.schedule.decay, chunk=s.chunk,
    )  # fmt: skip
    return replace(own, schedule=schedule)


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk=None,
    catalogue: Catalogue | None = None,
) -> tuple[Model, dict]:
    """Train it.

    Args:
        catalogue: what the items are; items without names where not given.
    """
    if not comparisons.named:
        return _fit_features(key, comparisons, config, on_chunk)
    catalogue = catalogue or nameless(comparisons)

    def report(model, curves, done):
        if on_chunk is not None:
            on_chunk(curves, done)

    model, curves = fit_individual(
        key, to_ratings(comparisons, catalogue), settings(config), report
    )  # fmt: skip
    return OfIndividuals(model, comparisons.offsets), curves


def _fit_features(key, comparisons: Comparisons, config: ModelsConfig, on_chunk):
    features, static = comparisons.features.shape[1], network.program(config)
    initial = partial(network.initial_of, make=_make(features, static))
    own = replace(config, schedule=settings(config).schedule)
    params, curves = network.fit_pairs(
        key, comparisons, own, initial, _loss(features, static), on_chunk
    )
    return OfFeatures(params, static, comparisons.features, comparisons.offsets), curves


def nameless(comparisons: Comparisons) -> Catalogue:
    """A catalogue of items and prompts called by number, each item a completion of its own."""
    names = tuple(str(i) for i in range(comparisons.items))
    prompts = tuple(str(p) for p in range(len(comparisons.offsets) - 1))
    return Catalogue(prompts, names, np.arange(comparisons.items), comparisons.offsets)
