"""How often raters of each type rank each completion: what "I cannot say" may tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.types import Ratings
from scrl.utility_models.population import Population
from scrl.utility_models.rater_posteriors import KnownRaters

#: Pseudo-raters who do, and who do not, rank a completion.
RATE_PRIOR = 1.0


def inclusion_rates(
    population: Population, ratings: Ratings, items: Sequence[int] | np.ndarray
) -> np.ndarray:
    """P(a rater of the type ranks the completion | they answer the prompt) ``[types, m]``.

    Raters count for each type with its probability given their ballots.

    Args:
        items: of one prompt ``[m]``.
    """
    items = np.asarray(items)
    known = KnownRaters.of(ratings)
    row = known.table.row[: len(ratings.raters)]
    types = population.type_probabilities(known.table)
    types = np.where(row[:, None] >= 0, types[np.maximum(row, 0)], population.share)
    rater = ratings.ballot_rater[ratings.entry_ballot]
    prompt = ratings.catalogue.item_prompt[items[0]]
    answered = np.unique(ratings.ballot_rater[ratings.ballot_prompt == prompt])
    ranked = np.stack([
        types[np.unique(rater[ratings.item == item])].sum(axis=0) for item in items
    ], axis=1)  # fmt: skip
    total = types[answered].sum(axis=0)[:, None]
    return (ranked + RATE_PRIOR) / (total + 2 * RATE_PRIOR)
