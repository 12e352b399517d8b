"""Utilities of completions that prompts share, fitted to the ballots of types.

The reward of type k for an item, completion c of prompt p, is

    M[k, p, c] = Σ_s a[p, s] · V[s, k, c] + b[p, c] + d[k, p, c].

A type has S utilities V of each completion name, a prompt has a coefficient a of each, and b and d
are what the item has of its own, for all types and for one type. All have Gaussian priors, and the
fit maximises the posterior density. Where a type did not rank an item, d is 0 and the other parts
predict it. The model is a multilinear one of low rank (Kolda & Bader, "Tensor decompositions and
applications", 2009) with a Plackett–Luce likelihood in place of squared errors.

The likelihood reads differences within ballots, so the unknown constant of each type and prompt
needs no convention. The density is not concave, since a may be negative (a prompt may reverse
another), so several starts are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from scrl.types import Catalogue
from scrl.utility_models.ballot_table import BallotSlots
from scrl.utility_models.likelihood import choices

#: Prior standard deviations: of a prompt's coefficients, and of the shared utilities in log-odds.
COEFFICIENT_SD, UTILITY_SD = 1.0, 10.0
#: Prior standard deviation, in log-odds, of an item's common reward where prompts share nothing.
COMMON_SD = 10.0
#: P(type | rater) below which a rater's ballots are left out of a type's.
MIN_RESPONSIBILITY = 1e-3
#: Iterations by which starts are compared, and of a fit.
SHORT, LONG = 20, 150
#: Smallest relative change of the objective, which ends a fit.
TOLERANCE = 1e-6
#: Passes in which a start fills in what was not ranked.
FILLING_PASSES = 20


@dataclass(frozen=True, eq=False)
class TypeBallots:
    """The ballots of types, one row for each type and distinct ballot.

    Attributes:
        slots: the ballots ``[rows, places]``.
        type: of each row ``[rows]``.
        weight: how many ballots it stands for ``[rows]``.
        source: the distinct ballot of the table that it is, or is a part of ``[rows]``.
        heard: whether a type ranked an item against another, bool ``[types, items]``.
    """

    slots: BallotSlots
    type: np.ndarray
    weight: np.ndarray
    source: np.ndarray
    heard: np.ndarray


def type_ballots(slots: BallotSlots, weight: np.ndarray, hidden: np.ndarray) -> TypeBallots:
    """The ballots of types, without what is hidden.

    Args:
        slots: distinct ballots.
        weight: how much of each ballot is each type's ``[types, ballots]``.
        hidden: items that are removed from a type's ballots, bool ``[types, items]``.
    """
    kind, source = np.nonzero(weight > 0)
    kept = slots.mask[source] & ~hidden[kind[:, None], slots.item[source]]
    compared = kept.sum(1) > 1  # a ballot of one completion says nothing
    kind, source, kept = kind[compared], source[compared], kept[compared]
    heard = np.zeros(hidden.shape, bool)
    row, place = np.nonzero(kept)
    heard[kind[row], slots.item[source[row], place]] = True
    return TypeBallots(
        without_slots(slots.take(source), kept), kind, weight[kind, source], source, heard
    )


def without_slots(slots: BallotSlots, kept: np.ndarray) -> BallotSlots:
    """Ballots with only some of their slots.

    Args:
        kept: bool ``[ballots, places]``.
    """
    before = np.concatenate([np.zeros((len(kept), 1), int), np.cumsum(kept, axis=1)], axis=1)
    order = np.argsort(~kept, axis=1, kind="stable")
    item, start, stop = (
        np.take_along_axis(x, order, axis=1)
        for x in (
            slots.item,
            np.take_along_axis(before, slots.tie_start, axis=1),
            np.take_along_axis(before, slots.tie_stop, axis=1),
        )
    )
    place = np.arange(kept.shape[1])
    mask = place < kept.sum(1, keepdims=True)
    item = np.where(mask, item, 0)
    start, stop = np.where(mask, start, place), np.where(mask, stop, place + 1)
    return BallotSlots(item, mask, start, stop, slots.has_ties)


def ballot_weights(cast: csr_matrix, mass: np.ndarray, responsibility: np.ndarray) -> np.ndarray:
    """How much of each distinct ballot is each type's ``[types, ballots]``.

    Args:
        cast, mass: of a ``BallotTable``.
        responsibility: P(type | rater) ``[rows, types]``.
    """
    known = np.where(responsibility < MIN_RESPONSIBILITY, 0.0, responsibility)
    return np.asarray((cast.T @ (mass[:, None] * known)).T)


def thinned(weight: np.ndarray, slots: BallotSlots, entries: int) -> np.ndarray:
    """The weights of ballots of which some are left out if they have too many entries.

    Those of a type that remain are evenly spaced, thus also over prompts.

    Args:
        weight: how much of each distinct ballot is each type's ``[types, ballots]``.
        slots: the distinct ballots.
        entries: limit of the completions ranked on the ballots of all types.
    """
    if slots.mask.sum(1) @ (weight > 0).sum(0) <= entries:
        return weight
    limit, found = max(1, entries // (len(weight) * slots.mask.shape[1])), np.zeros_like(weight)
    for row, kept in zip(weight, found, strict=True):
        read = np.flatnonzero(row)
        if len(read) > limit:
            read = read[np.linspace(0, len(read) - 1, limit).astype(int)]
        kept[read] = row[read]
    return found


@dataclass(frozen=True, eq=False)
class SharedUtilities:
    """The shared model of types and items, and its fit.

    Attributes:
        catalogue: the prompts and completions.
        ballots: of the types.
        shared: number of utilities that prompts share.
        own_sd: prior standard deviation, in log-odds, of what an item has of its own for a type;
            with ``shared`` utilities also of what it has of its own for all types.
    """

    catalogue: Catalogue
    ballots: TypeBallots
    shared: int
    own_sd: float

    @cached_property
    def name(self) -> np.ndarray:
        """The completion name of each item ``[items]``: equal names share utilities."""
        return name_of_items(self.catalogue)

    @property
    def types(self) -> int:
        return len(self.ballots.heard)

    @cached_property
    def _of_name(self) -> csr_matrix:
        items = self.catalogue.items
        return csr_matrix((np.ones(items), (np.arange(items), self.name)))

    @cached_property
    def _of_prompt(self) -> csr_matrix:
        catalogue = self.catalogue
        at = np.arange(catalogue.items), catalogue.item_prompt
        return csr_matrix((np.ones(catalogue.items), at), (catalogue.items, len(catalogue.prompts)))

    @property
    def _shapes(self) -> tuple[tuple[int, ...], ...]:
        names, items = self._of_name.shape[1], self.catalogue.items
        prompts = len(self.catalogue.prompts)
        return (
            (prompts, self.shared), (self.shared, self.types, names), (items,), (self.types, items),
        )  # fmt: skip

    @property
    def _sds(self) -> tuple[float, float, float, float]:
        common = self.own_sd if self.shared else COMMON_SD
        return COEFFICIENT_SD, UTILITY_SD, common, self.own_sd

    def unpack(self, theta: np.ndarray) -> tuple[np.ndarray, ...]:
        """a ``[prompts, shared]``, V ``[shared, types, names]``, b ``[items]`` and d
        ``[types, items]`` of parameters in units of their prior standard deviations."""
        ends = np.cumsum([np.prod(shape, dtype=int) for shape in self._shapes])
        parts = np.split(theta, ends[:-1])
        return tuple(
            sd * part.reshape(shape)
            for sd, part, shape in zip(self._sds, parts, self._shapes, strict=True)
        )

    def pack(self, *parts: np.ndarray) -> np.ndarray:
        """The inverse of ``unpack``."""
        return np.concatenate([(p / sd).ravel() for sd, p in zip(self._sds, parts, strict=True)])

    def rewards(self, theta: np.ndarray) -> np.ndarray:
        """M ``[types, items]``."""
        a, v, common, own = self.unpack(theta)
        at_item = np.einsum("is,ski->ki", a[self.catalogue.item_prompt], v[..., self.name])
        return at_item + common + own

    def objective(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """The negative log posterior density but for a constant, and its gradient."""
        ballots, (a, v, _, _) = self.ballots, self.unpack(theta)
        reward = self.rewards(theta)
        nats, total = 0.0, np.zeros(reward.size)
        for rows, slots in ballots.slots.parts:
            kind, weight = ballots.type[rows, None], ballots.weight[rows]
            found = choices(slots, reward[kind, slots.item])
            nats += float(weight @ found.log_likelihood)
            at = kind * self.catalogue.items + slots.item
            value = weight[:, None] * found.gradient
            total += np.bincount(at.ravel(), value.ravel(), reward.size)
        slope = total.reshape(reward.shape)
        by_utility = a[self.catalogue.item_prompt].T[:, None, :] * slope
        flat = by_utility.reshape(-1, self.catalogue.items)
        slope_v = (self._of_name.T @ flat.T).T.reshape(v.shape)
        by_item = np.einsum("ki,ski->is", slope, v[..., self.name])
        parts = self._of_prompt.T @ by_item, slope_v, slope.sum(0), slope
        scaled = [(sd * p).ravel() for sd, p in zip(self._sds, parts, strict=True)]
        return 0.5 * theta @ theta - nats, theta - np.concatenate(scaled)

    def fit(self, start: np.ndarray) -> np.ndarray:
        """Parameters at the greatest posterior density found from a start."""
        return self._minimised(start, LONG)[1]

    def best_start(self, starts: Sequence[np.ndarray]) -> int:
        """The index of the start that is best after a few iterations."""
        return int(np.argmin([self._minimised(start, SHORT)[0] for start in starts]))

    def _minimised(self, theta: np.ndarray, iterations: int) -> tuple[float, np.ndarray]:
        options = {"maxiter": iterations, "maxcor": 20, "ftol": TOLERANCE}
        found = minimize(self.objective, theta, jac=True, method="L-BFGS-B", options=options)
        return float(found.fun), found.x

    def zero(self) -> np.ndarray:
        return np.zeros(sum(int(np.prod(shape)) for shape in self._shapes))

    def starts(self, separate: np.ndarray) -> list[np.ndarray]:
        """Low-rank approximations of rewards fitted without sharing: the best one, and one whose
        first utility counts equally for all prompts.

        Args:
            separate: ``[types, items]``.
        """
        unfolded, known = self._unfolded(separate)
        ones = np.ones((len(unfolded), 1))
        return [self._start(unfolded, known, fixed) for fixed in (ones[:, :0], ones)]

    def _unfolded(self, separate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rewards around the mean of what a type ranked on a prompt, and which are known
        ``[prompts, types · names]``."""
        heard, of_prompt = self.ballots.heard, self._of_prompt
        mean = (np.where(heard, separate, 0) @ of_prompt) / np.maximum(heard @ of_prompt, 1)
        centred = np.where(heard, separate - mean[:, self.catalogue.item_prompt], 0.0)
        shape = len(self.catalogue.prompts), self.types, self._of_name.shape[1]
        unfolded, known = np.zeros(shape), np.zeros(shape, bool)
        for kind in range(self.types):
            unfolded[self.catalogue.item_prompt, kind, self.name] = centred[kind]
            known[self.catalogue.item_prompt, kind, self.name] = heard[kind]
        return unfolded.reshape(shape[0], -1), known.reshape(shape[0], -1)

    def _start(self, unfolded: np.ndarray, known: np.ndarray, fixed: np.ndarray) -> np.ndarray:
        """Parameters at a low-rank approximation, what is unknown being filled in by it.

        Args:
            fixed: coefficients of the first utilities ``[prompts, fixed]``.
        """
        filled, count = unfolded, self.shared - int(fixed.shape[1])
        for _ in range(FILLING_PASSES):
            v = np.linalg.lstsq(fixed, filled, rcond=None)[0]
            left, values, right = np.linalg.svd(filled - fixed @ v, full_matrices=False)
            a = np.concatenate([fixed, left[:, :count]], axis=1)
            v = np.concatenate([v, values[:count, None] * right[:count]])
            filled = np.where(known, unfolded, a @ v)
        # The scale that the priors of both factors find most probable.
        norms = [np.linalg.norm(a, axis=0), np.linalg.norm(v, axis=1)]
        scale = np.sqrt(
            np.maximum(norms[1], 1e-9) * COEFFICIENT_SD / UTILITY_SD / np.maximum(norms[0], 1e-9)
        )
        _, v_shape, b_shape, d_shape = self._shapes
        v = (v / scale[:, None]).reshape(v_shape)
        return self.pack(a * scale, v, np.zeros(b_shape), np.zeros(d_shape))


