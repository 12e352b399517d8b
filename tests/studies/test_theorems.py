"""The cards of the page of theorems against their published figures and independent counts."""

from itertools import permutations

import numpy as np
import pytest

from scrl.studies import majority_theorems, theorems
from scrl.studies.pairwise_rewards import bradley_terry_rewards
from scrl.types import InputError
from scrl.voting import RULES, Profile, aggregate, aggregate_all
from scrl.voting.compiled_counting import TRACES
from scrl.voting.distortion import bradley_terry_bounds


def test_rewards_of_tennessee_are_the_published_ones():
    found = theorems.missing_candidate([0.0, 0.9])
    order = ("Chattanooga", "Knoxville", "Nashville", "Morristown", "Memphis")
    cities = [found.names.index(name) for name in order]
    assert found.borda[cities] == pytest.approx([2.55, 2.45, 2.35, 1.45, 1.20])
    assert found.reward[0, cities] == pytest.approx([0.477, 0.389, 0.302, -0.470, -0.698], abs=6e-4)
    assert found.reward[1, cities] == pytest.approx([0.804, 0.426, 0.736, -1.754, -0.213], abs=6e-4)
    assert found.agrees.tolist() == [True, False]


@pytest.mark.parametrize("m", [3, 4, 6])
def test_bradley_terry_orders_any_complete_profile_as_borda_does(m):
    rng = np.random.default_rng(m)
    orders = np.argsort(rng.random((200, 7, m)), axis=-1)
    weight = rng.integers(1, 6, (200, 7))
    won = np.zeros((200, m, m))
    points = np.zeros((200, m))
    for p in range(200):
        for order, w in zip(orders[p], weight[p], strict=True):
            for i, a in enumerate(order):
                points[p, a] += w * (m - 1 - i)
                won[p, a, order[i + 1 :]] += w
    reward = bradley_terry_rewards(won)
    gaps = np.sign(np.round(points[:, :, None] - points[:, None], 9))
    learnt = reward[:, :, None] - reward[:, None]
    assert (np.sign(np.where(np.abs(learnt) < 1e-7, 0, learnt)) == gaps).all()


def test_one_answer_missing_can_break_it():
    assert not theorems.missing_candidate(np.arange(91) / 100).agrees[23:].any()
    assert theorems.missing_candidate(np.arange(23) / 100).agrees.all()


def test_a_hidden_context_makes_the_reward_fall():
    found = theorems.hidden_context()
    low, high = found.a < 0.8, found.a >= 0.8
    assert found.borda[low] == pytest.approx(0.1 + found.a[low])
    assert found.borda[high] == pytest.approx(0.275 + 0.25 * found.a[high])
    assert found.expected == pytest.approx(found.a)
    assert (found.before, found.after) == pytest.approx((0.9, 0.475))
    at = np.searchsorted(found.a, 0.8)
    assert found.reward[at] < found.reward[at - 1]
    assert (np.argsort(found.reward) == np.argsort(found.borda)).all()


@pytest.mark.parametrize(("chance", "start"), [(0.2, 0.6), (0.9, 0.3), (0.5, 0.8)])
def test_its_borda_scores_are_those_of_drawn_pairs(chance, start):
    found = theorems.hidden_context(chance, start)
    rng = np.random.default_rng(0)
    b = rng.random(400_000)

    def worth(a):
        return np.where(a < start, a, 2 * a * (rng.random(b.shape) < chance))

    for i in (5, 50, 70, 95):
        mine, other = worth(np.full(b.shape, found.a[i])), worth(b)
        assert found.borda[i] == pytest.approx(
            ((mine > other) + 0.5 * (mine == other)).mean(), abs=0.004
        )
    assert found.before == pytest.approx(start + (1 - chance) * (1 - start))
    i = np.searchsorted(found.a, start)
    slope = chance**2
    assert found.after == pytest.approx(found.borda[i] - slope * (found.a[i] - start), abs=1e-9)


def test_it_falls_whatever_the_chance_short_of_certainty():
    for chance in (0.01, 0.3, 0.7, 0.99):
        for start in (0.05, 0.5, 0.95):
            found = theorems.hidden_context(chance, start)
            assert found.after < found.before
            ahead = found.borda[:, None] - found.borda > 1e-9
            assert (found.reward[:, None] > found.reward)[ahead].all()


def test_raters_who_contradict_themselves():
    found = majority_theorems.intransitive_raters()
    assert np.abs(found.reward).max() < 1e-6
    assert found.lottery == pytest.approx([1 / 3] * 3)
    assert found.max_accuracy == pytest.approx(2 / 3)
    assert found.accuracy == pytest.approx(1 / 2)
    assert majority_theorems.intransitive_raters(0.6).lottery == pytest.approx([1, 0, 0])
    with pytest.raises(InputError):
        majority_theorems.intransitive_raters(1.0)


@pytest.mark.parametrize("steady", [0.0, 0.3, 0.5, 0.8])
def test_no_reward_gets_more_right(steady):
    """Brute force over all orders of the four kinds of answer."""
    answers = {"AB": 1.0, "BC": 1.0, "CA": 1 - steady, "AC": steady}
    right = [
        sum(w for (a, b), w in answers.items() if order.index(a) < order.index(b)) / 3
        for order in permutations("ABC")
    ]
    found = majority_theorems.intransitive_raters(steady)
    assert found.max_accuracy == pytest.approx(max(right))
    assert found.accuracy <= found.max_accuracy + 1e-12


