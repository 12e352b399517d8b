"""The forward pass of a Llama as functions of arrays.

Weights are a pytree: ``"embedding" [vocabulary, width]`` (also the output matrix), ``"norm"
[width]`` and ``"layers"``. The layers are either one dictionary of arrays stacked over layers, read
by a scan, which compiles in a second; or a tuple with one dictionary for each layer, which is
faster where few tokens pass, because a scan copies every matrix before it multiplies by it.

A layer holds ``attn_norm``, ``ffn_norm`` ``[width]`` and matrices ``[inputs, outputs]``:
``attn_qkv``, ``attn_output``, ``ffn_gate_up``, ``ffn_down``. An adapter holds for some of them a
product of low rank that is added (see ``adapter``).

Sizes in shapes: B sequences, S tokens, H query heads, K key heads, G = H / K, D size of a head.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from scrl.language_model.gguf_weights import LlamaConfig

Weights = dict[str, Any]
#: Queries ``[..., K, G, D]``, keys and values ``[..., K, D]`` -> the attended values ``[..., K, G,
#: D]`` and what to keep of the layer.
Attend = Callable[[jax.Array, jax.Array, jax.Array], tuple[jax.Array, Any]]
NEGATIVE = -1e30


def hidden_states(
    config: LlamaConfig, weights: Weights, tokens: jax.Array, adapter: Weights | None = None
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Hidden states after the last norm, of sequences padded on the right.

    Args:
        tokens: ``[B, S]``.
        adapter: as of ``adapter``.

    Returns:
        Hidden states ``[B, S, width]``; keys and values ``[layers, B, K, S, D]``.
    """
    x, caches = causal_layers(config, weights["layers"], embedded(weights, tokens), adapter)
    return root_mean_square_norm(config, x, weights["norm"]), caches


def causal_layers(
    config: LlamaConfig, layers: Any, x: jax.Array, adapter: Weights | None = None
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Some layers, one after the other.

    Attention is causal, so padding after a sequence changes nothing before it and needs no mask.

    Args:
        layers: stacked, or a tuple of one dictionary for each.
        x: ``[B, S, width]``.
        adapter: of these layers.

    Returns:
        The new ``x``; keys and values ``[layers, B, K, S, D]``.
    """
    size, extra = x.shape[1], adapter or {}
    angles = rotary_angles(config, jnp.arange(size))
    causal = jnp.tril(jnp.ones((size, size), bool))

    def attend(query: jax.Array, key: jax.Array, value: jax.Array) -> tuple[jax.Array, Any]:
        scores = jnp.einsum("bskgd,btkd->bkgst", query, key, preferred_element_type=jnp.float32)
        share = jax.nn.softmax(jnp.where(causal, scores, NEGATIVE), axis=-1).astype(value.dtype)
        mixed = jnp.einsum("bkgst,btkd->bskgd", share, value)
        return mixed, (key.swapaxes(1, 2), value.swapaxes(1, 2))

    def step(x: jax.Array, layer: tuple[Weights, Weights]) -> tuple[jax.Array, Any]:
        return transformer_layer(config, layer[0], layer[1], x, angles, attend)

    if not isinstance(layers, tuple):
        return jax.lax.scan(jax.checkpoint(step), x, (layers, extra))
    kept = []
    for i, layer in enumerate(layers):
        x, cache = step(x, (layer, jax.tree.map(lambda a, i=i: a[i], extra)))
        kept.append(cache)
    return x, jax.tree.map(lambda *parts: jnp.stack(parts), *kept)


def embedded(weights: Weights, tokens: jax.Array) -> jax.Array:
    """Embeddings of tokens ``[..., width]``, in float32."""
    return weights["embedding"][tokens].astype(jnp.float32)


def logits(weights: Weights, hidden: jax.Array) -> jax.Array:
    """Logits of the next token ``[..., vocabulary]``, in float32."""
    return times_frozen(hidden, weights["embedding"], 1)


def transformer_layer(
    config: LlamaConfig,
    layer: Weights,
    adapter: Weights,
    x: jax.Array,
    angles: tuple[jax.Array, jax.Array],
    attend: Attend,
) -> tuple[jax.Array, Any]:
    """One layer.

    Args:
        x: ``[..., width]``; ``angles``: cosines and sines that broadcast to ``[..., D / 2]``.

    Returns:
        The new ``x``, and what ``attend`` keeps.
    """
    heads, group = config.key_heads, config.heads // config.key_heads
    size, lead = config.head_size, x.shape[:-1]
    inputs = root_mean_square_norm(config, x, layer["attn_norm"])
    joint = product(layer, adapter, "attn_qkv", inputs)
    query, key, value = jnp.split(
        joint, (config.heads * size, (config.heads + heads) * size), axis=-1
    )
    query = rotated(query.reshape(*lead, heads * group, size), angles)
    key = rotated(key.reshape(*lead, heads, size), angles)
    dtype = layer["attn_qkv"].dtype
    mixed, kept = attend(
        (query * size**-0.5).reshape(*lead, heads, group, size).astype(dtype),
        key.astype(dtype),
        value.reshape(*lead, heads, size).astype(dtype),
    )
    mixed = mixed.reshape(*lead, -1).astype(jnp.float32)
    x = x + product(layer, adapter, "attn_output", mixed)
    inputs = root_mean_square_norm(config, x, layer["ffn_norm"])
    gate, up = jnp.split(product(layer, adapter, "ffn_gate_up", inputs), 2, axis=-1)
    return x + product(layer, adapter, "ffn_down", jax.nn.silu(gate) * up), kept


def product(layer: Weights, adapter: Weights, name: str, x: jax.Array) -> jax.Array:
    """``x`` times a matrix plus its adapter's product of low rank, in float32."""
    result = times_frozen(x, layer[name], 0)
    if name in adapter:
        result = result + (x @ adapter[name]["down"]) @ adapter[name]["up"]
    return result


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def times_frozen(x: jax.Array, matrix: jax.Array, axis: int) -> jax.Array:
    """The last axis of ``x`` times an axis of a matrix that has no gradient, in float32.

    ``x``, and backward the gradient, are rounded to the matrix's precision: a product of mixed
    precisions would convert the matrix at every call.
    """
    axes = (((x.ndim - 1,), (axis,)), ((), ()))
    return jax.lax.dot_general(
        x.astype(matrix.dtype), matrix, axes, preferred_element_type=jnp.float32
    )


def _forward(x: jax.Array, matrix: jax.Array, axis: int) -> tuple[jax.Array, jax.Array]:
    return times_frozen(x, matrix, axis), matrix


def _backward(axis: int, matrix: jax.Array, gradient: jax.Array) -> tuple[jax.Array, None]:
    return times_frozen(gradient, matrix, 1 - axis), None


times_frozen.defvjp(_forward, _backward)


def root_mean_square_norm(config: LlamaConfig, x: jax.Array, scale: jax.Array) -> jax.Array:
    """``x`` over its root mean square over the last axis, times ``scale`` (Zhang and Sennrich
    2019), in float32."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + config.epsilon) * scale


def rotary_angles(config: LlamaConfig, positions: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Cosines and sines of rotary embeddings (Su et al. 2021), ``[..., 1, D / 2]``."""
    half = config.head_size // 2
    rates = config.rope_base ** (-jnp.arange(half) / half)
    angles = positions[..., None, None] * rates
    return jnp.cos(angles), jnp.sin(angles)


def rotated(x: jax.Array, angles: tuple[jax.Array, jax.Array]) -> jax.Array:
    """Heads ``[..., heads, D]`` with every pair (i, i + D / 2) turned by its angle."""
    cosine, sine = angles
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1)
