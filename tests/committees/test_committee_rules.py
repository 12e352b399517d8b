"""Rules of committees: beside abcvoting, and properties that any rule has."""

from __future__ import annotations

import re
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pytest

from scrl.committees import (
    COMMITTEE_RULES,
    ApprovalProfile,
    borda_points,
    count_stv,
    elect_committee,
    elect_committees,
    slate_service,
    thiele_weights,
)
from scrl.committees.batches import ApprovalBatch
from scrl.committees.integer_programmes import best_thiele_committees
from scrl.types import InputError
from scrl.voting import Profile, complete_ballots
from tests.committees.approval_profiles import (
    ABC_RULES,
    UNWEIGHTED,
    draw_approvals,
    drawn,
    to_profile,
)

APPROVAL_RULES = [name for name, rule in COMMITTEE_RULES.items() if rule.reads == "approvals"]
ORDER_RULES = [name for name, rule in COMMITTEE_RULES.items() if rule.reads == "orders"]


def settings_of(named: str) -> tuple[str, dict]:
    rule, _, completion = named.partition("/")
    return rule, {"completion": completion} if completion else {}


@pytest.mark.parametrize("named", ABC_RULES)
def test_all_tied_committees_are_those_of_abcvoting(named):
    abcrules = pytest.importorskip("abcvoting.abcrules")
    rule, settings = settings_of(named)
    theirs, algorithm = ABC_RULES[named]
    count = 12 if algorithm == "gurobi" else 40
    for ours, abc, seats in drawn(7, count, weighted=named not in UNWEIGHTED):
        resolute = {} if named.endswith("add-one") else {"resolute": False}
        expected = abcrules.compute(theirs, abc, seats, algorithm=algorithm, **resolute)
        outcome = elect_committee(ours, rule, seats, **settings)
        assert outcome.named() == [
            ["abcdefghijklmnop"[c] for c in sorted(committee)]
            for committee in sorted(expected, key=sorted)
        ], (ours.to_text(), seats)
        assert outcome.all_found or named.endswith("add-one")


@pytest.mark.parametrize("rule", APPROVAL_RULES)
def test_many_profiles_at_once_elect_what_each_elects_alone(rule):
    rng = np.random.default_rng(3)
    approves = rng.random((12, 6, 5)) < 0.5
    weight = rng.integers(0, 3, (12, 6)) + (np.arange(6) == 0)
    found = elect_committees(approves, rule, 3, weight)
    for p in range(12):
        cast = weight[p] > 0
        alone = elect_committee(to_profile(approves[p, cast], weight[p, cast]), rule, 3)
        assert found.committees(p) == list(alone.committees)


@pytest.mark.parametrize("rule", APPROVAL_RULES)
def test_rules_are_neutral_and_read_shares_of_weight(rule):
    rng = np.random.default_rng(5)
    for _ in range(6):
        approves, weight, seats = draw_approvals(rng)
        order = rng.permutation(approves.shape[1])
        first = elect_committee(to_profile(approves, weight), rule, seats)
        share = weight / (8 * weight.sum()) if rule != "monroe" else weight
        second = elect_committee(to_profile(approves[:, order], share), rule, seats)
        moved = {tuple(sorted(order[list(committee)].tolist())) for committee in second.committees}
        assert moved == set(first.committees)


@pytest.mark.parametrize("rule", ORDER_RULES)
def test_rules_of_orders_are_neutral(rule):
    rng = np.random.default_rng(6)
    for _ in range(5):
        profile = draw_orders(rng)
        m = len(profile.names)
        seats, order = int(rng.integers(1, m + 1)), rng.permutation(m)
        moved = Profile(
            tuple(profile.names[c] for c in order), profile.place[:, order], profile.weight
        )
        first = elect_committee(profile, rule, seats).named()
        second = elect_committee(moved, rule, seats).named()
        assert sorted(map(sorted, first)) == sorted(map(sorted, second))


def draw_orders(rng: np.random.Generator) -> Profile:
    """Ballots with ties, some of them short."""
    m, n = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    raw = np.where(rng.random((n, m)) < 0.8, rng.integers(0, m, (n, m)), m)
    place = np.stack([np.unique(row, return_inverse=True)[1].ravel() for row in raw])
    place = np.where((raw == m) & (raw.min(axis=1, keepdims=True) < m), -1, place)
    return Profile(tuple("abcdef"[:m]), place, rng.integers(1, 4, n))


