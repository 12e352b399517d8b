"""Adapters of low rank (Hu et al. 2021): what is trained in place of the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from scrl.data.files import printable, quoted, read_file
from scrl.data.strict_arrays import Declared, check_arrays, open_arrays
from scrl.language_model.gguf_weights import LlamaConfig
from scrl.types import InputError
from scrl.whole_files import write_whole

#: Matrices to which a product can be added, in the order of ``llama``.
MATRICES = ("attn_qkv", "attn_output", "ffn_gate_up", "ffn_down")
_FORMAT = "scrl adapter 1"
#: Bytes of a file; largest number in it, and largest scale.
MAX_ADAPTER_BYTES, MAX_SCALE = 2 * 10**9, 1e6


@dataclass(frozen=True, eq=False)
class Adapter:
    """For some matrices W of every layer, W + scale · down · up.

    Attributes:
        parameters: matrix -> ``{"down" [layers, inputs, rank], "up" [layers, rank, outputs]}``.
        scale: of the product.
    """

    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scale: float = 1.0

    def scaled(self) -> dict[str, dict[str, Any]]:
        """The parameters with the scale multiplied into ``"up"``, as ``llama`` reads them."""
        return {
            name: {"down": part["down"], "up": part["up"] * self.scale}
            for name, part in self.parameters.items()
        }

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(int(np.size(a)) for part in self.parameters.values() for a in part.values())


def matrix_shapes(config: LlamaConfig) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of each of ``MATRICES``."""
    queries, keys = config.heads * config.head_size, config.key_heads * config.head_size
    return {
        "attn_qkv": (config.width, queries + 2 * keys),
        "attn_output": (queries, config.width),
        "ffn_gate_up": (config.width, 2 * config.feed_forward),
        "ffn_down": (config.feed_forward, config.width),
    }


def new_adapter(
    config: LlamaConfig,
    rank: int = 8,
    matrices: Sequence[str] = ("attn_qkv", "attn_output"),
    scale: float = 2.0,
    seed: int = 0,
) -> Adapter:
    """An adapter that changes nothing yet: ``"up"`` is 0, ``"down"`` is drawn.

    Raises:
        InputError: where a matrix is unknown or the rank is below 1.
    """
    shapes = matrix_shapes(config)
    unknown = [name for name in matrices if name not in shapes]
    if unknown:
        raise InputError(f"There is no matrix '{unknown[0]}'; one of {', '.join(MATRICES)}.")
    if rank < 1:
        raise InputError(f"The rank of an adapter is 1 or more, not {rank}.")
    rng = np.random.default_rng(seed)
    parameters = {}
    for name in MATRICES:
        if name in matrices:
            inputs, outputs = shapes[name]
            down = rng.normal(0, inputs**-0.5, (config.layers, inputs, rank))
            parameters[name] = {
                "down": down.astype(np.float32),
                "up": np.zeros((config.layers, rank, outputs), np.float32),
            }
    return Adapter(parameters, scale)


def save_adapter(adapter: Adapter, path: str | Path) -> None:
    """Write an adapter as a safetensors file.

    Raises:
        OSError: the file cannot be written.
    """
    arrays = {
        f"{name}.{key}": np.ascontiguousarray(array, np.float32)
        for name, part in adapter.parameters.items()
        for key, array in part.items()
    }
    write_whole(path, save(arrays, {"format": _FORMAT, "scale": repr(adapter.scale)}))


def load_adapter(path: str | Path, config: LlamaConfig) -> Adapter:
    """Read an adapter of a model of this shape.

    Raises:
        InputError: where the file is no adapter of this model.
    """
    name = printable(Path(path).name)
    try:
        told, arrays = open_arrays(read_file(path, MAX_ADAPTER_BYTES))
        if told.get("format") != _FORMAT:
            raise InputError(f"'{name}' is no adapter of a language model.")
        scale = float(told["scale"])
        if not 0 < abs(scale) <= MAX_SCALE:
            raise ValueError(f"its scale is not within {MAX_SCALE:g}")
        parameters = _parameters(arrays, config, name)
    except (KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        problem = "it states no scale" if isinstance(error, KeyError) else quoted(error)[1:-1]
        raise InputError(f"'{name}' is no adapter that can be read: {problem}.") from error
    return Adapter(parameters, scale)


def _parameters(
    arrays: Mapping[str, np.ndarray], config: LlamaConfig, name: str
) -> dict[str, dict[str, np.ndarray]]:
    """Matrix -> its two parts, whose shapes and numbers are checked."""
    shapes = matrix_shapes(config)
    parameters: dict[str, dict[str, np.ndarray]] = {}
    for key, array in arrays.items():
        matrix, _, part = key.partition(".")
        parameters.setdefault(matrix, {})[part] = array
    for matrix, parts in parameters.items():
        if matrix not in shapes or parts.keys() != {"down", "up"}:
            raise InputError(f"'{name}' holds {quoted(matrix)}, which this language model has not.")
        rank = parts["down"].shape[-1] if parts["down"].ndim else 0
        inputs, outputs = shapes[matrix]
        wanted = ((config.layers, inputs, rank), (config.layers, rank, outputs))
        if not rank or (parts["down"].shape, parts["up"].shape) != wanted:
            raise InputError(f"'{name}' is of another language model: {matrix} has other sizes.")
        check_arrays(
            {part: Declared("f", ("*", "*", "*"), -MAX_SCALE, MAX_SCALE) for part in parts},
            list(parts.items()), {},
        )  # fmt: skip
    return {m: {part: a.copy() for part, a in parts.items()} for m, parts in parameters.items()}
