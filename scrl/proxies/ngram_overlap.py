"""Overlap of n-grams of words: the precision that BLEU is made of (Papineni et al. 2002)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_WORD = re.compile(r"\w+(?:['’]\w+)?")


class Overlap(NamedTuple):
    """N-grams of a candidate that stand in a reference, of how many."""

    matches: int
    total: int

    @property
    def precision(self) -> float:
        """The share of matches; 0 without n-grams."""
        return self.matches / self.total if self.total else 0.0


def words(text: str) -> list[str]:
    """Words in lower case without punctuation, also of other languages than English."""
    return _WORD.findall(text.lower())


def ngrams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """How often each run of ``n`` tokens occurs."""
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def ngram_precision(
    candidate: str, references: Sequence[str], n: int = 1, clipped: bool = True
) -> Overlap:
    """The n-grams of a candidate that stand in any reference.

    Args:
        clipped: whether an n-gram counts at most as often as in the reference that has it most
            often, as in BLEU.

    >>> ngram_precision("the the", ["the cat"]), ngram_precision("the the", ["the cat"], 1, False)
    (Overlap(matches=1, total=2), Overlap(matches=2, total=2))
    """
    own, most = ngrams(words(candidate), n), Counter[tuple[str, ...]]()
    for reference in references:
        most |= ngrams(words(reference), n)
    matches = sum(min(count, most[gram]) if clipped else count * (gram in most)
                  for gram, count in own.items())  # fmt: skip
    return Overlap(matches, sum(own.values()))
