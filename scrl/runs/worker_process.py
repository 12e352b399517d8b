"""Work in a process of its own, so that a server's pages do not wait for the interpreter.

Python runs one thread at a time: beside a training each click of each visitor waits for it. A
process takes one call after the other over its standard input, and ends when it has been idle for
a while or when the server is gone. ``multiprocessing`` would import the server's main module in
each process, and that of Streamlit is the page of whichever visitor is being served.

    python -m scrl.runs.worker_process     is what ``WorkerProcesses`` starts

A frame is its length and a pickled value; both ends of the pipes are processes of this module.
"""

from __future__ import annotations

import importlib
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from scrl.runs.progress import Listener
from scrl.types import Cancelled, InputError, Progress

#: Seconds without a call after which a process ends and gives its memory back.
IDLE_SECONDS = 300.0
#: By how much the work gives way to pages, as the command ``nice`` counts.
NICENESS = 5
_LENGTH = struct.Struct(">Q")
_DIED = (
    "The work stopped because its process ended (exit status {status}), perhaps because the "
    "memory was full; ask for fewer raters, or try again."
)
#: Kinds of frames.
_CALL, _CANCEL, _PROGRESS, _DONE, _FAILED = range(5)


class WorkerProcesses:
    """Processes that do one call at a time each. Methods may be called from any thread.

    Args:
        max_processes: calls at the same time; a further one waits.
    """

    def __init__(self, max_processes: int = 2) -> None:
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._free = threading.Semaphore(max_processes)

    def call(
        self, function: Callable[..., Any], *arguments: Any, on_progress: Listener = None
    ) -> Any:
        """``function(*arguments)`` in an idle process or in a new one.

        Args:
            function: of a module of ``scrl``; it and its arguments can be pickled.
            on_progress: passed on to the function as its keyword, unless None.

        Raises:
            InputError: of the function, or where its process ends.
            Cancelled: by ``on_progress``.
            Exception: of the function.
        """
        name = f"{function.__module__}:{function.__qualname__}"
        request = _CALL, (name, arguments, on_progress is not None)
        with self._free:
            while True:
                with self._lock:
                    process, was_idle = (
                        (self._idle.pop(), True) if self._idle else (_Process(), False)
                    )
                try:
                    kind, value = process.ask(request, on_progress)
                except _EndedWhileIdle:
                    status = process.end()
                    if was_idle:
                        continue
                    raise InputError(_DIED.format(status=status)) from None
                except BaseException:
                    process.end()
                    raise
                with self._lock:
                    self._idle.append(process)
                if kind == _FAILED:
                    raise value
                return value

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            for process in self._idle:
                process.end()
            self._idle.clear()


class _EndedWhileIdle(Exception):
    """The process had ended before it took the call."""


class _Process:
    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "scrl.runs.worker_process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip

    def ask(self, request: tuple[int, Any], on_progress: Listener) -> tuple[int, Any]:
        """Send a call, pass its reports on, and return its last frame."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        cancelled = began = False
        try:
            _write(self._child.stdin, request)
            while (frame := _read(self._child.stdout)) is not None:
                began = True
                if frame[0] != _PROGRESS:
                    return (_FAILED, Cancelled()) if cancelled else frame
                if on_progress is not None and frame[1] is not None and not cancelled:
                    try:
                        on_progress(frame[1])
                    except Cancelled:
                        cancelled = True
                        _write(self._child.stdin, (_CANCEL, None))
        except OSError:  # a broken pipe
            pass
        if not began:
            raise _EndedWhileIdle
        raise InputError(_DIED.format(status=self.end()))

    def end(self) -> int | None:
        """The exit status of the process, which is killed unless it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(0.5)
        self._child.kill()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        return self._child.wait()


def _write(stream: BinaryIO | Any, frame: tuple[int, Any]) -> None:
    data = pickle.dumps(frame, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _read(stream: BinaryIO | Any) -> tuple[int, Any] | None:
    """The next frame; None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    return pickle.loads(data) if len(data) == length else None


# -- the process ----------------------------------------------------------------------------------


def main() -> None:
    """Do what comes over the standard input until it ends, or nothing comes for a while."""
    # What libraries print must not stand between frames.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the server, whose end is noticed
    with suppress(OSError, AttributeError):
        os.nice(NICENESS)
    calls: queue.Queue[tuple[str, tuple, bool]] = queue.Queue()
    cancel = threading.Event()
    threading.Thread(target=_listen, args=(calls, cancel), daemon=True).start()
    while True:
        try:
            call = calls.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return
        cancel.clear()
        _write(out, (_PROGRESS, None))  # the call has been taken
        answer = _answered(*call, cancel, out)
        try:
            _write(out, answer)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            _write(out, (_FAILED, RuntimeError(f"an answer that cannot be sent: {error}")))


def _listen(calls: queue.Queue, cancel: threading.Event) -> None:
    while (frame := _read(sys.stdin.buffer)) is not None:
        if frame[0] == _CANCEL:
            cancel.set()
        else:
            calls.put(frame[1])
    os._exit(0)  # the server has gone


def _answered(
    name: str, arguments: tuple, reports: bool, cancel: threading.Event, out: BinaryIO
) -> tuple[int, Any]:
    """The last frame of a call."""
    writing = threading.Lock()

    def report(progress: Progress) -> None:
        if cancel.is_set():
            raise Cancelled
        with writing:  # several seeds report from their own threads
            _write(out, (_PROGRESS, progress))

    try:
        module, _, path = name.partition(":")
        function: Any = importlib.import_module(module)
        for part in path.split("."):
            function = getattr(function, part)
        keywords = {"on_progress": report} if reports else {}
        return _DONE, function(*arguments, **keywords)
    except (Cancelled, InputError, MemoryError) as error:
        return _FAILED, type(error)(*map(str, error.args))
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return _FAILED, RuntimeError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    # Under its own name, so that what it raises and what it is sent are the same classes.
    from scrl.runs.worker_process import main as run

    run()
