"""The likelihood and the posteriors of streamed training, beside the in-memory model's and exact
integrals."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scrl.data.batches import Bucket
from scrl.streamed_raters.ballot_choices import curvature, log_likelihood, slot_arrays
from scrl.streamed_raters.evidence import rater_points
from scrl.streamed_raters.parameters import Parameters
from scrl.streamed_raters.posterior import cholesky, solve
from scrl.streamed_raters.selection import as_shown

ITEMS, TYPES, LATENT = 7, 2, 2


@pytest.fixture(scope="module")
def bucket() -> Bucket:
    """40 raters, 3 ballots of up to 5 completions, with ties, weights and padding."""
    rng = np.random.default_rng(0)
    shape = 40, 3, 5
    mask = rng.random(shape) < 0.7
    mask[0] = False
    item = rng.integers(ITEMS, size=shape)
    rank = rng.integers(0, 3, size=shape)
    weight = rng.choice([0.5, 1.0, 2.0], shape[:2])
    return Bucket(np.arange(40), item, rank, mask, weight, rng.choice([1.0, 3.0], 40), 40)


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    rng = np.random.default_rng(1)
    return Parameters(
        np.array([0.0, -0.7]), rng.normal(size=ITEMS), rng.normal(size=(ITEMS, TYPES)),
        rng.normal(size=(ITEMS, LATENT)), np.zeros(0), np.zeros((0, TYPES)), np.zeros((0, LATENT)),
    )  # fmt: skip


def by_definition(utility: np.ndarray, rank: np.ndarray) -> float:
    """The log-likelihood of one ballot, choice by choice."""
    nats = 0.0
    for i in range(len(rank)):
        later = np.exp(utility[rank > rank[i]]).sum()
        tied = np.exp(utility[rank == rank[i]]).sum() - np.exp(utility[i])
        nats += utility[i] - np.log(np.exp(utility[i]) + 0.5 * tied + later)
    return nats


def test_the_likelihood_is_that_of_each_choice(bucket):
    with jax.enable_x64(True):
        slots = slot_arrays(as_shown(bucket, np.float64), np.float64)
        utility = np.random.default_rng(2).normal(size=(*bucket.item.shape, 3))
        found = np.asarray(log_likelihood(slots, utility))
    for r in range(40):
        for column in range(3):
            expected = sum(
                bucket.weight[r, c] * by_definition(utility[r, c, m, column], bucket.rank[r, c, m])
                for c in range(3)
                if (m := bucket.mask[r, c]).any()
            )
            assert found[r, column] == pytest.approx(expected, abs=1e-9)


def test_curvature_is_the_second_derivative(bucket):
    with jax.enable_x64(True):
        slots = slot_arrays(as_shown(bucket, np.float64), np.float64)
        rng = np.random.default_rng(3)
        mean = jnp.asarray(rng.normal(size=(*bucket.item.shape, 1)))
        loading = jnp.asarray(rng.normal(size=(*bucket.item.shape, LATENT)))

        def nats(z):
            utility = mean + jnp.einsum("rcsd,rd->rcs", loading, z)[..., None]
            return log_likelihood(slots, utility)[:, 0].sum()

        @jax.jit
        def derivatives(z):
            """As they are found, and by JAX."""
            utility = mean + jnp.einsum("rcsd,rd->rcs", loading, z)[..., None]
            ways = jnp.broadcast_to(jnp.eye(LATENT)[:, None], (LATENT, *z.shape))
            second = [jax.jvp(jax.grad(nats), (z,), (way,))[1] for way in ways]
            step = jnp.zeros(utility.shape).at[:, :, 2].set(1e-5)
            slope = jax.grad(lambda u: log_likelihood(slots, u).sum())
            change = (slope(utility + step) - slope(utility - step)) / 2e-5
            return curvature(slots, utility, loading), jax.grad(nats)(z), second, change

        found, first, second, change = derivatives(jnp.asarray(rng.normal(size=(40, LATENT))))
        gradient = jnp.einsum("rcsk,rcsd->rkd", found.gradient, loading)[:, 0]
        for i in range(LATENT):
            np.testing.assert_allclose(found.latent_hessian[:, 0, i], -second[i], atol=1e-9)
        np.testing.assert_allclose(gradient, first, atol=1e-9)
        # The diagonal by slot, beside a finite difference of the gradient.
        np.testing.assert_allclose(found.diagonal[:, :, 2], -change[:, :, 2], atol=1e-6)


def test_the_evidence_is_the_integral_over_types_and_latents(bucket, parameters):
    """Beside sums over a fine grid."""
    with jax.enable_x64(True):
        shown = as_shown(bucket, np.float64)
        normal = np.random.default_rng(0).standard_normal((2000, LATENT))
        found = rater_points(parameters, np.zeros((ITEMS, 0)), shown, normal, newton_steps=12)
        node = np.linspace(-9, 9, 91)
        z = np.stack(np.meshgrid(node, node), -1).reshape(-1, 2)
        log_weight = -0.5 * (z**2).sum(1) + np.log(0.2**2 / (2 * np.pi))
        mean = parameters.common[:, None] + parameters.own
        utility = mean[:, :, None] + (parameters.loading @ z.T)[:, None]
        slots = slot_arrays(shown, np.float64)
        columns = utility[bucket.item].reshape(*bucket.item.shape, -1)
        nats = np.asarray(log_likelihood(slots, columns)).reshape(40, TYPES, -1)
    share = np.exp(parameters.share) / np.exp(parameters.share).sum()
    joint = nats + log_weight + np.log(share)[:, None]
    exact = np.logaddexp.reduce(joint.reshape(40, -1), axis=1)
    np.testing.assert_allclose(found.log_evidence, exact, atol=0.02)
    by_type = np.exp(np.logaddexp.reduce(joint, axis=2) - exact[:, None])
    np.testing.assert_allclose(np.asarray(found.weight).sum(2), by_type, atol=0.02)
    assert found.log_evidence[0] == pytest.approx(0.0, abs=0.02)  # who says nothing


@pytest.mark.parametrize("utility", [0.0, 1e4, -1e4])
def test_gradients_are_finite_however_far_utilities_lie_apart(bucket, utility):
    slots = slot_arrays(as_shown(bucket, np.float32), np.float32)
    far = np.zeros((*bucket.item.shape, 1), np.float32)
    far[:, :, 0] = utility
    value, gradient = jax.jit(jax.value_and_grad(lambda u: log_likelihood(slots, u).sum()))(far)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert not gradient[~bucket.mask].any()


def test_small_systems_are_solved():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(30, 4, 4)).astype(np.float32)
    matrix = half @ half.transpose(0, 2, 1) + np.eye(4, dtype=np.float32)
    vector = rng.normal(size=(30, 4)).astype(np.float32)
    root = cholesky(matrix)
    np.testing.assert_allclose(root, np.linalg.cholesky(matrix), atol=1e-4)
    expected = np.linalg.solve(matrix, vector[..., None])[..., 0]
    np.testing.assert_allclose(solve(root, vector), expected, atol=1e-3)
