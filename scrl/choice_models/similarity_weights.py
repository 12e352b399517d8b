"""Similarity weights: copies of an answer together weigh as much as one.

After Procaccia, Schiffer & Zhang (2025, arXiv 2501.09254): an answer's weight is 1 / (sum of its
similarities to all answers, itself included), and a compared pair counts with the product of its
answers' weights. Then copies of an answer do not move the rewards of the others.
"""

from __future__ import annotations

import numpy as np


def cosine_similarity(vectors: np.ndarray) -> np.ndarray:
    """Cosines of vectors ``[answers, dimensions]``, those below 0 as 0 ``[answers, answers]``.

    A vector of zeros is like no other one.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(length > 0, length, 1.0)
    similarity = np.clip(unit @ unit.T, 0.0, 1.0)
    np.fill_diagonal(similarity, 1.0)
    return np.asarray(similarity, float)


def similarity_weights(similarity: np.ndarray, least: float = 0.0) -> np.ndarray:
    """The weight of each answer ``[answers]``: 1 where nothing is similar, 1 / k of k copies.

    Args:
        similarity: from 0 to 1, with 1 on the diagonal ``[answers, answers]``.
        least: similarities below this count as none, since different answers to one question are
            alike, too.
    """
    return 1.0 / np.where(similarity < least, 0.0, similarity).sum(1)
