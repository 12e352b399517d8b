"""How long a rerun of a page takes, for one visitor and for twenty at once.

    python benchmarks/visitors.py            measure, print, and add a record to visitors.json
    python benchmarks/visitors.py --show     print the records

Visitors are WebSocket clients in this process; the app runs in its own. A click changes a slider or
a choice, and ends when the server says that the script has finished: what a browser then
draws is not counted. ``one``: one visitor, click after click. ``twenty``: twenty visitors on the
pages in turn, each one click every five seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

ROOT = Path(__file__).resolve().parents[1]
RECORDS = Path(__file__).with_suffix(".json")
#: Page -> its query string. A page's widgets are found in what it sends.
PAGES = {
    "start": "step=4",
    "lab": "",
    "scenario": "part=Raters",
    "rules": "",
    "criteria": "",
    "distortion": "",
    "strategy": "",
    "theorems": "",
    "latent": "",
    "policy": "",
}
VISITORS, INTERVAL, SECONDS, CLICKS = 20, 5.0, 40.0, 12


class Visitor:
    """One session of the app on one page."""

    def __init__(self, address: str, page: str, seed: int) -> None:
        self.page, self._address = page, address
        self._random, self._widgets, self._states = random.Random(seed), {}, {}

    async def __aenter__(self) -> Visitor:
        self._socket = await connect(
            f"ws://{self._address}/_stcore/stream", subprotocols=["streamlit"], max_size=None
        )
        await self.rerun()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._socket.close()

    async def click(self) -> float:
        """Change one widget, if there is any; the seconds until the script has finished."""
        if not self._widgets:
            return await self.rerun()
        key, element = self._random.choice(sorted(self._widgets.items(), key=lambda w: w[0]))
        self._states[key] = self._new_value(element)
        return await self.rerun()

    def _new_value(self, element) -> tuple[str, object]:
        kind = element.WhichOneof("type")
        if kind == "slider":
            slider = element.slider
            steps = max(round((slider.max - slider.min) / slider.step), 1)
            value = slider.min + slider.step * self._random.randint(0, steps)
            return "double_array_value", [value] * len(slider.default)
        return "string_value", self._random.choice(list(element.selectbox.options))

    async def rerun(self) -> float:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_name = PAGES[self.page], self.page
        for key, (kind, value) in self._states.items():
            widget = state.widget_states.widgets.add()
            widget.id = key
            if kind.endswith("array_value"):
                getattr(widget, kind).data.extend(value)
            else:
                setattr(widget, kind, value)
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        widgets = {}
        while True:
            answer = ForwardMsg.FromString(await asyncio.wait_for(self._socket.recv(), 60))
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                element = answer.delta.new_element
                if (id := self._widget_id(element)) is not None:
                    widgets[id] = element
            elif kind == "script_finished" and answer.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):  # fmt: skip
                break
        self._widgets = widgets
        self._states = {k: v for k, v in self._states.items() if k in widgets}
        return time.perf_counter() - began

    @staticmethod
    def _widget_id(element) -> str | None:
        """The id of a slider or a select box; None of all else."""
        kind = element.WhichOneof("type")
        if kind == "slider" and element.slider.step and not element.slider.disabled:
            return element.slider.id
        if kind == "selectbox" and element.selectbox.options:
            return element.selectbox.id
        return None


async def one_visitor(address: str) -> dict[str, list[float]]:
    """Seconds of each click of a lone visitor, by page."""
    seconds = {}
    for page in PAGES:
        async with Visitor(address, page, 0) as visitor:
            await visitor.click()  # what is compiled or cached once
            seconds[page] = [await visitor.click() for _ in range(CLICKS)]
    return seconds


async def many_visitors(address: str) -> dict[str, list[float]]:
    """Seconds of each click of all visitors, by page."""
    seconds: dict[str, list[float]] = defaultdict(list)
    pages = list(PAGES)

    async def visit(number: int) -> None:
        page = pages[number % len(pages)]
        async with Visitor(address, page, number) as visitor:
            await asyncio.sleep(INTERVAL * number / VISITORS)
            end = time.perf_counter() + SECONDS
            while time.perf_counter() < end:
                took = await visitor.click()
                seconds[page].append(took)
                await asyncio.sleep(max(INTERVAL - took, 0))

    await asyncio.gather(*(visit(i) for i in range(VISITORS)))
    return seconds


def start_server() -> tuple[subprocess.Popen, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address=127.0.0.1",
         f"--server.port={address.rpartition(':')[2]}", "--server.headless=true"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"SCRL_RUNS": str(Path(tempfile.mkdtemp()) / "runs.sqlite")},
    )  # fmt: skip
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=1)
            return server, address
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the app did not start")


def summary(seconds: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    groups = {**seconds, "all": [s for page in seconds.values() for s in page]}
    return {
        page: {"clicks": len(s), "median": round(float(np.median(s)), 3),
               "p95": round(float(np.quantile(s, 0.95)), 3), "max": round(max(s), 3)}
        for page, s in groups.items()
    }  # fmt: skip


def measure() -> dict:
    server, address = start_server()
    try:
        one = summary(asyncio.run(one_visitor(address)))
        return {"date": f"{date.today()}", "cores": os.cpu_count(),
                "load": round(os.getloadavg()[0], 1), "one": one,
                "twenty": summary(asyncio.run(many_visitors(address)))}  # fmt: skip
    finally:
        server.terminate()
        server.wait(10)


def show(record: dict) -> None:
    print(f"{record['date']}, {record['cores']} cores, load {record['load']}")
    for name in ("one", "twenty"):
        print(f"  {name}")
        for page, numbers in record[name].items():
            print(f"    {page:12}" + "  ".join(f"{k} {v:7.3f}" for k, v in numbers.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--show", action="store_true", help="print the records")
    records = json.loads(RECORDS.read_text("utf-8")) if RECORDS.exists() else []
    if not parser.parse_args().show:
        records = [*records, measure()]
        RECORDS.write_text(json.dumps(records, indent=1) + "\n", "utf-8")
    for record in records:
        show(record)


if __name__ == "__main__":
    main()
