"""The readings of truncated ballots, whatever form the ballots have; ties; what is refused."""

import numpy as np
import pytest

from scrl.types import Ballots, InputError
from scrl.voting import RULES, Profile, aggregate, aggregate_all, count_all_rules
from scrl.voting.explain import describe_reading, explain, thin_victories, thin_victories_note
from tests import lanes

READINGS = [("last", "shares"), ("unseen", "shares"), ("unseen", "counts"),
            ("pref_voting", "shares"), (None, "shares")]  # fmt: skip
QUICK = ["plurality", "borda", "copeland", "minimax", "schulze", "instant-runoff", "bucklin"]


def random_profile(rng: np.random.Generator, kind: str) -> Profile:
    """Few ballots, so that ties are frequent: short, tied, weighted by fractions."""
    m, n = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    place = np.argsort(rng.random((n, m)), axis=1)
    if kind != "strict":
        place = place // rng.integers(1, 3, (n, 1))
    if kind == "short":
        place = np.where(rng.random((n, m)) < 0.4, -1, place)
        place[np.arange(n), rng.integers(0, m, n)] = 0
    weight = rng.integers(1, 4, n) if rng.random() < 0.5 else rng.random(n) + 0.01
    return Profile(tuple("abcdef"[:m]), place, weight)


@pytest.mark.parametrize(("left_out", "widths"), READINGS)
def test_profiles_ranks_and_utilities_are_read_alike(left_out, widths):
    rng = np.random.default_rng(1)
    counted = 0
    for _ in range(30):
        profile = random_profile(rng, "short")
        given = np.where(profile.place < 0, 7.0, -profile.place)  # what is not ranked is not read
        forms = [
            profile,
            Ballots(rank=profile.place, weight=profile.weight),
            Ballots(given, profile.place >= 0, profile.weight),
            Ballots(given.astype(np.int8), profile.place >= 0, profile.weight),
            Ballots(1e9 + given, profile.place >= 0, profile.weight),
        ]
        wanted, errors = count_all_rules(profile, QUICK, left_out, widths)
        for ballots in forms:
            if errors:
                with pytest.raises(InputError, match="one candidate only"):
                    aggregate_all(ballots, QUICK, left_out, widths)
                continue
            counted += 1
            for rule, outcome in aggregate_all(ballots, QUICK, left_out, widths).items():
                assert outcome.place.tolist() == wanted[rule].place.tolist(), (rule, profile)
                np.testing.assert_allclose(outcome.scores, wanted[rule].scores, atol=1e-9)
    assert counted > 100


def test_widths_as_counts_are_margins_over_all_ballots():
    rng = np.random.default_rng(2)
    for _ in range(20):
        profile = random_profile(rng, "short")
        ranked = (profile.place >= 0).sum(axis=1) >= min(2, len(profile.names))
        if not ranked.any():
            continue
        place, weight = profile.place[ranked], profile.weight[ranked]
        both = (place[:, :, None] >= 0) & (place[:, None, :] >= 0)
        sign = np.sign(place[:, None, :] - place[:, :, None])
        margin = np.einsum("v,vab->ab", weight, both * sign) / weight.sum()
        found = aggregate(profile, "minimax", "unseen", "counts").scores
        worst = [np.delete(-row, a).max(initial=-np.inf) for a, row in enumerate(margin)]
        np.testing.assert_allclose(found, [0.0 if w == -np.inf else -w for w in worst], atol=1e-12)
        for rule in ("minimax", "borda", "schulze", "copeland"):
            outcome = aggregate(profile, rule, "unseen", "counts")
            explained = explain(rule, profile, left_out="unseen", widths="counts")
            assert explained.place.tolist() == outcome.place.tolist(), rule


