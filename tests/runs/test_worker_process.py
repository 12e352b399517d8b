"""Calls, and training, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scrl.runs import WorkerProcesses, measure_title, train, train_in_process
from scrl.runs.progress import chunk_reporter
from scrl.scenarios import gallery, load_scenario, with_overrides
from scrl.types import Cancelled, InputError
from tests import lanes


def tiny_scenario():
    """Of as many raters as in tests/durability, so that programs are compiled once."""
    return with_overrides(load_scenario(gallery()["tennessee-four"]), raters=30)


@pytest.fixture(scope="module")
def processes():
    found = WorkerProcesses()
    assert found.call(measure_title, "tau") == measure_title("tau")
    yield found
    found.close()


def plain(content):
    """A run's content as it is stored, without times."""
    kept = {k: v for k, v in content.items() if k != "learnt"}
    text = json.loads(json.dumps(kept))
    text["result"].pop("seconds")
    return text


@lanes.deep_only
def test_a_run_is_the_same_as_in_this_process(processes):
    """The usual suite trains in such processes with the pages, in browsers."""
    reports = []
    found = train_in_process(processes, tiny_scenario(), ("borda",), 3, reports.append, seeds=2)
    here = train(tiny_scenario(), ("borda",), 3, seeds=2)
    assert plain(found) == plain(here)
    assert np.array_equal(found["learnt"].latents, here["learnt"].latents)
    assert len({p.phase for p in reports}) > 1
    assert max(p.fraction for p in reports) > 0.5


def test_one_process_takes_one_call_after_the_other_and_refuses_in_a_sentence(processes):
    before = processes._idle[0]._child.pid
    with pytest.raises(InputError, match="nonsense"):
        train_in_process(processes, tiny_scenario(), ("nonsense",), 0)
    assert processes.call(measure_title, "tau") == measure_title("tau")
    assert [p._child.pid for p in processes._idle] == [before]


def test_a_run_is_cancelled_and_the_process_goes_on(processes):
    def cancel(progress):
        raise Cancelled

    before = processes._idle[0]._child.pid
    with pytest.raises(Cancelled):
        train_in_process(processes, tiny_scenario(), ("borda",), 0, cancel)
    assert processes.call(measure_title, "tau")
    assert [p._child.pid for p in processes._idle] == [before]


def test_a_killed_process_is_said_and_the_next_run_has_another(processes):
    child = processes._idle[0]._child

    def kill(progress):
        child.send_signal(signal.SIGKILL)

    with pytest.raises(InputError, match="process ended"):
        train_in_process(processes, tiny_scenario(), ("borda",), 0, kill)
    assert not processes._idle
    assert processes.call(measure_title, "tau")
    idle = processes._idle[0]._child
    idle.kill()  # as it ends by itself after a while without a call
    idle.wait()
    assert processes.call(measure_title, "tau")


def test_two_calls_at_once_have_two_processes_and_a_third_waits(processes):
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda n: processes.call(measure_title, n), ["tau"] * 3))
    assert found == [measure_title("tau")] * 3
    assert len(processes._idle) <= 2


def test_a_fault_comes_with_its_name_and_an_answer_that_cannot_be_sent_too(processes):
    with pytest.raises(RuntimeError, match="TypeError"):
        processes.call(measure_title)
    with pytest.raises(RuntimeError, match="cannot be sent"):
        processes.call(chunk_reporter, print, 0, 1, "")
    assert processes.call(measure_title, "tau")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_process_ends_with_its_server():
    code = (
        "import os, signal\nfrom scrl.runs import WorkerProcesses\n"
        "from tests.runs.endless_work import report_and_wait\n"
        "def die(progress):\n    print(processes_id(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "def processes_id():\n"
        "    return [int(p) for p in os.listdir('/proc') if p.isdecimal() and "
        "open(f'/proc/{p}/stat').read().rpartition(')')[2].split()[1] == str(os.getpid())]\n"
        "WorkerProcesses().call(report_and_wait, on_progress=die)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    (child,) = json.loads(done.stdout)
    end = time.monotonic() + 20
    while os.path.exists(f"/proc/{child}/cmdline") and _runs(child):
        assert time.monotonic() < end
        time.sleep(0.05)


def _runs(child):
    try:
        with open(f"/proc/{child}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
