"""Profiles to and from ratings, PrefLib and scenarios."""

from functools import cache

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.scenarios import scenario_of_profile, true_ballots
from scrl.types import InputError
from scrl.voting import Profile, aggregate, aggregate_all, profile_from_ratings, to_preflib
from scrl.voting.profiles.ratings_profiles import group_ballots
from ui.voting.preset_profiles import PRESETS


def ballots_of(profile: Profile) -> dict:
    """Each ballot's share, however they are ordered."""
    order = [tuple(map(tuple, order)) for order in profile.orders()]
    share = profile.weight / profile.weight.sum()
    return {o: pytest.approx(share[[p == o for p in order]].sum()) for o in order}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preflib_file_holds_the_same_ballots(preset):
    profile = PRESETS[preset].profile
    suffix, text = to_preflib(profile, "A title")
    back = profile_from_ratings(parse_ratings(text.encode(), f"x.{suffix}"), 0)
    assert suffix == ("soc" if profile.is_strict else "toc")
    assert back.names == profile.names
    assert ballots_of(back) == ballots_of(profile)


def test_what_a_ballot_leaves_out_is_last_in_preflib():
    profile = Profile.from_text("3: A > B = C\n0.5: C")
    suffix, text = to_preflib(profile)
    assert suffix == "toi"
    back = profile_from_ratings(parse_ratings(text.encode(), "x.toi"), 0)
    assert ballots_of(back) == ballots_of(Profile.from_text("3: A > B = C\n0.5: C > A = B"))


def test_unseen_completions_stay_unranked():
    csv = b"rater,prompt,completion,rank\na,p,x,1\na,p,y,2\nb,p,y,1\nb,p,z,2\nc,p,z,1\n"
    profile = profile_from_ratings(parse_ratings(csv, "x.csv"), 0)
    assert sorted(profile.to_text().splitlines()) == [
        "1: x > y", "1: y > z", "candidates: x, y, z",
    ]  # fmt: skip


def test_names_keep_the_signs_of_the_text_form():
    csv = "rater,prompt,completion,rank\na,p,x > y,1\na,p,x; y,2\na,p,#,3\n"
    profile = profile_from_ratings(parse_ratings(csv.encode(), "x.csv"), 0)
    assert profile.names == ("x > y", "x; y", "#")
    assert Profile.from_text(profile.to_text()).names == profile.names


def test_equal_ballots_are_one():
    profile = group_ballots("ab", np.array([[0, 1], [1, 0], [1, 0]]), [1, 2, 3])
    assert profile.to_text() == "candidates: a, b\n5: b > a\n1: a > b"


@cache
def there_and_here(preset: str) -> tuple[dict, dict]:
    """Outcomes of a scenario made from a profile, and of the profile."""
    profile, rules = PRESETS[preset].profile, ["borda", "plurality", "schulze"]
    (ballots,) = true_ballots(scenario_of_profile(profile, "x"), draws=1)
    return aggregate_all(ballots, rules), aggregate_all(profile.ballots(), rules)


@pytest.mark.parametrize("preset", [p for p in PRESETS if p != "intensity"])
@pytest.mark.parametrize("rule", ["borda", "plurality", "schulze"])
def test_a_scenario_has_the_orders_of_its_profile(preset, rule):
    there, here = there_and_here(preset)
    assert there[rule].place.ravel().tolist() == here[rule].place.tolist()


def test_what_is_no_scenario_gets_a_sentence():
    for text, sentence in (("1: A > B\n1: A", "complete orders"), ("1: A", "two candidates")):
        with pytest.raises(InputError, match=sentence):
            scenario_of_profile(Profile.from_text(text), "x")
    many = Profile(("a", "b"), np.tile([[0, 1]], (300, 1)), np.ones(300))
    with pytest.raises(InputError, match="types of rater"):
        scenario_of_profile(many, "x")


def test_a_file_of_too_many_candidates_is_refused():
    rows = "".join(f"a,p,c{i},{i}\n" for i in range(60))
    ratings = parse_ratings(f"rater,prompt,completion,rank\n{rows}".encode(), "x.csv")
    with pytest.raises(InputError, match="60 candidates"):
        profile_from_ratings(ratings, 0)


def test_a_profile_with_utilities_is_sent_with_them():
    profile = Profile.from_utilities("ab", [[1.0, 0.9], [-1.0, 0.5]], [1, 3])
    scenario = scenario_of_profile(profile, "worth")
    (ballots,) = true_ballots(scenario)
    mean = aggregate(ballots, "utilitarian").by_name(["a", "b"])
    assert mean == pytest.approx({"a": 0.25 - 0.75, "b": 0.9 / 4 + 0.5 * 0.75})
