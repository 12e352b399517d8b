"""One server and one browser for the journeys of a test process. They are skipped where Playwright
or the system's Chromium is missing."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
#: The first is made for this: without windows it needs less of a processor.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ROOT = Path(__file__).resolve().parents[2]
#: How long anything may take to show: the first page of a server loads JAX and compiles, on cores
#: that other tests may be using.
PATIENCE = 90_000
sync_api.expect.set_options(timeout=PATIENCE)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run")  # fmt: skip


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("there is no system Chromium")
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
        said = log.read_text()
        assert "external IP" not in said, "the server asks the internet for its address"
        # Streamlit's own server may log a browser that left in the middle of a message.
        ours = str(ROOT) in said or "Exception in thread" in said
        assert not ("Traceback" in said and ours), said
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no system Chromium")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


#: What turns, pulses and glides would be drawn sixty times a second without a GPU.
STILL = """addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style");
    style.textContent = "*, *::before, *::after "
        + "{ animation: none !important; transition: none !important; }";
    document.head.append(style);
});"""


@pytest.fixture(scope="session")
def visitor_of_all(browser):
    """One context of the browser, which loads and compiles the scripts of Streamlit once."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(STILL)
    yield context
    context.close()


@pytest.fixture
def page(visitor_of_all):
    """A page of a new visitor: without cookies, and nothing stored."""
    page = visitor_of_all.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    if page.url.startswith("http"):
        page.evaluate("localStorage.clear()")
    for opened in visitor_of_all.pages:
        opened.close()
    visitor_of_all.clear_cookies()
