"""Revealed ballots as ratings and as a profile; who left out what; the map of the class.

The map is the principal plane of the ballots themselves. A model of raters fitted to one question
would have as many dimensions as it finds types, often one, and takes a second; the ballots' own
plane has a place for every phone at once, with three ballots as with a thousand. The lab fits the
model of raters to the same ballots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.classroom.rooms import CastBallot, Question
from scrl.diagnostics.projections import principal_plane
from scrl.types import Catalogue, Outcome, Ratings
from scrl.voting.profiles.profile import Profile

#: Fewer ballots have no map: one's own point would be everybody's.
MIN_MAP_BALLOTS = 3
#: Characters of a question that name it in a file; its text stands there in full.
MAX_PROMPT_NAME = 60
#: A revealed round: the question, the round's number and its ballots.
Revealed = tuple[Question, int, list[CastBallot]]


def places(question: Question, ballots: Sequence[CastBallot]) -> np.ndarray:
    """Place of each answer on each ballot ``[ballots, answers]``, 0 = best, equal = tied.

    An answer that is left out is -1 where its place is unknown, and tied last where that is what
    the question says of it.
    """
    place = np.full((len(ballots), len(question.answers)), -1)
    for row, ballot in zip(place, ballots, strict=True):
        for rank, tied in enumerate(ballot.order):
            row[list(tied)] = rank
        if question.absent == "last":
            row[row < 0] = len(ballot.order)
    return place


def profile_of(question: Question, ballots: Sequence[CastBallot]) -> Profile:
    """The distinct ballots, the most frequent first, and how many phones cast each."""
    distinct, count = np.unique(places(question, ballots), axis=0, return_counts=True)
    order = np.argsort(-count, kind="stable")
    return Profile(question.labels, distinct[order], count[order].astype(float))


def ratings_of(rounds: Sequence[Revealed], name: str = "class") -> Ratings:
    """The ballots of revealed rounds as ratings, a prompt for each round of each question.

    Raters are the phones, numbered at random; a phone is one rater on all prompts. What a ballot
    leaves out is unseen; where the question says that it is tied last, the ballot states that tie.
    """
    prompts = _prompt_names(rounds)
    offered = [list(zip(q.labels, q.answers, strict=True)) for q, _, _ in rounds]
    # A name with another text is another completion.
    completions = list(dict.fromkeys(pair for pairs in offered for pair in pairs))
    members = [[completions.index(pair) for pair in pairs] for pairs in offered]
    catalogue = Catalogue(
        prompts, tuple(name for name, _ in completions), np.concatenate([[], *members]).astype(int),
        np.concatenate([[0], np.cumsum([len(m) for m in members])]),
        prompt_texts=tuple(question.prompt for question, _, _ in rounds),
        completion_texts=tuple(text for _, text in completions),
    )  # fmt: skip
    phones = sorted({ballot.phone for _, _, ballots in rounds for ballot in ballots})
    rows = []
    for prompt, (question, _, ballots) in enumerate(rounds):
        for ballot, place in zip(ballots, places(question, ballots), strict=True):
            ranked = np.flatnonzero(place >= 0)
            own = np.array(members[prompt])[ranked]
            rows.append((phones.index(ballot.phone), prompt, own, place[ranked]))
    rows.sort(key=lambda row: row[:2])
    completion, rank = (
        np.concatenate([np.empty(0, int), *(row[i] for row in rows)]) for i in (2, 3)
    )
    return Ratings(
        catalogue, tuple(f"phone {i}" for i in range(1, len(phones) + 1)),
        ballot_rater=np.array([row[0] for row in rows], int),
        ballot_prompt=np.array([row[1] for row in rows], int),
        ballot_weight=np.ones(len(rows)), offsets=np.cumsum([0, *(len(row[2]) for row in rows)]),
        completion=completion, rank=rank, name=name,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Silence:
    """What ballots leave out.

    Attributes:
        ballots: how many were cast.
        left_out: how many of them leave out each answer ``[answers]``.
        phones: how many phones opened the link, at least as many as cast a ballot.
    """

    ballots: int
    left_out: np.ndarray
    phones: int


def silence_of(question: Question, ballots: Sequence[CastBallot], phones: int) -> Silence:
    """Who was silent, and on what."""
    ranked = np.zeros(len(question.answers), int)
    for ballot in ballots:
        ranked[[answer for tied in ballot.order for answer in tied]] += 1
    return Silence(len(ballots), len(ballots) - ranked, max(phones, len(ballots)))


@dataclass(frozen=True, eq=False)
class ClassMap:
    """The ballots of a round as points of a plane; like ballots share a point.

    Attributes:
        points: ``[distinct, 2]``, the largest coordinate 1.
        count: how many phones cast the ballot ``[distinct]``.
        ballot: a ballot of each point ``[distinct]``.
        own: the point of each ballot ``[ballots]``.
        explained: share of the variance on each axis ``[2]``.
    """

    points: np.ndarray
    count: np.ndarray
    ballot: list[CastBallot]
    own: np.ndarray
    explained: np.ndarray


def class_map(question: Question, ballots: Sequence[CastBallot]) -> ClassMap | None:
    """The principal plane of the ballots; None with fewer than three.

    A ballot's coordinates are, for each answer, the share of the other ranked answers that it
    stands above, ties half, less one half: 0 for what it leaves out.
    """
    if len(ballots) < MIN_MAP_BALLOTS:
        return None
    place = places(question, ballots)
    ranked = place >= 0
    others = np.maximum(ranked.sum(axis=1) - 1, 1)
    above = (place[:, :, None] < place[:, None, :]) + 0.5 * (place[:, :, None] == place[:, None])
    both = ranked[:, :, None] & ranked[:, None, :] & ~np.eye(place.shape[1], dtype=bool)
    wins = (above * both).sum(axis=2)
    coordinates = np.where(ranked, wins / others[:, None] - 0.5, 0.0)
    coordinates[ranked.sum(axis=1) == 1] = 0.0
    points, explained = principal_plane(coordinates)
    _, first, own, count = np.unique(
        place, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    points = points[first] / max(float(np.abs(points).max()), 1e-9)
    return ClassMap(points, count, [ballots[i] for i in first], own.ravel(), explained)


def phone_summary(
    question: Question, ballots: Sequence[CastBallot], outcomes: Mapping[str, Outcome]
) -> dict[str, Any]:
    """What phones are shown at the reveal, as ``Teacher.reveal`` stores it.

    Args:
        outcomes: title of a rule -> its outcome; the first one is the class's order.

    Returns:
        ``ballots``; ``orders``, title and places of answers' numbers; ``points``, ``[x, y, count]``
        of the map (empty without one); and ``phones``: for each, its ``point`` and ``pairs``,
        of the pairs that its ballot orders: how many the class orders alike, how many the class
        ties, and how many there are.
    """
    orders = [
        [title, [np.flatnonzero(o.place == p).tolist() for p in np.unique(o.place)]]
        for title, o in outcomes.items()
    ]
    found = class_map(question, ballots)
    place = places(question, ballots)
    order = next(iter(outcomes.values())).place if outcomes else np.zeros(place.shape[1])
    phones = {
        ballot.phone: {
            "point": None if found is None else int(found.own[i]),
            "pairs": _agreement(place[i], order),
        }
        for i, ballot in enumerate(ballots)
    }
    points = []
    if found is not None:
        points = [[round(float(x), 3), round(float(y), 3), int(n)]
                  for (x, y), n in zip(found.points, found.count, strict=True)]  # fmt: skip
    return {"ballots": len(ballots), "orders": orders, "points": points, "phones": phones}


def _agreement(place: np.ndarray, order: np.ndarray) -> list[int]:
    """Of the strict pairs of a ballot: those that an order has the same way, ties, and all."""
    a, b = np.triu_indices(len(place), 1)
    strict = (place[a] >= 0) & (place[b] >= 0) & (place[a] != place[b])
    same = (np.sign(place[a] - place[b]) * np.sign(order[a] - order[b]))[strict]
    return [int((same > 0).sum()), int((same == 0).sum()), len(same)]


def _prompt_names(rounds: Sequence[Revealed]) -> tuple[str, ...]:
    """A distinct name for each round: the question's first words, and from the second its round."""
    names: list[str] = []
    for question, number, _ in rounds:
        base = " ".join(question.prompt.split())
        if len(base) > MAX_PROMPT_NAME:
            base = f"{base[: MAX_PROMPT_NAME - 1].strip()}…"
        base += f" (round {number})" if number > 1 else ""
        name, again = base, 1
        while name in names:
            again += 1
            name = f"{base} [{again}]"
        names.append(name)
    return tuple(names)
