"""The people of the study of policies on text: types with stated tastes, and how often each votes.

Tastes are weights on attributes that any text has, so that preferences over texts nobody rated
follow. Brisk people vote most often though they are fewest of all: what is pooled is mostly theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

#: Attributes, in the order of arrays.
ATTRIBUTES = ("short", "warns", "addresses you")
#: What the population's order by Borda puts first: a text that warns and addresses the reader.
WISHED = (1, 2)
#: A text of so many words at most is short.
SHORT_WORDS = 15
_WARNING = re.compile(
    r"\b(risk\w*|careful\w*|caution\w*|cautious\w*|danger\w*|harm\w*|consult\w*|doctors?|warn\w*"
    r"|beware|unsafe|safety|consequences?|avoid\w*|professional\w*)\b",
    re.IGNORECASE,
)
_YOU = re.compile(r"\byou(r|rs|rself|'re|'ll|'ve)?\b", re.IGNORECASE)


@dataclass(frozen=True)
class TextType:
    """A type of people.

    Attributes:
        name, wish: one word; what they want, for a page.
        share: of the population.
        pairs: share of the collected votes that are theirs.
        tastes: weights on ``ATTRIBUTES``, in logits of a choice between two texts.
    """

    name: str
    wish: str
    share: float
    pairs: float
    tastes: tuple[float, ...]


TYPES = (
    TextType("brisk", "a short answer", 0.25, 0.65, (3.0, -1.0, 0.0)),
    TextType("careful", "to be warned", 0.55, 0.20, (0.0, 3.0, 0.0)),
    TextType("personal", "to be addressed", 0.20, 0.15, (-0.5, 0.5, 3.0)),
)


def attributes_of(texts: Sequence[str]) -> np.ndarray:
    """``ATTRIBUTES`` of texts, 0 or 1 ``[texts, attributes]``."""
    return np.array(
        [
            (
                len(text.split()) <= SHORT_WORDS,
                _WARNING.search(text) is not None,
                _YOU.search(text) is not None,
            )
            for text in texts
        ],
        float,
    ).reshape(-1, len(ATTRIBUTES))


def utilities_of(texts: Sequence[str]) -> np.ndarray:
    """Utilities of texts for every type ``[types, texts]``."""
    return np.array([t.tastes for t in TYPES]) @ attributes_of(texts).T


def preference(utilities: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """Share of votes for each text over each other ``[texts, texts]``.

    A voter prefers a to b with probability σ(u_a - u_b).

    Args:
        utilities: ``[types, texts]``; ``weights``: votes of the types, any scale.
    """
    share = np.asarray(weights, float) / np.sum(weights)
    return np.tensordot(share, expit(utilities[:, :, None] - utilities[:, None, :]), axes=1)


def borda_scores(utilities: np.ndarray) -> np.ndarray:
    """Mean share of the other texts that a member of the population puts below each ``[texts]``,
    equals counting half.

    Everybody counts once, and by complete rankings without noise.
    """
    below = (utilities[:, :, None] > utilities[:, None, :]) + 0.5 * (
        utilities[:, :, None] == utilities[:, None, :]
    )
    population = np.array([t.share for t in TYPES])
    points = np.tensordot(population, below, axes=1).sum(axis=1) - 0.5
    return points / max(1, utilities.shape[1] - 1)
