"""Summaries that a language model writes, the best of several by the reward that reads them.

The trained summariser of this package chooses sentences of a vocabulary. Here a language model
writes freely from some of a rater's pairs, and of several candidates the one is kept under which
the reward best predicts the pairs that the rater has compared: best of n by PLUS's own reward, the
mean log σ of the gap between the two rewards. The language model is not trained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_expit

from scrl.reward_models.comparisons import Comparisons
from scrl.summaries.model import SummaryReader
from scrl.text import Encoder
from scrl.types import InputError, Progress

#: Candidates, and the longest in tokens; temperature at which they are drawn.
CANDIDATES, MAX_TOKENS, TEMPERATURE = 8, 96, 0.8
#: Pairs that the prompt shows, and characters of a text that it shows.
SHOWN_PAIRS, SHOWN_CHARACTERS = 6, 200
#: Most sentences of a summary, and characters of one.
MAX_SENTENCES, MAX_SENTENCE = 6, 200
#: An attribute is mentioned where it is so many standard deviations from the mean.
NOTABLE = 0.5
REQUEST = (
    "Write up to six short sentences on what this person likes and dislikes in answers. Begin each "
    'sentence with "This person likes" or "This person dislikes".'
)
#: A made-up person's pairs, and a summary of them, that show the language model the form.
SHOWN_EXAMPLE = (
    (("many stories, few numbers", "many numbers, few quotations"),
     ("many stories, many quotations", "few stories, many numbers")),
    "This person likes stories. This person likes quotations. This person dislikes numbers.",
)  # fmt: skip
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Candidate:
    """A summary that the language model wrote.

    Attributes:
        sentences: what it says; empty where the model wrote nothing.
        log_sigma: mean log σ of the rater's pairs under the reward that reads it, in nats.
    """

    sentences: tuple[str, ...]
    log_sigma: float

    @property
    def text(self) -> str:
        """The sentences as one text."""
        return " ".join(self.sentences)


@dataclass(frozen=True)
class WrittenSummary:
    """The best of some candidates.

    Attributes:
        best: the one that is kept.
        candidates: all, in the order in which they were drawn.
        without: mean log σ of the same pairs without any summary, in nats.
    """

    best: Candidate
    candidates: tuple[Candidate, ...]
    without: float


def write_summary(
    reader: SummaryReader,
    compared: Comparisons,
    texts: Sequence[str],
    model: Any = None,
    encoder: Encoder | None = None,
    n: int = CANDIDATES,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> WrittenSummary:
    """Let a language model describe a rater's taste, and keep the best of ``n`` descriptions.

    A candidate without sentences is kept only where all are so.

    Args:
        reader: the reward that reads sentences.
        compared: the pairs of one rater. The first ``SHOWN_PAIRS`` are shown to the language model;
            all decide which candidate is kept.
        texts: of each item, or its attributes in words ``[items]``.
        model: a ``LanguageModel``; the installed one by default.
        encoder: of sentences; the packaged one by default.
        n: candidates.
        seed: of the draws.
        on_progress: hears of the writing.

    Raises:
        InputError: where there is not one rater with a pair, a text is missing, or the language
            model or the encoder is not installed.
    """
    if compared.raters != 1 or not compared.mask.any():
        raise InputError("A summary is written for one rater who has compared at least one pair.")
    if len(texts) != compared.items:
        raise InputError(f"There are {compared.items:,} items and {len(texts):,} texts of them.")
    if model is None:
        from scrl.language_model import load_language_model

        model = load_language_model()
    pairs = compared.flat_pairs()
    written = model.complete(
        [summary_prompt([(texts[a], texts[b]) for a, b in pairs[:SHOWN_PAIRS]])], n,
        max_tokens=MAX_TOKENS, temperature=TEMPERATURE, seed=seed, on_progress=on_progress,
    )[0]  # fmt: skip
    gap = compared.features[pairs[:, 0]].astype(float) - compared.features[pairs[:, 1]]

    def score(sentences: Sequence[str]) -> float:
        return float(log_expit(gap @ reader.read(sentences, encoder)).mean())

    found = [sentences_of(c.text, c.ended) for c in written]
    candidates = tuple(Candidate(sentences, score(sentences)) for sentences in found)
    best = max(candidates, key=lambda c: (bool(c.sentences), c.log_sigma))
    return WrittenSummary(best, candidates, score(()))


def summary_prompt(shown: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """The chat that asks for a summary, given texts ``(preferred, other)`` of some pairs.

    A made-up person's pairs and summary come first. The texts stand in it as data: the tokenizer of
    ``LanguageModel`` encodes markers such as ``<|im_end|>`` inside a message as the characters that
    they are.
    """
    pairs, summary = SHOWN_EXAMPLE
    return [
        {"role": "user", "content": _request(pairs)},
        {"role": "assistant", "content": summary},
        {"role": "user", "content": _request(shown)},
    ]


def _request(shown: Sequence[tuple[str, str]]) -> str:
    lines = ["A person compared answers two by two."]
    for number, (preferred, other) in enumerate(shown, 1):
        lines.append(f"{number}. Preferred: {_quoted(preferred)}. Not preferred: {_quoted(other)}.")
    return "\n".join([*lines, REQUEST])


def _quoted(text: str) -> str:
    """A text on one line, cut to ``SHOWN_CHARACTERS``."""
    line = " ".join(text.split())
    cut = line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"
    return f'"{cut}"'


def sentences_of(text: str, ended: bool = True) -> tuple[str, ...]:
    """The first ``MAX_SENTENCES`` distinct sentences of a completion, without list marks.

    Args:
        text: the completion.
        ended: whether the model ended it; otherwise an unfinished last sentence is left out.
    """
    lines = [_LIST_MARK.sub("", line).strip() for line in text.splitlines()]
    found = [s for line in lines for s in _SENTENCE_END.split(line) if any(map(str.isalpha, s))]
    if found and not ended and found[-1][-1] not in ".!?":
        found.pop()
    return tuple(dict.fromkeys(s[:MAX_SENTENCE] for s in found))[:MAX_SENTENCES]


def attribute_words(features: np.ndarray, names: Sequence[str]) -> list[str]:
    """Each item's notable attributes in words, such as "many jokes, few lists".

    Args:
        features: attributes of items, in standard deviations from the mean ``[items, features]``.
            Features after the named ones are not mentioned.
        names: of the first features, in the plural.
    """
    return [
        ", ".join(
            f"{'many' if x > 0 else 'few'} {name}"
            for x, name in zip(row, names, strict=False)
            if abs(x) >= NOTABLE
        )
        or "nothing special"
        for row in np.asarray(features)
    ]
