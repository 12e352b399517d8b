"""What sources answer, and ballots from which completions are absent."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.scenarios import gallery, load_scenario, sample
from scrl.types import Source

CSV = """rater,prompt,completion,rank,rater_group
r0,p,a,1,x
r0,p,b,2,x
r1,p,b,1,y
r1,p,c,1,y
r2,q,d,1,x
r2,q,e,2,x
r3,p,a,1,x
"""


def ratings_of(missing: str):
    return parse_ratings(CSV.encode(), "few.csv", missing)


def test_a_scenario_and_ratings_answer_the_same():
    scenario = load_scenario(gallery()["tennessee-morristown"])
    ratings = ratings_of("unseen")
    members = [name for name in vars(Source) if not name.startswith("_")]
    assert len(members) == 10
    for source in (scenario, ratings):
        for name in members:
            assert hasattr(source, name), name
        assert len(source.type_shares) == len(source.type_names)
        assert source.type_shares.sum() == pytest.approx(1)
        assert source.ratings(3).catalogue.prompts == source.catalogue.prompts
        assert source.knows_every_type


def test_a_scenario_knows_the_truth_and_ratings_do_not():
    scenario = load_scenario(gallery()["tennessee-morristown"])
    assert scenario.is_scenario
    assert scenario.type_utilities.shape == (4, scenario.catalogue.items)
    assert len(scenario.true_ballots()) == len(scenario.prompts)
    assert scenario.to_yaml()
    drawn, again = scenario.ratings(5), sample(scenario, 5).ratings
    np.testing.assert_array_equal(drawn.rank, again.rank)
    ratings = ratings_of("unseen")
    assert not ratings.is_scenario
    assert ratings.type_utilities is None
    assert ratings.true_ballots() is None
    assert ratings.to_yaml() == ""
    assert ratings.ratings(5) is ratings
    np.testing.assert_allclose(ratings.type_shares, [0.75, 0.25])


def ballots_of(ratings) -> list[dict[str, int]]:
    names = [ratings.catalogue.completions[c] for c in ratings.completion]
    return [
        dict(zip(names[start:stop], ratings.rank[start:stop].tolist(), strict=True))
        for start, stop in zip(ratings.offsets[:-1], ratings.offsets[1:], strict=True)
    ]


def test_absent_completions_that_are_last_are_written_out():
    resolved = ratings_of("last").with_absent_resolved()
    assert resolved.absent == "unseen", "nothing is left to resolve"
    assert ballots_of(resolved) == [
        {"a": 0, "b": 1, "c": 2}, {"a": 1, "b": 0, "c": 0}, {"d": 0, "e": 1},
        {"a": 0, "b": 1, "c": 1},
    ]  # fmt: skip
    again = resolved.with_absent_resolved(min_size=2)
    np.testing.assert_array_equal(again.rank, resolved.rank)


def test_absent_completions_that_are_unseen_stay_absent():
    ratings = ratings_of("unseen")
    assert ratings.with_absent_resolved() is ratings
    assert ballots_of(ratings.with_absent_resolved(min_size=2)) == [
        {"a": 0, "b": 1}, {"b": 0, "c": 0}, {"d": 0, "e": 1},
    ]  # fmt: skip
