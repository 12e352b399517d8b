"""A run in a real browser: trained, listed, renamed, found again after a restart, and deleted. On a
server of its own, as it is killed on the way."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app_server import free_port, wait_for
from ui.shared.page_index import PAGES

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
ROOT = Path(__file__).resolve().parents[2]
PATIENT = 400_000


class Server:
    def __init__(self, folder):
        self.port = free_port()
        self.address, self.folder = f"http://127.0.0.1:{self.port}", folder

    def start(self):
        with (self.folder / "log").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py",
                 f"--server.port={self.port}", "--server.address=127.0.0.1",
                 "--server.headless=true"],
                cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
                env=os.environ | {"SCRL_RUNS": str(self.folder / "runs.sqlite")},
            )  # fmt: skip
        wait_for(self.address, self.process)

    def kill(self):
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def server(browser, tmp_path):
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_run_outlives_the_server(page, server, tmp_path):
    expect = sync_api.expect
    tab = page.get_by_role("tab", name="Every rule")
    # As in tests/browser/test_journey.py, which has compiled the programs.
    page.goto(f"{server.address}/lab?seed=1&raters=9500")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(tab).to_be_visible(timeout=PATIENT)
    expect(page).to_have_url(re.compile("run="))
    link = page.url
    server.kill()
    server.start()

    page.goto(f"{server.address}/runs")
    expect(page.get_by_role("button", name="Open in the lab")).to_be_visible()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("The second")
    page.get_by_role("button", name="Save").click()
    run = page.get_by_role("combobox", name="Run", exact=True)
    expect(run).to_have_value(re.compile("^The second ·"))

    page.goto(link)  # the link, on a server that never trained it
    expect(tab).to_be_visible()
    expect(page.get_by_role("button", name="Trained")).to_be_disabled()

    page.get_by_role("link", name=PAGES["runs"].label).click()
    with page.expect_download() as exported:
        page.get_by_role("button", name="Export (ZIP)").click()
    exported.value.save_as(tmp_path / "run.zip")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("button", name="Open in the lab")).to_have_count(0)
    page.goto(link)
    expect(page.get_by_text("is not kept on this server")).to_be_visible()

    page.goto(f"{server.address}/lab")
    page.get_by_text("Bring a file").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "run.zip")
    expect(tab).to_be_visible()
    expect(page.get_by_role("button", name="Trained")).to_be_disabled()
    page.goto(f"{server.address}/runs")
    expect(run).to_have_value(re.compile("^The second ·"))
