"""What can go wrong between a phone, the teacher and the store, as one sentence and a status."""

from __future__ import annotations

from scrl.types import InputError


class ClassroomError(InputError):
    """A request that is refused, or that the store cannot serve now.

    Attributes:
        status: the HTTP status code of the answer.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def no_such_room() -> ClassroomError:
    """The answer to a code that names no room."""
    return ClassroomError("There is no class with this code; check it with your teacher.", 404)
