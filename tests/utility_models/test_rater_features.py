"""Features of raters, on populations whose types and utilities depend on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from scrl.config import Config, RatersConfig, RewardConfig
from scrl.data import parse_ratings, to_csv
from scrl.evaluation import evaluate
from scrl.raters import RaterModel
from scrl.raters.latent_space import centred
from scrl.types import Catalogue, Ratings
from scrl.utility_models import tabulate
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.feature_fit import FeatureFit, _conjugate_gradients
from scrl.utility_models.featured_types import types_by_features
from scrl.utility_models.population import Population
from scrl.utility_models.population_fit import fit_population
from scrl.utility_models.prediction import draw_rows
from scrl.utility_models.rater_features import FeatureScale, RaterEffects, at_items
from scrl.utility_models.type_mixture import TypeProblem
from scrl.utility_models.type_variation import with_variation
from tests import lanes
from tests.tiny import TINY

ITEMS = 8
#: Hidden pairs of a rater.
HIDDEN = 6


def population_of(seed: int, types: int = 2, prompts: int = 1, noise: int = 0) -> Population:
    """The first feature tells types apart, the second shifts utilities, the others do nothing."""
    rng = np.random.default_rng(seed)
    catalogue = Catalogue(
        tuple(f"p{p}" for p in range(prompts)), tuple(f"c{c}" for c in range(ITEMS)),
        np.tile(np.arange(ITEMS), prompts), ITEMS * np.arange(prompts + 1),
    )  # fmt: skip
    root = rng.normal(size=(ITEMS, ITEMS))
    between = root @ root.T / ITEMS + 0.3 * np.eye(ITEMS)
    covariance = replace(
        initial_covariance(catalogue), between_completions=0.5 * between / between.trace() * ITEMS
    )
    reward = rng.normal(0, 1.2, (types, catalogue.items))
    slope, shift = np.zeros((2 + noise, types)), np.zeros((2 + noise, catalogue.items))
    slope[0] = 1.5 * np.linspace(-1, 1, types)
    shift[1] = np.tile(rng.normal(0, 0.7, ITEMS), prompts)
    rows = rng.normal(size=(2000, 2 + noise))
    scale = FeatureScale(np.zeros(2 + noise), np.ones(2 + noise))
    effects = RaterEffects(
        scale, rows, np.full(2000, 1 / 2000), np.zeros(types), slope, shift
    )  # fmt: skip
    return Population(
        reward, np.zeros_like(reward), effects.average_share, covariance, rater_effects=effects
    )


def catalogue_of(population: Population) -> Catalogue:
    prompts = population.reward.shape[1] // ITEMS
    return Catalogue(
        tuple(f"p{p}" for p in range(prompts)), tuple(f"c{c}" for c in range(ITEMS)),
        np.tile(np.arange(ITEMS), prompts), ITEMS * np.arange(prompts + 1),
    )  # fmt: skip


def utilities(population: Population, features: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Types ``[raters]`` and utilities ``[raters, items]`` of raters with these features."""
    effects, raters = population.rater_effects, len(features)
    probability = np.exp(log_softmax(effects.log_odds + features @ effects.slope, axis=1))
    kind = (probability.cumsum(1) < rng.random((raters, 1))).sum(1)
    mean = population.reward[kind] + features @ effects.shift
    return kind, mean + population.covariance.draw(raters, rng)


def pairs_of(population: Population, raters: int, said: int, seed: int):
    """Ratings of raters who say as many pairs each, and the hidden pairs, the better item first."""
    rng = np.random.default_rng(seed)
    catalogue = catalogue_of(population)
    features = rng.normal(size=(raters, len(population.rater_effects.slope)))
    _, utility = utilities(population, features, rng)
    rater = np.repeat(np.arange(raters), said + HIDDEN)
    prompt = rng.integers(0, len(catalogue.prompts), len(rater))
    item = ITEMS * prompt[:, None] + np.argsort(rng.random((len(rater), ITEMS)), axis=1)[:, :2]
    gap = utility[rater, item[:, 0]] - utility[rater, item[:, 1]]
    first_wins = gap + rng.logistic(size=len(rater)) > 0
    item = np.where(first_wins[:, None], item, item[:, ::-1])
    shown = np.tile(np.arange(said + HIDDEN) < said, raters)
    count = int(shown.sum())
    ratings = Ratings(
        catalogue, tuple(f"r{r}" for r in range(raters)), rater[shown], prompt[shown],
        np.ones(count), 2 * np.arange(count + 1), catalogue.members[item[shown]].ravel(),
        np.tile([0, 1], count), rater_features=features,
    )  # fmt: skip
    return ratings, (rater[~shown], item[~shown, 0], item[~shown, 1])


