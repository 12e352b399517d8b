"""Plackett–Luce on everybody's lists; from pairs, which are lists of two, it is Bradley–Terry.

Exact where items are known by name, and a network over features, to the same optimum:
Σ log-likelihood of the lists − Σ r² / (2 prior_sd²).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl import losses
from scrl import plackett_luce as exact
from scrl.batches import round_up
from scrl.config import ModelsConfig
from scrl.reward_models import network
from scrl.reward_models.base import OneForAll, centred, gaps, sigmoid
from scrl.reward_models.comparisons import Comparisons, by_name
from scrl.training import fit as train
from scrl.types import InputError, Ratings, frozen


@dataclass(frozen=True, eq=False)
class Lists:
    """What raters put in order.

    Attributes:
        lists: items of one prompt each, best first, -1 after the last ``[lists, places]``.
        features, offsets: as those of ``Comparisons``.
    """

    lists: np.ndarray
    features: np.ndarray
    offsets: np.ndarray

    def __post_init__(self):
        set_ = object.__setattr__
        set_(self, "lists", frozen(self.lists, np.int32))
        set_(self, "features", frozen(self.features, np.float32))
        set_(self, "offsets", frozen(self.offsets, np.int64))


def of_pairs(comparisons: Comparisons) -> Lists:
    """Pairs as lists of two."""
    return Lists(comparisons.flat(), comparisons.features, comparisons.offsets)


def of_ratings(ratings: Ratings, seed: int) -> Lists:
    """Ballots of two completions or more, ties broken at random, so that on average a tied pair
    counts half each way.

    Raises:
        InputError: where nobody ranks two.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(25,)))
    if ratings.absent == "last":
        ratings = replace(ratings.completed(), absent="unseen")
    ratings = ratings.select(ratings.sizes >= 2)
    if not ratings.ballots:
        raise InputError(f"{ratings.name}: nobody ranks two completions; there is no list.")
    order = np.lexsort((rng.random(len(ratings.item)), ratings.rank, ratings.entry_ballot))
    lists = np.full((ratings.ballots, ratings.sizes.max()), -1)
    place = np.arange(len(order)) - ratings.offsets[ratings.entry_ballot]
    lists[ratings.entry_ballot, place] = ratings.item[order]
    return Lists(lists, by_name(ratings.catalogue), ratings.catalogue.offsets)


def fit(
    key, given: Lists | Comparisons, config: ModelsConfig, on_chunk=None
) -> tuple[OneForAll, dict]:
    """The exact optimum, to which nothing is random."""
    given = of_pairs(given) if isinstance(given, Comparisons) else given
    reward = np.zeros(int(given.offsets[-1]))
    for start, stop in pairwise(given.offsets):
        mine = given.lists[(given.lists[:, 0] >= start) & (given.lists[:, 0] < stop)]
        if len(mine):
            places = np.where(mine >= 0, mine - start, -1)
            reward[start:stop] = exact.plackett_luce(places, int(stop - start), config.prior_sd)
    return OneForAll(reward, len(reward) - len(given.offsets) + 1), {}


# -- a network ------------------------------------------------------------------------------------


class Data(NamedTuple):
    """Features ``[items, features]``, the first item of each one's prompt ``[items]``, lists
    ``[lists, places]``, padded, and how many are real."""

    features: jax.Array
    prompt: jax.Array
    lists: jax.Array
    count: jax.Array


@lru_cache(maxsize=64)
def _make(features: int, config: ModelsConfig):
    return partial(network.Scorer, features, 0, config.width, 1)


@lru_cache(maxsize=64)
def _graph(features: int, config: ModelsConfig):
    return network.graph_of(_make(features, config))


@lru_cache(maxsize=64)
def _loss(features: int, config: ModelsConfig):
    graph = _graph(features, config)

    def loss(params, key, data: Data, phase):
        reward = nnx.merge(graph, params)(data.features)[:, 0]
        lists = data.lists[jax.random.randint(key, (config.batch,), 0, data.count)]
        place = jnp.arange(lists.shape[1])

        def one(items):
            return losses.list_loss(reward[items], place, items >= 0, place)

        nll = jnp.mean(jax.vmap(one)(lists))
        ones, cells = jnp.ones_like(reward), len(reward)
        total = jax.ops.segment_sum(jnp.stack([reward, ones]).T, data.prompt, cells)
        mean = (total[:, 0] / jnp.maximum(total[:, 1], 1))[data.prompt]
        prior = 0.5 * jnp.sum((reward - mean) ** 2) / config.prior_sd**2
        return nll + prior / data.count, {"watched": nll}

    return loss


@partial(jax.jit, static_argnames=("config",))
def _rewards(params, features, *, config):
    return nnx.merge(_graph(features.shape[1], config), params)(features)[:, 0]


@dataclass(frozen=True, eq=False)
class Listed(network.Fitted):
    """A fitted network, one reward for everybody."""

    def of(self, features: np.ndarray) -> np.ndarray:
        """Rewards of any items, new ones included ``[items]``, from ``[items, features]``; only
        gaps within a prompt mean something."""
        found = _rewards(self.params, np.asarray(features, np.float32), config=self.config)
        return np.asarray(found, np.float64)

    def rewards(self, context):
        reward = centred(self.of(self.features), self.offsets)
        return np.tile(reward, (1 if context is None else context.raters, 1))

    def chances(self, context, asked):
        return sigmoid(gaps(self.rewards(asked), asked))


def fit_network(
    key: jax.Array, given: Lists | Comparisons, config: ModelsConfig, on_chunk=None
) -> tuple[Listed, dict]:
    """Train it; the curves hold ``watched``, nats a list."""
    given = of_pairs(given) if isinstance(given, Comparisons) else given
    static, features = network.program(config), given.features.shape[1]
    key_init, key_fit = jax.random.split(key)
    n = len(given.lists)
    data = Data(
        given.features, np.repeat(given.offsets[:-1], np.diff(given.offsets)).astype(np.int32),
        np.pad(given.lists, [(0, round_up(n) - n), (0, 0)]), np.int32(n),
    )  # fmt: skip

    def report(state, curves, done):
        if on_chunk is not None:
            on_chunk(curves, done)

    initial = network.initial_of(key_init, make=_make(features, static))
    loss, data = _loss(features, static), jax.device_put(data)
    params, curves = train(key_fit, loss, initial, data, config.schedule, report)
    return Listed(params, static, given.features, given.offsets), curves
