"""Pages run in the test's own process, without a browser."""

from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def scanned_once():
    """Every ``AppTest`` reads the metadata of all installed packages, to look for components of
    theirs: half a second, and always the same."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def open_page(monkeypatch):
    """``open_page("lab", raters="900")`` is that page at that URL, run once."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))

    def opened(name: str = "start", **parameters: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
        for key, value in parameters.items():
            app.query_params[key] = value
        if name == "start":
            return app.run()
        return app.switch_page(f"pages/{name}.py").run()

    return opened


@pytest.fixture
def open_part(open_page):
    """As ``open_page`` (whose folder and path it takes), for a part without its page."""

    def opened(part, **parameters: str) -> AppTest:
        app = AppTest.from_function(part, default_timeout=90)
        for key, value in parameters.items():
            app.query_params[key] = value
        return app.run()

    return opened
