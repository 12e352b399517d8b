"""Every baked file exists and was made by today's code with today's settings.

Any change of code below a study makes its file stale: run ``python -m scrl bake --verify NAME``,
and where that finds a difference ``python -m scrl bake NAME``.
"""

from __future__ import annotations

import pytest

from scrl.studies import STUDIES, load_baked, story_runs
from scrl.studies.baking import BAKED, staleness
from scrl.studies.story_runs import result_differences
from tests import lanes


@pytest.mark.parametrize("name", STUDIES)
def test_a_baked_file_is_fresh(name):
    assert staleness(STUDIES[name]) == "", f"run `python -m scrl bake --verify {name}`"


def test_every_baked_file_belongs_to_a_study():
    assert {path.stem for path in BAKED.glob("*")} == set(STUDIES)


@pytest.mark.slow
@pytest.mark.parametrize(
    "story", story_runs.STUDIES[:: lanes.deep(2, 1)], ids=lambda story: story.name
)
def test_the_result_of_a_story_is_what_a_run_gives_today(story):
    """Run again as ``scrl bake`` does; another machine's rounding moves it a little."""
    stored, fresh = load_baked(story.name)["result"], story.run()["result"]
    assert not {"seconds", "device"} & stored.keys(), "baking again changes nothing"
    assert not result_differences(stored, fresh)
    tied = {
        rule
        for rule, truth in next(iter(fresh["prompts"].values()))["truth"].items()
        if any(len(place) > 1 for place in truth["order"])
    }
    assert not tied & {"borda", "copeland"}
