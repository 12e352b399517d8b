"""A class in real browsers: a teacher and two phones. They vote, tie, leave out, undo, change, and
see themselves after the reveal; keyboard and screen reader get all of it."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
accessibility = pytest.importorskip("tests.browser.accessibility")
expect = sync_api.expect
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LONG = [f"{'A long answer that goes on and on, as an assistant would write it, number ' * 2}{i}"
        for i in range(13)]  # fmt: skip
HOSTILE = ["<img src=x onerror=\"document.title='broken in'\">", "\u202eשלום עולם"]


@pytest.fixture
def tab(browser):
    """Opens a tab of its own browser, and fails where its script failed or asked elsewhere."""
    contexts, said = [], []

    def opened(**settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda r: said.append(r.url) if "//127.0.0.1:" not in r.url
                and r.url.startswith("http") else None)  # fmt: skip
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def class_(tab, address):
    """A teacher's tab with a new class, and its code."""
    teacher = tab(viewport={"width": 1280, "height": 900})
    teacher.goto(f"{address}/classroom")
    teacher.get_by_role("button", name="Open a class").click()
    expect(teacher).to_have_url(re.compile("room=.*key=|key=.*room="))
    return teacher, re.search(r"room=(\w+)", teacher.url).group(1)


def ask(teacher, prompt: str, answers: list[str]) -> None:
    teacher.get_by_text("Your own words", exact=True).click()
    box = teacher.get_by_label("Question", exact=True)
    # For a moment the form of the scenario is still there, too.
    teacher.wait_for_function(
        "() => (a => a.length === 1 && !a[0].value)"
        "(document.querySelectorAll('textarea[aria-label=Question]'))"
    )
    box.fill(prompt)
    teacher.get_by_role("textbox", name=re.compile("Answers, one a line")).fill("\n".join(answers))
    teacher.get_by_role("button", name="Ask", exact=True).click()
    expect(teacher.get_by_text("Voting is open")).to_be_visible()


def ballots(teacher, count: int) -> None:
    expect(teacher.get_by_role("status").filter(has_text=f"{count} ballot")).to_be_visible()


