"""Damped Newton steps for concave log-likelihoods of log-odds.

If choice probabilities are ratios of exponentials, the negative log-likelihood is generalized
self-concordant with ν = 2. Steps of log(1 + b) / b times the Newton direction then always converge,
where b is the largest change of a log-odds along it (Sun & Tran-Dinh 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

#: Span of a step after which only rounding error remains, and the limit of the number of steps.
TOLERANCE, MAX_STEPS = 1e-5, 1_000


def newton_step(
    point: Any,
    direction: Any,
    span: Any,
    gradient_at: Callable[[Any], Any] | None = None,
    xp: ModuleType = np,
) -> Any:
    """The next point of a damped Newton iteration.

    Args:
        point: ``[..., parameters]``.
        direction: the Newton direction, (-Hessian)⁻¹ · gradient, same shape.
        span: largest change of a log-odds along the direction ``[..., 1]``, or elementwise where
            the parameters are independent.
        gradient_at: the gradient at a point. If given, the full step is taken undamped if the
            likelihood still increases along the direction at its end, since it gains more.
        xp: ``numpy`` or ``jax.numpy``.
    """
    length = xp.log1p(span) / xp.where(span > 0, span, 1.0)
    if gradient_at is not None:
        rise = xp.sum(gradient_at(point + direction) * direction, axis=-1, keepdims=True)
        length = xp.where(rise >= 0, 1.0, length)
    return point + length * direction


def maximise(
    derivatives: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    start: np.ndarray,
    span_of: Callable[[np.ndarray], np.ndarray],
    gradient_at: Callable[[np.ndarray], np.ndarray] | None = None,
    noise: np.ndarray | float | None = None,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """The point ``[..., parameters]`` that maximises a concave log-likelihood.

    Args:
        derivatives: returns the gradient and the Newton direction at a point, same shape.
        start: the initial point.
        span_of: returns the ``span`` of a direction, as in ``newton_step``.
        gradient_at: as in ``newton_step``; evaluated only for steps longer than 1.
        noise: rounding error of the gradient; if given, a gradient within it ends the iteration.
        tolerance: span of the last step. Convergence is quadratic, so the error is its square.
    """
    point = start
    for _ in range(MAX_STEPS):
        gradient, direction = derivatives(point)
        span = span_of(direction)
        is_long = gradient_at is not None and span.max(initial=0.0) > 1
        point = newton_step(point, direction, span, gradient_at if is_long else None)
        if (span <= tolerance).all():
            break
        if noise is not None and (np.abs(gradient) <= noise).all():
            break
    return point


def maximise_rewards(
    derivatives: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    start: np.ndarray,
    precision: float,
    noise: np.ndarray,
) -> np.ndarray:
    """Rewards ``[..., items]`` that maximise a log-likelihood of their differences plus a Gaussian
    log-prior.

    Args:
        derivatives: returns the gradient ``[..., items]`` at given rewards and the negative Hessian
            ``[..., items, items]``. Its diagonal is computed here, since its rows sum to 0.
        start: the initial rewards.
        precision: of the prior; 0 for none.
        noise: rounding error of the gradient ``[..., items]``.
    """
    at = np.arange(start.shape[-1])
    ones = np.ones(len(at))

    def gradient_at(reward: np.ndarray) -> np.ndarray:
        return derivatives(reward)[0] - precision * reward

    def newton_direction(reward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gradient, neg_hessian = derivatives(reward)
        gradient -= precision * reward
        neg_hessian[..., at, at] = 0.0
        diagonal = precision - neg_hessian @ ones
        neg_hessian[..., at, at] = diagonal
        if not precision:
            # Only differences are identified. Curvature along the common shift fixes the mean.
            neg_hessian += diagonal.mean(-1)[..., None, None]
        return gradient, np.linalg.solve(neg_hessian, gradient[..., None])[..., 0]

    def span_of(direction: np.ndarray) -> np.ndarray:
        return np.ptp(direction, axis=-1)[..., None]

    centred = start - start.mean(-1, keepdims=True)
    return maximise(newton_direction, centred, span_of, gradient_at, noise)
