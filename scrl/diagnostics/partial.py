"""How much of a ballot is enough? Each type's ballots in part, from one completion to all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scrl.diagnostics.clusters import apart, nearest
from scrl.diagnostics.probe import profiles, read, type_shares, utilities, whole_ballots
from scrl.raters.fitted_run import FittedRun
from scrl.types import InputError

#: Of prompts with more completions, so many sub-ballots of each length are drawn, not all.
EVERY, DRAWN = 6, 12
#: Prompts looked at one by one.
MOST_PROMPTS = 4


@dataclass(frozen=True, eq=False)
class Partial:
    """Sub-ballots of every type's complete orders, and where the model puts them.

    Attributes:
        kind: whose order it is ``[ballots]``; prompt: of the ballot, −1 where all prompts are
            answered whole ``[ballots]``.
        items: of each ballot, best first. A single one is told with its absolute place.
        mean: ``[ballots, latent]``; profiles: of the types ``[types, latent]``; share: of the
            types ``[types]``.
        right: whether the nearest profile is the type's own ``[ballots]``.
        best: how often the likeliest of the types that would cast it is the right one
            ``[ballots]``: what perfect knowledge of the types would reach.
        alone: whether no other type would cast it ``[ballots]``.
    """

    kind: np.ndarray
    prompt: np.ndarray
    items: tuple[tuple[int, ...], ...]
    mean: np.ndarray
    profiles: np.ndarray
    share: np.ndarray
    right: np.ndarray
    best: np.ndarray
    alone: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """How many completions each ranks ``[ballots]``."""
        return np.array([len(items) for items in self.items])

    @property
    def away(self) -> np.ndarray:
        """Distance to the type's own profile, as a share of that between types ``[ballots]``."""
        gap = np.linalg.norm(self.mean - self.profiles[self.kind], axis=1)
        return gap / max(apart(self.profiles), 1e-6)

    def by_length(self) -> list[dict]:
        """For each length: ``length``, ``ballots``, ``right``, ``best`` and ``away``, averaged with
        each type counted by its share; length 0 stands for all prompts answered whole."""
        length = np.where(self.prompt < 0, 0, self.length)
        rows = []
        for n in [*np.unique(length[length > 0]), *([0] if (length == 0).any() else [])]:
            mine = length == n
            weight = np.zeros(len(mine))
            for k in np.unique(self.kind):
                these = mine & (self.kind == k)
                weight[these] = self.share[k] / max(these.sum(), 1)
            weight /= weight.sum()
            row = {"length": int(n), "ballots": int(mine.sum())}
            row |= {name: float(weight @ getattr(self, name)) for name in ("right", "best", "away")}
            rows.append(row)
        return rows

    def enough(self) -> float:
        """Of the pairs that one type alone holds, the share after which the model names it; NaN
        where there is no such pair."""
        pairs = self.alone & (self.length == 2)
        return float(self.right[pairs].mean()) if pairs.any() else float("nan")

    def pair(self, prompt: int, better: int, worse: int) -> list[int]:
        """The sub-ballots that say just this of two items."""
        return [
            i for i, items in enumerate(self.items)
            if self.prompt[i] == prompt and items == (better, worse)
        ]  # fmt: skip


def _parts(order: list[int], rng: np.random.Generator):
    for n in range(1, len(order) + 1):
        if len(order) <= EVERY:
            yield from combinations(order, n)
        else:
            drawn = {tuple(np.sort(rng.permutation(len(order))[:n]).tolist()) for _ in range(DRAWN)}
            yield from (tuple(order[i] for i in places) for places in sorted(drawn))


def partial_ballots(learnt: FittedRun, seed: int = 0) -> Partial:
    """Every sub-ballot of every type's order on each prompt, one prompt at a time, and the whole.

    Raises:
        InputError: for real raters, whose complete orders nobody knows.
    """
    known = utilities(learnt)
    if known is None:
        raise InputError("Parts of a ballot need types with complete orders, as a scenario states.")
    catalogue, rng = learnt.catalogue, np.random.default_rng(seed)
    whole = [whole_ballots(catalogue, row) for row in known]
    place = np.argsort([[i for _, order in mine for i in order] for mine in whole], axis=1)
    kind, prompt, items, most = [], [], [], len(catalogue.prompts)
    for k, mine in enumerate(whole):
        for p, order in mine[:MOST_PROMPTS]:
            for part in _parts(order, rng):
                kind.append(k), prompt.append(p), items.append(part)
        if most > 1:
            kind.append(k), prompt.append(-1)
            items.append(tuple(i for _, order in mine for i in order))
    kind, prompt = np.array(kind), np.array(prompt)
    mean = read(learnt, [
        whole[k] if p < 0 else [(p, part)] for k, p, part in zip(kind, prompt, items, strict=True)
    ])  # fmt: skip
    lone = np.flatnonzero([len(part) == 1 for part in items])
    item = np.array([items[i][0] for i in lone])
    start = catalogue.offsets[catalogue.item_prompt[item]]
    length = np.diff(catalogue.offsets)[catalogue.item_prompt[item]]
    mean = mean.copy()
    mean[lone] = learnt.individual.embed_single(item, place[kind[lone], item] - start, length).mean
    own, share = profiles(learnt), type_shares(learnt)
    able = np.array([
        (place[:, list(part)] == place[k, list(part)]).all(1) if len(part) == 1
        else (np.diff(place[:, list(part)], axis=1) > 0)[:, _within(catalogue, part)].all(1)
        for k, part in zip(kind, items, strict=True)
    ])  # fmt: skip
    likely = np.where(able, share, -1.0)
    top = likely >= likely.max(axis=1, keepdims=True) - 1e-9
    rows = np.arange(len(kind))
    return Partial(
        kind, prompt, tuple(items), mean, own, share,
        right=nearest(mean, own) == kind,
        best=top[rows, kind] / top.sum(axis=1),
        alone=able.sum(axis=1) == 1,
    )  # fmt: skip


def _within(catalogue, part) -> np.ndarray:
    """Which neighbours on a list of items are of one prompt."""
    return np.diff(catalogue.item_prompt[list(part)]) == 0
