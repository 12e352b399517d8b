"""The queue of background runs."""

import threading
import time

import pytest

from scrl.runs import INTERNAL_ERROR, JobQueue
from scrl.types import InputError, Progress


@pytest.fixture
def jobs():
    queue = JobQueue(workers=2, max_finished=3)
    yield queue
    queue.close()


class Gate:
    """A job that reports until it is let through."""

    def __init__(self, result="result"):
        self.started, self.open, self.result = threading.Event(), threading.Event(), result

    def __call__(self, on_progress):
        self.started.set()
        while not self.open.wait(0.005):
            on_progress(Progress("individual", 0.25, "a step"))
        return self.result


def test_a_job_goes_from_queued_through_running_to_done(jobs):
    gate = Gate()
    id = jobs.submit(gate, key="a", label="Tennessee")
    assert gate.started.wait(5)
    while jobs.get(id).progress is None:
        time.sleep(0.005)
    job = jobs.get(id)
    assert (job.state, job.label, job.fraction, job.progress.message) == (
        "running", "Tennessee", 0.25, "a step",
    )  # fmt: skip
    assert job.seconds_left is None, "one report says nothing of the pace"
    gate.open.set()
    job = jobs.wait(id, 5)
    assert (job.state, job.result, job.fraction, job.seconds_left) == ("done", "result", 1.0, None)
    assert job.elapsed == job.ended - job.started


def test_time_left_goes_by_the_pace_since_the_first_work(jobs):
    reported, end = threading.Event(), threading.Event()

    def run(on_progress):
        on_progress(Progress("compiling", 0.0))
        time.sleep(1.5)  # compiling says nothing of the pace of the steps
        on_progress(Progress("individual", 0.2))
        time.sleep(0.2)
        on_progress(Progress("individual", 0.6))
        reported.set()
        end.wait(5)

    id = jobs.submit(run, key="pace", label="Tennessee")
    assert reported.wait(5)
    left = jobs.get(id).seconds_left
    end.set()
    assert 0.2 <= left < 1.0, left  # by the time since the start it would be 1.1


def test_two_run_at_once_and_the_rest_wait_in_order(jobs):
    gates = [Gate(i) for i in range(4)]
    ids = [jobs.submit(gate, key=str(i), label="") for i, gate in enumerate(gates)]
    assert gates[0].started.wait(5)
    assert gates[1].started.wait(5)
    assert [jobs.get(id).state for id in ids] == ["running", "running", "queued", "queued"]
    assert [jobs.get(id).position for id in ids[2:]] == [0, 1]
    gates[1].open.set()
    assert gates[2].started.wait(5)
    assert not gates[3].started.is_set()
    for gate in gates:
        gate.open.set()
    assert [jobs.wait(id, 5).state for id in ids[1:]] == ["done"] * 3


def test_a_running_job_stops_when_cancelled_and_may_be_run_again(jobs):
    gate = Gate()
    id = jobs.submit(gate, key="a", label="")
    assert gate.started.wait(5)
    jobs.cancel(id)
    assert jobs.wait(id, 5).state == "cancelled"
    again = jobs.submit(lambda on_progress: 1, key="a", label="")
    assert again != id
    assert jobs.wait(again, 5).result == 1


def test_a_queued_job_is_cancelled_at_once_and_never_starts(jobs):
    gates = [Gate() for _ in range(3)]
    ids = [jobs.submit(gate, key=str(i), label="") for i, gate in enumerate(gates)]
    gates[1].started.wait(5)
    jobs.cancel(ids[2])
    assert jobs.get(ids[2]).state == "cancelled"
    for gate in gates:
        gate.open.set()
    jobs.wait(ids[0], 5)
    assert not gates[2].started.is_set()


def test_a_double_click_starts_one_run(jobs):
    gate = Gate()
    first = jobs.submit(gate, key="a", label="")
    assert jobs.submit(gate, key="a", label="") == first
    gate.open.set()
    jobs.wait(first, 5)
    assert jobs.submit(gate, key="a", label="") == first


def test_bad_input_fails_with_its_sentence(jobs):
    def bad(on_progress):
        raise InputError("the shares add up to 1.2; they should add up to 1.")

    job = jobs.wait(jobs.submit(bad, key="a", label=""), 5)
    assert (job.state, job.error) == (
        "failed",
        "the shares add up to 1.2; they should add up to 1.",
    )


def test_a_fault_of_ours_fails_calmly_logs_its_traceback_and_leaves_the_queue_at_work(jobs, caplog):
    job = jobs.wait(jobs.submit(lambda on_progress: 1 / 0, key="a", label=""), 5)
    assert (job.state, job.error) == ("failed", INTERNAL_ERROR)
    assert "ZeroDivisionError" in caplog.text
    assert jobs.wait(jobs.submit(lambda on_progress: 2, key="a", label=""), 5).result == 2


def test_the_oldest_finished_jobs_are_forgotten(jobs):
    ids = []
    for i in range(5):
        ids.append(jobs.submit(lambda on_progress, i=i: i, key=str(i), label=""))
        jobs.wait(ids[-1], 5)
    assert [jobs.get(id) and jobs.get(id).result for id in ids] == [None, None, 2, 3, 4]
    jobs.cancel(ids[0])
    assert jobs.get("nonsense") is None


def test_a_full_queue_refuses():
    jobs = JobQueue(workers=1, max_waiting=1)
    gate = Gate()
    jobs.submit(gate, key="a", label="")
    gate.started.wait(5)
    jobs.submit(gate, key="b", label="")
    with pytest.raises(InputError, match="waiting"):
        jobs.submit(gate, key="c", label="")
    gate.open.set()
    jobs.close()


def test_whoever_queues_many_does_not_hold_up_another():
    jobs = JobQueue(workers=1)
    gates, started = {}, []

    def put(key):
        gates[key] = Gate()

        def work(on_progress):
            started.append(key)
            return gates[key](on_progress)

        return jobs.submit(work, key=key, label="")

    ids = {key: put(key) for key in ("ann:1", "ann:2", "ann:3", "bob:1", "cem:1", "bob:2")}
    assert gates["ann:1"].started.wait(5)
    waiting = sorted((k for k in ids if k != "ann:1"), key=lambda k: jobs.get(ids[k]).position)
    assert waiting == ["bob:1", "cem:1", "ann:2", "bob:2", "ann:3"]
    for gate in gates.values():
        gate.open.set()
    for id in ids.values():
        jobs.wait(id, 5)
    assert started == ["ann:1", *waiting]
    jobs.close()


def test_one_owner_may_have_so_many_waiting_and_another_still_has_a_place():
    jobs = JobQueue(workers=1, max_waiting_per_owner=2)
    gate = Gate()
    jobs.submit(gate, key="ann:0", label="")
    assert gate.started.wait(5)
    for i in (1, 2):
        jobs.submit(gate, key=f"ann:{i}", label="")
    with pytest.raises(InputError, match="2 of your runs are waiting"):
        jobs.submit(gate, key="ann:3", label="")
    assert jobs.get(jobs.submit(gate, key="bob:0", label="", id="own-id")).id == "own-id"
    gate.open.set()
    jobs.close()


def test_a_forgotten_job_is_unknown(jobs):
    id = jobs.submit(lambda on_progress: 1, key="a", label="")
    jobs.wait(id, 5)
    jobs.forget(id)
    assert jobs.get(id) is None
