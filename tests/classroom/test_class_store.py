"""Rooms, rounds and ballots: what counts, who may do what, and what is left on the disk."""

import json
import os
import random
import secrets
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scrl.classroom import (
    ADDRESS_BALLOTS,
    PHONE_BALLOTS,
    CastBallot,
    ClassroomError,
    ClassStore,
    PostedBallot,
    RateLimiter,
    limits,
    parse_ballot,
    read_code,
)
from scrl.classroom import database as database_module
from scrl.classroom import store as store_module
from scrl.classroom import teacher as teacher_module
from scrl.types import InputError

ANSWERS = ["Red", "Green", "Blue", "=cmd|' /C calc'!A0"]


@pytest.fixture
def store(tmp_path) -> ClassStore:
    return ClassStore(tmp_path / "classes.sqlite")


@pytest.fixture
def asked(store):
    """A teacher, an open question, and ``vote(phone, order)``."""
    teacher = store.create_room()
    question = teacher.ask("Which colour?", ANSWERS)

    def vote(phone: str, order, round: int = 1) -> str:
        return store.cast(PostedBallot(teacher.code, phone, question, round, order)).result()

    return teacher, question, vote


def new_phone() -> str:
    return secrets.token_hex(16)


def refused(status: int, function, *values) -> str:
    with pytest.raises(ClassroomError) as caught:
        function(*values)
    assert caught.value.status == status
    message = str(caught.value)
    assert message.endswith(".")
    assert message.count("\n") == 0
    return message


def wait(function, *values):
    """The result of the future that the function returns."""
    return function(*values).result(60)


def keep_all(found: list):
    """A summary that puts the ballots into ``found``."""
    return lambda _, ballots: found.extend(ballots) or {}


def orders(ballots: list[CastBallot]) -> list:
    return sorted(ballot.order for ballot in ballots)


# -- ballots ---------------------------------------------------------------------------------------


def test_a_double_tap_counts_once_and_a_changed_ballot_replaces(asked):
    teacher, question, vote = asked
    ann, bob = new_phone(), new_phone()
    assert vote(ann, ((0,), (1,))) == "new"
    assert vote(ann, ((0,), (1,))) == "same"
    assert vote(bob, ((2,),)) == "new"
    assert vote(ann, ((1,), (0, 2))) == "changed"
    assert teacher.room().current.current.ballots == 2
    found: list[CastBallot] = []
    teacher.reveal(question, keep_all(found))
    assert orders(found) == [((1,), (0, 2)), ((2,),)]
    assert orders(teacher.ballots(question, 1)) == orders(found)


def test_ballots_count_only_while_voting_is_open(store, asked):
    teacher, question, vote = asked
    ann = new_phone()
    vote(ann, ((0,),))
    teacher.close(question)
    assert "closed" in refused(409, vote, ann, ((1,),))
    refused(409, teacher.close, question)
    teacher.reopen(question)
    assert vote(ann, ((1,),)) == "changed"
    teacher.reveal(question, lambda *_: {})
    refused(409, vote, ann, ((0,),))
    refused(409, teacher.reopen, question)
    refused(409, teacher.reveal, question, lambda *_: {})
    assert store.phone_state(teacher.code, ann).ballot == [[1]]


def test_ballots_are_read_by_nobody_before_the_reveal(store, asked):
    teacher, question, vote = asked
    vote(new_phone(), ((0,),))
    refused(409, teacher.ballots, question, 1)
    teacher.close(question)
    refused(409, teacher.ballots, question, 1)
    key = teacher.result_key
    assert store.revealed_room(teacher.code, key).questions == ()
    refused(409, store.revealed_ballots, teacher.code, key, question, 1)
    assert store.phone_result(teacher.code, new_phone()) is None
    teacher.reveal(question, lambda *_: {"orders": []})
    (shown,) = store.revealed_room(teacher.code, key).questions
    assert shown.id == question
    assert len(store.revealed_ballots(teacher.code, key, question, 1)) == 1


def test_nothing_is_revealed_without_a_ballot(asked):
    teacher, question, _ = asked
    refused(409, teacher.reveal, question, lambda *_: {})
    assert teacher.room().current.current.state == "open"


