"""The gap and the studies in a real browser: a guess, a switch, a reload."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect


def test_a_guess_then_a_counterfactual_that_a_reload_brings_back(page, address):
    page.goto(f"{address}/gap?predict=true")
    expect(page.get_by_role("heading", name="Why is the reward model wrong?")).to_be_visible()
    page.get_by_text("Silence that depends on the rater", exact=True).click()
    expect(page.get_by_text("Right.")).to_be_visible()
    expect(page.get_by_text("With these switches 2 of 10 pairs")).to_be_visible()
    page.get_by_text("Silence at random", exact=True).first.click()
    page.get_by_text("Everyone answers", exact=True).click()
    expect(page).to_have_url(re.compile("everyone=true"))
    expect(page.get_by_text("With these switches 0 of 10 pairs")).to_be_visible()
    page.goto(page.url.replace("predict=true", "predict=false"))
    expect(page.get_by_text("With these switches 0 of 10 pairs")).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_the_studies_answer_at_once_and_stand_in_the_url(page, address):
    page.goto(f"{address}/studies")
    expect(page.get_by_role("heading", name="How many raters does it take?")).to_be_visible()
    page.get_by_text("Where voters come from", exact=True).click()
    expect(page).to_have_url(re.compile("part=Where"))
    expect(page.get_by_text("drawn from the fitted density").first).to_be_visible()
    page.reload()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
