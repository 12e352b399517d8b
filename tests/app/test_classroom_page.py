"""The teacher's page of a class, and the read-only page of its results."""

import random

import pytest

from scrl.classroom import PostedBallot
from tests.app.test_pages import figures, parameter, words
from ui.classroom import (
    addresses,
    class_store,
    counting,
    invitation,
    question_picker,
    room_address,
    round_result,
)

HOSTILE = ["<script>alert(1)</script>", "=HYPERLINK(1)", "![x](http://elsewhere.example/a)",
           "z" * 80, "\u202eשלום", "**bold** :red[x] $x$"]  # fmt: skip


@pytest.fixture
def room():
    """A teacher, and ``vote(count, round)``: so many random ballots on the current question."""
    teacher = class_store.store().create_room()

    def vote(count: int, round: int = 1, seed: int = 0) -> None:
        rng, asked = random.Random(seed), teacher.room().current
        for i in range(count):
            order = rng.sample(range(len(asked.answers)), rng.randint(2, len(asked.answers)))
            class_store.store().cast(
                PostedBallot(teacher.code, f"{i:032x}", asked.id, round, tuple((a,) for a in order))
            ).result()

    return teacher, vote


@pytest.fixture
def open_room(open_page, room):
    """The teacher's page of the room."""
    return lambda: open_page("classroom", room=room[0].code, key=room[0].token)


def button(app, label: str):
    return next(b for b in app.button if b.label == label)


def labels(app) -> list[str]:
    return [b.label for b in app.button]


def rule_titles(figure: dict) -> set[str]:
    """The titles of the rows of a figure of rules."""
    return {a["text"].replace("<br>", "").replace("\u00a0", " ")
            for a in figure["layout"]["annotations"] if a.get("xanchor") == "right"}  # fmt: skip


def html(app) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def test_a_teacher_opens_a_class_and_asks(open_page):
    app = open_page("classroom")
    assert not app.exception
    button(app, "Open a class").click().run()
    code, key = app.session_state["class_opened"]
    assert parameter(app, "room") == code
    assert "key" not in app.query_params
    assert "QR code of http" in html(app)
    assert code in html(app)
    teacher = class_store.store().teacher(code, key)
    assert teacher.room().questions == ()
    # The form opens with answers of an assistant, which have short names.
    button(app, "Ask").click().run()
    assert not app.exception
    question = teacher.room().current
    assert question.answers[question.labels.index("Short")].startswith("A bit high.")
    assert "Voting is open" in words(app)
    assert "Reveal" in labels(app)


def test_a_class_is_found_again_from_another_page(open_room, room):
    app = open_room()
    app.switch_page("pages/understand.py").run()
    if "room" in app.query_params:
        del app.query_params["room"]
    app.switch_page("pages/classroom.py").run()
    assert parameter(app, "room") == room[0].code
    assert room[0].code in html(app)


def test_the_key_leaves_the_address_and_comes_back_only_as_a_link(open_room, open_page, room):
    teacher, _ = room
    app = open_room()
    assert "key" not in app.query_params
    assert parameter(app, "room") == teacher.code
    assert teacher.token not in words(app)
    assert not app.code
    button(app, "Link for another computer").click().run()
    assert app.code[0].value.endswith(f"/classroom?room={teacher.code}&key={teacher.token}")
    app.run()
    assert not app.code
    pupil = open_page("classroom", room=teacher.code)
    assert "does not control the class" in words(pupil)
    assert labels(pupil) == ["Open a new class"]


def test_a_browser_finds_its_classes_again(open_page, room, monkeypatch):
    teacher, _ = room
    other = class_store.store().create_room()
    kept = {teacher.code: teacher.token, "ZZZZZ": "gone", other.code: "another"}
    monkeypatch.setattr(room_address, "_cookies", lambda: kept)
    app = open_page("classroom")
    assert labels(app) == ["Open a class", f"Go on with class {teacher.code}"]
    button(app, f"Go on with class {teacher.code}").click().run()
    assert not app.exception
    assert "Ask" in labels(app)
    assert "Ask" in labels(open_page("classroom", room=teacher.code.lower()))
    assert "Open a new class" in labels(open_page("classroom", room=other.code))


def test_a_wrong_token_shows_nothing(open_page, room):
    teacher, _ = room
    teacher.ask("A secret question", ["a", "b"])
    other = class_store.store().create_room()
    for key in ("x", other.token, teacher.result_key):
        app = open_page("classroom", room=teacher.code, key=key)
        assert "This link opens no class" in words(app)
        assert "secret" not in words(app) + html(app)
        assert labels(app) == ["Open a new class"]
    app = open_page("classroom", room=teacher.code, result=teacher.token)
    assert "This link opens no class" in words(app)


