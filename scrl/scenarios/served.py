"""Whom a completion serves: its place in the order of each type of rater."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrl.scenarios.scenario import Scenario


@dataclass(frozen=True)
class Served:
    """What one type of rater thinks of a completion.

    Attributes:
        type: name of the type.
        share: of the population, 0 to 1.
        place: of the completion in the type's order, 1 = best; tied places are averaged.
    """

    type: str
    share: float
    place: float


def places_by_type(scenario: Scenario, prompt: str, completion: str) -> tuple[Served, ...]:
    """The place of a completion in each type's order, without choice noise, types as in the file.

    Raises:
        KeyError: the scenario has no such prompt.
        ValueError: the prompt does not offer the completion.
    """
    catalogue = scenario.catalogue
    start = catalogue.offsets[list(scenario.prompts).index(prompt)]
    offered = scenario.offered(prompt)
    utility = scenario.type_utilities[:, start : start + len(offered)]
    own = utility[:, [offered.index(completion)]]
    place = (utility > own).sum(axis=1) + ((utility == own).sum(axis=1) + 1) / 2
    return tuple(
        Served(name, float(share), float(p))
        for name, share, p in zip(scenario.type_names, scenario.type_shares, place, strict=True)
    )
