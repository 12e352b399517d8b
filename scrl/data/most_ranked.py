"""The completions of each prompt that most ballots rank, where there are too many to count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scrl.data.assembly import dense_ranks
from scrl.data.files import quoted
from scrl.types import InputError, Ratings


def most_ranked(ratings: Ratings, number: int) -> Ratings:
    """The ratings of the completions that most ballots rank, by weight.

    >>> from scrl.data import load_ratings
    >>> ratings = most_ranked(load_ratings("tests/golden/tennessee-four.csv"), 2)
    >>> ratings.catalogue.items
    2

    Args:
        number: completions of each prompt that stay, at most; equal ones in their order.

    Raises:
        InputError: where ``number`` is below 2.
    """
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 2:
        raise InputError(f"{quoted(number)} completions cannot be compared; keep 2 or more.")
    old = ratings.catalogue
    times = np.bincount(
        ratings.item, ratings.ballot_weight[ratings.entry_ballot], minlength=old.items
    )
    prompt = old.item_prompt
    by_times = np.lexsort((-times, prompt))
    place = np.empty(old.items, np.int64)
    place[by_times] = np.arange(old.items) - old.offsets[prompt[by_times]]
    stays = place < number
    if stays.all():
        return ratings
    sizes = np.bincount(prompt[stays], minlength=len(old.prompts))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    catalogue = replace(old, members=old.members[stays], offsets=offsets)
    kept = ratings.keep(stays[ratings.item])
    left = int((~stays).sum())
    note = f"Left out: {left:,} completions that fewer ballots rank than {number:,} others do."
    rank = dense_ranks(kept.rank, kept.entry_ballot)
    return replace(kept, catalogue=catalogue, rank=rank, notes=(*kept.notes, note))
