"""Misreports: the best against brute force, manipulable shares, and two camps that bury."""

from __future__ import annotations

from functools import cache
from itertools import combinations_with_replacement, permutations
from math import factorial, prod

import numpy as np
import pytest
from pref_voting import scoring_methods as pv
from pref_voting.c1_methods import copeland
from pref_voting.iterative_methods import instant_runoff
from pref_voting.margin_based_methods import minimax
from pref_voting.profiles import Profile as PVProfile

from scrl.types import InputError
from scrl.voting import RULES, Profile
from scrl.voting.strategy import (
    BURIAL_EXAMPLE,
    apply_manipulations,
    best_manipulation,
    best_manipulations,
    coalition_curves,
    countable_rules,
    manipulable_share,
    outcome_by_share,
    simultaneous_manipulations,
)
from scrl.voting.strategy.misreports import strict_orders
from tests import lanes
from tests.voting.host_counting import counted_by_numpy

ORACLES = {
    "plurality": pv.plurality,
    "borda": pv.borda,
    "instant-runoff": instant_runoff,
    "copeland": copeland,
    "minimax": minimax,
}
#: Lotteries that are linear in every ballot, so no misreport gains (Gibbard 1977, Barberà 1979).
STRATEGYPROOF = [
    n for n in ("random-ballot", "proportional-borda", "harmonic-lottery") if n in RULES
]
ORDINAL = [n for n, r in RULES.items() if r.reads != "utility"]
#: Rules that solve a programme for each contest are checked on fewer.
QUICK = [n for n in ORDINAL if not (RULES[n].on_host and RULES[n].reads == "profile")]


@pytest.fixture
def no_program():
    """The few ballots of four candidates are counted sooner than a program is compiled."""
    with counted_by_numpy():
        yield


def worth(rule: str, orders: list[tuple], weight: list[int], truth: tuple) -> float:
    """Points m-1 … 0 that a voter with an order expects of pref_voting's winners, ties drawn."""
    winners = ORACLES[rule](PVProfile([list(map(int, o)) for o in orders], list(map(int, weight))))
    return float(np.mean([len(truth) - 1 - truth.index(w) for w in winners]))


@pytest.mark.parametrize("rule", ORACLES)
def test_the_best_misreport_gains_what_brute_force_finds(rule, no_program):
    rng = np.random.default_rng(3)
    profitable = 0
    for _ in range(25):
        m = int(rng.integers(3, 5))
        orders = [tuple(map(int, rng.permutation(m))) for _ in range(5)]
        weight = rng.integers(1, 5, 5)
        coalition = int(rng.integers(1, weight[0] + 1))
        rest = [int(weight[0]) - coalition, *map(int, weight[1:])]
        sincere = [o for o, w in zip(orders, rest, strict=True) if w]
        sincere_weight = [w for w in rest if w]
        gain = max(
            worth(rule, [*sincere, report], [*sincere_weight, coalition], orders[0])
            for report in permutations(range(m))
        ) - worth(rule, orders, weight, orders[0])
        profile = Profile.from_orders("abcd"[:m], orders, weight)
        found = best_manipulation(profile, rule, 0, coalition_size=coalition)
        assert found.gain == pytest.approx(gain, abs=1e-9)
        profitable += found.is_profitable
    assert profitable, "some of these profiles can be manipulated"


def test_utilities_of_a_manipulation_add_up():
    profile = Profile.from_orders("abc", [[0, 1, 2], [1, 0, 2], [2, 0, 1]], [4, 3, 2], "xyz")
    for row, found in (
        (r, s) for r in range(3) for s in best_manipulations(profile, r, QUICK).values()
    ):
        inside = found.coalition_size * found.utility_by_row[row]
        outside = (profile.weight.sum() - found.coalition_size) * np.array(found.others_utility)
        assert (inside + outside) / profile.weight.sum() == pytest.approx(
            np.array(found.mean_utility)
        )
        assert found.gain == pytest.approx(
            found.utility_by_row[row, 1] - found.utility_by_row[row, 0]
        )
        assert found.gain >= 0
        assert not found.dominates or found.is_profitable, "dominance is gain for every utility"
        if not found.is_profitable:
            assert (found.ballots[0] == profile.place[row]).all(), "no misreport without a gain"


