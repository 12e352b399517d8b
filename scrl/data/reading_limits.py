"""The part of large ratings that a model of raters reads.

Its time and memory follow the completions that raters rank, and the longest ballot, to whose length
the others are padded. Above the limits of this module raters are drawn at random, and of long
ballots random completions are read: the order of a part of a ballot has the same law under
Plackett–Luce as if only that part had been asked for.
"""

from __future__ import annotations

import numpy as np

from scrl.types import InputError, Ratings

#: Ranked completions that are read: so many for each item of the catalogue, within these limits.
ENTRIES_AN_ITEM, LEAST_ENTRIES, MAX_ENTRIES = 100, 200_000, 1_000_000
#: Slots of ballots padded to the longest one, at most, and the places that are read at least.
MAX_SLOTS, MIN_PLACES = 20_000_000, 8
#: Completions of one prompt: a fit of their pairs holds tables of all pairs.
MAX_OFFERED = 4_000


def readable(ratings: Ratings, rng: np.random.Generator) -> tuple[Ratings, tuple[str, ...]]:
    """The ratings, or a random part of them within the limits, and notes that say what is read.

    Args:
        ratings: with absent completions resolved.
        rng: consumed where a part is drawn.
    """
    notes = []
    entries = np.bincount(ratings.ballot_rater, ratings.sizes, len(ratings.raters))
    limit = int(np.clip(ENTRIES_AN_ITEM * ratings.catalogue.items, LEAST_ENTRIES, MAX_ENTRIES))
    if entries.sum() > limit:
        kept = _sampled(entries, limit, rng)
        read, present = int((kept & (entries > 0)).sum()), int((entries > 0).sum())
        ratings = ratings.select(kept[ratings.ballot_rater])
        notes.append(
            f"The model of raters reads {read:,} of {present:,} raters, drawn at random: all of "
            f"them rank {int(entries.sum()):,} completions, and it reads {limit:,} at most."
        )
    ratings, thin = thinned(ratings, rng)
    return ratings, (*notes, *thin)


def thinned(ratings: Ratings, rng: np.random.Generator) -> tuple[Ratings, tuple[str, ...]]:
    """As ``readable``, with every rater."""
    longest = int(ratings.sizes.max(initial=1))
    places = max(MIN_PLACES, MAX_SLOTS // max(ratings.ballots, 1))
    if longest <= places:
        return ratings, ()
    draw = rng.random(len(ratings.item))
    order = np.lexsort((draw, ratings.entry_ballot))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    long = int((ratings.sizes > places).sum())
    note = (
        f"Of ballots that rank more than {places:,} completions ({long:,} of them, the longest "
        f"{longest:,}) the model of raters reads {places:,}, drawn at random."
    )
    return ratings.keep(place - ratings.offsets[ratings.entry_ballot] < places), (note,)


def _sampled(entries: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Random raters whose entries are within a limit together, bool ``[raters]``.

    Args:
        entries: of each rater ``[raters]``.
    """
    order = rng.permutation(len(entries))
    order = order[entries[order] <= limit / 2]
    kept = np.zeros(len(entries), bool)
    kept[order[np.cumsum(entries[order]) <= limit]] = True
    return kept


def require_countable_pairs(ratings: Ratings) -> None:
    """Check that the pairs of every prompt's completions fit in memory.

    Raises:
        InputError: where a prompt has more completions than that.
    """
    offered = np.diff(ratings.catalogue.offsets)
    if offered.max(initial=0) > MAX_OFFERED:
        prompt = ratings.catalogue.prompts[int(offered.argmax())]
        raise InputError(
            f"{ratings.name}: prompt '{prompt}' has {offered.max():,} completions, and rewards are "
            f"fitted to the pairs of {MAX_OFFERED:,} at most; leave out those that few ballots "
            "rank, or read absent ones as unseen and split the prompt."
        )
