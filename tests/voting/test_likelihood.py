"""Bradley–Terry and Plackett–Luce as rules: published figures, choix, scikit-learn, theorems."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations, product

import choix
import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from sklearn.linear_model import LogisticRegression

from scrl.choice_models import bradley_terry as bt
from scrl.choice_models import plackett_luce as pl
from scrl.types import Ballots, InputError
from scrl.voting import RULES, aggregate, aggregate_all
from scrl.voting.rules.likelihood import PRIOR_SD, PRIOR_VOTERS
from tests import lanes

BOTH = ["bradley-terry", "plackett-luce"]
#: A sixth of them have no maximum of the likelihood, and so nothing to compare.
PROFILES, MOST_VOTERS, MOST = lanes.PROFILES * 6 // 5, 14, 7


def ballots_of(orders: dict[str, float], names: str) -> Ballots:
    """Strict orders best first with their weights; a name left out is unseen."""
    utility = [[-order.find(name) for name in names] for order in orders]
    ranked = [[name in order for name in names] for order in orders]
    return Ballots(np.array(utility), np.array(ranked), np.array(list(orders.values())))


def scores(rule: str, orders: dict[str, float], names: str) -> dict[str, float]:
    return aggregate(ballots_of(orders, names), rule, None).by_name(list(names))


# -- published figures ----------------------------------------------------------------------------

# Memphis, Nashville, Chattanooga, Knoxville, mOrristown: five cities and their shares.
FIVE = {"MNCKO": 0.30, "NCKOM": 0.25, "CKONM": 0.15, "KOCNM": 0.30}
FOUR = {"MNCK": 0.42, "NCKM": 0.26, "CKNM": 0.15, "KCNM": 0.17}


def without_morristown(orders: dict[str, float]) -> dict[str, float]:
    """Morristown on 90 % of Memphis ballots and 10 % of the others."""
    found = {}
    for order, share in orders.items():
        included = 0.9 if order[0] == "M" else 0.1
        found[order] = included * share
        found[order.replace("O", "")] = (1 - included) * share
    return found


@pytest.mark.parametrize(
    ("orders", "names", "wanted"),
    [
        (FIVE, "CKNOM", [0.477, 0.389, 0.302, -0.470, -0.698]),
        (without_morristown(FIVE), "CKNOM", [0.804, 0.426, 0.736, -1.754, -0.213]),
        (FOUR, "NCMK", [0.462, 0.239, -0.249, -0.451]),
        ({"RGB": 2, "BRG": 3}, "RBG", [0.617, 0.312, -0.929]),
        ({"ABC": 1, "BCA": 1, "CAB": 1}, "ABC", [0, 0, 0]),
    ],
)
def test_published_figures(orders, names, wanted):
    found = scores("bradley-terry", orders, names)
    assert list(found.values()) == pytest.approx(wanted, abs=6e-4)


def test_without_the_irrelevant_alternative_the_other_wins():
    found = scores("bradley-terry", {"RB": 2, "BR": 3}, "RB")
    assert found["B"] - found["R"] == pytest.approx(np.log(3 / 2), abs=1e-3)


# -- random profiles ------------------------------------------------------------------------------


@cache
def random_profiles() -> Ballots:
    """2 to 7 candidates, 1 to 14 voters, whole weights; of four profiles one is complete and
    strict, one tied, one truncated, one both."""
    rng = np.random.default_rng(0)
    utility = np.zeros((PROFILES, MOST_VOTERS, MOST))
    ranked = np.ones(utility.shape, bool)
    weight = np.zeros((PROFILES, MOST_VOTERS))
    standing = np.zeros((PROFILES, MOST), bool)
    for i in range(PROFILES):
        n, m = rng.integers(1, MOST_VOTERS + 1), rng.integers(2, MOST + 1)
        utility[i] = rng.permuted(np.tile(np.arange(MOST), (MOST_VOTERS, 1)), axis=1)
        if i % 2:
            utility[i] //= 2
        if i % 4 > 1:
            ranked[i] = rng.random((MOST_VOTERS, MOST)) < 0.7
            ranked[i, 0] = True
        weight[i, :n], standing[i, :m] = rng.integers(1, 4, n), True
    return Ballots(utility, ranked, weight, standing)


@cache
def outcomes() -> dict:
    return aggregate_all(random_profiles(), [*BOTH, "borda"], None)


def wins_of(i: int) -> np.ndarray:
    """By definition, ballot by ballot and pair by pair; ties half each."""
    b = random_profiles()
    m = b.candidates[i].sum()
    wins = np.zeros((m, m))
    for utility, ranked, weight in zip(b.utility[i], b.ranked[i], b.weight[i], strict=True):
        for x, y in combinations(np.flatnonzero(ranked[:m]), 2):
            share = 0.5 + 0.5 * np.sign(utility[x] - utility[y])
            wins[x, y] += weight * share
            wins[y, x] += weight * (1 - share)
    return wins


def choices_of(i: int) -> list[tuple[int, list[int], float]]:
    """By definition: (chosen, the others chosen from, weight), best place first; those tied at a
    place share one choice from all that remain, and are then taken out."""
    b = random_profiles()
    m = b.candidates[i].sum()
    found = []
    for utility, ranked, weight in zip(b.utility[i], b.ranked[i], b.weight[i], strict=True):
        left = set(np.flatnonzero(ranked[:m]).tolist())
        while len(left) > 1 and weight:
            top = [x for x in left if utility[x] == max(utility[y] for y in left)]
            found += [(x, sorted(left - {x}), weight / len(top)) for x in top]
            left -= set(top)
    return found


def strongly_connected(wins: np.ndarray) -> bool:
    return connected_components(wins > 0, connection="strong")[0] == 1


def per_voter(i: int) -> float:
    """Voters of a rule to a voter of the profile: those who rank nobody count for nothing."""
    b = random_profiles()
    voted = (b.ranked[i] & b.candidates[i]).any(1)
    return PRIOR_VOTERS / b.weight[i, voted].sum()


def test_bradley_terry_is_choixs():
    """Where the likelihood has a maximum, up to what the prior moves; everywhere, to the last
    digits, the fit of the same wins with the same prior."""
    checked, scored = 0, outcomes()["bradley-terry"].scores
    for i in range(PROFILES):
        wins = wins_of(i)
        found = scored[i, : len(wins)]
        same = bt.fit_bradley_terry(per_voter(i) * wins, PRIOR_SD)
        np.testing.assert_allclose(found, same, atol=1e-7)
        if strongly_connected(wins):
            wanted = choix.ilsr_pairwise_dense(wins, max_iter=100_000, tol=1e-8)
            np.testing.assert_allclose(found, wanted - wanted.mean(), atol=2e-3)
            checked += 1
    assert checked >= lanes.PROFILES


def test_plackett_luce_is_choixs():
    checked, scored = 0, outcomes()["plackett-luce"].scores
    for i in range(PROFILES):
        choices, m = choices_of(i), random_profiles().candidates[i].sum()
        found = scored[i, :m]
        np.testing.assert_allclose(found, fitted(choices, m, per_voter(i)), atol=1e-7)
        beats = np.zeros((m, m))
        for chosen, others, _ in choices:
            beats[chosen, others] = 1
        if strongly_connected(beats):
            # Whole numbers of choices, since at most two are tied.
            data = [(x, others) for x, others, weight in choices for _ in range(int(2 * weight))]
            wanted = choix.ilsr_top1(m, data, max_iter=10_000, tol=1e-6)
            np.testing.assert_allclose(found, wanted - wanted.mean(), atol=2e-3)
            checked += 1
    assert checked >= lanes.PROFILES


def fitted(choices, m: int, times: float) -> np.ndarray:
    """The fit, with the rule's prior, of choices each ``times`` as heavy."""
    chosen, sets = np.zeros(m), {}
    for x, others, weight in choices:
        chosen[x] += times * weight
        key = frozenset([x, *others])
        sets[key] = sets.get(key, 0.0) + times * weight
    held = np.array([[x in one for x in range(m)] for one in sets]).reshape(-1, m)
    beats = np.zeros((m, m), bool)
    for x, others, _ in choices:
        beats[x, others] = True
    data = pl.ChoiceCounts(chosen, held, np.array(list(sets.values())), beats)
    return pl.fit_plackett_luce(data, PRIOR_SD)


