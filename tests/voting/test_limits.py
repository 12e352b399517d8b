"""What only awkward input shows: rounding that looks like a victory, ballots that say nothing,
more contests than are counted at once, and prompts of a hundred different sizes."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.choice_models import bradley_terry as bt
from scrl.types import Ballots, Catalogue, InputError, Ratings
from scrl.voting import (
    RULES,
    aggregate,
    aggregate_all,
    compiled_counting,
    count_ratings,
    counting,
)  # fmt: skip
from scrl.voting.rules.lotteries import maximal_lottery

#: Rules that see no difference between the first two of three places.
BLUNT = {"anti-plurality", "2-approval", "3-approval"}
ALL = RULES.ordinal


def unlike(prompts: int, seed: int, absent: str = "unseen") -> Ratings:
    """Ratings on prompts with 2 to 9 completions and 1 to 150 ballots each, tied, incomplete and
    weighted."""
    rng = np.random.default_rng(seed)
    offered = rng.integers(2, 10, prompts)
    offsets = np.concatenate([[0], np.cumsum(offered)])
    cast = np.exp(rng.uniform(0, np.log(150), prompts)).astype(int)
    prompt = rng.permutation(np.repeat(np.arange(prompts), cast))
    sizes = rng.integers(2, offered[prompt] + 1)
    completion, rank = [], []
    for p, size in zip(prompt, sizes, strict=True):
        completion.append(offsets[p] + rng.permutation(offered[p])[:size])
        place = rng.integers(0, size, size)
        rank.append(np.unique(place, return_inverse=True)[1])
    catalogue = Catalogue(
        tuple(f"p{i}" for i in range(prompts)),
        tuple(f"c{i}" for i in range(offsets[-1])),
        np.arange(offsets[-1]),
        offsets,
    )
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(len(prompt))), np.arange(len(prompt)), prompt,
        rng.integers(1, 5, len(prompt)), np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate(completion), np.concatenate(rank), absent,
    )  # fmt: skip


# -- ties and lotteries ---------------------------------------------------------------------------


def test_a_duel_tied_but_for_rounding_is_tied():
    """.1 + .2 and .3 differ in the last bit."""
    ballots = Ballots(np.array([[1, 0], [1, 0], [0, 1]]), weight=np.array([0.1, 0.2, 0.3]))
    for rule, found in aggregate_all(ballots, ALL).items():
        assert found.place.tolist() == [0, 0], rule
    assert aggregate(ballots, "maximal-lottery").scores == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("kind", ["tournament", "tournament with ties", "few voters", "margins"])
def test_a_maximal_lottery_loses_to_nobody(kind):
    """Also where the system behind it is degenerate, on which solvers have stopped early."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        m = int(rng.integers(3, 13))
        if kind == "few voters":
            utility = rng.normal(size=(rng.integers(2, 8), m))
            duel = np.sign(utility[:, :, None] - utility[:, None, :]).mean(0)
        elif kind == "margins":
            duel = rng.uniform(-1, 1, (m, m))
        else:
            duel = rng.choice([-1.0, 1.0] if kind == "tournament" else [-1.0, 0.0, 1.0], (m, m))
        margin = np.triu(duel, 1) - np.triu(duel, 1).T
        p = maximal_lottery(0.5 + 0.5 * margin)
        assert p.sum() == pytest.approx(1)
        assert (p >= 0).all()
        assert (p @ margin).min() > -1e-8


@pytest.mark.parametrize("rule", [r for r, rule in RULES.items() if rule.reads == "pairwise"])
def test_rules_that_say_they_read_duels_read_nothing_else(rule):
    """½ abcd + ½ badc and ½ bacd + ½ abdc have the same duels."""

    def rank(order):
        return [-order.index(c) for c in "abcd"]

    one = aggregate(Ballots(np.array([rank("abcd"), rank("badc")])), rule)
    other = aggregate(Ballots(np.array([rank("bacd"), rank("abdc")])), rule)
    np.testing.assert_array_equal(one.place, other.place)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-12)


def test_some_rules_read_duels_and_some_whole_ballots():
    assert {rule.reads for rule in RULES.values()} == {"pairwise", "profile", "utility"}


# -- ballots that say nothing ---------------------------------------------------------------------


def test_ballots_that_rank_nobody_cannot_be_counted():
    ballots = Ballots(np.zeros((2, 3)), np.zeros((2, 3), bool))
    with pytest.raises(InputError, match="ranks any of its candidates"):
        aggregate(ballots, "borda")


def test_a_contest_needs_a_candidate():
    standing = np.array([[True, True], [False, False]])
    with pytest.raises(InputError, match="no candidates"):
        aggregate(Ballots(np.zeros((2, 1, 2)), candidates=standing), "plurality")


