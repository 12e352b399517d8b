"""Array shapes in signatures hold: calls are checked by jaxtyping, and wrong shapes are refused.

The library itself checks nothing at run time; the checker is applied here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import beartype
import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from scrl.choice_models import bradley_terry, davidson, losses, plackett_luce, rank_metrics
from scrl.raters import Density, masking, missing_blocks
from scrl.types import Catalogue

RNG = np.random.default_rng(0)
RANK, MASK = jnp.arange(4), jnp.ones(4, bool)
REWARD, JITTER = jnp.linspace(0.0, 1.0, 4), jnp.linspace(0.0, 1.0, 4)
WINS = RNG.integers(1, 5, (2, 3, 3)) * ~np.eye(3, dtype=bool)
TIES = np.ones((2, 3, 3)) - np.eye(3)
RANKINGS = np.array([[0, 1, 2], [2, 1, 0], [1, 0, 2]])
CHOICES = plackett_luce.count_choices(RANKINGS)
COUNTS = bradley_terry.PairCounts(np.array([0]), np.array([1]), np.array([2.0]), np.array([1.0]))
CATALOGUE = Catalogue(("p",), ("a", "b", "c"), np.arange(3), np.array([0, 3]))
LATENTS = RNG.normal(size=(40, 2))
DENSITY = Density(
    np.array([0.6, 0.4]), np.eye(2), np.stack([np.eye(2)] * 2), np.eye(2)[:, None].repeat(3, 1),
    np.repeat([[0.2], [0.4 / 3]], 3, axis=1),
)  # fmt: skip
KEY = jax.random.key(0)

#: (function, arguments that fit its signature, arguments of which one has a wrong shape or dtype)
CASES = [
    (losses.list_loss, (REWARD, RANK, MASK, JITTER), (REWARD, RANK[:3], MASK, JITTER)),
    (losses.list_loss, (REWARD, RANK, MASK, JITTER), (REWARD[None], RANK, MASK, JITTER)),
    (losses.pair_loss, (REWARD, RANK, MASK), (REWARD, RANK, 1.0 * MASK)),
    (
        losses.kl_loss,
        (jnp.zeros((5, 2)), jnp.zeros((5, 2))),
        (jnp.zeros((5, 2)), jnp.zeros((5, 3))),
    ),
    (bradley_terry.fit_bradley_terry, (WINS,), (WINS[:, :2],)),
    (bradley_terry.fit_pair_counts, (COUNTS, np.array([0, 2])), (COUNTS, np.array([[0, 2]]))),
    (
        bradley_terry.center_rewards,
        (np.ones((2, 3)), np.ones((2, 3), bool)),
        (np.ones((2, 3)), np.ones((2, 4), bool)),
    ),
    (bradley_terry.check_finite_optimum, (WINS > 0,), (WINS,)),
    (bradley_terry.count_wins, (np.array([[0, 1], [1, 0]]),), (np.array([[0, 1, 2]]),)),
    (bradley_terry.fit_comparisons, (np.array([[0, 1], [1, 0]]),), (np.array([[0, 1, 2]]),)),
    (davidson.fit_davidson, (WINS, TIES), (WINS, TIES[0])),
    (
        plackett_luce.count_choices,
        (np.array([[0, 1]]),),
        (np.array([[0, 1]]), None, np.ones((3, 2))),
    ),
    (plackett_luce.fit_rankings, (RANKINGS,), (RANKINGS, None, 10.0, np.ones((3, 2)))),
    (rank_metrics.kendall_tau, (np.arange(3), np.arange(3)), (np.arange(3), np.arange(4))),
    (
        rank_metrics.welfare,
        (np.ones((2, 3)), np.ones(2), np.ones(3)),
        (np.ones((2, 3)), np.ones(3), np.ones(3)),
    ),
    (rank_metrics.pair_accuracy, (WINS[0], np.arange(3)), (WINS[0], np.arange(2))),
    (masking.positions, (RANK, MASK, False), (RANK, MASK[:2], False)),
    (masking.full_view, (RANK[None], MASK[None]), (RANK, MASK)),
    (
        masking.view,
        (KEY, RANK[None], MASK[None], 1.0, "curriculum", 0.1),
        (KEY, RANK[None], MASK[None, :2], 1.0, "curriculum", 0.1),
    ),
    (
        missing_blocks.find_missing_blocks,
        (np.zeros((2, 3), bool), CATALOGUE),
        (np.zeros((2, 3)), CATALOGUE),
    ),
    (
        missing_blocks.trial_blocks,
        ([], np.zeros((2, 3), bool), 4),
        ([], np.zeros(3, bool), 4),
    ),
    (Density.membership, (DENSITY, LATENTS), (DENSITY, LATENTS[0])),
    (Density.component_of, (DENSITY, LATENTS), (DENSITY, LATENTS[0])),
]


def _checked(function: Callable) -> Callable:
    return jaxtyping.jaxtyped(typechecker=beartype.beartype)(inspect.unwrap(function))


def _call(function: Callable, arguments: tuple) -> object:
    """The function's result; of programs of JAX its shapes suffice, so nothing is compiled."""
    if function.__module__ in {losses.__name__, masking.__name__}:
        return jax.eval_shape(lambda: _checked(function)(*arguments))
    return _checked(function)(*arguments)


def _name(value: object) -> str | None:
    return value.__qualname__ if callable(value) else None


@pytest.mark.parametrize(("function", "valid", "invalid"), CASES, ids=_name)
def test_a_call_fits_its_signature_and_a_wrong_shape_is_refused(function, valid, invalid):
    _call(function, valid)
    with pytest.raises(jaxtyping.TypeCheckError):
        _call(function, invalid)


def test_the_fit_of_choice_counts_has_their_shape():
    reward = _checked(plackett_luce.fit_plackett_luce)(CHOICES)
    assert reward.shape == (3,)


def test_a_result_of_a_wrong_shape_is_refused():
    def flattened(wins: jaxtyping.Num[np.ndarray, "*fits candidates candidates"], sd: float = 10.0):
        return bradley_terry.fit_bradley_terry(wins, sd).ravel()

    flattened.__annotations__["return"] = jaxtyping.Float[np.ndarray, "*fits candidates"]
    with pytest.raises(jaxtyping.TypeCheckError):
        _checked(flattened)(WINS)


def test_the_masked_gradient_has_the_shape_of_the_rewards():
    gradient = jax.eval_shape(jax.grad(_checked(losses.list_loss)), REWARD, RANK, MASK, JITTER)
    assert gradient.shape == REWARD.shape
