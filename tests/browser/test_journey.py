"""One journey through the app in a real browser: the finding, the lab, a run that outlives a
reload."""

import re
import time

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
#: A run that compiles everything on two busy cores.
PATIENT = 180_000


def charts(page):
    return page.locator(".js-plotly-plot .scatterlayer")


def test_a_page_asked_for_before_the_first_one_has_its_frame(page, address):
    page.goto(f"{address}/lab?seed=5")
    sync_api.expect(page.get_by_label("Seed")).to_have_value("5")
    sync_api.expect(page.get_by_role("link", name="The finding")).to_be_visible()


def test_the_journey(page, address, record_property):
    began = time.perf_counter()
    page.goto(address)
    sync_api.expect(charts(page)).to_have_count(2)
    record_property("finding_shown_after_seconds", round(time.perf_counter() - began, 2))
    assert page.get_by_text("Morristown is fourth").is_visible()

    page.get_by_role("button", name="Try it yourself").click()
    sync_api.expect(
        page.get_by_role("heading", name="What if others had answered?")
    ).to_be_visible()
    sync_api.expect(charts(page)).to_have_count(1)
    slider = page.get_by_role("slider", name="Raters")
    # A key pressed while the page redraws can be lost, so each is pressed until it is answered.
    for _ in range(60):
        if slider.get_attribute("aria-valuetext") == "1500":
            break
        slider.press("ArrowLeft")
        page.wait_for_timeout(150)
    sync_api.expect(page).to_have_url(re.compile("raters=1500"))

    page.get_by_role("button", name="Train").click()
    sync_api.expect(page).to_have_url(re.compile("run="))
    tab = page.get_by_role("tab", name="Every rule")
    # A warm run takes two seconds, so a slow page may find it done already.
    sync_api.expect(page.get_by_role("button", name="Cancel").or_(tab)).to_be_visible()
    page.reload()
    sync_api.expect(page).to_have_url(re.compile("raters=1500.*run=|run=.*raters=1500"))
    sync_api.expect(tab).to_be_visible(timeout=PATIENT)
    sync_api.expect(page.get_by_role("button", name="Trained")).to_be_disabled()
    sync_api.expect(page.get_by_text("The social model puts Morristown fourth")).to_be_visible()

    page.get_by_role("link", name="The finding").click()
    sync_api.expect(page.get_by_role("heading", name="Who gets a say?")).to_be_visible()
    page.get_by_role("link", name="The lab").click()
    sync_api.expect(tab).to_be_visible()


def test_presenter_mode_is_larger_and_in_the_url(page, address):
    page.goto(address)
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
