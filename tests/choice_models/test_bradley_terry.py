"""Exact Bradley–Terry scores against published figures, choix and the theorem on Borda."""

from __future__ import annotations

import json
from itertools import combinations, pairwise
from pathlib import Path

import choix
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.choice_models import PairCounts, davidson, fit_bradley_terry, fit_pair_counts, pair_counts
from scrl.choice_models import bradley_terry as bt
from scrl.choice_models import plackett_luce as pl
from scrl.data import parse_ratings
from scrl.scenarios import expected_pair_weights, load_scenario, sample, with_overrides
from scrl.types import InputError

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
RATERS = 10_000


def ratings_of(*ballots: tuple[str, list, float], missing=None):
    """Ratings from (prompt, places, weight), a rater each."""
    lines = [
        json.dumps({"rater": f"r{i}", "prompt": p, "ranking": places, "weight": w})
        for i, (p, places, w) in enumerate(ballots)
    ]
    return parse_ratings("\n".join(lines).encode(), "ballots.jsonl", missing)


def by_name(catalogue, values, prompt=0) -> dict[str, float]:
    items = slice(*catalogue.offsets[prompt : prompt + 2])
    return dict(zip(catalogue.names(prompt), values[items], strict=True))


# -- published figures ----------------------------------------------------------------------------

PUBLISHED = {
    "complete": dict(Chattanooga=0.477, Knoxville=0.389, Nashville=0.302, Morristown=-0.470,
                     Memphis=-0.698),
    "incomplete": dict(Chattanooga=0.804, Knoxville=0.426, Nashville=0.736, Morristown=-1.754,
                       Memphis=-0.213),
    "four": dict(Nashville=0.462, Chattanooga=0.239, Memphis=-0.249, Knoxville=-0.451),
}  # fmt: skip


@pytest.mark.parametrize("case", PUBLISHED)
def test_tennessee_to_three_decimals(case):
    name = "tennessee-four" if case == "four" else "tennessee-morristown"
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    if case == "complete":
        everyone = {t: {"best": {"Morristown": 1.0}} for t in scenario.types}
        scenario = with_overrides(scenario, includes=everyone)
    wins = RATERS * expected_pair_weights(scenario)[0]
    found = by_name(scenario.catalogue, fit_bradley_terry(wins))
    assert found == pytest.approx(PUBLISHED[case], abs=6e-4)


def test_a_sample_of_raters_scores_near_its_expectation():
    scenario = load_scenario(SCENARIOS / "tennessee-morristown.yaml")
    ratings = sample(scenario, 0).ratings
    found = fit_pair_counts(pair_counts(ratings), ratings.catalogue.offsets)
    assert by_name(ratings.catalogue, found) == pytest.approx(PUBLISHED["incomplete"], abs=0.06)


def test_an_irrelevant_alternative_decides():
    with_green = [("p", [["R"], ["G"], ["B"]], 2000.0), ("p", [["B"], ["R"], ["G"]], 3000.0)]
    r = ratings_of(*with_green)
    found = by_name(r.catalogue, fit_pair_counts(pair_counts(r), r.catalogue.offsets))
    assert found == pytest.approx({"R": 0.617, "B": 0.312, "G": -0.929}, abs=6e-4)
    r = ratings_of(("p", [["R"], ["B"]], 2000.0), ("p", [["B"], ["R"]], 3000.0))
    found = by_name(r.catalogue, fit_pair_counts(pair_counts(r), r.catalogue.offsets))
    assert found["B"] - found["R"] == pytest.approx(np.log(3 / 2), abs=1e-3)


def test_a_cycle_scores_nothing():
    cycle = (("p", [[c] for c in order], 1.0) for order in ("ABC", "BCA", "CAB"))
    r = ratings_of(*cycle)
    np.testing.assert_allclose(fit_pair_counts(pair_counts(r), r.catalogue.offsets), 0, atol=1e-9)


# -- oracles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("prior_sd", [1.0, 10.0])
def test_choix_finds_the_same_on_random_comparisons(seed, prior_sd):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(2, 9))
    pairs = [tuple(rng.choice(m, 2, replace=False)) for _ in range(int(rng.integers(1, 60)))]
    wins = np.zeros((m, m))
    np.add.at(wins, tuple(np.array(pairs).T), 1)
    # Its penalty is alpha ‖r‖², without the half.
    wanted = choix.opt_pairwise(m, pairs, alpha=0.5 / prior_sd**2, method="BFGS", tol=1e-9)
    np.testing.assert_allclose(fit_bradley_terry(wins, prior_sd), wanted, atol=2e-4)