def without_features(ratings: Ratings) -> Ratings:
    return replace(ratings, rater_features=None)


def accuracy(population: Population, ratings: Ratings, pairs) -> float:
    probability = population.pair_probability(ratings, *pairs)
    assert np.isfinite(probability).all()
    return float((probability > 0.5).mean())


# -- what features are worth ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    """A population, its ratings, and fits with and without features."""
    truth = population_of(2)
    ratings, _ = pairs_of(truth, 400, 8, 100)
    return (
        truth,
        ratings,
        *(fit_population(r).population for r in (ratings, without_features(ratings))),
    )


@pytest.mark.parametrize("said", lanes.deep([0, 4], [0, 2, 4]))
def test_new_raters_are_predicted_near_the_oracle(fitted, said):
    truth, _, found, plain = fitted
    ratings, pairs = pairs_of(truth, 1500, said, 7 + said)
    oracle, own = (accuracy(p, ratings, pairs) for p in (truth, found))
    assert own > oracle - 0.02
    if said == 0:
        assert own > accuracy(plain, without_features(ratings), pairs) + 0.04


def test_the_features_that_matter_are_found(fitted):
    truth, _, found, _ = fitted
    effects = found.rater_effects
    assert found.types == 2
    slope = np.ptp(effects.slope, axis=1) * effects.scale.inverse
    assert slope[0] == pytest.approx(3.0, abs=0.7)
    assert slope[1] < 0.6
    wanted, own = truth.rater_effects.shift[1], effects.shift[1] * effects.scale.inverse[1]
    assert np.corrcoef(own, wanted)[0, 1] > 0.9
    assert effects.shift[0].std() < 0.3 * own.std()
    np.testing.assert_allclose(effects.average_share, found.share, atol=1e-8)


def test_a_rater_of_unknown_features_is_predicted_as_before(fitted):
    """Where features are lost, and where a rater has none, the marginal population predicts."""
    truth, _, found, plain = fitted
    for said in (0, 4):
        ratings, pairs = pairs_of(truth, 1500, said, 7 + said)
        lost = replace(ratings, rater_features=np.full(ratings.rater_features.shape, np.nan))
        wanted = accuracy(plain, without_features(ratings), pairs)
        assert accuracy(found, without_features(ratings), pairs) > wanted - 0.01
        assert accuracy(found, lost, pairs) > wanted - 0.01


def test_types_that_only_features_tell_apart():
    """Four pairs a rater do not show two types; with features they do."""
    truth = population_of(2)
    ratings, _ = pairs_of(truth, 200, 4, 102)
    problem = TypeProblem(tabulate(ratings))
    assert len(problem.search(0).share) == 1
    one = problem.one_type()
    found = types_by_features(problem, one, 0)
    assert len(found.share) == 2
    catalogue, correlation = catalogue_of(truth), []
    for own in centred(found.reward, catalogue):
        correlation.append([np.corrcoef(own, r)[0, 1] for r in truth.reward])
    assert sorted(np.argmax(correlation, axis=1)) == [0, 1]
    # The ballots of a rater then say more.
    own = fit_population(ratings).population
    pooled = with_variation(problem.table, one, None, 0)
    new, pairs = pairs_of(truth, 1500, 4, 11)
    assert accuracy(own, new, pairs) > accuracy(pooled, new, pairs) + 0.01


def test_features_that_shift_everybody_are_no_types():
    truth = population_of(2)
    shift = replace(truth.rater_effects, slope=0 * truth.rater_effects.slope)
    truth = replace(truth, reward=truth.reward[[0, 0]], share=np.full(2, 0.5), rater_effects=shift)
    problem = TypeProblem(tabulate(pairs_of(truth, 300, 4, 1)[0]))
    one = problem.one_type()
    assert types_by_features(problem, one, 0) is one
    plain = TypeProblem(tabulate(without_features(pairs_of(truth, 300, 4, 1)[0])))
    assert types_by_features(plain, one, 0) is one


