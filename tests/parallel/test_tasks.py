"""One call runs tasks in this thread, in threads, in processes and on a Dask cluster."""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from scrl.parallel import TaskError, iterate_tasks, map_tasks, run_tasks, shares_memory
from scrl.types import InputError

LOCAL = ("serial", "threads", "processes")


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    # Dask closes a place whose worker is down fifteen seconds after an earlier death.
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as started,
    ):
        yield started.scheduler_address


@pytest.fixture(params=[*LOCAL, "cluster"])
def engine(request):
    return request.getfixturevalue("cluster") if request.param == "cluster" else request.param


def fails_at_two_and_three(task: int) -> int:
    if task == 2:
        raise InputError("Task two is bad; leave it out.")
    return 6 // (task - 3)


def after(seconds: float, task: int) -> int:
    time.sleep(seconds)
    return task


def dies_once(mark: Path, task: int) -> int:
    """Ends its process the first time that task 2 runs."""
    if task == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task**2


def dies_each_time(task: int) -> int:
    if task == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return task**2


def solve(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.linalg.solve(rng.normal(size=(60, 60)), rng.normal(size=60))


def test_every_engine_gives_the_same_values_in_the_order_of_the_tasks(engine):
    found = map_tasks(solve, range(8), engine, workers=2)
    assert [v.tobytes() for v in found] == [solve(seed).tobytes() for seed in range(8)]


def test_a_task_that_fails_is_told_and_the_others_go_on(engine):
    told = []
    found = run_tasks(fails_at_two_and_three, range(6), engine, told.append, workers=2)
    assert [r.value for r in found] == [-2, -3, None, None, 6, 3]
    bad, wrong = found[2].failure, found[3].failure
    assert (bad.message, bad.is_bad_input) == ("Task two is bad; leave it out.", True)
    assert wrong.message.startswith("ZeroDivisionError")
    assert "fails_at_two_and_three" in wrong.details
    assert sorted(r.number for r in told) == list(range(6))


def test_map_raises_what_a_task_raised(engine):
    with pytest.raises(InputError, match=r"^Task two is bad; leave it out\.$"):
        map_tasks(fails_at_two_and_three, [0, 2], engine)
    kind = ZeroDivisionError if shares_memory(engine) else TaskError
    with pytest.raises(kind, match="by zero"):
        map_tasks(fails_at_two_and_three, [3], engine)


def test_a_killed_worker_loses_nothing(engine, tmp_path):
    if shares_memory(engine):
        pytest.skip("runs in this process")
    found = run_tasks(partial(dies_once, tmp_path / "mark"), range(6), engine, workers=2)
    assert (tmp_path / "mark").exists()
    assert [r.value for r in found] == [task**2 for task in range(6)]


def test_a_task_that_kills_each_worker_fails_alone(engine):
    if shares_memory(engine):
        pytest.skip("runs in this process")
    found = run_tasks(dies_each_time, range(5), engine, workers=2)
    assert [r.value for r in found] == [0, 1, None, 9, 16]
    assert "killed" in found[2].failure.message


def test_a_value_that_cannot_be_sent_fails_its_own_task(engine):
    if shares_memory(engine):
        pytest.skip("nothing is sent")
    found = run_tasks(lambda task: threading.Lock() if task else task, range(2), engine)
    assert found[0].value == 0
    assert "pickle" in found[1].failure.message


def test_a_task_in_a_worker_does_in_turn_what_it_would_do_side_by_side(engine):
    if shares_memory(engine):
        pytest.skip("this process is no worker")

    def threads_used(_):
        found = map_tasks(lambda _: threading.get_ident(), range(4), "threads", workers=4)
        return len(set(found)), found[0] == threading.get_ident()

    assert map_tasks(threads_used, [0], engine) == [(1, True)]


def test_the_first_task_runs_alone_and_no_more_than_the_workers_at_once():
    at_once, most, lock = 0, {}, threading.Lock()

    def work(task: int) -> None:
        nonlocal at_once
        with lock:
            at_once += 1
            most[task] = at_once
        time.sleep(0.02)
        with lock:
            at_once -= 1

    map_tasks(work, range(7), "threads", workers=3, first_alone=True)
    assert most[0] == most[1] == 1
    assert max(most.values()) == 3


@pytest.mark.parametrize("engine", LOCAL)
def test_tasks_that_have_not_begun_are_dropped_when_nobody_listens(engine, tmp_path):
    def work(task: int) -> None:
        (tmp_path / str(task)).touch()
        time.sleep(0.02)

    found = iterate_tasks(work, range(200), engine, workers=2)
    next(found)
    found.close()
    time.sleep(0.1)
    assert len(list(tmp_path.iterdir())) < 100


@pytest.mark.parametrize(
    ("engine", "message"),
    [("nonsense", "'nonsense' is no engine"), (3, "int is no engine"),
     ("nowhere/scheduler.json", "nowhere/scheduler.json: there is no such scheduler file"),
     ("tcp://127.0.0.1:1", "No Dask scheduler answers at tcp://127.0.0.1:1")],
)  # fmt: skip
def test_an_engine_that_is_none_is_told(engine, message, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("scrl.parallel.cluster.PATIENCE", 1)
    with pytest.raises(InputError, match=message):
        run_tasks(abs, [1], engine)


def test_a_scheduler_that_goes_away_is_told_without_the_log_of_dask(monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("scrl.parallel.cluster.PATIENCE", 1)
    log, heard = logging.getLogger("distributed.client"), logging.handlers.BufferingHandler(100)
    level = log.level
    with distributed.LocalCluster(
        n_workers=1, processes=False, protocol="tcp", dashboard_address=":0", silence_logs=False
    ) as started:

        async def cut() -> None:
            for listener in started.scheduler.listeners:
                listener.stop()
            for stream in started.scheduler.client_comms.values():
                stream.comm.abort()

        log.addHandler(heard)
        try:
            results = iterate_tasks(partial(after, 0.05), range(100), started.scheduler_address)
            next(results)
            distributed.utils.sync(started.loop, cut)
            with pytest.raises(InputError, match="went away; start the scheduler"):
                list(results)
        finally:
            log.removeHandler(heard)
    assert heard.buffer == []
    assert log.level == level


def numbers_beside_losses(times: int):
    """Numbers of the results of 40 tasks, while the scheduler loses the last one so often."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, processes=False, protocol="tcp", dashboard_address=":0", silence_logs=50
    ) as started:
        scheduler, lost = started.scheduler, set()

        async def lose() -> None:
            keys = {key for key in scheduler.tasks if key.split("-")[2] == "39"} - lost
            for key in sorted(keys)[: times - len(lost)]:
                lost.add(key)
                (client,) = scheduler.tasks[key].who_wants
                scheduler.stimulus_cancel([key], client.client_key, force=False, reason="", msg="")

        results = iterate_tasks(partial(after, 0.02), range(40), started.scheduler_address)
        try:
            for result in results:
                yield result.number
                distributed.utils.sync(started.loop, lose)
        finally:
            results.close()
    assert len(lost) == times


def test_a_task_that_the_scheduler_loses_is_submitted_again():
    assert sorted(numbers_beside_losses(2)) == list(range(40))


def test_a_task_that_the_scheduler_loses_each_time_ends_the_work():
    with pytest.raises(InputError, match="lost the tasks"):
        list(numbers_beside_losses(10))


def test_no_workers_do_nothing():
    with pytest.raises(InputError, match="give 1 or more"):
        run_tasks(abs, [1], "threads", workers=0)


def test_no_tasks_are_no_results(engine):
    assert run_tasks(abs, [], engine) == []
