"""Every claim that a scenario of the gallery makes in its summary, computed."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.scenarios import (
    SPATIAL_MODELS,
    distances,
    expected_pair_weights,
    fully_observed,
    gallery,
    load_scenario,
    missing_data_effect,
    missing_ratings,
    preview,
    rating_probabilities,
    scenario_of_spatial_model,
    with_overrides,
)
from scrl.studies.misreport import MISREPORTING_TYPE, Misreport, apply_misreport


def shipped(stem):
    return load_scenario(gallery()[stem])


def told(scenario, rule="borda", prompt=None):
    """What is known of a prompt (the first) before training."""
    return missing_data_effect(scenario, rule)[prompt or next(iter(scenario.prompts))]


def truth(scenario, rule="borda", prompt=None):
    return told(scenario, rule, prompt)["truth"][rule]


def flat(order):
    return [name for (name,) in order]


def duels(scenario, prompt=0):
    """The share of raters who put a over b, if everyone answered ``[m, m]``."""
    return expected_pair_weights(fully_observed(scenario))[prompt]


def test_there_are_at_least_ten_and_each_has_a_story_of_its_own():
    stories = {shipped(stem).summary for stem in gallery()}
    assert len(stories) == len(gallery()) >= 10
    assert len({shipped(stem).name for stem in gallery()}) == len(gallery())
    for stem in gallery():
        assert "\n" not in shipped(stem).summary
        assert len(shipped(stem).summary) <= 300
        assert shipped(stem).source


# -- who is heard ---------------------------------------------------------------------------------


def test_the_clinical_answer_is_first_though_two_of_three_people_put_it_last():
    scenario = shipped("blood-pressure")
    last = [kind.rankings["pressure"][-1] == ("Clinical",) for kind in scenario.types.values()]
    assert 0.65 < scenario.type_shares @ last < 0.70
    chances = rating_probabilities(scenario)[:, 0]
    assert chances[0] == 1
    assert (chances[1:] < 0.5).all()
    entry = told(scenario)
    assert flat(entry["vanilla"]["order"])[0] == "Clinical"
    assert flat(entry["truth"]["borda"]["order"])[-1] == "Clinical"
    winners = {r: flat(truth(scenario, r)["order"])[0] for r in ("plurality", "instant-runoff")}
    assert winners == {"plurality": "Clinical", "instant-runoff": "Warm"}
    assert flat(entry["truth"]["borda"]["order"])[0] == "Plain"


@pytest.mark.parametrize("stem", ["tennessee-morristown", "tennessee-noisy"])
def test_morristown_is_fourth_in_truth_and_last_under_vanilla(stem):
    entry = told(shipped(stem))
    assert flat(entry["truth"]["borda"]["order"])[3] == "Morristown"
    assert flat(entry["complete"]["order"])[3] == "Morristown"
    assert flat(entry["vanilla"]["order"])[4] == "Morristown"


def test_with_noise_neighbours_are_swapped_in_27_of_100_cases():
    scenario = shipped("tennessee-noisy")
    assert scenario.noise == 1
    one = with_overrides(scenario, shares=[1, 0, 0, 0])
    names = list(scenario.completions)
    above = duels(one)[names.index("Memphis"), names.index("Nashville")]
    assert 1 - above == pytest.approx(0.27, abs=0.005)


def test_nashvilles_silence_costs_two_pairs_on_the_worst_place_and_none_on_the_best():
    scenario = shipped("tennessee-inverted-missing")
    assert [(s.type, s.pattern) for s in missing_ratings(scenario) if s.response_rate == 0] == [
        ("Nashville", "no-prompt")
    ]
    assert told(scenario, prompt="best")["reversed"] == 0
    entry = told(scenario, prompt="worst")
    assert (entry["reversed"], entry["reversed_complete"]) == (2, 0)


def test_most_of_memphis_and_few_of_the_others_answer_the_second_prompt():
    answers = [t.answers["worst"] for t in shipped("tennessee-inverted-partial").types.values()]
    assert answers[0] > 0.8
    assert max(answers[1:]) < 0.35


def test_in_the_full_inverted_population_every_order_is_reversed_and_all_answer():
    scenario = shipped("tennessee-inverted-full")
    assert not missing_ratings(scenario)
    for own in scenario.types.values():
        assert own.rankings["worst"] == own.rankings["best"][::-1]
    assert truth(scenario, prompt="worst")["order"] == truth(scenario, prompt="best")["order"][::-1]


def test_the_dangerous_prompt_is_rated_by_few_and_decided_by_the_permissive():
    scenario = shipped("safety-tail")
    heard = scenario.type_shares * [t.answers["danger"] for t in scenario.types.values()]
    assert heard.sum() < 0.02
    assert heard[1] > heard[0]
    assert scenario.type_shares[1] < 0.2
    assert (rating_probabilities(scenario)[:, :3] == 1).all()
    entry = told(scenario, prompt="danger")
    assert flat(entry["vanilla"]["order"])[0] == "Answer in full"
    assert flat(entry["truth"]["borda"]["order"])[-1] == "Answer in full"
    assert told(scenario, prompt="thriller")["reversed"] == 0


# -- what one reward cannot say -------------------------------------------------------------------


def test_pairwise_twins_have_equal_counts_and_no_ballot_in_common():
    one, other = shipped("pairwise-twins-1"), shipped("pairwise-twins-2")
    np.testing.assert_array_equal(expected_pair_weights(one), expected_pair_weights(other))
    assert preview(one, [])["best"]["vanilla"] == preview(other, [])["best"]["vanilla"]
    orders = [{t.rankings["best"] for t in s.types.values()} for s in (one, other)]
    assert not orders[0] & orders[1]
    spelt = [{"".join(c for (c,) in o) for o in os} for os in orders]
    assert spelt == [{"abcd", "badc"}, {"bacd", "abdc"}]


def test_detail_or_brevity_the_rewards_all_but_vanish_and_turn_over_with_the_shares():
    scenario = shipped("detailed-concise")
    np.testing.assert_allclose(scenario.type_shares, [0.505, 0.495])
    entry = told(scenario)
    assert flat(entry["vanilla"]["order"]) == ["Detailed", "In between", "Concise"]
    assert 0 < entry["vanilla"]["mle"]["Detailed"] < 0.05
    swapped = told(with_overrides(scenario, shares=[0.495, 0.505]))
    assert swapped["vanilla"]["order"] == entry["vanilla"]["order"][::-1]


def test_the_cycle_is_two_to_one_all_round_and_every_reward_is_zero():
    scenario = shipped("condorcet-cycle")
    above = duels(scenario)
    np.testing.assert_allclose([above[0, 1], above[1, 2], above[2, 0]], 2 / 3)
    entry = told(scenario)
    assert entry["vanilla"]["order"] == [["A", "B", "C"]]
    np.testing.assert_allclose(list(entry["vanilla"]["mle"].values()), 0, atol=1e-9)


def test_pets_half_the_pairs_are_dog_and_cat_and_one_reward_gets_three_quarters():
    scenario = shipped("pets")
    (pairs,) = expected_pair_weights(scenario)
    names = list(scenario.completions)
    dog, cat = names.index("Dog"), names.index("Cat")
    assert pairs[dog, cat] + pairs[cat, dog] == pytest.approx(pairs.sum() / 2)
    reward = np.array([told(scenario)["vanilla"]["mle"][n] for n in names]).round(6)
    right = 0.5 * (1 + np.sign(reward[:, None] - reward[None, :]))
    assert (pairs * right).sum() / pairs.sum() == pytest.approx(0.75)
    assert right[dog, cat] == 0.5
    assert flat(truth(scenario)["order"][:1]) == ["Bird"]
    assert truth(scenario)["order"] == [["Bird"], ["Dog", "Cat"], ["Rabbit"]]


def test_alike_but_for_noise_the_rewards_are_the_utilities_though_two_thirds_leave_one_out():
    scenario = shipped("noisy-alike")
    (utility,) = scenario.type_utilities
    entry = told(scenario)
    mle = np.array(list(entry["vanilla"]["mle"].values()))
    np.testing.assert_allclose(mle, utility - utility.mean(), atol=1e-4)
    assert entry["reversed"] == 0
    assert min(rating_probabilities(scenario)[0]) == pytest.approx(1 / 3)


# -- what a rule decides --------------------------------------------------------------------------


def test_the_textbook_election_has_three_winners():
    scenario = shipped("tennessee-four")
    firsts = {
        r: truth(scenario, r)["order"][0] for r in ("plurality", "copeland", "instant-runoff")
    }
    assert firsts == {
        "plurality": ["Memphis"], "copeland": ["Nashville"], "instant-runoff": ["Knoxville"]
    }  # fmt: skip


def test_tennessee_on_the_map_is_the_preset_and_the_posts_orders_but_one():
    scenario, made = (
        shipped("tennessee-map"),
        scenario_of_spatial_model(SPATIAL_MODELS["tennessee"]),
    )
    np.testing.assert_allclose(scenario.type_utilities, made.type_utilities)
    np.testing.assert_allclose(scenario.type_shares, made.type_shares)
    post, mine = (np.argsort(-s.type_utilities) for s in (shipped("tennessee-morristown"), made))
    differs = [t for t, a, b in zip(made.types, post, mine, strict=True) if (a != b).any()]
    assert differs == ["Chattanooga"]
    names = list(made.completions)
    row = distances(SPATIAL_MODELS["tennessee"])[made.type_names.index("Chattanooga")]
    km = {n: round(d) for n, d in zip(names, row, strict=True)}
    assert (km["Nashville"], km["Morristown"]) == (181, 224)
    assert "Nashville (181 km) before Morristown (224 km)" in scenario.summary


def test_a_fifth_that_hardly_cares_elects_a():
    scenario = shipped("distortion-minority")
    entry = told(scenario)
    scores = entry["truth"]["borda"]["scores"]
    assert scores["A"] == pytest.approx(3.2001)
    assert scores["E"] == pytest.approx(3.1996)
    assert entry["vanilla"]["order"][0] == ["A"]
    assert round(entry["welfare"]["mean"], 4) == -0.5996
    assert entry["welfare"]["name"] == "E"
    assert round(entry["welfare"]["best"], 4) == 0.9999


def test_red_wins_with_green_on_offer_and_blue_without_it():
    scenario = shipped("irrelevant-alternative")
    three, two = (told(scenario, prompt=p) for p in ("three", "two"))
    assert three["vanilla"]["order"][0] == ["Red"]
    assert two["vanilla"]["order"][0] == ["Blue"]
    assert three["vanilla"]["mle"] == pytest.approx(
        {"Red": 0.617, "Blue": 0.312, "Green": -0.929}, abs=6e-4
    )
    above = [duels(scenario, p)[0, 1] for p in (0, 1)]  # Red over Blue
    np.testing.assert_allclose(above, 0.4)


def test_the_coalition_elects_chattanooga_and_honest_ballots_nashville():
    scenario, honest = shipped("strategic-raters"), shipped("tennessee-four")
    lied = honest
    for type in ("Chattanooga", "Knoxville"):
        order = [c for c in flat(honest.types[type].rankings["best"]) if c != "Nashville"]
        lie = Misreport(type, "best", tuple((c,) for c in (*order, "Nashville")), 0.8)
        lied = apply_misreport(lied, lie)
        # They like Memphis less than Nashville, and Chattanooga more.
        mine = dict(zip(honest.completions, honest.type_utilities[honest.type_names.index(type)],
                        strict=True))  # fmt: skip
        assert mine["Memphis"] < mine["Nashville"] < mine["Chattanooga"]
        assert MISREPORTING_TYPE.format(type) in scenario.types
    assert scenario.type_names == lied.type_names
    np.testing.assert_allclose(scenario.type_shares, lied.type_shares)
    np.testing.assert_array_equal(scenario.type_utilities, lied.type_utilities)
    for outcome in (told(scenario)["vanilla"], truth(scenario)):
        assert outcome["order"][0] == ["Chattanooga"]
    for outcome in (told(honest)["vanilla"], truth(honest)):
        assert outcome["order"][0] == ["Nashville"]