def test_lotteries_linear_in_ballots_are_strategyproof():
    shares = [
        *(manipulable_share(STRATEGYPROOF, 3, 5, criterion=c) for c in ("utility", "dominance")),
        manipulable_share(STRATEGYPROOF, 4, 6, 40, seed=2, coalition_size=2),
    ]
    assert {(rule, found.share) for by_rule in shares for rule, found in by_rule.items()} == {
        (rule, 0.0) for rule in STRATEGYPROOF
    }


def test_every_deterministic_rule_can_be_manipulated():
    """Gibbard and Satterthwaite: with three candidates some profile can be. Ties are drawn here,
    which the theorem does not cover; four voters suffice for every rule all the same."""
    # Of three candidates 3-approval approves all. The Smith set is manipulated with a fourth.
    trivial = {"3-approval", "smith-set"}
    if lanes.DEEP:
        assert manipulable_share("smith-set", 4, 4, 40, seed=1)["smith-set"].share > 0
    rules = [name for name in QUICK if not RULES[name].lottery and name not in trivial]
    assert len(rules) >= 10
    found = manipulable_share(rules, 3, 4)
    orders = np.argsort(strict_orders(3), axis=1)
    for name in rules:
        assert found[name].share > 0, name
        if name not in ORACLES:
            continue
        counts, truthful, reported = found[name].example
        held = [i for i, count in enumerate(counts) if count]
        profile = Profile.from_orders(
            "abc", [list(orders[i]) for i in held], [counts[i] for i in held]
        )
        best = best_manipulation(profile, name, held.index(truthful), coalition_size=1)
        assert best.is_profitable, f"{name}: the kept example is one"
        assert reported != truthful


@cache
def _won(rule: str, held: tuple[int, ...]) -> tuple[int, ...]:
    """pref_voting's winners of voters who hold these orders (sorted numbers of permutations)."""
    kinds = sorted(set(held))
    orders = list(permutations(range(3)))
    return tuple(
        ORACLES[rule](PVProfile([list(orders[k]) for k in kinds], [held.count(k) for k in kinds]))
    )


@pytest.mark.parametrize("voters", [3, 4])
@pytest.mark.parametrize("rule", ORACLES)
def test_the_share_of_manipulable_electorates_is_that_of_brute_force(rule, voters):
    """Impartial culture, three candidates: of the 6^n assignments of orders to voters, those that
    differ in who holds which order are tried once."""
    orders = list(permutations(range(3)))

    def points(order: int, winners: tuple[int, ...]) -> float:
        return float(np.mean([2 - orders[order].index(w) for w in winners]))

    manipulable = 0
    for held in combinations_with_replacement(range(6), voters):
        before = _won(rule, held)
        assignments = factorial(voters) // prod(factorial(held.count(k)) for k in set(held))
        manipulable += assignments * any(
            points(own, _won(rule, tuple(sorted((*held[:i], report, *held[i + 1 :])))))
            > points(own, before) + 1e-9
            for i, own in enumerate(held)
            for report in range(6)
        )
    found = manipulable_share(rule, 3, voters)[rule]
    assert found.exact
    assert found.share == pytest.approx(manipulable / 6**voters)


def test_drawn_electorates_agree_with_all_of_them():
    rules = ["plurality", "borda", "instant-runoff"]
    for model in ("impartial", "anonymous"):
        every = manipulable_share(rules, 3, 9, model=model)
        drawn = manipulable_share(rules, 3, 9, 3000, seed=5, model=model)
        for rule in rules:
            assert abs(every[rule].share - drawn[rule].share) < 4 * drawn[rule].standard_error
    assert manipulable_share(rules, 3, 9, 200, 7) == manipulable_share(rules, 3, 9, 200, 7)


