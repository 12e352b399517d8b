"""What the server does beside its pages: it loads ahead, and gives memory back."""

from __future__ import annotations

import asyncio
import ctypes
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from streamlit import runtime

from ui.latent import warm_up
from ui.shared import compilation

#: Seconds between two looks for tabs that are gone.
SECONDS = 30.0
#: Heaps that glibc may keep side by side (its parameter M_ARENA_MAX). Each page is drawn in a new
#: thread; with a heap for each thread, free memory lies scattered and is not given back.
ARENAS, _M_ARENA_MAX = 2, -8


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """From the server's start to its end."""
    keep_few_heaps()
    compilation.start()
    warm_up.start()
    task = asyncio.create_task(_forget_again_and_again())
    try:
        yield
    finally:
        task.cancel()


def keep_few_heaps() -> bool:
    """Bound the heaps of this process; whether its C library is the GNU one, which has them."""
    if platform.libc_ver()[0] != "glibc":
        return False
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS))
    return False


def forget_expired() -> int:
    """Forget tabs that are gone for good, with their uploads; how many there were.

    Streamlit forgets them only when another tab loses its connection, so that what a class left
    would stay over night. Called in the server's thread.
    """
    storage = runtime.get_instance()._session_mgr._session_storage
    return len(storage._cache.expire())


def give_back() -> None:
    """Give free memory back to the system."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def _forget_again_and_again() -> None:
    while True:
        await asyncio.sleep(SECONDS)
        with suppress(AttributeError, RuntimeError):  # another version of Streamlit
            if forget_expired():
                await asyncio.to_thread(give_back)
