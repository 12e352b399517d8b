"""The published table of rules and criteria, its counterexamples, and the checkers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from scrl.types import Ballots, InputError
from scrl.voting import RULES, Profile, aggregate, aggregate_all
from scrl.voting.criteria import (
    CRITERIA,
    PUBLISHED_CRITERIA,
    check_criterion,
    is_testable,
    load_counterexamples,
    satisfaction_table,
    table_cell,
    verify_violation,
)
from scrl.voting.criteria import electorates as e
from scrl.voting.criteria.checker import check_rules, violated_comparisons
from scrl.voting.criteria.counterexample_search import all_comparisons, outcomes
from scrl.voting.criteria.counterexamples import PROVISOS
from scrl.voting.criteria.verification import is_proved
from tests import lanes
from tests.counted_places import counted_places, one_batch_size

text = Profile.from_text
JUDGED = [name for name in RULES if is_testable(RULES[name])]
TABLE = [name for name in JUDGED if RULES[name].satisfies is not None]
#: All compiled rules are counted in one program, which other tests use too; others apart.
COUNTED = (
    tuple(name for name in JUDGED if not RULES[name].on_host),
    tuple(name for name in TABLE if RULES[name].on_host),
)

#: Candidates and voters. Of the cells that rules fail, those at the smaller sizes fail here too.
SURVIVED = lanes.deep(((3, 6),), ((3, 3), (3, 5), (3, 6), (4, 3)))


@pytest.fixture(scope="module", autouse=True)
def one_size():
    with one_batch_size():
        yield


def size(violation) -> tuple[int, float]:
    """Candidates and voters of the largest electorate compared."""
    return max((len(p.names), float(p.weight.sum())) for p in violation.profiles)


def test_there_is_a_table_to_prove():
    assert len(TABLE) >= 12
    assert {"borda", "nanson", "kemeny", "ranked-pairs"} <= set(TABLE)
    assert len(load_counterexamples()) > 150


# -- every N --------------------------------------------------------------------------------------


def test_every_criterion_that_a_rule_fails_has_a_counterexample():
    for rule in TABLE:
        for criterion in set(PUBLISHED_CRITERIA) - RULES[rule].satisfies:
            assert table_cell(rule, criterion).state == "N", (rule, criterion)


@pytest.fixture(scope="module")
def recounted() -> dict:
    """The orders of all kept electorates by all rules, counted in one call."""
    profiles = {p.to_text(";"): p for v in load_counterexamples().values() for p in v.profiles}
    kinds = max(len(p.weight) for p in profiles.values())
    m = max(len(p.names) for p in profiles.values())
    shape = (len(profiles), kinds, m)
    utility, ranked = np.zeros(shape), np.zeros(shape, bool)
    weight, stand = np.zeros(shape[:2]), np.zeros((len(profiles), m), bool)
    for i, p in enumerate(profiles.values()):
        k, c = p.place.shape
        utility[i, :k, :c], ranked[i, :k, :c], weight[i, :k] = -p.place, p.place >= 0, p.weight
        stand[i, :c] = True
    counted = aggregate_all(Ballots(utility, ranked, weight, stand), JUDGED, None)
    return {
        (rule, text): outcome.order(list(p.names), i)
        for rule, outcome in counted.items()
        for i, (text, p) in enumerate(profiles.items())
    }


@pytest.mark.parametrize("rule", JUDGED)
def test_every_kept_counterexample_holds(rule, recounted):
    own = [violation for (name, *_), violation in load_counterexamples().items() if name == rule]
    assert own
    for violation in own:
        orders = [recounted[rule, p.to_text(";")] for p in violation.profiles]
        assert is_proved(violation, orders), (
            violation.criterion,
            violation.profiles[0].to_text(";"),
        )


# -- every Y --------------------------------------------------------------------------------------


def test_of_what_is_kept_only_the_stated_provisos_are_excluded():
    """The search behind the kept file goes through all electorates of its sizes."""
    broken = {
        (rule, criterion)
        for rule, criterion, _ in load_counterexamples()
        if criterion in (RULES[rule].satisfies or ())
    }
    assert broken == set(PROVISOS)
    untied = {
        (r, c)
        for r, c, reading in load_counterexamples()
        if (r, c) in PROVISOS and reading == "strict"
    }
    assert untied == {("nanson", "reversal")}


@pytest.mark.parametrize("criterion", PUBLISHED_CRITERIA)
def test_every_kept_criterion_survives_all_small_electorates(criterion):
    for m, n in SURVIVED:
        cases = all_comparisons(criterion, m, n)
        for rules in COUNTED:
            place = outcomes(counted_places(rules, m), cases)
            for i, rule in enumerate(rules):
                if rule not in TABLE or criterion not in RULES[rule].satisfies:
                    continue
                if (rule, criterion) == ("nanson", "reversal"):
                    continue
                reading = "strict" if (rule, criterion) in PROVISOS else "ties"
                bad = violated_comparisons(
                    CRITERIA[criterion], cases, [p[:, i] for p in place], reading
                )
                assert not bad.any(), (rule, m, n)


def test_nanson_and_reversal_part_only_where_a_score_is_exactly_the_mean():
    count, seen = e.PlaceCache(["nanson"]), 0
    for n in (5, 7, 8):
        cases = all_comparisons("reversal", 3, n)
        place = [p[:, 0] for p in outcomes(count, cases)]
        for i in np.flatnonzero(violated_comparisons(CRITERIA["reversal"], cases, place, "ties")):
            score = cases.weight[0][i] @ (2 - cases.rows)
            assert (score == score.mean()).any()
            seen += 1
    assert seen > 0


# -- published sizes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "criterion", "smallest"),
    [
        ("plurality", "condorcet", (3, 3)),
        ("borda", "condorcet", (3, 3)),
        ("instant-runoff", "condorcet", (3, 3)),
        ("instant-runoff", "monotonicity", (3, 9)),
        ("coombs", "monotonicity", (3, 6)),
        ("minimax", "condorcet-loser", (4, 3)),
        ("minimax", "smith", (4, 3)),
        ("minimax", "clones", (4, 3)),
    ],
)
def test_smallest_failures_are_of_the_published_size(rule, criterion, smallest):
    assert size(table_cell(rule, criterion).smallest) == smallest


@pytest.mark.parametrize("rule", ["plurality", "borda", "copeland"])
def test_clones_with_one_winner_among_them_need_four_voters_of_three_or_more(rule):
    """Published as (3, 4): the electorate with the clones has one winner and the one without has
    a tie. With any tie counted, three voters do for plurality, two for Borda and Copeland."""
    count, found = e.PlaceCache([rule]), {}
    for n in range(2, 6):
        cases = all_comparisons("clones", 3, n)
        place = [p[:, 0] for p in outcomes(count, cases)]
        bad = violated_comparisons(CRITERIA["clones"], cases, place, "ties")
        found[n] = (bool(bad.any()), bool((bad & e.has_sole_winner(place[1])).any()))
    assert min(n for n, (any_, _) in found.items() if any_) == (3 if rule == "plurality" else 2)
    assert min(n for n, (_, one) in found.items() if one and n >= 3) == 4


def test_reversal_of_instant_runoff_without_ties_needs_five_voters():
    count = e.PlaceCache(["instant-runoff"])
    for n in range(2, 6):
        cases = all_comparisons("reversal", 3, n)
        place = [p[:, 0] for p in outcomes(count, cases)]
        assert violated_comparisons(CRITERIA["reversal"], cases, place, "strict").any() == (n == 5)


def test_borda_and_a_majority():
    found = check_criterion(text("3: A > B > C\n2: B > C > A"), "borda", "majority")
    assert verify_violation(found)
    assert found.orders[0][0] == ["B"]
    assert found.candidates == ("A",)


def test_nanson_and_the_voter_who_should_have_stayed_at_home():
    four = "candidates: 0,1,2,3; 2: 2>0>1>3; {}: 0>1>3>2; 1: 1>3>2>0; 1: 3>2>0>1; 1: 3>2>1>0"
    before, after = text(four.format(1)), text(four.format(2))
    assert [aggregate(p.ballots(), "nanson").order(p.names)[0] for p in (before, after)] == [
        ["3"],
        ["2"],
    ]
    for profile in (before, after):  # by who comes, and by who could have stayed away
        found = check_criterion(profile, "nanson", "participation", "sole")
        assert verify_violation(found)


# -- checkers -------------------------------------------------------------------------------------

FIVE = text(
    "18: A > D > E > C > B\n12: B > E > D > C > A\n10: C > B > E > D > A\n"
    "9: D > C > E > B > A\n4: E > B > D > C > A\n2: E > C > D > B > A"
)


@pytest.mark.parametrize("criterion", list(CRITERIA))
def test_what_a_checker_finds_is_proved_anew(criterion):
    rules = ["plurality", "borda", "instant-runoff", "copeland"]
    for profile in (FIVE, text("3: A > B = C\n2: B\n2: C > B\n1: C > A > B")):
        for rule, found in check_rules(profile, rules, criterion).items():
            assert found is None or verify_violation(found), rule
            if criterion in ("anonymity", "neutrality"):
                assert found is None, rule


def test_a_violation_that_is_tampered_with_is_not_proved():
    found = load_counterexamples()["instant-runoff", "monotonicity", "ties"]
    assert verify_violation(found)
    assert not verify_violation(replace(found, orders=found.orders[::-1]))
    assert not verify_violation(
        replace(found, profiles=found.profiles[::-1], orders=found.orders[::-1])
    )
    assert not verify_violation(replace(found, criterion="reversal"))
    assert not verify_violation(replace(found, rule="borda"))
    other = load_counterexamples()["plurality", "condorcet", "ties"]
    assert not verify_violation(replace(other, criterion="unanimity"))


def test_the_smith_set_is_the_smallest_that_beats_the_rest():
    rng = np.random.default_rng(5)
    rows = e.strict_rows(4)
    weight = rng.multinomial(6, np.full(len(rows), 1 / len(rows)), 200)
    above = e.pairwise_shares(rows, weight)
    for found, duel in zip(e.smith_set(above), above, strict=True):
        sets = [
            set(some)
            for k in range(1, 5)
            for some in combinations(range(4), k)
            if all(duel[a, b] > 0.5 for a in some for b in set(range(4)) - set(some))
        ]
        assert set(np.flatnonzero(found)) == min(sets, key=len)


def test_classes_of_electorates_are_counted_by_burnside():
    """Of 3 candidates: (C(n+5, 5) + 3 · fixed by a swap + 2 · fixed by a turn) / 6."""
    assert [len(e.distinct_electorates(3, n)) for n in (1, 2, 3, 9)] == [1, 5, 10, 335]


def test_bad_names_get_a_sentence():
    with pytest.raises(InputError, match="There is no criterion 'fair'"):
        check_criterion(FIVE, "borda", "fair")
    with pytest.raises(InputError, match="There is no rule"):
        check_criterion(FIVE, "bordo", "smith")
    with pytest.raises(InputError, match="criteria are of rules"):
        check_criterion(FIVE, "random-ballot", "smith")


def test_one_candidate_and_one_voter_break_nothing():
    for criterion in CRITERIA:
        assert check_criterion(text("1: A"), "borda", criterion) is None


def test_the_table_has_a_cell_for_every_rule_and_criterion():
    assert set(satisfaction_table()) == {
        (rule, criterion) for rule in JUDGED for criterion in CRITERIA
    }
    assert {c.state for c in satisfaction_table().values()} == {"Y", "N", "-"}
