"""Ballots that nobody should write get one sentence, the same by every way in."""

import time

import numpy as np
import pytest

import scrl
from scrl import InputError, Profile
from scrl.voting.rules import voter_changes


@pytest.mark.parametrize("orders", [None, 3, "AB", {0: 1}, [0, 1], [[]], [[0], []]])
def test_orders_that_are_none_are_refused(orders):
    with pytest.raises(InputError):
        Profile.from_orders("AB", orders)


@pytest.mark.parametrize("rankings", [None, 3, "A > B", {"A": 1}, [3], [[]]])
def test_rankings_that_are_none_are_refused(rankings):
    with pytest.raises(InputError):
        Profile.from_rankings(rankings)


@pytest.mark.parametrize("sign", list("∼≺≽|"))
def test_foreign_signs_make_no_candidate(sign):
    """The sign of indifference, and those of the inverse order."""
    ballot = f"A > B {sign} C"
    for read in (Profile.from_text, lambda text: Profile.from_counts({text: 1})):
        with pytest.raises(InputError, match="holds"):
            read(ballot)
    named = Profile.from_counts({("A", f"B {sign} C"): 2})
    assert Profile.from_text(named.to_text()) == named


def test_one_sentence_where_a_utility_is_missing():
    profile = Profile.from_utilities("AB", [[1.0, 0.0], [np.nan, 1.0]])
    _, errors = scrl.count_all_rules(profile, ["utilitarian", "nash"])
    for rule, sentence in errors.items():
        with pytest.raises(InputError) as error:
            scrl.aggregate(profile, rule)
        assert str(error.value) == sentence


def test_the_changes_of_all_candidates_share_a_deadline(monkeypatch):
    monkeypatch.setattr(voter_changes, "SEARCH_SECONDS", 0.2)
    rng = np.random.default_rng(3)
    profile = Profile.from_orders(
        [f"c{i}" for i in range(12)], rng.permuted(np.tile(np.arange(12), (3_000, 1)), axis=1)
    )
    start = time.process_time()
    with pytest.raises(InputError, match=r"within 0\.2 seconds"):
        scrl.aggregate(profile, "dodgson")
    assert time.process_time() - start < 3