def test_a_rank_of_minus_one_is_left_out_and_a_large_array_is_no_exception():
    """Many whole ballots are counted in another way."""
    rng = np.random.default_rng(3)
    rank = rng.random((100, 1_500, 5)).argsort(-1).astype(np.int8)
    rank[60:, 17, 2] = -1
    masked = Ballots(-rank.astype(float), rank >= 0)
    for left_out in ("last", "unseen"):
        found = aggregate(Ballots(rank=rank), "plurality", left_out)
        wanted = aggregate(masked, "plurality", left_out)
        np.testing.assert_array_equal(found.place, wanted.place)
        np.testing.assert_allclose(found.scores, wanted.scores)


def test_a_blank_ballot_counts_nothing():
    blank = Profile(("a", "b"), [[0, 1], [-1, -1]], [1, 5])
    for rule, outcome in aggregate_all(blank, QUICK).items():
        alone = aggregate(Profile.from_text("a > b"), rule)
        np.testing.assert_allclose(outcome.scores, alone.scores, err_msg=rule)
        np.testing.assert_allclose(count_all_rules(blank, [rule])[0][rule].scores, alone.scores)
    with pytest.raises(InputError, match="ranks a"):
        aggregate(Profile(("a", "b"), [[-1, -1]], [1]), "borda")


def test_thin_victories_are_found():
    profile = Profile.from_text("1000: A > B\n900: B > A\n1: C > A\n700: B")
    ballots = Ballots(-profile.place, profile.place >= 0, profile.weight)
    (thin,) = thin_victories(ballots)
    assert thin == (2, 0, 1.0, 2601.0)
    note = thin_victories_note([("", profile.names, [thin])])
    assert note.startswith("1 head-to-head victory rests on less than 1 % of the weight: C over A")
    assert not thin_victories(Ballots(-profile.place[:2, :2], weight=profile.weight[:2]))
    assert thin_victories_note([("", profile.names, [])]) == ""
    texts = {describe_reading(left_out, widths) for left_out, widths in READINGS}
    assert len(texts) == len(READINGS)
    assert all(text.endswith(".") and text[0].isupper() for text in texts)


# -- ties -----------------------------------------------------------------------------------------


def symmetric_profile(rng: np.random.Generator, kind: str) -> tuple[Profile, np.ndarray]:
    """A profile that stays the same when some candidates change places, and these candidates."""
    m, n = int(rng.integers(2, 8)), int(rng.integers(1, 5))
    cycle = rng.permutation(m)[: rng.integers(2, m + 1)]
    turn = np.arange(m)
    turn[cycle] = np.roll(cycle, 1)
    utility = rng.random((n, m)) * (1e9 if kind == "large" else 1)
    if kind == "single":
        utility = utility.astype(np.float32)
    ranked = np.ones((n, m), bool)
    if kind == "short":
        ranked = rng.random((n, m)) < 0.7
        ranked[np.arange(n), rng.integers(0, m, n)] = True
    weight = rng.random(n) * 10.0 ** rng.uniform(-3, 5)
    turns = [np.arange(m)]
    for _ in cycle[1:]:
        turns.append(turn[turns[-1]])
    shuffled = rng.permutation(n * len(turns))
    utility, ranked = (
        np.concatenate([array[:, t] for t in turns])[shuffled] for array in (utility, ranked)
    )
    place = np.full(utility.shape, -1)
    for row, values, on in zip(place, utility, ranked, strict=True):
        row[on] = np.unique(-values[on], return_inverse=True)[1]
    known = None if kind == "short" else utility
    names = tuple("abcdefgh"[:m])
    return Profile(names, place, np.tile(weight, len(turns))[shuffled], utility=known), cycle


@pytest.mark.parametrize("kind", ["double", "single", "large", "short"])
def test_candidates_tied_by_symmetry_are_tied_by_every_rule(kind):
    rng = np.random.default_rng(4)
    for _ in range(lanes.deep(5, 12)):
        profile, cycle = symmetric_profile(rng, kind)
        for left_out, widths in READINGS[: 4 if kind == "short" else 1]:
            outcomes, _ = count_all_rules(profile, left_out=left_out, widths=widths)
            assert len(outcomes) > 5 or left_out == "unseen"
            for rule, outcome in outcomes.items():
                assert len(set(outcome.place[cycle].tolist())) == 1, (rule, outcome.scores)