@lanes.deep_only
def test_features_without_information_do_no_harm():
    truth = population_of(2, noise=3)
    effects = truth.rater_effects
    truth = replace(
        truth, share=np.full(2, 0.5),
        rater_effects=replace(effects, slope=0 * effects.slope, shift=0 * effects.shift),
    )  # fmt: skip
    ratings, _ = pairs_of(truth, 300, 8, 1)
    own, plain = (fit_population(r).population for r in (ratings, without_features(ratings)))
    for said in (0, 4):
        new, pairs = pairs_of(truth, 1500, said, 2)
        gain = accuracy(own, new, pairs) - accuracy(plain, without_features(new), pairs)
        assert gain > -0.005


@pytest.mark.parametrize("number", lanes.deep([200], [10, 30, 200]))
def test_many_features_without_information_do_no_harm(number):
    truth = population_of(2)
    effects = truth.rater_effects
    truth = replace(
        truth, share=np.full(2, 0.5),
        rater_effects=replace(effects, slope=0 * effects.slope, shift=0 * effects.shift),
    )  # fmt: skip
    rng = np.random.default_rng(number)

    def with_noise(ratings: Ratings) -> Ratings:
        return replace(ratings, rater_features=rng.normal(size=(len(ratings.raters), number)))

    ratings = with_noise(pairs_of(truth, 120, 8, 1)[0])
    own, plain = (fit_population(r).population for r in (ratings, without_features(ratings)))
    new, pairs = pairs_of(truth, 1500, 4, 2)
    gain = accuracy(own, with_noise(new), pairs) - accuracy(plain, without_features(new), pairs)
    assert gain > -0.01


@lanes.deep_only
@pytest.mark.slow
def test_accuracy_on_a_file_rises(fitted):
    """The command's evaluation of a file, of which each rater shows few pairs."""
    ratings, _ = pairs_of(fitted[0], 120, 4, 3)
    file = parse_ratings(to_csv(ratings).encode(), "pairs.csv")
    # The social network is not asked about.
    network = replace(RewardConfig(), width=16, schedule=TINY.schedule)
    config = Config(RatersConfig(max_types=2), reward=network)
    own, plain = (
        evaluate(r, config, 0.75, rivals=()) for r in (file, without_features(file))
    )  # fmt: skip
    assert own.individual.mean > plain.individual.mean + 0.03


# -- weights, and features that say nothing -------------------------------------------------------


@lanes.deep_only
def test_weights_are_repetition():
    truth = population_of(2)
    ratings, _ = pairs_of(truth, 120, 6, 5)
    weight = np.random.default_rng(0).integers(1, 4, 120)
    weighted = replace(ratings, ballot_weight=weight[ratings.ballot_rater].astype(float))
    each = [ratings.select(ratings.ballot_rater == r) for r in range(120)]
    copies = [(r, each[r]) for r in range(120) for _ in range(weight[r])]
    sizes = [part.ballots for _, part in copies]
    repeated = replace(
        ratings, raters=tuple(map(str, range(len(copies)))),
        ballot_rater=np.repeat(np.arange(len(copies)), sizes),
        ballot_prompt=np.concatenate([part.ballot_prompt for _, part in copies]),
        ballot_weight=np.ones(sum(sizes)), offsets=2 * np.arange(sum(sizes) + 1),
        completion=np.concatenate([part.completion for _, part in copies]),
        rank=np.concatenate([part.rank for _, part in copies]),
        rater_features=ratings.rater_features[[r for r, _ in copies]],
    )  # fmt: skip
    one, other = (fit_population(r).population for r in (weighted, repeated))
    np.testing.assert_allclose(one.rater_effects.scale.mean, other.rater_effects.scale.mean)
    np.testing.assert_allclose(one.rater_effects.weight, other.rater_effects.weight)
    new, pairs = pairs_of(truth, 200, 2, 6)
    wanted = one.pair_probability(new, *pairs)
    np.testing.assert_allclose(other.pair_probability(new, *pairs), wanted, atol=0.01)


@pytest.mark.parametrize("value", lanes.deep([np.nan], [3.25, np.nan]))
def test_features_that_do_not_vary_change_nothing(value):
    ratings, _ = pairs_of(population_of(1), 60, 6, 5)
    same = replace(ratings, rater_features=np.full((60, 2), value))
    own, plain = (fit_population(r).population for r in (same, without_features(ratings)))
    assert own.rater_effects is None
    for name in ("reward", "variance", "share"):
        np.testing.assert_array_equal(getattr(own, name), getattr(plain, name))


@pytest.mark.parametrize("kind", ["huge", "mostly unknown",
                                  *lanes.deep((), ("many", "separating", "copies"))])  # fmt: skip
