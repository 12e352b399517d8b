"""Data efficiency: the scenario, the summary, and that the baked runs are today's."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.choice_models import kendall_tau, order_places
from scrl.results import order_of
from scrl.scenarios import sample, with_overrides
from scrl.studies import data_efficiency, load_baked
from tests import lanes

SOURCES = data_efficiency.SOURCES
ROWS = [
    {"n": 30, "seed": 0, **{s: {"tau": 0.2, "reversed": 4} for s in SOURCES}},
    {"n": 30, "seed": 1, **{s: {"tau": 0.6, "reversed": 0} for s in SOURCES}},
    {"n": 100, "seed": 0, **{s: {"tau": 1.0, "reversed": 0} for s in SOURCES}},
]


def test_half_of_the_other_cities_is_missing_and_morristown_as_before():
    world = data_efficiency.half_missing_scenario()
    for name, kind in world.types.items():
        included = kind.includes["best"]
        assert included.pop("Morristown") == (0.9 if name == "Memphis" else 0.1)
        assert set(included.values()) == {0.5}
        assert len(included) == 4
    assert world.sampling == "iid", "so that few raters are a sample"


def test_means_and_errors_over_seeds():
    few, *_ = data_efficiency.summarise(ROWS)
    assert few["tau"] == pytest.approx(0.4)
    assert few["error"] == pytest.approx(0.2)
    assert few["exact"] == 0.5
    assert few["least"] == 0.2
    assert [row["n"] for row in data_efficiency.summarise(ROWS)] == [30] * 4 + [100] * 4


def test_the_social_order_leads_from_where_its_margin_stays_beyond_chance():
    def rows(margins):
        return [
            {"n": n, "source": source, "tau": tau, "error": 0.05}
            for n, margin in margins.items()
            for source, tau in (("social", 0.5 + margin), ("vanilla", 0.5))
        ]

    assert data_efficiency.raters_to_lead(rows({10: 0.3, 30: 0.1, 100: 0.2, 300: 0.3})) == 100
    assert data_efficiency.raters_to_lead(rows({10: 0.3, 30: 0.3})) == 10
    assert data_efficiency.raters_to_lead(rows({10: 0.3, 30: 0.14})) is None


def test_the_baked_oracle_is_counted_again_from_the_samples():
    """Borda on the raters' own orders, by hand, for every run."""
    for run in load_baked("data-efficiency")["result"]["runs"]:
        world = with_overrides(data_efficiency.half_missing_scenario(), raters=run["n"])
        own = sample(world, run["seed"]).complete_utilities()
        names = list(world.offered("best"))
        place = [
            order_places(order_of(np.round(points, 6), names), names)
            for points in (own.mean(0), world.type_shares @ world.type_utilities)
        ]
        assert run["raters"]["tau"] == pytest.approx(kendall_tau(*place), abs=1e-6), run


@lanes.deep_only
@pytest.mark.slow
def test_a_baked_run_is_what_training_gives_today():
    run = load_baked("data-efficiency")["result"]["runs"][0]
    (again,) = data_efficiency.run(raters=(run["n"],), seeds=(run["seed"],))["runs"]
    for source in SOURCES:
        assert again[source]["tau"] == pytest.approx(run[source]["tau"], abs=0.21), source
