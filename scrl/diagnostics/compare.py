"""The same raters seen twice: through one prompt or another, with a completion or without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.diagnostics.clusters import apart, nearest, some
from scrl.diagnostics.probe import profiles
from scrl.raters.fitted_run import FittedRun
from scrl.types import InputError, Ratings

#: Prompts compared.
MOST_PROMPTS = 8


@dataclass(frozen=True, eq=False)
class Contexts:
    """Raters embedded from their ballots on one prompt alone.

    Attributes:
        rater, prompt, kind: of each reading ``[readings]``; mean: ``[readings, latent]``.
        profiles: of the types ``[types, latent]``.
        moved: mean distance between two readings of one rater; between: that between types'
            profiles.
        right: prompt -> share of the readings nearest their own type's profile.
    """

    rater: np.ndarray
    prompt: np.ndarray
    kind: np.ndarray
    mean: np.ndarray
    profiles: np.ndarray
    moved: float
    between: float
    right: dict[int, float]

    @property
    def ratio(self) -> float:
        """How far types lie apart, over how far a rater moves; 0 where types fall together."""
        return self.between / max(self.moved, 1e-6) if self.between > 1e-6 else 0.0


def contexts(learnt: FittedRun) -> Contexts:
    """Up to 600 raters, each read from every one of its prompts alone.

    Raises:
        InputError: where no rater answers two prompts.
    """
    ratings, prompts = learnt.resolved, range(min(len(learnt.catalogue.prompts), MOST_PROMPTS))
    chosen = np.zeros(len(ratings.raters), bool)
    chosen[learnt.embedded_raters[some(len(learnt.embedded_raters))]] = True
    found = []
    for p in prompts:
        mine = chosen[ratings.ballot_rater] & (ratings.ballot_prompt == p) & (ratings.sizes >= 2)
        if mine.any():
            rater, posterior = learnt.individual.embed(ratings.select(mine))
            found.append((rater, np.full(len(rater), p), np.asarray(posterior.mean)))
    if len(found) < 2:
        raise InputError("This needs raters who answer two prompts; these answer one.")
    rater, prompt, mean = (np.concatenate(part) for part in zip(*found, strict=True))
    types = ratings.rater_type
    kind = np.full(len(rater), -1) if types is None else types[rater]
    own = profiles(learnt)
    right = {}
    if len(own):
        named = nearest(mean, own) == kind
        right = {int(p): float(named[prompt == p].mean()) for p in np.unique(prompt)}
    return Contexts(rater, prompt, kind, mean, own, _moved(rater, mean), apart(own), right)


def _moved(rater: np.ndarray, mean: np.ndarray) -> float:
    """Mean over raters of the mean distance between their readings."""
    order = np.argsort(rater, kind="stable")
    gaps = [
        apart(mine)
        for mine in np.split(mean[order], np.flatnonzero(np.diff(rater[order])) + 1)
        if len(mine) > 1
    ]
    return float(np.mean(gaps)) if gaps else 0.0


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Raters with and without an item on their ballot.

    Attributes:
        item: left out most; read: positions in ``FittedRun.read`` of the raters asked ``[raters]``;
            ranked: whether each ranked it ``[raters]``.
        rows: for each type ``{"type", "with", "without", "distance", "share", "right with",
            "right without"}``: how many raters, how far apart the middles of the two groups lie,
            that over the distance between types, and how many of each are nearest their profile;
            None where a group is empty.
        between: mean distance between types' profiles.
    """

    item: int
    read: np.ndarray
    ranked: np.ndarray
    rows: list[dict]
    between: float


def most_left_out(ratings: Ratings) -> int | None:
    """The item that most ballots on its prompt leave out; None where all are always ranked."""
    catalogue = ratings.catalogue
    asked = np.bincount(ratings.ballot_prompt, minlength=len(catalogue.prompts))
    ranked = np.bincount(ratings.item, minlength=catalogue.items)
    share = ranked / np.maximum(asked[catalogue.item_prompt], 1)
    item = int(np.argmin(share))
    return None if share[item] > 0.999 else item


def left_out(learnt: FittedRun, item: int | None = None) -> LeftOut:
    """Compare raters of a type who ranked ``item`` (by default the one left out most) with those
    who answered its prompt without it.

    Raises:
        InputError: where every ballot ranks everything.
    """
    ratings = learnt.ratings
    item = most_left_out(ratings) if item is None else item
    if item is None:
        raise InputError("Every ballot of this run ranks every completion; nothing is left out.")
    prompt = learnt.catalogue.item_prompt[item]
    asked, ranked = np.zeros((2, len(ratings.raters)), bool)
    asked[ratings.ballot_rater[ratings.ballot_prompt == prompt]] = True
    ranked[ratings.ballot_rater[ratings.entry_ballot[ratings.item == item]]] = True
    read = np.flatnonzero(asked[learnt.embedded_raters])
    ranked = ranked[learnt.embedded_raters[read]]
    mean, kind = np.asarray(learnt.posterior.mean)[read], learnt.rater_types[read]
    own = profiles(learnt)
    between = apart(own)
    named = nearest(mean, own) == kind if len(own) else np.zeros(len(read), bool)
    rows = []
    for k in np.unique(kind):
        parts = [(kind == k) & (ranked == with_it) for with_it in (True, False)]
        middles = [mean[part].mean(axis=0) if part.any() else None for part in parts]
        both = all(part.any() for part in parts)
        gap = float(np.linalg.norm(middles[0] - middles[1])) if both else None
        right = [float(named[part].mean()) if part.any() else None for part in parts]
        rows.append({
            "type": int(k), "with": int(parts[0].sum()), "without": int(parts[1].sum()),
            "distance": gap, "share": gap / between if gap is not None and between else None,
            "right with": right[0], "right without": right[1],
        })  # fmt: skip
    return LeftOut(item, read, ranked, rows, between)
