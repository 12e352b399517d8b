"""Rules against pref_voting, linear programmes and definitions, on random complete profiles."""

from __future__ import annotations

from functools import cache
from itertools import islice

import numpy as np
import pytest
from pref_voting import scoring_methods as pv
from pref_voting.c1_methods import copeland
from pref_voting.iterative_methods import baldwin, coombs, instant_runoff, strict_nanson
from pref_voting.margin_based_methods import (
    beat_path,
    minimax,
    minimax_scores,
    ranked_pairs,
    split_cycle,
)
from pref_voting.other_methods import bucklin, kemeny_young
from pref_voting.profiles import Profile
from scipy.optimize import linprog

from scrl.types import Ballots
from scrl.voting import aggregate_all
from tests import lanes
from tests.lanes import PROFILES

VOTERS, MOST = 12, 7


@cache
def profiles() -> list[np.ndarray]:
    """Rankings ``[voters, candidates]``, the candidates of each voter best first: 3 to 7
    candidates, 1 to 12 voters, so that ties of every kind occur."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(PROFILES):
        voters, m = rng.integers(1, VOTERS + 1), rng.integers(3, MOST + 1)
        found.append(np.array([rng.permutation(m) for _ in range(voters)]))
    return found


@cache
def outcomes() -> dict:
    """What scrl says of all of them, counted together as padded contests."""
    utility = np.zeros((PROFILES, VOTERS, MOST))
    weight = np.zeros((PROFILES, VOTERS))
    standing = np.zeros((PROFILES, MOST), bool)
    for i, rankings in enumerate(profiles()):
        voters, m = rankings.shape
        utility[i, np.arange(voters)[:, None], rankings] = -np.arange(m)
        weight[i, :voters], standing[i, :m] = 1, True
    return aggregate_all(Ballots(utility, weight=weight, candidates=standing), CHECKED)


def each(rule: str):
    """Every profile in pref_voting's form, its size, and scrl's scores and places."""
    for i, rankings in enumerate(profiles()):
        voters, m = rankings.shape
        found = outcomes()[rule]
        yield Profile(rankings.tolist()), voters, m, found.scores[i, :m], found.place[i, :m]


def by_candidate(scores: dict) -> np.ndarray:
    return np.array([scores[c] for c in sorted(scores)], float)


def places(scores: np.ndarray) -> np.ndarray:
    """How many score strictly more; for scores that are whole numbers."""
    return (scores[None, :] > scores[:, None]).sum(1)


def test_the_profiles_hold_ties_cycles_and_condorcet_winners():
    tied = cyclic = 0
    for profile, voters, m, *_ in each("copeland"):
        margins = np.array(profile.margin_matrix)
        tied += voters % 2 == 0 and (margins[~np.eye(m, dtype=bool)] == 0).any()
        cyclic += profile.condorcet_winner() is None
    assert tied > 0.15 * PROFILES
    assert 0.1 * PROFILES < cyclic < 0.9 * PROFILES


def test_borda():
    for profile, voters, _, scores, place in each("borda"):
        wanted = by_candidate(profile.borda_scores())
        np.testing.assert_allclose(scores, wanted / voters, atol=1e-9)
        np.testing.assert_array_equal(place, places(wanted))


def test_plurality():
    for profile, voters, _, scores, place in each("plurality"):
        wanted = by_candidate(profile.plurality_scores())
        np.testing.assert_allclose(scores, wanted / voters, atol=1e-9)
        np.testing.assert_array_equal(place, places(wanted))


def test_copeland():
    """Wins minus losses, there, are twice our wins and half ties, less the opponents."""
    for profile, _, m, scores, place in each("copeland"):
        wanted = by_candidate(profile.copeland_scores())
        np.testing.assert_allclose(2 * scores - (m - 1), wanted, atol=1e-9)
        np.testing.assert_array_equal(place, places(wanted))


def test_minimax():
    for profile, voters, _, scores, place in each("minimax"):
        wanted = by_candidate(minimax_scores(profile))
        # There nobody scores more than 0, so an unbeaten candidate's least lead is not told.
        np.testing.assert_allclose(np.minimum(scores, 0), wanted / voters, atol=1e-9)
        np.testing.assert_array_equal(place, places(wanted))
        assert np.flatnonzero(place == 0).tolist() == minimax(profile)


def runoff(rankings: np.ndarray) -> np.ndarray:
    """Places, from the sentence in the conventions."""
    left, place = set(range(rankings.shape[1])), np.empty(rankings.shape[1], int)
    while left:
        tops = [next(c for c in ballot if c in left) for ballot in rankings.tolist()]
        fewest = min(tops.count(c) for c in left)
        out = {c for c in left if tops.count(c) == fewest}
        left -= out
        place[list(out)] = len(left)
    return place


def test_instant_runoff():
    several = 0
    for i, (profile, _, m, scores, place) in enumerate(each("instant-runoff")):
        np.testing.assert_array_equal(place, runoff(profiles()[i]))
        assert np.flatnonzero(place == 0).tolist() == instant_runoff(
            profile, exit_on_majority=False
        )
        np.testing.assert_allclose(
            scores, [m - 1 - p - ((place == p).sum() - 1) / 2 for p in place], atol=1e-9
        )
        several += len(set(place)) < m
    assert several > PROFILES / 40, "too few ties to have tested them"


def test_random_ballot_draws_first_places():
    for i, (_, voters, m, scores, place) in enumerate(each("random-ballot")):
        wanted = np.bincount(profiles()[i][:, 0], minlength=m)
        np.testing.assert_allclose(scores, wanted / voters, atol=1e-9)
        np.testing.assert_array_equal(place, places(wanted))
    assert outcomes()["random-ballot"].lottery


# -- winners ------------------------------------------------------------------------------------


def approval(k):
    return lambda profile: pv.scoring_rule(profile, score=lambda _, place: int(place <= k))


WINNERS = {
    "plurality": pv.plurality,
    "anti-plurality": pv.anti_plurality,
    "2-approval": approval(2),
    "3-approval": approval(3),
    "borda": pv.borda,
    # Whole numbers, since sums of thirds are tied or not by their rounding.
    "dowdall": lambda p: pv.scoring_rule(p, score=lambda _, place: 420 // place),
    "bucklin": bucklin,
    "copeland": copeland,
    "minimax": minimax,
    "minimax-winning-votes": lambda p: minimax(p, strength_function=p.support),
    "schulze": beat_path,
    "split-cycle": split_cycle,
    "kemeny": kemeny_young,
    "coombs": coombs,
    "baldwin": baldwin,
    "nanson": strict_nanson,
}


@pytest.mark.parametrize("rule", WINNERS)
def test_the_winners_are_pref_votings(rule):
    """Nanson's rule is their strict one, which keeps who scores exactly the mean. Theirs has
    plurality veto too, but with voters in turn; see docs/rules.md."""
    few = 5 if rule == "kemeny" else MOST  # theirs walks over all orders
    for i, (profile, _, m, _, place) in enumerate(each(rule)):
        if m <= few:
            wanted = sorted(WINNERS[rule](profile))
            assert np.flatnonzero(place == 0).tolist() == wanted, profiles()[i]


CHECKED = [*WINNERS, "instant-runoff", "random-ballot", "maximal-lottery"]


def test_ranked_pairs_is_pref_votings_where_no_tie_is_to_be_broken():
    """With so many ballots that no two duels are equally close."""
    rng = np.random.default_rng(1)
    drawn = PROFILES * 9 // 4
    place = rng.permuted(np.broadcast_to(np.arange(6), (drawn, 12, 6)), axis=-1)
    weight = rng.integers(1, 400, (drawn, 12))
    found = aggregate_all(Ballots(-place, weight=weight), ["ranked-pairs"])["ranked-pairs"].place
    checked = 0
    for i in range(len(place)):
        profile = Profile(place[i].argsort(-1).tolist(), rcounts=weight[i].tolist())
        margins = np.abs(np.array(profile.margin_matrix))[np.triu_indices(6, 1)]
        if len({0, *margins}) == 16:
            assert np.flatnonzero(found[i] == 0).tolist() == sorted(ranked_pairs(profile))
            checked += 1
    assert checked > PROFILES


# -- maximal lotteries ----------------------------------------------------------------------------


def best_response(margin: np.ndarray, objective: np.ndarray, floor: float) -> np.ndarray:
    """The p of least ``objective @ p`` among lotteries that lose to no candidate by more than
    ``-floor``."""
    m = len(margin)
    found = linprog(
        objective, A_ub=-margin.T, b_ub=np.full(m, -floor), A_eq=np.ones((1, m)), b_eq=[1.0]
    )
    assert found.status == 0
    return found.x


def test_maximal_lottery_loses_to_no_lottery():
    for profile, voters, _, p, _ in each("maximal-lottery"):
        margin = np.array(profile.margin_matrix) / voters
        assert p.sum() == pytest.approx(1, abs=1e-9)
        assert (p >= 0).all()
        assert (p @ margin >= -1e-8).all()


def test_maximal_lottery_is_the_linear_programmes_where_that_is_unique():
    """An odd number of strict ballots has one maximal lottery (Laffond, Laslier & Le Breton)."""
    mixed = 0
    for profile, voters, m, p, _ in each("maximal-lottery"):
        if voters % 2:
            margin = np.array(profile.margin_matrix) / voters
            wanted = best_response(margin, np.zeros(m), 0.0)
            np.testing.assert_allclose(p, wanted, atol=1e-6)
            mixed += wanted.max() < 0.999
    assert mixed > 10


def test_of_several_maximal_lotteries_it_is_the_one_nearest_to_uniform():
    """The least-norm point p of a polytope has p·(v - p) ≥ 0 for each of its points v."""
    several = 0
    for profile, voters, m, p, _ in islice(each("maximal-lottery"), lanes.deep(50, 100)):
        if voters % 2 == 0:
            margin = np.array(profile.margin_matrix) / voters
            corners = [
                best_response(margin, sign * np.eye(m)[c], -1e-12)
                for c in range(m)
                for sign in (1, -1)
            ]
            assert all(p @ (v - p) > -1e-6 for v in corners)
            several += np.ptp(corners, axis=0).max() > 1e-3
    assert several > 5


@pytest.mark.parametrize("m", range(2, 13))
@pytest.mark.parametrize("seed", range(5))
def test_maximal_lottery_of_one_voter_is_the_first_choice(m, seed):
    """Degenerate for the solver: every other candidate is beaten by all those above it."""
    order = np.random.default_rng(seed).permutation(m)
    found = aggregate_all(Ballots(-order[None]), ["maximal-lottery"])["maximal-lottery"]
    np.testing.assert_allclose(found.scores, order == 0, atol=1e-9)


def lottery(*orders: str) -> dict[str, float]:
    names = sorted(orders[0])
    utility = np.array([[-order.index(c) for c in names] for order in orders])
    found = aggregate_all(Ballots(utility), ["maximal-lottery"])["maximal-lottery"]
    return found.by_name(names)


def test_maximal_lottery_of_cycles_and_ties():
    assert lottery("ABC", "BCA", "CAB") == pytest.approx({"A": 1 / 3, "B": 1 / 3, "C": 1 / 3})
    assert lottery("ABCD", "DCBA") == pytest.approx(dict.fromkeys("ABCD", 0.25))
    assert lottery("ABC", "BAC") == pytest.approx({"A": 0.5, "B": 0.5, "C": 0.0})
    assert lottery("ABC") == pytest.approx({"A": 1.0, "B": 0.0, "C": 0.0})
    # Rock, paper, scissors with margins 5, 3 and 3: each is played as much as the others' duel.
    cycle = lottery("ABC", "ABC", "BCA", "ABC", "BCA", "BCA", "CAB", "CAB", "CAB", "ABC", "CAB")
    margin = {"AB": 8 - 3, "BC": 7 - 4, "CA": 7 - 4}
    total = sum(margin.values())
    wanted = {"A": margin["BC"] / total, "B": margin["CA"] / total, "C": margin["AB"] / total}
    assert cycle == pytest.approx(wanted, abs=1e-9)
