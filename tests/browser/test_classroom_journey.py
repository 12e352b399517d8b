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
def watched():
    """``watched(page)`` fails at the end where a script of it failed, or asked elsewhere."""
    said = []

    def page_watched(page):
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda r: said.append(r.url) if "//127.0.0.1:" not in r.url
                and r.url.startswith("http") else None)  # fmt: skip
        return page

    yield page_watched
    assert said == []


@pytest.fixture
def tab(browser, watched):
    """Opens a tab of another visitor."""
    contexts = []

    def opened(**settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = watched(context.new_page())
        page.set_default_timeout(60_000)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def class_(page, watched, address):
    """A teacher's tab with a new class, and its code."""
    teacher = watched(page)
    teacher.goto(f"{address}/classroom")
    teacher.get_by_role("button", name="Open a class").click()
    expect(teacher).to_have_url(re.compile(r"\?room=\w{5}$"))
    expect(teacher.get_by_role("img", name="QR code")).to_be_visible()
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


def tap(phone, *names: str) -> None:
    """Tap these buttons one after the other, as slowly as a person does."""
    for name in names:
        phone.wait_for_timeout(450)
        phone.get_by_role("button", name=name, exact=True).click()


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
    tap(ann, "Summer", "Spring", "Autumn", "Tie with the place above: Spring")
    expect(ann.get_by_role("status")).to_have_text("Spring shares the place above")
    rows = ann.locator("#order .row")
    assert [text.split("\n")[0] for text in rows.all_inner_texts()] == ["1", "1", "3"]
    accessibility.assert_accessible(ann)
    send = ann.get_by_role("button", name="Send my ballot")
    send.dblclick()  # a double tap counts once
    expect(ann.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    ballots(teacher, 1)

    # Bob ranks all, takes one out, undoes that, moves one up, and changes the sent ballot.
    tap(bob, "Winter", "Autumn", "Summer", "Spring", "Leave out: Autumn")
    expect(bob.get_by_role("button", name="Autumn", exact=True)).to_be_visible()
    bob.get_by_role("button", name="Undo").click()
    expect(bob.get_by_role("button", name="Autumn", exact=True)).to_have_count(0)
    bob.get_by_role("button", name="Send my ballot").click()
    expect(bob.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    ballots(teacher, 2)
    tap(bob, "Move up: Summer")
    bob.get_by_role("button", name="Send the change").click()
    expect(bob.get_by_text("Your ballot is in. You can change it")).to_be_visible()
    accessibility.assert_accessible(bob)
    bob.reload()  # the phone finds its ballot again
    expect(bob.locator("#order .row")).to_have_count(4)
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
    expect(cem.get_by_role("button", name="Spring", exact=True)).to_be_visible()
    tap(cem, "Spring")
    cem.get_by_role("button", name="Send my ballot").click()
    ballots(teacher, 3)
    teacher.get_by_role("button", name="Reveal").click()
    expect(teacher.get_by_role("heading", name="The order by each rule")).to_be_visible()
    expect(teacher.get_by_text("Winter by 2")).to_be_visible()
    for phone in (ann, bob, cem):
        expect(phone.get_by_text("You are here")).to_be_visible()
        expect(phone.get_by_role("heading", name="Borda")).to_be_visible()
        expect(phone.get_by_text(re.compile(r"^You and the class agree on \d"))).to_be_visible()
        accessibility.assert_accessible(phone)
    expect(ann.get_by_role("img", name="Map of the class")).to_be_visible()

    # A second round after the discussion: the phones follow, with their ballots to change.
    teacher.get_by_role("button", name="Second round").click()
    expect(cem.get_by_role("button", name="Send my ballot")).to_be_enabled()
    expect(cem.get_by_text("Round 2.")).to_be_visible()
    expect(cem.get_by_text("does not count yet. Send it again, changed or not.")).to_be_visible()
    cem.get_by_role("button", name="Send my ballot").click()
    ballots(teacher, 1)
    expect(cem.get_by_text("does not count yet")).to_be_hidden()
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


def test_a_double_tap_ranks_one_answer_and_names_stand_before_texts(class_, tab, address):
    teacher, code = class_
    ask(teacher, "Which?", ["First | It is the first one.", *(f"Answer {i}" for i in range(2, 9))])
    phone = tab(**PHONE)
    phone.goto(f"{address}/join/{code}")
    rows, answers = phone.locator("#order .row .text"), phone.locator(".answer")
    expect(answers).to_have_count(8)
    assert answers.first.inner_text() == "First: It is the first one."
    phone.wait_for_timeout(450)
    place = answers.nth(4).bounding_box()
    x, y = place["x"] + 60, place["y"] + place["height"] / 2
    for _ in range(2):
        phone.touchscreen.tap(x, y)
        phone.wait_for_timeout(80)
    assert rows.all_inner_texts() == ["Answer 5"]
    under = "([x, y]) => !!document.elementFromPoint(x, y).closest('.answer')"
    assert phone.evaluate(under, [x, y]), "the second tap met no other answer"
    expect(answers).to_have_count(7)
    # Nothing looks chosen beforehand, though the focus has gone on.
    assert phone.locator(".answer:focus").count() == 1
    assert phone.locator(".answer:focus-visible").count() == 0
    phone.wait_for_timeout(450)
    answers.first.tap()
    assert rows.all_inner_texts() == ["Answer 5", "First: It is the first one."]
    # The arrow of another answer comes under the finger, too.
    phone.wait_for_timeout(450)
    place = phone.get_by_role("button", name="Move up: First").bounding_box()
    tapped = place["x"] + 10, place["y"] + 10
    phone.touchscreen.tap(*tapped)
    phone.touchscreen.tap(*tapped)
    assert rows.all_inner_texts() == ["First: It is the first one.", "Answer 5"]


def test_the_address_holds_no_key_and_finds_the_class_again(class_, tab, address):
    teacher, code = class_
    plain = teacher.url
    link = teacher.get_by_role("button", name="Link for another computer")
    expect(link).to_be_visible()
    teacher.reload()
    expect(link).to_be_visible()
    assert teacher.url == plain
    teacher.goto(f"{address}/classroom")
    teacher.get_by_role("button", name=f"Go on with class {code}").click()
    expect(link).to_be_visible()
    assert teacher.url == plain
    # Who copies the address controls nothing.
    pupil = tab()
    pupil.goto(plain)
    expect(pupil.get_by_text("This browser does not control the class.")).to_be_visible()
    expect(pupil.get_by_role("button", name="Delete the class", exact=True)).to_have_count(0)
    # With the link it does, and its address holds no key either.
    link.click()
    with_key = teacher.get_by_test_id("stCode").inner_text().strip()
    pupil.goto(address + with_key[with_key.index("/classroom") :])
    expect(pupil).to_have_url(plain)
    expect(pupil.get_by_role("button", name="Link for another computer")).to_be_visible()
    pupil.reload()
    expect(pupil.get_by_role("button", name="Link for another computer")).to_be_visible()


def test_a_phone_survives_a_server_that_is_away(class_, tab, address):
    teacher, code = class_
    ask(teacher, "Which?", ["One", "Two"])
    phone = tab(**PHONE)
    phone.goto(f"{address}/join/{code}")
    expect(phone.get_by_role("button", name="Two", exact=True)).to_be_visible()
    tap(phone, "Two")
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
