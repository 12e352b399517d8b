"""A scenario in a real browser: an order is moved, raters fall silent, the link brings it all back,
and the lab trains on it."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
expect = sync_api.expect
TITLE = "Who is asked, and who answers?"


def opened(page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_scenario_is_built_silenced_shared_and_opened_in_the_lab(page, address):
    opened(page, f"{address}/scenario")
    page.locator(".st-key-open-tennessee-inverted-full button").click()
    row = page.get_by_role("group", name="Order of Memphis raters")
    expect(row.locator(".chip")).to_have_text(["Memphis", "Nashville", "Chattanooga", "Knoxville"])

    # An order is edited by moving an item: by its arrow, by a key, by dragging.
    row.get_by_role("button", name="Nashville", exact=True).click()
    row.get_by_role("button", name="Move Nashville down").click()
    expect(row.locator(".chip").nth(2)).to_have_text("Nashville")
    expect(page).to_have_url(re.compile("scenario=z-"))
    row.get_by_role("button", name="Nashville", exact=True).press("ArrowLeft")
    expect(row.locator(".chip").nth(1)).to_have_text("Nashville")
    expect(page).to_have_url(re.compile("scenario=tennessee-inverted-full"))
    row.locator(".chip", has_text="Knoxville").drag_to(row.locator(".chip", has_text="Memphis"))
    expect(row.locator(".tied .chip")).to_have_text(["Memphis", "Knoxville"])
    expect(page).to_have_url(re.compile("scenario=z-"))
    # The address changes before the script has ended, and a click before that may be lost.
    whole.wait_until_drawn(page)
    page.get_by_role("button", name="Undo").click()
    expect(row.locator(".chip").nth(3)).to_have_text("Knoxville")

    # Nashville falls silent on the second prompt, and the effect is there at once.
    page.get_by_text("Missing ratings", exact=True).click()
    expect(page.get_by_role("button", name="Some skip a prompt")).to_be_visible()
    page.get_by_text("worst", exact=True).first.click()
    expect(page.get_by_text("The worst place for the capital would be")).to_be_visible()
    expect(page.get_by_text("Bradley–Terry puts no pair the wrong way round")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Raters of")).click()
    page.get_by_role("option", name="Nashville", exact=True).click()
    page.get_by_role("button", name="None answers a prompt").click()
    expect(page.get_by_text(re.compile("missing ratings cause it"))).to_be_visible()
    expect(page.get_by_text("Nashville on ‘worst’")).to_be_visible()
    expect(page).to_have_url(re.compile("scenario=z-"))

    # The link holds all of it, for a visitor too who has been here never before.
    page.get_by_role("button", name="Share").click()
    code = page.get_by_test_id("stCode").first
    expect(code).to_contain_text(re.compile("scenario=z-"))
    link = code.inner_text().strip()
    assert link.startswith(f"{address}/scenario?")
    assert len(link) < 2_000
    page.evaluate("localStorage.clear()")
    page.context.clear_cookies()
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(link)
    expect(page.get_by_text("Nashville on ‘worst’")).to_be_visible()
    expect(page.get_by_text(re.compile("missing ratings cause it"))).to_be_visible()

    page.get_by_role("button", name="Train on it in the lab").click()
    expect(page.get_by_role("heading", name="What if others had answered?")).to_be_visible()
    expect(page).to_have_url(re.compile("/lab.*scenario=z-"))
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_refused_edit_keeps_what_was_typed(page, address):
    opened(page, f"{address}/scenario?part=Raters")
    page.get_by_text("Write", exact=True).click()
    box = page.get_by_role("textbox", name=re.compile("A type a line"))
    box.fill("Memphis: Memphis > Nashville")
    box.press("Control+Enter")
    expect(page.get_by_text("'Chattanooga' is missing")).to_be_visible()
    expect(box).to_have_value("Memphis: Memphis > Nashville")
    expect(page.locator(".live .name").first).to_be_visible()
    box.fill("Memphis: Morristown > Memphis = Nashville > Chattanooga > Knoxville")
    box.press("Control+Enter")
    expect(page.get_by_text("'Chattanooga' is missing")).to_have_count(0)
    expect(page).to_have_url(re.compile("scenario=z-"))


def test_a_map_becomes_the_scenario(page, address):
    opened(page, f"{address}/scenario?part=Map&map=lake")
    ring = page.get_by_role("button", name="Answer C, at")
    expect(ring).to_be_visible()
    ring.press("Shift+ArrowRight")
    expect(page).to_have_url(re.compile("map=z-"))
    whole.wait_until_drawn(page)
    expect(page.get_by_role("button", name=re.compile("Answer C, at"))).to_be_visible()
    page.get_by_role("button", name="Make it the scenario").click()
    row = page.get_by_role("group", name="Order of North shore raters")
    expect(row.locator(".chip").first).to_have_text("A")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_renamed_completion_stays_where_it_was(page, address):
    """Also where the list of what a prompt offers was open before: it held the old name."""
    opened(page, f"{address}/scenario?scenario=tennessee-inverted-full&part=Raters")
    page.get_by_role("button", name="Prompts", exact=True).click()
    expect(page.get_by_test_id("stMultiSelect").first).to_be_visible()
    page.keyboard.press("Escape")
    whole.wait_until_drawn(page)
    for old, new in (("Nashville", "Music City"), ("Knoxville", "Marble City")):
        page.get_by_role("button", name="Completions", exact=True).click()
        place = {"Nashville": 2, "Knoxville": 4}[old]
        box = page.get_by_role("textbox", name=f"Completion {place}", exact=True)
        expect(box).to_have_value(old)
        box.fill(new)
        box.press("Enter")
        row = page.get_by_role("group", name="Order of Memphis raters")
        expect(row.locator(".chip", has_text=new)).to_be_visible()
        whole.wait_until_drawn(page)
        page.keyboard.press("Escape")
        page.wait_for_timeout(1_000)
        whole.wait_until_drawn(page)
    expect(row.locator(".chip")).to_have_text(["Memphis", "Music City", "Chattanooga",
                                               "Marble City"])  # fmt: skip
    page.get_by_role("button", name="Prompts", exact=True).click()
    offered = page.get_by_test_id("stMultiSelect").first
    for name in ("Music City", "Marble City"):
        expect(offered).to_contain_text(name)


def test_a_slider_of_the_lab_is_in_the_url_once_released(page, address):
    page.goto(f"{address}/lab?scenario=blood-pressure")
    slider = page.get_by_role("slider", name="‘Worried’: how many rate ‘Clinical’")
    expect(slider).to_be_visible()
    first = page.locator(".name.right", has_text="Clinical").locator("b")
    expect(first).to_have_text("1")
    for name in ("Worried", "Careful", "In a hurry"):
        page.get_by_role("slider", name=f"‘{name}’: how many rate ‘Clinical’").press("End")
    expect(first).to_have_text("5")
    expect(page.get_by_role("status").first).to_contain_text("The model’s winner has changed")
    expect(page).to_have_url(re.compile("says3=100"))
    whole.wait_until_drawn(page)
    expect(page.get_by_text("Changed from ‘A question about blood pressure’")).to_be_visible()
    expect(first).to_have_text("5")
    page.get_by_role("button", name="Reset").click()
    expect(page).not_to_have_url(re.compile("says3"))
