"""What the page that asks knows after a visitor's answers, and what it may ask next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl import text
from scrl.elicitation import (
    FORMATS,
    Answer,
    Belief,
    Draws,
    Effort,
    Evidence,
    Format,
    Question,
    QuestionFinder,
    SentenceModel,
    Topic,
    can_read_sentiment,
    inclusion_rates,
    learn_sentence_model,
    population_belief,
    sentence_chances,
    topics_of,
    with_answer,
)
from ui.shared import item_texts

if TYPE_CHECKING:
    from scrl.raters import FittedRun

#: Draws of the posterior for few and for many completions.
FEW_COMPLETIONS, DRAWS = 12, (4096, 2048)


@dataclass(frozen=True, eq=False)
class Subject:
    """What is asked about: one prompt of a fitted run.

    Attributes:
        prior: the belief about anybody. names, texts: of the completions.
        types: the name of each type of the belief.
        topics: what a sentence may be about.
        included: how often each type ranks each completion ``[types, m]``.
    """

    prior: Belief
    names: list[str]
    texts: list[str]
    types: list[str]
    topics: list[Topic]
    included: np.ndarray

    @property
    def size(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What is known after some answers.

    Attributes:
        evidence: of the answers; draws: of the posterior.
        questions: the best question of each format, with its gain; bits: its information.
        words: bits and gain of a sentence, None where no sentence can be read.
    """

    evidence: Evidence
    draws: Draws
    questions: dict[Format, Question]
    bits: dict[Format, float]
    words: tuple[float, float] | None

    def gain(self, form: Format) -> float:
        """Expected fall of the chance of a wrong guess by the best question of a format."""
        return float(self.questions[form].gain)

    def best_format(self, effort: Effort, forms: Sequence[Format]) -> Format:
        """The format that gains most a second."""
        usable = [form for form in forms if form in self.questions]
        return max(usable, key=lambda form: self.gain(form) / effort.seconds(form))


@st.cache_resource(max_entries=40, show_spinner=False)
def subject(id: str, prompt: int, _fitted: FittedRun) -> Subject:
    """The subject of a prompt."""
    catalogue, population = _fitted.catalogue, _fitted.individual.population
    items = np.arange(catalogue.offsets[prompt], catalogue.offsets[prompt + 1])
    names = catalogue.names(prompt)
    texts = item_texts.completion_texts(_fitted.ratings, catalogue.prompts[prompt])
    read = [texts.get(name) or name for name in names]
    included = inclusion_rates(population, _fitted.resolved, items)
    return Subject(
        population_belief(population, items), names, read, _type_names(_fitted),
        topics_of(names, read), included,
    )  # fmt: skip


def _type_names(fitted: FittedRun) -> list[str]:
    """The name of each fitted type: that of the source's type of most similar utilities."""
    reward, share = fitted.individual.population.reward, fitted.individual.population.share
    known = getattr(fitted.source, "type_utilities", None)
    names = list(getattr(fitted.source, "type_names", ()))
    if known is None or not len(names):
        return [f"Kind {k + 1} ({part:.0%})" for k, part in enumerate(share)]
    offsets = fitted.catalogue.offsets[:-1]

    def centred(values: np.ndarray) -> np.ndarray:
        size = np.diff(fitted.catalogue.offsets)
        mean = np.add.reduceat(values, offsets, axis=1) / size
        values = values - np.repeat(mean, size, axis=1)
        return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)

    near = centred(np.asarray(reward)) @ centred(np.asarray(known, float)).T
    return [names[i] for i in near.argmax(axis=1)]


@st.cache_resource(max_entries=40, show_spinner="Learning to read sentences")
def sentence_model(id: str, prompt: int, encoder: bool, _subject: Subject) -> SentenceModel:
    """How sentiment follows from utility, learnt on simulated sentences about this prompt."""
    reader = text.SentenceEncoder() if encoder else None
    return learn_sentence_model(_subject.prior, _subject.names, _subject.topics, reader)


@st.cache_resource(max_entries=120, show_spinner=False)
def knowledge(
    id: str, prompt: int, said: str, silence: bool, _subject: Subject, _answers: list[Answer]
) -> Knowledge:
    """What is known after the answers ``said``, the string of ``_answers``.

    Args:
        silence: whether "I cannot say" is read as raters' silence.
    """
    evidence = Evidence.none(_subject.prior)
    model = sentence_model(id, prompt, False, _subject)
    for answer in _answers:
        evidence = with_answer(
            evidence, answer, _subject.topics, model, _subject.included if silence else None
        )
    draws = Draws.of(evidence, DRAWS[_subject.size > FEW_COMPLETIONS])
    finder = QuestionFinder.of(
        draws, frozenset(a.shown for a in _answers if a.kind in ("none", "tie"))
    )
    questions = finder.questions(FORMATS)
    bits = {f: float(finder.bits(f, q.shown)) for f, q in questions.items()}
    words = None
    if model.slope > 0:
        chance = sentence_chances(model, _subject.prior, draws.utility, draws.weight)
        words = _information(draws.weight, chance), finder.gain_of_chances(chance)
    return Knowledge(evidence, draws, questions, bits, words)


def _information(weight: np.ndarray, chance: np.ndarray) -> float:
    """Mutual information of an answer with the utilities, in bits."""
    mean = weight @ chance
    each = (chance * np.log2(np.maximum(chance, 1e-300))).sum(axis=1)
    return max(float(weight @ each - (mean * np.log2(np.maximum(mean, 1e-300))).sum()), 0.0)


def reads_sentences() -> str:
    """Empty where both packages of sentences are installed, else what to install."""
    if can_read_sentiment() and text.is_available():
        return ""
    return (
        "Sentences are read by words only, since a package is missing: "
        "run pip install 'scrl[text]' for sentiment and similarity of meaning."
    )
