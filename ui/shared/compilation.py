"""The cache of compiled programs, set once for a server."""

from __future__ import annotations

from functools import cache


@cache
def start() -> None:
    """Set the cache, where this process has not done so; JAX is not loaded by it.

    The server calls this before its first thread: where another thread is in the midst of loading
    JAX, it cannot be set.
    """
    from scrl.runtime import start as start_runtime

    start_runtime()
