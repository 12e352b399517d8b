"""Every page of the app, walked in the order of the navigation: light on a laptop, and where the
suite goes deep, dark on a projector too."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
from tests import lanes  # noqa: E402
from ui.shared.page_index import PAGES  # noqa: E402

expect = sync_api.expect
#: How many charts a page opens with at least.
CHARTS = {"finding": 2, "gap": 2, "studies": 1, "rules": 1, "criteria": 1,
          "distortion": 1, "latent": 1, "report": 2}  # fmt: skip
LOOKS = {"laptop": ("light", 1440, 900), "projector": ("dark", 1280, 720)}
WALKS = [(look, name) for look in lanes.deep(["laptop"], list(LOOKS)) for name in PAGES]


@pytest.fixture(scope="module")
def walker(visitor_of_all, address):
    """``walker(look)`` is the one tab in which all pages of a look are visited, and what its
    console complained of. A new tab would load and run all scripts of Streamlit again."""
    tabs = {}

    def tab(look: str):
        if look not in tabs:
            scheme, width, height = LOOKS[look]
            page, said = visitor_of_all.new_page(), []
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.set_default_timeout(90_000)
            page.on("console", lambda m: said.append(m) if m.type == "error" else None)
            page.on("pageerror", lambda error: said.append(error))
            page.on("request", lambda r: said.append(f"asks elsewhere: {r.url}")
                    if is_elsewhere(r.url) else None)  # fmt: skip
            page.goto(address)
            tabs[look] = page, said
        return tabs[look]

    yield tab
    for page, _ in tabs.values():
        page.close()


def is_elsewhere(url: str) -> bool:
    """Whether a request leaves the machine."""
    return url.startswith(("http:", "https:", "ws:", "wss:")) and "//127.0.0.1:" not in url


def ours(said: list) -> list[str]:
    """Complaints but those of missing addresses: Streamlit asks for settings that a server need not
    have."""
    texts = [getattr(m, "text", None) or str(m) for m in said]
    return [t for t in texts if "Failed to load resource" not in t]


def in_sidebar(page, stem: str):
    # Before each name stands that of its icon.
    return page.get_by_test_id("stSidebarNavLink").filter(
        has_text=re.compile(f"{re.escape(PAGES[stem].label)}$")
    )


def test_the_sidebar_lists_the_pages_without_a_topic_and_the_hub_all_others(walker):
    page, _ = walker("laptop")
    shown = [entry.label for entry in PAGES.values() if not entry.topic]
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_count(len(shown))
    assert [text.split("\n")[-1] for text in links.all_inner_texts()] == shown
    in_sidebar(page, "understand").click()
    cards = page.get_by_test_id("stMain").get_by_test_id("stPageLink")
    expect(cards).to_have_count(sum(bool(entry.topic) for entry in PAGES.values()))


@pytest.mark.parametrize(("look", "name"), WALKS)
def test_a_page_is_whole(walker, look, name):
    page, said = walker(look)
    entry = PAGES[name]
    if entry.topic:
        in_sidebar(page, "understand").click()
        expect(page.get_by_role("heading", name=PAGES["understand"].title)).to_be_visible()
    said.clear()
    where = page.get_by_test_id("stMain") if entry.topic else page.get_by_test_id("stSidebarNav")
    where.get_by_role("link", name=re.compile(f"{re.escape(entry.label)}$")).click()
    expect(page.get_by_role("heading", name=entry.title, level=1)).to_be_visible()
    expect(page).to_have_title(re.compile(f"^{re.escape(entry.label)} "))
    if name in CHARTS:
        expect(page.get_by_test_id("stPlotlyChart").nth(CHARTS[name] - 1)).to_be_visible()
    whole.assert_whole(page)
    assert ours(said) == []
    ground = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]'))"
                           ".backgroundColor")  # fmt: skip
    light = sum(map(int, re.findall(r"\d+", ground)[:3])) > 3 * 128
    assert light == page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")


def test_what_is_cut_off_is_seen(walker):
    page, _ = walker("laptop")
    whole.assert_whole(page)
    page.evaluate("document.querySelector('[data-testid=stMain] h1').style.cssText ="
                  "'width: 50px; white-space: nowrap; overflow: hidden'")  # fmt: skip
    assert page.evaluate(whole.CLIPPED)[0].startswith("cut off: ")


@pytest.mark.parametrize("name", ["start", "classroom"])
def test_the_icon_of_the_tab_comes_from_this_server(page, address, name):
    # The first message of a session sets it; what the browser's console shows is too late to tell.
    page.add_init_script(
        "window.icons = []; new MutationObserver(() => {"
        "const icon = document.querySelector('link[rel~=icon]');"
        "if (icon && icon.href !== icons.at(-1)) icons.push(icon.href)})"
        ".observe(document, {subtree: true, childList: true, attributes: true})"
    )
    page.goto(f"{address}/{'' if name == 'start' else name}")
    expect(page.get_by_role("heading", name=PAGES[name].title, level=1)).to_be_visible()
    icons = page.evaluate("icons")
    assert icons[-1].startswith("data:image/svg+xml")
    assert [icon for icon in icons if is_elsewhere(icon)] == []
