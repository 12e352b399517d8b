"""What the encoder sees of a rater's ballots and what it must predict: the five regimes.

A view of a rater is a pair of masks over ``[contests, slots]``: *visible* completions enter the
encoder, *target* completions are those whose rewards are trained. How the two may be chosen, and
what goes wrong, is the appendix "Training missteps and solutions" of the method's blog post.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

#: Features of a visible completion's place: see ``positions``.
POSITION_FEATURES = 6


class View(NamedTuple):
    """One rater's ballots as the model meets them, each ``[contests, slots]``.

    Attributes:
        visible: what the encoder sees.
        target: whose rewards learn.
        position: ``[contests, slots, POSITION_FEATURES]`` of the visible ones.
    """

    visible: jax.Array
    target: jax.Array
    position: jax.Array


def positions(rank, shown, absolute):
    """Where each shown completion stands on its ballot, as features of one ballot.

    Places are counted among the ``shown`` completions only, ties averaged, so that a ballot with a
    completion hidden looks exactly like a ballot that never held it.

    Args:
        rank: ``[slots]``; shown: ``[slots]`` bool, among which to count.
        absolute: scalar bool, whether the place counts completions that the encoder cannot see.

    Returns:
        ``[slots, POSITION_FEATURES]``: share of the others behind minus share ahead (-1 … 1),
        nearness to the top and to the bottom, log of the ballot's length, absolute or not, one.
    """
    other = shown[None, :] & ~jnp.eye(len(rank), dtype=bool)
    tied = 0.5 * (rank[:, None] == rank[None, :])
    ahead = jnp.sum(other * ((rank[None, :] < rank[:, None]) + tied), axis=1)
    behind = jnp.sum(other * ((rank[None, :] > rank[:, None]) + tied), axis=1)
    n = ahead + behind
    share = jnp.where(n > 0, (behind - ahead) / jnp.maximum(n, 1), 0.0)
    one = jnp.ones_like(share)
    flag = absolute * one
    return jnp.stack(
        [share, 1 / (1 + ahead), 1 / (1 + behind), jnp.log1p(n) / 2, flag, one], axis=-1
    )


def whole(rank, mask) -> View:
    """Everything visible, nothing hidden: how a trained model reads a rater."""
    position = jax.vmap(positions, (0, 0, None))(rank, mask, False)
    return View(mask, mask, position)


def _random_part(key, mask, share_whole):
    """A random part of each ballot: a share of the raters whole, some ballots left out, and of
    the rest a share of completions that is itself uniform, so that every length occurs."""
    key_whole, key_ballot, key_part, key_slot = jax.random.split(key, 4)
    contests = mask.shape[0]
    part = jax.random.uniform(key_part, (contests, 1))
    left_out = jax.random.bernoulli(key_ballot, 0.25 if contests > 1 else 0.0, (contests, 1))
    visible = (jax.random.uniform(key_slot, mask.shape) < part) & ~left_out
    return mask & (visible | jax.random.bernoulli(key_whole, share_whole))


def _full(key, mask, ramp):
    return mask, mask


def _one_hidden(key, mask, ramp):
    draw = jnp.where(mask, jax.random.uniform(key, mask.shape), -1.0)
    hidden = mask & (draw == jnp.max(draw, axis=1, keepdims=True))
    return mask & ~hidden, hidden


def _hidden_only(key, mask, ramp):
    visible = _random_part(key, mask, 0.0)
    return visible, mask & ~visible


def _all_targets(key, mask, ramp):
    return _random_part(key, mask, 0.0), mask


def _curriculum(key, mask, ramp):
    key_part, key_target = jax.random.split(key)
    visible = _random_part(key_part, mask, 0.15 * ramp)
    admitted = jax.random.uniform(key_target, mask.shape) < ramp
    return visible, mask & (~visible | admitted)


#: name -> (key, mask [contests, slots], ramp 0…1) -> (visible, target).
REGIMES: dict[str, Callable] = {
    "full": _full,
    "one-hidden": _one_hidden,
    "hidden-only": _hidden_only,
    "all-targets": _all_targets,
    "curriculum": _curriculum,
}


#: In place of a name: the regime is a number that the compiled program is given.
ANY = "any"


def number_of(regime: str) -> int:
    """What stands for a regime in a program of ``ANY``: its place in ``REGIMES``."""
    return list(REGIMES).index(regime)


def _numbered(key, mask, ramp, number):
    """All regimes' masks from one key, and of them those of the one that ``number`` names."""
    pairs = [chosen(key, mask, ramp) for chosen in REGIMES.values()]
    visible, target = (jnp.stack(masks)[number] for masks in zip(*pairs, strict=True))
    return visible, target


def view(key, rank, mask, ramp, regime: str, single: float, number=None) -> View:
    """A random view of one rater.

    Args:
        rank, mask: ``[contests, slots]``.
        ramp: how far the visible completions have been let into the targets, 0 to 1.
        regime: a name of ``REGIMES``, or ``ANY``.
        single: chance of seeing just one completion, with its absolute position.
        number: scalar int, of ``ANY`` the regime's (``number_of``).
    """
    key_regime, key_single, key_slot = jax.random.split(key, 3)
    if regime == ANY:
        visible, target = _numbered(key_regime, mask, ramp, number)
    else:
        visible, target = REGIMES[regime](key_regime, mask, ramp)
    draw = jnp.where(mask, jax.random.uniform(key_slot, mask.shape), -1.0)
    lone = mask & (draw == jnp.max(draw))
    alone = jax.random.bernoulli(key_single, single)
    visible = jnp.where(alone, lone, visible)
    target = jnp.where(alone, mask & (~lone | (ramp > 0)), target)
    counted = jnp.where(alone, mask, visible)
    position = jax.vmap(positions, (0, 0, None))(rank, counted, alone)
    return View(visible, target, position)
