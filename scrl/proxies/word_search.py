"""A greedy search that writes a text word by word for a reward, with a price on KL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scrl.proxies.ngram_overlap import words
from scrl.proxies.word_model import START, WordModel


def search_words(
    reward: Callable[[str], float],
    vocabulary: Sequence[str],
    model: WordModel,
    length: int,
    price: float = 0.0,
) -> list[str]:
    """The texts of a greedy search, from one word to ``length`` words.

    Each step appends the word that raises reward + price · log-probability most. For a policy that
    writes one text, KL from the reference is minus the log-probability of that text, so the price
    is that of a nat of KL.

    Args:
        reward: of a text.
        vocabulary: the words that may be appended.
        model: the reference.

    Returns:
        The text after each step ``[length]``.
    """
    text, found, total = "", [], 0.0
    for _ in range(length):
        before = ([START, START, *words(text)])[-2:]
        logs = [np.log(model.word_probability((before[0], before[1]), words(w)[0]))
                for w in vocabulary]  # fmt: skip
        values = [
            reward(f"{text} {word}".strip()) + price * (total + log)
            for word, log in zip(vocabulary, logs, strict=True)
        ]
        best = int(np.argmax(np.round(values, 9)))
        text, total = f"{text} {vocabulary[best]}".strip(), total + logs[best]
        found.append(text)
    return found
