"""What a teacher does with a room."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scrl.classroom import keys
from scrl.classroom.database import Database
from scrl.classroom.errors import ClassroomError
from scrl.classroom.limits import MAX_QUESTIONS, MAX_ROUNDS
from scrl.classroom.rooms import (
    CLOSED,
    OPEN,
    REVEALED,
    CastBallot,
    Question,
    Room,
    check_question,
)
from scrl.classroom.rows import (
    delete_question,
    delete_room,
    forget_silent_phones,
    read_question,
    read_room,
    room_row,
)

#: What phones are shown, from a question and its ballots: plain data. The entry ``"phones"`` maps
#: a ballot's phone to what only that phone is shown.
Summarise = Callable[[Question, list[CastBallot]], dict[str, Any]]


class Teacher:
    """A room in the hands of its teacher; ``ClassStore`` makes it and checks the token.

    Every method raises ``ClassroomError`` where the room is gone (404) or the file cannot be used.

    Attributes:
        code: the join code.
        token: the teacher's token.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float], code: str, token: str
    ) -> None:
        self._database, self._clock, self.code, self.token = database, clock, code, token

    @property
    def result_key(self) -> str:
        """The key of the read-only link."""
        return keys.result_key(self.token)

    def room(self) -> Room:
        """The room as it is now."""
        with self._database.read() as db:
            return read_room(db, self.code)

    def ask(
        self,
        prompt: str,
        answers: Sequence[str],
        absent: str = "unseen",
        labels: Sequence[str] | None = None,
    ) -> int:
        """Ask another question; phones may vote at once.

        Args:
            prompt, answers: what phones show.
            absent: what an answer that a ballot leaves out means, ``"unseen"`` or ``"last"``.
            labels: short names of the answers for figures and files; "" or None for none.

        Returns:
            The question's id.

        Raises:
            ClassroomError: a text is empty or too long, or there are too many questions.
        """
        labels = [""] * len(answers) if labels is None else labels
        prompt, answers, labels = check_question(prompt, answers, labels, absent)
        with self._action() as db:
            asked = db.execute(
                "SELECT count(*) FROM questions WHERE room = ?", (self.code,)
            ).fetchone()[0]
            if asked >= MAX_QUESTIONS:
                raise ClassroomError(
                    f"This class has {MAX_QUESTIONS} questions, the most it may; delete one.", 429
                )
            id = db.execute(
                "INSERT INTO questions (room, prompt, answers, labels, absent) "
                "VALUES (?, ?, ?, ?, ?)",
                (self.code, prompt, json.dumps(answers), json.dumps(labels), absent),
            ).lastrowid
            assert id is not None
            db.execute("INSERT INTO rounds (question, round, state) VALUES (?, 1, ?)", (id, OPEN))
            self._show(db, id)
        return id

    def show(self, question: int) -> None:
        """Let phones see a question that was asked before."""
        with self._action() as db:
            self._own(db, question)
            self._show(db, question)

    def close(self, question: int) -> None:
        """Take no more ballots of an open round."""
        self._change(question, OPEN, CLOSED, "Only an open vote can be closed.")

    def reopen(self, question: int) -> None:
        """Take ballots again in a closed round."""
        self._change(
            question, CLOSED, OPEN, "Only a closed vote can be reopened; start another round."
        )

    def reveal(self, question: int, summarise: Summarise) -> None:
        """Close the current round, and show phones what ``summarise`` makes of its ballots.

        Raises:
            ClassroomError: it is revealed already, or nobody has voted (409).
        """
        with self._action() as db:
            found = self._own(db, question)
            if found.current.state == REVEALED:
                raise ClassroomError("This vote is revealed already.", 409)
            number = found.current.number
            ballots = _ballots(db, question, number)
            if not ballots:
                raise ClassroomError("Nobody has voted yet, so there is nothing to reveal.", 409)
            self._set_state(db, question, number, CLOSED)
        result = json.dumps(summarise(found, ballots), separators=(",", ":"))
        with self._action() as db:
            current = self._own(db, question).current
            if (current.number, current.state) != (number, CLOSED):
                raise ClassroomError("The vote was changed meanwhile; reveal it again.", 409)
            db.execute(
                "UPDATE rounds SET state = ?, result = ? WHERE question = ? AND round = ?",
                (REVEALED, result, question, number),
            )

    def start_round(self, question: int) -> int:
        """Vote again on a question whose latest round is revealed; return the round's number.

        Raises:
            ClassroomError: the latest round is not revealed (409), or there are too many (429).
        """
        with self._action() as db:
            current = self._own(db, question).current
            if current.state != REVEALED:
                raise ClassroomError("Reveal this round before you start another.", 409)
            if current.number >= MAX_ROUNDS:
                raise ClassroomError(f"A question has {MAX_ROUNDS} rounds at the most.", 429)
            number = current.number + 1
            db.execute(
                "INSERT INTO rounds (question, round, state) VALUES (?, ?, ?)",
                (question, number, OPEN),
            )
            self._show(db, question)
        return number

    def reset(self, question: int) -> None:
        """Delete the ballots of the latest round and open it again; forget phones without any."""
        self._database.make_room()
        with self._action() as db:
            number = self._own(db, question).current.number
            db.execute("DELETE FROM ballots WHERE question = ? AND round = ?", (question, number))
            self._set_state(db, question, number, OPEN)
            forget_silent_phones(db, self.code)
        self._database.overwrite_deleted()

    def delete_question(self, question: int) -> None:
        """Delete a question with its ballots; phones see the latest one that is left.

        Phones without any other ballot are forgotten.
        """
        self._database.make_room()
        with self._action() as db:
            self._own(db, question)
            delete_question(db, question)
            forget_silent_phones(db, self.code)
            (latest,) = db.execute(
                "SELECT max(id) FROM questions WHERE room = ?", (self.code,)
            ).fetchone()
            _, current = room_row(db, self.code)
            if current == question:
                db.execute("UPDATE rooms SET question = ? WHERE code = ?", (latest, self.code))
        self._database.overwrite_deleted()

    def delete(self) -> None:
        """Delete the room and everything in it."""
        self._database.make_room()
        with self._database.write() as db:
            room_row(db, self.code)
            delete_room(db, self.code)
        self._database.overwrite_deleted()

    def ballots(self, question: int, round: int) -> list[CastBallot]:
        """The ballots of a revealed round, in no order that tells who voted first.

        Raises:
            ClassroomError: the round is not revealed (409), or there is none (404).
        """
        with self._database.read() as db:
            return revealed_ballots(db, self.code, question, round)

    # -- transactions ------------------------------------------------------------------------------

    @contextmanager
    def _action(self) -> Iterator[sqlite3.Connection]:
        """A write transaction, after which phones look at the room anew."""
        with self._database.write() as db:
            room_row(db, self.code)
            yield db
            db.execute(
                "UPDATE rooms SET version = version + 1, touched = ? WHERE code = ?",
                (self._clock(), self.code),
            )

    def _own(self, db: sqlite3.Connection, question: int) -> Question:
        return own_question(db, self.code, question)

    def _show(self, db: sqlite3.Connection, question: int) -> None:
        db.execute("UPDATE rooms SET question = ? WHERE code = ?", (question, self.code))

    def _change(self, question: int, before: str, after: str, message: str) -> None:
        with self._action() as db:
            current = self._own(db, question).current
            if current.state != before:
                raise ClassroomError(message, 409)
            self._set_state(db, question, current.number, after)

    @staticmethod
    def _set_state(db: sqlite3.Connection, question: int, round: int, state: str) -> None:
        db.execute(
            "UPDATE rounds SET state = ?, result = '' WHERE question = ? AND round = ?",
            (state, question, round),
        )