def test_only_a_counter_until_the_reveal_and_everything_after(open_room, room):
    teacher, vote = room
    question = teacher.ask("Which <b>?", ["Red", "Green", "Blue"], "unseen")
    vote(12)
    app = open_room()
    assert ">12</span>" in html(app)
    assert not figures(app)
    button(app, "Close voting").click().run()
    assert "Voting is closed" in words(app)
    button(app, "Reopen voting").click().run()
    assert teacher.room().current.current.state == "open"
    button(app, "Reveal").click().run()
    assert not app.exception
    assert teacher.room().current.current.state == "revealed"
    said = words(app)
    assert "**12** ballots" in said
    assert "Every phone sent a ballot." in said
    rules, _, latent = figures(app)
    first = {"Plurality", "Instant runoff", "Borda", "Copeland", "Schulze", "Bradley–Terry"}
    assert rule_titles(rules) == first
    assert sum(len(trace["text"]) for trace in latent["data"] if trace["mode"] == "markers") == 12
    shown = class_store.store().phone_result(teacher.code, f"{0:032x}")
    assert [title for title, _ in shown["orders"]] == list(counting.PHONE_RULES.values())
    assert shown["you"]["point"] is not None
    assert len(teacher.ballots(question, 1)) == 12


def test_answers_that_only_a_prior_orders_are_said(open_room, room):
    """Ten phones order the first two, and one the first and the third."""
    teacher, _ = room
    teacher.ask("Which?", ["Red", "Green", "Blue"], "unseen")
    asked = teacher.room().current.id
    for i in range(11):
        order = ((0,), (1,)) if i else ((0,), (2,))
        ballot = PostedBallot(teacher.code, f"{i:032x}", asked, 1, order)
        class_store.store().cast(ballot).result()
    app = open_room()
    button(app, "Reveal").click().run()
    assert not app.exception
    said = "'Green', 'Blue' are not all ordered by ballots"
    assert said in words(app)
    (note,) = class_store.store().phone_result(teacher.code, f"{0:032x}")["notes"]
    assert note.startswith(said)


def test_all_rules_are_shown_on_request_with_a_key_to_the_answers(open_room, room):
    teacher, vote = room
    asked = teacher.ask("Which?", ["Measure again <i>now</i>.", "Wait", "Run"], "last",
                        ["Again", "", ""])  # fmt: skip
    vote(5)
    teacher.close(asked)
    teacher.reveal(asked, counting.summarise)
    app = open_room()
    assert "<b>Again:</b> Measure again &lt;i&gt;now&lt;/i&gt;." in html(app)
    assert ">Wait</span>" in html(app)
    choice = app.segmented_control(key=f"class_rules_{asked}-1")
    outcomes, faults = counting.count(teacher.room().current, teacher.ballots(asked, 1))
    every = f"All {len(outcomes)}"
    assert not faults
    assert choice.options[1] == every
    choice.set_value(every).run()
    assert not app.exception
    assert len(rule_titles(figures(app)[0])) == len(outcomes)


def test_a_second_round_is_compared_with_the_first(open_room, room):
    teacher, vote = room
    teacher.ask("Which?", ["Red", "Green", "Blue"], "last")
    vote(8)
    app = open_room()
    button(app, "Reveal").click().run()
    button(app, "Second round").click().run()
    assert "round 2" in words(app)
    vote(6, 2, seed=1)
    button(app, "Reveal").click().run()
    assert not app.exception
    assert "What the discussion changed" in words(app)
    first, second = (
        {b.phone: b.order for b in teacher.ballots(teacher.room().current.id, r)} for r in (1, 2)
    )
    changed = sum(first[phone] != order for phone, order in second.items())
    assert f"Of 6 phones that voted in the last two rounds, **{changed}** changed" in words(app)


def test_ballots_go_to_the_lab_and_the_file_and_the_link(open_room, room, open_page):
    teacher, vote = room
    teacher.ask("Which?", ["Red", "Green", "Blue"], "last")
    vote(9)
    app = open_room()
    button(app, "Reveal").click().run()
    (download,) = app.get("download_button")
    assert download.proto.label == "Download the ballots (CSV)"
    assert teacher.result_key in app.code[0].value
    assert teacher.token not in app.code[0].value
    button(app, "Send the ballots to the lab").click().run()
    assert not app.exception
    id = parameter(app, "scenario")
    assert id.startswith("file-")
    assert "9 raters, 9 ballots" in words(app)

    reader = open_page("classroom", room=teacher.code, result=teacher.result_key)
    assert not reader.exception
    assert "**9** ballots" in words(reader)
    assert labels(reader) == []
    assert teacher.token not in words(reader) + html(reader)


def test_hostile_texts_are_shown_as_they_are(open_room, room):
    teacher, vote = room
    teacher.ask("![q](http://elsewhere.example/q) <b>", HOSTILE, "unseen")
    vote(7)
    app = open_room()
    assert not app.exception
    assert "![" not in words(app)
    assert "alert(1)" not in html(app)
    button(app, "Reveal").click().run()
    assert not app.exception
    assert "![" not in words(app)
    assert "<script>alert" not in html(app)


