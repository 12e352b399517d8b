"""River, stable voting, Slater, sets of the majority relation, Dodgson and Young: against their
definitions, against pref_voting, and what their conventions say."""

from __future__ import annotations

import os
from functools import cache
from math import factorial, prod

import numpy as np
import pytest
from pref_voting import c1_methods as c1
from pref_voting import margin_based_methods as margins
from pref_voting.combined_methods import smith_minimax
from pref_voting.other_methods import _dodgson_score
from pref_voting.profiles import Profile as StrictProfile
from pref_voting.weighted_majority_graphs import MarginGraph

from scrl.types import Ballots, InputError
from scrl.voting import Profile, aggregate, aggregate_all, aggregate_with_pairwise
from scrl.voting.rules import split_cycle_refinements, voter_changes
from scrl.voting.rules.margin_levels import margin_levels
from scrl.voting.rules.split_cycle_refinements import river_winners
from tests.reference import more_rules as reference
from tests.reference.rules import Contest

#: Random profiles a rule; the comparison reported in docs/rules.md used 3,000.
PROFILES = int(os.environ.get("SCRL_RULE_PROFILES", "100"))
ORACLES = {
    "river": margins.river,
    "simple-stable-voting": margins.simple_stable_voting,
    "stable-voting": margins.stable_voting,
    "slater": c1.slater,
    "smith-set": c1.top_cycle,
    "schwartz-set": c1.gocha,
    "uncovered-set": c1.uc_gill,
    "smith-minimax": smith_minimax,
}
#: Largest profiles that a definition or pref_voting walks through in time.
MOST_CANDIDATES = {"slater": 5, "dodgson": 4, "young": 4, "river": 5}
MOST_VOTERS = {"dodgson": 5, "young": 8}


def drawn(i: int) -> Profile:
    """A profile of 1 to 6 candidates and few ballots: strict, tied, truncated, weighted, some with
    weights that are no whole numbers."""
    rng = np.random.default_rng([i, 16])
    m, n = int(rng.integers(1, 7)), int(rng.integers(1, 7))
    place = (
        rng.integers(0, m, (n, m)) if i % 2 else rng.permuted(np.tile(np.arange(m), (n, 1)), axis=1)
    )
    if i % 3 == 0:
        place = np.where(rng.random((n, m)) < 0.3, -1, place)
        place[(place < 0).all(1), 0] = 0
    dense = np.full((n, m), -1)
    for row, given in zip(dense, place, strict=True):
        row[given >= 0] = np.unique(given[given >= 0], return_inverse=True)[1]
    weight = rng.integers(1, 4 if i % 5 else 60, n) / (1 if i % 4 else 8)
    return Profile(tuple("abcdef"[:m]), dense, weight)


@cache
def counted(left_out: str | None) -> list[dict]:
    """Every drawn profile by every rule."""
    return [aggregate_all(drawn(i), list(reference.RULES), left_out) for i in range(PROFILES)]


@pytest.mark.parametrize("rule", reference.RULES)
def test_a_rule_is_its_definition(rule):
    tied = checked = 0
    for i in range(PROFILES):
        profile = drawn(i)
        ballots = [
            ({c: int(p) for c, p in enumerate(row) if p >= 0}, round(8 * w))
            for row, w in zip(profile.place, profile.weight, strict=True)
        ]
        contest = Contest(ballots, list(range(len(profile.names))))
        too_many = rule in MOST_VOTERS and len(reference.voters_of(contest)) > MOST_VOTERS[rule]
        if rule == "river":
            too_many = reference.orders_of_ties(contest) > reference.MOST_ORDERS
        if too_many or len(profile.names) > MOST_CANDIDATES.get(rule, 6):
            continue
        wanted = reference.RULES[rule](contest)
        place = counted(None)[i][rule].place
        assert {c: int(place[c]) for c in wanted} == wanted, profile.to_text()
        tied += len(set(wanted.values())) < len(wanted)
        checked += 1
    assert checked > 0.25 * PROFILES
    assert tied > 0.05 * PROFILES


@pytest.mark.parametrize("left_out", ["last", "pref_voting"])
@pytest.mark.parametrize("rule", ORACLES)
def test_the_winners_are_pref_votings(rule, left_out):
    """In both readings of truncated ballots, from the margins that pref_voting counts."""
    checked = 0
    for i in range(PROFILES):
        profile = drawn(i)
        place = aggregate(profile, rule, left_out).place
        m = len(profile.names)
        cast = profile.place
        if left_out == "last":
            cast = np.where(cast < 0, 99, cast)
        both = (cast[:, :, None] >= 0) & (cast[:, None, :] >= 0)
        sign = np.sign(cast[:, None, :] - cast[:, :, None]) * both
        lead = np.einsum("v,vab->ab", np.round(8 * profile.weight).astype(int), sign)
        sizes, ties = np.unique(np.abs(lead[np.triu_indices(m, 1)]), return_counts=True)
        # pref_voting walks through all orders of equal victories, and of ties both ways.
        orders = prod(
            factorial(int(n) if size else 2 * int(n)) for size, n in zip(sizes, ties, strict=True)
        )
        if m > MOST_CANDIDATES.get(rule, 6) or (rule == "river" and orders > 800):
            continue
        edges = [(a, b, int(lead[a, b])) for a in range(m) for b in range(m) if lead[a, b] > 0]
        wanted = sorted(ORACLES[rule](MarginGraph(list(range(m)), edges)))
        assert np.flatnonzero(place == 0).tolist() == wanted, profile.to_text()
        checked += 1
    assert checked > 0.3 * PROFILES


