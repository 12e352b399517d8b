"""Long work of pages in processes of its own, so that other visitors' clicks need not wait.

Where the work runs on a graphics card it stays in the server's process: a card has no memory for
two. So it does without a server, as in tests, where nobody else waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from scrl.runs import WorkerProcesses
from ui.shared import background


def for_training() -> WorkerProcesses | None:
    """The processes that train; None where training stays in this one."""
    return _training() if _is_possible() else None


def compute(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)``, in a process of its own where that is possible.

    Args:
        function: of a module of ``scrl``; it, its arguments and its answer can be pickled.

    Raises:
        InputError: of the function, or where its process ends.
    """
    if not _is_possible():
        return function(*arguments)
    return _computing().call(function, *arguments)


def _is_possible() -> bool:
    if not background.has_server():
        return False
    from scrl.runtime import device_name

    return device_name().startswith("CPU")


@st.cache_resource(show_spinner=False)
def _training() -> WorkerProcesses:
    return WorkerProcesses(max_processes=2)


@st.cache_resource(show_spinner=False)
def _computing() -> WorkerProcesses:
    return WorkerProcesses(max_processes=1)
