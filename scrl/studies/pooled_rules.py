"""Voting rules without individuals: losses on pooled pairs, and when they suffice.

Part one counts on random profiles how often each loss of ``choice_models.pooled_losses`` ends in
the order of Borda, Copeland and Kemeny. Part two asks when no model of raters is needed: the loss
of each rule on pooled pairs beside the lab's simulated voters, with complete data, data missing at
random, and data missing by type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from scrl.choice_models.bradley_terry import fit_bradley_terry, fit_pair_counts, pair_counts
from scrl.choice_models.pooled_losses import (
    bounded_loss_rewards,
    least_order_cost,
    order_cost,
    squared_loss_rewards,
    win_shares,
)
from scrl.config import Config
from scrl.evaluation.intervals import student_interval
from scrl.pipeline import (
    Outcomes,
    draw_voters,
    embed_raters,
    fit_raters,
    hold_elections,
    simulate_ballots,
)
from scrl.progress import RunClock
from scrl.random_streams import HostStream, host_rng
from scrl.rivals import RIVALS
from scrl.scenarios.parsing import load_scenario, with_overrides
from scrl.scenarios.populations import GeneratedPopulation, generate_population
from scrl.scenarios.reference_outcomes import true_outcomes
from scrl.scenarios.sampling import sample
from scrl.scenarios.shipped import gallery
from scrl.studies.population_benchmark import strict_tau
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.types import Ballots, Progress, Ratings
from scrl.voting.elections import Contests, run_elections
from scrl.voting.weak_orders import weak_order

RULES = ("borda", "copeland", "kemeny")
#: Profiles of each kind, their voters, and the number of candidates of the table.
PROFILES, PROFILE_VOTERS, CANDIDATES = 100, 25, 5
#: Kind of profile -> distance of neighbouring candidates' utilities, beside standard Gumbel noise.
KINDS = {"no common order": 0.0, "a common order": 0.7}
#: Numbers of candidates for which starts of the bounded loss are compared.
SIZES, STARTS = (3, 4, 5, 6, 7), (1, 16)
SEEDS = tuple(range(10))
#: Raters of Tennessee, drawn independently, the chance of a city to be on a ballot where ballots
#: are incomplete at random, and the noise of the noisy raters.
RATERS, INCLUSION, NOISE = 500, 0.5, 1.0
VOTERS, DRAWS = 20_000, 4096
METHODS = ("oracle", "pooled", "vanilla", "types", "lab")
#: Agreement of one seed lies within this; rounding differs between machines.
TOLERANCE = 0.21

_SCENARIO = "tennessee-morristown"


def spec() -> str:
    """A hash of the study's settings."""
    profiles = (PROFILES, PROFILE_VOTERS, CANDIDATES, KINDS, SIZES, STARTS)
    raters = (RATERS, INCLUSION, NOISE, VOTERS, DRAWS, METHODS, tuple(POPULATIONS))
    scenario = load_scenario(gallery()[_SCENARIO]).to_yaml()
    return settings_hash(RULES, profiles, SEEDS, raters, scenario, Config())


