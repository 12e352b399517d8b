"""What is stored of one population for the page on summaries: raters, summaries, models.

It is read without JAX and without the sentence encoder: a summary's reward is a sum over its
sentences, and the weights that each sentence adds are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scrl.reward_models.comparisons import Comparisons
from scrl.studies.summary_worlds import SummaryWorld
from scrl.summaries.model import SummaryModel

#: Raters that the page shows.
SHOWN = 8


def sentence_weights(model: SummaryModel) -> np.ndarray:
    """Weights that each sentence of the vocabulary adds ``[sentences, features]``."""
    return (model.vectors - model.reader.centre) @ model.reader.matrix


def example_of(
    world: SummaryWorld,
    raters: np.ndarray,
    writers: Mapping[str, tuple[SummaryModel, SummaryModel]],
    context: Comparisons,
) -> dict[str, Any]:
    """The example as plain data: models, and the first new raters whose tastes differ.

    Args:
        world: the population.
        raters: new raters' indices in the world ``[raters]``.
        writers: of each variant of the study a model, and one that was trained on other raters.
        context: the new raters' pairs.
    """
    _, first = np.unique(world.tastes[raters], axis=0, return_index=True)
    shown = np.sort(first)[:SHOWN]
    read = {name: pair[0] for name, pair in writers.items()}
    read["other raters"] = writers["summary"][1]
    summaries = {name: model.summaries(context)[shown] for name, model in read.items()}
    return {
        "tastes": world.tastes[raters][shown].tolist(),
        "strength": np.round(world.strength, 3).tolist(),
        "summaries": {
            name: [np.flatnonzero(row).tolist() for row in rows] for name, rows in summaries.items()
        },
        "models": {name: _stored(model) for name, model in read.items()},
    }


def _stored(model: SummaryModel) -> dict[str, Any]:
    reader = model.reader
    return {
        "base": np.round(reader.base, 4).tolist(),
        "sentences": np.round(sentence_weights(model), 4).tolist(),
        "matrix": np.round(reader.matrix, 4).tolist(),
        "offset": np.round(reader.centre @ reader.matrix, 4).tolist(),
    }
