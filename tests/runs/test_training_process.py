"""Training in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from scrl.runs import TrainingProcesses, train
from scrl.scenarios import gallery, load_scenario, with_overrides
from scrl.types import Cancelled, InputError


def tiny_scenario():
    return with_overrides(load_scenario(gallery()["tennessee-four"]), raters=24)


@pytest.fixture(scope="module")
def processes():
    found = TrainingProcesses()
    yield found
    found.close()


def plain(content):
    """A run's content as it is stored, without times."""
    kept = {k: v for k, v in content.items() if k != "learnt"}
    text = json.loads(json.dumps(kept))
    text["result"].pop("seconds")
    return text


def test_a_run_is_the_same_as_in_this_process(processes):
    reports = []
    found = processes.train(tiny_scenario(), ("borda", "copeland"), 3, reports.append, seeds=2)
    here = train(tiny_scenario(), ("borda", "copeland"), 3, seeds=2)
    assert plain(found) == plain(here)
    assert np.array_equal(found["learnt"].latents, here["learnt"].latents)
    assert len({p.phase for p in reports}) > 1
    assert max(p.fraction for p in reports) > 0.5


def test_one_process_takes_one_run_after_the_other_and_refuses_in_a_sentence(processes):
    before = processes._idle[0]._child.pid
    with pytest.raises(InputError, match="nonsense"):
        processes.train(tiny_scenario(), ("nonsense",), 0)
    assert processes.train(tiny_scenario(), ("borda",), 0)["result"]["prompts"]
    assert [p._child.pid for p in processes._idle] == [before]


def test_a_run_is_cancelled_and_the_process_goes_on(processes):
    def cancel(progress):
        raise Cancelled

    with pytest.raises(Cancelled):
        processes.train(tiny_scenario(), ("borda",), 0, cancel)
    assert processes.train(tiny_scenario(), ("borda",), 0)["result"]["prompts"]


def test_a_killed_process_is_said_and_the_next_run_has_another(processes):
    child = processes._idle[0]._child

    def kill(progress):
        child.send_signal(signal.SIGKILL)

    with pytest.raises(InputError, match="process ended"):
        processes.train(tiny_scenario(), ("borda",), 0, kill)
    assert not processes._idle
    assert processes.train(tiny_scenario(), ("borda",), 0)["result"]["prompts"]
    idle = processes._idle[0]._child
    idle.kill()  # as it ends by itself after a while without a run
    idle.wait()
    assert processes.train(tiny_scenario(), ("borda",), 0)["result"]["prompts"]


def test_two_runs_at_once_have_two_processes(processes):
    found = []
    threads = [
        threading.Thread(
            target=lambda seed: found.append(processes.train(tiny_scenario(), ("borda",), seed)),
            args=(seed,),
        )
        for seed in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == 2
    assert len(processes._idle) == 2


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_process_ends_with_its_server():
    code = (
        "import os, signal\nfrom scrl.runs import TrainingProcesses\n"
        "from tests.runs.test_training_process import tiny_scenario\n"
        "def die(progress):\n    print(processes_id(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "def processes_id():\n"
        "    return [int(p) for p in os.listdir('/proc') if p.isdecimal() and "
        "open(f'/proc/{p}/stat').read().rpartition(')')[2].split()[1] == str(os.getpid())]\n"
        "TrainingProcesses().train(tiny_scenario(), ('borda',), 0, die)\n"
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