def test_everything_can_be_deleted(open_room, room):
    teacher, vote = room
    teacher.ask("Which?", ["Red", "Green"])
    vote(3)
    app = open_room()
    button(app, "Yes: reset this vote").click().run()
    assert teacher.room().current.current.ballots == 0
    button(app, "Yes: delete this question").click().run()
    assert teacher.room().questions == ()
    button(app, "Yes: delete the class").click().run()
    assert not app.exception
    assert "room" not in app.query_params
    assert "Open a class" in labels(app)


def test_a_reveal_without_ballots_is_one_sentence(open_room, room):
    room[0].ask("Which?", ["Red", "Green"])
    app = open_room()
    button(app, "Reveal").click().run()
    assert "Nobody has voted yet" in app.error[0].value


@pytest.mark.parametrize("moment", ["before the counter", "at the click"])
def test_a_reveal_beside_another_window_that_closes_is_not_lost(
    open_room, room, monkeypatch, moment
):
    teacher, vote = room
    teacher.ask("Which?", ["a", "b", "c"])
    vote(4)
    app = open_room()
    question = teacher.room().current
    if moment == "at the click":
        teacher.close(question.id)
    else:
        show = invitation.show

        def shown(code: str) -> None:
            show(code)
            if teacher.room().current.current.state == "open":
                teacher.close(question.id)

        monkeypatch.setattr(invitation, "show", shown)
    button(app, "Reveal").click().run()
    assert not app.exception
    assert teacher.room().current.current.state == "revealed"


def test_a_click_that_comes_too_late_says_so(open_room, room):
    teacher, vote = room
    question = teacher.ask("Which?", ["a", "b", "c"])
    vote(4)
    app = open_room()
    teacher.reveal(question, counting.summarise)
    button(app, "Close voting").click().run()
    assert [e.value for e in app.error] == ["Only an open vote can be closed."]
    app.run()
    assert not app.error


def test_a_question_that_is_refused_stays_in_its_form(open_room):
    app = open_room()
    next(a for a in app.text_area if a.label.startswith("Answers")).set_value("only one")
    button(app, "Ask").click().run()
    assert "There is 1 answer" in app.error[0].value
    assert next(a for a in app.text_area if a.label.startswith("Answers")).value == "only one"


def test_an_address_field_that_is_gone_changes_nothing(monkeypatch):
    state = {"class_address": "10.0.0.1:8501"}
    monkeypatch.setattr(invitation.st, "session_state", state)
    invitation._remember()
    assert state == {"class_address": "10.0.0.1:8501"}
    state["class_address_field"] = ""
    invitation._remember()
    assert state["class_address"] == ""


def test_another_address_stays_in_presenter_mode(open_room):
    app = open_room()
    app.text_input[0].set_value("10.9.8.7:8501/").run()
    assert "QR code of http://10.9.8.7:8501/join/" in html(app)
    app.session_state["present"] = True
    app.run()
    assert not app.text_input
    assert "QR code of http://10.9.8.7:8501/join/" in html(app)
    app.session_state["present"] = False
    app.run()
    assert app.text_input[0].value == "10.9.8.7:8501/"


def test_lines_give_answers_and_short_names():
    assert question_picker.read_lines("Short | A bit.\n\n plain \na |\n| b\nx|y|z") == (
        ["Short", "", "", "", "x"], ["A bit.", "plain", "a |", "| b", "y|z"],
    )  # fmt: skip


def test_every_label_of_fifteen_long_answers_is_its_own(room):
    teacher, _ = room
    teacher.ask("?", [f"{'The same long beginning of an answer ' * 3}{i}" for i in range(15)])
    found = round_result.labels(teacher.room().current)
    assert len(set(found)) == 15
    assert max(map(len, found)) <= round_result.MAX_LABEL


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("[::1]", True),
     ("app.localhost", True), ("192.168.1.5", False), ("lab.example", False), ("0.0.0.0", False)],
)  # fmt: skip
def test_what_is_this_computer_only(host, expected):
    assert addresses.is_local(host) is expected


def test_the_address_of_the_network_is_no_loopback():
    found = addresses.local_address()
    assert found == "" or not addresses.is_local(found)


def test_phones_get_the_address_by_which_the_teacher_came(monkeypatch):
    import streamlit as st

    class Context:
        url = "https://lab.example/sub/classroom"

    options = {"server.baseUrlPath": "sub", "server.address": None, "server.port": 8501,
               "server.sslCertFile": None}  # fmt: skip
    monkeypatch.setattr(st, "context", Context)
    monkeypatch.setattr(st, "get_option", options.__getitem__)
    assert addresses.reach() == addresses.Reach("https://lab.example/sub")
    Context.url = "http://localhost:8600/classroom"
    options["server.baseUrlPath"] = ""
    monkeypatch.setattr(addresses, "local_address", lambda: "192.168.7.9")
    assert addresses.reach() == addresses.Reach("http://192.168.7.9:8600")
    monkeypatch.setattr(addresses, "local_address", lambda: "")
    assert "in no network" in addresses.reach().hint
    options["server.address"] = "127.0.0.1"
    assert "--server.address 0.0.0.0" in addresses.reach().hint
    options["server.address"] = "10.0.0.3"
    assert addresses.reach() == addresses.Reach("http://10.0.0.3:8600")