def test_a_sole_candidate_wins():
    for rule, found in aggregate_all(Ballots(np.zeros((3, 1))), ALL).items():
        assert found.place.tolist() == [0], rule
        assert np.isfinite(found.scores).all(), rule


# -- types and sizes ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_whole_numbers_beyond_double_precision_are_not_rounded_into_ties(dtype):
    ballots = Ballots(np.array([[2**60, 2**60 + 1, 0]], dtype))
    for rule, found in aggregate_all(ballots, ALL).items():
        assert found.place[1] == 0, rule
        assert found.place[0] > 0 or rule in BLUNT, rule


def test_the_least_whole_number_is_a_utility_like_any_other():
    least = np.iinfo(np.int8).min
    ballots = Ballots(np.array([[least, least, 5]], np.int8), np.array([[True, True, False]]))
    assert aggregate(ballots, "plurality").scores == pytest.approx([0.5, 0.5, 0.0])


def test_contests_counted_in_groups_are_those_counted_at_once(monkeypatch):
    monkeypatch.setattr(counting, "MAX_HOST_CONTESTS", 0)
    rng = np.random.default_rng(0)
    ballots = Ballots(rng.integers(0, 4, (11, 20, 4)), weight=rng.random((11, 20)))
    rules = ["borda", "instant-runoff", "ranked-pairs"]
    whole = aggregate_all(ballots, rules)
    monkeypatch.setattr(compiled_counting, "CELLS", 300)
    for rule, found in aggregate_all(ballots, rules).items():
        np.testing.assert_array_equal(found.place, whole[rule].place)
        np.testing.assert_allclose(found.scores, whole[rule].scores, atol=1e-12)


@pytest.mark.parametrize("absent", ["unseen", "last"])
def test_many_unlike_prompts_are_counted_by_few_programs_and_as_one_by_one(absent):
    rules = ["borda", "instant-runoff"]
    ratings = unlike(150, 0, absent)
    before = compiled_counting.TRACES.total()
    found = count_ratings(ratings, rules)
    assert compiled_counting.TRACES.total() - before <= 8
    for p in (0, 149):
        alone = count_ratings(only(ratings, p), rules)[f"p{p}"]
        for rule in rules:
            np.testing.assert_array_equal(found[f"p{p}"][rule].place, alone[rule].place)
            np.testing.assert_allclose(found[f"p{p}"][rule].scores, alone[rule].scores, atol=1e-9)


def only(r: Ratings, p: int) -> Ratings:
    """A prompt's ballots, in a catalogue of that prompt alone."""
    start, stop = r.catalogue.offsets[p : p + 2]
    catalogue = Catalogue(
        (r.catalogue.prompts[p],), r.catalogue.completions[start:stop],
        np.arange(stop - start), np.array([0, stop - start]),
    )  # fmt: skip
    some = r.select(r.ballot_prompt == p)
    return Ratings(
        catalogue, r.raters, some.ballot_rater, np.zeros(some.ballots), some.ballot_weight,
        some.offsets, some.completion - start, some.rank, r.absent,
    )  # fmt: skip


# -- pairs and their scores -----------------------------------------------------------------------


@pytest.mark.parametrize("absent", ["unseen", "last"])
@pytest.mark.parametrize("weighting", ["pair", "ballot"])
def test_pairs_counted_in_blocks_are_those_counted_at_once(monkeypatch, absent, weighting):
    ratings = unlike(40, 2, absent).with_absent_resolved()
    whole = bt.pair_counts(ratings, weighting)
    monkeypatch.setattr(bt, "MAX_CELLS", 100)
    for name, found in vars(bt.pair_counts(ratings, weighting)).items():
        np.testing.assert_allclose(found, getattr(whole, name), atol=1e-9)


@pytest.mark.parametrize("weight", [1.0, 1e4, 1e6])
def test_scores_of_separable_counts_are_exact(weight):
    """An unbeaten completion's score lies far out, where the likelihood hardly bends; the optimum
    is polished in extended precision."""
    wins = np.triu(np.full((5, 5), weight), 1)
    found = bt.fit_bradley_terry(wins)
    total = (wins + wins.T).astype(np.longdouble)
    reward = found.astype(np.longdouble)
    for _ in range(10):
        chance = 1 / (1 + np.exp(reward[None, :] - reward[:, None]))
        slope = (wins - total * chance).sum(1) - reward / 100
        bend = total * chance * (1 - chance)
        hessian = np.diag(bend.sum(1) + 1 / np.longdouble(100)) - bend
        reward += np.linalg.solve(hessian.astype(float), slope.astype(float))
    np.testing.assert_allclose(found, reward.astype(float), atol=1e-9)