def slope(counts: PairCounts, reward: np.ndarray, prior_sd: float) -> np.ndarray:
    """The gradient of the log posterior, pair by pair."""
    found = -reward / prior_sd**2
    for a, b, wins, losses in zip(*vars(counts).values(), strict=True):
        chance = 1 / (1 + np.exp(reward[b] - reward[a]))
        found[a] += wins - (wins + losses) * chance
        found[b] -= wins - (wins + losses) * chance
    return found


@st.composite
def ballots(draw):
    """Ballots on three prompts of different size: incomplete, tied, weighted; some say nothing."""
    names = {"p": "abcd", "q": "abcdefg", "r": "xy"}
    listed = [(p, [[c] for c in completions], 1.0) for p, completions in names.items()]
    for _ in range(draw(st.integers(0, 12))):
        prompt = draw(st.sampled_from("pqr"))
        ranked = draw(st.lists(st.sampled_from(names[prompt]), min_size=1, unique=True))
        places = [[ranked[0]]]
        for c in ranked[1:]:
            if draw(st.booleans()):
                places.append([c])
            else:
                places[-1].append(c)
        listed.append((prompt, places, draw(st.sampled_from([0.5, 1.0, 3.0, 1000.0]))))
    return listed


@settings(deadline=None, max_examples=60)
@given(ballots(), st.sampled_from(["pair", "ballot"]))
def test_the_slope_is_nothing_at_the_optimum(listed, weighting):
    r = ratings_of(*listed)
    counts = pair_counts(r, weighting)
    reward = fit_pair_counts(counts, r.catalogue.offsets, prior_sd=5.0)
    assert np.isfinite(reward).all()
    total = counts.wins_first.sum() + counts.wins_second.sum()
    np.testing.assert_allclose(slope(counts, reward, 5.0), 0, atol=1e-8 * (1 + total))
    for start, stop in pairwise(r.catalogue.offsets):
        assert reward[start:stop].sum() == pytest.approx(0, abs=1e-7)


@settings(deadline=None, max_examples=60)
@given(ballots(), st.sampled_from(["pair", "ballot"]), st.sampled_from(["unseen", "last"]))
def test_pairs_are_counted_as_by_hand(listed, weighting, missing):
    r = ratings_of(*listed, missing=missing).with_absent_resolved()
    counts = pair_counts(r, weighting)
    wanted: dict[tuple[str, str, str], float] = {}
    names = {p: set(r.catalogue.names(i)) for i, p in enumerate(r.catalogue.prompts)}
    for prompt, places, w in listed:
        place = {c: i for i, tied in enumerate(places) for c in tied}
        if missing == "last":
            place |= dict.fromkeys(names[prompt] - place.keys(), len(places))
        pairs = list(combinations(place, 2))
        w = w / len(pairs) if weighting == "ballot" and pairs else w
        for a, b in pairs:
            half = 0.5 * (1 + np.sign(place[b] - place[a]))
            for winner, loser, wins in ((a, b, half * w), (b, a, (1 - half) * w)):
                key = (prompt, winner, loser)
                wanted[key] = wanted.get(key, 0.0) + wins
    found = {}
    c = r.catalogue
    label = [
        (c.prompts[p], c.completions[m]) for p, m in zip(c.item_prompt, c.members, strict=True)
    ]
    for a, b, wins, losses in zip(*vars(counts).values(), strict=True):
        assert a < b
        assert (a, b) not in found
        found[(label[a][0], label[a][1], label[b][1])] = wins
        found[(label[a][0], label[b][1], label[a][1])] = losses
    assert found == pytest.approx(wanted)


def test_ties_count_half_each_way():
    r = ratings_of(("p", [["a", "b"]], 2.0), ("p", [["a"], ["b"]], 1.0))
    counts = pair_counts(r)
    assert counts.wins_first.tolist() == [2.0]
    assert counts.wins_second.tolist() == [1.0]
    found = by_name(r.catalogue, fit_pair_counts(counts, r.catalogue.offsets, 1e3))
    assert found["a"] - found["b"] == pytest.approx(np.log(2), abs=1e-4)


def test_a_ballots_weight_is_its_own_or_one_a_pair():
    """Three short ballots outweigh five long ones where a long one's six pairs share its weight."""
    r = ratings_of(("p", [["a"], ["b"], ["c"], ["d"]], 5.0), ("p", [["b"], ["a"]], 3.0))
    gap = {}
    for weighting in ("pair", "ballot"):
        found = fit_pair_counts(pair_counts(r, weighting), r.catalogue.offsets)
        found = by_name(r.catalogue, found)
        gap[weighting] = found["a"] - found["b"]
    assert gap["pair"] > 0 > gap["ballot"]


# -- awkward data ---------------------------------------------------------------------------------


def test_an_unbeaten_completion_scores_finitely_and_first():
    wins = np.triu(np.full((4, 4), 1e6), 1)
    found = fit_bradley_terry(wins)
    assert np.isfinite(found).all()
    assert (np.diff(found) < -1).all()
    assert np.abs(found).max() < 60


