"""Maps of a latent space as plain groups of points, for ``figures.latent_points``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scrl.diagnostics.ballot_parts import PartialBallots
from scrl.diagnostics.ballot_posterior import Atoms, PlacedRater
from scrl.diagnostics.clusters import (
    MAX_POINTS,
    STRUCTURE_THRESHOLD,
    centroids,
    evenly_spaced,
    nearest_profile,
    pairwise_distances,
    separation,
    silhouette,
)
from scrl.diagnostics.context_invariance import OmissionComparison, PromptEmbeddings
from scrl.diagnostics.population_summary import raters_vary
from scrl.diagnostics.projections import Plane, kernel_density, layout, mixture_density
from scrl.diagnostics.queries import type_names, type_profiles
from scrl.figures.raters import direction_titles
from scrl.raters.fitted_run import FittedRun

#: Most simulated voters on a map; points along a side of the density's grid.
MAX_VOTERS, GRID = 300, 90
#: Standard deviation by which points in space are moved, relative to the map's width.
SCATTER = 0.012
#: Most points of a group where raters of a type vary.
MAX_POSSIBLE = 600
#: Posterior mass of a credible region.
CREDIBLE_MASS = 0.9
#: Voters stand where no rater does if they are farther from every rater than this share of the
#: raters is from the next one, and farther than this part of the raters' standard deviation.
_FAR_QUANTILE, _LEAST_FAR = 0.99, 0.1


def _points(run: FittedRun, drawn: bool) -> np.ndarray:
    """For each embedded rater a posterior draw (of a fixed seed), or its posterior mean."""
    if not drawn:
        return np.asarray(run.posterior.mean)
    draws = run.individual.draw_latents(run.resolved, np.random.default_rng(0))
    return _settled(run, draws, run.density.component_of(draws))


def _settled(run: FittedRun, latent: np.ndarray, component: np.ndarray) -> np.ndarray:
    """Latents, or the mean of their component where raters of a type do not vary.

    The density then has a least width, which means nothing.
    """
    return latent if raters_vary(run) else run.density.mean[component]


def _scattered(points: np.ndarray) -> np.ndarray:
    """Points in space, moved a little so that those at one place can be told apart."""
    noise = np.random.default_rng(0).normal(size=points.shape)
    return points + SCATTER * max(np.ptp(points, axis=0).max(initial=0.0), 1e-3) * noise


def _plane(run: FittedRun, dimensions: int = 2) -> Plane:
    return Plane.of(np.asarray(run.posterior.mean), dimensions)


def _axis_titles(plane: Plane) -> list[str]:
    return direction_titles(plane.explained.tolist())


def _by_type(
    points: np.ndarray, type: np.ndarray, names: Sequence[str], **style: Any
) -> list[dict]:
    """One group of points for each type."""
    return [
        {"name": names[t] if t >= 0 else "raters", "points": points[type == t], "type": int(t),
         **style}
        for t in np.unique(type)
    ]  # fmt: skip


def _label_positions(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a label above and below points ``[points, 2 or 3]``.

    The half of the points nearest to their median counts, since a type may lie at several places.
    """
    distance = np.linalg.norm(points - np.median(points, axis=0), axis=1)
    near = points[distance <= np.median(distance)]
    above = near.mean(axis=0)
    below = above.copy()
    above[1], below[1] = np.quantile(near[:, 1], [0.97, 0.03])
    return above, below


def _profile_labels(run: FittedRun, plane: Plane, profiles: np.ndarray) -> list[tuple]:
    at = plane.project(profiles)
    return list(zip(type_names(run), at, at, strict=True))


def item_names(run: FittedRun, items: Sequence[int], sign: str = " ≻ ") -> str:
    """Names of items in order."""
    catalogue = run.catalogue
    return sign.join(catalogue.completions[catalogue.members[i]] for i in items)


# -- clusters -------------------------------------------------------------------------------------


