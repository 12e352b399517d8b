"""The networks that the models share, and the loop that fits them to raters' pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.config import ModelsConfig, Schedule
from scrl.data.batches import round_up
from scrl.networks.training import fit
from scrl.raters.network import Posterior
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import Latents, Model, centred

#: Posterior draws over which a chance is averaged.
DRAWS = 16


class Scorer(nnx.Module):
    """Features, and where there is one a latent, to a few numbers an item."""

    def __init__(self, features: int, latent: int, width: int, outputs: int, *, rngs: nnx.Rngs):
        self.enter = nnx.Linear(features, width, rngs=rngs)
        if latent:
            self.condition = nnx.Linear(latent, width, use_bias=False, rngs=rngs)
        self.middle = nnx.Linear(width, width, rngs=rngs)
        self.out = nnx.Linear(width, outputs, rngs=rngs)

    def __call__(self, features, latent=None):
        """``[..., features]`` and ``[latent]`` to ``[..., outputs]``."""
        x = self.enter(features)
        if latent is not None:
            x = x + self.condition(latent)
        return self.out(nnx.gelu(self.middle(nnx.gelu(x))))


class Encoder(nnx.Module):
    """A rater's annotated pairs, as a set, to a Gaussian over the latent (DeepSets)."""

    def __init__(self, features: int, latent: int, width: int, *, rngs: nnx.Rngs):
        self.pair = nnx.Linear(2 * features, width, rngs=rngs)
        self.deepen = nnx.Linear(width, width, rngs=rngs)
        self.read = nnx.Linear(width + 1, width, rngs=rngs)
        self.mean = nnx.Linear(width, latent, rngs=rngs)
        self.log_variance = nnx.Linear(
            width, latent, kernel_init=nnx.initializers.zeros,
            bias_init=nnx.initializers.constant(-1.0), rngs=rngs,
        )  # fmt: skip

    def __call__(self, features, mask) -> Posterior:
        """``[pairs, 2, features]``, the preferred first, and ``[pairs]``."""
        x = nnx.gelu(self.pair(features.reshape(len(features), -1)))
        x = nnx.gelu(self.deepen(x))
        count = jnp.sum(mask)
        # The mean says which way; how much has been said stands beside it.
        mean = jnp.sum(jnp.where(mask[:, None], x, 0.0), axis=0) / jnp.maximum(count, 1)
        x = nnx.gelu(self.read(jnp.concatenate([mean, jnp.log1p(count)[None]])))
        return Posterior(self.mean(x), self.log_variance(x))


class Data(NamedTuple):
    """What a loss draws from.

    Attributes:
        features: ``[items, features]``; pairs, mask: of raters, padded; raters: how many are real.
        beta, warmup: of the KL, and ``course``: 0 constant, 1 annealed, 2 cyclic: numbers, so that
            changing them compiles nothing.
    """

    features: jax.Array
    pairs: jax.Array
    mask: jax.Array
    raters: jax.Array
    beta: jax.Array
    warmup: jax.Array
    course: jax.Array


COURSES = ("constant", "annealed", "cyclic")


def program(config: ModelsConfig) -> ModelsConfig:
    """The part of ``config`` that compiled programs are kept under."""
    return replace(config, beta=0.0, anneal="constant", kl_warmup=0, schedule=Schedule())


def weight_at(step, data: Data):
    """β at a step."""
    along = step / jnp.maximum(data.warmup, 1)
    share = jnp.stack([jnp.ones(()), jnp.minimum(along, 1.0), jnp.minimum(2 * (along % 1.0), 1.0)])
    return data.beta * share[data.course]


def prior_on(gap, mask, config: ModelsConfig):
    """The Gaussian prior on the gaps asked about, a rater's mean ``[pairs] -> ()``."""
    return (
        0.5
        * jnp.sum(jnp.where(mask, gap, 0.0) ** 2)
        / (config.prior_sd**2 * jnp.maximum(jnp.sum(mask), 1))
    )


def some_raters(key, data: Data, batch: int):
    """Features ``[batch, pairs, 2, features]`` and mask ``[batch, pairs]`` of raters drawn."""
    index = jax.random.randint(key, (batch,), 0, data.raters)
    return data.features[data.pairs[index]], data.mask[index]


