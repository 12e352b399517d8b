"""One bad input to one parser: what came of it, how long it took, how much memory it needed."""

from __future__ import annotations

import resource
import signal
import time
import traceback
import warnings
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from types import FrameType

from scrl.types import InputError
from tests.fuzz.mutation import mutated
from tests.fuzz.parsers import PARSERS, Parser

#: Seconds of the processor and bytes that an input may take; characters of a message.
MAX_SECONDS, MAX_GROWTH, MAX_MESSAGE = 5.0, 2**30, 700
#: What a message never holds.
_INSIDE = ("Traceback", "site-packages", "object at 0x", "/scrl/", ".py", "Error(")


class TooSlow(BaseException):
    """Raised by the alarm; no parser catches it."""


@dataclass(frozen=True)
class Outcome:
    """What came of an input.

    Attributes:
        kind: ``"accepted"``, ``"refused"``, ``"traceback"``, ``"slow"``, ``"big"`` or
            ``"message"``, where the sentence of a refusal is none.
        detail: the message, or the end of the traceback.
        seconds: of the processor that it took, whatever else the machine does.
    """

    kind: str
    detail: str
    seconds: float

    @property
    def is_fault(self) -> bool:
        return self.kind not in ("accepted", "refused")


@lru_cache(maxsize=4)
def seeds_of(name: str) -> tuple[bytes, ...]:
    """The valid inputs of a parser."""
    return tuple(PARSERS[name].seeds())


def make_input(name: str, number: int) -> bytes:
    """The bad input of this number, the same on every machine."""
    seeds = seeds_of(name)
    rng = Random(zlib.crc32(name.encode()) * 2**32 + number)
    return mutated(rng.choice(seeds), PARSERS[name].kind, rng, seeds)


def try_input(parser: Parser, data: bytes, seconds: float = MAX_SECONDS) -> Outcome:
    """Read an input, and where it is accepted use what was read."""
    before = signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind, detail = _tried(parser, data)
    except TooSlow as slow:
        kind, detail = "slow", _end_of(slow)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    took = time.process_time() - start
    if took > seconds and kind in ("accepted", "refused"):
        kind = "slow"
    return Outcome(kind, detail, took)


def _tried(parser: Parser, data: bytes) -> tuple[str, str]:
    read = False
    try:
        value = parser.read(data)
        read = True
        parser.use(value)
    except InputError as error:
        problem = fault_of_message(str(error))
        return ("message", f"{problem}: {error}") if problem else ("refused", str(error))
    except MemoryError as error:
        return "big", _end_of(error)
    except Exception as error:
        return "traceback", ("in use " if read else "") + _end_of(error)
    return "accepted", ""


def fault_of_message(text: str) -> str:
    """Why a message is no sentence for a person; "" where it is one."""
    if not text or len(text) > MAX_MESSAGE:
        return f"it has {len(text)} characters"
    if not text.replace("\t", " ").isprintable():
        return "it is not one printable line"
    if not text.endswith((".", "…", ")", "?")):
        return "it does not end as a sentence"
    return next((f"it holds {part!r}" for part in _INSIDE if part in text), "")


def peak_bytes() -> int:
    """The most memory that this process has held. ``ru_maxrss`` may be its parent's."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def limit_memory(growth: int = MAX_GROWTH) -> None:
    """Let the address space of this process grow by so many bytes and no more."""
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + growth, resource.RLIM_INFINITY))


def _alarm(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def _end_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if "/tests/fuzz/" not in frame.filename][-4:]
    place = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        for frame in reversed(inside)
    )
    return f"{type(error).__name__}: {str(error)[:200]!r} at {place}"
