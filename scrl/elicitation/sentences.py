"""A sentence as an answer: sentiment × similarity to what it is about gives a Gaussian update.

A sentence is cut into clauses. A clause is about completions, or attributes of their texts, in
proportion to its similarity to their names and texts; the mean of their contrasts, weighted by
similarity, is the utility x that it speaks of. Its sentiment s is a noisy linear reading of x (as
Sumers et al. 2020, arXiv 2009.14715, regress sentiment on features):

    s = intercept + slope · x / sd(x) + noise,   noise ~ N(0, variance / similarity),

with sd(x) that of the belief before any answer, unless the clause is misread. ``sentence_model``
learns the numbers.

Similarity is that of the sentence encoder of ``scrl.text`` and of words that both have. Without the
package it is that of words only. Sentiment is VADER's; without the package a short list of words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from scrl import text
from scrl.elicitation.beliefs import Belief
from scrl.elicitation.evidence import Observation

#: Characters of a sentence that are read, clauses of it, and topics of a clause.
MAX_CHARACTERS, MAX_CLAUSES, MAX_TOPICS = 400, 6, 3
#: Cosine at which a text is about something, that of unrelated texts being less.
UNRELATED_COSINE = 0.3
#: Sentiment nearer to 0 than this is that of a list of words.
NEUTRAL = 0.1
#: Similarity below which a clause is about nothing known.
MIN_SIMILARITY = 0.2
#: Attribute of a text -> words for much of it, and for little.
POLES = {
    "length": (("long", "longer", "detailed", "length"), ("short", "shorter", "brief", "concise")),
    "warnings": (("warning", "warnings", "cautious", "careful"), ()),
    "warmth": (("warm", "friendly", "kind", "warmth"), ("cold",)),
    "formality": (("formal", "formality", "official"), ("casual", "informal")),
    "detail": (("detail", "details", "examples", "reasons"), ()),
    "word length": (("technical", "jargon"), ("simple", "plain")),
}
_CLAUSE = re.compile(
    r"[.;:!?,\n]+|\b(?:but|although|though|while|whereas|however|yet)\b", re.IGNORECASE
)
_COMPARED = re.compile(r"\b(?:rather than|instead of|more than|better than|over|than)\b", re.I)
#: "is not as good as", which is "is not good … than".
_UNEQUAL = re.compile(r"(\b(?:\w+n['’]t|not))\s+(?:\w+ly\s+|quite\s+)?as\s+(\w+)\s+as\b", re.I)
_WORD = re.compile(r"[^\W_]+(?:['’]\w+)?")


def _words(text_of_words: str) -> frozenset[str]:
    return frozenset(text_of_words.split())


_STOP = _words("a an the i it is of to and or as with in on for my me that this be")
_GOOD = _words(
    "like love good great best want prefer nice fine right better favourite enjoy useful excellent "
    "happy wonderful give please choose rather lovely"
)
_BAD = _words(
    "hate dislike bad worst wrong worse awful terrible annoying useless never avoid boring "
    "horrible poor"
)
_LESSENING = re.compile(r"\b(?:less|fewer|without|neither)\b", re.IGNORECASE)
_NOTHING = _words("nothing nobody none")
_PRONOUNS = _words("it they that them those these this")
_NOT = _words("not no nothing nobody never without")
_JUDGING = _GOOD | _BAD | {"would"}
#: Words before a name that turn the judgement, and those that praise where nothing else judges.
_LESS, _MORE = _words("less fewer without neither"), _words("more")
#: Sentiment of a clause whose judgement is only that something is too much, or not enough.
MILD = 0.46


@dataclass(frozen=True, eq=False)
class Topic:
    """Something that a clause may be about.

    Attributes:
        name: of a completion, or an attribute with its pole, such as ``"less length"``.
        phrases: names and texts to which a clause is compared.
        contrast: weights of the utilities ``[m]``, adding up to 0.
        is_attribute: whether it is an attribute of texts; then each phrase is a word for it.
    """

    name: str
    phrases: tuple[str, ...]
    contrast: np.ndarray
    is_attribute: bool = False


@dataclass(frozen=True)
class Clause:
    """What a clause says.

    Attributes:
        sentiment: −1 to 1.
        topics: index and similarity, 0 to 1, of each topic, the most similar first.
    """

    sentiment: float
    topics: tuple[tuple[int, float], ...]

    @property
    def similarity(self) -> float:
        """Of the most similar topic."""
        return self.topics[0][1]

    def contrast(self, topics: Sequence[Topic]) -> np.ndarray:
        """The weights of utilities that it speaks of ``[m]``."""
        weight = np.array([similarity for _, similarity in self.topics])
        known = np.stack([topics[i].contrast for i, _ in self.topics])
        return weight @ known / weight.sum()


@dataclass(frozen=True)
class SentenceModel:
    """How sentiment follows from utility; see the module.

    Attributes:
        intercept, slope, variance: of the regression.
        misread: probability that a clause is misread.
    """

    intercept: float
    slope: float
    variance: float
    misread: float = 0.0

    def observation(self, clause: Clause, topics: Sequence[Topic], prior: Belief) -> Observation:
        """What a clause says of the utilities."""
        contrast = clause.contrast(topics)
        scaled = contrast * self.slope / contrast_sd(prior, contrast)
        value, variance = clause.sentiment - self.intercept, self.variance / clause.similarity
        return Observation(scaled, value, variance, self.misread)


def topics_of(names: Sequence[str], texts: Sequence[str] | None = None) -> list[Topic]:
    """What a sentence about these completions may be about: each of them, and attributes of texts.

    Args:
        texts: of the completions, where they say more than their names.
    """
    m = len(names)
    read = list(texts) if texts is not None else list(names)
    found = [
        Topic(name, tuple(dict.fromkeys((name, whole))), np.eye(m)[i] - 1 / m)
        for i, (name, whole) in enumerate(zip(names, read, strict=True))
    ]
    if texts is None or list(texts) == list(names):
        return found
    values = text.attribute_values(read, list(POLES))
    for (name, poles), column in zip(POLES.items(), values.T, strict=True):
        if column.std() > 1e-6:
            contrast = (column - column.mean()) / column.std() / m
            for sign, words in zip((1, -1), poles, strict=True):
                if words:
                    label = f"{'more' if sign > 0 else 'less'} {name}"
                    found.append(Topic(label, words, sign * contrast, True))
    return found


def contrast_sd(belief: Belief, contrast: np.ndarray) -> float:
    """Standard deviation of a sum of utilities under a belief about one person."""
    mean = belief.mean @ contrast
    within = (belief.spread @ contrast) @ contrast
    average = belief.weight @ mean
    return float(np.sqrt(belief.weight @ (within + (mean - average) ** 2)))


def can_read_sentiment() -> bool:
    """Whether the package that measures sentiment is installed."""
    return find_spec("vaderSentiment") is not None


def read_sentence(
    sentence: str, topics: Sequence[Topic], encoder: text.Encoder | None = None
) -> list[Clause]:
    """The clauses of a sentence that are about one of the topics.

    Args:
        encoder: adds the similarity of meaning to that of words; None reads words only.
    """
    found: list[Clause] = []
    for part, sign in _clauses(sentence[:MAX_CHARACTERS]):
        words = _WORD.findall(part.lower())
        similarity, matched = _word_similarities(words, topics)
        if encoder is not None and similarity.max(initial=0.0) < 1.0:
            similarity = np.maximum(similarity, _meaning_similarities(part, topics, encoder))
        best = np.argsort(-similarity, kind="stable")[:MAX_TOPICS]
        top = similarity[best[0]]
        sentiment = round(sign * _sentiment(part, matched), 2)
        about = tuple(
            (int(i), float(round(similarity[i], 2)))
            for i in best if similarity[i] >= max(MIN_SIMILARITY, 0.6 * top)
        )  # fmt: skip
        if about:
            found.append(Clause(sentiment, about))
        elif found and sentiment and _PRONOUNS.intersection(words):
            found[-1] = Clause(sentiment, found[-1].topics)
    return found


def _clauses(sentence: str) -> list[tuple[str, float]]:
    """Clauses and their signs: what something is compared with is spoken of with the other sign."""
    found: list[tuple[str, float]] = []
    for part in _CLAUSE.split(sentence):
        part = _UNEQUAL.sub(r"\1 \2 than", part)
        compared = _COMPARED.search(part)
        sides = _COMPARED.split(part, maxsplit=1)
        if len(sides) == 1 and re.search(r"\bprefer", part, re.IGNORECASE):
            sides = re.split(r"\bto\b", part, maxsplit=1)
        if len(sides) == 1:
            found.append((part, 1.0))
            continue
        judgement = _judgement(sides[0])  # it stands on the first side
        praised = compared is not None and compared.group().lower() != "than" and not judgement
        found.append((f"{sides[0]} better" if praised else sides[0], 1.0))
        nothing = _NOTHING.intersection(_WORD.findall(sides[0].lower()))
        words = " ".join(w for w in judgement.split() if w not in nothing)
        found.append((f"{words or 'better'} {sides[1]}", 1.0 if nothing else -1.0))
    return [(part, sign) for part, sign in found if part.strip()][:MAX_CLAUSES]


def _judgement(part: str) -> str:
    """The words of praise or blame of a clause."""
    words = _WORD.findall(part.lower())
    return " ".join(word for word in words if _stem(word) in _JUDGING or _denies(word))


def _denies(word: str) -> bool:
    return word in _NOT or word.endswith(("n't", "n’t"))


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word


def _same_word(a: str, b: str) -> bool:
    """Whether two words agree up to an ending."""
    if a == b:
        return True
    shorter = min(len(a), len(b))
    return shorter >= 4 and abs(len(a) - len(b)) <= 3 and a[:shorter] == b[:shorter]


def _word_similarities(
    words: Sequence[str], topics: Sequence[Topic]
) -> tuple[np.ndarray, set[str]]:
    """Share of each topic's words in a clause ``[topics]``, and the words that made a match."""
    found, matched = np.zeros(len(topics)), set[str]()
    for t, topic in enumerate(topics):
        names = topic.phrases if topic.is_attribute else topic.phrases[:1]
        for name in names:
            own = [w for w in _WORD.findall(name.lower()) if w not in _STOP] or [name.lower()]
            hits = [[w for w in words if _same_word(w, mine)] for mine in own]
            share = sum(map(bool, hits)) / len(own)
            if share > found[t]:
                found[t] = share
            if share == 1:
                matched.update(word for hit in hits for word in hit)
    return found, matched


