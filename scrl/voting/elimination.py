"""Rules that remove candidates round by round."""

import jax
import jax.numpy as jnp

from scrl.voting.profile import TIE, Profile
from scrl.voting.registry import rule


@rule(
    "instant-runoff",
    title="Instant runoff",
    family="elimination",
    reads="profile",
    gives="places",
    summary="The candidate with the fewest first places goes out, its ballots move on, and so on.",
    reference="Hare; ties for fewest go out together, no stop at a majority",
)
def instant_runoff(profile: Profile):
    def round_(state):
        remaining, place = state
        tops = jnp.where(remaining, profile.first_places(remaining), jnp.inf)
        out = remaining & (tops <= jnp.min(tops) + TIE)
        left = remaining & ~out
        return left, jnp.where(out, jnp.sum(left), place)

    start = (profile.standing, jnp.zeros(profile.standing.shape, int))
    return jax.lax.while_loop(lambda state: jnp.any(state[0]), round_, start)[1]