def test_a_second_round_is_a_vote_of_its_own(store, asked):
    teacher, question, vote = asked
    ann, bob = new_phone(), new_phone()
    vote(ann, ((0,), (1,)))
    vote(bob, ((1,),))
    refused(409, teacher.start_round, question)
    teacher.reveal(question, lambda *_: {})
    assert teacher.start_round(question) == 2
    assert store.phone_state(teacher.code, ann).ballot is None
    refused(409, vote, ann, ((2,),), 1)
    vote(ann, ((2,),), 2)
    assert store.phone_result(teacher.code, ann) is None
    teacher.reveal(question, lambda *_: {})
    assert orders(teacher.ballots(question, 1)) == [((0,), (1,)), ((1,),)]
    assert orders(teacher.ballots(question, 2)) == [((2,),)]
    # One phone has one name in its room, so that rounds can be compared.
    phones = [{b.phone for b in teacher.ballots(question, r)} for r in (1, 2)]
    assert len(phones[0] & phones[1]) == 1
    for _ in range(limits.MAX_ROUNDS - 2):
        vote(ann, ((0,),), teacher.start_round(question))
        teacher.reveal(question, lambda *_: {})
    refused(429, teacher.start_round, question)


def test_a_phone_gets_its_own_part_of_the_result_only(store, asked):
    teacher, question, vote = asked
    ann, bob = new_phone(), new_phone()
    vote(ann, ((0,),))
    vote(bob, ((1,),))
    teacher.reveal(
        question, lambda _, b: {"ballots": len(b), "phones": {x.phone: x.order[0][0] for x in b}}
    )
    assert store.phone_result(teacher.code, ann) == {"ballots": 2, "you": 0}
    assert store.phone_result(teacher.code, bob) == {"ballots": 2, "you": 1}
    assert store.phone_result(teacher.code, new_phone()) == {"ballots": 2, "you": None}


def test_a_vote_that_changes_during_the_reveal_is_not_revealed(asked):
    teacher, question, vote = asked
    vote(new_phone(), ((0,),))

    def meanwhile(*_) -> dict:
        teacher.reopen(question)
        return {}

    refused(409, teacher.reveal, question, meanwhile)
    assert teacher.room().current.current.state == "open"


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_actions_leaves_what_a_dictionary_would_hold(store, seed):
    """Random posts and actions on two questions, against a model of three dictionaries."""
    rng = random.Random(seed)
    teacher = store.create_room()
    questions = [teacher.ask(f"Question {i}?", ANSWERS) for i in range(2)]
    phones = [new_phone() for _ in range(6)]
    current, state, cast = questions[1], dict.fromkeys(questions, "open"), {}
    for _ in range(200):
        what = rng.choice(["vote"] * 8 + ["close", "reopen", "show", "reset"])
        question = rng.choice(questions)
        if what == "vote":
            picked = rng.sample(range(4), rng.randint(1, 4))
            order = tuple((i,) for i in picked)
            phone = rng.choice(phones)
            posted = PostedBallot(teacher.code, phone, question, 1, order)
            if question == current and state[question] == "open":
                before = cast.get((question, phone))
                expected = "new" if before is None else "same" if before == order else "changed"
                assert store.cast(posted).result() == expected
                cast[question, phone] = order
            else:
                refused(409, wait, store.cast, posted)
        elif what == "show":
            teacher.show(question)
            current = question
        elif what == "reset":
            teacher.reset(question)
            state[question] = "open"
            cast = {key: order for key, order in cast.items() if key[0] != question}
        else:
            before, after = ("open", "closed") if what == "close" else ("closed", "open")
            if state[question] == before:
                getattr(teacher, what)(question)
                state[question] = after
            else:
                refused(409, getattr(teacher, what), question)
        room = teacher.room()
        for asked in room.questions:
            assert asked.current.ballots == sum(key[0] == asked.id for key in cast)
            assert asked.current.state == state[asked.id]
        assert room.current_id == current


# -- who may do what -------------------------------------------------------------------------------


