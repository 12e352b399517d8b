"""Masking regimes: which completions of a rater's ballots the encoder sees and which it predicts.

A view is a pair of masks over ``[contests, slots]``: *visible* completions enter the encoder, the
rewards of *target* completions are trained. The appendix "Training missteps and solutions" of the
method's blog post describes the regimes and how each fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Bool, Float, Num

#: Number of features of a visible completion's place, see ``positions``.
POSITION_FEATURES = 6

#: Probability that a random part omits a ballot, for raters with several ballots.
_OMITTED_BALLOTS = 0.25
#: Share of raters whose ballots the curriculum leaves fully visible at the end of its ramp.
_FULL_RATERS = 0.15

Masks = tuple[jax.Array, jax.Array]
#: Progress of the curriculum, 0 to 1.
Ramp = jax.Array | float


class View(NamedTuple):
    """The masks of one rater's ballots, and the features of the visible places.

    Attributes:
        visible: completions that the encoder sees ``[contests, slots]``.
        target: completions whose rewards are trained ``[contests, slots]``.
        position: of the visible completions ``[contests, slots, POSITION_FEATURES]``.
    """

    visible: jax.Array
    target: jax.Array
    position: jax.Array


def positions(
    rank: Num[jax.Array, " slots"],
    counted: Bool[jax.Array, " slots"],
    absolute: Bool[jax.Array, ""] | bool,
) -> Float[jax.Array, "slots 6"]:
    """Features of each completion's place on one ballot.

    Places are counted among the ``counted`` completions only, ties averaged. A ballot with a hidden
    completion therefore has the same features as a ballot that never contained it.

    Args:
        rank: ``[slots]``.
        counted: the completions among which places are counted, bool ``[slots]``.
        absolute: whether hidden completions are counted, scalar bool.

    Returns:
        ``[slots, POSITION_FEATURES]``: share of the others ranked below minus share ranked above
        (-1 … 1), reciprocal ranks from the top and from the bottom, log of the ballot's length,
        ``absolute``, and a constant 1.
    """
    other = counted[None, :] & ~jnp.eye(len(rank), dtype=bool)
    tied = 0.5 * (rank[:, None] == rank[None, :])
    ahead = jnp.sum(other * ((rank[None, :] < rank[:, None]) + tied), axis=1)
    behind = jnp.sum(other * ((rank[None, :] > rank[:, None]) + tied), axis=1)
    n = ahead + behind
    share = jnp.where(n > 0, (behind - ahead) / jnp.maximum(n, 1), 0.0)
    one = jnp.ones_like(share)
    return jnp.stack(
        [share, 1 / (1 + ahead), 1 / (1 + behind), jnp.log1p(n) / 2, absolute * one, one], axis=-1
    )


def full_view(
    rank: Num[jax.Array, "contests slots"], mask: Bool[jax.Array, "contests slots"]
) -> View:
    """The view with all completions visible, with which a trained model embeds a rater."""
    position = jax.vmap(positions, (0, 0, None))(rank, mask, False)
    return View(mask, mask, position)


def _random_part(key: jax.Array, mask: jax.Array, share_full: jax.Array | float) -> jax.Array:
    """A random subset of each ballot's completions, bool ``[contests, slots]``.

    With probability ``share_full`` nothing is omitted. Otherwise some ballots are omitted, and the
    share of completions kept on the others is uniform on (0, 1), so that every length occurs.
    """
    key_full, key_ballot, key_part, key_slot = jax.random.split(key, 4)
    contests = mask.shape[0]
    part = jax.random.uniform(key_part, (contests, 1))
    probability = _OMITTED_BALLOTS if contests > 1 else 0.0
    omitted = jax.random.bernoulli(key_ballot, probability, (contests, 1))
    visible = (jax.random.uniform(key_slot, mask.shape) < part) & ~omitted
    return mask & (visible | jax.random.bernoulli(key_full, share_full))


def _full(key: jax.Array, mask: jax.Array, ramp: Ramp) -> Masks:
    return mask, mask


def _one_hidden(key: jax.Array, mask: jax.Array, ramp: Ramp) -> Masks:
    draw = jnp.where(mask, jax.random.uniform(key, mask.shape), -1.0)
    hidden = mask & (draw == jnp.max(draw, axis=1, keepdims=True))
    return mask & ~hidden, hidden


def _hidden_only(key: jax.Array, mask: jax.Array, ramp: Ramp) -> Masks:
    visible = _random_part(key, mask, 0.0)
    return visible, mask & ~visible


def _all_targets(key: jax.Array, mask: jax.Array, ramp: Ramp) -> Masks:
    return _random_part(key, mask, 0.0), mask


def _curriculum(key: jax.Array, mask: jax.Array, ramp: Ramp) -> Masks:
    key_part, key_target = jax.random.split(key)
    visible = _random_part(key_part, mask, _FULL_RATERS * ramp)
    admitted = jax.random.uniform(key_target, mask.shape) < ramp
    return visible, mask & (~visible | admitted)


#: name -> (key, mask [contests, slots], ramp 0 … 1) -> (visible, target).
REGIMES: dict[str, Callable[[jax.Array, jax.Array, Ramp], Masks]] = {
    "full": _full,
    "one-hidden": _one_hidden,
    "hidden-only": _hidden_only,
    "all-targets": _all_targets,
    "curriculum": _curriculum,
}


#: Stands in place of a name where the regime's number is an argument of the compiled program.
ANY = "any"


def number_of(regime: str) -> int:
    """The index of a regime in ``REGIMES``."""
    return list(REGIMES).index(regime)


def _numbered(key: jax.Array, mask: jax.Array, ramp: Ramp, number: jax.Array) -> Masks:
    """The masks of the regime with this number. The masks of all regimes are computed."""
    pairs = [regime(key, mask, ramp) for regime in REGIMES.values()]
    visible, target = (jnp.stack(masks)[number] for masks in zip(*pairs, strict=True))
    return visible, target


def view(
    key: jax.Array,
    rank: Num[jax.Array, "contests slots"],
    mask: Bool[jax.Array, "contests slots"],
    ramp: Ramp,
    regime: str,
    single: float,
    number: jax.Array | None = None,
) -> View:
    """A random view of one rater.

    Args:
        key: consumed.
        rank, mask: ``[contests, slots]``.
        ramp: progress of the curriculum: the share of visible completions that are targets, 0 to 1.
        regime: a name of ``REGIMES``, or ``ANY``.
        single: probability that only one completion is visible, with its absolute position.
        number: the regime's number where ``regime`` is ``ANY``, a scalar int.
    """
    key_regime, key_single, key_slot = jax.random.split(key, 3)
    if regime == ANY:
        assert number is not None, "a program of all regimes needs the regime's number"
        visible, target = _numbered(key_regime, mask, ramp, number)
    else:
        visible, target = REGIMES[regime](key_regime, mask, ramp)
    draw = jnp.where(mask, jax.random.uniform(key_slot, mask.shape), -1.0)
    only = mask & (draw == jnp.max(draw))
    is_single = jax.random.bernoulli(key_single, single)
    visible = jnp.where(is_single, only, visible)
    target = jnp.where(is_single, mask & (~only | (ramp > 0)), target)
    counted = jnp.where(is_single, mask, visible)
    position = jax.vmap(positions, (0, 0, None))(rank, counted, is_single)
    return View(visible, target, position)