def run(on_progress: Listener = None, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The study: some minutes.

    Returns:
        ``"losses"``, ``"starts"`` and ``"populations"``, as the functions below return them.
    """
    found: dict[str, Any] = {"losses": loss_agreement(), "starts": start_success()}
    found["populations"] = []
    for i, name in enumerate(POPULATIONS):
        if on_progress is not None:
            share = (i + 1) / (len(POPULATIONS) + 1)
            on_progress(Progress("populations", share, f"{name}: {len(seeds)} seeds"))
        found["populations"].append(agreement_with_truth(name, seeds))
    return found


# -- losses on random profiles --------------------------------------------------------------------

Loss = Callable[[np.ndarray, np.random.Generator], np.ndarray]
#: Loss -> rewards of pooled shares.
LOSSES: dict[str, Loss] = {
    "logistic": lambda above, rng: fit_bradley_terry(above * (1 - np.eye(len(above))), 100.0),
    "squared": lambda above, rng: squared_loss_rewards(above),
    "tanh": lambda above, rng: squared_loss_rewards(above, 4.0),
    "step": lambda above, rng: squared_loss_rewards(above, np.inf),
    "bounded": lambda above, rng: bounded_loss_rewards(above, STARTS[-1], rng),
}


def random_shares(rng: np.random.Generator, candidates: int, distance: float) -> np.ndarray:
    """P of the ballots of ``PROFILE_VOTERS`` voters ``[m, m]``, ½ on the diagonal."""
    utility = distance * np.arange(candidates)[::-1] + rng.gumbel(size=(PROFILE_VOTERS, candidates))
    above = (utility[:, :, None] > utility[:, None, :]).mean(0)
    return above + 0.5 * np.eye(candidates)


def agrees(rewards: np.ndarray, above: np.ndarray) -> dict[str, bool]:
    """Whether rewards have the order of each rule; of Kemeny's orders any, without ties."""
    place = weak_order(np.round(rewards, 6))
    off = above - 0.5 * np.eye(len(above))
    copeland = (above > 0.5 + 1e-9).sum(1) + 0.5 * (np.abs(above - 0.5) <= 1e-9).sum(1)
    cost = order_cost(-place.astype(float), above)
    return {
        "borda": bool((place == weak_order(np.round(off.sum(1), 6))).all()),
        "copeland": bool((place == weak_order(copeland)).all()),
        "kemeny": bool(cost <= least_order_cost(above) + 1e-9),
    }


def loss_agreement(profiles: int = PROFILES) -> list[dict[str, Any]]:
    """For each kind of profile and loss the share of profiles in which it has each rule's order."""
    rows = []
    for i, (kind, distance) in enumerate(KINDS.items()):
        for loss, rewards in LOSSES.items():
            rng = host_rng(i, HostStream.POOLED_PROFILES, CANDIDATES)
            starts = host_rng(i, HostStream.POOLED_STARTS, CANDIDATES)
            found = []
            for _ in range(profiles):
                above = random_shares(rng, CANDIDATES, distance)
                found.append(list(agrees(rewards(above, starts), above).values()))
            share = np.mean(found, 0)
            rows.append(
                {"profiles": kind, "loss": loss} | dict(zip(RULES, share.tolist(), strict=True))
            )
    return rows


def start_success(profiles: int = PROFILES) -> list[dict[str, Any]]:
    """For each number of candidates the share of profiles without common order in which gradient
    descent on the bounded loss ends at a Kemeny order, by its starts."""
    rows = []
    for size in SIZES:
        row: dict[str, Any] = {"candidates": size}
        for starts in STARTS:
            rng = host_rng(2, HostStream.POOLED_PROFILES, size)
            noise = host_rng(2, HostStream.POOLED_STARTS, size)
            found = []
            for _ in range(profiles):
                above = random_shares(rng, size, 0.0)
                found.append(agrees(bounded_loss_rewards(above, starts, noise), above)["kemeny"])
            row[str(starts)] = float(np.mean(found))
        rows.append(row)
    return rows


# -- populations ----------------------------------------------------------------------------------


def _tennessee(seed: int, included: float | None, noise: float = 0.0) -> GeneratedPopulation:
    """Tennessee; ``included`` is the chance of each city, None for that of the scenario."""
    scenario = load_scenario(gallery()[_SCENARIO]).model_copy(update={"sampling": "iid"})
    scenario = with_overrides(scenario, raters=RATERS, noise=noise)
    if included is not None:
        (prompt,) = scenario.prompts
        chances = {prompt: dict.fromkeys(scenario.offered(prompt), included)}
        scenario = with_overrides(
            scenario, includes=dict.fromkeys(scenario.type_names, chances)
        )  # fmt: skip
    sampled = sample(scenario, seed)
    return GeneratedPopulation(scenario, sampled, sampled.ratings, np.ones(RATERS))


#: Population -> its raters by seed. The last has random types (``scenarios.populations``).
POPULATIONS: dict[str, Callable[[int], GeneratedPopulation]] = {
    "complete": lambda seed: _tennessee(seed, 1.0),
    "at random": lambda seed: _tennessee(seed, INCLUSION),
    "at random, noisy": lambda seed: _tennessee(seed, INCLUSION, NOISE),
    "by type": lambda seed: _tennessee(seed, None),
    "silent types": lambda seed: generate_population("thousand-silence", seed),
}


def agreement_with_truth(
    name: str, seeds: Sequence[int] = SEEDS, methods: Sequence[str] = METHODS
) -> dict[str, Any]:
    """Kendall's τ of each method's order with the true one, by rule.

    Returns:
        ``"name"``; ``"tau"``: method -> rule -> mean and 95 % interval over seeds; ``"exact"``:
        method -> rule -> share of seeds without a strict pair reversed or tied; ``"first"``: method
        -> rule -> τ of the first seed; ``"lead"``: rule -> interval of the lab's τ less that of the
        pooled loss, seed by seed.
    """
    each: dict[str, list[list[float]]] = {method: [] for method in methods}
    for seed in seeds:
        population = POPULATIONS[name](seed)
        truth = true_outcomes(population.scenario, RULES, DRAWS, seed)
        for method in methods:
            places = _METHODS[method](population, seed)
            each[method].append([
                float(np.nanmean([
                    strict_tau(place[rule], t[rule].place)
                    for place, t in zip(places, truth, strict=True)
                ]))
                for rule in RULES
            ])  # fmt: skip
    found = {method: np.array(rows) for method, rows in each.items()}
    result: dict[str, Any] = {"name": name, "tau": {}, "exact": {}, "first": {}}
    for method, values in found.items():
        spread = np.round(student_interval(values), 4)
        result["tau"][method] = {r: spread[:, i].tolist() for i, r in enumerate(RULES)}
        exact = (values > 1 - 1e-9).mean(0)
        result["exact"][method] = {r: float(exact[i]) for i, r in enumerate(RULES)}
        result["first"][method] = {r: round(float(values[0, i]), 4) for i, r in enumerate(RULES)}
    if {"lab", "pooled"} <= found.keys():
        lead = np.round(student_interval(found["lab"] - found["pooled"]), 4)
        result["lead"] = {r: lead[:, i].tolist() for i, r in enumerate(RULES)}
    return result


Places = list[dict[str, np.ndarray]]


def _places(outcomes: Outcomes) -> Places:
    return [{rule: outcome[rule].place for rule in RULES} for outcome in outcomes]


def _electorate(utility: np.ndarray, offsets: np.ndarray) -> Places:
    """Places by the complete ballots of voters ``[voters, items]``."""

    def ballots(contests: Contests) -> Ballots:
        own = np.moveaxis(utility[:, contests.item], 1, 0)
        return Ballots(own, candidates=contests.candidate_mask)

    return _places(run_elections(ballots, offsets, len(utility), RULES).outcomes)


def _ratings(population: GeneratedPopulation) -> Ratings:
    return population.ratings.with_absent_resolved(min_size=2)


def _lab_places(population: GeneratedPopulation, seed: int) -> Places:
    """Steps 1 to 6 of a run."""
    ratings = population.ratings.with_absent_resolved()
    config, clock = Config(voters=VOTERS, rules=RULES), RunClock()
    raters = fit_raters(ratings, config, seed, clock)
    _, density = embed_raters(raters, ratings, seed, clock)
    latents = draw_voters(density, VOTERS, seed, clock)
    ballots = simulate_ballots(raters, density, latents, seed)
    return _places(hold_elections(ballots, ratings.catalogue, RULES, VOTERS, clock).outcomes)


def _rival_places(population: GeneratedPopulation, seed: int) -> Places:
    """The simulated voters of a mixture of Plackett–Luce types, the strongest simple rival."""
    ratings = _ratings(population)
    fitted = RIVALS["types"].fit(ratings, seed)
    utility = fitted.electorate(VOTERS, host_rng(seed, HostStream.POPULATION_RIVAL_VOTERS))
    return _electorate(utility, ratings.catalogue.offsets)


def _vanilla_places(population: GeneratedPopulation, seed: int) -> Places:
    """Bradley–Terry's order under every rule."""
    ratings = _ratings(population)
    offsets = ratings.catalogue.offsets
    rewards = fit_pair_counts(pair_counts(ratings), offsets)
    place = [weak_order(np.round(rewards[a:b], 6)) for a, b in pairwise(offsets)]
    return [dict.fromkeys(RULES, p) for p in place]


def _pooled_places(population: GeneratedPopulation, seed: int) -> Places:
    """Each rule's loss on pooled pairs; each compared pair counts once."""
    ratings, rng = _ratings(population), host_rng(seed, HostStream.POOLED_STARTS, 0)
    offsets, counts = ratings.catalogue.offsets, pair_counts(ratings)
    places = []
    for start, stop in pairwise(offsets):
        inside = (counts.first >= start) & (counts.first < stop)
        wins = np.zeros((stop - start, stop - start))
        first, second = counts.first[inside] - start, counts.second[inside] - start
        wins[first, second] = counts.wins_first[inside]
        wins[second, first] = counts.wins_second[inside]
        above, compared = win_shares(wins), (wins + wins.T > 0).astype(float)
        rewards = {
            "borda": squared_loss_rewards(above, 0.0, compared),
            "copeland": squared_loss_rewards(above, np.inf, compared),
            "kemeny": bounded_loss_rewards(above, STARTS[-1], rng),
        }
        places.append({rule: weak_order(np.round(r, 6)) for rule, r in rewards.items()})
    return places


_METHODS: dict[str, Callable[[GeneratedPopulation, int], Places]] = {
    "oracle": lambda population, seed: _electorate(
        population.sampled.complete_utilities(), population.ratings.catalogue.offsets
    ),
    "pooled": _pooled_places,
    "vanilla": _vanilla_places,
    "types": _rival_places,
    "lab": _lab_places,
}


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from one profile table and two first seeds, repeated."""
    stored = content["result"]
    found = differences(stored["losses"], loss_agreement(), 0.03, "losses.")
    rows = {row["name"]: row for row in stored["populations"]}
    found += differences(list(rows), list(POPULATIONS), where="populations.")
    for name in ("at random", "by type"):
        fresh = agreement_with_truth(name, SEEDS[:1])
        found += differences(rows[name]["first"], fresh["first"], TOLERANCE, f"{name}.")
    return found


STUDY = ModuleStudy(
    name="pooled-rules",
    title="Voting rules from pooled pairs, without individuals",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