def test_a_condorcet_cycle():
    found = majority_theorems.condorcet_cycle()
    assert np.abs(found.reward).max() < 1e-6
    assert found.lottery == pytest.approx([1 / 3] * 3)
    assert found.max_accuracy == pytest.approx(5 / 9)
    # Each is as likely as the duel between the other two is lopsided.
    assert majority_theorems.condorcet_cycle(1.5).lottery == pytest.approx([3 / 7, 1 / 7, 3 / 7])
    assert majority_theorems.condorcet_cycle(2.5).lottery == pytest.approx([1, 0, 0])


def test_two_populations_have_the_same_duels_and_no_rule_tells_them_apart():
    found = majority_theorems.pairwise_blindness()
    assert (found.duels[0] == found.duels[1]).all()
    assert found.duels[0, 0].tolist() == [0.5, 0.5, 1, 1]
    assert found.different == ()
    pairwise = {name for name, rule in RULES.items() if rule.reads == "pairwise"}
    assert len(pairwise) > 5
    assert pairwise <= set(found.same)
    assert set(found.same) == {name for name, rule in RULES.items() if rule.reads != "utility"}
    assert found.served == pytest.approx(np.array([[0.5, 0, 0.5], [0, 1, 0]]))
    assert found.conditional.tolist() == [1, 0]
    assert majority_theorems.pairwise_blindness(0.3).conditional == pytest.approx([1, 0.7])


def test_its_slider_compiles_nothing():
    before = TRACES.total()
    majority_theorems.pairwise_blindness(0.25)
    majority_theorems.pairwise_blindness(0.75)
    assert TRACES.total() == before


def test_every_neutral_rule_ties_what_symmetry_ties():
    """Exchanging a with b and c with d turns either population into itself."""
    profile = Profile.from_text("1: a > b > c > d\n1: b > a > d > c")
    for name, outcome in aggregate_all(
        profile.ballots(), majority_theorems.pairwise_blindness().same
    ).items():
        score = outcome.scores
        assert score[[0, 2]] == pytest.approx(score[[1, 3]], abs=1e-6), name


def test_an_irrelevant_alternative_flips_the_winner():
    found = theorems.irrelevant_alternative([0.0, 1.0])
    assert found.names == ("R", "G", "B")
    assert found.reward[1] == pytest.approx([0.617, -0.929, 0.312], abs=6e-4)
    assert np.isnan(found.reward[0, 1])
    assert found.reward[0, 2] - found.reward[0, 0] == pytest.approx(np.log(3 / 2), abs=1e-5)
    assert found.lottery.tolist() == [0, 0, 1]
    assert found.lottery_without.tolist() == [0, 0, 1]
    # R has 2 + 5g of the comparisons, B 3 + 3g.
    assert found.switch == pytest.approx(0.5)


def test_a_unanimous_preference_is_overturned():
    found = theorems.reversed_unanimity([0.01, 0.1])
    assert found.theta[0] == pytest.approx([0.2591, 0.0240], abs=6e-5)
    assert found.gap == pytest.approx([-0.0021, 0.0396], abs=6e-5)
    assert found.unanimous.all()
    assert not theorems.reversed_unanimity(0.01, 0.9).unanimous.any()
    with pytest.raises(InputError):
        theorems.reversed_unanimity(0.01, 2, 1.0)


def test_its_reward_is_the_most_likely_one():
    found = theorems.reversed_unanimity([0.05, 0.2], [1.5, 3.0], [0.3, 0.8])

    def likelihood(k, theta):
        total = 0.0
        for taste, share in zip(theorems.VOTER_UTILITIES, (s := [0.3, 0.8][k], 1 - s), strict=True):
            for a in found.points[k]:
                for b in found.points[k]:
                    if taste @ a > taste @ b:
                        total -= share * np.logaddexp(0, -theta @ (a - b))
        return total

    for k in range(2):
        best = likelihood(k, found.theta[k])
        for step in ([1e-3, 0], [-1e-3, 0], [0, 1e-3], [0, -1e-3]):
            assert likelihood(k, found.theta[k] + np.array(step)) < best


def test_bounds_are_the_published_ones():
    published = {
        "plurality": ("Θ(m²)", "2m − 1"),
        "borda": ("unbounded", "2m − 1"),
        "copeland": ("unbounded", "5"),
        "ranked-pairs": ("unbounded", "Θ(√m)"),
        "schulze": ("unbounded", "Θ(√m)"),
        "plurality-veto": ("grows with voters", "3"),
        "random-ballot": ("Θ(m^1.5)", "3 − 2/n"),
        "stable-lottery": ("Θ(√m)", ""),
        "maximal-lottery": ("unbounded", "3"),
    }
    rows = {row["rule"]: row for row in theorems.published_bounds()}
    for name, (unit_sum, metric) in published.items():
        row = rows[RULES[name].title]
        assert (row["unit-sum utilities"], row["metric"]) == (unit_sum, metric), name


@pytest.mark.parametrize("beta", [0.1, 1.0, 4.0, 10.0])
def test_bounds_for_noisy_voters(beta):
    found = bradley_terry_bounds(beta)
    borda = beta * (1 + np.exp(-beta)) / (1 - np.exp(-beta))
    assert found["borda"] == pytest.approx(borda)
    assert found["copeland"] == pytest.approx(borda)
    assert found["maximal-lottery"] == pytest.approx(beta / 2 / np.tanh(beta / 2))
    assert found["rlhf-at-least"] == pytest.approx(beta)


def test_the_library_counts_as_the_cards_do():
    """Duels and lotteries of the cards against the batched rules."""
    profile = Profile.from_text("1.5: A > B > C\n1: B > C > A\n1: C > A > B")
    outcome = aggregate(profile.ballots(), "maximal-lottery")
    assert outcome.scores == pytest.approx(majority_theorems.condorcet_cycle(1.5).lottery)
