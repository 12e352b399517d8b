"""Jobs that the processes of one server show each other."""

import os
import subprocess
import sys
import threading
import time

import pytest

from scrl.runs import JobBoard, JobQueue
from scrl.runs.job_board import LOST_SECONDS
from scrl.types import Progress


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.sqlite"


def until(holds, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def queue(board):
    return JobQueue(workers=1, show=board.show, show_seconds=0.02)


def report_until(gate, started):
    def work(on_progress):
        while not gate.wait(0.005):
            on_progress(Progress("individual", 0.25, "a step"))
            started.set()
        return "result"

    return work


def test_a_job_of_one_process_is_seen_and_cancelled_from_another(path):
    board, other, gate, started = (
        JobBoard(path),
        JobBoard(path),
        threading.Event(),
        threading.Event(),
    )
    jobs = queue(board)
    running = jobs.submit(report_until(gate, started), key="ann:x", label="Tennessee")
    waiting = jobs.submit(report_until(gate, started), key="ben:y", label="Ohio")
    assert started.wait(10)
    until(lambda: other.find(running) is not None and other.find(running).progress is not None)
    seen = other.find(running)
    assert (seen.key, seen.label, seen.state, seen.fraction) == (
        "ann:x", "Tennessee", "running", 0.25,
    )  # fmt: skip
    until(lambda: other.find(waiting) is not None)
    assert (other.find(waiting).state, other.find(waiting).position) == ("queued", 0)
    other.ask_to_cancel(running)
    until(lambda: jobs.get(running).state == "cancelled")
    until(lambda: other.find(running) is None)
    gate.set()
    assert jobs.wait(waiting, 10).result == "result"
    until(lambda: other.find(waiting) is None)
    until(lambda: not any(t.name == "scrl-board" for t in threading.enumerate()))
    jobs.close()


def test_a_request_to_cancel_reaches_only_the_job_that_it_names(path):
    one, two = JobBoard(path), JobBoard(path)
    gate, started = threading.Event(), threading.Event()
    jobs = queue(one)
    kept = jobs.submit(report_until(gate, started), key="ann:x", label="Tennessee")
    two.ask_to_cancel("of nobody")
    time.sleep(0.2)
    assert jobs.get(kept).active
    gate.set()
    assert jobs.wait(kept, 10).state == "done"
    jobs.close()


def test_what_a_killed_process_left_is_not_taken_for_a_job(path):
    now = [1000.0]
    killed, board = JobBoard(path, lambda: now[0]), JobBoard(path, lambda: now[0])
    jobs = JobQueue(workers=0)
    id = jobs.submit(lambda on_progress: None, key="ann:x", label="Tennessee")
    killed.show([jobs.get(id)])
    assert board.find(id) is not None
    now[0] += LOST_SECONDS + 1
    assert board.find(id) is None
    now[0] = 3.0  # the machine has started anew, and its clock with it
    killed.show([])
    assert board.find(id) is None


def test_a_board_of_no_use_hinders_no_job(path):
    path.write_bytes(b"no database, but long enough to look like one" * 100)
    board = JobBoard(path)
    jobs = queue(board)
    done = jobs.submit(lambda on_progress: 1, key="a:x", label="x")
    assert jobs.wait(done, 10).result == 1
    other = JobBoard(path)
    # The job may be shown a moment longer, and the damaged file be replaced a moment later.
    until(lambda: other.find(done) is None and path.read_bytes().startswith(b"SQLite format 3"))
    jobs.close()
    nowhere = JobBoard(path.parent / "jobs.sqlite" / "below a file")
    assert nowhere.find(done) is None
    assert nowhere.show([]) == set()
    nowhere.ask_to_cancel(done)
    nowhere.close()


def test_two_processes_write_at_once(path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom scrl.runs import Job, JobBoard\n"
        "board = JobBoard(Path(sys.argv[1]))\njob = Job(sys.argv[2], 'a:x', 'x')\n"
        "for _ in range(200):\n    board.show([job])\n"
        "    assert board.find(job.id) is not None\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name], env=os.environ)
        for name in ("one", "two")
    ]
    assert [child.wait(60) for child in children] == [0, 0]
    board = JobBoard(path)
    assert all(board.find(name) for name in ("one", "two"))
