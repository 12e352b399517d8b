"""Rules on ballots of every kind against the text of the conventions, and what must not matter."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scrl.scenarios import load_scenario, true_ballots
from scrl.types import Ballots, InputError
from scrl.voting import (
    RULES,
    aggregate,
    aggregate_all,
    aggregate_with_pairwise,
    counting,
    weak_order,
)  # fmt: skip
from scrl.voting.compiled_counting import TRACES
from scrl.voting.registry import FAMILIES
from scrl.voting.weak_orders import place_scores
from tests import lanes

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
VOTERS, CANDIDATES = 8, 5
MASKED = ("utility", "ranked", "weight", "candidates")
#: Rules that see no difference between the first two of three places, or of two.
BLUNT = {"anti-plurality", "2-approval", "3-approval"}
ALL = RULES.ordinal
#: Those that the brute force below counts.
BRUTE = ("borda", "plurality", "copeland", "minimax", "instant-runoff", "random-ballot")


# -- brute force, with fractions, from the text ---------------------------------------------------


def brute_force(ballots: list[tuple[dict, int]], candidates: list[int]) -> dict[str, dict]:
    """Rule -> scores, or for instant runoff places, of ballots (candidate -> rank, weight)."""
    ballots = [({c: r for c, r in b.items() if c in candidates}, w) for b, w in ballots]
    ballots = [(b, w) for b, w in ballots if b and w]
    total = sum(w for _, w in ballots)

    def above(a, b):
        wins = both = Fraction(0)
        for ballot, w in ballots:
            if a in ballot and b in ballot:
                both += w
                wins += w if ballot[a] < ballot[b] else w / Fraction(2) * (ballot[a] == ballot[b])
        return wins / both if both else Fraction(1, 2)

    def tops(left):
        points = dict.fromkeys(left, Fraction(0))
        for ballot, w in ballots:
            here = [c for c in ballot if c in left]
            first = [c for c in here if ballot[c] == min(ballot[d] for d in here)]
            for c in first:
                points[c] += Fraction(w, len(first))
        return points

    duel = {(a, b): above(a, b) for a in candidates for b in candidates if a != b}
    plurality = {c: points / total for c, points in tops(candidates).items()}
    place, left = {}, set(candidates)
    while left:
        points = tops(left)
        out = {c for c in left if points[c] == min(points.values())}
        left -= out
        place |= dict.fromkeys(out, len(left))
    others = {c: [d for d in candidates if d != c] for c in candidates}
    half = Fraction(1, 2)
    return {
        "borda": {c: sum(duel[c, d] for d in others[c]) for c in candidates},
        "plurality": plurality,
        "random-ballot": plurality,
        "copeland": {
            c: sum((duel[c, d] > half) + half * (duel[c, d] == half) for d in others[c])
            for c in candidates
        },
        "minimax": {
            c: -max((duel[d, c] - duel[c, d] for d in others[c]), default=0) for c in candidates
        },
        "instant-runoff": place,
    }


@st.composite
def elections(draw, incomplete=True):
    """Arrays ``Ballots`` takes, always ``[VOTERS, CANDIDATES]``: tied, incomplete, weighted."""
    rank = draw(st.lists(st.integers(0, 3), min_size=40, max_size=40))
    ranked = draw(st.lists(st.booleans(), min_size=40, max_size=40)) if incomplete else [True] * 40
    weight = draw(st.lists(st.integers(0, 4), min_size=VOTERS, max_size=VOTERS))
    standing = draw(st.lists(st.booleans(), min_size=CANDIDATES, max_size=CANDIDATES))
    shape = (VOTERS, CANDIDATES)
    ballots = Ballots(
        -np.reshape(rank, shape).astype(float),
        np.reshape(ranked, shape),
        np.array(weight, float),
        np.array(standing),
    )
    assume((ballots.ranked & ballots.candidates & (ballots.weight > 0)[:, None]).any())
    return ballots


def as_dicts(ballots: Ballots) -> tuple[list[tuple[dict, int]], list[int]]:
    listed = [
        ({int(c): -int(u[c]) for c in np.flatnonzero(r)}, int(w))
        for u, r, w in zip(ballots.utility, ballots.ranked, ballots.weight, strict=True)
    ]
    return listed, np.flatnonzero(ballots.candidates).tolist()


@settings(deadline=None, max_examples=lanes.deep(60, 200))
@given(elections())
def test_the_conventions_by_brute_force(ballots):
    listed, candidates = as_dicts(ballots)
    wanted = brute_force(listed, candidates)
    found = aggregate_all(ballots, BRUTE, None)
    for rule in BRUTE:
        values = wanted[rule]
        ahead = (lambda a, b: a < b) if rule == "instant-runoff" else (lambda a, b: a > b)
        place = {c: sum(ahead(values[d], values[c]) for d in candidates) for c in candidates}
        assert {c: found[rule].place[c] for c in candidates} == place, rule
        if rule == "instant-runoff":
            values = {
                c: len(candidates) - 1 - p - Fraction(list(place.values()).count(p) - 1, 2)
                for c, p in place.items()
            }
        scores = {c: found[rule].scores[c] for c in candidates}
        assert scores == pytest.approx({c: float(v) for c, v in values.items()}, abs=1e-9), rule
        padding = ~ballots.candidates
        assert (found[rule].place[padding] == -1).all()
        assert np.isnan(found[rule].scores[padding]).all()


# -- what must not matter -------------------------------------------------------------------------


def same(one: dict, other: dict) -> None:
    """The same places, and scores but for rounding."""
    assert one.keys() == other.keys()
    for rule in one:
        np.testing.assert_array_equal(one[rule].place, other[rule].place, err_msg=rule)
        np.testing.assert_allclose(
            one[rule].scores, other[rule].scores, atol=1e-7, err_msg=rule, equal_nan=True
        )


@settings(deadline=None, max_examples=lanes.deep(10, 40))
@given(elections(), st.permutations(range(VOTERS)), st.permutations(range(CANDIDATES)))
def test_names_of_voters_and_candidates_do_not_matter(ballots, voters, candidates):
    found = aggregate_all(ballots, ALL, None)
    other = Ballots(
        ballots.utility[voters][:, candidates],
        ballots.ranked[voters][:, candidates],
        ballots.weight[voters],
        ballots.candidates[candidates],
    )
    renamed = aggregate_all(other, ALL, None)
    for rule in ALL:
        np.testing.assert_array_equal(found[rule].place[candidates], renamed[rule].place, rule)
        np.testing.assert_allclose(
            found[rule].scores[candidates], renamed[rule].scores, atol=1e-7, err_msg=rule
        )


@settings(deadline=None, max_examples=lanes.deep(10, 40))
@given(elections(), st.sampled_from([2.0, 1e-3, 1e6]))
def test_the_scale_of_weights_does_not_matter(ballots, scale):
    scaled = Ballots(ballots.utility, ballots.ranked, scale * ballots.weight, ballots.candidates)
    same(aggregate_all(ballots, ALL, None), aggregate_all(scaled, ALL, None))


@settings(deadline=None, max_examples=lanes.deep(10, 40))
@given(elections())
def test_a_ballot_cast_twice_is_a_ballot_of_weight_two(ballots):
    utility, ranked = ballots.utility.copy(), ballots.ranked.copy()
    weight = ballots.weight.copy()
    weight[:2] = 3, 0
    assume((ranked[0] & ballots.candidates).any())
    utility[1], ranked[1] = utility[0], ranked[0]
    twice = weight.copy()
    twice[:2] = 1, 2
    same(
        aggregate_all(Ballots(utility, ranked, weight, ballots.candidates), ALL, None),
        aggregate_all(Ballots(utility, ranked, twice, ballots.candidates), ALL, None),
    )


@settings(deadline=None, max_examples=lanes.deep(10, 25))
@given(elections(), st.integers(1, 4), st.integers(0, 2**31))
def test_padding_does_not_matter(ballots, voters, seed):
    rng, candidates = np.random.default_rng(seed), 3
    shape = (VOTERS + voters, CANDIDATES + candidates)
    utility, ranked = rng.normal(size=shape), rng.random(shape) < 0.5
    utility[:VOTERS, :CANDIDATES] = ballots.utility
    ranked[:VOTERS, :CANDIDATES] = ballots.ranked
    weight = np.append(ballots.weight, np.zeros(voters))
    standing = np.append(ballots.candidates, np.zeros(candidates, bool))
    padded = aggregate_all(Ballots(utility, ranked, weight, standing), ALL, None)
    for rule, found in aggregate_all(ballots, ALL, None).items():
        np.testing.assert_array_equal(padded[rule].place[:CANDIDATES], found.place, rule)
        np.testing.assert_allclose(
            padded[rule].scores[:CANDIDATES], found.scores, atol=1e-9, err_msg=rule
        )


@pytest.mark.slow
@settings(deadline=None, max_examples=lanes.deep(3, 20))
@given(st.lists(elections(), min_size=6, max_size=6))
def test_contests_counted_together_are_those_counted_alone(several):
    stacked = [np.stack([getattr(b, name) for b in several]) for name in MASKED]
    stacked = Ballots(*(a.reshape(2, 3, *a.shape[1:]) for a in stacked))
    together, above = aggregate_with_pairwise(stacked, ALL, None)
    assert above.shape == (2, 3, CANDIDATES, CANDIDATES)
    for i, ballots in enumerate(several):
        alone, share = aggregate_with_pairwise(ballots, ALL, None)
        at = np.unravel_index(i, (2, 3))
        np.testing.assert_allclose(above[at], share, atol=1e-12)
        for rule in ALL:
            np.testing.assert_array_equal(together[rule].place[at], alone[rule].place, rule)
            np.testing.assert_allclose(together[rule].scores[at], alone[rule].scores, atol=1e-9)


@pytest.mark.slow
@settings(deadline=None, max_examples=lanes.deep(10, 25))
@given(elections(), st.sampled_from([np.int8, np.int32, np.float32]))
def test_the_type_of_numbers_does_not_matter(ballots, dtype):
    cast = Ballots(
        ballots.utility.astype(dtype), ballots.ranked, ballots.weight, ballots.candidates
    )
    same(aggregate_all(ballots, ALL, None), aggregate_all(cast, ALL, None))


def test_utilities_in_double_precision_are_not_rounded_into_ties():
    utility = np.array([[1.0, 1.0 + 1e-12, 0.0]])
    for rule, found in aggregate_all(Ballots(utility), ALL, None).items():
        assert found.place[1] == 0, rule
        assert found.place[0] > 0 or rule in BLUNT, rule


@settings(deadline=None, max_examples=lanes.deep(10, 40))
@given(elections(incomplete=False))
def test_only_the_order_of_utilities_matters(ballots):
    bent = Ballots(np.exp(3 * ballots.utility), None, ballots.weight, ballots.candidates)
    same(aggregate_all(ballots, ALL, None), aggregate_all(bent, ALL, None))


def test_a_tie_is_a_tie_within_a_billionth_of_the_weight():
    utility = np.array([[1.0, 0.0], [0.0, 1.0]])
    for more, place in ((1e-11, [0, 0]), (1e-6, [1, 0])):
        found = aggregate_all(Ballots(utility, weight=np.array([1.0, 1.0 + more])), ALL, None)
        for rule, outcome in found.items():
            wanted = [0, 0] if rule in {"2-approval", "3-approval"} else place
            assert outcome.place.tolist() == wanted, (rule, more)


def test_ties_chain_so_that_places_are_an_order():
    np.testing.assert_array_equal(weak_order([0.0, 0.8e-9, 1.6e-9, 1.0]), [1, 1, 1, 0])
    np.testing.assert_array_equal(weak_order([3.0, 1.0, 3.0, 2.0]), [0, 3, 0, 2])


@settings(deadline=None, max_examples=lanes.deep(60, 200))
@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=4),
       st.sampled_from([1.0, 0.5e-9, 0.99e-9, 1.5e-9]), st.data())  # fmt: skip
def test_places_compared_are_places_sorted(steps, unit, data):
    """Few candidates are compared with each other, many are sorted; near ties chain either way."""
    scores = unit * np.array(steps, float)
    standing = np.array(data.draw(st.lists(st.booleans(), min_size=4, max_size=4)))
    place = weak_order(scores, standing)
    wide = np.pad(scores, [(0, 0), (0, 20)])
    sorted_ = weak_order(wide, np.pad(standing, (0, 20)))
    np.testing.assert_array_equal(place[:, standing], sorted_[:, :4][:, standing])
    whole = place_scores(place, np.broadcast_to(standing, place.shape))[:, standing]
    behind = (place[:, None, standing] > place[:, standing, None]).sum(-1)
    tied = (place[:, None, standing] == place[:, standing, None]).sum(-1)
    np.testing.assert_array_equal(whole, behind + (tied - 1) / 2)


# -- the registry and what is compiled ------------------------------------------------------------


def test_the_registry_holds_the_rules_and_says_what_each_is():
    assert set(RULES) >= {*BRUTE, "maximal-lottery"}
    assert len({rule.title for rule in RULES.values()}) == len(RULES)
    assert set(RULES) - set(RULES.ordinal) == {"utilitarian", "egalitarian", "nash"}
    for name, rule in RULES.items():
        assert rule.name == name
        assert name == name.lower().replace(" ", "-").replace("_", "-")
        assert not rule.title[0].islower()
        assert len(rule.summary) > 20
        assert rule.reference
        assert rule.family in FAMILIES
        assert rule.returns in {"scores", "places", "order", "probabilities"}
        assert rule.reads in {"pairwise", "profile", "utility"}
        assert rule.lottery == (rule.family == "lottery")


@pytest.mark.slow
def test_more_voters_and_other_weights_compile_nothing_new(monkeypatch):
    monkeypatch.setattr(counting, "MAX_HOST_CONTESTS", 0)
    rng, rules = np.random.default_rng(0), ["borda", "instant-runoff", "schulze"]

    def count(voters):
        aggregate_all(Ballots(rng.normal(size=(voters, 5)), weight=rng.random(voters)), rules, None)

    count(300)
    before = TRACES.total()
    assert before > 0
    for voters in (300, 257, 301, 350, 384):
        count(voters)
    assert TRACES.total() == before
    count(385)
    assert TRACES.total() == before + 1, "the counter counts"


# -- bad input ------------------------------------------------------------------------------------

PLAIN = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])


@pytest.mark.parametrize(
    ("ballots", "word"),
    [
        (Ballots(np.zeros((0, 3))), "voter"),
        (Ballots(np.zeros((2, 0))), "candidate"),
        (Ballots(PLAIN, weight=np.zeros(2)), "weigh nothing"),
        (Ballots(np.stack([PLAIN] * 2), weight=np.array([[1.0, 1.0], [0, 0]])), "weigh nothing"),
        (Ballots(PLAIN, weight=np.array([2.0, -1.0])), "negative"),
        (Ballots(PLAIN, weight=np.array([1.0, np.nan])), "not a number"),
        (Ballots(PLAIN, weight=np.array([1.0, np.inf])), "not a number"),
        (Ballots(np.where(PLAIN == 1, np.nan, PLAIN)), "not a number"),
    ],
)
def test_what_cannot_be_counted_is_said_in_a_sentence(ballots, word):
    with pytest.raises(InputError, match=word) as caught:
        aggregate(ballots, "borda")
    assert "\n" not in str(caught.value)


def test_what_is_not_on_a_ballot_need_not_be_a_number():
    blank = np.where(PLAIN == 1, np.nan, PLAIN)
    found = aggregate_all(Ballots(blank, ~np.isnan(blank)), ALL, None)
    assert all(np.isfinite(outcome.scores).all() for outcome in found.values())


def test_an_unknown_rule_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean 'borda'"):
        aggregate(Ballots(PLAIN), "bordar")
    with pytest.raises(InputError, match=r"choose from .*instant-runoff"):
        aggregate(Ballots(PLAIN), "zzzzzz")


# -- published results ----------------------------------------------------------------------------


def population(**shares: float) -> Ballots:
    """Strict orders, written as words, and their shares."""
    names = sorted(next(iter(shares)))
    utility = np.array([[-order.index(c) for c in names] for order in shares])
    return Ballots(utility, weight=np.array(list(shares.values())))


def test_rules_that_read_duels_are_blind_between_two_populations():
    one = population(abcd=0.5, badc=0.5)
    other = population(bacd=0.5, abdc=0.5)
    (first, above), (second, beyond) = (
        aggregate_with_pairwise(one, ALL, None),
        aggregate_with_pairwise(other, ALL, None),
    )
    np.testing.assert_array_equal(above, beyond)
    blind = [name for name, rule in RULES.items() if rule.reads == "pairwise" and not rule.lottery]
    assert {"copeland", "minimax"} <= set(blind)
    for rule in [*blind, "borda", "maximal-lottery"]:
        np.testing.assert_array_equal(first[rule].place, second[rule].place)
        np.testing.assert_array_equal(first[rule].scores, second[rule].scores)


def test_an_irrelevant_alternative():
    found = aggregate_all(population(RGB=2, BRG=3), ["borda", "maximal-lottery", "plurality"])
    assert found["borda"].order(["B", "G", "R"])[0] == ["R"]
    assert found["maximal-lottery"].by_name(["B", "G", "R"]) == {"B": 1.0, "G": 0.0, "R": 0.0}
    without = aggregate(population(RB=2, BR=3), "borda")
    assert without.order(["B", "R"]) == [["B"], ["R"]]


def test_a_majority_may_lose_under_borda():
    found = aggregate_all(population(abc=3, bca=2), ["borda", "plurality", "instant-runoff"])
    assert found["borda"].order(["a", "b", "c"])[0] == ["b"]
    assert found["plurality"].order(["a", "b", "c"])[0] == ["a"]
    assert found["instant-runoff"].order(["a", "b", "c"])[0] == ["a"]


def test_borda_elects_what_most_would_regret():
    """The blog post's example of distortion: utilities all but equal, an order reversed."""
    utility = np.array([[1, 0.9999, 0.9998, 0.9997, 0.9996], [-0.9997, -0.9998, -0.9999, -1, 1]])
    names = list("ABCDE")

    def borda(share):
        return aggregate(Ballots(utility, weight=np.array([share, 1 - share])), "borda")

    tied = borda(0.2)
    assert tied.order(names)[0] == ["A", "E"]
    assert tied.scores[[0, 4]] == pytest.approx([3.2, 3.2])
    assert borda(0.2001).order(names)[0] == ["A"]
    assert borda(0.2001).scores[[0, 4]] == pytest.approx([3.2001, 3.1996])
    assert borda(0.19).order(names)[0] == ["E"]


