"""A list of profiles is counted as each profile alone."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.types import InputError
from scrl.voting import RULES, Profile, aggregate, aggregate_all
from scrl.voting.own_rules import rule


def drawn(number: int, seed: int = 0) -> list[Profile]:
    """Profiles of one to nine weighted ballots on four candidates, tied and truncated."""
    rng = np.random.default_rng(seed)
    profiles = []
    for _ in range(number):
        n = rng.integers(1, 10)
        rank = np.where(rng.random((n, 4)) < 0.7, rng.integers(1, 4, (n, 4)), np.nan)
        rank[0], rank[:, 0] = [1, 2, 2, np.nan], 2
        profiles.append(Profile.from_ranks("abcd", rank, rng.choice([1, 2, 0.5], n)))
    return profiles


@pytest.mark.parametrize("number", [1, 12, 40])
@pytest.mark.parametrize("left_out", ["last", "unseen"])
def test_profiles_counted_together_are_those_counted_alone(number, left_out):
    rules, profiles = ["borda", "random-ballot"], drawn(number)
    together = aggregate_all(profiles, rules, left_out)
    for name in rules:
        alone = [aggregate(profile, name, left_out) for profile in profiles]
        np.testing.assert_array_equal(together[name].place, [found.place for found in alone])
        np.testing.assert_allclose(together[name].scores, [x.scores for x in alone], atol=1e-12)


def test_utilities_of_profiles_are_counted_together():
    utility = np.array([[[3.0, 1], [0, 1]], [[1, 4], [2, 2]]])
    profiles = [Profile.from_utilities("ab", rows, [1, 3]) for rows in utility]
    found = aggregate(profiles, "utilitarian")
    np.testing.assert_allclose(found.scores, [[0.75, 1], [1.75, 2.5]])


def test_a_rule_of_ones_own_counts_a_list():
    @rule("stacks: first candidate")
    def first_candidate(profile):
        return [1.0] + [0.0] * (len(profile.names) - 1)

    try:
        assert aggregate(drawn(3), "stacks: first candidate").place.tolist() == [[0, 1, 1, 1]] * 3
    finally:
        del RULES["stacks: first candidate"]


def test_unlike_profiles_are_refused_in_a_sentence():
    one, other = Profile.from_text("A > B"), Profile.from_text("A > C")
    with pytest.raises(InputError, match="Profile 2 has other candidates than the first"):
        aggregate([one, other], "borda")
    for nothing in ([], [[0, 1]], 3, np.zeros((2, 2))):
        with pytest.raises(InputError, match="Give ballots, a profile, or a list"):
            aggregate(nothing, "borda")
    stated = Profile.from_utilities("AB", [[1.0, 0.0]])
    with pytest.raises(InputError, match="Some profiles state utilities"):
        aggregate([one, stated], "borda")
