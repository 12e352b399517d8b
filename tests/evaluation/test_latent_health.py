"""Health of a latent space: swapped latents, calibration, collapse."""

from dataclasses import replace

import numpy as np
import pytest

from scrl.diagnostics import (
    active_units,
)
from scrl.evaluation import check_latent_health
from scrl.evaluation.latent_health import swap_partners


def test_a_model_of_individuals_is_well(experiment):
    found = check_latent_health(experiment.fitted_run)
    assert not found.collapsed
    assert found.own_accuracy > 0.99
    assert found.swapped_accuracy < 0.6
    assert (found.swapped_by, found.unpaired) == ("type", 0)
    assert found.active_units == active_units(np.asarray(experiment.fitted_run.posterior.mean))
    pairs = [sum(b["pairs"] for b in c.bins) for c in found.calibration.values()]
    assert len(pairs) == 2
    assert pairs[0] == pairs[1] > 0
    # Weighing everybody possible by the ballot is not surer than it may be.
    assert found.calibration["density"].error < 0.1


def test_a_model_of_one_rater_is_said_to_have_collapsed(experiment):
    """The same network with its latent silenced: nobody's latent says more than another's."""
    learnt = experiment.fitted_run
    constant = replace(learnt.individual, config=replace(learnt.individual.config, constant=True))
    found = check_latent_health(replace(learnt, individual=constant))
    assert found.own_accuracy == found.swapped_accuracy == found.empty_accuracy
    assert found.collapsed
    assert "Bradley–Terry" in found.verdict()


def test_nobody_changes_latents_with_one_of_their_own_kind():
    rng = np.random.default_rng(0)
    kind = rng.permutation(np.repeat([-1, 0, 1, 2], [40, 500, 300, 160]))
    found = swap_partners(kind, rng)
    assert (found[kind < 0] == -1).all()
    chosen = kind[found[kind >= 0]]
    assert (chosen >= 0).all()
    assert (chosen != kind[kind >= 0]).all()
    # Each of the others is as likely: of kind 0, 300 to 160.
    assert (kind[found[kind == 0]] == 1).mean() == pytest.approx(300 / 460, abs=0.1)
    assert len(np.unique(found[kind == 0])) > 250
    assert (swap_partners(np.zeros(9, int), rng) == -1).all()
    np.testing.assert_array_equal(swap_partners(np.array([4, 7]), rng), [1, 0])


def test_without_types_latents_are_changed_between_the_densitys_clusters(experiment):
    learnt = experiment.fitted_run
    unknown = replace(learnt, ratings=replace(learnt.ratings, rater_type=None, types=()))
    known, found = check_latent_health(learnt), check_latent_health(unknown)
    assert (found.swapped_by, found.unpaired) == ("component", 0)
    # Here the clusters are the types, so changing between them costs as much.
    assert found.swapped_accuracy == pytest.approx(known.swapped_accuracy, abs=0.02)
    one = replace(
        unknown, imputation=replace(learnt.imputation, clusters=0 * learnt.imputation.clusters)
    )
    found = check_latent_health(one)
    assert (found.swapped_by, found.unpaired) == ("", 0)
    assert (
        found.swapped_accuracy > known.swapped_accuracy + 0.1
    )  # with anybody, also of the own type
    assert not found.collapsed
