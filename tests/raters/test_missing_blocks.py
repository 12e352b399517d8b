"""What a silent kind of rater is inferred to think: right where prompts share structure, nothing
where they do not."""

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from scipy.stats import norm

import scrl
from scrl.choice_models.rank_metrics import order_places, strictly_reversed
from scrl.config import Config, IndividualConfig, Schedule, SilenceConfig
from scrl.raters.missing_blocks import SCALES, Silence, heard_by, holes, trials
from scrl.raters.model import fit_individual
from scrl.runs.report import silence_dict
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.sampling import sample
from scrl.types import Catalogue

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
NASHVILLE = "tennessee-inverted-missing"
#: Trained enough for what it is asked here, which is nothing about people. Of the lab's own shapes,
#: as are the raters, so that the programs are those that the scenario is run with.
BRIEF = IndividualConfig(schedule=Schedule(explore=(50, 50), ramp=20, cool=30))


def silence(silent: np.ndarray, weight=None, kinds=None) -> Silence:
    even = np.full(len(SCALES), 1 / len(SCALES))
    kinds = np.arange(len(silent)) if kinds is None else np.array(kinds)
    return Silence(kinds, 1.0 - silent, silent, (), -1, even if weight is None else weight, 0)


@pytest.fixture(scope="module")
def inverted():
    """Nashville, silent on the worst place: the scenario as shipped, chosen from the data."""
    return scrl.run(load_scenario(SCENARIOS / f"{NASHVILLE}.yaml"), Config(rules=("borda",)), 0)


def test_the_silent_are_found_and_their_order_is_the_true_one(inverted):
    told = silence_dict(inverted)
    (kind,) = told["kinds"]
    assert kind["name"] == "Nashville"
    assert kind["share"] == pytest.approx(0.25, abs=1e-3)
    assert list(kind["prompts"]) == ["worst"]
    worst = kind["prompts"]["worst"]
    assert worst["order"] == [["Memphis"], ["Knoxville"], ["Chattanooga"], ["Nashville"]]
    assert len(worst["sure"]) == 6
    assert min(chance for _, _, chance in worst["sure"]) > 0.8


def test_sharing_is_chosen_because_other_kinds_made_silent_are_predicted_by_it(inverted):
    tried = inverted.silence.choices
    apart, chosen = tried[0], tried[inverted.silence.chosen]
    assert (apart.shared, chosen.shared) == (0, 1)
    assert chosen.hidden > apart.hidden + 2
    assert inverted.silence.tests == 3


def test_the_social_order_hears_the_silent(inverted):
    """By Borda the sampled raters' own complete ballots, which nobody saw, give the same order."""
    names = inverted.catalogue.names(1)
    entry = scrl.to_dict(inverted)["prompts"]["worst"]
    places = {
        key: order_places(entry[key]["borda"]["order"], names) for key in ("raters", "voters")
    }
    assert strictly_reversed(places["raters"], places["voters"]) == 0
    vanilla = order_places(entry["vanilla"]["order"], names)
    assert strictly_reversed(places["raters"], vanilla) > 0


def test_everybody_else_is_understood_as_before(inverted):
    """The observed orders of raters who answered: all of them, after sharing too."""
    e = inverted
    rewards = e.individual.rewards(e.posterior.mean)
    row = {int(r): i for i, r in enumerate(e.read)}
    right = []
    for b in range(0, e.ratings.ballots, 7):
        items = e.ratings.item[slice(*e.ratings.offsets[b : b + 2])]
        rank = e.ratings.rank[slice(*e.ratings.offsets[b : b + 2])]
        given = rewards[row[int(e.ratings.ballot_rater[b])]][items]
        right.append((np.argsort(-given) == np.argsort(rank)).all())
    assert np.mean(right) > 0.99


def test_where_prompts_have_nothing_in_common_nothing_is_invented():
    """The negative control: every kind's second order is drawn at random. Some draws are alike by
    chance, as four are; over many of them the stated chances are calibrated
    (benchmarks/missing.py). This one is not."""
    scenario = load_scenario(SCENARIOS / f"{NASHVILLE}.yaml")
    rng, types = np.random.default_rng(6), {}
    for name, t in scenario.types.items():
        order = tuple((c,) for c in rng.permutation(scenario.offered("worst")))
        types[name] = t.model_copy(update={"rankings": {**t.rankings, "worst": order}})
    scenario = scenario.model_copy(update={"types": types})
    found = scrl.run(scenario, Config(rules=("borda",)), 0)
    (kind,) = silence_dict(found)["kinds"]
    assert kind["name"] == "Nashville"
    assert all(abs(chance - 0.5) < 0.15 for *_, chance in kind["prompts"]["worst"]["sure"])


def test_no_silence_no_trainings(experiment):
    assert experiment.silence.choices == ()
    assert not experiment.silence.silent.any()
    assert silence_dict(experiment)["kinds"] == []


