"""Rules that read nothing but who beats whom, and by how much."""

import jax.numpy as jnp

from scrl.voting.profile import TIE, Profile
from scrl.voting.registry import rule


@rule(
    "copeland",
    title="Copeland",
    family="pairwise",
    reads="pairwise",
    gives="scores",
    summary="Opponents beaten head to head, a tie counting half.",
    reference="Copeland 1951",
)
def copeland(profile: Profile):
    lead = profile.above - 0.5
    point = jnp.where(lead > TIE, 1.0, jnp.where(lead < -TIE, 0.0, 0.5))
    return jnp.sum(jnp.where(profile.opponents, point, 0.0), axis=1)


@rule(
    "minimax",
    title="Minimax",
    family="pairwise",
    reads="pairwise",
    gives="scores",
    summary="The candidate whose worst defeat is mildest.",
    reference="Simpson 1969, Kramer 1977; by margins",
)
def minimax(profile: Profile):
    against = profile.above.T - profile.above
    worst = jnp.max(jnp.where(profile.opponents, against, -jnp.inf), axis=1)
    return jnp.where(jnp.isfinite(worst), -worst, 0.0)