def test_a_class_votes_and_sees_itself(class_, tab, address):
    teacher, code = class_
    ann = tab(**PHONE)
    ann.goto(f"{address}/join/{code.lower()}")
    expect(ann.get_by_text("The first question comes soon")).to_be_visible()
    accessibility.assert_accessible(ann)
    ask(teacher, "Which season?", ["Spring", "Summer", "Autumn", "Winter"])
    # The phone sees the question by itself.
    expect(ann.get_by_role("heading", name="Which season?")).to_be_visible()
    bob = tab(**PHONE, color_scheme="dark")
    bob.goto(f"{address}/join")
    bob.get_by_label("Code on the board").fill(f"{code[:2]} {code[2:].lower()}")
    bob.get_by_role("button", name="Join").click()

    # Ann ranks three, ties the first two, and leaves Winter out.
    for name in ("Summer", "Spring", "Autumn"):
        ann.get_by_role("button", name=name, exact=True).click()
    ann.get_by_role("button", name="Tie with the place above: Spring").click()
    expect(ann.get_by_role("status")).to_have_text("Spring shares the place above")
    rows = ann.locator("#order .row")
    assert [text.split("\n")[0] for text in rows.all_inner_texts()] == ["1", "1", "3"]
    accessibility.assert_accessible(ann)
    send = ann.get_by_role("button", name="Send my ballot")
    send.dblclick()  # a double tap counts once
    expect(ann.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    ballots(teacher, 1)

    # Bob ranks all, takes one out, undoes that, moves one up, and changes the sent ballot.
    for name in ("Winter", "Autumn", "Summer", "Spring"):
        bob.get_by_role("button", name=name, exact=True).click()
    bob.get_by_role("button", name="Leave out: Autumn").click()
    expect(bob.get_by_role("button", name="Autumn", exact=True)).to_be_visible()
    bob.get_by_role("button", name="Undo").click()
    expect(bob.get_by_role("button", name="Autumn", exact=True)).to_have_count(0)
    bob.get_by_role("button", name="Send my ballot").click()
    expect(bob.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    ballots(teacher, 2)
    bob.get_by_role("button", name="Move up: Summer").click()
    bob.get_by_role("button", name="Send the change").click()
    expect(bob.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    accessibility.assert_accessible(bob)
    bob.reload()  # the phone finds its ballot again
    assert [text.split("\n")[1] for text in bob.locator("#order .row").all_inner_texts()] == [
        "Winter", "Summer", "Autumn", "Spring"]  # fmt: skip
    ballots(teacher, 2)
    accessibility.assert_accessible(teacher, "[data-testid=stMain]")

    teacher.get_by_role("button", name="Close voting").click()
    expect(ann.get_by_text("Voting is closed. Your ballot is in.")).to_be_visible()
    expect(ann.get_by_role("button", name="Leave out: Spring")).to_have_count(0)
    # A third ballot makes the map.
    teacher.get_by_role("button", name="Reopen voting").click()
    cem = tab(**PHONE)
    cem.goto(f"{address}/join/{code}")
    cem.get_by_role("button", name="Spring", exact=True).click()
    cem.get_by_role("button", name="Send my ballot").click()
    ballots(teacher, 3)
    teacher.get_by_role("button", name="Reveal").click()
    expect(teacher.get_by_role("heading", name="Every rule’s order")).to_be_visible()
    expect(teacher.get_by_text("Winter (2)")).to_be_visible()
    for phone in (ann, bob, cem):
        expect(phone.get_by_text("You are here")).to_be_visible()
        expect(phone.get_by_role("heading", name="Borda")).to_be_visible()
        accessibility.assert_accessible(phone)
    expect(ann.get_by_role("img", name="Map of the class")).to_be_visible()

    # A second round after the discussion: the phones follow, with their ballots to change.
    teacher.get_by_role("button", name="Second round").click()
    expect(cem.get_by_role("button", name="Send my ballot")).to_be_enabled()
    expect(cem.get_by_text("Round 2.")).to_be_visible()
    cem.get_by_role("button", name="Send my ballot").click()
    ballots(teacher, 1)
    teacher.get_by_role("button", name="Reveal").click()
    expect(teacher.get_by_role("heading", name="What the discussion changed")).to_be_visible()
    expect(ann.get_by_text("You sent no ballot in this round.")).to_be_visible()


def test_fifteen_long_and_hostile_answers_fit_a_phone_and_need_no_mouse(class_, tab, address):
    teacher, code = class_
    ask(teacher, "<b>Which?</b> " + "wörter" * 30, LONG + HOSTILE)
    phone = tab(viewport={"width": 390, "height": 844}, color_scheme="dark")
    phone.goto(f"{address}/join/{code}")
    answers = phone.locator(".answer")
    expect(answers).to_have_count(15)
    # By keyboard alone: the focus goes on to the next answer, and at last to the button.
    answers.first.focus()
    for left in range(14, -1, -1):
        phone.keyboard.press("Enter")
        expect(answers).to_have_count(left)
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    assert phone.title() == "Class vote"
    assert phone.locator("main img, main b").count() == 0
    accessibility.assert_accessible(phone)


def test_a_phone_survives_a_server_that_is_away(class_, tab, address):
    teacher, code = class_
    ask(teacher, "Which?", ["One", "Two"])
    phone = tab(**PHONE)
    phone.goto(f"{address}/join/{code}")
    phone.get_by_role("button", name="Two", exact=True).click()
    phone.route("**/ballot", lambda route: route.abort())
    phone.get_by_role("button", name="Send my ballot").click()
    expect(phone.get_by_text("No connection to the class. Trying again.")).to_be_visible()
    phone.unroute("**/ballot")
    expect(phone.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    ballots(teacher, 1)
    teacher.get_by_role("button", name="Delete the class", exact=True).click()
    teacher.get_by_role("button", name="Yes: delete the class").click()
    expect(teacher.get_by_role("button", name="Open a class")).to_be_visible()
    expect(phone.get_by_text("There is no class with this code")).to_be_visible()
