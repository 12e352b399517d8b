"""Pairwise wins of a profile, and the rewards and the lottery that depend on them alone."""

from __future__ import annotations

import numpy as np

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.voting import RULES
from scrl.voting.profiles.profile import Profile

#: Total weight of the comparisons, so large that the prior is negligible.
TOTAL_WEIGHT = 1e6


def wins(profile: Profile) -> np.ndarray:
    """The weight of the ballots that rank a above b, ties half ``[candidates, candidates]``."""
    a, b = profile.place[:, :, None], profile.place[:, None, :]
    both = (a >= 0) & (b >= 0) & ~np.eye(len(profile.names), dtype=bool)
    return np.einsum("v,vab->ab", profile.weight, both * ((a < b) + 0.5 * (a == b)))


def win_shares(won: np.ndarray) -> np.ndarray:
    """P(a ≻ b) from wins ``[..., candidates, candidates]``; ½ for pairs never compared."""
    met = won + np.swapaxes(won, -1, -2)
    return np.where(met > 0, won / np.where(met > 0, met, 1.0), 0.5)


def bradley_terry_rewards(won: np.ndarray) -> np.ndarray:
    """Bradley–Terry maximum-likelihood scores, mean zero ``[..., candidates]``.

    Args:
        won: weights of wins ``[..., candidates, candidates]``.
    """
    total = won.sum((-1, -2), keepdims=True)
    return fit_bradley_terry(TOTAL_WEIGHT * won / np.where(total > 0, total, 1.0))


def maximal_lottery(duels: np.ndarray) -> np.ndarray:
    """The maximal lottery of P(a ≻ b) ``[candidates, candidates]``."""
    return RULES["maximal-lottery"].count(duels[None])[0]
