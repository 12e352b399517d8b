"""A process that ends with the one that started it, however that one ends.

    python -m scrl.cli.tied_process -m MODULE ARGUMENTS     runs a module in this process
    python -m scrl.cli.tied_process PROGRAM ARGUMENTS       runs a program below this process

Its standard input is a pipe whose other end only the starting process holds, so it closes when that
process ends, also after kill -9.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

#: Seconds for which it may finish what it does.
STOP_SECONDS = 5.0


def start_tied(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.Popen:
    """Start a command, as above, that ends when this process ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "scrl.cli.tied_process", *command],
        stdin=subprocess.PIPE,
        env=None if environment is None else dict(environment),
    )


def main(command: Sequence[str]) -> int:
    """Run a command until it ends, or the standard input does; its exit status."""
    if command[0] == "-m":
        _when_input_ends(_end_this)
        sys.argv = [command[1], *command[2:]]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        return 0
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program has it too, and ends
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    _when_input_ends(lambda: _end(child))
    return child.wait()


def _when_input_ends(stop: Callable[[], None]) -> None:
    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        stop()

    threading.Thread(target=watch, daemon=True).start()


def _end_this() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)


def _end(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
