"""How long the pipeline takes, cold and warm, beside the reference implementation's published time.

    python benchmarks/pipeline.py            measure, print, and add a record to pipeline.json
    python benchmarks/pipeline.py --show     print the records

Whole-process figures start a new interpreter each time: `cold` with an empty compilation cache,
`cached` with the one that `cold` filled. `warm` repeats the run in one process. `app` drives a real
server with the system's Chromium (left out without Playwright): seconds from asking for the first
page until its charts are drawn, and from moving a slider until the figure beside it has changed.
Tennessee with Morristown, default settings: 10,000 raters, 20,000 voters, five rules.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import date
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORDS = Path(__file__).with_suffix(".json")
SCENARIO = ROOT / "scenarios" / "tennessee-morristown.yaml"
#: Seconds of the reference implementation on two busy cores for the same result (FACTS.md, §9).
REFERENCE = 2477 + 213
REPEATS = 5
#: The percentages under the sliders differ from those before, and the page's script has ended.
REDRAWN = """(before) => {
    const app = document.querySelector('[data-test-script-state]');
    const line = [...document.querySelectorAll('p')].find((p) =>
        /^Memphis .*% · Nashville/.test(p.innerText));
    return line && line.innerText !== before && app.dataset.testScriptState === 'notRunning';
}"""


def process(cache: str) -> float:
    """Seconds of ``python -m scrl run`` in a new process."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "scrl", "run", str(SCENARIO)],
        cwd=ROOT,
        env={**os.environ, "SCRL_CACHE": cache},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def within() -> dict:
    """In this process: warm runs, and a slider's answer."""
    sys.path.insert(0, str(ROOT))
    import jax

    import scrl
    from scrl.scenarios import load_scenario, preview, with_overrides
    from scrl.voting.compiled_counting import TRACES

    scenario = load_scenario(SCENARIO)
    scrl.run(scenario, seed=0)
    warm, compiling = [], []
    for seed in range(1, REPEATS + 1):
        began = time.perf_counter()
        experiment = scrl.run(scenario, seed=seed)
        warm.append(time.perf_counter() - began)
        compiling.append(experiment.seconds["compile"])
    preview(scenario, list(experiment.config.rules))
    traces, slider = sum(TRACES.values()), []
    for chance in (0.1, 0.3, 0.5, 0.7, 0.9):
        began = time.perf_counter()
        moved = with_overrides(scenario, includes={"Knoxville": {"best": {"Morristown": chance}}})
        preview(moved, list(experiment.config.rules))
        slider.append(time.perf_counter() - began)
    return {
        "device": jax.devices()[0].device_kind,
        "warm": spread(warm),
        "warm compiling": round(max(compiling), 4),
        "slider": spread(slider),
        "slider recompilations": sum(TRACES.values()) - traces,
        "peak GiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def app(cache: str) -> dict | None:
    """The first screen and a slider, as a person waits for them."""
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        return None
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}",
               "--server.address=127.0.0.1", "--server.headless=true"]  # fmt: skip
    server = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "SCRL_CACHE": cache},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        first, slider = [], []
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            for _ in range(REPEATS):
                page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                began = time.perf_counter()
                page.goto(address)
                expect(page.locator(".js-plotly-plot .scatterlayer")).to_have_count(2)
                first.append(time.perf_counter() - began)
                page.context.close()
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(f"{address}/lab")
            page.set_default_timeout(60_000)
            expect(page.locator(".js-plotly-plot .scatterlayer")).to_have_count(1, timeout=60_000)
            page.wait_for_timeout(3000)
            shares = page.get_by_text(re.compile(r"Memphis \d+% · Nashville"))
            page.get_by_role("slider").first.focus()
            for key in ["End", "Home"] * REPEATS:
                before = shares.text_content()
                began = time.perf_counter()
                page.keyboard.press(key)
                page.wait_for_function(REDRAWN, arg=before, polling=5)
                slider.append(time.perf_counter() - began)
                page.wait_for_timeout(500)
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
    return {"first screen": spread(first), "slider": spread(slider)}


def spread(seconds: list[float]) -> dict:
    return {
        "median": round(statistics.median(seconds), 3),
        "least": round(min(seconds), 3),
        "most": round(max(seconds), 3),
    }


def measure() -> dict:
    with tempfile.TemporaryDirectory() as cache:
        cold = process(cache)
        cached = [process(cache) for _ in range(REPEATS)]
        os.environ["SCRL_CACHE"] = cache
        sys.path.insert(0, str(ROOT))
        from scrl.runtime import start

        start()
        inside = within()
        inside["app"] = app(cache)
    packages = ("jax", "flax", "optax", "numpy", "scikit-learn")
    return {
        "date": date.today().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {processor()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "repeats": REPEATS,
        "cold process": round(cold, 2),
        "cached process": spread(cached),
        **inside,
        "reference over warm": round(REFERENCE / inside["warm"]["median"]),
        "reference over cold": round(REFERENCE / cold),
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "unknown")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true", help="print the records")
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else []
    if not parser.parse_args().show:
        records.append(measure())
        RECORDS.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(records[-1:], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