# -- what is refused ------------------------------------------------------------------------------

ONE, RANK = np.array([[0.0, 1.0, 2.0]]), np.array([[0, 1, 2]])
REFUSED = {
    "a rank below -1": (Ballots(rank=np.array([[0, 1, -2]])), "below -1"),
    "ranks that are no whole numbers": (Ballots(rank=ONE), "whole numbers"),
    "one axis": (Ballots(rank=RANK[0]), r"\[\[0, 1, 2\]\]"),
    "ragged": (Ballots([[0, 1, 2], [0, 1]]), "unequal length"),
    "words": (Ballots(np.array([["a", "b"]])), "no array of numbers"),
    "weights that are words": (Ballots(ONE, weight=["x"]), "no array of numbers"),
    "two weights": (Ballots(ONE, weight=np.ones(2)), r"'weight' .* \[2\]; .* \[1\]"),
    "another shape": (Ballots(ONE, np.ones((1, 2), bool)), r"'ranked' .* \[1, 2\]"),
    "two candidates": (Ballots(ONE, candidates=np.ones(2, bool)), "'candidates'"),
    "both": (Ballots(ONE, rank=RANK), "a utility and a rank"),
    "vast weights": (Ballots(ONE, weight=np.array([1e308])), "too much to be added up"),
    "an array": (ONE, "Give ballots"),
    "text": ("A > B", "Give ballots"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_ballot_is_refused_with_a_sentence(case):
    ballots, words = REFUSED[case]
    with pytest.raises(InputError, match=words) as caught:
        aggregate(ballots, "borda")
    assert "\n" not in str(caught.value)


def test_utilities_are_not_invented():
    profile = Profile.from_text("3: A > B > C\n2: C")
    for rule in [name for name in RULES if RULES[name].reads == "utility"]:
        for ballots in (profile, profile.ballots(), Ballots(rank=RANK)):
            with pytest.raises(InputError, match="counts utilities and the ballots state orders"):
                aggregate(ballots, rule)
        outcomes, errors = count_all_rules(profile, [rule, "borda"])
        assert list(outcomes) == ["borda"]
        assert "counts utilities" in errors[rule]
        with pytest.raises(InputError):
            explain(rule, profile)
    partial = Profile.from_utilities("ab", [[1.0, np.nan], [2.0, 3.0]])
    with pytest.raises(InputError, match="states none for a candidate"):
        aggregate(partial, "utilitarian")
    assert aggregate(partial, "utilitarian", "unseen").scores.tolist() == [2.0, 3.0]
    assert aggregate(partial, "borda").scores.tolist() == [0.5, 0.5]
    assert "utilitarian" in count_all_rules(partial)[1]


def test_arguments_are_checked():
    profile = Profile.from_text("A > B")
    for call, words in (
        (lambda: aggregate(profile, ["borda"]), "aggregate_all"),
        (lambda: aggregate(profile, "borda", "first"), "left out is"),
        (lambda: aggregate(profile, "borda", widths="votes"), "'shares' or 'counts'"),
        (lambda: count_all_rules(profile.ballots()), "aggregate_all counts ballots"),
        (lambda: count_all_rules(profile, ["bordo"]), "did you mean 'borda'"),
        (lambda: Profile(("a", "b"), [[0, -3]], [1]), "-1 is a candidate left out"),
        (lambda: Profile(("a", "b"), [[0, np.nan]], [1]), "whole numbers"),
        (lambda: Profile(("a", "b"), [[0, 1], [0]], [1, 1]), "unequal length"),
    ):
        with pytest.raises(InputError, match=words):
            call()
