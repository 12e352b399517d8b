"""Health of a latent space: swapped latents, calibration, collapse."""

from dataclasses import replace

import numpy as np
import pytest

from scrl.config import Config
from scrl.data import hidden_entries, parse_ratings, strict_pairs
from scrl.diagnostics import active_units
from scrl.evaluation import check_latent_health, pair_accuracy
from scrl.evaluation.latent_health import swap_partners
from scrl.evaluation.latent_information import latent_information, mixture_kl
from scrl.pipeline import draw_voters, embed_raters, fit_raters
from scrl.progress import RunClock
from scrl.raters import Density, FittedRun, RaterModel
from tests import lanes


def fitted(orders, prompts):
    """Steps 1 to 3 on ratings; each rater has one order for each prompt."""
    lines = ["rater,prompt,completion,rank"]
    for r, own in enumerate(orders):
        for p, order in zip(prompts, own, strict=True):
            lines += [f"r{r},{p},{p}{item},{place + 1}" for place, item in enumerate(order)]
    ratings = parse_ratings("\n".join(lines).encode(), "ballots.csv")
    config, clock = Config(), RunClock(None)
    raters = fit_raters(ratings, config, 0, clock)
    embedding, density = embed_raters(raters, ratings, 0, clock)
    latents = draw_voters(density, 1000, 0, clock)
    return FittedRun(
        ratings, ratings, 0, raters.individual, density, raters.imputation, latents, embedding
    )


def noisy_orders(reward, raters, prompts, rng):
    """Plackett–Luce orders at rewards ``[raters, items]`` or ``[items]``."""
    noise = rng.gumbel(size=(raters, prompts, np.shape(reward)[-1]))
    utility = np.broadcast_to(reward, (raters, np.shape(reward)[-1]))[:, None] + noise
    return np.argsort(-utility, axis=2).tolist()


@pytest.mark.parametrize("seed", range(lanes.deep(1, 3)))
def test_one_kind_of_rater_with_noise_is_said_to_be_one_kind(seed):
    """Raters who differ in noise only: whose latent is used must not matter."""
    rng = np.random.default_rng(seed)
    orders = noisy_orders(np.linspace(1.5, -1.5, 6), 200, 2, rng)
    found = check_latent_health(fitted(orders, "pq"))
    assert found.collapsed
    assert found.own_accuracy == pytest.approx(found.uninformed_accuracy, abs=0.03)
    assert "collapsed" in found.verdict()


def test_raters_who_differ_are_told_from_one_kind_on_pairs_that_were_not_read():
    """Two kinds, and as much noise as above."""
    rng = np.random.default_rng(0)
    reward = np.linspace(1.5, -1.5, 6) * rng.choice([-1, 1], (500, 1))
    found = check_latent_health(fitted(noisy_orders(reward, 500, 2, rng), "pq"))
    assert not found.collapsed
    assert found.advantage.low > 0.2
    assert found.own_accuracy > found.empty_accuracy + 0.1
    assert found.own_accuracy > found.uninformed_accuracy + 0.1
    # Noise bounds what anybody can know of a pair that was not read.
    assert found.own_accuracy < 0.95
    assert max(c.error for c in found.calibration.values()) < 0.05


def test_ballots_of_which_nothing_can_be_hidden_are_not_judged():
    rng = np.random.default_rng(0)
    found = check_latent_health(fitted(noisy_orders(np.zeros(2), 30, 1, rng), "p"))
    assert found.pairs == 0
    assert np.isnan(found.own_accuracy)
    assert found.verdict()


def test_the_kl_of_mixtures_is_the_integral():
    rng = np.random.default_rng(0)
    x = np.linspace(-20, 20, 200_001)

    def mixture(*shape):
        weight = rng.dirichlet(np.ones(3), shape[:-2])
        return weight, rng.normal(0, 2, shape), rng.uniform(0.3, 2, shape)

    one, other = mixture(4, 3, 2), mixture(3, 2)
    found = mixture_kl(one, other)

    def log_density(weight, mean, variance):
        normal = np.exp(-0.5 * (x[:, None] - mean) ** 2 / variance) / np.sqrt(2 * np.pi * variance)
        return np.log(normal @ weight)

    for rater in range(4):
        for j in range(2):
            p = log_density(one[0][rater], one[1][rater, :, j], one[2][rater, :, j])
            q = log_density(other[0], other[1][:, j], other[2][:, j])
            integral = (np.exp(p) * (p - q)).sum() * (x[1] - x[0])
            assert found[rater, j] == pytest.approx(integral, rel=0.03, abs=0.005)
    same = tuple(np.broadcast_to(part, (4, *part.shape)) for part in other)
    np.testing.assert_allclose(mixture_kl(same, other), 0, atol=1e-12)


