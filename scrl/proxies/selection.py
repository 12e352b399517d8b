"""What best of n keeps of candidate texts (the policy itself: ``policies.exact``)."""

from __future__ import annotations

import numpy as np


def typical_choice(reward: np.ndarray, n: float) -> int:
    """The text at the median of what best of ``n`` keeps, of equally likely texts.

    Half of the time best of n keeps a text of at most the quantile ½^(1/n) of the rewards.

    Args:
        reward: ``[texts]``.
    """
    order = np.argsort(reward, kind="stable")
    return int(order[min(int(0.5 ** (1 / n) * len(order)), len(order) - 1)])