def test_a_wrong_token_is_refused(store, asked):
    teacher, question, _ = asked
    other = store.create_room()
    for token in ("", "x", other.token, teacher.result_key, teacher.token[:-1], "é" * 32, "\ud800"):
        refused(403, store.teacher, teacher.code, token)
        refused(
            403, store.revealed_room, teacher.code, token if token != teacher.result_key else ""
        )
    refused(404, store.teacher, "NOPE", teacher.token)
    assert store.teacher(teacher.code.lower(), teacher.token).room().code == teacher.code
    # Another room's teacher reaches no question of this one.
    for action in (other.close, other.reset, other.delete_question, other.show, other.start_round):
        refused(404, action, question)
    refused(404, other.ballots, question, 1)


def test_no_secret_and_no_phone_stands_in_the_file(store, asked, tmp_path):
    teacher, _, vote = asked
    phone = new_phone()
    vote(phone, ((0,),))
    kept = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    for secret in (teacher.token, teacher.result_key, phone):
        assert secret.encode() not in kept
    assert b"Which colour?" in kept


def test_two_rooms_do_not_know_that_they_saw_one_phone(store):
    phone, names = new_phone(), []
    for _ in range(2):
        teacher = store.create_room()
        question = teacher.ask("?", ["a", "b"])
        store.cast(PostedBallot(teacher.code, phone, question, 1, ((0,),))).result()
        teacher.reveal(question, lambda *_: {})
        names += [ballot.phone for ballot in teacher.ballots(question, 1)]
    assert len(set(names)) == 2
    assert phone not in names


def test_codes_are_read_as_people_type_them(store):
    code = store.create_room().code
    assert read_code(f" {code[:2].lower()}-{code[2:]} ") == code
    assert not set(code) & set("AEIOU01ILSZB528QUG")
    for wrong in ("", code[:-1], code + "C", "AAAAA", "😀😀😀😀😀", "' OR 1"):
        assert read_code(wrong) == ""


# -- malformed ballots -----------------------------------------------------------------------------


def posted(**changes) -> bytes:
    ballot = {"room": "CDFHJ", "phone": "0" * 32, "question": 1, "round": 1, "order": [[0], [1, 2]]}
    return json.dumps(ballot | changes).encode()


def test_a_ballot_is_read_as_it_is():
    read = parse_ballot(posted(room="cdfhj"))
    assert read == PostedBallot("CDFHJ", "0" * 32, 1, 1, ((0,), (1, 2)))
    assert parse_ballot(posted(order=[[2, 1], [0]])).order == ((1, 2), (0,))


@pytest.mark.parametrize(
    "order",
    [None, {}, "01", 0, [], [[]], [[0], []], [0, 1], [["0"]], [[0.0]], [[True]], [[-1]], [[20]],
     [[0], [0]], [[0, 0]], [[[0]]], [[10**30]], [None], [[None]]],
)  # fmt: skip
def test_a_malformed_order_is_refused(order):
    refused(400, parse_ballot, posted(order=order))


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b"{", b"\xff\xfe", b"[" * 4000, posted(extra=1), posted(phone=""),
     posted(phone="0" * 31), posted(phone="G" * 32), posted(phone=["0"] * 32), posted(room=""),
     posted(room=None), posted(room="AAAAA"), posted(question="1"), posted(question=0),
     posted(question=True), posted(question=2**60), posted(round=0), posted(round=10),
     posted(round=1.0), b'{"room": "CDFHJ", ' + posted()[1:], posted(question=float("nan"))],
)  # fmt: skip
def test_a_malformed_ballot_is_refused(data):
    refused(400, parse_ballot, data)


def test_an_oversize_ballot_is_refused():
    data = posted()
    assert parse_ballot(data + b" " * (4096 - len(data)))
    refused(413, parse_ballot, data + b" " * (4097 - len(data)))


def test_an_answer_that_the_question_does_not_have_is_refused(asked):
    _, _, vote = asked
    refused(400, vote, new_phone(), ((0,), (4,)))


