"""A run against the outcomes of its raters' complete ballots."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import scrl
from scrl.runs import run_seeds, seed_spreads, seeds_dict
from scrl.scenarios import load_scenario, with_overrides
from scrl.types import Cancelled
from scrl.utility_models import tabulate
from scrl.utility_models.ballot_table import likely_types
from tests import lanes

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "tennessee-morristown.yaml"


def furthest(experiment, rule: str) -> float:
    """How far the simulated voters' scores stand from those of the raters' complete ballots."""
    voters, raters = (o[0][rule].scores for o in (experiment.voters, experiment.raters))
    return float(np.abs(voters - raters).max())


def test_likelihoods_of_different_ballots_are_plackett_luces(experiment):
    individual, ratings = experiment.individual, experiment.ratings
    latent = experiment.latents[::4000]
    table, nats = individual.log_likelihood(ratings, latent)
    assert table.mass.sum() == len(experiment.embedded_raters)
    assert table.rows == 8, "four kinds, with and without Morristown"
    reward = individual.rewards(latent).astype(float)
    for row, found in enumerate(nats):
        (ballot,) = table.cast[row].indices
        order = table.slots.item[ballot][table.slots.mask[ballot]]
        expected = sum(
            reward[:, order[i]] - np.log(np.exp(reward[:, order[i:]]).sum(1))
            for i in range(len(order))
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_an_electorate_of_sparse_raters_is_not_biased_to_the_largest_cluster():
    """Every completion is on half of the ballots, so that most ballots fit two types.

    The shares of first places are right only if such raters are divided between the types.
    """
    scenario = load_scenario(SCENARIO)
    half = dict.fromkeys(("Memphis", "Nashville", "Chattanooga", "Knoxville", "Morristown"), 0.5)
    scenario = with_overrides(scenario, includes={t: {"best": half} for t in scenario.types})
    run = scrl.run(scenario, seed=0)
    assert furthest(run, "plurality") < 0.03
    assert furthest(run, "borda") < 0.06
    # Counting each rater whole, as of the most probable type, would be further off.
    probability = run.individual.population.type_probabilities(tabulate(run.ratings))
    types = likely_types(tabulate(run.ratings), probability)
    whole = np.bincount(types[types >= 0], minlength=len(run.density.weight)) / (types >= 0).sum()
    assert np.abs(whole - run.density.weight).max() > 0.06


def test_the_default_run_is_all_but_the_oracle(experiment):
    assert furthest(experiment, "borda") < 0.01
    assert furthest(experiment, "plurality") < 0.01


@pytest.fixture(scope="module")
def small():
    """A scenario and settings that run in a second, such a run from seed 3, and its progress."""
    scenario = with_overrides(load_scenario(SCENARIO), raters=500)
    config, told = replace(scrl.Config(), voters=500), []
    return scenario, config, scrl.run(scenario, config, 3, told.append), told


@pytest.mark.slow
def test_progress_rises_and_a_run_can_be_cancelled(small):
    scenario, config, _, told = small
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert {p.phase for p in told} >= {"compiling", "individual", "voters", "social"}

    def stop(progress):
        if progress.phase == "individual":
            raise Cancelled

    with pytest.raises(Cancelled):
        scrl.run(scenario, config, 0, stop)


@pytest.mark.slow
def test_runs_side_by_side_are_what_each_is_alone(small):
    scenario, config, experiment, _ = small
    told, alone = [], scrl.to_dict(experiment)
    together = run_seeds(scenario, config, (5, 3), told.append)
    result = seeds_dict(together)
    assert [e.seed for e in together] == result["seeds"]["seeds"] == [5, 3]
    assert scrl.to_dict(together[1])["prompts"] == alone["prompts"]
    for rule, outcome in alone["prompts"]["best"]["social"].items():
        said = seed_spreads(result, "best", rule)["social"]
        assert said.orders[1] == outcome["order"]
        assert {name: values[1] for name, values in said.values.items()} == outcome["rewards"]
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] < 1
    assert told[-1].message.startswith("Run ")


@lanes.deep_only
@pytest.mark.slow
def test_what_stops_one_run_stops_those_beside_it(small):
    scenario, config, *_ = small
    told = []

    def stop(progress):
        told.append(progress.message)
        if progress.message.startswith("Run 2") and progress.phase == "individual":
            raise Cancelled

    with pytest.raises(Cancelled):
        run_seeds(scenario, config, range(6), stop)
    assert not any(message.startswith(("Run 4", "Run 5", "Run 6")) for message in told)