@pytest.mark.parametrize(
    ("scenario", "rule", "order", "scores"),
    [
        ("tennessee-morristown", "borda",
         "Chattanooga Knoxville Nashville Morristown Memphis", [2.55, 2.45, 2.35, 1.45, 1.20]),
        ("tennessee-morristown", "copeland", "Nashville", None),
        ("tennessee-morristown", "minimax", "Nashville", None),
        ("tennessee-four", "borda",
         "Nashville Chattanooga Memphis Knoxville", [1.94, 1.73, 1.26, 1.07]),
        ("tennessee-four", "copeland", "Nashville", None),
        ("tennessee-four", "minimax", "Nashville", None),
        ("tennessee-four", "maximal-lottery", "Nashville", None),
        ("tennessee-four", "plurality", "Memphis", None),
        ("tennessee-four", "instant-runoff", "Knoxville", None),
    ],
)  # fmt: skip
def test_tennessee(scenario, rule, order, scores):
    scenario = load_scenario(SCENARIOS / f"{scenario}.yaml")
    names = scenario.catalogue.names(0)
    found = aggregate(true_ballots(scenario)[0], rule)
    first = [[name] for name in order.split()]
    assert found.order(names)[: len(first)] == first
    if scores:
        assert sorted(found.scores, reverse=True) == pytest.approx(scores, abs=5e-4)


def test_learned_reward_falls_where_expected_utility_does_not():
    """Utility a below .8, else 2a or 0 by chance; every hidden context is a voter."""
    m = 40
    a = (np.arange(m) + 0.5) / m
    unsure = a >= 0.8
    good = (np.arange(2 ** unsure.sum())[:, None] >> np.arange(unsure.sum())) & 1
    utility = np.tile(a, (len(good), 1))
    utility[:, unsure] = 2 * a[unsure] * good
    score = aggregate(Ballots(utility), "borda").scores / m
    wanted = np.where(unsure, 0.275 + 0.25 * a, 0.1 + a)
    np.testing.assert_allclose(score, wanted, atol=0.6 / m)
    assert score[unsure][0] < score[~unsure][-1] - 0.3
    np.testing.assert_allclose(utility.mean(0), a)
