"""What the maps of a latent space show, as plain groups of points for ``figures.latent_points``."""

from __future__ import annotations

import numpy as np

from scrl.diagnostics import clusters
from scrl.diagnostics.clusters import centroids, nearest, separation, silhouette, some
from scrl.diagnostics.compare import Contexts, LeftOut
from scrl.diagnostics.partial import Partial
from scrl.diagnostics.probe import profiles, type_names
from scrl.diagnostics.units import Plane
from scrl.diagnostics.whereami import Atoms
from scrl.raters.fitted_run import FittedRun

#: Voters drawn over the raters; points a side of the grid that contours are found on.
VOTERS, GRID = 300, 90
WORDS = ("first", "second", "third")


def _points(learnt: FittedRun, drawn: bool) -> np.ndarray:
    """Of each rater that was read: one draw from its posterior (always the same), or its mean."""
    if not drawn:
        return np.asarray(learnt.posterior.mean)
    return np.asarray(learnt.posterior.draw(np.random.default_rng(0)))


def _plane(learnt: FittedRun, dimensions: int = 2) -> Plane:
    return Plane.of(np.asarray(learnt.posterior.mean), dimensions)


def _titles(plane: Plane) -> list[str]:
    return [
        f"{word} principal component · {share:.0%} of the variance"
        for word, share in zip(WORDS, plane.explained, strict=False)
    ]


def _by_kind(points, kind, types, **more) -> list[dict]:
    return [
        {"name": types[k] if k >= 0 else "raters", "points": points[kind == k], "type": int(k),
         **more}
        for k in np.unique(kind)
    ]  # fmt: skip


