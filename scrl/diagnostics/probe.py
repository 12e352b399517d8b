"""Questions put to a learnt model: read ballots written down as lists, and types' whole ballots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.data.batches import padded_size
from scrl.diagnostics.clusters import centroids
from scrl.raters.fitted_run import FittedRun
from scrl.types import Catalogue, Ratings

#: A rater's ballots: prompt (its number) and catalogue items, best first.
Ballot = tuple[int, Sequence[int]]


def ratings_of(catalogue: Catalogue, raters: Sequence[Sequence[Ballot]]) -> Ratings:
    """Raters with these ballots; each ranks items strictly, best first."""
    ballots = [(r, prompt, items) for r, mine in enumerate(raters) for prompt, items in mine]
    sizes = [len(items) for _, _, items in ballots]
    items = np.array([i for _, _, mine in ballots for i in mine], int)
    return Ratings(
        catalogue,
        tuple(map(str, range(len(raters)))),
        [r for r, _, _ in ballots],
        [prompt for _, prompt, _ in ballots],
        np.ones(len(ballots)),
        np.concatenate([[0], np.cumsum(sizes)]),
        catalogue.members[items],
        np.array([place for size in sizes for place in range(size)], int),
    )


def read(learnt: FittedRun, raters: Sequence[Sequence[Ballot]]) -> np.ndarray:
    """Where the model puts raters with these ballots: posterior means ``[raters, latent]``. Those
    who rank no two completions are read as silent."""
    _, posterior = learnt.individual.embed(ratings_of(learnt.catalogue, raters), include_empty=True)
    return np.asarray(posterior.mean)


def rewards_of(learnt: FittedRun, latent: np.ndarray) -> np.ndarray:
    """``[draws, latent] -> [draws, items]``, log-odds, in few sizes of program."""
    padded = np.pad(latent, ((0, padded_size(max(len(latent), 64)) - len(latent)), (0, 0)))
    return learnt.individual.rewards(padded.astype(np.float32))[: len(latent)]


def type_names(learnt: FittedRun) -> tuple[str, ...]:
    """Names of the kinds of rater; empty where none is known."""
    return tuple(learnt.ratings.types) if learnt.ratings.rater_type is not None else ()


def type_shares(learnt: FittedRun) -> np.ndarray:
    """Of each type ``[types]``, adding up to 1."""
    return learnt.source.type_shares


def kinds(learnt: FittedRun) -> tuple[np.ndarray, str]:
    """The kind of each rater that was read ``[read]``, −1 where it is unknown, and by what kinds
    are told apart: ``"type"`` where two types or more are known, else ``"component"`` of the
    density, those that explain each other's ballots being one."""
    if len(np.unique(learnt.rater_types[learnt.rater_types >= 0])) > 1:
        return learnt.rater_types, "type"
    component = learnt.density.membership(np.asarray(learnt.posterior.mean)).argmax(axis=1)
    return learnt.imputation.clusters[component], "component"


def utilities(learnt: FittedRun) -> np.ndarray | None:
    """What each type thinks of each item ``[types, items]``; None for real raters."""
    return learnt.source.type_utilities


def whole_ballots(catalogue: Catalogue, utility: np.ndarray) -> list[Ballot]:
    """One ballot a prompt that ranks every item by ``utility [items]``; equal ones as listed."""
    found = []
    for p, (start, stop) in enumerate(
        zip(catalogue.offsets[:-1], catalogue.offsets[1:], strict=True)
    ):
        found.append((p, (start + np.argsort(-utility[start:stop], kind="stable")).tolist()))
    return found


def profiles(learnt: FittedRun) -> np.ndarray:
    """Where the model puts each type ``[types, latent]``: a rater of it who ranks everything; of
    real raters, the middle of those of the group (of a group none of whom was read, that of all).
    """
    known = utilities(learnt)
    if known is not None:
        return read(learnt, [whole_ballots(learnt.catalogue, row) for row in known])
    mean = np.asarray(learnt.posterior.mean)
    found = np.tile(mean.mean(axis=0), (len(type_names(learnt)), 1))
    kinds, middles = centroids(mean, learnt.rater_types)
    found[kinds] = middles
    return found
