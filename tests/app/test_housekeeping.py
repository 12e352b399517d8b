"""Tabs that are gone are forgotten while nobody comes, and free memory is given back."""

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.app_server import free_port, wait_for
from tests.app_visitor import Visitor, run_visits
from ui.shared import housekeeping

ROOT = Path(__file__).resolve().parents[2]
#: The app, with shorter times and a route that tells how many tabs are held in memory.
SERVER = """
import gc
from streamlit.runtime.app_session import AppSession
from streamlit.web import cli
from ui.shared import housekeeping
import starlette.responses, starlette.routing
import ui.classroom.routes as phones

housekeeping.SECONDS = 0.2

async def held(request):
    gc.collect()
    found = sum(type(x) is AppSession for x in gc.get_objects())
    return starlette.responses.PlainTextResponse(str(found))

routes = phones.routes
phones.routes = lambda **settings: [*routes(**settings), starlette.routing.Route("/held", held)]
cli.main(["run", "app.py", "--server.port=PORT", "--server.address=127.0.0.1",
          "--server.headless=true", "--server.disconnectedSessionTTL=1"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_heaps_are_bounded_where_the_library_can():
    code = "from ui.shared import housekeeping as h\nprint(h.keep_few_heaps())\nh.give_back()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() in ("True", "False"), done.stderr
    assert housekeeping.ARENAS >= 1


@pytest.mark.slow
def test_what_a_class_left_goes_although_nobody_comes(tmp_path):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER.replace("PORT", str(port))], cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SCRL_RUNS": str(tmp_path / "runs.sqlite")},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(address, server)
        run_visits(_come_and_go(address))
        end = time.monotonic() + 60
        # Streamlit's main loop holds the last one until it sends again.
        while (held := int(urllib.request.urlopen(f"{address}/held", timeout=30).read())) > 1:
            assert time.monotonic() < end, f"{held} tabs are held"
            time.sleep(0.2)
    finally:
        server.terminate()
        server.wait(20)


async def _come_and_go(address):
    visitors = [Visitor(address) for _ in range(3)]
    for visitor in visitors:
        await visitor.open("understand")
    for visitor in visitors:
        await visitor.leave()
    await asyncio.sleep(0.3)
    seen = await asyncio.to_thread(urllib.request.urlopen, f"{address}/held", timeout=30)
    assert int(seen.read()) >= 2


def test_the_cache_of_programs_is_set_before_a_thread_loads_jax(monkeypatch):
    """In the midst of its loading it cannot be set: the first visitor saw an exception."""
    order = []
    monkeypatch.setattr(housekeeping.compilation, "start", lambda: order.append("cache"))
    monkeypatch.setattr(housekeeping.warm_up, "start", lambda: order.append("thread"))

    async def server():
        async with housekeeping.lifespan(None):
            pass

    run_visits(server())
    assert order == ["cache", "thread"]
