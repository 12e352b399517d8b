"""The classes of a server: rooms, questions, rounds and ballots in one SQLite file.

Nothing personal is stored: no name, no address, no time of a ballot. A phone is a random number of
its own making, hashed with the room's code.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scrl.classroom import keys
from scrl.classroom.ballots import PostedBallot, check_answers
from scrl.classroom.database import Database
from scrl.classroom.errors import ClassroomError
from scrl.classroom.group_commit import GroupCommit
from scrl.classroom.limits import (
    EARLIEST_TIME,
    EMPTY_ROOM_LIFETIME,
    EXPIRY_DELAY,
    MAX_ROOMS,
    ROOM_LIFETIME,
)
from scrl.classroom.rooms import OPEN, REVEALED, CastBallot, Question, Room, Round
from scrl.classroom.rows import (
    delete_room,
    enter_phone,
    is_phone_in,
    read_room,
    read_state,
    room_row,
)
from scrl.classroom.teacher import Teacher, revealed_ballots
from scrl.runs.archive import default_path as path_of_runs


def default_path() -> Path:
    """The file of classes, beside the file of stored runs."""
    runs = path_of_runs()
    return runs.with_name(f"{runs.stem}-classes{runs.suffix}")


@dataclass(frozen=True)
class PhoneState:
    """What one phone shows now.

    Attributes:
        version: of the room; while it is the same, nothing has changed but the phone's own ballot.
        joined: whether the phone is noted in the room.
        question, round: what is asked; None before the first question.
        ballot: the phone's own ballot of this round, None where it cast none.
    """

    version: int
    joined: bool
    question: Question | None
    round: Round | None
    ballot: list[list[int]] | None


class ClassStore:
    """All classes. Methods may be called from any thread; several processes may share the file.

    Args:
        path: of the file.
        clock: seconds since 1970, by which rooms expire.
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self.database = Database(path or default_path())
        self.commits = GroupCommit(self.database)
        self.clock = clock

    def create_room(self) -> Teacher:
        """Open a room, and delete those that have expired.

        Raises:
            ClassroomError: the server holds as many rooms as it may.
        """
        self.delete_expired()
        token = keys.new_token()
        with self.database.write() as db:
            # A negative time is that of a room about to be deleted.
            held = db.execute("SELECT count(*) FROM rooms WHERE touched >= 0").fetchone()[0]
            if held >= MAX_ROOMS:
                raise ClassroomError(
                    f"This server holds {MAX_ROOMS} classes, the most it may; delete one first.",
                    429,
                )
            code = keys.new_code()
            while db.execute("SELECT 1 FROM rooms WHERE code = ?", (code,)).fetchone():
                code = keys.new_code()
            db.execute(
                "INSERT INTO rooms (code, token, result, touched) VALUES (?, ?, ?, ?)",
                (code, keys.digest(token), keys.digest(keys.result_key(token)), self.clock()),
            )
        return Teacher(self.database, self.clock, code, token)

    def teacher(self, code: str, token: str) -> Teacher:
        """The teacher's view of a room.

        Raises:
            ClassroomError: there is no such room (404), or the token is another one (403). The
                message is the same, so that nobody learns which codes exist.
        """
        return Teacher(self.database, self.clock, self._checked(code, "token", token), token)

    def check_result_key(self, code: str, key: str) -> str:
        """Check the key of the read-only link, and return the room's code.

        Raises:
            ClassroomError: there is no such room (404), or the key is another one (403), with the
                same message.
        """
        return self._checked(code, "result", key)

    def _checked(self, code: str, column: str, key: str) -> str:
        """The code of a room of which ``column`` holds the digest of this key."""
        code = keys.read_code(code)
        with self.database.read() as db:
            row = db.execute(f"SELECT {column} FROM rooms WHERE code = ?", (code,)).fetchone()
        if row is None:
            raise self._no_such_link(404)
        if not keys.matches(key, row[0]):
            raise self._no_such_link(403)
        return code

    def _no_such_link(self, status: int) -> ClassroomError:
        """The answer to a link that opens no class."""
        if loss := self.database.recent_loss(ROOM_LIFETIME):
            return ClassroomError(f"This link opens no class. {loss}", status)
        return ClassroomError(
            "This link opens no class: the class was deleted, two weeks passed without a use, "
            "or the link is not complete.",
            status,
        )

    def revealed_room(self, code: str, key: str) -> Room:
        """A room with only what is revealed, for those who have the read-only link.

        Raises:
            ClassroomError: as ``check_result_key``.
        """
        code = self.check_result_key(code, key)
        with self.database.read() as db:
            room = read_room(db, code)
        shown = []
        for q in room.questions:
            rounds = tuple(r for r in q.rounds if r.state == REVEALED)
            if rounds:
                shown.append(replace(q, rounds=rounds))
        return Room(code, room.version, room.phones, tuple(shown), room.current_id)

    def revealed_ballots(self, code: str, key: str, question: int, round: int) -> list[CastBallot]:
        """As ``Teacher.ballots``, for those who have the read-only link.

        Raises:
            ClassroomError: as ``check_result_key`` and ``Teacher.ballots``.
        """
        code = self.check_result_key(code, key)
        with self.database.read() as db:
            return revealed_ballots(db, code, question, round)

    # -- phones -----------------------------------------------------------------------------------

    def phone_state(self, code: str, phone: str) -> PhoneState:
        """What a phone shows.

        Raises:
            ClassroomError: there is no such room (404).
        """
        own = keys.phone_in_room(code, phone)
        with self.database.read() as db:
            version, id = room_row(db, code)
            joined = is_phone_in(db, code, own)
            if id is None:
                return PhoneState(version, joined, None, None, None)
            question, current = read_state(db, id)
            cast = db.execute(
                "SELECT ballot FROM ballots WHERE question = ? AND round = ? AND phone = ?",
                (id, current.number, own),
            ).fetchone()
        ballot = json.loads(cast[0]) if cast else None
        return PhoneState(version, joined, question, current, ballot)

    def has_phone(self, code: str, phone: str) -> bool:
        """Whether a phone is noted in a room; False where there is no such room."""
        with self.database.read() as db:
            return is_phone_in(db, code, keys.phone_in_room(code, phone))

    def join(self, code: str, phone: str) -> Future[None]:
        """Note that a phone is in a room.

        Returns:
            A future; its exception is a ``ClassroomError`` where there is no such room (404), or
            it is full (429).
        """

        def write(db: sqlite3.Connection) -> None:
            room_row(db, code)
            enter_phone(db, code, keys.phone_in_room(code, phone))

        return self.commits.submit(write)

    def version(self, code: str) -> int:
        """A number that grows with every action of the room's teacher.

        Raises:
            ClassroomError: there is no such room (404).
        """
        with self.database.read() as db:
            return room_row(db, code)[0]

    def cast(self, ballot: PostedBallot) -> Future[str]:
        """Store a phone's ballot. It is on the disk when the future is done.

        A second ballot of the phone in the same round replaces its first.

        Returns:
            A future of ``"new"``, ``"changed"`` or ``"same"``. Its exception is a
            ``ClassroomError`` where there is no such room (404), it asks another question or takes
            no ballots now (409), it is full (429), or nothing can be written (503, 507).
        """
        return self.commits.submit(lambda db: _cast(db, ballot))

    def phone_result(self, code: str, phone: str) -> dict[str, Any] | None:
        """What ``Teacher.reveal`` stored for phones, and ``"you"``, what it stored for this one.

        None while the current round is not revealed.

        Raises:
            ClassroomError: there is no such room (404).
        """
        with self.database.read() as db:
            _, id = room_row(db, code)
            row = None
            if id is not None:
                row = db.execute(
                    "SELECT result, state FROM rounds WHERE question = ? "
                    "ORDER BY round DESC LIMIT 1", (id,),
                ).fetchone()  # fmt: skip
        if row is None or row[1] != REVEALED:
            return None
        result = json.loads(row[0])
        own = result.pop("phones", {}).get(keys.phone_in_room(code, phone))
        return {**result, "you": own}

    # -- the end of rooms -------------------------------------------------------------------------

    def delete_expired(self) -> int:
        """Delete rooms a day after they were found too old; return the number deleted.

        A room is too old two weeks after its teacher's last action, and a day after it where
        nothing was asked. A room that was touched by a clock not yet set, or that was found too
        old by a clock that has gone back since, starts anew.
        """
        now = self.clock()
        with self.database.read() as db:
            rooms = db.execute(
                "SELECT code, touched, question IS NULL FROM rooms WHERE touched < ?",
                (now - EMPTY_ROOM_LIFETIME,),
            ).fetchall()
        old, changed = [], []
        for code, touched, empty in rooms:
            found = -touched
            if found > 0 and now - found > EXPIRY_DELAY:
                old.append(code)
            elif now < found or 0 <= touched < EARLIEST_TIME:
                changed.append((now, code))
            elif touched < now - (EMPTY_ROOM_LIFETIME if empty else ROOM_LIFETIME) and found <= 0:
                changed.append((-now, code))
        if not (old or changed):
            return 0
        if old:
            self.database.make_room()
        with self.database.write() as db:
            db.executemany("UPDATE rooms SET touched = ? WHERE code = ?", changed)
            for code in old:
                delete_room(db, code)
        if old:
            self.database.overwrite_deleted()
        return len(old)


def _cast(db: sqlite3.Connection, ballot: PostedBallot) -> str:
    """Store a ballot in a transaction, after all that may refuse it."""
    code, own = ballot.room, keys.phone_in_room(ballot.room, ballot.phone)
    _, id = room_row(db, code)
    if id is None or id != ballot.question:
        raise ClassroomError("The class is at another question now.", 409)
    question, current = read_state(db, id)
    if current.number != ballot.round:
        raise ClassroomError("The class is at another round of this question now.", 409)
    if current.state != OPEN:
        raise ClassroomError("Voting is closed; this ballot was not counted.", 409)
    check_answers(ballot.order, question.answers)
    enter_phone(db, code, own)
    place, text = (id, ballot.round, own), json.dumps(ballot.order, separators=(",", ":"))
    before = db.execute(
        "SELECT ballot FROM ballots WHERE question = ? AND round = ? AND phone = ?", place
    ).fetchone()
    if before == (text,):
        return "same"
    db.execute("INSERT OR REPLACE INTO ballots VALUES (?, ?, ?, ?)", (*place, text))
    return "changed" if before else "new"
