"""Imputation of missing blocks: right where prompts share structure, nothing where they do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import scrl
from scrl.choice_models import order_places, strictly_reversed
from scrl.config import Config, ImputationConfig
from scrl.raters import ImputationModel, find_missing_blocks, infer_missing_rewards
from scrl.raters.imputation import ERROR_SCALES
from scrl.raters.missing_blocks import (
    MissingBlock,
    block_entries,
    informative_ballots,
    missing_items,
    response_rate,
    trial_blocks,
)
from scrl.raters.reward_imputation import _Imputation
from scrl.runs import imputation_dict
from scrl.scenarios import load_scenario, sample
from scrl.types import Catalogue, Ratings
from scrl.utility_models import tabulate

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
NASHVILLE = "tennessee-inverted-missing"


def imputation(missing: np.ndarray, scale_posterior: np.ndarray) -> ImputationModel:
    clusters = np.arange(len(missing))
    return ImputationModel(clusters, 1.0 - missing, missing, (), -1, scale_posterior, 0)


@pytest.fixture(scope="module")
def inverted():
    """The shipped scenario in which no rater of Nashville answers the prompt "worst"."""
    return scrl.run(load_scenario(SCENARIOS / f"{NASHVILLE}.yaml"), Config(rules=("borda",)), 0)


@pytest.mark.slow
def test_missing_blocks_are_found_and_imputed_in_the_true_order(inverted):
    told = imputation_dict(inverted)
    (kind,) = told["kinds"]
    assert kind["name"] == "Nashville"
    assert kind["share"] == pytest.approx(0.25, abs=1e-3)
    assert list(kind["prompts"]) == ["worst"]
    worst = kind["prompts"]["worst"]
    assert worst["order"] == [["Memphis"], ["Knoxville"], ["Chattanooga"], ["Nashville"]]
    assert len(worst["sure"]) == 6
    assert min(chance for _, _, chance in worst["sure"]) > 0.8


@pytest.mark.slow
def test_sharing_is_selected_since_it_predicts_trial_blocks(inverted):
    tried = inverted.imputation.candidates
    apart, chosen = tried[0], tried[inverted.imputation.selected]
    assert (apart.shared, chosen.shared) == (0, 1)
    assert chosen.hidden_nats > apart.hidden_nats + 2
    assert inverted.imputation.trials == 3, "one for each other type"


@pytest.mark.slow
def test_the_social_order_counts_imputed_ballots(inverted):
    """Borda on the sampled raters' complete ballots, which training never saw, agrees."""
    names = inverted.catalogue.names(1)
    entry = scrl.to_dict(inverted)["prompts"]["worst"]
    places = {
        key: order_places(entry[key]["borda"]["order"], names) for key in ("raters", "voters")
    }
    assert strictly_reversed(places["raters"], places["voters"]) == 0
    vanilla = order_places(entry["vanilla"]["order"], names)
    assert strictly_reversed(places["raters"], vanilla) > 0


@pytest.mark.slow
def test_observed_orders_are_fitted_as_before(inverted):
    """Sharing does not worsen the fit to the ballots of raters who answered."""
    e = inverted
    rewards = e.individual.rewards(e.posterior.mean)
    row = {int(r): i for i, r in enumerate(e.embedded_raters)}
    right = []
    for b in range(0, e.ratings.ballots, 7):
        items = e.ratings.item[slice(*e.ratings.offsets[b : b + 2])]
        rank = e.ratings.rank[slice(*e.ratings.offsets[b : b + 2])]
        given = rewards[row[int(e.ratings.ballot_rater[b])]][items]
        right.append((np.argsort(-given) == np.argsort(rank)).all())
    assert np.mean(right) > 0.99


@pytest.mark.slow
def test_where_prompts_share_nothing_nothing_is_invented():
    """Negative control: every type's second order is random, and here not alike by chance.

    Over many draws the stated probabilities are calibrated (``benchmarks/missing.py``).
    """
    scenario = load_scenario(SCENARIOS / f"{NASHVILLE}.yaml")
    rng, types = np.random.default_rng(6), {}
    for name, t in scenario.types.items():
        order = tuple((c,) for c in rng.permutation(scenario.offered("worst")))
        types[name] = t.model_copy(update={"rankings": {**t.rankings, "worst": order}})
    scenario = scenario.model_copy(update={"types": types})
    found = scrl.run(scenario, Config(rules=("borda",)), 0)
    (kind,) = imputation_dict(found)["kinds"]
    assert kind["name"] == "Nashville"
    assert all(abs(chance - 0.5) < 0.15 for *_, chance in kind["prompts"]["worst"]["sure"])


def test_without_missing_blocks_nothing_is_trained(experiment):
    assert experiment.imputation.candidates == ()
    assert not experiment.imputation.missing.any()
    assert imputation_dict(experiment)["kinds"] == []


