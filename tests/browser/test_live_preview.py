"""The preview that the browser computes: its numbers against the library's, its speed, its names.

The script is loaded into an empty page, so no server is needed but for the last test.
"""

import random
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from scrl.scenarios import preview, scenario_of, with_overrides
from tests import lanes
from ui.shared import live_preview
from ui.shared.live_preview import Quantity

_FILES = Path(live_preview.__file__).parent
SCRIPT = (_FILES / "live_preview.js").read_text()
STYLE = (_FILES / "live_preview.css").read_text()
SLOTS = "<div id='here'><div class='live'></div></div>"


def random_scenario(draw: random.Random, completions: int):
    """Orders with ties, utilities, silences and shares, some of them 0."""
    names = [f"Answer {i}" for i in range(completions)]
    types = {}
    weights = [draw.choice([0, 1, 1, 3]) + 0.01 for _ in range(draw.randint(1, 6))]
    chance = lambda: draw.choice([0.0, 1.0, round(draw.random(), 3), 0.01])  # noqa: E731
    for k, weight in enumerate(weights):
        values = [draw.randint(0, completions) for _ in names]
        types[f"T{k}"] = {
            "share": weight / sum(weights),
            "utilities": {"q": dict(zip(names, values, strict=True))},
            "answers": {"q": chance()},
            "includes": {"q": {n: chance() for n in names if draw.random() < 0.5}},
        }
    return scenario_of({
        "name": "Random", "completions": names, "prompts": {"q": {}}, "types": types,
        "raters": draw.choice([1, 50, 10_000]),
    })  # fmt: skip


def random_quantities(draw: random.Random, scenario) -> list[Quantity]:
    types, names = list(scenario.types), list(scenario.completions)
    shared = draw.sample(types, draw.randint(0, len(types)))
    found = [Quantity(f"s{t}", t, "share", (t,)) for t in shared]
    found += [Quantity(f"a{t}", t, "answers", (t,)) for t in types if draw.random() < 0.5]
    name = draw.choice(names)
    group = tuple(draw.sample(types, draw.randint(1, len(types))))
    return [*found, Quantity("i", name, "includes", group, name)]


@pytest.fixture
def script(page):
    """``script(text)`` is a page with that script; ``module`` there holds what it exports."""

    def loaded(text: str = SCRIPT):
        page.set_content(f"<style>{STYLE}</style>{SLOTS}")
        page.evaluate(
            """async (text) => {
              const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
              window.module = await import(url);
            }""",
            text,
        )
        return page

    return loaded


def differences(page, cases: int, seed: int) -> list[str]:
    """Where the browser's orders or scores differ from the library's."""
    draw, wrong = random.Random(seed), []
    for case in range(cases):
        scenario = random_scenario(draw, draw.choice([2, 3, 5, 15]))
        quantities = random_quantities(draw, scenario)
        values = live_preview.default_values(scenario, "q", quantities)
        for q in quantities:
            if draw.random() < 0.7:
                values[q.key] = float(draw.choice([0, 100, draw.randint(0, 100)]))
        changed = live_preview.with_values(scenario, "q", quantities, values)
        entry = preview(changed, ["borda"])["q"]
        data = live_preview.component_data(scenario, "q", quantities, values)
        found = page.evaluate("([d, v]) => module.outcomes(d, v)", [data, values])
        names = entry["completions"]
        for kind, order in (("truth", entry["truth"]["borda"]["order"]),
                            ("model", entry["vanilla"]["order"])):  # fmt: skip
            place = {n: k for k, tied in enumerate(order) for n in tied}
            if found[kind] != [place[n] for n in names]:
                wrong.append(f"{case}: order of {kind}")
        for kind, scores in (("borda", entry["truth"]["borda"]["scores"]),
                             ("rewards", entry["vanilla"]["mle"])):  # fmt: skip
            if found[kind] != pytest.approx([scores[n] for n in names], abs=2e-6):
                wrong.append(f"{case}: {kind}")
    return wrong


def test_the_browser_computes_what_the_library_computes(script):
    assert differences(script(), cases=lanes.deep(60, 150), seed=1) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("include[a] * include[b]", "include[a]"),
        ("share * answers[t]", "share"),
        ("? 0.5 : 0;", "? 0 : 0;"),
        ("precision - row", "2 * precision - row"),
        ("1 - sum / scale", "1"),
    ],
)
def test_a_wrong_script_is_noticed(script, right, wrong):
    assert right in SCRIPT
    assert differences(script(SCRIPT.replace(right, wrong)), cases=lanes.deep(20, 60), seed=2)


