"""Elections of completed orders, which tie what a voter left off: first places are the file's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from scrl.data import load_ratings, parse_ratings
from scrl.types import Ratings
from scrl.utility_models.population_fit import fit_population
from tests import lanes

GOLDEN = Path(__file__).parents[1] / "golden"
VOTERS = 475
#: Two types of voter, 7 : 3, with different preferences among four alternatives.
UTILITY = np.array([[1.5, 0.0, 2.5, -2.0], [0.0, 2.5, 0.5, -1.5]])


def election(seed: int) -> Ratings:
    """A ``.toc`` file: orders cut after one to four alternatives, the others tied last."""
    rng = np.random.default_rng(seed)
    kind = (rng.random(VOTERS) < 0.3).astype(int)
    order = np.argsort(-(UTILITY[kind] + rng.gumbel(size=(VOTERS, 4))), axis=1) + 1
    length = rng.choice([1, 2, 3, 4], VOTERS, p=[0.1, 0.15, 0.25, 0.5])
    lines: Counter[str] = Counter()
    for own, size in zip(order.tolist(), length.tolist(), strict=True):
        last = own[size:]
        tied = [f"{{{','.join(map(str, sorted(last)))}}}"] if len(last) > 1 else last
        lines[",".join(map(str, [*own[:size], *tied]))] += 1
    names = [f"# ALTERNATIVE NAME {i}: {name}" for i, name in enumerate("abcd", 1)]
    text = ["# NUMBER ALTERNATIVES: 4", f"# NUMBER VOTERS: {VOTERS}", *names]
    text += [f"{count}: {line}" for line, count in lines.most_common()]
    return parse_ratings("\n".join(text).encode(), "election.toc").with_absent_resolved()


def first_places(ratings: Ratings) -> np.ndarray:
    """Share of first places, ties split ``[items]``."""
    top = ratings.rank == 0
    ballot = ratings.entry_ballot[top]
    weight = ratings.ballot_weight[ballot] / np.bincount(ballot)[ballot]
    return np.bincount(ratings.item[top], weight, 4) / ratings.ballot_weight.sum()


def error(ratings: Ratings, seed: int) -> float:
    """Largest difference of the electorate's first places from those of the ballots."""
    population = fit_population(ratings, seed=seed).population
    score = population.electorate(20_000, np.random.default_rng(seed))
    best = score == score.max(axis=1, keepdims=True)
    found = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    return float(np.abs(found - first_places(ratings)).max())


@pytest.mark.parametrize("file", range(lanes.deep(1, 3)))
def test_first_places_are_those_of_the_file(file):
    ratings = election(file)
    assert ratings.ballot_weight.sum() == VOTERS
    assert max(error(ratings, seed) for seed in range(lanes.deep(1, 3))) < 0.03


def test_first_places_of_debian_leaders_are_the_files_own_with_every_seed():
    """Debian Project Leader 2002 (PrefLib 00002-00000001), its orders completed with ties."""
    ratings = load_ratings(GOLDEN / "00002-00000001.soi").with_absent_resolved()
    assert max(error(ratings, seed) for seed in range(lanes.deep(1, 10))) < 0.03