def test_imputation_noise_widens_only_missing_items_and_as_the_probabilities_say():
    missing = np.array([[False] * 3, [False, True, True]])
    weight = np.eye(len(ERROR_SCALES))[6]
    model = imputation(missing, weight)
    rewards = np.broadcast_to(np.array([0.0, 1.0, 2.5]), (1, 40_000, 3)).copy()
    kind = np.arange(40_000) % 2
    item = np.array([[0, 1, 2]])
    noisy = model.add_imputation_noise(rewards, kind, item, 3)
    assert (noisy[0, kind == 0] == rewards[0, kind == 0]).all()
    assert (noisy[0, :, 0] == 0).all()
    mine = noisy[0, kind == 1]
    for a, b, errors in ((1, 0, 1), (2, 0, 1), (2, 1, 2)):
        gap, sd = rewards[0, 0, a] - rewards[0, 0, b], ERROR_SCALES[6] * errors**0.5
        expected = norm.cdf(gap / sd)
        assert (mine[:, a] > mine[:, b]).mean() == pytest.approx(expected, abs=0.01)
        assert model.preference_probabilities(rewards[0, 0], 1)[a, b] == pytest.approx(
            expected, abs=1e-9
        )
    assert model.preference_probabilities(rewards[0, 0], 0)[1, 0] == 1.0
    again = model.add_imputation_noise(rewards, kind, item[:, ::-1], 3)
    errors = (noisy - rewards)[0], (again - rewards)[0][:, ::-1]
    np.testing.assert_allclose(errors[0], errors[1], atol=1e-5)


def catalogue(*sizes: int) -> Catalogue:
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    names = tuple(f"c{i}" for i in range(offsets[-1]))
    return Catalogue(
        tuple(f"p{i}" for i in range(len(sizes))), names, np.arange(offsets[-1]), offsets
    )


def test_trial_blocks_are_of_clusters_that_ranked_what_another_did_not():
    missing = np.zeros((4, 5), bool)
    missing[1, 3:] = True  # cluster 1 on the whole second prompt
    missing[2, 0] = True  # cluster 2 on one completion of the first
    missing[3, :3] = True  # cluster 3 ranked only the second
    found = find_missing_blocks(missing, catalogue(3, 2))
    assert [(b.cluster, b.prompt, b.items.sum()) for b in found] == [
        (1, 1, 2),
        (2, 0, 1),
        (3, 0, 3),
    ]
    tests = trial_blocks(found, missing, 10)
    asked = {(t.cluster, tuple(np.flatnonzero(t.items))) for t in tests}
    # Cluster 3 without the second prompt would have no ballots; clusters 0 and 1 have two.
    assert asked == {(0, (3, 4)), (2, (3, 4)), (0, (0,)), (0, (0, 1, 2)), (1, (0,))}
    assert len(trial_blocks(found, missing, 2)) == 2
    missing[:, 4] = True  # an item that no cluster ranked is left out
    assert all(not b.items[4] for b in find_missing_blocks(missing, catalogue(3, 2)))


def test_the_response_rate_is_the_share_of_a_clusters_raters():
    scenario = load_scenario(SCENARIOS / "tennessee-morristown.yaml")
    ratings = sample(scenario.model_copy(update={"raters": 1000}), 0).ratings
    rate = response_rate(ratings, ratings.rater_type)
    assert rate.shape == (4, 5)
    np.testing.assert_allclose(rate[:, :4], 1.0)
    assert rate[0, 4] == pytest.approx(0.9, abs=0.05)
    assert rate[1:, 4] == pytest.approx(0.1, abs=0.07)


@pytest.mark.slow
def test_imputation_can_be_disabled():
    scenario = load_scenario(SCENARIOS / f"{NASHVILLE}.yaml")
    config = Config(imputation=ImputationConfig(enabled=False), rules=("borda",))
    found = scrl.run(scenario, config, 0).imputation
    assert found.candidates == ()
    assert len(found.response_rate) == found.clusters.max() + 1


def inverted_ratings() -> Ratings:
    return sample(load_scenario(SCENARIOS / f"{NASHVILLE}.yaml"), 0).ratings


@pytest.fixture(scope="module")
def typed():
    """Ratings, the true types' rewards, their ballots, and Memphis' second prompt as a block."""
    ratings = inverted_ratings()
    reward = 5.0 * ratings_scenario().type_utilities
    block = MissingBlock(0, 1, ratings.catalogue.item_prompt == 1)
    return ratings, reward, block


def ratings_scenario():
    return load_scenario(SCENARIOS / f"{NASHVILLE}.yaml")


def inferred(ratings: Ratings, reward: np.ndarray):
    """The imputation, with the raters' true types."""
    table = tabulate(ratings)
    weight = np.zeros((table.rows, len(reward)))
    weight[table.row, ratings.rater_type] = 1.0
    return infer_missing_rewards(ratings, reward, weight, ratings.rater_type, ImputationConfig())


