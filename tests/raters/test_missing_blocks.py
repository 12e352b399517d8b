"""Imputation of missing blocks: right where prompts share structure, nothing where they do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import scrl
from scrl.choice_models import kendall_tau, order_places, strictly_reversed
from scrl.config import Config, ImputationConfig
from scrl.raters import ImputationModel, find_missing_blocks, infer_missing_rewards
from scrl.raters.imputation import ERROR_SCALES, SCALE_PRIOR
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
from scrl.utility_models import BallotTable, tabulate
from scrl.utility_models.shared_utilities import (
    SharedUtilities,
    ballot_weights,
    type_ballots,
)
from tests import lanes

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
NASHVILLE = "tennessee-inverted-missing"


def imputation(missing: np.ndarray, scale_posterior: np.ndarray) -> ImputationModel:
    return ImputationModel(1.0 - missing, missing, (), -1, scale_posterior, 0)


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


def inverted_ratings() -> Ratings:
    return sample(load_scenario(SCENARIOS / f"{NASHVILLE}.yaml"), 0).ratings


def known_types(
    ratings: Ratings, kind: np.ndarray, types: int
) -> tuple[BallotTable, np.ndarray, np.ndarray, np.ndarray]:
    """The ballots, rewards fitted to known types, P(type | distinct rater) and raters' types."""
    table = tabulate(ratings)
    weight = np.zeros((table.rows, types))
    spoke = table.row >= 0
    np.add.at(weight, (table.row[spoke], kind[spoke]), 1.0)
    weight /= weight.sum(1, keepdims=True)
    nothing = np.zeros((types, ratings.catalogue.items), bool)
    cast = ballot_weights(table.cast, table.mass, weight)
    model = SharedUtilities(ratings.catalogue, type_ballots(table.slots, cast, nothing), 0, 10.0)
    reward = model.rewards(model.fit(model.zero()))
    return table, reward, weight, np.where(spoke, kind, -1)


def imputed(ratings: Ratings, kind: np.ndarray, types: int, **settings):
    fitted = known_types(ratings, kind, types)
    found, reward = infer_missing_rewards(ratings, *fitted, ImputationConfig(**settings))
    return found, reward, fitted[1]


def low_rank(
    seed: int, shared: int, raters: int = 500, types: int = 5, prompts: int = 3, size: int = 6
) -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Noisy ballots of types whose utilities prompts share, the last silent for type 0; each
    rater's type; and the utilities ``[types, prompts, size]``."""
    rng = np.random.default_rng(seed)
    basis = 3 * rng.normal(size=(shared, types, size))
    sign = rng.permutation([-1, 1, 1, -1][:prompts])[:, None]  # some prompts reverse others
    coefficient = sign * rng.uniform(0.7, 1.3, (prompts, shared))
    coefficient[:, 1:] = rng.normal(size=(prompts, shared - 1))
    utility = np.einsum("ps,skc->kpc", coefficient, basis)
    kind = np.sort(rng.permutation(np.arange(raters) % types))
    asked = np.array([(r, p) for r in range(raters) for p in range(prompts)])
    asked = asked[(kind[asked[:, 0]] > 0) | (asked[:, 1] < prompts - 1)]
    noisy = utility[kind[asked[:, 0]], asked[:, 1]] + rng.gumbel(size=(len(asked), size))
    return of_orders(asked, np.argsort(-noisy, axis=1), raters, prompts), kind, utility


def of_orders(asked: np.ndarray, order: np.ndarray, raters: int, prompts: int) -> Ratings:
    """Ratings of complete orders ``[ballots, size]`` by (rater, prompt) ``[ballots, 2]``; prompts
    offer the same completions."""
    ballots, size = order.shape
    return Ratings(
        Catalogue(
            tuple(f"p{i}" for i in range(prompts)),
            tuple(f"c{i}" for i in range(size)),
            np.tile(np.arange(size), prompts),
            np.arange(prompts + 1) * size,
        ),
        tuple(f"r{r}" for r in range(raters)),
        asked[:, 0],
        asked[:, 1],
        np.ones(ballots),
        np.arange(ballots + 1) * size,
        order.ravel(),
        np.tile(np.arange(size), ballots),
    )


