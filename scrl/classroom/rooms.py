"""What a room holds, as plain frozen data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from scrl.classroom.ballots import Order
from scrl.classroom.errors import ClassroomError
from scrl.classroom.limits import (
    MAX_ANSWER_LENGTH,
    MAX_ANSWERS,
    MAX_PROMPT_LENGTH,
    MIN_ANSWERS,
)

#: States of a round. Ballots are taken while it is open, and read only once it is revealed.
OPEN, CLOSED, REVEALED = "open", "closed", "revealed"
#: What an answer that a ballot leaves out means: its place is unknown, or tied last.
ABSENT = ("unseen", "last")


@dataclass(frozen=True)
class Round:
    """One vote on a question.

    Attributes:
        number: 1 for the first.
        state: ``"open" | "closed" | "revealed"``.
        ballots: how many were cast.
    """

    number: int
    state: str
    ballots: int


@dataclass(frozen=True)
class Question:
    """A question of a room.

    Attributes:
        id: its number.
        prompt, answers: what phones show.
        labels: a short name of each answer, for figures and files; the answer where it has none.
        absent: what an answer that a ballot leaves out means, ``"unseen"`` or ``"last"``.
        rounds: its votes, the first one first.
    """

    id: int
    prompt: str
    answers: tuple[str, ...]
    labels: tuple[str, ...]
    absent: str
    rounds: tuple[Round, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The short name of each answer; "" where it has none."""
        pairs = zip(self.labels, self.answers, strict=True)
        return tuple("" if label == answer else label for label, answer in pairs)

    @property
    def current(self) -> Round:
        """The latest round."""
        return self.rounds[-1]


@dataclass(frozen=True)
class Room:
    """A room as its teacher sees it.

    Attributes:
        code: the join code.
        version: a number that grows with every action of the teacher.
        phones: how many phones opened the link.
        questions: in the order in which they were asked.
        current_id: id of the question that phones see; None before the first one.
    """

    code: str
    version: int
    phones: int
    questions: tuple[Question, ...]
    current_id: int | None

    @property
    def current(self) -> Question | None:
        """The question that phones see."""
        return next((q for q in self.questions if q.id == self.current_id), None)

    def question(self, id: int) -> Question:
        """A question by its id.

        Raises:
            ClassroomError: there is none.
        """
        for question in self.questions:
            if question.id == id:
                return question
        raise ClassroomError("This question is no longer in the class.", 404)


@dataclass(frozen=True)
class CastBallot:
    """A ballot as the store holds it.

    Attributes:
        phone: the room's name of the phone, in which no other room names it.
        order: places best first, each the indices of the answers tied there.
    """

    phone: str
    order: Order


#: Characters without a width that are no format characters (Unicode's category Cf).
_NO_WIDTH = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]")


def _visible(text: str) -> str:
    """What a text looks like: without characters of no width, in Unicode's form NFKC."""
    seen = "".join(c for c in _NO_WIDTH.sub("", text) if unicodedata.category(c) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def check_question(
    prompt: str, answers: Sequence[str], labels: Sequence[str], absent: str
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The texts of a question, without blanks around them: prompt, answers and labels.

    Args:
        labels: of the answers; "" where an answer has none.

    Raises:
        ClassroomError: a text is empty, too long or stands twice, or there are too few or too many.
    """
    prompt, answers = prompt.strip(), tuple(answer.strip() for answer in answers)
    labels = tuple(label.strip() or answer for label, answer in zip(labels, answers, strict=True))
    if not _visible(prompt):
        raise ClassroomError("The question is empty; write one.")
    if len(prompt) > MAX_PROMPT_LENGTH:
        raise ClassroomError(
            f"The question has {len(prompt):,} characters; {MAX_PROMPT_LENGTH:,} is the most."
        )
    if not MIN_ANSWERS <= len(answers) <= MAX_ANSWERS:
        are = "is 1 answer" if len(answers) == 1 else f"are {len(answers)} answers"
        raise ClassroomError(f"There {are}; give {MIN_ANSWERS} to {MAX_ANSWERS}, one a line.")
    seen, names = [_visible(answer) for answer in answers], [_visible(label) for label in labels]
    for number, (answer, label) in enumerate(zip(answers, labels, strict=True), 1):
        if not seen[number - 1]:
            raise ClassroomError(f"Answer {number} is empty; write it or take it out.")
        longest = max(len(answer), len(label))
        if longest > MAX_ANSWER_LENGTH:
            raise ClassroomError(
                f"Answer {number} has {longest:,} characters; {MAX_ANSWER_LENGTH:,} is the most."
            )
        first = seen.index(seen[number - 1]) + 1
        if first < number:
            raise ClassroomError(f"Answers {first} and {number} are the same; change one of them.")
        first = names.index(names[number - 1]) + 1
        if first < number:
            raise ClassroomError(f"Answers {first} and {number} have the same name; change one.")
    if absent not in ABSENT:
        raise ClassroomError("What is left out means ‘unseen’ or ‘last’.")
    try:
        "".join((prompt, *answers, *labels)).encode()
    except UnicodeEncodeError as error:
        raise ClassroomError("The question has characters that are no text.") from error
    return prompt, answers, labels
