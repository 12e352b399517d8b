"""Margins of victory: brute force with rules in fractions, recounted witnesses, known values."""

from __future__ import annotations

from itertools import combinations_with_replacement, permutations

import numpy as np
import pytest

import scrl
from scrl.types import InputError
from scrl.voting import Profile
from scrl.voting.robustness import CHANGES, EXACT_RULES, margin_of_victory
from tests.reference.rules import RULES as REFERENCE
from tests.reference.rules import Contest

COMPARED = [rule for rule in EXACT_RULES if rule in REFERENCE]
LARGEST = 2


def random_profile(rng: np.random.Generator, m: int, n: int) -> Profile:
    """Ballots with ties, and some that leave candidates out."""
    place = np.stack([np.argsort(rng.permutation(m)) for _ in range(n)])
    place = np.minimum(place, rng.integers(1, m, (n, 1)))
    place = np.where(place > rng.integers(0, m, (n, 1)), -1, place)
    return Profile(tuple("abcd"[:m]), place, np.ones(n))


def reference_winners(rule: str, ballots: tuple[tuple[int, ...], ...]) -> frozenset[int]:
    contest = Contest([(dict(enumerate(b)), 1) for b in ballots], list(range(len(ballots[0]))))
    return frozenset(c for c, place in REFERENCE[rule](contest).items() if not place)


def brute_force(profile: Profile, kind: str) -> dict[str, int | None]:
    """Each rule's margin, by trying all changes of at most ``LARGEST`` ballots; else None."""
    last = np.where(profile.place < 0, 9, profile.place)
    ballots = [tuple(int(p) for p in row) for row in last]
    orders = list(permutations(range(len(profile.names))))
    before = {rule: reference_winners(rule, tuple(ballots)) for rule in COMPARED}
    margin: dict[str, int | None] = dict.fromkeys(COMPARED)
    for k in range(1, LARGEST + 1):
        for after in changed(ballots, orders, k, kind):
            for rule in [r for r in COMPARED if margin[r] is None]:
                if reference_winners(rule, after) != before[rule]:
                    margin[rule] = k
    return margin


def changed(ballots: list, orders: list, k: int, kind: str) -> set[tuple]:
    """All profiles after k changes, as sorted ballots."""
    kept = {tuple(ballots)}
    for _ in range(k if kind != "add" else 0):
        kept = {tuple(b[:i] + b[i + 1 :]) for b in kept for i in range(len(b))}
    more = [()] if kind == "remove" else list(combinations_with_replacement(orders, k))
    return {tuple(sorted(b + new)) for b in kept for new in more if b + new}


@pytest.mark.parametrize("seed", range(6))
def test_margins_are_those_of_brute_force(seed):
    rng = np.random.default_rng(seed)
    profile, kind = random_profile(rng, 3, 4), CHANGES[seed % 3]
    for rule, expected in brute_force(profile, kind).items():
        found = margin_of_victory(profile, rule, change=kind)
        if expected is None:
            assert found.upper is None or found.upper > LARGEST, (rule, profile.to_text())
        else:
            assert found.lower == found.upper == expected, (rule, profile.to_text())


@pytest.mark.parametrize("rule", ["plurality", "instant-runoff", "schulze", "coombs"])
def test_the_witness_changes_the_winners_and_no_more_ballots_than_it_says(rule):
    rng = np.random.default_rng(7)
    for kind in CHANGES:
        profile = random_profile(rng, 4, 12)
        found = margin_of_victory(profile, rule, change=kind)
        assert 1 <= found.lower <= found.upper
        weight = {row.tobytes(): 0.0 for row in profile.place}
        for row, n in zip(profile.place, profile.weight, strict=True):
            weight[row.tobytes()] += n
        for row, n in zip(found.removed.place, found.removed.weight, strict=True):
            weight[row.tobytes()] -= n  # a ballot that was not cast has no key
        assert min(weight.values()) >= 0
        assert found.removed.weight.sum() == (0 if kind == "add" else found.upper)
        kept = np.array([np.frombuffer(row, np.int32) for row, n in weight.items() if n])
        after = Profile(profile.names, kept, [n for n in weight.values() if n])
        if found.added is not None:
            assert found.added.weight.sum() == found.upper
            assert found.added.is_strict
            after = after + found.added
        assert set(after.winners(rule)) == set(found.new_winners) != set(found.winners)


