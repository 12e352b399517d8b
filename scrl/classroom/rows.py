"""Rows of the file of classes as rooms and questions."""

from __future__ import annotations

import json
import sqlite3

from scrl.classroom.errors import ClassroomError, no_such_room
from scrl.classroom.limits import MAX_PHONES
from scrl.classroom.rooms import Question, Room, Round


def room_row(db: sqlite3.Connection, code: str) -> tuple[int, int | None]:
    """Version of a room and id of its current question.

    Raises:
        ClassroomError: there is no such room (404).
    """
    row = db.execute("SELECT version, question FROM rooms WHERE code = ?", (code,)).fetchone()
    if row is None:
        raise no_such_room()
    return row


def read_question(db: sqlite3.Connection, id: int) -> Question:
    """A question with its rounds; its id must exist."""
    texts = _texts(db, id)
    rounds = db.execute(
        "SELECT round, state, (SELECT count(*) FROM ballots AS b "
        "WHERE b.question = r.question AND b.round = r.round) "
        "FROM rounds AS r WHERE question = ? ORDER BY round", (id,),
    )  # fmt: skip
    return Question(id, *texts, tuple(Round(*row) for row in rounds))


def read_state(db: sqlite3.Connection, id: int) -> tuple[Question, Round]:
    """A question and its latest round, ballots not counted (0), for what happens at every post."""
    number, state = db.execute(
        "SELECT round, state FROM rounds WHERE question = ? ORDER BY round DESC LIMIT 1", (id,)
    ).fetchone()
    current = Round(number, state, 0)
    return Question(id, *_texts(db, id), (current,)), current


def _texts(db: sqlite3.Connection, id: int) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
    """Prompt, answers, labels and ``absent`` of a question."""
    prompt, answers, labels, absent = db.execute(
        "SELECT prompt, answers, labels, absent FROM questions WHERE id = ?", (id,)
    ).fetchone()
    return prompt, tuple(json.loads(answers)), tuple(json.loads(labels)), absent


def read_room(db: sqlite3.Connection, code: str) -> Room:
    """A room with all its questions.

    Raises:
        ClassroomError: there is no such room (404).
    """
    version, current = room_row(db, code)
    phones = db.execute("SELECT count(*) FROM phones WHERE room = ?", (code,)).fetchone()[0]
    ids = db.execute("SELECT id FROM questions WHERE room = ? ORDER BY id", (code,)).fetchall()
    questions = tuple(read_question(db, id) for (id,) in ids)
    return Room(code, version, phones, questions, current)


def is_phone_in(db: sqlite3.Connection, code: str, phone: str) -> bool:
    """Whether a phone is noted in a room."""
    found = db.execute("SELECT 1 FROM phones WHERE room = ? AND phone = ?", (code, phone))
    return found.fetchone() is not None


def enter_phone(db: sqlite3.Connection, code: str, phone: str) -> None:
    """Note that a phone is in a room.

    Raises:
        ClassroomError: the room has as many phones as it may (429).
    """
    if is_phone_in(db, code, phone):
        return
    phones = db.execute("SELECT count(*) FROM phones WHERE room = ?", (code,)).fetchone()[0]
    if phones >= MAX_PHONES:
        raise ClassroomError(f"This class has {MAX_PHONES:,} phones, the most it may.", 429)
    db.execute("INSERT INTO phones VALUES (?, ?)", (code, phone))


def forget_silent_phones(db: sqlite3.Connection, code: str) -> None:
    """Forget the phones of a room that have no ballot in it; those that still ask join again."""
    db.execute(
        "DELETE FROM phones WHERE room = ? AND phone NOT IN (SELECT b.phone FROM ballots AS b "
        "JOIN questions AS q ON q.id = b.question WHERE q.room = ?)", (code, code),
    )  # fmt: skip


def delete_question(db: sqlite3.Connection, id: int) -> None:
    """Delete a question with its rounds and ballots."""
    for table, column in (("ballots", "question"), ("rounds", "question"), ("questions", "id")):
        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))


def delete_room(db: sqlite3.Connection, code: str) -> None:
    """Delete a room and everything in it."""
    for (id,) in db.execute("SELECT id FROM questions WHERE room = ?", (code,)).fetchall():
        delete_question(db, id)
    db.execute("DELETE FROM phones WHERE room = ?", (code,))
    db.execute("DELETE FROM rooms WHERE code = ?", (code,))
