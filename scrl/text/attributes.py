"""Measured attributes of a text: what a person can name, count and like or dislike.

Each is a function from a text to a number that depends on nothing but the text. Counts enter as
log(1 + count), so that the second warning tells less than the first. Lists of words are English;
other languages are measured by their marks, lengths and digits only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np

from scrl.types import InputError

#: Characters of a text that are measured; the rest of a longer one is not read.
MAX_CHARACTERS = 20_000

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"[^.!?…]*[^\W_][^.!?…]*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def _phrases(*phrases: str) -> re.Pattern[str]:
    """A pattern of whole words; a space stands for any space."""
    options = "|".join(re.escape(p).replace(r"\ ", r"\s+") for p in phrases)
    return re.compile(rf"(?<!\w)(?:{options})(?!\w)", re.IGNORECASE)


_HEDGE = _phrases(
    "may", "might", "perhaps", "possibly", "probably", "could", "seem", "seems", "appears",
    "likely", "generally", "usually", "often", "sometimes", "in some cases", "it depends",
    "depends on", "not certain", "not sure", "tends to", "tend to", "arguably", "as far as i know",
    "roughly", "about as", "in most cases", "opinions differ", "hard to say",
)  # fmt: skip
_WARNING = _phrases(
    "warning", "caution", "careful", "carefully", "beware", "danger", "dangerous", "risk", "risks",
    "risky", "avoid", "never", "do not", "don't", "unsafe", "harm", "harmful", "seek help",
    "professional", "a doctor", "your doctor", "a pharmacist", "a lawyer", "an adviser", "hazard",
    "poisonous", "emergency", "before you", "be sure to", "make sure",
)  # fmt: skip
_WARM = _phrases(
    "glad", "happy", "wonderful", "lovely", "great question", "thank you", "thanks", "please",
    "hope", "welcome", "delighted", "enjoy", "good luck", "well done", "no worries", "friend",
    "warm", "kind", "together", "you've got this", "take care", "don't worry", "of course",
    "love", "proud", "cheering", "dear", "sweet",
)  # fmt: skip
_FORMAL = _phrases(
    "furthermore", "moreover", "therefore", "thus", "hence", "consequently", "accordingly",
    "regarding", "concerning", "it should be noted", "it is advisable", "it is recommended",
    "in accordance with", "with respect to", "subsequently", "prior to", "respectively", "shall",
    "in addition", "nevertheless", "the aforementioned", "one may", "is to be", "are to be",
)  # fmt: skip
_CASUAL = re.compile(
    r"(?<!\w)(?:\w+['’](?:re|ve|ll|d|m)|\w+n['’]t|(?:it|that|here|there|what|let)['’]s|gonna|wanna|yeah|hey|ok|okay|cool|stuff|"
    r"kind of|sort of|lots of|a bit|guys?|folks)(?!\w)",
    re.IGNORECASE,
)
_DETAIL = _phrases(
    "for example", "for instance", "such as", "because", "since", "first", "second", "third",
    "then", "next", "finally", "namely", "in particular", "specifically", "step", "so that",
    "which means", "the reason", "that is why", "this is because", "until", "after", "per",
)  # fmt: skip
_YOU = _phrases("you", "your", "yours", "yourself", "you're", "you'll", "you've")
_I = _phrases("i", "me", "my", "mine", "we", "us", "our", "i'm", "i'd", "i've", "we're", "let's")


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _log_count(pattern: re.Pattern[str]) -> Callable[[str], float]:
    return lambda text: float(np.log1p(len(pattern.findall(text))))


def length(text: str) -> float:
    """log(1 + words)."""
    return float(np.log1p(len(_words(text))))


def sentences(text: str) -> float:
    """log(1 + sentences), which end at . ! ? or …."""
    return float(np.log1p(len(_SENTENCE.findall(text))))


def sentence_length(text: str) -> float:
    """Words a sentence, in tens."""
    return len(_words(text)) / max(len(_SENTENCE.findall(text)), 1) / 10


def word_length(text: str) -> float:
    """Mean number of letters of a word, less 4; 0 without words."""
    words = _words(text)
    return sum(map(len, words)) / len(words) - 4 if words else 0.0


def questions(text: str) -> float:
    """log(1 + question marks)."""
    return float(np.log1p(text.count("?")))


def exclamations(text: str) -> float:
    """log(1 + exclamation marks)."""
    return float(np.log1p(text.count("!")))


def detail(text: str) -> float:
    """log(1 + numbers + words of reason, example or order), such as *because* or *first*."""
    return float(np.log1p(len(_NUMBER.findall(text)) + len(_DETAIL.findall(text))))


def hedging(text: str) -> float:
    """log(1 + hedges), such as *perhaps*, *may* or *it depends*."""
    return _log_count(_HEDGE)(text)


def warnings(text: str) -> float:
    """log(1 + words of warning), such as *never*, *risk* or *a doctor*."""
    return _log_count(_WARNING)(text)


def warmth(text: str) -> float:
    """log(1 + warm words and exclamation marks), such as *glad*, *thank you* or *good luck*."""
    return float(np.log1p(len(_WARM.findall(text)) + text.count("!")))


def formality(text: str) -> float:
    """log(1 + formal words) − log(1 + contractions and casual words)."""
    return _log_count(_FORMAL)(text) - _log_count(_CASUAL)(text)


def second_person(text: str) -> float:
    """Words for the reader (*you*, *your*) a word, times 10."""
    return 10 * len(_YOU.findall(text)) / max(len(_words(text)), 1)


def first_person(text: str) -> float:
    """Words for the writer (*I*, *we*, *our*) a word, times 10."""
    return 10 * len(_I.findall(text)) / max(len(_words(text)), 1)


def repetition(text: str) -> float:
    """Share of the words that stand in the text before."""
    words = [word.lower() for word in _words(text)]
    return 1 - len(set(words)) / len(words) if words else 0.0


#: Name -> the function that measures it. Types of a scenario may like or dislike each.
ATTRIBUTES: MappingProxyType[str, Callable[[str], float]] = MappingProxyType(
    {
        f.__name__.replace("_", " "): f
        for f in (
            length, sentences, sentence_length, word_length, questions, exclamations, detail,
            hedging, warnings, warmth, formality, second_person, first_person, repetition,
        )
    }
)  # fmt: skip


def attribute_values(texts: Sequence[str], names: Sequence[str] | None = None) -> np.ndarray:
    """Attributes of texts ``[texts, attributes]``; each distinct text is measured once.

    Args:
        names: of ``ATTRIBUTES``; all by default.

    Raises:
        InputError: for an unknown name.
    """
    chosen = list(ATTRIBUTES) if names is None else list(names)
    for name in chosen:
        if name not in ATTRIBUTES:
            raise InputError(
                f"'{name[:60]}' is no measured attribute; the names are {', '.join(ATTRIBUTES)}."
            )
    functions = [ATTRIBUTES[name] for name in chosen]
    measured: dict[str, list[float]] = {}
    for text in texts:
        if text not in measured:
            read = text[:MAX_CHARACTERS]
            measured[text] = [function(read) for function in functions]
    return np.array([measured[text] for text in texts], float).reshape(len(texts), len(chosen))


def sentiment(text: str) -> float:
    """VADER's compound sentiment, −1 to 1 (Hutto and Gilbert 2014).

    Raises:
        InputError: where the package is not installed.
    """
    return _vader()(text[:MAX_CHARACTERS])["compound"]


@cache
def _vader() -> Callable[[str], dict[str, float]]:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError as error:
        raise InputError(
            "Sentiment is measured by a package that is not installed; "
            "run pip install 'scrl[text]'."
        ) from error
    return SentimentIntensityAnalyzer().polarity_scores
