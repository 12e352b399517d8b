"""Devices, the compilation cache and what compiling costs. Called explicitly, never at import."""

from __future__ import annotations

import os
import threading
from functools import cache
from pathlib import Path

import jax

_COMPILING = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)
_thread = threading.local()


@cache
def start() -> None:
    """Keep compiled programs on disk, so that the next process starts in seconds.

    The folder is ``$SCRL_CACHE``, or ``scrl`` in the user's cache folder. Call before the first
    compilation; calling again does nothing.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("SCRL_CACHE") or Path(base) / "scrl")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home costs seconds, not the run
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def make_room(share: float = 0.5) -> None:
    """Forget compiled programs where this process has taken more than ``share`` of the memory maps
    that Linux grants it (65,530 as a rule; each program takes some hundred, and beyond them the
    process dies). They come back from the disk."""
    try:
        most = int(Path("/proc/sys/vm/max_map_count").read_text())
        held = Path("/proc/self/maps").read_bytes().count(b"\n")
    except (OSError, ValueError):
        return  # not Linux
    if held > share * most:
        jax.clear_caches()


@cache
def _listen() -> None:
    def heard(event: str, seconds: float, **_):
        if event in _COMPILING:
            _thread.compiling = getattr(_thread, "compiling", 0.0) + seconds

    jax.monitoring.register_event_duration_secs_listener(heard)


def compile_seconds() -> float:
    """Seconds this thread has spent tracing and compiling since it first asked."""
    _listen()
    return getattr(_thread, "compiling", 0.0)


def device_name() -> str:
    """The device that JAX computes on, in words: ``"CPU (2 cores)"``, ``"NVIDIA H200"``."""
    device = jax.devices()[0]
    if device.platform == "cpu":
        return f"CPU ({os.cpu_count()} cores)"
    return device.device_kind