def drawn(page, scenario, quantities, focus=""):
    """Draw the component; ``window.sent`` collects what it would send to the page."""
    values = live_preview.default_values(scenario, "q", quantities)
    data = live_preview.component_data(scenario, "q", quantities, values, focus=focus)
    data = {**data, "figure": True, "dark": False}
    page.evaluate(
        """(data) => {
          window.sent = [];
          window.draw = (data) => module.default({ data, parentElement:
            document.getElementById("here"), setTriggerValue: (_, v) => sent.push(v) });
          draw(data);
        }""",
        data,
    )
    return data


FIFTEEN = scenario_of({
    "name": "Fifteen", "prompts": {"q": {}}, "raters": 10_000,
    "completions": [f"A long answer that ends differently, number {i}" for i in range(15)],
    "types": {
        "Few": {"share": 0.4, "rankings": {"q": [
            f"A long answer that ends differently, number {i}" for i in range(15)]}},
        "Many": {"share": 0.6, "rankings": {"q": [
            f"A long answer that ends differently, number {14 - i}" for i in range(15)]}},
    },
})  # fmt: skip
TWO = [Quantity("few", "Share of the few", "share", ("Few",)),
       Quantity("many", "How many of the many answer", "answers", ("Many",))]  # fmt: skip


def test_an_input_is_drawn_within_100_ms(script):
    page = script()
    drawn(page, FIFTEEN, TWO)
    times = page.evaluate(
        """async () => {
          const range = document.querySelector("input[type=range]"), times = [];
          for (let i = 0; i < 60; i++) {
            await new Promise(requestAnimationFrame);
            range.value = (i * 37) % 101;
            const start = performance.now();
            range.dispatchEvent(new Event("input"));
            document.body.getBoundingClientRect();  // the layout is computed, too
            times.push(performance.now() - start);
          }
          return times.sort((a, b) => a - b);
        }"""
    )
    print(f"input to layout: median {times[30]:.1f} ms, 95th percentile {times[57]:.1f} ms")
    assert times[57] < 100


def test_names_stay_distinct_where_they_are_shortened(script):
    names = list(FIFTEEN.completions)
    short = script().evaluate("(names) => module.shortNames(names, 20)", names)
    assert len(set(short)) == 15
    assert max(map(len, short)) <= 20


def test_a_slider_has_a_name_moves_by_keys_and_is_sent_once_it_rests(script):
    page = script()
    data = drawn(page, FIFTEEN, TWO, focus="A long answer that ends differently, number 0")
    answers = page.get_by_role("slider", name="How many of the many answer")
    first = page.locator(".name.right").first
    assert first.locator("b").inner_text() == "15"
    answers.focus()
    answers.press("Home")
    assert answers.get_attribute("aria-valuetext") == "0 %"
    assert first.locator("b").inner_text() == "1"
    assert (
        "The model’s winner has changed to A long answer" in page.get_by_role("status").inner_text()
    )
    page.wait_for_function("sent.length === 1")
    assert page.evaluate("sent[0]") == {"few": 40, "many": 0}
    # The page's answer to an earlier release leaves what is under the hand alone.
    answers.press("ArrowRight")
    page.evaluate("(data) => draw(data)", {**data, "values": {"few": 40, "many": 0}})
    assert answers.input_value() == "1"
    page.get_by_role("button", name="Reset").click()
    assert answers.input_value() == "100"


def test_the_slider_under_the_keys_keeps_the_focus_when_the_scenario_changes(script):
    page = script()
    data = drawn(page, FIFTEEN, TWO)
    answers = page.get_by_role("slider", name="How many of the many answer")
    answers.press("ArrowLeft")
    page.wait_for_function("sent.length === 1")
    changed = {**data, "figure": True, "dark": False, "raters": 50}
    page.evaluate("(data) => draw(data)", changed)
    page.keyboard.press("Home")
    assert answers.input_value() == "0"


def test_shares_give_way_to_the_one_that_moves(script):
    scenario = with_overrides(FIFTEEN, shares=[0.4, 0.6])
    both = [*TWO, Quantity("rest", "Share of the many", "share", ("Many",))]
    page = script()
    drawn(page, scenario, both)
    page.get_by_role("slider", name="Share of the few").fill("75")
    assert page.get_by_role("slider", name="Share of the many").input_value() == "25"
