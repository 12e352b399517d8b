"""Devices, the compilation cache and compilation time. Called explicitly, never at import."""

from __future__ import annotations

import os
import sys
import threading
from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_limits

_COMPILE_EVENTS = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)
_thread = threading.local()


@cache
def start() -> None:
    """Cache compiled programs on disk, so that the next process starts in seconds, and give linear
    algebra outside JAX one thread.

    The folder is ``$SCRL_CACHE``, or ``scrl`` in the user's cache folder. Call before the first
    compilation; calling again does nothing, and JAX is not loaded by it. Threads of linear algebra
    wait actively for each other: where another process or visitor computes, small matrices take
    four to nine times as long. ``$OPENBLAS_NUM_THREADS`` overrides this.
    """
    if not os.environ.get("OPENBLAS_NUM_THREADS"):
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of libraries that are loaded later
        threadpool_limits(limits=1, user_api="blas")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("SCRL_CACHE") or Path(base) / "scrl")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home costs seconds, not the run
    for name, value in (
        ("jax_compilation_cache_dir", str(folder)),
        ("jax_persistent_cache_min_compile_time_secs", 0.0),
        ("jax_persistent_cache_min_entry_size_bytes", -1),
    ):
        os.environ[name.upper()] = str(value)  # JAX reads them when it is loaded
        if "jax" in sys.modules:
            import jax  # waits where another thread is still loading it

            jax.config.update(name, value)


def free_memory_maps(share: float = 0.5) -> None:
    """Drop compiled programs from memory where they use up the process's memory maps.

    Linux grants a process 65,530 maps by default; a program takes some hundred, and beyond the
    limit the process dies. Dropped programs are read from the disk again.

    Args:
        share: of the maps in use, above which programs are dropped.
    """
    try:
        limit = int(Path("/proc/sys/vm/max_map_count").read_text())
        used = Path("/proc/self/maps").read_bytes().count(b"\n")
    except (OSError, ValueError):
        return  # not Linux
    if used > share * limit and "jax" in sys.modules:
        sys.modules["jax"].clear_caches()


@cache
def _register_listener() -> None:
    import jax

    def record(event: str, duration_secs: float, **_: str | int) -> None:
        if event in _COMPILE_EVENTS:
            _thread.compiling = getattr(_thread, "compiling", 0.0) + duration_secs

    jax.monitoring.register_event_duration_secs_listener(record)


def compile_seconds() -> float:
    """Seconds this thread has spent tracing and compiling since its first call."""
    _register_listener()
    return getattr(_thread, "compiling", 0.0)


def device_name() -> str:
    """Name of the device that JAX computes on: ``"CPU (2 cores)"``, ``"NVIDIA H200"``."""
    import jax

    device = jax.devices()[0]
    if device.platform == "cpu":
        return f"CPU ({os.cpu_count()} cores)"
    return device.device_kind
