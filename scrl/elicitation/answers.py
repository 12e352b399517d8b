"""Answers of one person as short strings, and the evidence that they give.

``"12.1"``, ``"12.0"``  of pair 12 the first, or the second, is preferred; ``"12.t"``: both are
                        about the same; ``"12.s"``: no answer.
``"b.3.0.1"``           the best of {0, 1, 3} is 3.
``"e.3.0.1"``           the best is 3 and the worst is 1.
``"r.3.0_1.2"``         a ranking, best first, in which 0 and 1 are tied.
``"t.0.1.3"``           all about the same; ``"s.0.1.3"``: no answer.
``"w.p36.1x100~n40.0x80"``  a sentence: clauses with their sentiment, + 0.36 and − 0.40, and their
                        topics with similarity, 1.00 and 0.80.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scrl.elicitation.beliefs import pair_indices
from scrl.elicitation.evidence import Evidence
from scrl.elicitation.formats import MAX_SHOWN, Format, Kind
from scrl.elicitation.sentences import (
    MAX_CLAUSES,
    MAX_TOPICS,
    Clause,
    SentenceModel,
    Topic,
)

_KINDS: dict[str, Kind] = {"b": "best", "e": "ends", "r": "rank"}
_CLAUSE = re.compile(r"([pn])(\d{1,3})((?:\.\d{1,3}x\d{1,3})+)")


@dataclass(frozen=True)
class Answer:
    """An answer of one person.

    Attributes:
        kind: a format's, ``"tie"`` where all are about the same, ``"none"`` where no answer was
            given, ``"words"`` for a sentence.
        order: the completions shown, best first, in groups of equal ones; of a best-of-k the first
            group is the choice, and of best and worst the last one is the worst.
        clauses: of a sentence.
    """

    kind: str
    order: tuple[tuple[int, ...], ...] = ()
    clauses: tuple[Clause, ...] = ()

    @property
    def shown(self) -> frozenset[int]:
        """The completions that were shown."""
        return frozenset(i for group in self.order for i in group)

    def encoded(self, size: int) -> str:
        """The answer as a string, about one of ``size`` completions."""
        if self.kind == "words":
            return "w." + "~".join(map(_clause_text, self.clauses))
        flat = [i for group in self.order for i in group]
        if len(flat) == 2 and self.kind in ("best", "tie", "none"):
            pair = pair_indices(size).tolist().index(sorted(flat))
            code = {"tie": "t", "none": "s"}.get(self.kind, "1" if flat[0] < flat[1] else "0")
            return f"{pair}.{code}"
        code = {"tie": "t", "none": "s"}.get(self.kind, self.kind[0])
        return f"{code}." + ".".join("_".join(map(str, group)) for group in self.order)

    @classmethod
    def decoded(cls, text: str, size: int, topics: int = 0) -> Answer | None:
        """The answer of a string; None where it is none about ``size`` completions.

        Args:
            topics: number of the topics that a clause may name.
        """
        head, _, rest = text[:400].partition(".")
        if re.fullmatch(r"[0-9]{1,4}", head):
            return _of_pair(int(head), rest, size)
        if head == "w":
            clauses = [_clause_of(part, topics) for part in rest.split("~")]
            known = [clause for clause in clauses if clause is not None]
            fits = len(known) == len(clauses) <= MAX_CLAUSES
            return cls("words", clauses=tuple(known)) if fits else None
        if not re.fullmatch(r"[0-9]{1,3}([._][0-9]{1,3})+", rest):
            return None
        groups = tuple(tuple(map(int, part.split("_"))) for part in rest.split("."))
        flat = [i for group in groups for i in group]
        fits = max(flat) < size and len(set(flat)) == len(flat) <= MAX_SHOWN
        if not fits or (len(groups) < len(flat) and head != "r"):
            return None
        if head in ("t", "s"):
            return cls("tie" if head == "t" else "none", groups)
        return cls(_KINDS[head], groups) if head in _KINDS else None


def _of_pair(pair: int, code: str, size: int) -> Answer | None:
    """The answer about one pair of ``pair_indices(size)``."""
    pairs = pair_indices(size)
    if pair >= len(pairs) or code not in ("0", "1", "t", "s"):
        return None
    first, second = pairs[pair].tolist()
    order = ((second,), (first,)) if code == "0" else ((first,), (second,))
    return Answer({"t": "tie", "s": "none"}.get(code, "best"), order)


def _clause_text(clause: Clause) -> str:
    sign = "n" if clause.sentiment < 0 else "p"
    topics = "".join(f".{i}x{round(100 * similarity)}" for i, similarity in clause.topics)
    return f"{sign}{round(100 * abs(clause.sentiment))}{topics}"


def _clause_of(text: str, topics: int) -> Clause | None:
    found = _CLAUSE.fullmatch(text)
    if not found:
        return None
    sign, amount, rest = found.groups()
    pairs = [tuple(map(int, part.split("x"))) for part in rest[1:].split(".")]
    fits = int(amount) <= 100 and len(pairs) <= MAX_TOPICS
    if not fits or any(i >= topics or not 1 <= percent <= 100 for i, percent in pairs):
        return None
    sentiment = int(amount) / 100 * (-1 if sign == "n" else 1)
    return Clause(sentiment, tuple((i, percent / 100) for i, percent in pairs))


def comparisons_of(answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Winners and losers of an answer that is in a format."""
    groups = answer.order
    if answer.kind == "rank":
        pairs = [(a, b) for high, low in combinations(groups, 2) for a in high for b in low]
        both = np.array(pairs, int).reshape(-1, 2)
        return both[:, 0], both[:, 1]
    flat = np.array([i for group in groups for i in group])
    kind: Kind = "ends" if answer.kind == "ends" else "best"
    return Format(kind, len(flat)).comparisons(flat)


def with_answer(
    evidence: Evidence,
    answer: Answer,
    topics: Sequence[Topic] = (),
    model: SentenceModel | None = None,
    included: np.ndarray | None = None,
) -> Evidence:
    """The evidence after one more answer of a person.

    Args:
        topics, model: for sentences; without a model a sentence tells nothing.
        included: P(a rater of the type ranks the completion) ``[types, m]``: no answer is then as
            likely as that such a rater leaves one of those shown out; by default it tells nothing.
    """
    if answer.kind == "words":
        for clause in answer.clauses if model is not None and model.slope > 0 else ():
            observed = model.observation(clause, topics, evidence.prior)  # type: ignore[union-attr]
            evidence = evidence.observe(observed)
        return evidence
    if answer.kind == "none":
        if included is None:
            return evidence
        return evidence.reweighed(1 - included[:, sorted(answer.shown)].prod(axis=1))
    if answer.kind == "tie":
        return evidence.tied(tuple(sorted(answer.shown)))
    winner, loser = comparisons_of(answer)
    if len(winner):
        evidence = evidence.compared(winner, loser)
    for group in answer.order:
        if len(group) > 1:
            evidence = evidence.tied(group)
    return evidence
