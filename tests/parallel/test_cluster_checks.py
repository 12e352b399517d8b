"""A cluster without workers is told and not waited for without end; workers of other code are
told. The workers here are threads, which start in no time."""

from __future__ import annotations

import threading

import pytest

from scrl.parallel import cluster as cluster_engine
from scrl.parallel import cluster_checks, run_tasks
from scrl.types import InputError

_go = threading.Event()


def waits_after_the_first(task: int) -> int:
    """Task 0 ends at once, others when told so."""
    return task if task == 0 or _go.wait(20) else -1


def warnings_of_scrl(caplog) -> list[str]:
    return [record.message for record in caplog.records if record.name.startswith("scrl")]


@pytest.fixture
def cluster(monkeypatch):
    """A scheduler without workers, as a cluster that can be scaled."""
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    monkeypatch.setattr(cluster_checks, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(cluster_checks, "TELL_SECONDS", 0.3)
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        distributed.LocalCluster(
            n_workers=0, processes=False, threads_per_worker=1, dashboard_address=":0",
            silence_logs=50,
        ) as started,
    ):  # fmt: skip
        yield started


def test_a_cluster_that_has_no_worker_is_told_and_given_up(cluster, monkeypatch, caplog):
    monkeypatch.setenv("SCRL_CLUSTER_PATIENCE", "0.5")
    with pytest.raises(InputError, match=r"has had no worker for 0\.5 seconds; start workers by "):
        run_tasks(abs, [-1], cluster.scheduler_address)
    assert warnings_of_scrl(caplog) == [
        f"The cluster at {cluster.scheduler_address} has no worker; start some by `dask worker "
        f"{cluster.scheduler_address}`. The work goes on when one comes, and stops after 0.5 "
        "seconds without."
    ]


def test_the_work_begins_when_a_worker_comes(cluster, caplog):
    late = threading.Timer(0.5, cluster.scale, [1])
    late.start()
    found = run_tasks(abs, [-1, -2], cluster.scheduler_address)
    late.join()
    assert [result.value for result in found] == [1, 2]
    absent, again = warnings_of_scrl(caplog)
    assert "has no worker" in absent
    assert again == "The cluster has a worker again; the work goes on."


def test_workers_that_have_all_gone_end_the_work_and_results_are_kept(cluster, monkeypatch):
    monkeypatch.setenv("SCRL_CLUSTER_PATIENCE", "0.6")
    found = []
    cluster.scale(1)

    def lose_the_workers(result):
        found.append(result.value)
        cluster.scale(0)

    with pytest.raises(InputError, match="has had no worker"):
        run_tasks(waits_after_the_first, range(3), cluster.scheduler_address, lose_the_workers)
    _go.set()
    assert found == [0]


def test_workers_of_other_code_are_named_before_anything_runs(cluster, monkeypatch):
    def of_two_versions():
        here = threading.current_thread() is threading.main_thread()
        return {"scrl": "same", "jax": "1" if here else "2"}

    ran = []
    cluster.scale(1)
    monkeypatch.setattr(cluster_checks, "environment", of_two_versions)
    with pytest.raises(InputError, match=r"The worker at \S+ has jax 2, and this process 1; inst"):
        run_tasks(ran.append, [1], cluster.scheduler_address)
    monkeypatch.setattr(
        cluster_checks, "environment", lambda: {"scrl": threading.current_thread().name}
    )
    with pytest.raises(InputError, match=r"has other code of scrl than this process; install"):
        run_tasks(ran.append, [1], cluster.scheduler_address)
    assert not ran


def test_a_worker_of_other_code_that_comes_late_runs_nothing():
    call = cluster_engine.CountedCall(None, "key", 1, {"scrl": "other"})
    result = call(7, b"")
    assert (result.number, result.failure.is_bad_input) == (7, True)
    assert result.failure.message.endswith(cluster_checks.SAME_VERSION)


@pytest.mark.parametrize("text", ["soon", "0", "-1", "inf", "nan"])
def test_a_patience_that_is_none_is_told(text, monkeypatch):
    monkeypatch.setenv("SCRL_CLUSTER_PATIENCE", text)
    with pytest.raises(InputError, match="SCRL_CLUSTER_PATIENCE is"):
        cluster_checks.WorkerWatch(None)
