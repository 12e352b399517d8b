"""Two studies: what they count, what they are baked from, and that the baked runs are today's."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.choice_models.rank_metrics import kendall_tau, order_places
from scrl.results import order_of
from scrl.runs.report import BAKED, load_baked
from scrl.scenarios.parsing import with_overrides
from scrl.scenarios.sampling import sample
from scrl.studies import run_studies
from scrl.types import Progress

ROWS = [
    {"n": 30, "seed": 0, **{s: {"tau": 0.2, "reversed": 4} for s in run_studies.SOURCES}},
    {"n": 30, "seed": 1, **{s: {"tau": 0.6, "reversed": 0} for s in run_studies.SOURCES}},
    {"n": 100, "seed": 0, **{s: {"tau": 1.0, "reversed": 0} for s in run_studies.SOURCES}},
]


def baked(study: str) -> dict:
    if not (BAKED / f"study-{study}.json").is_file():
        pytest.skip("nothing is baked")
    return load_baked(f"study-{study}")


def test_half_of_the_other_cities_is_missing_and_morristown_as_before():
    world = run_studies.half_missing()
    for name, kind in world.types.items():
        said = kind.includes["best"]
        assert said.pop("Morristown") == (0.9 if name == "Memphis" else 0.1)
        assert set(said.values()) == {0.5}
        assert len(said) == 4
    assert world.sampling == "iid", "so that few raters are a sample"


def test_means_and_errors_over_seeds():
    few, *_ = run_studies.summary(ROWS)
    assert few["tau"] == pytest.approx(0.4)
    assert few["error"] == pytest.approx(0.2)
    assert few["exact"] == 0.5
    assert few["least"] == 0.2
    assert [row["n"] for row in run_studies.summary(ROWS)] == [30] * 4 + [100] * 4


def test_the_types_themselves_are_no_way_from_the_truth():
    world = run_studies.half_missing()
    utility, names = world.type_utilities, world.offered("best")
    found = run_studies._of(utility, world.type_shares, names, utility)
    assert found["types"] == pytest.approx([0.3, 0.25, 0.15, 0.3])
    assert found["first"] == pytest.approx([0.3, 0.25, 0.15, 0.3, 0.0])
    one = run_studies._of(utility[:1], np.ones(1), names, utility)
    assert run_studies._variation(one["first"], found["first"]) == pytest.approx(0.7)


def test_progress_of_a_run_is_its_part_of_the_whole():
    heard = []
    listen = run_studies._within(heard.append, 1, 4, "seed 1")
    listen(Progress("individual", 0.5, "x"))
    assert heard[0].fraction == pytest.approx(0.375)
    assert heard[0].message == "seed 1"
    assert run_studies._within(None, 0, 1, "") is None


@pytest.mark.parametrize("study", run_studies.STUDIES)
def test_a_baked_study_is_of_today_s_settings(study):
    content = baked(study)
    assert content["spec"] == run_studies.spec_of(study), "run `python -m scrl bake --studies`"
    seeds = {run["seed"] for run in content["result"]["runs"]}
    assert len(seeds) >= 10


def test_the_baked_oracle_is_counted_again_from_the_samples():
    """Borda on the raters' own orders, by hand, for every run but the largest."""
    for run in baked("accuracy")["result"]["runs"]:
        world = with_overrides(run_studies.half_missing(), raters=run["n"])
        own = sample(world, run["seed"]).complete_utilities()
        names, utility = list(world.offered("best")), world.type_utilities
        place = [
            order_places(order_of(np.round(points, 6), names), names)
            for points in (own.mean(0), world.type_shares @ utility)
        ]
        assert run["raters"]["tau"] == pytest.approx(kendall_tau(*place), abs=1e-6), run


def test_a_baked_run_is_what_training_gives_today():
    run = baked("accuracy")["result"]["runs"][0]
    again = run_studies.accuracy(raters=(run["n"],), seeds=(run["seed"],))["runs"][0]
    for source in run_studies.SOURCES:
        assert again[source]["tau"] == pytest.approx(run[source]["tau"], abs=0.21), source
