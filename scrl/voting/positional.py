"""Rules that give points for places."""

import jax.numpy as jnp

from scrl.voting.profile import Profile
from scrl.voting.registry import rule


@rule(
    "borda",
    title="Borda",
    family="positional",
    reads="pairwise",
    gives="scores",
    summary="A point for every opponent that a ballot puts behind; what Bradley–Terry learns when "
    "all pairs are compared equally often.",
    reference="Borda 1781; with missing comparisons, the sum of P(a ≻ b) over opponents",
)
def borda(profile: Profile):
    return jnp.sum(jnp.where(profile.opponents, profile.above, 0.0), axis=1)


@rule(
    "plurality",
    title="Plurality",
    family="positional",
    reads="profile",
    gives="scores",
    summary="Only first places count.",
    reference="share of ballots with the candidate at the top, a tied top split equally",
)
def plurality(profile: Profile):
    return profile.first_places(profile.standing)
