"""Fits follow a schedule driven by their loss, can be cancelled, and compile once."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scrl.config import Schedule
from scrl.networks import fit
from scrl.networks.training import run_chunk
from scrl.types import Cancelled

SCHEDULE = Schedule(rate=0.05, warmup=5, explore=(20, 90), ramp=30, cool=50, chunk=1)
TARGET = np.array([0.3, -0.2, 0.1])


def watching(watched):
    """A quadratic whose watched loss is a given function of the step."""

    def loss(params, key, data, phase):
        value = jnp.sum((params - data) ** 2)
        return value, {"watched": watched(phase.step), "ramp": phase.ramp, "value": value}

    return loss


flat = watching(lambda step: jnp.ones(()))
falling = watching(lambda step: 100.0 * jnp.exp(-0.05 * step))
settling = watching(lambda step: jnp.maximum(1.0, 100.0 * jnp.exp(-0.2 * step)))


def noisy(params, key, data, phase):
    value = jnp.sum((params - data) ** 2)
    value = value + jnp.sum(params * jax.random.normal(key, params.shape))
    return value, {"watched": value}


def run(loss, schedule=SCHEDULE, on_chunk=None, key=0):
    return fit(jax.random.key(key), loss, jnp.zeros(3), jnp.array(TARGET), schedule, on_chunk)


def start_of_ramp(loss) -> int:
    _, curves = run(loss)
    return int(np.flatnonzero(curves["ramp"] > 0)[0])


def test_the_ramp_waits_for_the_least_of_exploration():
    assert start_of_ramp(flat) == SCHEDULE.explore[0] + 1


def test_the_ramp_waits_while_the_loss_falls_but_not_for_ever():
    assert start_of_ramp(falling) == SCHEDULE.explore[1] + 1


def test_the_ramp_begins_between_the_two_when_the_loss_settles():
    """The running means span some hundreds of steps, so exploration may be long here."""
    schedule = replace(SCHEDULE, explore=(20, 3000))
    _, curves = run(settling, schedule)
    start = int(np.flatnonzero(curves["ramp"] > 0)[0])
    assert 100 < start < 2500


def test_the_ramp_is_even_and_learning_ends_with_cooling():
    _, curves = run(flat)
    ramp = curves["ramp"][curves["ramp"] > 0]
    rising = ramp[ramp < 1 - 1e-4]
    np.testing.assert_allclose(np.diff(rising), 1 / SCHEDULE.ramp, atol=1e-5)
    steps = SCHEDULE.explore[0] + SCHEDULE.ramp + SCHEDULE.cool
    assert steps <= curves["step"][-1] <= steps + 2
    assert SCHEDULE.max_steps == SCHEDULE.explore[1] + SCHEDULE.ramp + SCHEDULE.cool


def test_a_fit_without_exploration_or_ramp_only_cools():
    schedule = replace(SCHEDULE, explore=(0, 0), ramp=0, cool=40)
    _, curves = run(falling, schedule)
    assert 40 <= curves["step"][-1] <= 42


def test_nothing_moves_once_the_rate_has_cooled():
    """Chunks that run on past the end leave the parameters where they were."""
    exact, _ = run(flat)
    for chunk in (7, 64, 1000):
        longer, curves = run(flat, replace(SCHEDULE, chunk=chunk))
        assert curves["step"][-1] % chunk == 0
        np.testing.assert_allclose(longer, exact, atol=1e-7)


def test_the_optimum_is_found():
    found, curves = run(flat)
    np.testing.assert_allclose(found, TARGET, atol=5e-3)
    assert curves["value"][-1] < 1e-3 * curves["value"][0]


@pytest.mark.parametrize("loss", [flat, falling])
def test_progress_rises_from_chunk_to_chunk_and_ends_whole(loss):
    told = []
    run(loss, replace(SCHEDULE, chunk=10), lambda state, curves, done: told.append(done))
    assert told == sorted(told)
    assert told[0] > 0
    assert told[-1] == pytest.approx(1, abs=1e-3)


def test_curves_grow_with_what_is_reported():
    lengths = []
    _, final = run(
        flat,
        replace(SCHEDULE, chunk=10),
        lambda state, curves, done: lengths.append({name: len(y) for name, y in curves.items()}),
    )
    assert [length["value"] for length in lengths] == list(range(1, len(lengths) + 1))
    assert set(final) == {"watched", "ramp", "value", "step"}
    np.testing.assert_array_equal(final["step"], 10 * np.arange(1, len(lengths) + 1))


def test_an_exception_in_on_chunk_ends_the_fit():
    calls = []

    def stop(state, curves, done):
        calls.append(int(state.step))
        if len(calls) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(flat, replace(SCHEDULE, chunk=10), stop)
    assert calls == [10, 20, 30]


def test_the_key_alone_decides():
    once, again, other = run(noisy)[0], run(noisy)[0], run(noisy, key=1)[0]
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_every_step_has_its_own_randomness():
    def draws(params, key, data, phase):
        return jnp.sum(params**2), {"watched": jnp.ones(()), "draw": jax.random.uniform(key)}

    _, curves = run(draws)
    assert len(np.unique(curves["draw"])) == len(curves["draw"])


def test_a_second_fit_of_the_same_shapes_compiles_nothing():
    run(flat)
    before = run_chunk._cache_size()
    fit(jax.random.key(5), flat, jnp.ones(3), -jnp.array(TARGET), SCHEDULE)
    assert run_chunk._cache_size() == before
    other = replace(SCHEDULE, rate=0.01, warmup=9, explore=(3, 9), ramp=0, cool=7, decay=0.0)
    fit(jax.random.key(5), flat, jnp.ones(3), jnp.array(TARGET), other)
    assert run_chunk._cache_size() == before, "a schedule is numbers"
    fit(jax.random.key(5), flat, jnp.ones(4), jnp.zeros(4), SCHEDULE)
    assert run_chunk._cache_size() == before + 1, "the counter counts"
