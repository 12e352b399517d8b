"""Queries of a fitted run: embed given orders, profiles of the rater types, rewards of latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.diagnostics.clusters import centroids
from scrl.raters.fitted_run import FittedRun
from scrl.types import Catalogue, Ratings

#: A rater's ballot: the prompt's number, and catalogue items, best first.
Ballot = tuple[int, Sequence[int]]


def orders_to_ratings(catalogue: Catalogue, raters: Sequence[Sequence[Ballot]]) -> Ratings:
    """Ratings of raters with these ballots, each a strict order of its items."""
    ballots = [(r, prompt, items) for r, given in enumerate(raters) for prompt, items in given]
    sizes = [len(items) for _, _, items in ballots]
    items = np.array([i for _, _, ranked in ballots for i in ranked], int)
    return Ratings(
        catalogue,
        tuple(map(str, range(len(raters)))),
        np.array([r for r, _, _ in ballots], int),
        np.array([prompt for _, prompt, _ in ballots], int),
        np.ones(len(ballots)),
        np.concatenate([[0], np.cumsum(sizes)]),
        catalogue.members[items],
        np.array([place for size in sizes for place in range(size)], int),
    )


def embed_orders(run: FittedRun, raters: Sequence[Sequence[Ballot]]) -> np.ndarray:
    """Posterior means of raters with these ballots ``[raters, latent]``.

    A rater who ranks no two completions is at the mean of the population.
    """
    ratings = orders_to_ratings(run.catalogue, raters)
    return np.asarray(run.individual.embed(ratings, include_empty=True).posterior.mean)


def rewards_at(run: FittedRun, latent: np.ndarray) -> np.ndarray:
    """Rewards in log-odds: ``[draws, latent] -> [draws, items]``."""
    return run.individual.rewards(latent)


def type_names(run: FittedRun) -> tuple[str, ...]:
    """Names of the rater types; empty where none is known."""
    return tuple(run.ratings.types) if run.ratings.rater_type is not None else ()


def complete_ballots(catalogue: Catalogue, utility: np.ndarray) -> list[Ballot]:
    """One ballot a prompt that ranks all its items by ``utility [items]``, ties in listed order."""
    found = []
    for p, (start, stop) in enumerate(
        zip(catalogue.offsets[:-1], catalogue.offsets[1:], strict=True)
    ):
        found.append((p, (start + np.argsort(-utility[start:stop], kind="stable")).tolist()))
    return found


def type_profiles(run: FittedRun) -> np.ndarray:
    """The posterior mean of each type ``[types, latent]``.

    For a scenario's type it is that of a rater who ranks all items. For a group of real raters it
    is the centroid of its embedded raters, or of all raters where none of the group is embedded.
    """
    utility = run.source.type_utilities
    if utility is not None:
        return embed_orders(run, [complete_ballots(run.catalogue, row) for row in utility])
    mean = np.asarray(run.posterior.mean)
    found = np.tile(mean.mean(axis=0), (len(type_names(run)), 1))
    types, centres = centroids(mean, run.rater_types)
    found[types] = centres
    return found
