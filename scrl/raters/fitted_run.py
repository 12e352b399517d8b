"""The fitted models of a run, on which diagnostics and saved runs work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.raters.density import Density
from scrl.raters.imputation import ImputationModel
from scrl.raters.network import Embedding, Posterior
from scrl.raters.rater_model import RaterModel
from scrl.types import Catalogue, Ratings, Source


@dataclass(frozen=True, eq=False)
class FittedRun:
    """The model of raters and the density of a run, with the data they were fitted to.

    Attributes:
        source: the scenario or the ratings of the run.
        ratings: the ratings as given, absent completions not resolved.
        seed: the run's seed.
        individual: the model of raters (step 1).
        density: of their latents (step 2).
        imputation: of blocks that whole types left out.
        latents: the simulated voters' latents ``[voters, latent]`` (step 3).
        known_embedding: the raters' embedding if the run has computed it, else None.
    """

    source: Source
    ratings: Ratings
    seed: int
    individual: RaterModel
    density: Density
    imputation: ImputationModel
    latents: np.ndarray
    known_embedding: Embedding | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The prompts and completions."""
        return self.ratings.catalogue

    @cached_property
    def resolved(self) -> Ratings:
        """The ratings with absent completions resolved, to which the model is fitted."""
        return self.ratings.with_absent_resolved()

    @cached_property
    def embedding(self) -> Embedding:
        """The raters' embedding, computed once."""
        return self.known_embedding or self.individual.embed(self.resolved)

    @property
    def embedded_raters(self) -> np.ndarray:
        """The raters with a ballot of two completions or more ``[embedded]``."""
        return self.embedding.raters

    @property
    def posterior(self) -> Posterior[np.ndarray]:
        """Posteriors of the embedded raters ``[embedded, latent]``."""
        return self.embedding.posterior

    @cached_property
    def rater_types(self) -> np.ndarray:
        """The type of each embedded rater ``[embedded]``, -1 where it is unknown."""
        if self.ratings.rater_type is None:
            return np.full(len(self.embedded_raters), -1)
        return self.ratings.rater_type[self.embedded_raters]
