"""Losses against brute force, closed forms and their own contracts."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.choice_models import losses

SLOTS = 5
LIST, PAIR = jax.jit(losses.list_loss), jax.jit(losses.pair_loss)


def plackett_luce(order, reward):
    """Log-probability of an order, straight from the definition."""
    total = 0.0
    for place in range(len(order)):
        rest = [reward[i] for i in order[place:]]
        total += reward[order[place]] - np.log(np.sum(np.exp(rest)))
    return total


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(SLOTS)), st.integers(2, SLOTS), st.integers(0, 2**31))
def test_list_loss_is_the_plackett_luce_likelihood(order, length, seed):
    reward = np.random.default_rng(seed).normal(size=SLOTS) * 2
    rank, mask = np.zeros(SLOTS, int), np.zeros(SLOTS, bool)
    order = order[:length]
    rank[order], mask[order] = np.arange(length), True
    found = LIST(jnp.array(reward), rank, mask, jnp.arange(SLOTS) / SLOTS)
    assert float(found) == pytest.approx(-plackett_luce(order, reward), abs=1e-4)


def test_plackett_luce_probabilities_of_all_orders_sum_to_one():
    reward = jnp.array([0.3, -1.0, 2.0, 0.5])
    jitter, mask = jnp.arange(4) / 4, jnp.ones(4, bool)
    total = 0.0
    for order in itertools.permutations(range(4)):
        rank = np.argsort(order)
        total += np.exp(-float(LIST(reward, rank, mask, jitter)))
    assert total == pytest.approx(1.0, abs=1e-5)


def test_ties_broken_at_random_are_the_mean_over_the_ways_of_breaking_them():
    reward = jnp.array([1.0, -0.5, 0.2])
    rank, mask = jnp.array([0, 0, 1]), jnp.ones(3, bool)
    jitters = jax.random.uniform(jax.random.key(0), (4000, 3))
    found = jax.vmap(LIST, (None, None, None, 0))(reward, rank, mask, jitters).mean()
    exact = -np.mean([plackett_luce(o, np.array(reward)) for o in ([0, 1, 2], [1, 0, 2])])
    assert float(found) == pytest.approx(exact, abs=0.02)


def test_a_tied_pair_counts_half_each_way():
    reward, mask = jnp.array([1.5, 0.0]), jnp.ones(2, bool)
    half = 0.5 * (np.log1p(np.exp(-1.5)) + np.log1p(np.exp(1.5)))
    found = losses.pair_loss(reward, jnp.array([0, 0]), mask)
    assert float(found) == pytest.approx(half, abs=1e-6)


def test_a_list_of_two_is_bradley_terry():
    reward, rank, mask = jnp.array([0.7, -0.4]), jnp.array([1, 0]), jnp.ones(2, bool)
    pair = losses.pair_loss(reward, rank, mask)
    assert float(losses.list_loss(reward, rank, mask, jnp.zeros(2))) == pytest.approx(float(pair))


@pytest.mark.parametrize("name", ["list", "pair"])
def test_gradients_are_finite_under_every_mask(name):
    """At rewards of 0, 1 and 10,000."""
    rank, jitter = jnp.array([0, 1, 1]), jnp.array([0.1, 0.5, 0.9])
    masks = jnp.array(list(itertools.product([False, True], repeat=3)))
    rewards = jnp.array([0.0, 1.0, 1e4])[:, None] * jnp.array([1.0, -1.0, 0.5])

    def loss(reward, mask):
        jitters = (jitter,) if name == "list" else ()
        return getattr(losses, f"{name}_loss")(reward, rank, mask, *jitters)

    each = jax.vmap(jax.vmap(jax.value_and_grad(loss), (None, 0)), (0, None))
    value, gradient = map(np.asarray, jax.jit(each)(rewards, masks))
    assert value.shape == (3, 8)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert not gradient[:, ~masks].any()
    assert gradient[1][masks.sum(1) == 3].all()
    assert (value[:, masks.sum(1) < 2] == 0.0).all()


def test_kl_is_the_closed_form_and_its_sampled_value():
    mean, log_variance = jnp.array([0.5, -1.0]), jnp.array([-0.3, 0.8])
    noise = jax.random.normal(jax.random.key(1), (200_000, 2))
    draw = mean + jnp.exp(0.5 * log_variance) * noise
    sampled = (-0.5 * noise**2 - 0.5 * log_variance + 0.5 * draw**2).sum(1).mean()
    assert float(losses.kl_loss(mean, log_variance)) == pytest.approx(float(sampled), abs=0.02)
    assert float(losses.kl_loss(jnp.zeros(3), jnp.zeros(3))) == 0.0
