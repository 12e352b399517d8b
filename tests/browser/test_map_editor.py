"""The map in a browser: its winner is that of the library; points move by hand and by keys."""

import random
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from scrl.scenarios import (
    SPATIAL_MODELS,
    Location,
    SpatialModel,
    preview,
    scenario_of_spatial_model,
)
from ui.scenario import map_editor

_FILES = Path(map_editor.__file__).parent
SCRIPT = (_FILES / "map_editor.js").read_text()
STYLE = (_FILES / "map_editor.css").read_text()


@pytest.fixture
def script(page):
    def loaded(text: str = SCRIPT):
        page.set_content(f"<style>{STYLE}</style><div id='here'><div class='map'></div></div>")
        page.evaluate(
            """async (text) => {
              const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
              window.module = await import(url);
              window.sent = [];
              window.draw = (data) => module.default({ data, parentElement:
                document.getElementById("here"), setTriggerValue: (_, v) => sent.push(v) });
            }""",
            text,
        )
        return page

    return loaded


def random_model(draw: random.Random) -> SpatialModel:
    metric = draw.choice(["plane", "earth"])
    place = lambda: (round(draw.uniform(-80, 80), 1), round(draw.uniform(-80, 80), 1))  # noqa: E731
    shares = [draw.random() for _ in range(draw.randint(1, 5))]
    raters = tuple(
        Location(f"T{i}", *place(), share / sum(shares)) for i, share in enumerate(shares)
    )
    answers = tuple(Location(f"A{i}", *place()) for i in range(draw.randint(2, 6)))
    return SpatialModel(raters, answers, metric)


def wrong_winners(page, cases: int) -> int:
    draw, wrong = random.Random(4), 0
    for model in [*SPATIAL_MODELS.values(), *(random_model(draw) for _ in range(cases))]:
        entry = preview(scenario_of_spatial_model(model, raters=100), ["borda"])["best"]
        found = page.evaluate("(d) => module.winners(d)", map_editor.component_data(model))
        wrong += sorted(found) != sorted(entry["truth"]["borda"]["order"][0])
    return wrong


def test_the_winner_on_the_map_is_that_of_the_scenario(script):
    assert wrong_winners(script(), 120) == 0
    assert wrong_winners(script(SCRIPT.replace("Math.cos(ay) * Math.cos(by) *", "")), 120) > 0


def test_a_point_is_dragged_and_moved_by_keys(script):
    page, model = script(), SPATIAL_MODELS["line"]
    page.evaluate("(d) => draw(d)", map_editor.component_data(model))
    words = page.get_by_role("status")
    before = words.inner_text()
    ring = page.get_by_role("button", name="Answer R")
    box = ring.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 150, box["y"] + 120, steps=5)
    assert page.evaluate("sent.length") == 0, "the page hears on release"
    page.mouse.up()
    page.wait_for_function("sent.length === 1")
    new = map_editor.moved(model, page.evaluate("sent[0]"))
    assert new.completions[2].x > 0.5
    assert new.completions[2].y < -0.1
    assert [p for i, p in enumerate(new.completions) if i != 2] == [
        p for i, p in enumerate(model.completions) if i != 2
    ]
    assert words.inner_text() != before, "the winner follows while the point moves"
    disc = page.get_by_role("button", name="Raters Left,")
    disc.focus()
    for _ in range(3):
        disc.press("ArrowRight")
    page.wait_for_function("sent.length === 2")
    newer = map_editor.moved(model, page.evaluate("sent[1]"))
    assert newer.raters[0].x > model.raters[0].x
    assert newer.raters[0].y == model.raters[0].y


@pytest.mark.parametrize("places", [None, {}, {"raters": [[1, 2]], "answers": []}, {"raters": "x"}])
def test_coordinates_of_other_points_are_refused(places):
    from scrl.types import InputError

    with pytest.raises(InputError):
        map_editor.moved(SPATIAL_MODELS["line"], places)
