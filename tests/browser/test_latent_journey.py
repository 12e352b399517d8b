"""The latent space in a real browser: a run is trained from the page, the visitor is placed, a walk
plays, and the URL brings it back."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect
#: A run that compiles everything on two busy cores.
PATIENT = 180_000


def test_from_no_run_to_where_am_i(page, address):
    page.goto(f"{address}/latent?preset=Tennessee%20capital%20with%20Morristown")
    expect(page.get_by_text("there is none yet")).to_be_visible()
    page.get_by_role("button", name="Train").click()
    expect(page).to_have_url(re.compile("run="))
    chart = page.locator(".js-plotly-plot .main-svg").first
    expect(page.get_by_text("Silhouette by type, draws").first).to_be_visible(timeout=PATIENT)
    expect(chart).to_be_visible()

    page.get_by_role("radio", name="Where am I?").or_(
        page.get_by_role("button", name="Where am I?")
    ).first.click()
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