@pytest.mark.parametrize("i", range(0, 200, lanes.deep(10, 5)))
def test_bradley_terry_is_logistic_regression(i):
    """scikit-learn's, of which of a pair won on the difference of two indicators."""
    wins = wins_of(i) * per_voter(i)
    pairs = [(a, b) for a in range(len(wins)) for b in range(len(wins)) if wins[a, b] > 0]
    unit = np.eye(len(wins))
    rows = np.array([unit[a] - unit[b] for a, b in pairs])
    weight = np.array([wins[a, b] for a, b in pairs])
    model = LogisticRegression(
        C=PRIOR_SD**2, fit_intercept=False, solver="newton-cg", tol=1e-9, max_iter=10_000
    )
    model.fit(np.concatenate([rows, -rows]), np.repeat([1, 0], len(rows)), np.tile(weight, 2) / 2)
    found = outcomes()["bradley-terry"].scores[i, : len(wins)]
    np.testing.assert_allclose(found, model.coef_[0], rtol=1e-4, atol=1e-4)


# -- theorems -------------------------------------------------------------------------------------


def test_bradley_terry_is_borda_on_complete_ballots():
    """Siththaranjan, Laidlaw & Hadfield-Menell 2023, theorem 3.1: the whole order, ties too."""
    found = outcomes()
    complete = np.arange(PROFILES) % 4 < 2
    np.testing.assert_array_equal(
        found["bradley-terry"].place[complete], found["borda"].place[complete]
    )
    assert (found["bradley-terry"].place[~complete] != found["borda"].place[~complete]).any()


