"""What a ballot says of the candidates that it leaves out."""

import json

import numpy as np
import pytest
from pref_voting.c1_methods import copeland, gocha, slater, top_cycle, uc_gill
from pref_voting.combined_methods import smith_minimax
from pref_voting.iterative_methods import instant_runoff_for_truncated_linear_orders
from pref_voting.margin_based_methods import (
    beat_path,
    minimax,
    ranked_pairs,
    river,
    simple_stable_voting,
    split_cycle,
    stable_voting,
)
from pref_voting.other_methods import bucklin_for_truncated_linear_orders, kemeny_young
from pref_voting.scoring_methods import borda_for_profile_with_ties, plurality

from scrl.data import parse_ratings
from scrl.types import InputError
from scrl.voting import (
    RULES,
    Profile,
    aggregate_with_pairwise,
    ballots_read_by,
    complete_ballots,
    count_all_rules,
    profile_from_ratings,
)
from scrl.voting.profiles import to_pref_voting
from scrl.voting.truncated_ballots import LAST, PREF_VOTING, UNSEEN

#: Nine voters do not name D, and one puts it first.
ONE_OF_TEN = Profile.from_text("9: A > B > C\n1: D > A > B > C")
#: pref_voting's function for each rule by which it counts truncated ballots.
THERE = {
    "plurality": plurality, "borda": borda_for_profile_with_ties, "copeland": copeland,
    "bucklin": bucklin_for_truncated_linear_orders, "minimax": minimax, "schulze": beat_path,
    "split-cycle": split_cycle, "ranked-pairs": ranked_pairs, "kemeny": kemeny_young,
    "instant-runoff": instant_runoff_for_truncated_linear_orders, "river": river,
    "stable-voting": stable_voting, "simple-stable-voting": simple_stable_voting,
    "slater": slater, "smith-set": top_cycle, "schwartz-set": gocha, "uncovered-set": uc_gill,
    "smith-minimax": smith_minimax,
}  # fmt: skip

TIED_IN_PARALLEL = {"ranked-pairs", "river"}


def winners(profile: Profile, left_out: str) -> dict[str, list[str]]:
    """Rule -> the names in first place; without lotteries."""
    outcomes, _ = count_all_rules(profile, left_out=left_out)
    return {
        rule: [profile.names[i] for i in np.flatnonzero(o.place == 0)]
        for rule, o in outcomes.items()
        if not o.lottery
    }


def test_tied_last_no_rule_elects_whom_one_of_ten_ranks():
    assert not [rule for rule, first in winners(ONE_OF_TEN, LAST).items() if "D" in first]
    assert winners(ONE_OF_TEN, UNSEEN)["copeland"] == ["D"]


def test_complete_ballots_tie_the_rest_behind_the_ranked():
    profile = complete_ballots(Profile.from_text("candidates: A, B, C, D\n2: B\n1: C = A"))
    assert profile.to_text() == "candidates: A, B, C, D\n2: B > A = C = D\n1: A = C > B = D"
    assert complete_ballots(profile) is profile


def test_unseen_a_ballot_of_one_candidate_counts_nothing():
    profile = Profile.from_text("2: A > B\n5: B")
    assert all("A" in first for first in winners(profile, UNSEEN).values())
    assert winners(profile, UNSEEN)["plurality"] == ["A"]
    assert winners(profile, LAST)["plurality"] == ["B"]
    outcomes, faults = count_all_rules(Profile.from_text("1: A\n1: B"), left_out=UNSEEN)
    assert not outcomes
    assert set(faults) == set(RULES.ordinal)
    with pytest.raises(InputError, match="left out is"):
        ballots_read_by("borda", profile, "first")


def random_ballots(rng: np.random.Generator) -> Profile:
    """Truncated strict orders, at least one of them short."""
    m = int(rng.integers(3, 6))
    orders = [rng.permutation(m)[: rng.integers(1, m + 1)] for _ in range(rng.integers(3, 9))]
    orders += [rng.permutation(m)[:2]]
    return Profile.from_orders("ABCDE"[:m], orders, rng.integers(1, 9, len(orders)))


@pytest.mark.parametrize("seed", range(4))
def test_as_pref_voting_counts_is_what_pref_voting_counts(seed):
    rng = np.random.default_rng(seed)
    for _ in range(15):
        profile = random_ballots(rng)
        there = to_pref_voting(profile)
        ours = winners(profile, PREF_VOTING)
        assert set(ours) == set(THERE)
        margins = np.abs([[there.margin(a, b) for b in there.candidates] for a in there.candidates])
        pairs = margins[np.triu_indices(len(margins), 1)]
        for rule, count in THERE.items():
            if rule in TIED_IN_PARALLEL and (len(set(pairs)) < len(pairs) or 0 in pairs):
                continue  # there by a walk through all orders of equal margins
            assert ours[rule] == [profile.names[i] for i in count(there)], (rule, profile.to_text())


@pytest.mark.parametrize("seed", range(4))
def test_margins_are_those_of_pref_voting(seed):
    profile = random_ballots(np.random.default_rng(seed))
    there, n = to_pref_voting(profile), profile.weight.sum()
    for rule, left_out in (("copeland", PREF_VOTING), ("copeland", LAST)):
        if left_out == LAST:
            there.use_extended_strict_preference()
        read = ballots_read_by(rule, profile, left_out)
        _, above = aggregate_with_pairwise(read, [rule], None)
        np.testing.assert_allclose((2 * above - 1) * n, there.margin_matrix, atol=1e-9)


def test_what_pref_voting_does_not_count_gets_a_sentence():
    _, faults = count_all_rules(ONE_OF_TEN, left_out=PREF_VOTING)
    assert "coombs" in faults
    assert "Coombs" in faults["coombs"]
    _, faults = count_all_rules(complete_ballots(ONE_OF_TEN), left_out=PREF_VOTING)
    assert not faults


@pytest.mark.parametrize("left_out", [LAST, UNSEEN, PREF_VOTING])
def test_the_same_ballots_count_the_same_however_they_enter(left_out):
    typed = Profile.from_text("3: A > B > C\n2: D > A\n1: C\n2: B = C > A")
    header = "rater,prompt,completion,rank\n"
    csv, lines, rater = header, "", 0
    for order, weight in zip(typed.orders(), typed.weight, strict=True):
        for _ in range(int(weight)):
            csv += "".join(f"{rater},p,{name},{k}\n" for k, tied in enumerate(order, 1)
                           for name in tied)  # fmt: skip
            ballot = {"rater": str(rater), "prompt": "p", "ranking": order}
            lines += json.dumps(ballot) + "\n"
            rater += 1
    preflib = "# NUMBER ALTERNATIVES: 4\n" + "".join(
        f"# ALTERNATIVE NAME {i}: {name}\n" for i, name in enumerate("ABCD", 1)
    ) + "3: 1,2,3\n2: 4,1\n1: 3\n2: {2,3},1\n"  # fmt: skip
    expected, _ = count_all_rules(typed, left_out=left_out)
    for text, file in ((csv, "x.csv"), (lines, "x.jsonl"), (preflib, "x.toi")):
        profile = profile_from_ratings(parse_ratings(text.encode(), file), 0, as_cast=True)
        found, _ = count_all_rules(profile, left_out=left_out)
        assert set(found) == set(expected)
        for rule, outcome in expected.items():
            order = [profile.names.index(name) for name in typed.names]
            assert found[rule].place[order].tolist() == outcome.place.tolist(), (file, rule)
