"""Every page of the app, walked in the order of the navigation: once light on a laptop, once dark
on a projector."""

import re
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
expect = sync_api.expect
ROOT = Path(__file__).resolve().parents[2]
LISTED = re.findall(
    r'st\.Page\(\s*"(pages/\w+\.py)", title="([^"]+)"',
    (ROOT / "ui/shared/navigation.py").read_text("utf-8"),
)
#: The pages as the navigation lists them: name -> the title that its file gives it, if it is fixed.
PAGES = {
    name: (re.findall(r'st\.title\("([^"]+)"\)', (ROOT / path).read_text("utf-8")) or [""])[0]
    for path, name in LISTED
}
#: How many charts a page opens with at least.
CHARTS = {"The finding": 2, "The lab": 1, "Why wrong?": 2, "Studies": 1, "Rules": 1, "Criteria": 1,
          "Distortion": 1, "Strategy": 1}  # fmt: skip
LOOKS = {"laptop": ("light", 1440, 900), "projector": ("dark", 1280, 720)}


@pytest.fixture(scope="module", params=LOOKS)
def walker(browser, request):
    """One tab in which all pages are visited, and what its console complained of."""
    scheme, width, height = LOOKS[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page, said = context.new_page(), []
    page.set_default_timeout(90_000)
    page.on("console", lambda m: said.append(m) if m.type == "error" else None)
    page.on("pageerror", lambda error: said.append(error))
    page.on(
        "request",
        lambda r: said.append(f"asks elsewhere: {r.url}") if is_elsewhere(r.url) else None,
    )
    yield page, said
    context.close()


def is_elsewhere(url: str) -> bool:
    """Whether a request leaves the machine."""
    return url.startswith(("http:", "https:", "ws:", "wss:")) and "//127.0.0.1:" not in url


def ours(said: list) -> list[str]:
    """Complaints but those of missing addresses: Streamlit asks for settings that a server need not
    have."""
    texts = [getattr(m, "text", None) or str(m) for m in said]
    return [t for t in texts if "Failed to load resource" not in t]


def test_the_walk_leaves_out_no_page(walker, address):
    page, _ = walker
    page.goto(address)
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_count(len(PAGES))
    # Before each name stands that of its icon.
    assert [text.split("\n")[-1] for text in links.all_inner_texts()] == list(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(walker, address, name):
    page, said = walker
    if page.url == "about:blank":
        page.goto(address)
    said.clear()
    page.get_by_test_id("stSidebarNavLink").filter(
        has_text=re.compile(f"{re.escape(name)}$")
    ).click()
    title = re.compile(f"{re.escape(PAGES[name])}$" if PAGES[name] else ".")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    # A page without a fixed title is there once the one before it is gone.
    others = "|".join(re.escape(other) for other in set(PAGES.values()) - {PAGES[name], ""})
    expect(page.get_by_role("heading", name=re.compile(f"({others})$"), level=1)).to_have_count(0)
    if name in CHARTS:
        expect(page.get_by_test_id("stPlotlyChart").nth(CHARTS[name] - 1)).to_be_visible()
    whole.assert_whole(page)
    assert ours(said) == []
    ground = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]'))"
                           ".backgroundColor")  # fmt: skip
    light = sum(map(int, re.findall(r"\d+", ground)[:3])) > 3 * 128
    assert light == page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")


def test_what_is_cut_off_is_seen(walker, address):
    page, _ = walker
    if page.url == "about:blank":
        page.goto(address)
    whole.assert_whole(page)
    page.evaluate("document.querySelector('[data-testid=stMain] h1').style.cssText ="
                  "'width: 50px; white-space: nowrap; overflow: hidden'")  # fmt: skip
    assert page.evaluate(whole.CLIPPED)[0].startswith("cut off: ")
