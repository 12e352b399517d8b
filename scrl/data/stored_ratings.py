"""The schema of a stored catalogue and of stored ratings: what their texts and arrays have to be.

It holds the limits of a ratings file, so that what is stored is no more than what could be read.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.data.limits import MAX_WEIGHT
from scrl.data.strict_arrays import Declared
from scrl.data.table import (
    MAX_COMPLETIONS,
    MAX_FEATURE,
    MAX_RATER_FEATURES,
    MAX_RATERS,
    MAX_ROWS,
    MAX_TEXT,
)
from scrl.types import Catalogue, Ratings

#: Times are days since 1970, or any numbers that rise.
MAX_TIME = 1e15
#: Features of a prompt or completion.
MAX_FEATURES = 10_000
#: What the arrays of a catalogue have to be.
CATALOGUE = {
    "members": Declared("i", ("items",), 0, "completions"),
    "offsets": Declared("i", ("prompts+1",), 0, MAX_ROWS, rises="strictly"),
    "prompt_features": Declared(
        "f", ("prompts", "prompt features"), -MAX_FEATURE, MAX_FEATURE
    ),
    "completion_features": Declared(
        "f", ("completions", "completion features"), -MAX_FEATURE, MAX_FEATURE
    ),
}  # fmt: skip
#: What the arrays of ratings have to be.
RATINGS = {
    **{f"catalogue.{name}": array for name, array in CATALOGUE.items()},
    "ballot_rater": Declared("i", ("ballots",), 0, "raters", rises="weakly"),
    "ballot_prompt": Declared("i", ("ballots",), 0, "prompts"),
    "ballot_weight": Declared("f", ("ballots",), 1e-300, MAX_WEIGHT),
    "offsets": Declared("i", ("ballots+1",), 0, MAX_ROWS, rises="strictly"),
    "completion": Declared("i", ("entries",), 0, "completions"),
    "rank": Declared("i", ("entries",), 0, MAX_COMPLETIONS),
    "rater_type": Declared("i", ("raters",), -1, "types of raters"),
    "rater_features": Declared("f", ("raters", "*"), -MAX_FEATURE, MAX_FEATURE, nan=True),
    "times": Declared("f", ("ballots",), -MAX_TIME, MAX_TIME, nan=True),
}
#: Entries that are checked at once.
_BLOCK = 1 << 18
_TEXTS = ("prompts", "completions", "prompt_texts", "completion_texts")


def catalogue_sizes(tree: Any) -> dict[str, int]:
    """The lengths of the axes that a catalogue's texts give.

    Args:
        tree: plain data with the lists ``prompts``, ``completions`` and their texts.

    Raises:
        ValueError: where these are no texts, or of other lengths.
    """
    for name in _TEXTS:
        texts = tree[name]
        if not isinstance(texts, list | tuple) or not all(isinstance(t, str) for t in texts):
            raise ValueError(f"{quoted(name)} is no list of texts")
        if max(map(len, texts), default=0) > MAX_TEXT:
            raise ValueError(f"{quoted(name)} holds a text of more than {MAX_TEXT:,} characters")
    prompts, completions, prompt_texts, completion_texts = (tree[name] for name in _TEXTS)
    if not prompts or not completions:
        raise ValueError("it has no prompts or no completions")
    if len(prompts) > len(set(prompts)):
        raise ValueError("'prompts' holds a name twice")
    if len(prompt_texts) != len(prompts) or len(completion_texts) != len(completions):
        raise ValueError("the texts of prompts or completions are more or fewer than their names")
    if len(prompts) > MAX_ROWS or len(completions) > MAX_ROWS:
        raise ValueError(f"it has more than {MAX_ROWS:,} prompts or completions")
    return {"prompts": len(prompts), "completions": len(completions)}


def rating_sizes(tree: Any) -> dict[str, int]:
    """As ``catalogue_sizes``, for plain data of ratings."""
    sizes = catalogue_sizes(tree["catalogue"])
    for name, most in (("raters", MAX_RATERS), ("types", MAX_RATERS)):
        texts = tree[name]
        if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
            raise ValueError(f"{quoted(name)} is no list of texts")
        if len(texts) > most or len(set(texts)) < len(texts):
            raise ValueError(f"{quoted(name)} holds more than {most:,} names, or one twice")
    if not tree["raters"]:
        raise ValueError("it has no raters")
    if tree["absent"] not in ("unseen", "last"):
        raise ValueError(f"'absent' is {quoted(tree['absent'])}, not 'unseen' or 'last'")
    return sizes | {"raters": len(tree["raters"]), "types of raters": len(tree["types"])}


def check_catalogue(c: Catalogue) -> None:
    """Check what the arrays of a catalogue say together.

    Raises:
        ValueError: where a prompt offers a completion twice or too many, or none.
    """
    if c.offsets[0] != 0 or c.offsets[-1] != c.items:
        raise ValueError("'offsets' do not begin with 0 and end with the number of items")
    if np.diff(c.offsets).max() > MAX_COMPLETIONS:
        raise ValueError(f"a prompt has more than {MAX_COMPLETIONS:,} completions")
    order = np.lexsort((c.members, c.item_prompt))
    same = np.diff(c.item_prompt[order]) == 0
    if (same & (np.diff(c.members[order]) == 0)).any():
        raise ValueError("'members' hold a completion twice under one prompt")
    for features in (c.prompt_features, c.completion_features):
        if features is not None and features.shape[1] > MAX_FEATURES:
            raise ValueError(f"it has more than {MAX_FEATURES:,} features")


def check_ratings(r: Ratings) -> None:
    """Check what the arrays of ratings say together.

    Raises:
        ValueError: where ballots rank what their prompt does not offer, or something twice, or
            their ranks are not 0, 1, 2 …
    """
    check_catalogue(r.catalogue)
    if r.offsets[0] != 0 or r.offsets[-1] != len(r.completion) or not r.ballots:
        raise ValueError("'offsets' do not begin with 0 and end with the number of entries")
    if r.rater_features is not None and r.rater_features.shape[1] > MAX_RATER_FEATURES:
        raise ValueError(f"it has more than {MAX_RATER_FEATURES} features of raters")
    keys = np.sort(_offered(r, r.catalogue.item_prompt, r.catalogue.members))
    # The ballots of so many entries at once: all of them together would take six times their size.
    first = np.searchsorted(r.offsets, np.arange(0, len(r.completion), _BLOCK), "right") - 1
    for start, stop in pairwise([*np.unique(first), r.ballots]):
        _check_ballots(r, keys, start, stop)


def _offered(r: Ratings, prompt: np.ndarray, completion: np.ndarray) -> np.ndarray:
    """A number for each prompt and completion, any equal shapes."""
    return prompt.astype(np.int64) * len(r.catalogue.completions) + completion


def _check_ballots(r: Ratings, keys: np.ndarray, start: int, stop: int) -> None:
    """``check_ratings`` of some ballots.

    Args:
        keys: what prompts offer, rising ``[items]``; start, stop: the first ballot, and one past
            the last.
    """
    offsets = r.offsets[start : stop + 1]
    part, offsets = slice(offsets[0], offsets[-1]), offsets - offsets[0]
    ballot = np.repeat(np.arange(start, stop), np.diff(offsets))
    completion = r.completion[part]
    wanted = _offered(r, r.ballot_prompt[ballot], completion)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    if (keys[place] != wanted).any():
        raise ValueError("a ballot ranks a completion that its prompt does not offer")
    order = np.lexsort((completion, ballot))
    if ((np.diff(completion[order]) == 0) & (np.diff(ballot[order]) == 0)).any():
        raise ValueError("a ballot ranks a completion twice")
    rank = r.rank[part][np.lexsort((r.rank[part], ballot))]
    step = np.diff(rank)
    step[offsets[1:-1] - 1] = 0  # from one ballot to the next
    if rank[offsets[:-1]].any() or (step > 1).any():
        raise ValueError("the ranks of a ballot are not 0, 1, 2 …")