def test_the_margin_of_plurality_is_half_the_lead():
    for first, second in ((10, 3), (10, 4), (5, 5)):
        profile = Profile.from_text(f"{first}: A > B > C; {second}: B > A > C; 1: C > A > B")
        expected = 1 if first == second else -(-(first - second) // 2)
        assert margin_of_victory(profile, "plurality").upper == expected


def test_a_runoff_may_be_closer_than_its_last_round():
    """K beats N by far in the last round, and N is one ballot from the last round against M."""
    profile = Profile.from_text("42: M>N>C>K; 26: N>C>K>M; 15: C>K>N>M; 17: K>C>N>M")
    found = margin_of_victory(profile, "instant-runoff")
    assert (found.winners, found.lower, found.upper) == (("K",), 1, 1)
    assert scrl.margin_of_victory(profile, "instant-runoff").to_dict() == found.to_dict()


def test_burlington_2009_was_decided_by_half_the_lead_of_its_last_round():
    """The ballots as to the three strongest candidates: 4,314 for Kiss and 4,064 for Wright in the
    last round, while Montroll beats both."""
    profile = Profile.from_text(
        "1332: M > K > W; 767: M > W > K; 455: M; 2043: K > M > W; 371: K > W > M; 568: K;"
        "1513: W > M > K; 495: W > K > M; 1289: W"
    )
    found = margin_of_victory(profile, "instant-runoff")
    assert found.winners == ("K",)
    assert found.lower == found.upper == (4314 - 4064) // 2
    assert margin_of_victory(profile, "schulze").winners == ("M",)


def test_shares_are_counted_in_whole_units():
    found = margin_of_victory(Profile.from_text("0.42: A > B; 0.58: B > A"), "borda")
    assert (found.upper, found.unit, found.ballots) == (8, 0.01, 100)
    assert found.removed.weight.sum() == pytest.approx(0.08)


def test_a_close_runoff_of_thousands_of_ballots_is_exact_in_time():
    rng = np.random.default_rng(1)
    candidates, voters = rng.normal(size=(6, 2)), rng.normal(size=(8833, 2))
    distance = np.linalg.norm(voters[:, None] - candidates, axis=2)
    place = np.argsort(np.argsort(distance, axis=1), axis=1)
    place = np.where(place >= rng.geometric(0.4, (8833, 1)), -1, place)
    profile = Profile(tuple("abcdef"), place, np.ones(8833)).merged()
    found = margin_of_victory(profile, "instant-runoff", seconds=30)
    assert found.exact
    assert set(found.new_winners) != set(found.winners)


def test_what_has_no_margin_is_said():
    profile = Profile.from_text("2: A > B; 1: B")
    for rule, arguments, message in (
        ("random-ballot", {}, "draws the winner"),
        ("plurality", {"left_out": "unseen"}, "tied last"),
        ("plurality", {"change": "sell"}, "replace, add, remove"),
        ("utilitarian", {}, "utilities"),
        ("plurallity", {}, "did you mean 'plurality'"),
    ):
        with pytest.raises(InputError, match=message):
            margin_of_victory(profile, rule, **arguments)
    with pytest.raises(InputError, match="two candidates"):
        margin_of_victory(Profile.from_text("2: A"), "plurality")
    with pytest.raises(InputError, match="whole"):
        margin_of_victory(Profile(("A", "B"), [[0, 1], [1, 0]], [1 / 3, 2 / 3]), "plurality")
