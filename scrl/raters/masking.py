"""Views of a rater's ballots: what the encoder sees and what it must predict, by five regimes.

A view is a pair of masks over ``[contests, slots]``: *visible* completions enter the encoder, the
rewards of *target* completions are trained. The choice of the two, and what each choice breaks, is
the appendix "Training missteps and solutions" of the method's blog post.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

#: Features of a visible completion's place: see ``positions``.
POSITION_FEATURES = 6

#: Chance that a random part leaves a ballot out, where there are several.
_OMITTED_BALLOTS = 0.25
#: Share of raters that the curriculum shows whole at the end of its ramp.
_FULL_RATERS = 0.15

Masks = tuple[jax.Array, jax.Array]


class View(NamedTuple):
    """One rater's ballots as the model sees them.

    Attributes:
        visible: completions that the encoder sees ``[contests, slots]``.
        target: completions whose rewards are trained ``[contests, slots]``.
        position: of the visible completions ``[contests, slots, POSITION_FEATURES]``.
    """

    visible: jax.Array
    target: jax.Array
    position: jax.Array


def positions(rank: jax.Array, counted: jax.Array, absolute: jax.Array | bool) -> jax.Array:
    """Features of each completion's place on one ballot.

    Places are counted among the ``counted`` completions only, ties averaged. A ballot with a
    completion hidden therefore looks exactly like a ballot that never held it.

    Args:
        rank: ``[slots]``.
        counted: completions among which places are counted, bool ``[slots]``.
        absolute: scalar bool, whether completions that the encoder cannot see are counted.

    Returns:
        ``[slots, POSITION_FEATURES]``: share of the others behind minus share ahead (-1 … 1),
        nearness to the top and to the bottom, log of the ballot's length, ``absolute``, one.
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


def full_view(rank: jax.Array, mask: jax.Array) -> View:
    """Everything visible: how a trained model embeds a rater."""
    position = jax.vmap(positions, (0, 0, None))(rank, mask, False)
    return View(mask, mask, position)


def _random_part(key: jax.Array, mask: jax.Array, share_full: jax.Array | float) -> jax.Array:
    """A random part of each ballot, bool ``[contests, slots]``.

    A share of the raters is shown whole. Of the others some ballots are left out, and of the rest
    a share of completions that is itself uniform, so that every length occurs.
    """
    key_full, key_ballot, key_part, key_slot = jax.random.split(key, 4)
    contests = mask.shape[0]
    part = jax.random.uniform(key_part, (contests, 1))
    chance = _OMITTED_BALLOTS if contests > 1 else 0.0
    omitted = jax.random.bernoulli(key_ballot, chance, (contests, 1))
    visible = (jax.random.uniform(key_slot, mask.shape) < part) & ~omitted
    return mask & (visible | jax.random.bernoulli(key_full, share_full))


def _full(key: jax.Array, mask: jax.Array, ramp: jax.Array) -> Masks:
    return mask, mask


def _one_hidden(key: jax.Array, mask: jax.Array, ramp: jax.Array) -> Masks:
    draw = jnp.where(mask, jax.random.uniform(key, mask.shape), -1.0)
    hidden = mask & (draw == jnp.max(draw, axis=1, keepdims=True))
    return mask & ~hidden, hidden


def _hidden_only(key: jax.Array, mask: jax.Array, ramp: jax.Array) -> Masks:
    visible = _random_part(key, mask, 0.0)
    return visible, mask & ~visible


def _all_targets(key: jax.Array, mask: jax.Array, ramp: jax.Array) -> Masks:
    return _random_part(key, mask, 0.0), mask


def _curriculum(key: jax.Array, mask: jax.Array, ramp: jax.Array) -> Masks:
    key_part, key_target = jax.random.split(key)
    visible = _random_part(key_part, mask, _FULL_RATERS * ramp)
    admitted = jax.random.uniform(key_target, mask.shape) < ramp
    return visible, mask & (~visible | admitted)


#: name -> (key, mask [contests, slots], ramp 0 … 1) -> (visible, target).
REGIMES: dict[str, Callable[[jax.Array, jax.Array, jax.Array], Masks]] = {
    "full": _full,
    "one-hidden": _one_hidden,
    "hidden-only": _hidden_only,
    "all-targets": _all_targets,
    "curriculum": _curriculum,
}


#: In place of a name: the regime's number is an argument of the compiled program.
ANY = "any"


def number_of(regime: str) -> int:
    """The number of a regime in a program of ``ANY``: its place in ``REGIMES``."""
    return list(REGIMES).index(regime)


def _numbered(key: jax.Array, mask: jax.Array, ramp: jax.Array, number: jax.Array) -> Masks:
    """The masks of the regime with this number; those of all regimes are computed."""
    pairs = [regime(key, mask, ramp) for regime in REGIMES.values()]
    visible, target = (jnp.stack(masks)[number] for masks in zip(*pairs, strict=True))
    return visible, target


def view(
    key: jax.Array,
    rank: jax.Array,
    mask: jax.Array,
    ramp: jax.Array | float,
    regime: str,
    single: float,
    number: jax.Array | None = None,
) -> View:
    """A random view of one rater.

    Args:
        key: consumed.
        rank, mask: ``[contests, slots]``.
        ramp: share of the visible completions that are targets, 0 to 1.
        regime: a name of ``REGIMES``, or ``ANY``.
        single: chance that one completion alone is visible, with its absolute position.
        number: the regime's number where ``regime`` is ``ANY``, a scalar int.
    """
    key_regime, key_single, key_slot = jax.random.split(key, 3)
    if regime == ANY:
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