@pytest.mark.parametrize("rule", ["pav", "cc", "slav"])
def test_integer_programmes_find_what_enumeration_finds(rule):
    for ours, _, seats in drawn(11, 10):
        weights = thiele_weights(rule, seats)
        start = np.arange(len(ours.names))[None] < seats
        found = best_thiele_committees(ApprovalBatch.of(ours), seats, weights, 100, 10.0, start)
        expected = elect_committee(ours, rule, seats)
        assert found.committees() == list(expected.committees)
        assert found.all_found[0]
        assert found.bound is None
        assert found.score[0] == pytest.approx(expected.score)


def test_where_time_ends_first_a_bound_is_said():
    rng = np.random.default_rng(1)
    approves = rng.random((60, 40)) < 0.3
    profile = ApprovalProfile([f"c{i}" for i in range(40)], approves, np.ones(60))
    outcome = elect_committee(profile, "pav", 10, time_limit=0.0)
    good = elect_committee(profile, "seq-pav", 10, limit=1).committee
    shared = approves[:, list(good)].sum(axis=1)
    score = sum(1 / j for n in shared for j in range(1, n + 1))
    assert outcome.score >= score - 1e-9
    assert outcome.bound >= outcome.score
    assert np.isfinite(outcome.bound)
    assert not outcome.all_found


def test_points_of_many_candidates_list_every_tie():
    """There are 12,870 committees of 8 of 16, which are not listed one by one."""
    rng = np.random.default_rng(2)
    for _ in range(5):
        approves = rng.random((9, 16)) < 0.5
        outcome = elect_committee(to_profile(approves, np.ones(9)), "av", 8)
        points = approves.sum(axis=0)
        best = np.sort(points)[8:].sum()
        cut, free = np.sort(points)[8], 8 - (points > np.sort(points)[8]).sum()
        assert len(set(outcome.committees)) == len(outcome.committees)
        assert len(outcome.committees) == comb(int((points == cut).sum()), int(free))
        assert all(points[list(c)].sum() == best for c in outcome.committees)
        assert outcome.score == best
        few = elect_committee(to_profile(approves, np.ones(9)), "av", 8, limit=1)
        assert few.committees == outcome.committees[:1]


def test_thiele_with_given_weights_is_the_named_rule():
    for ours, _, seats in drawn(12, 8):
        for name in ("pav", "cc", "slav"):
            given = thiele_weights(name, seats).tolist()
            assert elect_committee(ours, "thiele", seats, weights=given).committees == (
                elect_committee(ours, name, seats).committees
            )


def test_one_committee_breaks_ties_by_the_order_of_candidates():
    abcrules = pytest.importorskip("abcvoting.abcrules")
    for ours, abc, seats in drawn(13, 20):
        for rule, theirs in (("seq-pav", "seqpav"), ("phragmen", "seqphragmen"), ("av", "av")):
            outcome = elect_committee(ours, rule, seats, limit=1)
            expected = abcrules.compute(theirs, abc, seats, resolute=True)
            assert list(outcome.committees) == [tuple(sorted(expected[0]))]
            tied = elect_committee(ours, rule, seats).is_tied
            assert outcome.all_found or tied or outcome.rounds


def test_borda_committees_by_definition():
    rng = np.random.default_rng(8)
    for _ in range(25):
        profile = draw_orders(rng)
        m = len(profile.names)
        seats = int(rng.integers(1, m + 1))
        points = borda_points(profile)
        place = complete_ballots(profile).place
        for i, a in np.ndindex(place.shape):
            below = sum(place[i, b] > place[i, a] for b in range(m))
            tied = sum(place[i, b] == place[i, a] for b in range(m)) - 1
            assert points[i, a] == below + tied / 2
        score = {
            c: float(profile.weight @ points[:, list(c)].max(axis=1))
            for c in combinations(range(m), seats)
        }
        best = max(score.values())
        outcome = elect_committee(profile, "borda-cc", seats)
        assert list(outcome.committees) == [c for c, s in score.items() if s > best - 1e-9]
        assert outcome.score == pytest.approx(best)
        total = {c: float((profile.weight @ points)[list(c)].sum()) for c in score}
        top = [c for c, s in total.items() if s > max(total.values()) - 1e-9]
        assert list(elect_committee(profile, "k-borda", seats).committees) == top


def many() -> Profile:
    """Too many candidates for a set of bits."""
    return Profile.from_orders([f"c{i}" for i in range(70)], [range(70)])