def test_similar_voters_are_less_often_manipulable():
    shares = {
        model: manipulable_share("borda", 3, 11, 2000, model=model)["borda"].share
        for model in ("impartial", "urn", "mallows")
    }
    assert shares["urn"] < shares["impartial"]
    assert shares["mallows"] < shares["impartial"]


@lanes.deep_only
def test_climbing_nearly_always_finds_the_best_order(monkeypatch):
    rng = np.random.default_rng(8)
    profiles = [
        Profile.from_orders("abcdef", [list(rng.permutation(6)) for _ in range(5)])
        for _ in range(lanes.deep(6, 12))
    ]

    def found():
        rules = ["borda", "instant-runoff", "copeland"]
        return [best for p in profiles for best in best_manipulations(p, 0, rules).values()]

    exact = found()
    monkeypatch.setattr("scrl.voting.strategy.manipulation.MAX_EXHAUSTIVE", 5)
    climbed = found()
    assert all(e.exact for e in exact)
    assert not any(c.exact for c in climbed)
    assert all(c.gain <= e.gain + 1e-9 for c, e in zip(climbed, exact, strict=True))
    same = [abs(c.gain - e.gain) < 1e-9 for c, e in zip(climbed, exact, strict=True)]
    assert any(e.is_profitable for e in exact)
    assert np.mean(same) >= 0.9


def test_leaving_candidates_out_is_never_worse(no_program):
    profile = Profile.from_orders("abcd", [[0, 1, 2, 3], [1, 2, 0, 3], [2, 0, 3, 1]], [4, 3, 3])
    for row in range(3):
        complete = best_manipulations(profile, row, list(ORACLES))
        truncated = best_manipulations(profile, row, list(ORACLES), truncated=True)
        assert all(truncated[n].gain >= complete[n].gain - 1e-9 for n in complete)


def test_a_coalition_curve_gives_the_gain_at_each_size(no_program):
    profile = BURIAL_EXAMPLE
    curves = coalition_curves(profile, 0, ["borda", "plurality"], sizes=10)
    for rule, curve in curves.items():
        for voters, gain in zip(curve.coalition_size, curve.gain, strict=True):
            assert gain == pytest.approx(
                best_manipulation(profile, rule, 0, coalition_size=voters).gain
            )
    assert curves["plurality"].threshold == pytest.approx(41.4), "to Centre: 8 + 41.4 beats 46"
    assert np.isnan(coalition_curves(profile, 0, ["copeland"])["copeland"].threshold)
    assert curves["borda"].threshold == pytest.approx(13.8)


def test_two_camps_bury_each_other_and_the_dud_wins(no_program):
    """Strategy deepens distortion: from 1 to 16.32 under Borda, where the dud wins."""
    condorcet = ["copeland", "minimax", "schulze", "ranked-pairs", "kemeny"]
    found = simultaneous_manipulations(BURIAL_EXAMPLE, (0, 1), ["borda", *condorcet])
    borda = found["borda"]
    assert borda.manipulations[0].before.tolist() == [0, 0, 1, 0], "sincere: the compromise"
    assert borda.chance.tolist() == [0, 0, 0, 1], "both misreport: the dud"
    if "bradley-terry" in RULES:
        likelihood = simultaneous_manipulations(BURIAL_EXAMPLE, (0, 1), ["bradley-terry"])[
            "bradley-terry"
        ]
        assert likelihood.chance.tolist() == [0, 0, 0, 1], "and so does Bradley–Terry"
    assert (BURIAL_EXAMPLE.utility[:, 3] < BURIAL_EXAMPLE.utility[:, :3].min(1)).all(), (
        "last for everybody"
    )
    assert borda.mean_utility == pytest.approx((0.816, 0.05))
    assert borda.distortion == pytest.approx((1.0, 16.32))
    for rule in condorcet:
        assert not any(m.is_profitable for m in found[rule].manipulations), rule
        assert found[rule].distortion == pytest.approx((1.0, 1.0)), rule


