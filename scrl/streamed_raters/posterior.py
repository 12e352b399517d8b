"""Posteriors of raters' latents: Newton's method in each type, and points drawn around the modes.

The latent z of a rater has few dimensions, so the mode in each type is found by a fixed number of
damped Newton steps, which need no encoder and hold for any rater, trained on or not. Laplace's
approximation alone puts the noise of choices too low; so points are drawn from it and weighted with
the exact joint density (importance sampling). Everything is elementwise over raters: a batch that
is spread over devices stays where it is.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from scrl.streamed_raters.ballot_choices import SlotArrays, curvature, log_likelihood

#: The most that a Newton step changes a utility, in log-odds.
MAX_CHANGE = 3.0
#: Standard deviation of the points relative to the approximation's: posteriors have heavier tails.
STRETCH = 1.15
LOG_2_PI = 1.8378770664093453


class Modes(NamedTuple):
    """Laplace's approximation of each rater's latent in each type.

    Attributes:
        mode: ``[r, types, d]``; root: lower Cholesky factor of the precision ``[r, types, d, d]``.
        diagonal: minus the second derivative by each slot's utility at the mode ``[r, c, s,
            types]``.
    """

    mode: jax.Array
    root: jax.Array
    diagonal: jax.Array


class Points(NamedTuple):
    """Weighted points of the posteriors of a batch.

    Attributes:
        latent: ``[r, types, points, d]``.
        log_offset: what is added to the log-likelihood at a point for the log of its importance
            weight, shares of types aside ``[r, types, points]``.
    """

    latent: jax.Array
    log_offset: jax.Array


def cholesky(matrix: jax.Array) -> jax.Array:
    """The lower Cholesky factor of small matrices ``[..., d, d]``, unrolled over d."""
    d = matrix.shape[-1]
    rows: list[list[jax.Array]] = [[] for _ in range(d)]
    zero = jnp.zeros(matrix.shape[:-2], matrix.dtype)
    for j in range(d):
        squares = sum((x * x for x in rows[j]), zero)
        rows[j].append(jnp.sqrt(jnp.maximum(matrix[..., j, j] - squares, 1e-6)))
        for i in range(j + 1, d):
            inner = sum((a * b for a, b in zip(rows[i], rows[j], strict=False)), zero)
            rows[i].append((matrix[..., i, j] - inner) / rows[j][j])
    full = [jnp.stack(row + [zero] * (d - len(row)), axis=-1) for row in rows]
    return jnp.stack(full, axis=-2)


def solve_transposed(root: jax.Array, vector: jax.Array) -> jax.Array:
    """x with root' x = vector ``[..., d]``, unrolled over d."""
    d = root.shape[-1]
    x: list[jax.Array] = [vector[..., 0]] * d
    for i in reversed(range(d)):
        rest = vector[..., i]
        for j in range(i + 1, d):
            rest = rest - root[..., j, i] * x[j]
        x[i] = rest / root[..., i, i]
    return jnp.stack(x, axis=-1)


def solve(root: jax.Array, vector: jax.Array) -> jax.Array:
    """x with root root' x = vector ``[..., d]``."""
    d = root.shape[-1]
    y: list[jax.Array] = []
    for i in range(d):
        rest = vector[..., i]
        for j in range(i):
            rest = rest - root[..., i, j] * y[j]
        y.append(rest / root[..., i, i])
    return solve_transposed(root, jnp.stack(y, axis=-1))


def find_modes(slots: SlotArrays, mean: jax.Array, loading: jax.Array, steps: int) -> Modes:
    """The mode of each rater's latent in each type.

    Args:
        mean: of each slot in each type ``[r, c, s, types]``; loading: ``[r, c, s, d]``.
        steps: Newton steps; each changes no utility by more than ``MAX_CHANGE``.
    """
    d = loading.shape[-1]
    eye = jnp.eye(d, dtype=mean.dtype)
    start = jnp.zeros((mean.shape[0], mean.shape[-1], d), mean.dtype)

    def step(_: jax.Array, now: tuple[jax.Array, Modes]) -> tuple[jax.Array, Modes]:
        latent = now[0]
        utility = mean + jnp.einsum("rcsd,rkd->rcsk", loading, latent)
        found = curvature(slots, utility, loading)
        gradient = jnp.einsum("rcsk,rcsd->rkd", found.gradient, loading) - latent
        root = cholesky(found.latent_hessian + eye)
        move = solve(root, gradient)
        change = jnp.abs(jnp.einsum("rcsd,rkd->rcsk", loading, move))
        largest = jnp.max(jnp.where(slots.mask[..., None], change, 0.0), axis=(1, 2))
        move *= jnp.minimum(1.0, MAX_CHANGE / (largest + 1e-9))[..., None]
        return latent + move, Modes(latent, root, found.diagonal)

    # One more, at the mode itself: a loop of one body is compiled once.
    blank = Modes(start, jnp.zeros((*start.shape, d), mean.dtype), jnp.zeros_like(mean))
    return jax.lax.fori_loop(0, steps + 1, step, (start, blank))[1]


def draw_points(modes: Modes, normal: jax.Array) -> Points:
    """Points around the modes.

    Args:
        normal: standard normal draws ``[r, points / 2, d]``; each is used with both signs, in all
            types.
    """
    normal = jnp.concatenate([normal, -normal], axis=1)[:, None]
    d, points = normal.shape[-1], normal.shape[-2]
    step = solve_transposed(modes.root[:, :, None], STRETCH * normal)
    latent = modes.mode[:, :, None] + step
    log_root = jnp.sum(jnp.log(jnp.diagonal(modes.root, axis1=-2, axis2=-1)), axis=-1)
    log_proposal = log_root[..., None] - 0.5 * jnp.sum(normal**2, -1) - d * jnp.log(STRETCH)
    log_prior = -0.5 * jnp.sum(latent**2, axis=-1)
    return Points(latent, log_prior - log_proposal - jnp.log(points))


def joint_log_weights(
    slots: SlotArrays, mean: jax.Array, loading: jax.Array, points: Points, log_share: jax.Array
) -> jax.Array:
    """Log of share × likelihood × importance weight of each point ``[r, types, points]``.

    Their log-sum-exp over types and points estimates the log-evidence of a rater's ballots.

    Args:
        mean, loading: as of ``find_modes``; log_share: of the types ``[types]``.
    """
    r, k, p, _ = points.latent.shape
    moved = jnp.einsum("rcsd,rkpd->rcskp", loading, points.latent)
    utility = (mean[..., None] + moved).reshape(*mean.shape[:3], k * p)
    nats = log_likelihood(slots, utility).reshape(r, k, p)
    return nats + points.log_offset + log_share[:, None]
