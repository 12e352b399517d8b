"""Generated populations of known truth, on which methods are compared.

Each generator draws the preferences of the types, and states everything else: shares, noise, what
is missing, how many raters. Utilities lie 1 apart, as an order's do, unless a generator says
otherwise. Shares are whole numbers of raters, so that without noise and with complete ballots a
sample's outcome is the population's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from scrl.random_streams import HostStream, host_rng
from scrl.scenarios.parsing import scenario_of, with_overrides
from scrl.scenarios.sampling import Sample, largest_remainder, sample
from scrl.scenarios.scenario import Scenario
from scrl.types import Ratings


@dataclass(frozen=True, eq=False)
class Design:
    """What a generator returns.

    Attributes:
        scenario: the population, whose shares are the true ones.
        sampled_shares: of the types among the raters ``[types]``, where ballots carry weights that
            make up for the difference; None where raters are drawn with the true shares.
    """

    scenario: Scenario
    sampled_shares: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class GeneratedPopulation:
    """A population, and raters drawn from it.

    Attributes:
        scenario: the population, whose shares are the true ones.
        sampled: the raters, unweighted, with their true utilities.
        ratings: the raters' ballots, weighted where the population has weights.
        weight: of each rater ``[raters]``; the mean is 1.
    """

    scenario: Scenario
    sampled: Sample
    ratings: Ratings
    weight: np.ndarray


Generator = Callable[[np.random.Generator], Design]
#: The generators by name, in the order of tables. A docstring says what is generated.
POPULATIONS: dict[str, Generator] = {}


def generate_population(name: str, seed: int) -> GeneratedPopulation:
    """The population of this name with preferences and raters drawn from ``seed``.

    >>> population = generate_population("weights", 0)
    >>> len(population.ratings.raters), float(population.weight.mean().round(9))
    (400, 1.0)
    """
    design = POPULATIONS[name](host_rng(seed, HostStream.POPULATION, crc32(name.encode())))
    scenario = design.scenario.model_copy(update={"name": name})
    shares = scenario.type_shares
    if design.sampled_shares is None:
        type_weight, drawn_from = np.ones(len(shares)), scenario
    else:
        type_weight = shares / design.sampled_shares
        drawn_from = with_overrides(scenario, shares=design.sampled_shares.tolist())
    sampled = sample(drawn_from, seed)
    assert sampled.ratings.rater_type is not None
    weight = type_weight[sampled.ratings.rater_type]
    ratings = sampled.ratings
    return GeneratedPopulation(
        scenario, sampled, replace(ratings, ballot_weight=weight[ratings.ballot_rater]), weight
    )


# -- the builder ----------------------------------------------------------------------------------


def _register(generator: Generator) -> Generator:
    POPULATIONS[generator.__name__.replace("_", "-")] = generator
    return generator


def _design(
    utility: np.ndarray,
    shares: ArrayLike,
    raters: int,
    noise: float = 0.0,
    included: ArrayLike = 1.0,
    answered: ArrayLike = 1.0,
    sampled_shares: ArrayLike | None = None,
) -> Design:
    """A population of stated types.

    Args:
        utility: ``[types, prompts, completions]``.
        shares: of the types ``[types]``, rounded to whole raters.
        raters: how many are drawn.
        noise: scale of the Gumbel noise.
        included: probability that a ballot includes a completion, of any shape that broadcasts to
            ``utility``.
        answered: probability that a prompt is answered, likewise for ``[types, prompts]``.
        sampled_shares: see ``Design``.
    """
    completions = [f"c{i}" for i in range(utility.shape[2])]
    prompts = [f"p{i}" for i in range(utility.shape[1])]
    included = np.broadcast_to(included, utility.shape)
    answered = np.broadcast_to(answered, utility.shape[:2])
    types = {
        f"t{t}": {
            "share": share,
            "utilities": _by_prompt(prompts, completions, utility[t]),
            "includes": _by_prompt(prompts, completions, included[t]),
            "answers": dict(zip(prompts, answered[t].tolist(), strict=True)),
        }
        for t, share in enumerate(_whole_raters(shares, raters).tolist())
    }
    scenario = scenario_of({
        "name": "generated", "completions": completions, "prompts": {p: {} for p in prompts},
        "types": types, "raters": raters, "noise": noise,
    })  # fmt: skip
    if sampled_shares is None:
        return Design(scenario)
    return Design(scenario, _whole_raters(sampled_shares, raters))


def _by_prompt(prompts: list[str], completions: list[str], values: np.ndarray) -> dict:
    rows = (dict(zip(completions, row.tolist(), strict=True)) for row in values)
    return dict(zip(prompts, rows, strict=True))


def _whole_raters(shares: ArrayLike, raters: int) -> np.ndarray:
    """Shares ``[types]`` that are multiples of a rater."""
    return largest_remainder(np.asarray(shares, float), raters) / raters


def _orders(rng: np.random.Generator, types: int, prompts: int, completions: int) -> np.ndarray:
    """Utilities m-1 … 0 of random orders ``[types, prompts, completions]``."""
    return np.argsort(rng.random((types, prompts, completions)), axis=-1).astype(float)


def _shares(rng: np.random.Generator, types: int) -> np.ndarray:
    """Random shares ``[types]``, none below 2 %."""
    return 0.02 + (1 - 0.02 * types) * rng.dirichlet(np.full(types, 3.0))


def _silence(rng: np.random.Generator, shape: Sequence[int], rare: float = 0.2) -> np.ndarray:
    """Probabilities of inclusion: three in ten are ``rare``, the others 95 %."""
    return np.where(rng.random(shape) < 0.3, rare, 0.95)


def _ideal_points(
    rng: np.random.Generator, points: int, prompts: int, completions: int
) -> np.ndarray:
    """Minus squared distances in a plane ``[points, prompts, completions]``."""
    points_at, completions_at = (
        rng.normal(size=(points, 2)),
        rng.normal(size=(prompts, completions, 2)),
    )
    return -((points_at[:, None, None] - completions_at) ** 2).sum(-1)


#: Shares of four types, of which no part adds up to nearly one half: a rule that decides a pair by
#: its majority would else be compared where the truth is a tie or hardly more.
_FOUR = (0.45, 0.28, 0.17, 0.1)


# -- complete or missing at random ----------------------------------------------------------------


@_register
def two_types(rng: np.random.Generator) -> Design:
    """2 types, complete ballots."""
    return _design(_orders(rng, 2, 1, 4), [0.6, 0.4], 200)


@_register
def half_missing(rng: np.random.Generator) -> Design:
    """4 types, half of every ballot missing at random."""
    return _design(_orders(rng, 4, 3, 6), _shares(rng, 4), 500, included=0.5)


@_register
def ten_types(rng: np.random.Generator) -> Design:
    """10 types, 3 prompts, 40 % missing at random."""
    return _design(_orders(rng, 10, 3, 6), _shares(rng, 10), 600, included=0.6)


@_register
def minority(rng: np.random.Generator) -> Design:
    """A type of 2 % among 4, half missing at random."""
    return _design(_orders(rng, 4, 3, 5), [0.46, 0.32, 0.2, 0.02], 2000, included=0.5)


@_register
def twelve_completions(rng: np.random.Generator) -> Design:
    """3 types, 12 completions, 40 % missing at random."""
    return _design(_orders(rng, 3, 2, 12), _shares(rng, 3), 500, included=0.6)


@_register
def fifty_raters(rng: np.random.Generator) -> Design:
    """50 raters of 2 types, 4 prompts, noise 1, 40 % missing at random."""
    return _design(_orders(rng, 2, 4, 6), [0.6, 0.4], 50, noise=1.0, included=0.6)


@_register
def ten_thousand(rng: np.random.Generator) -> Design:
    """10,000 raters of 6 types, noise 1, half missing at random."""
    return _design(_orders(rng, 6, 2, 8), _shares(rng, 6), 10_000, noise=1.0, included=0.5)


@_register
def six_prompts(rng: np.random.Generator) -> Design:
    """5 types, 6 prompts of which each rater answers half, noise 1, 40 % missing at random."""
    utility, shares = _orders(rng, 5, 6, 5), _shares(rng, 5)
    return _design(utility, shares, 400, noise=1.0, included=0.6, answered=0.5)


@_register
def prompts_300(rng: np.random.Generator) -> Design:
    """3 types, 300 prompts of which each rater answers a tenth, noise 1."""
    return _design(_orders(rng, 3, 300, 5), [0.45, 0.33, 0.22], 400, noise=1.0, answered=0.1)


# -- noise ----------------------------------------------------------------------------------------


@_register
def one_type(rng: np.random.Generator) -> Design:
    """1 type, noise 1, 40 % missing at random."""
    return _design(_orders(rng, 1, 2, 6), [1.0], 300, noise=1.0, included=0.6)


@_register
def noise_1(rng: np.random.Generator) -> Design:
    """3 types, 3 prompts, noise 1, 30 % missing at random."""
    return _design(_orders(rng, 3, 3, 5), _shares(rng, 3), 400, noise=1.0, included=0.7)


@_register
def noise_2(rng: np.random.Generator) -> Design:
    """4 types, 2 prompts, noise 2, 30 % missing at random."""
    return _design(_orders(rng, 4, 2, 6), _shares(rng, 4), 400, noise=2.0, included=0.7)


@_register
def pairs_alike(rng: np.random.Generator) -> Design:
    """2 pairs of types alike but for one swap a prompt, noise .7, 40 % missing at random."""
    utility = np.repeat(_orders(rng, 2, 2, 6), 2, axis=0)
    for own in utility[1::2]:
        for row in own:
            swapped = rng.choice(len(row), 2, replace=False)
            row[swapped] = row[swapped[::-1]]
    return _design(utility, [0.36, 0.22, 0.25, 0.17], 500, noise=0.7, included=0.6)


# -- missing by type ------------------------------------------------------------------------------


@_register
def uneven_silence(rng: np.random.Generator) -> Design:
    """5 types of 55 to 3 %; three in ten completions are ranked by a fifth of a type."""
    utility = _orders(rng, 5, 1, 6)
    return _design(utility, [0.55, 0.25, 0.12, 0.05, 0.03], 600, included=_silence(rng, (5, 1, 6)))


@_register
def thousand_silence(rng: np.random.Generator) -> Design:
    """1,000 raters of 4 types, silent in the same way."""
    utility = _orders(rng, 4, 1, 5)
    return _design(utility, _FOUR, 1000, included=_silence(rng, (4, 1, 5)))


@_register
def silence_noise(rng: np.random.Generator) -> Design:
    """800 raters of 4 types, 2 prompts, noise 1, silent in the same way."""
    utility, silence = _orders(rng, 4, 2, 6), _silence(rng, (4, 2, 6))
    return _design(utility, _FOUR, 800, noise=1.0, included=silence)


@_register
def silent_prompt(rng: np.random.Generator) -> Design:
    """4 types of which one never answers the second prompt, where every order is reversed."""
    first = _orders(rng, 4, 1, 5)
    answered = np.ones((4, 2))
    answered[rng.integers(4), 1] = 0.0
    return _design(np.concatenate([first, 4 - first], axis=1), _FOUR, 500, answered=answered)


# -- ties, weights, ideal points ------------------------------------------------------------------


@_register
def tied_pairs(rng: np.random.Generator) -> Design:
    """4 types whose orders tie two completions at each place, 40 % missing at random."""
    utility = np.floor(_orders(rng, 4, 2, 6) / 2)
    return _design(utility, _FOUR, 500, included=0.6)


@_register
def approvals(rng: np.random.Generator) -> Design:
    """5 types that approve 2 of 6 completions and rank no further, 20 % missing at random."""
    utility = (_orders(rng, 5, 2, 6) >= 4).astype(float)
    return _design(utility, _shares(rng, 5), 500, included=0.8)


@_register
def weights(rng: np.random.Generator) -> Design:
    """3 types sampled 70/20/10 whose weights make them 20/35/45, 40 % missing at random."""
    utility, sampled = _orders(rng, 3, 2, 5), [0.7, 0.2, 0.1]
    return _design(utility, [0.2, 0.35, 0.45], 400, included=0.6, sampled_shares=sampled)


@_register
def weights_noise(rng: np.random.Generator) -> Design:
    """4 types sampled 60/20/15/5 whose weights make them 10/17/28/45, noise 1."""
    utility, sampled = _orders(rng, 4, 2, 5), [0.6, 0.2, 0.15, 0.05]
    shares = [0.1, 0.17, 0.28, 0.45]
    return _design(utility, shares, 800, noise=1.0, included=0.6, sampled_shares=sampled)


@_register
def spatial(rng: np.random.Generator) -> Design:
    """150 ideal points in a plane, 3 raters each, 7 completions, 40 % missing at random."""
    return _design(_ideal_points(rng, 150, 2, 7), np.ones(150), 450, included=0.6)


@_register
def spatial_noise(rng: np.random.Generator) -> Design:
    """200 ideal points in a plane, 3 raters each, 3 prompts, noise 1, 40 % missing at random."""
    return _design(_ideal_points(rng, 200, 3, 6), np.ones(200), 600, noise=1.0, included=0.6)