def test_blur_widens_only_what_is_silent_and_by_the_stated_chance():
    silent = np.array([[False] * 3, [False, True, True]])
    weight = np.eye(len(SCALES))[6]
    s = silence(silent, weight)
    rewards = np.broadcast_to(np.array([0.0, 1.0, 2.5]), (1, 40_000, 3)).copy()
    kind = np.arange(40_000) % 2
    item = np.array([[0, 1, 2]])
    blurred = s.blur(rewards, kind, item, 3)
    assert (blurred[0, kind == 0] == rewards[0, kind == 0]).all()
    assert (blurred[0, :, 0] == 0).all()
    mine = blurred[0, kind == 1]
    for a, b, errors in ((1, 0, 1), (2, 0, 1), (2, 1, 2)):
        expected = norm.cdf((rewards[0, 0, a] - rewards[0, 0, b]) / (SCALES[6] * errors**0.5))
        assert (mine[:, a] > mine[:, b]).mean() == pytest.approx(expected, abs=0.01)
        assert s.above(rewards[0, 0], 1)[a, b] == pytest.approx(expected, abs=1e-9)
    assert s.above(rewards[0, 0], 0)[1, 0] == 1.0
    again = s.blur(rewards, kind, item[:, ::-1], 3)
    errors = (blurred - rewards)[0], (again - rewards)[0][:, ::-1]
    np.testing.assert_allclose(errors[0], errors[1], atol=1e-5)


def catalogue(*sizes: int) -> Catalogue:
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    names = tuple(f"c{i}" for i in range(offsets[-1]))
    return Catalogue(
        tuple(f"p{i}" for i in range(len(sizes))), names, np.arange(offsets[-1]), offsets
    )


def test_tests_are_kinds_that_spoke_where_another_is_silent():
    silent = np.zeros((4, 5), bool)
    silent[1, 3:] = True  # kind 1 on the whole second prompt
    silent[2, 0] = True  # kind 2 on one completion of the first
    silent[3, :3] = True  # kind 3 said nothing but on the second
    found = holes(silent, catalogue(3, 2))
    assert [(h.kind, h.prompt, h.items.sum()) for h in found] == [(1, 1, 2), (2, 0, 1), (3, 0, 3)]
    tests = trials(found, silent, 10)
    asked = {(t.kind, tuple(np.flatnonzero(t.items))) for t in tests}
    # Kind 3 without the second prompt would have said nothing at all; kinds 0 and 1 have two.
    assert asked == {(0, (3, 4)), (2, (3, 4)), (0, (0,)), (0, (0, 1, 2)), (1, (0,))}
    assert len(trials(found, silent, 2)) == 2
    silent[:, 4] = True  # an item of which nobody spoke is no question of kinds
    assert all(not h.items[4] for h in holes(silent, catalogue(3, 2)))


def test_heard_is_the_share_of_a_kinds_raters():
    scenario = load_scenario(SCENARIOS / "tennessee-morristown.yaml")
    ratings = sample(scenario.model_copy(update={"raters": 1000}), 0).ratings
    heard = heard_by(ratings, ratings.rater_type)
    assert heard.shape == (4, 5)
    np.testing.assert_allclose(heard[:, :4], 1.0)
    assert heard[0, 4] == pytest.approx(0.9, abs=0.05)
    assert heard[1:, 4] == pytest.approx(0.1, abs=0.07)


def test_what_is_hidden_from_a_training_cannot_matter_to_it():
    """Two samples that differ only in what is hidden give the same network."""
    ratings = sample(load_scenario(SCENARIOS / f"{NASHVILLE}.yaml"), 0).ratings
    raters = ratings.rater_type == 0
    items = ratings.catalogue.item_prompt == 1
    entries = raters[ratings.ballot_rater[ratings.entry_ballot]] & items[ratings.item]
    assert entries.any()
    turned = replace(ratings, rank=np.where(entries, 3 - ratings.rank, ratings.rank))
    one, two = (
        fit_individual(jax.random.key(1), r, BRIEF, hidden=(raters, items), most=1)[0]
        for r in (ratings, turned)
    )
    latent = np.ones((3, BRIEF.latent), np.float32)
    np.testing.assert_array_equal(one.rewards(latent), two.rewards(latent))


def test_one_program_serves_every_choice_and_test():
    from scrl.runtime import compile_seconds

    ratings = sample(load_scenario(SCENARIOS / f"{NASHVILLE}.yaml"), 0).ratings
    none = np.zeros(len(ratings.raters), bool), np.zeros(ratings.catalogue.items, bool)
    some = ratings.rater_type == 2, ratings.catalogue.item_prompt == 0
    fit_individual(jax.random.key(1), ratings, BRIEF, hidden=none, most=1)
    before = compile_seconds()
    for shared, penalty, hidden in ((1, 0.3, none), (1, 3.0, some), (0, 1.0, some)):
        asked = replace(BRIEF, shared=shared, penalty=penalty)
        fit_individual(jax.random.key(2), ratings, asked, hidden=hidden, most=1)
    assert compile_seconds() == before


def test_choosing_can_be_left_out():
    scenario = load_scenario(SCENARIOS / f"{NASHVILLE}.yaml")
    config = Config(individual=BRIEF, silence=SilenceConfig(choose=False), rules=("borda",))
    found = scrl.run(scenario, config, 0).silence
    assert found.choices == ()
    assert len(found.heard) == found.kinds.max() + 1
