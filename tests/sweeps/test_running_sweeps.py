"""Sweeps that run: the same on every engine, only once, and whole whatever happens."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import scrl
from scrl.cli import main
from scrl.parallel import cluster_checks
from scrl.sweeps import read_result, read_sweep, running
from tests import lanes

ROOT = Path(__file__).resolve().parents[2]
#: Runs of a second, once their programs are compiled.
SPEC = {
    "name": "Small",
    "scenarios": "condorcet-cycle",
    "settings": {"scenario.raters": 30, "voters": 200, "draws": 64, "rules": "borda"},
    "seeds": 8,
}
#: Parts of a result that differ from call to call.
TIMES = ("seconds", "device")


def fake(task):
    """What a task computes, in no time; seed 3 fails."""
    if task.seed == 3:
        raise scrl.InputError("Seed three is bad; give another.")
    return {"measures": {"seed": float(task.seed)}, "orders": {"p/vanilla": "a > b"},
            "result": {"seed": task.seed}, "evaluation": None}  # fmt: skip


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(running, "compute", fake)


def results(folder):
    """The results of a sweep without times, by task."""
    found = {}
    for path in (folder / "results").iterdir():
        record = json.loads(path.read_text())
        record.pop("seconds")
        record["measures"] = {
            k: v for k, v in record["measures"].items() if not k.startswith("seconds/")
        }
        record["result"] = {k: v for k, v in record["result"].items() if k not in TIMES}
        found[path.name] = json.dumps(record)
    return found


@pytest.mark.slow
def test_a_worker_of_a_cluster_finds_bit_for_bit_what_this_process_finds(tmp_path, monkeypatch):
    """A worker is a process that trains in deep mode, otherwise a thread that does as if."""
    distributed = pytest.importorskip("distributed")
    told, spec = [], SPEC | {"seeds": 2}
    if not lanes.DEEP:
        monkeypatch.setattr(running, "compute", fake)
    alone = scrl.sweep(spec, tmp_path / "serial", "serial")  # whose programs the worker finds
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=lanes.DEEP, dashboard_address=":0",
        silence_logs=50,
    ) as cluster:  # fmt: skip
        scrl.sweep(spec, tmp_path / "cluster", cluster.scheduler_address, on_progress=told.append)
    assert [row.state for row in alone.rows] == ["done"] * 2
    assert len(set(results(tmp_path / "serial").values())) == 2
    assert results(tmp_path / "cluster") == results(tmp_path / "serial")
    assert told[0].dashboard.startswith("http")
    assert [p.ended for p in told] == [0, 1, 2]

    began = time.perf_counter()
    again = []
    scrl.sweep(spec, tmp_path / "cluster", "tcp://127.0.0.1:1", on_progress=again.append)
    assert [p.computed for p in again] == [0]  # and nobody is asked
    assert time.perf_counter() - began < 20


@pytest.mark.slow
def test_a_result_holds_what_a_run_and_an_evaluation_find(tmp_path, monkeypatch):
    run, runs = scrl.run, []

    def recorded(*asked):
        runs.append((asked, run(*asked)))
        return runs[-1][1]

    monkeypatch.setattr("scrl.pipeline.run", recorded)
    spec = SPEC | {"seeds": 1, "evaluate": True}
    table = scrl.sweep(spec, tmp_path, "serial")
    row = table.rows[0]
    (((scenario, config, seed), experiment),) = runs
    assert (scenario.name, scenario.raters, seed) == ("A Condorcet cycle", 30, 0)
    assert config == scrl.Config(rules=("borda",), voters=200, draws=64)
    result = read_result(tmp_path, row)
    assert json.loads(json.dumps(scrl.to_dict(experiment))) == result
    assert row.measures["agreement/borda/social/tau"] == pytest.approx(
        sum(p["agreement"]["borda"]["social"]["tau"] for p in result["prompts"].values())
        / len(result["prompts"])
    )
    for prompt in result["prompts"].values():
        assert prompt["welfare"]["best"] > 0
    welfare = [p["welfare"] for p in result["prompts"].values()]
    expected = sum(w["best"] / w["vanilla"]["mean"] for w in welfare) / len(welfare)
    assert row.measures["distortion/vanilla"] == pytest.approx(expected)
    assert {"accuracy/individual", "accuracy/vanilla"} <= row.measures.keys()


def test_a_failing_task_is_named_and_the_others_go_on(tmp_path, quick, capsys):
    spec = tmp_path / "spec.yaml"
    spec.write_text(json.dumps(SPEC))
    code = None
    with pytest.raises(SystemExit) as ended:
        code = main(["sweep", str(spec), "--workers", "1", "--out", str(tmp_path / "out")])
    assert (code, ended.value.code) == (None, 1)
    printed = capsys.readouterr()
    assert "Small: 8 tasks, 8 computed now, 1 failed" in printed.out
    assert "seed 3: Seed three is bad; give another." in printed.err
    table = read_sweep(tmp_path / "out")
    assert [row.state for row in table.rows].count("done") == 7
    assert (tmp_path / "out" / "table.csv").read_text().count("\n") == 9


def test_a_second_call_computes_only_what_is_missing(tmp_path, quick):
    told = []

    def computed(spec, **options):
        told.clear()
        scrl.sweep(spec, tmp_path, "serial", on_progress=told.append, **options)
        return told[-1].computed

    assert computed(SPEC | {"seeds": 4}) == 4
    assert computed(SPEC) == 4
    assert computed(SPEC) == 0
    assert told[-1].failed == 1
    assert computed(SPEC, retry=True) == 1
    assert computed(SPEC | {"seeds": [1, 20]}) == 1
    first = next((tmp_path / "results").iterdir())
    first.write_text('{"state": "do')
    assert computed(SPEC | {"seeds": {"from": 0, "count": 21}}) in (12, 13)


def test_what_is_done_is_kept_when_the_caller_stops(tmp_path, quick):
    def stop(progress):
        if progress.computed == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scrl.sweep(SPEC, tmp_path, "serial", on_progress=stop)
    assert [row.state for row in read_sweep(tmp_path).rows] == ["done"] * 2 + ["missing"] * 6


def test_a_second_call_on_a_folder_that_is_being_filled_is_told(tmp_path, quick):
    computed = []

    def call_again(progress):
        if progress.computed == 1:
            with pytest.raises(scrl.InputError) as refused:
                scrl.sweep(SPEC | {"seeds": 20}, tmp_path, "serial", on_progress=computed.append)
            computed.append(str(refused.value))

    scrl.sweep(SPEC, tmp_path, "serial", on_progress=call_again)
    (said,) = computed
    assert f"another call is filling this folder (process {os.getpid()} on " in said
    assert len(read_sweep(tmp_path).rows) == 8  # and its list of tasks is that of the first call
    scrl.sweep(SPEC | {"seeds": 9}, tmp_path, "serial")
    assert len(read_sweep(tmp_path).rows) == 9


def test_a_drive_without_locks_is_noted_and_used(tmp_path, quick, monkeypatch, caplog):
    def refuse(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    scrl.sweep(SPEC | {"seeds": 2}, tmp_path, "serial")
    assert "this drive has no locks (No locks available)" in caplog.text


@lanes.deep_only
def test_a_killed_sweep_keeps_whole_files_and_goes_on(tmp_path, quick):
    code = (
        "import sys, scrl; from scrl.sweeps import running; "
        "from tests.sweeps.test_running_sweeps import SPEC, fake; running.compute = fake; "
        "scrl.sweep(SPEC | {'seeds': {'from': 10, 'count': 1000}}, sys.argv[1], 'serial')"
    )
    one = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("results/*.json"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(one.pid, signal.SIGKILL)
    one.wait()
    kept = [row for row in read_sweep(tmp_path).rows if row.state == "done"]
    assert 5 <= len(kept) < 1000
    assert len(kept) == len(list(tmp_path.glob("results/*.json")))
    told = []
    spec = SPEC | {"seeds": {"from": 10, "count": len(kept) + 3}}
    scrl.sweep(spec, tmp_path, "serial", on_progress=told.append)
    assert (told[0].ended, told[-1].computed) == (len(kept), 3)


def test_tasks_of_workers_with_other_code_get_no_result(tmp_path, monkeypatch):
    def late(task):
        if task.seed % 2:
            raise scrl.InputError(cluster_checks.OTHER_CODE)
        return fake(task)

    monkeypatch.setattr(running, "compute", late)
    with pytest.raises(scrl.InputError, match="4 tasks came to a worker with other code and have"):
        scrl.sweep(SPEC, tmp_path, "serial")
    assert [row.state for row in read_sweep(tmp_path).rows] == ["done", "missing"] * 4


def test_the_command_tells_what_is_wrong(tmp_path, capsys, quick):
    spec = tmp_path / "spec.yaml"
    spec.write_text("scenarios: pets\nseed: 3\n")
    assert main(["sweep", str(spec)]) == 2
    assert "spec.yaml: seed: unknown key (did you mean 'seeds'?)" in capsys.readouterr().err
    spec.write_text("scenarios: pets\nseeds: 2\n")
    out = ["--out", str(tmp_path / "out"), "--workers", "1"]
    assert main(["sweep", str(spec), *out, "--measure", "nonsense"]) == 2
    assert "--measure nonsense: no task has it" in capsys.readouterr().err
    assert main(["sweep", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err