def cluster_map(run: FittedRun, method: str, dimensions: int, drawn: bool) -> dict:
    """Raters by type, simulated voters and the density.

    Args:
        method: of ``projections.LAYOUTS``.
        dimensions: 2 or 3.
        drawn: whether raters are posterior draws, else posterior means.

    Returns:
        ``raters`` and ``voters`` (groups), ``labels``, ``density`` (None in space, and where
        raters of a type do not vary), ``axes``, ``count``.
    """
    # t-SNE of half as many points takes a third of the time and separates clusters as well.
    thinning = 2 if method == "t-SNE" else 1
    rows = evenly_spaced(len(run.embedded_raters), MAX_POINTS // thinning)
    names, type = type_names(run), run.rater_types[rows]
    raters = _points(run, drawn)[rows]
    shown = evenly_spaced(len(run.latents), MAX_VOTERS // thinning)
    component = run.density.voter_components(len(run.latents))[shown]
    voters = _settled(run, run.latents[shown], component)
    plane = _plane(run, dimensions)
    if method == "PCA":
        at, voters, axes = plane.project(raters), plane.project(voters), _axis_titles(plane)
    else:  # these methods cannot place new points, so both are laid out together
        both = layout(np.concatenate([raters, voters]), method, dimensions)
        at, voters = both[: len(raters)], both[len(raters) :]
        axes = [f"{method}, direction {i + 1}" for i in range(dimensions)]
    contours = dimensions == 2 and (method != "PCA" or raters_vary(run))
    density = _density_grid(run, plane, at, voters, method) if contours else None
    if dimensions == 3:
        at, voters = _scattered(at), _scattered(voters)
    return {
        "raters": _by_type(at, type, names, packed="raters"),
        "voters": {"name": "simulated voters", "points": voters, "symbol": 7, "size": 5,
                   "opacity": 0.5, "packed": "voters"},
        "labels": [(names[t], *_label_positions(at[type == t])) for t in centroids(at, type)[0]],
        "density": density, "axes": axes, "count": len(raters),
    }  # fmt: skip


def _density_grid(
    run: FittedRun, plane: Plane, raters: np.ndarray, voters: np.ndarray, method: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid ``x``, ``y`` and the density on it ``[y, x]``: exact for PCA, else of the voters."""
    points = np.concatenate([raters, voters])
    low, high = points.min(axis=0), points.max(axis=0)
    pad = 0.1 * np.maximum(high - low, 1e-2)
    x, y = (np.linspace(a, b, GRID) for a, b in zip(low - pad, high + pad, strict=True))
    if method != "PCA":
        return x, y, kernel_density(voters, x, y)
    weight = run.density.share.sum(axis=1)
    return x, y, mixture_density(plane, weight, run.density.mean, run.density.covariance, x, y)


def cluster_numbers(run: FittedRun) -> dict:
    """Separation of the types.

    Posterior draws decide whether types form clusters. Without noise all raters of a type cast one
    ballot and have one posterior, so that their means coincide however wide it is. Draws form
    clusters only where posteriors are narrow compared with the distance between types.

    Returns:
        ``types``; ``stray``: share of simulated voters who stand where no rater does; ``rows``: of
        draws and of means ``{"raters as", "silhouette", "between",
        "within", "ratio", "nearest profile is own"}``; ``by_type``: the silhouette of each type's
        draws and means; ``together``: whether draws form clusters by type.
    """
    names, type = type_names(run), run.rater_types
    if not names or not (type >= 0).any():
        return {"types": names, "rows": [], "by_type": [], "together": False, "stray": 0.0}
    sample, profiles = evenly_spaced(len(type)), type_profiles(run)
    rows: list[dict[str, Any]] = []
    by_type: list[dict[str, Any]] = []
    for what, drawn in (("draws", True), ("means", False)):
        points = _points(run, drawn)
        score = silhouette(points[sample], type[sample])
        correct = nearest_profile(points, profiles) == type
        rows.append({
            "raters as": what, "silhouette": float(score.mean()), **separation(points, type),
            "nearest profile is own": float(correct[type >= 0].mean()),
        })  # fmt: skip
        for t in np.unique(type[sample]):
            if t >= 0:
                mean = float(score[type[sample] == t].mean())
                by_type.append({"raters as": f"{what}, {names[t]}", "silhouette": mean})
    together = rows[0]["silhouette"] > STRUCTURE_THRESHOLD
    return {"types": names, "rows": rows, "by_type": by_type, "together": together,
            "stray": stray_share(run)}  # fmt: skip


def stray_share(run: FittedRun) -> float:
    """The share of simulated voters who stand where no rater does.

    Raters are posterior draws. A voter stands where no rater does if the nearest rater is farther
    than 99 % of raters are from their nearest other one.
    """
    points = _points(run, True)
    raters = points[evenly_spaced(len(points))]
    shown = evenly_spaced(len(run.latents), MAX_VOTERS)
    component = run.density.voter_components(len(run.latents))[shown]
    voters = _settled(run, run.latents[shown], component)
    if len(raters) < 2:
        return 0.0
    among = pairwise_distances(raters, raters)
    np.fill_diagonal(among, np.inf)
    least = _LEAST_FAR * float(np.sqrt(points.var(axis=0).sum()))
    far = max(float(np.quantile(among.min(axis=1), _FAR_QUANTILE)), least)
    return float((pairwise_distances(voters, raters).min(axis=1) > far).mean())


# -- embeddings of parts --------------------------------------------------------------------------


def prompt_embedding_map(run: FittedRun, found: PromptEmbeddings) -> dict:
    """The embeddings by type and prompt: ``groups``, ``labels``, ``axes``."""
    plane, names, prompts = _plane(run), type_names(run), run.catalogue.prompts
    at, groups = plane.project(found.mean), []
    for i, p in enumerate(np.unique(found.prompt)):
        for t in np.unique(found.type):
            chosen = (found.prompt == p) & (found.type == t)
            if chosen.any():
                name = names[t] if t >= 0 else "raters"
                groups.append({
                    "name": f"{name}, {prompts[p]}", "points": at[chosen], "type": int(t),
                    "symbol": i, "hollow": i % 2 == 1, "packed": "raters",
                })  # fmt: skip
    return {"groups": groups, "labels": _profile_labels(run, plane, found.profiles),
            "axes": _axis_titles(plane)}  # fmt: skip


def partial_ballot_map(run: FittedRun, found: PartialBallots, type: int) -> dict:
    """One type's partial ballots by length, and every type's profile."""
    plane, names = _plane(run), type_names(run)
    at, prompts, groups = plane.project(found.mean), run.catalogue.prompts, []
    for t, profile in enumerate(plane.project(found.profiles)):
        groups.append({"name": names[t], "points": profile[None], "type": t, "size": 18,
                       "hollow": True, "unlisted": True,
                       "text": [f"{names[t]}, everything"]})  # fmt: skip
    chosen = (found.type == type) & (found.prompt >= 0)
    for n in np.unique(found.length[chosen]):
        rows = np.flatnonzero(chosen & (found.length == n))
        texts = [f"{prompts[found.prompt[i]]}: {_ballot_text(run, found.items[i])}" for i in rows]
        groups.append({
            "name": f"{n} ranked", "points": at[rows], "type": type, "size": 4 + 2.2 * n,
            "opacity": 0.75, "text": texts,
        })  # fmt: skip
    return {"groups": groups, "labels": _profile_labels(run, plane, found.profiles),
            "axes": _axis_titles(plane)}  # fmt: skip


def _ballot_text(run: FittedRun, items: Sequence[int]) -> str:
    return item_names(run, items) + (", and its place" if len(items) == 1 else "")


def unique_pair_sentence(run: FittedRun, found: PartialBallots) -> str:
    """A sentence on whether a pair held by one type only embeds a rater nearest to that type.

    The pair is the blog post's Memphis ≻ Knoxville where it is unique to a type, else the first
    such pair. Empty without one.
    """
    pairs = np.flatnonzero(found.unique & (found.length == 2) & (found.prompt == 0))
    if not len(pairs):
        return ""
    post = [i for i in pairs if item_names(run, found.items[i]) == "Memphis ≻ Knoxville"]
    i = (post or list(pairs))[0]
    verdict = "is enough" if found.correct[i] else "is not enough"
    return (
        f"For example, {item_names(run, found.items[i])} {verdict}: the model then puts the rater "
        f"{found.relative_distance[i]:.0%} of the distance between groups away from "
        f"{type_names(run)[found.type[i]]}."
    )


def omission_map(run: FittedRun, found: OmissionComparison) -> dict:
    """Raters who ranked the item (full markers) and who omitted it (open markers)."""
    plane, names = _plane(run), type_names(run)
    item = item_names(run, [found.item])
    points = plane.project(np.asarray(run.posterior.mean)[found.rows])
    type = run.rater_types[found.rows]
    groups = []
    for ranked in (False, True):
        rows = np.flatnonzero(found.ranked == ranked)
        rows = rows[evenly_spaced(len(rows))]
        word = "with" if ranked else "without"
        for group in _by_type(points[rows], type[rows], names, hollow=not ranked, packed="raters"):
            groups.append({**group, "name": f"{group['name']}, {word} {item}", "unlisted": True})
    return {"groups": groups, "labels": _profile_labels(run, plane, type_profiles(run)),
            "axes": _axis_titles(plane)}  # fmt: skip


# -- the posterior given a ballot -----------------------------------------------------------------


def atoms_map(run: FittedRun, atoms: Atoms) -> dict:
    """The density's atoms.

    Returns:
        ``points`` of the atoms; ``shown``, whether each is marked; ``near``, the nearest type of
        each (None without types); ``types`` and their ``profiles``; ``labels``; ``axes``; and the
        ``plane`` of the map.
    """
    plane, profiles = _plane(run), type_profiles(run)
    component = np.repeat(np.arange(run.density.components), run.density.atoms.shape[1])
    at = plane.project(_settled(run, atoms.latent, component))
    shown = atoms.share > 1e-3 / len(atoms.share)
    if atoms.model is not None:  # many lie anywhere
        shown &= np.isin(np.arange(len(shown)), evenly_spaced(len(shown), MAX_POSSIBLE))
    near = pairwise_distances(atoms.latent, profiles).argmin(axis=1) if len(profiles) else None
    names, labels = type_names(run), []
    for t, name in enumerate(names):
        points = at[shown & (near == t)]
        if not len(points):
            points = plane.project(profiles)[t : t + 1]
        labels.append((name, *_label_positions(points)))
    return {"points": at, "shown": shown, "near": near, "types": names, "profiles": profiles,
            "labels": labels, "axes": _axis_titles(plane), "plane": plane}  # fmt: skip


def credible_region(drawing: dict, placed: PlacedRater, mass: float = CREDIBLE_MASS) -> list[dict]:
    """The smallest set of points that holds ``mass`` of a posterior, and the atoms outside.

    Args:
        drawing: from ``atoms_map``.
        placed: the posterior.

    Returns:
        Two groups: the atoms outside of the set, then the points inside.
    """
    inside, outside = placed.densest(mass), drawing["shown"].copy()
    if placed.drawn:
        inside = inside[evenly_spaced(len(inside), MAX_POSSIBLE)]
        points = drawing["plane"].project(placed.points.latent[inside])
    else:
        outside[inside] = False
        points = drawing["points"][inside]
    texts = [f"{share:.1%}" for share in placed.points.share[inside]]
    return [
        {"name": "possible", "points": drawing["points"][outside], "symbol": 0, "size": 4,
         "opacity": 0.35, "packed": "atoms"},
        {"name": "where you may be", "points": points, "type": 4, "symbol": 0, "size": 7,
         "text": texts, "packed": "atoms", "inside": True},
    ]  # fmt: skip


def type_probabilities(drawing: dict, placed: PlacedRater) -> dict[str, float]:
    """Posterior mass of the points nearest to each type's profile; empty without types.

    Args:
        drawing: from ``atoms_map``.
        placed: the posterior.
    """
    near = drawing["near"]
    if near is None:
        return {}
    if placed.drawn:
        near = pairwise_distances(placed.points.latent, drawing["profiles"]).argmin(axis=1)
    total = np.bincount(near, placed.points.share, minlength=len(drawing["types"]))
    return dict(zip(drawing["types"], total.tolist(), strict=True))
