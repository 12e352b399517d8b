"""How a task runs in another process, and what is sent there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cloudpickle

from scrl.parallel.results import Failure, Result, as_worker, attempt
from scrl.runtime import free_memory_maps, start

#: Times that a task may end the process it runs in, before it counts as failed.
MAX_DEATHS = 3
KILLED = (
    "The process that ran this task was killed each time; the task may need more memory than there "
    "is."
)


@dataclass(frozen=True)
class RemoteCall:
    """A function that runs in other processes. Values are packed there, so that one that cannot be
    sent is a failure of its task and of no other.

    Attributes:
        packed: the function, packed.
    """

    packed: bytes

    @classmethod
    def of(cls, function: Callable) -> RemoteCall:
        return cls(cloudpickle.dumps(function))

    def __call__(self, number: int, task: bytes) -> Result[bytes]:
        """Run one task in a worker; ``task`` and the value are packed."""
        start()
        free_memory_maps()
        with as_worker():
            return attempt(self._run, number, task).without_exception()

    def _run(self, task: bytes) -> bytes:
        function = cloudpickle.loads(self.packed)
        return cloudpickle.dumps(function(cloudpickle.loads(task)))


def pack_task(task: Any) -> bytes:
    """A task as it is sent."""
    return cloudpickle.dumps(task)


def unpacked(result: Result[bytes]) -> Result:
    """A result with the value that the function returned."""
    if result.value is None:
        return result
    return replace(result, value=cloudpickle.loads(result.value))


def killed(number: int) -> Result:
    """The result of a task that ended its process each time."""
    return Result(number, failure=Failure(KILLED))
