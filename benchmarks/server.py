"""A class of visitors against a real server: how long does a click take while somebody trains?

    python benchmarks/server.py                  one process, update server.json
    python benchmarks/server.py --workers 2      two processes behind nginx, likewise

Visitors (``tests/app_visitor.py``) open pages and change widgets over Streamlit's websocket, fifty
of them one click in five seconds each, at random moments; a fifth of the clicks opens the next
page. Meanwhile another visitor trains a run after the other. Then all leave. Recorded are the
seconds from the click until the script has ended, faults, the resident memory of the server's
processes before, during and after (in two rounds, so that growth shows), what the server still
holds, processor time, and the machine's load. The visitors share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.runs import Archive, new_id, pack, pack_source, train  # noqa: E402
from scrl.scenarios import (  # noqa: E402
    gallery,
    load_scenario,
    with_overrides,
)
from tests.app_visitor import Visitor  # noqa: E402

#: Pages that visitors open in turn, and a stored run in the lab.
PAGES = ("", "scenario", "rules", "latent", "lab", "gap", "criteria", "runs")
STORED = "stored run"
#: Widgets that ask for minutes of work, or change what is measured.
HEAVY = ("Presenter mode",)
#: Seconds after which a tab without a connection is forgotten; Streamlit's default is 120.
FORGET_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")


# -- the server -----------------------------------------------------------------------------------


class Server:
    """The app in a folder of its own, as ``scrl app`` starts it."""

    def __init__(self, folder: Path, workers: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address, self.log = f"http://127.0.0.1:{port}", folder / "log"
        (folder / "tmp").mkdir()
        self.temporary = folder / "tmp"
        environment = os.environ | {
            "SCRL_RUNS": str(folder / "runs.sqlite"), "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.temporary),
            "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(FORGET_SECONDS),
        }  # fmt: skip
        command = [sys.executable, "-m", "scrl", "app", "--port", str(port), "--headless"]
        command += ["--workers", str(workers)] * (workers > 1)
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2)
                break
            except OSError:
                continue

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)

    def processes(self) -> dict[int, str]:
        """Process id -> command line of the app's processes."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    group = int(_stat(int(entry.name))[2])
                    command = (entry / "cmdline").read_text().replace("\0", " ")
                except (OSError, IndexError):
                    continue
                if group == self.process.pid and "streamlit run" in command:
                    found[int(entry.name)] = command
        return found

    def held(self) -> dict[str, float]:
        """What the processes hold now: memory in MB, threads, open files, temporary files."""
        ids = list(self.processes())
        rss = sum(_status(id, "VmRSS") for id in ids) / 1024
        return {
            "rss_mb": round(rss, 1),
            "threads": sum(_status(id, "Threads") for id in ids),
            "open_files": sum(len(os.listdir(f"/proc/{id}/fd")) for id in ids),
            "temporary_files": sum(path.is_file() for path in self.temporary.rglob("*")),
            "sessions": self._sessions(),
        }

    def _sessions(self) -> float:
        """Connected tabs, of the worker that answers."""
        with urllib.request.urlopen(f"{self.address}/_stcore/metrics", timeout=30) as answer:
            text = answer.read().decode()
        return float((re.search(r"^active_sessions\S* (\S+)", text, re.M) or [0, "nan"])[1])

    def seconds(self) -> float:
        """Processor time of all processes so far."""
        return sum(sum(map(int, _stat(id)[11:13])) for id in self.processes()) / TICKS


def _stat(id: int) -> list[str]:
    return Path(f"/proc/{id}/stat").read_text().rsplit(")", 1)[1].split()


