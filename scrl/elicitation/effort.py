"""What an answer costs a person, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from scrl.elicitation.formats import Format

#: Words that a person reads in a second.
WORDS_PER_SECOND = 4.0


@dataclass(frozen=True)
class Effort:
    """Seconds of a person, in the manner of the keystroke-level model (Card, Moran & Newell 1980).

    Every completion shown is read once. Each choice is a decision (mental preparation, 1.35 s) and
    a click (pointing, 1.1 s); a ranking of k takes k − 1 choices, the best and the worst take two.

    Attributes:
        reading: of one completion; choice: of one choice; sentence: of one sentence in words.
    """

    reading: float = 1.0
    choice: float = 2.5
    sentence: float = 25.0

    def seconds(self, form: Format) -> float:
        """The seconds of an answer."""
        choices = {"best": 1, "ends": 2, "rank": form.size - 1}[form.kind]
        return form.size * self.reading + choices * self.choice


def reading_seconds(texts: list[str]) -> float:
    """Seconds to read one of these texts on average, one at least."""
    words = sum(len(text.split()) for text in texts) / max(len(texts), 1)
    return max(1.0, round(words / WORDS_PER_SECOND, 1))
