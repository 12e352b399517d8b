"""Fitting the effects of raters' features, within the EM of types and of variation.

Log-odds of types and shifts of mean utilities have Gaussian priors around 0. Each feature has
standard deviations of its own, which are learnt (MacKay 1992), so that a feature without
information has next to no effect. The more features there are, the more of them seem to tell
something by chance; standard deviations s have prior densities in proportion to s⁻ᵃ, where a is the
logarithm of the number of features over ``FEW``, 0 at least. Shifts are the same for a completion
on all prompts, up to a part of the item's own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp, softmax

from scrl.utility_models.ballot_table import BallotTable
from scrl.utility_models.covariance import Covariance
from scrl.utility_models.population import Population, TypedPosteriors
from scrl.utility_models.rater_features import RaterEffects, are_known, at_items

#: Standard deviations of the effects at first: of log-odds and of shifts.
FIRST_SLOPE_SD, FIRST_SHIFT_SD = 1.0, 0.5
#: Limits of the standard deviations.
MIN_SD, MAX_SD = 0.01, 5.0
#: Features up to which the standard deviations have flat priors.
FEW = 4
#: Iterations of EM in which the standard deviations are held.
SETTLE = 3
#: Iterations of the optimiser of log-odds, and of conjugate gradients for shifts, in each of EM.
SLOPE_ITERATIONS, SHIFT_ITERATIONS, RESIDUAL = 25, 25, 1e-2
#: Largest change of a shift in one iteration.
MAX_STEP = 1.0
#: Raters × items² from which shifts are estimated, at most; above, they stay as they are.
MAX_CELLS = 30_000_000


class FeatureFit:
    """The effects while they are fitted.

    Args:
        effects: to begin with.
        covariance: of the items, for the completions that prompts share.
    """

    def __init__(self, effects: RaterEffects, covariance: Covariance) -> None:
        features, items = effects.shift.shape
        self.effects, self.completion = effects, covariance.completion
        self.prompts, names = int(covariance.prompt.max()) + 1, int(self.completion.max()) + 1
        self.shares_names = names < items
        #: Exponent of the prior of standard deviations.
        self.penalty = float(np.log(max(np.count_nonzero(effects.scale.inverse) / FEW, 1)))
        self.slope_sd = np.full(features, FIRST_SLOPE_SD)
        # The parts of the shifts: of completions (by name) and of items.
        self.parts = [np.zeros((features, items)), np.zeros((features, names))]
        self.part_sd = [np.full(features, FIRST_SHIFT_SD) for _ in range(1 + self.shares_names)]
        self.begin()

    @classmethod
    def of(cls, table: BallotTable, share: np.ndarray, covariance: Covariance) -> FeatureFit | None:
        """The start of a fit; None where raters have no features that vary.

        Args:
            share: of the types ``[types]``.
        """
        effects = RaterEffects.of(table, share)
        return None if effects is None else cls(effects, covariance)

    def begin(self) -> None:
        """Begin an iteration: no rater is read yet."""
        #: Standardised features, the types' log-likelihoods and masses of raters.
        self.read: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.sums = _ShiftSums(self.effects.shift.shape)

    def add(self, population: Population, typed: TypedPosteriors, mass: np.ndarray) -> None:
        """Read the posteriors of a group of raters.

        Args:
            population: with which they were found; mass: of the raters ``[raters]``.
        """
        features = typed.group.features
        assert features is not None, "the table has features"
        x, known = self.effects.standardised(features), are_known(features)
        prior = self.effects.log_shares(features, population.share)
        evidence = np.log(typed.probability + 1e-300) - prior
        self.read.append((x[known], evidence[known], mass[known]))
        self.sums.add(typed, mass, x)

    def step(self, iteration: int, of_shift: bool = True) -> RaterEffects:
        """The effects after one iteration, which ends."""
        self._learn_slope(iteration)
        if of_shift and self.sums.complete:
            self._learn_shift(iteration)
        self.begin()
        return self.effects

    # -- types ------------------------------------------------------------------------------------

    def _learn_slope(self, iteration: int) -> None:
        """Maximise the likelihood of the ballots, given the types' utilities, and the prior."""
        x, evidence, mass = (np.concatenate(part) for part in zip(*self.read, strict=True))
        features, types = self.effects.slope.shape
        if types == 1 or not len(x):
            return
        total = mass.sum()
        precision = np.r_[np.full(types, 1e-4), np.repeat(self.slope_sd**-2, types)]

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            log_share = log_softmax(
                flat[:types] + x @ flat[types:].reshape(features, types), axis=1
            )
            joint = evidence + log_share
            away = mass[:, None] * (softmax(joint, axis=1) - np.exp(log_share))
            slope = np.r_[away.sum(0), (x.T @ away).ravel()] - precision * flat
            value = mass @ logsumexp(joint, axis=1) - 0.5 * precision @ flat**2
            return -float(value) / total, -slope / total

        log_odds = self.effects.log_odds - self.effects.log_odds.mean()
        start = np.r_[np.maximum(log_odds, -30.0), self.effects.slope.ravel()]
        options = {"maxiter": SLOPE_ITERATIONS}
        flat = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
        log_odds, slope = flat[:types], flat[types:].reshape(features, types)
        self.effects = replace(self.effects, log_odds=log_odds, slope=slope)
        if iteration >= SETTLE:
            share = softmax(log_odds + x @ slope, axis=1)
            own = softmax(evidence + np.log(share + 1e-300), axis=1)
            known = (mass[:, None] * x**2).T @ (share * (1 - share) - own * (1 - own))
            self.slope_sd = _learnt_sd(slope, known, self.slope_sd, types - 1, self.penalty)

    # -- mean utilities ---------------------------------------------------------------------------

    def _learn_shift(self, iteration: int) -> None:
        """A Newton step of the shifts, by conjugate gradients."""
        precision = [sd[:, None] ** -2 for sd in self.part_sd]

        def curvature(parts: list[np.ndarray]) -> list[np.ndarray]:
            moved = self._spread(self.sums.curvature(self._shift(parts)))
            return [m + p * own for m, p, own in zip(moved, precision, parts, strict=True)]

        own = self.parts[: len(precision)]
        slope = [
            s - p * part
            for s, p, part in zip(self._spread(self.sums.slope), precision, own, strict=True)
        ]
        known = self._spread(self.sums.diagonal)
        scale = [k + p for k, p in zip(known, precision, strict=True)]
        step = _conjugate_gradients(curvature, slope, scale)
        self.parts = [
            part + np.clip(s, -MAX_STEP, MAX_STEP) for part, s in zip(own, step, strict=True)
        ]
        self.effects = replace(self.effects, shift=self._shift(self.parts))
        if iteration >= SETTLE:
            # Only differences within a prompt count.
            sizes = len(self.completion), self.parts[-1].shape[1]
            free = (sizes[0] - self.prompts, sizes[1] - 1)
            self.part_sd = [
                _learnt_sd(part, k, sd, max(n, 1), self.penalty)
                for part, k, sd, n in zip(self.parts, known, self.part_sd, free, strict=False)
            ]

    def _shift(self, parts: list[np.ndarray]) -> np.ndarray:
        """W ``[features, items]`` of its parts."""
        return parts[0] + parts[1][:, self.completion] if self.shares_names else parts[0]

    def _spread(self, values: np.ndarray) -> list[np.ndarray]:
        """Values of W ``[features, items]`` summed for each part."""
        if not self.shares_names:
            return [values]
        summed = np.stack([np.bincount(self.completion, row) for row in values])
        return [values, summed]


