"""A class of simulated phones against a real server: are ballots lost, and how long do they wait?

    python benchmarks/classroom.py     measure, print, update classroom.json

It starts ``streamlit run app.py`` three times: idle, while the server's process trains without a
pause, and while it compiles and trains for the first time. A hundred phones each load their page,
poll, and post three ballots at random moments of ten seconds, from this process. Recorded are the
waits in milliseconds, the ballots posted and found in the store, the machine's load before, and
how long its disk takes to write 8 kB then (each ballot is on the disk before it is acknowledged).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.classroom import ClassStore  # noqa: E402 (the project is not installed)

PHONES, BALLOTS, SECONDS = 100, 3, 10.0
ANSWERS = ("A short answer", "A long answer", "A joke", "No answer", "A question back")


# -- the server -----------------------------------------------------------------------------------


def serve(port: int, training: bool) -> None:
    """``streamlit run app.py`` in this process; beside it a thread that trains for ever."""
    from streamlit.web import cli

    if training:
        threading.Thread(target=_train, daemon=True).start()
    cli.main(["run", "app.py", f"--server.port={port}", "--server.address=127.0.0.1",
              "--server.headless=true"])  # fmt: skip


def _train() -> None:
    import scrl
    from scrl.runtime import start

    start()
    scenario = scrl.load_scenario(scrl.gallery()["tennessee-morristown"])
    for seed in range(10**6):
        began = time.perf_counter()
        scrl.run(scenario, seed=seed)
        print(f"trained in {time.perf_counter() - began:.1f} s", flush=True)


def start_server(port: int, state: str, log: Path) -> subprocess.Popen:
    """A server that answers; where its ``state`` is ``"training"``, one that has trained once."""
    command = [sys.executable, __file__, "--serve", str(port)] + ["--train"] * (state != "idle")
    cache = {"SCRL_CACHE": str(log.with_name("cache"))} if state == "first training" else {}
    server = subprocess.Popen(
        command, cwd=ROOT, stdout=log.open("wb"), stderr=subprocess.STDOUT,
        env=os.environ | cache | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    for _ in range(1200):
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2)
        except OSError:
            continue
        if state != "training" or "trained in" in log.read_text():
            return server
    raise TimeoutError(log.read_text())


# -- phones ---------------------------------------------------------------------------------------


class Phone:
    """One phone, on one connection that stays open."""

    def __init__(self, port: int, room: str) -> None:
        self.port, self.room, self.id = port, room, secrets.token_hex(16)
        self.waits: dict[str, list[float]] = {"page": [], "poll": [], "ballot": []}
        self.statuses: list[int] = []

    async def live(self, question: int) -> None:
        """Load the page, poll, and post ballots at random moments."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        moments = [("ballot", random.uniform(0.5, SECONDS)) for _ in range(BALLOTS)]
        moments += [("poll", s + random.random()) for s in np.arange(0.3, SECONDS, 4.0)]
        moments.append(("page", random.uniform(0, 0.3)))
        began = time.perf_counter()
        version = ""
        for what, at in sorted(moments, key=lambda m: m[1]):
            await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
            asked = time.perf_counter()
            if what == "ballot":
                order = [[i] for i in random.sample(range(len(ANSWERS)), 4)]
                status, _ = await self.ask("POST", "/ballot", {
                    "room": self.room, "phone": self.id, "question": question, "round": 1,
                    "order": order,
                })  # fmt: skip
                self.statuses.append(status)
                self.last = order
            elif what == "poll":
                status, body = await self.ask("GET", f"/join/{self.room}/state?v={version}")
                assert status in (200, 204), (status, body)
                version = json.loads(body)["version"] if body else version
            else:
                status, _ = await self.ask("GET", f"/join/{self.room}")
                assert status == 200
            self.waits[what].append(1000 * (time.perf_counter() - asked))
        self.writer.close()

    async def ask(self, method: str, path: str, body: dict | None = None) -> tuple[int, bytes]:
        """One request; its status and body."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX-Phone: {self.id}\r\n"
        if data:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + data)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next((int(x[15:]) for x in lines if x.startswith("content-length:")), 0)
        return int(lines[0].split()[1]), await self.reader.readexactly(length)


def disk_wait(folder: str) -> dict[str, float]:
    """Percentiles of the milliseconds until 8 kB are on the disk."""
    waits = []
    with open(f"{folder}/probe", "wb", buffering=0) as file:
        for _ in range(50):
            began = time.perf_counter()
            file.write(bytes(8192))
            os.fsync(file.fileno())
            waits.append(1000 * (time.perf_counter() - began))
            time.sleep(0.02)
    return dict(zip(("50", "95"), np.percentile(waits, [50, 95]).round(1).tolist(), strict=True))


def measure(state: str) -> dict:
    """Latencies of one server, and whether every ballot is in the store as it was posted last."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SCRL_RUNS"] = f"{folder}/runs.sqlite"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        teacher = ClassStore().create_room()
        question = teacher.ask("Which answer is best?", ANSWERS)
        load, disk = os.getloadavg()[0], disk_wait(folder)
        server = start_server(port, state, Path(folder) / "log")
        try:
            phones = [Phone(port, teacher.code) for _ in range(PHONES)]
            asyncio.run(_all(phones, question))
        finally:
            server.kill()
            server.wait(10)
        cast: list = []
        teacher.reveal(question, lambda _, ballots: cast.extend(ballots) or {})
    stored = sorted([list(map(list, b.order)) for b in cast])
    waits = {}
    for what in ("ballot", "poll", "page"):
        every = [wait for phone in phones for wait in phone.waits[what]]
        shown = np.percentile(every, [50, 95, 99, 100]).round(1).tolist()
        waits[what] = dict(zip(("50", "95", "99", "max"), shown, strict=True))
    return {
        "posted": PHONES * BALLOTS,
        "acknowledged": sum(p.statuses.count(200) for p in phones),
        "phones": len(stored),
        "stored_as_posted_last": stored == sorted(p.last for p in phones),
        "milliseconds": waits, "load_before": round(load, 2),
        "disk_milliseconds": disk,
    }  # fmt: skip


async def _all(phones: list[Phone], question: int) -> None:
    await asyncio.gather(*(phone.live(question) for phone in phones))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    chosen = parser.parse_args()
    if chosen.serve:
        return serve(chosen.serve, chosen.train)
    found: dict = {state: measure(state) for state in ("idle", "training", "first training")}
    found["machine"] = {"cores": os.cpu_count(), "python": platform.python_version()}
    print(json.dumps(found, indent=1))
    chosen.out.write_text(json.dumps(found, indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
