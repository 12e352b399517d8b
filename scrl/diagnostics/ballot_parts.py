"""Partial ballots: embeddings of every part of each type's orders, from one completion to all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from scrl.diagnostics.clusters import mean_pairwise_distance, nearest_profile
from scrl.diagnostics.queries import Ballot, complete_ballots, embed_orders, type_profiles
from scrl.raters.fitted_run import FittedRun
from scrl.types import Catalogue, InputError

#: Most completions of a prompt for which all parts are listed; beyond, how many are drawn of each
#: length.
MAX_ENUMERATED, DRAWN_PARTS = 6, 12
#: Most prompts whose orders are split into parts.
MAX_PROMPTS = 4


@dataclass(frozen=True, eq=False)
class PartialBallots:
    """Parts of every type's orders, and their embeddings.

    Attributes:
        type: the type that holds the order ``[ballots]``.
        prompt: of the ballot, −1 where all prompts are answered in full ``[ballots]``.
        items: of each ballot, best first. A single item is embedded with its absolute place.
        mean: posterior means ``[ballots, latent]``.
        profiles: of the types ``[types, latent]``.
        share: of the types ``[types]``.
        correct: whether the nearest profile is the type's own ``[ballots]``.
        best_possible: accuracy of the Bayes classifier that knows the types ``[ballots]``: it
            chooses the most common type consistent with the ballot.
        unique: whether no other type is consistent with the ballot ``[ballots]``.
    """

    type: np.ndarray
    prompt: np.ndarray
    items: tuple[tuple[int, ...], ...]
    mean: np.ndarray
    profiles: np.ndarray
    share: np.ndarray
    correct: np.ndarray
    best_possible: np.ndarray
    unique: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """The number of completions on each ballot ``[ballots]``."""
        return np.array([len(items) for items in self.items])

    @property
    def relative_distance(self) -> np.ndarray:
        """Distance to the type's own profile over the mean distance of profiles ``[ballots]``."""
        gap = np.linalg.norm(self.mean - self.profiles[self.type], axis=1)
        return gap / max(mean_pairwise_distance(self.profiles), 1e-6)

    def by_length(self) -> list[dict[str, Any]]:
        """Means over the ballots of each length, each type weighted by its share.

        Returns:
            Rows ``{"length", "ballots", "right", "best", "away"}``: ``correct``,
            ``best_possible`` and ``relative_distance``. Length 0 stands for all prompts in full.
        """
        length = np.where(self.prompt < 0, 0, self.length)
        columns = {
            "right": self.correct, "best": self.best_possible, "away": self.relative_distance,
        }  # fmt: skip
        rows = []
        for n in [*np.unique(length[length > 0]), *([0] if (length == 0).any() else [])]:
            chosen = length == n
            weight = np.zeros(len(chosen))
            for t in np.unique(self.type):
                of_type = chosen & (self.type == t)
                weight[of_type] = self.share[t] / max(of_type.sum(), 1)
            weight /= weight.sum()
            row = {"length": int(n), "ballots": int(chosen.sum())}
            rows.append(row | {name: float(weight @ values) for name, values in columns.items()})
        return rows

    def unique_pair_accuracy(self) -> float:
        """Accuracy over pairs that are unique to one type; NaN where there is none."""
        pairs = self.unique & (self.length == 2)
        return float(self.correct[pairs].mean()) if pairs.any() else float("nan")

    def indices_of_pair(self, prompt: int, better: int, worse: int) -> list[int]:
        """Indices of the ballots that rank exactly these two items."""
        return [
            i for i, items in enumerate(self.items)
            if self.prompt[i] == prompt and items == (better, worse)
        ]  # fmt: skip


def partial_ballots(run: FittedRun, seed: int = 0) -> PartialBallots:
    """Embed the parts of every type's order on each prompt, and its complete ballots.

    Raises:
        InputError: for real raters, whose complete orders are unknown.
    """
    utility = run.source.type_utilities
    if utility is None:
        raise InputError(
            "This part needs groups of which the complete order is known, as in a scenario."
        )
    catalogue = run.catalogue
    complete = [complete_ballots(catalogue, row) for row in utility]
    place = np.argsort([[i for _, order in own for i in order] for own in complete], axis=1)
    type, prompt, items = _all_parts(complete, len(catalogue.prompts), seed)
    mean = embed_orders(run, [
        complete[t] if p < 0 else [(p, part)]
        for t, p, part in zip(type, prompt, items, strict=True)
    ]).copy()  # fmt: skip
    single = np.flatnonzero([len(part) == 1 for part in items])
    item = np.array([items[i][0] for i in single])
    start = catalogue.offsets[catalogue.item_prompt[item]]
    length = np.diff(catalogue.offsets)[catalogue.item_prompt[item]]
    placed = place[type[single], item] - start
    mean[single] = run.individual.embed_single(item, placed, length).mean
    profiles, share = type_profiles(run), run.source.type_shares
    consistent = _consistent_types(catalogue, place, type, items)
    likely = np.where(consistent, share, -1.0)
    top = likely >= likely.max(axis=1, keepdims=True) - 1e-9
    return PartialBallots(
        type, prompt, items, mean, profiles, share,
        correct=nearest_profile(mean, profiles) == type,
        best_possible=top[np.arange(len(type)), type] / top.sum(axis=1),
        unique=consistent.sum(axis=1) == 1,
    )  # fmt: skip


def _all_parts(
    complete: Sequence[Sequence[Ballot]], prompts: int, seed: int
) -> tuple[np.ndarray, np.ndarray, tuple[tuple[int, ...], ...]]:
    """Type ``[ballots]``, prompt ``[ballots]`` (−1: all) and items of every part."""
    rng = np.random.default_rng(seed)
    type: list[int] = []
    prompt: list[int] = []
    items: list[tuple[int, ...]] = []
    for t, ballots in enumerate(complete):
        for p, order in ballots[:MAX_PROMPTS]:
            for part in _parts(order, rng):
                type.append(t)
                prompt.append(p)
                items.append(tuple(part))
        if prompts > 1:
            type.append(t)
            prompt.append(-1)
            items.append(tuple(i for _, order in ballots for i in order))
    return np.array(type), np.array(prompt), tuple(items)


def _parts(order: Sequence[int], rng: np.random.Generator) -> Iterator[tuple[int, ...]]:
    """The parts of an order: all of them, or some of each length. Items keep their order."""
    for n in range(1, len(order) + 1):
        if len(order) <= MAX_ENUMERATED:
            yield from combinations(order, n)
        else:
            drawn = {
                tuple(np.sort(rng.permutation(len(order))[:n]).tolist()) for _ in range(DRAWN_PARTS)
            }
            yield from (tuple(order[i] for i in places) for places in sorted(drawn))


def _consistent_types(
    catalogue: Catalogue, place: np.ndarray, type: np.ndarray, items: Sequence[tuple[int, ...]]
) -> np.ndarray:
    """Which types are consistent with each ballot, bool ``[ballots, types]``.

    Args:
        place: of each item for each type ``[types, items]``.
        type: the type of each ballot ``[ballots]``.
    """
    found = []
    for t, part in zip(type, items, strict=True):
        places = place[:, list(part)]
        if len(part) == 1:
            found.append((places == places[t]).all(axis=1))
        else:  # only neighbours of the same prompt are compared
            same_prompt = np.diff(catalogue.item_prompt[list(part)]) == 0
            found.append((np.diff(places, axis=1) > 0)[:, same_prompt].all(axis=1))
    return np.array(found)
