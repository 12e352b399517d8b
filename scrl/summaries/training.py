"""Alternating training of the summariser and of the reward that reads its summaries.

A step draws raters and splits the pairs of each: some are read by the summariser, the others are
asked about. The reward learns from one half of the questions; its loss is -log σ of the difference
of rewards given the summary. The summariser is paid by the other half: mean log σ of the difference
less a price of the KL from the reference (PLUS, arXiv 2507.13579), with the policy gradient and the
mean of a rater's other summaries as the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from scrl.reward_models.protocols import OnChunk
from scrl.summaries.summariser import (
    Draw,
    Vocab,
    draw,
    graph_of,
    initial_summariser,
    logits,
    reworded,
)

#: Sentences for which the loop that writes has room.
LONGEST = 6


@dataclass(frozen=True)
class SummariesConfig:
    """Settings of summaries.

    Attributes:
        sentences: most sentences of a summary.
        anchored: whether the reference knows what sentences mean (see ``summariser``).
        paraphrased: whether a random sentence that says the same stands for each sentence before
            the reward reads it. Otherwise the choice of words becomes a code of what they do not
            say.
        shuffled: whether each reward reads the summary of another rater, as a control.
        kl: price of the KL from the reference, in nats of log σ per nat.
        ridge: weight of the squared coefficients of the reward that reads.
        width: of the summariser's hidden layers.
        batch, samples: raters of a step, and summaries of each.
        steps, chunk: of the training, and between two reports.
        rate: Adam's learning rate at first; it falls along a cosine.
    """

    sentences: int = 6
    anchored: bool = True
    paraphrased: bool = True
    shuffled: bool = False
    kl: float = 0.003
    ridge: float = 1e-3
    width: int = 64
    batch: int = 32
    samples: int = 8
    steps: int = 600
    chunk: int = 100
    rate: float = 5e-3


def longest(config: SummariesConfig) -> int:
    """Bound of the loop that writes: one program serves all limits up to ``LONGEST``."""
    return max(config.sentences, LONGEST)


class Reader(NamedTuple):
    """A reward whose weights on features are a constant and a sum over sentences.

    Attributes:
        base: weights without any sentence ``[features]``.
        matrix: weights that a sentence adds, by coordinate of its vector
            ``[coordinates, features]``.
    """

    base: jax.Array
    matrix: jax.Array


class Setup(NamedTuple):
    """What a training reads.

    Attributes:
        gap: features of each pair's preferred item less those of the other
            ``[raters, pairs, features]``.
        mask: real pairs ``[raters, pairs]``.
        vocab: the sentences.
        coordinates: of the sentences' vectors ``[sentences, coordinates]``.
        kl, ridge, rate, paraphrased, shift: settings; ``shift`` is by how many raters summaries
            are moved.
    """

    gap: jax.Array
    mask: jax.Array
    vocab: Vocab
    coordinates: jax.Array
    kl: jax.Array
    ridge: jax.Array
    rate: jax.Array
    paraphrased: jax.Array
    shift: jax.Array


class State(NamedTuple):
    """A training between two steps: parameters and Adam's moments of both."""

    reader: Reader
    policy: nnx.State
    reader_moments: Any
    policy_moments: Any


class Sizes(NamedTuple):
    """What compiled programs depend on besides the shapes of arrays."""

    width: int
    batch: int
    samples: int
    longest: int
    steps: int


ParamsT = TypeVar("ParamsT")
ADAM = optax.scale_by_adam(b1=0.9, b2=0.99)


def initial_state(key: jax.Array, setup: Setup, width: int, blank: bool) -> State:
    """A training before its first step; the reward reads nothing yet."""
    features = setup.gap.shape[2]
    reader = Reader(jnp.zeros(features), jnp.zeros((setup.coordinates.shape[1], features)))
    policy = initial_summariser(key, features, width, len(setup.vocab.signs) + 1, blank)
    return State(reader, policy, ADAM.init(reader), ADAM.init(policy))


def weights_of(reader: Reader, chosen: jax.Array, coordinates: jax.Array) -> jax.Array:
    """Weights on features ``[..., features]`` given summaries ``[..., sentences]``."""
    return reader.base + chosen @ coordinates @ reader.matrix


def _mean_log_sigma(gap: jax.Array, asked: jax.Array, weights: jax.Array) -> jax.Array:
    """Mean log σ of a rater's questions ``[raters, samples]`` for weights
    ``[raters, samples, features]``."""
    score = jnp.einsum("rpf,rsf->rsp", gap, weights)
    total = (jax.nn.log_sigmoid(score) * asked[:, None]).sum(-1)
    return total / jnp.maximum(asked.sum(-1), 1.0)[:, None]