def own_question(db: sqlite3.Connection, code: str, question: int) -> Question:
    """A question of this room.

    Raises:
        ClassroomError: the room has no such question (404).
    """
    row = db.execute("SELECT room FROM questions WHERE id = ?", (question,)).fetchone()
    if row != (code,):
        raise ClassroomError("This question is no longer in the class.", 404)
    return read_question(db, question)


def revealed_ballots(
    db: sqlite3.Connection, code: str, question: int, round: int
) -> list[CastBallot]:
    """The ballots of a revealed round of this room, sorted by the phones' random names.

    Raises:
        ClassroomError: the round is not revealed (409), or there is none (404).
    """
    states = {r.number: r.state for r in own_question(db, code, question).rounds}
    if round not in states:
        raise ClassroomError("This question has no such round.", 404)
    if states[round] != REVEALED:
        raise ClassroomError("Ballots are read only once the vote is revealed.", 409)
    return _ballots(db, question, round)


def _ballots(db: sqlite3.Connection, question: int, round: int) -> list[CastBallot]:
    rows = db.execute(
        "SELECT phone, ballot FROM ballots WHERE question = ? AND round = ? ORDER BY phone",
        (question, round),
    )
    return [
        CastBallot(phone, tuple(tuple(place) for place in json.loads(text))) for phone, text in rows
    ]
