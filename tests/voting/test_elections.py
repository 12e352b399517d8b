"""Real elections, and the contests that no rule was made for."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scrl.data import load_ratings, parse_ratings
from scrl.types import Ballots, InputError
from scrl.voting import (
    RULES,
    aggregate,
    aggregate_all,
    ballot_arrays,
    count_ratings,
)  # fmt: skip
from tests import lanes
from tests.voting.host_counting import counted_by_numpy

#: A hundred candidates tangled in one majority cycle are too many for these.
REFUSE = {
    "kemeny", "slater", "river", "stable-voting", "simple-stable-voting", "dodgson", "young",
    "optimal-lottery",
}  # fmt: skip
HUNDRED = Ballots(np.random.default_rng(0).random((5, 100)))
ORDINAL = RULES.ordinal


@pytest.mark.slow
def test_every_rule_counts_every_real_election(shared_data):
    files = sorted((shared_data / "preflib").iterdir())
    assert len(files) == 13
    for file in files:
        ratings = load_ratings(file)
        most = np.diff(ratings.catalogue.offsets).max()
        rules = [name for name in ORDINAL if most <= (RULES[name].max_candidates or np.inf)]
        assert {"dodgson", "young"} >= set(ORDINAL) - set(rules)
        for outcomes in count_ratings(ratings, rules).values():
            assert list(outcomes) == rules
            for rule, found in outcomes.items():
                assert np.isfinite(found.scores).all(), (file.name, rule)
                assert found.place.min() == 0, (file.name, rule)
                if found.lottery:
                    assert found.scores.sum() == pytest.approx(1), (file.name, rule)


def test_debian_elected_whom_these_rules_elect(golden):
    """Debian counts by a Condorcet method; in 2002 Bdale Garbee was elected (vote.debian.org)."""
    ratings = load_ratings(golden / "00002-00000001.soi")
    (outcomes,) = count_ratings(ratings, ["schulze", "ranked-pairs", "kemeny"]).values()
    for found in outcomes.values():
        assert found.order(ratings.catalogue.names(0))[0] == ["Bdale Garbee"]


# -- contests at the edge -------------------------------------------------------------------------


@cache
def counted_by_all(name: str) -> dict:
    """Outcomes of one set of ballots by every rule that can count it, from one compiled program."""
    orders = np.array([[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]])
    assert len({*map(tuple, orders), *map(tuple, 3 - orders)}) == 4, "each beside its reverse"
    ballots, rules = {
        "one candidate": (Ballots(np.ones((3, 1))), RULES),
        "all tied": (Ballots(np.ones((3, 4))), RULES),
        "contradictory": (Ballots(-np.concatenate([orders, 3 - orders])), ORDINAL),
        "a hundred": (HUNDRED, [rule for rule in RULES if rule not in REFUSE]),
    }[name]
    return aggregate_all(ballots, list(rules))


@pytest.mark.parametrize("rule", RULES)
def test_one_candidate_wins_and_a_tie_of_all_is_one(rule):
    assert counted_by_all("one candidate")[rule].place.tolist() == [0]
    tied = counted_by_all("all tied")[rule]
    assert tied.place.tolist() == [0] * 4
    assert np.ptp(tied.scores) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("rule", ORDINAL)
def test_ballots_that_contradict_each_other_tie_all(rule):
    """Each order and its reverse: no rule has anything to go by."""
    found = counted_by_all("contradictory")[rule]
    assert np.isfinite(found.scores).all()
    assert found.place.min() == 0


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_counts_a_hundred_candidates_or_says_in_a_sentence_why_not(rule):
    if rule in REFUSE:
        with pytest.raises(InputError, match="candidates") as caught:
            aggregate(HUNDRED, rule)
        assert "\n" not in str(caught.value)
    else:
        assert counted_by_all("a hundred")[rule].place.min() == 0


def test_a_thousand_candidates_in_cycles_are_too_many_for_kemeny():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"Kemeny.*at most 60 candidates.*1,000 do here"):
        aggregate(Ballots(rng.random((3, 1_000))), "kemeny")


def test_a_thousand_candidates_without_cycles_are_not():
    order = np.random.default_rng(0).permutation(1_000)
    found = aggregate(Ballots(-np.stack([order] * 3)), "kemeny")
    np.testing.assert_array_equal(found.place, order)


@pytest.mark.parametrize("rule", RULES)
def test_weights_of_nothing_and_below_get_a_sentence(rule):
    utility = np.array([[2.0, 1.0], [1.0, 2.0]])
    for weight, word in (([0, 0], "weigh nothing"), ([1, -1], "negative")):
        with pytest.raises(InputError, match=word):
            aggregate(Ballots(utility, weight=np.array(weight, float)), rule)
    with pytest.raises(InputError, match="need a voter"):
        aggregate(Ballots(np.zeros((0, 2))), rule)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"# NUMBER ALTERNATIVES: many\n",
        b"# NUMBER ALTERNATIVES: 2\n# ALTERNATIVE NAME 1: a\n",
        b"# NUMBER ALTERNATIVES: 3\n# ALTERNATIVE NAME 1: a\n# ALTERNATIVE NAME 9: b\n",
    ],
)
def test_a_broken_preflib_header_gets_a_sentence(header):
    with pytest.raises(InputError) as caught:
        parse_ratings(header + b"1: 1,2,7\n", "vote.soc")
    assert "vote.soc" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rules_that_need_utilities_say_so_where_there_are_none(golden):
    ratings = load_ratings(golden / "ties.csv")
    with pytest.raises(InputError, match="'nash' needs known utilities"):
        count_ratings(ratings, ["borda", "nash"])
    with pytest.raises(InputError, match="Utilitarian counts utilities"):
        aggregate(Ballots(rank=np.array([[0, 1]])), "utilitarian")
    with pytest.raises(InputError, match="one is negative"):
        aggregate(Ballots(np.array([[1.0, -1.0]])), "nash")


# -- welfare --------------------------------------------------------------------------------------


def test_welfare_is_what_the_words_say():
    rng = np.random.default_rng(3)
    utility = rng.integers(0, 4, (300, 6, 4)).astype(float)
    weight = rng.integers(1, 4, (300, 6)).astype(float)
    rules = ["utilitarian", "egalitarian", "nash"]
    found = aggregate_all(Ballots(utility, weight=weight), rules)
    share = weight / weight.sum(1, keepdims=True)
    mean = (utility * share[..., None]).sum(1)
    np.testing.assert_allclose(found["utilitarian"].scores, mean, atol=1e-12)
    product = np.prod(utility ** share[..., None], axis=1)
    np.testing.assert_allclose(found["nash"].scores, product, atol=1e-9)
    for i in range(len(utility)):
        people = np.repeat(utility[i], weight[i].astype(int), axis=0)
        lots = [tuple(sorted(people[:, c])) for c in range(4)]
        wanted = [sum(other > mine for other in lots) for mine in lots]
        assert found["egalitarian"].place[i].tolist() == wanted


@pytest.fixture
def few_are_many(monkeypatch):
    """Whole ballots of equal weight are counted without a copy, however few they are."""
    monkeypatch.setattr(ballot_arrays, "MIN_UNCOPIED_CELLS", 1)


def outcomes_by_numpy(ballots: Ballots, rules: list[str]) -> dict:
    with counted_by_numpy():
        return aggregate_all(ballots, rules)


@pytest.mark.slow
def test_ranks_in_bytes_are_counted_as_utilities(few_are_many):
    """The way of many whole ballots, strict and not, against the way of few."""
    rng = np.random.default_rng(4)
    rules = ["plurality", "anti-plurality", "2-approval", "borda", "dowdall", "schulze", "coombs",
             "minimax-winning-votes", "instant-runoff", "plurality-veto"]  # fmt: skip
    for strict in (True, False):
        rank = rng.integers(0, 5, (30, 203, 5)).astype(np.int8)
        if strict:
            rank = rank.argsort(-1, kind="stable").argsort(-1).astype(np.int8)
        fast = aggregate_all(Ballots(rank=rank), rules)
        slow = outcomes_by_numpy(Ballots(-rank, weight=np.ones(rank.shape[:2])), rules)
        real = aggregate_all(Ballots(-rank.astype(np.float32)), rules)
        for rule in rules:
            for other in (fast, real):
                np.testing.assert_array_equal(other[rule].place, slow[rule].place, rule)
                np.testing.assert_allclose(other[rule].scores, slow[rule].scores, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(60, 203, 4), (40, 317, 5), (9, 507, 11)])
def test_eliminations_from_bits_are_those_from_ballots(shape, few_are_many):
    """Voters who fill no byte, more candidates than are held as bits, and contests so one-sided
    that some have no first place at all."""
    rng = np.random.default_rng(6)
    rules = ["instant-runoff", "schulze", "plurality", "coombs", "plurality-veto"]
    rules = rules[: 5 if shape[2] < 11 else 3]
    lean = np.linspace(0, 3, shape[0])[:, None, None] * np.arange(shape[2])
    rank = (rng.gumbel(size=shape) + lean).argsort(-1).argsort(-1).astype(np.int8)
    rank[0] = rank[0, 0]
    fast = aggregate_all(Ballots(rank=rank), rules)
    slow = outcomes_by_numpy(Ballots(-rank, weight=np.ones(shape[:2])), rules)
    for rule in rules:
        np.testing.assert_array_equal(fast[rule].place, slow[rule].place, rule)
        np.testing.assert_allclose(fast[rule].scores, slow[rule].scores, atol=1e-9)


@pytest.mark.parametrize("odd", [[0, 0, 2, 3, 4], [2, 2, 2, 2, 2], [0, 1, 2, 3, 5],
                                 [0, 1, 2, 3, 127], [1, 2, 3, 8, 4], [0, 1, 1, 4, 4]]
)  # fmt: skip
def test_one_ballot_that_is_no_strict_order_is_found_among_many(odd):
    """Whether tied or of other numbers: it is counted as the order that it is."""
    rng = np.random.default_rng(7)
    rank = rng.random((100, 1_000, 5)).argsort(-1).astype(np.int8)
    rank[60:, 17] = odd
    fast = aggregate_all(Ballots(rank=rank), ["borda", "instant-runoff", "copeland"])
    slow = Ballots(-rank[55:65].astype(float), weight=np.ones((10, 1_000)))
    for rule, wanted in aggregate_all(slow, list(fast)).items():
        np.testing.assert_array_equal(fast[rule].place[55:65], wanted.place, rule)
        np.testing.assert_allclose(fast[rule].scores[55:65], wanted.scores, atol=1e-9)


@cache
def whole_ballots() -> tuple[np.ndarray, dict]:
    """Ranks of more voters than a block, and their outcomes as utilities."""
    rank = np.random.default_rng(5).random((1, 130_001, 4)).argsort(-1)
    rules = ["borda", "copeland", "plurality", "coombs"]
    return rank, outcomes_by_numpy(Ballots(-rank, weight=np.ones(rank.shape[:2])), rules)


@pytest.mark.parametrize("dtype", lanes.deep([np.int8, np.uint32],
                                             [np.int8, np.uint8, np.int16, np.uint32, np.int64])
)  # fmt: skip
def test_whole_ballots_of_any_type_and_number(dtype):
    """Also of types whose numbers have no sign."""
    rank, real = whole_ballots()
    rules = list(real)
    fast = aggregate_all(Ballots(rank=rank.astype(dtype)), rules)
    above = (rank[0, :, :, None] < rank[0, :, None, :]).mean(0)
    np.testing.assert_allclose(fast["borda"].scores[0], above.sum(1), atol=1e-12)
    first = (rank[0] == 0).mean(0)
    np.testing.assert_allclose(fast["plurality"].scores[0], first, atol=1e-12)
    for rule in rules:
        np.testing.assert_array_equal(fast[rule].place, real[rule].place, rule)


def test_a_utility_that_is_no_number_is_found_among_many_ballots():
    utility = np.zeros((100, 2_000, 5))
    utility[50, 1_000, 2] = np.nan
    with pytest.raises(InputError, match="not a number"):
        aggregate(Ballots(utility), "borda")