@pytest.mark.parametrize("shared", lanes.deep([2], [1, 2]))
def test_orders_of_silent_types_are_recovered_where_prompts_share_utilities(shared):
    taus, baseline = [], []
    for seed in range(lanes.deep(1, 3)):
        ratings, kind, utility = low_rank(seed, shared)
        found, reward, _ = imputed(ratings, kind, 5)
        assert found.missing[0, -6:].all()
        assert found.missing.sum() == 6
        assert found.shared > 0
        truth, others = order_of(utility[0, -1]), utility[1:, -1].mean(0)
        taus.append(kendall_tau(order_of(reward[0, -6:]), truth))
        baseline.append(kendall_tau(order_of(others), truth))
    assert np.mean(taus) > 0.8
    assert np.mean(taus) > np.mean(baseline) + 0.4


def order_of(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(-values))


@pytest.mark.slow
def test_stated_chances_are_near_one_half_where_prompts_are_unrelated():
    """Types whose orders on two prompts are drawn at random: no pair of the silent type is sure."""
    stated = []
    for seed in range(lanes.deep(5, 10)):
        rng = np.random.default_rng(seed)
        kind = np.repeat(np.arange(4), 100)
        orders = np.array([[rng.permutation(4) for _ in range(2)] for _ in range(4)])
        asked = np.array([(r, p) for r in range(400) for p in range(2)])
        asked = asked[(kind[asked[:, 0]] > 0) | (asked[:, 1] == 0)]
        ratings = of_orders(asked, orders[kind[asked[:, 0]], asked[:, 1]], 400, 2)
        found, reward, _ = imputed(ratings, kind, 4)
        above = found.preference_probabilities(reward[0], 0)[4:, 4:]
        a, b = np.triu_indices(4, 1)
        stated += list(np.maximum(above[a, b], 1 - above[a, b]))
    # Each order is as likely as its reverse, so the true chance is ½, and the stated one at best.
    assert np.mean(stated) < 0.63
    assert np.median(stated) < 0.6


@pytest.mark.parametrize("enabled", [True, False])
def test_heard_rewards_stay_as_they_were_fitted(enabled):
    ratings = inverted_ratings()
    found, reward, fitted = imputed(ratings, ratings.rater_type, 4, enabled=enabled)
    changed = reward != fitted
    assert found.missing.sum() == 4
    assert (changed <= found.missing).all()
    assert changed.any() == enabled
    assert len(found.missing) == len(found.response_rate) == 4
    if enabled:
        assert order_of(reward[1, 4:]).tolist() == order_of(-reward[1, :4]).tolist()
        assert found.scale_posterior.sum() == pytest.approx(1)
    else:
        assert (found.candidates, found.trials) == ((), 0)


def test_nothing_is_imputed_where_nothing_is_missing():
    ratings = sample(load_scenario(SCENARIOS / "tennessee-inverted-full.yaml"), 0).ratings
    found, reward, fitted = imputed(ratings, ratings.rater_type, 4)
    assert not found.missing.any()
    assert (found.candidates, found.trials) == ((), 0)
    assert (reward == fitted).all()


def test_a_completion_is_placed_among_those_that_its_type_ranked():
    """Knoxville never rates Knoxville as the worst place, where it would be last."""
    ratings = sample(load_scenario(SCENARIOS / "tennessee-inverted-full.yaml"), 0).ratings
    kind = ratings.rater_type
    hidden = (kind[ratings.ballot_rater[ratings.entry_ballot]] == 3) & (ratings.item == 7)
    found, reward, fitted = imputed(ratings.keep(~hidden), kind, 4)
    assert np.argwhere(found.missing).tolist() == [[3, 7]]
    assert (reward[3, :7] == fitted[3, :7]).all()
    assert order_of(reward[3, 4:]).tolist() == [0, 1, 2, 3]


@lanes.deep_only
def test_weights_count_as_repetition():
    """Every rater twice, or every ballot with weight 2."""
    ratings, kind, _ = low_rank(1, 1, raters=200)
    heavy = replace(ratings, ballot_weight=2 * ratings.ballot_weight)
    index = np.repeat(np.arange(ratings.ballots), 2)
    rater = 2 * ratings.ballot_rater[index] + np.tile([0, 1], ratings.ballots)
    order = index[np.argsort(rater, kind="stable")]
    size = 6
    twice = of_orders(
        np.stack([np.sort(rater), ratings.ballot_prompt[order]], axis=1),
        ratings.completion.reshape(-1, size)[order],
        400,
        3,
    )
    one = imputed(heavy, kind, 5)
    two = imputed(twice, np.repeat(kind, 2), 5)
    np.testing.assert_allclose(one[1], two[1], atol=0.05)
    np.testing.assert_allclose(one[0].scale_posterior, two[0].scale_posterior, atol=0.02)


