"""The way through the app in a real browser: the finding, the lab, a run that outlives a reload;
and the latent space, where a run is trained from the page, the visitor is placed, a walk plays, and
the URL brings it back. In one file, as both train on the same programs of one server."""

import re
import time

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
from tests import lanes  # noqa: E402

#: A run that compiles everything on two busy cores.
PATIENT = 180_000


def charts(page):
    return page.locator(".js-plotly-plot .scatterlayer")


def test_a_page_asked_for_before_the_first_one_has_its_frame(page, address):
    page.goto(f"{address}/lab?seed=5")
    page.get_by_text("More settings").click()
    sync_api.expect(page.get_by_label("Seed", exact=True)).to_have_value("5")
    sync_api.expect(page.get_by_role("link", name="The story")).to_be_visible()


def test_the_journey(page, address, record_property):
    began = time.perf_counter()
    page.goto(address)
    button = page.get_by_role("button", name="How can that happen?")
    sync_api.expect(button).to_be_visible()
    record_property("story_shown_after_seconds", round(time.perf_counter() - began, 2))
    page.get_by_role("link", name="The classic story").click()
    sync_api.expect(charts(page)).to_have_count(2)
    sync_api.expect(page.get_by_text("Morristown is fourth").first).to_be_visible()

    page.get_by_role("button", name="Try it yourself").click()
    sync_api.expect(
        page.get_by_role("heading", name="What if others had answered?")
    ).to_be_visible()
    sync_api.expect(
        page.get_by_role("slider", name="‘Memphis’: share of all raters")
    ).to_be_visible()
    page.get_by_text("More settings").click()
    slider = page.get_by_role("slider", name="Number of raters")
    # A key pressed while the page redraws can be lost, so one is pressed until it is answered.
    for _ in range(60):
        if "raters=" in page.url:
            break
        slider.press("ArrowLeft")
        page.wait_for_timeout(300)
    page.wait_for_timeout(500)
    raters = slider.get_attribute("aria-valuetext")
    assert int(raters) < 10_000
    sync_api.expect(page).to_have_url(re.compile(f"raters={raters}"))

    page.get_by_role("button", name="Train").click()
    sync_api.expect(page).to_have_url(re.compile("run="))
    tab = page.get_by_role("tab", name="Every rule")
    # A warm run takes two seconds, so a slow page may find it done already.
    sync_api.expect(page.get_by_role("button", name="Cancel").or_(tab)).to_be_visible()
    page.reload()
    sync_api.expect(page).to_have_url(re.compile(f"raters={raters}.*run=|run=.*raters={raters}"))
    sync_api.expect(tab).to_be_visible(timeout=PATIENT)
    page.get_by_text("More settings").click()
    sync_api.expect(slider).to_have_attribute("aria-valuetext", raters)
    sync_api.expect(page.get_by_role("button", name="Trained")).to_be_disabled()
    sync_api.expect(page.get_by_text("The social model puts Morristown fourth")).to_be_visible()

    page.get_by_role("link", name="The story").click()
    sync_api.expect(page.get_by_role("heading", name="Who decides")).to_be_visible()
    page.get_by_role("link", name="The lab").click()
    sync_api.expect(tab).to_be_visible()


def test_presenter_mode_is_larger_and_in_the_url(page, address):
    page.goto(f"{address}/finding")
    sync_api.expect(charts(page)).to_have_count(2)
    title = page.get_by_role("heading", name="Who gets a say?")
    small = title.bounding_box()["height"]
    page.get_by_text("Presenter mode").click()
    sync_api.expect(page).to_have_url(re.compile("present=true"))
    sync_api.expect(page.get_by_text("The numbers")).to_have_count(0)
    # The page redraws in its own time; what is asked is that it ends up larger.
    page.wait_for_function(
        "small => document.querySelector('h1').getBoundingClientRect().height > small", arg=small
    )


def choose(page, part: str) -> None:
    page.get_by_role("radio", name=part).or_(page.get_by_role("button", name=part)).first.click()


@lanes.deep_only
def test_from_no_run_to_where_am_i(page, address):
    """``tests/app/test_latent_page.py`` opens all parts in the usual suite."""
    page.goto(f"{address}/latent?example=tennessee-morristown")
    chart = page.locator(".js-plotly-plot .main-svg").first
    sync_api.expect(page.get_by_text("How clearly apart, 0 to 1").first).to_be_visible(
        timeout=PATIENT
    )
    sync_api.expect(chart).to_be_visible()

    choose(page, "Where am I?")
    sync_api.expect(page.get_by_text("Before you rank anything")).to_be_visible()
    box = page.get_by_role("combobox", name=re.compile("capital")).first
    for city in ("Memphis", "Knoxville"):
        box.click()
        page.get_by_role("option", name=city, exact=True).click()
    sync_api.expect(page.get_by_text("You are most like Memphis")).to_be_visible()
    sync_api.expect(page).to_have_url(re.compile("ballot1=Memphis.*Knoxville"))
    page.reload()
    sync_api.expect(page.get_by_text("You are most like Memphis")).to_be_visible()
    sync_api.expect(page.get_by_test_id("stException")).to_have_count(0)

    choose(page, "From one to another")
    sync_api.expect(page.get_by_text("Pairs that change places")).to_be_visible()
    cursor = page.locator(".js-plotly-plot").first.locator("path.js-line").last
    before = cursor.get_attribute("d")
    page.get_by_text("▶ Play").first.click()
    sync_api.expect(cursor).not_to_have_attribute("d", before)

    # Every part, on a projector.
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(color_scheme="dark")
    for part, text in (
        ("Can I trust it?", "So it knows individual raters"),
        ("Map", "Nearest to their own"), ("Prompt by prompt", "these answer one"),
        ("Part of a ballot", "After one comparison that only one group would make"),
        ("Leaving one out", "Leaving Morristown out"),
        ("From one to another", "Pairs that change places"),
        ("Where am I?", "You are most like Memphis"),
    ):  # fmt: skip
        choose(page, part)
        sync_api.expect(page.get_by_text(text).first).to_be_visible()
        whole.assert_whole(page)
