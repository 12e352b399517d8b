"""``scrl app --workers``: several processes behind nginx at one address, on one file of runs."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from scrl.classroom import ClassStore
from scrl.cli import main
from scrl.cli.nginx import configuration, cookie_name
from scrl.cli.serving import free_ports
from scrl.runs import Archive
from tests.app_visitor import Visitor, run_visits
from tests.durability.kills import await_end, descendants

ROOT = Path(__file__).resolve().parents[1]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def start(port, *options, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "scrl", "app", "--headless", "--port", str(port), *options],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


STARTER = """
import os, sys, time
from scrl.cli.tied_process import start_tied
for command in (["-m", "http.server", sys.argv[1], "--bind", "127.0.0.1"],
                [sys.executable, "-c", "import time; time.sleep(600)"]):
    print(start_tied(command, dict(os.environ)).pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds children as on Linux")
def test_processes_end_with_the_one_that_started_them_though_it_is_killed():
    (port,) = free_ports(1)
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        tied = {int(starter.stdout.readline()) for _ in range(2)}
        deadline = time.monotonic() + 60
        while len(below := descendants(starter.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert tied < below
        assert len(below) == 3  # a module has no process of its own, a program has
    finally:
        starter.kill()
        starter.communicate()
    assert not await_end(below)


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot replace a process")
def test_one_process_of_the_app_is_the_command_itself(monkeypatch):
    """So that no process is left when the command is killed."""

    def replace(path, command):
        assert [path, "-m", "streamlit", "run"] == command[:4]
        assert command[-3:] == ["8599", "--server.headless", "true"]
        raise SystemExit(7)

    monkeypatch.setattr(os, "execv", replace)
    with pytest.raises(SystemExit) as ended:
        main(["app", "--port", "8599", "--headless"])
    assert ended.value.code == 7


@needs_nginx
def test_nginx_accepts_the_configuration(tmp_path):
    path = tmp_path / "nginx.conf"
    port, *ports = free_ports(4)
    path.write_text(configuration(f"127.0.0.1:{port}", ports, tmp_path))
    done = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(path), "-e", "stderr"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert cookie_name("[::1]:8501") == "scrl_worker_8501"


def test_without_nginx_or_a_port_one_sentence_says_so(tmp_path):
    (port,) = free_ports(1)
    if NGINX is None:
        said = start(port, "--workers", "2").communicate(timeout=60)[0]
        assert said.startswith("error: --workers needs nginx")
        return
    with_listener = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "0.0.0.0"],
        cwd=tmp_path, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        server = start(port, "--workers", "2")
        said = server.communicate(timeout=60)[0]
    finally:
        with_listener.kill()
        with_listener.wait()
    assert server.returncode == 2
    assert said.count("\n") == 1
    assert said.startswith(f"error: --port {port}: the app cannot listen")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Address, process and folder of a server of two processes."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder, (port,) = tmp_path_factory.mktemp("served"), free_ports(1)
    server = start(port, "--workers", "2", SCRL_RUNS=str(folder / "runs.sqlite"))
    try:
        assert "in 2 processes" in server.stdout.readline()
        yield f"http://127.0.0.1:{port}", server, folder
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        server.stdout.close()
    assert not children_of(server.pid)


def children_of(parent):
    """Process id -> command line of the children of a process."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if int(stat[1]) == parent and "streamlit" in command:
            found[int(entry.name)] = command
    return found


def post(address, path, phone, body=None):
    """A phone's request, as its page sends it: without cookies."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-Phone": phone, "Content-Type": "application/json", "Origin": address}
    request = urllib.request.Request(f"{address}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def test_a_class_votes_at_both_processes(served):
    """Phones keep no cookie, so their requests reach one process and the other in turn."""
    address, _, folder = served
    store = ClassStore(folder / "runs-classes.sqlite")
    teacher = store.create_room()
    question = teacher.ask("Which answer is best?", ("Short", "Long", "A joke"))
    phones = [secrets.token_hex(16) for _ in range(6)]
    for i, phone in enumerate(phones):
        assert post(address, f"/join/{teacher.code}/state", phone)["question"]
        ballot = {"room": teacher.code, "phone": phone, "question": question, "round": 1,
                  "order": [[i % 3], [(i + 1) % 3]]}  # fmt: skip
        assert post(address, "/ballot", phone, ballot) == {"ballot": "new"}
        assert post(address, "/ballot", phone, ballot) == {"ballot": "same"}
    cast = []
    teacher.reveal(question, lambda _, ballots: cast.extend(ballots) or {"voters": len(ballots)})
    assert len(cast) == len(phones)
    for phone in phones:
        assert post(address, f"/join/{teacher.code}/result", phone)["voters"] == len(phones)


def test_a_visitor_stays_with_a_process_and_goes_on_at_the_other_when_it_dies(served):
    address, server, folder = served
    run_visits(visits(address, server, folder))


async def visits(address, server, folder):
    (port,) = {address.rpartition(":")[2]}
    cookie, viewer = cookie_name(f"0.0.0.0:{port}"), secrets.token_urlsafe(24)
    visitors = [Visitor(address, {"scrl_viewer": viewer}) for _ in range(2)]
    for visitor in visitors:
        await visitor.open("lab", scenario="tennessee-four")
    assert {visitor.cookies[cookie] for visitor in visitors} == {"w0", "w1"}
    one, two = visitors

    # A run that one process trains is seen at the other, which has the link only.
    await one.press("Train")
    run = dict(part.split("=") for part in one.query.split("&"))["run"]
    watching = Visitor(address, {"scrl_viewer": viewer, cookie: two.cookies[cookie]})
    await asyncio.sleep(1.2)  # until the process has shown its job
    await watching.open("lab", run=run)
    assert watching.cookies[cookie] == two.cookies[cookie]
    shown = " ".join(watching.text.values())
    assert "not kept" not in shown
    assert "stopped before" not in shown
    archive = Archive(folder / "runs.sqlite")
    for _ in range(900):
        if archive.get(run).state == "done":
            break
        await asyncio.sleep(0.2)
    assert archive.get(run).state == "done", archive.get(run).error
    await watching.leave()

    # Its process dies; the visitor lands at the other and finds the run.
    home = one.cookies[cookie]
    victim = sorted(children_of(server.pid))[int(home.removeprefix("w"))]
    os.kill(victim, signal.SIGKILL)
    for _ in range(100):
        if one.faults:
            break
        await asyncio.sleep(0.1)
    assert one.faults, "the connection did not break"
    after = Visitor(address, dict(one.cookies))
    await after.open("lab", run=run, scenario="tennessee-four")
    assert after.cookies[cookie] == two.cookies[cookie]
    assert not after.faults
    assert "Trained" in [w.label for w in after.widgets.values()]
    assert not two.faults
    await after.leave()
    await two.leave()
