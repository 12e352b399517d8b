"""The two layouts of a model's weights on the device, and the precision in which it writes."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from scrl.language_model.gguf_weights import WeightSource
from scrl.language_model.llama import Weights

#: Flags of processors that multiply bfloat16 numbers; others convert them first, which is slower.
_FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16")


def stacked_weights(source: WeightSource) -> Weights:
    """Weights in float32, every array stacked over layers: compiles soon and has gradients."""
    layers: dict[str, np.ndarray] = {}
    for i in range(source.config.layers):
        for name, array in source.layer(i).items():
            if i == 0:
                layers[name] = np.empty((source.config.layers, *array.shape), np.float32)
            layers[name][i] = array
    held = {name: jnp.asarray(layers.pop(name)) for name in list(layers)}
    return {name: jnp.asarray(array) for name, array in source.ends().items()} | {"layers": held}


def layered_weights(
    source: WeightSource, precision: str, adapter: Weights | None = None
) -> Weights:
    """Weights of which each layer is its own dictionary, with an adapter multiplied out.

    Args:
        precision: of the matrices and embeddings, ``"float32"`` or ``"bfloat16"``.
    """
    adapter = {n: jax.tree.map(np.asarray, part) for n, part in (adapter or {}).items()}

    def held(name: str, array: np.ndarray) -> jax.Array:
        return jnp.asarray(array, jnp.float32 if array.ndim == 1 else precision)

    def layer(i: int) -> Weights:
        arrays = source.layer(i)
        for name, part in adapter.items():
            arrays[name] = arrays[name] + part["down"][i] @ part["up"][i]
        return {name: held(name, array) for name, array in arrays.items()}

    ends = {name: held(name, array) for name, array in source.ends().items()}
    return ends | {"layers": tuple(layer(i) for i in range(source.config.layers))}


def fastest_precision() -> str:
    """``"bfloat16"`` where the device multiplies such numbers, otherwise ``"float32"``."""
    if jax.devices()[0].platform != "cpu":
        return "bfloat16"
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"  # not Linux
    return "bfloat16" if any(flag in flags for flag in _FAST_BFLOAT16) else "float32"
