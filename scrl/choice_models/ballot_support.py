"""Completions that no ballot ranks together, and notes on what their order then rests on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from scrl.choice_models.bradley_terry import PairCounts
from scrl.choice_models.comparison_support import MAX_GROUPS, MAX_PROMPTS, listed, support_notes
from scrl.data.files import quoted
from scrl.types import Catalogue, Ratings

#: What an order rests on where ballots rank nothing together, by how absent completions are read.
READINGS = {
    "last": "reading those that a ballot leaves out as tied last",
    "unseen": "how the rule counts those that are not compared",
    "models": "what a model takes them to be without a comparison",
}


def ballot_groups(ballot: np.ndarray, item: np.ndarray, items: int) -> np.ndarray:
    """The group of each item ``[items]``, -1 where no ballot ranks it.

    Items of one group are ranked together, directly or through others.

    Args:
        ballot, item: of each ranked completion ``[entries]``.
    """
    ballots = int(ballot.max(initial=-1)) + 1
    size = ballots + items
    graph = csr_matrix((np.ones(len(item), bool), (ballot, ballots + item)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    heard = np.zeros(items, bool)
    heard[item] = True
    return np.where(heard, group[ballots:], -1)


def ballot_support_notes(ratings: Ratings, reading: str) -> tuple[str, ...]:
    """Notes on prompts with completions that no ballot ranks together; a few, then a count.

    Args:
        ratings: as they are given; reading: one of ``READINGS``, by what counts them.
    """
    catalogue, sizes = ratings.catalogue, ratings.sizes
    kept = ratings if reading == "last" else ratings.select(sizes >= 2)
    group = ballot_groups(kept.entry_ballot, kept.item, catalogue.items)
    found = []
    for prompt, (start, stop) in enumerate(pairwise(catalogue.offsets)):
        own = group[start:stop]
        if stop - start > 1 and (own[0] < 0 or (own != own[0]).any()):
            found.append((catalogue.prompts[prompt], catalogue.names(prompt), own))
    notes = [f"Prompt {quoted(p)}: {_said(names, own, reading)}" for p, names, own in found]
    if len(notes) > MAX_PROMPTS:
        more = f"On {len(notes) - MAX_PROMPTS:,} more prompts no ballot ranks some together."
        notes = [*notes[:MAX_PROMPTS], more]
    return tuple(notes)


def profile_support_notes(names: Sequence[str], place: np.ndarray, reading: str) -> list[str]:
    """The same for the ballots of one election.

    Args:
        place: of each candidate on each ballot, -1 where it is left out ``[ballots, candidates]``.
    """
    ranked = place >= 0
    if reading != "last":
        ranked = ranked & (ranked.sum(axis=1, keepdims=True) >= 2)
    ballot, item = np.nonzero(ranked)
    own = ballot_groups(ballot, item, len(names))
    if len(names) < 2 or (own[0] >= 0 and (own == own[0]).all()):
        return []
    said = _said(names, own, reading)
    return [said[0].upper() + said[1:]]


def _said(names: Sequence[str], group: np.ndarray, reading: str) -> str:
    """What is not ranked together, as the end of a sentence.

    Args:
        group: of each completion of a prompt, -1 for none.
    """
    rests = READINGS.get(reading, READINGS["unseen"])
    alone = np.flatnonzero(group < 0)
    if len(alone) == len(names):
        return "no ballot ranks any two of them; an order of them rests on nothing."
    said = []
    if len(alone):
        what = "ranks" if reading == "last" else "compares"
        said.append(f"no ballot {what} {listed(names, alone)}")
    heard = list(dict.fromkeys(group[group >= 0].tolist()))
    if len(heard) > 1:
        shown = [f"[{listed(names, np.flatnonzero(group == g))}]" for g in heard[:MAX_GROUPS]]
        more = f" and {len(heard) - MAX_GROUPS} more groups" if len(heard) > MAX_GROUPS else ""
        said.append(f"no ballot ranks members of {' and '.join(shown)}{more} together")
    return f"{'; '.join(said)}; their order rests on {rests}."


def graph_support_notes(
    beats: np.ndarray, names: Sequence[object], instead: str
) -> tuple[str, ...]:
    """Notes on the items of one leaderboard, as ``support_notes``.

    Args:
        beats: whether a was ever preferred to b, or tied ``[items, items]``.
        instead: what a strict order of such items rests on.
    """
    first, second = np.nonzero(np.triu(beats | beats.T, 1))
    # Items that beat each other did not tie.
    wins = 2.0 * beats[first, second], 1.0 * beats[second, first]
    return _notes_of_one(PairCounts(first, second, *wins), names, instead, are_counts=False)


def profile_reward_notes(
    names: Sequence[str], place: np.ndarray, weight: np.ndarray, instead: str, are_counts: bool
) -> tuple[str, ...]:
    """Notes on what rewards fitted to the ballots of one election order by their prior alone, but
    for candidates that no ballot compares, of which ``profile_support_notes`` tells.

    Args:
        place: of each candidate on each ballot, -1 where it is left out ``[ballots, candidates]``.
        weight: of the ballots ``[ballots]``.
        instead, are_counts: as in ``support_notes``; the counts are those of Bradley–Terry.
    """
    m = len(names)
    wins = np.zeros((m, m))
    for a in range(m):
        both = (place[:, [a]] >= 0) & (place >= 0)
        wins[a] = weight @ (both * (0.5 + 0.5 * np.sign(place - place[:, [a]])))
    first, second = np.nonzero(np.triu(wins + wins.T, 1))
    counts = PairCounts(first, second, wins[first, second], wins[second, first])
    return _notes_of_one(counts, names, instead, are_counts, with_groups=False)


def _notes_of_one(
    counts: PairCounts,
    names: Sequence[object],
    instead: str,
    are_counts: bool,
    with_groups: bool = True,
) -> tuple[str, ...]:
    """As ``support_notes``, without the name of a prompt."""
    m = len(names)
    catalogue = Catalogue(
        ("",), tuple(map(str, names)), np.arange(m), np.array([0, m]), completion_texts=("",) * m
    )
    return tuple(
        note.removeprefix("Prompt '': ")[:1].upper() + note.removeprefix("Prompt '': ")[1:]
        for note in support_notes(counts, catalogue, instead, are_counts, with_groups)
    )
