"""One type of raters or several: decided on held-out raters."""

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.utility_models.population_fit import Candidate, choose_candidate, fit_population


@pytest.mark.parametrize("seed", range(4))
def test_camps_are_found_where_what_tells_them_apart_is_hidden_together(seed):
    """Of a ballot of five two are hidden; one of the first three then says nothing of the camp."""
    rng = np.random.default_rng(seed)
    lines = ["rater,prompt,completion,rank"]
    for rater in range(2000):
        order = "abcde" if rng.random() < 0.6 else "cbade"
        order = order.replace("c", "") if order[0] == "a" and rng.random() < 0.5 else order
        lines += [f"{rater},p,{item},{place + 1}" for place, item in enumerate(order)]
    ratings = parse_ratings("\n".join(lines).encode(), "camps.csv")
    found = fit_population(ratings.with_absent_resolved(), seed=seed).population
    assert found.types == 2
    assert sorted(found.share) == pytest.approx([0.4, 0.6], abs=0.05)


def test_whole_ballots_decide_only_where_hidden_pairs_do_not():
    def candidate(one_type, pairs, ballots):
        pairs, ballots = np.array(pairs), np.array(ballots)
        return Candidate(one_type, None, nats=pairs.sum(), by_rater=pairs, evidence=ballots)

    even, clear, unclear = np.zeros(4), np.array([3.0, 3.1, 2.9, 3.0]), [8.0, -6.0, 8.0, -4.0]
    several = candidate(False, even, even)
    for pairs, ballots, wanted in (
        (clear, -10 * clear, True),  # every rater's pairs say one type
        (unclear, -clear, False),  # pairs disagree, ballots say several
        (unclear, clear, True),  # and here one
        (unclear, -np.array(unclear), True),  # nothing is reliable: pairs
        (-clear, 10 * clear, False),
    ):
        chosen = choose_candidate([several, candidate(True, pairs, ballots)])
        assert chosen.one_type == wanted, (pairs, ballots)
