"""Ballots go to pref_voting and come back the same, and mean the same there."""

import numpy as np
import pytest
from pref_voting.margin_based_methods import minimax
from pref_voting.profiles import Profile as PVProfile
from pref_voting.profiles_with_ties import ProfileWithTies
from pref_voting.utility_profiles import UtilityProfile

from scrl.types import Ballots, InputError
from scrl.voting import Profile, aggregate, aggregate_with_pairwise
from scrl.voting.profiles import from_pref_voting, to_pref_voting


def test_strict_ballots_become_a_profile_and_come_back():
    profile = Profile.from_text("3: A > B > C\n2: C > A > B")
    there = to_pref_voting(profile)
    assert isinstance(there, PVProfile)
    assert there.num_voters == 5
    back = from_pref_voting(there)
    np.testing.assert_array_equal(back.place, profile.place)
    np.testing.assert_array_equal(back.weight, profile.weight)


def test_ties_and_truncation_survive():
    profile = Profile.from_text("2: A = B > C\n1: C > A\n4: B")
    there = to_pref_voting(profile)
    assert isinstance(there, ProfileWithTies)
    assert there.margin(0, 2) == 2 - 1
    assert there.support(0, 2) == 2
    back = from_pref_voting(there)
    assert back.weight.sum() == 7
    _, above = aggregate_with_pairwise(profile.ballots(), ["borda"])
    np.testing.assert_allclose(aggregate_with_pairwise(back.ballots(), ["borda"])[1], above)


def test_margins_and_winners_agree_on_random_ballots():
    rng = np.random.default_rng(0)
    for _ in range(50):
        ballots = Ballots(rng.integers(0, 3, (7, 4)), weight=rng.integers(1, 4, 7))
        there = to_pref_voting(ballots)
        outcomes, above = aggregate_with_pairwise(ballots, ["minimax"])
        voters = ballots.weight.sum()
        margins = [[there.margin(a, b) for b in range(4)] for a in range(4)]
        np.testing.assert_allclose((2 * above - 1) * voters, margins, atol=1e-9)
        assert np.flatnonzero(outcomes["minimax"].place == 0).tolist() == minimax(there)


def test_utilities_come_over():
    there = UtilityProfile([{0: 1.0, 1: 0.5, 2: 0.0}, {0: 0.0, 1: 0.9, 2: 1.0}])
    profile = from_pref_voting(there)
    np.testing.assert_allclose(profile.utility, [[1, 0.5, 0], [0, 0.9, 1]])
    assert aggregate(profile.ballots(), "utilitarian").place.tolist() == [1, 0, 1]


def test_what_cannot_go_over_gets_a_sentence():
    with pytest.raises(InputError, match="fraction"):
        to_pref_voting(Profile.from_text("0.5: A > B\n1: B > A"))
    with pytest.raises(InputError, match="one contest"):
        to_pref_voting(Ballots(np.zeros((2, 3, 4))))
    with pytest.raises(InputError, match="none of pref_voting's profile types"):
        from_pref_voting(object())