def test_ballots_tell_of_a_dimension_at_most_which_type_a_rater_is(experiment):
    """Raters of a type do not vary here, so no dimension tells more than the entropy of types."""
    learnt = experiment.fitted_run
    share = learnt.individual.population.share
    found = check_latent_health(learnt).kl
    entropy = -(share * np.log(share)).sum()
    assert (found <= entropy + 0.02).all()
    assert found[0] > 0.5 * entropy
    nobody = learnt.resolved.select(np.zeros(learnt.resolved.ballots, bool))
    np.testing.assert_array_equal(latent_information(learnt.individual, nobody), 0)


def best_accuracy(learnt):
    """Hidden pairs of half ballots ordered rightly by somebody who knows the types' orders."""
    ratings = learnt.resolved
    hidden = hidden_entries(ratings, 0.5, np.random.default_rng(0))
    utility, share = learnt.source.type_utilities, np.asarray(learnt.source.type_shares)
    possible = np.tile(share, (len(ratings.raters), 1))
    for rater, better, worse in zip(*strict_pairs(ratings.keep(~hidden)), strict=True):
        possible[rater] *= utility[:, better] > utility[:, worse]
    possible /= possible.sum(axis=1, keepdims=True)
    rater, better, worse = strict_pairs(ratings.keep(hidden))
    agree = (utility[:, better] > utility[:, worse]).T
    return pair_accuracy(np.round((possible[rater] * agree).sum(axis=1) - 0.5, 9))


def test_a_model_of_individuals_is_well(experiment):
    found = check_latent_health(experiment.fitted_run)
    assert not found.collapsed
    assert found.own_accuracy == pytest.approx(best_accuracy(experiment.fitted_run), abs=0.02)
    assert found.swapped_accuracy < 0.5, "another type's order"
    assert found.swapped_accuracy < found.uninformed_accuracy < found.own_accuracy
    assert (found.swapped_by, found.unpaired) == ("type", 0)
    assert found.active_units == active_units(np.asarray(experiment.fitted_run.posterior.mean))
    pairs = [sum(b["pairs"] for b in c.bins) for c in found.calibration.values()]
    assert len(pairs) == 2
    assert pairs[0] == pairs[1] > 0
    for name, calibration in found.calibration.items():
        assert calibration.error < 0.05, name


def test_a_model_of_one_rater_is_said_to_have_collapsed(experiment):
    """One type with the population's mean: nobody's latent says more than another's."""
    learnt = experiment.fitted_run
    population = learnt.individual.population
    one = replace(
        population, share=np.ones(1), reward=(population.share @ population.reward)[None],
        variance=population.variance[:1], ties=population.ties[:1],
        covariance=population.covariance.scaled(1e-9),
    )  # fmt: skip
    model = RaterModel.of(one, learnt.catalogue)
    density = Density.of(model, np.random.default_rng(0))
    alone = replace(learnt, individual=model, density=density, known_embedding=None)
    found = check_latent_health(alone)
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


def test_without_types_latents_are_changed_between_the_densitys_clusters(experiment, monkeypatch):
    learnt = experiment.fitted_run
    unknown = replace(learnt, ratings=replace(learnt.ratings, rater_type=None, types=()))
    known, found = check_latent_health(learnt), check_latent_health(unknown)
    assert (found.swapped_by, found.unpaired) == ("component", 0)
    # The clusters are the types, but of whom one order was read in half they are less sure.
    assert known.swapped_accuracy < found.swapped_accuracy < found.uninformed_accuracy
    monkeypatch.setattr(Density, "component_of", lambda _, points: np.zeros(len(points), int))
    found = check_latent_health(unknown)
    assert (found.swapped_by, found.unpaired) == ("", 0)
    # Anybody's latent, also that of the own type, is as good as a random one.
    assert found.swapped_accuracy == pytest.approx(found.uninformed_accuracy, abs=0.05)
    assert not found.collapsed
