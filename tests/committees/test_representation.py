"""Axioms of representation by their definitions, over all groups of voters."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from scrl.committees import (
    AXIOMS,
    COMMITTEE_RULES,
    ApprovalProfile,
    check_representation,
    check_solid_coalitions,
    elect_committee,
    price_system,
)
from scrl.types import InputError
from scrl.voting import Profile
from tests.committees.approval_profiles import draw_approvals, drawn, to_profile


def subsets(items: range, least: int = 1) -> list[tuple[int, ...]]:
    return [s for size in range(least, len(items) + 1) for s in combinations(items, size)]


def holds_by_definition(axiom: str, approves, weight, committee) -> bool:
    """By its definition, group by group; quotas of all weight / members."""
    k, quota = len(committee), weight.sum() / len(committee)
    sets = [set(np.flatnonzero(row).tolist()) for row in approves]
    elected = set(committee)
    for group in subsets(range(len(sets))):
        worth = weight[list(group)].sum()
        common = set.intersection(*(sets[i] for i in group))
        best = max(len(sets[i] & elected) for i in group)
        union = len(set.union(*(sets[i] for i in group)) & elected)
        for deserves in range(1, k + 1):
            if worth < deserves * quota - 1e-9:
                break
            agrees = len(common) >= deserves
            if axiom == "jr" and deserves == 1 and agrees and best == 0:
                return False
            if axiom == "pjr" and agrees and union < deserves:
                return False
            if axiom == "ejr" and agrees and best < deserves:
                return False
            if axiom == "ejr+" and common - elected and best < deserves:
                return False
        if axiom in ("core", "fjr"):
            for instead in subsets(range(approves.shape[1])):
                if len(instead) > k or worth < len(instead) * quota - 1e-9:
                    continue
                gets = [len(sets[i] & set(instead)) for i in group]
                had = [len(sets[i] & elected) for i in group]
                wronged = min(gets) > best if axiom == "fjr" else None
                if axiom == "core":
                    wronged = all(g > h for g, h in zip(gets, had, strict=True))
                if wronged:
                    return False
    return True


@pytest.mark.parametrize("axiom", ["jr", "pjr", "ejr", "ejr+", "fjr", "core"])
def test_verdicts_agree_with_the_definition_and_witnesses_prove_themselves(axiom):
    rng = np.random.default_rng(2)
    verdicts = []
    for _ in range(25):
        approves, weight, seats = draw_approvals(rng, most=(6, 7))
        committee = sorted(rng.choice(approves.shape[1], seats, replace=False).tolist())
        found = check_representation(axiom, to_profile(approves, weight), committee)
        assert found.holds == holds_by_definition(axiom, approves, weight, committee)
        verdicts.append(found.holds)
        if not found.holds:
            group, candidates = list(found.group), list(found.candidates)
            worth = len(candidates) if axiom in ("core", "fjr") else found.deserves
            assert weight[group].sum() >= worth * weight.sum() / seats - 1e-9
            has = approves[group][:, committee].sum(axis=1)
            if axiom in ("core", "fjr"):
                assert (approves[group][:, candidates].sum(axis=1) > has).all()
            else:
                assert approves[np.ix_(group, candidates)].all()
                assert (has < found.deserves).all()
            assert found.share == pytest.approx(weight[group].sum() / weight.sum())
            assert "%" in found.statement
    assert 0 < sum(verdicts) < 25


def test_verdicts_agree_with_abcvoting():
    properties = pytest.importorskip("abcvoting.properties")
    rng = np.random.default_rng(4)
    for ours, abc, seats in drawn(4, 12):
        committee = sorted(rng.choice(len(ours.names), seats, replace=False).tolist())
        for axiom in ("jr", "pjr", "ejr", "ejr+", "priceability"):
            expected = properties.check(axiom, abc, committee)
            assert check_representation(axiom, ours, committee).holds == expected, axiom


def test_a_price_system_keeps_its_conditions():
    rng, found = np.random.default_rng(9), 0
    for _ in range(40):
        approves, weight, seats = draw_approvals(rng)
        members = np.zeros(approves.shape[1], bool)
        members[rng.choice(len(members), seats, replace=False)] = True
        prices = price_system(approves, weight, members)
        if prices is None or approves.any(axis=0).sum() < seats:
            continue
        found += 1
        paid, left = prices.payments, prices.budget * weight - prices.payments.sum(axis=1)
        assert (left >= -1e-7).all()
        assert (paid[~approves] == 0).all()
        np.testing.assert_allclose(paid.sum(axis=0), members, atol=1e-7)
        for c in np.flatnonzero(~members):
            assert left[approves[:, c]].sum() <= 1 + 1e-7
    assert found > 5


@pytest.mark.parametrize(
    "rule", [r for r, entry in COMMITTEE_RULES.items() if entry.guarantees and "psc" not in
             entry.guarantees]
)  # fmt: skip
def test_rules_keep_what_they_guarantee(rule):
    for ours, _, seats in drawn(21, 25, weighted=rule != "monroe"):
        for committee in elect_committee(ours, rule, seats, limit=4).committees:
            for axiom in COMMITTEE_RULES[rule].guarantees:
                verdict = check_representation(axiom, ours, committee)
                assert verdict.holds, (axiom, ours.to_text(), committee, verdict.statement)


@pytest.mark.parametrize("rule", ["stv", "expanding-approvals"])
def test_rules_of_orders_serve_solid_coalitions(rule):
    rng = np.random.default_rng(15)
    for _ in range(60):
        m, n = int(rng.integers(2, 6)), int(rng.integers(1, 9))
        blocs = rng.permuted(np.tile(np.arange(m), (3, 1)), axis=1)[rng.integers(0, 3, n)]
        orders = [np.concatenate([rng.permutation(b[:2]), b[2:]]) for b in blocs]
        profile = Profile.from_orders("abcdef"[:m], orders, rng.integers(1, 4, n))
        seats = int(rng.integers(1, m + 1))
        for committee in elect_committee(profile, rule, seats, limit=5).committees:
            found = check_solid_coalitions(profile, committee)
            assert found.holds, (profile.to_text(), committee, found.statement)


def test_a_solid_coalition_that_is_left_out_is_named():
    profile = Profile.from_text("candidates: A, B, C, D\n6: A > B > C > D\n4: C > D > B > A")
    found = check_solid_coalitions(profile, [0, 1])
    assert not found.holds
    assert found.group == (1,)
    assert found.candidates == (2,)
    assert found.deserves == 1
    assert check_solid_coalitions(profile, [0, 1], "hare").holds


def test_a_committee_is_given_by_index_by_name_or_as_an_outcome():
    votes = ApprovalProfile.from_sets("abcd", ["ab", "ab", "cd"], [3, 3, 3])
    outcome = elect_committee(votes, "av", 2)
    assert not check_representation("jr", votes, ["c", "d"]).holds
    for committee in ([0, 1], "ab", outcome):
        found = check_representation("PJR", votes, committee)
        assert (found.axiom, found.holds) == (
            "pjr",
            check_representation("pjr", votes, [0, 1]).holds,
        )


def test_bad_input_is_named():
    votes = ApprovalProfile.from_sets("ab", ["a"])
    with pytest.raises(InputError, match="axioms are"):
        check_representation("xjr", votes, [0])
    for committee in ([], [0, 0], [2]):
        with pytest.raises(InputError):
            check_representation("jr", votes, committee)
    with pytest.raises(InputError, match="read approvals"):
        check_representation("jr", Profile.from_text("1: a > b"), [0])
    with pytest.raises(InputError, match="'z' is no candidate"):
        check_representation("jr", votes, ["z"])
    assert set(AXIOMS) == {"jr", "pjr", "ejr", "ejr+", "fjr", "priceability", "core"}
