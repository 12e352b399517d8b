"""Answers worked out before they are asked for."""

import threading

import pytest

from scrl.types import InputError
from ui.shared import precompute


@pytest.fixture
def asked(monkeypatch):
    """A question that counts how often it is worked out, and can be held up."""
    seen, go = [], threading.Event()

    def slow(learnt):
        seen.append(learnt)
        assert go.wait(20)
        return f"of {learnt}"

    monkeypatch.setitem(precompute.QUESTIONS, "slow", slow)
    return seen, go


def test_whoever_asks_for_what_is_being_worked_out_waits_for_it(asked):
    seen, go = asked
    answers, got = precompute.AnswerCache(), []
    threads = [
        threading.Thread(target=lambda: got.append(answers.get("run", "slow", "a")), daemon=True)
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    assert not answers.is_ready("run", "slow")
    go.set()
    for thread in threads:
        thread.join(20)
    assert got == ["of a"] * 3
    assert seen == ["a"]
    assert answers.is_ready("run", "slow")
    assert answers.get("other run", "slow", "b") == "of b"


def test_a_sentence_is_kept_and_a_fault_is_tried_again(monkeypatch):
    answers, errors = (
        precompute.AnswerCache(),
        [InputError("It has one prompt."), MemoryError(), "third"],
    )

    def work(learnt):
        found = errors.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setitem(precompute.QUESTIONS, "q", work)
    for _ in range(2):
        with pytest.raises(InputError, match="one prompt"):
            answers.get("run", "q", None)
    with pytest.raises(MemoryError):
        answers.get("another", "q", None)
    assert answers.get("another", "q", None) == "third"


def test_the_oldest_answers_go_first(monkeypatch):
    answers = precompute.AnswerCache(max_answers=2)
    monkeypatch.setitem(precompute.QUESTIONS, "q", lambda learnt: learnt)
    for id in ("a", "b", "a", "c"):
        answers.get(id, "q", id)
    assert [answers.is_ready(id, "q") for id in "abc"] == [True, False, True]


def test_a_page_that_is_drawn_again_begins_nothing_twice(asked, monkeypatch):
    seen, go = asked
    monkeypatch.setattr(precompute, "ANSWERS", precompute.AnswerCache())
    started = []
    monkeypatch.setattr(
        threading, "Thread", lambda **about: started.append(about) or _Now(about["target"])
    )
    go.set()
    for _ in range(3):
        precompute.start("run", "a", ("slow",))
    assert len(started) == 1
    assert seen == ["a"]
    assert precompute.ANSWERS.is_ready("run", "slow")


class _Now:
    """A thread that does its work when it is started."""

    def __init__(self, target):
        self.start = target


def test_every_question_of_the_page_is_known():
    assert {*precompute.INITIAL_QUESTIONS, *precompute.FOLLOW_UP_QUESTIONS} <= set(
        precompute.QUESTIONS
    )
    assert precompute.map_question("Isomap", 3, False) in precompute.QUESTIONS
