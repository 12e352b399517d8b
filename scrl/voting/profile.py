"""One contest as the rules read it, and the statistics that they share."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

#: Scores closer than this share of the weight are tied.
TIE = 1e-9


class Profile(NamedTuple):
    """The ballots of one contest, candidates first so that sums over voters run along memory.

    Attributes:
        utility: ``[candidates, voters]``; ranked: which of them the ballot ranks, same shape.
        weight: ``[voters]``, adding up to one; all zero where no ballot ranks anybody.
        standing: which candidates are not padding ``[candidates]``.
        above: P(a ≻ b) ``[candidates, candidates]``: the share, among ballots that rank both, with
            a above b, ties half; ½ where no ballot ranks both, and on the diagonal.
    """

    utility: jax.Array
    ranked: jax.Array
    weight: jax.Array
    standing: jax.Array
    above: jax.Array

    @classmethod
    def of(cls, utility, ranked, weight, standing) -> Profile:
        """From ``[voters, candidates]`` arrays of one contest."""
        ranked = (ranked & standing).T
        utility = utility.T
        # A ballot that ranks nobody says nothing, and is no part of any share.
        weight = jnp.where(ranked.any(0), weight, 0.0)
        total = jnp.sum(weight)
        weight = weight / jnp.where(total > 0, total, 1.0)
        return cls(utility, ranked, weight, standing, pairwise(utility, ranked, weight))

    @property
    def opponents(self) -> jax.Array:
        """Who opposes whom ``[candidates, candidates]``."""
        both = self.standing[:, None] & self.standing[None, :]
        return both & ~jnp.eye(len(self.standing), dtype=bool)

    def first_places(self, remaining) -> jax.Array:
        """Share of the weight whose highest remaining candidate each is ``[candidates]``, a tied
        top split equally; ballots that rank none of the remaining count for nobody."""
        open_ = self.ranked & remaining[:, None]
        best = jnp.max(jnp.where(open_, self.utility, lowest(self.utility.dtype)), axis=0)
        top = open_ & (self.utility == best)
        share = self.weight / jnp.maximum(jnp.sum(top, axis=0), 1)
        return top.astype(share.dtype) @ share


def lowest(dtype):
    """The least value of a real or whole type, for a maximum over some."""
    return -jnp.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


def pairwise(utility, ranked, weight) -> jax.Array:
    """``Profile.above``, straight from utilities: no sort, one pass over voters a candidate."""

    def row(a):
        one, here = a
        return (ranked & (one > utility)).astype(weight.dtype) @ jnp.where(here, weight, 0.0)

    # Sums of products run several times faster than sums of choices, here and in first_places.
    ahead = jax.lax.map(row, (utility, ranked))
    total = jnp.where(ranked, weight, 0.0) @ ranked.T.astype(weight.dtype)
    return 0.5 + 0.5 * (ahead - ahead.T) / jnp.where(total > 0, total, 1.0)
