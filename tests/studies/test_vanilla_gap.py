"""The parts of the gap: each alone where only it is there, and together the whole."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.choice_models import order_places
from scrl.scenarios import expected_pair_weights, gallery, load_scenario, preview, with_overrides
from scrl.studies import vanilla_gap

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
MORRISTOWN = "tennessee-morristown"


def scenario(stem: str = MORRISTOWN, **changes):
    return with_overrides(load_scenario(SCENARIOS / f"{stem}.yaml"), **changes)


def includes(of, chance: float):
    return {t: {p: {"Morristown": chance} for p in of.prompts} for t in of.types}


@pytest.mark.parametrize("stem", sorted(gallery()))
def test_the_parts_add_up_to_the_whole(stem):
    for prompt, found in vanilla_gap.decompose_gap(scenario(stem), "copeland", 3).items():
        np.testing.assert_allclose(found.parts.sum(axis=0), found.reversals[0], atol=1e-12)
        whole = vanilla_gap.count_reversed(found.orders[0], found.orders[-1], found.names)
        assert found.reversed_pairs.sum() == pytest.approx(whole), prompt
        actual, *_, complete = found.scores
        np.testing.assert_allclose(found.log_odds.sum(axis=0), actual - complete, atol=1e-12)


def test_each_stage_is_what_it_says(tmp_path):
    """Raters without end, silent as they are, and not at all: the scores that FACTS gives."""
    found = vanilla_gap.decompose_gap(scenario(), "borda", 0)["best"]
    known = dict(zip(found.names, found.scores.T, strict=True))
    complete = {"Chattanooga": 0.477, "Knoxville": 0.389, "Nashville": 0.302,
                "Morristown": -0.470, "Memphis": -0.698}  # fmt: skip
    silent = {"Chattanooga": 0.804, "Knoxville": 0.426, "Nashville": 0.736, "Morristown": -1.754,
              "Memphis": -0.213}  # fmt: skip
    for name in found.names:
        assert known[name][3] == pytest.approx(complete[name], abs=1e-3)
        assert known[name][1] == pytest.approx(silent[name], abs=1e-3)


def test_silence_at_random_is_as_much_silence_whoever_the_rater():
    of = scenario()
    changed = vanilla_gap.missing_at_random(of)
    chance = [t.includes["best"]["Morristown"] for t in changed.types.values()]
    assert chance == pytest.approx([0.3 * 0.9 + 0.7 * 0.1] * 4)
    before, after = (np.triu(expected_pair_weights(s)[0] + expected_pair_weights(s)[0].T)
                     for s in (of, changed))  # fmt: skip
    np.testing.assert_allclose(before, after, atol=1e-12)  # every pair is met as often
    silent = scenario("tennessee-inverted-missing")
    answers = [t.answers["worst"] for t in vanilla_gap.missing_at_random(silent).types.values()]
    assert answers == pytest.approx([silent.type_shares @ [0.5, 0, 0.5, 7 / 15]] * 4)


def test_silence_alone_and_its_two_ways():
    """Tennessee as shipped by Borda, which is what Bradley–Terry is on complete ballots; 10,000
    raters are enough, so all is silence's. That it depends on the rater puts Morristown below
    Memphis. That Morristown is rarely met, by whomever, is enough to put Knoxville below Nashville:
    it loses the easy wins of those who rank both."""
    found = vanilla_gap.decompose_gap(scenario(), "borda", 0)["best"]
    np.testing.assert_allclose(found.reversed_pairs, [0, 1, 1, 0])
    at = {name: i for i, name in enumerate(found.names)}
    assert found.parts[1][at["Morristown"], at["Memphis"]] == 1
    assert found.parts[2][at["Knoxville"], at["Nashville"]] == 1


def test_only_the_rule():
    """Everyone answers: what is left is that Nashville beats everyone and Borda elects
    Chattanooga. By Copeland the order is Nashville, Chattanooga, Knoxville, Morristown, Memphis."""
    of = scenario()
    of = with_overrides(of, includes=includes(of, 1.0))
    found = vanilla_gap.decompose_gap(of, "copeland", 0)["best"]
    np.testing.assert_allclose(found.reversed_pairs, [0, 0, 0, 2])
    np.testing.assert_allclose(vanilla_gap.decompose_gap(of, "borda", 0)["best"].reversed_pairs, 0)


def test_only_sampling():
    """Noisy raters, few of them, nothing missing, by Borda: over many samples the whole gap is
    sampling's, and it goes as raters come."""
    of = scenario()
    of = with_overrides(of, includes=includes(of, 1.0), noise=3.0)
    few, many = [], []
    for seed in range(12):
        for raters, kept in ((30, few), (3000, many)):
            found = vanilla_gap.decompose_gap(with_overrides(of, raters=raters), "borda", seed)[
                "best"
            ]
            np.testing.assert_allclose(found.reversed_pairs[1:3], 0, atol=1e-12)
            kept.append(found.reversed_pairs[0])
    assert np.mean(few) > 1
    assert np.mean(many) < np.mean(few) / 2


def test_missing_at_random_does_not_move_endless_raters_who_are_alike():
    """With one type of rater, silence cannot depend on the type."""
    of = scenario("tennessee-four")
    types = {"Memphis": of.types["Memphis"].model_copy(update={"share": 1.0})}
    of = with_overrides(
        of.model_copy(update={"types": types}),
        includes={"Memphis": {p: {"Nashville": 0.2} for p in of.prompts}}, noise=1.0,
    )  # fmt: skip
    for found in vanilla_gap.decompose_gap(of, "borda", 0).values():
        np.testing.assert_allclose(found.scores[1], found.scores[2], atol=1e-9)


def test_all_parts_at_once_add_up_within_sampling_error():
    """Silence, few noisy raters and another rule: the mean over samples of the sum of the parts is
    the mean gap, part by part as measured alone where nothing is random."""
    of = with_overrides(scenario(), raters=200, noise=1.0)
    gaps = [vanilla_gap.decompose_gap(of, "copeland", seed)["best"] for seed in range(8)]
    for found in gaps:
        assert found.reversed_pairs.sum() == pytest.approx(found.reversals[0].sum() / 2)
        np.testing.assert_allclose(found.scores[1:], gaps[0].scores[1:])
    spread = np.std([found.scores[0] for found in gaps], axis=0)
    assert (np.abs(np.mean([f.scores[0] for f in gaps], axis=0) - gaps[0].scores[1]) < spread).all()


def test_vanilla_of_the_page_before_training_is_the_second_stage():
    of = scenario()
    found = vanilla_gap.decompose_gap(of, "borda", 0)["best"]
    mle = preview(of, ["borda"])["best"]["vanilla"]["mle"]
    np.testing.assert_allclose(found.scores[1], [mle[n] for n in found.names], atol=1e-8)


def test_the_social_side(experiment):
    import scrl

    entry = scrl.to_dict(experiment)["prompts"]["best"]
    parts, orders = vanilla_gap.decompose_social_gap(entry, "borda")
    assert parts.sum() == vanilla_gap.count_reversed(orders[0], orders[-1], entry["completions"])
    np.testing.assert_allclose(parts, 0)


@given(st.permutations("abcde"), st.permutations("abcde"))
@settings(max_examples=30, deadline=None)
def test_differing_pairs_is_kendalls_distance(one, other):
    found = vanilla_gap.count_reversed([[c] for c in one], [[c] for c in other], "abcde")
    a, b = (order_places([[c] for c in order], list("abcde")) for order in (one, other))
    brute = sum((a[i] < a[j]) != (b[i] < b[j]) for i in range(5) for j in range(i))
    assert found == brute