def test_hidden_answers_do_not_affect_a_trial(typed):
    """Two samples that differ only in hidden answers give the same predictions."""
    ratings, reward, block = typed
    hidden = block_entries(ratings, ratings.rater_type, block)
    assert hidden.any()
    turned = replace(ratings, rank=np.where(hidden, 3 - ratings.rank, ratings.rank))
    found = []
    for one in (ratings, turned):
        table = tabulate(one)
        weight = np.zeros((table.rows, 4))
        weight[table.row, one.rater_type] = 1.0
        missing = missing_items(one, one.rater_type, 0.02)
        model = _Imputation.of(table, reward, weight, missing)
        found.append(model.predictions([(0, 0.0), (1, 3.0)], block))
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


def test_blocks_that_are_tied_everywhere_are_not_tested(typed):
    """Without a trial nothing is known of the imputation error: it is as great as can be."""
    ratings, reward, block = typed
    tied = replace(ratings, rank=np.where(block.items[ratings.item], 0, ratings.rank))
    hidden = block_entries(ratings, ratings.rater_type, block)
    assert informative_ballots(ratings, hidden).any()
    assert not informative_ballots(tied, hidden).any()
    untested, imputed = inferred(tied, reward)
    assert (untested.trials, untested.candidates) == (0, ())
    assert untested.scale_posterior[-1] == 1
    assert np.isfinite(imputed).all()
    # Where Memphis' voters alone tie the block, the others test it.
    assert inferred(replace(ratings, rank=np.where(hidden, 0, ratings.rank)), reward)[0].trials == 2


def test_one_rater_with_a_hidden_pair_is_enough_for_a_trial(typed):
    ratings, reward, block = typed
    hidden = block_entries(ratings, ratings.rater_type, block)
    speakers = np.unique(ratings.ballot_rater[informative_ballots(ratings, hidden)])[[3]]
    dropped = hidden[ratings.offsets[:-1]] & ~np.isin(ratings.ballot_rater, speakers)
    few = ratings.select(~dropped)
    table = tabulate(few)
    weight = np.zeros((table.rows, 4))
    weight[table.row, few.rater_type] = 1.0
    missing = np.zeros((4, few.catalogue.items), bool)
    (result,) = _Imputation.of(table, reward, weight, missing).trial_results([(1, 3.0)], block)
    assert (result.hidden_nats < 0).all()
    assert np.isfinite(result.visible_nats)


def sparse(raters: int, prompts: int, completions: int, answered: int) -> Ratings:
    """Raters who rank all completions of a few prompts at random."""
    rng = np.random.default_rng(0)
    chosen = np.sort([rng.choice(prompts, answered, replace=False) for _ in range(raters)])
    items = np.arange(prompts * completions).reshape(prompts, completions)
    ballots = raters * answered
    return Ratings(
        catalogue(*[completions] * prompts),
        tuple(f"r{r}" for r in range(raters)),
        np.repeat(np.arange(raters), answered),
        chosen.ravel(),
        np.ones(ballots),
        np.arange(ballots + 1) * completions,
        items[chosen].ravel(),
        np.tile(np.arange(completions), ballots),
    )


@pytest.mark.parametrize("sizes", [(2000,), (1000, 600, 400), (1980, 10, 5, 3, 1, 1)])
def test_nothing_is_missing_where_every_rater_answers_one_prompt_in_a_hundred(sizes):
    ratings = sparse(2000, 300, 10, 3)
    cluster = np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes)), sizes))
    assert (response_rate(ratings, cluster) < 0.02).mean() > 0.5
    assert not missing_items(ratings, cluster, 0.02).any()


def test_silence_is_found_where_few_answer():
    """Half of the raters skip the first ten prompts, which others answer one time in five."""
    ratings = sparse(2000, 50, 4, 10)
    cluster = np.arange(2000) % 2
    silent = (cluster[ratings.ballot_rater] == 1) & (ratings.ballot_prompt < 10)
    missing = missing_items(ratings.select(~silent), cluster, 0.02)
    assert missing[1, :40].all()
    assert missing.sum() == 40
    # A completion that they leave out of answers to its prompt.
    left_out = (cluster[ratings.ballot_rater[ratings.entry_ballot]] == 1) & (ratings.item == 7)
    assert np.argwhere(missing_items(ratings.keep(~left_out), cluster, 0.02)).tolist() == [[1, 7]]


def test_few_raters_are_not_silent_by_chance():
    ratings = sparse(200, 4, 3, 2)
    cluster = np.zeros(200, int)
    without = np.setdiff1d(np.arange(200), ratings.ballot_rater[ratings.ballot_prompt == 0])
    cluster[without[:3]] = 1
    assert (response_rate(ratings, cluster)[1, :3] == 0).all()
    assert not missing_items(ratings, cluster, 0.02).any()
    cluster[without[:60]] = 1
    assert missing_items(ratings, cluster, 0.02)[1, :3].all()


def test_items_that_no_one_ranked_are_missing_for_all():
    ratings = sparse(200, 4, 3, 2)
    rest = ratings.select(ratings.ballot_prompt > 0)
    missing = missing_items(rest, np.arange(200) % 2, 0.02)
    assert missing[:, :3].all()
    assert not missing[:, 3:].any()
