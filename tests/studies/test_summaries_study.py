"""Claims about summaries in words, in the stored results."""

import pytest

from scrl.studies import load_baked


@pytest.fixture(scope="module")
def result() -> dict:
    return load_baked("summaries")["result"]


def test_summaries_are_near_exact_bayes_and_vectors_are_nearer(result):
    right = {name: values[0][-1] for name, values in result["right"].items()}
    assert right["pooled"] + 0.1 < right["summaries"] < right["features"] < right["oracle"]
    assert result["of oracle"][0][-1] > 0.93


def test_exchanged_summaries_are_worth_no_more_than_bradley_terry(result):
    right = {name: values[0][-1] for name, values in result["right"].items()}
    assert right["shuffled"] == pytest.approx(right["pooled"], abs=0.01)
    assert right["exchanged"] < right["pooled"]


def test_words_keep_their_meaning_only_if_they_are_held_to_it(result):
    edits, carried = result["edits"], result["carried"]
    assert edits["summary"]["flipped"][0] > 0.85 > edits["wording"]["flipped"][0]
    assert edits["code"]["flipped"][2] < 0.3
    assert carried["own summary"][0] - carried["summary"][0] < 0.03
    assert carried["code"][0] < 0.65
    assert carried["vector"][0] < 0.65
    assert carried["named weights"][0] > carried["summary"][0]


def test_an_unnamed_taste_is_told_in_other_words_unless_that_is_dear(result):
    found = result["unnamed"]
    assert found["smuggled"][0][0] > 0.9
    assert found["smuggled"][0][-1] < 0.65
    assert found["true"][0][-1] > found["true"][0][0]
    assert found["summaries"][2][-1] < found["right"]["features"][1], "intervals apart"
