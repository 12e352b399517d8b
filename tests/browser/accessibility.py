"""Accessibility of a page in the browser, as axe-core judges it.

axe-core comes bundled with a Python package, so nothing is fetched from the internet.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: Impacts that a user of a keyboard or a screen reader cannot get around.
REFUSED = ("serious", "critical")
#: Rules of WCAG 2.2 at levels A and AA.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@cache
def _script() -> str:
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    return (resources.files(package) / "axe.min.js").read_text("utf-8")


def findings(
    page: Page,
    selector: str | None = None,
    ignore: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
) -> list[str]:
    """The serious and critical findings of axe-core, one line each.

    Args:
        page: a page that has finished drawing.
        selector: a CSS selector of the part to judge; None for the whole document.
        ignore: ids of rules to leave out, for faults of the framework that we cannot mend.
        only: ids of the rules to judge by, where not by all; a judgement by all takes seconds.
    """
    page.evaluate("script => { window.axe || (0, eval)(script) }", _script())
    answer = page.evaluate(
        """async ([selector, tags, ignore, only]) => {
            // Streamlit fades what it is about to draw again.
            const still = document.createElement("style");
            still.textContent = "[data-stale] {opacity: 1 !important; transition: none !important}";
            document.head.append(still);
            const rules = only.length ? {type: "rule", values: only} : {type: "tag", values: tags};
            try {
                return await axe.run(selector || document, {
                    runOnly: rules,
                    rules: Object.fromEntries(ignore.map(id => [id, {enabled: false}])),
                    resultTypes: ["violations"],
                });
            } finally {
                still.remove();
            }
        }""",
        [selector, list(TAGS), list(ignore), list(only)],
    )
    return [
        f"{found['id']} ({found['impact']}): {found['help']}: {node['target']} {node['html'][:160]}"
        for found in answer["violations"]
        if found["impact"] in REFUSED
        for node in found["nodes"]
    ]


def assert_accessible(
    page: Page,
    selector: str | None = None,
    ignore: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
) -> None:
    """Fail with the list of serious and critical findings; arguments as in ``findings``."""
    found = findings(page, selector, ignore, only)
    assert not found, "\n".join(found)
