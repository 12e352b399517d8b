"""The figures of the theorem cards against brute force, linear programmes and published numbers."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from scipy.optimize import linprog

from scrl.policies import proportional_policy
from scrl.studies import (
    distortion_theorems,
    majority_sample_theorems,
    manipulation_theorems,
    representation_theorems,
)
from scrl.studies.pairwise_rewards import bradley_terry_rewards, maximal_lottery
from scrl.types import InputError
from scrl.voting import Profile
from scrl.voting.distortion import bradley_terry_bounds, expected_pairwise, metric_worst_case

# -- worst cases ----------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [1.0, 4.0, 10.0])
def test_the_reward_of_many_opponents_is_as_bad_as_stated(beta):
    utility, weight, copies = distortion_theorems.many_opponents(beta)
    assert (weight > 0).all()
    points = expected_pairwise(utility, weight, beta) @ copies
    assert points.argmax() == 0  # and so has the highest reward
    mean = weight @ utility
    stated = float(distortion_theorems.rlhf_distortion(beta))
    assert mean.max() / mean[0] == pytest.approx(stated, rel=0.005)
    bounds = bradley_terry_bounds(beta)
    assert bounds["maximal-lottery"] < stated < bounds["borda"]


@pytest.mark.parametrize(("beta", "kinds"), [(2.0, 2), (4.0, 1), (10.0, 1)])
def test_a_linear_programme_over_all_types_finds_nothing_worse(beta, kinds):
    """Many copies of some kinds of opponents; utilities on a grid; any shares of types."""
    grid = np.unique(np.append(np.linspace(0, 1, 13 if kinds > 1 else 25), 1e-3))
    types = np.array(list(product(grid, repeat=2 + kinds)))

    def points(mine):
        gap = beta * (mine[:, None] - types[:, 2:])
        return (1 / (1 + np.exp(-gap))).mean(1)

    first, better = points(types[:, 0]), points(types[:, 1])
    behind = [better - first, np.full(len(types), 0.5) - first]  # opponents: on average
    solved = linprog(-types[:, 1], A_ub=behind, b_ub=[0, 0], A_eq=types[:, :1].T, b_eq=[1])
    stated = float(distortion_theorems.rlhf_distortion(beta))
    assert 0.99 * stated < -solved.fun < stated * 1.001


def test_the_distortion_of_rlhf_becomes_twice_that_of_nash():
    found = distortion_theorems.rlhf_distortion(np.array([2, 4, 10, 100, 1e4]))
    assert found[:3] == pytest.approx([1.453, 2.680, 8.029], abs=0.003)
    assert (np.diff(found / [2, 4, 10, 100, 1e4]) > 0)[1:].all()
    assert found[-1] > 0.99e4


@pytest.mark.parametrize("beta", [1.0, 5.0, 10.0])
def test_a_shared_opponent_hides_the_better_answer(beta):
    found = distortion_theorems.shared_opponent(beta)
    above = expected_pairwise(found.utility, found.weight, beta)
    compared = np.zeros((3, 3))
    compared[[0, 2, 1, 2], [2, 0, 2, 1]] = 1
    fitted = bradley_terry_rewards(above * compared)
    assert fitted - fitted[2] == pytest.approx(found.reward, abs=1e-4)
    assert found.reward[0] > found.reward[1]
    assert found.reward.argmax() == 2  # without the constraint the best answer is said
    assert above[1, 0] == found.preferred > 0.5  # and so the lottery chooses the other
    mean = found.weight @ found.utility
    assert mean.argmax() == 2
    assert found.distortion == pytest.approx(mean[1] / mean[0])
    assert 0.75 * np.cosh(beta / 2) ** 2 < found.distortion < np.cosh(beta / 2) ** 2


def test_no_population_exceeds_the_limit_of_a_shared_opponent():
    """The worst is a linear programme over the shares of types on a grid of utilities."""
    beta, grid = 3.0, np.linspace(0, 1, 15)
    types = np.array(list(product(grid, repeat=3)))
    lead = np.tanh(beta / 2 * (types[:, 0] - types[:, 2]))
    lead -= np.tanh(beta / 2 * (types[:, 1] - types[:, 2]))
    solved = linprog(-types[:, 1], A_ub=-lead[None], b_ub=[0], A_eq=types[:, 0][None], b_eq=[1])
    assert solved.status == 0
    limit = np.cosh(beta / 2) ** 2
    assert 0.75 * limit < -solved.fun < limit


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_a_walk_along_a_cycle_prefers_what_is_worth_nothing(beta):
    def lead_of_x(steps):
        """The sum of log-odds along the walk, and that of the fitted rewards."""
        worth = np.array([[1, 0.5, 0], [0, 1, 0.5], [0.5, 0, 1]])  # types, answers of the cycle
        utility = np.column_stack([np.zeros(3), worth[:, np.arange(steps + 1) % 3], np.ones(3)])
        above = expected_pairwise(utility, np.ones(3), beta)
        m = steps + 3
        neighbours = np.abs(np.subtract.outer(np.arange(m), np.arange(m))) == 1
        reward = bradley_terry_rewards(above * neighbours)
        odds = np.diag(above, 1) / np.diag(above, -1)
        return np.log(odds).sum(), reward[0] - reward[-1]

    steps = int(distortion_theorems.cycle_steps(beta))
    exact, fitted = lead_of_x(steps)
    assert fitted == pytest.approx(exact, abs=0.01)  # the prior acts on so long a chain
    assert exact > 0 > lead_of_x(steps - 1)[0]


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_two_candidates_against_the_linear_programme(share):
    profile = Profile.from_orders("AB", [[0, 1], [1, 0]], [share, 1 - share])
    chances = np.linspace(0, 1, 7)
    worst = metric_worst_case(profile, np.stack([chances, 1 - chances], -1)).value
    assert distortion_theorems.two_candidate_distortion(share, chances) == pytest.approx(worst)
    best = distortion_theorems.best_lottery(share)
    at_best = distortion_theorems.two_candidate_distortion(share, best)
    grid = distortion_theorems.two_candidate_distortion(share, np.linspace(0, 1, 1001))
    assert at_best <= grid.min() + 1e-12


def test_lists_beat_three():
    worst = [distortion_theorems.worst_list_distortion(n)[1] for n in (1, 2, 3, 8)]
    assert worst[:3] == pytest.approx([3, 1 + np.sqrt(2), 7 / 3], abs=1e-4)
    assert 2 < worst[3] < 2.12
    assert distortion_theorems.cycle_list_distortion() == pytest.approx([3, 2.5, 2])


# -- majorities of random voters ------------------------------------------------------------------


def cycles_by_search(beats):
    """Whether no order of the answers agrees with every majority."""
    m = len(beats)
    return not any(
        all(beats[a, b] for a, b in combinations(order, 2)) for order in permutations(range(m))
    )


def test_cycles_against_a_search_for_an_order():
    utility = majority_sample_theorems.normal_utilities(0.2, 5, populations=60, voters=5, seed=1)
    found = majority_sample_theorems.cycle_chances(utility)
    beats = majority_sample_theorems.win_counts(utility) > 2.5
    for i, m in enumerate(found.answers):
        expected = np.mean([cycles_by_search(b[:m, :m]) for b in beats])
        assert found.cycle[i] == pytest.approx(expected)


def test_cycles_of_three_answers_are_as_often_as_published():
    """Gehrlein 1983: 1 in 18 for three voters; 8.43 % for 25."""
    for voters, published in ((3, 1 / 18), (25, 0.0843)):
        utility = majority_sample_theorems.normal_utilities(0, 3, 20_000, voters)
        cycle = majority_sample_theorems.cycle_chances(utility).cycle[1]
        assert cycle == pytest.approx(published, abs=0.006)


def test_many_answers_make_a_cycle_certain_unless_tastes_lie_on_a_line():
    found = majority_sample_theorems.cycle_chances(majority_sample_theorems.normal_utilities(0, 20))
    assert (np.diff(found.cycle) >= 0).all()
    assert found.cycle[[8, 18]] == pytest.approx([0.986, 1.0], abs=0.005)
    assert found.no_winner[18] < 0.7
    line = majority_sample_theorems.cycle_chances(majority_sample_theorems.line_utilities(20))
    assert (line.cycle == 0).all()
    with pytest.raises(InputError):
        majority_sample_theorems.normal_utilities(0, 3, voters=4)


def test_the_condition_makes_bradley_terry_choose_the_majority_winner():
    found = majority_sample_theorems.consistency(np.array([0.0, 0.5, 0.9]))
    assert (found.agrees_where_leads == 1).all()
    assert (found.agrees_majority == 1).all()
    assert found.agrees == pytest.approx([0.85, 0.95, 0.987], abs=0.015)
    assert (found.leads < found.agrees).all()
    counts = majority_sample_theorems.win_counts(
        majority_sample_theorems.normal_utilities(0.5, 4, 100)
    )
    beats = counts > 12
    for won, row in zip(counts, beats, strict=True):
        if row.sum(1).max() < 3:
            continue
        w = int(row.sum(1).argmax())
        leads = all(won[w, c] >= won[b, c] for b in range(4) for c in range(4) if c not in (w, b))
        assert majority_sample_theorems.leads_everywhere(won[None], np.array([w]))[0] == leads
        if leads:
            assert bradley_terry_rewards(won.astype(float)).argmax() == w


def test_a_majority_winner_need_not_have_the_highest_reward():
    worst, points = majority_sample_theorems.inconsistent_reward()
    assert worst[0] > 0.5
    assert points.argmax() == 1


# -- clones and liars -----------------------------------------------------------------------------


def test_clone_rewards_are_those_of_all_answers_fitted_apart():
    """Every wording is an answer of its own, with its own weight."""
    similarity = manipulation_theorems.stated_similarity()
    for given in (None, similarity):
        found = manipulation_theorems.clone_rewards(given)
        for k in (1, 4, 7):
            kind = np.array([0, 1] + [2] * k)
            near = np.eye(2 + k) if given is None else given[: 2 + k, : 2 + k]
            weight = 1 / near.sum(1)
            duels = np.array([[0.5, 0.7, 0.7], [0.3, 0.5, 0.8], [0.3, 0.2, 0.5]])
            won = duels[kind[:, None], kind] * weight[:, None] * weight
            reward = bradley_terry_rewards(won * (1 - np.eye(2 + k)))
            gap = found.reward[k - 1, 0] - found.reward[k - 1, 1]
            assert reward[0] - reward[1] == pytest.approx(gap, abs=1e-5)


def test_clones_change_the_winner_and_weights_of_near_answers_undo_it():
    plain = manipulation_theorems.clone_rewards().reward
    assert plain[3, 0] == pytest.approx(plain[3, 1], abs=1e-6)
    assert ((plain[:, 0] > plain[:, 1] + 1e-6) == (np.arange(1, 11) < 4)).all()
    exact = (manipulation_theorems.stated_similarity() > 0.5).astype(float)
    weighted = manipulation_theorems.clone_rewards(exact).reward
    assert weighted == pytest.approx(np.broadcast_to(weighted[0], weighted.shape), abs=1e-6)
    near = manipulation_theorems.without_small(manipulation_theorems.stated_similarity())
    reward = manipulation_theorems.clone_rewards(near).reward
    assert (reward[:, 0] > reward[:, 1] + 0.3).all()


def test_one_liar_rules_a_mean_and_not_a_median():
    found = manipulation_theorems.one_liar([9, 51], populations=400)
    assert (found.lied["mean"] > 0.45).all()
    assert found.lied["median"][1] < 0.04
    assert found.lied["limited mean"][1] < 0.04
    assert (found.lied["pessimistic median"] < found.lied["median"] + 0.005).all()
    assert (found.gains["median"] > 0).all()  # so the median is not strategy-proof
    assert manipulation_theorems.dictator_ratio(9) == pytest.approx((9, 9), abs=0.01)
    with pytest.raises(InputError):
        manipulation_theorems.one_liar([4])


def test_no_report_moves_a_median_or_a_mean_further():
    """The ranges that a liar is given, against many reports."""
    rng = np.random.default_rng(3)
    measured = rng.random((1, 5, 4))
    ranges = manipulation_theorems._score_ranges(measured)
    for report in rng.uniform(-50, 50, (500, 4)):
        moved = measured.copy()
        moved[0, 0] = report
        for rule, score in (
            ("median", np.median(moved, axis=1)),
            ("limited mean", np.clip(moved, 0, 1).mean(1)),
        ):
            _, low, high = ranges[rule]
            assert (low - 1e-12 <= score).all()
            assert (score <= high + 1e-12).all()


# -- ensembles, proportions, types ----------------------------------------------------------------


def test_small_ensembles_are_nearly_the_best_ones():
    """Against every pair of orders of four answers."""
    orders = np.array(list(permutations(range(4))))
    splits = representation_theorems.pair_splits(
        np.argsort(np.argsort(np.random.default_rng(0).random((8, 30, 4))))
    ).mean(1)
    features = representation_theorems.pair_splits(orders)
    pairs = (features[:, None] + features).reshape(-1, 6) / 2
    _, reached = representation_theorems.calibrate(splits, 4, 8)
    error = ((reached - splits[:, None]) ** 2).mean(-1)
    for p, split in enumerate(splits):
        assert error[p, 0] == pytest.approx(((features - split) ** 2).mean(1).min())
        assert error[p, 1] >= ((pairs - split) ** 2).mean(1).min() - 1e-12
    assert (error[:, 7] < (splits * (1 - splits)).mean(1) / 8).all()


def test_four_rewards_match_the_splits_and_so_do_the_chances_of_one():
    found = representation_theorems.calibration()
    assert found.error[[0, 3, 11]] == pytest.approx([0.331, 0.085, 0.028], abs=0.003)
    assert (found.error < found.sampled).all()
    assert found.bradley_terry == pytest.approx(0.063, abs=0.003)


def test_half_of_the_people_are_erased_or_served():
    found = representation_theorems.half_erased([0.3, 0.49, 0.51, 0.7])
    assert found.rlhf.tolist() == [0, 0, 1, 1]
    assert found.nash == pytest.approx(found.rlhf)
    assert found.proportional == pytest.approx(found.share)
    assert found.tilted == pytest.approx(found.share, abs=1e-5)
    assert found.compromise[2] == pytest.approx([0.51 / 1.49, 0.49 / 1.49, 0.49 / 1.49])


def test_a_proportional_policy_serves_every_group_by_its_guarantee():
    """A share s with an answer on top gets s / Σu; and the policy is the stated limit."""
    rng = np.random.default_rng(5)
    place = np.argsort(np.argsort(rng.random((50, 9, 4))))
    above = (place[:, :, :, None] < place[:, :, None]).mean(1)
    policy = proportional_policy(above)
    assert policy.sum(-1) == pytest.approx(np.ones(50))
    top = (place == 0).mean(1)
    bound = np.where(np.eye(4, dtype=bool), 2, above).min(-1)
    assert (bound >= top - 1e-12).all()
    assert (policy >= top / bound.sum(-1, keepdims=True) - 1e-12).all()
    winner = (above > 0.5).sum(-1).argmax(-1)
    clear = (above > 0.5).sum(-1).max(-1) == 3
    sharp = proportional_policy(above, 200.0)
    assert (sharp[clear, winner[clear]] > 0.99).all()
    assert [maximal_lottery(a).argmax() for a in above[clear][:5]] == winner[clear][:5].tolist()


@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_triples_tell_opposite_camps_and_pairs_do_not(strength):
    strengths = np.linspace(0, 6, 121)
    found = representation_theorems.triple_evidence(strength, strengths)
    assert found.pairs == pytest.approx(np.zeros(121), abs=1e-9)
    assert strengths[found.triples.argmax()] == pytest.approx(strength)
    assert found.middle == pytest.approx(1 / (1 + 2 * np.cosh(strength)))
    utility = strength * np.array([-1, 0, 1])
    noise = np.random.default_rng(0).gumbel(size=(200_000, 3))
    camp = np.where(np.arange(200_000) % 2, 1, -1)[:, None]
    drawn = np.bincount((camp * utility + noise).argmax(1), minlength=3) / 200_000
    assert representation_theorems.choice_chances(strength, [-1, 0, 1]) == pytest.approx(
        drawn, abs=0.004
    )


def test_the_blind_populations_agree_in_triples_as_well():
    def triples(orders):
        return sorted(
            "".join(c for c in order if c in kept)
            for order in orders for kept in combinations("abcd", 3)
        )  # fmt: skip

    assert triples(("abcd", "badc")) == triples(("bacd", "abdc"))


# -- slates ---------------------------------------------------------------------------------------


def ignored_by_loops(ratings, slate):
    most = 0
    for level in range(5):
        for statement in ratings.T:
            group = [
                v for v, r in enumerate(statement)
                if r >= level and max(ratings[v, s] for s in slate) < level
            ]  # fmt: skip
            most = max(most, len(group))
    return most


@pytest.mark.parametrize("seed", range(4))
def test_a_representative_slate_ignores_no_group(seed):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, 5, (24, 7))
    for size in range(1, 8):
        slate = representation_theorems.representative_slate(ratings, size)
        assert len(set(slate.tolist())) == size
        ignored = representation_theorems.largest_ignored_group(ratings, slate)
        assert ignored == ignored_by_loops(ratings, slate)
        assert ignored * size < 24
    with pytest.raises(InputError):
        representation_theorems.representative_slate(ratings, 8)


def test_the_highest_means_speak_for_the_majority_only():
    ratings, kind, _ = representation_theorems.slate_ratings()
    mean = representation_theorems.mean_slate(ratings, 4)
    slate = representation_theorems.representative_slate(ratings, 4)
    heard = [representation_theorems.spoken_for(ratings, s) for s in (mean, slate)]
    assert [h.mean() for h in heard] == pytest.approx([0.60, 0.99])
    assert not heard[0][kind > 0].any()
    assert representation_theorems.largest_ignored_group(ratings, mean) == 29  # 25 may claim one


def test_justified_representation_by_an_independent_checker():
    abcvoting = pytest.importorskip("abcvoting.properties")
    from abcvoting.preferences import Profile

    ratings, _, _ = representation_theorems.slate_ratings()
    profile = Profile(ratings.shape[1])
    profile.add_voters([np.flatnonzero(row >= 3).tolist() for row in ratings])
    for size in (2, 4, 6):
        slate = representation_theorems.representative_slate(ratings, size)
        assert abcvoting.check_JR(profile, set(slate.tolist()))
        mean = representation_theorems.mean_slate(ratings, size)
        expected = representation_theorems.spoken_for(ratings, mean)
        left = ((ratings >= 3) & ~expected[:, None]).sum(0).max() * size < len(ratings)
        assert abcvoting.check_JR(profile, set(mean.tolist())) == left
