"""A small n-gram language model, which says how natural a text is beside texts it has read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scrl.proxies.ngram_overlap import words

START, END = "<s>", "</s>"
#: Weights of trigrams, bigrams, single words, and of a word out of a vocabulary of this size.
MIX = (0.5, 0.3, 0.19, 0.01)
VOCABULARY = 20_000


@dataclass(frozen=True, eq=False)
class WordModel:
    """An interpolated trigram model of words (Jelinek and Mercer 1980).

    Where no trigram with these two words before was read, its weight goes to shorter ones.

    Attributes:
        counts: by length 1 to 3, how often each run of words was read.
        contexts: by length, how often its words before the last were read.
    """

    counts: tuple[Counter[tuple[str, ...]], ...]
    contexts: tuple[Counter[tuple[str, ...]], ...]
    _known: dict[tuple[str, ...], float] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str]) -> WordModel:
        """The model of these texts."""
        counts: tuple[Counter[tuple[str, ...]], ...] = (Counter(), Counter(), Counter())
        contexts: tuple[Counter[tuple[str, ...]], ...] = (Counter(), Counter(), Counter())
        for text in texts:
            tokens = [START, START, *words(text), END]
            for i in range(2, len(tokens)):
                for n in (1, 2, 3):
                    counts[n - 1][tuple(tokens[i - n + 1 : i + 1])] += 1
                    contexts[n - 1][tuple(tokens[i - n + 1 : i])] += 1
        return cls(counts, contexts)

    def word_probability(self, before: tuple[str, str], word: str) -> float:
        """Probability of a word after two others."""
        run = (*before, word)
        if run not in self._known:
            total, used = 0.0, 0.0
            for n, weight in zip((3, 2, 1), MIX[:3], strict=True):
                context = self.contexts[n - 1][run[3 - n : -1]]
                if context:
                    total += weight * self.counts[n - 1][run[3 - n :]] / context
                    used += weight
            self._known[run] = total * sum(MIX[:3]) / max(used, 1e-12) + MIX[3] / VOCABULARY
        return self._known[run]

    def log_probability(self, text: str, ended: bool = True) -> float:
        """Log-probability of a text in nats.

        Args:
            ended: whether the end of the text counts.
        """
        tokens = [START, START, *words(text), *([END] if ended else [])]
        return float(sum(
            np.log(self.word_probability((tokens[i - 2], tokens[i - 1]), tokens[i]))
            for i in range(2, len(tokens))
        ))  # fmt: skip