def test_types_without_raters_and_raters_without_ballots_change_nothing():
    ratings = inverted_ratings()
    table, reward, weight, kind = known_types(ratings, ratings.rater_type, 4)
    weight = np.concatenate([weight, np.full((len(weight), 1), 1e-6)], axis=1)
    reward = np.concatenate([reward, reward.mean(0, keepdims=True)])
    kind = np.where(np.arange(len(kind)) % 50 == 0, -1, kind)
    found, changed = infer_missing_rewards(ratings, table, reward, weight, kind, ImputationConfig())
    assert found.missing.shape == found.response_rate.shape == (5, 8)
    assert found.missing.sum(1).tolist() == [0, 4, 0, 0, 0]
    assert order_of(changed[1, 4:]).tolist() == order_of(-changed[1, :4]).tolist()


def test_blocks_that_are_tied_everywhere_are_not_tested():
    """Without a trial nothing is known of the imputation error: it is as great as can be."""
    ratings = inverted_ratings()
    block = ratings.catalogue.item_prompt == 1
    tied = replace(ratings, rank=np.where(block[ratings.item], 0, ratings.rank))
    untested, reward, _ = imputed(tied, ratings.rater_type, 4)
    assert (untested.trials, untested.candidates) == (0, ())
    assert untested.scale_posterior[-1] == 1
    assert np.isfinite(reward).all()
    # Where the voters of Memphis alone tie the block, the two others are tried.
    memphis = ratings.rater_type[ratings.ballot_rater[ratings.entry_ballot]] == 0
    tied = replace(ratings, rank=np.where(memphis & block[ratings.item], 0, ratings.rank))
    assert imputed(tied, ratings.rater_type, 4)[0].trials == 2


def test_with_one_prompt_a_completion_takes_its_common_reward():
    """Nothing is shared: the silent type's completion is where the others place it on average."""
    rng = np.random.default_rng(0)
    kind = np.repeat(np.arange(3), 60)
    asked = np.stack([np.arange(180), np.zeros(180, int)], axis=1)
    order = np.stack([np.append(rng.permutation(3), 3) for _ in range(180)])  # c3 is always last
    ratings = of_orders(asked, order, 180, 1)
    hidden = (kind[ratings.ballot_rater[ratings.entry_ballot]] == 1) & (ratings.item == 3)
    found, reward, _ = imputed(ratings.keep(~hidden), kind, 3)
    assert np.argwhere(found.missing).tolist() == [[1, 3]]
    assert [c.shared for c in found.candidates] == [0]
    assert reward[1, 3] < reward[1, :3].min()
    assert found.preference_probabilities(reward[1], 1)[:3, 3].min() > 0.5


def test_an_exception_of_the_reporter_ends_the_trials():
    ratings = inverted_ratings()
    fitted = known_types(ratings, ratings.rater_type, 4)
    told = []

    def stop(share: float) -> None:
        told.append(share)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        infer_missing_rewards(ratings, *fitted, ImputationConfig(), stop)
    assert told == [0.25]


def test_scales_have_a_prior_and_earlier_runs_keep_theirs():
    assert SCALE_PRIOR.sum() == pytest.approx(1)
    stored = imputation(np.array([[False, True]]), np.eye(15)[6])
    assert stored.error_scales == pytest.approx(np.geomspace(0.25, 32, 15))
    chance = stored.preference_probabilities(np.array([0.0, 1.0]), 0)[1, 0]
    assert chance == pytest.approx(norm.cdf(1 / ERROR_SCALES[6]))


@pytest.mark.slow
def test_imputation_can_be_disabled():
    scenario = load_scenario(SCENARIOS / f"{NASHVILLE}.yaml")
    config = Config(imputation=ImputationConfig(enabled=False), rules=("borda",))
    run = scrl.run(scenario, config, 0)
    assert run.imputation.candidates == ()
    assert len(run.imputation.response_rate) == run.density.components


@pytest.fixture(scope="module")
def typed():
    """Ratings, the true types' rewards, their ballots, and Memphis' second prompt as a block."""
    ratings = inverted_ratings()
    reward = 5.0 * load_scenario(SCENARIOS / f"{NASHVILLE}.yaml").type_utilities
    block = MissingBlock(0, 1, ratings.catalogue.item_prompt == 1)
    return ratings, reward, block


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