def test_odd_features_give_finite_numbers(kind):
    rng = np.random.default_rng(0)
    truth = population_of(2)
    ratings, _ = pairs_of(truth, 60, 6, 5)
    features = ratings.rater_features.astype(float).copy()
    if kind == "huge":
        features[0] = 1e38
    elif kind == "many":
        features = rng.normal(size=(60, 100))
    elif kind == "separating":
        features = np.sign(features)
    elif kind == "mostly unknown":
        features[rng.random((60, 2)) < 0.8] = np.nan
    else:
        features = features[:, [0, 0, 1, 1, 1]]
    ratings = replace(ratings, rater_features=features)
    population = fit_population(ratings).population
    _, pairs = pairs_of(truth, 60, 6, 5)
    probability = population.pair_probability(ratings, *pairs)
    assert np.isfinite(probability).all()
    assert (probability > 0.5).mean() > 0.55
    model = RaterModel.of(population, ratings.catalogue)
    embedded = model.embed(ratings, include_empty=True).posterior
    assert np.isfinite(embedded.mean).all()
    assert np.isfinite(embedded.log_variance).all()
    assert np.isfinite(population.electorate(100, rng)).all()


# -- parts ----------------------------------------------------------------------------------------


def test_a_scale_is_that_of_known_values():
    features = np.array([[1.0, 5], [np.nan, 5], [4, 5], [4, np.nan]])
    scale = FeatureScale.of(features, np.array([2.0, 9, 1, 1]))
    written_out = features[[0, 0, 2, 3], 0]
    x = scale.standardised(features)
    np.testing.assert_allclose(x[:, 0] * written_out.std() + written_out.mean(), [1, 2.5, 4, 4])
    np.testing.assert_array_equal(x[:, 1], 0)
    assert np.abs(scale.standardised(np.array([[1e9, 7]]))).max() < 10


@pytest.mark.parametrize("huge", [1e3, 1e9, 1e30])
def test_one_huge_value_leaves_the_others_apart(huge):
    features = np.random.default_rng(0).normal(size=(120, 2))
    features[7, 0] = huge
    scale = FeatureScale.of(features, np.ones(120))
    found = scale.standardised(features)
    assert 0.7 < np.delete(found[:, 0], 7).std() < 1.05
    assert found[7, 0] > 5
    np.testing.assert_allclose(found[:, 1].std(), 1.0)


def test_a_feature_of_one_rater_keeps_its_scale():
    features = np.eye(120)[:, :1]
    scale = FeatureScale.of(features, np.ones(120))
    np.testing.assert_allclose(scale.inverse * features.std(axis=0), 1.0)


