"""The latent space in a real browser: a run is trained from the page, the visitor is placed, a walk
plays, and the URL brings it back."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
expect = sync_api.expect
#: A run that compiles everything on two busy cores.
PATIENT = 180_000


def choose(page, part: str) -> None:
    page.get_by_role("radio", name=part).or_(page.get_by_role("button", name=part)).first.click()


def test_from_no_run_to_where_am_i(page, address):
    page.goto(f"{address}/latent?preset=Tennessee%20capital%20with%20Morristown")
    expect(page.get_by_text("there is none yet")).to_be_visible()
    page.get_by_role("button", name="Train").click()
    expect(page).to_have_url(re.compile("run="))
    chart = page.locator(".js-plotly-plot .main-svg").first
    expect(page.get_by_text("Silhouette by type, draws").first).to_be_visible(timeout=PATIENT)
    expect(chart).to_be_visible()

    choose(page, "Where am I?")
    expect(page.get_by_text("Before you say anything")).to_be_visible()
    box = page.get_by_role("combobox", name=re.compile("capital")).first
    for city in ("Memphis", "Knoxville"):
        box.click()
        page.get_by_role("option", name=city, exact=True).click()
    expect(page.get_by_text("You are nearest to Memphis")).to_be_visible()
    expect(page).to_have_url(re.compile("ballot1=Memphis.*Knoxville"))
    page.reload()
    expect(page.get_by_text("You are nearest to Memphis")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)

    page.goto(re.sub(r"part=[^&]*", "part=Traversals", page.url))
    expect(page.get_by_text("Needed (Kendall distance)")).to_be_visible()
    cursor = page.locator(".js-plotly-plot").first.locator("path.js-line").last
    before = cursor.get_attribute("d")
    page.get_by_text("▶ Play").first.click()
    expect(cursor).not_to_have_attribute("d", before)

    # Every part, for another visitor with a projector.
    other = page.context.browser.new_context(
        viewport={"width": 1280, "height": 720}, color_scheme="dark"
    )
    shown = other.new_page()
    shown.set_default_timeout(90_000)
    shown.goto(re.sub(r"part=[^&]*", "part=Health", page.url))
    expect(shown.get_by_text("dimensions are in use")).to_be_visible()
    whole.assert_whole(shown)
    for part, text in (
        ("Clusters", "Nearest profile is own"), ("Contexts", "these answer one"),
        ("Part of a ballot", "After a pair that one type alone holds"),
        ("Left out", "Leaving Morristown out"), ("Traversals", "Needed (Kendall distance)"),
        ("Where am I?", "It would ask next"),
    ):  # fmt: skip
        choose(shown, part)
        expect(shown.get_by_text(text).first).to_be_visible()
        whole.assert_whole(shown)
    other.close()
