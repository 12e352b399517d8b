"""The ballot that a phone posts, checked strictly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scrl.classroom import keys
from scrl.classroom.errors import ClassroomError
from scrl.classroom.limits import MAX_ANSWERS, MAX_BALLOT_BYTES, MAX_ROUNDS

_FIELDS = {"room", "phone", "question", "round", "order"}
#: A ballot: places best first, each the indices of the answers tied there.
Order = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class PostedBallot:
    """A ballot as a phone posts it.

    Attributes:
        room: the join code.
        phone: the random id that the phone keeps.
        question, round: what it answers.
        order: places best first; answers that it leaves out are in none.
    """

    room: str
    phone: str
    question: int
    round: int
    order: Order


def parse_ballot(data: bytes) -> PostedBallot:
    """Read the body of a post.

    Raises:
        ClassroomError: it is too large (413) or not exactly such a ballot (400).
    """
    if len(data) > MAX_BALLOT_BYTES:
        raise ClassroomError(f"A ballot has {MAX_BALLOT_BYTES:,} bytes at most.", 413)
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise ClassroomError("The ballot is not JSON; reload the page and vote again.") from error
    if not isinstance(found, dict) or found.keys() != _FIELDS:
        raise ClassroomError(f"A ballot has exactly the fields {', '.join(sorted(_FIELDS))}.")
    room = keys.read_code(found["room"]) if isinstance(found["room"], str) else ""
    if not room:
        raise ClassroomError("The ballot's room is no join code; open the class's link again.")
    if not keys.is_phone(found["phone"]):
        raise ClassroomError("The ballot's phone is not an id of 32 hexadecimal digits.")
    question, round = found["question"], found["round"]
    if not (_is_whole(question, 2**53) and _is_whole(round, MAX_ROUNDS)):
        raise ClassroomError("The ballot's question and round are whole numbers from 1 on.")
    return PostedBallot(room, found["phone"], question, round, read_order(found["order"]))


def read_order(value: Any) -> Order:
    """An order of answers by index, from lists of whole numbers.

    Raises:
        ClassroomError: it is malformed, ranks an answer twice, or ranks nothing.
    """
    is_order = isinstance(value, list) and all(
        isinstance(place, list)
        and place
        and all(type(i) is int and 0 <= i < MAX_ANSWERS for i in place)
        for place in value
    )
    if not is_order:
        raise ClassroomError("The order is not a list of places, each a list of answers' numbers.")
    order = tuple(tuple(sorted(place)) for place in value)
    ranked = [answer for place in order for answer in place]
    if len(set(ranked)) < len(ranked):
        raise ClassroomError("The ballot ranks an answer twice; rank each once.")
    if not ranked:
        raise ClassroomError("The ballot ranks nothing; rank at least one answer.")
    return order


def check_answers(order: Order, answers: Sequence[str]) -> None:
    """Check that the question has the answers that a ballot ranks.

    Raises:
        ClassroomError: it has not.
    """
    if max(answer for place in order for answer in place) >= len(answers):
        raise ClassroomError("The ballot ranks an answer that the question does not have.")


def _is_whole(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys are distinct.

    Raises:
        ValueError: a key stands twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
