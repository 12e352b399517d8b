"""Reward models side by side, in a real browser: a guess, a view, the maze, formats, the URL."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
from tests import lanes  # noqa: E402

expect = sync_api.expect


def choose(page, name: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).first.click()


@lanes.deep_only
@pytest.mark.parametrize(("scheme", "size"), [("dark", (1280, 720))])
def test_a_guess_the_scoreboard_and_the_other_parts(page, address, scheme, size):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{address}/models?scenario=pets&predict=true")
    expect(
        page.get_by_text("How many of these does one reward for everybody order rightly?")
    ).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
    choose(page, "About half")
    expect(page.get_by_text("Right. Bradley–Terry orders")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    choose(page, "If it may skip pairs")
    expect(page).to_have_url(re.compile("scores_view=If"))
    expect(page.get_by_text("share of pairs that it answers").first).to_be_visible()
    whole.assert_whole(page)
    page.reload()
    expect(page).to_have_url(re.compile("scores_view=If"))

    page.get_by_text("Let me guess first", exact=True).click()
    choose(page, "The maze")
    expect(page.get_by_text("Bradley–Terry sends everybody")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    choose(page, "8")
    expect(page).to_have_url(re.compile("said=8"))
    expect(
        page.get_by_text(re.compile(r"points to the preferred place \(8 of 16\)"))
    ).to_be_visible()
    whole.assert_whole(page)

    choose(page, "Feedback formats")
    expect(page.get_by_text("To get 90% of the pairs right it takes")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    whole.assert_whole(page)
    choose(page, "Hidden context")
    expect(page.get_by_text("reward falls at .8")).to_be_visible()
    whole.assert_whole(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
