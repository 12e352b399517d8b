"""One journey through the app in a real browser: the finding, the lab, a run that outlives a
reload. Skipped where Playwright or the system's Chromium is missing."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)  # fmt: skip
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no system Chromium")
ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run")  # fmt: skip
#: A run that compiles everything on two busy cores.
PATIENT = 120_000


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}",
             "--server.address=127.0.0.1", "--server.headless=true"],
            cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=os.environ.copy(),
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.1)
        yield address
        assert "Traceback" not in log.read_text()
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


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