# -- questions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "answers"),
    [("", ["a", "b"]), ("  ", ["a", "b"]), ("x" * 2001, ["a", "b"]), ("?", ["a"]), ("?", []),
     ("?", list(map(str, range(21)))), ("?", ["a", " "]), ("?", ["a", "a "]),
     ("?", ["a", "a\u200b"]), ("?", ["\ufb01", "fi"]), ("?", ["a", "\u200b\u2060"]),
     ("\u200b", ["a", "b"]), ("?", ["a", "b" * 1001]), ("?", ["a", "\ud800"])],
)  # fmt: skip
def test_a_question_that_cannot_be_asked_is_refused(store, prompt, answers):
    teacher = store.create_room()
    refused(400, teacher.ask, prompt, answers)
    assert teacher.room().questions == ()


def test_one_answer_is_one(store):
    message = refused(400, store.create_room().ask, "?", ["a"])
    assert message == "There is 1 answer; give 2 to 20, one a line."


HOSTILE = ["<script>alert(1)</script>", "=1+1", "x" * 1000, "\u202eright to left", "שלום", "\0nul"]


def test_answers_have_short_names_where_the_teacher_gives_some(store):
    teacher = store.create_room()
    teacher.ask("?", ["a long answer", "b"], labels=["long ", ""])
    assert teacher.room().current.labels == ("long", "b")
    refused(400, teacher.ask, "?", ["a", "b"], "last", ["b", ""])
    refused(400, teacher.ask, "?", ["a", "b"], "last", ["x", "x"])
    refused(400, teacher.ask, "?", ["a", "b"], "last", ["x" * 1001, ""])


def test_hostile_texts_come_back_as_they_are(store):
    teacher = store.create_room()
    teacher.ask("<img src=x onerror=alert(1)>", HOSTILE, "last")
    question = store.phone_state(teacher.code, new_phone()).question
    assert list(question.answers) == HOSTILE
    assert question.absent == "last"


# -- limits ----------------------------------------------------------------------------------------


def test_a_room_takes_so_many_phones_and_questions(store, monkeypatch):
    from scrl.classroom import rows

    monkeypatch.setattr(rows, "MAX_PHONES", 3)
    monkeypatch.setattr(teacher_module, "MAX_QUESTIONS", 2)
    teacher = store.create_room()
    question = teacher.ask("?", ["a", "b"])
    phones = [new_phone() for _ in range(3)]
    for phone in phones:
        assert not store.phone_state(teacher.code, phone).joined
        wait(store.join, teacher.code, phone)
        wait(store.join, teacher.code, phone)
        assert store.phone_state(teacher.code, phone).joined
    refused(429, wait, store.join, teacher.code, new_phone())
    refused(404, wait, store.join, "XXXXX", new_phone())
    late = PostedBallot(teacher.code, new_phone(), question, 1, ((0,),))
    refused(429, wait, store.cast, late)
    assert store.cast(PostedBallot(teacher.code, phones[0], question, 1, ((0,),))).result() == "new"
    teacher.ask("?", ["a", "b"])
    refused(429, teacher.ask, "?", ["a", "b"])
    assert teacher.room().phones == 3


def test_a_server_takes_so_many_rooms_and_forgets_old_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "MAX_ROOMS", 2)
    now = [1e9]
    store = ClassStore(tmp_path / "c.sqlite", clock=lambda: now[0])
    first, second = store.create_room(), store.create_room()
    refused(429, store.create_room)
    first.ask("Who cares?", ["a", "b"])
    now[0] += limits.ROOM_LIFETIME - 1
    second.ask("Still used?", ["a", "b"])
    now[0] += 2
    third = store.create_room()
    assert first.room().questions  # found too old; deleted a day later
    now[0] += limits.EXPIRY_DELAY + 1
    assert store.delete_expired() == 1
    refused(404, first.room)
    assert second.room().questions
    assert third.room().questions == ()
    kept = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"Who cares?" not in kept


