"""The fitted model of raters: what it recovers, posteriors, latents to rewards and to votes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import scrl
from scrl.choice_models import fit_bradley_terry, fit_pair_counts, pair_counts, reversed_pairs
from scrl.data import hidden_entries
from scrl.pipeline import FittedRaters, simulate_ballots
from scrl.raters import Density, RaterModel
from scrl.scenarios import load_scenario, with_overrides
from scrl.types import Catalogue, Ratings
from scrl.utility_models import TieModel
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population
from scrl.voting.elections import Contests
from tests import lanes

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"

# -- what it recovers -----------------------------------------------------------------------------


def own_rewards(e) -> tuple[np.ndarray, np.ndarray]:
    """Rewards of the embedded raters ``[embedded, items]``, and their true utilities."""
    rewards = e.individual.rewards(e.posterior.mean)
    return rewards, e.source.type_utilities[e.ratings.rater_type[e.embedded_raters]]


def test_complete_orders_are_recovered(experiment):
    rewards, truth = own_rewards(experiment)
    right = (np.argsort(-rewards, 1) == np.argsort(-truth, 1)).all(1)
    assert len(right) == 10_000
    assert right.mean() >= 0.99
    item = experiment.catalogue.names(0).index("Morristown")
    ranked = np.zeros(10_000, bool)
    ballots = experiment.ratings.entry_ballot[experiment.ratings.item == item]
    ranked[experiment.ratings.ballot_rater[ballots]] = True
    left_out = ~ranked[experiment.embedded_raters]
    assert left_out.sum() > 6000
    assert right[left_out].mean() >= 0.99, "what they never said"


def test_types_are_clusters_of_latents(experiment):
    kind = experiment.ratings.rater_type[experiment.embedded_raters]
    mean = experiment.posterior.mean
    centre = np.array([mean[kind == k].mean(0) for k in range(4)])
    nearest = ((mean[:, None] - centre) ** 2).sum(-1).argmin(1)
    assert (nearest == kind).mean() > 0.99


def test_simulated_voters_elect_as_the_true_types_do(experiment):
    voters, truth = experiment.voters[0]["borda"], experiment.truth[0]["borda"]
    np.testing.assert_array_equal(voters.place, truth.place)
    np.testing.assert_allclose(voters.scores, truth.scores, atol=0.05)
    wanted = dict(Chattanooga=2.55, Knoxville=2.45, Nashville=2.35, Morristown=1.45, Memphis=1.2)
    assert truth.by_name(experiment.catalogue.names(0)) == pytest.approx(wanted, abs=5e-4)


def test_vanilla_puts_morristown_last_and_is_the_exact_optimum(experiment):
    names = experiment.catalogue.names(0)
    assert names[np.argmin(experiment.vanilla)] == "Morristown"
    np.testing.assert_allclose(experiment.vanilla, experiment.mle, atol=0.05)
    exact = fit_pair_counts(pair_counts(experiment.ratings), experiment.catalogue.offsets)
    np.testing.assert_allclose(experiment.mle, exact, atol=1e-9)


def test_no_social_model_reverses_its_rules_order(experiment):
    rules = [rule for rule in experiment.social if not scrl.RULES[rule].lottery]
    assert len(rules) >= 5
    for rule in rules:
        place = experiment.voters[0][rule].place
        assert reversed_pairs(place, experiment.social[rule]) == 0, rule
        assert reversed_pairs(-place, experiment.social[rule]) > 0, rule


def test_random_ballots_social_reward_is_bradley_terry_of_the_voters(experiment):
    """On whole ballots: Morristown, which vanilla puts last, is fourth."""
    utility = experiment.individual.rewards(experiment.latents)
    wins = (utility[:, :, None] > utility[:, None, :]).sum(0).astype(float)
    wins += 0.5 * (utility[:, :, None] == utility[:, None, :]).sum(0) * (1 - np.eye(5))
    wanted = fit_bradley_terry(wins)
    social = experiment.social["random-ballot"]
    np.testing.assert_allclose(social, wanted, atol=0.05)
    names = experiment.catalogue.names(0)
    assert names[np.argsort(-social)[3]] == "Morristown"


@pytest.mark.slow
def test_on_complete_data_random_ballots_social_reward_is_vanilla():
    scenario = load_scenario(SCENARIOS / "tennessee-four.yaml")
    e = scrl.run(
        with_overrides(scenario, raters=2000), scrl.Config(rules=("random-ballot",)), seed=3
    )
    np.testing.assert_allclose(e.social["random-ballot"], e.vanilla, atol=0.05)
    published = dict(Nashville=0.462, Chattanooga=0.239, Memphis=-0.249, Knoxville=-0.451)
    found = dict(zip(e.catalogue.names(0), e.vanilla.tolist(), strict=True))
    assert found == pytest.approx(published, abs=0.02)


def test_a_rater_who_said_less_has_a_wider_posterior(experiment):
    some = experiment.ratings.select(experiment.ratings.ballot_rater % 20 == 0)
    asked = np.unique(some.ballot_rater)
    width, apart = [], []
    for fraction in (0.0, 0.5, 1.0):
        hidden = hidden_entries(some, fraction, np.random.default_rng(0))
        _, posterior = experiment.individual.embed(some.keep(~hidden), include_empty=True)
        width.append(float(np.exp(posterior.log_variance[asked]).sum(1).mean()))
        apart.append(float(posterior.mean[asked].var(0).sum()))
    assert width[0] < 0.1 * width[1] < 0.1 * width[2]
    assert apart[0] > 1.2 * apart[1] > 0.1
    assert apart[2] == pytest.approx(0, abs=1e-6)
    # The variance of the population is that of the means and that around them.
    assert np.add(width, apart)[:2] == pytest.approx(width[2], rel=0.1)


def test_raters_without_ballots_share_one_posterior(experiment):
    some = experiment.ratings.select(experiment.ratings.ballot_rater >= 10)
    read, posterior = experiment.individual.embed(some, include_empty=True)
    np.testing.assert_array_equal(read, np.arange(10_000))
    np.testing.assert_array_equal(posterior.mean[:10], np.tile(posterior.mean[0], (10, 1)))
    assert len(experiment.individual.embed(some)[0]) == 10_000 - 10


# -- what cannot matter ---------------------------------------------------------------------------


def same_posterior(one, other):
    np.testing.assert_allclose(one.mean, other.mean, atol=2e-4)
    np.testing.assert_allclose(one.log_variance, other.log_variance, atol=2e-4)


def test_the_order_in_which_slots_are_stored_does_not_matter(experiment):
    some = experiment.ratings.select(experiment.ratings.ballot_rater < 200)
    order = np.lexsort((np.random.default_rng(0).random(len(some.rank)), some.entry_ballot))
    shuffled = replace(some, completion=some.completion[order], rank=some.rank[order])
    assert (shuffled.completion != some.completion).any()
    same_posterior(experiment.individual.embed(some)[1], experiment.individual.embed(shuffled)[1])


def test_the_order_of_a_raters_ballots_does_not_matter(experiment):
    rows = [("r0", [["Memphis"], ["Nashville"]]), ("r0", [["Knoxville"], ["Memphis"]])]
    rows += [("r0", [["Chattanooga"], ["Nashville"], ["Memphis"]])]
    posteriors = []
    for several in (rows, rows[::-1]):
        ratings = like(experiment.ratings, several)
        posteriors.append(experiment.individual.embed(ratings)[1])
    same_posterior(*posteriors)


def like(ratings: Ratings, rows) -> Ratings:
    """Ballots (rater, places) on the one prompt of ``ratings``."""
    names = ratings.catalogue.names(0)
    raters = tuple(dict.fromkeys(r for r, _ in rows))
    entries = [
        (names.index(c), i) for _, places in rows for i, tied in enumerate(places) for c in tied
    ]
    sizes = [sum(map(len, places)) for _, places in rows]
    return Ratings(
        ratings.catalogue, raters, [raters.index(r) for r, _ in rows], np.zeros(len(rows)),
        np.ones(len(rows)), np.concatenate([[0], np.cumsum(sizes)]), *zip(*entries, strict=True),
    )  # fmt: skip


def test_what_is_hidden_cannot_leak(experiment):
    """A ballot with completions hidden is embedded like one that never held them."""
    names = experiment.catalogue.names(0)
    whole = like(experiment.ratings, [("r", [[c] for c in names])])
    keep = np.array([True, False, True, False, True])
    cut = whole.keep(keep)
    never = like(experiment.ratings, [("r", [[names[0]], [names[2]], [names[4]]])])
    assert cut.rank.tolist() == [0, 2, 4]
    assert never.rank.tolist() == [0, 1, 2]
    same_posterior(experiment.individual.embed(cut)[1], experiment.individual.embed(never)[1])


# -- latents, rewards and ballots -----------------------------------------------------------------


@pytest.fixture(scope="module")
def varied() -> RaterModel:
    """Three types with variation within, on two prompts."""
    catalogue = Catalogue(("p", "q"), tuple("abcdefg"), np.arange(7), np.array([0, 4, 7]))
    reward = np.random.default_rng(0).normal(0, 2, (3, 7))
    covariance = initial_covariance(catalogue).scaled(0.7)
    share = np.array([0.5, 0.3, 0.2])
    return RaterModel.of(Population(reward, np.zeros((3, 7)), share, covariance), catalogue)


def within_prompts(utility: np.ndarray) -> np.ndarray:
    parts = np.split(utility, [4], axis=-1)
    return np.concatenate([part - part.mean(-1, keepdims=True) for part in parts], axis=-1)


def test_rewards_of_the_types_latents_are_their_rewards(varied):
    rewards = varied.rewards(varied.type_latents)
    np.testing.assert_allclose(rewards, within_prompts(varied.population.reward), atol=1e-4)
    item = np.array([[2, 0, 1], [6, 4, 5]])
    np.testing.assert_allclose(
        varied.rewards(varied.type_latents, item), np.moveaxis(rewards[:, item], 0, 1), atol=1e-5
    )


def test_latents_keep_the_variance_of_utilities(varied):
    """All dimensions together leave nothing out, and the latents' covariance is the utilities'."""
    utility = within_prompts(varied.population.covariance.draw(100_000, np.random.default_rng(1)))
    loadings = varied.space.loadings
    carried = loadings @ varied.latent_covariance @ loadings.T + np.diag(varied.space.residual**2)
    np.testing.assert_allclose(carried, np.cov(utility.T), atol=0.02)
    assert varied.space.residual.max() < 0.05


def test_a_rater_without_ballots_has_the_populations_distribution(varied):
    ratings = Ratings(
        varied.catalogue, ("r", "silent"), [0], [0], [1.0], [0, 2], [0, 1], [0, 1]
    )  # fmt: skip
    raters, posterior = varied.embed(ratings, include_empty=True)
    assert raters.tolist() == [0, 1]
    share, means = varied.population.share, varied.type_latents
    np.testing.assert_allclose(posterior.mean[1], share @ means, atol=1e-5)
    kind = np.random.default_rng(0).choice(3, 200_000, p=share)
    drawn = varied.space.latents(
        within_prompts(varied.population.reward[kind])
        + within_prompts(varied.population.covariance.draw(200_000, np.random.default_rng(2)))
    )
    np.testing.assert_allclose(np.exp(posterior.log_variance[1]), drawn.var(0), rtol=0.05)


def test_embeddings_are_moments_of_simulated_raters(varied):
    """Importance sampling: the latents of raters weighted by the likelihood of a ballot."""
    order = np.array([2, 0, 3])
    ratings = Ratings(varied.catalogue, ("r",), [0], [0], [1.0], [0, 3], order, np.arange(3))
    rng = np.random.default_rng(3)
    kind = rng.choice(3, 300_000, p=varied.population.share)
    utility = varied.population.reward[kind] + varied.population.covariance.draw(300_000, rng)
    nats = sum(
        utility[:, order[i]] - np.log(np.exp(utility[:, order[i:]]).sum(1)) for i in range(3)
    )
    weight = np.exp(nats) / np.exp(nats).sum()
    latent = varied.space.latents(within_prompts(utility))
    mean = weight @ latent
    variance = weight @ (latent - mean) ** 2
    _, posterior = varied.embed(ratings)
    np.testing.assert_allclose(posterior.mean[0], mean, atol=0.05)
    np.testing.assert_allclose(np.exp(posterior.log_variance[0]), variance, rtol=0.1, atol=0.01)


def test_a_completions_place_is_read_as_by_simulated_voters(varied):
    """The mean latent of raters whose ballots put a completion there."""
    rng = np.random.default_rng(4)
    density = Density.of(varied, rng)
    latent, kind = density.draw(rng, 100_000), density.voter_components(100_000)
    item = np.arange(4)[None]
    scores = varied.cast_ballots(varied.rewards(latent, item), kind, item, rng)[0]
    above = (scores > scores[:, [1]]).sum(1)
    found = varied.embed_single(np.array([1, 1]), np.array([0, 3]), np.array([4, 4]))
    for row, place in enumerate((0, 3)):
        members = latent[above == place]
        np.testing.assert_allclose(found.mean[row], members.mean(0), atol=0.06)
        np.testing.assert_allclose(np.exp(found.log_variance[row]), members.var(0), rtol=0.15)


@pytest.mark.parametrize(
    "ties", [(), (TieModel(np.array([0, 1, 0.5]), np.array([0, 1, 0.5])),) * 3]
)
def test_voters_choose_as_the_model_says(varied, ties):
    """First choices by softmax of the rewards, or with ties as often as their prevalence says."""
    model = RaterModel.of(replace(varied.population, ties=ties), varied.catalogue)
    item = np.array([[4, 5]])
    rewards = np.tile(np.array([0.8, 0.0], np.float32), (1, 60_000, 1))
    kind = np.arange(60_000) % 3
    scores = model.cast_ballots(rewards, kind, item, np.random.default_rng(5))[0]
    better, tied = np.exp(0.8), (0.5 * np.exp(0.4) if ties else 0.0)
    total = better + 1 + tied
    assert (scores[:, 0] > scores[:, 1]).mean() == pytest.approx(better / total, abs=0.01)
    assert (scores[:, 0] == scores[:, 1]).mean() == pytest.approx(tied / total, abs=0.01)


def test_ballots_do_not_depend_on_how_contests_are_grouped(experiment):
    ratings = FittedRaters(experiment.individual, experiment.imputation)
    ballots = simulate_ballots(ratings, experiment.density, experiment.latents, experiment.seed)
    contests = [np.array([0, 2, 3]), np.array([1, 4, 0])]
    mask, prompts = np.array([[True] * 3, [True, True, False]]), np.zeros(2, int)
    together = ballots(Contests(prompts, np.stack(contests), mask)).utility
    for c, item in enumerate(contests):
        alone = ballots(Contests(prompts[:1], item[None], mask[[c]])).utility
        np.testing.assert_array_equal(together[c], alone[0])


@pytest.mark.slow
@pytest.mark.parametrize("noise", lanes.deep([3.0], [1.0, 3.0]))
def test_a_noisy_electorate_has_the_raters_pair_shares(noise):
    """Every rater ranks all completions, with noise: the shares of pairs are known from 4,000."""
    scenario = load_scenario(SCENARIOS / "tennessee-four.yaml")
    scenario = with_overrides(scenario, raters=4000, noise=noise)
    e = scrl.run(scenario, scrl.Config(rules=("borda", "plurality")), seed=0)
    place = np.empty((4000, 4))
    place[e.ratings.ballot_rater[e.ratings.entry_ballot], e.ratings.item] = e.ratings.rank
    voters = e.voters[0]["borda"].scores
    borda = (place[:, :, None] < place[:, None, :]).sum(2).mean(0)
    np.testing.assert_allclose(voters, borda, atol=0.05)
    np.testing.assert_allclose(e.voters[0]["plurality"].scores, (place == 0).mean(0), atol=0.02)
    observed, simulated = e.check.observed, e.check.simulated
    assert len(observed) == 6 + 4
    np.testing.assert_allclose(simulated, observed, atol=0.025)
    assert e.check.reproduces
