"""The voting lab in a real browser: each page answers, keeps its state in the URL, and a reload
brings it back."""

import re

import pytest

from tests import lanes

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
expect = sync_api.expect


def opened(page, url: str, title: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def pick(page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=re.compile(label))
    box.click()
    box.fill(option)  # a long list shows only the options that are in view
    page.get_by_role("option", name=option, exact=True).click()


def test_rules_a_profile_is_opened_edited_shared_and_sent_to_the_lab(page, address):
    before = page.evaluate("history.length")
    opened(page, f"{address}/rules?profile=3:A>B>C;2:B>C>A", "One set of ballots. Who wins?")
    whole.wait_until_drawn(page)
    assert page.evaluate("history.length") <= before + 1, "a link is one step of the history"

    # A faulty profile gets a sentence and loses nothing.
    page.get_by_role("button", name="Edit").click()
    box = page.get_by_role("textbox", name=re.compile("ballot", re.I))
    box.fill("3: A > B > A")
    box.press("Control+Enter")
    expect(page.get_by_text("ranks 'A' twice")).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()

    box.fill("3: R > G > B\n2: B > R > G")
    box.press("Control+Enter")
    expect(page).to_have_url(re.compile("profile=3"))
    expect(page.get_by_text("R", exact=True).first).to_be_visible()
    page.reload()
    expect(page).to_have_url(re.compile("profile=3"))
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.get_by_role("button", name="Send to the lab").click()
    expect(page.get_by_role("heading", name="What if others had answered?")).to_be_visible()
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


@lanes.deep_only
def test_criteria_a_counterexample_is_opened_from_the_url_or_by_a_click(page, address):
    opened(page, f"{address}/criteria", "Every rule breaks a promise. Which one?")
    # Each choice is awaited: a page reloaded before it is in the URL goes one step back.
    pick(page, "Rule", "Instant runoff")
    expect(page).to_have_url(re.compile("rule=instant-runoff"))
    pick(page, "Criterion", "Monotonicity")
    expect(page).to_have_url(re.compile("rule=instant-runoff.*criterion=monotonicity"))
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Monotonicity").first).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    # One click is one step of the browser's history.
    cells = page.get_by_test_id("stPlotlyChart").first.locator("path.point")
    for number in (60, 140):
        whole.wait_until_drawn(page)
        before = page.evaluate("history.length")
        url = page.url
        box = cells.nth(number).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page).not_to_have_url(url)
        page.wait_for_timeout(1000)
        whole.wait_until_drawn(page)
        assert page.evaluate("history.length") == before + 1


@lanes.deep_only
def test_distortion_the_minority_takes_over_at_a_fifth(page, address):
    opened(page, f"{address}/distortion", "What can a choice cost?")
    page.get_by_role("button", name="Below").click()
    expect(page.get_by_text("Borda elects E").first).to_be_visible()
    page.get_by_role("button", name="Above").click()
    expect(page.get_by_text("Borda elects A").first).to_be_visible()
    page.get_by_text("Worst case", exact=True).click()
    expect(page).to_have_url(re.compile("part=Worst"))
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.get_by_text("Voters who make mistakes", exact=True).click()
    expect(page).to_have_url(re.compile("part=Voters"))
    expect(page.get_by_test_id("stException")).to_have_count(0)


@lanes.deep_only
def test_strategy_a_part_asks_and_then_answers(page, address):
    """``tests/app/test_strategy_page.py`` opens all parts in the usual suite."""
    page.goto(f"{address}/strategy")
    expect(page.get_by_role("heading", name="Who gains by lying?")).to_be_visible()
    expect(page.get_by_text("a lie pays")).to_have_count(0)
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_text("a lie pays").first).to_be_visible()
    parts = ("Two camps lie", "How often it pays", "Lying to a reward model")
    for part in parts:
        page.get_by_text(part, exact=True).click()
        expect(page).to_have_url(re.compile("part=" + re.escape(part).replace(r"\ ", r"(\+|%20)")))
        page.get_by_role("button", name="Show the answer").click()
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)


@lanes.deep_only
def test_theorems_a_card_opens_large_and_stands_in_the_url(page, address):
    opened(page, f"{address}/theorems?card=cycle", "A Condorcet cycle")
    page.get_by_role("button", name="More cards").click()
    expect(page.get_by_role("heading", name="Raters who contradict themselves")).to_be_visible()
