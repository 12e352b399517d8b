"""Samples of a language model with a key-value cache.

The samples of a prompt share its keys and values, which are computed once. Shapes are padded to a
few sizes, so that another prompt compiles nothing. Writing goes in chunks of ``CHUNK`` tokens,
between which the caller hears of progress and may cancel.

Sizes in shapes: P prompts, N samples of each, S tokens of the longest prompt, T tokens to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scrl.language_model import llama
from scrl.language_model.gguf_weights import LlamaConfig
from scrl.language_model.token_choice import draw_tokens
from scrl.random_streams import sampling_key

CHUNK = 16
#: Most samples in one batch. More would fill the cache of keys and values and gain little.
MAX_ROWS = 32
PROMPT_SIZES = (32, 64, 96, 128, 256, 512, 1024, 2048)
TEXT_SIZES = (16, 32, 48, 64, 96, 128, 192, 256, 512, 1024)
Listener = Callable[[float, int], None]


@dataclass(frozen=True)
class Settings:
    """How tokens are drawn; see ``token_choice.draw_tokens``."""

    max_tokens: int
    temperature: float
    top_p: float
    stops: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample.

    Attributes:
        tokens: without the token that ended it.
        log_probability: of these tokens, and of the ending where ``ended``; at temperature 1,
            whatever temperature it was drawn at.
        ended: whether the model ended it; otherwise it was cut at the greatest length.
    """

    tokens: tuple[int, ...]
    log_probability: float
    ended: bool


def bucket(size: int, sizes: Sequence[int]) -> int:
    """The least of ``sizes`` that is at least ``size``.

    Raises:
        ValueError: where there is none.
    """
    for candidate in sizes:
        if candidate >= size:
            return candidate
    raise ValueError(f"{size} is above {sizes[-1]}")


def power_of_two(size: int) -> int:
    """The least power of two that is at least ``size``."""
    return 1 << (size - 1).bit_length()


def sample(
    config: LlamaConfig,
    weights: llama.Weights,
    prompts: Sequence[Sequence[int]],
    n: int,
    settings: Settings,
    seed: int,
    on_step: Listener | None = None,
) -> list[list[Sample]]:
    """``n`` samples of every prompt.

    Args:
        weights: see ``llama``; with a tuple of layers writing is faster.
        prompts: tokens of each prompt.
        on_step: hears the share of the work done and the tokens written, after each chunk. An
            exception of it ends the work.
    """
    key = sampling_key(seed)
    found: list[list[Sample]] = [[] for _ in prompts]
    groups = list(batches([len(p) for p in prompts], n))
    written = 0
    for number, (rows, columns) in enumerate(groups):

        def heard(share: float, tokens: int, number: int = number, before: int = written) -> None:
            if on_step is not None:
                on_step((number + share) / len(groups), before + tokens)

        part = _sample_batch(
            config, weights, [prompts[r] for r in rows], rows, columns, settings, key, heard
        )
        for r, samples in zip(rows, part, strict=True):
            found[r] += samples
            written += sum(len(s.tokens) for s in samples)
    return found