def _step(
    state: State, at: tuple[jax.Array, jax.Array], setup: Setup, sizes: Sizes
) -> tuple[State, dict[str, jax.Array]]:
    """One update of the reward, then one of the summariser."""
    key, rate = at
    rows, parts, draws, words = jax.random.split(key, 4)
    index = jax.random.randint(rows, (sizes.batch,), 0, len(setup.mask))
    gap, mask = setup.gap[index], setup.mask[index]
    read, teach, pay = _split(parts, mask)
    # Both updates concern the same summaries, so they are written once.
    logs, pull_back, (written, reference) = jax.vjp(
        partial(_write_batch, keys=jax.random.split(draws, (sizes.batch, sizes.samples)), gap=gap,
                read=read, setup=setup, sizes=sizes), state.policy, has_aux=True,
    )  # fmt: skip
    noise = jax.random.uniform(words, written.shape)
    said = jnp.where(setup.paraphrased, reworded(noise, written, setup.vocab.alike), written)
    chosen = jnp.roll(said, setup.shift, axis=0)

    def reader_loss(reader: Reader) -> tuple[jax.Array, jax.Array]:
        log_sigma = _mean_log_sigma(gap, teach, weights_of(reader, chosen, setup.coordinates))
        asked = (teach.sum(1) > 0).astype(log_sigma.dtype)
        loss = -(log_sigma.mean(1) * asked).sum() / jnp.maximum(asked.sum(), 1.0)
        return loss + setup.ridge * (reader.matrix**2).sum(), loss

    gradient, loss = jax.grad(reader_loss, has_aux=True)(state.reader)
    reader, reader_moments = _updated(state.reader, gradient, state.reader_moments, rate)
    paid = _mean_log_sigma(gap, pay, weights_of(reader, chosen, setup.coordinates))
    paid = paid - setup.kl * (logs - reference)
    others = (paid.sum(1, keepdims=True) - paid) / (sizes.samples - 1)
    (gradient,) = pull_back((others - paid) / paid.size)
    policy, policy_moments = _updated(state.policy, gradient, state.policy_moments, rate)
    report = {"watched": loss, "KL": (logs - reference).mean(), "sentences": written.sum(-1).mean()}
    return State(reader, policy, reader_moments, policy_moments), report


def _split(key: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Which pairs are read, teach the reward and pay the summariser ``[raters, pairs]``.

    Contexts of every size occur, the empty one included.
    """
    shares, parts = jax.random.split(key)
    share = jax.random.uniform(shares, (len(mask), 1))
    read = mask * (jax.random.uniform(parts, mask.shape) < share)
    even = jnp.arange(mask.shape[1]) % 2
    return read, (mask - read) * even, (mask - read) * (1 - even)


def _write_batch(
    params: nnx.State,
    keys: jax.Array,
    gap: jax.Array,
    read: jax.Array,
    setup: Setup,
    sizes: Sizes,
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Log probabilities of drawn summaries ``[raters, samples]``; and the summaries
    ``[raters, samples, sentences]`` and their log probabilities under the reference."""
    graph = graph_of(gap.shape[2], sizes.width, len(setup.vocab.signs) + 1)
    module = nnx.merge(graph, params)

    def write(gap: jax.Array, read: jax.Array, keys: jax.Array) -> Draw:
        policy, reference = logits(module, gap, read, setup.vocab)
        return jax.vmap(lambda k: draw(k, policy, reference, setup.vocab, sizes.longest))(keys)

    drawn = jax.vmap(write)(gap, read, keys)
    return drawn.log_policy, (drawn.chosen, drawn.log_reference)


def _updated(
    params: ParamsT, gradient: ParamsT, moments: Any, rate: jax.Array
) -> tuple[ParamsT, Any]:
    """A step of Adam."""
    change, moments = ADAM.update(gradient, moments)
    return jax.tree.map(lambda p, u: p - rate * u, params, change), moments


@partial(jax.jit, static_argnames=("sizes",))
def run_steps(
    state: State, key: jax.Array, first: jax.Array, total: jax.Array, setup: Setup, *, sizes: Sizes
) -> tuple[State, dict[str, jax.Array]]:
    """Run ``sizes.steps`` steps of ``total``, from step ``first`` on.

    Returns:
        The state after them, and the mean of each reported scalar.
    """
    done = (first + jnp.arange(sizes.steps)) / total
    rates = setup.rate * 0.5 * (1 + jnp.cos(jnp.pi * jnp.minimum(done, 1.0)))
    keys = jax.random.split(key, sizes.steps)
    state, report = jax.lax.scan(partial(_step, setup=setup, sizes=sizes), state, (keys, rates))
    return state, jax.tree.map(jnp.mean, report)


def train(
    key: jax.Array, setup: Setup, config: SummariesConfig, on_chunk: OnChunk = None
) -> tuple[State, dict[str, np.ndarray]]:
    """Train both.

    Args:
        key: consumed.
        setup: the data.
        config: the settings.
        on_chunk: called with the curves so far and the share done after each chunk.

    Returns:
        The state, and the curves: ``watched`` (-log σ a pair), ``KL`` and ``sentences`` by
        ``step``.
    """
    first_key, key = jax.random.split(key)
    state = initial_state(first_key, setup, config.width, blank=config.anchored)
    sizes = Sizes(config.width, config.batch, config.samples, longest(config), config.chunk)
    rows: list[dict[str, float]] = []
    for at in range(0, config.steps, config.chunk):
        state, report = run_steps(
            state, jax.random.fold_in(key, at), at, config.steps, setup, sizes=sizes
        )
        step = at + config.chunk
        rows.append({name: float(x) for name, x in report.items()} | {"step": step})
        if on_chunk is not None:
            curves = {name: np.array([row[name] for row in rows]) for name in rows[0]}
            on_chunk(curves, min(1.0, step / config.steps))
    return state, {name: np.array([row[name] for row in rows]) for name in rows[0]}
