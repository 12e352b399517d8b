"""Notes of counts, leaderboards and rewards on orders that no ballot supports."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scrl
from scrl.choice_models import ballot_support_notes, pair_counts, support_notes
from scrl.data import parse_ratings
from scrl.voting import count_ratings


def ratings_of(*ballots, extra=()):
    """Ballots as lists of names, best first, on one prompt; ``extra`` names others of it."""
    lines = ["rater,prompt,completion,rank"]
    for rater, ballot in enumerate(ballots):
        lines += [f"r{rater},p,{name},{rank}" for rank, name in enumerate(ballot)]
    lines += [f"alone{i},p,{name},0" for i, name in enumerate(extra)]
    return parse_ratings("\n".join(lines).encode(), "x.csv")


def test_groups_that_no_ballot_ranks_together_are_named():
    ratings = ratings_of("ab", "ba", "cd", extra="e")
    (unseen,) = ballot_support_notes(ratings, "unseen")
    assert unseen.startswith("Prompt 'p': no ballot compares 'e'; no ballot ranks members of ")
    assert "['a', 'b'] and ['c', 'd'] together" in unseen
    (last,) = ballot_support_notes(ratings, "last")
    assert "['a', 'b'] and ['c', 'd'] and ['e'] together" in last
    assert last.endswith("rests on reading those that a ballot leaves out as tied last.")
    assert not ballot_support_notes(ratings_of("ab", "bc", "cd"), "unseen")


@settings(deadline=None, max_examples=80)
@given(st.lists(st.permutations("abcdef").map(lambda p: p[:2]), min_size=1, max_size=6))
def test_every_strict_pair_of_a_count_is_connected_or_noted(ballots):
    """Of sparse ballots, read as they are; by joining ballots until nothing changes."""
    ratings = ratings_of(*ballots)
    groups = [set(ballot) for ballot in ballots]
    for a, b in [*combinations(range(len(groups)), 2)] * len(groups):
        if groups[a] & groups[b]:
            groups[a] = groups[b] = groups[a] | groups[b]
    noted = bool(ballot_support_notes(ratings, "unseen"))
    names = ratings.catalogue.names(0)
    place = count_ratings(ratings, ["borda"], "unseen")["p"]["borda"].place
    for i, j in combinations(range(len(names)), 2):
        together = any({names[i], names[j]} <= group for group in groups)
        assert together or noted or place[i] == place[j]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.permutations("abcde").map(lambda p: p[:2]), min_size=1, max_size=5))
def test_rewards_of_sparse_pairs_have_a_note_unless_a_path_orders_every_pair(ballots):
    ratings = ratings_of(*ballots)
    names = ratings.catalogue.names(0)
    ahead = {(a, b) for a, b in ballots}
    for _ in names:
        ahead |= {(a, d) for a, b in ahead for c, d in ahead if b == c}
    every = all((a, b) in ahead or (b, a) in ahead for a, b in combinations(names, 2))
    # Those who contradict each other throughout may tie throughout.
    contradicts = all([b, a] in ballots for a, b in ballots)
    notes = support_notes(pair_counts(ratings), ratings.catalogue, are_counts=False)
    assert bool(notes) == (not every) or contradicts


def test_two_that_beat_each_other_once_are_level_whomever_else_one_of_them_beat():
    ratings = ratings_of("ab", "ba", "ac")
    (note,) = support_notes(pair_counts(ratings), ratings.catalogue)
    assert note.startswith("Prompt 'p': 'a', 'b' are level by all that was compared;")


def test_a_leaderboard_says_what_its_prior_orders():
    board = scrl.fit_bradley_terry([("a", "b"), ("b", "a"), ("c", "d")], prior_sd=2.0)
    (note,) = board.notes
    assert note == (
        "['a', 'b'] and ['c', 'd'] are never compared with each other; a strict order of these "
        "rests on the prior of sd 2."
    )
    assert f"note: {note}" in board.to_text()
    connected = scrl.fit_bradley_terry([("a", "b"), ("b", "c"), ("c", "a")], prior_sd=2.0)
    assert connected.notes == ()
    ranked = scrl.fit_plackett_luce([["a", "b"], ["c", "d"]], prior_sd=2.0)
    assert len(ranked.notes) == 1


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_a_leaderboard_of_ties_alone_is_not_called_ordered(ties):
    board = scrl.fit_bradley_terry([("a", "b", "tie"), ("b", "c", "tie")], ties=ties, prior_sd=1.0)
    assert np.ptp(board.score) < 1e-9


def test_a_report_names_candidates_on_nobodys_ballot():
    profile = scrl.Profile(("A", "B", "C", "D"), np.array([[0, 1, -1, -1], [1, 0, -1, -1]]), [3, 2])
    report = scrl.election_report(profile, rules=["borda"])
    assert report.notes[0] == (
        "No ballot ranks 'C', 'D'; their order rests on reading those that a ballot leaves out as "
        "tied last."
    )
