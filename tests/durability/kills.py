"""Kill -9 at a random moment of a child process, again and again in one folder.

A child does small pieces of work without end and says after each which one is finished. After each
kill the check reads the folder as the next start would: what was said to be finished is there and
whole, and nothing half-written is taken for whole. What the child had started is gone soon after.

Children and checks are forks of a process that has imported everything and computed nothing, so
that a kill costs no start of an interpreter.
"""

from __future__ import annotations

import os
import pickle
import random
import select
import signal
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: Seconds until a child must have begun or finished a piece, and after that until it is killed.
PIECE_SECONDS, LONGEST_SECONDS = 300.0, 1.5
#: Seconds in which processes that a child had started end after it.
ORPHAN_SECONDS = 30.0
#: How words begin that tell of a beginning and not of a finished piece.
MARK = "~"
#: Who is killed: the child, or a process that it has started.
CHILD, WORKER = "child", "worker"

warnings.filterwarnings("ignore", message=".*fork.*")
_words = 1


@dataclass(frozen=True)
class Work:
    """What a child does, and what must hold afterwards.

    Attributes:
        name: of the work.
        prepare: makes what the child needs in an empty folder; once.
        pieces: of a folder and the number of the next piece: does pieces, and yields a word (no
            spaces) for each one that is finished.
        check: of a folder and the words of all pieces finished so far; raises AssertionError.
        longest: seconds within which the child is killed, after its start or its first word.
        victims: who is killed, in turn. Where it is a worker, the child goes on to another word,
            and is then killed too.
    """

    name: str
    prepare: Callable[[Path], None]
    pieces: Callable[[Path, int], Iterator[str]]
    check: Callable[[Path, list[str]], None]
    longest: float = LONGEST_SECONDS
    victims: tuple[str, ...] = (CHILD,)


def say(word: str) -> None:
    """Say a word, in a child."""
    os.write(_words, f"{word}\n".encode())


def kill_repeatedly(work: Work, folder: Path, times: int, seed: int = 0) -> dict[str, int]:
    """Run and kill a child ``times`` times, with a check after each; how many pieces it finished.

    Every second child has said a word before it is killed, and so has the first.

    Raises:
        AssertionError: by the check, or where a child failed or ended by itself.
    """
    rng, finished = random.Random(seed), list[str]()
    in_fork(lambda: work.prepare(folder))
    after_a_piece = 0
    for kill in range(times):
        child = _Child(work, folder, len(finished))
        try:
            said = child.killed(
                work.victims[kill % len(work.victims)], kill % 2 == 0,
                rng.uniform(0, work.longest), rng,
            )  # fmt: skip
            pieces = [word for word in said if not word.startswith(MARK)]
            after_a_piece += bool(pieces)
            finished += pieces
            in_fork(partial(work.check, folder, finished))
        except Exception as error:
            raise AssertionError(f"{work.name}, kill {kill + 1}: {error}") from error
        finally:
            child.close()
    return {"kills": times, "pieces": len(finished), "kills_after_a_piece": after_a_piece}


def in_fork(function: Callable[[], Any]) -> Any:
    """What a function returns in a fork of this process.

    Raises:
        AssertionError: with the traceback there.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            found = True, function()
        except BaseException:
            found = False, traceback.format_exc()
        with os.fdopen(writer, "wb") as file:
            file.write(pickle.dumps(found))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    os.waitpid(pid, 0)
    assert data, "the process that checks has ended"
    fine, value = pickle.loads(data)
    assert fine, value
    return value


class _Child:
    """A child that works, and the words that it has said."""

    def __init__(self, work: Work, folder: Path, number: int) -> None:
        self._name, self._said, self._alive = work.name, b"", True
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reader)
            _run_child(work, folder, number, writer, self._faults.fileno())
        os.close(writer)

    def killed(self, victim: str, after_a_word: bool, seconds: float, rng: random.Random) -> list:
        """Kill it or its worker, ``seconds`` after its beginning or its first word; its words."""
        self._await_words(1 + (after_a_word or victim == WORKER))
        self._listen(seconds)
        if victim == WORKER:
            os.kill(rng.choice(self._workers()), signal.SIGKILL)
            self._listen(0.3)
            self._await_words(self._said.count(b"\n") + 1)
        below = descendants(self.pid)
        assert self._is_alive(), f"the child ended by itself: {self._told()}"
        self._end()
        self._listen(0.0)
        assert "Traceback" not in self._told(), self._told()
        left = await_end(below)
        assert not left, f"processes of the child are left: {left}"
        # A word without its line's end was not said; the first is that of the beginning.
        return [line.decode() for line in self._said.split(b"\n")[1:-1]]

    def close(self) -> None:
        """End it where it still works."""
        if self._alive:
            self._end()
        os.close(self._reader)
        self._faults.close()

    def _workers(self) -> list[int]:
        """Processes below it, without those that only clean up after others."""
        until = time.monotonic() + PIECE_SECONDS
        while True:
            found = [pid for pid in sorted(descendants(self.pid)) if b"tracker" not in _line(pid)]
            if found:
                return found
            assert time.monotonic() < until, "the child has no workers"
            time.sleep(0.02)

    def _end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._alive = False

    def _is_alive(self) -> bool:
        if self._alive and os.waitpid(self.pid, os.WNOHANG)[0]:
            self._alive = False
        return self._alive

    def _await_words(self, count: int) -> None:
        until = time.monotonic() + PIECE_SECONDS
        while self._said.count(b"\n") < count:
            self._listen(0.05)
            assert self._is_alive(), f"the child failed: {self._told()}"
            assert time.monotonic() < until, "the child did not get on"

    def _listen(self, seconds: float) -> None:
        """Read what it says for a while."""
        until = time.monotonic() + seconds
        while True:
            left = max(0.0, until - time.monotonic())
            if not select.select([self._reader], [], [], left)[0]:
                return
            data = os.read(self._reader, 65536)
            if not data:
                time.sleep(left)
                return
            self._said += data

    def _told(self) -> str:
        self._faults.seek(0)
        return self._faults.read().decode(errors="replace")[-3000:]


def _run_child(work: Work, folder: Path, number: int, words: int, faults: int) -> None:
    """Do pieces of work until killed."""
    global _words
    _words = words
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(faults, 2)
    try:
        say(f"{MARK}ready")
        for word in work.pieces(folder, number):
            say(word)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    os._exit(1)


def _end_with(parent: int) -> None:
    """End this child where the process that should kill it has ended itself."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def descendants(pid: int) -> set[int]:
    """Processes that a process has started, and those that they have started."""
    below: dict[int, list[int]] = {}
    for parent, child, _ in _processes():
        below.setdefault(parent, []).append(child)
    found, waiting = set[int](), [pid]
    while waiting:
        own = below.get(waiting.pop(), [])
        found.update(own)
        waiting += own
    return found


def _line(pid: int) -> bytes:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def await_end(pids: set[int]) -> set[int]:
    """Wait until processes have ended; those that have not are killed, and returned."""
    until = time.monotonic() + ORPHAN_SECONDS
    left = pids
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = {pid for _, pid, state in _processes() if pid in pids and state not in "ZX"}
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


def _processes() -> Iterator[tuple[int, int, str]]:
    """Parent, id and state of every process."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(after_name[1]), int(entry.name), after_name[0]