def test_a_room_without_a_question_goes_after_a_day(tmp_path):
    now = [1e9]
    store = ClassStore(tmp_path / "c.sqlite", clock=lambda: now[0])
    empty, used = store.create_room(), store.create_room()
    used.ask("?", ["a", "b"])
    now[0] += limits.EMPTY_ROOM_LIFETIME + 1
    assert store.delete_expired() == 0
    now[0] += limits.EXPIRY_DELAY + 1
    assert store.delete_expired() == 1
    refused(404, empty.room)
    assert used.room().questions


def test_a_clock_that_jumps_deletes_no_class(tmp_path):
    now = [1.7e9]
    store = ClassStore(tmp_path / "c.sqlite", clock=lambda: now[0])
    teacher = store.create_room()
    teacher.ask("?", ["a", "b"])
    now[0] += limits.ROOM_LIFETIME + limits.EXPIRY_DELAY + 1
    for _ in range(2):
        store.create_room()
        assert teacher.room().questions
    now[0] = 1.7e9 + 60  # the clock is right again, and the class begins its two weeks anew
    store.create_room()
    now[0] += limits.ROOM_LIFETIME - 1
    store.create_room()
    now[0] += limits.EXPIRY_DELAY - 1
    store.create_room()
    assert teacher.room().questions


def test_a_class_opened_before_the_clock_was_set_stays(tmp_path):
    now = [0.0]
    store = ClassStore(tmp_path / "c.sqlite", clock=lambda: now[0])
    teacher = store.create_room()
    teacher.ask("?", ["a", "b"])
    now[0] = 1.7e9
    store.create_room()
    now[0] += limits.ROOM_LIFETIME - 1
    store.create_room()
    assert teacher.room().questions


def test_reset_and_deletion_free_the_places_of_phones_without_a_ballot(store, monkeypatch):
    from scrl.classroom import rows

    monkeypatch.setattr(rows, "MAX_PHONES", 3)
    teacher, other = store.create_room(), store.create_room()
    first, second = (teacher.ask(text, ["a", "b"]) for text in ("1", "2"))
    silent, voter, late, elsewhere = (new_phone() for _ in range(4))
    wait(store.join, other.code, elsewhere)
    teacher.show(first)
    wait(store.cast, PostedBallot(teacher.code, voter, first, 1, ((0,),)))
    teacher.show(second)
    for phone in (silent, new_phone()):
        wait(store.join, teacher.code, phone)
    refused(429, wait, store.join, teacher.code, late)
    wait(store.cast, PostedBallot(teacher.code, silent, second, 1, ((0,),)))
    teacher.reset(second)
    assert teacher.room().phones == 1
    assert store.has_phone(teacher.code, voter)
    assert not store.has_phone(teacher.code, silent)
    assert store.has_phone(other.code, elsewhere)
    wait(store.join, teacher.code, late)
    teacher.delete_question(first)
    assert teacher.room().phones == 0


