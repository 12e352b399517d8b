"""What a run learnt of its raters: all that can be asked of it once it is done."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.raters.density import Density
from scrl.raters.missing_blocks import Silence
from scrl.raters.model import Individual
from scrl.raters.network import Posterior
from scrl.scenarios.scenario import Scenario
from scrl.types import Catalogue, Ratings


@dataclass(frozen=True, eq=False)
class Learnt:
    """A model of individual raters, the density fitted to them, and what they were learnt from.

    Attributes:
        source: the scenario or the ratings that the run was asked about.
        ratings: what the raters said.
        seed: of the run.
        individual, density: steps 1 and 2; silence: what kinds of rater said nothing about.
        latents: of the simulated voters ``[voters, latent]`` (step 3).
    """

    source: Scenario | Ratings
    ratings: Ratings
    seed: int
    individual: Individual
    density: Density
    silence: Silence
    latents: np.ndarray

    @property
    def catalogue(self) -> Catalogue:
        return self.ratings.catalogue

    @cached_property
    def resolved(self) -> Ratings:
        """The ratings with absent completions resolved: what the model reads."""
        return self.ratings.with_absent_resolved()

    @cached_property
    def embedded(self) -> tuple[np.ndarray, Posterior]:
        """The raters that were read ``[read]``, and their posteriors ``[read, latent]``."""
        return self.individual.embed(self.resolved)

    @property
    def read(self) -> np.ndarray:
        return self.embedded[0]

    @property
    def posterior(self) -> Posterior:
        return self.embedded[1]

    @cached_property
    def kinds(self) -> np.ndarray:
        """The type of each rater that was read ``[read]``, -1 where it is unknown."""
        if self.ratings.rater_type is None:
            return np.full(len(self.read), -1)
        return self.ratings.rater_type[self.read]
