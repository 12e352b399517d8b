"""A run whose raters' types are unknown, read by the types that the model has found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.raters.fitted_run import FittedRun
from scrl.types import Catalogue, Ratings


@dataclass(frozen=True, eq=False)
class FoundTypes:
    """A source whose types are those of the model of raters.

    Attributes:
        given: the source that the model was fitted to.
        type_names: of the types, largest share first; type_shares: ``[types]``.
        type_utilities: rewards of each item for each type ``[types, items]``.
    """

    given: Ratings
    type_names: tuple[str, ...]
    type_shares: np.ndarray
    type_utilities: np.ndarray

    @property
    def name(self) -> str:
        return self.given.name

    @property
    def catalogue(self) -> Catalogue:
        return self.given.catalogue

    @property
    def is_scenario(self) -> bool:
        return False

    @property
    def knows_every_type(self) -> bool:
        return True

    def ratings(self, seed: int) -> Ratings:
        return self.given

    def true_ballots(self, draws: int = 4096, seed: int = 0) -> None:
        return None

    def to_yaml(self) -> str:
        return ""


def with_found_types(run: FittedRun) -> FittedRun:
    """The run with each rater's type, where the source knows none, as the model finds it.

    The type of a rater who compared two completions is the most probable one; that of the others
    stays unknown. The run itself is returned where a type is known, and for a scenario.
    """
    known = run.ratings.rater_type
    if run.source.is_scenario or (known is not None and bool((known >= 0).any())):
        return run
    share = run.density.share.sum(axis=1)
    order = np.argsort(-share, kind="stable")
    place = np.argsort(order)
    type = np.full(len(run.ratings.raters), -1)
    found = run.density.component_of(np.asarray(run.posterior.mean))
    type[run.embedded_raters] = place[found]
    names = tuple(f"Kind {i + 1} ({share[k]:.0%})" for i, k in enumerate(order))
    ratings = replace(run.ratings, rater_type=type, types=names)
    source = FoundTypes(
        run.ratings, names, share[order], np.asarray(run.individual.population.reward)[order]
    )
    return replace(run, source=source, ratings=ratings, known_embedding=run.embedding)
