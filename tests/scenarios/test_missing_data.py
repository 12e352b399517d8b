"""The four ways of losing ratings: what each changes, and what is counted of it."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.figures import response_rates
from scrl.scenarios import (
    MISSING_PATTERNS,
    MissingRatings,
    fully_observed,
    gallery,
    load_scenario,
    missing_data_effect,
    missing_overrides,
    missing_ratings,
    parse_scenario,
    rating_probabilities,
    sample,
    with_missing_ratings,
)
from scrl.types import InputError


@pytest.fixture(scope="module")
def full():
    return load_scenario(gallery()["tennessee-inverted-full"])


@pytest.mark.parametrize("kind", MISSING_PATTERNS)
def test_a_silence_is_found_again_and_is_what_raters_then_leave_out(full, kind):
    completion = "Nashville" if MISSING_PATTERNS[kind].unit == "completion" else ""
    scenario = with_missing_ratings(full, kind, "Memphis", "worst", "Nashville", response_rate=0.25)
    chance = 0.0 if MISSING_PATTERNS[kind].all_raters else 0.25
    assert missing_ratings(scenario) == [
        MissingRatings(kind, "Memphis", "worst", completion, chance)
    ]
    # In a sample: who of whom says what of which completion.
    ratings = sample(scenario, 3).ratings
    prompts = np.asarray(ratings.ballot_prompt)[ratings.entry_ballot]
    kinds = ratings.rater_type[ratings.ballot_rater[ratings.entry_ballot]]
    raters = np.bincount(ratings.rater_type, minlength=4)
    for p, prompt in enumerate(full.prompts):
        for c, name in enumerate(full.completions):
            said = np.bincount(kinds[(prompts == p) & (ratings.completion == c)], minlength=4)
            lost = prompt == "worst" and (completion in ("", name))
            expected = [chance if lost else 1.0, 1.0, 1.0, 1.0]
            np.testing.assert_allclose(said / raters, expected, atol=0.03)
            item = p * 4 + c
            np.testing.assert_allclose(rating_probabilities(scenario)[:, item], expected)


def test_some_is_neither_none_nor_all(full):
    for some in (0, 1, 1.5):
        with pytest.raises(InputError, match="above 0 and below 1"):
            missing_overrides("some-prompt", "Memphis", "best", response_rate=some)
    with pytest.raises(InputError, match="not one of the types"):
        with_missing_ratings(full, "no-prompt", "Atlantis", "best")
    with pytest.raises(InputError, match="not one of the prompts"):
        with_missing_ratings(full, "no-prompt", "Memphis", "second")


def test_all_heard_is_the_scenario_without_its_silences(full):
    scenario = with_missing_ratings(full, "no-prompt", "Nashville", "worst")
    scenario = with_missing_ratings(scenario, "some-completion", "Memphis", "best", "Knoxville")
    assert fully_observed(scenario) == full
    assert missing_ratings(fully_observed(scenario)) == []


def reversals(truth, order):
    """From the definition: pairs that one order puts strictly one way and the other the other."""
    place = [{c: i for i, tied in enumerate(o) for c in tied} for o in (truth, order)]
    names = list(place[0])
    return sum(
        (place[0][a] - place[0][b]) * (place[1][a] - place[1][b]) < 0
        for i, a in enumerate(names)
        for b in names[:i]
    )


@pytest.mark.parametrize("rule", ["borda", "copeland", "instant-runoff"])
def test_the_cost_of_silence_beside_that_of_the_rule(full, rule):
    scenario = with_missing_ratings(full, "no-prompt", "Nashville", "worst")
    for prompt, entry in missing_data_effect(scenario, rule).items():
        truth = entry["truth"][rule]["order"]
        assert entry["reversed"] == reversals(truth, entry["vanilla"]["order"])
        assert entry["reversed_complete"] == reversals(truth, entry["complete"]["order"])
        if rule == "borda":  # Bradley–Terry on complete ballots is Borda
            assert entry["reversed_complete"] == 0
            assert bool(entry["reversed"]) == (prompt == "worst")
        if prompt == "best":
            assert entry["vanilla"] == entry["complete"]


def test_a_prompt_that_nobody_answers_teaches_nothing(full):
    scenario = full
    for type in full.types:
        scenario = with_missing_ratings(scenario, "no-prompt", type, "worst")
    entry = missing_data_effect(scenario, "borda")["worst"]
    assert entry["pairs"] == 0
    assert entry["vanilla"]["order"] == [list(full.completions)]


def test_the_worth_of_what_vanilla_puts_first():
    scenario = parse_scenario(
        """
name: worth
completions: [a, b]
prompts: {p: {}}
types:
  many: {share: 0.6, utilities: {p: {a: 1, b: 0}}}
  few: {share: 0.4, utilities: {p: {a: -9, b: 3}}}
""",
        "worth.yaml",
    )
    assert missing_data_effect(scenario, "borda")["p"]["welfare"] == {
        "mean": pytest.approx(0.6 - 3.6), "best": pytest.approx(1.2), "name": "b"
    }  # fmt: skip


def test_the_picture_frames_who_is_silent_and_shows_names_as_they_are(full):
    scenario = with_missing_ratings(full, "no-prompt", "Nashville", "worst")
    prompts = [("<b>best", scenario.offered("best")), ("worst", scenario.offered("worst"))]
    figure = response_rates(["<i>", "b", "c", "d"], prompts, rating_probabilities(scenario), (1, 4))
    assert list(figure.data[0].text).count("0") == 4
    assert list(figure.data[0].text).count("100") == 28
    dotted = [s for s in figure.layout.shapes if s.line.dash == "dot"]
    assert len(dotted) == 4
    assert {s.y0 for s in dotted} == {1 - 0.44}
    assert "&lt;i&gt;" in figure.layout.yaxis.ticktext[0]
    assert any("&lt;b&gt;best" in note.text for note in figure.layout.annotations)


def test_two_raters_in_a_hundred_are_not_none():
    figure = response_rates(["a"], [("p", ["x", "y"])], np.array([[0.004, 0.02]]))
    assert list(figure.data[0].text) == ["0.4%", "2%"]
