"""What every rival offers: it is fitted to ratings, predicts pairs, and simulates voters."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from scrl.types import Ratings


class FittedRival(Protocol):
    """A fitted rival."""

    def pair_probability(
        self, visible: Ratings, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        """P(rater prefers first to second) ``[pairs]``, given the rater's visible ballots.

        A rater without a visible ballot gets the population's probability.

        Args:
            visible: ballots of raters, of the catalogue that the rival was fitted to.
            rater: of each pair, by number in ``visible`` ``[pairs]``.
            first, second: items of one prompt ``[pairs]``.
        """
        ...

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Utilities of simulated voters, choice noise included ``[voters, items]``.

        Only their order within a prompt has a meaning.
        """
        ...


class Rival(Protocol):
    """A simple model of raters.

    Attributes:
        name: for the command line and results; title: one line for tables.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def too_large(self, ratings: Ratings) -> str:
        """Why these ratings would take too long or too much memory; empty where they would not."""
        ...

    def fit(self, ratings: Ratings, seed: int = 0) -> FittedRival:
        """Fit to ratings whose absent completions are resolved.

        Ballot weights count everywhere: a rater whose ballots weigh w counts as w raters.
        """
        ...
