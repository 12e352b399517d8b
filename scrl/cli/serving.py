"""``scrl app``: the app in one process, or in several behind nginx at one address."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from argparse import Namespace
from collections import deque
from contextlib import ExitStack, suppress
from importlib import resources
from pathlib import Path
from types import FrameType

from scrl.classroom import PROCESSES
from scrl.cli.nginx import configuration
from scrl.cli.tied_process import start_tied
from scrl.types import InputError

#: Seconds until every process must answer, and between two looks at them.
START_SECONDS, LOOK_SECONDS = 120.0, 0.5
#: Seconds for which processes may finish what they do when the app stops.
STOP_SECONDS = 10.0
#: A process that ends this often within so many seconds stops the app.
MAX_RESTARTS, RESTART_WINDOW = 5, 60.0


def app(chosen: Namespace) -> None:
    """Run the app of this checkout, or the one that a wheel carries beside the library.

    Raises:
        InputError: the app or nginx is not installed, or the port is taken.
    """
    script = _script()
    if chosen.workers > 1:
        _serve_workers(script, chosen)
        return
    options = ["--server.port", str(chosen.port)]
    options += ["--server.address", chosen.address] if chosen.address else []
    options += ["--server.headless", "true"] if chosen.headless else []
    command = [sys.executable, *_streamlit(script), *options]
    if os.name == "posix":  # no second process that could outlive this one
        sys.stdout.flush()
        os.execv(sys.executable, command)
    raise SystemExit(subprocess.call(command))


def _script() -> Path:
    beside = Path(str(resources.files("scrl"))).parent
    folder = next((f for f in (beside / "scrl_app", beside) if (f / "app.py").is_file()), None)
    if folder is None:
        raise InputError("The app is not installed beside the library; install scrl again.")
    return folder / "app.py"


def _streamlit(script: Path) -> list[str]:
    return ["-m", "streamlit", "run", str(script)]


def _serve_workers(script: Path, chosen: Namespace) -> None:
    """Start nginx and the processes, start again those that end, and stop all with this one."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if nginx is None:
        raise InputError(
            "--workers needs nginx, which is not installed (on Debian and Ubuntu: apt install "
            "nginx). docs/server.md says how to use another proxy; one process needs none."
        )
    address = chosen.address or "0.0.0.0"
    listen = f"[{address}]:{chosen.port}" if ":" in address else f"{address}:{chosen.port}"
    _check_free(address, chosen.port)
    signal.signal(signal.SIGTERM, _stop)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scrl-nginx-")))
        workers = [
            Worker(script, number, port, chosen.workers)
            for number, port in enumerate(free_ports(chosen.workers))
        ]
        for worker in workers:
            stack.callback(worker.stop)
            worker.start()
        _wait_until_healthy(workers)
        config = folder / "nginx.conf"
        user = getpass.getuser() if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
        config.write_text(configuration(listen, [w.port for w in workers], folder, user), "utf-8")
        proxy = start_tied([nginx, "-p", str(folder), "-c", str(config), "-e", "stderr"])
        stack.callback(_end, proxy)
        time.sleep(LOOK_SECONDS)
        if proxy.poll() is not None:
            raise InputError(f"nginx did not start at {listen}; its message stands above.")
        print(f"The app is at http://localhost:{chosen.port}, in {len(workers)} processes.",
              flush=True)  # fmt: skip
        while proxy.poll() is None:
            for worker in workers:
                worker.look()
            time.sleep(LOOK_SECONDS)
        raise InputError("nginx has ended, so the app has stopped; its message stands above.")


class Worker:
    """One process of the app, on a port of this machine only.

    Args:
        number: from 0 on. port: it listens on. processes: of the app.
    """

    #: Shared by the processes, so that a form opened at one is taken by another.
    _cookie_secret = secrets.token_hex(32)

    def __init__(self, script: Path, number: int, port: int, processes: int) -> None:
        self._script, self.number, self.port = script, number, port
        self._environment = os.environ | {
            "STREAMLIT_SERVER_COOKIE_SECRET": self._cookie_secret, PROCESSES: str(processes),
        }  # fmt: skip
        self._process: subprocess.Popen | None = None
        self._started: deque[float] = deque(maxlen=MAX_RESTARTS + 1)

    def start(self) -> None:
        """Start the process."""
        options = ["--server.port", str(self.port), "--server.address", "127.0.0.1",
                   "--server.headless", "true", "--logger.hideWelcomeMessage", "true"]  # fmt: skip
        self._started.append(time.monotonic())
        self._process = start_tied([*_streamlit(self._script), *options], self._environment)

    def look(self) -> None:
        """Start the process again where it has ended.

        Raises:
            InputError: it ends again and again.
        """
        if self._process is None or self._process.poll() is None:
            return
        print(f"process {self.number} has ended ({self._process.returncode}) and starts again",
              file=sys.stderr, flush=True)  # fmt: skip
        full = len(self._started) > MAX_RESTARTS
        if full and time.monotonic() - self._started[0] < RESTART_WINDOW:
            raise InputError(
                f"A process of the app ended {MAX_RESTARTS + 1} times within a minute, so the app "
                "has stopped; its messages stand above."
            )
        self.start()

    def is_healthy(self) -> bool:
        """Whether the process answers."""
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=2)
            return True
        return False

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            _end(self._process)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _check_free(address: str, port: int) -> None:
    """Refuse an address that nginx could not listen on, before anything is started."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise InputError(
                f"--port {port}: the app cannot listen at {address} ({error.strerror}); give "
                "another port, or stop what listens there."
            ) from error


def _wait_until_healthy(workers: list[Worker]) -> None:
    """Wait until each process answers.

    Raises:
        InputError: one does not.
    """
    until = time.monotonic() + START_SECONDS
    waiting = list(workers)
    while waiting:
        for worker in waiting:
            worker.look()
        waiting = [worker for worker in waiting if not worker.is_healthy()]
        if time.monotonic() > until:
            raise InputError(
                f"{len(waiting)} of {len(workers)} processes did not answer within "
                f"{START_SECONDS:.0f} seconds, so the app has stopped."
            )
        time.sleep(0.1)


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