def fit_pairs(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    initial: Callable,
    loss: Callable,
    on_chunk=None,
):
    """Parameters and curves (see ``training.fit``).

    Args:
        initial: key -> parameters; loss: as ``training.fit`` takes it, over ``Data``.
        on_chunk: called with (curves, share done) between chunks.
    """
    key_init, key_fit = jax.random.split(key)
    rows = round_up(comparisons.raters)
    pad = [(0, rows - comparisons.raters)]
    data = Data(
        comparisons.features, np.pad(comparisons.pairs, [*pad, (0, 0), (0, 0)]),
        np.pad(comparisons.mask, [*pad, (0, 0)]), np.int32(comparisons.raters),
        np.float32(config.beta), np.float32(config.kl_warmup),
        np.int32(COURSES.index(config.anneal)),
    )  # fmt: skip

    def report(state, curves, done):
        if on_chunk is not None:
            on_chunk(curves, done)

    return fit(key_fit, loss, initial(key_init), jax.device_put(data), config.schedule, report)


def count(params) -> int:
    return int(sum(np.size(x) for x in jax.tree.leaves(params)))


@dataclass(frozen=True, eq=False)
class Fitted(Model):
    """A model whose rewards are a network's.

    Attributes:
        params: of the network; config: what shapes depend on; features, offsets: the items.
    """

    params: nnx.State
    config: ModelsConfig
    features: np.ndarray
    offsets: np.ndarray

    @property
    def parameters(self) -> int:
        return count(self.params)

    def about(self, features, offsets):
        return replace(self, features=features, offsets=offsets)


@dataclass(frozen=True, eq=False)
class Latent(Fitted):
    """One whose raters are a Gaussian over a latent.

    Its parts are compiled programs, of parameters, features ``[items, features]`` and ``config``:
    ``read`` (pairs and mask to mean and log variance), ``ask`` (pairs and draws ``[raters, draws,
    latent]`` to chances, their mean) and ``score`` (latents to rewards of all items).
    """

    read: ClassVar[Callable]
    ask: ClassVar[Callable]
    score: ClassVar[Callable]

    def posterior(self, context: Comparisons) -> Latents:
        call = partial(self.read, self.params, context.features, config=self.config)
        mean, log_variance = in_parts(call, context.pairs, context.mask)
        kl = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
        return Latents(mean, log_variance, kl)

    def rewards(self, context):
        """At the posterior mean."""
        mean = self._nobody().mean if context is None else self.posterior(context).mean
        call = partial(self.score, self.params, self.features, config=self.config)
        (found,) = in_parts(lambda z: (call(z),), mean)
        return centred(np.asarray(found, np.float64), self.offsets)

    def _nobody(self) -> Latents:
        none = np.zeros((1, 1, 2), np.int32)
        return self.posterior(Comparisons(none, none[..., 0], self.features, self.offsets))

    def chances(self, context, asked):
        """Averaged over draws from each posterior, always the same ones."""
        found = self.posterior(context)
        noise = np.random.default_rng(0).standard_normal((DRAWS, found.mean.shape[1]), np.float32)
        spread = np.exp(0.5 * found.log_variance)
        return self._chances(found.mean[:, None] + spread[:, None] * noise, asked)

    def chances_at(self, mean, asked):
        return self._chances(mean[:, None], asked)

    def _chances(self, latent, asked: Comparisons) -> np.ndarray:
        call = partial(self.ask, self.params, asked.features, config=self.config)
        return in_parts(lambda p, z: (call(p, z),), asked.pairs, latent)[0]


def in_parts(call: Callable, *arrays: np.ndarray, rows: int = 512) -> list[np.ndarray]:
    """``call`` on so many rows of the arrays at once, the last part padded, so that one program
    serves any number of raters."""
    n, parts = len(arrays[0]), []
    for start in range(0, max(n, 1), rows):
        some = [a[start : start + rows] for a in arrays]
        size = len(some[0])
        some = [np.pad(a, [(0, rows - size)] + [(0, 0)] * (a.ndim - 1)) for a in some]
        parts.append([np.asarray(x)[:size] for x in call(*some)])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


@partial(jax.jit, static_argnames=("make",))
def initial_of(key, *, make):
    """The parameters of the module that ``make(rngs=…)`` builds."""
    return nnx.state(make(rngs=nnx.Rngs(key)), nnx.Param)


def graph_of(make):
    """Its structure, the parameters left out."""
    return nnx.graphdef(nnx.eval_shape(lambda: make(rngs=nnx.Rngs(0))))
