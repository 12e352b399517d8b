"""Answers to pairs in the order of time, and their division into blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.types import InputError, Ratings, frozen

#: Answers that a file must hold, so that there is something to predict.
MIN_ANSWERS = 20


@dataclass(frozen=True, eq=False)
class TimedPairs:
    """Sequences of answers to pairs, all with one clock.

    Attributes:
        time: of each answer ``[answers]``, never falling.
        first, second: the two items ``[sequences, answers]``.
        won: 1 where the first was preferred, 0 where the second was, ½ for a tie
            ``[sequences, answers]``.
        weight: how often an answer counts in its sequence ``[sequences, answers]``, 0 for not.
        items: their number.
    """

    time: np.ndarray
    first: np.ndarray
    second: np.ndarray
    won: np.ndarray
    weight: np.ndarray
    items: int

    @property
    def sequences(self) -> int:
        """The number of sequences."""
        return len(self.first)

    @property
    def answers(self) -> int:
        """The number of answers of a sequence."""
        return len(self.time)

    def select(self, sequences: np.ndarray | slice) -> TimedPairs:
        """Only these sequences."""
        parts = ("first", "second", "won", "weight")
        return replace(self, **{name: getattr(self, name)[sequences] for name in parts})


def with_groups(pairs: TimedPairs, group: np.ndarray, groups: int) -> TimedPairs:
    """Each sequence as one for each group and, last, one of all answers.

    Args:
        group: who gave each answer ``[sequences, answers]``; negative for unknown.

    Returns:
        ``sequences × (groups + 1)`` sequences; those of one sequence stand together.
    """
    member = group[:, None] == np.arange(groups)[None, :, None]
    everybody = np.ones((len(group), 1, pairs.answers), bool)
    member = np.concatenate([member, everybody], axis=1)
    weight = pairs.weight[:, None] * member
    copies = groups + 1
    return replace(
        pairs,
        first=np.repeat(pairs.first, copies, axis=0),
        second=np.repeat(pairs.second, copies, axis=0),
        won=np.repeat(pairs.won, copies, axis=0),
        weight=weight.reshape(-1, pairs.answers),
    )


def block_bounds(answers: int, blocks: int) -> np.ndarray:
    """The answers at which ``blocks`` blocks of about equal size begin, and the end
    ``[blocks + 1]``."""
    blocks = max(1, min(blocks, answers))
    return np.round(np.linspace(0, answers, blocks + 1)).astype(int)


def pairs_of_ratings(
    ratings: Ratings, prompt: int, max_answers: int = 4000
) -> tuple[TimedPairs, np.ndarray]:
    """The answers on one prompt in the order of time, one sequence.

    A ballot that ranks more than two completions answers each pair of neighbours on it, in its
    order. The clock runs from 0, and one unit is the mean time between two answers.

    Args:
        prompt: its number in the catalogue.
        max_answers: the latest are kept where there are more.

    Returns:
        The answers, and the rater type of each ``[1, answers]``, -1 where unknown.

    Raises:
        InputError: where no ballot has a time, or fewer than ``MIN_ANSWERS`` answers have one.
    """
    if ratings.times is None:
        raise InputError(
            "No ballot has a time; give the file a column 'time' of numbers or dates, or name it."
        )
    chosen = ratings.select((ratings.ballot_prompt == prompt) & ~np.isnan(ratings.times))
    entry = chosen.entry_ballot
    order = np.lexsort((chosen.rank, entry))
    ballot, item, rank = entry[order], chosen.item[order], chosen.rank[order]
    pair = np.flatnonzero(ballot[1:] == ballot[:-1])
    times = np.empty(0) if chosen.times is None else chosen.times
    pair = pair[np.argsort(times[ballot[pair]], kind="stable")][-max_answers:]
    if len(pair) < MIN_ANSWERS:
        raise InputError(
            f"Only {len(pair)} answers on this prompt have a time; {MIN_ANSWERS} are needed."
        )
    time = times[ballot[pair]] - times[ballot[pair[0]]]
    gap = time[-1] / (len(time) - 1)
    first_item = ratings.catalogue.offsets[prompt]
    rater = chosen.ballot_rater[ballot[pair]]
    unknown = np.full(len(ratings.raters), -1)
    kind = (unknown if ratings.rater_type is None else ratings.rater_type)[rater]
    found = TimedPairs(
        frozen(time / gap if gap > 0 else np.arange(len(time)), float),
        (item[pair] - first_item)[None], (item[pair + 1] - first_item)[None],
        np.where(rank[pair] < rank[pair + 1], 1.0, 0.5)[None],
        chosen.ballot_weight[ballot[pair]][None], len(ratings.catalogue.names(prompt)),
    )  # fmt: skip
    return found, kind[None]
