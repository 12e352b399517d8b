"""Scenarios over texts: templates, likes, and the utilities that follow."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.scenarios import (
    content_of,
    gallery,
    load_scenario,
    sample,
    scenario_of,
    text_utilities,
    true_ballots,
    with_overrides,
)
from scrl.text import ATTRIBUTES
from scrl.types import InputError

STEMS = [stem for stem in gallery() if load_scenario(gallery()[stem]).features == "text"]


def small(**changes):
    content = {
        "name": "small",
        "templates": {"short": "{a}", "long": "{a} {b}", "kind": "Thank you! {a}"},
        "prompts": {
            "one": {"text": "One?", "kind": "x", "slots": {"a": "Yes.", "b": "Because it is 3."}},
            "two": {"text": "Two?", "kind": "y", "slots": {"a": "No.", "b": "For example so."}},
        },
        "types": {
            "detail": {"share": 0.5, "likes": {"detail": 1.0, "y": {"length": -2.0}}},
            "warm": {"share": 0.5, "likes": {"warmth": 1}, "answers": {"y": 0}},
        },
        "raters": 20,
    }
    return content | changes


def test_utilities_are_weights_times_attributes():
    scenario = scenario_of(small())
    assert scenario.catalogue.completion_texts[1] == "Yes. Because it is 3."
    detail, length = ATTRIBUTES["detail"], ATTRIBUTES["length"]
    texts = scenario.catalogue.completion_texts
    np.testing.assert_allclose(
        scenario.type_utilities[0],
        [detail(t) - 2 * length(t) * (i >= 3) for i, t in enumerate(texts)],
        atol=1e-6,
    )
    assert scenario.answer_chances.tolist() == [[1, 1], [1, 0]]
    likes = [t.likes for t in scenario.types.values()]
    np.testing.assert_allclose(
        text_utilities(likes, "y", texts[3:]), scenario.type_utilities[:, 3:], atol=1e-6
    )


def test_a_scenario_of_texts_survives_writing_editing_and_overrides():
    scenario = scenario_of(small())
    assert scenario_of(content_of(scenario)) == scenario
    assert with_overrides(scenario, raters=5).type_utilities.shape == (2, 6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"templates": {"a": "{q}", "b": "x"}}, "needs 'q'"),
        ({"templates": {"a": "{a", "b": "x"}}, "a brace has no partner"),
        ({"templates": {"a": "x"}}, "at least two"),
        ({"types": {"t": {"share": 1, "likes": {"detial": 1}}}}, "did you mean 'detail'"),
        ({"types": {"t": {"share": 1, "likes": {"detail": "much"}}}}, "should be a number"),
        ({"types": {"t": {"share": 1, "likes": {"z": {"detail": 1}}}}}, "no kind of a prompt"),
        (
            {"types": {"t": {"share": 1, "likes": {"warmth": 10**400}}}},
            "likes.warmth: .*to 1e.30",
        ),
        (
            {"types": {"t": {"share": 1, "likes": {"warmth": np.nan}}}},
            "likes.warmth: .*to 1e.30",
        ),
        ({"prompts": {"p": {"kind": ["a"], "slots": {"a": "x", "b": "y"}}}}, "prompts.p.kind: "),
        ({"features": "txt"}, "features: .*'text'.*'txt'"),
    ],
)
def test_a_fault_is_named_with_its_place(changes, message):
    with pytest.raises(InputError, match=message):
        scenario_of(small(**changes))


@pytest.mark.parametrize("stem", STEMS)
def test_shipped_types_truly_disagree_and_one_leaves_a_kind_out(stem):
    scenario = load_scenario(gallery()[stem])
    assert len(scenario.prompts) >= 8
    assert {p.kind for p in scenario.prompts.values()}.__len__() == 3
    assert (scenario.answer_chances == 0).any()
    favourites = [b.utility[0].argmax() for b in true_ballots(scenario, 1)]
    for b in range(len(scenario.prompts)):
        s = slice(*scenario.catalogue.offsets[b : b + 2])
        assert len(set(scenario.type_utilities[:, s].argmax(axis=1))) >= 2
    assert len(favourites) == len(scenario.prompts)


def test_ratings_have_features_of_texts():
    ratings = sample(load_scenario(gallery()[STEMS[0]]), 0).ratings
    assert ratings.catalogue.completion_features.shape[0] == ratings.catalogue.items
    assert "universal-sentence-encoder" in ratings.notes[-1]
