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
    by_rater = np.array([-1.0, -3.0, -2.0, -2.0])

    def candidate(one_type, gain, evidence):
        own = by_rater + np.array(gain)
        return Candidate(one_type, None, nats=own.sum(), by_rater=own, evidence=evidence)

    several = candidate(False, [0.0, 0.0, 0.0, 0.0], -50.0)
    for gain, evidence, wanted in (
        ([3.0, 3.1, 2.9, 3.0], -90.0, True),  # every pair says one type
        ([4.0, -3.0, 4.0, -2.0], -90.0, False),  # pairs disagree, ballots say several
        ([4.0, -3.0, 4.0, -2.0], -40.0, True),  # and here one
        ([-3.0, -3.1, -2.9, -3.0], -40.0, False),
    ):
        chosen = choose_candidate([several, candidate(True, gain, evidence)])
        assert chosen.one_type == wanted, (gain, evidence)