def cluster_map(learnt: FittedRun, method: str, dimensions: int, drawn: bool) -> dict:
    """Raters by type, simulated voters and the density: ``raters`` and ``voters`` (groups),
    ``labels``, ``density``, ``axes``, ``count``."""
    # t-SNE of half as many takes a third of the time, and parts clusters no worse.
    few = 2 if method == "t-SNE" else 1
    shown, types = some(len(learnt.embedded_raters), clusters.MOST // few), type_names(learnt)
    raters, kind = _points(learnt, drawn)[shown], learnt.rater_types[shown]
    voters = learnt.latents[some(len(learnt.latents), VOTERS // few)]
    if method == "PCA":
        plane = _plane(learnt, dimensions)
        at, voters, axes = plane.at(raters), plane.at(voters), _titles(plane)
    else:  # neither knows new points, so both are laid out together
        both = clusters.layout(np.concatenate([raters, voters]), method, dimensions)
        at, voters = both[: len(raters)], both[len(raters) :]
        axes = [f"{method} {word}" for word in WORDS[:dimensions]]
    density = None
    if dimensions == 2:
        every = np.concatenate([at, voters])
        low, high = every.min(axis=0), every.max(axis=0)
        pad = 0.1 * np.maximum(high - low, 1e-2)
        x, y = (np.linspace(a, b, GRID) for a, b in zip(low - pad, high + pad, strict=True))
        if method == "PCA":
            d = learnt.density
            weight = d.share.sum(axis=1)
            z = clusters.mixture_on(plane, weight, d.mean, d.covariance, x, y)
        else:
            z = clusters.kernel_on(voters, x, y)
        density = (x, y, z)
    kinds, _ = centroids(at, kind)
    return {
        "raters": _by_kind(at, kind, types),
        "voters": {"name": "simulated voters", "points": voters, "symbol": 7, "size": 5,
                   "opacity": 0.5},
        "labels": [(types[k], *_ends(at[kind == k])) for k in kinds],
        "density": density, "axes": axes, "count": len(raters),
    }  # fmt: skip


def cluster_numbers(learnt: FittedRun) -> dict:
    """``types``; ``rows``: of draws and of means ``{"raters as", "silhouette", "between", "within",
    "ratio", "nearest profile is own"}``; ``by_type``: the silhouette of each type's draws and
    means; ``together``: whether draws of one type lie together.

    Draws decide it. Without noise a type casts one ballot and has one posterior, so its means lie
    at a point however little the model knows; draws lie together only where posteriors are narrow
    beside the distance between types.
    """
    types, kind = type_names(learnt), learnt.rater_types
    if not types or not (kind >= 0).any():
        return {"types": types, "rows": [], "by_type": [], "together": False}
    shown, own, rows, by_type = some(len(kind)), profiles(learnt), [], []
    for name, drawn in (("draws", True), ("means", False)):
        points = _points(learnt, drawn)
        score = silhouette(points[shown], kind[shown])
        rows.append({
            "raters as": name, "silhouette": float(score.mean()), **separation(points, kind),
            "nearest profile is own": float((nearest(points, own) == kind)[kind >= 0].mean()),
        })  # fmt: skip
        for k in np.unique(kind[shown]):
            if k >= 0:
                mean = float(score[kind[shown] == k].mean())
                by_type.append({"raters as": f"{name}, {types[k]}", "silhouette": mean})
    together = rows[0]["silhouette"] > clusters.STRUCTURE
    return {"types": types, "rows": rows, "by_type": by_type, "together": together}


def _ends(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a name may stand over points ``[points, 2 or 3]`` and under them, not among them."""
    middle = points.mean(axis=0)
    over, under = middle.copy(), middle.copy()
    over[1], under[1] = np.quantile(points[:, 1], [0.97, 0.03])
    return over, under


def _labels(learnt: FittedRun, plane: Plane, own: np.ndarray) -> list:
    at = plane.at(own)
    return list(zip(type_names(learnt), at, at, strict=True))


def context_map(learnt: FittedRun, found: Contexts) -> dict:
    """The readings by type and prompt."""
    plane, types, prompts = _plane(learnt), type_names(learnt), learnt.catalogue.prompts
    at, groups = plane.at(found.mean), []
    for i, p in enumerate(np.unique(found.prompt)):
        for k in np.unique(found.kind):
            mine = (found.prompt == p) & (found.kind == k)
            if mine.any():
                name = types[k] if k >= 0 else "raters"
                groups.append({
                    "name": f"{name}, {prompts[p]}", "points": at[mine], "type": int(k),
                    "symbol": i, "size": 9, "open": i % 2 == 1,
                })  # fmt: skip
    return {"groups": groups, "labels": _labels(learnt, plane, found.profiles),
            "axes": _titles(plane)}  # fmt: skip


def names_of(learnt: FittedRun, items, sign: str = " ≻ ") -> str:
    catalogue = learnt.catalogue
    return sign.join(catalogue.completions[catalogue.members[i]] for i in items)


def partial_map(learnt: FittedRun, found: Partial, kind: int) -> dict:
    """One type's sub-ballots by length, and every type's profile."""
    plane, types = _plane(learnt), type_names(learnt)
    at, prompts, groups = plane.at(found.mean), learnt.catalogue.prompts, []
    mine = (found.kind == kind) & (found.prompt >= 0)
    for k, profile in enumerate(plane.at(found.profiles)):
        groups.append({"name": types[k], "points": profile[None], "type": k, "size": 18,
                       "open": True, "hidden": True,
                       "text": [f"{types[k]}, everything"]})  # fmt: skip
    for n in np.unique(found.length[mine]):
        rows = np.flatnonzero(mine & (found.length == n))
        groups.append({
            "name": f"{n} ranked", "points": at[rows], "type": kind, "size": 4 + 2.2 * n,
            "opacity": 0.75,
            "text": [f"{prompts[found.prompt[i]]}: {_told(learnt, found.items[i])}" for i in rows],
        })  # fmt: skip
    return {"groups": groups, "labels": _labels(learnt, plane, found.profiles),
            "axes": _titles(plane)}  # fmt: skip


def _told(learnt: FittedRun, items) -> str:
    return names_of(learnt, items) + (", and its place" if len(items) == 1 else "")


def enough(learnt: FittedRun, found: Partial) -> str:
    """What one pair that a type alone holds says: the blog post's Memphis ≻ Knoxville where there
    is one, else the first; empty without any."""
    pairs = np.flatnonzero(found.alone & (found.length == 2) & (found.prompt == 0))
    if not len(pairs):
        return ""
    wanted = [i for i in pairs if names_of(learnt, found.items[i]) == "Memphis ≻ Knoxville"]
    i = (wanted or list(pairs))[0]
    type = type_names(learnt)[found.kind[i]]
    done = "is enough" if found.right[i] else "is not enough"
    return (
        f"{names_of(learnt, found.items[i])} {done}: read from it alone, a rater lies "
        f"{found.away[i]:.0%} of the distance between types away from the profile of {type}."
    )


def left_out_map(learnt: FittedRun, found: LeftOut) -> dict:
    """Raters with (full) and without (open) the item."""
    plane, types = _plane(learnt), type_names(learnt)
    name = names_of(learnt, [found.item])
    points, kind = (
        plane.at(np.asarray(learnt.posterior.mean)[found.read]),
        learnt.rater_types[found.read],
    )
    groups = []
    for ranked in (False, True):
        mine = np.flatnonzero(found.ranked == ranked)
        mine = mine[some(len(mine))]
        word = "with" if ranked else "without"
        for group in _by_kind(points[mine], kind[mine], types, open=not ranked, size=8):
            told = f"{group['name']}, {word} {name}"
            groups.append({**group, "name": told, "hidden": True})
    return {"groups": groups, "labels": _labels(learnt, plane, profiles(learnt)),
            "axes": _titles(plane)}  # fmt: skip


def atoms_map(learnt: FittedRun, atoms: Atoms) -> dict:
    """Everybody possible: ``groups``, ``points`` of the atoms, ``near`` (the nearest type of each
    atom), ``types``, ``labels``, ``axes``."""
    plane, own = _plane(learnt), profiles(learnt)
    at = plane.at(atoms.latent)
    shown = atoms.share > 1e-3 / len(atoms.share)
    grey = {"name": "possible", "points": at[shown], "symbol": 0, "size": 4, "opacity": 0.35}
    near = clusters.distances(atoms.latent, own).argmin(axis=1) if len(own) else None
    types, labels = type_names(learnt), []
    for k, name in enumerate(types):
        mine = at[shown & (near == k)]
        labels.append((name, *_ends(mine if len(mine) else plane.at(own)[k : k + 1])))
    return {"groups": [grey], "points": at, "near": near, "types": types, "labels": labels,
            "axes": _titles(plane)}  # fmt: skip


def region(drawing: dict, weight: np.ndarray, held: float = 0.9) -> dict:
    """The fewest atoms that hold this much of a posterior, as a group of points."""
    order = np.argsort(-weight, kind="stable")
    inside = order[: int(np.searchsorted(np.cumsum(weight[order]), held)) + 1]
    return {"name": "where you may be", "points": drawing["points"][inside], "type": 4,
            "symbol": 0, "size": 8,
            "text": [f"{weight[i]:.1%}" for i in inside]}  # fmt: skip


def kinds_of(drawing: dict, weight: np.ndarray) -> dict[str, float]:
    """The posterior's share nearest to each type's profile; empty without types."""
    if drawing["near"] is None:
        return {}
    total = np.bincount(drawing["near"], weight, minlength=len(drawing["types"]))
    return dict(zip(drawing["types"], total.tolist(), strict=True))
