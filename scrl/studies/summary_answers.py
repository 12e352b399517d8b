"""Answers to one question, and their rewards given a summary, from a stored example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def sentence_of(attribute: int, sign: int) -> int:
    """Index of the first sentence about one of ``NAMES`` with this sign."""
    return vocabulary_of(NAMES).sentence_about(attribute, sign)


def sentence_text(index: int) -> str:
    """The text of a sentence of the vocabulary."""
    return vocabulary_of(NAMES).sentences[index].text


def stated_tastes(chosen: Sequence[int]) -> np.ndarray:
    """Taste for each of ``NAMES`` that a summary states ``[attributes]``: 1, 0 or -1."""
    vocabulary = vocabulary_of(NAMES)
    mask = np.isin(np.arange(len(vocabulary.sentences)), list(chosen))
    return vocabulary.stated(mask).astype(int)


def answer_rewards(
    stored: Mapping[str, Any], chosen: Sequence[int], written: Sequence[str] = ()
) -> np.ndarray:
    """Rewards of ``ANSWERS`` given a summary, less their mean ``[answers]``.

    Args:
        stored: a model of the example.
        chosen: sentences of the vocabulary.
        written: sentences in any words.

    Raises:
        InputError: where there are written sentences and no encoder is installed.
    """
    weights = np.array(stored["base"]) + np.array(stored["sentences"])[list(chosen)].sum(0)
    if written:
        vectors = encode(list(written)).astype(float)
        weights = weights + (vectors @ np.array(stored["matrix"]) - stored["offset"]).sum(0)
    rewards = np.array([answer.attributes for answer in ANSWERS]) @ weights
    return rewards - rewards.mean()


def true_rewards(tastes: Sequence[int], strength: Sequence[float]) -> np.ndarray:
    """What a rater thinks of ``ANSWERS``, less the mean ``[answers]``."""
    rewards = np.array([a.attributes for a in ANSWERS]) @ (np.array(tastes) * np.array(strength))
    return rewards - rewards.mean()
