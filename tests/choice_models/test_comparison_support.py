"""Which orders rest on comparisons, beside reachability by brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.choice_models import PairCounts, find_unsupported, fit_pair_counts, support_notes
from scrl.types import Catalogue


def catalogue_of(sizes):
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    items = int(offsets[-1])
    prompts = tuple(f"p{i}" for i in range(len(sizes)))
    return Catalogue(prompts, tuple(f"c{i}" for i in range(items)), np.arange(items), offsets)


@st.composite
def sparse_counts(draw):
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    catalogue = catalogue_of(sizes)
    pairs = [
        (int(start) + a, int(start) + b)
        for start, size in zip(catalogue.offsets, sizes, strict=False)
        for a, b in combinations(range(size), 2)
    ]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=8)) if pairs else []
    wins = [draw(st.sampled_from([(1, 0), (0, 1), (0.5, 0.5), (2, 1), (1, 1)])) for _ in chosen]
    columns = np.array(chosen, int).reshape(-1, 2), np.array(wins, float).reshape(-1, 2)
    return catalogue, PairCounts(*columns[0].T, *columns[1].T)


def reachable(counts, items):
    """Whether a is ahead of or tied with b through others, by closing all paths."""
    ahead = np.zeros((items, items), bool)
    ahead[counts.first, counts.second] = counts.wins_first > 0
    ahead[counts.second, counts.first] |= counts.wins_second > 0
    for _ in range(items):
        ahead |= (ahead[:, :, None] & ahead[None]).any(1)
    return ahead


@settings(deadline=None, max_examples=200)
@given(sparse_counts())
def test_pairs_without_a_path_are_found(data):
    """And of those found, each has another that no path orders it with."""
    catalogue, counts = data
    ahead = reachable(counts, catalogue.items)
    found = {one.prompt: one for one in find_unsupported(counts, catalogue, are_counts=False)}
    strict = counts.wins_first != counts.wins_second
    for p, (start, stop) in enumerate(zip(catalogue.offsets, catalogue.offsets[1:], strict=False)):
        decided = strict[(counts.first >= start) & (counts.first < stop)].any()
        own = np.arange(start, stop)
        known = decided & (ahead | ahead.T)[np.ix_(own, own)] | np.eye(len(own), dtype=bool)
        stated = np.array(
            [[p not in found or a == b or found[p].supports(a, b) for a in range(len(own))]
             for b in range(len(own))]
        ).reshape(known.shape)  # fmt: skip
        assert not (stated & ~known).any()
        assert ((~stated).any(0) == (~known).any(0)).all()


@settings(deadline=None, max_examples=100)
@given(sparse_counts())
def test_a_strict_order_without_a_note_does_not_depend_on_the_prior(data):
    """Rewards of weaker and weaker priors order every supported pair alike."""
    catalogue, counts = data
    if support_notes(counts, catalogue):
        return
    weak, weaker = (fit_pair_counts(counts, catalogue.offsets, sd) for sd in (1e3, 4e3))
    for start, stop in zip(catalogue.offsets, catalogue.offsets[1:], strict=False):
        for a, b in combinations(range(start, stop), 2):
            gap = weak[a] - weak[b], weaker[a] - weaker[b]
            assert max(map(abs, gap)) < 1e-7 or gap[0] * gap[1] > 0


def test_a_tie_that_a_prior_breaks_has_a_note():
    """c3 tied c1 once and was compared with nothing else; the prior puts it ahead."""
    first, second, wins = zip(
        (1, 2, 0.0), (1, 3, 0.5), (1, 5, 1.0), (0, 4, 1.0), (1, 4, 0.0), (2, 4, 0.0), (0, 1, 0.5),
        strict=True,
    )  # fmt: skip
    counts = PairCounts(*map(np.array, (first, second, wins)), 1 - np.array(wins))
    rewards = fit_pair_counts(counts, np.array([0, 6]))
    assert rewards[3] > rewards[1] + 0.005
    (note,) = support_notes(counts, catalogue_of([6]))
    assert note == (
        "Prompt 'p0': 'c1', 'c3' are level by all that was compared; a strict order of these rests "
        "on a model's prior."
    )


def test_scores_that_are_equal_with_any_prior_have_no_note():
    """A circle of three, and one ahead of all of them."""
    first, second = np.array([0, 1, 0, 3, 3, 3]), np.array([1, 2, 2, 0, 1, 2])
    wins = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    assert not support_notes(PairCounts(first, second, wins, 1 - wins), catalogue_of([4]))


def test_notes_name_the_prompt_and_a_few_completions():
    catalogue = catalogue_of([9, 2])
    pairs = [(0, 1), (2, 3)]
    counts = PairCounts(*np.array(pairs).T, np.ones(2), np.zeros(2))
    notes = support_notes(counts, catalogue)
    assert notes[0] == (
        "Prompt 'p0': no ballot compares 'c4', 'c5', 'c6', 'c7' and 1 more with another "
        "completion; ['c0', 'c1'] and ['c2', 'c3'] are never compared with each other; a strict "
        "order of these rests on a model's prior."
    )
    assert notes[1].startswith("Prompt 'p1': no ballot compares two completions")
    many = catalogue_of([2] * 8)
    notes = support_notes(PairCounts(*np.zeros((2, 0), int), *np.zeros((2, 0))), many)
    assert notes[-1] == "Comparisons leave the order open on 3 more prompts."


def test_two_that_lost_to_a_third_are_not_ordered():
    """The one that lost ten times has the lower reward, by the prior alone."""
    counts = PairCounts(np.array([0, 0]), np.array([1, 2]), np.array([10.0, 1.0]), np.zeros(2))
    rewards = fit_pair_counts(counts, np.array([0, 3]))
    assert rewards[1] < rewards[2]
    (note,) = support_notes(counts, catalogue_of([3]))
    assert "'c1', 'c2' are not all ordered by ballots, even through others" in note
