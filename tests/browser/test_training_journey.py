"""Training wrongly, in a real browser, by day and by night: a guess, what was trained, the URL."""

import re

import pytest

from tests import lanes

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
expect = sync_api.expect


@lanes.deep_only
@pytest.mark.parametrize(("scheme", "size"), [("dark", (1280, 720))])
def test_a_guess_and_what_was_trained(page, address, scheme, size):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{address}/training?predict=true")
    expect(page.get_by_text("of these failures appear here, in every seed?")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
    page.get_by_role("radio", name="All four").or_(
        page.get_by_role("button", name="All four")
    ).first.click()
    expect(page.get_by_text("Not quite.")).to_be_visible()
    expect(page.locator(".js-plotly-plot").nth(2)).to_be_visible()
    ink = whole.computed_style(page, ".js-plotly-plot .annotation-text", "fill")
    assert (min(map(int, re.findall(r"\d+", ink)[:3])) > 128) == (scheme == "dark")

    page.get_by_role("radio", name="Pairs right").or_(
        page.get_by_role("button", name="Pairs right")
    ).first.click()
    expect(page).to_have_url(re.compile("measure=Pairs"))
    page.goto(page.url.replace("predict=true", ""))
    expect(page.get_by_role("radio", name="Pairs right")).to_be_checked()
    whole.wait_until_drawn(page)
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0, "nothing is cut off at the side"
    expect(page.get_by_test_id("stException")).to_have_count(0)
