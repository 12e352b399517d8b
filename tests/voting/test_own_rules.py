"""A rule of one's own counts wherever a rule is named."""

import numpy as np
import pytest

import scrl
from scrl import InputError, Profile
from scrl.types import Ballots
from scrl.voting import RULES
from scrl.voting.explain import explain

PROFILE = Profile.from_text("4: Ann > Bea > Cy; 3: Bea > Cy > Ann; 2: Cy; 0.5: Ann = Bea > Cy")


@pytest.fixture(autouse=True)
def _forget():
    """The table of rules as it was."""
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


def points(profile: Profile) -> np.ndarray:
    """Points of complete ballots, ties averaged, from the definition of Borda."""
    place = profile.place
    ahead = (place[:, :, None] < place[:, None, :]).sum(2)
    tied = (place[:, :, None] == place[:, None, :]).sum(2) - 1
    return profile.weight @ (ahead + tied / 2)


def test_it_counts_as_a_rule_of_the_library_that_means_the_same():
    scrl.rule("my-borda")(points)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        ranks = rng.integers(1, 4, (6, 4)).astype(float)
        ranks[rng.random(ranks.shape) < 0.2] = np.nan
        profile = Profile.from_ranks("abcd", ranks, rng.integers(1, 4, 6))
        assert profile.order("my-borda") == profile.order("borda")
        outcomes, _ = scrl.count_all_rules(profile, ["borda", "my-borda"])
        assert outcomes["my-borda"].place.tolist() == outcomes["borda"].place.tolist()
        own = scrl.aggregate(profile.ballots(), "my-borda")
        assert own.place.tolist() == outcomes["borda"].place.tolist()


def test_it_counts_many_contests_at_once():
    scrl.rule("my-borda")(points)
    utility = np.random.default_rng(0).random((3, 5, 4))
    own = scrl.aggregate(Ballots(utility), "my-borda")
    assert own.place.tolist() == scrl.aggregate(Ballots(utility), "borda").place.tolist()


def test_it_sees_names_weights_and_the_reading_asked_for():
    seen = []

    @scrl.rule("look")
    def look(profile):
        """Looks."""
        seen.append(profile)
        return {name: -float(i) for i, name in enumerate(reversed(profile.names))}

    assert PROFILE.winners("look") == ["Cy"]
    PROFILE.winners("look", left_out="unseen")
    scrl.count_all_rules(PROFILE, ["look"])
    assert [p.names for p in seen] == [PROFILE.names] * 3
    assert [p.voters for p in seen] == [9.5, 7.5, 9.5]
    assert [p.is_complete for p in seen] == [True, True, True]
    assert RULES["look"].summary == "Looks."
    assert explain("look", PROFILE).place.tolist() == [2, 1, 0]
    assert PROFILE.bootstrap("look", 3) == {"Ann": 0, "Bea": 0, "Cy": 1}


def test_it_may_be_written_again_as_in_a_notebook():
    for winner in ("Ann", "Cy"):
        scrl.rule("favourite")(lambda profile, winner=winner: winner)
        assert PROFILE.winners("favourite") == [winner]


def test_winners_a_lottery_and_utilities():
    scrl.rule("two")(lambda profile: ["Ann", "Cy"])
    assert PROFILE.winners("two") == ["Ann", "Cy"]

    @scrl.rule("dictator", lottery=True)
    def dictator(profile):
        return profile.weight @ (profile.place == 0) / profile.voters

    strict = Profile.from_text("3: A > B; 1: B > A")
    assert strict.outcome("dictator").chances.tolist() == [0.75, 0.25]

    @scrl.rule("mean", utilities=True)
    def mean(profile):
        return profile.weight @ profile.utility

    assert Profile.from_utilities("ab", [[1, 0], [0, 5]]).winners("mean") == ["b"]
    assert "mean" not in strict.count_all_rules()[0]
    with pytest.raises(InputError, match="states orders"):
        strict.winners("mean")


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        ([1, 2], "did not return 3 numbers"),
        ("Dan", "winner who does not stand"),
        ({"Ann": 1, "Bea": 2}, "'Cy'"),
        ({"Ann": 1, "Bea": 2, "Cy": 3, "Dan": 4}, "'Dan'"),
        ([1, 2, np.nan], "did not return 3 numbers"),
        (None, "did not return 3 numbers"),
    ],
)
def test_what_is_no_outcome_gets_a_sentence(returned, sentence):
    scrl.rule("bad")(lambda profile: returned)
    with pytest.raises(InputError, match=sentence):
        PROFILE.winners("bad")
    assert sentence.strip("'") in scrl.count_all_rules(PROFILE, ["bad"])[1]["bad"]


def test_rules_of_the_library_stay_what_they_are():
    with pytest.raises(InputError, match="'borda' is a rule of the library"):
        scrl.rule("borda")
    with pytest.raises(InputError, match="needs a name"):
        scrl.rule(points)
    scrl.rule("odds", lottery=True)(lambda profile: [0.5, 0.1, 0.1])
    with pytest.raises(InputError, match="do not sum to 1"):
        PROFILE.winners("odds")
