"""BERTScore's greedy matching (Zhang et al. 2020) on vectors of words.

BERTScore reads each word in its context. The packaged encoder gives vectors of whole texts only,
so every word is encoded alone: synonyms match, word order and context do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scrl.proxies.ngram_overlap import words
from scrl.text import encode


class Matching(NamedTuple):
    """Greedy matching of a candidate with a reference.

    Attributes:
        precision: mean over words of the candidate of the greatest cosine with a word of the
            reference; recall: the same the other way round; f1: their harmonic mean, 0 where one
            of them is not positive.
    """

    precision: float
    recall: float
    f1: float


def greedy_matching(candidate: np.ndarray, reference: np.ndarray) -> Matching:
    """Match unit vectors of words ``[words, dimensions]`` of two texts."""
    if not len(candidate) or not len(reference):
        return Matching(0.0, 0.0, 0.0)
    cosine = candidate @ reference.T
    precision, recall = float(cosine.max(1).mean()), float(cosine.max(0).mean())
    both = precision > 0 and recall > 0
    return Matching(precision, recall, 2 * precision * recall / (precision + recall) if both else 0)


def matching_scores(texts: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """The greatest F1 of each text over its references ``[texts]``.

    Raises:
        InputError: where the encoder is not installed.
    """
    tokens = {text: words(text) for text in {*texts, *(r for row in references for r in row)}}
    vocabulary = sorted({word for row in tokens.values() for word in row})
    vectors = np.asarray(encode(vocabulary), float)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    row_of = {word: i for i, word in enumerate(vocabulary)}
    rows = {text: vectors[[row_of[w] for w in own]] for text, own in tokens.items()}
    return np.array([
        max((greedy_matching(rows[text], rows[r]).f1 for r in own), default=0.0)
        for text, own in zip(texts, references, strict=True)
    ])  # fmt: skip