def test_what_is_deleted_is_gone_from_the_disk(store, tmp_path):
    teacher = store.create_room()
    first = teacher.ask("An embarrassing question", ["a", "b"])
    second = teacher.ask("The next one", ["c", "d"])
    phone = new_phone()
    store.cast(PostedBallot(teacher.code, phone, second, 1, ((1,),))).result()
    teacher.delete_question(first)
    assert [q.id for q in teacher.room().questions] == [second]
    teacher.delete_question(second)
    assert store.phone_state(teacher.code, phone).question is None
    teacher.delete()
    refused(404, teacher.room)
    refused(404, store.phone_state, teacher.code, phone)
    with sqlite3.connect(tmp_path / "classes.sqlite") as db:
        for table in ("rooms", "questions", "rounds", "phones", "ballots"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    kept = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"embarrassing" not in kept
    assert b"The next one" not in kept


def test_rates_refill_with_time():
    now = [0.0]
    limiter = RateLimiter(limits.Rate(3, 2), max_keys=2, clock=lambda: now[0])
    assert [limiter.allow("a") for _ in range(4)] == [True, True, True, False]
    assert limiter.is_empty("a")
    assert limiter.allow("b")
    now[0] += 0.5
    assert not limiter.is_empty("a")
    assert [limiter.allow("a") for _ in range(2)] == [True, False]
    limiter.allow("c")  # b, which asked longest ago, is forgotten
    assert [limiter.allow("b") for _ in range(3)] == [True] * 3


def test_several_processes_allow_together_what_one_allows(monkeypatch):
    """As far as a phone's page, which may always reach the same process, can live with it."""
    monkeypatch.setenv(limits.PROCESSES, "4")
    count = limits.app_processes()
    assert limits.ADDRESS_MISSES.of_one_process(count) == limits.Rate(15, 0.125)
    assert ADDRESS_BALLOTS.of_one_process(count).per_second * 4 == ADDRESS_BALLOTS.per_second
    assert limits.PHONE_POLLS.of_one_process(2, limits.PHONE_LEAST) == limits.Rate(15, 1.5)
    assert limits.PHONE_POLLS.of_one_process(64, limits.PHONE_LEAST) == limits.PHONE_LEAST
    assert limits.ADDRESS_MISSES.of_one_process(1) == limits.ADDRESS_MISSES
    monkeypatch.delenv(limits.PROCESSES)
    assert limits.app_processes() == 1
    for text in ("0", "-2", "two"):
        monkeypatch.setenv(limits.PROCESSES, text)
        with pytest.raises(InputError, match="SCRL_APP_PROCESSES is"):
            limits.app_processes()


def test_a_class_behind_one_address_meets_no_limit():
    """A thousand phones that vote within ten seconds, thrice each."""
    now = [0.0]
    address = RateLimiter(ADDRESS_BALLOTS, clock=lambda: now[0])
    phone = RateLimiter(PHONE_BALLOTS, clock=lambda: now[0])
    for i in range(3000):
        now[0] += 10 / 3000
        assert address.allow("school") or i > 2900
        assert phone.allow(str(i % 1000))


# -- many writers, full disks, locked and damaged files --------------------------------------------


def test_threads_on_two_connections_lose_no_ballot(tmp_path):
    stores = [ClassStore(tmp_path / "c.sqlite") for _ in range(2)]
    teacher = stores[0].create_room()
    question = teacher.ask("?", ["a", "b", "c"])
    phones = [new_phone() for _ in range(80)]
    barrier = threading.Barrier(8)

    def vote(part: int) -> None:
        barrier.wait()
        for phone in phones[part::8] * 2:  # every phone taps twice
            stores[part % 2].cast(
                PostedBallot(teacher.code, phone, question, 1, ((part % 3,),))
            ).result()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(vote, range(8)))
    found: list[CastBallot] = []
    teacher.reveal(question, keep_all(found))
    assert orders(found) == sorted(((part % 3,),) for part in range(8) for _ in phones[part::8])


def test_a_whole_class_that_taps_at_once_is_committed_together(asked, store, monkeypatch):
    """Of three hundred waiting ballots, those that are refused fail alone."""
    teacher, question, _ = asked
    commits, write = [], store.database.write

    def counted():
        commits.append(1)
        return write()

    monkeypatch.setattr(store.database, "write", counted)
    held = threading.Event()
    first = store.commits.submit(lambda _: held.wait(60))
    ballots = [
        PostedBallot(teacher.code, new_phone(), question, 1 + (i % 3 == 0), ((i % 4,),))
        for i in range(300)
    ]
    waiting = [store.cast(ballot) for ballot in ballots]
    assert not any(future.done() for future in waiting)
    gone = waiting[1]
    assert gone.cancel()  # its phone hung up; the ballot counts all the same
    held.set()
    first.result(60)
    for ballot, future in zip(ballots, waiting, strict=True):
        if future is gone:
            continue
        if ballot.round == 2:
            refused(409, future.result, 60)
        else:
            assert future.result(60) == "new"
    assert len(commits) <= 4
    assert teacher.room().current.current.ballots == 200


