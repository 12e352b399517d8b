"""People who are asked, and the beliefs with which they are asked, for the study of elicitation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.elicitation.beliefs import (
    NOISE_VARIANCE,
    Belief,
    draw_people,
    population_belief,
    untrained_belief,
)
from scrl.random_streams import HostStream, host_rng
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.sampling import sample
from scrl.scenarios.shipped import gallery
from scrl.studies.example_runs import load_example_run

#: World -> the stored example run that asks, or None where the true population does.
WORLDS: dict[str, str | None] = {
    "tennessee": "tennessee-morristown",
    "kinds": "six-kinds",
    "random": None,
    "minorities": None,
}
#: Completions of the generated worlds, and shares of their types.
SIZES = {"random": 10, "minorities": 20}
SHARES = {"minorities": (0.6, 0.3, 0.1)}
#: Random populations: their numbers of types, the share of the smallest, and standard deviations of
#: utilities between and within types.
RANDOM_TYPES, SMALLEST_SHARE, BETWEEN_SD, WITHIN_SD = (3, 5), 0.05, 2.0, 1.0
#: Features behind the utilities of the generated worlds.
FEATURES = 4


@dataclass(frozen=True, eq=False)
class ElicitationWorld:
    """People and what the model believes before it asks them.

    Attributes:
        prior: the belief about anybody.
        utility: of the completions to the people who are asked ``[people, m]``, without ties.
        type: of each of them ``[people]``.
        smallest: the type of least share.
        names: of the completions.
    """

    prior: Belief
    utility: np.ndarray
    type: np.ndarray
    smallest: int
    names: tuple[str, ...]

    @property
    def untrained(self) -> Belief:
        """The belief of a model that has seen no data."""
        return untrained_belief(self.prior.size)


def elicitation_world(name: str, seed: int, people: int) -> ElicitationWorld:
    """A world of ``WORLDS`` with the people of one seed."""
    stem = WORLDS[name]
    rng = host_rng(seed, HostStream.ELICITED_PEOPLE, list(WORLDS).index(name))
    if stem is None:
        return _generated_world(name, rng, people)
    run = load_example_run(stem)
    scenario = load_scenario(gallery()[stem])
    names = run.catalogue.names(0)
    prior = population_belief(run.individual.population, np.arange(len(names)))
    drawn = sample(scenario, seed + 1000)  # none of the raters that the run was fitted to
    chosen = rng.permutation(len(drawn.ratings.raters))[:people]
    utility = drawn.complete_utilities([0])[chosen]
    type = np.asarray(drawn.ratings.rater_type)[chosen]
    smallest = int(np.argmin(scenario.type_shares))
    return ElicitationWorld(prior, utility, type, smallest, tuple(names))


def _generated_world(name: str, rng: np.random.Generator, people: int) -> ElicitationWorld:
    """Types whose utilities are linear in features, with variation within types."""
    m = SIZES[name]
    if name in SHARES:
        share = np.array(SHARES[name])
    else:
        share = rng.dirichlet(np.ones(rng.integers(*RANDOM_TYPES, endpoint=True) - 1))
        share = np.append(share * (1 - SMALLEST_SHARE), SMALLEST_SHARE)
    features = rng.standard_normal((m, FEATURES)) / np.sqrt(FEATURES)
    mean = BETWEEN_SD * rng.standard_normal((len(share), FEATURES)) @ features.T
    within = WITHIN_SD**2 * (features @ features.T) + NOISE_VARIANCE * np.eye(m)
    prior = Belief(share, mean, np.broadcast_to(within, (len(share), m, m)).copy())
    type = rng.choice(len(share), people, p=share)
    utility = np.stack([
        draw_people(Belief(np.ones(1), mean[[k]], within[None]), 1, rng)[0] for k in type
    ])  # fmt: skip
    names = tuple(f"Answer {i + 1}" for i in range(m))
    return ElicitationWorld(prior, utility, type, int(share.argmin()), names)
