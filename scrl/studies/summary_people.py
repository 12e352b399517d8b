"""The pairs of the people that the page on summaries shows, and a stored model as a reader.

The stored example holds tastes, summaries and models. The pairs are drawn again from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scrl.reward_models.comparisons import Comparisons
from scrl.studies.summaries import MOST, NEW, OTHERS, PAIRS, SEEDS, SEEN
from scrl.studies.summary_worlds import NAMES, draw_summary_world
from scrl.summaries.model import SummaryReader
from scrl.summaries.written_summaries import SHOWN_PAIRS, attribute_words, write_summary
from scrl.types import InputError, Progress


def compared_pairs(example: Mapping[str, Any], person: int) -> Comparisons:
    """The pairs from which the example's summary of a person was written, that person alone.

    Args:
        example: the stored example of the study.
        person: its index among those that the example shows.

    Raises:
        InputError: where the example was not drawn from the study's first seed.
    """
    world = draw_summary_world(SEEDS[0], SEEN + OTHERS + NEW, PAIRS)
    new = np.arange(SEEN + OTHERS, SEEN + OTHERS + NEW)
    _, first = np.unique(world.tastes[new], axis=0, return_index=True)
    shown = new[np.sort(first)[: len(example["tastes"])]]
    if world.tastes[shown].tolist() != example["tastes"]:
        raise InputError("The stored example is not of the population that is drawn today.")
    return world.select(shown[[person]]).masked_after(MOST)


def stored_reader(stored: Mapping[str, Any]) -> SummaryReader:
    """A model of the example as the reward that reads sentences.

    The example stores what the centre contributes to the weights and not the centre itself. Any
    centre with that contribution gives the same rewards; the shortest one is taken.
    """
    matrix = np.array(stored["matrix"])
    centre = np.array(stored["offset"]) @ np.linalg.pinv(matrix)
    return SummaryReader(np.array(stored["base"]), matrix, centre)


def written_for(
    example: Mapping[str, Any],
    person: int,
    model: str,
    on_progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """The summary that the language model writes of a person of the example, as plain data.

    Args:
        example: the stored example of the study.
        person: its index among those that the example shows.
        model: name of the model that reads and chooses.
        on_progress: hears of the writing.

    Returns:
        ``"sentences"``; ``"log_sigma"`` and ``"without"``, in nats a pair with and without them;
        ``"candidates"``, ``"pairs"`` and ``"shown"``, numbers of candidates, of the person's pairs
        and of those that the language model was shown.

    Raises:
        InputError: where the language model or the sentence encoder is not installed.
    """
    compared = compared_pairs(example, person)
    found = write_summary(
        stored_reader(example["models"][model]), compared,
        attribute_words(compared.features, NAMES), seed=person, on_progress=on_progress,
    )  # fmt: skip
    pairs = int(compared.mask.sum())
    return {
        "sentences": list(found.best.sentences), "log_sigma": found.best.log_sigma,
        "without": found.without, "candidates": len(found.candidates), "pairs": pairs,
        "shown": min(SHOWN_PAIRS, pairs),
    }  # fmt: skip