def test_a_full_disk_is_one_sentence_and_loses_nothing(store, asked):
    teacher, _, vote = asked
    acknowledged = []
    db = store.database._opened(store.database._writer)
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages + 2}")
    status = message = None
    for _ in range(10_000):
        phone = new_phone()
        try:
            vote(phone, ((0,),))
        except ClassroomError as error:
            status, message = error.status, str(error)
            break
        acknowledged.append(phone)
    assert (status, "disk is full" in message) == (507, True)
    assert acknowledged
    refused(507, teacher.ask, "x" * 2000, ["a" * 1000, "b" * 1000, "c" * 1000])
    assert teacher.room().current.current.ballots == len(acknowledged)
    for phone in acknowledged:
        assert store.phone_state(teacher.code, phone).ballot == [[0]]
    teacher.delete()  # a full disk can be emptied
    refused(404, teacher.room)


def test_a_locked_file_is_one_sentence_and_works_later(store, asked, tmp_path, monkeypatch):
    teacher, _, vote = asked
    store.database._opened(store.database._writer).execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(tmp_path / "classes.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "Try again" in refused(503, vote, new_phone(), ((0,),))
    assert teacher.room().current.current.ballots == 0  # reading needs no lock
    other.execute("ROLLBACK")
    assert vote(new_phone(), ((0,),)) == "new"


def test_a_file_locked_at_the_start_is_opened_later(tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT", 0.05)
    path = tmp_path / "c.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store = ClassStore(path)
    refused(503, store.create_room)
    other.execute("ROLLBACK")
    other.close()
    assert store.create_room().room().questions == ()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    refused(503, ClassStore(tmp_path / "file" / "c.sqlite").create_room)


def test_a_damaged_file_is_set_aside(tmp_path):
    path: Path = tmp_path / "c.sqlite"
    path.write_bytes(b"no database" * 500)
    store = ClassStore(path)
    assert store.create_room().room().questions == ()
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"no database")


@pytest.mark.parametrize("harm", ["removed", "replaced", "cut", "emptied", "garbage"])
def test_a_ballot_into_a_file_that_is_gone_is_not_acknowledged(tmp_path, harm):
    path: Path = tmp_path / "c.sqlite"
    store = ClassStore(path)
    teacher = store.create_room()
    question = teacher.ask("?", ["a", "b"])

    def vote() -> str:
        return wait(store.cast, PostedBallot(teacher.code, new_phone(), question, 1, ((0,),)))

    for _ in range(30):
        assert vote() == "new"
    store.database._writer.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if harm in ("removed", "replaced"):
        for file in tmp_path.glob("c.sqlite*"):
            file.unlink()
    if harm == "replaced":
        ClassStore(path).create_room()
    elif harm == "cut":
        os.truncate(path, 5000)
    elif harm == "emptied":
        os.truncate(path, 0)
    elif harm == "garbage":
        path.write_bytes(random.Random(0).randbytes(200_000))
    refused(503, vote)
    refused(404, vote)  # the new file does not hold the class
    again = ClassStore(path) if harm not in ("removed", "replaced") else store
    message = refused(404, again.teacher, teacher.code, teacher.token)
    assert ("removed" if harm in ("removed", "replaced") else "damaged") in message
    assert store.create_room().room().questions == ()


def test_a_garbled_file_is_named_after_a_restart(tmp_path):
    path: Path = tmp_path / "c.sqlite"
    store = ClassStore(path)
    teacher = store.create_room()
    assert "damaged" not in refused(404, store.teacher, "XXXXX", "x")
    store.database.close()
    path.write_bytes(random.Random(0).randbytes(20_000))
    message = refused(404, ClassStore(path).teacher, teacher.code, teacher.token)
    assert "damaged and set aside" in message
    assert "two weeks" not in message


def test_a_file_that_two_processes_grow_and_shrink_is_whole(tmp_path):
    """Deleting shortens the file under the other store, which goes on."""
    stores = [ClassStore(tmp_path / "c.sqlite") for _ in range(2)]
    for _ in range(5):
        for one, other in (stores, stores[::-1]):
            teacher = one.create_room()
            for _ in range(20):
                teacher.ask("x" * 2000, ["a" * 1000, "b" * 1000])
            other.teacher(teacher.code, teacher.token).delete()
            assert one.create_room().room().questions == ()


def test_a_file_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "c.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    refused(503, ClassStore(path).create_room)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
