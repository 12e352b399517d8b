"""Voter sampling: what is counted of voters, and the seeds of the baked runs."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.scenarios import gallery, load_scenario
from scrl.studies import load_baked, voter_sampling


def test_the_types_themselves_have_the_true_shares():
    world = load_scenario(gallery()[voter_sampling.SCENARIO])
    utility, names = world.type_utilities, world.offered("best")
    found = voter_sampling.describe_voters(utility, world.type_shares, names, utility)
    assert found["types"] == pytest.approx([0.3, 0.25, 0.15, 0.3])
    assert found["first"] == pytest.approx([0.3, 0.25, 0.15, 0.3, 0.0])
    one = voter_sampling.describe_voters(utility[:1], np.ones(1), names, utility)
    assert voter_sampling.total_variation(one["first"], found["first"]) == pytest.approx(0.7)


def test_the_summary_counts_exact_orders_and_averages_shares():
    def entry(reversed_pairs, first):
        return {"reversed": reversed_pairs, "tv_first": first, "first": [first, 1 - first],
                "types": [1.0]}  # fmt: skip

    runs = [{s: entry(n, f) for s in voter_sampling.SOURCES} for n, f in ((0, 0.2), (3, 0.4))]
    found = voter_sampling.summarise(runs)["prior"]
    assert found.exact == 1
    assert found.first_distance == pytest.approx(0.3)
    np.testing.assert_allclose(found.first, [0.3, 0.7])
    np.testing.assert_allclose(found.types, [1.0])


def test_the_baked_runs_are_of_ten_seeds_or_more():
    runs = load_baked("voter-sampling")["result"]["runs"]
    assert len({run["seed"] for run in runs}) >= 10