@pytest.mark.parametrize("camp", [0, 1])
def test_each_misreport_is_the_only_best_response_to_sincere_opponents(camp):
    """By hand: Borda points of all 24 ballots of a camp."""
    orders = np.array(list(permutations(range(4))))
    points = {0: [3, 1, 2, 0], 1: [1, 3, 2, 0], 2: [1.5, 1.5, 3, 0]}
    others = sum(
        BURIAL_EXAMPLE.weight[row] * np.array(points[row]) for row in points if row != camp
    )
    win = []
    for order in orders:
        points_cast = np.empty(4)
        points_cast[order] = [3, 2, 1, 0]
        totals = others + BURIAL_EXAMPLE.weight[camp] * points_cast
        win.append(totals.argmax() == camp and np.sum(totals == totals.max()) == 1)
    assert sum(win) == 1
    best = best_manipulation(BURIAL_EXAMPLE, "borda", camp)
    assert (np.argsort(best.ballots[0]) == orders[int(np.argmax(win))]).all()
    assert best.gain == pytest.approx(0.2)
    assert best.dominates


def test_the_best_response_to_a_misreport_is_the_compromise():
    found = simultaneous_manipulations(BURIAL_EXAMPLE, (0, 1), ["borda"])["borda"]
    against = apply_manipulations(BURIAL_EXAMPLE, [found.manipulations[1]])
    assert against.labels[-1] == "Right (lying)"
    answer = best_manipulation(against, "borda", 0)
    assert answer.before.tolist() == [0, 1, 0, 0], "sincere ballots elect the other camp"
    assert answer.after.tolist() == [0, 0, 1, 0]


def test_the_dud_wins_once_most_of_both_camps_misreport(no_program):
    found = simultaneous_manipulations(BURIAL_EXAMPLE, (0, 1), ["borda"])["borda"]
    shares, scores, mean = outcome_by_share(BURIAL_EXAMPLE, found.manipulations, "borda")
    winner = scores.argmax(1)
    assert winner[0] == 2
    # Left and Right: 1.96 - .46 s; Centre: 2.08 - .92 s; Dud: 1.84 s.
    assert scores[:, 0] == pytest.approx(1.96 - 0.46 * shares)
    assert scores[:, 1] == pytest.approx(scores[:, 0])
    assert scores[:, 3] == pytest.approx(1.84 * shares)
    assert winner[26:28].tolist() == [2, 0]
    assert winner[85:87].tolist() == [0, 3]
    assert mean[[0, 50, 100]] == pytest.approx([0.816, 0.592, 0.05])


def test_rules_that_read_utilities_need_them():
    plain = Profile.from_orders("abc", [[0, 1, 2], [2, 1, 0]])
    assert not {"utilitarian", "egalitarian", "nash"} & set(countable_rules(plain))
    if "utilitarian" in RULES:
        with pytest.raises(InputError, match="utilities"):
            best_manipulation(plain, "utilitarian", 0)
        best = best_manipulation(BURIAL_EXAMPLE, "utilitarian", 0)
        assert best.is_profitable
        assert set(np.unique(best.reported_utility)) <= set(BURIAL_EXAMPLE.utility[0]), (
            "nothing beyond the true range"
        )


def test_invalid_requests_raise_input_errors():
    with pytest.raises(InputError, match="no line 9"):
        best_manipulation(BURIAL_EXAMPLE, "borda", 8)
    with pytest.raises(InputError, match="has 46"):
        best_manipulation(BURIAL_EXAMPLE, "borda", 0, coalition_size=48)
    with pytest.raises(InputError, match="candidates"):
        manipulable_share("borda", 9, 3)
    with pytest.raises(InputError, match="no model"):
        manipulable_share("borda", 3, 3, 10, model="nonsense")
    with pytest.raises(InputError, match="too many"):
        manipulable_share("borda", 4, 20)
