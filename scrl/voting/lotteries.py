"""Rules that draw the winner."""

import numpy as np
from scipy.optimize import lsq_linear, nnls

from scrl.voting.profile import TIE, Profile
from scrl.voting.registry import rule


@rule(
    "random-ballot",
    title="Random ballot",
    family="lottery",
    reads="profile",
    gives="probabilities",
    summary="A ballot is drawn and its first place wins; what the ordinary reward loss does, pair "
    "by pair.",
    reference="Gibbard 1977",
)
def random_ballot(profile: Profile):
    return profile.first_places(profile.standing)


@rule(
    "maximal-lottery",
    title="Maximal lottery",
    family="lottery",
    reads="pairwise",
    gives="probabilities",
    on_host=True,
    summary="The mixture of candidates that no other mixture beats head to head.",
    reference="Kreweras 1965, Fishburn 1984; of several, the one nearest to uniform",
)
def maximal_lotteries(above: np.ndarray) -> np.ndarray:
    """Of each contest ``[contests, candidates]``."""
    return np.stack([maximal_lottery(duels) for duels in above])


def maximal_lottery(above: np.ndarray) -> np.ndarray:
    """Least ‖p‖² subject to p ≥ 0, Σp = 1 and Σ_a p_a (P(a≻b) - P(b≻a)) ≥ 0 for every b.

    A least-distance programme, solved as non-negative least squares (Lawson & Hanson 1974, ch.
    23). Σp ≥ 1 will do, since shrinking p keeps the other constraints.
    """
    m = len(above)
    lead = above - 0.5
    lead = np.where(np.abs(lead) <= TIE, 0.0, lead)  # else a duel tied but for rounding decides
    margin = lead - lead.T
    constraints = np.concatenate([np.eye(m), margin.T, np.ones((1, m))])
    bounds = np.zeros(2 * m + 1)
    bounds[-1] = 1.0
    system = np.concatenate([constraints.T, bounds[None]])
    target = np.zeros(m + 1)
    target[-1] = 1.0
    multiplier, _ = nnls(system, target, maxiter=1000 * m)
    if (system.T @ (system @ multiplier - target)).min() < -1e-10:
        # On some degenerate duels nnls stops before the optimum; this solver is slower, and sure.
        multiplier = lsq_linear(system, target, (0, np.inf), "bvls", 1e-15, max_iter=1000 * m).x
    residual = system @ multiplier - target
    p = np.maximum(-residual[:m] / residual[m], 0.0)
    p[p < 1e-12] = 0.0
    return p / p.sum()
