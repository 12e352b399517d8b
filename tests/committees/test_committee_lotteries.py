"""Lotteries over committees, proportional rankings and slates."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from scrl.committees import (
    RANKING_RULES,
    ApprovalProfile,
    committee_lottery,
    elect_committee,
    lottery_with_chances,
    nash_chances,
    proportional_ranking,
    slate_service,
    top_of_scores,
)
from scrl.types import InputError
from scrl.voting import Profile
from tests.committees.approval_profiles import draw_approvals, to_profile


def test_random_serial_dictator_over_all_orders_of_voters():
    rng = np.random.default_rng(1)
    for _ in range(12):
        approves, _, seats = draw_approvals(rng, most=(5, 5))
        voters, m = approves.shape
        expected: dict[tuple, float] = {}
        for order in permutations(range(voters)):
            reached: dict[frozenset, float] = {frozenset(): 1.0}
            for voter in [*order, None]:
                wish = set(range(m)) if voter is None else set(np.flatnonzero(approves[voter]))
                following: dict[frozenset, float] = {}
                for committee, chance in reached.items():
                    more, free = sorted(wish - committee), seats - len(committee)
                    ways = (
                        [more] if len(more) <= free else list(map(list, combinations(more, free)))
                    )
                    for way in ways:
                        new = committee | set(way)
                        following[new] = following.get(new, 0.0) + chance / len(ways)
                reached = following
            for committee, chance in reached.items():
                key = tuple(sorted(int(c) for c in committee))
                expected[key] = expected.get(key, 0.0) + chance
        total = sum(expected.values())
        lottery = committee_lottery(
            to_profile(approves, np.ones(voters)), "random-serial-dictator", seats
        )
        found = {
            tuple(np.flatnonzero(row).tolist()): p
            for row, p in zip(lottery.committees, lottery.probability, strict=True)
        }
        assert found.keys() == expected.keys()
        for key, chance in expected.items():
            assert found[key] == pytest.approx(chance / total)


def test_nash_chances_satisfy_the_conditions_of_the_optimum():
    rng, checked = np.random.default_rng(2), 0
    for _ in range(40):
        approves, weight, seats = draw_approvals(rng)
        chances = nash_chances(approves, weight.astype(float), seats)
        assert chances.sum() == pytest.approx(seats)
        assert chances.min() >= 0
        assert chances.max() <= 1
        if approves.any(axis=0).sum() <= seats:
            continue
        checked += 1
        utility = np.where(approves.any(axis=1), approves @ chances, 1.0)
        slope = (weight * approves.any(axis=1) / utility) @ approves
        inner = slope[chances > 0].min()
        assert not (chances < 1).any() or slope[chances < 1].max() <= inner + 1e-5 * slope.max()
    assert checked > 10


def test_a_lottery_has_the_chances_that_are_asked_for():
    rng = np.random.default_rng(3)
    for _ in range(40):
        m = int(rng.integers(1, 9))
        seats = int(rng.integers(1, m + 1))
        members = rng.permuted(np.tile(np.arange(m) < seats, (5, 1)), axis=1)
        chances = rng.dirichlet(np.ones(5)) @ members
        lottery = lottery_with_chances(tuple("abcdefgh"[:m]), chances)
        assert (lottery.committees.sum(axis=1) == seats).all()
        assert len(lottery.probability) <= max(m, 1)
        np.testing.assert_allclose(lottery.chances, chances, atol=1e-9)
        assert len(lottery.draw(0)) == seats
    with pytest.raises(InputError, match="between 0 and 1"):
        lottery_with_chances(("a", "b"), np.array([1.5, 0.5]))


@pytest.mark.parametrize("rule", RANKING_RULES)
def test_every_beginning_of_a_ranking_is_elected(rule):
    rng = np.random.default_rng(4)
    for _ in range(6):
        raw = rng.random((5, 5)).argsort(axis=1)
        profile = Profile.from_orders("abcde", raw, rng.integers(1, 4, 5))
        approve = None if rule == "seq-borda-cc" else 2
        settings = {"weights": [1, 0.5, 0.2]} if rule == "seq-thiele" else {}
        ranking = proportional_ranking(profile, rule, approve, **settings)
        assert sorted(ranking.order) == list(range(5))
        for seats in range(1, 6):
            first = tuple(sorted(ranking.order[:seats]))
            if rule == "seq-thiele" and seats < 3:
                continue  # fewer weights are read
            found = elect_committee(profile, rule, seats, approve, **settings).committees
            assert first in found
            assert ranking.order[seats - 1] in ranking.ties[seats - 1]


def test_a_slate_serves_each_voter_by_its_best_member():
    profile = Profile.from_text("3: A > B > C\n2: B > A > C\n1: C > B > A")
    service = slate_service(profile, [1, 2])
    assert service.best.tolist() == [1, 1, 2]
    assert service.ahead.tolist() == [1, 0, 0]
    assert service.favourite_share == pytest.approx(0.5)
    assert service.mean_utility == pytest.approx((3 * 0.5 + 3) / 6)
    utilities = Profile.from_utilities("AB", [[1.0, 4.0], [3.0, 0.0]], [1, 3], ["x", "y"])
    served = slate_service(utilities, [0])
    assert served.mean_utility == pytest.approx(2.5)
    assert served.least_utility(utilities.labels) == pytest.approx(1.0)


def test_the_top_of_a_score():
    profile = Profile.from_text("3: A > B > C\n2: B > A > C\n1: C > B > A")
    assert top_of_scores(profile, "borda", 2) == (0, 1)
    assert top_of_scores(profile, "plurality", 1) == (0,)


def test_lotteries_refuse_unknown_rules():
    votes = ApprovalProfile.from_sets("ab", ["a"])
    with pytest.raises(InputError, match="lotteries are"):
        committee_lottery(votes, "dice", 1)
    with pytest.raises(InputError, match="needs one of"):
        proportional_ranking(votes, "equal-shares")
