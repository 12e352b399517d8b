"""The conventions, as outcomes worked out independently of this code."""

import json
import math

import pytest

from scrl.data import load_ratings
from scrl.voting import count_ratings

CASES = [
    ("irrelevant-alternative.csv", "unseen"),
    ("repeated-pairs.csv", "unseen"),
    ("tennessee-four.csv", "unseen"),
    ("tennessee-morristown-incomplete.csv", "unseen"),
    ("tennessee-morristown-incomplete.csv", "last"),
    ("ties.csv", "unseen"),
    ("truncated.csv", "unseen"),
    ("truncated.csv", "last"),
    ("00002-00000001.soi", "last"),
    ("00002-00000001.soi", "unseen"),
]


def test_every_expected_outcome_has_its_case(golden):
    expected = json.loads((golden / "expected.json").read_text())
    assert {(file, m) for file, readings in expected.items() for m in readings} == set(CASES)


@pytest.mark.parametrize(("file", "missing"), CASES)
def test_golden(golden, file, missing):
    expected = json.loads((golden / "expected.json").read_text())[file][missing]
    ratings = load_ratings(golden / file, missing)
    (outcomes,) = count_ratings(ratings, list(expected), missing).values()
    names = ratings.catalogue.names(0)
    for rule, wanted in expected.items():
        if "order" in wanted:
            found = [sorted(tied) for tied in outcomes[rule].order(names)]
            assert found == [sorted(tied) for tied in wanted["order"]], rule
        scores = wanted.get("scores") or wanted.get("probabilities") or {}
        for name, value in scores.items():
            assert math.isclose(outcomes[rule].by_name(names)[name], value, abs_tol=1e-8), rule


def test_the_default_reading_is_the_formats_own(golden):
    assert load_ratings(golden / "truncated.csv").absent == "unseen"
    assert load_ratings(golden / "00002-00000001.soi").absent == "last"
