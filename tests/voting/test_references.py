"""Every rule's whole order against its definition in fractions, on random profiles: strict ones,
and tied, truncated, weighted ones."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scrl.types import Ballots
from scrl.voting import RULES, aggregate_all
from tests.lanes import PROFILES
from tests.reference import more_rules
from tests.reference import rules as reference

VOTERS, MOST = 9, 7


@cache
def drawn() -> tuple[list, Ballots]:
    """3 to 7 candidates, few of many; half of the profiles strict, so that definitions that walk
    over all orders stay quick."""
    rng = np.random.default_rng(7)
    place = np.zeros((PROFILES, VOTERS, MOST), int)
    ranked = np.zeros(place.shape, bool)
    weight = np.zeros((PROFILES, VOTERS))
    standing = np.zeros((PROFILES, MOST), bool)
    contests = []
    for i in range(PROFILES):
        m = rng.choice([3, 4, 5, 6, 7], p=[0.4, 0.35, 0.2, 0.04, 0.01])
        voters = rng.integers(2, VOTERS + 1)
        strict = i % 2 == 0
        for v in range(voters):
            row = rng.permutation(m) if strict else rng.integers(0, m, m)
            place[i, v, :m] = row
            ranked[i, v, :m] = True if strict else rng.random(m) < 0.8
        weight[i, :voters] = 1 if strict else rng.integers(1, 4, voters)
        standing[i, :m] = True
        if not ranked[i].any():
            ranked[i, 0, :m] = True
        ballots = [
            ({c: int(place[i, v, c]) for c in np.flatnonzero(ranked[i, v])}, int(weight[i, v]))
            for v in range(voters)
        ]
        contests.append(reference.Contest(ballots, list(range(m))))
    return contests, Ballots(-place.astype(float), ranked, weight, standing)


@cache
def outcomes() -> dict:
    return aggregate_all(drawn()[1], list(reference.RULES), None)


@pytest.mark.parametrize("rule", reference.RULES)
def test_a_rule_is_its_definition(rule):
    found = outcomes()[rule].place
    ties = 0
    for contest, place in zip(drawn()[0], found, strict=True):
        wanted = reference.RULES[rule](contest)
        assert {c: int(place[c]) for c in contest.candidates} == wanted, contest.ballots
        ties += len(set(wanted.values())) < len(wanted)
    assert ties > 0.015 * PROFILES, "too few ties to have tested them"


def test_every_rule_of_orders_has_a_definition_or_an_oracle_of_its_own():
    """Likelihoods and the other lotteries have theirs in test_likelihood and test_lotteries; rules
    of tournaments and of changed ballots in test_tournament_rules."""
    rest = {name for name in RULES if name not in reference.RULES | more_rules.RULES}
    assert {RULES[name].family for name in rest} <= {"likelihood", "lottery", "utility"}