def test_thresholds_of_approval():
    profile = Profile.from_text("candidates: A, B, C, D\n2: A > B = C > D\n1: D")
    read = lambda approve: ApprovalProfile.from_profile(profile, approve).sets()  # noqa: E731
    assert read(1) == [["A"], ["D"]]
    assert read(2) == [["A", "B", "C"], ["D"]]
    assert read("ranked") == [["A", "B", "C", "D"], ["D"]]
    utilities = Profile.from_utilities("AB", [[1.0, 0.0], [3.0, 3.0]])
    assert ApprovalProfile.from_profile(utilities, "mean").sets() == [["A"], []]


def test_bloc_and_single_votes_split_ties_and_give_nothing_to_those_left_out():
    profile = Profile.from_text("candidates: A, B, C\n2: A = B\n3: C")
    bloc = elect_committee(profile, "bloc", 2)
    assert bloc.named() == [["A", "C"], ["B", "C"]]
    assert elect_committee(profile, "sntv", 1).named() == [["C"]]


def test_expanding_approvals_give_two_thirds_of_the_voters_two_of_three_seats():
    """Six of nine voters put e1, e2, e3 first, the others c1, c2, c3 nearly so."""
    profile = Profile.from_text(
        "candidates: c1, c2, c3, e1, e2, e3, d1\n"
        "1: c1 > c2 > c3 > e1 > e2 > e3 > d1\n1: c2 > c3 > c1 > e1 > e2 > e3 > d1\n"
        "1: c3 > c1 > d1 > c2 > e1 > e2 > e3\n1: e1 > e2 > e3 > c1 > c2 > c3 > d1\n"
        "1: e1 > e2 > e3 > c1 > c2 > c3 > d1\n1: e1 > e2 > e3 > c1 > c2 > c3 > d1\n"
        "1: e1 > e2 > e3 > c1 > c2 > c3 > d1\n1: e1 > e2 > e3 > c1 > c2 > c3 > d1\n"
        "1: e1 > e2 > e3 > c1 > c2 > c3 > d1"
    )
    for committee in elect_committee(profile, "expanding-approvals", 3).named():
        assert sum(name.startswith("e") for name in committee) == 2
        assert sum(name.startswith("c") for name in committee) == 1


def test_the_documented_example_runs():
    text = (Path(__file__).parents[2] / "docs/committees.md").read_text("utf-8")
    found: dict = {}
    exec(re.findall(r"```python\n(.*?)```", text, re.S)[0], found)
    votes = found["votes"]
    assert elect_committee(votes, "k-borda", 3).named() == [["Walk", "Jog", "Class"]]
    assert found["slate"].named() == [["Walk", "Intervals", "Swim"]]
    assert slate_service(votes, found["slate"].committee).favourite_share == 1
    assert len(elect_committee(votes, "pav", 3, approve=2).committees) == 8


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda p: elect_committee(p, "pav", 2), "approve=2"),
        (lambda p: elect_committee(p, "nonsense", 2), "There is no rule"),
        (lambda p: elect_committee(p, "seqpav", 2), "did you mean 'seq-pav'"),
        (lambda p: elect_committee([{0}, {1}], "pav", 1), "not from list"),
        (lambda p: count_stv([["A"]], 1), "not list"),
        (lambda p: elect_committee(p, "stv", 4), "1 to 3 can be elected"),
        (lambda p: elect_committee(p, "stv", 1.5), "whole number"),
        (lambda p: elect_committee(p, "pav", 1, approve="mean"), "utilities"),
        (lambda p: elect_committee(p, "pav", 1, approve=0), "1 or more"),
        (lambda p: elect_committee(p, "pav", 1, approve=1, speed=2), "settings time_limit"),
        (lambda p: elect_committee(p, "thiele", 2, approve=1, weights=[1, 2]), "never rise"),
        (lambda p: ApprovalProfile.from_sets("ab", ["c"]), "no candidate"),
        (lambda p: ApprovalProfile(("a",), np.ones((1, 2)), [1.0]), "shape"),
        (lambda p: ApprovalProfile.from_sets("a", ["a"], [-1]), "weight of a ballot"),
        (lambda p: elect_committees(np.ones((2, 2, 2)), "stv", 1), "reads orders"),
        (lambda p: elect_committees(np.ones((2, 2, 2)), "av", 1, np.ones((2, 3))), "shapes"),
        (lambda p: elect_committee(many(), "k-borda", 2), "at most 62"),
    ],
)
def test_bad_input_gets_one_sentence(work, message):
    profile = Profile.from_text("2: A > B > C\n1: C > B > A")
    with pytest.raises(InputError, match=message):
        work(profile)