def test_of_two_candidates_both_models_are_one():
    b = random_profiles()
    found = aggregate_all(replace(b, candidates=b.candidates & (np.arange(MOST) < 2)), BOTH, None)
    one, other = (found[rule].scores[:, :2] for rule in BOTH)
    np.testing.assert_allclose(one, other, atol=1e-8)


def test_plackett_luce_reads_more_than_duels():
    """Each candidate beats each other in half the ballots. Plackett–Luce of abc, cba maximises
    (2 + x)⁻² (x / (1 + x))² for x = exp(b - a) and c = a, so that x = √2; of bac, cab likewise for
    a."""
    one, other = {"abc": 1, "cba": 1}, {"bac": 1, "cab": 1}
    for orders, middle in ((one, "b"), (other, "a")):
        assert scores("bradley-terry", orders, "abc") == pytest.approx(dict.fromkeys("abc", 0))
        wanted = {x: np.log(2) / 3 if x == middle else -np.log(2) / 6 for x in "abc"}
        assert scores("plackett-luce", orders, "abc") == pytest.approx(wanted, abs=1e-4)


# -- conventions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", BOTH)
def test_a_truncated_ballot_says_nothing_of_the_rest(rule):
    found = scores(rule, {"AB": 2, "BA": 1, "CD": 1, "DC": 2}, "ABCD")
    assert found["A"] - found["B"] == pytest.approx(np.log(2), abs=1e-3)
    assert found["D"] - found["C"] == pytest.approx(np.log(2), abs=1e-3)
    assert found["A"] + found["B"] == pytest.approx(0, abs=1e-9)
    assert found["A"] == pytest.approx(found["D"], abs=1e-9)


def test_a_tie_is_one_choice_shared():
    """{A, B} ≻ C three times and C ≻ {A, B} once: of three, A and B are chosen 1½ times each and
    C once, then A and B tie, so that exp(reward) is as 3 : 3 : 2."""
    ballots = Ballots(np.array([[1, 1, 0], [0, 0, 1]]), weight=np.array([3, 1]))
    found = aggregate(ballots, "plackett-luce").scores
    assert found[0] == pytest.approx(found[1], abs=1e-9)
    assert found[0] - found[2] == pytest.approx(np.log(3 / 2), abs=1e-3)


def test_only_shares_of_the_weight_count():
    b = random_profiles()
    found = aggregate_all(replace(b, weight=37.5 * b.weight), BOTH, None)
    for rule in BOTH:
        np.testing.assert_allclose(found[rule].scores, outcomes()[rule].scores, atol=1e-7)
        np.testing.assert_array_equal(found[rule].place, outcomes()[rule].place)


# -- always finite --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", BOTH)
def test_finite_and_centred_whatever_is_ranked(rule):
    """Every way in which two ballots can leave candidates out, and an unbeaten candidate."""
    masks = [m for m in product([False, True], repeat=6) if any(m)]
    ranked = np.array(masks).reshape(-1, 2, 3)
    found = aggregate(Ballots(np.array([[2, 1, 0], [2, 0, 1]]) + 0 * ranked, ranked), rule, None)
    assert np.isfinite(found.scores).all()
    np.testing.assert_allclose(found.scores.sum(-1), 0, atol=1e-9)
    unheard = (ranked & (ranked.sum(-1, keepdims=True) > 1)).sum(1) == 0
    np.testing.assert_array_equal(found.scores[unheard], 0)


@pytest.mark.parametrize("rule", BOTH)
def test_padding_has_no_reward(rule):
    found = outcomes()[rule]
    standing = random_profiles().candidates
    assert np.isnan(found.scores[~standing]).all()
    assert np.isfinite(found.scores[standing]).all()


@pytest.mark.parametrize("rule", BOTH)
@pytest.mark.parametrize("m", [1, 30])
def test_a_lone_ballot_is_its_own_order(rule, m):
    found = aggregate(Ballots(-np.arange(m)[None]), rule)
    assert found.place.tolist() == list(range(m))
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("rule", BOTH)
def test_as_many_candidates_as_promised_and_no_more(rule):
    most = RULES[rule].max_candidates
    found = aggregate(Ballots(-np.arange(most)[None]), rule)
    assert found.place.tolist() == list(range(most))
    with pytest.raises(InputError, match=f"at most {most}"):
        aggregate(Ballots(-np.arange(most + 1)[None]), rule)


@pytest.mark.parametrize("rule", BOTH)
def test_large_elections_of_whole_ranks_are_counted_alike(rule):
    """As int8 ranks of equal weight, which take another path."""
    rng = np.random.default_rng(0)
    rank = np.argsort(np.argsort(rng.gumbel(size=(125_000, 4)) - [0, 1, 1, 0], axis=1), axis=1)
    found = aggregate(Ballots(rank=rank.astype(np.int8)), rule)
    orders, weight = np.unique(rank, axis=0, return_counts=True)
    np.testing.assert_allclose(
        found.scores, aggregate(Ballots(-orders, weight=weight), rule).scores, atol=1e-8
    )
