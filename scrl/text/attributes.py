"""Measured attributes of a text: what a person can name, count and like or dislike.

Each is a function from a text to a number that depends on nothing but the text. Counts enter as
log(1 + count), so that the second warning tells less than the first. Lists of words are English;
other languages are measured by their marks, lengths and digits only.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from math import log1p
from types import MappingProxyType

import numpy as np

from scrl.types import InputError

#: Characters of a text that are measured; the rest of a longer one is not read.
MAX_CHARACTERS = 20_000
#: Texts whose attributes are kept in memory, beside those of the last call.
MAX_MEASURED = 20_000

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"[^.!?…]*[^\W_][^.!?…]*")
_RUN, _APOSTROPHE = re.compile(r"\w+"), re.compile("['’]")
#: Characters that patterns take for i, s and k when they ignore case.
_FOLDED = str.maketrans("ıİſ\u212a", "iisk")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


class _Phrases:
    """Phrases of whole words, counted without regard to case.

    A space stands for any space, except where contractions are sought besides.

    A phrase of one word is counted by comparing words. The pattern is read only for texts with a
    word that tells of a longer phrase, or with an apostrophe where ``contractions`` are sought.

    Args:
        phrases: the phrases.
        contractions: a pattern of them; each has an apostrophe.
    """

    def __init__(self, *phrases: str, contractions: str = "") -> None:
        options = [re.escape(p) for p in phrases]
        if contractions:
            options = [contractions, *options]
        else:
            options = [option.replace(r"\ ", r"\s+") for option in options]
        self.pattern = re.compile(rf"(?<!\w)(?:{'|'.join(options)})(?!\w)", re.IGNORECASE)
        self.single = frozenset(p for p in phrases if p.isalpha())
        self.apostrophe = bool(contractions)
        # Of each longer phrase one word without which it cannot be there.
        parts = [_RUN.findall(p) for p in phrases if not p.isalpha()]
        self.telling = frozenset(
            max((w for w in words if w not in self.single), key=len, default=words[0])
            for words in parts
        )

    def count(self, text: str, runs: list[str], known: frozenset[str]) -> int:
        """How many there are.

        Args:
            runs: the text's words, folded; known: the same, each once.
        """
        longer = not self.telling.isdisjoint(known)
        if longer or (self.apostrophe and _APOSTROPHE.search(text)):
            return len(self.pattern.findall(text))
        if self.single.isdisjoint(known):
            return 0
        return sum(run in self.single for run in runs)


_HEDGE = _Phrases(
    "may", "might", "perhaps", "possibly", "probably", "could", "seem", "seems", "appears",
    "likely", "generally", "usually", "often", "sometimes", "in some cases", "it depends",
    "depends on", "not certain", "not sure", "tends to", "tend to", "arguably", "as far as i know",
    "roughly", "about as", "in most cases", "opinions differ", "hard to say",
)  # fmt: skip
_WARNING = _Phrases(
    "warning", "caution", "careful", "carefully", "beware", "danger", "dangerous", "risk", "risks",
    "risky", "avoid", "never", "do not", "don't", "unsafe", "harm", "harmful", "seek help",
    "professional", "a doctor", "your doctor", "a pharmacist", "a lawyer", "an adviser", "hazard",
    "poisonous", "emergency", "before you", "be sure to", "make sure",
)  # fmt: skip
_WARM = _Phrases(
    "glad", "happy", "wonderful", "lovely", "great question", "thank you", "thanks", "please",
    "hope", "welcome", "delighted", "enjoy", "good luck", "well done", "no worries", "friend",
    "warm", "kind", "together", "you've got this", "take care", "don't worry", "of course",
    "love", "proud", "cheering", "dear", "sweet",
)  # fmt: skip
_FORMAL = _Phrases(
    "furthermore", "moreover", "therefore", "thus", "hence", "consequently", "accordingly",
    "regarding", "concerning", "it should be noted", "it is advisable", "it is recommended",
    "in accordance with", "with respect to", "subsequently", "prior to", "respectively", "shall",
    "in addition", "nevertheless", "the aforementioned", "one may", "is to be", "are to be",
)  # fmt: skip
_CASUAL = _Phrases(
    "gonna", "wanna", "yeah", "hey", "ok", "okay", "cool", "stuff", "kind of", "sort of",
    "lots of", "a bit", "guy", "guys", "folks",
    contractions=r"\w+['’](?:re|ve|ll|d|m)|\w+n['’]t|(?:it|that|here|there|what|let)['’]s",
)  # fmt: skip
_DETAIL = _Phrases(
    "for example", "for instance", "such as", "because", "since", "first", "second", "third",
    "then", "next", "finally", "namely", "in particular", "specifically", "step", "so that",
    "which means", "the reason", "that is why", "this is because", "until", "after", "per",
)  # fmt: skip
_YOU = _Phrases("you", "your", "yours", "yourself", "you're", "you'll", "you've")
_I = _Phrases("i", "me", "my", "mine", "we", "us", "our", "i'm", "i'd", "i've", "we're", "let's")


class Reading:
    """A text as it is measured; each part is read once, when it is first asked for.

    Args:
        text: of which ``MAX_CHARACTERS`` are read.
    """

    def __init__(self, text: str) -> None:
        self.text = text[:MAX_CHARACTERS]

    @cached_property
    def words(self) -> list[str]:
        """Words without digits, with their apostrophes."""
        return _WORD.findall(self.text)

    @cached_property
    def sentences(self) -> int:
        """How many sentences there are."""
        return len(_SENTENCE.findall(self.text))

    @cached_property
    def _runs(self) -> tuple[list[str], frozenset[str]]:
        """Letters and digits between other characters, folded; and the same, each once."""
        runs = _RUN.findall(folded(self.text))
        return runs, frozenset(runs)

    def count(self, phrases: _Phrases) -> int:
        """How many of these phrases there are."""
        return phrases.count(self.text, *self._runs)


def folded(text: str) -> str:
    """A text in lower case, with each character that a pattern takes for a letter of ASCII when it
    ignores case in place of it."""
    return text.lower() if text.isascii() else text.translate(_FOLDED).lower()


def _read(text: str | Reading) -> Reading:
    return text if isinstance(text, Reading) else Reading(text)


def _log_count(text: str | Reading, phrases: _Phrases) -> float:
    return log1p(_read(text).count(phrases))


def length(text: str | Reading) -> float:
    """log(1 + words)."""
    return log1p(len(_read(text).words))


def sentences(text: str | Reading) -> float:
    """log(1 + sentences), which end at . ! ? or …."""
    return log1p(_read(text).sentences)


def sentence_length(text: str | Reading) -> float:
    """Words a sentence, in tens."""
    text = _read(text)
    return len(text.words) / max(text.sentences, 1) / 10


def word_length(text: str | Reading) -> float:
    """Mean number of letters of a word, less 4; 0 without words."""
    words = _read(text).words
    return sum(map(len, words)) / len(words) - 4 if words else 0.0


def questions(text: str | Reading) -> float:
    """log(1 + question marks)."""
    return log1p(_read(text).text.count("?"))


def exclamations(text: str | Reading) -> float:
    """log(1 + exclamation marks)."""
    return log1p(_read(text).text.count("!"))


def detail(text: str | Reading) -> float:
    """log(1 + numbers + words of reason, example or order), such as *because* or *first*."""
    text = _read(text)
    return log1p(len(_NUMBER.findall(text.text)) + text.count(_DETAIL))


def hedging(text: str | Reading) -> float:
    """log(1 + hedges), such as *perhaps*, *may* or *it depends*."""
    return _log_count(text, _HEDGE)


def warnings(text: str | Reading) -> float:
    """log(1 + words of warning), such as *never*, *risk* or *a doctor*."""
    return _log_count(text, _WARNING)


def warmth(text: str | Reading) -> float:
    """log(1 + warm words and exclamation marks), such as *glad*, *thank you* or *good luck*."""
    text = _read(text)
    return log1p(text.count(_WARM) + text.text.count("!"))


def formality(text: str | Reading) -> float:
    """log(1 + formal words) − log(1 + contractions and casual words)."""
    text = _read(text)
    return _log_count(text, _FORMAL) - _log_count(text, _CASUAL)


def second_person(text: str | Reading) -> float:
    """Words for the reader (*you*, *your*) a word, times 10."""
    text = _read(text)
    return 10 * text.count(_YOU) / max(len(text.words), 1)


def first_person(text: str | Reading) -> float:
    """Words for the writer (*I*, *we*, *our*) a word, times 10."""
    text = _read(text)
    return 10 * text.count(_I) / max(len(text.words), 1)


def repetition(text: str | Reading) -> float:
    """Share of the words that stand in the text before."""
    words = [word.lower() for word in _read(text).words]
    return 1 - len(set(words)) / len(words) if words else 0.0


#: Name -> the function that measures it. Types of a scenario may like or dislike each.
ATTRIBUTES: MappingProxyType[str, Callable[[str | Reading], float]] = MappingProxyType(
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
    distinct: dict[str, int] = {}
    row = np.array([distinct.setdefault(text, len(distinct)) for text in texts], np.int64)
    key = _key(distinct, chosen)
    found = _measured.pop(key, None)
    if found is None:
        found = np.empty((len(distinct), len(chosen)))
        for i, text in enumerate(distinct):
            reading = Reading(text)
            found[i] = [function(reading) for function in functions]
    _measured[key] = found
    while len(_measured) > 1 and sum(map(len, _measured.values())) > MAX_MEASURED:
        _measured.popitem(last=False)
    return found[row]


#: Attributes of the texts that were measured last, by their hash.
_measured: OrderedDict[bytes, np.ndarray] = OrderedDict()


def _key(texts: Iterable[str], names: Sequence[str]) -> bytes:
    found = hashlib.blake2b("\0".join(names).encode(), digest_size=16)
    for text in texts:
        found.update(hashlib.blake2b(text.encode("utf-8", "surrogatepass")).digest())
    return found.digest()


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