def _status(id: int, name: str) -> int:
    return int(re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{id}/status").read_text(), re.M)[1])


def store_a_run(folder: Path) -> str:
    """A finished run in the archive, whose id a link gives."""
    source = with_overrides(load_scenario(gallery()["tennessee-morristown"]), raters=60)
    content = train(source, ("borda", "copeland"), 0)
    fitted = content.pop("learnt")
    archive, id = Archive(folder / "runs.sqlite"), new_id()
    archive.begin(id, owner="teacher", name="A run", spec="spec", scenario=source.name, seed=0,
                  rules=("borda", "copeland"), source=pack_source(source))  # fmt: skip
    archive.finish(id, {**content, "yaml": source.to_yaml()}, pack(fitted, with_source=False))
    archive.close()
    return id


# -- visitors -------------------------------------------------------------------------------------


class Measured:
    """Seconds of clicks by page, of first pages, and faults."""

    def __init__(self) -> None:
        self.clicks: dict[str, list[float]] = {}
        self.opened: list[float] = []
        self.slow: list[tuple[float, str, str]] = []
        self.faults: list[str] = []
        self.late = 0

    def add(self, page: str, label: str, seconds: float) -> None:
        self.clicks.setdefault(page or "start", []).append(seconds)
        self.slow = sorted([*self.slow, (round(seconds, 2), page, label)])[-8:]


async def visit(server: Server, run: str, number: int, chosen: argparse.Namespace,
                measured: Measured, until: float) -> None:  # fmt: skip
    """One visitor: a click every ``chosen.every`` seconds, every fifth of them to another page."""
    rng = random.Random(10_000 * chosen.seed + number)
    visitor = Visitor(server.address)
    await asyncio.sleep(rng.uniform(0, chosen.join))
    pages = [*PAGES[number % len(PAGES) :], STORED, *PAGES[: number % len(PAGES)]]
    try:
        measured.opened.append(await visitor.open(pages[0]))
        page, click = pages[0], 0
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(0.5, 1.5) * chosen.every)
            click += 1
            usable = [w for w in visitor.usable() if w.label not in HEAVY]
            if click % 5 == 0 or not usable:
                page = pages[click // 5 % len(pages)]
                if page == STORED:
                    await visitor.leave()
                    seconds, label = await visitor.open("lab", run=run), "open a stored run"
                else:
                    seconds, label = await visitor.go(page), "open"
            else:
                label, seconds = await visitor.change_one(rng, usable)
            measured.add(page, label, seconds)
    except Exception as error:
        measured.faults.append(f"{type(error).__name__}: {error}"[:300])
    finally:
        await visitor.leave()
    measured.faults += visitor.faults


async def train_for_ever(server: Server, counted: list[float], faults: list[str]) -> None:
    """A visitor who trains one run after the other in the lab, with another seed each time."""
    visitor = Visitor(server.address)
    await visitor.open("lab", scenario="tennessee-morristown")
    try:
        for seed in range(10**6):
            await visitor.set(visitor.find("number_input", "Seed"), float(seed))
            began = time.perf_counter()
            await visitor.press("Train")
            while "Cancel" in [w.label for w in visitor.widgets.values() if w.kind == "button"]:
                await asyncio.sleep(0.5)
            counted.append(time.perf_counter() - began)
    finally:
        faults += visitor.faults
        await visitor.leave()


async def warm(server: Server, run: str, workers: int) -> None:
    """Open every page once in each process, as the first visitor does."""
    for _ in range(1 if workers == 1 else 4 * workers):  # chance chooses the process
        visitor = Visitor(server.address)
        await visitor.open("")
        for page in PAGES[1:]:
            await visitor.go(page)
        await visitor.leave()
        await visitor.open("lab", run=run)
        await visitor.leave()


async def one_round(server: Server, run: str, chosen: argparse.Namespace, number: int) -> dict:
    """All visitors join, click and leave while one trains; in each round they click otherwise."""
    measured, trained, faults = Measured(), [], []
    before = server.held()
    train = train_for_ever(server, trained, faults) if not chosen.idle else asyncio.sleep(0)
    trainer = asyncio.create_task(train)
    await asyncio.sleep(1)
    began, used, own = time.monotonic(), server.seconds(), time.process_time()
    until = began + chosen.join + chosen.seconds
    visitors = [
        asyncio.create_task(visit(server, run, 100 * number + i, chosen, measured, until))
        for i in range(chosen.visitors)
    ]
    await asyncio.sleep(chosen.join + 0.8 * chosen.seconds)
    during = server.held()
    await asyncio.gather(*visitors)
    took = time.monotonic() - began
    used, own = server.seconds() - used, time.process_time() - own
    trainer.cancel()
    await asyncio.gather(trainer, return_exceptions=True)
    await asyncio.sleep(chosen.settle)
    after = server.held()
    clicks = [s for found in measured.clicks.values() for s in found]
    return {
        "seconds": _percentiles(clicks), "clicks": len(clicks),
        "by_page": {p: _percentiles(s) for p, s in sorted(measured.clicks.items())},
        "first_page": _percentiles(measured.opened),
        "slowest": measured.slow[::-1],
        "faults": measured.faults + faults,
        "runs_trained": len(trained), "seconds_a_run": _percentiles(trained),
        "cores_of_server": round(used / took, 2), "cores_of_visitors": round(own / took, 2),
        "load": round(os.getloadavg()[0], 1),
        "before": before, "during": during, "after": after,
        "mb_a_session": round((during["rss_mb"] - before["rss_mb"]) / chosen.visitors, 2),
    }  # fmt: skip


def _percentiles(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    found = np.percentile(seconds, [50, 95, 99, 100]).round(3).tolist()
    return dict(zip(("50", "95", "99", "max"), found, strict=True))


async def measure(chosen: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        run = store_a_run(folder)
        server = Server(folder, chosen.workers)
        try:
            await warm(server, run, chosen.workers)
            await asyncio.sleep(chosen.settle)
            rounds = [await one_round(server, run, chosen, i) for i in range(chosen.rounds)]
        finally:
            server.stop()
        log = server.log.read_text()
    errors = log.count("Traceback")
    if errors:
        print(log[-5000:], file=sys.stderr)
    return {
        "workers": chosen.workers, "visitors": chosen.visitors, "every_seconds": chosen.every,
        "training": not chosen.idle,
        "tracebacks_in_log": errors, "rounds": rounds,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument(
        "--every", type=float, default=5.0, help="seconds between a visitor's clicks"
    )
    parser.add_argument("--join", type=float, default=10.0, help="seconds in which visitors come")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=2 * FORGET_SECONDS + 5.0)
    parser.add_argument("--idle", action="store_true", help="nobody trains")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="", help="under which the figures are stored")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    chosen = parser.parse_args()
    found = asyncio.run(measure(chosen))
    found["machine"] = {
        "cores": os.cpu_count(), "python": platform.python_version(),
        "processor": _processor(), "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    records = json.loads(chosen.out.read_text()) if chosen.out.exists() else {}
    records[chosen.name or f"{chosen.workers} processes"] = found
    print(json.dumps(found, indent=1))
    chosen.out.write_text(json.dumps(records, indent=1) + "\n")


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return (re.search(r"model name\s*: (.*)", text) or ["", platform.machine()])[1]


if __name__ == "__main__":
    main()