def test_dodgsons_scores_are_pref_votings_on_the_smallest_electorate():
    """pref_voting counts strict ballots and all voters; here only proportions count. It cuts its
    solver's value to a whole number, so that 23.999999999999996 is 23 there."""
    checked = cut = 0
    for i in range(0, PROFILES, 2 if PROFILES > 500 else 8):
        profile = drawn(i)
        if not profile.is_strict or len(profile.names) < 2:
            continue
        electorate = Profile(profile.names, profile.place, np.round(8 * profile.weight))
        orders, index = np.unique(electorate.place.argsort(1), axis=0, return_inverse=True)
        voters = np.bincount(index.ravel(), electorate.weight).astype(int)
        voters //= np.gcd.reduce(voters)
        oracle = StrictProfile(orders.tolist(), voters.tolist())
        wanted = [_dodgson_score(oracle, c) for c in range(len(profile.names))]
        steps = -aggregate(profile, "dodgson").scores * voters.sum()
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
        over = np.round(steps) - wanted
        assert set(over) <= {0, 1}
        cut += over.any()
        checked += 1
    assert cut <= 0.01 * checked
    assert checked > 0.03 * PROFILES


# -- conventions and limits -----------------------------------------------------------------------


def test_refinements_of_split_cycle_elect_whom_it_leaves_unbeaten():
    for i in range(PROFILES):
        found = aggregate_all(drawn(i), ["split-cycle", "river", "stable-voting"])
        unbeaten = found["split-cycle"].place == 0
        for rule in ("river", "stable-voting"):
            assert unbeaten[found[rule].place == 0].all()


def test_only_proportions_of_voters_count_for_dodgson_and_young():
    text = "3: a > b > c > d\n2: b > c > d > a\n2: d > c > a > b\n1: c > a > d > b"
    profile = Profile.from_text(text)
    for rule in ("dodgson", "young"):
        once = aggregate(profile, rule).scores
        for scale in (3.0, 0.25, 1e-3):
            scaled = Profile(profile.names, profile.place, scale * profile.weight)
            np.testing.assert_allclose(aggregate(scaled, rule).scores, once, atol=1e-12)


def test_large_electorates_come_near_to_divisible_ballots():
    """Weights without a common unit are counted as the limit of many voters."""
    rng = np.random.default_rng(3)
    place = rng.permuted(np.tile(np.arange(4), (6, 1)), axis=1)
    weight = rng.random(6)
    whole = np.round(90_000 * weight)
    for rule in ("dodgson", "young"):
        limit = aggregate(Ballots(-place, weight=weight), rule).scores
        near = aggregate(Ballots(-place, weight=whole), rule).scores
        np.testing.assert_allclose(near, limit, atol=1e-3)
        assert (limit < -0.01).any()


def test_few_voters_and_many_voters_are_solved_alike(monkeypatch):
    """By dynamic programming over voters, and by integer programming."""
    small = [counted(None)[i] for i in range(12)]
    voter_changes._kept_scores.cache_clear()
    voter_changes._solve.cache_clear()
    monkeypatch.setattr(voter_changes, "SMALL", 0)
    for i, before in enumerate(small):
        for rule, found in aggregate_all(drawn(i), ["dodgson", "young"], None).items():
            np.testing.assert_allclose(found.scores, before[rule].scores, atol=1e-9)


def test_dodgsons_own_example_of_a_cycle():
    """Fishburn 1977: Dodgson's winner need not beat many; each score is worked out by hand.

    In the cycle A ≻ B ≻ C ≻ A with 4, 3 and 2 voters A loses to C by 5 to 4: one voter of
    B ≻ C ≻ A who puts A ahead of C is enough.
    """
    found = aggregate(Profile.from_text("4: A > B > C\n3: B > C > A\n2: C > A > B"), "dodgson")
    assert (-9 * found.scores).tolist() == pytest.approx([1, 2, 3])
    found = aggregate(Profile.from_text("4: A > B > C\n3: B > C > A\n2: C > A > B"), "young")
    assert (-9 * found.scores).tolist() == pytest.approx([1, 3, 5])


def test_too_many_equal_margins_or_candidates_get_one_sentence(monkeypatch):
    monkeypatch.setattr(split_cycle_refinements, "MAX_SETS", 500)
    monkeypatch.setattr(split_cycle_refinements, "MAX_UNIVERSES", 1_000)
    rng = np.random.default_rng(0)
    place = rng.permuted(np.tile(np.arange(20), (4, 1)), axis=1)
    for rule in ("river", "simple-stable-voting"):
        with pytest.raises(InputError, match="leave candidates out") as caught:
            aggregate(Ballots(-place), rule)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="at most 12 candidates"):
        aggregate(Ballots(-place), "young")
    monkeypatch.setattr(voter_changes, "MAX_CELLS", 12)
    with pytest.raises(InputError, match="at most 3 different ballots of 4 candidates"):
        aggregate(Ballots(-rng.permuted(np.tile(np.arange(4), (9, 1)), axis=1)), "dodgson")


def test_river_needs_no_more_than_its_guaranteed_candidates():
    """All margins equal is the worst case: eight candidates in a random tournament."""
    rng = np.random.default_rng(1)
    beats = np.triu(rng.choice([-1, 1], (8, 8)), 1)
    assert river_winners(beats - beats.T)


def test_levels_of_margins_are_their_order():
    shares = np.array([[0.5, 0.7, 0.5], [0.3, 0.5, 0.7 + 1e-12], [0.5, 0.3 - 1e-12, 0.5]])
    assert margin_levels(shares[None])[0].tolist() == [[0, 1, 0], [-1, 0, 1], [0, -1, 0]]
    _, above = aggregate_with_pairwise(drawn(7), [])
    level = margin_levels(above[None])[0]
    assert (np.sign(level) == np.sign(np.round(above - 0.5, 9))).all()
    assert (level == -level.T).all()
