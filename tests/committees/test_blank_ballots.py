"""Odd elections: blank ballots count nothing for committees, margins of victory and reports, and
what is no election is refused."""

import numpy as np
import pytest

import scrl
from scrl import InputError, Profile
from scrl.committees import (
    COMMITTEE_RULES,
    check_solid_coalitions,
    count_stv,
    slate_service,
)

PLACES, WEIGHT = np.array([[0, 1, 2], [2, 1, 0], [1, 0, -1]]), np.array([3.0, 2.0, 1.0])
CAST = Profile("ABC", PLACES, WEIGHT)
BLANK = Profile("ABC", np.insert(PLACES, 1, -1, axis=0), np.insert(WEIGHT, 1, 5.0))
NOTHING = Profile("ABC", np.full((2, 3), -1), [1.0, 2.0])
ORDERS = [name for name, rule in COMMITTEE_RULES.items() if rule.reads == "orders"]


def test_committees_of_orders():
    assert len(ORDERS) > 5
    for rule in ORDERS:
        for seats in (1, 2, 3):
            found = scrl.elect_committee(BLANK, rule, seats)
            assert found.named() == scrl.elect_committee(CAST, rule, seats).named()
        with pytest.raises(InputError, match="No ballot ranks"):
            scrl.elect_committee(NOTHING, rule, 1)


def test_quotas_and_services():
    assert count_stv(BLANK, 1).quota == count_stv(CAST, 1).quota
    assert check_solid_coalitions(BLANK, ["A", "B"]).holds
    services = [slate_service(profile, ["A", "B"]) for profile in (BLANK, CAST)]
    np.testing.assert_array_equal(services[0].weight, services[1].weight)
    np.testing.assert_array_equal(services[0].utility, services[1].utility)


@pytest.mark.parametrize("rule", ["plurality", "bucklin", "schulze", "instant-runoff", "coombs"])
def test_margins_of_victory(rule):
    with_blank, without = (scrl.margin_of_victory(p, rule, seconds=1) for p in (BLANK, CAST))
    assert (with_blank.lower, with_blank.upper) == (without.lower, without.upper)
    assert with_blank.ballots == 6
    with pytest.raises(InputError, match="No ballot ranks"):
        scrl.margin_of_victory(NOTHING, rule)


def test_a_report_says_what_is_blank():
    report, without = (scrl.election_report(p, margins=False) for p in (BLANK, CAST))
    assert report.headline == without.headline
    assert report.ballots == without.ballots
    assert "Ballots that rank nobody are left out; they weigh 5." in report.notes
    with pytest.raises(InputError, match="No ballot ranks"):
        scrl.election_report(NOTHING)


def test_a_report_has_a_limit_of_candidates():
    many = Profile.from_orders([f"c{i}" for i in range(501)], [range(501)])
    with pytest.raises(InputError, match="at most 500 candidates"):
        scrl.election_report(many)


@pytest.mark.parametrize("election", [None, "A > B", [CAST]])
def test_what_is_no_election_is_named(election):
    with pytest.raises(InputError, match=f"not for a {type(election).__name__}"):
        scrl.margin_of_victory(election, "borda")
    with pytest.raises(InputError, match=f"not a {type(election).__name__}"):
        scrl.election_report(election)