def test_what_was_never_compared_scores_nothing():
    r = ratings_of(
        ("p", [["a"], ["b"]], 5.0), ("p", [["b"], ["a"]], 2.0),
        ("p", [["c"], ["d"]], 9.0), ("p", [["d"], ["c"]], 1.0), ("p", [["alone"]], 1.0),
    )  # fmt: skip
    found = by_name(r.catalogue, fit_pair_counts(pair_counts(r), r.catalogue.offsets))
    assert found["alone"] == 0.0
    assert found["a"] + found["b"] == pytest.approx(0, abs=1e-9)
    assert found["a"] - found["b"] == pytest.approx(np.log(5 / 2), abs=0.02)
    assert found["c"] - found["d"] == pytest.approx(np.log(9), abs=0.05)


def test_no_comparison_at_all():
    r = ratings_of(("p", [["a"]], 1.0), ("p", [["b"]], 1.0))
    np.testing.assert_array_equal(fit_pair_counts(pair_counts(r), r.catalogue.offsets), [0, 0])


def test_prompts_do_not_meet():
    """A prompt's scores are the same beside others, however many are solved at once."""
    rng = np.random.default_rng(0)
    listed = []
    for p in range(30):
        names = [f"c{i}" for i in range(2 + p % 7)]
        listed += [(f"p{p}", [[c] for c in rng.permutation(names)], 1.0) for _ in range(5)]
    r = ratings_of(*listed)
    together = fit_pair_counts(pair_counts(r), r.catalogue.offsets)
    for p in (0, 7, 29):
        alone = ratings_of(*(b for b in listed if b[0] == f"p{p}"))
        found = by_name(
            alone.catalogue, fit_pair_counts(pair_counts(alone), alone.catalogue.offsets)
        )
        assert by_name(r.catalogue, together, p) == pytest.approx(found, abs=1e-9)


# -- Bradley–Terry is Borda -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_with_all_pairs_equally_often_the_order_is_bordas(seed):
    """Siththaranjan, Laidlaw & Hadfield-Menell 2023, theorem 3.1; ties are ties."""
    rng = np.random.default_rng(seed)
    voters, m = rng.integers(2, 9), rng.integers(3, 7)
    rank = np.array([rng.permutation(m) for _ in range(voters)])
    if seed % 2:
        rank = rank // 2  # tied ballots
    gap = np.sign(rank[:, None, :] - rank[:, :, None])
    wins = (0.5 * (1 + gap)).sum(0) * (1 - np.eye(m))
    borda, reward = wins.sum(1), fit_bradley_terry(100 * wins)
    np.testing.assert_array_equal(
        np.sign(np.round(reward[:, None] - reward[None, :], 7)),
        np.sign(borda[:, None] - borda[None, :]),
    )


def test_learned_reward_falls_where_expected_utility_does_not():
    """Utility a below .8, else 2a or 0 by chance: the order that the theorem's authors draw."""
    a = np.linspace(0.01, 0.99, 30)
    outcomes = [np.array([x, x]) if x < 0.8 else np.array([2 * x, 0.0]) for x in a]
    beats = lambda x, y: (0.5 * (1 + np.sign(x[:, None] - y[None, :]))).mean()  # noqa: E731
    wins = np.array([[beats(x, y) for y in outcomes] for x in outcomes])
    np.fill_diagonal(wins, 0.0)
    reward = fit_bradley_terry(1000 * wins)
    sure, unsure = np.flatnonzero(a < 0.8), np.flatnonzero(a >= 0.8)
    assert (np.diff(reward[sure]) > 0).all()
    assert (np.diff(reward[unsure]) > 0).all()
    assert reward[unsure].max() < reward[sure[-1]] - 0.5


# -- many fits at once ----------------------------------------------------------------------------


def resamples(seed: int, fits: int, items: int, each: int) -> np.ndarray:
    """Tables of wins drawn anew from one table."""
    rng = np.random.default_rng(seed)
    reward = rng.normal(size=items)
    chance = 1 / (1 + np.exp(reward[None, :] - reward[:, None]))
    upper = np.triu(rng.binomial(each, chance, (fits, items, items)), 1)
    return (upper + np.triu(each - upper, 1).swapaxes(1, 2)).astype(float)