def batches(lengths: Sequence[int], n: int) -> Iterator[tuple[list[int], range]]:
    """Prompts and sample numbers that are written together; prompts of similar length meet."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    for first in range(0, n, MAX_ROWS):
        columns = range(first, min(n, first + MAX_ROWS))
        height = max(1, MAX_ROWS // power_of_two(len(columns)))
        for start in range(0, len(order), height):
            yield order[start : start + height], columns


def _sample_batch(
    config: LlamaConfig,
    weights: llama.Weights,
    prompts: Sequence[Sequence[int]],
    rows: Sequence[int],
    columns: range,
    settings: Settings,
    key: jax.Array,
    heard: Listener,
) -> list[list[Sample]]:
    height, width = power_of_two(len(prompts)), power_of_two(len(columns))
    size = bucket(max(map(len, prompts)), PROMPT_SIZES)
    tokens, lengths = (
        np.full((height, size), settings.stops[0], np.int32),
        np.ones(height, np.int32),
    )
    for i, prompt in enumerate(prompts):
        tokens[i, : len(prompt)], lengths[i] = prompt, len(prompt)
    # A sample's numbers depend on its prompt's place and its own, not on the batch.
    own = jnp.asarray([*rows, *[0] * (height - len(rows))])
    keys = _keys(key, own, jnp.arange(width) + columns.start)
    options = (jnp.float32(settings.temperature), jnp.float32(settings.top_p))
    stops = jnp.asarray(settings.stops, jnp.int32)
    real = (np.arange(height) < len(prompts))[:, None] & (np.arange(width) < len(columns))[None]
    room = bucket(settings.max_tokens, TEXT_SIZES)
    prefix, state = _begin(
        config, room, weights, jnp.asarray(tokens), jnp.asarray(lengths), keys, options, stops,
        jnp.asarray(~real),
    )  # fmt: skip
    while True:
        done, step = np.asarray(state["done"]), int(state["step"])
        heard(min(1.0, step / settings.max_tokens), int(state["count"]))
        if done.all() or step >= settings.max_tokens:
            break
        until = jnp.int32(min(settings.max_tokens, step + CHUNK))
        state = _continue(config, weights, prefix, state, keys, options, stops, until)
    heard(1.0, int(state["count"]))
    return _samples(state, len(prompts), len(columns), settings)


def _samples(
    state: dict[str, Any], prompts: int, samples: int, settings: Settings
) -> list[list[Sample]]:
    tokens, scores = np.asarray(state["tokens"]), np.asarray(state["scores"], float)
    found = []
    for i in range(prompts):
        row = []
        for j in range(samples):
            own = tokens[i, j, : settings.max_tokens]
            ends = np.flatnonzero(np.isin(own, settings.stops))
            length = int(ends[0]) if len(ends) else len(own)
            total = float(scores[i, j, : length + bool(len(ends))].sum())
            row.append(Sample(tuple(map(int, own[:length])), total, bool(len(ends))))
        found.append(row)
    return found


@jax.jit
def _keys(key: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """A key for each prompt and sample ``[P, N]``."""
    each = jax.vmap(jax.random.fold_in, (None, 0))(key, rows)
    return jax.vmap(jax.vmap(jax.random.fold_in, (None, 0)), (0, None))(each, columns)


@partial(jax.jit, static_argnums=(0, 1))
def _begin(
    config: LlamaConfig,
    room: int,
    weights: llama.Weights,
    tokens: jax.Array,
    lengths: jax.Array,
    keys: jax.Array,
    options: tuple[jax.Array, jax.Array],
    stops: jax.Array,
    absent: jax.Array,
) -> tuple[Any, dict[str, Any]]:
    """Read the prompts and draw the first token of every sample.

    Args:
        tokens: ``[P, S]``; ``lengths``: of the prompts ``[P]``.
        absent: samples that only fill the batch ``[P, N]``.

    Returns:
        The prompts' lengths, keys and values; the state of writing.
    """
    hidden, caches = llama.hidden_states(config, weights, tokens)
    last = jnp.take_along_axis(hidden, (lengths - 1)[:, None, None], axis=1)[:, 0]
    shape = absent.shape
    wide = jnp.broadcast_to(llama.logits(weights, last)[:, None], (*shape, config.vocabulary))
    drawn, score = _draw(keys, jnp.int32(0), wide, options)
    empty = jnp.zeros((*shape, config.key_heads, room, config.head_size), caches[0].dtype)
    state = {
        "step": jnp.int32(1),
        "last": drawn,
        "done": absent | jnp.isin(drawn, stops),
        "count": jnp.sum(~absent),
        "tokens": jnp.zeros((*shape, room), jnp.int32).at[..., 0].set(drawn),
        "scores": jnp.zeros((*shape, room)).at[..., 0].set(score),
        "caches": tuple((empty, empty) for _ in range(config.layers)),
    }
    return (lengths, tuple((caches[0][i], caches[1][i]) for i in range(config.layers))), state


@partial(jax.jit, static_argnums=0, donate_argnums=3)
def _continue(
    config: LlamaConfig,
    weights: llama.Weights,
    prefix: tuple[jax.Array, Any],
    state: dict[str, Any],
    keys: jax.Array,
    options: tuple[jax.Array, jax.Array],
    stops: jax.Array,
    until: jax.Array,
) -> dict[str, Any]:
    """Write until step ``until`` or until every sample has ended."""

    def unfinished(state: dict[str, Any]) -> jax.Array:
        return (state["step"] < until) & ~jnp.all(state["done"])

    def write(state: dict[str, Any]) -> dict[str, Any]:
        step, done = state["step"], state["done"]
        hidden, caches = _next_hidden(config, weights, prefix, state)
        drawn, score = _draw(keys, step, llama.logits(weights, hidden), options)
        return {
            "step": step + 1,
            "last": drawn,
            "done": done | jnp.isin(drawn, stops),
            "count": state["count"] + jnp.sum(~done),
            "tokens": state["tokens"].at[..., step].set(drawn),
            "scores": state["scores"].at[..., step].set(score),
            "caches": caches,
        }

    return jax.lax.while_loop(unfinished, write, state)


def _draw(
    keys: jax.Array, step: jax.Array, logits: jax.Array, options: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    """Tokens ``[P, N]`` and their log-probabilities at temperature 1."""
    flat = logits.reshape(-1, logits.shape[-1])
    own = jax.vmap(jax.random.fold_in, (0, None))(keys.reshape(-1), step)
    drawn = draw_tokens(own, flat, *options)
    score = jnp.take_along_axis(flat, drawn[:, None], -1)[:, 0] - jax.nn.logsumexp(flat, -1)
    return drawn.reshape(keys.shape), score.reshape(keys.shape)


def _next_hidden(
    config: LlamaConfig, weights: llama.Weights, prefix: tuple[jax.Array, Any], state: dict
) -> tuple[jax.Array, Any]:
    """The hidden state of the last token of every sample ``[P, N, width]``, and the caches."""
    lengths, caches = prefix
    place = state["step"] - 1  # of the last token, among the written ones
    x = llama.embedded(weights, state["last"])
    positions = jnp.broadcast_to((lengths + place)[:, None], x.shape[:2])
    angles = llama.rotary_angles(config, positions)
    kept, layers = [], weights["layers"]
    for i in range(config.layers):
        layer = layers[i] if isinstance(layers, tuple) else {k: v[i] for k, v in layers.items()}
        attend = partial(_attend, lengths, caches[i], state["caches"][i], place)
        x, own = llama.transformer_layer(config, layer, {}, x, angles, attend)
        kept.append(own)
    return llama.root_mean_square_norm(config, x, weights["norm"]), tuple(kept)


def _attend(
    lengths: jax.Array,
    prefix: tuple[jax.Array, jax.Array],
    own: tuple[jax.Array, jax.Array],
    place: jax.Array,
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Attention of one new token to its prompt and to what was written before it.

    Args:
        prefix: keys and values of the prompts ``[P, K, S, D]``.
        own: keys and values of the written tokens ``[P, N, K, T, D]``.
        query: ``[P, N, K, G, D]``; ``key``, ``value``: ``[P, N, K, D]``.
    """
    keys = own[0].at[:, :, :, place].set(key)
    values = own[1].at[:, :, :, place].set(value)
    size, room = prefix[0].shape[2], keys.shape[3]
    before = jnp.einsum("pnkgd,pksd->pnkgs", query, prefix[0], preferred_element_type=jnp.float32)
    after = jnp.einsum("pnkgd,pnktd->pnkgt", query, keys, preferred_element_type=jnp.float32)
    read = (jnp.arange(size) < lengths[:, None])[:, None, None, None]
    scores = jnp.concatenate(
        [
            jnp.where(read, before, llama.NEGATIVE),
            jnp.where(jnp.arange(room) <= place, after, llama.NEGATIVE),
        ],
        axis=-1,
    )
    share = jax.nn.softmax(scores, axis=-1).astype(value.dtype)
    mixed = jnp.einsum("pnkgs,pksd->pnkgd", share[..., :size], prefix[1])
    return mixed + jnp.einsum("pnkgt,pnktd->pnkgd", share[..., size:], values), (keys, values)
