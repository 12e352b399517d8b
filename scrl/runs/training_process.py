"""Training in a process of its own, so that a server's pages do not wait for the interpreter.

Python runs one thread at a time: beside a training each click of each visitor waits for it. A
process takes one run after the other over its standard input, and ends when it has been idle for a
while or when the server is gone. A frame is the lengths of a JSON text and of a blob, and both.

    python -m scrl.runs.training_process     is what ``TrainingProcesses`` starts
"""

from __future__ import annotations

import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, BinaryIO

from scrl.results import RunContent
from scrl.runs.progress import Listener
from scrl.scenarios.scenario import Scenario
from scrl.types import Cancelled, InputError, Progress, Ratings

#: Seconds without a run after which a process ends and gives its memory back.
IDLE_SECONDS = 300.0
#: By how much a training gives way to pages, as the command ``nice`` counts.
NICENESS = 5
_LENGTHS = struct.Struct(">QQ")
_DIED = (
    "The run stopped because its process ended (exit status {status}), perhaps because the memory "
    "was full; ask for fewer raters, or try again."
)


class TrainingProcesses:
    """Processes that train, each one run at a time. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._idle: list[_Process] = []
        self._lock = threading.Lock()

    def train(
        self,
        source: Scenario | Ratings,
        rules: Sequence[str],
        seed: int,
        on_progress: Listener = None,
        seeds: int = 1,
    ) -> RunContent:
        """As ``training_job.train``, in an idle process or in a new one.

        Raises:
            InputError: of the run, or where its process ends.
            Cancelled: by ``on_progress``.
        """
        from scrl.runs.serialization import pack_source, unpack

        request = {"rules": list(rules), "seed": seed, "seeds": seeds}
        packed = pack_source(source)
        answer, blob = self._asked(request, packed, on_progress)
        content: RunContent = answer["done"]
        content["learnt"] = unpack(blob, source) if blob else None
        return content

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            for process in self._idle:
                process.end()
            self._idle.clear()

    def _asked(
        self, request: dict[str, Any], packed: bytes, on_progress: Listener
    ) -> tuple[dict[str, Any], bytes]:
        while True:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            was_idle = process is not None
            process = process or _Process()
            try:
                answer, blob = process.ask(request, packed, on_progress)
            except _EndedWhileIdle:
                process.end()
                if was_idle:
                    continue
                raise InputError(_DIED.format(status=process.status())) from None
            except BaseException:
                process.end()
                raise
            with self._lock:
                self._idle.append(process)
            if "cancelled" in answer:
                raise Cancelled
            if "refused" in answer:
                raise InputError(answer["refused"])
            if "memory" in answer:
                raise MemoryError
            if "fault" in answer:
                raise RuntimeError(answer["fault"])
            return answer, blob


class _EndedWhileIdle(Exception):
    """The process had ended before it took the request."""


class _Process:
    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "scrl.runs.training_process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip

    def ask(
        self, request: dict[str, Any], packed: bytes, on_progress: Listener
    ) -> tuple[dict[str, Any], bytes]:
        """Send a run, pass its reports on, and return its last frame."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        cancelled = began = False
        try:
            _write(self._child.stdin, request, packed)
            while (frame := _read(self._child.stdout)) is not None:
                began = True
                if "progress" not in frame[0]:
                    return ({"cancelled": True}, b"") if cancelled else frame
                if on_progress is not None and not cancelled:
                    try:
                        on_progress(Progress(**frame[0]["progress"]))
                    except Cancelled:
                        cancelled = True
                        _write(self._child.stdin, {"cancel": True})
        except OSError:  # a broken pipe
            pass
        if not began:
            raise _EndedWhileIdle
        raise InputError(_DIED.format(status=self.status()))

    def status(self) -> int | None:
        """The exit status of the process; None where it has not ended."""
        with suppress(subprocess.TimeoutExpired):
            return self._child.wait(5)
        return None

    def end(self) -> None:
        """Kill the process."""
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _write(stream: BinaryIO | Any, header: dict[str, Any], blob: bytes = b"") -> None:
    text = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(text), len(blob)) + text + blob)
    stream.flush()


def _read(stream: BinaryIO | Any) -> tuple[dict[str, Any], bytes] | None:
    """The next frame; None at the end of the stream."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    text, blob = (stream.read(length) for length in _LENGTHS.unpack(lengths))
    try:
        return json.loads(text), blob
    except ValueError:  # cut off in the middle
        return None


# -- the process ----------------------------------------------------------------------------------


def main() -> None:
    """Train what comes over the standard input until it ends, or nothing comes for a while."""
    # What libraries print must not stand between frames.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the server, whose end is noticed
    with suppress(OSError, AttributeError):
        os.nice(NICENESS)
    requests: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue()
    cancel = threading.Event()
    threading.Thread(target=_listen, args=(requests, cancel), daemon=True).start()
    while True:
        try:
            request, packed = requests.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return
        cancel.clear()
        _write(out, {"progress": asdict(Progress("compiling", 0.0))})
        header, blob = _trained(request, packed, cancel, out)
        _write(out, header, blob)


def _listen(requests: queue.Queue, cancel: threading.Event) -> None:
    while (frame := _read(sys.stdin.buffer)) is not None:
        if "cancel" in frame[0]:
            cancel.set()
        else:
            requests.put(frame)
    os._exit(0)  # the server has gone


def _trained(
    request: dict[str, Any], packed: bytes, cancel: threading.Event, out: BinaryIO
) -> tuple[dict[str, Any], bytes]:
    """The last frame of a run."""
    from scrl.runs.serialization import pack, unpack_source
    from scrl.runs.training_job import train

    writing = threading.Lock()

    def report(progress: Progress) -> None:
        if cancel.is_set():
            raise Cancelled
        with writing:  # several seeds report from their own threads
            _write(out, {"progress": asdict(progress)})

    try:
        source = unpack_source(packed)
        found: dict[str, Any] = {
            **train(source, request["rules"], request["seed"], report, request["seeds"])
        }
        fitted = found.pop("learnt")
        return {"done": found}, pack(fitted, with_source=False) if fitted is not None else b""
    except Cancelled:
        return {"cancelled": True}, b""
    except InputError as error:
        return {"refused": str(error)}, b""
    except MemoryError:
        return {"memory": True}, b""
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return {"fault": f"{type(error).__name__}: {error}"}, b""


if __name__ == "__main__":
    main()
