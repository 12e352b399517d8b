"""What became of a task: its value, or why there is none."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from scrl.types import InputError

Value = TypeVar("Value")
_thread = threading.local()


class TaskError(RuntimeError):
    """A task failed in another process; the message ends with the traceback there."""


@dataclass(frozen=True)
class Failure:
    """Why a task has no value.

    Attributes:
        message: the sentence of an ``InputError``, else the exception's type and message.
        details: the traceback as text.
        is_bad_input: whether it was an ``InputError``.
        exception: the exception, where the task ran in this process.
    """

    message: str
    details: str = ""
    is_bad_input: bool = False
    exception: BaseException | None = None

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """What an exception tells."""
        bad_input = isinstance(error, InputError)
        kind = type(error).__name__
        message = str(error) if bad_input else f"{kind}: {error}" if str(error) else kind
        details = "".join(traceback.format_exception(error))
        return cls(message, details, bad_input, error)

    def to_exception(self) -> BaseException:
        """The exception, or one that says the same."""
        if self.exception is not None:
            return self.exception
        if self.is_bad_input:
            return InputError(self.message)
        return TaskError(f"{self.message}\n{self.details}".rstrip())


@dataclass(frozen=True)
class Result(Generic[Value]):
    """What became of one task.

    Attributes:
        number: the place of the task in the list of tasks.
        value: what the function returned; None where the task failed.
        failure: why the task failed; None where it did not.
        seconds: from the task's beginning to its end.
    """

    number: int
    value: Value | None = None
    failure: Failure | None = None
    seconds: float = 0.0

    def without_exception(self) -> Result[Value]:
        """Without the exception object, which may not survive a journey to another process."""
        if self.failure is None:
            return self
        return replace(self, failure=replace(self.failure, exception=None))


def attempt(function: Callable[[Any], Value], number: int, task: Any) -> Result[Value]:
    """``function(task)``, or why it failed. Only exceptions that end a process pass."""
    began = time.perf_counter()
    try:
        value, failure = function(task), None
    except Exception as error:
        value, failure = None, Failure.of(error)
    return Result(number, value, failure, time.perf_counter() - began)


@contextmanager
def as_worker() -> Iterator[None]:
    """Marks this thread as a worker of a pool of processes, while a task runs in it."""
    before, _thread.is_worker = is_worker(), True
    try:
        yield
    finally:
        _thread.is_worker = before


def is_worker() -> bool:
    """Whether this thread runs a task of a pool of processes. The pool uses all cores already, so
    what the task would do side by side it does in turn."""
    return getattr(_thread, "is_worker", False)