def _meaning_similarities(part: str, topics: Sequence[Topic], encoder: text.Encoder) -> np.ndarray:
    """Similarity of meaning ``[topics]``: the cosine above that of unrelated texts."""
    phrases = [phrase for topic in topics for phrase in topic.phrases]
    vectors = text.encode([part, *phrases], encoder)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors[1:] @ vectors[0]
    ends = np.cumsum([len(topic.phrases) for topic in topics])[:-1]
    best = np.array([own.max() for own in np.split(cosine, ends)])
    return np.clip((best - UNRELATED_COSINE) / (0.7 - UNRELATED_COSINE), 0.0, 0.95)


def _sentiment(part: str, names: set[str]) -> float:
    """Sentiment of a clause about the names in it, as much or little of them is spoken of."""
    words = _WORD.findall(part.lower())
    score = _judged(part, names)
    # The two words before each name: "less formal", "too many warnings".
    before = {w for i, word in enumerate(words) if word in names for w in words[max(0, i - 2) : i]}
    denied = any(map(_denies, words))
    if "too" in before and not denied:
        return -abs(score) or -MILD
    if "enough" in words and denied:
        return abs(score) or MILD
    if not _LESS.isdisjoint(before):
        # "without" denies by itself, as the list of words counts it, too.
        return -_judged(_LESSENING.sub(" ", part), names) or -MILD
    return score or (MILD if not _MORE.isdisjoint(before) else 0.0)


def _judged(part: str, names: set[str]) -> float:
    """Sentiment of a clause without the names in it, which may be of good or bad words."""
    kept = " ".join(w for w in part.split() if not set(_WORD.findall(w.lower())) & names)
    words = _WORD.findall(kept.lower())
    score = text.sentiment(kept) if can_read_sentiment() else 0.0
    if abs(score) >= NEUTRAL:
        return score
    likes = sum((_stem(w) in _GOOD) - (_stem(w) in _BAD) for w in words)
    if any(map(_denies, words)):
        likes = -likes if likes else -1
    return float(np.tanh(0.5 * likes))