class _ShiftSums:
    """What a step of the shifts needs of the raters.

    Attributes:
        slope, diagonal: gradient, and the diagonal of the curvature ``[features, items]``.
        complete: whether all raters are held; they are not where they are too many.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.slope, self.diagonal = np.zeros((2, *shape))
        self.held: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.cells = 0

    @property
    def complete(self) -> bool:
        return 0 < self.cells <= MAX_CELLS

    def add(self, typed: TypedPosteriors, mass: np.ndarray, x: np.ndarray) -> None:
        """Read a group of raters with standardised features ``[raters, features]``."""
        item = typed.group.item
        self.cells += item.size * item.shape[1]
        if not self.complete:
            self.held.clear()
            return
        alpha, information = np.zeros(item.shape), np.zeros((*item.shape, item.shape[1]))
        for k, (at, _, found) in typed.given.items():
            weight = (mass[at] * typed.probability[at, k])[:, None]
            alpha[at] += weight * found.alpha
            information[at] += weight[..., None] * found.information
        self.held.append((item, x, information))
        items = self.slope.shape[1]
        self.slope += _by_item(x, alpha, item, items)
        self.diagonal += _by_item(x**2, np.einsum("rii->ri", information), item, items)

    def curvature(self, shift: np.ndarray) -> np.ndarray:
        """The curvature times a change of the shifts, same shape ``[features, items]``."""
        found = np.zeros(shift.shape)
        for item, x, information in self.held:
            moved = (information @ at_items(x, shift, item)[..., None])[..., 0]
            found += _by_item(x, moved, item, shift.shape[1])
        return found


def _by_item(x: np.ndarray, values: np.ndarray, item: np.ndarray, items: int) -> np.ndarray:
    """Σ over raters of x times values ``[raters, items]``, by item ``[features, items]``."""
    found = np.empty((x.shape[1], items))
    for feature, own in enumerate(x.T):
        found[feature] = np.bincount(item.ravel(), (own[:, None] * values).ravel(), items)
    return found


def _learnt_sd(
    effect: np.ndarray, known: np.ndarray, sd: np.ndarray, free: int, penalty: float
) -> np.ndarray:
    """Standard deviations of the effects of each feature ``[features]``.

    The squares of the effects over the number of parameters that the data determine, plus the
    exponent of the prior.

    Args:
        effect: ``[features, n]``; known: information on each, same shape.
        sd: with which the effects were found; free: how many of the n effects are free.
        penalty: a, where a standard deviation s has the prior density s⁻ᵃ.
    """
    known = np.maximum(known, 0.0)
    determined = (known / (known + sd[:, None] ** -2)).sum(1) * free / effect.shape[1]
    found = np.sqrt((effect**2).sum(1) / np.maximum(determined + penalty, 1e-3))
    return np.clip(found, MIN_SD, MAX_SD)


def _dot(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return sum(float((a * b).sum()) for a, b in zip(one, other, strict=True))


def _conjugate_gradients(curvature, slope: list[np.ndarray], scale: list[np.ndarray]):
    """The solution of curvature(step) = slope, preconditioned with its diagonal ``scale``."""
    step = [np.zeros_like(s) for s in slope]
    residual = slope
    goal = RESIDUAL**2 * _dot(slope, slope)
    direction = scaled = [r / s for r, s in zip(residual, scale, strict=True)]
    for _ in range(SHIFT_ITERATIONS):
        moved = curvature(direction)
        curve, gain = _dot(direction, moved), _dot(residual, scaled)
        if curve <= 0:
            break
        size = gain / curve
        step = [a + size * d for a, d in zip(step, direction, strict=True)]
        residual = [r - size * m for r, m in zip(residual, moved, strict=True)]
        if _dot(residual, residual) <= goal:
            break
        scaled = [r / s for r, s in zip(residual, scale, strict=True)]
        ratio = _dot(residual, scaled) / gain
        direction = [s + ratio * d for s, d in zip(scaled, direction, strict=True)]
    return step
