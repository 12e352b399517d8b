"""Context invariance: raters embedded by different prompts, with and without a completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.diagnostics.clusters import evenly_spaced, mean_pairwise_distance, nearest_profile
from scrl.diagnostics.queries import type_profiles
from scrl.raters.fitted_run import FittedRun
from scrl.types import InputError, Ratings

#: Most prompts compared.
MAX_PROMPTS = 8
#: An item counts as always ranked from this share of ballots.
_ALWAYS_RANKED = 0.999


@dataclass(frozen=True, eq=False)
class PromptEmbeddings:
    """Raters embedded by their ballots on one prompt alone.

    Attributes:
        rater, prompt, type: of each embedding ``[embeddings]``; type -1 is unknown.
        mean: ``[embeddings, latent]``.
        profiles: of the types ``[types, latent]``.
        within: mean distance of two embeddings of one rater.
        between: mean distance of the types' profiles.
        accuracy: prompt -> share of the embeddings nearest to their own type's profile.
    """

    rater: np.ndarray
    prompt: np.ndarray
    type: np.ndarray
    mean: np.ndarray
    profiles: np.ndarray
    within: float
    between: float
    accuracy: dict[int, float]

    @property
    def ratio(self) -> float:
        """``between`` over ``within``; 0 where the types' profiles coincide."""
        return self.between / max(self.within, 1e-6) if self.between > 1e-6 else 0.0


def embed_by_prompt(run: FittedRun) -> PromptEmbeddings:
    """Embed up to ``clusters.MAX_POINTS`` raters by each of their prompts alone.

    Raises:
        InputError: where no rater answers two prompts.
    """
    ratings, prompts = run.resolved, range(min(len(run.catalogue.prompts), MAX_PROMPTS))
    chosen = np.zeros(len(ratings.raters), bool)
    chosen[run.embedded_raters[evenly_spaced(len(run.embedded_raters))]] = True
    found = []
    for p in prompts:
        ballots = chosen[ratings.ballot_rater] & (ratings.ballot_prompt == p) & (ratings.sizes >= 2)
        if ballots.any():
            rater, posterior = run.individual.embed(ratings.select(ballots))
            found.append((rater, np.full(len(rater), p), np.asarray(posterior.mean)))
    if len(found) < 2:
        raise InputError("This needs raters who answer two prompts; these answer one.")
    rater, prompt, mean = (np.concatenate(part) for part in zip(*found, strict=True))
    types = ratings.rater_type
    type = np.full(len(rater), -1) if types is None else types[rater]
    profiles = type_profiles(run)
    accuracy = {}
    if len(profiles):
        correct = nearest_profile(mean, profiles) == type
        accuracy = {int(p): float(correct[prompt == p].mean()) for p in np.unique(prompt)}
    return PromptEmbeddings(
        rater, prompt, type, mean, profiles, _within_raters(rater, mean),
        mean_pairwise_distance(profiles), accuracy,
    )  # fmt: skip


def _within_raters(rater: np.ndarray, mean: np.ndarray) -> float:
    """Mean over raters of the mean distance of their embeddings."""
    order = np.argsort(rater, kind="stable")
    distances = [
        mean_pairwise_distance(own)
        for own in np.split(mean[order], np.flatnonzero(np.diff(rater[order])) + 1)
        if len(own) > 1
    ]
    return float(np.mean(distances)) if distances else 0.0


@dataclass(frozen=True, eq=False)
class OmissionComparison:
    """Raters with and without an item on their ballot.

    Attributes:
        item: the item.
        rows: positions in ``FittedRun.embedded_raters`` of the raters compared ``[raters]``.
        ranked: whether each ranked the item ``[raters]``.
        by_type: for each type a row: ``"with"`` and ``"without"`` are numbers of raters,
            ``"distance"`` is that of the two groups' centroids, ``"share"`` divides it by
            ``between``, ``"right with"`` and ``"right without"`` are the shares of each group that
            are nearest to the type's profile; None where a group is empty.
        between: mean distance of the types' profiles.
    """

    item: int
    rows: np.ndarray
    ranked: np.ndarray
    by_type: list[dict[str, Any]]
    between: float


def most_omitted_item(ratings: Ratings) -> int | None:
    """The item that the largest share of ballots on its prompt omits; None where none is."""
    catalogue = ratings.catalogue
    ballots = np.bincount(ratings.ballot_prompt, minlength=len(catalogue.prompts))
    ranked = np.bincount(ratings.item, minlength=catalogue.items)
    share = ranked / np.maximum(ballots[catalogue.item_prompt], 1)
    item = int(np.argmin(share))
    return None if share[item] > _ALWAYS_RANKED else item


def compare_omission(run: FittedRun, item: int | None = None) -> OmissionComparison:
    """Compare raters of each type who ranked an item with those who omitted it.

    Args:
        item: by default the one omitted most.

    Raises:
        InputError: where every ballot ranks everything.
    """
    ratings = run.ratings
    item = most_omitted_item(ratings) if item is None else item
    if item is None:
        raise InputError("Every ballot of this run ranks every answer, so nothing is left out.")
    prompt = run.catalogue.item_prompt[item]
    answered, ranked = np.zeros((2, len(ratings.raters)), bool)
    answered[ratings.ballot_rater[ratings.ballot_prompt == prompt]] = True
    ranked[ratings.ballot_rater[ratings.entry_ballot[ratings.item == item]]] = True
    rows = np.flatnonzero(answered[run.embedded_raters])
    ranked = ranked[run.embedded_raters[rows]]
    mean, types = np.asarray(run.posterior.mean)[rows], run.rater_types[rows]
    profiles = type_profiles(run)
    between = mean_pairwise_distance(profiles)
    correct = np.zeros(len(rows), bool)
    if len(profiles):
        correct = nearest_profile(mean, profiles) == types
    by_type = [
        _omission_row(int(t), types == t, ranked, mean, correct, between) for t in np.unique(types)
    ]
    return OmissionComparison(item, rows, ranked, by_type, between)


def _omission_row(
    type: int,
    member: np.ndarray,
    ranked: np.ndarray,
    mean: np.ndarray,
    correct: np.ndarray,
    between: float,
) -> dict[str, Any]:
    """A row of ``OmissionComparison.by_type``."""
    groups = [member & (ranked == with_it) for with_it in (True, False)]
    centres: list[Any] = [mean[group].mean(axis=0) if group.any() else None for group in groups]
    both = all(group.any() for group in groups)
    distance = float(np.linalg.norm(centres[0] - centres[1])) if both else None
    right = [float(correct[group].mean()) if group.any() else None for group in groups]
    return {
        "type": type, "with": int(groups[0].sum()), "without": int(groups[1].sum()),
        "distance": distance,
        "share": distance / between if distance is not None and between else None,
        "right with": right[0], "right without": right[1],
    }  # fmt: skip