@pytest.mark.parametrize(("items", "each"), [(2, 200), (5, 400), (20, 200), (20, 15)])
def test_resamples_fitted_together_are_each_its_own_fit(items, each):
    """The gradient of each is zero to rounding, and a fit of one table finds the same."""
    wins = resamples(items, 70, items, each)
    keep = [i for i in range(70) if np.isfinite(alone(wins[i])).all()]
    found = fit_bradley_terry(wins[keep], np.inf)
    chance = 1 / (1 + np.exp(found[:, None, :] - found[:, :, None]))
    met = wins[keep] + wins[keep].swapaxes(1, 2)
    slope = wins[keep].sum(2) - (met * chance).sum(2)
    assert np.abs(slope).max() < 1e-9 * each * items
    np.testing.assert_allclose(found, [alone(wins[i]) for i in keep], atol=1e-9)
    assert len(keep) > 40


def alone(wins: np.ndarray) -> np.ndarray:
    """The fit of one table, NaN where it has no maximum."""
    try:
        return fit_bradley_terry(wins, np.inf)
    except InputError:
        return np.full(len(wins), np.nan)


def test_unlike_tables_fitted_together_are_each_its_own_fit():
    """Tables that are no resamples of one: the fast method does not apply."""
    rng = np.random.default_rng(0)
    scale = 10.0 ** rng.integers(-2, 6, (100, 1, 1))
    wins = scale * rng.exponential(size=(100, 6, 6)) ** 4 * (1 - np.eye(6))
    found = fit_bradley_terry(wins, np.inf)
    np.testing.assert_allclose(found, [alone(table) for table in wins], atol=1e-9)


def test_lists_of_pairs_are_read_as_numpy_reads_them():
    rng = np.random.default_rng(0)
    for largest in (3, 255, 256, 70_000):
        first = rng.integers(0, largest, 40)
        array = np.stack([first, (first + 1) % (largest + 1)], axis=1)
        for kind in (tuple, list):
            read = bt._as_pair_array([kind(pair) for pair in array.tolist()])
            np.testing.assert_array_equal(read, array)
        numbers = [tuple(pair) for pair in array]  # of NumPy's type
        np.testing.assert_array_equal(bt._as_pair_array(numbers), array)
    mixed = [(0, 1), [1, 2], (2, 0)]
    np.testing.assert_array_equal(bt._as_pair_array(mixed), mixed)
    assert bt.count_wins(mixed)[1, 2] == 1
    for wrong in ([(0, 1), (1, 2, 3)], [(0, 1, 2)], [(0, 1.0)], [(0, "1")], [0, 1], [(0, None)]):
        with pytest.raises(InputError, match="pairs of whole numbers"):
            bt.count_wins(wrong)


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        (
            lambda: fit_bradley_terry(np.array([[0, np.nan], [1, 0]])),
            "wins of item 0 against item 1",
        ),
        (lambda: fit_bradley_terry(np.array([[0, 1], [-1, 0]])), "wins of item 1 against item 0"),
        (lambda: fit_bradley_terry(np.array([[0, np.inf], [1, 0]])), "no finite number"),
        (lambda: fit_bradley_terry(np.ones((2, 3))), "no square matrix"),
        (lambda: fit_bradley_terry(np.ones((2, 2)), 0), "prior_sd is 0"),
        (lambda: fit_bradley_terry(np.ones((2, 2)), -1.0), "prior_sd is -1"),
        (lambda: fit_bradley_terry(np.ones((2, 2)), np.nan), "prior_sd is nan"),
        (lambda: fit_bradley_terry(np.diag([1.0, 1.0], 1), np.inf), "'item 2' never won"),
        (lambda: bt.count_wins([]), "There are no comparisons"),
        (lambda: bt.count_wins([(0, 2**40)]), "are too large"),
        (lambda: pl.fit_rankings([]), "There are no rankings"),
        (lambda: pl.fit_rankings([[0, 1]], weight=[1, 2]), "give one for each"),
        (lambda: pl.fit_rankings([[0, 1]], prior_sd=0), "prior_sd is 0"),
        (lambda: pl.fit_rankings([[0, 1], [2, 1]], prior_sd=np.inf), "'item 1' never won"),
        (lambda: davidson.fit_davidson(np.ones((1, 2, 2)), -np.ones((1, 2, 2))), "ties of item 0"),
        (
            lambda: davidson.fit_davidson(np.ones((1, 2, 2)), np.triu(np.ones((1, 2, 2)))),
            "symmetric",
        ),
        (lambda: davidson.fit_davidson(np.ones((2, 2)), np.ones((2, 2))), "prompts, items, items"),
        (lambda: davidson.fit_davidson(*np.ones((2, 1, 2, 2)), np.inf), "prior_sd is inf"),
    ],
)
def test_bad_counts_get_one_sentence(fit, said):
    with pytest.raises(InputError, match=said):
        fit()


def test_no_data_are_no_rewards():
    assert fit_bradley_terry(np.zeros((0, 0))).shape == (0,)
    assert fit_bradley_terry(np.zeros((0, 3, 3)), np.inf).shape == (0, 3)
    assert bt.fit_comparisons([], items=3).tolist() == [0, 0, 0]
