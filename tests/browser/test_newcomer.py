"""A newcomer's first ten minutes: the story and its five steps, a first training, the way on.

``SCRL_PICTURES=folder`` keeps a picture of each step.
"""

import os
import re
import time
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
whole = pytest.importorskip("tests.browser.whole")
accessibility = pytest.importorskip("tests.browser.accessibility")
from tests import lanes  # noqa: E402
from ui.start.path import STEPS  # noqa: E402

expect = sync_api.expect
#: Name of a look -> colour scheme, width, height, whether presenter mode is on.
LOOKS = {
    "light": ("light", 1440, 900, False),
    "projector": ("light", 1280, 720, True),
    "phone": ("dark", 390, 844, False),
}
PICTURES = os.environ.get("SCRL_PICTURES", "")
#: The list of Streamlit's own sidebar has headings between its items. Lists of the page itself are
#: judged with the part.
FRAME = ("list", "listitem")
MAIN = "[data-testid=stMain]"
HEADINGS = (
    "Who decides", "Four groups", "If only its fans", "A model of each person", "One answer for",
    "A voting rule",
)  # fmt: skip


def picture(page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=False)


def settled(page) -> None:
    page.wait_for_selector("[data-test-script-state=notRunning]")


@pytest.fixture(params=lanes.deep(["phone"], list(LOOKS)))
def visitor(page, request):
    scheme, width, height, presents = LOOKS[request.param]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    return page, request.param, presents


def heading(page, number: int):
    return page.get_by_role("heading", level=1, name=re.compile(f"^{HEADINGS[number]}"))


def test_the_story_from_the_first_screen_to_the_choice_of_a_rule(visitor, address, record_property):
    page, look, presents = visitor
    began = time.perf_counter()
    page.goto(address + ("?present=true" if presents else ""))
    expect(page.get_by_role("button", name="How can that happen?")).to_be_visible()
    record_property("first_screen_after_seconds", round(time.perf_counter() - began, 2))
    for number in range(len(STEPS) + 1):
        expect(heading(page, number)).to_be_visible()
        settled(page)
        whole.assert_whole(page)
        if number == 0:
            accessibility.assert_accessible(page, ignore=FRAME)  # the frame is that of every step
        if number or lanes.DEEP:
            accessibility.assert_accessible(page, MAIN)
        picture(page, f"{look}_{number}")
        assert page.get_by_test_id("stException").count() == 0
        if number < len(STEPS):
            began = time.perf_counter()
            page.get_by_role("button", name=re.compile("^(Next|How can)")).last.click()
            expect(heading(page, number + 1)).to_be_visible()
            record_property(
                f"step_{number + 1}_after_seconds", round(time.perf_counter() - began, 2)
            )
            assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_the_story_by_keyboard_alone(page, address):
    """Tab and Enter reach every *Next*; arrows move the guess and the slider."""
    page.goto(address)
    expect(page.get_by_role("button", name="How can that happen?")).to_be_visible()
    for number in range(len(STEPS)):
        expect(heading(page, number)).to_be_visible()
        settled(page)
        if number == 1:
            focus(page, "radio", re.compile("largest group"))
            page.keyboard.press("Space")
            expect(page.get_by_text("Not quite")).to_be_visible()
        if number == 2:
            focus(page, "slider")
            for _ in range(15):
                page.keyboard.press("ArrowRight")
            expect(page.get_by_text("puts Plain first", exact=False).last).to_be_visible()
            expect(page).to_have_url(re.compile("rated=25"))
        focus(page, "button", re.compile("^(Next|How can)"))
        page.keyboard.press("Enter")
    expect(heading(page, len(STEPS))).to_be_visible()


def focus(page, role: str, name: re.Pattern | None = None) -> None:
    """Press Tab until an element of this role and name has the focus."""
    wanted = page.get_by_role(role, name=name) if name else page.get_by_role(role)
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate_all("all => all.includes(document.activeElement) || "
                               "all.some(e => e.getRootNode().activeElement === e)"):  # fmt: skip
            return
    raise AssertionError(f"no {role} {name or ''} is reached by Tab")


def test_a_first_training_from_the_story_and_the_way_on(page, address, record_property):
    page.goto(f"{address}?step=3&rated=40")
    train = page.get_by_role("button", name="Train", exact=True)
    expect(train).to_be_visible()
    settled(page)
    began = time.perf_counter()
    train.click()
    expect(page.get_by_text("The social model puts Plain first")).to_be_visible(timeout=180_000)
    record_property("first_training_after_seconds", round(time.perf_counter() - began, 2))
    page.get_by_role("radio", name=re.compile("Choose the rule")).or_(
        page.get_by_role("button", name="5 Choose the rule")
    ).first.click()
    expect(heading(page, 5)).to_be_visible()
    page.get_by_role("link", name="Understand why").click()
    expect(page.get_by_role("heading", name="What would you like to understand?")).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("link", name=re.compile("Tennessee$")).click()
    expect(page.get_by_role("heading", name="Who gets a say?")).to_be_visible()


def test_a_closed_sidebar_takes_no_focus(page, address):
    page.goto(f"{address}?present=true")
    expect(page.get_by_role("button", name="How can that happen?")).to_be_visible()
    settled(page)
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(
            "!!document.activeElement.closest('[data-testid=stSidebar]')"
        ))  # fmt: skip
    assert not any(seen)
    # Open, it can be reached.
    page.get_by_test_id("stExpandSidebarButton").click()
    link = page.get_by_test_id("stSidebarNavLink").first
    expect(link).to_be_visible()
    link.focus()
    assert link.evaluate("e => e === document.activeElement")