def fit_rewards(
    catalogue: Catalogue,
    ballots: TypeBallots,
    settings: Sequence[tuple[int, float]],
    spread: float,
) -> list[np.ndarray]:
    """The rewards of types ``[types, items]`` under each setting.

    Args:
        ballots: of the types.
        settings: the number of shared utilities and the precision (1 / log-odds²) of what an item
            has of its own. The first of equal numbers chooses the start of all of them.
        spread: prior standard deviation, in log-odds, of a type's rewards around the common ones
            where nothing is shared.
    """
    apart = SharedUtilities(catalogue, ballots, 0, spread)
    separate = apart.rewards(apart.fit(apart.zero()))
    found, best = [], dict[int, int]()
    for shared, precision in settings:
        if not shared:
            found.append(separate)
            continue
        model = SharedUtilities(catalogue, ballots, shared, precision**-0.5)
        starts = model.starts(separate)
        if shared not in best:
            best[shared] = model.best_start(starts)
        found.append(model.rewards(model.fit(starts[best[shared]])))
    return found


def name_of_items(catalogue: Catalogue) -> np.ndarray:
    """The number of the name of each item's completion ``[items]``."""
    names = [catalogue.completions[c] for c in catalogue.members]
    return np.unique(names, return_inverse=True)[1].ravel()