def test_log_odds_are_those_of_logistic_regression():
    """Where ballots tell the types for certain, they are multinomial regression with a ridge."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 3))
    kind = (x @ rng.normal(size=(3, 4)) + rng.gumbel(size=(500, 4))).argmax(axis=1)
    ratings, _ = pairs_of(population_of(0), 500, 1, 0)
    table = tabulate(replace(ratings, rater_features=x))
    fit = FeatureFit.of(table, np.full(4, 0.25), initial_covariance(table.catalogue))
    own = fit.effects.standardised(x)
    for _ in range(8):
        fit.read.append((own, np.where(np.arange(4) == kind[:, None], 0.0, -1e3), np.ones(500)))
        fit.step(0)
    wanted = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(own, kind)
    np.testing.assert_allclose(fit.effects.slope.T, wanted.coef_, atol=2e-3)
    share = np.exp(fit.effects.log_shares(x, np.full(4, 0.25)))
    np.testing.assert_allclose(share, wanted.predict_proba(own), atol=1e-3)


def test_conjugate_gradients_solve():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(6, 6))
    matrix, wanted = root @ root.T + np.eye(6), rng.normal(size=6)
    slope = matrix @ wanted

    def curvature(parts):
        return np.split(matrix @ np.concatenate(parts), [2])

    found = _conjugate_gradients(curvature, np.split(slope, [2]), np.split(np.diag(matrix), [2]))
    away = matrix @ np.concatenate(found) - slope
    assert np.linalg.norm(away) <= 0.011 * np.linalg.norm(slope)


def test_shifts_at_items_are_entries_of_the_product(monkeypatch):
    rng = np.random.default_rng(0)
    x, shift, item = rng.normal(size=(7, 2)), rng.normal(size=(2, 5)), rng.integers(0, 5, (7, 3))
    wanted = np.take_along_axis(x @ shift, item, axis=1)
    monkeypatch.setattr("scrl.utility_models.rater_features.MAX_CELLS", 11)
    np.testing.assert_allclose(at_items(x, shift, item), wanted)


def test_calibrated_effects_have_the_shares():
    effects = population_of(0, types=3).rater_effects
    share = np.array([0.02, 0.9, 0.08])
    np.testing.assert_allclose(effects.calibrated(share).average_share, share, rtol=1e-6)
    np.testing.assert_array_equal(effects.calibrated(share).slope, effects.slope)


# -- the population of unknown features -----------------------------------------------------------


def test_the_marginal_is_that_of_simulation():
    truth = population_of(3, types=3, prompts=2)
    rng, voters = np.random.default_rng(0), 100_000
    effects = truth.rater_effects
    features = effects.rows[draw_rows(effects.weight, voters, rng)]
    kind, utility = utilities(truth, features, rng)
    for k in range(3):
        own = utility[kind == k]
        np.testing.assert_allclose(own.mean(0), truth.marginal.reward[k], atol=0.04)
    mean = truth.marginal.reward[kind]
    within = np.cov((utility - mean).T)
    items = np.arange(2 * ITEMS)
    wanted = truth.marginal.covariance.of(items[:, None], items[None])
    np.testing.assert_allclose(within, wanted, atol=0.04)
    drawn = truth.marginal.covariance.draw(voters, rng)
    np.testing.assert_allclose(np.cov(drawn.T), wanted, atol=0.04)
    assert truth.marginal.covariance.mean_variance == pytest.approx(
        np.diag(wanted).mean(), rel=0.02
    )
    # Its own electorate draws features, and gives the pairs of these utilities.
    first, second = np.array([0, 3, 9]), np.array([1, 7, 14])
    score = truth.electorate(voters, rng)
    noisy = utility + rng.gumbel(size=utility.shape)
    for a, b in zip(first, second, strict=True):
        wins = (noisy[:, a] > noisy[:, b]).mean()
        assert (score[:, a] > score[:, b]).mean() == pytest.approx(wins, abs=0.01)
    # Scaled utilities have scaled moments.
    scaled = truth.sharpened(2.0).marginal
    np.testing.assert_allclose(scaled.reward, 2 * truth.marginal.reward)
    np.testing.assert_allclose(scaled.covariance.of(first, second),
                               4 * truth.marginal.covariance.of(first, second))  # fmt: skip


def test_latents_are_those_of_importance_sampling():
    """Of raters with features and ballots, with features alone, and with neither."""
    truth = population_of(3, types=3, prompts=2)
    catalogue, draws = catalogue_of(truth), 200_000
    model = RaterModel.of(truth, catalogue)
    ratings, _ = pairs_of(truth, 4, 6, 1)
    shown = ratings.select(ratings.ballot_rater < 2)
    features = shown.rater_features.copy()
    features[3] = np.nan
    found = model.embed(replace(shown, rater_features=features), include_empty=True).posterior
    rng = np.random.default_rng(0)
    for rater in range(4):
        x = np.tile(features[rater], (draws, 1)).astype(float)
        if rater == 3:
            x = truth.rater_effects.draw(draws, rng)[1]
        _, utility = utilities(truth, x, rng)
        own = np.flatnonzero(shown.ballot_rater == rater)
        gap = utility[:, shown.item[2 * own]] - utility[:, shown.item[2 * own + 1]]
        nats = -np.logaddexp(0, -gap).sum(axis=1)
        weight = np.exp(nats - nats.max())
        weight /= weight.sum()
        latent = model.space.latents(centred(utility, catalogue))
        mean = weight @ latent
        np.testing.assert_allclose(found.mean[rater], mean, atol=0.05)
        variance = weight @ (latent - mean) ** 2
        np.testing.assert_allclose(np.exp(found.log_variance[rater]), variance, atol=0.05)


def test_type_latents_are_the_means_of_voters():
    truth = population_of(3, types=3)
    model = RaterModel.of(truth, catalogue_of(truth))
    rng = np.random.default_rng(0)
    kind, x = truth.rater_effects.draw(100_000, rng)
    utility = truth.reward[kind] + x @ truth.rater_effects.shift
    utility += truth.covariance.draw(len(kind), rng)
    latent = model.space.latents(centred(utility, model.catalogue))
    for k in range(3):
        np.testing.assert_allclose(latent[kind == k].mean(0), model.type_latents[k], atol=0.02)
    away = latent - model.type_latents[kind]
    np.testing.assert_allclose(np.cov(away.T), model.latent_covariance, atol=0.03)
