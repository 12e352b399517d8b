"""Work that a server does once, in a thread, before a visitor asks for its result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from streamlit import runtime
from streamlit.runtime import Runtime

_lock = threading.Lock()
_started: set[str] = set()


def has_server() -> bool:
    """Whether a server runs; tests have an imitation of one."""
    return runtime.exists() and type(runtime.get_instance()) is Runtime


def once(name: str, work: Callable[[], object], delay: float = 0.0) -> None:
    """Begin ``work`` unless this server has begun work of this name before.

    A fault is dropped: whatever needs the result meets it again. Nothing runs where pages run
    without a server, as in tests, which have the imitation of one.

    Args:
        delay: seconds until it begins.
    """
    if not has_server():
        return
    with _lock:
        if name in _started:
            return
        _started.add(name)

    def quietly() -> None:
        with suppress(Exception):
            work()

    timer = threading.Timer(delay, quietly)
    timer.name, timer.daemon = f"scrl-{name}", True
    timer.start()