def max_shared_utilities(catalogue: Catalogue, wanted: int) -> int:
    """How many utilities the prompts can share: less than their number, and none without a name
    that recurs.

    Args:
        wanted: limit of the number.
    """
    recurs = np.bincount(name_of_items(catalogue)).max(initial=0) > 1
    return min(wanted, len(catalogue.prompts) - 1) if recurs else 0


def aligned(
    predicted: np.ndarray, fitted: np.ndarray, heard: Sequence[bool] | np.ndarray
) -> np.ndarray:
    """Predicted rewards of a prompt on the scale of those fitted where it was heard.

    Among heard items the map is monotone and piecewise linear, beyond them it has slope 1, so that
    a predicted item keeps its place among them.

    Args:
        predicted, fitted: ``[items]``.
        heard: bool ``[items]``; where there is none, the predicted rewards are returned.
    """
    heard = np.asarray(heard, bool)
    if not heard.any():
        return predicted
    order = np.flatnonzero(heard)[np.argsort(predicted[heard], kind="stable")]
    x, y = predicted[order], np.maximum.accumulate(fitted[order])
    y = 0.5 * (y + np.minimum.accumulate(fitted[order][::-1])[::-1])
    beyond = np.minimum(predicted - x[0], 0) + np.maximum(predicted - x[-1], 0)
    return np.interp(predicted, x, y) + beyond
