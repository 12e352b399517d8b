"""Cells of the table of criteria that the page decides: each against searches for the opposite."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.voting import RULES, Profile
from scrl.voting.criteria import (
    CRITERIA,
    check_criterion,
    electorates,
    is_testable,
    satisfaction_table,
    verify_violation,
)
from scrl.voting.criteria.checker import violated_comparisons
from scrl.voting.criteria.counterexample_search import (
    all_comparisons,
    outcomes,
    random_comparisons,
)
from tests import lanes
from tests.counted_places import counted_places, one_batch_size
from ui.voting.proved_cells import FAILURES, PROOFS, decided_table

#: Candidates and voters of the random electorates, and how many of each.
DRAWN, DRAWS = ((3, 12), *lanes.deep((), ((4, 9), (5, 13)))), lanes.deep(60, 120)
CRITERIA_PROVED = sorted({criterion for _, criterion in PROOFS})


TESTED = [name for name in RULES if is_testable(RULES[name])]
#: All compiled rules are counted together, so that few programs are compiled; others alone.
TOGETHER = tuple(name for name in TESTED if not RULES[name].on_host)


@pytest.fixture(scope="module", autouse=True)
def one_size():
    """One program for each number of candidates counts the electorates of all tests."""
    with one_batch_size(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(electorates, "LEAST_KINDS", 16)
        yield


def contradicted(criterion: str, rules: list[str], comparisons) -> set[str]:
    """Which of the rules violate a criterion in one of the comparisons."""
    m, found = comparisons.rows.shape[1], set()
    alone = [(rule,) for rule in rules if RULES[rule].on_host]
    for group in (TOGETHER, *alone):
        asked = set(group) & set(rules)
        places = outcomes(counted_places(group, m), comparisons) if asked else []
        found |= {
            rule
            for rule in asked
            if violated_comparisons(
                CRITERIA[criterion], comparisons, [p[:, group.index(rule)] for p in places], "ties"
            ).any()
        }
    return found


def drawn(criterion: str, m: int, n: int):
    return random_comparisons(criterion, m, n, DRAWS, np.random.default_rng([m, n]))


def test_each_proof_is_of_a_cell_that_the_library_leaves_open():
    table = satisfaction_table()
    assert {table[key].state for key in PROOFS} == {"-"}
    assert {table[key].violation for key in PROOFS} == {None}
    assert not set(PROOFS) & set(FAILURES)
    for criterion in ("anonymity", "neutrality"):
        assert {r for r, c in PROOFS if c == criterion} == set(TESTED)
    assert all(decided_table()[key].state == "Y" for key in PROOFS)
    assert all(decided_table()[key].state == "N" for key in FAILURES)


@pytest.mark.parametrize("criterion", CRITERIA_PROVED)
def test_what_is_called_proved_survives_searches_for_a_counterexample(criterion):
    rules = [r for r, c in PROOFS if c == criterion]
    # Electorates of two candidates are too few for the library's search, and ties abound there.
    for m, n in (*lanes.deep((), ((2, 2), (2, 3), (2, 4))), (3, 4)):
        assert not contradicted(criterion, rules, all_comparisons(criterion, m, n)), (m, n)
    for m, n in DRAWN:
        assert not contradicted(criterion, rules, drawn(criterion, m, n)), (m, n)


@pytest.mark.parametrize(
    ("rule", "criterion"),
    [("2-approval", "majority"), ("anti-plurality", "unanimity"), ("plurality", "condorcet"),
     ("instant-runoff", "reversal"), ("borda", "majority")],
)  # fmt: skip
def test_the_search_finds_what_is_false(rule, criterion):
    assert any(contradicted(criterion, [rule], drawn(criterion, m, n)) for m, n in DRAWN)


def test_implied_criteria_are_claimed_together():
    table = {key for key, cell in decided_table().items() if cell.state == "Y"}
    implied = {"condorcet": "majority", "condorcet-loser": "majority-loser", "pareto": "unanimity",
               "smith": "condorcet"}  # fmt: skip
    for rule, criterion in table:
        if criterion in implied:
            assert (rule, implied[criterion]) in table, (rule, criterion)


def test_bradley_terry_is_claimed_no_more_than_borda():
    table = decided_table()
    for criterion in CRITERIA:
        if table["bradley-terry", criterion].state == "Y":
            assert table["borda", criterion].state == "Y", criterion


@pytest.mark.parametrize(("rule", "criterion"), list(FAILURES))
def test_the_added_counterexamples_hold(rule, criterion):
    profile = Profile.from_text(FAILURES[rule, criterion])
    violation = check_criterion(profile, rule, criterion)
    assert violation is not None
    assert verify_violation(violation)


def test_coombs_stops_at_a_majority():
    """Without the stop Coombs fails majority: here B would go out, with most last places."""
    profile = Profile.from_text("6: B > A > C\n5: A > C > B")
    assert check_criterion(profile, "coombs", "majority") is None
