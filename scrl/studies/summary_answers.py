"""Answers to one question, and their rewards given a summary, from a stored example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.reward_models.reward_scales import win_rates
from scrl.studies.summary_worlds import NAMES
from scrl.summaries.vocabulary import vocabulary_of
from scrl.text import encode

QUESTION = "How can I sleep better?"


@dataclass(frozen=True)
class ExampleAnswer:
    """An answer to ``QUESTION``.

    Attributes:
        name: for figures.
        text: what it says.
        attributes: how much it has of each of ``NAMES``, in standard deviations.
    """

    name: str
    text: str
    attributes: tuple[float, ...]


ANSWERS = (
    ExampleAnswer(
        "Friendly joke",
        "Great that you ask! Count sheep; when they start to count you, switch off the light.",
        (2.0, -1.0, -1.0, -0.5, -0.5, 1.0),
    ),
    ExampleAnswer(
        "Plain list",
        "1. Same bedtime each day. 2. No screen at night. 3. A cool, dark room.",
        (-0.5, 2.0, -0.5, -0.5, -0.5, -0.5),
    ),
    ExampleAnswer(
        "Science",
        "Blue light suppresses melatonin and shifts the circadian phase; raise adenosine pressure "
        "by physical load and keep core temperature low at sleep onset.",
        (-0.5, -1.0, 1.5, 2.0, -0.5, -0.5),
    ),
    ExampleAnswer(
        "A case",
        "A nurse on night shifts, for example, slept two hours more after she had hung up dark "
        "curtains and taken the clock out of the room.",
        (-0.5, -1.0, 0.5, -0.5, 2.0, -0.5),
    ),
    ExampleAnswer(
        "Praise",
        "What a thoughtful question! You clearly care about your health. Go to bed on time.",
        (-0.5, -1.0, -1.0, -0.5, -0.5, 2.0),
    ),
    ExampleAnswer(
        "One line",
        "Go to bed at the same time every day.",
        (-0.5, -0.5, -1.5, -0.5, -0.5, -0.5),
    ),
)


def sentence_text(index: int) -> str:
    """The text of a sentence of the vocabulary."""
    return vocabulary_of(NAMES).sentences[index].text


def stated_tastes(chosen: Sequence[int]) -> list[int]:
    """Taste for each of ``NAMES`` that a summary states: 1, 0 or -1."""
    vocabulary = vocabulary_of(NAMES)
    mask = np.isin(np.arange(len(vocabulary.sentences)), list(chosen))
    return vocabulary.stated(mask).astype(int).tolist()


def edited_summary(chosen: Sequence[int], tastes: Sequence[int]) -> list[int]:
    """The summary with other tastes: sentences about a taste that changes are replaced.

    Args:
        chosen: sentences of the vocabulary.
        tastes: what the summary is to state of each of ``NAMES``: 1, 0 or -1.
    """
    vocabulary, before = vocabulary_of(NAMES), stated_tastes(chosen)
    kept = [
        i for i in chosen
        if (about := vocabulary.sentences[i].attribute) is None or before[about] == tastes[about]
    ]  # fmt: skip
    changed = [
        vocabulary.sentence_about(i, taste)
        for i, (taste, old) in enumerate(zip(tastes, before, strict=True))
        if taste not in (0, old)
    ]
    return sorted(kept + changed)


def answer_chances(
    stored: Mapping[str, Any], chosen: Sequence[int], written: Sequence[str] = ()
) -> np.ndarray:
    """Chance that each of ``ANSWERS`` is preferred to a random other one, given a summary.

    Args:
        stored: a model of the example.
        chosen: sentences of the vocabulary.
        written: sentences in any words.

    Returns:
        ``[answers]``.

    Raises:
        InputError: where there are written sentences and no encoder is installed.
    """
    weights = np.array(stored["base"]) + np.array(stored["sentences"])[list(chosen)].sum(0)
    if written:
        vectors = encode(list(written)).astype(float)
        weights = weights + (vectors @ np.array(stored["matrix"]) - stored["offset"]).sum(0)
    return _chances(weights)


def true_chances(tastes: Sequence[int], strength: Sequence[float]) -> np.ndarray:
    """As ``answer_chances``, of a rater with these tastes ``[answers]``."""
    return _chances(np.array(tastes) * np.array(strength))


def _chances(weights: np.ndarray) -> np.ndarray:
    rewards = np.array([answer.attributes for answer in ANSWERS]) @ weights
    return win_rates(rewards, np.array([0, len(ANSWERS)]))
